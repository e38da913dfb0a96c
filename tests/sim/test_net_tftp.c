/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file by TFTP: from lwIP's own server, over good wires and bad ones, and from scripted servers that are
 * late, confused or hostile.
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

#include "net/fetch.h"
#include "net/net.h"
#include "tests/peer/peer.h"
#include "tests/world/fetching.h"
#include "tests/world/packet.h"
#include "tests/world/world.h"

#define NAME  "boot/lunboot.conf"
#define BLOCK 512u

enum { REQUEST = 1, DATA = 3, ACK = 4, ERROR = 5 };

static const struct fetch_request usual = {.scheme = FETCH_TFTP,
                                           .address = {.family = 4, .bytes = {10, 0, 0, 1}},
                                           .port = 69,
                                           .path = NAME,
                                           .limit_ms = 60000};

static uint8_t file[FETCHING_ROOM];

static void fill_file(void)
{
    for (size_t i = 0; i < sizeof file; i++) {
        file[i] = (uint8_t)(i * 7 + i / 256);
    }
}

/* ---- lwIP's server ---- */

static void begin_peer(uint64_t seed)
{
    fill_file();
    fetching_begin(&(struct world_config){.seed = seed, .delay_ms = 1, .with_peer = true});
}

static void test_files_of_all_sizes_come_whole(void **state)
{
    static const size_t sizes[] = {0, 1, 511, 512, 513, 1023, 1024, 1025, 40000, sizeof file};

    (void)state;
    begin_peer(1);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        peer_serve_tftp(NAME, file, sizes[i]);
        fetching_start(&usual, sizeof file);
        assert_int_equal(fetching_wait(), FETCH_DONE);
        fetching_check(file, sizes[i]);
        assert_int_equal(fetch_code(), 0);
        assert_string_equal(fetch_detail(), "");
    }
    fetching_end();
}

static void test_file_that_just_fits_comes_and_a_larger_one_does_not(void **state)
{
    static const size_t sizes[] = {1, 500, 512, 1000, 1024};

    (void)state;
    begin_peer(2);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        peer_serve_tftp(NAME, file, sizes[i]);
        fetching_start(&usual, sizes[i]);
        assert_int_equal(fetching_wait(), FETCH_DONE);
        fetching_check(file, sizes[i]);
        fetching_start(&usual, sizes[i] - 1);
        assert_int_equal(fetching_wait(), FETCH_TOO_LARGE);
    }
    fetching_start(&usual, 0);
    assert_int_equal(fetching_wait(), FETCH_TOO_LARGE);
    fetching_end();
}

static void test_missing_file_is_told(void **state)
{
    (void)state;
    begin_peer(3);
    peer_serve_tftp("another", file, 10);
    fetching_start(&usual, sizeof file);
    assert_int_equal(fetching_wait(), FETCH_ABSENT);
    assert_int_equal(fetch_code(), 1);
    assert_string_equal(fetch_detail(), "Unable to open requested file.");
    fetching_end();
}

/* ---- a scripted server ---- */

static struct server {
    unsigned requests, acks, errors; /* that we sent to it */
    uint64_t request_ms[8];
    uint16_t ports[8]; /* that the requests came from */
    uint8_t request[600];
    size_t request_length;
    struct packet_end client, here; /* here: who sends the data */
    uint32_t acked;                 /* blocks that were acknowledged in order */
    bool deaf;                      /* answers nothing by itself */
    unsigned lost;                  /* so many requests get no answer */
    uint32_t blocks;                /* of the file; the last is empty */
    unsigned step_ms;               /* it takes so long for each block */
    void (*before)(uint32_t block); /* what it does before it sends a block */
    uint8_t ip[28];                 /* the head of our last datagram, for ICMP */
} server;

static void send_from(const struct packet_end *from, const void *bytes, size_t length)
{
    uint8_t frame[2000];

    world_send(frame, packet_udp(frame, from, &server.client, bytes, length), 0);
}

