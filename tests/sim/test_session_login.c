/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a session comes to be: CHAP in all its forms, login statuses, redirections, portals, names, retries and
 * their bounds (requirements of sections C, E, H, I and J that concern the session).
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
#include "tests/target/bench.h"

static struct bench bench;

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

static const struct session_info *info(void)
{
    return session_info(bench.session);
}

static void fails(enum fault_code code)
{
    bench_start(&bench);
    bench_until(&bench, SESSION_READY, 600000);
    assert_int_equal(session_state(bench.session), SESSION_FAILED);
    if (session_fault(bench.session)->code != code)
        fail_msg("%s instead of %s", fault_name(session_fault(bench.session)->code), fault_name(code));
    assert_false(bench.connected); /* the connection was given back (REQ-074) */
}

static void again(void **state)
{
    teardown(state);
    setup(state);
}

static void portals(unsigned count)
{
    bench.config.portal_count = bench.portal_count = count;
    for (unsigned i = 0; i < count; i++) {
        strcpy(bench.config.portals[i].host, "192.0.2.1");
        bench.config.portals[i].port = bench.portals[i].port = (uint16_t)(3260 + i);
    }
}

/* --- CHAP --- */

static void test_all_algorithms_one_way_and_mutual(void **state)
{
    for (unsigned algorithm = 5; algorithm <= 8; algorithm++) {
        for (unsigned mutual = 0; mutual < 2; mutual++) {
            for (unsigned base64 = 0; base64 < 2; base64++) {
                bench_chap(&bench, mutual);
                memset(bench.target.config.chap_algorithms, 0, 4);
                bench.target.config.chap_algorithms[0] = (uint8_t)algorithm;
                bench.target.config.chap_base64 = base64;
                bench_ready(&bench);
                assert_int_equal(info()->chap_algorithm, algorithm);
                assert_true(info()->authenticated);
                assert_int_equal(info()->mutual, mutual);
                assert_false(info()->md5_retried);
                bench_check_read(&bench, 3, 9);
                bench_no_complaint(&bench);
                again(state);
            }
        }
    }
}

static void test_req_150_strongest_first(void **state)
{
    (void)state;
    bench_chap(&bench, false);
    bench_ready(&bench);
    assert_int_equal(info()->chap_algorithm, 8);
}

static void test_req_146_any_takes_none(void **state)
{
    (void)state;
    bench_chap(&bench, false);
    bench.config.login.policy = LOGIN_AUTH_ANY;
    bench.target.config.chap_name = NULL;
    bench_ready(&bench);
    assert_false(info()->authenticated);
    assert_int_equal(info()->chap_algorithm, 0);
    bench_no_complaint(&bench);
}

static void test_req_148_chap_is_not_given_up(void **state)
{
    (void)state;
    bench_chap(&bench, false);
    bench.target.login_at = 0;
    bench.target.login_text = "AuthMethod=None|";
    fails(FAULT_AUTH_SKIPPED);
}

static void test_req_121_177_wrong_secret_is_tried_once(void **state)
{
    static const uint8_t wrong[] = "not-the-secret-at-all";

    (void)state;
    bench_chap(&bench, false);
    bench.config.attempts = 4;
    bench.config.login.chap.algorithms[0] = 5;
    bench.config.login.chap.algorithm_count = 1;
    bench.config.login.chap.local.secret = wrong;
    fails(FAULT_LOGIN_STATUS);
    assert_int_equal(session_fault(bench.session)->login_class, 2);
    assert_int_equal(session_fault(bench.session)->login_detail, 1);
    assert_int_equal(bench_count_actions(&bench, SESSION_CONNECT), 1);
}

static void test_req_152_tgtd_takes_seven_for_sha1(void **state)
{
    (void)state;
    bench_chap(&bench, false);
    bench.target.config.chap_algorithms[0] = 7;
    bench.target.config.chap_algorithms[1] = 5;
    bench.target.config.chap_algorithms[2] = bench.target.config.chap_algorithms[3] = 0;
    bench.target.config.chap_seven_is_sha1 = true;
    bench_ready(&bench);
    assert_int_equal(info()->chap_algorithm, 5);
    assert_true(info()->md5_retried);
    assert_int_equal(bench_count_actions(&bench, SESSION_CONNECT), 2);
    assert_int_equal(session_last_attempt(bench.session)->fault.login_class, 2);
    assert_int_equal(session_last_attempt(bench.session)->fault.login_detail, 0);
    bench_check_read(&bench, 0, 1);
    bench_no_complaint(&bench);
}

static void test_req_152_a_list_is_refused_or_closed_at(void **state)
{
    for (int closed = 0; closed < 2; closed++) {
        bench_chap(&bench, false);
        bench.target.config.chap_list_refused = !closed;
        bench.target.config.chap_list_closed = closed;
        bench_ready(&bench);
        assert_int_equal(info()->chap_algorithm, 5);
        assert_true(info()->md5_retried);
        assert_int_equal(bench_count_actions(&bench, SESSION_CONNECT), 2);
        again(state);
    }
}

