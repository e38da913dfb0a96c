/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Task management, timeouts, loss, the trace and the wiping of secrets (requirements of sections Q, R and X
 * that concern the session).
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
static struct task task, other;
static uint8_t data[64 * 512], more[64 * 512];

static int setup(void **state)
{
    (void)state;
    bench_init(&bench, NULL);
    memset(data, 0xa5, sizeof(data));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bench_done(&bench);
    return 0;
}

static void again(void **state)
{
    teardown(state);
    setup(state);
}

static void held_read(void)
{
    bench_ready(&bench);
    bench.target.hold = true;
    bench_read(&task, 0, 8, data);
    assert_true(session_submit(bench.session, &task));
    bench_settle(&bench);
}

static void lost_with(enum fault_code code)
{
    assert_int_equal(session_state(bench.session), SESSION_FAILED);
    if (session_fault(bench.session)->code != code)
        fail_msg("%s instead of %s", fault_name(session_fault(bench.session)->code), fault_name(code));
}

/* The last PDU of this kind that the target saw; all zero when there was none. */
static const struct target_seen *last(uint8_t opcode)
{
    static const struct target_seen none;

    for (unsigned i = bench.target.seen_count; i > 0; i--) {
        if ((bench.target.seen[i - 1].header[0] & 0x3f) == opcode)
            return &bench.target.seen[i - 1];
    }
    return &none;
}

/* --- Cancellation and ABORT TASK --- */

static void test_req_257_abort_task_names_the_task(void **state)
{
    const uint8_t *command, *abort;

    (void)state;
    held_read();
    session_cancel(bench.session, &task);
    assert_int_equal(task.state, TASK_DONE);
    assert_int_equal(task.fault.code, FAULT_CANCELLED);
    assert_int_equal(session_aborting(bench.session), 1);
    bench_settle(&bench);
    command = last(1)->header;
    abort = last(2)->header;
    assert_int_equal(abort[0], 0x42);
    assert_int_equal(abort[1], 0x81);
    assert_memory_equal(abort + 8, task.lun, 8);
    assert_memory_equal(abort + 20, command + 16, 4); /* referenced tag */
    assert_memory_equal(abort + 32, command + 24, 4); /* RefCmdSN */
    assert_memory_not_equal(abort + 16, command + 16, 4);
    assert_int_equal(session_aborting(bench.session), 0);
    bench.target.hold = false;
    bench_check_read(&bench, 0, 8);
    bench_no_complaint(&bench);
}

static void test_req_258_responses_to_abort(void **state)
{
    for (unsigned response = 0; response <= 255; response = response == 7 ? 255 : response + 1) {
        held_read();
        bench.target.abort_response = (uint8_t)response;
        session_cancel(bench.session, &task);
        bench_settle(&bench);
        if (response <= 2) {
            assert_int_equal(session_state(bench.session), SESSION_READY);
            assert_int_equal(session_aborting(bench.session), 0);
        } else {
            lost_with(FAULT_TASK_MANAGEMENT);
            assert_int_equal(session_fault(bench.session)->reason, response);
        }
        again(state);
        if (response == 255)
            break;
    }
}

static void test_req_258_the_status_was_on_its_way(void **state)
{
    (void)state;
    held_read();
    bench.tx_stopped = true;
    session_cancel(bench.session, &task);
    target_release(&bench.target); /* answered before it sees the ABORT TASK */
    bench_settle(&bench);
    bench.tx_stopped = false;
    bench_settle(&bench);
    assert_int_equal(session_state(bench.session), SESSION_READY);
    assert_int_equal(session_aborting(bench.session), 0);
    for (size_t i = 0; i < sizeof(data); i++)
        assert_int_equal(data[i], 0xa5);
    bench_check_read(&bench, 0, 8);
    bench_no_complaint(&bench);
}

