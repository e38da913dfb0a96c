/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The DHCP client against scripted servers: which offer wins, what is sent and read, how a lease lives, and
 * servers that lie.
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
#include "net/stream.h"
#include "tests/peer/peer.h"
#include "tests/world/dhcpd.h"
#include "tests/world/packet.h"
#include "tests/world/world.h"

#define ROOT_PATH "iscsi:10.0.0.1::::iqn.2026-01.example:disk"

static const struct net_identity identity = {.uuid = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
                                             .has_uuid = true,
                                             .architecture = 7,
                                             .hostname = "box"};

static void begin(const struct world_config *config)
{
    world_begin(config);
}

static void begin_plain(void)
{
    begin(&(struct world_config){.seed = 1, .delay_ms = 1, .with_peer = true});
}

static void start(uint32_t offer_wait_ms)
{
    struct net_config config = {.offer_wait_ms = offer_wait_ms, .identity = identity};

    assert_true(net_open(world_nic(), &config));
    assert_int_equal(net_state(), NET_UP);
    net_dhcp_start();
    assert_int_equal(net_state(), NET_DISCOVERING);
}

static bool is_configured(void *arg)
{
    (void)arg;
    return net_state() == NET_CONFIGURED;
}

static const struct net_lease *bound(uint64_t limit_ms)
{
    static struct net_lease lease;

    assert_true(world_until(is_configured, NULL, limit_ms));
    net_get_lease(&lease);
    return &lease;
}

/* Nothing comes of it. */
static void refused(void)
{
    struct net_lease lease;

    world_run(10000);
    assert_int_equal(net_state(), NET_DISCOVERING);
    net_get_lease(&lease);
    assert_int_equal(lease.root_path_length, 0);
    assert_int_equal(lease.address[0], 0);
}

/* ---- a lease ---- */

static void check_usual_lease(bool broadcast)
{
    const struct net_lease *lease;
    struct dhcpd server;

    begin_plain();
    dhcpd_init(&server, 1);
    server.broadcast = broadcast;
    dhcpd_usual(&server, 3600);
    dhcpd_option_text(&server, 12, "given-name");
    dhcpd_option_text(&server, 17, ROOT_PATH);
    dhcpd_option(&server, 26, (uint8_t[]){1400 >> 8, 1400 & 255}, 2);
    dhcpd_option(&server, 43, "\x01\x02", 2);
    dhcpd_option_text(&server, 203, "iqn.2026-01.example:me");
    dhcpd_start(&server);
    start(0);
    lease = bound(100);
    assert_memory_equal(lease->address, server.offered, 4);
    assert_memory_equal(lease->netmask, ((uint8_t[]){255, 255, 255, 0}), 4);
    assert_memory_equal(lease->gateway, ((uint8_t[]){10, 0, 0, 254}), 4);
    assert_memory_equal(lease->dns, ((uint8_t[]){10, 0, 0, 1, 10, 0, 0, 3}), 8);
    assert_memory_equal(lease->server, server.server, 4);
    assert_int_equal(lease->mtu, 1400);
    assert_int_equal(lease->lease_seconds, 3600);
    assert_string_equal(lease->hostname, "given-name");
    assert_int_equal(lease->root_path_length, strlen(ROOT_PATH));
    assert_memory_equal(lease->root_path, ROOT_PATH, strlen(ROOT_PATH));
    assert_int_equal(lease->vendor_length, 2);
    assert_memory_equal(lease->vendor, "\x01\x02", 2);
    assert_int_equal(lease->initiator_name_length, 22);
    assert_false(lease->too_long);
    world_end();
}

static void test_lease_by_broadcast(void **state)
{
    (void)state;
    check_usual_lease(true);
}

static void test_lease_by_unicast(void **state)
{
    (void)state;
    check_usual_lease(false);
}

static void check_identity_sent(const struct dhcpd *server)
{
    uint8_t id[17] = {0};

    memcpy(id + 1, identity.uuid, 16);
    dhcpd_check_sent(server, 60, "lunboot", 7);
    dhcpd_check_sent(server, 61, id, 17);
    dhcpd_check_sent(server, 77, "\x07lunboot", 8);
    dhcpd_check_sent(server, 93, "\x00\x07", 2);
    dhcpd_check_sent(server, 97, id, 17);
    dhcpd_check_sent(server, 12, "box", 3);
    dhcpd_check_sent(server, 55, ((uint8_t[]){1, 3, 6, 12, 17, 26, 43, 51, 54, 203}), 10);
}

