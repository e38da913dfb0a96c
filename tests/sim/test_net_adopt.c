/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lease of another client of this machine taken over: in use without a word to a server, renewed as if it
 * were ours, under that client's identifier; and messages that are not to be taken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/dhcp_message.h"
#include "net/net.h"
#include "net/stream.h"
#include "tests/peer/peer.h"
#include "tests/world/dhcpd.h"
#include "tests/world/packet.h"
#include "tests/world/world.h"

#define ROOT_PATH "iscsi:10.0.0.1::::iqn.2026-01.example:disk"
#define PORT      3260

static const uint8_t firmware_id[] = {0, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
static const uint8_t leased[4] = {10, 0, 0, 101};

/* ---- the acknowledgement that the firmware has ---- */

static struct {
    uint8_t bytes[1472]; /* as the firmware keeps it: zeros after the end */
    size_t length;
} ack;

static void ack_option(uint8_t code, const void *data, size_t length)
{
    ack.bytes[ack.length++] = code;
    ack.bytes[ack.length++] = (uint8_t)length;
    memcpy(ack.bytes + ack.length, data, length);
    ack.length += length;
}

/* The type comes last, so that each shorter piece of it lacks something. */
static void write_ack(uint32_t lease_seconds, void (*more)(void))
{
    uint8_t seconds[4];

    packet_put32(seconds, lease_seconds);
    memset(&ack, 0, sizeof ack);
    memcpy(ack.bytes, (uint8_t[]){2, 1, 6, 0, 0xde, 0xad, 0xbe, 0xef}, 8);
    memcpy(ack.bytes + 16, leased, 4);
    memcpy(ack.bytes + 28, WORLD_MAC, 6);
    memcpy(ack.bytes + 236, (uint8_t[]){99, 130, 83, 99}, 4);
    ack.length = 240;
    ack_option(54, (uint8_t[]){10, 0, 0, 1}, 4);
    ack_option(51, seconds, 4);
    ack_option(1, (uint8_t[]){255, 255, 255, 0}, 4);
    ack_option(3, (uint8_t[]){10, 0, 0, 254}, 4);
    ack_option(6, (uint8_t[]){10, 0, 0, 1}, 4);
    ack_option(17, ROOT_PATH, strlen(ROOT_PATH));
    ack_option(43, "\x06\x01\x08\xff", 4); /* PXE's: not ours */
    if (more != NULL) {
        more();
    }
    ack_option(53, (uint8_t[]){5}, 1);
    ack.bytes[ack.length++] = 255;
}

/* Memory of exactly its size, so that the sanitizer sees any byte read beyond it. */
static bool adopt(size_t length)
{
    uint8_t *copy = malloc(length > 0 ? length : 1);
    bool taken;

    memcpy(copy, ack.bytes, length);
    taken = net_dhcp_adopt(copy, length);
    free(copy);
    return taken;
}

/* ---- a world with a server that knows the lease ---- */

static struct dhcpd server;

static void open_as(const uint8_t *client_id, uint8_t length)
{
    struct net_config config = {.offer_wait_ms = 10,
                                .identity = {.has_uuid = true,
                                             .uuid = {1, 2, 3},
                                             .architecture = 7,
                                             .client_id = client_id,
                                             .client_id_length = length}};

    world_begin(&(struct world_config){.seed = 1, .delay_ms = 1, .with_peer = true});
    dhcpd_init(&server, 1);
    dhcpd_usual(&server, 1000);
    dhcpd_start(&server);
    assert_true(net_open(world_nic(), &config));
}

static void open_as_firmware(void)
{
    open_as(firmware_id, sizeof firmware_id);
}

static void begin_adopted(uint32_t lease_seconds, void (*more)(void))
{
    open_as_firmware();
    write_ack(lease_seconds, more);
    assert_true(adopt(ack.length));
    assert_int_equal(net_state(), NET_CONFIGURED);
}

static bool is_configured(void *arg)
{
    (void)arg;
    return net_state() == NET_CONFIGURED;
}

static bool is_accepted(void *arg)
{
    struct peer_connection **connection = arg;

    return (*connection = peer_accept()) != NULL;
}

static struct stream *connect_peer(struct peer_connection **ret_connection)
{
    struct net_address address = {.family = 4, .bytes = {10, 0, 0, 1}};
    struct stream *stream;

    peer_listen(PORT);
    stream = stream_connect(&address, PORT);
    assert_non_null(stream);
    assert_true(world_until(is_accepted, ret_connection, 5000));
    assert_int_equal(stream_state(stream), STREAM_OPEN);
    return stream;
}

static void end_with(struct stream *stream, struct peer_connection *connection)
{
    stream_abort(stream);
    peer_vanish(connection);
    world_end();
}

/* ---- in use at once ---- */

static bool note_arp_reply(void *arg, const uint8_t *frame, size_t length)
{
    if (length >= 42 && packet_get16(frame + 12) == 0x0806 && packet_get16(frame + 20) == 2) {
        memcpy(arg, frame + 22, 10); /* whose MAC and address */
    }
    return false;
}

static void ask_arp(const uint8_t address[4])
{
    uint8_t frame[60] = {0};

    memset(frame, 0xff, 6);
    memcpy(frame + 6, WORLD_PEER_MAC, 6);
    memcpy(frame + 12, (uint8_t[]){8, 6, 0, 1, 8, 0, 6, 4, 0, 1}, 10);
    memcpy(frame + 22, WORLD_PEER_MAC, 6);
    memcpy(frame + 28, WORLD_PEER, 4);
    memcpy(frame + 38, address, 4);
    world_send(frame, sizeof frame, 0);
}

static void check_nothing_asked(void)
{
    unsigned discovers, offers;

    assert_int_equal(server.last_length, 0);
    net_dhcp_progress(&discovers, &offers);
    assert_int_equal(discovers + offers, 0);
}

static void test_adopted_address_answers_arp_without_a_word_to_the_server(void **state)
{
    uint8_t owner[10] = {0};

    (void)state;
    begin_adopted(3600, NULL);
    world_add_station(note_arp_reply, owner);
    ask_arp(leased);
    world_run(100);
    assert_memory_equal(owner, WORLD_MAC, 6);
    assert_memory_equal(owner + 6, leased, 4);
    check_nothing_asked();
    world_end();
}

static void test_adopted_lease_carries_a_stream_without_a_word_to_the_server(void **state)
{
    struct peer_connection *connection = NULL;
    struct stream *stream;

    (void)state;
    begin_adopted(3600, NULL);
    stream = connect_peer(&connection);
    check_nothing_asked();
    end_with(stream, connection);
}

static void check_adopted_lease(void)
{
    struct net_lease lease;

    net_get_lease(&lease);
    assert_memory_equal(lease.address, leased, 4);
    assert_memory_equal(lease.netmask, ((uint8_t[]){255, 255, 255, 0}), 4);
    assert_memory_equal(lease.gateway, ((uint8_t[]){10, 0, 0, 254}), 4);
    assert_memory_equal(lease.dns, ((uint8_t[]){10, 0, 0, 1, 0, 0, 0, 0}), 8);
    assert_memory_equal(lease.server, ((uint8_t[]){10, 0, 0, 1}), 4);
    assert_int_equal(lease.lease_seconds, 3600);
    assert_int_equal(lease.root_path_length, strlen(ROOT_PATH));
    assert_memory_equal(lease.root_path, ROOT_PATH, strlen(ROOT_PATH));
    assert_int_equal(lease.vendor_length, 0);
    assert_false(lease.too_long);
}

static void test_adopted_lease_is_what_the_message_says_but_for_pxes_vendor_options(void **state)
{
    (void)state;
    begin_adopted(3600, NULL);
    check_adopted_lease();
    world_end();
}

static void long_vendor_option(void)
{
    static const uint8_t part[250];

    for (unsigned i = 0; i < 4; i++) {
        ack_option(43, part, sizeof part);
    }
    ack_option(43, part, 25);
}

static void test_no_complaint_of_a_vendor_option_that_is_left_out_anyhow(void **state)
{
    (void)state;
    begin_adopted(3600, long_vendor_option);
    check_adopted_lease();
    world_end();
}

static void test_zeros_after_the_end_do_not_matter(void **state)
{
    (void)state;
    open_as_firmware();
    write_ack(3600, NULL);
    assert_true(adopt(sizeof ack.bytes));
    check_adopted_lease();
    world_end();
}

static void test_configured_name_servers_go_before_those_of_an_adopted_lease(void **state)
{
    const struct net_config config = {.dns = {{9, 9, 9, 9}}};
    struct net_lease lease;

    (void)state;
    world_begin(&(struct world_config){.seed = 1, .delay_ms = 1});
    assert_true(net_open(world_nic(), &config));
    write_ack(3600, NULL);
    assert_true(adopt(ack.length));
    net_get_lease(&lease);
    assert_memory_equal(lease.dns, ((uint8_t[]){9, 9, 9, 9, 0, 0, 0, 0}), 8);
    world_end();
}

/* ---- the life of an adopted lease ---- */

static void check_renewal(void)
{
    size_t length;

    dhcpd_check_sent(&server, 53, "\x03", 1);
    dhcpd_check_sent(&server, 61, firmware_id, sizeof firmware_id);
    assert_memory_equal(server.last + 12, leased, 4);
    assert_false(server.last_broadcast);
    assert_null(dhcpd_last_option(&server, 50, &length)); /* RFC 2131 table 5 */
    assert_null(dhcpd_last_option(&server, 54, &length));
}

/* Once at `seconds` after the adoption, and not before. */
static void check_renewed_at(uint32_t lease_seconds, void (*more)(void), uint32_t seconds)
{
    begin_adopted(lease_seconds, more);
    world_run(seconds * 1000u - 500);
    assert_int_equal(server.requests, 0);
    world_run(1000);
    assert_int_equal(server.renewals, 1);
    assert_int_equal(server.discovers, 0);
    check_renewal();
    assert_int_equal(net_state(), NET_CONFIGURED);
    world_end();
}

static void test_long_lease_is_renewed_after_a_minute(void **state)
{
    (void)state;
    check_renewed_at(3600, NULL, 60);
    check_renewed_at(0xfffffffeu, NULL, 60);
}

static void test_short_lease_is_renewed_after_a_quarter(void **state)
{
    (void)state;
    check_renewed_at(100, NULL, 25);
    check_renewed_at(239, NULL, 60);
}

static void early_times(void)
{
    ack_option(58, (uint8_t[]){0, 0, 0, 5}, 4);
    ack_option(59, (uint8_t[]){0, 0, 0, 90}, 4);
}

static void test_renewal_is_earlier_where_the_server_wants_it(void **state)
{
    (void)state;
    check_renewed_at(100, early_times, 5);
}

static void test_lease_without_an_end_is_not_renewed(void **state)
{
    (void)state;
    begin_adopted(0xffffffffu, NULL);
    world_run(7u * 86400u * 1000u);
    assert_int_equal(server.last_length, 0);
    assert_int_equal(net_state(), NET_CONFIGURED);
    world_end();
}

static void test_renewed_lease_lives_like_one_of_ours(void **state)
{
    struct peer_connection *connection = NULL;
    struct net_lease lease;
    struct stream *stream;

    (void)state;
    begin_adopted(3600, NULL);
    dhcpd_option(&server, 43, "\x01\x02", 2);
    stream = connect_peer(&connection);
    world_run(61000);
    net_get_lease(&lease);
    assert_int_equal(lease.lease_seconds, 1000);
    assert_int_equal(lease.vendor_length, 2); /* said to us */
    assert_int_equal(stream_state(stream), STREAM_OPEN);
    world_run(498000); /* not early any more: at half of its time */
    assert_int_equal(server.renewals, 1);
    world_run(2000);
    assert_int_equal(server.renewals, 2);
    check_renewal();
    end_with(stream, connection);
}

static void test_refused_renewal_starts_anew(void **state)
{
    struct peer_connection *connection = NULL;
    struct net_lease lease;
    struct stream *stream;

    (void)state;
    begin_adopted(100, NULL);
    stream = connect_peer(&connection);
    server.nak = true;
    world_run(25500);
    assert_int_equal(net_state(), NET_DISCOVERING);
    assert_int_equal(stream_state(stream), STREAM_FAILED);
    assert_true(world_logged("refused to renew"));
    net_get_lease(&lease);
    assert_memory_equal(lease.address, "\0\0\0\0", 4);
    server.nak = false;
    assert_true(world_until(is_configured, NULL, 10000));
    assert_int_equal(server.discovers, 1);
    dhcpd_check_sent(&server, 61, firmware_id, sizeof firmware_id);
    end_with(stream, connection);
}

static void test_renewal_by_another_server_is_not_taken(void **state)
{
    struct net_lease lease;

    (void)state;
    begin_adopted(3600, NULL);
    memcpy(server.ack_server, (uint8_t[]){10, 0, 0, 66}, 4);
    world_run(100000);
    assert_true(server.renewals > 0);
    net_get_lease(&lease);
    assert_memory_equal(lease.server, ((uint8_t[]){10, 0, 0, 1}), 4);
    assert_int_equal(lease.lease_seconds, 3600);
    world_end();
}

static void test_adopted_lease_is_rebound_and_then_lost(void **state)
{
    (void)state;
    begin_adopted(1000, NULL);
    server.no_ack = server.no_offer = true;
    world_run(874000);
    assert_false(server.last_broadcast);
    world_run(2000);
    assert_true(server.last_broadcast);
    assert_int_equal(net_state(), NET_CONFIGURED);
    world_run(125000);
    assert_int_equal(net_state(), NET_DISCOVERING);
    assert_true(world_logged("lease ran out"));
    server.no_ack = server.no_offer = false;
    assert_true(world_until(is_configured, NULL, 20000));
    world_end();
}

static void test_close_does_not_release_an_adopted_address(void **state)
{
    (void)state;
    begin_adopted(3600, NULL);
    net_close();
    world_run(100);
    assert_int_equal(server.last_length, 0);
    world_end();
}

/* ---- between other states ---- */

static void test_lease_is_adopted_while_dhcp_runs(void **state)
{
    (void)state;
    open_as_firmware();
    server.no_offer = true;
    net_dhcp_start();
    world_run(100);
    assert_int_equal(server.discovers, 1);
    write_ack(3600, NULL);
    assert_true(adopt(ack.length));
    check_adopted_lease();
    server.last_length = 0;
    check_nothing_asked();
    server.no_offer = false;
    world_run(59000);
    assert_int_equal(server.discovers, 1);
    assert_int_equal(server.requests, 0);
    world_run(1500);
    check_renewal();
    world_end();
}

static void test_late_offer_does_not_touch_an_adopted_lease(void **state)
{
    (void)state;
    open_as_firmware();
    server.delay_ms = 500;
    net_dhcp_start();
    world_run(100);
    write_ack(3600, NULL);
    assert_true(adopt(ack.length));
    world_run(5000);
    check_adopted_lease();
    assert_int_equal(server.requests, 0);
    world_end();
}

static void test_dhcp_started_after_an_adoption_starts_anew(void **state)
{
    struct peer_connection *connection = NULL;
    struct net_lease lease;
    struct stream *stream;

    (void)state;
    begin_adopted(3600, NULL);
    stream = connect_peer(&connection);
    net_dhcp_start();
    assert_int_equal(net_state(), NET_DISCOVERING);
    assert_int_equal(stream_state(stream), STREAM_FAILED);
    net_get_lease(&lease);
    assert_memory_equal(lease.address, "\0\0\0\0", 4);
    assert_true(world_until(is_configured, NULL, 5000));
    assert_int_equal(server.discovers, 1);
    net_get_lease(&lease);
    assert_int_equal(lease.lease_seconds, 1000);
    end_with(stream, connection);
}

static void test_static_address_ends_an_adopted_lease(void **state)
{
    struct net_lease lease = {.address = {10, 0, 0, 9}, .netmask = {255, 255, 255, 0}};

    (void)state;
    begin_adopted(100, NULL);
    net_set_static(&lease);
    world_run(200000);
    assert_int_equal(server.last_length, 0);
    assert_int_equal(net_state(), NET_CONFIGURED);
    world_end();
}

static void test_same_lease_again_leaves_the_streams(void **state)
{
    struct peer_connection *connection = NULL;
    struct stream *stream;

    (void)state;
    begin_adopted(3600, NULL);
    stream = connect_peer(&connection);
    assert_true(adopt(ack.length));
    world_run(100);
    assert_int_equal(stream_state(stream), STREAM_OPEN);
    end_with(stream, connection);
}

static void test_nothing_is_adopted_without_an_interface(void **state)
{
    (void)state;
    open_as_firmware();
    write_ack(3600, NULL);
    net_close();
    assert_false(adopt(ack.length));
    assert_int_equal(net_state(), NET_CLOSED);
    world_end();
}

static bool has_failed(void *arg)
{
    (void)arg;
    return net_state() == NET_FAILED;
}

static void test_nothing_is_adopted_on_a_device_that_failed(void **state)
{
    (void)state;
    open_as_firmware();
    write_ack(3600, NULL);
    world_break();
    assert_true(world_until(has_failed, NULL, 1000));
    assert_false(adopt(ack.length));
    assert_int_equal(net_state(), NET_FAILED);
    world_end();
}

/* ---- what is not taken ---- */

static void offer(void)
{
    ack.bytes[ack.length - 2] = 2;
}

static void nak(void)
{
    ack.bytes[ack.length - 2] = 6;
}

static void no_such_type(void)
{
    ack.bytes[ack.length - 2] = 9;
}

static void no_type(void)
{
    ack.bytes[ack.length - 4] = 255;
}

static void no_server(void)
{
    memset(ack.bytes + 240, 0, 6);
}

static void request(void)
{
    ack.bytes[0] = 1;
}

static void other_hardware(void)
{
    ack.bytes[1] = 6;
}

static void other_hardware_size(void)
{
    ack.bytes[2] = 16;
}

static void other_machine(void)
{
    ack.bytes[33] ^= 1;
}

static void other_magic(void)
{
    ack.bytes[239] ^= 1;
}

static void address_zero(void)
{
    memset(ack.bytes + 16, 0, 4);
}

static void address_broadcast(void)
{
    memset(ack.bytes + 16, 255, 4);
}

static void address_multicast(void)
{
    ack.bytes[16] = 224;
}

static void address_loopback(void)
{
    ack.bytes[16] = 127;
}

static void length_past_the_end(void)
{
    ack.bytes[241] = 200;
}

static const struct {
    const char *what;
    void (*spoil)(void);
} spoils[] = {
    {"an offer", offer},
    {"a refusal", nak},
    {"an unknown type", no_such_type},
    {"no type", no_type},
    {"no server identifier", no_server},
    {"a client's message", request},
    {"other hardware", other_hardware},
    {"a longer hardware address", other_hardware_size},
    {"for another machine", other_machine},
    {"no cookie", other_magic},
    {"address zero", address_zero},
    {"broadcast address", address_broadcast},
    {"multicast address", address_multicast},
    {"loopback address", address_loopback},
    {"a length past the end", length_past_the_end},
};

#define SPOILS (sizeof spoils / sizeof spoils[0])

static void spoil(size_t i)
{
    print_message("%s\n", spoils[i].what);
    write_ack(3600, NULL);
    spoils[i].spoil();
}

static void test_req_344_messages_that_are_no_acknowledgement_of_ours_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < SPOILS; i++) {
        struct net_lease lease;

        open_as_firmware();
        spoil(i);
        assert_false(adopt(ack.length));
        assert_int_equal(net_state(), NET_UP);
        net_get_lease(&lease);
        assert_memory_equal(lease.address, "\0\0\0\0", 4);
        world_run(100000);
        assert_int_equal(server.last_length, 0);
        world_end();
    }
}

