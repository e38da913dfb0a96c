/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP streams against another lwIP over the simulated wire: bytes both ways, windows, and every way to end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/net.h"
#include "net/stream.h"
#include "tests/peer/peer.h"
#include "tests/world/packet.h"
#include "tests/world/world.h"

#define PORT 3260u
#define MIB  (1024u * 1024u)

static struct net_address peer_address(void)
{
    struct net_address address = {.family = 4};

    memcpy(address.bytes, WORLD_PEER, 4);
    return address;
}

static void begin(const struct world_config *config, uint32_t tcp_window)
{
    struct world_config with_peer = *config;

    with_peer.with_peer = true;
    world_begin(&with_peer);
    world_open_static(tcp_window);
    assert_true(peer_listen(PORT));
}

static void begin_plain(void)
{
    begin(&(struct world_config){.seed = 1, .delay_ms = 1}, 0);
}

static bool is_settled(void *arg)
{
    return stream_state(arg) != STREAM_CONNECTING;
}

static bool is_accepted(void *arg)
{
    struct peer_connection **connection = arg;

    if (*connection == NULL) {
        *connection = peer_accept();
    }
    return *connection != NULL;
}

static struct stream *connect_to(uint16_t port)
{
    struct net_address address = peer_address();
    struct stream *stream = stream_connect(&address, port);

    assert_non_null(stream);
    assert_int_equal(stream_state(stream), STREAM_CONNECTING);
    return stream;
}

static struct stream *open_stream(struct peer_connection **ret_connection)
{
    struct stream *stream = connect_to(PORT);

    assert_true(world_until(is_settled, stream, 60000));
    assert_int_equal(stream_state(stream), STREAM_OPEN);
    *ret_connection = NULL;
    assert_true(world_until(is_accepted, ret_connection, 60000));
    return stream;
}

/* ---- transfers ---- */

/* The byte at a place in the stream of one direction. */
static uint8_t expected(uint64_t at, unsigned direction)
{
    uint64_t mixed = (at + direction * 7919u) * 0x9e3779b97f4a7c15u;

    return (uint8_t)(mixed >> 40);
}

struct transfer {
    struct stream *stream;
    struct peer_connection *connection;
    uint64_t size, sent[2], received[2];
};

static size_t fill(uint8_t *bytes, size_t n, uint64_t at, uint64_t size, unsigned direction)
{
    size_t length = n < size - at ? n : (size_t)(size - at);

    for (size_t i = 0; i < length; i++) {
        bytes[i] = expected(at + i, direction);
    }
    return length;
}

static void check(const uint8_t *bytes, size_t n, uint64_t at, unsigned direction)
{
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] != expected(at + i, direction)) {
            fail_msg("byte %llu of direction %u is wrong", (unsigned long long)(at + i), direction);
        }
    }
}

static void pump_ours(struct transfer *t)
{
    uint8_t bytes[16384];
    const uint8_t *window;
    size_t n, want = 1 + world_random() % sizeof bytes;

    n = stream_space(t->stream);
    n = fill(bytes, n < want ? n : want, t->sent[0], t->size, 0);
    t->sent[0] += stream_commit(t->stream, bytes, n);
    stream_flush(t->stream);
    while ((n = stream_peek(t->stream, &window)) > 0) {
        n = n > 3 && world_random() % 4 == 0 ? n / 3 : n;
        check(window, n, t->received[1], 1);
        t->received[1] += n;
        stream_consume(t->stream, n);
    }
}

static void pump_theirs(struct transfer *t)
{
    uint8_t bytes[16384];
    size_t n = peer_space(t->connection);

    n = fill(bytes, n < sizeof bytes ? n : sizeof bytes, t->sent[1], t->size, 1);
    t->sent[1] += peer_send(t->connection, bytes, n);
    while ((n = peer_receive(t->connection, bytes, sizeof bytes)) > 0) {
        check(bytes, n, t->received[0], 0);
        t->received[0] += n;
    }
}