static void test_req_258_the_status_comes_between_abort_and_its_answer(void **state)
{
    uint8_t answer[48] = {0x22, 0x80, 1};

    held_read();
    bench.target.mute_abort = true;
    bench.target.abort_response = 1; /* the target keeps the task */
    session_cancel(bench.session, &task);
    bench_settle(&bench);
    assert_int_equal(bench.target.count[2], 1);
    target_release(&bench.target);
    bench_settle(&bench);
    assert_int_equal(session_aborting(bench.session), 1); /* REQ-259: the tag is not free yet */
    memcpy(answer + 16, last(2)->header + 16, 4);
    answer[2] = 5; /* even then: the task is over */
    target_send(&bench.target, answer, NULL, 0, true);
    bench_settle(&bench);
    assert_int_equal(session_aborting(bench.session), 0);
    assert_int_equal(session_state(bench.session), SESSION_READY);
    again(state);
    /* But a second status for that tag is an error (REQ-219). */
    uint8_t status[48] = {0x21, 0x80};
    held_read();
    bench.target.mute_abort = true;
    session_cancel(bench.session, &task);
    bench_settle(&bench);
    memcpy(status + 16, last(1)->header + 16, 4);
    target_send(&bench.target, status, NULL, 0, true);
    target_send(&bench.target, status, NULL, 0, true);
    bench_settle(&bench);
    lost_with(FAULT_PROTOCOL_TAG);
}

static void test_req_259_the_tag_is_not_used_before_the_answer(void **state)
{
    static struct task tasks[SESSION_TASKS_MAX];
    uint32_t tag;

    (void)state;
    bench.config.queue_depth = SESSION_TASKS_MAX;
    bench.target.config.window = 100;
    held_read();
    bench.target.mute_abort = true;
    session_cancel(bench.session, &task);
    bench_settle(&bench);
    tag = bytes_get32(last(1)->header + 16);
    for (unsigned i = 0; i < SESSION_TASKS_MAX; i++) {
        bench_read(&tasks[i], i, 1, more);
        assert_true(session_submit(bench.session, &tasks[i]));
    }
    bench_settle(&bench);
    assert_int_equal(bench.target.count[1], SESSION_TASKS_MAX); /* one slot is taken */
    for (unsigned i = 0; i < SESSION_TASKS_MAX; i++) {
        if (bench.session->slots[i].state == SESSION_SLOT_ACTIVE)
            assert_int_not_equal(bench.session->slots[i].itt & 0xff, tag & 0xff);
    }
}

static void test_req_260_no_answer_to_abort_fails_the_session(void **state)
{
    (void)state;
    bench.config.ping_ms = 4000;
    held_read();
    bench.target.mute_abort = true;
    session_cancel(bench.session, &task);
    bench_pass(&bench, 3999);
    assert_int_equal(session_state(bench.session), SESSION_READY);
    bench_pass(&bench, 1);
    lost_with(FAULT_TASK_MANAGEMENT);
}

static void test_req_261_the_ladder_after_a_timeout(void **state)
{
    held_read();
    bench_pass(&bench, 29999);
    assert_int_equal(task.state, TASK_ACTIVE);
    bench_pass(&bench, 1);
    assert_int_equal(task.state, TASK_DONE);
    assert_int_equal(task.fault.code, FAULT_COMMAND_TIMEOUT);
    assert_int_equal(bench.target.count[2], 1); /* ABORT TASK, nothing else */
    assert_int_equal(session_state(bench.session), SESSION_READY);
    bench_no_complaint(&bench);
    again(state);
    bench.target.abort_response = 6;
    held_read();
    bench_pass(&bench, 30000);
    assert_int_equal(task.fault.code, FAULT_COMMAND_TIMEOUT);
    lost_with(FAULT_TASK_MANAGEMENT);
    session_open(bench.session);
    bench.target.hold = false;
    assert_true(bench_until(&bench, SESSION_READY, 60000));
    bench_check_read(&bench, 0, 8);
}

