/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets that no honest host sends, against an open connection: it has to go on, or end, but nothing else
 * may happen.
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

#include "net/guard.h"
#include "net/isn.h"
#include "net/net.h"
#include "net/stream.h"
#include "tests/peer/peer.h"
#include "tests/world/packet.h"
#include "tests/world/world.h"

#define PORT 3260u

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, URG = 32 };

static const struct net_address peer_address = {.family = 4, .bytes = {10, 0, 0, 1}};

/* ---- options ---- */

struct options {
    const char *what;
    const char *bytes;
    size_t length;
    enum { NEVER, WITH_SYN, ALWAYS } valid;
};

static const struct options option_cases[] = {
    {"none", "", 0, ALWAYS},
    {"end at once, then anything", "\x00\x02\xff\x00", 4, ALWAYS},
    {"padding", "\x01\x01\x01\x01", 4, ALWAYS},
    {"MSS", "\x02\x04\x05\xb4", 4, WITH_SYN},
    {"MSS, padding, scale", "\x02\x04\x05\xb4\x01\x03\x03\x07", 8, WITH_SYN},
    {"an unknown one", "\x1e\x04\xaa\xbb", 4, ALWAYS},
    {"an unknown one of 40 bytes",
     "\x1e\x28"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     40, ALWAYS},
    {"length 0", "\x1e\x00\x01\x01", 4, NEVER},
    {"length 1", "\x1e\x01\x01\x01", 4, NEVER},
    {"MSS of length 0", "\x02\x00\x05\xb4", 4, NEVER},
    {"MSS without length", "\x01\x01\x01\x02", 4, NEVER},
    {"MSS without value", "\x01\x01\x02\x04", 4, NEVER},
    {"MSS cut in the middle", "\x01\x02\x04\x05", 4, NEVER},
    {"scale at the end without value", "\x01\x01\x03\x03", 4, NEVER},
    {"unknown past the end", "\x1e\x05\xaa\xbb", 4, NEVER},
    {"unknown far past the end", "\x1e\xff\xaa\xbb", 4, NEVER},
    {"MSS of another length", "\x02\x06\x05\xb4\x00\x00", 6, NEVER},
    {"scale of another length", "\x03\x04\x07\x00", 4, NEVER},
    {"timestamps of another length", "\x08\x04\x00\x00", 4, NEVER},
    {"MSS 0", "\x02\x04\x00\x00", 4, NEVER},
    {"MSS 1", "\x02\x04\x00\x01", 4, NEVER},
    {"MSS 64", "\x02\x04\x00\x40", 4, WITH_SYN},
};

#define OPTION_CASES (sizeof option_cases / sizeof option_cases[0])

static void test_req_036_option_lengths_are_checked(void **state)
{
    (void)state;
    for (size_t i = 0; i < OPTION_CASES; i++) {
        /* Memory of exactly that size: the sanitizer sees a byte too far. */
        uint8_t *bytes = malloc(option_cases[i].length + (option_cases[i].length == 0));

        memcpy(bytes, option_cases[i].bytes, option_cases[i].length);
        if (guard_options_valid(bytes, option_cases[i].length, true) != (option_cases[i].valid != NEVER) ||
            guard_options_valid(bytes, option_cases[i].length, false) != (option_cases[i].valid == ALWAYS)) {
            fail_msg("%s", option_cases[i].what);
        }
        free(bytes);
    }
}

static void test_req_036_any_options_end_inside(void **state)
{
    uint8_t *bytes;

    (void)state;
    world_begin(&(struct world_config){.seed = 99});
    for (unsigned round = 0; round < 20000; round++) {
        size_t length = world_random() % 41;

        bytes = malloc(length + 1);
        for (size_t i = 0; i < length; i++) {
            bytes[i] = world_random() % 3 == 0 ? (uint8_t)world_random() : (uint8_t)(world_random() % 5);
        }
        guard_options_valid(bytes, length, round % 2 == 0);
        free(bytes);
    }
    world_end();
}

