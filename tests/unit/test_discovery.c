/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The answer to SendTargets as records, from tidy to hostile.
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

#include "iscsi/discovery.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

struct seen {
    char text[2048]; /* "name@host:port,tag;" for each record, "name@;" without address */
    unsigned records;
    unsigned skipped;
    enum fault_code fault;
};

static struct seen run(const char *text, size_t length)
{
    char *copy = malloc(length > 0 ? length : 1);
    struct seen seen = {.fault = FAULT_NONE};
    struct discovery discovery;
    struct discovery_record record;
    size_t used = 0;

    assert_non_null(copy);
    memcpy(copy, text, length);
    discovery_init(&discovery, copy, length);
    while (discovery_next(&discovery, &record, &seen.fault)) {
        assert_int_equal(seen.fault, FAULT_NONE);
        seen.records++;
        if (used > sizeof seen.text - 600)
            continue;
        used += (size_t)snprintf(seen.text + used, sizeof seen.text - used, "%s@", record.name);
        if (record.has_address)
            used += (size_t)snprintf(seen.text + used, sizeof seen.text - used, "%s:%u", record.portal.host,
                                     record.portal.port);
        if (record.has_address && record.portal.has_tag)
            used += (size_t)snprintf(seen.text + used, sizeof seen.text - used, ",%u", record.portal.tag);
        used += (size_t)snprintf(seen.text + used, sizeof seen.text - used, ";");
    }
    assert_false(discovery_next(&discovery, &record, &seen.fault)); /* the end stays the end */
    seen.skipped = discovery.skipped;
    free(copy);
    return seen;
}

#define RUN(text) run(text, sizeof(text) - 1)

static void test_req_185_a_name_starts_a_record_and_addresses_belong_to_it(void **state)
{
    struct seen seen = RUN("TargetName=iqn.2001-04.com.example:a\0"
                           "TargetAddress=10.0.0.1:3260,1\0"
                           "TargetAddress=10.0.1.1:3261,2\0"
                           "TargetName=iqn.2001-04.com.example:b\0"
                           "TargetAddress=10.0.0.1:3260,1\0");

    (void)state;
    assert_int_equal(seen.fault, FAULT_NONE);
    assert_string_equal(seen.text,
                        "iqn.2001-04.com.example:a@10.0.0.1:3260,1;iqn.2001-04.com.example:a@10.0.1.1:3261,2;"
                        "iqn.2001-04.com.example:b@10.0.0.1:3260,1;");
}

static void test_req_185_a_target_without_address_is_served_by_the_portal_asked(void **state)
{
    struct seen seen = RUN("TargetName=iqn.2001-04.com.example:a\0"
                           "TargetName=iqn.2001-04.com.example:b\0"
                           "TargetAddress=10.0.0.2,1\0"
                           "TargetName=iqn.2001-04.com.example:c\0");

    (void)state;
    assert_string_equal(seen.text, "iqn.2001-04.com.example:a@;iqn.2001-04.com.example:b@10.0.0.2:3260,1;"
                                   "iqn.2001-04.com.example:c@;");
}

static void test_req_185_an_address_before_any_name_is_ignored(void **state)
{
    struct seen seen = RUN("TargetAddress=10.6.6.6:3260,1\0TargetName=iqn.2001-04.com.example:a\0");

    (void)state;
    assert_string_equal(seen.text, "iqn.2001-04.com.example:a@;");
}

static void test_names_are_folded_and_other_keys_passed_over(void **state)
{
    struct seen seen =
        RUN("X-vendor=1\0TargetName=IQN.2001-04.com.Example:A\0TargetAlias=disk\0TargetAddress=10.0.0.1,1\0");

    (void)state;
    assert_string_equal(seen.text, "iqn.2001-04.com.example:a@10.0.0.1:3260,1;");
    assert_int_equal(seen.skipped, 0);
}

/* What belongs to a bad name must not end up with the name before it. */
static void test_req_188_a_bad_name_takes_its_addresses_with_it(void **state)
{
    struct seen seen = RUN("TargetName=iqn.2001-04.com.example:a\0"
                           "TargetName=not a name\0"
                           "TargetAddress=10.6.6.6,1\0"
                           "TargetName=eui.02004567a425678d\0"
                           "TargetAddress=10.0.0.1,1\0");

    (void)state;
    assert_int_equal(seen.fault, FAULT_NONE);
    assert_string_equal(seen.text, "iqn.2001-04.com.example:a@;eui.02004567a425678d@10.0.0.1:3260,1;");
    assert_int_equal(seen.skipped, 1);
}

static void test_req_188_bad_addresses_are_left_out(void **state)
{
    struct seen seen = RUN("TargetName=iqn.2001-04.com.example:a\0"
                           "TargetAddress=10.0.0.1:0,1\0"
                           "TargetAddress=[::1\0"
                           "TargetAddress=10.0.0.2,1\0"
                           "TargetName=iqn.2001-04.com.example:b\0"
                           "TargetAddress=nowhere at all\0");

    (void)state;
    assert_string_equal(seen.text, "iqn.2001-04.com.example:a@10.0.0.2:3260,1;");
    assert_int_equal(seen.skipped, 3);
}