/* A read that is held, whose time is over, and whose ABORT TASK the target refuses. */
static void refused_abort(void)
{
    bench.config.lun_reset = true;
    bench.target.abort_response = 6;
    bench.target.reset_ok = true;
    held_read();
    bench_pass(&bench, 30000);
    assert_int_equal(task.fault.code, FAULT_COMMAND_TIMEOUT);
}

static void test_req_261_the_unit_is_reset_where_that_is_wanted(void **state)
{
    (void)state;
    refused_abort();
    assert_int_equal(bench.target.count[2], 2); /* ABORT TASK, LOGICAL UNIT RESET */
    assert_int_equal(last(2)->header[1], 0x85);
    assert_int_equal(session_state(bench.session), SESSION_READY);
    assert_int_equal(session_aborting(bench.session), 0);
    bench.target.hold = false;
    bench_check_read(&bench, 0, 8);
    bench_no_complaint(&bench);
    /* A unit that hangs again in this session is not reset again. */
    bench.target.hold = true;
    bench_read(&task, 0, 8, data);
    assert_true(session_submit(bench.session, &task));
    bench_pass(&bench, 30000);
    assert_int_equal(bench.target.count[2], 3);
    lost_with(FAULT_TASK_MANAGEMENT);
}

static void test_req_261_a_reset_ends_the_other_commands_of_the_unit(void **state)
{
    (void)state;
    bench.config.lun_reset = true;
    bench.target.reset_ok = bench.target.mute_abort = true;
    held_read();
    bench_pass(&bench, 20000);
    bench_read(&other, 8, 8, more);
    assert_true(session_submit(bench.session, &other));
    bench_settle(&bench);
    bench_pass(&bench, 10000); /* the first command's time, */
    assert_int_equal(task.fault.code, FAULT_COMMAND_TIMEOUT);
    assert_int_equal(other.state, TASK_ACTIVE);
    bench_pass(&bench, 10000); /* and that of its ABORT TASK */
    assert_int_equal(other.state, TASK_DONE);
    assert_int_equal(other.fault.code, FAULT_TASK_MANAGEMENT);
    assert_int_equal(session_state(bench.session), SESSION_READY);
    bench.target.hold = false;
    bench_check_read(&bench, 0, 8);
    bench_no_complaint(&bench);
}

static void test_req_261_a_reset_that_fails_ends_the_session(void **state)
{
    bench.target.reset_response = 5;
    refused_abort();
    lost_with(FAULT_TASK_MANAGEMENT);
    assert_int_equal(session_fault(bench.session)->reason, 5);
    again(state);
    bench.target.mute_reset = true;
    refused_abort();
    assert_int_equal(session_state(bench.session), SESSION_READY);
    bench_pass(&bench, 10000);
    lost_with(FAULT_TASK_MANAGEMENT);
}

static void test_a_task_has_its_own_deadline(void **state)
{
    (void)state;
    bench_ready(&bench);
    bench.target.hold = true;
    bench_read(&task, 0, 8, data);
    task.timeout_ms = 700;
    bench_read(&other, 0, 8, more);
    assert_true(session_submit(bench.session, &task));
    assert_true(session_submit(bench.session, &other));
    bench_pass(&bench, 700);
    assert_int_equal(task.fault.code, FAULT_COMMAND_TIMEOUT);
    assert_int_equal(other.state, TASK_ACTIVE);
    target_release(&bench.target);
    bench_settle(&bench);
    assert_int_equal(other.fault.code, FAULT_NONE);
    assert_memory_equal(more, bench.target.disk, other.length);
    bench_no_complaint(&bench);
}

