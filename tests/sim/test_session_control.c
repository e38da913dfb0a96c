/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is neither command nor data: NOP, Async, Reject, Text, discovery and Logout (requirements of sections
 * P and L).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "iscsi/bytes.h"
#include "iscsi/discovery.h"
#include "tests/target/bench.h"

static struct bench bench;
static struct task task;
static uint8_t data[64 * 512];

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

static void again(void **state)
{
    teardown(state);
    setup(state);
}

static void submit_read(void)
{
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

/* --- NOP --- */

static void test_req_238_nop_in_is_answered_at_once(void **state)
{
    static const uint8_t lun[8] = {0x40, 0x11, 2, 3, 4, 5, 6, 7};
    const uint8_t *header;

    (void)state;
    bench_ready(&bench);
    target_send_nop_in(&bench.target, 0xffffffff, 0xcafe0001, lun);
    bench_settle(&bench); /* no time passes */
    assert_int_equal(bench.target.count[0], 1);
    header = last(0)->header;
    assert_int_equal(header[0], 0x40);
    assert_int_equal(header[1], 0x80);
    assert_memory_equal(header + 8, lun, 8);
    assert_int_equal(bytes_get32(header + 16), 0xffffffff);
    assert_int_equal(bytes_get32(header + 20), 0xcafe0001);
    bench_no_complaint(&bench);
}

static void test_req_238_also_in_the_middle_of_a_read(void **state)
{
    uint8_t first[48] = {0x25, 0}, second[48] = {0x25, 0x81};

    (void)state;
    bench_ready(&bench);
    bench.target.hold = true;
    submit_read();
    memcpy(first + 16, last(1)->header + 16, 4);
    target_send(&bench.target, first, bench.target.disk, 2048, false);
    target_send_nop_in(&bench.target, 0xffffffff, 0xcafe0002, NULL);
    bench_settle(&bench);
    assert_int_equal(bench.target.last_pong_ttt, 0xcafe0002);
    memcpy(second + 16, last(1)->header + 16, 4);
    target_put(second, 36, 4, 1);
    target_put(second, 40, 4, 2048);
    target_send(&bench.target, second, bench.target.disk + 2048, 2048, true);
    bench_settle(&bench);
    assert_int_equal(task.transferred, 4096);
    assert_memory_equal(data, bench.target.disk, 4096);
    bench_no_complaint(&bench);
}

static void test_req_238_several_at_once_are_all_answered(void **state)
{
    (void)state;
    bench_ready(&bench);
    for (unsigned i = 0; i < SESSION_PONGS_MAX; i++)
        target_send_nop_in(&bench.target, 0xffffffff, 0x100 + i, NULL);
    bench_settle(&bench);
    assert_int_equal(bench.target.count[0], SESSION_PONGS_MAX);
    assert_int_equal(bench.target.last_pong_ttt, 0x100 + SESSION_PONGS_MAX - 1);
}

static void test_pings_faster_than_the_wire_are_a_flood(void **state)
{
    (void)state;
    bench_ready(&bench);
    bench.tx_stopped = true;
    for (unsigned i = 0; i < SESSION_PONGS_MAX; i++)
        target_send_nop_in(&bench.target, 0xffffffff, i, NULL);
    bench_settle(&bench);
    assert_int_equal(session_state(bench.session), SESSION_READY);
    target_send_nop_in(&bench.target, 0xffffffff, 99, NULL);
    bench_settle(&bench);
    lost_with(FAULT_PROTOCOL_FLOOD);
}

static void test_req_239_information_is_not_answered(void **state)
{
    (void)state;
    bench_ready(&bench);
    target_send_nop_in(&bench.target, 0xffffffff, 0xffffffff, NULL);
    bench_settle(&bench);
    assert_int_equal(bench.target.count[0], 0);
    assert_int_equal(session_state(bench.session), SESSION_READY);
}

static void test_req_240_ping_after_idle_time(void **state)
{
    (void)state;
    bench.config.ping_idle_ms = 8000;
    bench_ready(&bench);
    bench_pass(&bench, 7999);
    assert_int_equal(bench.target.count[0], 0);
    bench_pass(&bench, 1);
    assert_int_equal(bench.target.count[0], 1);
    bench_pass(&bench, 8000);
    assert_int_equal(bench.target.count[0], 2);
    assert_int_equal(session_state(bench.session), SESSION_READY);
    bench_no_complaint(&bench);
}

static void test_req_240_270_a_silent_peer_is_found(void **state)
{
    (void)state;
    bench_ready(&bench);
    bench.target.deaf = true;
    bench_pass(&bench, 15000 + 9999);
    assert_int_equal(session_state(bench.session), SESSION_READY);
    bench_pass(&bench, 1);
    lost_with(FAULT_SILENT);
}

static void test_req_240_the_answer_must_echo(void **state)
{
    uint8_t header[48] = {0x20, 0x80};
    uint64_t took;

    bench_ready(&bench);
    assert_true(session_ping(bench.session));
    assert_false(session_ping(bench.session)); /* one is under way */
    bench_settle(&bench);
    assert_int_equal(session_pings(bench.session, &took), 1);
    assert_true(last(0)->data_length > 0);
    bench_no_complaint(&bench);
    for (unsigned length = 0; length <= SESSION_PING_DATA; length += SESSION_PING_DATA) {
        again(state);
        bench_ready(&bench);
        bench.target.mute_nop = true;
        assert_true(session_ping(bench.session));
        bench_settle(&bench);
        memcpy(header + 16, last(0)->header + 16, 4);
        target_put(header, 20, 4, 0xffffffff);
        target_send(&bench.target, header, data, length, true);
        bench_settle(&bench);
        lost_with(FAULT_PROTOCOL_TYPE);
    }
}

static void test_ping_measures_time(void **state)
{
    uint8_t header[48] = {0x20, 0x80};
    uint64_t took = 0;

    (void)state;
    bench_ready(&bench);
    bench.target.mute_nop = true;
    assert_true(session_ping(bench.session));
    bench_settle(&bench);
    bench_pass(&bench, 123);
    memcpy(header + 16, last(0)->header + 16, 4);
    target_put(header, 20, 4, 0xffffffff);
    target_send(&bench.target, header, last(0)->data, last(0)->data_length, true);
    bench_settle(&bench);
    assert_int_equal(session_pings(bench.session, &took), 1);
    assert_int_equal(took, 123);
}

static void test_req_242_nop_in_with_an_unknown_tag(void **state)
{
    (void)state;
    bench_ready(&bench);
    bench.target.hold = true;
    submit_read();
    target_send_nop_in(&bench.target, 0x12345678, 0xffffffff, NULL);
    bench_settle(&bench);
    lost_with(FAULT_PROTOCOL_TAG);
    assert_int_equal(task.fault.code, FAULT_SESSION_LOST);
}

static void test_req_242_data_in_a_plain_nop_in(void **state)
{
    uint8_t header[48] = {0x20, 0x80};
    static uint8_t much[100000];

    (void)state;
    bench_ready(&bench);
    target_put(header, 16, 4, 0xffffffff);
    target_put(header, 20, 4, 0x55);
    memset(much, 0xff, sizeof(much));
    target_send(&bench.target, header, much, sizeof(much), false); /* longer than what is kept */
    bench_settle(&bench);
    assert_int_equal(bench.target.last_pong_ttt, 0x55);
    assert_int_equal(last(0)->data_length, 0);
    bench_check_read(&bench, 0, 4);
    bench_no_complaint(&bench);
}

static void test_req_243_pings_do_not_extend_a_command(void **state)
{
    (void)state;
    bench.config.command_ms = 20000;
    bench_ready(&bench);
    bench.target.hold = true;
    submit_read();
    for (unsigned i = 0; i < 19; i++) {
        bench_pass(&bench, 1000);
        target_send_nop_in(&bench.target, 0xffffffff, i, NULL);
        bench_settle(&bench);
    }
    assert_int_equal(task.state, TASK_ACTIVE);
    bench_pass(&bench, 1000);
    assert_int_equal(task.state, TASK_DONE);
    assert_int_equal(task.fault.code, FAULT_COMMAND_TIMEOUT);
}

/* --- Async --- */

static void test_req_244_scsi_event_is_kept(void **state)
{
    static const uint8_t segment[20] = {0, 18, 0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x2a, 9};
    static const uint8_t claims_more[20] = {0, 19, 0x70}, claims_most[20] = {0xff, 0xff, 0x70};
    const uint8_t *sense;
    size_t length;

    (void)state;
    bench_ready(&bench);
    assert_int_equal(session_attentions(bench.session, &sense, &length), 0);
    target_send_async(&bench.target, 0, 0, 0, 0, segment, sizeof(segment));
    bench_settle(&bench);
    assert_int_equal(session_attentions(bench.session, &sense, &length), 1);
    assert_int_equal(length, 18);
    assert_memory_equal(sense, segment + 2, 18);
    target_send_async(&bench.target, 0, 0, 0, 0, claims_more, sizeof(claims_more));
    target_send_async(&bench.target, 0, 0, 0, 0, claims_most, sizeof(claims_most));
    target_send_async(&bench.target, 0, 0, 0, 0, segment, 1);
    target_send_async(&bench.target, 0, 0, 0, 0, NULL, 0);
    bench_settle(&bench);
    assert_int_equal(session_attentions(bench.session, &sense, &length), 1);
    bench_check_read(&bench, 0, 1);
}

static void test_req_245_253_logout_on_request(void **state)
{
    (void)state;
    bench_ready(&bench);
    target_send_async(&bench.target, 1, 0, 0, 10, NULL, 0);
    bench_settle(&bench);
    assert_true(bench.target.logged_out);
    assert_int_equal(last(6)->header[1], 0x81); /* reason 1: this connection */
    assert_int_equal(bytes_get16(last(6)->header + 20), 0);
    lost_with(FAULT_TARGET_LOGOUT);
    bench_no_complaint(&bench);
    session_open(bench.session);
    bench_pass(&bench, 1999); /* Time2Wait of the answer */
    assert_int_equal(session_state(bench.session), SESSION_PAUSING);
    bench_pass(&bench, 1);
    assert_int_equal(session_state(bench.session), SESSION_READY);
    bench_check_read(&bench, 0, 1);
}

static void test_req_245_commands_under_way_may_finish(void **state)
{
    struct task late;

    (void)state;
    bench_ready(&bench);
    bench.target.hold = true;
    submit_read();
    target_send_async(&bench.target, 1, 0, 0, 10, NULL, 0);
    bench_settle(&bench);
    assert_int_equal(session_state(bench.session), SESSION_READY);
    bench_unit_ready(&late);
    assert_false(session_submit(bench.session, &late)); /* no new ones */
    assert_int_equal(late.fault.code, FAULT_BUSY);
    bench_pass(&bench, 3000);
    target_release(&bench.target);
    bench_settle(&bench);
    assert_int_equal(task.fault.code, FAULT_NONE);
    assert_int_equal(task.transferred, 4096);
    assert_true(bench.target.logged_out);
    lost_with(FAULT_TARGET_LOGOUT);
    bench_no_complaint(&bench);
}

static void test_req_245_but_not_beyond_the_time_given(void **state)
{
    (void)state;
    bench_ready(&bench);
    bench.target.hold = true;
    submit_read();
    target_send_async(&bench.target, 1, 0, 0, 10, NULL, 0);
    bench_pass(&bench, 9999);
    assert_true(bench.target.logged_out);
    assert_int_equal(task.fault.code, FAULT_SESSION_LOST);
    lost_with(FAULT_TARGET_LOGOUT);
}

static void test_req_250_logouts_without_end(void **state)
{
    unsigned rounds = 0;

    (void)state;
    bench.config.pause_ms = 1;
    bench_start(&bench);
    while (rounds < 10) {
        if (!bench_until(&bench, SESSION_READY, 60000))
            break;
        target_send_async(&bench.target, 1, 0, 0, 1, NULL, 0);
        bench_settle(&bench);
        lost_with(FAULT_TARGET_LOGOUT);
        if (session_fault(bench.session)->detail != NULL)
            break;
        session_open(bench.session);
        rounds++;
    }
    assert_in_range(rounds, 1, 5);
    assert_non_null(session_fault(bench.session)->detail);
}

static void test_req_246_connection_will_drop(void **state)
{
    for (uint8_t event = 2; event <= 3; event++) {
        bench_ready(&bench);
        target_send_async(&bench.target, event, event == 3 ? 0x7777 : 0, 6, 20, NULL, 0);
        bench_settle(&bench);
        lost_with(FAULT_TARGET_LOGOUT);
        session_open(bench.session);
        bench_pass(&bench, 5999);
        assert_int_equal(session_state(bench.session), SESSION_PAUSING);
        bench_pass(&bench, 1);
        assert_int_equal(session_state(bench.session), SESSION_READY);
        again(state);
    }
    bench_ready(&bench); /* another connection is not ours */
    target_send_async(&bench.target, 2, 5, 6, 20, NULL, 0);
    bench_settle(&bench);
    assert_int_equal(session_state(bench.session), SESSION_READY);
}

static void test_req_247_negotiation_is_begun_in_time(void **state)
{
    (void)state;
    bench_ready(&bench);
    target_send_async(&bench.target, 4, 0, 0, 3, NULL, 0);
    bench_settle(&bench);
    assert_int_equal(bench.target.count[4], 1);
    assert_int_equal(last(4)->data_length, 0);
    assert_int_equal(session_state(bench.session), SESSION_READY);
    bench_check_read(&bench, 0, 1);
    bench_no_complaint(&bench);
}

static void test_req_247_while_another_exchange_is_under_way(void **state)
{
    (void)state;
    bench.target.config.text_piece = 5;
    bench.target.config.window = 64;
    bench_ready(&bench);
    assert_true(session_send_targets(bench.session));
    target_send_async(&bench.target, 4, 0, 0, 3, NULL, 0);
    bench_settle(&bench);
    size_t length;
    assert_non_null(session_targets_text(bench.session, &length));
    assert_int_equal(length, strlen(bench.target.config.targets));
    bench_no_complaint(&bench);
}

/* A Text Response to the exchange in progress, with | for NUL. */
static void say(const char *text, bool final)
{
    uint8_t header[48] = {0x24, final ? 0x80 : 0};
    uint8_t bytes[9000];
    uint32_t n = (uint32_t)strlen(text);

    for (uint32_t i = 0; i < n; i++)
        bytes[i] = text[i] == '|' ? 0 : (uint8_t)text[i];
    memcpy(header + 16, last(4)->header + 16, 4);
    target_put(header, 20, 4, final ? 0xffffffff : 0x4444);
    bench.target.next_ttt = 0x4444;
    target_send(&bench.target, header, bytes, n, true);
    bench_settle(&bench);
}

static void wants_to_negotiate(void)
{
    bench_ready(&bench);
    target_lie(&bench.target, "drop-text", 0);
    target_send_async(&bench.target, 4, 0, 0, 3, NULL, 0);
    bench_settle(&bench);
    bench.target.stat_sn--; /* of the answer that was dropped */
}

static void test_req_097_only_the_segment_length_changes_later(void **state)
{
    static uint8_t out[64 * 512];

    wants_to_negotiate();
    say("MaxRecvDataSegmentLength=1024|", true);
    assert_int_equal(session_state(bench.session), SESSION_READY);
    bench.target.config.max_recv = 1024;
    bench_write(&task, 0, 64, out);
    assert_true(session_submit(bench.session, &task));
    bench_settle(&bench);
    assert_int_equal(task.transferred, sizeof(out));
    bench_no_complaint(&bench); /* no segment was longer than that */
    again(state);
    wants_to_negotiate();
    target_lie(&bench.target, "drop-text", 1); /* not this one, but what the target says to our answers */
    say("X-new=1|MaxBurstLength=512|ErrorRecoveryLevel=2|", false);
    assert_int_equal(last(4)->data_length, 20 + 22 + 26);
    assert_memory_equal(last(4)->data, "X-new=NotUnderstood\0MaxBurstLength=Reject\0ErrorRecov", 50);
    assert_int_equal(session_info(bench.session)->keys.max_burst_length, 65536);
    assert_int_equal(session_info(bench.session)->keys.error_recovery_level, 0);
}

static void test_req_097_malformed_text_later(void **state)
{
    static const char *const texts[] = {"MaxRecvDataSegmentLength=1|", "MaxRecvDataSegmentLength=1024",
                                        "nonsense|", "MaxBurstLength=512|MaxBurstLength=512|",
                                        "AuthMethod=None|"};

    for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        wants_to_negotiate();
        say(texts[i], true);
        assert_int_equal(session_state(bench.session), SESSION_FAILED);
        again(state);
    }
}

