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

/* A target of another temper for each way in which the two may agree. */
static void test_every_temper_of_the_target(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 64; n++) {
        struct target_config config;
        target_default(&config);
        config.initial_r2t = n & 1;
        config.immediate_data = n & 2;
        config.separate_status = n & 4;
        config.interleave = n & 8;
        config.segment = n & 16 ? 1000 : 0;
        config.window = n & 32 ? 1 : 32;
        bench_init(&bench, &config);
        bench_chap(&bench, n & 1);
        bench_ready(&bench);
        write_and_check(5, 1);
        write_and_check(7, 300);
        finish();
    }
}

static void test_many_commands_in_flight(void **state)
{
    static struct task tasks[SESSION_TASKS_MAX];
    static uint8_t buffers[SESSION_TASKS_MAX][8192];
    unsigned most = 0;

    (void)state;
    bench_init(&bench, NULL);
    bench.target.config.window = 200;
    bench.config.queue_depth = SESSION_TASKS_MAX;
    bench_ready(&bench);
    bench.target.hold = true;
    for (unsigned i = 0; i < SESSION_TASKS_MAX; i++) {
        bench_read(&tasks[i], i * 16, 16, buffers[i]);
        assert_true(session_submit(bench.session, &tasks[i]));
    }
    bench_settle(&bench);
    most = bench.target.count[1];
    assert_int_equal(most, SESSION_TASKS_MAX);
    target_release_backwards(&bench.target);
    bench_settle(&bench);
    for (unsigned i = 0; i < SESSION_TASKS_MAX; i++) {
        assert_int_equal(tasks[i].fault.code, FAULT_NONE);
        assert_memory_equal(buffers[i], bench.target.disk + i * 8192, 8192);
    }
    finish();
}

static void test_sessions_one_after_the_other(void **state)
{
    (void)state;
    bench_init(&bench, NULL);
    bench_chap(&bench, true);
    bench_ready(&bench);
    for (unsigned i = 1; i <= 20; i++) {
        assert_int_equal(session_epoch(bench.session), i);
        bench_check_read(&bench, i, 5);
        session_logout(bench.session, 0);
        assert_true(bench_until(&bench, SESSION_CLOSED, 10000));
        session_open(bench.session);
        assert_true(bench_until(&bench, SESSION_READY, 10000));
    }
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_login_with_chap_and_read),     cmocka_unit_test(test_write),
        cmocka_unit_test(test_every_temper_of_the_target),   cmocka_unit_test(test_many_commands_in_flight),
        cmocka_unit_test(test_sessions_one_after_the_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
