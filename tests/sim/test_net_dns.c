/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The resolver against a scripted name server: answers in order, servers that fail, and answers that lie.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "net/net.h"
#include "tests/peer/peer.h"
#include "tests/world/packet.h"
#include "tests/world/world.h"

#define HOST "Target.Example.org"

/* Both servers of the lease: 10.0.0.1 (the peer's address) and 10.0.0.3 (proxied by the station below). */
static struct name_server {
    unsigned asked[2];
    uint64_t asked_ms[2];
    uint16_t ids[16], ports[16];
    unsigned count;
    uint8_t query[600]; /* the last one */
    size_t query_length;
    struct packet_end client;
    bool silent[2];
    uint8_t code[2]; /* RCODE */
    uint8_t records[500];
    size_t records_length;
    unsigned record_count;
    /* How the answer is wrong. */
    bool other_id, other_port, other_source, other_question, no_answer_bit;
    unsigned questions; /* 0: one */
    size_t cut;         /* bytes left out at the end */
} server;

/* ---- the server ---- */

static void send_answer(unsigned which)
{
    struct packet_end from = {.mac = {0x52, 0x54, 0, 0xaa, 0xbb, 0xcc}, .address = {10, 0, 0, 1}, .port = 53};
    uint8_t message[1200], frame[1400];
    size_t length = server.query_length;

    from.address[3] = which == 0 ? 1 : 3;
    from.address[3] = server.other_source ? 99 : from.address[3];
    from.port = server.other_port ? 5353 : 53;
    memcpy(message, server.query, length);
    message[2] |= server.no_answer_bit ? 0 : 0x80;
    message[3] = (uint8_t)(0x80 | server.code[which]);
    message[0] ^= server.other_id;
    packet_put16(message + 4, server.questions == 0 ? 1 : server.questions);
    packet_put16(message + 6, server.record_count);
    message[13] ^= server.other_question;
    memcpy(message + length, server.records, server.records_length);
    length += server.records_length - server.cut;
    length = packet_udp(frame, &from, &server.client, message, length);
    world_send(frame, length, 0);
}

static void answer_arp(const uint8_t *frame)
{
    uint8_t reply[42];

    memcpy(reply, frame, sizeof reply);
    memcpy(reply, frame + 6, 6);
    memcpy(reply + 6, WORLD_PEER_MAC, 6);
    reply[21] = 2;
    memcpy(reply + 22, WORLD_PEER_MAC, 6);
    memcpy(reply + 28, frame + 38, 4);
    memcpy(reply + 32, frame + 22, 10);
    world_send(reply, sizeof reply, 0);
}

static bool serve(void *arg, const uint8_t *frame, size_t length)
{
    struct packet_end to;
    size_t size;
    const uint8_t *payload;
    unsigned which;

    (void)arg;
    if (packet_get16(frame + 12) == 0x0806 && frame[41] == 3 && frame[21] == 1) {
        answer_arp(frame);
        return true;
    }
    payload = packet_udp_payload(frame, length, &server.client, &to, &size);
    if (payload == NULL || to.port != 53) {
        return false;
    }
    which = to.address[3] == 3;
    server.asked[which]++;
    server.asked_ms[which] = world_now();
    server.ids[server.count % 16] = packet_get16(payload);
    server.ports[server.count % 16] = server.client.port;
    server.count++;
    memcpy(server.query, payload, size);
    server.query_length = size;
    if (!server.silent[which]) {
        send_answer(which);
    }
    return true;
}

/* A record whose owner is a pointer to the question's name (or to any place). */
static void add_record(unsigned owner, unsigned type, const void *data, size_t length)
{
    uint8_t *at = server.records + server.records_length;

    packet_put16(at, 0xc000u | owner);
    packet_put16(at + 2, type);
    packet_put16(at + 4, 1);
    packet_put32(at + 6, 300);
    packet_put16(at + 10, (unsigned)length);
    memcpy(at + 12, data, length);
    server.records_length += 12 + length;
    server.record_count++;
}

static void add_address(unsigned owner, uint8_t last)
{
    add_record(owner, 1, (uint8_t[]){10, 9, 8, last}, 4);
}

/* ---- the client ---- */