static void test_req_248_tasks_ended_by_another(void **state)
{
    (void)state;
    bench_ready(&bench);
    target_send_async(&bench.target, 5, 0, 0, 0, NULL, 0);
    bench_settle(&bench);
    assert_int_equal(session_state(bench.session), SESSION_FAILED);
}

static void test_req_249_other_events_are_ignored(void **state)
{
    static const uint8_t events[] = {6, 7, 100, 248, 255};

    (void)state;
    bench_ready(&bench);
    for (unsigned i = 0; i < sizeof(events); i++) {
        target_send_async(&bench.target, events[i], 1, 2, 3, data, 100);
        bench_settle(&bench);
    }
    assert_int_equal(session_state(bench.session), SESSION_READY);
    assert_int_equal(bench.session->notices.ignored, sizeof(events));
    bench_check_read(&bench, 0, 1);
    bench_no_complaint(&bench);
}

/* --- Reject --- */

static void test_req_251_reject_fails_the_session(void **state)
{
    for (uint8_t reason = 1; reason < 14; reason++) {
        bench_ready(&bench);
        bench.target.hold = true;
        submit_read();
        target_send_reject(&bench.target, reason, last(1)->header, 48);
        bench_settle(&bench);
        lost_with(FAULT_REJECTED);
        assert_int_equal(session_fault(bench.session)->reason, reason);
        assert_int_equal(session_fault(bench.session)->opcode, 0x01); /* which of ours it was */
        assert_int_equal(task.fault.code, FAULT_SESSION_LOST);
        again(state);
    }
}