static void test_req_344_every_piece_of_an_acknowledgement_is_refused(void **state)
{
    (void)state;
    open_as_firmware();
    write_ack(3600, NULL);
    for (size_t cut = 0; cut < ack.length - 1; cut++) {
        assert_false(adopt(cut));
        assert_int_equal(net_state(), NET_UP);
    }
    /* The END alone may be missing: see the reader. */
    assert_true(adopt(ack.length - 1));
    world_end();
}

static void test_refused_message_leaves_what_is_there(void **state)
{
    struct peer_connection *connection = NULL;
    struct stream *stream;

    (void)state;
    begin_adopted(3600, NULL);
    stream = connect_peer(&connection);
    for (size_t i = 0; i < SPOILS; i++) {
        spoil(i);
        assert_false(adopt(ack.length));
        assert_int_equal(net_state(), NET_CONFIGURED);
        check_adopted_lease();
    }
    world_run(60500);
    assert_int_equal(server.renewals, 1);
    assert_int_equal(stream_state(stream), STREAM_OPEN);
    end_with(stream, connection);
}

static void test_refused_message_leaves_dhcp_running(void **state)
{
    (void)state;
    open_as_firmware();
    server.delay_ms = 100;
    net_dhcp_start();
    world_run(50);
    spoil(0);
    assert_false(adopt(ack.length));
    assert_int_equal(net_state(), NET_DISCOVERING);
    assert_true(world_until(is_configured, NULL, 900));
    assert_int_equal(server.discovers, 1);
    world_end();
}