static void test_cancel_of_a_waiting_task_leaves_no_trace(void **state)
{
    static struct task tasks[5];

    (void)state;
    bench.config.queue_depth = 1;
    held_read();
    for (unsigned i = 0; i < 5; i++) {
        bench_read(&tasks[i], i, 1, more + i * 512);
        assert_true(session_submit(bench.session, &tasks[i]));
    }
    bench_settle(&bench);
    session_cancel(bench.session, &tasks[4]); /* the end of the queue, its start, and its middle */
    session_cancel(bench.session, &tasks[0]);
    session_cancel(bench.session, &tasks[2]);
    session_cancel(bench.session, &tasks[2]); /* twice: nothing happens */
    assert_int_equal(session_aborting(bench.session), 0);
    bench_read(&tasks[0], 9, 1, more);
    assert_true(session_submit(bench.session, &tasks[0]));
    target_release(&bench.target);
    bench_settle(&bench);
    assert_int_equal(task.fault.code, FAULT_NONE);
    assert_int_equal(tasks[1].fault.code, FAULT_NONE);
    assert_int_equal(tasks[3].fault.code, FAULT_NONE);
    assert_int_equal(tasks[0].fault.code, FAULT_NONE);
    assert_memory_equal(more, bench.target.disk + 9 * 512, 512);
    assert_int_equal(tasks[2].fault.code, FAULT_CANCELLED);
    assert_int_equal(bench.target.count[1], 4);
    bench_no_complaint(&bench);
}

static void test_commands_are_sent_first_come_first_served(void **state)
{
    static struct task tasks[40];

    (void)state;
    bench.config.queue_depth = 3;
    bench.target.config.window = 2;
    bench_ready(&bench);
    for (unsigned i = 0; i < 40; i++) {
        bench_read(&tasks[i], i, 1, more);
        assert_true(session_submit(bench.session, &tasks[i]));
    }
    bench_settle(&bench);
    for (unsigned i = 0, n = 0; i < bench.target.seen_count; i++) {
        if (bench.target.seen[i].header[0] == 0x01)
            assert_int_equal(bench.target.seen[i].header[32 + 5], n++);
    }
    assert_int_equal(bench.target.count[1], 40);
}

static void test_the_queue_is_bounded(void **state)
{
    static struct task tasks[SESSION_TASKS_MAX + 1];

    (void)state;
    bench.target.config.window = 0;
    bench_ready(&bench);
    for (unsigned i = 0; i <= SESSION_TASKS_MAX; i++) {
        bench_unit_ready(&tasks[i]);
        assert_int_equal(session_submit(bench.session, &tasks[i]), i < SESSION_TASKS_MAX);
    }
    assert_int_equal(tasks[SESSION_TASKS_MAX].fault.code, FAULT_BUSY);
    session_abort(bench.session);
    assert_int_equal(tasks[0].fault.code, FAULT_CANCELLED);
    assert_false(session_submit(bench.session, &tasks[0]));
    assert_int_equal(tasks[0].fault.code, FAULT_SESSION_LOST);
}

static void test_tasks_that_cannot_be(void **state)
{
    (void)state;
    bench_ready(&bench);
    bench_read(&task, 0, 1, NULL);
    assert_false(session_submit(bench.session, &task));
    assert_int_equal(task.fault.code, FAULT_BAD_REQUEST);
    bench_write(&task, 0, 1, NULL);
    assert_false(session_submit(bench.session, &task));
    bench_unit_ready(&task);
    task.length = 5;
    assert_false(session_submit(bench.session, &task));
}

/* --- Loss --- */