/* ---- an open connection, and what its next segment from the peer would be ---- */

struct connection {
    struct stream *stream;
    struct peer_connection *theirs;
    uint16_t our_port;
    bool fixed;                  /* next stays as it is */
    uint32_t next, acknowledged; /* sequence number that we expect, and the one that we expect acknowledged */
    unsigned window, resets, acks;
};

static bool watch(void *arg, const uint8_t *frame, size_t length)
{
    struct connection *c = arg;
    size_t size;
    const uint8_t *tcp = packet_tcp((uint8_t *)(uintptr_t)frame, length, &size);

    if (tcp != NULL && (tcp[13] & SYN) == 0) {
        c->our_port = packet_get16(tcp);
        c->acknowledged = packet_get32(tcp + 4) + (uint32_t)(size - (tcp[12] >> 4) * 4u);
        c->next = c->fixed ? c->next : packet_get32(tcp + 8);
        c->window = (unsigned)packet_get16(tcp + 14) << 7;
        c->resets += (tcp[13] & RST) != 0;
        c->acks++;
    }
    return false;
}

static bool is_open(void *arg)
{
    return stream_state(arg) == STREAM_OPEN;
}

static bool is_accepted(void *arg)
{
    struct peer_connection **connection = arg;

    return (*connection = peer_accept()) != NULL;
}

static void begin(struct connection *c, uint64_t seed, uint32_t window)
{
    memset(c, 0, sizeof *c);
    world_begin(&(struct world_config){.seed = seed, .delay_ms = 1, .with_peer = true});
    world_add_station(watch, c);
    peer_listen(PORT);
    world_open_static(window);
    c->stream = stream_connect(&peer_address, PORT);
    assert_true(world_until(is_open, c->stream, 5000));
    assert_true(world_until(is_accepted, &c->theirs, 5000));
    world_run(200);
}

static void end(struct connection *c)
{
    stream_abort(c->stream);
    peer_vanish(c->theirs);
    world_end();
}

/* A segment as if from the peer, `ahead` bytes after what we expect. */
static void send_segment(const struct connection *c, uint32_t ahead, unsigned flags, const void *options,
                         size_t options_length, const void *data, size_t length)
{
    struct packet_end from = {.port = PORT}, to = {.port = c->our_port};
    size_t header = 20 + (options_length + 3) / 4 * 4;
    uint8_t tcp[2000] = {0}, frame[2100];

    memcpy(from.mac, WORLD_PEER_MAC, 6);
    memcpy(from.address, WORLD_PEER, 4);
    memcpy(to.mac, WORLD_MAC, 6);
    memcpy(to.address, WORLD_ADDRESS, 4);
    packet_put16(tcp, from.port);
    packet_put16(tcp + 2, to.port);
    packet_put32(tcp + 4, c->next + ahead);
    packet_put32(tcp + 8, c->acknowledged);
    tcp[12] = (uint8_t)(header / 4 << 4);
    tcp[13] = (uint8_t)flags;
    packet_put16(tcp + 14, 8192);
    packet_put16(tcp + 18, (flags & URG) != 0 ? 0xffff : 0);
    memcpy(tcp + 20, options, options_length);
    memcpy(tcp + header, data, length);
    length = packet_ip(frame, &from, &to, 6, tcp, header + length);
    packet_fix(frame, length);
    world_send(frame, length, 0);
}

static size_t unread(const struct connection *c)
{
    const uint8_t *window;

    return stream_peek(c->stream, &window);
}

static void test_req_036_345_segment_with_bad_options_is_dropped(void **state)
{
    (void)state;
    for (size_t i = 0; i < OPTION_CASES; i++) {
        const struct options *options = &option_cases[i];
        struct connection c;

        begin(&c, i, 0);
        send_segment(&c, 0, ACK | PSH, options->bytes, options->length, "data", 4);
        world_run(5);
        if ((unread(&c) == 4) != (options->valid == ALWAYS)) {
            fail_msg("%s", options->what);
        }
        assert_int_equal(stream_state(c.stream), STREAM_OPEN);
        end(&c);
    }
}