/* ---- what the firmware does to a message that it keeps ---- */

#define NAME "boot/lunboot.efi"

/* Less its code, the second option is still one: with another code, of one byte. */
static void name_and_mtu(void)
{
    ack_option(67, NAME, strlen(NAME));
    ack_option(26, (uint8_t[]){0x02, 0x58}, 2);
}

static void name_with_nul_and_padding(void)
{
    ack_option(67, NAME, sizeof NAME);
    ack.length++;
    ack_option(26, (uint8_t[]){0x02, 0x58}, 2);
}

static void empty_name_and_padding(void)
{
    ack_option(67, "", 0);
    ack.length++;
    ack_option(26, (uint8_t[]){0x02, 0x58}, 2);
}

/* The firmware's NUL behind the name. */
static void put_nul(void)
{
    size_t at = 44;

    while (memcmp(ack.bytes + at, NAME, strlen(NAME)) != 0) {
        at++;
    }
    ack.bytes[at + strlen(NAME)] = 0;
}

static void name_in_the_file_field(void)
{
    ack.length--;
    ack_option(52, "\x01", 1);
    memcpy(ack.bytes + 108, (uint8_t[]){67, sizeof NAME - 1}, 2);
    memcpy(ack.bytes + 110, NAME, strlen(NAME));
}

