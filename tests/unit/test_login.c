/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The login alone, against responses made by hand (RFC 7143 section 6; requirements of section E, and of F, G
 * and J where the login decides).
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
#include "iscsi/login.h"

#define OPERATIONAL_ANSWER                                                                                   \
    "HeaderDigest=None|DataDigest=None|InitialR2T=Yes|ImmediateData=Yes|MaxRecvDataSegmentLength=8192|"      \
    "MaxBurstLength=65536|FirstBurstLength=8192|MaxOutstandingR2T=1|DefaultTime2Wait=2|DefaultTime2Retain="  \
    "0|"                                                                                                     \
    "MaxConnections=1|ErrorRecoveryLevel=0|DataPDUInOrder=Yes|DataSequenceInOrder=Yes|"

static const uint8_t secret[] = "a-secret-of-16-b";
static const uint8_t other_secret[] = "another-secret-17";

static struct login *login;
static struct login_config config;
static struct hash_random randomness;

/* The last request. */
static uint8_t header[PDU_HEADER_SIZE];
static const uint8_t *text;
static uint32_t text_length;
static uint32_t stat_sn;

static int setup(void **state)
{
    static const uint8_t seed[HASH_SEED] = {1, 2, 3};

    (void)state;
    login = calloc(1, sizeof(*login));
    hash_random_init(&randomness, seed);
    stat_sn = 77;
    config = (struct login_config){
        .initiator_name = "iqn.2024-01.org.example:client",
        .target_name = "iqn.2024-01.org.example:disk",
        .isid = {0x80, 1, 2, 3, 4, 5},
        .chap = {.local = {"client", secret, sizeof(secret) - 1},
                 .algorithms = {8, 7, 6, 5},
                 .algorithm_count = 4,
                 .has_random = true},
    };
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    login_done(login);
    free(login);
    return 0;
}

static void start(enum login_policy policy)
{
    config.policy = policy;
    login_start(login, &config, 0x100, 0xabc00, false, &randomness);
}

static bool request(void)
{
    text = NULL;
    text_length = 0;
    return login_request(login, header, &text, &text_length);
}

/* A response that agrees with the last request, to be changed by the test. */
static struct pdu fair(void)
{
    struct pdu pdu = {.opcode = PDU_LOGIN_RESPONSE, .itt = 0xabc00, .stat_sn = stat_sn, .tsih = 0};

    pdu.csg = header[1] >> 2 & 3;
    if (header[1] & 0x80) {
        pdu.final = true;
        pdu.nsg = header[1] & 3;
        pdu.tsih = pdu.nsg == 3 ? 9 : 0;
    }
    memcpy(pdu.isid, config.isid, 6);
    return pdu;
}

/* Text with | for NUL. */
static enum login_state take(const struct pdu *pdu, const char *said)
{
    uint8_t bytes[LOGIN_TEXT_MAX];
    uint32_t n = (uint32_t)strlen(said);

    for (uint32_t i = 0; i < n; i++)
        bytes[i] = said[i] == '|' ? 0 : (uint8_t)said[i];
    stat_sn++;
    return login_take(login, pdu, bytes, n);
}

static enum login_state answer(const char *said)
{
    struct pdu pdu = fair();

    return take(&pdu, said);
}

/* The text of the last request holds this item, NUL and all. */
static bool says(const char *item)
{
    size_t n = strlen(item) + 1;

    for (uint32_t i = 0; i + n <= text_length; i++) {
        if (memcmp(text + i, item, n) == 0 && (i == 0 || text[i - 1] == 0))
            return true;
    }
    return false;
}

static bool says_key(const char *key)
{
    size_t n = strlen(key);

    for (uint32_t i = 0; i + n < text_length; i++) {
        if (memcmp(text + i, key, n) == 0 && text[i + n] == '=' && (i == 0 || text[i - 1] == 0))
            return true;
    }
    return false;
}

static void fails(enum fault_code code)
{
    assert_int_equal(login->state, LOGIN_FAILED);
    if (login->fault.code != code)
        fail_msg("%s instead of %s", fault_name(login->fault.code), fault_name(code));
    assert_false(request());
}