static void begin(void)
{
    struct net_config config = {0};
    struct net_lease lease = {
        .address = {10, 0, 0, 2}, .netmask = {255, 255, 255, 0}, .dns = {{10, 0, 0, 1}, {10, 0, 0, 3}}};

    memset(&server, 0, sizeof server);
    world_begin(&(struct world_config){.seed = 7, .delay_ms = 2, .with_peer = true});
    world_add_station(serve, NULL);
    assert_true(net_open(world_nic(), &config));
    net_set_static(&lease);
}

static bool is_resolved(void *arg)
{
    struct net_address addresses[NET_NAMES_MAX];
    unsigned count;

    (void)arg;
    return net_resolve_poll(addresses, &count) != NET_RESOLVING;
}

static struct net_address got[NET_NAMES_MAX];
static unsigned got_count;

static enum net_resolve_state resolve(const char *host)
{
    net_resolve_start(host);
    assert_true(world_until(is_resolved, NULL, 30000));
    got_count = 0;
    return net_resolve_poll(got, &got_count);
}

static void test_req_026_all_addresses_come_in_order(void **state)
{
    (void)state;
    begin();
    for (uint8_t i = 0; i < 5; i++) {
        add_address(12, (uint8_t)(50 - i));
    }
    assert_int_equal(resolve(HOST), NET_RESOLVED);
    assert_int_equal(got_count, 5);
    for (uint8_t i = 0; i < 5; i++) {
        assert_int_equal(got[i].family, 4);
        assert_memory_equal(got[i].bytes, ((uint8_t[]){10, 9, 8, (uint8_t)(50 - i)}), 4);
    }
    world_end();
}

static void test_more_addresses_than_room_are_cut(void **state)
{
    (void)state;
    begin();
    for (uint8_t i = 0; i < 20; i++) {
        add_address(12, i);
    }
    assert_int_equal(resolve(HOST), NET_RESOLVED);
    assert_int_equal(got_count, NET_NAMES_MAX);
    world_end();
}

static void test_query_is_as_it_should_be(void **state)
{
    static const uint8_t question[] = "\x06target\x07"
                                      "example\x03org\x00\x00\x01\x00\x01";

    (void)state;
    begin();
    add_address(12, 1);
    resolve(HOST ".");
    assert_int_equal(server.query_length, 12 + sizeof question - 1);
    assert_memory_equal(server.query + 2, "\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 10);
    assert_memory_equal(server.query + 12, question, sizeof question - 1);
    world_end();
}

static void test_aliases_are_followed(void **state)
{
    (void)state;
    begin();
    /* target.example.org -> a.example.org (its tail a pointer into the question) -> its address. */
    add_record(12, 5,
               "\x01"
               "a\xc0\x13",
               4);
    add_address(12 + 20 + 4 + 12, 77);
    add_address(12, 78); /* not the alias's: not wanted */
    assert_int_equal(resolve(HOST), NET_RESOLVED);
    assert_int_equal(got_count, 1);
    assert_int_equal(got[0].bytes[3], 77);
    world_end();
}

static void test_literals_are_answered_without_a_server(void **state)
{
    static const char *const wrong[] = {"10.0.0", "10.0.0.256", "10.0.0.1.", "010.0.0.1",
                                        "1",      "10.0.0.1 ",  "0x7f.1"};

    (void)state;
    begin();
    assert_int_equal(resolve("192.168.0.255"), NET_RESOLVED);
    assert_int_equal(got_count, 1);
    assert_memory_equal(got[0].bytes, ((uint8_t[]){192, 168, 0, 255}), 4);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(resolve(wrong[i]), NET_NO_SUCH_NAME);
    }
    assert_int_equal(server.count, 0);
    world_end();
}

static void test_names_that_are_none_are_not_asked_for(void **state)
{
    char longest[256];
    static const char *const wrong[] = {
        "", ".", "a..b", ".a", "two words", "a/b", "caf\xc3\xa9.example", "[fe80::1]"};

    (void)state;
    begin();
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(resolve(wrong[i]), NET_NO_SUCH_NAME);
    }
    memset(longest, 'a', 64);
    longest[64] = '\0';
    assert_int_equal(resolve(longest), NET_NO_SUCH_NAME);
    for (size_t i = 0; i < 255; i++) {
        longest[i] = i % 2 == 0 ? 'a' : '.';
    }
    longest[255] = '\0';
    assert_int_equal(resolve(longest), NET_NO_SUCH_NAME);
    assert_int_equal(server.count, 0);
    longest[253] = '\0'; /* 127 labels: 255 bytes with the root's */
    add_address(12, 1);
    assert_int_equal(resolve(longest), NET_RESOLVED);
    world_end();
}