static void test_req_251_reject_without_a_header(void **state)
{
    static const uint32_t lengths[] = {0, 1, 47};

    for (unsigned i = 0; i < 3; i++) {
        bench_ready(&bench);
        target_send_reject(&bench.target, 4, data, lengths[i]);
        bench_settle(&bench);
        lost_with(FAULT_FORMAT_FIELD);
        again(state);
    }
}

static void test_req_251_reject_during_login(void **state)
{
    uint8_t header[48] = {0x3f, 0x80, 4};
    uint8_t zero[48] = {0x43};

    (void)state;
    bench.target.login_at = 0;
    bench.target.login_silent = true;
    bench_start(&bench);
    bench_settle(&bench);
    target_send_raw(&bench.target, header, NULL, 0, true);
    bench_settle(&bench);
    lost_with(FAULT_FORMAT_FIELD);
    again(state);
    bench.target.login_at = 0;
    bench.target.login_silent = true;
    bench_start(&bench);
    bench_settle(&bench);
    target_put(header, 5, 3, 48);
    target_send_raw(&bench.target, header, zero, 48, true);
    bench_settle(&bench);
    lost_with(FAULT_REJECTED);
    assert_int_equal(session_fault(bench.session)->opcode, 0x03);
}

/* --- Logout --- */