static void until_operational(void)
{
    start(LOGIN_AUTH_NONE);
    assert_true(request());
}

/* --- Section E --- */

static void test_req_054_first_pdu_is_a_login_request(void **state)
{
    (void)state;
    start(LOGIN_AUTH_NONE);
    assert_true(request());
    assert_int_equal(header[0] & 0x3f, PDU_LOGIN_REQUEST);
    assert_false(request()); /* one at a time */
}

static void test_req_054_another_pdu_in_the_login_fails_it(void **state)
{
    struct pdu pdu;

    (void)state;
    until_operational();
    pdu = fair();
    pdu.opcode = PDU_NOP_IN;
    take(&pdu, "");
    fails(FAULT_PROTOCOL_PHASE);
}

static void test_req_055_056_bits_and_numbers_are_constant(void **state)
{
    uint8_t first[PDU_HEADER_SIZE];

    (void)state;
    start(LOGIN_AUTH_ANY);
    assert_true(request());
    memcpy(first, header, sizeof(first));
    answer("AuthMethod=None|");
    assert_true(request());
    for (int i = 0; i < 2; i++) {
        assert_int_equal(header[0], 0x43); /* I set */
        assert_memory_equal(header + 8, config.isid, 6);
        assert_int_equal(bytes_get16(header + 14), 0);       /* TSIH */
        assert_int_equal(bytes_get32(header + 16), 0xabc00); /* ITT */
        assert_int_equal(bytes_get16(header + 20), 0);       /* CID */
        assert_int_equal(bytes_get32(header + 24), 0x100);   /* CmdSN */
        if (i == 0) {
            answer("");
            assert_true(request());
        }
    }
    assert_memory_equal(first + 8, header + 8, 20);
}

static void exp_stat_sn_follows(uint32_t from)
{
    stat_sn = from;
    start(LOGIN_AUTH_NONE);
    assert_true(request());
    assert_int_equal(bytes_get32(header + 28), 0);
    struct pdu pdu = fair();
    pdu.final = false;
    assert_int_equal(take(&pdu, ""), LOGIN_RUNNING);
    assert_true(request());
    assert_int_equal(bytes_get32(header + 28), from + 1);
    assert_int_equal(answer(OPERATIONAL_ANSWER), LOGIN_DONE);
    assert_int_equal(login->exp_stat_sn, from + 2);
}

static void test_req_057_stat_sn_may_start_anywhere(void **state)
{
    (void)state;
    exp_stat_sn_follows(5);
    exp_stat_sn_follows(0);
    exp_stat_sn_follows(0xfffffffe);
    exp_stat_sn_follows(0xffffffff);
}

static void test_req_057_a_gap_or_repeat_of_stat_sn_fails(void **state)
{
    static const uint32_t steps[] = {0, 2, 0xffffffff};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        until_operational();
        struct pdu pdu = fair();
        pdu.final = false;
        take(&pdu, "");
        assert_true(request());
        struct pdu second = fair();
        second.stat_sn = pdu.stat_sn + steps[i];
        take(&second, "");
        fails(FAULT_PROTOCOL_STATSN);
    }
}

static void test_req_058_stage_two_is_refused(void **state)
{
    struct pdu pdu;

    (void)state;
    until_operational();
    pdu = fair();
    pdu.csg = 2;
    take(&pdu, OPERATIONAL_ANSWER);
    fails(FAULT_LOGIN_STAGE);
    until_operational();
    pdu = fair();
    pdu.nsg = 2;
    take(&pdu, OPERATIONAL_ANSWER);
    fails(FAULT_LOGIN_STAGE);
}

static void test_req_059_060_requests_move_forward_only(void **state)
{
    (void)state;
    start(LOGIN_AUTH_ANY);
    assert_true(request());
    assert_int_equal(header[1], 0x00); /* security, T=0, NSG=0 */
    answer("AuthMethod=None|");
    assert_true(request());
    assert_int_equal(header[1], 0x81); /* 0 to 1 */
    answer("");
    assert_true(request());
    assert_int_equal(header[1], 0x87); /* 1 to 3 */
    assert_int_equal(answer(OPERATIONAL_ANSWER), LOGIN_DONE);
}

