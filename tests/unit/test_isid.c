/* SPDX-License-Identifier: BSD-2-Clause */
/* Session identifiers: their type bits, stability and difference. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "iscsi/isid.h"

static void test_req_008_a_mac_gives_the_oui_format(void **state)
{
    uint8_t isid[6];

    (void)state;
    isid_from_mac((const uint8_t[6]){0xff, 0x11, 0x22, 0x33, 0x44, 0x55}, isid);
    assert_memory_equal(isid, "\x3f\x11\x22\x33\x44\x55", 6);
    assert_int_equal(isid[0] >> 6, 0);
}

static void test_req_008_a_random_one_says_so_and_leaves_the_unused_field_zero(void **state)
{
    struct hash_random random;
    uint8_t isid[6];

    (void)state;
    hash_random_init(&random, (const uint8_t[HASH_SEED]){1});
    for (unsigned i = 0; i < 50; i++) {
        isid_random(&random, isid);
        assert_int_equal(isid[0], 0x80);
    }
}

static void test_req_009_010_the_same_nic_keeps_its_identifier_and_others_have_their_own(void **state)
{
    uint8_t first[6], again[6], other[6];

    (void)state;
    isid_from_mac((const uint8_t[6]){0x52, 0x54, 0, 1, 2, 3}, first);
    isid_from_mac((const uint8_t[6]){0x52, 0x54, 0, 1, 2, 3}, again);
    isid_from_mac((const uint8_t[6]){0x52, 0x54, 0, 1, 2, 4}, other);
    assert_memory_equal(first, again, 6);
    assert_memory_not_equal(first, other, 6);
}

static void test_req_009_two_random_ones_differ(void **state)
{
    struct hash_random random;
    uint8_t first[6], other[6];

    (void)state;
    hash_random_init(&random, (const uint8_t[HASH_SEED]){1});
    isid_random(&random, first);
    isid_random(&random, other);
    assert_memory_not_equal(first, other, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_008_a_mac_gives_the_oui_format),
        cmocka_unit_test(test_req_008_a_random_one_says_so_and_leaves_the_unused_field_zero),
        cmocka_unit_test(test_req_009_010_the_same_nic_keeps_its_identifier_and_others_have_their_own),
        cmocka_unit_test(test_req_009_two_random_ones_differ),
    };

    return cmocka_run_group_tests_name("isid", tests, NULL, NULL);
}
