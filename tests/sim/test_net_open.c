/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening and closing interfaces, one after the other: whatever was going on, nothing may be left, for the
 * next NIC is tried on the same stack.
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
#include "tests/world/usage.h"
#include "tests/world/world.h"

#define PORT 3260u

static const struct net_address peer_address = {.family = 4, .bytes = {10, 0, 0, 1}};

static bool is_open(void *arg)
{
    return stream_state(arg) == STREAM_OPEN;
}

static bool is_accepted(void *arg)
{
    struct peer_connection **connection = arg;

    return (*connection = peer_accept()) != NULL;
}

static struct stream *connect_peer(struct peer_connection **ret_connection)
{
    struct stream *stream = stream_connect(&peer_address, PORT);

    assert_non_null(stream);
    assert_true(world_until(is_open, stream, 5000));
    assert_true(world_until(is_accepted, ret_connection, 5000));
    return stream;
}

/* ---- what is going on at the close ---- */

static void nothing(void)
{
}

static void discovering(void)
{
    net_dhcp_start();
    world_run(1500);
}

static struct dhcpd server;

static void collecting_offers(void)
{
    dhcpd_init(&server, 1);
    dhcpd_usual(&server, 600);
    dhcpd_start(&server);
    net_dhcp_start();
    world_run(100);
}

static void leased(void)
{
    collecting_offers();
    world_run(2000);
    assert_int_equal(net_state(), NET_CONFIGURED);
}

static void resolving(void)
{
    net_resolve_start("name.example");
    world_run(500);
}

static void connecting(void)
{
    struct net_address nobody = {.family = 4, .bytes = {10, 0, 0, 77}};
    struct stream *stream = stream_connect(&nobody, PORT);

    world_run(1500); /* waiting for ARP, the SYN queued there */
    assert_int_equal(stream_state(stream), STREAM_CONNECTING);
    net_close();
    assert_int_equal(stream_state(stream), STREAM_FAILED);
    stream_close(stream);
}

static void unread_and_unsent(void)
{
    static uint8_t bytes[300000];
    struct peer_connection *connection;
    struct stream *stream = connect_peer(&connection);
    const uint8_t *window;

    assert_int_equal(peer_send(connection, bytes, sizeof bytes), sizeof bytes);
    world_run(1000);
    assert_true(stream_peek(stream, &window) > 0);
    world_cut(true);
    assert_true(stream_commit(stream, bytes, 200000) > 100000);
    stream_flush(stream);
    world_run(300);
    net_close();
    assert_int_equal(stream_state(stream), STREAM_FAILED);
    assert_int_equal(stream_peek(stream, &window), 0);
    stream_close(stream);
    peer_vanish(connection);
}

static void out_of_order(void)
{
    static uint8_t bytes[200000];
    struct peer_connection *connection;
    struct stream *stream = connect_peer(&connection);

    /* The first segment of the burst is lost: the rest waits for it in lwIP. */
    world_cut(true);
    peer_send(connection, bytes, 1000);
    world_cut(false);
    peer_send(connection, bytes, sizeof bytes);
    world_run(20);
    net_close();
    stream_abort(stream);
    peer_vanish(connection);
}

static void lingering(void)
{
    struct peer_connection *connection;
    struct stream *stream = connect_peer(&connection);

    stream_commit(stream, "bye", 3);
    world_cut(true);
    stream_close(stream);
    world_run(100);
    assert_false(net_quiet());
    peer_vanish(connection);
}

static void time_wait(void)
{
    struct peer_connection *connection;
    struct stream *stream = connect_peer(&connection);

    stream_close(stream);
    world_run(100);
    peer_shut(connection);
    world_run(100);
    assert_true(net_quiet());
}

static void device_gone(void)
{
    struct peer_connection *connection;
    struct stream *stream = connect_peer(&connection);

    world_break();
    world_run(1000);
    assert_int_equal(net_state(), NET_FAILED);
    stream_abort(stream);
    peer_vanish(connection);
}

static void (*const situations[])(void) = {nothing,   discovering, collecting_offers, leased,
                                           resolving, connecting,  unread_and_unsent, out_of_order,
                                           lingering, time_wait,   device_gone};

#define SITUATIONS (sizeof situations / sizeof situations[0])

static void one_cycle(unsigned which, uint64_t seed)
{
    world_begin(&(struct world_config){.seed = seed, .delay_ms = 1, .with_peer = true});
    peer_listen(PORT);
    world_open_static(0);
    situations[which]();
    world_end();
    assert_int_equal(net_state(), NET_CLOSED);
}