static void test_req_061_t_only_when_asked(void **state)
{
    struct pdu pdu;

    (void)state;
    start(LOGIN_AUTH_ANY);
    assert_true(request());
    pdu = fair();
    pdu.final = true;
    pdu.nsg = 1;
    take(&pdu, "AuthMethod=None|");
    fails(FAULT_LOGIN_STAGE);
}

static void test_req_061_nsg_must_be_ours(void **state)
{
    struct pdu pdu;

    (void)state;
    start(LOGIN_AUTH_ANY);
    assert_true(request());
    answer("AuthMethod=None|");
    assert_true(request());
    pdu = fair();
    pdu.nsg = 3;
    pdu.tsih = 1;
    take(&pdu, "");
    fails(FAULT_LOGIN_STAGE);
}

/* While more of its text was to come we did not ask; so it may not move with the end of that text. */
static void test_req_061_t_after_a_request_without_t(void **state)
{
    struct pdu pdu;

    (void)state;
    until_operational();
    pdu = fair();
    pdu.final = false;
    pdu.more = true;
    assert_int_equal(take(&pdu, "TargetAlias=a"), LOGIN_RUNNING);
    assert_true(request());
    assert_false(header[1] & 0x80);
    pdu = fair();
    pdu.final = true;
    pdu.nsg = 3;
    pdu.tsih = 5;
    take(&pdu, "b|");
    fails(FAULT_LOGIN_STAGE);
}

static void test_req_062_t_0_means_go_on(void **state)
{
    (void)state;
    until_operational();
    struct pdu pdu = fair();
    pdu.final = false;
    assert_int_equal(take(&pdu, OPERATIONAL_ANSWER), LOGIN_RUNNING);
    assert_true(request());
    assert_int_equal(text_length, 0); /* nothing left to say */
    assert_int_equal(header[1], 0x87);
    assert_int_equal(answer(""), LOGIN_DONE);
}

static void test_req_062_rounds_are_bounded(void **state)
{
    unsigned rounds = 0;

    (void)state;
    until_operational();
    do {
        struct pdu pdu = fair();
        pdu.final = false;
        take(&pdu, "");
        assert_true(++rounds <= LOGIN_ROUNDS_MAX);
    } while (request());
    fails(FAULT_LOGIN_ROUNDS);
}

static void test_req_063_csg_must_be_ours(void **state)
{
    (void)state;
    until_operational();
    struct pdu pdu = fair();
    pdu.csg = 0;
    take(&pdu, OPERATIONAL_ANSWER);
    fails(FAULT_LOGIN_STAGE);
}

static void test_req_064_isid_must_be_ours(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        until_operational();
        struct pdu pdu = fair();
        pdu.isid[i] ^= 1;
        take(&pdu, OPERATIONAL_ANSWER);
        fails(FAULT_LOGIN_IDENTITY);
    }
}

static void test_req_065_tsih_is_not_zero_at_the_end(void **state)
{
    struct pdu pdu;

    (void)state;
    until_operational();
    pdu = fair();
    pdu.tsih = 0;
    take(&pdu, OPERATIONAL_ANSWER);
    fails(FAULT_LOGIN_IDENTITY);
    until_operational();
    pdu = fair();
    pdu.tsih = 0xfffe;
    assert_int_equal(take(&pdu, OPERATIONAL_ANSWER), LOGIN_DONE);
    assert_int_equal(login->tsih, 0xfffe);
}

static void test_req_066_versions(void **state)
{
    struct pdu pdu;

    (void)state;
    until_operational();
    assert_int_equal(header[2], 0);
    assert_int_equal(header[3], 0);
    pdu = fair();
    pdu.version_active = 1;
    pdu.version_max = 1;
    take(&pdu, OPERATIONAL_ANSWER);
    fails(FAULT_LOGIN_VERSION);
    until_operational();
    pdu = fair();
    pdu.version_max = 5; /* it can do more: fine */
    assert_int_equal(take(&pdu, OPERATIONAL_ANSWER), LOGIN_DONE);
}