static void test_client_says_who_it_is(void **state)
{
    struct dhcpd server;

    (void)state;
    begin_plain();
    dhcpd_init(&server, 1);
    server.no_offer = true;
    dhcpd_usual(&server, 3600);
    dhcpd_start(&server);
    start(0);
    world_run(100);
    assert_int_equal(server.discovers, 1);
    check_identity_sent(&server);
    server.no_offer = false;
    bound(10000);
    check_identity_sent(&server);
    dhcpd_check_sent(&server, 50, server.offered, 4);
    dhcpd_check_sent(&server, 54, server.server, 4);
    world_end();
}

static void test_client_without_uuid_is_its_mac(void **state)
{
    struct net_config config = {.identity = {.architecture = 11}};
    uint8_t id[7] = {1};
    struct dhcpd server;
    size_t length;

    (void)state;
    begin_plain();
    dhcpd_init(&server, 1);
    dhcpd_start(&server);
    assert_true(net_open(world_nic(), &config));
    net_dhcp_start();
    world_run(10);
    memcpy(id + 1, WORLD_MAC, 6);
    dhcpd_check_sent(&server, 61, id, 7);
    dhcpd_check_sent(&server, 93, "\x00\x0b", 2);
    assert_null(dhcpd_last_option(&server, 97, &length));
    assert_null(dhcpd_last_option(&server, 12, &length));
    world_end();
}

static bool is_accepted(void *arg)
{
    struct peer_connection **connection = arg;

    return (*connection = peer_accept()) != NULL;
}

struct syn {
    unsigned mss;
};

static bool note_mss(void *arg, const uint8_t *frame, size_t length)
{
    size_t size;
    const uint8_t *tcp = packet_tcp((uint8_t *)(uintptr_t)frame, length, &size);

    if (tcp != NULL && (tcp[13] & 2) != 0 && tcp[20] == 2) {
        ((struct syn *)arg)->mss = packet_get16(tcp + 22);
    }
    return false;
}

static void check_mtu(uint16_t option, unsigned mss)
{
    struct net_address address = {.family = 4, .bytes = {10, 0, 0, 1}};
    struct peer_connection *connection = NULL;
    struct stream *stream;
    struct dhcpd server;
    struct syn syn = {0};

    begin_plain();
    dhcpd_init(&server, 1);
    dhcpd_usual(&server, 3600);
    dhcpd_option(&server, 26, (uint8_t[]){(uint8_t)(option >> 8), (uint8_t)option}, 2);
    dhcpd_start(&server);
    world_add_station(note_mss, &syn);
    peer_listen(3260);
    start(10);
    bound(1000);
    stream = stream_connect(&address, 3260);
    assert_true(world_until(is_accepted, &connection, 5000));
    assert_int_equal(syn.mss, mss);
    stream_abort(stream);
    peer_vanish(connection);
    world_end();
}

static void test_mtu_is_applied_within_reason(void **state)
{
    (void)state;
    check_mtu(1400, 1360);
    check_mtu(9000, 1460);
    check_mtu(100, 536);
}

/* ---- which offer ---- */

static struct dhcpd two[2];

static void begin_two(uint32_t first_ms, uint32_t second_ms)
{
    begin_plain();
    for (unsigned i = 0; i < 2; i++) {
        dhcpd_init(&two[i], (uint8_t)(1 + 2 * i));
        dhcpd_usual(&two[i], 3600);
        dhcpd_start(&two[i]);
    }
    two[0].delay_ms = first_ms;
    two[1].delay_ms = second_ms;
}

static void test_slower_offer_with_a_root_path_wins(void **state)
{
    const struct net_lease *lease;
    unsigned discovers, offers;
    uint64_t began;

    (void)state;
    begin_two(1, 400);
    dhcpd_option_text(&two[1], 17, ROOT_PATH);
    start(0);
    began = world_now();
    lease = bound(5000);
    assert_memory_equal(lease->address, two[1].offered, 4);
    assert_int_equal(lease->root_path_length, strlen(ROOT_PATH));
    /* At once when it is there: twice its delay, not a second's wait. */
    assert_in_range(world_now() - began, 800, 820);
    assert_int_equal(two[0].requests, 0);
    net_dhcp_progress(&discovers, &offers);
    assert_int_equal(discovers, 1);
    assert_int_equal(offers, 2);
    world_end();
}