static void check_mtu(bool taken, unsigned mtu)
{
    struct net_lease lease;

    open_as_firmware();
    assert_int_equal(adopt(ack.length), taken);
    net_get_lease(&lease);
    assert_int_equal(lease.mtu, mtu);
    world_end();
}

static void test_option_whose_code_the_firmware_overwrote_is_not_overlooked(void **state)
{
    (void)state;
    write_ack(3600, name_and_mtu);
    check_mtu(true, 600);
    put_nul();
    check_mtu(false, 0);

    write_ack(3600, NULL);
    name_in_the_file_field();
    memcpy(ack.bytes + 110 + strlen(NAME), (uint8_t[]){26, 2, 0x02, 0x58, 255}, 5);
    check_mtu(true, 600);
    put_nul();
    check_mtu(false, 0);
}

static void test_padding_behind_a_name_is_none_of_the_firmwares(void **state)
{
    (void)state;
    write_ack(3600, name_with_nul_and_padding);
    check_mtu(true, 600);
    write_ack(3600, empty_name_and_padding);
    check_mtu(true, 600);
}

static void test_end_that_the_firmware_overwrote_is_not_missed(void **state)
{
    (void)state;
    write_ack(3600, NULL);
    ack.length--;
    ack_option(67, NAME, strlen(NAME));
    check_mtu(true, 0); /* to the last byte */
    ack.length++;       /* over the END */
    check_mtu(true, 0);
    ack.length = sizeof ack.bytes;
    check_mtu(true, 0);
    ack.bytes[1000] = 255;
    check_mtu(true, 0);
    ack.bytes[999] = 1; /* of an older, longer message */
    check_mtu(false, 0);

    write_ack(3600, NULL);
    name_in_the_file_field();
    check_mtu(true, 0);
}