/* An answer cut with C after every byte is the same answer. */
static void test_req_067_c_may_cut_anywhere(void **state)
{
    static const char whole[] = OPERATIONAL_ANSWER;

    (void)state;
    for (size_t cut = 1; cut < sizeof(whole) - 1; cut++) {
        char first[sizeof(whole)] = "";
        until_operational();
        struct pdu pdu = fair();
        pdu.final = false;
        pdu.more = true;
        memcpy(first, whole, cut);
        assert_int_equal(take(&pdu, first), LOGIN_RUNNING);
        assert_true(request());
        assert_int_equal(text_length, 0);
        assert_int_equal(header[1], 0x04); /* same stage, neither T nor C */
        struct pdu second = fair();
        assert_int_equal(take(&second, whole + cut), LOGIN_RUNNING); /* T was not asked */
        assert_true(request());
        assert_int_equal(header[1], 0x87);
        assert_int_equal(answer(""), LOGIN_DONE);
        assert_int_equal(login->keys.result.max_burst_length, 65536);
    }
}

static void test_req_067_c_and_t_together_fail(void **state)
{
    (void)state;
    until_operational();
    struct pdu pdu = fair();
    pdu.more = true;
    take(&pdu, OPERATIONAL_ANSWER);
    fails(FAULT_LOGIN_STAGE);
}

/* The target offers so much that our answers do not fit one PDU: we cut, it says nothing until it has all. */
static void test_req_067_our_own_text_is_cut_with_c(void **state)
{
    char *offers = calloc(1, LOGIN_TEXT_MAX);
    char *received = calloc(1, 2 * LOGIN_TEXT_MAX);
    size_t at = 0, got = 0;
    unsigned items = 0;

    (void)state;
    until_operational();
    while (at < 6000)
        at += (size_t)sprintf(offers + at, "X-%06u=%s|", items++, "y");
    struct pdu pdu = fair();
    pdu.final = false;
    pdu.more = false;
    assert_int_equal(take(&pdu, offers), LOGIN_RUNNING);
    for (;;) {
        assert_true(request());
        assert_true(text_length <= LOGIN_REQUEST_MAX);
        memcpy(received + got, text, text_length);
        got += text_length;
        if (!(header[1] & 0x40))
            break;
        assert_int_equal(header[1] & 0x83, 0); /* C, so neither T nor NSG */
        answer("");
    }
    assert_true(got > LOGIN_REQUEST_MAX);
    assert_int_equal(header[1], 0x87);
    for (size_t i = 0; i < got; i += strlen(received + i) + 1)
        assert_non_null(strstr(received + i, "=NotUnderstood"));
    free(offers);
    free(received);
}

static void test_req_067_text_in_answer_to_c_fails(void **state)
{
    char *offers = calloc(1, LOGIN_TEXT_MAX);

    (void)state;
    until_operational();
    for (unsigned i = 0, at = 0; at < 6000; i++)
        at += (unsigned)sprintf(offers + at, "X-%06u=y|", i);
    struct pdu pdu = fair();
    pdu.final = false;
    take(&pdu, offers);
    assert_true(request());
    assert_true(header[1] & 0x40);
    answer("TargetAlias=x|");
    fails(FAULT_PROTOCOL_TEXT);
    free(offers);
}

static void test_req_068_joined_text_and_c_rounds_are_bounded(void **state)
{
    char *much = malloc(8193);
    unsigned rounds = 0;

    (void)state;
    memset(much, 'a', 8192);
    much[8192] = '\0';
    until_operational();
    do {
        struct pdu pdu = fair();
        pdu.final = false;
        pdu.more = true;
        take(&pdu, much);
        assert_true(++rounds < 4);
    } while (request());
    fails(FAULT_LOGIN_TEXT_SIZE);
    rounds = 0;
    until_operational();
    do {
        struct pdu pdu = fair();
        pdu.final = false;
        pdu.more = true;
        take(&pdu, rounds == 0 ? "a=" : "b");
        assert_true(++rounds <= LOGIN_ROUNDS_MAX);
    } while (request());
    fails(FAULT_LOGIN_ROUNDS);
    free(much);
}