static void send_packet(const struct packet_end *from, unsigned opcode, unsigned word, const void *bytes,
                        size_t length, uint32_t later_ms)
{
    uint8_t packet[1500], frame[2000];

    packet_put16(packet, opcode);
    packet_put16(packet + 2, word);
    if (length > 0) {
        memcpy(packet + 4, bytes, length);
    }
    world_send(frame, packet_udp(frame, from, &server.client, packet, 4 + length), later_ms);
}

/* Each block is filled with its number; block `blocks` is the empty one that ends the file. */
static void send_block(uint32_t block)
{
    uint8_t bytes[BLOCK];

    memset(bytes, (int)(block & 0xff), sizeof bytes);
    send_packet(&server.here, DATA, block & 0xffff, bytes, block < server.blocks ? BLOCK : 0, server.step_ms);
}

static void send_next(void)
{
    if (server.before != NULL) {
        server.before(server.acked + 1);
    }
    send_block(server.acked + 1);
}

static void take_request(const struct packet_end *from, const uint8_t *bytes, size_t length)
{
    server.ports[server.requests % 8] = from->port;
    server.request_ms[server.requests % 8] = world_now();
    server.requests++;
    memcpy(server.request, bytes, length);
    server.request_length = length;
    server.acked = from->port == server.client.port ? server.acked : 0;
    server.client = *from;
    if (!server.deaf && server.requests > server.lost) {
        send_next();
    }
}

static void take_ack(unsigned block)
{
    server.acks++;
    if (block == ((server.acked + 1) & 0xffff)) {
        server.acked++;
        if (server.acked < server.blocks && !server.deaf) {
            send_next();
        }
    }
}

static bool serve(void *arg, const uint8_t *frame, size_t length)
{
    struct packet_end from, to;
    size_t size;
    const uint8_t *bytes = packet_udp_payload(frame, length, &from, &to, &size);

    (void)arg;
    if (bytes == NULL || size < 4) {
        return false;
    }
    memcpy(server.ip, frame + 14, sizeof server.ip);
    if (packet_get16(bytes) == REQUEST) {
        take_request(&from, bytes, size);
    } else if (packet_get16(bytes) == ACK && to.port == server.here.port && from.port == server.client.port) {
        take_ack(packet_get16(bytes + 2));
    } else if (packet_get16(bytes) == ERROR) {
        server.errors++;
    }
    return true;
}

static const struct packet_end server_end = {{0x52, 0x54, 0, 0xaa, 0xbb, 0xcc}, {10, 0, 0, 1}, 4711};

static void begin_seeded(uint64_t seed)
{
    memset(&server, 0, sizeof server);
    server.here = server_end;
    server.blocks = 3;
    fetching_begin(&(struct world_config){.seed = seed, .delay_ms = 1, .with_peer = true});
    world_add_station(serve, NULL);
}

static void begin(void)
{
    begin_seeded(5);
}

static void check_file(void)
{
    assert_int_equal(fetching.length, (server.blocks - 1) * BLOCK);
    for (size_t i = 0; i < fetching.length; i++) {
        assert_int_equal(fetching.bytes[i], (i / BLOCK + 1) & 0xff);
    }
}

static enum fetch_state fetch_usual(void)
{
    fetching_start(&usual, FETCHING_ROOM);
    return fetching_wait();
}

static bool is_asked(void *arg)
{
    (void)arg;
    return server.requests > 0;
}

/* The request is out, and the server is ours to script. */
static void begin_asked(void)
{
    begin();
    server.deaf = true;
    fetching_start(&usual, FETCHING_ROOM);
    assert_true(world_until(is_asked, NULL, 1000));
}

/* ---- asking ---- */

