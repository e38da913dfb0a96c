/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which target a list of targets leaves to boot from, and in which order its portals are tried.
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

#include "firmware/targets.h"

#define A "TargetName=iqn.2001-04.com.example:a\0"
#define B "TargetName=iqn.2001-04.com.example:b\0"

static const struct portal asked = {.host = "san.example", .port = 3260};
static const struct address address = {.family = ADDRESS_IPV4, .bytes = {10, 0, 0, 1}};

static struct targets targets;

/* What the list leads to, read from a copy of just its size. */
static enum fault_code read_list(const char *text, size_t length)
{
    char *copy = malloc(length > 0 ? length : 1);
    enum fault_code code;

    assert_non_null(copy);
    memcpy(copy, text, length);
    memset(&targets, 0xa5, sizeof targets);
    code = targets_read(&targets, copy, length, &asked, &address);
    free(copy);
    return code;
}

#define READ(text) read_list(text, sizeof(text) - 1)

static void assert_portals(const char *expected)
{
    char text[SESSION_PORTALS_MAX * 300] = "";
    size_t used = 0;

    assert_true(targets.portal_count <= SESSION_PORTALS_MAX);
    for (unsigned i = 0; i < targets.portal_count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s:%u", i > 0 ? " " : "",
                                 targets.portals[i].host, targets.portals[i].port);
    assert_string_equal(text, expected);
}

static void test_req_023_the_only_target_is_the_one(void **state)
{
    (void)state;
    assert_int_equal(READ(A "TargetAddress=10.0.0.1:3260,1\0TargetAddress=10.0.0.2:3261,1\0"), FAULT_NONE);
    assert_int_equal(targets.count, 1);
    assert_string_equal(targets.names[0], "iqn.2001-04.com.example:a");
    assert_int_equal(READ(A "TargetAddress=10.0.0.1\0" A "TargetAddress=10.0.0.2\0"), FAULT_NONE);
    assert_portals("san.example:3260 10.0.0.2:3260"); /* named twice, it is still one */
}

static void test_req_023_several_targets_are_not_chosen_from(void **state)
{
    (void)state;
    assert_int_equal(READ(A "TargetAddress=10.0.0.1\0" B "TargetAddress=10.0.0.1\0" A),
                     FAULT_DISCOVERY_SEVERAL);
    assert_int_equal(targets.count, 2);
    assert_false(targets.more);
    assert_string_equal(targets.names[0], "iqn.2001-04.com.example:a");
    assert_string_equal(targets.names[1], "iqn.2001-04.com.example:b");
}

static void test_req_190_no_target_is_told(void **state)
{
    (void)state;
    assert_int_equal(READ(""), FAULT_DISCOVERY_EMPTY);
    assert_int_equal(READ("TargetAddress=10.0.0.1\0"), FAULT_DISCOVERY_EMPTY);
    assert_int_equal(READ("SendTargets=Reject\0"), FAULT_DISCOVERY_EMPTY);
    assert_int_equal(targets.count, 0);
}

/* What stood before the damage may be half of a list: it is not booted from. */
static void test_req_190_a_damaged_list_is_refused(void **state)
{
    (void)state;
    assert_int_equal(READ(A "TargetAddress=10.0.0.1\0no list"), FAULT_FORMAT_TEXT);
}

static void test_the_portal_asked_comes_first_where_it_serves_the_target(void **state)
{
    (void)state;
    READ(A "TargetAddress=10.0.0.2,1\0TargetAddress=10.0.0.1,1\0TargetAddress=10.0.0.3,1\0"); /* by address */
    assert_portals("san.example:3260 10.0.0.2:3260 10.0.0.3:3260");
    READ(A "TargetAddress=10.0.0.2,1\0TargetAddress=san.example,2\0"); /* by name */
    assert_portals("san.example:3260 10.0.0.2:3260");
    READ(A); /* no address: this portal serves it (RFC 7143 appendix C) */
    assert_portals("san.example:3260");
}