static bool is_transferred(void *arg)
{
    struct transfer *t = arg;

    pump_ours(t);
    pump_theirs(t);
    return t->received[0] == t->size && t->received[1] == t->size;
}

static void transfer(struct stream *stream, struct peer_connection *connection, uint64_t size)
{
    struct transfer t = {stream, connection, size, {0, 0}, {0, 0}};

    if (!world_until(is_transferred, &t, 3600000)) {
        fail_msg("stuck: sent %llu/%llu, received %llu/%llu", (unsigned long long)t.sent[0],
                 (unsigned long long)t.sent[1], (unsigned long long)t.received[0],
                 (unsigned long long)t.received[1]);
    }
}

static void transfer_once(const struct world_config *config, uint32_t tcp_window, uint64_t size)
{
    struct peer_connection *connection;
    struct stream *stream;

    begin(config, tcp_window);
    stream = open_stream(&connection);
    transfer(stream, connection, size);
    stream_close(stream);
    peer_shut(connection);
    world_end();
}

static void test_four_mib_both_ways(void **state)
{
    (void)state;
    transfer_once(&(struct world_config){.seed = 1, .delay_ms = 1}, 0, 4 * MIB);
}

static void test_four_mib_both_ways_over_a_bad_wire(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= world_seeds(6); seed++) {
        print_message("seed %llu\n", (unsigned long long)seed);
        transfer_once(
            &(struct world_config){.seed = seed,
                                   .delay_ms = (uint32_t)(seed % 3),
                                   .faults = {.lose = 600, .repeat = 600, .reorder = 1500, .damage = 300}},
            seed % 2 == 0 ? 0 : 256 * 1024, 4 * MIB);
    }
}

static void test_jumbo_frames(void **state)
{
    (void)state;
    transfer_once(&(struct world_config){.seed = 1, .delay_ms = 1, .mtu = 9000}, 0, 4 * MIB);
}

static void test_device_without_room_only_delays(void **state)
{
    (void)state;
    transfer_once(&(struct world_config){.seed = 3, .delay_ms = 2, .send_room = 3}, 0, MIB);
}

/* ---- the window ---- */

struct flight {
    uint32_t sent, acknowledged,
        most;            /* sequence numbers of the peer's bytes; the most that were on their way */
    unsigned mss, scale; /* as our SYN says */
    bool started;
};

static size_t watch_theirs(void *arg, uint8_t *frame, size_t length)
{
    struct flight *flight = arg;
    size_t size;
    uint8_t *tcp = packet_tcp(frame, length, &size);

    if (tcp != NULL) {
        uint32_t end = packet_get32(tcp + 4) + (uint32_t)(size - (tcp[12] >> 4) * 4u);

        if (!flight->started || (int32_t)(end - flight->sent) > 0) {
            flight->sent = end;
        }
        if (flight->started && flight->sent - flight->acknowledged > flight->most) {
            flight->most = flight->sent - flight->acknowledged;
        }
    }
    return length;
}

static bool watch_ours(void *arg, const uint8_t *frame, size_t length)
{
    struct flight *flight = arg;
    size_t size;
    const uint8_t *tcp = packet_tcp((uint8_t *)(uintptr_t)frame, length, &size);

    if (tcp != NULL && (tcp[13] & 2) != 0) {
        for (const uint8_t *option = tcp + 20; option < tcp + (tcp[12] >> 4) * 4u && option[0] != 0;
             option += option[0] == 1 ? 1 : option[1]) {
            flight->mss = option[0] == 2 ? packet_get16(option + 2) : flight->mss;
            flight->scale = option[0] == 3 ? option[2] : flight->scale;
        }
    } else if (tcp != NULL) {
        flight->acknowledged = packet_get32(tcp + 8);
        flight->started = true;
    }
    return false;
}