static void test_req_152_exactly_one_second_login(void **state)
{
    static const uint8_t wrong[] = "not-the-secret-at-all";

    (void)state;
    bench_chap(&bench, false);
    bench.config.login.chap.local.secret = wrong;
    bench.config.attempts = 4;
    fails(FAULT_LOGIN_STATUS);
    assert_int_equal(bench_count_actions(&bench, SESSION_CONNECT), 2);
    again(state);
    bench_chap(&bench, false); /* it was MD5 already */
    memset(bench.target.config.chap_algorithms, 0, 4);
    bench.target.config.chap_algorithms[0] = 5;
    bench.config.login.chap.local.secret = wrong;
    bench.config.attempts = 4;
    fails(FAULT_LOGIN_STATUS);
    assert_int_equal(bench_count_actions(&bench, SESSION_CONNECT), 1);
}

static void test_req_152_never_without_md5_in_the_list(void **state)
{
    (void)state;
    bench_chap(&bench, false);
    bench.config.login.chap.algorithm_count = 3;
    bench.target.config.chap_list_refused = true;
    fails(FAULT_LOGIN_STATUS);
    assert_int_equal(bench_count_actions(&bench, SESSION_CONNECT), 1);
}

static void test_req_152_silence_is_no_refusal(void **state)
{
    (void)state;
    bench_chap(&bench, false);
    bench.target.login_at = 1;
    bench.target.login_silent = true;
    fails(FAULT_LOGIN_TIMEOUT);
    assert_int_equal(bench_count_actions(&bench, SESSION_CONNECT), 1);
}

/* The value of the last such key that the session sent, as long as it lasts. */
static const char *sent_value(const char *key)
{
    const char *value = "";

    for (size_t i = 0; i + strlen(key) < bench.sent.length; i++) {
        if (memcmp(bench.sent.bytes + i, key, strlen(key)) == 0)
            value = (const char *)bench.sent.bytes + i + strlen(key);
    }
    return value;
}

static void test_req_161_our_own_challenge_comes_back(void **state)
{
    char said[200];

    (void)state;
    bench_chap(&bench, true);
    bench_ready(&bench); /* a first session shows a challenge of ours */
    assert_int_equal(strlen(sent_value("CHAP_C=")), 2 + 2 * 32);
    snprintf(said, sizeof(said), "CHAP_A=8|CHAP_I=1|CHAP_C=%s|", sent_value("CHAP_C="));
    session_logout(bench.session, 0);
    bench_until(&bench, SESSION_CLOSED, 10000);
    bench.target.login_at = 1;
    bench.target.login_text = said;
    session_open(bench.session);
    bench_until(&bench, SESSION_READY, 60000);
    assert_int_equal(session_state(bench.session), SESSION_FAILED);
    assert_int_equal(session_fault(bench.session)->code, FAULT_AUTH_REFLECTION);
}

static void test_req_164_wrong_proof_of_the_target(void **state)
{
    static const uint8_t wrong[] = "another-secret-but-wrong";

    (void)state;
    bench_chap(&bench, true);
    bench.config.attempts = 4;
    bench.target.config.mutual_secret = wrong;
    fails(FAULT_AUTH_TARGET);
    assert_int_equal(bench_count_actions(&bench, SESSION_CONNECT), 1);
    assert_int_equal(bench.target.count[3], 3); /* nothing was sent after it */
}

static void test_req_166_170_158_configurations_that_are_refused(void **state)
{
    struct chap_config *chap = &bench.config.login.chap;
    const struct chap_credentials good = {"client", (const uint8_t *)"a-secret-of-16-b", 16};

    (void)state;
    bench_chap(&bench, true);
    chap->target = good; /* equal secrets */
    assert_non_null(session_init(bench.session, &bench.config, bench.seed, 0));
    assert_int_equal(session_state(bench.session), SESSION_FAILED);
    assert_int_equal(session_fault(bench.session)->code, FAULT_BAD_CONFIG);
    bench_chap(&bench, false);
    chap->local.secret_length = 11;
    assert_non_null(session_init(bench.session, &bench.config, bench.seed, 0));
    bench_chap(&bench, true);
    chap->has_random = false;
    assert_non_null(session_init(bench.session, &bench.config, bench.seed, 0));
    bench_chap(&bench, true);
    chap->target.name = NULL; /* mutual is required, but not configured */
    assert_non_null(session_init(bench.session, &bench.config, bench.seed, 0));
    session_open(bench.session);
    assert_int_equal(session_state(bench.session), SESSION_FAILED);
    assert_int_equal(session_next_action(bench.session).kind, SESSION_DO_NOTHING);
}

static void test_req_157_weak_challenge_is_noted(void **state)
{
    (void)state;
    bench_chap(&bench, false);
    bench.target.config.chap_challenge_length = 8;
    bench_ready(&bench);
    assert_true(info()->weak_challenge);
}

static void test_req_175_discovery_authenticates_too(void **state)
{
    (void)state;
    bench_chap(&bench, true);
    bench.config.login.target_name = NULL;
    bench_ready(&bench);
    assert_true(info()->mutual);
    bench_no_complaint(&bench);
}