static void test_the_portal_asked_comes_last_where_it_is_not_listed(void **state)
{
    (void)state;
    READ(A "TargetAddress=10.0.0.2,1\0TargetAddress=other.example:860,2\0");
    assert_portals("10.0.0.2:3260 other.example:860 san.example:3260");
    READ(A "TargetAddress=10.0.0.1:860,1\0"); /* another port is another portal */
    assert_portals("10.0.0.1:860 san.example:3260");
}

static void test_req_189_addresses_out_of_reach_are_passed_over(void **state)
{
    (void)state;
    READ(A "TargetAddress=127.0.0.1,1\0TargetAddress=0.0.0.0,1\0TargetAddress=239.1.1.1,1\0"
           "TargetAddress=255.255.255.255,1\0TargetAddress=[2001:db8::1],1\0TargetAddress=[::1],1\0"
           "TargetAddress=10.0.0.2,1\0");
    assert_portals("10.0.0.2:3260 san.example:3260");
    assert_int_equal(READ(A "TargetAddress=127.0.0.1,1\0"), FAULT_NONE); /* behind QEMU's user networking */
    assert_portals("san.example:3260");
}

static void test_an_address_is_tried_once(void **state)
{
    (void)state;
    READ(A "TargetAddress=10.0.0.2,1\0TargetAddress=10.0.0.2,2\0TargetAddress=10.0.0.1,1\0"
           "TargetAddress=san.example,1\0");
    assert_portals("san.example:3260 10.0.0.2:3260");
}

static void test_addresses_of_other_targets_do_not_mix_in(void **state)
{
    (void)state;
    READ(A "TargetAddress=10.0.0.2\0" B "TargetAddress=10.0.0.3\0TargetAddress=10.0.0.1\0");
    assert_portals("10.0.0.2:3260 san.example:3260");
}

static void test_req_187_of_hundreds_so_much_is_kept_as_there_is_room_for(void **state)
{
    static char text[60000];
    size_t used = 0;

    (void)state;
    for (unsigned i = 0; i < 300; i++)
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "TargetName=iqn.2001-04.com.example:%u", i) + 1;
    assert_int_equal(read_list(text, used), FAULT_DISCOVERY_SEVERAL);
    assert_int_equal(targets.count, TARGETS_NAMES_MAX);
    assert_true(targets.more);
    assert_string_equal(targets.names[TARGETS_NAMES_MAX - 1], "iqn.2001-04.com.example:7");
    memcpy(text, A, sizeof A - 1);
    used = sizeof A - 1;
    for (unsigned i = 2; i < 300; i++)
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "TargetAddress=10.0.%u.%u", i / 250, i % 250) +
            1;
    assert_int_equal(read_list(text, used), FAULT_NONE);
    assert_portals("10.0.0.2:3260 10.0.0.3:3260 10.0.0.4:3260 10.0.0.5:3260 10.0.0.6:3260 10.0.0.7:3260 "
                   "10.0.0.8:3260 san.example:3260");
    used += (size_t)snprintf(text + used, sizeof text - used, "TargetAddress=10.0.0.1") + 1;
    assert_int_equal(read_list(text, used),
                     FAULT_NONE); /* at the end of the list, and yet the first to try */
    assert_string_equal(targets.portals[0].host, "san.example");
    assert_int_equal(targets.portal_count, SESSION_PORTALS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_023_the_only_target_is_the_one),
        cmocka_unit_test(test_req_023_several_targets_are_not_chosen_from),
        cmocka_unit_test(test_req_190_no_target_is_told),
        cmocka_unit_test(test_req_190_a_damaged_list_is_refused),
        cmocka_unit_test(test_the_portal_asked_comes_first_where_it_serves_the_target),
        cmocka_unit_test(test_the_portal_asked_comes_last_where_it_is_not_listed),
        cmocka_unit_test(test_req_189_addresses_out_of_reach_are_passed_over),
        cmocka_unit_test(test_an_address_is_tried_once),
        cmocka_unit_test(test_addresses_of_other_targets_do_not_mix_in),
        cmocka_unit_test(test_req_187_of_hundreds_so_much_is_kept_as_there_is_room_for),
    };
    return cmocka_run_group_tests_name("targets", tests, NULL, NULL);
}