static void test_req_263_every_end_of_the_connection_ends_the_tasks(void **state)
{
    static const struct {
        enum session_close_reason reason;
        enum fault_code code;
    } ends[] = {{SESSION_FIN, FAULT_TCP_CLOSED},
                {SESSION_RST, FAULT_TCP_RESET},
                {SESSION_TIMEOUT, FAULT_SILENT},
                {SESSION_UNREACHABLE, FAULT_TCP_UNREACHABLE},
                {SESSION_LOCAL, FAULT_TCP_LOCAL}};

    for (unsigned i = 0; i < 5; i++) {
        bench.config.queue_depth = 1;
        held_read();
        bench_read(&other, 0, 8, more);
        assert_true(session_submit(bench.session, &other)); /* one waits, one is active */
        session_closed(bench.session, bench.connection, ends[i].reason);
        lost_with(ends[i].code);
        assert_int_equal(task.state, TASK_DONE);
        assert_int_equal(task.fault.code, FAULT_SESSION_LOST);
        assert_int_equal(other.state, TASK_DONE);
        assert_int_equal(other.fault.code, FAULT_SESSION_LOST);
        assert_int_equal(session_aborting(bench.session), 0);
        again(state);
    }
}

static void test_req_265_nothing_of_the_old_session_is_left(void **state)
{
    (void)state;
    bench.target.config.window = 7;
    held_read();
    session_ping(bench.session);
    session_cancel(bench.session, &task);
    bench.target.mute_abort = true;
    bench_settle(&bench);
    session_closed(bench.session, bench.connection, SESSION_RST);
    bench.connected = false;
    bench.target.config.first_stat_sn = 5;
    bench.target.config.immediate_data = false;
    bench.target.hold = false;
    session_open(bench.session);
    assert_true(bench_until(&bench, SESSION_READY, 60000));
    assert_false(session_info(bench.session)->keys.immediate_data);
    assert_int_equal(session_aborting(bench.session), 0);
    bench_check_read(&bench, 0, 8);
    bench_no_complaint(&bench);
}

static void test_req_220_abort_leaves_the_buffers_at_once(void **state)
{
    uint8_t *heap = malloc(16 * 512);
    const uint8_t *bytes;
    uint8_t *window;

    (void)state;
    memset(heap, 1, 16 * 512);
    bench_ready(&bench);
    bench_write(&task, 0, 16, heap);
    assert_true(session_submit(bench.session, &task));
    bench.tx_limit = bench.tx_total + 100;
    bench_settle(&bench);
    session_abort(bench.session);
    assert_int_equal(task.state, TASK_DONE);
    assert_int_equal(task.fault.code, FAULT_CANCELLED);
    free(heap);
    assert_int_equal(session_tx_peek(bench.session, &bytes), 0); /* no byte is sent any more */
    assert_int_equal(session_rx_space(bench.session, &window), 0);
    assert_int_equal(session_next_action(bench.session).kind, SESSION_ABORT);
    assert_int_equal(session_state(bench.session), SESSION_CLOSED);
}

static void test_req_275_a_failure_while_failing_does_not_recurse(void **state)
{
    (void)state;
    held_read();
    for (unsigned i = 0; i < 3; i++) {
        session_closed(bench.session, bench.connection, SESSION_RST);
        session_tick(bench.session, bench.now_ms + 100000);
        session_logout(bench.session, 0);
        session_abort(bench.session);
    }
    lost_with(FAULT_TCP_RESET);
    assert_int_equal(session_last_attempt(bench.session)->number, 1);
}

static void test_time_does_not_go_back(void **state)
{
    uint64_t deadline;

    (void)state;
    held_read();
    deadline = session_tick(bench.session, bench.now_ms);
    assert_int_equal(session_tick(bench.session, 0), deadline);
    assert_int_equal(task.state, TASK_ACTIVE);
}

/* --- Trace and secrets --- */

static void test_req_352_the_trace_holds_the_last_headers(void **state)
{
    struct session_trace line;
    uint64_t cursor = 0, lost = 0, seen = 0, all_lost = 0;
    bool first = true;

    (void)state;
    bench_ready(&bench);
    while (session_trace_next(bench.session, &cursor, &line, &lost)) {
        if (first) {
            assert_true(line.out);
            assert_int_equal(line.header[0], 0x43);
            first = false;
        }
        seen++;
    }
    assert_int_equal(seen, 2); /* one request, one response */
    for (unsigned i = 0; i < 40; i++)
        bench_check_read(&bench, i, 1);
    for (seen = 0; session_trace_next(bench.session, &cursor, &line, &lost); seen++)
        all_lost += lost;
    assert_int_equal(seen, SESSION_TRACE_MAX);
    assert_int_equal(seen + all_lost, 80);
    assert_int_equal(line.header[0], 0x25);
    assert_false(line.out);
}