static void closed(bool politely)
{
    assert_int_equal(session_state(bench.session), SESSION_CLOSED);
    assert_int_equal(bench_count_actions(&bench, politely ? SESSION_CLOSE : SESSION_ABORT), 1);
    assert_int_equal(bench_count_actions(&bench, politely ? SESSION_ABORT : SESSION_CLOSE), 0);
}

static void test_req_253_logout_at_the_end(void **state)
{
    const uint8_t *header;

    (void)state;
    bench_ready(&bench);
    session_logout(bench.session, 0);
    bench_settle(&bench);
    header = last(6)->header;
    assert_int_equal(header[0], 0x46);
    assert_int_equal(header[1], 0x80); /* reason 0: the session */
    closed(true);
    assert_int_equal(session_fault(bench.session)->code, FAULT_NONE);
    bench_no_complaint(&bench);
}

static void test_req_254_any_answer_closes(void **state)
{
    for (uint8_t response = 1; response <= 3; response++) {
        bench_ready(&bench);
        bench.target.logout_response = response;
        session_logout(bench.session, 0);
        bench_settle(&bench);
        closed(true);
        again(state);
    }
}

static void test_req_254_no_answer_closes_within_the_bound(void **state)
{
    bench_ready(&bench);
    bench.target.mute_logout = true;
    session_logout(bench.session, 200);
    bench_pass(&bench, 199);
    assert_int_equal(session_state(bench.session), SESSION_LOGOUT);
    bench_pass(&bench, 1);
    closed(false);
    assert_int_equal(session_fault(bench.session)->code, FAULT_LOGOUT_TIMEOUT);
    again(state);
    bench_ready(&bench);
    bench.target.mute_logout = bench.target.close_at_logout = true;
    session_logout(bench.session, 0);
    bench_settle(&bench);
    closed(false);
}