static void test_missing_name_is_told(void **state)
{
    (void)state;
    begin();
    server.code[0] = 3;
    assert_int_equal(resolve(HOST), NET_NO_SUCH_NAME);
    assert_int_equal(server.asked[1], 0);
    server.code[0] = 0; /* the name exists, but has no address */
    assert_int_equal(resolve(HOST), NET_NO_SUCH_NAME);
    world_end();
}

static void test_second_server_is_asked_when_the_first_fails(void **state)
{
    (void)state;
    begin();
    add_address(12, 1);
    server.code[0] = 2;
    assert_int_equal(resolve(HOST), NET_RESOLVED);
    assert_int_equal(server.asked[1], 1);
    server.code[0] = 0;
    server.silent[0] = true;
    assert_int_equal(resolve(HOST), NET_RESOLVED);
    assert_int_equal(server.asked[1], 2);
    world_end();
}

static void test_req_026_silence_ends_within_a_bound(void **state)
{
    uint64_t start;

    (void)state;
    begin();
    server.silent[0] = server.silent[1] = true;
    start = world_now();
    assert_int_equal(resolve(HOST), NET_NAME_TIMEOUT);
    assert_in_range(world_now() - start, 9000, 11000);
    assert_int_equal(server.count, 5);
    server.silent[0] = server.silent[1] = false;
    server.code[0] = server.code[1] = 2;
    assert_int_equal(resolve(HOST), NET_NAME_TIMEOUT);
    world_end();
}

static void test_no_server_is_told(void **state)
{
    struct net_lease lease = {.address = {10, 0, 0, 2}, .netmask = {255, 255, 255, 0}};

    (void)state;
    begin();
    net_set_static(&lease);
    assert_int_equal(resolve(HOST), NET_NO_SERVER);
    world_end();
}

static void test_new_lookup_replaces_the_old(void **state)
{
    (void)state;
    begin();
    server.silent[0] = server.silent[1] = true;
    net_resolve_start("old.example");
    world_run(100);
    server.silent[0] = false;
    add_address(12, 9);
    assert_int_equal(resolve(HOST), NET_RESOLVED);
    assert_int_equal(got[0].bytes[3], 9);
    world_end();
}

static void test_req_035_ids_and_ports_are_random(void **state)
{
    (void)state;
    begin();
    add_address(12, 1);
    for (unsigned i = 0; i < 16; i++) {
        assert_int_equal(resolve(HOST), NET_RESOLVED);
    }
    for (unsigned i = 0; i < 16; i++) {
        assert_true(server.ports[i] >= 49152);
        for (unsigned k = 0; k < i; k++) {
            assert_int_not_equal(server.ids[i], server.ids[k]);
            assert_int_not_equal(server.ports[i], server.ports[k]);
        }
    }
    world_end();
}

/* ---- answers that are not for us, or lie ---- */

static void other_id(void)
{
    server.other_id = true;
}

static void other_port(void)
{
    server.other_port = true;
}

static void other_source(void)
{
    server.other_source = true;
}

static void other_question(void)
{
    server.other_question = true;
}

static void no_answer_bit(void)
{
    server.no_answer_bit = true;
}

static void two_questions(void)
{
    server.questions = 2;
}

static void cut_record(void)
{
    server.cut = 3;
}

static void pointer_to_itself(void)
{
    packet_put16(server.records, 0xc000u | (12 + 20 + 4));
}

static void pointer_forward(void)
{
    packet_put16(server.records, 0xc000u | (12 + 20 + 4 + 2));
}

static void pointer_outside(void)
{
    packet_put16(server.records, 0xffff);
}

static void record_past_the_end(void)
{
    packet_put16(server.records + 10, 0xffff);
}

static void unknown_label_kind(void)
{
    server.records[0] = 0x80;
}