/* --- Login: what only whole sessions show --- */

static void test_req_072_results_hold_from_the_next_byte(void **state)
{
    (void)state;
    bench.target.config.window = 4;
    bench_start(&bench);
    /* The last Login Response and a NOP-In come in one piece. */
    bench.rx_piece = 0;
    bench_until(&bench, SESSION_READY, 1000);
    target_send_nop_in(&bench.target, 0xffffffff, 0x77, NULL);
    bench_settle(&bench);
    assert_int_equal(bench.target.last_pong_ttt, 0x77);
    bench_check_read(&bench, 0, 200); /* Data-In beyond 8192 bytes, our new limit */
    bench_no_complaint(&bench);
}

/* A Login Response with so many bytes of text, by hand: the session's fault, or NONE while it goes on. */
static enum fault_code login_segment(uint32_t length)
{
    uint8_t *text = calloc(1, length);
    uint8_t header[48] = {0x23, 0x04};

    bench.target.login_at = 0;
    bench.target.login_silent = true;
    bench_start(&bench);
    bench_settle(&bench);
    memcpy(header + 8, bench.target.isid, 6);
    target_put(header, 5, 3, length);
    target_put(header, 16, 4, bench.target.login_itt);
    target_send_raw(&bench.target, header, text, length, true);
    bench_settle(&bench);
    free(text);
    return session_fault(bench.session)->code;
}

/* The target answers before it has the whole request. */
static void test_req_062_a_response_out_of_turn(void **state)
{
    uint8_t header[48] = {0x23, 0x04};

    (void)state;
    bench.tx_limit = 100;
    bench_start(&bench);
    bench_settle(&bench);
    memcpy(header + 8, bench.config.login.isid, 6);
    memcpy(header + 16, bench.sent.bytes + 16, 4);
    target_send_raw(&bench.target, header, NULL, 0, true);
    bench_settle(&bench);
    assert_int_equal(session_state(bench.session), SESSION_FAILED);
    assert_int_equal(session_fault(bench.session)->code, FAULT_PROTOCOL_PHASE);
}

static void test_req_038_071_no_more_than_8192_during_login(void **state)
{
    assert_int_equal(login_segment(8192), FAULT_NONE); /* 8192 empty items: tolerated */
    again(state);
    assert_int_equal(login_segment(8193), FAULT_FORMAT_LENGTH);
}

/* An operational key that breaks the negotiation: the connection is given up, and what follows on it is not
 * read. */
static void test_req_074_093_failed_negotiation_closes_the_connection(void **state)
{
    const uint8_t *bytes;
    uint8_t *window;

    (void)state;
    bench.target.login_at = 0;
    bench.target.login_text = "MaxBurstLength=Reject|";
    fails(FAULT_KEY_REJECTED);
    assert_string_equal(session_fault(bench.session)->key, "MaxBurstLength");
    assert_int_equal(bench_count_actions(&bench, SESSION_ABORT), 1);
    assert_int_equal(session_rx_space(bench.session, &window), 0);
    assert_int_equal(session_tx_peek(bench.session, &bytes), 0);
    assert_int_equal(session_epoch(bench.session), 0);
}

static void test_req_076_one_connection(void **state)
{
    static const char offer[] = "MaxConnections=1";

    (void)state;
    bench_ready(&bench);
    assert_int_equal(info()->keys.max_connections, 1);
    for (size_t i = 0;; i++) {
        assert_true(i + sizeof(offer) < bench.sent.length);
        if (memcmp(bench.sent.bytes + i, offer, sizeof(offer)) == 0)
            break;
    }
    bench_no_complaint(&bench); /* CID 0 in each request among other things */
}

static void test_req_271_bounds_by_default(void **state)
{
    (void)state;
    portals(1);
    bench.portals[0].mode = BENCH_IGNORE;
    fails(FAULT_TCP_TIMEOUT);
    assert_int_equal(bench.now_ms, 1000 + 5000);
    again(state);
    portals(1);
    bench.portals[0].mode = BENCH_MUTE;
    fails(FAULT_LOGIN_TIMEOUT);
    assert_int_equal(bench.now_ms, 1000 + 15000);
}

static void test_req_075_no_credit_before_the_login_response(void **state)
{
    (void)state;
    bench.target.config.window = 0;
    bench_ready(&bench);
    struct task task;
    bench_unit_ready(&task);
    assert_true(session_submit(bench.session, &task));
    bench_pass(&bench, 1000);
    assert_int_equal(bench.target.count[1], 0);
    assert_int_equal(task.state, TASK_WAITING);
    session_cancel(bench.session, &task);
}

static void test_req_067_c_bit_at_every_byte(void **state)
{
    for (unsigned piece = 1; piece < 400; piece++) {
        bench_chap(&bench, true);
        bench.target.login_piece = piece;
        bench.target.login_piece_once = true;
        bench_ready(&bench);
        bench_no_complaint(&bench);
        again(state);
    }
}