static void test_hundred_opens_and_closes_leave_nothing(void **state)
{
    struct net_counters counters;
    struct usage before, after;

    (void)state;
    one_cycle(0, 1);
    before = usage_now();
    for (unsigned i = 0; i < 10 * SITUATIONS; i++) {
        one_cycle(i % SITUATIONS, i);
        after = usage_now();
        usage_check_same(&before, &after);
    }
    net_get_counters(&counters);
    assert_int_equal(counters.pcbs, 0);
    assert_int_equal(counters.buffers, 0);
}

static void test_second_interface_is_refused_while_one_is_open(void **state)
{
    struct net_config config = {0};

    (void)state;
    world_begin(&(struct world_config){.seed = 1});
    world_open_static(0);
    assert_false(net_open(world_plain_nic(), &config));
    assert_true(world_logged("another interface is open"));
    assert_int_equal(net_state(), NET_CONFIGURED);
    net_close();
    net_close();
    assert_true(net_open(world_plain_nic(), &config));
    world_end();
}

static void test_closed_network_does_nothing(void **state)
{
    struct net_address addresses[NET_NAMES_MAX];
    struct net_lease lease = {.address = {1, 2, 3, 4}};
    unsigned count;

    (void)state;
    world_begin(&(struct world_config){.seed = 1});
    assert_false(net_poll());
    assert_true(net_next_ms() == UINT64_MAX);
    net_set_static(&lease);
    net_dhcp_start();
    assert_int_equal(net_state(), NET_CLOSED);
    assert_null(stream_connect(&peer_address, PORT));
    net_resolve_start("name.example");
    assert_int_equal(net_resolve_poll(addresses, &count), NET_NO_SERVER);
    assert_true(net_quiet());
    world_end();
}

/* A stream that its owner still holds is of no use on the next interface, and takes nothing from it. */
static void test_stream_held_over_a_close_can_be_given_back_later(void **state)
{
    struct peer_connection *connection;
    struct stream *old, *new;

    (void)state;
    world_begin(&(struct world_config){.seed = 1, .with_peer = true});
    peer_listen(PORT);
    world_open_static(0);
    old = connect_peer(&connection);
    peer_vanish(connection);
    net_close();
    world_open_static(0);
    assert_int_equal(stream_state(old), STREAM_FAILED);
    new = connect_peer(&connection);
    stream_close(old);
    assert_int_equal(stream_state(new), STREAM_OPEN);
    assert_int_equal(peer_send(connection, "x", 1), 1);
    world_run(100);
    assert_int_equal(stream_state(new), STREAM_OPEN);
    stream_close(new);
    peer_shut(connection);
    world_end();
}

static void test_counters_count(void **state)
{
    struct peer_connection *connection;
    struct net_counters counters;
    struct stream *stream;

    (void)state;
    world_begin(&(struct world_config){.seed = 1, .with_peer = true});
    peer_listen(PORT);
    world_open_static(0);
    stream = connect_peer(&connection);
    net_get_counters(&counters);
    assert_true(counters.frames_in >= 2 && counters.frames_out >= 3);
    assert_true(counters.bytes_in >= 2 * 54 && counters.bytes_out >= 3 * 42);
    assert_int_equal(counters.pcbs, 1);
    assert_int_equal(counters.dropped, 0);
    world_send("not for us: a frame of an unknown type", 38, 0);
    world_send("short", 5, 0);
    world_run(10);
    net_get_counters(&counters);
    assert_int_equal(counters.dropped, 2);
    stream_abort(stream);
    peer_vanish(connection);
    world_end();
}

/* The caller sleeps until the time that it is told: nothing may come later than by polling all the time. */
static void test_next_time_covers_every_timer(void **state)
{
    uint64_t start;

    (void)state;
    world_begin(&(struct world_config){.seed = 1, .with_peer = true});
    dhcpd_init(&server, 1);
    dhcpd_usual(&server, 600);
    dhcpd_start(&server);
    assert_true(net_open(world_nic(), &(struct net_config){0}));
    start = world_now();
    net_dhcp_start();
    assert_in_range(net_next_ms(), start, start + 1255);
    world_run(5);
    assert_in_range(net_next_ms(), start, start + 1000); /* the collection of offers */
    world_run(2000);
    assert_int_equal(net_state(), NET_CONFIGURED);
    net_resolve_start("name.example");
    assert_in_range(net_next_ms(), world_now(), world_now() + 1000);
    world_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hundred_opens_and_closes_leave_nothing),
        cmocka_unit_test(test_second_interface_is_refused_while_one_is_open),
        cmocka_unit_test(test_closed_network_does_nothing),
        cmocka_unit_test(test_stream_held_over_a_close_can_be_given_back_later),
        cmocka_unit_test(test_counters_count),
        cmocka_unit_test(test_next_time_covers_every_timer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