static void test_window_is_what_was_asked_for(void **state)
{
    static const uint32_t windows[] = {16384, 65536, 262144, 4 * MIB};

    (void)state;
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        struct flight flight = {0};
        struct peer_connection *connection;
        struct stream *stream;

        /* There and back is not the period of the peer's retransmission clock, which would then run too
         * early. */
        begin(&(struct world_config){.seed = 1, .delay_ms = 20}, windows[i]);
        world_add_station(watch_ours, &flight);
        world_set_filter(watch_theirs, &flight);
        stream = open_stream(&connection);
        transfer(stream, connection, 2 * MIB);
        assert_int_equal(flight.mss, 1460);
        assert_int_equal(flight.scale, 7);
        assert_in_range(flight.most, 1, windows[i]);
        /* The peer buffers 512 KiB: less than that, and the window is what bounds the flight. */
        assert_true(flight.most > (windows[i] < 400000 ? windows[i] : 400000) * 3 / 4);
        stream_abort(stream);
        peer_abort(connection);
        world_end();
    }
}

static void count_bytes(struct stream *stream, size_t *ret_count)
{
    const uint8_t *window;
    size_t n;

    *ret_count = 0;
    while ((n = stream_peek(stream, &window)) > 0) {
        check(window, n, *ret_count, 1);
        *ret_count += n;
        stream_consume(stream, n);
    }
}

/* A reader that stops does not stop what is written the other way, nor the frames that the driver needs for
 * it. */
static void test_unread_bytes_do_not_starve_the_device(void **state)
{
    static uint8_t bytes[500000]; /* more than the frames that net/ may keep */
    struct peer_connection *connection;
    struct stream *stream;
    size_t count, sent;

    (void)state;
    begin(&(struct world_config){.seed = 1, .delay_ms = 1, .frames = NIC_LENT_MAX + 8}, 0);
    stream = open_stream(&connection);
    fill(bytes, sizeof bytes, 0, sizeof bytes, 1);
    sent = peer_send(connection, bytes, sizeof bytes);
    assert_int_equal(sent, sizeof bytes);
    world_run(5000);
    assert_int_equal(world_frames_held(), NIC_LENT_MAX);
    memset(bytes, 'x', sizeof bytes);
    sent = stream_commit(stream, bytes, 100000);
    assert_int_equal(sent, 100000);
    stream_flush(stream);
    world_run(5000);
    assert_int_equal(peer_pending(connection), 100000);
    assert_int_equal(stream_unacknowledged(stream), 0);
    count_bytes(stream, &count);
    assert_int_equal(count, sizeof bytes);
    stream_abort(stream);
    peer_abort(connection);
    world_end();
}

/* Takes the scale out of our SYN on its way, so that neither side scales. */
static bool strip_scale(void *arg, const uint8_t *frame, size_t length)
{
    uint8_t *bytes = (uint8_t *)(uintptr_t)frame;
    size_t size;
    uint8_t *tcp = packet_tcp(bytes, length, &size);

    (void)arg;
    for (size_t at = 20; tcp != NULL && (tcp[13] & 2) != 0 && at < (tcp[12] >> 4) * 4u && tcp[at] != 0;
         at += tcp[at] == 1 ? 1 : tcp[at + 1]) {
        if (tcp[at] == 3) {
            memset(tcp + at, 1, 3);
            packet_fix(bytes, length);
        }
    }
    return false;
}

/* It sees 64 KiB at most. When they are used up and then read, it must hear of it, and not have to ask. */
static void test_peer_without_scaling_hears_when_the_window_opens(void **state)
{
    static uint8_t bytes[300000];
    struct peer_connection *connection;
    struct stream *stream;
    size_t count = 0, n;
    uint64_t start;

    (void)state;
    begin_plain();
    world_add_station(strip_scale, NULL);
    stream = open_stream(&connection);
    assert_int_equal(peer_send(connection, bytes, sizeof bytes), sizeof bytes);
    world_run(120); /* the window is full; the peer's first probe would come after 300 ms */
    start = world_now();
    while (count < sizeof bytes) {
        const uint8_t *window;

        while ((n = stream_peek(stream, &window)) > 0) {
            stream_consume(stream, n);
            count += n;
        }
        world_step(world_now() + 1);
    }
    assert_in_range(world_now() - start, 1, 100);
    stream_abort(stream);
    peer_abort(connection);
    world_end();
}