static void test_req_043_other_pdus_during_login(void **state)
{
    static const uint8_t opcodes[] = {0x20, 0x21, 0x22, 0x24, 0x25, 0x26, 0x31, 0x32};

    for (unsigned i = 0; i < sizeof(opcodes); i++) {
        uint8_t header[48] = {opcodes[i], 0x80};
        target_put(header, 16, 4, 0xffffffff);
        bench_chap(&bench, false);
        bench.target.login_at = 1;
        bench.target.login_silent = true;
        bench_start(&bench);
        bench_settle(&bench);
        assert_int_equal(session_state(bench.session), SESSION_LOGIN);
        target_send_raw(&bench.target, header, NULL, 0, true);
        bench_settle(&bench);
        assert_int_equal(session_state(bench.session), SESSION_FAILED);
        assert_int_equal(session_fault(bench.session)->code, FAULT_PROTOCOL_PHASE);
        again(state);
    }
}

static void test_req_043_login_response_afterwards(void **state)
{
    uint8_t header[48] = {0x23, 0x87};

    (void)state;
    bench_ready(&bench);
    target_send_raw(&bench.target, header, NULL, 0, true);
    bench_settle(&bench);
    assert_int_equal(session_state(bench.session), SESSION_FAILED);
    assert_int_equal(session_fault(bench.session)->code, FAULT_PROTOCOL_PHASE);
}

static void test_req_033_other_protocols(void **state)
{
    static const char *const greetings[] = {
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2\r\n...............",
        "220 mail.example.org ESMTP ready, how are you today?\r\n",
        "<html><body>not here, and not anywhere else</body></html>",
        "########################################################",
    };

    for (unsigned i = 0; i < sizeof(greetings) / sizeof(greetings[0]); i++) {
        bench.target.login_silent = true;
        bench.target.login_at = 0;
        bench_start(&bench);
        bench_settle(&bench);
        for (size_t at = 0; at < strlen(greetings[i]); at++) {
            uint8_t *window;
            if (session_rx_space(bench.session, &window) == 0)
                break;
            *window = (uint8_t)greetings[i][at];
            session_rx_done(bench.session, 1);
        }
        bench_settle(&bench);
        assert_int_equal(session_state(bench.session), SESSION_FAILED);
        if (greetings[i][0] != '#') /* 23h is a Login Response by its first byte; the rest tells */
            assert_int_equal(session_fault(bench.session)->code, FAULT_NOT_ISCSI);
        again(state);
    }
}

static void test_req_264_reinstatement_uses_the_same_isid_and_no_tsih(void **state)
{
    uint8_t isid[6];

    (void)state;
    bench_ready(&bench);
    memcpy(isid, bench.target.isid, 6);
    bench.target.reset_wanted = true;
    bench_settle(&bench);
    assert_int_equal(session_state(bench.session), SESSION_FAILED);
    assert_int_equal(session_fault(bench.session)->code, FAULT_TCP_RESET);
    session_open(bench.session);
    assert_true(bench_until(&bench, SESSION_READY, 60000));
    assert_memory_equal(bench.target.isid, isid, 6);
    assert_int_equal(session_epoch(bench.session), 2);
    bench_check_read(&bench, 0, 8);
    bench_no_complaint(&bench); /* TSIH 0 among other things */
}

/* A path is the initiator's name, the ISID, the target's name and the portal group; a TSIH belongs to one. */
static void test_req_011_another_target_gets_no_tsih_of_the_first(void **state)
{
    static const char other[] = "iqn.2026-11.org.example:other";
    uint8_t isid[6];

    (void)state;
    bench_ready(&bench);
    assert_int_not_equal(info()->tsih, 0);
    memcpy(isid, bench.target.isid, 6);
    bench.target.reset_wanted = true;
    bench_settle(&bench);
    bench.config.login.target_name = other;
    bench.target.config.name = other;
    session_open(bench.session);
    assert_true(bench_until(&bench, SESSION_READY, 60000));
    assert_memory_equal(bench.target.isid, isid, 6);
    assert_int_equal(info()->tsih, bench.target.tsih);
    bench_no_complaint(&bench); /* the target saw TSIH 0 in the first request */
}

static void test_req_269_time2wait_before_the_next_connection(void **state)
{
    (void)state;
    bench.target.config.time2wait = 7;
    bench_ready(&bench);
    bench.target.reset_wanted = true;
    bench_settle(&bench);
    session_open(bench.session);
    bench_pass(&bench, 6999);
    assert_int_equal(session_state(bench.session), SESSION_PAUSING);
    assert_int_equal(bench_count_actions(&bench, SESSION_CONNECT), 1);
    bench_pass(&bench, 1);
    assert_int_equal(session_state(bench.session), SESSION_READY);
}