/* The peer itself is kept silent: it would contradict what is sent in its name. */
static size_t drop(void *arg, uint8_t *frame, size_t length)
{
    (void)arg;
    (void)frame;
    (void)length;
    return 0;
}

/* lwIP takes a maximum segment size at any time; segments that are made already would then be too long. */
static void test_req_036_segment_size_is_told_with_the_syn_alone(void **state)
{
    uint8_t bytes[2000] = {0};
    struct connection c;

    (void)state;
    begin(&c, 1, 0);
    world_set_filter(drop, NULL); /* nothing is acknowledged: segments are kept */
    assert_int_equal(stream_commit(c.stream, bytes, sizeof bytes), sizeof bytes);
    send_segment(&c, 0, ACK, "\x02\x04\x00\x40", 4, "data", 4);
    send_segment(&c, 0, ACK | SYN, "\x02\x04\x00\x40", 4, "", 0);
    world_run(5);
    assert_int_equal(unread(&c), 0);
    assert_int_equal(stream_commit(c.stream, bytes, sizeof bytes), sizeof bytes);
    end(&c);
}

/* What the peer says of its window: nothing in the SYN, little afterwards. */
static size_t tell_window(void *arg, uint8_t *frame, size_t length)
{
    size_t size;
    uint8_t *tcp = packet_tcp(frame, length, &size);

    if (tcp != NULL) {
        packet_put16(tcp + 14, (tcp[13] & SYN) != 0 ? 0 : *(unsigned *)arg);
        packet_fix(frame, length);
    }
    return length;
}

/* A window that is closed at first and then opens a little: what was sent must not outgrow it inside lwIP. */
static void test_req_036_window_that_is_closed_at_first(void **state)
{
    uint8_t bytes[2000] = {0};
    unsigned window = 1;
    struct connection c = {0};
    size_t done = 0, got = 0, space;

    (void)state;
    world_begin(&(struct world_config){.seed = 1, .delay_ms = 1, .with_peer = true});
    world_set_filter(tell_window, &window);
    peer_listen(PORT);
    world_open_static(0);
    c.stream = stream_connect(&peer_address, PORT);
    assert_true(world_until(is_open, c.stream, 5000));
    assert_true(world_until(is_accepted, &c.theirs, 5000));
    assert_int_equal(stream_commit(c.stream, bytes, 100), 0);
    peer_send(c.theirs, "x", 1);
    world_run(200);
    assert_true((space = stream_space(c.stream)) > 0);
    for (unsigned round = 0; round < 400 && got < sizeof bytes; round++) {
        done += stream_commit(c.stream, bytes + done, sizeof bytes - done);
        stream_flush(c.stream);
        world_run(500);
        got += peer_receive(c.theirs, bytes, sizeof bytes);
        window = 8192;
    }
    assert_int_equal(got, sizeof bytes);
    end(&c);
}

/* CVE-2020-17437: the urgent pointer must not be taken off a length. */
static void test_req_036_345_urgent_pointer_is_nothing(void **state)
{
    const uint8_t *window;
    struct connection c;

    (void)state;
    begin(&c, 1, 0);
    send_segment(&c, 0, ACK | PSH | URG, "", 0, "data", 4);
    world_run(5);
    assert_int_equal(stream_peek(c.stream, &window), 4);
    assert_memory_equal(window, "data", 4);
    end(&c);
}