/* ---- the ends ---- */

static bool is_peer_settled(void *arg)
{
    return peer_state(arg) != PEER_OPEN;
}

static bool is_quiet(void *arg)
{
    (void)arg;
    return net_quiet();
}

static bool has_ended(void *arg)
{
    return stream_state(arg) != STREAM_OPEN;
}

static void test_close_delivers_everything(void **state)
{
    static uint8_t bytes[200000], got[200000];
    struct peer_connection *connection;
    struct stream *stream;

    (void)state;
    begin(&(struct world_config){.seed = 5, .delay_ms = 10, .faults = {.lose = 3000}}, 0);
    stream = open_stream(&connection);
    fill(bytes, sizeof bytes, 0, sizeof bytes, 0);
    assert_int_equal(stream_commit(stream, bytes, sizeof bytes), sizeof bytes);
    memset(bytes, 0xee, sizeof bytes); /* a commit copies */
    assert_true(net_quiet());
    stream_close(stream);
    assert_false(net_quiet());
    assert_true(world_until(is_quiet, NULL, 9000));
    assert_int_equal(peer_state(connection), PEER_FINISHED);
    assert_int_equal(peer_receive(connection, got, sizeof got), sizeof got);
    check(got, sizeof got, 0, 0);
    peer_shut(connection);
    world_end();
}

static void test_close_with_unread_bytes_is_no_reset(void **state)
{
    static uint8_t bytes[50000];
    struct peer_connection *connection;
    struct stream *stream;

    (void)state;
    begin_plain();
    stream = open_stream(&connection);
    peer_send(connection, bytes, sizeof bytes);
    world_run(500);
    stream_commit(stream, "last words", 10);
    stream_close(stream);
    /* And more comes after it. */
    peer_send(connection, bytes, sizeof bytes);
    assert_true(world_until(is_peer_settled, connection, 5000));
    world_run(500);
    assert_int_equal(peer_state(connection), PEER_FINISHED);
    assert_int_equal(peer_pending(connection), 10);
    assert_true(net_quiet());
    peer_shut(connection);
    world_run(20000);
    world_end();
}

static void test_closed_stream_ends_when_the_peer_does_not(void **state)
{
    struct net_counters counters;
    struct peer_connection *connection;
    struct stream *stream;

    (void)state;
    begin_plain();
    stream = open_stream(&connection);
    stream_close(stream);
    world_run(1000);
    assert_true(net_quiet());
    world_run(30000);
    net_get_counters(&counters);
    assert_int_equal(counters.pcbs, 0);
    assert_int_equal(peer_state(connection), PEER_RESET);
    peer_abort(connection);
    world_end();
}

static void test_abort_is_a_reset(void **state)
{
    struct net_counters counters;
    struct peer_connection *connection;
    struct stream *stream;

    (void)state;
    begin_plain();
    stream = open_stream(&connection);
    stream_abort(stream);
    assert_true(world_until(is_peer_settled, connection, 5000));
    assert_int_equal(peer_state(connection), PEER_RESET);
    net_get_counters(&counters);
    assert_int_equal(counters.pcbs, 0);
    peer_abort(connection);
    world_end();
}

static void test_peer_fin_leaves_what_came_before(void **state)
{
    static uint8_t bytes[100000];
    struct peer_connection *connection;
    struct stream *stream;
    size_t count;

    (void)state;
    begin_plain();
    stream = open_stream(&connection);
    fill(bytes, sizeof bytes, 0, sizeof bytes, 1);
    peer_send(connection, bytes, sizeof bytes);
    peer_finish(connection);
    assert_true(world_until(has_ended, stream, 5000));
    assert_int_equal(stream_state(stream), STREAM_PEER_CLOSED);
    count_bytes(stream, &count);
    assert_int_equal(count, sizeof bytes);
    /* The other half still works. */
    assert_int_equal(stream_commit(stream, "still here", 10), 10);
    stream_close(stream);
    world_run(1000);
    assert_int_equal(peer_pending(connection), 10);
    peer_shut(connection);
    world_end();
}

