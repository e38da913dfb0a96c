/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole sessions against the honest target: login, read, write, logout, in every configuration of either
 * side.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/target/bench.h"

static struct bench bench;

static void finish(void)
{
    session_logout(bench.session, 0);
    assert_true(bench_until(&bench, SESSION_CLOSED, 10000));
    assert_true(bench.target.logged_out);
    bench_no_complaint(&bench);
    bench_done(&bench);
}

static void test_login_with_chap_and_read(void **state)
{
    (void)state;
    bench_init(&bench, NULL);
    bench_chap(&bench, false);
    bench_ready(&bench);
    assert_true(session_info(bench.session)->authenticated);
    assert_int_equal(session_info(bench.session)->chap_algorithm, 8);
    bench_check_read(&bench, 0, 1);
    bench_check_read(&bench, 100, 256);
    finish();
}

static void write_and_check(uint32_t lba, uint16_t blocks)
{
    size_t length = blocks * 512u;
    uint8_t *data = malloc(length);
    struct task task;

    for (size_t i = 0; i < length; i++)
        data[i] = (uint8_t)(i * 3 + lba);
    bench_write(&task, lba, blocks, data);
    assert_true(session_submit(bench.session, &task));
    assert_true(bench_finish(&bench, &task, 60000));
    assert_int_equal(task.fault.code, FAULT_NONE);
    assert_int_equal(task.status, 0);
    assert_int_equal(task.transferred, length);
    assert_memory_equal(data, bench.target.disk + lba * 512u, length);
    free(data);
    bench_check_read(&bench, lba, blocks);
}

static void test_write(void **state)
{
    (void)state;
    bench_init(&bench, NULL);
    bench_ready(&bench);
    write_and_check(5, 1);
    write_and_check(7, 1000);
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_login_with_chap_and_read),
        cmocka_unit_test(test_write),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