/* ---- as another client of this machine ---- */

static void test_client_speaks_under_the_identifier_it_was_given(void **state)
{
    uint8_t id[sizeof firmware_id];

    (void)state;
    memcpy(id, firmware_id, sizeof id);
    open_as(id, sizeof id);
    memset(id, 0, sizeof id); /* it was copied */
    server.no_offer = true;
    net_dhcp_start();
    world_run(10);
    dhcpd_check_sent(&server, 61, firmware_id, sizeof firmware_id);
    server.no_offer = false;
    assert_true(world_until(is_configured, NULL, 10000));
    dhcpd_check_sent(&server, 53, "\x03", 1);
    dhcpd_check_sent(&server, 61, firmware_id, sizeof firmware_id);
    /* The machine is still the machine. */
    dhcpd_check_sent(&server, 97, "\0\x01\x02\x03\0\0\0\0\0\0\0\0\0\0\0\0\0", 17);
    world_end();
}

static void test_client_sends_no_identifier_where_the_other_sent_none(void **state)
{
    size_t length;

    (void)state;
    open_as(firmware_id, 0);
    server.no_offer = true;
    net_dhcp_start();
    world_run(10);
    assert_int_equal(server.discovers, 1);
    assert_null(dhcpd_last_option(&server, 61, &length));
    server.no_offer = false;
    assert_true(world_until(is_configured, NULL, 10000));
    assert_null(dhcpd_last_option(&server, 61, &length));
    world_end();
}