static void test_req_029_refusal_is_told(void **state)
{
    struct stream *stream;

    (void)state;
    begin_plain();
    stream = connect_to(PORT + 1);
    assert_true(world_until(is_settled, stream, 1000));
    assert_int_equal(stream_state(stream), STREAM_REFUSED);
    stream_close(stream);
    world_end();
}

static void test_req_029_reset_is_told(void **state)
{
    struct peer_connection *connection;
    struct stream *stream;

    (void)state;
    begin_plain();
    stream = open_stream(&connection);
    peer_abort(connection);
    assert_true(world_until(has_ended, stream, 1000));
    assert_int_equal(stream_state(stream), STREAM_RESET);
    stream_close(stream);
    world_end();
}

static void test_req_029_silence_is_told(void **state)
{
    struct peer_connection *connection;
    struct stream *stream, *late;
    uint64_t start;

    (void)state;
    begin_plain();
    stream = open_stream(&connection);
    assert_int_equal(stream_commit(stream, "hello", 5), 5);
    stream_flush(stream);
    world_cut(true);
    start = world_now();
    late = connect_to(PORT);
    assert_true(world_until(is_settled, late, 30000));
    assert_int_equal(stream_state(late), STREAM_TIMEOUT);
    assert_in_range(world_now() - start, 5000, 15000);
    assert_true(world_until(has_ended, stream, 600000));
    assert_int_equal(stream_state(stream), STREAM_TIMEOUT);
    stream_abort(late);
    stream_abort(stream);
    peer_vanish(connection);
    world_end();
}

/* The peer acknowledges every second segment at once, and a single one late. */
static void test_req_031_small_writes_do_not_wait_for_acknowledgements(void **state)
{
    char bytes[100] = {0};
    struct peer_connection *connection;
    struct stream *stream;

    (void)state;
    begin_plain();
    stream = open_stream(&connection);
    for (size_t i = 1; i <= 5; i++) {
        assert_int_equal(stream_commit(stream, bytes, sizeof bytes), sizeof bytes);
        stream_flush(stream);
        world_run(5);
        assert_int_equal(peer_pending(connection), i * sizeof bytes);
    }
    peer_abort(connection);
    stream_abort(stream);
    world_end();
}

/* Nothing was asked of it, and yet a peer that lost its power does not stay for ever. */
static void test_req_032_idle_dead_peer_is_noticed(void **state)
{
    struct peer_connection *connection;
    struct stream *stream;

    (void)state;
    begin_plain();
    stream = open_stream(&connection);
    world_cut(true);
    peer_vanish(connection);
    assert_true(world_until(has_ended, stream, 120000));
    assert_int_equal(stream_state(stream), STREAM_TIMEOUT);
    stream_abort(stream);
    world_end();
}

static void test_lost_bytes_are_sent_again_from_a_copy(void **state)
{
    char bytes[1000], got[1000];
    struct peer_connection *connection;
    struct stream *stream;

    (void)state;
    begin_plain();
    stream = open_stream(&connection);
    memset(bytes, 'a', sizeof bytes);
    world_cut(true);
    assert_int_equal(stream_commit(stream, bytes, sizeof bytes), sizeof bytes);
    stream_flush(stream);
    memset(bytes, 'b', sizeof bytes);
    assert_int_equal(stream_unacknowledged(stream), sizeof bytes);
    world_run(2000);
    world_cut(false);
    world_run(10000);
    assert_int_equal(stream_unacknowledged(stream), 0);
    assert_int_equal(peer_receive(connection, got, sizeof got), sizeof got);
    memset(bytes, 'a', sizeof bytes);
    assert_memory_equal(got, bytes, sizeof got);
    stream_abort(stream);
    peer_abort(connection);
    world_end();
}