static void test_configured_name_servers_go_before_those_of_a_lease(void **state)
{
    const struct net_config config = {.offer_wait_ms = 1, .identity = identity, .dns = {{9, 9, 9, 9}}};
    const struct net_lease *lease;
    struct dhcpd server;

    (void)state;
    begin_plain();
    dhcpd_init(&server, 1);
    dhcpd_usual(&server, 3600);
    dhcpd_start(&server);
    assert_true(net_open(world_nic(), &config));
    net_dhcp_start();
    lease = bound(5000);
    assert_memory_equal(lease->dns[0], "\x09\x09\x09\x09", 4);
    assert_memory_equal(lease->dns[1], "\0\0\0\0", 4);
    world_end();
}

static void test_first_offer_wins_when_none_has_a_root_path(void **state)
{
    const struct net_lease *lease;
    uint64_t began;

    (void)state;
    begin_two(5, 400);
    start(0);
    began = world_now();
    lease = bound(5000);
    assert_memory_equal(lease->address, two[0].offered, 4);
    assert_in_range(world_now() - began, 1000, 1030);
    world_end();
}

static void test_offer_after_the_wait_is_too_late(void **state)
{
    const struct net_lease *lease;

    (void)state;
    begin_two(5, 700);
    dhcpd_option_text(&two[1], 17, ROOT_PATH);
    start(500);
    lease = bound(5000);
    assert_memory_equal(lease->address, two[0].offered, 4);
    world_end();
}

static void test_server_that_offers_and_is_silent_is_given_up(void **state)
{
    const struct net_lease *lease;

    (void)state;
    begin_two(5, 10);
    two[0].no_ack = true;
    start(20);
    world_run(3000);
    assert_true(two[0].requests >= 2);
    dhcpd_option_text(&two[1], 17, ROOT_PATH);
    lease = bound(60000);
    assert_memory_equal(lease->address, two[1].offered, 4);
    world_end();
}

static void test_ack_of_another_server_is_not_taken(void **state)
{
    struct dhcpd server;

    (void)state;
    begin_plain();
    dhcpd_init(&server, 1);
    dhcpd_usual(&server, 3600);
    memcpy(server.ack_server, (uint8_t[]){10, 0, 0, 66}, 4);
    dhcpd_start(&server);
    start(10);
    world_run(5000);
    assert_true(server.requests > 0);
    assert_int_equal(net_state(), NET_DISCOVERING);
    world_end();
}

static void test_nak_starts_again_without_a_flood(void **state)
{
    struct dhcpd server;

    (void)state;
    begin_plain();
    dhcpd_init(&server, 1);
    dhcpd_usual(&server, 3600);
    server.nak = true;
    dhcpd_start(&server);
    start(10);
    world_run(20000);
    assert_in_range(server.requests, 4, 9); /* 1, 2, 4 and 8 s, up to half longer or shorter */
    server.nak = false;
    bound(12000);
    world_end();
}

/* A server that is asked by many at once may offer one address to several of them, and then refuses it. */
static void test_machines_that_were_refused_together_do_not_ask_together_again(void **state)
{
    unsigned in_window[5] = {0};

    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct dhcpd server;
        uint64_t refused_ms;

        begin(&(struct world_config){.seed = seed, .delay_ms = 1, .with_peer = true});
        dhcpd_init(&server, 1);
        dhcpd_usual(&server, 3600);
        server.nak = true;
        dhcpd_start(&server);
        start(10);
        while (server.requests == 0)
            world_run(1);
        refused_ms = server.last_ms;
        while (server.discovers == 1)
            world_run(1);
        assert_in_range(server.last_ms - refused_ms, 500, 1510);
        in_window[(server.last_ms - refused_ms - 500) / 203]++;
        world_end();
    }
    for (unsigned i = 0; i < 5; i++)
        assert_in_range(in_window[i], 10, 30);
}

static void test_discover_is_repeated_more_and_more_slowly(void **state)
{
    uint64_t times[8];
    struct dhcpd server;

    (void)state;
    begin_plain();
    dhcpd_init(&server, 1);
    server.no_offer = true;
    dhcpd_start(&server);
    start(0);
    for (unsigned i = 0; i < 8; i++) {
        while (server.discovers <= i) {
            world_run(1);
        }
        times[i] = server.last_ms;
    }
    assert_in_range(times[1] - times[0], 500, 1510);
    assert_in_range(times[2] - times[1], 1000, 3010);
    assert_in_range(times[3] - times[2], 2000, 6010);
    assert_in_range(times[7] - times[6], 4000, 12010);
    world_end();
}

