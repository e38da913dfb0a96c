/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbering, the command window and tags (requirements of section M, and of D where the session decides).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "iscsi/bytes.h"
#include "tests/target/bench.h"

static struct bench bench;
static struct task tasks[SESSION_TASKS_MAX + 8];
static uint8_t data[SESSION_TASKS_MAX + 8][4096];

static int setup(void **state)
{
    (void)state;
    bench_init(&bench, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bench_done(&bench);
    return 0;
}

static void submit_reads(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        bench_read(&tasks[i], i * 8, 8, data[i]);
        assert_true(session_submit(bench.session, &tasks[i]));
    }
}

static void all_done(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(tasks[i].state, TASK_DONE);
        assert_int_equal(tasks[i].fault.code, FAULT_NONE);
        assert_memory_equal(data[i], bench.target.disk + i * 4096, 4096);
    }
}

static void lost_with(enum fault_code code)
{
    assert_int_equal(session_state(bench.session), SESSION_FAILED);
    if (session_fault(bench.session)->code != code)
        fail_msg("%s instead of %s", fault_name(session_fault(bench.session)->code), fault_name(code));
}

/* A NOP-In that carries these numbers, both tags reserved: StatSN is not used up. */
static void tell_window(uint32_t exp_cmd_sn, uint32_t max_cmd_sn)
{
    uint8_t header[48] = {0x20, 0x80};

    target_put(header, 16, 4, 0xffffffff);
    target_put(header, 20, 4, 0xffffffff);
    target_put(header, 24, 4, bench.target.stat_sn);
    target_put(header, 28, 4, exp_cmd_sn);
    target_put(header, 32, 4, max_cmd_sn);
    target_send_raw(&bench.target, header, NULL, 0, false);
    bench_settle(&bench);
}

static void test_req_193_cmd_sn_grows_and_wraps(void **state)
{
    (void)state;
    bench_start(&bench);
    bench.session->numbers.cmd_sn = 0xfffffffd;
    assert_true(bench_until(&bench, SESSION_READY, 1000));
    for (unsigned i = 0; i < 8; i++)
        bench_check_read(&bench, i, 1);
    assert_int_equal(bench.target.exp_cmd_sn, 5);
    bench_no_complaint(&bench); /* it checks each number */
}

static void test_req_194_serial_arithmetic_in_every_number(void **state)
{
    static const uint32_t starts[] = {0,          1,          0x7ffffff0, 0x7fffffff,
                                      0x80000000, 0xffffffd8, 0xfffffff0, 0xffffffff};

    for (unsigned i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        bench.target.config.first_stat_sn = starts[i];
        bench_start(&bench);
        bench.session->numbers.cmd_sn = starts[i];
        assert_true(bench_until(&bench, SESSION_READY, 1000));
        submit_reads(60);
        bench_settle(&bench);
        all_done(60);
        bench_no_complaint(&bench);
        teardown(state);
        setup(state);
    }
}

static void test_req_195_never_beyond_max_cmd_sn(void **state)
{
    (void)state;
    bench.target.config.window = 3;
    bench_ready(&bench);
    bench.target.hold = true;
    submit_reads(10);
    bench_settle(&bench);
    assert_int_equal(bench.target.count[1], 3);
    target_window(&bench.target, 0);
    target_release(&bench.target);
    bench_settle(&bench);
    assert_int_equal(bench.target.count[1], 3); /* shut: three answers opened nothing */
    target_window(&bench.target, 3);
    target_send_nop_in(&bench.target, 0xffffffff, 0xffffffff, NULL);
    bench_settle(&bench);
    assert_int_equal(bench.target.count[1], 10);
    all_done(10);
    bench_no_complaint(&bench);
}

static void test_req_196_contradicting_pair_is_ignored_whole(void **state)
{
    uint32_t sn;

    (void)state;
    bench.target.config.window = 0;
    bench_ready(&bench);
    sn = bench.target.exp_cmd_sn;
    submit_reads(1);
    tell_window(sn + 100, sn + 98); /* MaxCmdSN < ExpCmdSN - 1 */
    assert_int_equal(bench.target.count[1], 0);
    tell_window(sn, sn - 1); /* shut, but no contradiction */
    assert_int_equal(bench.target.count[1], 0);
    bench.target.max_cmd_sn = sn;
    tell_window(sn, sn);
    assert_int_equal(bench.target.count[1], 1);
}