static void test_req_069_names_in_the_first_request(void **state)
{
    (void)state;
    for (unsigned policy = LOGIN_AUTH_NONE; policy <= LOGIN_AUTH_CHAP; policy++) {
        config.target_name = "iqn.2024-01.org.example:disk";
        start((enum login_policy)policy);
        assert_true(request());
        assert_true(says("InitiatorName=iqn.2024-01.org.example:client"));
        assert_true(says("TargetName=iqn.2024-01.org.example:disk"));
        assert_false(says("SessionType=Discovery"));
        config.target_name = NULL;
        start((enum login_policy)policy);
        assert_true(request());
        assert_true(says("InitiatorName=iqn.2024-01.org.example:client"));
        assert_true(says("SessionType=Discovery"));
        assert_false(says_key("TargetName"));
    }
}

static void test_req_109_session_type_only_in_the_first_request(void **state)
{
    (void)state;
    start(LOGIN_AUTH_ANY);
    assert_true(request());
    answer("AuthMethod=None|");
    while (request()) {
        assert_false(says_key("SessionType"));
        assert_false(says_key("InitiatorName"));
        assert_false(says_key("TargetName"));
        answer(header[1] == 0x87 ? OPERATIONAL_ANSWER : "");
    }
    assert_int_equal(login->state, LOGIN_DONE);
}

static void test_req_070_chap_starts_in_the_security_stage(void **state)
{
    (void)state;
    start(LOGIN_AUTH_CHAP);
    assert_true(request());
    assert_int_equal(header[1] >> 2 & 3, PDU_STAGE_SECURITY);
    start(LOGIN_AUTH_NONE);
    assert_true(request());
    assert_int_equal(header[1] >> 2 & 3, PDU_STAGE_OPERATIONAL);
    assert_false(says_key("AuthMethod"));
}

static void test_req_071_requests_stay_within_8192(void **state)
{
    char alias[6000];

    (void)state;
    memset(alias, 'a', sizeof(alias) - 1);
    alias[sizeof(alias) - 1] = '\0';
    config.initiator_alias =
        alias; /* nothing that we say ourselves comes near, so take what is allowed to be long */
    start(LOGIN_AUTH_NONE);
    while (request()) {
        assert_true(text_length <= 8192);
        answer("");
        if (!(header[1] & 0x40))
            break;
    }
}

static void test_req_073_a_status_ends_the_login_whatever_else_is_set(void **state)
{
    (void)state;
    until_operational();
    struct pdu pdu = fair();
    pdu.status_class = 3;
    pdu.status_detail = 1;
    pdu.more = true;
    pdu.isid[0] = 0;
    assert_int_equal(take(&pdu, OPERATIONAL_ANSWER), LOGIN_FAILED);
    fails(FAULT_LOGIN_STATUS);
    assert_int_equal(login->fault.login_class, 3);
    assert_int_equal(login->fault.login_detail, 1);
    assert_int_equal(login->keys.result.max_burst_length,
                     262144); /* no key was acted on: the default stands */
}

static void test_req_117_success_needs_consistent_fields(void **state)
{
    (void)state;
    until_operational();
    struct pdu pdu = fair();
    pdu.itt++;
    take(&pdu, OPERATIONAL_ANSWER);
    fails(FAULT_LOGIN_IDENTITY);
}

static void test_response_out_of_turn_fails(void **state)
{
    (void)state;
    start(LOGIN_AUTH_NONE);
    struct pdu pdu = fair();
    pdu.csg = 1;
    take(&pdu, "");
    fails(FAULT_PROTOCOL_PHASE);
}

/* --- Text and keys where the login decides --- */

static void test_req_077_text_without_its_nul_fails(void **state)
{
    (void)state;
    until_operational();
    answer("TargetAlias=x");
    fails(FAULT_FORMAT_TEXT);
}

static void test_req_088_089_unknown_keys_are_answered_once(void **state)
{
    (void)state;
    until_operational();
    struct pdu pdu = fair();
    pdu.final = false;
    assert_int_equal(take(&pdu, "X-org.example.Colour=blue|TargetAlias=some disk|"), LOGIN_RUNNING);
    assert_true(request());
    assert_true(says("X-org.example.Colour=NotUnderstood"));
    assert_false(says_key("TargetAlias"));
    assert_int_equal(answer(OPERATIONAL_ANSWER), LOGIN_DONE);
}