static void test_lease_comes_over_a_wire_that_loses(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct dhcpd server;

        begin(&(struct world_config){
            .seed = seed, .delay_ms = 3, .faults = {.lose = 20000, .repeat = 5000, .damage = 3000}});
        dhcpd_init(&server, 1);
        dhcpd_usual(&server, 3600);
        dhcpd_option_text(&server, 17, ROOT_PATH);
        dhcpd_start(&server);
        start(0);
        bound(120000);
        world_end();
    }
}

/* ---- the life of a lease ---- */

static void start_lease(struct dhcpd *server, uint32_t seconds)
{
    begin_plain();
    dhcpd_init(server, 1);
    dhcpd_usual(server, seconds);
    dhcpd_start(server);
    start(10);
    bound(1000);
}

static void test_lease_is_renewed_with_its_server(void **state)
{
    struct dhcpd server;

    (void)state;
    start_lease(&server, 1000);
    world_run(499000);
    assert_int_equal(server.renewals, 0);
    world_run(2000);
    assert_int_equal(server.renewals, 1);
    assert_false(server.last_broadcast);
    world_run(3600 * 1000);
    assert_in_range(server.renewals, 7, 9);
    assert_int_equal(net_state(), NET_CONFIGURED);
    world_end();
}

static void test_lease_is_rebound_and_then_lost(void **state)
{
    struct dhcpd server;
    struct net_lease lease;

    (void)state;
    start_lease(&server, 1000);
    server.no_ack = server.no_offer = true;
    world_run(880000);
    assert_true(server.last_broadcast);
    assert_in_range(server.renewals, 4, 10);
    assert_int_equal(net_state(), NET_CONFIGURED);
    world_run(130000);
    assert_int_equal(net_state(), NET_DISCOVERING);
    net_get_lease(&lease);
    assert_int_equal(lease.address[0], 0);
    assert_true(world_logged("lease ran out"));
    server.no_ack = server.no_offer = false;
    bound(20000);
    world_end();
}

static void test_other_address_at_renewal_ends_the_streams(void **state)
{
    struct net_address address = {.family = 4, .bytes = {10, 0, 0, 1}};
    struct peer_connection *connection = NULL;
    struct stream *stream;
    struct dhcpd server;

    (void)state;
    start_lease(&server, 1000);
    peer_listen(3260);
    stream = stream_connect(&address, 3260);
    assert_true(world_until(is_accepted, &connection, 5000));
    server.offered[3]++;
    world_run(510000);
    assert_int_equal(stream_state(stream), STREAM_FAILED);
    assert_int_equal(net_state(), NET_CONFIGURED);
    stream_close(stream);
    peer_vanish(connection);
    world_end();
}

static void test_close_does_not_release_the_address(void **state)
{
    struct dhcpd server;
    unsigned before;

    (void)state;
    start_lease(&server, 1000);
    before = server.requests;
    server.last_length = 0;
    net_close();
    world_run(100);
    assert_int_equal(server.requests, before);
    assert_int_equal(server.last_length, 0);
    world_end();
}

static void test_static_addresses_stop_dhcp(void **state)
{
    struct net_lease lease = {.address = {10, 0, 0, 9}, .netmask = {255, 255, 255, 0}};
    struct dhcpd server;
    unsigned before;

    (void)state;
    begin_plain();
    dhcpd_init(&server, 1);
    server.no_offer = true;
    dhcpd_start(&server);
    start(10);
    world_run(3000);
    before = server.discovers;
    net_set_static(&lease);
    assert_int_equal(net_state(), NET_CONFIGURED);
    world_run(60000);
    assert_int_equal(server.discovers, before);
    world_end();
}

/* ---- options that are long, or in parts ---- */

static void fill_text(uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        bytes[i] = (uint8_t)('a' + i % 23);
    }
}

static const struct net_lease *lease_with_root_path(struct dhcpd *server, size_t length)
{
    uint8_t path[1100];

    begin_plain();
    dhcpd_init(server, 1);
    fill_text(path, sizeof path);
    dhcpd_option(server, 17, path, length);
    dhcpd_usual(server, 3600);
    dhcpd_start(server);
    start(100);
    return bound(1000);
}