static void test_req_196_older_values_never_shrink_the_window(void **state)
{
    uint32_t sn;

    (void)state;
    bench.target.config.window = 4;
    bench_ready(&bench);
    sn = bench.target.exp_cmd_sn;
    tell_window(sn - 10, sn - 5);
    tell_window(sn, sn + 1);
    submit_reads(4);
    bench_settle(&bench);
    all_done(4);
    bench_no_complaint(&bench);
}

static void test_req_197_huge_window_but_bounded_depth(void **state)
{
    (void)state;
    bench.target.config.window = 0x7fffffff;
    bench.config.queue_depth = 5;
    bench_ready(&bench);
    bench.target.hold = true;
    submit_reads(20);
    bench_settle(&bench);
    assert_int_equal(bench.target.count[1], 5);
    target_release(&bench.target);
    bench_settle(&bench);
    all_done(20);
    bench_no_complaint(&bench);
}

static void test_req_198_immediate_commands_use_no_number(void **state)
{
    (void)state;
    bench_ready(&bench);
    for (unsigned i = 0; i < 5; i++) {
        assert_true(session_ping(bench.session));
        target_send_nop_in(&bench.target, 0xffffffff, i, NULL);
        bench_settle(&bench);
        bench_check_read(&bench, i, 1);
    }
    bench_no_complaint(&bench);
}

static void test_req_199_shut_window_is_waited_out_within_the_deadline(void **state)
{
    (void)state;
    bench.target.config.window = 0;
    bench.config.command_ms = 9000;
    bench_ready(&bench);
    submit_reads(1);
    bench_pass(&bench, 8999);
    assert_int_equal(tasks[0].state, TASK_WAITING);
    bench_pass(&bench, 1);
    assert_int_equal(tasks[0].state, TASK_DONE);
    assert_int_equal(tasks[0].fault.code, FAULT_COMMAND_TIMEOUT);
    assert_int_equal(session_aborting(bench.session), 0); /* it was never sent */
    assert_int_equal(bench.target.count[1], 0);
    submit_reads(1);
    target_window(&bench.target, 1);
    target_send_nop_in(&bench.target, 0xffffffff, 5, NULL);
    bench_settle(&bench);
    all_done(1);
    bench_no_complaint(&bench); /* and left no hole in the numbers */
}

static void test_req_200_nothing_is_sent_twice(void **state)
{
    (void)state;
    bench.target.hold = true;
    bench.config.command_ms = 5000;
    bench_ready(&bench);
    submit_reads(3);
    bench_pass(&bench, 20000);
    assert_int_equal(bench.target.count[1], 3);
}

static void test_req_201_exp_stat_sn_only_grows(void **state)
{
    (void)state;
    bench.target.config.separate_status = true;
    bench_ready(&bench);
    submit_reads(30);
    bench_settle(&bench);
    target_send_nop_in(&bench.target, 0xffffffff, 1, NULL);
    bench_settle(&bench);
    assert_int_equal(bench.target.acknowledged, bench.target.stat_sn); /* all of it, and no more */
    bench_no_complaint(&bench);
}

static void test_req_202_r2t_and_plain_nop_in_use_no_stat_sn(void **state)
{
    static uint8_t out[200 * 512];
    struct task task;

    (void)state;
    bench.target.config.initial_r2t = true;
    bench.target.config.immediate_data = false;
    bench.target.r2t_size = 4096;
    bench_ready(&bench);
    for (unsigned i = 0; i < 3; i++) {
        bench_write(&task, 0, 200, out);
        assert_true(session_submit(bench.session, &task));
        target_send_nop_in(&bench.target, 0xffffffff, 0xffffffff, NULL);
        bench_settle(&bench);
        assert_int_equal(task.state, TASK_DONE);
        assert_int_equal(task.fault.code, FAULT_NONE);
    }
    assert_true(session_ping(bench.session)); /* and a NOP-In that answers does */
    bench_settle(&bench);
    bench_check_read(&bench, 0, 1);
    bench_no_complaint(&bench);
}