static void test_logout_ends_tasks_and_sends_nothing_more(void **state)
{
    static struct task tasks[4];
    unsigned before;

    (void)state;
    bench.config.queue_depth = 2;
    bench_ready(&bench);
    bench.target.hold = true;
    for (unsigned i = 0; i < 4; i++) {
        bench_read(&tasks[i], 0, 8, data);
        assert_true(session_submit(bench.session, &tasks[i]));
    }
    bench_settle(&bench);
    bench.target.mute_logout = true;
    session_logout(bench.session, 0);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(tasks[i].state, TASK_DONE);
        assert_int_equal(tasks[i].fault.code, FAULT_CANCELLED);
    }
    bench_settle(&bench);
    before = bench.target.seen_count;
    target_send_nop_in(&bench.target, 0xffffffff, 5, NULL); /* after Logout nothing is answered */
    bench_settle(&bench);
    assert_int_equal(bench.target.seen_count, before);
    assert_int_equal(session_state(bench.session), SESSION_LOGOUT);
    bench_no_complaint(&bench);
}

static void test_late_answers_during_logout_are_dropped(void **state)
{
    (void)state;
    bench_ready(&bench);
    bench.target.hold = true;
    memset(data, 0xa5, sizeof(data));
    submit_read();
    session_logout(bench.session, 0);
    target_release(&bench.target); /* on the way before the target saw the Logout */
    bench_settle(&bench);
    closed(true);
    for (size_t i = 0; i < sizeof(data); i++)
        assert_int_equal(data[i], 0xa5);
}