static void test_broken_device_fails_streams(void **state)
{
    struct peer_connection *connection;
    struct stream *stream;
    const uint8_t *window;

    (void)state;
    begin_plain();
    stream = open_stream(&connection);
    peer_send(connection, "unread", 6);
    world_run(100);
    world_break();
    assert_true(world_until(has_ended, stream, 1000));
    assert_int_equal(stream_state(stream), STREAM_FAILED);
    assert_int_equal(net_state(), NET_FAILED);
    assert_int_equal(stream_peek(stream, &window), 0);
    assert_int_equal(stream_space(stream), 0);
    assert_int_equal(stream_commit(stream, "x", 1), 0);
    stream_close(stream);
    peer_vanish(connection);
    world_end();
}

/* ---- unreachable ---- */

struct syn {
    bool seen;
    uint8_t ip[28]; /* as an ICMP error quotes it */
};

static bool eat_syn(void *arg, const uint8_t *frame, size_t length)
{
    struct syn *syn = arg;
    size_t size;
    const uint8_t *tcp = packet_tcp((uint8_t *)(uintptr_t)frame, length, &size);

    if (tcp == NULL || (tcp[13] & 2) == 0) {
        return false;
    }
    syn->seen = true;
    memcpy(syn->ip, frame + 14, sizeof syn->ip);
    return true;
}

static bool is_syn_seen(void *arg)
{
    return ((struct syn *)arg)->seen;
}

static void send_unreachable(const struct syn *syn, uint32_t wrong_by, size_t quoted)
{
    struct packet_end from = {0}, to = {0};
    uint8_t frame[128], icmp[8 + 28] = {3, 1};
    size_t length;

    memcpy(from.mac, WORLD_PEER_MAC, 6);
    memcpy(from.address, (uint8_t[]){10, 0, 0, 254}, 4);
    memcpy(to.mac, WORLD_MAC, 6);
    memcpy(to.address, WORLD_ADDRESS, 4);
    memcpy(icmp + 8, syn->ip, quoted);
    packet_put32(icmp + 8 + 24, packet_get32(icmp + 8 + 24) + wrong_by);
    length = packet_ip(frame, &from, &to, 1, icmp, 8 + quoted);
    packet_fix(frame, length);
    world_send(frame, length, 0);
}

static void test_unreachable_host_is_told_and_not_believed_blindly(void **state)
{
    struct stream *stream;
    struct syn syn = {0};

    (void)state;
    begin_plain();
    world_add_station(eat_syn, &syn);
    stream = connect_to(PORT);
    assert_true(world_until(is_syn_seen, &syn, 1000));
    send_unreachable(&syn, 1, 28);
    send_unreachable(&syn, 0, 27);
    send_unreachable(&syn, 0, 4);
    world_run(10);
    assert_int_equal(stream_state(stream), STREAM_CONNECTING);
    send_unreachable(&syn, 0, 28);
    world_run(10);
    assert_int_equal(stream_state(stream), STREAM_UNREACHABLE);
    stream_close(stream);
    world_end();
}

static void test_no_route_is_unreachable(void **state)
{
    struct net_address address = {.family = 4, .bytes = {192, 168, 9, 9}};
    struct net_lease lease = {.address = {10, 0, 0, 2}, .netmask = {255, 255, 255, 0}};
    struct stream *stream;

    (void)state;
    begin_plain();
    net_set_static(&lease);
    stream = stream_connect(&address, PORT);
    assert_non_null(stream);
    assert_int_equal(stream_state(stream), STREAM_UNREACHABLE);
    stream_close(stream);
    address.family = 6;
    stream = stream_connect(&address, PORT);
    assert_int_equal(stream_state(stream), STREAM_UNREACHABLE);
    stream_close(stream);
    world_end();
}

/* ---- the pool ---- */