static void test_request_is_as_it_should_be(void **state)
{
    static const char wanted[] = "\0\1" NAME "\0octet";
    struct fetch_request request = usual;

    (void)state;
    begin();
    request.port = 6969;
    for (unsigned i = 0; i < 8; i++) {
        fetching_start(&request, FETCHING_ROOM);
        assert_int_equal(fetching_wait(), FETCH_DONE);
        assert_int_equal(server.request_length, sizeof wanted);
        assert_memory_equal(server.request, wanted, sizeof wanted);
        assert_int_equal(server.requests, i + 1);
    }
    for (unsigned i = 0; i < 8; i++) {
        assert_true(server.ports[i] >= 49152);
        for (unsigned k = 0; k < i; k++) {
            assert_int_not_equal(server.ports[i], server.ports[k]);
        }
    }
    fetching_end();
}

static void test_lost_requests_are_sent_again(void **state)
{
    (void)state;
    begin();
    server.lost = 3;
    assert_int_equal(fetch_usual(), FETCH_DONE);
    check_file();
    assert_int_equal(server.requests, 4);
    for (unsigned i = 1; i < 4; i++) {
        assert_in_range(server.request_ms[i] - server.request_ms[i - 1], (500u << i) - 5, (500u << i) + 5);
    }
    fetching_end();
}

static void test_silence_ends_within_a_bound(void **state)
{
    struct fetch_request hurried = usual;
    uint64_t start;

    (void)state;
    begin();
    server.deaf = true;
    start = world_now();
    assert_int_equal(fetch_usual(), FETCH_TIMEOUT);
    assert_in_range(world_now() - start, 15000, 16000);
    assert_int_equal(server.requests, 4);
    hurried.limit_ms = 2500;
    start = world_now();
    fetching_start(&hurried, FETCHING_ROOM);
    assert_int_equal(fetching_wait(), FETCH_TIMEOUT);
    assert_in_range(world_now() - start, 2500, 3500);
    fetching_end();
}

static void test_limit_wakes_whoever_sleeps_until_then(void **state)
{
    struct fetch_request hurried = usual;

    (void)state;
    begin();
    hurried.limit_ms = 7;
    fetching_start(&hurried, FETCHING_ROOM);
    assert_in_range(net_next_ms(), world_now(), world_now() + 7);
    fetch_stop();
    assert_true(net_next_ms() > world_now() + 7);
    fetching_end();
}

static void test_host_that_is_not_there_ends_within_a_bound(void **state)
{
    struct fetch_request request = usual;

    (void)state;
    begin();
    request.address.bytes[3] = 77;
    fetching_start(&request, FETCHING_ROOM);
    assert_int_equal(fetching_wait(), FETCH_TIMEOUT);
    fetching_end();
}

static void test_wrong_requests_are_refused(void **state)
{
    static char longest[506];
    static const char *const wrong[] = {"", "two words", "tab\there", "line\nend", "del\x7f", " "};
    struct fetch_request request = usual;

    (void)state;
    begin();
    fetching_start(&usual, FETCHING_ROOM); /* what cannot be sent leaves this alone */
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        request.path = wrong[i];
        assert_false(fetch_start(&request, longest, sizeof longest));
    }
    memset(longest, 'n', 504);
    request.path = longest;
    assert_false(fetch_start(&request, longest, sizeof longest));
    request = usual;
    request.port = 0;
    assert_false(fetch_start(&request, longest, sizeof longest));
    assert_int_equal(fetching_wait(), FETCH_DONE);
    check_file();

    longest[503] = '\0'; /* 512 bytes with the rest */
    request = usual;
    request.path = longest;
    fetching_start(&request, FETCHING_ROOM);
    assert_int_equal(fetching_wait(), FETCH_DONE);
    assert_int_equal(server.request_length, 512);
    fetching_end();
}

static void test_no_route_is_unreachable(void **state)
{
    struct net_lease lease = {.address = {10, 0, 0, 2}, .netmask = {255, 255, 255, 0}};
    struct fetch_request request = usual;

    (void)state;
    begin();
    net_set_static(&lease);
    request.address.bytes[2] = 99;
    fetching_start(&request, FETCHING_ROOM);
    assert_int_equal(fetching_wait(), FETCH_UNREACHABLE);
    request = usual;
    request.address.family = 6;
    fetching_start(&request, FETCHING_ROOM);
    assert_int_equal(fetching_wait(), FETCH_UNREACHABLE);
    net_dhcp_start(); /* no address yet */
    fetching_start(&usual, FETCHING_ROOM);
    assert_int_equal(fetching_wait(), FETCH_FAILED);
    fetching_end();
}