static void test_logout_in_every_other_state(void **state)
{
    (void)state;
    bench.target.login_at = 0;
    bench.target.login_silent = true;
    bench_start(&bench);
    session_logout(bench.session, 0); /* before the connection was even asked for */
    assert_int_equal(session_state(bench.session), SESSION_CLOSED);
    assert_int_equal(session_next_action(bench.session).kind, SESSION_DO_NOTHING);
    session_open(bench.session);
    bench_settle(&bench);
    assert_int_equal(session_state(bench.session), SESSION_LOGIN);
    session_logout(bench.session, 0);
    assert_int_equal(session_state(bench.session), SESSION_CLOSED);
    assert_int_equal(session_next_action(bench.session).kind, SESSION_ABORT);
    assert_int_equal(bench.target.count[6], 0);
}

/* --- Discovery --- */

static void discover(void)
{
    bench.config.login.target_name = NULL;
    bench_ready(&bench);
    assert_true(session_send_targets(bench.session));
    bench_settle(&bench);
}

static unsigned count_records(void)
{
    struct discovery discovery;
    struct discovery_record record;
    enum fault_code fault;
    size_t length;
    const char *text = session_targets_text(bench.session, &length);
    unsigned count = 0;

    assert_non_null(text);
    discovery_init(&discovery, text, length);
    while (discovery_next(&discovery, &record, &fault))
        count++;
    return count;
}

