/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lease that the firmware's PXE was given, taken over: nothing is asked again, it is renewed as one of
 * our own, and a message that is none changes nothing. What PXE's messages say of the boot file and the
 * client.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/net.h"
#include "net/stream.h"
#include "tests/peer/peer.h"
#include "tests/world/dhcpd.h"
#include "tests/world/packet.h"
#include "tests/world/world.h"

#define ROOT_PATH "iscsi:10.0.0.1::::iqn.2026-01.example:disk"
#define MAX       1472u

static const uint8_t pxe_id[] = {0, 9, 8, 7, 6};
static uint8_t message[MAX];
static size_t message_length;

/* --- Messages as a PXE client keeps them: in a buffer with zeros behind the end mark --- */

static void put(uint8_t code, const void *bytes, size_t length)
{
    message[message_length] = code;
    message[message_length + 1] = (uint8_t)length;
    memcpy(message + message_length + 2, bytes, length);
    message_length += 2 + length;
    message[message_length] = 255;
}

static void new_message(uint8_t op, uint8_t type)
{
    memset(message, 0, sizeof message);
    memcpy(message, (const uint8_t[]){op, 1, 6, 0, 0xde, 0xad, 0xbe, 0xef}, 8);
    memcpy(message + 28, WORLD_MAC, 6);
    memcpy(message + 236, (const uint8_t[]){99, 130, 83, 99}, 4);
    message_length = 240;
    put(53, &type, 1);
}

static void new_ack(void)
{
    new_message(2, 5);
    memcpy(message + 16, (const uint8_t[]){10, 0, 0, 50}, 4);
    put(54, (const uint8_t[]){10, 0, 0, 1}, 4);
    put(51, (const uint8_t[]){0, 0, 0x0e, 0x10}, 4);
    put(1, (const uint8_t[]){255, 255, 255, 0}, 4);
    put(17, ROOT_PATH, strlen(ROOT_PATH));
    put(43, "\x06\x01\x08", 3);
}

static bool adopt(void)
{
    uint8_t *copy = malloc(message_length + 1);
    bool good;

    memcpy(copy, message, message_length + 1);
    good = net_dhcp_adopt(copy, message_length + 1);
    free(copy);
    return good;
}

static struct dhcpd server;

static void begin(const uint8_t *client_id, uint8_t length)
{
    const struct net_config config = {.offer_wait_ms = 10,
                                      .identity = {.uuid = {1},
                                                   .has_uuid = true,
                                                   .architecture = 7,
                                                   .client_id = client_id,
                                                   .client_id_length = length}};

    world_begin(&(struct world_config){.seed = 1, .delay_ms = 1, .with_peer = true});
    dhcpd_init(&server, 1);
    dhcpd_usual(&server, 3600);
    dhcpd_start(&server);
    assert_true(net_open(world_nic(), &config));
}

static bool is_open(void *stream)
{
    return stream_state(stream) == STREAM_OPEN;
}

static void test_an_adopted_address_is_in_use_at_once_and_nothing_is_asked(void **state)
{
    const struct net_address address = {.family = 4, .bytes = {10, 0, 0, 1}};
    struct net_lease lease;
    struct stream *stream;

    (void)state;
    begin(pxe_id, sizeof pxe_id);
    new_ack();
    assert_true(adopt());
    assert_int_equal(net_state(), NET_CONFIGURED);
    net_get_lease(&lease);
    assert_memory_equal(lease.address, ((uint8_t[]){10, 0, 0, 50}), 4);
    assert_memory_equal(lease.server, ((uint8_t[]){10, 0, 0, 1}), 4);
    assert_int_equal(lease.root_path_length, strlen(ROOT_PATH));
    assert_int_equal(lease.vendor_length, 0); /* it was said to PXE */
    peer_listen(3260);
    stream = stream_connect(&address, 3260);
    assert_non_null(stream);
    assert_true(world_until(is_open, stream, 2000));
    stream_abort(stream);
    world_run(10);
    peer_vanish(peer_accept());
    assert_int_equal(server.discovers + server.requests, 0);
    world_end();
}