static void test_req_188_342_text_that_is_no_list_is_refused(void **state)
{
    (void)state;
    assert_int_equal(RUN("TargetName=iqn.2001-04.com.example:a").fault, FAULT_FORMAT_TEXT);
    assert_int_equal(RUN("TargetName\0").fault, FAULT_FORMAT_TEXT);
    assert_int_equal(RUN("=x\0").fault, FAULT_FORMAT_TEXT);
    assert_int_equal(RUN("TargetName=iqn.2001-04.com.example:a\0TargetAddress=10.0.0.1").fault,
                     FAULT_FORMAT_TEXT);
}

static void test_req_189_ipv6_dns_and_ipv4_addresses_are_kept(void **state)
{
    struct seen seen = RUN("TargetName=iqn.2001-04.com.example:a\0"
                           "TargetAddress=[2001:db8::1]:3260,1\0"
                           "TargetAddress=san.example.com,1\0"
                           "TargetAddress=192.0.2.1:860\0");

    (void)state;
    assert_string_equal(seen.text, "iqn.2001-04.com.example:a@2001:db8::1:3260,1;iqn.2001-04.com.example:a@"
                                   "san.example.com:3260,1;iqn.2001-04.com.example:a@192.0.2.1:860;");
}

static void test_req_190_empty_and_foreign_lists_have_no_records(void **state)
{
    (void)state;
    assert_int_equal(RUN("").records, 0);
    assert_int_equal(RUN("").fault, FAULT_NONE);
    assert_int_equal(RUN("\0\0\0").records, 0);
    assert_int_equal(RUN("SendTargets=Reject\0").records, 0);
    assert_int_equal(RUN("SendTargets=NotUnderstood\0TargetAlias=x\0").records, 0);
}

static void test_req_191_group_tags_are_told_apart(void **state)
{
    struct seen seen =
        RUN("TargetName=iqn.2001-04.com.example:a\0TargetAddress=10.0.0.1,1\0"
            "TargetAddress=10.0.0.2,1\0TargetAddress=10.0.0.3,65535\0TargetAddress=10.0.0.4\0");

    (void)state;
    assert_string_equal(seen.text,
                        "iqn.2001-04.com.example:a@10.0.0.1:3260,1;iqn.2001-04.com.example:a@10.0.0.2:3260,1;"
                        "iqn.2001-04.com.example:a@10.0.0.3:3260,65535;iqn.2001-04.com.example:a@"
                        "10.0.0.4:3260;");
}

static void test_req_187_346_hundreds_of_records_need_no_more_memory(void **state)
{
    static char text[65536];
    unsigned expected = 0;
    size_t used = 0;

    (void)state;
    for (unsigned i = 0; used < sizeof text - 300; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "TargetName=iqn.2001-04.com.example:disk-%u", i) +
                1;
        expected++;
        for (unsigned j = 0; j < i % 3; j++) {
            used += (size_t)snprintf(text + used, sizeof text - used, "TargetAddress=10.0.%u.%u:3260,%u", j,
                                     i % 256, j) +
                    1;
            expected += j > 0;
        }
    }
    assert_true(expected > 500);
    assert_int_equal(run(text, used).records, expected);
}

static void test_req_188_any_text_comes_to_an_end(void **state)
{
    static const char *const parts[] = {
        "TargetName=", "TargetAddress=", "iqn.2001-04.com.example:a", "10.0.0.1", "\0",   "=", ",", ":", "[",
        "]",           "\xff",           "eui.02004567a425678d",      "%s%n",     "70000"};
    uint32_t seed = 5;

    (void)state;
    for (unsigned round = 0; round < 10000; round++) {
        char text[256];
        size_t used = 0;

        for (unsigned i = 0; i < round % 12; i++) {
            const char *part;
            size_t length;

            seed = seed * 1664525u + 1013904223u;
            part = parts[(seed >> 16) % COUNT(parts)];
            length = *part == '\0' ? 1 : strlen(part);
            if (length > sizeof text - used)
                break;
            memcpy(text + used, part, length);
            used += length;
        }
        assert_true(run(text, used).records <= 12);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_185_a_name_starts_a_record_and_addresses_belong_to_it),
        cmocka_unit_test(test_req_185_a_target_without_address_is_served_by_the_portal_asked),
        cmocka_unit_test(test_req_185_an_address_before_any_name_is_ignored),
        cmocka_unit_test(test_names_are_folded_and_other_keys_passed_over),
        cmocka_unit_test(test_req_188_a_bad_name_takes_its_addresses_with_it),
        cmocka_unit_test(test_req_188_bad_addresses_are_left_out),
        cmocka_unit_test(test_req_188_342_text_that_is_no_list_is_refused),
        cmocka_unit_test(test_req_189_ipv6_dns_and_ipv4_addresses_are_kept),
        cmocka_unit_test(test_req_190_empty_and_foreign_lists_have_no_records),
        cmocka_unit_test(test_req_191_group_tags_are_told_apart),
        cmocka_unit_test(test_req_187_346_hundreds_of_records_need_no_more_memory),
        cmocka_unit_test(test_req_188_any_text_comes_to_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
