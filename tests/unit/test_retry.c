/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether a failed boot is tried again, after which pause, and with which bounds: what keeps a room of
 * machines from coming all at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/retry.h"
#include "iscsi/lun.h"
#include "iscsi/session.h"

static struct params params;

static void set(enum param_id id, const char *text)
{
    struct params_error error;

    assert_true(params_set_id(&params, id, text, strlen(text), PARAM_FILE, 1, &error));
}

static int setup(void **state)
{
    (void)state;
    params_init(&params);
    return 0;
}

static bool helps(enum fault_code code)
{
    return retry_may_help(&(struct fault){.code = code, .opcode = 0xff});
}

static void test_what_may_yet_come_is_tried_again(void **state)
{
    (void)state;
    assert_true(helps(FAULT_TCP_REFUSED));
    assert_true(helps(FAULT_TCP_TIMEOUT));
    assert_true(helps(FAULT_LOGIN_TIMEOUT));
    assert_true(helps(FAULT_NO_LUN));
    /* 0203h: a target that is just being started does not know its names yet. */
    assert_true(retry_may_help(
        &(struct fault){.code = FAULT_LOGIN_STATUS, .login_class = 2, .login_detail = 3, .opcode = 0x23}));
}

static void test_what_is_wrong_stays_wrong(void **state)
{
    (void)state;
    assert_false(helps(FAULT_NOT_A_DISK));
    assert_false(helps(FAULT_BAD_CAPACITY));
    assert_false(helps(FAULT_DISCOVERY_SEVERAL));
    assert_false(helps(FAULT_AUTH_TARGET));
    assert_false(helps(FAULT_BAD_CONFIG));
}

static void test_a_pause_is_up_to_half_longer_or_shorter(void **state)
{
    (void)state;
    set(PARAM_RETRY_PAUSE, "10s");
    assert_int_equal(retry_pause(&params, 0), 5000);
    assert_int_equal(retry_pause(&params, 5000), 10000);
    assert_int_equal(retry_pause(&params, 10000), 15000);
    assert_int_equal(retry_pause(&params, 10001), 5000);
    assert_in_range(retry_pause(&params, UINT64_MAX), 5000, 15000);
}

static void test_the_bounds_of_a_session_are_the_settings(void **state)
{
    struct session_config session = {.attempts = 7};
    struct lun_config lun = {.max_transfer = 7};

    (void)state;
    set(PARAM_CONNECT_TIMEOUT, "2s");
    set(PARAM_LOGIN_TIMEOUT, "3s");
    set(PARAM_COMMAND_TIMEOUT, "4s");
    set(PARAM_ATTACH_TIMEOUT, "50s");
    set(PARAM_DISK_TIMEOUT, "60s");
    set(PARAM_QUEUE_DEPTH, "7");
    set(PARAM_LUN_RESET, "yes");
    params_session(&params, &session);
    params_lun(&params, &lun);
    assert_int_equal(session.connect_ms, 2000);
    assert_int_equal(session.login_ms, 3000);
    assert_int_equal(session.command_ms, 4000);
    assert_int_equal(session.establish_ms, 50000);
    assert_int_equal(session.queue_depth, 7);
    assert_true(session.lun_reset);
    assert_int_equal(session.attempts, 7); /* what no setting is about is left as it was */
    assert_int_equal(lun.ready_ms, 50000);
    assert_int_equal(lun.request_ms, 60000);
    assert_int_equal(lun.queue_depth, 7);
    assert_int_equal(lun.max_transfer, 7);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_what_may_yet_come_is_tried_again, setup),
        cmocka_unit_test_setup(test_what_is_wrong_stays_wrong, setup),
        cmocka_unit_test_setup(test_a_pause_is_up_to_half_longer_or_shorter, setup),
        cmocka_unit_test_setup(test_the_bounds_of_a_session_are_the_settings, setup),
    };

    return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