static void test_an_adopted_lease_is_renewed_early_by_the_same_client(void **state)
{
    size_t length;
    const uint8_t *id;

    (void)state;
    begin(pxe_id, sizeof pxe_id);
    new_ack();
    memcpy(server.offered, message + 16, 4);
    assert_true(adopt());
    world_run(55000);
    assert_int_equal(server.requests, 0);
    world_run(10000);
    assert_int_equal(server.renewals, 1);
    id = dhcpd_last_option(&server, 61, &length);
    assert_non_null(id);
    assert_int_equal(length, sizeof pxe_id);
    assert_memory_equal(id, pxe_id, length);
    assert_memory_equal(server.last + 12, ((uint8_t[]){10, 0, 0, 50}), 4);
    assert_int_equal(server.discovers, 0);
    assert_int_equal(net_state(), NET_CONFIGURED);
    world_end();
}

static void test_a_refused_renewal_begins_anew(void **state)
{
    (void)state;
    begin(NULL, 0);
    new_ack();
    assert_true(adopt());
    server.nak = true;
    world_run(61000);
    assert_int_not_equal(net_state(), NET_CONFIGURED);
    server.nak = false;
    world_run(10000);
    assert_int_equal(net_state(), NET_CONFIGURED);
    assert_true(server.discovers > 0);
    world_end();
}

static void test_a_client_that_sent_no_identifier_still_sends_none(void **state)
{
    size_t length;

    (void)state;
    begin(pxe_id, 0);
    net_dhcp_start();
    world_run(1000);
    assert_int_equal(net_state(), NET_CONFIGURED);
    assert_null(dhcpd_last_option(&server, 61, &length));
    assert_non_null(dhcpd_last_option(&server, 97, &length));
    world_end();
}

static void test_an_identifier_that_finds_no_room_is_made_as_ever(void **state)
{
    static const uint8_t longest[255] = {7};
    size_t length;

    (void)state;
    begin(longest, 129);
    net_dhcp_start();
    world_run(1000);
    assert_non_null(dhcpd_last_option(&server, 61, &length));
    assert_int_equal(length, 17);
    world_end();
    begin(longest, 128);
    net_dhcp_start();
    world_run(1000);
    assert_int_equal(net_state(), NET_CONFIGURED);
    assert_non_null(dhcpd_last_option(&server, 61, &length));
    assert_int_equal(length, 128);
    world_end();
}

static void assert_not_adopted(void)
{
    struct net_lease lease;

    assert_false(adopt());
    assert_int_equal(net_state(), NET_UP);
    net_get_lease(&lease);
    assert_int_equal(lease.address[0], 0);
}

static void test_what_is_no_acknowledgement_for_us_changes_nothing(void **state)
{
    static const uint8_t addresses[][4] = {
        {0, 0, 0, 0}, {255, 255, 255, 255}, {224, 0, 0, 1}, {127, 0, 0, 1}};

    (void)state;
    begin(NULL, 0);
    for (unsigned type = 0; type <= 8; type++) {
        new_ack();
        message[242] = (uint8_t)type;
        if (type != 5)
            assert_not_adopted();
    }
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        new_ack();
        memcpy(message + 16, addresses[i], 4);
        assert_not_adopted();
    }
    new_ack();
    message[33] ^= 1; /* somebody else's */
    assert_not_adopted();
    new_ack();
    message[236] ^= 1;
    assert_not_adopted();
    new_ack();
    message[0] = 1;
    assert_not_adopted();
    new_ack();
    assert_true(adopt());
    world_end();
}

static void test_a_message_that_is_cut_is_taken_whole_or_not_at_all(void **state)
{
    struct net_lease lease;
    size_t whole;

    (void)state;
    new_ack();
    whole = message_length;
    for (message_length = 0; message_length < whole; message_length++) {
        begin(NULL, 0);
        if (adopt()) {
            net_get_lease(&lease);
            assert_true(lease.root_path_length == 0 || lease.root_path_length == strlen(ROOT_PATH));
        }
        world_end();
    }
}

static void test_dhcp_after_an_adoption_asks_anew(void **state)
{
    struct net_lease lease;

    (void)state;
    begin(pxe_id, sizeof pxe_id);
    new_ack();
    assert_true(adopt());
    net_dhcp_start();
    assert_int_equal(net_state(), NET_DISCOVERING);
    world_run(1000);
    assert_int_equal(net_state(), NET_CONFIGURED);
    net_get_lease(&lease);
    assert_memory_equal(lease.address, server.offered, 4);
    assert_int_equal(server.discovers, 1);
    world_end();
}

/* --- The boot file --- */