static void test_req_272_loss_between_stages_starts_again(void **state)
{
    for (unsigned step = 0; step < 4; step++) {
        for (unsigned reset = 0; reset < 2; reset++) {
            bench_chap(&bench, true);
            bench.config.login.chap.algorithm_count = 1; /* no second login with MD5 */
            bench.config.attempts = 2;
            bench.target.login_at = step;
            bench.target.login_close = !reset;
            bench.target.login_reset = reset;
            bench_start(&bench);
            bench_settle(&bench);
            assert_int_equal(session_state(bench.session), SESSION_PAUSING);
            assert_int_equal(session_last_attempt(bench.session)->fault.code,
                             reset ? FAULT_TCP_RESET : FAULT_TCP_CLOSED);
            bench.target.login_at = TARGET_NOT_SET;
            assert_true(bench_until(&bench, SESSION_READY, 60000));
            bench_no_complaint(&bench);
            again(state);
        }
    }
}

/* --- Statuses --- */

struct status {
    uint8_t class, detail;
    unsigned connects; /* with four rounds on one portal */
};

static void test_req_120_121_122_124_125_126_127_128_129_130_131_132_133_134_135_each_status(void **state)
{
    static const struct status statuses[] = {
        {2, 0x00, 1}, {2, 0x01, 1}, {2, 0x02, 1}, {2, 0x03, 1}, {2, 0x04, 1}, {2, 0x05, 1}, {2, 0x06, 2},
        {2, 0x07, 1}, {2, 0x08, 2}, {2, 0x09, 1}, {2, 0x0a, 2}, {2, 0x0b, 1}, {2, 0x7f, 1}, {3, 0x00, 4},
        {3, 0x01, 4}, {3, 0x02, 4}, {3, 0x55, 4}, {1, 0x09, 1}, {4, 0x00, 1}, {9, 0x01, 1}, {0xff, 0xff, 1},
    };

    for (unsigned i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        bench.config.attempts = 4;
        bench.target.login_at = 0;
        bench.target.login_class = statuses[i].class;
        bench.target.login_detail = statuses[i].detail;
        fails(FAULT_LOGIN_STATUS);
        assert_int_equal(session_fault(bench.session)->login_class, statuses[i].class);
        assert_int_equal(session_fault(bench.session)->login_detail, statuses[i].detail);
        if (bench_count_actions(&bench, SESSION_CONNECT) != statuses[i].connects)
            fail_msg("status %02x%02x: %u connections", statuses[i].class, statuses[i].detail,
                     bench_count_actions(&bench, SESSION_CONNECT));
        again(state);
    }
}

static uint16_t connected_port(unsigned nth)
{
    for (unsigned i = 0; i < bench.action_count; i++) {
        if (bench.actions[i].kind == SESSION_CONNECT && nth-- == 0)
            return bench.actions[i].port;
    }
    return 0;
}

static void test_req_123_not_found_here_but_perhaps_elsewhere(void **state)
{
    (void)state;
    portals(3);
    bench.portals[0].login_class = 2;
    bench.portals[0].login_detail = 3;
    bench.portals[1].mode = BENCH_REFUSE;
    bench.portals[2].mode = BENCH_REFUSE;
    bench.portals[2].times = 1;
    bench.config.attempts = 4;
    bench_ready(&bench);
    assert_int_equal(bench_count_actions(&bench, SESSION_CONNECT), 5);
    for (unsigned i = 0; i < 5; i++) /* 0 1 2, then without the first */
        assert_int_equal(connected_port(i), i < 3 ? 3260 + i : 3261 + (i - 3));
}

static void test_req_126_once_again_after_time2wait(void **state)
{
    (void)state;
    portals(1);
    bench.portals[0].login_class = 2;
    bench.portals[0].login_detail = 6;
    bench.portals[0].times = 1;
    bench_ready(&bench);
    assert_int_equal(bench_count_actions(&bench, SESSION_CONNECT), 2);
    assert_true(bench.now_ms >= 1000 + 2000);
}

static void test_req_136_class_2_is_final_with_other_portals_too(void **state)
{
    (void)state;
    portals(2);
    bench.config.attempts = 4;
    bench.portals[0].login_class = 2;
    bench.portals[0].login_detail = 2;
    fails(FAULT_LOGIN_STATUS);
    assert_int_equal(bench_count_actions(&bench, SESSION_CONNECT), 1);
}

static void test_req_133_out_of_service_then_the_other_portal(void **state)
{
    (void)state;
    portals(2);
    bench.portals[0].login_class = 3;
    bench.portals[0].login_detail = 1;
    bench_ready(&bench);
    assert_int_equal(info()->portal.port, 3261);
}

static void test_req_136_pauses_grow_with_jitter_and_end(void **state)
{
    uint64_t at[8] = {0};
    unsigned n = 0;

    (void)state;
    portals(1);
    bench.portals[0].mode = BENCH_REFUSE;
    bench.config.attempts = 6;
    bench.config.establish_ms = 600000;
    fails(FAULT_TCP_REFUSED);
    for (unsigned i = 0; i < bench.action_count; i++) {
        if (bench.actions[i].kind == SESSION_CONNECT)
            at[n++] = bench.actions[i].at_ms;
    }
    assert_int_equal(n, 6);
    for (unsigned i = 1; i < 6; i++) {
        uint64_t pause = at[i] - at[i - 1], base = i < 4 ? 1000u << (i - 1) : 8000;
        assert_in_range(pause, base / 2, base * 3 / 2);
    }
    /* Another machine, with another seed, comes at other times. */
    uint64_t first_pause = at[1] - at[0];
    again(state);
    portals(1);
    bench.portals[0].mode = BENCH_REFUSE;
    bench.config.attempts = 2;
    bench.seed[0] = 99;
    fails(FAULT_TCP_REFUSED);
    assert_int_not_equal(bench.now_ms - 1000, first_pause);
}