/* ---- blocks ---- */

static void repeat_and_remember(uint32_t block)
{
    send_block(block);
    for (uint32_t old = block > 4 ? block - 4 : 0; old < block; old++) {
        send_block(old);
    }
    send_block(block + 1); /* too early */
    send_block(block + 100);
}

static void test_copies_and_blocks_out_of_turn_change_nothing(void **state)
{
    (void)state;
    begin();
    server.blocks = 20;
    server.before = repeat_and_remember;
    assert_int_equal(fetch_usual(), FETCH_DONE);
    check_file();
    world_run(1000);
    assert_int_equal(server.errors, 0); /* any would end the transfer at the server */
    fetching_end();
}

static void test_lost_acknowledgement_is_sent_again_for_the_copy(void **state)
{
    uint8_t bytes[BLOCK] = {1};

    (void)state;
    begin_asked();
    send_packet(&server.here, DATA, 1, bytes, sizeof bytes, 0);
    world_run(10);
    assert_int_equal(server.acks, 1);
    send_packet(&server.here, DATA, 1, bytes, sizeof bytes, 0);
    world_run(10);
    assert_int_equal(server.acks, 2);
    send_packet(&server.here, DATA, 2, bytes, 7, 0);
    assert_int_equal(fetching_wait(), FETCH_DONE);
    assert_int_equal(fetching.length, BLOCK + 7);
    fetching_end();
}

static void test_block_0_is_no_first_block(void **state)
{
    uint8_t bytes[BLOCK] = {0};

    (void)state;
    begin_asked();
    send_packet(&server.here, DATA, 0, bytes, sizeof bytes, 0);
    world_run(10);
    assert_int_equal(server.acks + server.errors, 0);
    send_packet(&server.here, DATA, 1, bytes, 9, 0);
    assert_int_equal(fetching_wait(), FETCH_DONE);
    assert_int_equal(fetching.length, 9);
    fetching_end();
}

static void test_block_numbers_go_on_after_65535(void **state)
{
    (void)state;
    begin();
    server.blocks = 65540;
    server.before = NULL;
    fetching_start(
        &(struct fetch_request){
            .scheme = FETCH_TFTP, .address = usual.address, .port = 69, .path = NAME, .limit_ms = 10000000},
        (size_t)server.blocks * BLOCK);
    assert_int_equal(fetching_wait(), FETCH_DONE);
    check_file();
    assert_int_equal(server.errors, 0);
    fetching_end();
}

static void test_server_that_stops_in_the_middle_gives_no_file(void **state)
{
    uint8_t bytes[BLOCK] = {0};
    uint64_t start;

    (void)state;
    begin_asked();
    send_packet(&server.here, DATA, 1, bytes, sizeof bytes, 0);
    world_run(2);
    start = world_now();
    for (unsigned i = 0; i < 20; i++) { /* copies are nothing new */
        send_packet(&server.here, DATA, 1, bytes, sizeof bytes, i * 1000);
    }
    assert_int_equal(fetching_wait(), FETCH_TIMEOUT);
    assert_in_range(world_now() - start, 14990, 16000);
    assert_int_equal(server.requests, 1);
    fetching_end();
}

static void test_endless_slow_server_ends_at_the_limit(void **state)
{
    uint64_t start;

    (void)state;
    begin();
    server.blocks = 1000;
    server.step_ms = 14000;
    start = world_now();
    fetching_start(&usual, 1000 * BLOCK);
    assert_int_equal(fetching_wait(), FETCH_TIMEOUT);
    assert_in_range(world_now() - start, 60000, 61000);
    fetching_end();
}