static void test_req_021_root_path_is_joined_up_to_1024_bytes(void **state)
{
    static const size_t lengths[] = {1, 255, 256, 600, 1023, 1024};
    uint8_t path[1024];

    (void)state;
    fill_text(path, sizeof path);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct dhcpd server;
        const struct net_lease *lease = lease_with_root_path(&server, lengths[i]);

        assert_int_equal(lease->root_path_length, lengths[i]);
        assert_memory_equal(lease->root_path, path, lengths[i]);
        assert_false(lease->too_long);
        world_end();
    }
}

static void test_req_021_longer_root_path_is_left_out_whole(void **state)
{
    static const uint8_t zero[NET_OPTION_MAX];
    struct dhcpd server;
    const struct net_lease *lease = lease_with_root_path(&server, 1025);

    (void)state;
    assert_int_equal(lease->root_path_length, 0);
    assert_true(lease->too_long);
    assert_memory_equal(lease->root_path, zero, sizeof zero);
    assert_memory_equal(lease->gateway, ((uint8_t[]){10, 0, 0, 254}), 4);
    world_end();
}

static void test_nuls_after_a_text_are_deleted(void **state)
{
    const struct net_lease *lease;
    struct dhcpd server;

    (void)state;
    begin_plain();
    dhcpd_init(&server, 1);
    dhcpd_usual(&server, 3600);
    dhcpd_option(&server, 17, ROOT_PATH, sizeof ROOT_PATH);
    dhcpd_option(&server, 203, "\0\0", 2);
    dhcpd_option(&server, 12, "name\0", 5);
    dhcpd_option(&server, 43, "\1\0", 2);
    dhcpd_start(&server);
    start(0);
    lease = bound(1000);
    assert_int_equal(lease->root_path_length, strlen(ROOT_PATH));
    assert_int_equal(lease->initiator_name_length, 0);
    assert_string_equal(lease->hostname, "name");
    assert_int_equal(lease->vendor_length, 2);
    world_end();
}

static void test_parts_with_others_between_are_joined_in_order(void **state)
{
    const struct net_lease *lease;
    struct dhcpd server;

    (void)state;
    begin_plain();
    dhcpd_init(&server, 1);
    dhcpd_option_text(&server, 17, "iscsi:10.0.");
    dhcpd_option(&server, 52, "\x03", 1);
    dhcpd_usual(&server, 3600);
    dhcpd_option_text(&server, 17, "0.1::::");
    memcpy(server.file, (uint8_t[]){17, 4, 'i', 'q', 'n', '.', 255}, 7);
    memcpy(server.sname, (uint8_t[]){0, 0, 17, 3, 'a', ':', 'b', 12, 2, 'h', 'n', 255}, 12);
    dhcpd_start(&server);
    start(0);
    lease = bound(1000);
    assert_int_equal(lease->root_path_length, 25);
    assert_memory_equal(lease->root_path, "iscsi:10.0.0.1::::iqn.a:b", 25);
    assert_string_equal(lease->hostname, "hn");
    world_end();
}

static void test_file_and_sname_are_not_read_without_overload(void **state)
{
    const struct net_lease *lease;
    struct dhcpd server;

    (void)state;
    begin_plain();
    dhcpd_init(&server, 1);
    dhcpd_usual(&server, 3600);
    memcpy(server.file, (uint8_t[]){17, 4, 'i', 'q', 'n', '.', 255}, 7);
    dhcpd_start(&server);
    start(10);
    lease = bound(1000);
    assert_int_equal(lease->root_path_length, 0);
    world_end();
}

/* An area that says again that it is an area: option 52 counts in the options field alone. */
static void test_req_344_overload_does_not_loop(void **state)
{
    const struct net_lease *lease;
    struct dhcpd server;

    (void)state;
    begin_plain();
    dhcpd_init(&server, 1);
    dhcpd_usual(&server, 3600);
    dhcpd_option(&server, 52, "\x03", 1);
    memcpy(server.file, (uint8_t[]){52, 1, 1, 17, 1, 'f', 255}, 7);
    memcpy(server.sname, (uint8_t[]){52, 1, 3, 17, 1, 's', 255}, 7);
    dhcpd_start(&server);
    start(10);
    lease = bound(1000);
    assert_int_equal(lease->root_path_length, 2);
    assert_memory_equal(lease->root_path, "fs", 2);
    world_end();
}

static void test_fields_full_to_the_last_byte_need_no_end(void **state)
{
    const struct net_lease *lease;
    struct dhcpd server;

    (void)state;
    begin_plain();
    dhcpd_init(&server, 1);
    dhcpd_usual(&server, 3600);
    dhcpd_option(&server, 52, "\x01", 1);
    server.file[0] = 17;
    server.file[1] = 126;
    memset(server.file + 2, 'r', 126);
    dhcpd_start(&server);
    start(10);
    lease = bound(1000);
    assert_int_equal(lease->root_path_length, 126);
    world_end();
}