#define HERD 200u

/* The most of these moments that lie within one second. */
static unsigned busiest_second(const uint64_t at_ms[HERD])
{
    unsigned most = 0;

    for (unsigned i = 0; i < HERD; i++) {
        unsigned together = 0;

        for (unsigned j = 0; j < HERD; j++)
            together += at_ms[j] >= at_ms[i] && at_ms[j] - at_ms[i] < 1000;
        most = together > most ? together : most;
    }
    return most;
}

/* Machines that were switched on at one moment, before their storage, must not come back in step. */
static void test_req_136_a_rack_that_waits_for_its_target_spreads(void **state)
{
    uint64_t at_ms[HERD];

    for (unsigned i = 0; i < HERD; i++) {
        portals(1);
        bench.portals[0].mode = BENCH_REFUSE;
        bench.config.attempts = 4;
        bench.seed[0] = (uint8_t)i;
        fails(FAULT_TCP_REFUSED);
        at_ms[i] = bench.now_ms;
        again(state);
    }
    assert_in_range(busiest_second(at_ms), HERD / 20, HERD / 3);
}

static void test_req_136_total_time_is_bounded(void **state)
{
    (void)state;
    portals(1);
    bench.portals[0].mode = BENCH_REFUSE;
    bench.config.attempts = 1000000;
    bench.config.establish_ms = 30000;
    fails(FAULT_TCP_REFUSED);
    assert_int_equal(bench.now_ms, 1000 + 30000);
}

static void test_req_029_each_end_has_its_own_name(void **state)
{
    static const struct {
        enum bench_mode mode;
        enum fault_code code;
    } ends[] = {{BENCH_REFUSE, FAULT_TCP_REFUSED},
                {BENCH_UNREACHABLE, FAULT_TCP_UNREACHABLE},
                {BENCH_IGNORE, FAULT_TCP_TIMEOUT},
                {BENCH_MUTE, FAULT_LOGIN_TIMEOUT}};

    for (unsigned i = 0; i < 4; i++) {
        portals(1);
        bench.config.attempts = 2;
        bench.portals[0].mode = ends[i].mode;
        fails(ends[i].code);
        assert_int_equal(bench_count_actions(&bench, SESSION_CONNECT), 2);
        assert_int_equal(bench_count_actions(&bench, SESSION_ABORT), 2);
        again(state);
    }
}

static void test_req_030_deadlines_of_connect_and_login(void **state)
{
    (void)state;
    portals(1);
    bench.portals[0].mode = BENCH_IGNORE;
    bench.config.connect_ms = 1234;
    fails(FAULT_TCP_TIMEOUT);
    assert_int_equal(bench.now_ms, 1000 + 1234);
    again(state);
    portals(1);
    bench.portals[0].mode = BENCH_MUTE;
    bench.config.login_ms = 4321;
    fails(FAULT_LOGIN_TIMEOUT);
    assert_int_equal(bench.now_ms, 1000 + 4321);
}

/* A target that answers always a little, but never to the end. */
static void test_req_030_login_deadline_is_not_moved_by_progress(void **state)
{
    (void)state;
    bench.target.login_forever = true;
    fails(FAULT_LOGIN_ROUNDS);
}

static void test_names_are_resolved_and_all_addresses_tried(void **state)
{
    (void)state;
    portals(1);
    strcpy(bench.config.portals[0].host, "san.example.org");
    bench.names[0] = (struct bench_name){.host = "san.example.org", .count = 3};
    for (unsigned i = 0; i < 3; i++)
        bench.names[0].addresses[i] = (struct address){ADDRESS_IPV4, {192, 0, 2, (uint8_t)(10 + i)}};
    bench.name_count = 1;
    bench.portals[0].mode = BENCH_REFUSE;
    bench.portals[0].times = 2;
    bench_ready(&bench);
    assert_int_equal(bench_count_actions(&bench, SESSION_RESOLVE), 1);
    assert_int_equal(info()->address.bytes[3], 12);
    assert_string_equal(info()->portal.host, "san.example.org");
}

static void test_names_that_do_not_resolve(void **state)
{
    (void)state;
    strcpy(bench.config.portals[0].host, "nowhere.example.org");
    fails(FAULT_DNS);
    again(state);
    strcpy(bench.config.portals[0].host, "silent.example.org");
    bench.names[0] = (struct bench_name){.host = "silent.example.org", .silent = true};
    bench.name_count = 1;
    fails(FAULT_DNS_TIMEOUT);
    assert_int_equal(bench.now_ms, 1000 + 10000);
    assert_int_equal(bench_count_actions(&bench, SESSION_ABORT), 1);
}