static void test_req_088_a_question_with_t_cannot_be_answered(void **state)
{
    (void)state;
    until_operational();
    answer("X-org.example.Colour=blue|" OPERATIONAL_ANSWER);
    fails(FAULT_LOGIN_STAGE);
}

static void test_req_115_auth_keys_outside_the_security_stage_fail(void **state)
{
    (void)state;
    until_operational();
    answer("AuthMethod=None|");
    fails(FAULT_KEY_STAGE);
    until_operational();
    answer("CHAP_A=5|");
    fails(FAULT_KEY_STAGE);
}

static void test_req_086_auth_method_twice_fails(void **state)
{
    (void)state;
    start(LOGIN_AUTH_CHAP);
    assert_true(request());
    answer("AuthMethod=CHAP|AuthMethod=CHAP|");
    fails(FAULT_KEY_DUPLICATE);
}

/* --- Section J where the login decides --- */

static void test_req_146_176_what_is_offered(void **state)
{
    (void)state;
    start(LOGIN_AUTH_CHAP);
    assert_true(request());
    assert_true(says("AuthMethod=CHAP"));
    start(LOGIN_AUTH_ANY);
    assert_true(request());
    assert_true(says("AuthMethod=CHAP,None"));
}

static void method_fails(enum login_policy policy, const char *said, enum fault_code code)
{
    start(policy);
    assert_true(request());
    answer(said);
    fails(code);
}

static void test_req_147_answers_that_were_not_offered(void **state)
{
    (void)state;
    method_fails(LOGIN_AUTH_CHAP, "AuthMethod=KRB5|", FAULT_AUTH_METHOD);
    method_fails(LOGIN_AUTH_CHAP, "AuthMethod=CHAP,None|", FAULT_AUTH_METHOD);
    method_fails(LOGIN_AUTH_CHAP, "AuthMethod=Reject|", FAULT_AUTH_METHOD);
    method_fails(LOGIN_AUTH_CHAP, "AuthMethod=chap|", FAULT_AUTH_METHOD);
    method_fails(LOGIN_AUTH_CHAP, "AuthMethod=None|", FAULT_AUTH_SKIPPED);
    method_fails(LOGIN_AUTH_MUTUAL, "AuthMethod=None|", FAULT_AUTH_SKIPPED);
}

static void test_req_148_authentication_cannot_be_left_out(void **state)
{
    struct pdu pdu;

    (void)state;
    method_fails(LOGIN_AUTH_CHAP, "", FAULT_AUTH_SKIPPED);
    method_fails(LOGIN_AUTH_CHAP, "TargetPortalGroupTag=1|", FAULT_AUTH_SKIPPED);
    for (unsigned nsg = 1; nsg <= 3; nsg += 2) { /* T, though we did not ask, to either stage */
        start(LOGIN_AUTH_CHAP);
        assert_true(request());
        pdu = fair();
        pdu.final = true;
        pdu.nsg = (uint8_t)nsg;
        pdu.tsih = 1;
        take(&pdu, "AuthMethod=CHAP|");
        fails(FAULT_LOGIN_STAGE);
    }
    start(LOGIN_AUTH_CHAP); /* T with the challenge */
    assert_true(request());
    answer("AuthMethod=CHAP|");
    assert_true(request());
    pdu = fair();
    pdu.final = true;
    pdu.nsg = 1;
    take(&pdu, "CHAP_A=5|CHAP_I=1|CHAP_C=0x00112233445566778899aabbccddeeff|");
    fails(FAULT_LOGIN_STAGE);
}

static void test_req_149_chap_keys_come_in_order(void **state)
{
    (void)state;
    method_fails(LOGIN_AUTH_CHAP, "AuthMethod=CHAP|CHAP_A=5|", FAULT_AUTH_ORDER); /* early */
    start(LOGIN_AUTH_CHAP);
    assert_true(request());
    assert_false(says_key("CHAP_A"));
    answer("AuthMethod=CHAP|");
    assert_true(request());
    assert_true(says("CHAP_A=8,7,6,5"));
    answer(""); /* missing */
    fails(FAULT_AUTH_ORDER);
}