/* Arrives out of order and reaches beyond the window; then the gap is filled. */
static void test_req_345_segment_beyond_the_window_is_dropped(void **state)
{
    static const uint8_t bytes[1400];
    struct connection c;
    uint32_t at;

    (void)state;
    begin(&c, 1, 16384);
    at = c.window - 700;
    send_segment(&c, at, ACK, "", 0, bytes, 1400);
    world_run(100);
    for (uint32_t sent = 0; sent < at; sent += 1000) {
        send_segment(&c, 0, ACK, "", 0, bytes, at - sent < 1000 ? at - sent : 1000);
        world_run(100);
    }
    assert_int_equal(c.window, 700 & ~127); /* as far as the scale tells */
    assert_int_equal(stream_state(c.stream), STREAM_OPEN);
    /* In order it is trimmed to what fits. */
    send_segment(&c, 0, ACK, "", 0, bytes, 1400);
    world_run(100);
    assert_int_equal(c.window, 0);
    /* A probe of the closed window is answered. */
    at = c.acks;
    send_segment(&c, 0, ACK, "", 0, "x", 1);
    world_run(100);
    assert_true(c.acks > at);
    end(&c);
}

/* One byte a segment, never read: memory ends before the window does, and some of it stays for what we send.
 */
static void test_req_343_small_segments_do_not_take_all_memory(void **state)
{
    static uint8_t bytes[100000];
    struct net_counters counters;
    const uint8_t *window;
    struct connection c;
    size_t got = 0, n;

    (void)state;
    begin(&c, 1, 0);
    world_set_filter(drop, NULL);
    c.fixed = true;
    for (unsigned i = 0; i < 40000; i++) {
        send_segment(&c, i, ACK, "", 0, "x", 1);
        if (i % 16 == 0) {
            world_run(1);
        }
    }
    world_run(100);
    net_get_counters(&counters);
    assert_true(counters.dropped > 1000);
    assert_int_equal(stream_commit(c.stream, bytes, sizeof bytes), sizeof bytes);
    while ((n = stream_peek(c.stream, &window)) > 0) {
        got += n;
        stream_consume(c.stream, n);
    }
    assert_in_range(got, 10000, 39000);
    assert_int_equal(stream_state(c.stream), STREAM_OPEN);
    end(&c);
}

/* RFC 5961 section 3.2: a RST that merely lies in the window is asked back. */
static void test_reset_in_the_window_does_not_reset(void **state)
{
    struct connection c;
    unsigned acks;

    (void)state;
    begin(&c, 1, 0);
    acks = c.acks;
    send_segment(&c, 1000, RST, "", 0, "", 0);
    world_run(5);
    assert_int_equal(stream_state(c.stream), STREAM_OPEN);
    assert_true(c.acks > acks);
    send_segment(&c, 0, RST, "", 0, "", 0);
    world_run(5);
    assert_int_equal(stream_state(c.stream), STREAM_RESET);
    end(&c);
}

static void test_segment_from_ourselves_is_dropped(void **state)
{
    struct packet_end us = {0};
    uint8_t frame[100], icmp[8] = {8, 0};
    struct net_counters before, after;
    struct connection c;
    size_t length;

    (void)state;
    begin(&c, 1, 0);
    memcpy(us.mac, WORLD_MAC, 6);
    memcpy(us.address, WORLD_ADDRESS, 4);
    length = packet_ip(frame, &us, &us, 1, icmp, sizeof icmp);
    packet_fix(frame, length);
    net_get_counters(&before);
    world_send(frame, length, 0);
    world_run(10);
    net_get_counters(&after);
    assert_int_equal(after.frames_in, before.frames_in + 1);
    assert_int_equal(after.frames_out, before.frames_out);
    end(&c);
}