static void test_configurations_that_are_refused(void **state)
{
    static const struct keys_values digests = {.header_digest = 1};

    (void)state;
    bench.config.portal_count = 0;
    assert_non_null(session_init(bench.session, &bench.config, bench.seed, 0));
    bench.config.portal_count = SESSION_PORTALS_MAX + 1;
    assert_non_null(session_init(bench.session, &bench.config, bench.seed, 0));
    bench.config.portal_count = 1;
    bench.config.queue_depth = SESSION_TASKS_MAX + 1;
    assert_non_null(session_init(bench.session, &bench.config, bench.seed, 0));
    bench.config.queue_depth = 0;
    bench.config.login.initiator_name = "not a name";
    assert_non_null(session_init(bench.session, &bench.config, bench.seed, 0));
    bench.config.login.initiator_name = "iqn.2024-01.ORG.example:client"; /* not folded */
    assert_non_null(session_init(bench.session, &bench.config, bench.seed, 0));
    bench.config.login.initiator_name = BENCH_INITIATOR;
    bench.config.login.offer = &digests;
    assert_non_null(session_init(bench.session, &bench.config, bench.seed, 0));
    bench.config.login.offer = NULL;
    assert_null(session_init(bench.session, &bench.config, bench.seed, 0));
}

/* --- Redirection --- */

static void redirecting(uint8_t detail, const char *address)
{
    portals(1);
    bench.portal_count = 2;
    bench.portals[0].login_class = 1;
    bench.portals[0].login_detail = detail;
    bench.portals[0].address = address;
    bench.portals[1].port = 9999;
}

static void test_req_118_119_141_redirection_is_followed(void **state)
{
    for (uint8_t detail = 1; detail <= 2; detail++) {
        bench_chap(&bench, true);
        redirecting(detail, "192.0.2.77:9999,3");
        bench_ready(&bench);
        assert_int_equal(connected_port(0), 3260);
        assert_int_equal(connected_port(1), 9999);
        assert_int_equal(info()->portal.port, 9999);
        assert_int_equal(info()->address.bytes[3], 77);
        assert_int_equal(info()->moved_permanently, detail == 2);
        assert_true(info()->mutual); /* REQ-141: all of it again */
        bench_check_read(&bench, 1, 1);
        bench_no_complaint(&bench);
        again(state);
    }
}

static void test_req_118_the_next_session_asks_the_configured_portal(void **state)
{
    (void)state;
    redirecting(1, "192.0.2.77:9999");
    bench_ready(&bench);
    session_logout(bench.session, 0);
    bench_until(&bench, SESSION_CLOSED, 10000);
    session_open(bench.session);
    assert_true(bench_until(&bench, SESSION_READY, 10000));
    assert_int_equal(connected_port(2), 3260);
}

static void test_req_139_redirection_without_address(void **state)
{
    (void)state;
    redirecting(1, NULL);
    fails(FAULT_REDIRECT_ADDRESS);
}

static void test_req_140_loops_end(void **state)
{
    (void)state;
    redirecting(1, "192.0.2.1:3260");
    bench.config.attempts = 4;
    fails(FAULT_REDIRECT_LOOP);
    assert_int_equal(bench_count_actions(&bench, SESSION_CONNECT), 1 + SESSION_REDIRECTS_MAX);
}

static void test_req_138_redirection_to_a_name_or_ipv6(void **state)
{
    (void)state;
    redirecting(1, "[2001:db8::7]:9999");
    bench_ready(&bench);
    assert_int_equal(info()->address.family, ADDRESS_IPV6);
    again(state);
    redirecting(1, "other.example.org:9999");
    bench.names[0] = (struct bench_name){
        .host = "other.example.org", .count = 1, .addresses = {{ADDRESS_IPV4, {192, 0, 2, 99}}}};
    bench.name_count = 1;
    bench_ready(&bench);
    assert_int_equal(info()->address.bytes[3], 99);
}

static void test_redirection_to_a_dead_portal_returns_to_the_list(void **state)
{
    (void)state;
    redirecting(1, "192.0.2.77:9999");
    bench.portals[0].times = 1;
    bench.portals[1].mode = BENCH_REFUSE;
    bench.config.attempts = 2;
    bench_ready(&bench);
    assert_int_equal(info()->portal.port, 3260);
}

/* --- Reports that come late --- */