static void until_proof(void)
{
    start(config.policy);
    assert_true(request());
    answer("AuthMethod=CHAP|");
    assert_true(request());
    answer("CHAP_A=7|CHAP_I=1|CHAP_C=0x00112233445566778899aabbccddeeff|");
    assert_true(request());
}

static void test_req_149_one_way_moves_with_the_response(void **state)
{
    (void)state;
    config.policy = LOGIN_AUTH_CHAP;
    until_proof();
    assert_true(says("CHAP_N=client"));
    assert_true(says_key("CHAP_R"));
    assert_false(says_key("CHAP_C"));
    assert_int_equal(header[1], 0x81);
    assert_int_equal(answer(""), LOGIN_RUNNING);
    assert_true(request());
    assert_int_equal(header[1], 0x87);
    assert_int_equal(answer(OPERATIONAL_ANSWER), LOGIN_DONE);
    assert_true(login->authenticated);
    assert_false(login->mutual);
}

static void test_req_148_mutual_does_not_move_before_the_target_is_proven(void **state)
{
    (void)state;
    config.policy = LOGIN_AUTH_MUTUAL;
    config.chap.target = (struct chap_credentials){"server", other_secret, sizeof(other_secret) - 1};
    until_proof();
    assert_true(says_key("CHAP_C"));
    assert_int_equal(header[1], 0x81); /* appendix C: T=1 with our challenge */
    answer("");                        /* no proof */
    assert_int_equal(login->state, LOGIN_FAILED);
    assert_false(request()); /* REQ-164: nothing else is sent */
}

static void refuse(uint8_t class, uint8_t detail)
{
    struct pdu pdu = fair();

    pdu.status_class = class;
    pdu.status_detail = detail;
    take(&pdu, "");
}

static void test_req_152_when_md5_alone_may_help(void **state)
{
    (void)state;
    config.policy = LOGIN_AUTH_CHAP;
    until_proof(); /* another than MD5 was chosen, and then refused */
    refuse(2, 0);
    assert_true(login_md5_may_help(login));
    until_proof();
    refuse(2, 1);
    assert_true(login_md5_may_help(login));
    until_proof();
    refuse(2, 2);
    assert_false(login_md5_may_help(login));
    until_proof();
    assert_false(login_md5_may_help(login)); /* closed after the response */
    start(LOGIN_AUTH_CHAP);
    assert_true(request());
    assert_false(login_md5_may_help(login)); /* closed before the list */
    answer("AuthMethod=CHAP|");
    assert_true(request());
    assert_true(login_md5_may_help(login)); /* closed at the list */
    answer("CHAP_A=Reject|");
    assert_true(login_md5_may_help(login));
}

static void test_req_152_never_a_second_time_nor_without_md5(void **state)
{
    (void)state;
    config.policy = LOGIN_AUTH_CHAP;
    login_start(login, &config, 1, 0xabc00, true, &randomness);
    assert_true(request());
    answer("AuthMethod=CHAP|");
    assert_true(request());
    assert_true(says("CHAP_A=5"));
    refuse(2, 1);
    assert_false(login_md5_may_help(login));
    config.chap.algorithms[3] = 0;
    config.chap.algorithm_count = 3;
    until_proof();
    refuse(2, 1);
    assert_false(login_md5_may_help(login));
}

static void test_req_173_texts_are_wiped(void **state)
{
    (void)state;
    config.policy = LOGIN_AUTH_CHAP;
    until_proof();
    login_done(login);
    for (size_t i = 0; i < sizeof(login->output); i++)
        assert_int_equal(login->output[i] | login->text[i], 0);
}

/* --- Redirection --- */

static enum login_state redirect(uint8_t detail, const char *said)
{
    until_operational();
    struct pdu pdu = fair();
    pdu.status_class = 1;
    pdu.status_detail = detail;
    return take(&pdu, said);
}