/* Fragments are not put together (CVE-2020-13988's neighbourhood): they are dropped. */
static void test_req_345_fragments_are_dropped(void **state)
{
    struct packet_end from = {.address = {10, 0, 0, 1}}, to = {.address = {10, 0, 0, 2}};
    struct net_counters before, after;
    uint8_t frame[1500], data[1000] = {8, 0};
    struct connection c;
    size_t length;

    (void)state;
    begin(&c, 1, 0);
    memcpy(from.mac, WORLD_PEER_MAC, 6);
    memcpy(to.mac, WORLD_MAC, 6);
    net_get_counters(&before);
    for (unsigned i = 0; i < 2000; i++) {
        length = packet_ip(frame, &from, &to, i % 2 == 0 ? 17 : 1, data, sizeof data);
        packet_put16(frame + 14 + 4, i);
        packet_put16(frame + 14 + 6, i % 3 == 0 ? 0x2000 : 0x2000 | (i * 37 & 0x1fff));
        packet_fix(frame, length);
        world_send(frame, length, 0);
        world_run(1);
    }
    world_run(10);
    net_get_counters(&after);
    assert_int_equal(after.frames_out, before.frames_out);
    assert_int_equal(world_frames_held(), 0);
    assert_int_equal(stream_state(c.stream), STREAM_OPEN);
    end(&c);
}

/* ---- anything ---- */

struct mutator {
    unsigned one_in;
};

/* Changes bytes after the Ethernet header and sets the checksums right again, so that they do not catch it.
 */
static size_t mutate(void *arg, uint8_t *frame, size_t length)
{
    const struct mutator *mutator = arg;
    size_t area = length < 14 + 64 ? length : 14 + 64;

    if (world_random() % mutator->one_in != 0) {
        return length;
    }
    for (unsigned n = 1 + (unsigned)(world_random() % 4); n > 0; n--) {
        size_t at = 12 + world_random() % (area - 12);

        switch (world_random() % 4) {
        case 0:
            frame[at] = 0xff;
            break;
        case 1:
            frame[at] = 0;
            break;
        case 2:
            frame[at] ^= (uint8_t)(1u << (world_random() % 8));
            break;
        default:
            frame[at] = (uint8_t)world_random();
        }
    }
    if (world_random() % 8 == 0) {
        length = 14 + world_random() % (length - 13);
    }
    packet_fix(frame, length);
    return length;
}

static void talk(struct connection *c, unsigned rounds)
{
    uint8_t bytes[3000];
    const uint8_t *window;

    memset(bytes, 'z', sizeof bytes);
    for (unsigned i = 0; i < rounds; i++) {
        peer_send(c->theirs, bytes, 1 + world_random() % sizeof bytes);
        stream_commit(c->stream, bytes, 1 + world_random() % sizeof bytes);
        stream_flush(c->stream);
        world_run(20);
        while (peer_receive(c->theirs, bytes, sizeof bytes) > 0) {
        }
        if (world_random() % 3 == 0) {
            stream_consume(c->stream, stream_peek(c->stream, &window));
        }
    }
}

static void test_req_036_344_345_mutated_packets_do_no_harm(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= world_seeds(60); seed++) {
        struct mutator mutator = {.one_in = 1 + (unsigned)(seed % 4)};
        struct connection c;

        begin(&c, seed, seed % 2 == 0 ? 16384 : 0);
        world_set_filter(mutate, &mutator);
        talk(&c, 40);
        world_set_filter(NULL, NULL);
        end(&c);
    }
}

static void test_mutated_handshakes_do_no_harm(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= world_seeds(40); seed++) {
        struct mutator mutator = {.one_in = 2};
        struct peer_connection *connection;
        struct stream *streams[4];

        world_begin(&(struct world_config){.seed = seed, .with_peer = true});
        world_set_filter(mutate, &mutator);
        peer_listen(PORT);
        world_open_static(0);
        for (unsigned i = 0; i < 4; i++) {
            streams[i] = stream_connect(&peer_address, PORT);
            assert_non_null(streams[i]);
            world_run(500);
        }
        while ((connection = peer_accept()) != NULL) {
            peer_send(connection, "hello", 5);
            peer_shut(connection);
        }
        world_run(500);
        for (unsigned i = 0; i < 4; i++) {
            stream_close(streams[i]);
        }
        world_run(3000);
        world_end();
    }
}