static void test_reports_with_an_old_number_are_ignored(void **state)
{
    struct session_action connect, after;

    (void)state;
    bench.config.attempts = 2;
    bench.config.pause_ms = 1;
    bench_start(&bench);
    connect = session_next_action(bench.session);
    assert_int_equal(connect.kind, SESSION_CONNECT);
    session_tick(bench.session, bench.now_ms + 5000); /* too late */
    session_connected(bench.session, connect.connection);
    assert_int_not_equal(session_state(bench.session), SESSION_LOGIN);
    after = session_next_action(bench.session);
    assert_int_equal(after.kind, SESSION_ABORT);
    assert_int_equal(after.connection, connect.connection);
    session_tick(bench.session, bench.now_ms + 6000);
    after = session_next_action(bench.session);
    assert_int_equal(after.kind, SESSION_CONNECT);
    assert_int_not_equal(after.connection, connect.connection);
    session_closed(bench.session, connect.connection, SESSION_RST);
    assert_int_equal(session_state(bench.session), SESSION_CONNECTING);
    session_connected(bench.session, connect.connection);
    assert_int_equal(session_state(bench.session), SESSION_CONNECTING);
    session_connected(bench.session, after.connection);
    assert_int_equal(session_state(bench.session), SESSION_LOGIN);
}

static void test_req_028_no_byte_of_the_old_connection_reaches_the_new_one(void **state)
{
    uint8_t *window;
    const uint8_t *bytes;

    for (size_t cut = 1; cut < 60; cut += 7) {
        bench.config.attempts = 2;
        bench.rx_piece = cut;
        bench_start(&bench);
        session_tick(bench.session, bench.now_ms);
        /* The header of the first response arrives in part, then the connection is reset. */
        for (unsigned i = 0; i < 6; i++)
            bench_settle(&bench);
        if (session_state(bench.session) == SESSION_READY) {
            static struct task task;
            bench_unit_ready(&task);
            session_submit(bench.session, &task);
        }
        session_closed(bench.session, bench.connection, SESSION_RST);
        assert_int_equal(session_rx_space(bench.session, &window), 0);
        assert_int_equal(session_tx_peek(bench.session, &bytes), 0);
        bench.connected = false;
        session_open(bench.session);
        assert_true(bench_until(&bench, SESSION_READY, 60000));
        bench_check_read(&bench, 9, 3);
        again(state);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_all_algorithms_one_way_and_mutual),
        TEST(test_req_150_strongest_first),
        TEST(test_req_146_any_takes_none),
        TEST(test_req_148_chap_is_not_given_up),
        TEST(test_req_121_177_wrong_secret_is_tried_once),
        TEST(test_req_152_tgtd_takes_seven_for_sha1),
        TEST(test_req_152_a_list_is_refused_or_closed_at),
        TEST(test_req_152_exactly_one_second_login),
        TEST(test_req_152_never_without_md5_in_the_list),
        TEST(test_req_152_silence_is_no_refusal),
        TEST(test_req_161_our_own_challenge_comes_back),
        TEST(test_req_164_wrong_proof_of_the_target),
        TEST(test_req_166_170_158_configurations_that_are_refused),
        TEST(test_req_157_weak_challenge_is_noted),
        TEST(test_req_175_discovery_authenticates_too),
        TEST(test_req_072_results_hold_from_the_next_byte),
        TEST(test_req_062_a_response_out_of_turn),
        TEST(test_req_038_071_no_more_than_8192_during_login),
        TEST(test_req_074_093_failed_negotiation_closes_the_connection),
        TEST(test_req_076_one_connection),
        TEST(test_req_271_bounds_by_default),
        TEST(test_req_075_no_credit_before_the_login_response),
        TEST(test_req_067_c_bit_at_every_byte),
        TEST(test_req_043_other_pdus_during_login),
        TEST(test_req_043_login_response_afterwards),
        TEST(test_req_033_other_protocols),
        TEST(test_req_011_another_target_gets_no_tsih_of_the_first),
        TEST(test_req_264_reinstatement_uses_the_same_isid_and_no_tsih),
        TEST(test_req_269_time2wait_before_the_next_connection),
        TEST(test_req_272_loss_between_stages_starts_again),
        TEST(test_req_120_121_122_124_125_126_127_128_129_130_131_132_133_134_135_each_status),
        TEST(test_req_123_not_found_here_but_perhaps_elsewhere),
        TEST(test_req_126_once_again_after_time2wait),
        TEST(test_req_136_class_2_is_final_with_other_portals_too),
        TEST(test_req_133_out_of_service_then_the_other_portal),
        TEST(test_req_136_pauses_grow_with_jitter_and_end),
        TEST(test_req_136_a_rack_that_waits_for_its_target_spreads),
        TEST(test_req_136_total_time_is_bounded),
        TEST(test_req_029_each_end_has_its_own_name),
        TEST(test_req_030_deadlines_of_connect_and_login),
        TEST(test_req_030_login_deadline_is_not_moved_by_progress),
        TEST(test_names_are_resolved_and_all_addresses_tried),
        TEST(test_names_that_do_not_resolve),
        TEST(test_configurations_that_are_refused),
        TEST(test_req_118_119_141_redirection_is_followed),
        TEST(test_req_118_the_next_session_asks_the_configured_portal),
        TEST(test_req_139_redirection_without_address),
        TEST(test_req_140_loops_end),
        TEST(test_req_138_redirection_to_a_name_or_ipv6),
        TEST(test_redirection_to_a_dead_portal_returns_to_the_list),
        TEST(test_reports_with_an_old_number_are_ignored),
        TEST(test_req_028_no_byte_of_the_old_connection_reaches_the_new_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