static void test_too_large_a_file_is_told_to_the_server(void **state)
{
    (void)state;
    begin();
    fetching_start(&usual, BLOCK + 1);
    assert_int_equal(fetching_wait(), FETCH_TOO_LARGE);
    world_run(10);
    assert_int_equal(server.errors, 1);
    fetching_end();
}

/* As real servers do: the block is sent again when it is not acknowledged. */
static bool ended_or_sent_again(void *arg)
{
    uint64_t *last_ms = arg;

    if (world_now() - *last_ms >= 1000 && server.requests > 0) {
        *last_ms = world_now();
        send_block(server.acked + 1);
    }
    return fetching_ended(NULL);
}

static void fetch_over_bad_wire(uint64_t seed)
{
    static const struct lossy_config faults = {.lose = 3000, .repeat = 4000, .reorder = 4000, .damage = 1000};
    uint64_t last_ms;

    begin_seeded(seed);
    last_ms = world_now();
    world_set_faults(&faults);
    server.blocks = 60;
    fetching_start(&usual, FETCHING_ROOM);
    assert_true(world_until(ended_or_sent_again, &last_ms, 100000));
    assert_int_equal(fetching_wait(), FETCH_DONE);
    check_file();
    fetching_end();
}

static void test_bad_wires_give_the_whole_file(void **state)
{
    (void)state;
    world_each_seed(100, world_seeds(30), fetch_over_bad_wire);
}

/* ---- errors ---- */

static void test_errors_are_told_with_their_text(void **state)
{
    static char longest[1000];
    static const struct {
        unsigned code;
        const char *text;
        size_t length;
        enum fetch_state state;
        const char *detail;
    } cases[] = {
        {1, "no such file\0", 14, FETCH_ABSENT, "no such file"},
        {2, "not for you\0", 12, FETCH_DENIED, "not for you"},
        {0, "disk\0on fire", 13, FETCH_ANSWER, "disk"},
        {3, "no NUL", 6, FETCH_ANSWER, "no NUL"},
        {8, "", 0, FETCH_ANSWER, ""},
        {0xffff, "\0", 1, FETCH_ANSWER, ""},
        {1, "", 0, FETCH_ABSENT, ""},
        {256, longest, sizeof longest, FETCH_ANSWER, NULL},
    };

    (void)state;
    memset(longest, 'x', sizeof longest);
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        unsigned k = (unsigned)i / 2;

        begin_asked();
        if (i % 2 == 1) { /* in the middle of the file */
            send_packet(&server.here, DATA, 1, file, BLOCK, 0);
        }
        send_packet(&server.here, ERROR, cases[k].code, cases[k].text, cases[k].length, 1);
        assert_int_equal(fetching_wait(), cases[k].state);
        assert_int_equal(fetch_code(), cases[k].code);
        if (cases[k].detail != NULL) {
            assert_string_equal(fetch_detail(), cases[k].detail);
        } else {
            assert_int_equal(strlen(fetch_detail()), FETCH_DETAIL_MAX);
        }
        world_run(10);
        assert_int_equal(server.errors, 0);
        fetching_end();
    }
}

static void test_what_is_no_tftp_is_told(void **state)
{
    static uint8_t packet[1400];
    static const struct {
        uint8_t opcode;
        size_t length;
    } cases[] = {{3, 0},  {3, 1}, {3, 2},  {3, 3}, {5, 2},   {5, 3},   {0, 4},   {1, 20},
                 {2, 20}, {4, 4}, {6, 20}, {7, 4}, {255, 4}, {3, 517}, {3, 518}, {3, 1400}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin_asked();
        packet[1] = cases[i].opcode;
        packet[3] = 1;
        send_from(&server.here, packet, cases[i].length);
        assert_int_equal(fetching_wait(), FETCH_MALFORMED);
        fetching_end();
    }
}

/* ---- strangers ---- */