static void test_req_183_184_192_discovery_session(void **state)
{
    struct task none;

    (void)state;
    discover();
    assert_memory_equal(last(4)->data, "SendTargets=All", 16);
    assert_true(bench.target.discovery);
    assert_int_equal(count_records(), 1);
    bench_unit_ready(&none);
    assert_false(session_submit(bench.session, &none)); /* no SCSI here */
    assert_int_equal(none.fault.code, FAULT_BAD_REQUEST);
    session_logout(bench.session, 0); /* REQ-192 */
    bench_settle(&bench);
    assert_true(bench.target.logged_out);
    bench_no_complaint(&bench);
}

static void test_req_184_a_normal_session_asks_for_its_own_target(void **state)
{
    (void)state;
    bench_ready(&bench);
    assert_true(session_send_targets(bench.session));
    assert_false(session_send_targets(bench.session)); /* one at a time */
    bench_settle(&bench);
    assert_memory_equal(last(4)->data, "SendTargets=", 13);
    assert_int_equal(last(4)->data_length, 13);
    bench_no_complaint(&bench);
}

static char *many_targets(unsigned count)
{
    char *text = calloc(count, 100);
    size_t at = 0;

    for (unsigned i = 0; i < count; i++)
        at += (size_t)sprintf(text + at,
                              "TargetName=iqn.2024-01.org.example:t%u|TargetAddress=192.0.2.%u:3260,1|", i,
                              i % 250 + 1);
    return text;
}

static void test_req_186_answers_in_many_parts(void **state)
{
    static const unsigned pieces[] = {1, 2, 7, 100, 1000, 8192};

    for (unsigned i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        for (unsigned with_c = 0; with_c < 2; with_c++) {
            char *text = many_targets(pieces[i] < 7 ? 3 : 30);
            bench.target.config.targets = text;
            bench.target.config.text_piece = pieces[i];
            bench.target.config.text_continue = with_c;
            discover();
            assert_int_equal(count_records(), pieces[i] < 7 ? 3 : 30);
            bench_no_complaint(&bench);
            free(text);
            again(state);
        }
    }
}

static void test_req_346_hundreds_of_records(void **state)
{
    char *text = many_targets(800);

    (void)state;
    bench.target.config.targets = text;
    discover();
    assert_int_equal(count_records(), 800);
    free(text);
}

static void test_req_187_endless_lists_are_refused(void **state)
{
    static char text[70000];

    memset(text, 'x', sizeof(text) - 1);
    bench.target.config.targets = text;
    bench.target.config.text_piece = 1000;
    discover();
    lost_with(FAULT_DISCOVERY_SIZE);
    again(state);
    bench.target.config.targets = text;
    bench.target.config.text_piece = 1; /* too many rounds */
    discover();
    lost_with(FAULT_DISCOVERY_SIZE);
    assert_in_range(bench.target.count[4], 100, 1000);
}

