/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lwip/priv/tcp_priv.h"
#include "lwip/timeouts.h"
#include "net/pcap.h"
#include "tests/peer/peer.h"
#include "world.h"

const uint8_t WORLD_MAC[6] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
const uint8_t WORLD_ADDRESS[4] = {10, 0, 0, 2}, WORLD_NETMASK[4] = {255, 255, 255, 0};
const uint8_t WORLD_PEER_MAC[6] = {0x52, 0x54, 0x00, 0xaa, 0xbb, 0xcc}, WORLD_PEER[4] = {10, 0, 0, 1};

#define LOG_MAX   65536u
#define PERIOD_MS 1000000u /* longer than any of lwIP's timers */

struct frame {
    struct frame *next;
    uint64_t at_ms;
    size_t length;
    uint8_t bytes[];
};

/* Frames on their way, the next to arrive first; those of one moment in the order in which they were sent. */
struct line {
    struct frame *first;
    unsigned count;
    uint64_t free_ms, rest; /* when the last byte has left, and what it used of a millisecond */
};

static struct {
    struct world_config config;
    uint64_t now_ms, random;
    struct nic nic;
    struct pcap pcap;
    struct lossy lossy;
    struct line to_us, to_them;
    unsigned held;
    bool begun, cut, broken;
    struct {
        world_station station;
        void *arg;
    } stations[WORLD_STATIONS_MAX];
    unsigned station_count;
    world_filter filter;
    void *filter_arg;
    char log[LOG_MAX];
    size_t log_length;
} world = {.now_ms = 1000000};

/* ---- what net/ needs of its embedder ---- */

uint64_t net_milliseconds(void)
{
    return world.now_ms;
}

uint64_t world_random(void)
{
    uint64_t z = world.random += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

void net_random(void *ret_bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        ((uint8_t *)ret_bytes)[i] = (uint8_t)world_random();
    }
}

void net_log(const char *line)
{
    size_t length = strlen(line);

    if (getenv("LUNBOOT_TEST_VERBOSE") != NULL) {
        printf("[%llu] %s\n", (unsigned long long)world.now_ms, line);
    }
    if (length + 2 < LOG_MAX - world.log_length) {
        memcpy(world.log + world.log_length, line, length);
        world.log_length += length;
        world.log[world.log_length++] = '\n';
        world.log[world.log_length] = '\0';
    }
}

bool world_logged(const char *text)
{
    return strstr(world.log, text) != NULL;
}

unsigned world_seeds(unsigned usual)
{
    const char *text = getenv("LUNBOOT_SEEDS");

    return text == NULL ? usual : (unsigned)strtoul(text, NULL, 10);
}

void world_each_seed(uint64_t first, unsigned count, void (*run)(uint64_t seed))
{
    const char *one = getenv("LUNBOOT_SEED");

    if (one != NULL) {
        run(strtoull(one, NULL, 10));
        return;
    }
    for (uint64_t seed = first; seed < first + count; seed++) {
        run(seed);
    }
}

uint64_t world_now(void)
{
    return world.now_ms;
}

/* ---- the wire ---- */

static uint8_t capture[64u << 20];

/* LUNBOOT_TEST_PCAP=file keeps what our nic saw, for whoever looks into a failing test. */
static void write_capture(void)
{
    const char *name = getenv("LUNBOOT_TEST_PCAP");
    FILE *file = name == NULL ? NULL : fopen(name, "wb");

    if (file != NULL) {
        fwrite(capture, 1, world.pcap.length, file);
        fclose(file);
    }
}

static void put_on(struct line *line, const void *bytes, size_t length, uint64_t at_ms)
{
    struct frame *frame = malloc(sizeof *frame + length), **place = &line->first;

    frame->at_ms = at_ms;
    frame->length = length;
    memcpy(frame->bytes, bytes, length);
    while (*place != NULL && (*place)->at_ms <= at_ms) {
        place = &(*place)->next;
    }
    frame->next = *place;
    *place = frame;
    line->count++;
}

/* When the last bit of a frame that is put on the line now arrives, if nothing delays it further. */
static uint64_t arrival(struct line *line, size_t length)
{
    uint32_t rate = world.config.bytes_per_ms;

    if (line->free_ms < world.now_ms) {
        line->free_ms = world.now_ms;
        line->rest = 0;
    }
    if (rate != 0) {
        line->rest += length;
        line->free_ms += line->rest / rate;
        line->rest %= rate;
    }
    return line->free_ms + world.config.delay_ms;
}