static bool read_file(struct net_boot_file *ret_file)
{
    uint8_t *copy = malloc(message_length + 1);
    bool good;

    memcpy(copy, message, message_length + 1);
    good = net_boot_file(copy, message_length + 1, ret_file);
    free(copy);
    return good;
}

static void assert_file(const uint8_t server_address[4], const char *name)
{
    struct net_boot_file file;

    assert_true(read_file(&file));
    assert_memory_equal(file.server, server_address, 4);
    assert_string_equal(file.file, name);
}

static void test_the_boot_file_and_its_server(void **state)
{
    static const uint8_t next[4] = {10, 0, 0, 9}, named[4] = {10, 0, 0, 8}, own[4] = {10, 0, 0, 1};

    (void)state;
    new_ack();
    strcpy((char *)message + 108, "field.efi");
    assert_file(own, "field.efi");
    put(66, "10.0.0.8", 8);
    assert_file(named, "field.efi");
    memcpy(message + 20, next, 4);
    assert_file(next, "field.efi");
    put(67, "boot/lunboot.efi\0", 17);
    assert_file(next, "boot/lunboot.efi");
}

static void test_a_boot_servers_reply_needs_no_server_identifier(void **state)
{
    (void)state;
    new_message(2, 5);
    memcpy(message + 20, (const uint8_t[]){10, 0, 0, 9}, 4);
    put(67, "a", 1);
    assert_file((const uint8_t[]){10, 0, 0, 9}, "a");
}

static void test_a_file_field_that_holds_options_names_no_file(void **state)
{
    struct net_boot_file file;

    (void)state;
    new_ack();
    put(52, "\x01", 1);
    memcpy(message + 108, (const uint8_t[]){67, 3, 'a', '/', 'b', 255}, 6);
    assert_file((const uint8_t[]){10, 0, 0, 1}, "a/b");
    message[108] = 0;
    message[109] = 255;
    memcpy(message + 110, "x.efi", 6);
    assert_false(read_file(&file));
}

static void test_hostile_boot_files_are_none(void **state)
{
    static const char *const bad[] = {"", "a b", "a\x1b[2J", "a\n", "\x80"};
    struct net_boot_file file;
    size_t whole;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        new_ack();
        put(67, bad[i], strlen(bad[i]));
        assert_false(read_file(&file));
    }
    new_message(2, 5); /* no server at all */
    put(67, "a", 1);
    assert_false(read_file(&file));
    put(66, "10.0.0.256", 10);
    assert_false(read_file(&file));
    new_ack();
    put(67, "lunboot.efi", 11);
    whole = message_length;
    for (message_length = 0; message_length < whole; message_length++)
        if (read_file(&file))
            assert_string_equal(file.file, "lunboot.efi");
}

static void test_the_clients_own_identifier_is_found(void **state)
{
    const uint8_t *id;
    uint8_t length;

    (void)state;
    new_message(1, 1);
    assert_false(net_client_id(message, sizeof message, &id, &length));
    put(61, pxe_id, sizeof pxe_id);
    assert_true(net_client_id(message, sizeof message, &id, &length));
    assert_int_equal(length, sizeof pxe_id);
    assert_memory_equal(id, pxe_id, length);
    assert_false(net_client_id(message, message_length - 1, &id, &length));
    message[0] = 2;
    assert_false(net_client_id(message, sizeof message, &id, &length));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_adopted_address_is_in_use_at_once_and_nothing_is_asked),
        cmocka_unit_test(test_an_adopted_lease_is_renewed_early_by_the_same_client),
        cmocka_unit_test(test_a_refused_renewal_begins_anew),
        cmocka_unit_test(test_a_client_that_sent_no_identifier_still_sends_none),
        cmocka_unit_test(test_an_identifier_that_finds_no_room_is_made_as_ever),
        cmocka_unit_test(test_what_is_no_acknowledgement_for_us_changes_nothing),
        cmocka_unit_test(test_a_message_that_is_cut_is_taken_whole_or_not_at_all),
        cmocka_unit_test(test_dhcp_after_an_adoption_asks_anew),
        cmocka_unit_test(test_the_boot_file_and_its_server),
        cmocka_unit_test(test_a_boot_servers_reply_needs_no_server_identifier),
        cmocka_unit_test(test_a_file_field_that_holds_options_names_no_file),
        cmocka_unit_test(test_hostile_boot_files_are_none),
        cmocka_unit_test(test_the_clients_own_identifier_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