static void test_pool_gives_four_and_closed_ones_do_not_count(void **state)
{
    struct net_address address = peer_address();
    struct peer_connection *connections[STREAMS_MAX];
    struct stream *streams[STREAMS_MAX];

    (void)state;
    begin_plain();
    for (unsigned round = 0; round < 5; round++) {
        for (unsigned i = 0; i < STREAMS_MAX; i++) {
            streams[i] = open_stream(&connections[i]);
        }
        assert_null(stream_connect(&address, PORT));
        for (unsigned i = 0; i < STREAMS_MAX; i++) {
            stream_close(streams[i]); /* the peer does not close its side */
        }
        world_run(100);
        for (unsigned i = 0; i < STREAMS_MAX; i++) {
            assert_int_equal(peer_state(connections[i]), PEER_FINISHED);
            peer_vanish(connections[i]);
        }
    }
    world_end();
}

/* ---- what cannot be guessed ---- */

struct identities {
    unsigned count;
    uint16_t ports[64];
    uint32_t sequences[64];
};

static bool note_syn(void *arg, const uint8_t *frame, size_t length)
{
    struct identities *ids = arg;
    size_t size;
    const uint8_t *tcp = packet_tcp((uint8_t *)(uintptr_t)frame, length, &size);

    if (tcp != NULL && (tcp[13] & 2) != 0 && ids->count < 64) {
        ids->ports[ids->count] = packet_get16(tcp);
        ids->sequences[ids->count] = packet_get32(tcp + 4);
        ids->count++;
    }
    return false;
}

static void note_connections(struct identities *ids, uint64_t seed, unsigned count)
{
    struct peer_connection *connection;

    begin(&(struct world_config){.seed = seed}, 0);
    world_add_station(note_syn, ids);
    for (unsigned i = 0; i < count; i++) {
        stream_abort(open_stream(&connection));
        peer_vanish(connection);
    }
    world_end();
}

static void test_req_035_ports_and_sequence_numbers_are_not_predictable(void **state)
{
    struct identities ids = {0};
    unsigned near_ports = 0, near_sequences = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        note_connections(&ids, seed, 4);
    }
    assert_int_equal(ids.count, 32);
    for (unsigned i = 0; i < ids.count; i++) {
        assert_true(ids.ports[i] >= 49152);
        for (unsigned k = 0; k < i; k++) {
            near_ports += abs(ids.ports[i] - ids.ports[k]) < 4;
            near_sequences += ids.sequences[i] - ids.sequences[k] + 0x100000u < 0x200000u;
        }
    }
    /* 496 pairs: by chance some 0.3 ports and 0.3 sequence numbers lie as near as this. */
    assert_in_range(near_ports, 0, 4);
    assert_in_range(near_sequences, 0, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_four_mib_both_ways),
        cmocka_unit_test(test_four_mib_both_ways_over_a_bad_wire),
        cmocka_unit_test(test_jumbo_frames),
        cmocka_unit_test(test_device_without_room_only_delays),
        cmocka_unit_test(test_window_is_what_was_asked_for),
        cmocka_unit_test(test_unread_bytes_do_not_starve_the_device),
        cmocka_unit_test(test_peer_without_scaling_hears_when_the_window_opens),
        cmocka_unit_test(test_close_delivers_everything),
        cmocka_unit_test(test_close_with_unread_bytes_is_no_reset),
        cmocka_unit_test(test_closed_stream_ends_when_the_peer_does_not),
        cmocka_unit_test(test_abort_is_a_reset),
        cmocka_unit_test(test_peer_fin_leaves_what_came_before),
        cmocka_unit_test(test_req_029_refusal_is_told),
        cmocka_unit_test(test_req_029_reset_is_told),
        cmocka_unit_test(test_req_029_silence_is_told),
        cmocka_unit_test(test_req_031_small_writes_do_not_wait_for_acknowledgements),
        cmocka_unit_test(test_req_032_idle_dead_peer_is_noticed),
        cmocka_unit_test(test_lost_bytes_are_sent_again_from_a_copy),
        cmocka_unit_test(test_broken_device_fails_streams),
        cmocka_unit_test(test_unreachable_host_is_told_and_not_believed_blindly),
        cmocka_unit_test(test_no_route_is_unreachable),
        cmocka_unit_test(test_pool_gives_four_and_closed_ones_do_not_count),
        cmocka_unit_test(test_req_035_ports_and_sequence_numbers_are_not_predictable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