static void test_req_118_119_redirections(void **state)
{
    (void)state;
    assert_int_equal(redirect(1, "TargetAddress=192.0.2.7:3261,2|"), LOGIN_REDIRECTED);
    assert_string_equal(login->redirect.host, "192.0.2.7");
    assert_int_equal(login->redirect.port, 3261);
    assert_false(login->redirect_permanent);
    assert_int_equal(redirect(2, "X-y=z|TargetAddress=[2001:db8::1]|"), LOGIN_REDIRECTED);
    assert_int_equal(login->redirect.port, 3260);
    assert_true(login->redirect_permanent);
}

static void test_req_139_redirection_without_address_fails(void **state)
{
    (void)state;
    redirect(1, "");
    fails(FAULT_REDIRECT_ADDRESS);
    redirect(1, "TargetAddress=192.0.2.7:0|");
    fails(FAULT_REDIRECT_ADDRESS);
    redirect(2, "TargetName=iqn.2024-01.org.example:other|");
    fails(FAULT_REDIRECT_ADDRESS);
}

static void test_req_135_unknown_detail_of_class_1_is_refused(void **state)
{
    (void)state;
    redirect(3, "TargetAddress=192.0.2.7|");
    fails(FAULT_LOGIN_STATUS);
}

static void test_req_142_target_address_elsewhere_is_information(void **state)
{
    (void)state;
    until_operational();
    assert_int_equal(answer("TargetAddress=192.0.2.7|" OPERATIONAL_ANSWER), LOGIN_DONE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_req_054_first_pdu_is_a_login_request),
        TEST(test_req_054_another_pdu_in_the_login_fails_it),
        TEST(test_req_055_056_bits_and_numbers_are_constant),
        TEST(test_req_057_stat_sn_may_start_anywhere),
        TEST(test_req_057_a_gap_or_repeat_of_stat_sn_fails),
        TEST(test_req_058_stage_two_is_refused),
        TEST(test_req_059_060_requests_move_forward_only),
        TEST(test_req_061_t_only_when_asked),
        TEST(test_req_061_nsg_must_be_ours),
        TEST(test_req_061_t_after_a_request_without_t),
        TEST(test_req_062_t_0_means_go_on),
        TEST(test_req_062_rounds_are_bounded),
        TEST(test_req_063_csg_must_be_ours),
        TEST(test_req_064_isid_must_be_ours),
        TEST(test_req_065_tsih_is_not_zero_at_the_end),
        TEST(test_req_066_versions),
        TEST(test_req_067_c_may_cut_anywhere),
        TEST(test_req_067_c_and_t_together_fail),
        TEST(test_req_067_our_own_text_is_cut_with_c),
        TEST(test_req_067_text_in_answer_to_c_fails),
        TEST(test_req_068_joined_text_and_c_rounds_are_bounded),
        TEST(test_req_069_names_in_the_first_request),
        TEST(test_req_109_session_type_only_in_the_first_request),
        TEST(test_req_070_chap_starts_in_the_security_stage),
        TEST(test_req_071_requests_stay_within_8192),
        TEST(test_req_073_a_status_ends_the_login_whatever_else_is_set),
        TEST(test_req_117_success_needs_consistent_fields),
        TEST(test_response_out_of_turn_fails),
        TEST(test_req_077_text_without_its_nul_fails),
        TEST(test_req_088_089_unknown_keys_are_answered_once),
        TEST(test_req_088_a_question_with_t_cannot_be_answered),
        TEST(test_req_115_auth_keys_outside_the_security_stage_fail),
        TEST(test_req_086_auth_method_twice_fails),
        TEST(test_req_146_176_what_is_offered),
        TEST(test_req_147_answers_that_were_not_offered),
        TEST(test_req_148_authentication_cannot_be_left_out),
        TEST(test_req_149_chap_keys_come_in_order),
        TEST(test_req_149_one_way_moves_with_the_response),
        TEST(test_req_148_mutual_does_not_move_before_the_target_is_proven),
        TEST(test_req_152_when_md5_alone_may_help),
        TEST(test_req_152_never_a_second_time_nor_without_md5),
        TEST(test_req_173_texts_are_wiped),
        TEST(test_req_118_119_redirections),
        TEST(test_req_139_redirection_without_address_fails),
        TEST(test_req_135_unknown_detail_of_class_1_is_refused),
        TEST(test_req_142_target_address_elsewhere_is_information),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
