/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The list of faults: every code can be named and explained, and what may pass with time is told apart.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "iscsi/fault.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void test_each_fault_has_a_name_and_a_text_of_its_own(void **state)
{
    (void)state;
    for (unsigned i = 0; i < FAULT_COUNT; i++) {
        assert_true(strlen(fault_name(i)) > 1);
        assert_true(strlen(fault_text(i)) > 4);
        for (unsigned j = 0; j < i; j++) {
            assert_string_not_equal(fault_name(i), fault_name(j));
            assert_string_not_equal(fault_text(i), fault_text(j));
        }
    }
    assert_string_equal(fault_name(FAULT_LOGIN_STATUS), "LOGIN_STATUS");
}

static void test_a_number_out_of_range_is_named_too(void **state)
{
    (void)state;
    assert_string_equal(fault_name(FAULT_COUNT), "?");
    assert_string_equal(fault_name((enum fault_code) - 1), "?");
    assert_non_null(fault_text(FAULT_COUNT));
    assert_non_null(fault_text((enum fault_code) - 1));
}

/* Class 3 may pass, class 2 is final but for 06h, 08h and 0Ah; classes nobody knows are refusals. */
static void test_req_132_133_134_135_136_login_status_tells_whether_waiting_helps(void **state)
{
    (void)state;
    for (unsigned status = 0; status <= 0xffff; status++) {
        struct fault fault = {.code = FAULT_LOGIN_STATUS,
                              .login_class = (uint8_t)(status >> 8),
                              .login_detail = (uint8_t)status};
        bool expected = status >> 8 == 3 || status == 0x0206 || status == 0x0208 || status == 0x020a;

        assert_int_equal(fault_is_transient(&fault), expected);
    }
}

static void test_req_136_a_dead_network_may_come_back_and_a_wrong_secret_does_not_mend(void **state)
{
    static const enum fault_code passing[] = {FAULT_TCP_REFUSED, FAULT_TCP_TIMEOUT,  FAULT_TCP_UNREACHABLE,
                                              FAULT_TCP_RESET,   FAULT_TCP_CLOSED,   FAULT_SILENT,
                                              FAULT_DNS_TIMEOUT, FAULT_LOGIN_TIMEOUT};
    static const enum fault_code final[] = {FAULT_NONE,        FAULT_BAD_CONFIG,   FAULT_CANCELLED,
                                            FAULT_AUTH_TARGET, FAULT_AUTH_METHOD,  FAULT_AUTH_REFLECTION,
                                            FAULT_NOT_ISCSI,   FAULT_FORMAT_TEXT,  FAULT_NOT_A_DISK,
                                            FAULT_NO_LUN,      FAULT_KEY_REJECTED, FAULT_LUN_CHANGED};

    (void)state;
    for (size_t i = 0; i < COUNT(passing); i++)
        assert_true(fault_is_transient(&(struct fault){.code = passing[i]}));
    for (size_t i = 0; i < COUNT(final); i++)
        assert_false(fault_is_transient(&(struct fault){.code = final[i]}));
}

static void test_req_177_whoever_waits_for_a_storage_stops_at_a_refused_authentication(void **state)
{
    (void)state;
    for (unsigned code = FAULT_AUTH_METHOD; code <= FAULT_AUTH_NO_RANDOM; code++)
        assert_false(fault_may_pass(&(struct fault){.code = (enum fault_code)code}));
    for (unsigned detail = 0; detail <= 0xff; detail++) {
        struct fault fault = {.code = FAULT_LOGIN_STATUS, .login_class = 2, .login_detail = (uint8_t)detail};

        assert_int_equal(fault_may_pass(&fault),
                         fault_is_transient(&fault) || detail == 0x02 || detail == 0x03);
    }
    assert_true(fault_may_pass(&(struct fault){.code = FAULT_TCP_REFUSED}));
    assert_true(fault_may_pass(&(struct fault){.code = FAULT_NOT_ISCSI}));
    assert_false(fault_may_pass(&(struct fault){.code = FAULT_BAD_CONFIG}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_fault_has_a_name_and_a_text_of_its_own),
        cmocka_unit_test(test_a_number_out_of_range_is_named_too),
        cmocka_unit_test(test_req_132_133_134_135_136_login_status_tells_whether_waiting_helps),
        cmocka_unit_test(test_req_136_a_dead_network_may_come_back_and_a_wrong_secret_does_not_mend),
        cmocka_unit_test(test_req_177_whoever_waits_for_a_storage_stops_at_a_refused_authentication),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