static void test_noise_does_no_harm(void **state)
{
    struct connection c;
    uint8_t frame[1600];

    (void)state;
    begin(&c, 5, 0);
    for (unsigned round = 0; round < 5000; round++) {
        size_t length = world_random() % 1515;

        for (size_t i = 0; i < length; i++) {
            frame[i] = (uint8_t)world_random();
        }
        if (length > 34 && world_random() % 4 != 0) {
            packet_put16(frame + 12, world_random() % 4 == 0 ? 0x0806 : 0x0800);
            frame[14] = 0x45;
            packet_put16(frame + 16, (unsigned)length - 14);
            frame[23] = (uint8_t[]){1, 6, 17, 2}[world_random() % 4];
            memcpy(frame + 30, WORLD_ADDRESS, 4);
            packet_fix(frame, length);
        }
        world_send(frame, length, 0);
        world_run(1);
    }
    assert_int_equal(world_frames_held(), 0);
    end(&c);
}

/* lwIP reads as much as an ARP packet has when it is whole; the fuzzing above found that. */
static void test_req_343_345_short_arp_packets_are_dropped(void **state)
{
    uint8_t frame[42] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x52, 0x54, 0, 1, 2,
                         3,    8,    6,    0,    1,    8,    0,    6,    4, 0, 1};
    struct net_counters before, after;
    struct connection c;

    (void)state;
    begin(&c, 5, 0);
    memcpy(frame + 28, WORLD_PEER, 4);
    memcpy(frame + 38, WORLD_ADDRESS, 4);
    net_get_counters(&before);
    for (size_t length = 14; length < sizeof frame; length++) {
        world_send(frame, length, 0);
    }
    world_run(10);
    net_get_counters(&after);
    assert_int_equal(after.dropped, before.dropped + 28);
    assert_int_equal(after.frames_out, before.frames_out);
    world_send(frame, sizeof frame, 0);
    world_run(10);
    net_get_counters(&after);
    assert_int_equal(after.frames_out, before.frames_out + 1);
    end(&c);
}

/* The vector of the algorithm's authors: key 00..0f, input 00..0e. */
static void test_siphash_is_siphash(void **state)
{
    uint8_t key[16], input[15];

    (void)state;
    for (uint8_t i = 0; i < 16; i++) {
        key[i] = i;
    }
    memcpy(input, key, sizeof input);
    assert_true(isn_siphash(key, input, 15) == 0xa129ca6149be45e5u);
    assert_true(isn_siphash(key, input, 0) == 0x726fdb47dd0e0e31u);
    assert_true(isn_siphash(key, input, 8) == 0x93f5f5799a932462u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_036_option_lengths_are_checked),
        cmocka_unit_test(test_req_036_any_options_end_inside),
        cmocka_unit_test(test_req_036_345_segment_with_bad_options_is_dropped),
        cmocka_unit_test(test_req_036_segment_size_is_told_with_the_syn_alone),
        cmocka_unit_test(test_req_036_window_that_is_closed_at_first),
        cmocka_unit_test(test_req_036_345_urgent_pointer_is_nothing),
        cmocka_unit_test(test_req_345_segment_beyond_the_window_is_dropped),
        cmocka_unit_test(test_req_343_small_segments_do_not_take_all_memory),
        cmocka_unit_test(test_reset_in_the_window_does_not_reset),
        cmocka_unit_test(test_segment_from_ourselves_is_dropped),
        cmocka_unit_test(test_req_345_fragments_are_dropped),
        cmocka_unit_test(test_req_036_344_345_mutated_packets_do_no_harm),
        cmocka_unit_test(test_mutated_handshakes_do_no_harm),
        cmocka_unit_test(test_noise_does_no_harm),
        cmocka_unit_test(test_req_343_345_short_arp_packets_are_dropped),
        cmocka_unit_test(test_siphash_is_siphash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