static void test_nothing_is_taken_from_another_address(void **state)
{
    struct packet_end stranger = server_end;

    (void)state;
    begin_asked();
    stranger.address[3] = 66;
    send_packet(&stranger, DATA, 1, "wrong", 5, 0);
    send_packet(&stranger, ERROR, 1, "wrong", 6, 0);
    send_from(&stranger, "x", 1);
    world_run(100);
    assert_false(fetching_ended(NULL));
    send_packet(&server.here, DATA, 1, "right", 5, 0);
    assert_int_equal(fetching_wait(), FETCH_DONE);
    fetching_check("right", 5);
    world_run(10);
    assert_int_equal(server.acks + server.errors, 1); /* the stranger hears nothing */
    fetching_end();
}

static void test_nothing_is_taken_from_another_port_once_there_is_one(void **state)
{
    struct packet_end stranger = server_end;
    uint8_t bytes[BLOCK] = {0};

    (void)state;
    begin_asked();
    send_packet(&server.here, DATA, 1, bytes, BLOCK, 0);
    world_run(10);
    stranger.port = 4712;
    send_packet(&stranger, DATA, 2, "wrong", 5, 0);
    send_packet(&stranger, ERROR, 1, "wrong", 6, 0);
    send_packet(&stranger, 77, 1, "wrong", 6, 0);
    send_from(&stranger, "x", 1);
    world_run(10);
    assert_false(fetching_ended(NULL));
    assert_int_equal(server.errors, 1); /* RFC 1350 section 4: its data are refused; an error never is */
    send_packet(&server.here, DATA, 2, "right", 5, 0);
    assert_int_equal(fetching_wait(), FETCH_DONE);
    assert_int_equal(fetching.length, BLOCK + 5);
    assert_memory_equal(fetching.bytes + BLOCK, "right", 5);
    fetching_end();
}

/* The answer to a request that was sent twice comes from two ports. */
static void test_two_answers_to_two_requests_make_one_file(void **state)
{
    struct packet_end second = server_end;
    uint8_t bytes[BLOCK] = {0};

    (void)state;
    begin_asked();
    world_run(1500);
    assert_int_equal(server.requests, 2);
    second.port = 4712;
    send_packet(&server.here, DATA, 1, bytes, BLOCK, 0);
    send_packet(&second, DATA, 1, bytes, BLOCK, 0);
    world_run(10);
    assert_int_equal(server.acks, 1);
    assert_int_equal(server.errors, 1);
    send_packet(&server.here, DATA, 2, bytes, 3, 0);
    assert_int_equal(fetching_wait(), FETCH_DONE);
    assert_int_equal(fetching.length, BLOCK + 3);
    fetching_end();
}

static void change_address(uint32_t block)
{
    server.here.address[3] = block == 2 ? 9 : 1;
}

static void change_port(uint32_t block)
{
    server.here.port = block == 2 ? 4712 : 4711;
}

static void test_server_that_moves_in_the_middle_gives_no_file(void **state)
{
    void (*const moves[])(uint32_t block) = {change_address, change_port};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        begin();
        server.before = moves[i];
        assert_int_equal(fetch_usual(), FETCH_TIMEOUT);
        fetching_end();
    }
}

/* ---- ICMP ---- */

static void send_unreachable(unsigned code, unsigned wrong_at, size_t quoted)
{
    struct packet_end from = server_end;
    uint8_t frame[128], icmp[8 + 28] = {3, (uint8_t)code};
    size_t length;

    memcpy(icmp + 8, server.ip, quoted);
    icmp[8 + wrong_at] ^= wrong_at != 0;
    length = packet_ip(frame, &from, &server.client, 1, icmp, 8 + quoted);
    packet_fix(frame, length);
    world_send(frame, length, 0);
}

static void test_closed_port_is_refused_and_icmp_is_not_believed_blindly(void **state)
{
    (void)state;
    for (unsigned code = 0; code < 4; code++) {
        begin_asked();
        send_unreachable(code, 19, 28); /* another address */
        send_unreachable(code, 21, 28); /* another port of ours */
        send_unreachable(code, 23, 28); /* another port of theirs */
        send_unreachable(code, 0, 27);
        world_run(10);
        assert_false(fetching_ended(NULL));
        send_unreachable(code, 0, 28);
        assert_int_equal(fetching_wait(), code == 3 ? FETCH_REFUSED : FETCH_UNREACHABLE);
        fetching_end();
    }
}