/* No byte string of the secret, of the response or of the challenge is left where it need not be. */
static bool holds(const void *memory, size_t size, const void *bytes, size_t n)
{
    for (size_t i = 0; i + n <= size; i++) {
        if (memcmp((const uint8_t *)memory + i, bytes, n) == 0)
            return true;
    }
    return false;
}

static void test_req_172_173_nothing_secret_is_kept(void **state)
{
    char response[40] = "";

    (void)state;
    bench_chap(&bench, true);
    bench.config.login.chap.algorithms[0] = 5;
    bench.config.login.chap.algorithm_count = 1;
    bench_ready(&bench);
    for (size_t i = 0; i + 60 < bench.sent.length; i++) {
        if (memcmp(bench.sent.bytes + i, "CHAP_R=0x", 9) == 0)
            memcpy(response, bench.sent.bytes + i + 9, 32);
    }
    assert_int_equal(strlen(response), 32);
    assert_false(holds(bench.session, sizeof(*bench.session), "a-secret-of-16-b", 16));
    assert_false(holds(bench.session, sizeof(*bench.session), response, 32));
    assert_false(holds(bench.session, sizeof(*bench.session), bench.target.chap_challenge, 16));
    session_done(bench.session);
    for (size_t i = 0; i < sizeof(*bench.session); i++)
        assert_int_equal(((const uint8_t *)bench.session)[i], 0);
}

static void test_req_173_also_on_each_error_path(void **state)
{
    for (unsigned step = 0; step < 4; step++) {
        bench_chap(&bench, true);
        bench.target.login_at = step;
        bench.target.login_class = 2;
        bench.target.login_detail = 2;
        bench_start(&bench);
        bench_settle(&bench);
        assert_int_equal(session_state(bench.session), SESSION_FAILED);
        for (size_t i = 0; i < sizeof(bench.session->login.output); i++)
            assert_int_equal(bench.session->login.output[i] | bench.session->login.text[i], 0);
        again(state);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_req_257_abort_task_names_the_task),
        TEST(test_req_258_responses_to_abort),
        TEST(test_req_258_the_status_was_on_its_way),
        TEST(test_req_258_the_status_comes_between_abort_and_its_answer),
        TEST(test_req_259_the_tag_is_not_used_before_the_answer),
        TEST(test_req_260_no_answer_to_abort_fails_the_session),
        TEST(test_req_261_the_ladder_after_a_timeout),
        TEST(test_req_261_the_unit_is_reset_where_that_is_wanted),
        TEST(test_req_261_a_reset_ends_the_other_commands_of_the_unit),
        TEST(test_req_261_a_reset_that_fails_ends_the_session),
        TEST(test_a_task_has_its_own_deadline),
        TEST(test_cancel_of_a_waiting_task_leaves_no_trace),
        TEST(test_commands_are_sent_first_come_first_served),
        TEST(test_the_queue_is_bounded),
        TEST(test_tasks_that_cannot_be),
        TEST(test_req_263_every_end_of_the_connection_ends_the_tasks),
        TEST(test_req_265_nothing_of_the_old_session_is_left),
        TEST(test_req_220_abort_leaves_the_buffers_at_once),
        TEST(test_req_275_a_failure_while_failing_does_not_recurse),
        TEST(test_time_does_not_go_back),
        TEST(test_req_352_the_trace_holds_the_last_headers),
        TEST(test_req_172_173_nothing_secret_is_kept),
        TEST(test_req_173_also_on_each_error_path),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