static struct frame *take_from(struct line *line)
{
    struct frame *frame = line->first;

    if (frame == NULL || frame->at_ms > world.now_ms) {
        return NULL;
    }
    line->first = frame->next;
    line->count--;
    return frame;
}

static void empty(struct line *line)
{
    while (line->first != NULL) {
        struct frame *frame = line->first;

        line->first = frame->next;
        free(frame);
    }
    *line = (struct line){.first = NULL};
}

void world_send(const void *frame, size_t length, uint32_t later_ms)
{
    if (!world.cut) {
        put_on(&world.to_us, frame, length, arrival(&world.to_us, length) + later_ms);
    }
}

static void peer_output(const void *frame, size_t length)
{
    uint8_t changed[WORLD_FRAME_MAX];

    if (world.filter != NULL) {
        memcpy(changed, frame, length);
        length = world.filter(world.filter_arg, changed, length);
        if (length > 0) {
            world_send(changed, length, 0);
        }
        return;
    }
    world_send(frame, length, 0);
}

void world_set_filter(world_filter filter, void *arg)
{
    world.filter = filter;
    world.filter_arg = arg;
}

void world_cut(bool cut)
{
    world.cut = cut;
}

void world_set_faults(const struct lossy_config *faults)
{
    world.lossy.config = *faults;
}

void world_break(void)
{
    world.broken = true;
}

/* ---- our nic ---- */

static enum nic_status wire_send(struct nic *nic, const void *frame, uint32_t length)
{
    uint8_t padded[60] = {0};

    assert_true(length >= NIC_FRAME_HEADER && length <= nic->mtu + NIC_FRAME_HEADER);
    if (world.broken) {
        return NIC_FAILED;
    }
    if (world.config.send_room != 0 && world.to_them.count >= world.config.send_room) {
        return NIC_BUSY;
    }
    if (length < sizeof padded) {
        memcpy(padded, frame, length);
        frame = padded;
        length = sizeof padded;
    }
    if (!world.cut) {
        put_on(&world.to_them, frame, length, arrival(&world.to_them, length));
    }
    return NIC_OK;
}

/* Each frame is memory of its own, freed when it is released: the sanitizer sees a use after that. */
static enum nic_status wire_receive(struct nic *nic, struct nic_frame *ret_frame)
{
    struct frame *frame;

    if (world.broken) {
        return NIC_FAILED;
    }
    if (world.held >= world.config.frames || (frame = take_from(&world.to_us)) == NULL) {
        return NIC_BUSY;
    }
    world.held++;
    ret_frame->nic = nic;
    ret_frame->length = (uint32_t)frame->length;
    ret_frame->driver = malloc(frame->length);
    ret_frame->data = ret_frame->driver;
    memcpy(ret_frame->data, frame->bytes, frame->length);
    free(frame);
    return NIC_OK;
}

static void wire_release(struct nic *nic, struct nic_frame *frame)
{
    assert_ptr_equal(nic, &world.nic);
    assert_true(world.held > 0);
    world.held--;
    free(frame->driver);
}

static bool wire_link_up(struct nic *nic)
{
    (void)nic;
    return !world.cut;
}

static void wire_close(struct nic *nic)
{
    (void)nic;
}

struct nic *world_plain_nic(void)
{
    return &world.nic;
}

struct nic *world_nic(void)
{
    return &world.lossy.nic;
}

unsigned world_frames_held(void)
{
    return world.held;
}

/* ---- the far end ---- */

static bool feed_peer(void *arg, const uint8_t *frame, size_t length)
{
    (void)arg;
    peer_input(frame, length);
    return true;
}

void world_add_station(world_station station, void *arg)
{
    assert_true(world.station_count < WORLD_STATIONS_MAX);
    world.stations[world.station_count].station = station;
    world.stations[world.station_count].arg = arg;
    world.station_count++;
}

static bool deliver(void)
{
    struct frame *frame;
    bool any = false;

    while ((frame = take_from(&world.to_them)) != NULL) {
        for (unsigned i = world.station_count; i > 0; i--) {
            if (world.stations[i - 1].station(world.stations[i - 1].arg, frame->bytes, frame->length)) {
                break;
            }
        }
        free(frame);
        any = true;
    }
    return any;
}

/* ---- begin and end ---- */

static void open_peer(void)
{
    struct peer_config peer = {.gateway = {10, 0, 0, 254},
                               .mtu = world.nic.mtu,
                               .now_ms = world_now,
                               .output = peer_output,
                               .seed = (uint32_t)world_random()};

    memcpy(peer.mac, WORLD_PEER_MAC, 6);
    memcpy(peer.address, WORLD_PEER, 4);
    memcpy(peer.netmask, WORLD_NETMASK, 4);
    peer_open(&peer);
    world_add_station(feed_peer, NULL);
}