static void test_req_190_an_empty_list_is_complete(void **state)
{
    size_t length = 99;

    (void)state;
    bench.target.config.targets = "";
    discover();
    assert_non_null(session_targets_text(bench.session, &length));
    assert_int_equal(length, 0);
    assert_int_equal(session_state(bench.session), SESSION_READY);
}

static void test_req_256_text_responses_that_do_not_fit(void **state)
{
    static const char *const lies[] = {"text-itt", "text-ttt", "text-c-and-f", "text-not-final"};

    for (unsigned i = 0; i < 4; i++) {
        bench.config.login.target_name = NULL;
        bench_ready(&bench);
        target_lie(&bench.target, lies[i], 0);
        assert_true(session_send_targets(bench.session));
        bench_settle(&bench);
        lost_with(FAULT_PROTOCOL_TEXT);
        again(state);
    }
    uint8_t header[48] = {0x24, 0x80}; /* and one that nobody asked for */
    bench_ready(&bench);
    target_put(header, 20, 4, 0xffffffff);
    target_send(&bench.target, header, NULL, 0, true);
    bench_settle(&bench);
    lost_with(FAULT_PROTOCOL_TEXT);
}

static void test_send_targets_has_a_deadline(void **state)
{
    (void)state;
    bench.config.login.target_name = NULL;
    bench.config.command_ms = 7000;
    bench_ready(&bench);
    target_lie(&bench.target, "drop-text", 0);
    assert_true(session_send_targets(bench.session));
    bench_pass(&bench, 7000);
    lost_with(FAULT_COMMAND_TIMEOUT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_req_238_nop_in_is_answered_at_once),
        TEST(test_req_238_also_in_the_middle_of_a_read),
        TEST(test_req_238_several_at_once_are_all_answered),
        TEST(test_pings_faster_than_the_wire_are_a_flood),
        TEST(test_req_239_information_is_not_answered),
        TEST(test_req_240_ping_after_idle_time),
        TEST(test_req_240_270_a_silent_peer_is_found),
        TEST(test_req_240_the_answer_must_echo),
        TEST(test_ping_measures_time),
        TEST(test_req_242_nop_in_with_an_unknown_tag),
        TEST(test_req_242_data_in_a_plain_nop_in),
        TEST(test_req_243_pings_do_not_extend_a_command),
        TEST(test_req_244_scsi_event_is_kept),
        TEST(test_req_245_253_logout_on_request),
        TEST(test_req_245_commands_under_way_may_finish),
        TEST(test_req_245_but_not_beyond_the_time_given),
        TEST(test_req_250_logouts_without_end),
        TEST(test_req_246_connection_will_drop),
        TEST(test_req_247_negotiation_is_begun_in_time),
        TEST(test_req_247_while_another_exchange_is_under_way),
        TEST(test_req_097_only_the_segment_length_changes_later),
        TEST(test_req_097_malformed_text_later),
        TEST(test_req_248_tasks_ended_by_another),
        TEST(test_req_249_other_events_are_ignored),
        TEST(test_req_251_reject_fails_the_session),
        TEST(test_req_251_reject_without_a_header),
        TEST(test_req_251_reject_during_login),
        TEST(test_req_253_logout_at_the_end),
        TEST(test_req_254_any_answer_closes),
        TEST(test_req_254_no_answer_closes_within_the_bound),
        TEST(test_logout_ends_tasks_and_sends_nothing_more),
        TEST(test_late_answers_during_logout_are_dropped),
        TEST(test_logout_in_every_other_state),
        TEST(test_req_183_184_192_discovery_session),
        TEST(test_req_184_a_normal_session_asks_for_its_own_target),
        TEST(test_req_186_answers_in_many_parts),
        TEST(test_req_346_hundreds_of_records),
        TEST(test_req_187_endless_lists_are_refused),
        TEST(test_req_190_an_empty_list_is_complete),
        TEST(test_req_256_text_responses_that_do_not_fit),
        TEST(test_send_targets_has_a_deadline),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