/* ---- the vendor's option, which holds settings ---- */

static void begin_vendor(struct dhcpd *server)
{
    begin_plain();
    dhcpd_init(server, 1);
    dhcpd_usual(server, 3600);
}

static const struct net_lease *vendor_lease(struct dhcpd *server)
{
    dhcpd_start(server);
    start(10);
    return bound(1000);
}

/* Every value of a byte, those that mean PAD and END between options too; the last byte is a NUL. */
static void fill_vendor(uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        bytes[i] = (uint8_t)(i * 7 + 255);
    }
    if (length > 0) {
        bytes[length - 1] = 0;
    }
}

static void check_vendor(const struct net_lease *lease, const uint8_t *bytes, size_t length)
{
    static const uint8_t zero[NET_OPTION_MAX];

    assert_int_equal(lease->vendor_length, length);
    assert_memory_equal(lease->vendor, bytes, length);
    assert_memory_equal(lease->vendor + length, zero, sizeof zero - length);
    assert_false(lease->too_long);
}

static void test_vendor_option_comes_through_whole_up_to_1024_bytes(void **state)
{
    static const size_t lengths[] = {0, 1, 2, 255, 256, 510, 511, 1023, 1024};
    uint8_t bytes[1024];

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct dhcpd server;

        fill_vendor(bytes, lengths[i]);
        begin_vendor(&server);
        dhcpd_option(&server, 43, bytes, lengths[i]);
        check_vendor(vendor_lease(&server), bytes, lengths[i]);
        world_end();
    }
}

static void test_vendor_option_is_joined_across_options_and_fields(void **state)
{
    uint8_t bytes[400];
    struct dhcpd server;
    const struct net_lease *lease;

    (void)state;
    fill_vendor(bytes, sizeof bytes);
    begin_vendor(&server);
    dhcpd_option(&server, 43, bytes, 100);
    dhcpd_option(&server, 52, "\x03", 1);
    dhcpd_option(&server, 43, "", 0);
    dhcpd_option_text(&server, 17, ROOT_PATH);
    dhcpd_option(&server, 43, bytes + 100, 200);
    memcpy(server.file, (uint8_t[]){0, 43, 60}, 3);
    memcpy(server.file + 3, bytes + 300, 60);
    server.file[63] = 255;
    memcpy(server.sname, (uint8_t[]){43, 0, 43, 40}, 4);
    memcpy(server.sname + 4, bytes + 360, 40);
    lease = vendor_lease(&server);
    check_vendor(lease, bytes, sizeof bytes);
    assert_int_equal(lease->root_path_length, strlen(ROOT_PATH));
    world_end();
}

static void test_longer_vendor_option_is_left_out_whole(void **state)
{
    static const uint8_t zero[NET_OPTION_MAX];
    uint8_t bytes[1025];
    struct dhcpd server;
    const struct net_lease *lease;

    (void)state;
    fill_vendor(bytes, sizeof bytes);
    begin_vendor(&server);
    dhcpd_option_text(&server, 17, ROOT_PATH);
    dhcpd_option(&server, 43, bytes, sizeof bytes);
    lease = vendor_lease(&server);
    assert_int_equal(lease->vendor_length, 0);
    assert_memory_equal(lease->vendor, zero, sizeof zero);
    assert_true(lease->too_long);
    assert_int_equal(lease->root_path_length, strlen(ROOT_PATH));
    world_end();
}

/* Nothing of the old lease stays where the new one says nothing. */
static void test_vendor_option_goes_with_a_renewal_that_has_none(void **state)
{
    struct dhcpd server;
    struct net_lease lease;
    size_t before;

    (void)state;
    begin_vendor(&server);
    before = server.options_length;
    dhcpd_option(&server, 43, "\x01\x02xy", 4);
    check_vendor(vendor_lease(&server), (const uint8_t *)"\x01\x02xy", 4);
    server.options_length = before;
    world_run(1801 * 1000);
    assert_int_equal(server.renewals, 1);
    net_get_lease(&lease);
    check_vendor(&lease, (const uint8_t *)"", 0);
    world_end();
}

/* ---- hostile ---- */

struct hostile {
    const char *what;
    void (*spoil)(struct dhcpd *server);
};