/*
 * A world must not depend on those before it. Long after the last one no timer of it is left, and every timer
 * that always runs, lwIP's count of ticks included, is at the beginning of its period.
 */
static void settle_timers(void)
{
    u32_t ticks;

    world.now_ms = (world.now_ms / PERIOD_MS + 1) * PERIOD_MS;
    sys_check_timeouts();
    ticks = tcp_ticks;
    do {
        tcp_tmr(); /* counts a tick every second time */
    } while (tcp_ticks == ticks);
    tcp_tmr(); /* the next one counts again, as the very first did */
    peer_settle();
}

/* Without complaints, after a test that failed. */
static void clean_up(void)
{
    net_close();
    write_capture();
    if (world.config.with_peer) {
        peer_close();
    }
    empty(&world.to_us);
    empty(&world.to_them);
    world.begun = false;
    settle_timers();
}

/* lwIP's first start draws numbers and makes timers: it is not to be part of a world. */
static void start_stack(void)
{
    static bool started;

    if (!started) {
        started = true;
        assert_true(net_open(&world.nic, &(struct net_config){.tcp_window = 0}));
        net_close();
        settle_timers();
    }
}

void world_begin(const struct world_config *config)
{
    static const struct nic_ops ops = {wire_send, wire_receive, wire_release, wire_link_up, wire_close};
    struct lossy_config faults = config->faults;

    if (world.begun) {
        clean_up();
    }
    world.begun = true;
    world.config = *config;
    world.config.frames = config->frames == 0 ? NIC_LENT_MAX + 64 : config->frames;
    world.nic.ops = &ops;
    memcpy(world.nic.mac, WORLD_MAC, 6);
    world.nic.mtu = config->mtu == 0 ? 1500 : config->mtu;
    start_stack();
    world.random = config->seed;
    world.held = world.station_count = 0;
    world.cut = world.broken = false;
    world.filter = NULL;
    world.log_length = 0;
    world.log[0] = '\0';
    faults.seed = config->seed;
    pcap_init(&world.pcap, &world.nic, capture, sizeof capture, WORLD_FRAME_MAX);
    lossy_init(&world.lossy, &world.pcap.nic, &faults);
    if (config->with_peer) {
        open_peer();
    }
}

void world_end(void)
{
    clean_up();
    assert_int_equal(world.held, 0);
    assert_false(world_logged("still held"));
}

void world_open_static(uint32_t tcp_window)
{
    struct net_config config = {.tcp_window = tcp_window};
    struct net_lease lease = {.gateway = {10, 0, 0, 254}};

    memcpy(lease.address, WORLD_ADDRESS, 4);
    memcpy(lease.netmask, WORLD_NETMASK, 4);
    memcpy(lease.dns[0], WORLD_PEER, 4);
    assert_true(net_open(world_nic(), &config));
    net_set_static(&lease);
    assert_int_equal(net_state(), NET_CONFIGURED);
}

/* ---- time ---- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t next_event(void)
{
    uint64_t next = net_next_ms();

    if (world.config.with_peer) {
        next = earlier(next, peer_next_ms());
    }
    if (world.to_us.first != NULL) {
        next = earlier(next, world.to_us.first->at_ms);
    }
    if (world.to_them.first != NULL) {
        next = earlier(next, world.to_them.first->at_ms);
    }
    return next;
}

bool world_step(uint64_t limit_ms)
{
    uint64_t next;
    bool moved = deliver();

    if (world.config.with_peer) {
        peer_poll();
    }
    moved = net_poll() || moved;
    if (moved) {
        return true;
    }
    next = next_event();
    if (next == UINT64_MAX && limit_ms == UINT64_MAX) {
        return false;
    }
    /* Something due now was due before the round, and had its chance. */
    next = earlier(next, limit_ms);
    world.now_ms = next > world.now_ms ? next : world.now_ms + 1;
    return true;
}

bool world_until(bool (*condition)(void *arg), void *arg, uint64_t limit_ms)
{
    uint64_t end = world.now_ms + limit_ms;

    while (!condition(arg)) {
        if (world.now_ms >= end || !world_step(end)) {
            return false;
        }
    }
    return true;
}

void world_run(uint64_t ms)
{
    uint64_t end = world.now_ms + ms;

    while (world.now_ms < end && world_step(end)) {
    }
}