static void test_req_344_answers_that_do_not_hold_together_are_passed_over(void **state)
{
    static const struct {
        const char *what;
        void (*spoil)(void);
    } cases[] = {
        {"another id", other_id},
        {"another port", other_port},
        {"another source", other_source},
        {"another question", other_question},
        {"a query", no_answer_bit},
        {"two questions", two_questions},
        {"cut in a record", cut_record},
        {"a pointer to itself", pointer_to_itself},
        {"a pointer forward", pointer_forward},
        {"a pointer outside", pointer_outside},
        {"a record past the end", record_past_the_end},
        {"an unknown kind of label", unknown_label_kind},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("%s\n", cases[i].what);
        begin();
        add_address(12, 1);
        cases[i].spoil();
        assert_int_equal(resolve(HOST), NET_NAME_TIMEOUT);
        world_end();
    }
}

/* Two labels that point at each other, a chain of pointers, aliases in a ring, and a name that grows without
 * end. */
static void test_req_344_compression_does_not_loop(void **state)
{
    uint8_t chain[200];

    (void)state;
    begin();
    /* An alias whose target's last part points at itself, and one that points back to a longer name. */
    add_record(12, 5,
               "\x01"
               "a\xc0\x30",
               4);
    add_address(12, 1);
    assert_int_equal(resolve(HOST), NET_NAME_TIMEOUT);
    world_end();

    begin();
    for (unsigned i = 0; i < 20; i++) {
        add_record(12, 5, "\xc0\x0c", 2); /* an alias of itself */
    }
    assert_int_equal(resolve(HOST), NET_NO_SUCH_NAME);
    world_end();

    begin();
    /* Each part of 63 bytes points back to the one before: more than 255 bytes. */
    for (unsigned i = 0; i < 3; i++) {
        memset(chain + i * 65, 'x', 64);
        chain[i * 65] = 62;
        chain[i * 65 + 63] = 0xc0;
        chain[i * 65 + 64] = (uint8_t)(i == 0 ? 12 : 48 + (i - 1) * 65);
    }
    add_record(12, 16, chain, 195);
    add_record(12, 5, (uint8_t[]){62, 0xc0, (uint8_t)(48 + 130)}, 3);
    assert_int_equal(resolve(HOST), NET_NAME_TIMEOUT);
    world_end();
}

static void test_req_344_damaged_answers_do_no_harm(void **state)
{
    static struct name_server base;
    uint8_t frame[1400], message[400];
    struct packet_end from = {.address = {10, 0, 0, 1}, .port = 53};
    size_t length;

    (void)state;
    begin();
    server.silent[0] = server.silent[1] = true;
    memcpy(from.mac, WORLD_PEER_MAC, 6);
    add_record(12, 5,
               "\x01"
               "a\xc0\x13",
               4);
    add_address(12 + 20 + 4 + 12, 77);
    base = server;
    for (size_t at = 0; at < 36 + base.records_length; at++) {
        for (unsigned change = 1; change < 256; change += 31) {
            net_resolve_start(HOST);
            world_run(10);
            memcpy(message, server.query, server.query_length);
            message[2] |= 0x80;
            packet_put16(message + 6, base.record_count);
            memcpy(message + server.query_length, base.records, base.records_length);
            message[at] ^= (uint8_t)change;
            length =
                packet_udp(frame, &from, &server.client, message, server.query_length + base.records_length);
            world_send(frame, length, 0);
            length = packet_udp(frame, &from, &server.client, message, at);
            world_send(frame, length, 0);
            world_run(5);
        }
    }
    world_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_026_all_addresses_come_in_order),
        cmocka_unit_test(test_more_addresses_than_room_are_cut),
        cmocka_unit_test(test_query_is_as_it_should_be),
        cmocka_unit_test(test_aliases_are_followed),
        cmocka_unit_test(test_literals_are_answered_without_a_server),
        cmocka_unit_test(test_names_that_are_none_are_not_asked_for),
        cmocka_unit_test(test_missing_name_is_told),
        cmocka_unit_test(test_second_server_is_asked_when_the_first_fails),
        cmocka_unit_test(test_req_026_silence_ends_within_a_bound),
        cmocka_unit_test(test_no_server_is_told),
        cmocka_unit_test(test_new_lookup_replaces_the_old),
        cmocka_unit_test(test_req_035_ids_and_ports_are_random),
        cmocka_unit_test(test_req_344_answers_that_do_not_hold_together_are_passed_over),
        cmocka_unit_test(test_req_344_compression_does_not_loop),
        cmocka_unit_test(test_req_344_damaged_answers_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