static void test_longest_identifier_goes_out_whole(void **state)
{
    uint8_t id[255];

    (void)state;
    for (size_t i = 0; i < sizeof id; i++) {
        id[i] = (uint8_t)i;
    }
    open_as(id, sizeof id);
    net_dhcp_start();
    assert_true(world_until(is_configured, NULL, 10000));
    dhcpd_check_sent(&server, 53, "\x03", 1);
    dhcpd_check_sent(&server, 50, server.offered, 4);
    dhcpd_check_sent(&server, 61, id, sizeof id);
    world_end();
}

/* ---- room ---- */

static size_t build(const char *hostname, uint8_t id_length, uint8_t *message)
{
    static const uint8_t id[255] = {0, 1, 2, 3};
    const struct net_identity identity = {.has_uuid = true,
                                          .architecture = 7,
                                          .hostname = hostname,
                                          .client_id = id,
                                          .client_id_length = id_length};
    const struct dhcp_request request = {.type = DHCP_REQUEST,
                                         .requested = {10, 0, 0, 2},
                                         .server = {10, 0, 0, 1},
                                         .mtu = 1500,
                                         .identity = &identity};

    return dhcp_message_build(&request, message);
}

static bool message_has(const uint8_t *message, size_t length, uint8_t code, size_t size)
{
    size_t at = 240;

    while (message[at] != 255) {
        if (message[at] == code) {
            return message[at + 1] == size;
        }
        at += 2u + message[at + 1];
        assert_true(at < length);
    }
    return false;
}