static void wrong_xid(struct dhcpd *server)
{
    server->spoil_xid = true;
}

static void wrong_mac(struct dhcpd *server)
{
    server->spoil_mac = true;
}

static void wrong_cookie(struct dhcpd *server)
{
    server->spoil_cookie = true;
}

static void wrong_port(struct dhcpd *server)
{
    server->port = 6767;
}

static void no_type(struct dhcpd *server)
{
    server->no_type = true;
}

static void no_server(struct dhcpd *server)
{
    server->no_server = true;
}

static void zero_address(struct dhcpd *server)
{
    memset(server->offered, 0, 4);
    server->broadcast = true;
}

static void loopback_address(struct dhcpd *server)
{
    server->offered[0] = 127;
    server->broadcast = true;
}

static void multicast_address(struct dhcpd *server)
{
    server->offered[0] = 224;
    server->broadcast = true;
}

static void long_netmask(struct dhcpd *server)
{
    dhcpd_option(server, 1, "\xff", 1);
}

static void lease_of_five_bytes(struct dhcpd *server)
{
    dhcpd_option(server, 51, "\x01", 1);
}

static void holes_in_the_netmask(struct dhcpd *server)
{
    server->options_length = 0;
    dhcpd_option(server, 1, "\xff\x00\xff\x00", 4);
}

static void short_router(struct dhcpd *server)
{
    dhcpd_option(server, 3, "\x0a\x00\x00", 3);
}

static void odd_dns(struct dhcpd *server)
{
    dhcpd_option(server, 6, "\x0a\x00\x00\x01\x02", 5);
}

static void mtu_of_one_byte(struct dhcpd *server)
{
    dhcpd_option(server, 26, "\x05", 1);
}

static void overload_of_nine(struct dhcpd *server)
{
    dhcpd_option(server, 52, "\x09", 1);
}

static void overload_of_two_bytes(struct dhcpd *server)
{
    dhcpd_option(server, 52, "\x01\x01", 2);
}

/* The last option says more than the message has. */
static void length_past_the_end(struct dhcpd *server)
{
    server->options[server->options_length++] = 17;
    server->options[server->options_length++] = 200;
    server->options[server->options_length++] = 'i';
}

static void code_without_length(struct dhcpd *server)
{
    dhcpd_option(server, 52, "\x01", 1);
    memset(server->file, 0, sizeof server->file);
    server->file[127] = 17;
}

static void length_past_the_file_field(struct dhcpd *server)
{
    dhcpd_option(server, 52, "\x01", 1);
    server->file[0] = 17;
    server->file[1] = 127;
}

static void test_req_344_345_hostile_replies_are_refused(void **state)
{
    static const struct hostile cases[] = {
        {"another transaction", wrong_xid},
        {"another machine", wrong_mac},
        {"no cookie", wrong_cookie},
        {"another port", wrong_port},
        {"no message type", no_type},
        {"no server identifier", no_server},
        {"address zero", zero_address},
        {"loopback address", loopback_address},
        {"multicast address", multicast_address},
        {"netmask of five bytes", long_netmask},
        {"lease time of five bytes", lease_of_five_bytes},
        {"netmask with holes", holes_in_the_netmask},
        {"router of seven bytes", short_router},
        {"half a DNS server", odd_dns},
        {"MTU of one byte", mtu_of_one_byte},
        {"overload 9", overload_of_nine},
        {"overload of two bytes", overload_of_two_bytes},
        {"length past the end", length_past_the_end},
        {"code without length", code_without_length},
        {"length past the file field", length_past_the_file_field},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dhcpd server;

        print_message("%s\n", cases[i].what);
        begin_plain();
        dhcpd_init(&server, 1);
        dhcpd_usual(&server, 3600);
        dhcpd_option_text(&server, 17, ROOT_PATH);
        cases[i].spoil(&server);
        dhcpd_start(&server);
        start(10);
        refused();
        assert_true(server.discovers > 1);
        world_end();
    }
}

/* Every cut of a good message, and every byte of it changed: nothing but a lease or none. */
static struct {
    uint8_t bytes[2000];
    size_t length;
} sample;