static void gap_in(const char *lie, bool separate)
{
    bench.target.config.separate_status = separate;
    bench_ready(&bench);
    bench_check_read(&bench, 0, 4);
    assert_true(target_lie(&bench.target, lie, 0));
    submit_reads(1);
    bench_settle(&bench);
    lost_with(FAULT_PROTOCOL_STATSN);
    assert_int_equal(tasks[0].state, TASK_DONE);
    assert_int_equal(tasks[0].fault.code, FAULT_SESSION_LOST);
}

static void test_req_203_statsn_gap_fails_the_session(void **state)
{
    (void)state;
    gap_in("response-stat-sn-gap", true);
}

static void test_req_203_statsn_repeat_fails_the_session(void **state)
{
    (void)state;
    gap_in("response-stat-sn-repeat", true);
}

static void test_req_203_statsn_gap_in_data_in_fails_the_session(void **state)
{
    (void)state;
    gap_in("data-in-stat-sn-gap", false);
}

static void test_req_203_dropped_and_repeated_status(void **state)
{
    (void)state;
    bench.target.config.separate_status = true;
    bench_ready(&bench);
    target_lie(&bench.target, "drop-response", 0);
    submit_reads(2);
    bench_settle(&bench);
    lost_with(FAULT_PROTOCOL_STATSN);
    teardown(state);
    setup(state);
    bench.target.config.separate_status = true;
    bench_ready(&bench);
    target_lie(&bench.target, "twice-response", 0);
    submit_reads(2);
    bench_settle(&bench);
    lost_with(FAULT_PROTOCOL_STATSN);
}

/* --- Tags --- */

static void answer_for(uint32_t itt)
{
    uint8_t header[48] = {0x21, 0x80};

    target_put(header, 16, 4, itt);
    target_send(&bench.target, header, NULL, 0, true);
    bench_settle(&bench);
}

static void test_req_048_answer_to_no_task_fails_the_session(void **state)
{
    static const uint32_t tags[] = {0, 0xffffffff, 0x12345600, 0xff, 0x80000000};

    for (unsigned i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        bench.target.hold = true;
        bench_ready(&bench);
        submit_reads(2);
        bench_settle(&bench);
        answer_for(tags[i]);
        lost_with(FAULT_PROTOCOL_TAG);
        teardown(state);
        setup(state);
    }
}

static void test_req_049_tags_are_unique_and_not_reserved(void **state)
{
    (void)state;
    bench_start(&bench);
    bench.session->numbers.generation = 0xfffff0; /* it wraps in 24 bits */
    assert_true(bench_until(&bench, SESSION_READY, 1000));
    for (unsigned round = 0; round < 4; round++) {
        submit_reads(64);
        bench_settle(&bench);
        all_done(64);
    }
    for (unsigned i = 0; i < bench.target.seen_count; i++) {
        uint32_t itt = bytes_get32(bench.target.seen[i].header + 16);
        assert_int_not_equal(itt, 0xffffffff);
        for (unsigned k = i + 1; k < bench.target.seen_count; k++) {
            if (bench.target.seen[k].header[0] != 0x43 || bench.target.seen[i].header[0] != 0x43)
                assert_int_not_equal(itt, bytes_get32(bench.target.seen[k].header + 16));
        }
    }
    bench_no_complaint(&bench);
}

static void test_req_050_tag_of_the_session_before_does_not_match(void **state)
{
    uint32_t old;

    (void)state;
    bench.target.hold = true;
    bench_ready(&bench);
    submit_reads(1);
    bench_settle(&bench);
    old = bytes_get32(bench.target.seen[bench.target.seen_count - 1].header + 16);
    bench.target.reset_wanted = true;
    bench_settle(&bench);
    session_open(bench.session);
    assert_true(bench_until(&bench, SESSION_READY, 60000));
    submit_reads(1); /* the same slot */
    bench_settle(&bench);
    answer_for(old);
    lost_with(FAULT_PROTOCOL_TAG);
}

static void test_req_051_the_pdu_must_fit_the_task(void **state)
{
    static const struct {
        const char *lie;
        enum fault_code code;
    } lies[] = {{"response-as-abort", FAULT_PROTOCOL_TYPE},
                {"response-as-text", FAULT_PROTOCOL_TEXT},
                {"response-as-logout", FAULT_PROTOCOL_TAG},
                {"response-as-login", FAULT_PROTOCOL_PHASE}};

    for (unsigned i = 0; i < 4; i++) {
        bench.target.config.separate_status = true;
        bench_ready(&bench);
        target_lie(&bench.target, lies[i].lie, 0);
        submit_reads(1);
        bench_settle(&bench);
        lost_with(lies[i].code);
        teardown(state);
        setup(state);
    }
}