static void test_peer_without_a_server_refuses(void **state)
{
    (void)state;
    begin_peer(4);
    fetching_start(&usual, FETCHING_ROOM);
    assert_int_equal(fetching_wait(), FETCH_REFUSED);
    fetching_end();
}

/* ---- the end ---- */

/* fetching_end looks for what is left. */
static void test_it_can_be_given_up_at_any_moment(void **state)
{
    unsigned seen[FETCH_FAILED + 1] = {0};
    size_t length;

    (void)state;
    for (unsigned ms = 0; ms < 20; ms++) {
        for (unsigned way = 0; way < 3; way++) {
            begin();
            fetching_start(&usual, FETCHING_ROOM);
            world_run(ms);
            if (way == 0) {
                fetch_stop();
                seen[fetch_poll(&length)]++;
            } else if (way == 1) {
                assert_int_equal(fetch_usual(), FETCH_DONE);
                check_file();
            }
            fetching_end();
        }
    }
    assert_true(seen[FETCH_IDLE] > 5 && seen[FETCH_DONE] > 5);
    assert_int_equal(seen[FETCH_IDLE] + seen[FETCH_DONE], 20);
}

static void test_lost_device_and_changed_address_end_it(void **state)
{
    struct net_lease lease = {.address = {10, 0, 0, 3}, .netmask = {255, 255, 255, 0}};

    (void)state;
    begin_asked();
    net_set_static(&lease);
    assert_int_equal(fetching_wait(), FETCH_FAILED);
    fetching_end();
    begin_asked();
    world_break();
    assert_int_equal(fetching_wait(), FETCH_FAILED);
    fetching_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_of_all_sizes_come_whole),
        cmocka_unit_test(test_file_that_just_fits_comes_and_a_larger_one_does_not),
        cmocka_unit_test(test_missing_file_is_told),
        cmocka_unit_test(test_bad_wires_give_the_whole_file),
        cmocka_unit_test(test_request_is_as_it_should_be),
        cmocka_unit_test(test_lost_requests_are_sent_again),
        cmocka_unit_test(test_silence_ends_within_a_bound),
        cmocka_unit_test(test_limit_wakes_whoever_sleeps_until_then),
        cmocka_unit_test(test_host_that_is_not_there_ends_within_a_bound),
        cmocka_unit_test(test_wrong_requests_are_refused),
        cmocka_unit_test(test_no_route_is_unreachable),
        cmocka_unit_test(test_copies_and_blocks_out_of_turn_change_nothing),
        cmocka_unit_test(test_lost_acknowledgement_is_sent_again_for_the_copy),
        cmocka_unit_test(test_block_0_is_no_first_block),
        cmocka_unit_test(test_block_numbers_go_on_after_65535),
        cmocka_unit_test(test_server_that_stops_in_the_middle_gives_no_file),
        cmocka_unit_test(test_endless_slow_server_ends_at_the_limit),
        cmocka_unit_test(test_too_large_a_file_is_told_to_the_server),
        cmocka_unit_test(test_errors_are_told_with_their_text),
        cmocka_unit_test(test_what_is_no_tftp_is_told),
        cmocka_unit_test(test_nothing_is_taken_from_another_address),
        cmocka_unit_test(test_nothing_is_taken_from_another_port_once_there_is_one),
        cmocka_unit_test(test_two_answers_to_two_requests_make_one_file),
        cmocka_unit_test(test_server_that_moves_in_the_middle_gives_no_file),
        cmocka_unit_test(test_closed_port_is_refused_and_icmp_is_not_believed_blindly),
        cmocka_unit_test(test_peer_without_a_server_refuses),
        cmocka_unit_test(test_it_can_be_given_up_at_any_moment),
        cmocka_unit_test(test_lost_device_and_changed_address_end_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