static void test_req_344_cut_and_damaged_replies_do_no_harm(void **state)
{
    struct packet_end from = {.mac = {2}, .address = {10, 0, 0, 1}, .port = 67}, to = {.port = 68};
    struct dhcpd server;
    uint8_t frame[WORLD_FRAME_MAX];
    size_t length;

    (void)state;
    begin(&(struct world_config){.seed = 1});
    dhcpd_init(&server, 1);
    dhcpd_start(&server);
    server.no_offer = true;
    start(0);
    world_run(10);
    memset(to.mac, 0xff, 6);
    memset(to.address, 0xff, 4);
    memset(sample.bytes, 0, 240);
    memcpy(sample.bytes, server.last, 44);
    sample.bytes[0] = 2;
    memcpy(sample.bytes + 236, server.last + 236, 4);
    memcpy(sample.bytes + 240,
           "\x35\x01\x02\x36\x04\x0a\x00\x00\x01\x34\x01\x03\x11\x03"
           "abc\x33\x04\x00\x00\x0e\x10\xff",
           24);
    sample.length = 264;
    for (size_t cut = 0; cut < sample.length; cut++) {
        length = packet_udp(frame, &from, &to, sample.bytes, cut);
        world_send(frame, length, 0);
        world_run(1);
    }
    for (size_t at = 0; at < sample.length; at++) {
        for (unsigned change = 1; change < 256; change += 23) {
            sample.bytes[at] ^= (uint8_t)change;
            length = packet_udp(frame, &from, &to, sample.bytes, sample.length);
            sample.bytes[at] ^= (uint8_t)change;
            world_send(frame, length, 0);
        }
        world_run(1);
    }
    world_end();
}

static void test_hostname_that_is_none_is_dropped(void **state)
{
    static const char *const names[] = {"two words", "line\nbreak", "\x1b[2J", "\xc3\xa4"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct net_lease *lease;
        struct dhcpd server;

        begin_plain();
        dhcpd_init(&server, 1);
        dhcpd_usual(&server, 3600);
        dhcpd_option_text(&server, 12, names[i]);
        dhcpd_start(&server);
        start(10);
        lease = bound(1000);
        assert_string_equal(lease->hostname, "");
        world_end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lease_by_broadcast),
        cmocka_unit_test(test_lease_by_unicast),
        cmocka_unit_test(test_client_says_who_it_is),
        cmocka_unit_test(test_client_without_uuid_is_its_mac),
        cmocka_unit_test(test_mtu_is_applied_within_reason),
        cmocka_unit_test(test_slower_offer_with_a_root_path_wins),
        cmocka_unit_test(test_configured_name_servers_go_before_those_of_a_lease),
        cmocka_unit_test(test_first_offer_wins_when_none_has_a_root_path),
        cmocka_unit_test(test_offer_after_the_wait_is_too_late),
        cmocka_unit_test(test_server_that_offers_and_is_silent_is_given_up),
        cmocka_unit_test(test_ack_of_another_server_is_not_taken),
        cmocka_unit_test(test_nak_starts_again_without_a_flood),
        cmocka_unit_test(test_machines_that_were_refused_together_do_not_ask_together_again),
        cmocka_unit_test(test_discover_is_repeated_more_and_more_slowly),
        cmocka_unit_test(test_lease_comes_over_a_wire_that_loses),
        cmocka_unit_test(test_lease_is_renewed_with_its_server),
        cmocka_unit_test(test_lease_is_rebound_and_then_lost),
        cmocka_unit_test(test_other_address_at_renewal_ends_the_streams),
        cmocka_unit_test(test_close_does_not_release_the_address),
        cmocka_unit_test(test_static_addresses_stop_dhcp),
        cmocka_unit_test(test_req_021_root_path_is_joined_up_to_1024_bytes),
        cmocka_unit_test(test_req_021_longer_root_path_is_left_out_whole),
        cmocka_unit_test(test_nuls_after_a_text_are_deleted),
        cmocka_unit_test(test_parts_with_others_between_are_joined_in_order),
        cmocka_unit_test(test_file_and_sname_are_not_read_without_overload),
        cmocka_unit_test(test_req_344_overload_does_not_loop),
        cmocka_unit_test(test_fields_full_to_the_last_byte_need_no_end),
        cmocka_unit_test(test_vendor_option_comes_through_whole_up_to_1024_bytes),
        cmocka_unit_test(test_vendor_option_is_joined_across_options_and_fields),
        cmocka_unit_test(test_longer_vendor_option_is_left_out_whole),
        cmocka_unit_test(test_vendor_option_goes_with_a_renewal_that_has_none),
        cmocka_unit_test(test_req_344_345_hostile_replies_are_refused),
        cmocka_unit_test(test_req_344_cut_and_damaged_replies_do_no_harm),
        cmocka_unit_test(test_hostname_that_is_none_is_dropped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