static void test_req_042_opcodes_that_a_target_may_not_send(void **state)
{
    for (unsigned opcode = 0; opcode < 0x40; opcode++) {
        bool legal = (opcode >= 0x20 && opcode <= 0x26) || opcode == 0x31 || opcode == 0x32 || opcode == 0x3f;
        uint8_t header[48] = {(uint8_t)opcode, 0x80};
        if (legal)
            continue;
        bench_ready(&bench);
        target_send_raw(&bench.target, header, NULL, 0, true);
        bench_settle(&bench);
        lost_with(FAULT_FORMAT_OPCODE); /* REQ-044: no guess at the next PDU */
        teardown(state);
        setup(state);
    }
}

static void test_req_043_discovery_takes_few_pdus(void **state)
{
    static const uint8_t opcodes[] = {0x21, 0x22, 0x25, 0x31};

    for (unsigned i = 0; i < sizeof(opcodes); i++) {
        uint8_t header[48] = {opcodes[i], 0x80};
        bench.config.login.target_name = NULL;
        bench_ready(&bench);
        target_send_raw(&bench.target, header, NULL, 0, true);
        bench_settle(&bench);
        lost_with(FAULT_PROTOCOL_PHASE);
        teardown(state);
        setup(state);
    }
}

static void test_req_052_a_flood_without_progress_ends(void **state)
{
    unsigned sent = 0;

    (void)state;
    bench.target.hold = true;
    bench_ready(&bench);
    submit_reads(1);
    while (session_state(bench.session) == SESSION_READY && sent < 5000) {
        target_send_nop_in(&bench.target, 0xffffffff, 0xffffffff, NULL);
        sent++;
        bench_settle(&bench);
    }
    lost_with(FAULT_PROTOCOL_FLOOD);
    assert_true(sent > 100 && sent < 1000);
}

static void test_req_052_slow_notices_while_idle_are_no_flood(void **state)
{
    (void)state;
    bench.config.ping_idle_ms = UINT32_MAX;
    bench_ready(&bench);
    for (unsigned i = 0; i < 5000; i++) {
        target_send_nop_in(&bench.target, 0xffffffff, 0xffffffff, NULL);
        bench_settle(&bench);
        bench_pass(&bench, 5);
    }
    assert_int_equal(session_state(bench.session), SESSION_READY);
    bench_check_read(&bench, 0, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_req_193_cmd_sn_grows_and_wraps),
        TEST(test_req_194_serial_arithmetic_in_every_number),
        TEST(test_req_195_never_beyond_max_cmd_sn),
        TEST(test_req_196_contradicting_pair_is_ignored_whole),
        TEST(test_req_196_older_values_never_shrink_the_window),
        TEST(test_req_197_huge_window_but_bounded_depth),
        TEST(test_req_198_immediate_commands_use_no_number),
        TEST(test_req_199_shut_window_is_waited_out_within_the_deadline),
        TEST(test_req_200_nothing_is_sent_twice),
        TEST(test_req_201_exp_stat_sn_only_grows),
        TEST(test_req_202_r2t_and_plain_nop_in_use_no_stat_sn),
        TEST(test_req_203_statsn_gap_fails_the_session),
        TEST(test_req_203_statsn_repeat_fails_the_session),
        TEST(test_req_203_statsn_gap_in_data_in_fails_the_session),
        TEST(test_req_203_dropped_and_repeated_status),
        TEST(test_req_048_answer_to_no_task_fails_the_session),
        TEST(test_req_049_tags_are_unique_and_not_reserved),
        TEST(test_req_050_tag_of_the_session_before_does_not_match),
        TEST(test_req_051_the_pdu_must_fit_the_task),
        TEST(test_req_042_opcodes_that_a_target_may_not_send),
        TEST(test_req_043_discovery_takes_few_pdus),
        TEST(test_req_052_a_flood_without_progress_ends),
        TEST(test_req_052_slow_notices_while_idle_are_no_flood),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