static void check_room(uint8_t id_length, bool user_class, bool machine, bool host)
{
    static const char hostname[] = "a2345678901234567890123456789012345678901234567890123456789abcd";
    uint8_t *message = malloc(DHCP_MESSAGE_MAX); /* the sanitizer sees the byte beyond */
    size_t length = build(hostname, id_length, message);

    assert_int_equal(strlen(hostname), 63);
    assert_in_range(length, 300, DHCP_MESSAGE_MAX);
    assert_true(message_has(message, length, 53, 1));
    assert_true(message_has(message, length, 57, 2));
    assert_true(message_has(message, length, 50, 4));
    assert_true(message_has(message, length, 54, 4));
    assert_true(message_has(message, length, 55, 10));
    assert_true(message_has(message, length, 60, 7));
    assert_true(message_has(message, length, 93, 2));
    assert_true(message_has(message, length, 61, id_length));
    assert_int_equal(message_has(message, length, 77, 8), user_class);
    assert_int_equal(message_has(message, length, 97, 17), machine);
    assert_int_equal(message_has(message, length, 12, 63), host);
    free(message);
}

static void test_longest_identifier_fits_and_lesser_options_give_way(void **state)
{
    (void)state;
    check_room(135, true, true, true); /* the longest of RFC 4361: a DUID of 130 bytes behind five */
    check_room(167, true, true, true);
    check_room(168, true, true, false);
    check_room(232, true, true, false);
    check_room(233, true, false, false);
    check_room(251, true, false, false);
    check_room(252, false, false, false);
    check_room(255, false, false, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adopted_address_answers_arp_without_a_word_to_the_server),
        cmocka_unit_test(test_adopted_lease_carries_a_stream_without_a_word_to_the_server),
        cmocka_unit_test(test_adopted_lease_is_what_the_message_says_but_for_pxes_vendor_options),
        cmocka_unit_test(test_no_complaint_of_a_vendor_option_that_is_left_out_anyhow),
        cmocka_unit_test(test_zeros_after_the_end_do_not_matter),
        cmocka_unit_test(test_configured_name_servers_go_before_those_of_an_adopted_lease),
        cmocka_unit_test(test_long_lease_is_renewed_after_a_minute),
        cmocka_unit_test(test_short_lease_is_renewed_after_a_quarter),
        cmocka_unit_test(test_renewal_is_earlier_where_the_server_wants_it),
        cmocka_unit_test(test_lease_without_an_end_is_not_renewed),
        cmocka_unit_test(test_renewed_lease_lives_like_one_of_ours),
        cmocka_unit_test(test_refused_renewal_starts_anew),
        cmocka_unit_test(test_renewal_by_another_server_is_not_taken),
        cmocka_unit_test(test_adopted_lease_is_rebound_and_then_lost),
        cmocka_unit_test(test_close_does_not_release_an_adopted_address),
        cmocka_unit_test(test_lease_is_adopted_while_dhcp_runs),
        cmocka_unit_test(test_late_offer_does_not_touch_an_adopted_lease),
        cmocka_unit_test(test_dhcp_started_after_an_adoption_starts_anew),
        cmocka_unit_test(test_static_address_ends_an_adopted_lease),
        cmocka_unit_test(test_same_lease_again_leaves_the_streams),
        cmocka_unit_test(test_nothing_is_adopted_without_an_interface),
        cmocka_unit_test(test_nothing_is_adopted_on_a_device_that_failed),
        cmocka_unit_test(test_req_344_messages_that_are_no_acknowledgement_of_ours_are_refused),
        cmocka_unit_test(test_req_344_every_piece_of_an_acknowledgement_is_refused),
        cmocka_unit_test(test_refused_message_leaves_what_is_there),
        cmocka_unit_test(test_refused_message_leaves_dhcp_running),
        cmocka_unit_test(test_option_whose_code_the_firmware_overwrote_is_not_overlooked),
        cmocka_unit_test(test_padding_behind_a_name_is_none_of_the_firmwares),
        cmocka_unit_test(test_end_that_the_firmware_overwrote_is_not_missed),
        cmocka_unit_test(test_client_speaks_under_the_identifier_it_was_given),
        cmocka_unit_test(test_client_sends_no_identifier_where_the_other_sent_none),
        cmocka_unit_test(test_longest_identifier_goes_out_whole),
        cmocka_unit_test(test_longest_identifier_fits_and_lesser_options_give_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
