/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Negotiation: what is offered, what each answer and each offer of the target leads to, key by key.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "iscsi/keys.h"
#include "iscsi/pdu.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A negotiation and what we say in it. */
struct table {
    struct keys keys;
    char text[8192];
    struct text_writer writer;
};

static void start(struct table *table, const struct keys_values *offer, bool discovery)
{
    keys_init(&table->keys, offer, discovery);
    text_writer_init(&table->writer, table->text, sizeof table->text);
    keys_put_offers(&table->keys, &table->writer);
    assert_false(table->writer.overflow);
}

/* What was said since the last call, items ended by ';'. */
static const char *said(struct table *table)
{
    for (size_t i = 0; i < table->writer.length; i++) {
        if (table->text[i] == '\0')
            table->text[i] = ';';
    }
    table->text[table->writer.length] = '\0';
    text_writer_init(&table->writer, table->text, sizeof table->text - 1);
    return table->text;
}

/* One item of the target's, "key=value". */
static enum fault_code hear_in(struct table *table, const char *item, unsigned stage)
{
    size_t length = strlen(item) + 1;
    char *copy = malloc(length);
    struct text_reader reader;
    struct text_item parsed;
    enum fault_code fault;

    assert_non_null(copy);
    memcpy(copy, item, length);
    text_reader_init(&reader, copy, length);
    assert_int_equal(text_next(&reader, &parsed), TEXT_ITEM);
    fault = keys_take(&table->keys, &parsed, stage, &table->writer);
    free(copy);
    return fault;
}

static enum fault_code hear(struct table *table, const char *item)
{
    return hear_in(table, item, PDU_STAGE_OPERATIONAL);
}

/* The fault of one item after our own offers, in a negotiation of its own. */
static enum fault_code alone(const char *item, struct table *table)
{
    start(table, NULL, false);
    (void)said(table);
    return hear(table, item);
}

/* Hear and settle. */
static struct keys_values settle(const char *item, const struct keys_values *offer)
{
    static struct table table;

    start(&table, offer, false);
    (void)said(&table);
    if (item)
        assert_int_equal(hear(&table, item), FAULT_NONE);
    assert_string_equal(said(&table), ""); /* an answer is not answered */
    assert_int_equal(keys_finish(&table.keys), FAULT_NONE);
    return table.keys.result;
}

static void test_the_defaults_are_those_of_the_standard(void **state)
{
    struct keys keys;

    (void)state;
    keys_init(&keys, NULL, false);
    assert_int_equal(keys.result.header_digest, 0);
    assert_int_equal(keys.result.data_digest, 0);
    assert_int_equal(keys.result.max_connections, 1);
    assert_int_equal(keys.result.initial_r2t, 1);
    assert_int_equal(keys.result.immediate_data, 1);
    assert_int_equal(keys.result.max_recv_data_length, 8192);
    assert_int_equal(keys.result.target_max_recv_data_length, 8192);
    assert_int_equal(keys.result.max_burst_length, 262144);
    assert_int_equal(keys.result.first_burst_length, 65536);
    assert_int_equal(keys.result.default_time2wait, 2);
    assert_int_equal(keys.result.default_time2retain, 20);
    assert_int_equal(keys.result.max_outstanding_r2t, 1);
    assert_int_equal(keys.result.data_pdu_in_order, 1);
    assert_int_equal(keys.result.data_sequence_in_order, 1);
    assert_int_equal(keys.result.error_recovery_level, 0);
    assert_int_equal(keys.result.protocol_level, 1);
    assert_int_equal(keys.result.target_portal_group_tag, 0x10000);
}

static void test_req_098_106_107_112_113_our_offers(void **state)
{
    static struct table table;

    (void)state;
    start(&table, NULL, false);
    assert_string_equal(said(&table),
                        "HeaderDigest=None;DataDigest=None;MaxConnections=1;InitialR2T=No;ImmediateData=Yes;"
                        "MaxRecvDataSegmentLength=262144;MaxBurstLength=1048576;FirstBurstLength=262144;"
                        "DefaultTime2Wait=2;DefaultTime2Retain=0;MaxOutstandingR2T=1;DataPDUInOrder=Yes;"
                        "DataSequenceInOrder=Yes;ErrorRecoveryLevel=0;");
}

static void test_req_097_each_key_is_offered_once(void **state)
{
    static struct table table;

    (void)state;
    start(&table, NULL, false);
    (void)said(&table);
    keys_put_offers(&table.keys, &table.writer);
    assert_string_equal(said(&table), "");
}

/* What has no meaning without SCSI commands is not offered, and Irrelevant when the target offers it. */
static void test_req_183_a_discovery_session_negotiates_less(void **state)
{
    static const char *const keys[] = {"MaxConnections", "InitialR2T",         "ImmediateData",
                                       "MaxBurstLength", "FirstBurstLength",   "MaxOutstandingR2T",
                                       "DataPDUInOrder", "DataSequenceInOrder"};
    static struct table table;

    (void)state;
    start(&table, NULL, true);
    assert_string_equal(said(&table), "HeaderDigest=None;DataDigest=None;MaxRecvDataSegmentLength=262144;"
                                      "DefaultTime2Wait=2;DefaultTime2Retain=0;ErrorRecoveryLevel=0;");
    for (size_t i = 0; i < COUNT(keys); i++) {
        char item[64], answer[64];

        (void)snprintf(item, sizeof item, "%s=1", keys[i]);
        (void)snprintf(answer, sizeof answer, "%s=Irrelevant;", keys[i]);
        assert_int_equal(hear(&table, item), FAULT_NONE);
        assert_string_equal(said(&table), answer);
    }
    assert_int_equal(keys_finish(&table.keys), FAULT_NONE);
    assert_int_equal(table.keys.result.max_burst_length, 262144);
}

/* tgtd's answers, in its order, then LIO-like ones in another order and over several responses. */
static void test_answers_may_come_in_any_order(void **state)
{
    static const char *const answers[] = {
        "ErrorRecoveryLevel=0",   "DataSequenceInOrder=Yes", "DataPDUInOrder=Yes",
        "MaxOutstandingR2T=1",    "DefaultTime2Retain=0",    "DefaultTime2Wait=2",
        "FirstBurstLength=65536", "MaxBurstLength=262144",   "MaxRecvDataSegmentLength=8192",
        "ImmediateData=Yes",      "InitialR2T=Yes",          "MaxConnections=1",
        "DataDigest=None",        "HeaderDigest=None"};
    static struct table table;

    (void)state;
    for (unsigned backwards = 0; backwards < 2; backwards++) {
        start(&table, NULL, false);
        (void)said(&table);
        for (size_t i = 0; i < COUNT(answers); i++)
            assert_int_equal(hear(&table, answers[backwards ? COUNT(answers) - 1 - i : i]), FAULT_NONE);
        assert_string_equal(said(&table), "");
        assert_int_equal(keys_finish(&table.keys), FAULT_NONE);
        assert_int_equal(table.keys.result.initial_r2t, 1);
        assert_int_equal(table.keys.result.first_burst_length, 65536);
        assert_int_equal(table.keys.result.max_burst_length, 262144);
        assert_int_equal(table.keys.result.target_max_recv_data_length, 8192);
        assert_int_equal(table.keys.result.max_recv_data_length, 262144);
    }
}

static void test_req_088_an_offer_gets_one_answer_and_a_declaration_none(void **state)
{
    static const char *const declarations[] = {
        "TargetAlias=disks",       "TargetPortalGroupTag=1", "TargetAddress=10.0.0.1:3260,1",
        "InitiatorName=iqn.a",     "TargetName=iqn.b",       "MaxRecvDataSegmentLength=8192",
        "InitiatorAlias=somebody", "SessionType=Normal",     "X#NodeArchitecture=big"};
    static struct table table;

    (void)state;
    for (size_t i = 0; i < COUNT(declarations); i++) {
        assert_int_equal(alone(declarations[i], &table), FAULT_NONE);
        assert_string_equal(said(&table), "");
    }
    assert_int_equal(alone("iSCSIProtocolLevel=1", &table), FAULT_NONE);
    assert_string_equal(said(&table), "iSCSIProtocolLevel=1;");
    assert_string_equal(said(&table), "");
}

static void test_req_089_unknown_keys_are_not_understood_and_the_login_goes_on(void **state)
{
    static struct table table;

    (void)state;
    start(&table, NULL, false);
    (void)said(&table);
    assert_int_equal(hear(&table, "X-com.example.speed=11"), FAULT_NONE);
    assert_int_equal(hear(&table, "X#other=1"), FAULT_NONE);
    assert_int_equal(hear(&table, "FutureKey="), FAULT_NONE);
    assert_int_equal(hear(&table, "maxburstlength=512"), FAULT_NONE); /* case matters (REQ-080) */
    assert_string_equal(said(&table), "X-com.example.speed=NotUnderstood;X#other=NotUnderstood;"
                                      "FutureKey=NotUnderstood;maxburstlength=NotUnderstood;");
    assert_int_equal(hear(&table, "X-mine=NotUnderstood"), FAULT_NONE); /* these are answers: to nothing */
    assert_int_equal(hear(&table, "TaskReporting=NotUnderstood"), FAULT_NONE);
    assert_int_equal(hear(&table, "iSCSIProtocolLevel=Irrelevant"), FAULT_NONE);
    assert_int_equal(hear(&table, "IFMarker=Reject"), FAULT_NONE);
    assert_string_equal(said(&table), "");
    assert_int_equal(hear(&table, "MaxBurstLength=65536"), FAULT_NONE);
    assert_int_equal(table.keys.result.max_burst_length, 65536);
}

/* Whatever a key of the standard arrives with, in whatever session, the answer is never NotUnderstood. */
static void test_req_090_no_key_of_the_standard_is_not_understood(void **state)
{
    static const char *const keys[] = {"HeaderDigest",
                                       "DataDigest",
                                       "MaxConnections",
                                       "SendTargets",
                                       "TargetName",
                                       "InitiatorName",
                                       "TargetAlias",
                                       "InitiatorAlias",
                                       "TargetAddress",
                                       "TargetPortalGroupTag",
                                       "InitialR2T",
                                       "ImmediateData",
                                       "MaxRecvDataSegmentLength",
                                       "MaxBurstLength",
                                       "FirstBurstLength",
                                       "DefaultTime2Wait",
                                       "DefaultTime2Retain",
                                       "MaxOutstandingR2T",
                                       "DataPDUInOrder",
                                       "DataSequenceInOrder",
                                       "ErrorRecoveryLevel",
                                       "SessionType",
                                       "TaskReporting",
                                       "iSCSIProtocolLevel",
                                       "IFMarker",
                                       "OFMarker",
                                       "IFMarkInt",
                                       "OFMarkInt",
                                       "X#NodeArchitecture",
                                       "AuthMethod",
                                       "CHAP_A",
                                       "CHAP_I",
                                       "CHAP_C",
                                       "CHAP_N",
                                       "CHAP_R",
                                       "KRB_AP_REQ",
                                       "KRB_AP_REP",
                                       "SRP_U",
                                       "SRP_A",
                                       "TargetAuth"};
    static const char *const values[] = {"1", "Yes", "No", "None", "", "x"};
    static struct table table;

    (void)state;
    for (size_t i = 0; i < COUNT(keys); i++) {
        for (size_t j = 0; j < COUNT(values); j++) {
            for (unsigned discovery = 0; discovery < 2; discovery++) {
                char item[64];

                (void)snprintf(item, sizeof item, "%s=%s", keys[i], values[j]);
                start(&table, NULL, discovery);
                (void)said(&table);
                (void)hear(&table, item);
                assert_null(strstr(said(&table), "NotUnderstood"));
            }
        }
    }
}

static void test_req_091_092_not_understood_and_irrelevant_leave_the_default(void **state)
{
    static const char *const words[] = {"NotUnderstood", "Irrelevant"};
    char item[64];

    (void)state;
    for (size_t i = 0; i < COUNT(words); i++) {
        (void)snprintf(item, sizeof item, "MaxBurstLength=%s", words[i]);
        assert_int_equal(settle(item, NULL).max_burst_length, 262144);
        (void)snprintf(item, sizeof item, "InitialR2T=%s", words[i]);
        assert_int_equal(settle(item, NULL).initial_r2t, 1);
        (void)snprintf(item, sizeof item, "HeaderDigest=%s", words[i]);
        assert_int_equal(settle(item, NULL).header_digest, 0);
        (void)snprintf(item, sizeof item, "FirstBurstLength=%s", words[i]);
        assert_int_equal(settle(item, NULL).first_burst_length, 65536);
    }
}

static void test_req_093_a_rejected_key_ends_the_login(void **state)
{
    static const char *const keys[] = {"HeaderDigest",       "MaxConnections",   "InitialR2T",
                                       "MaxBurstLength",     "DefaultTime2Wait", "MaxRecvDataSegmentLength",
                                       "ErrorRecoveryLevel", "DataPDUInOrder"};
    static struct table table;

    (void)state;
    for (size_t i = 0; i < COUNT(keys); i++) {
        char item[64];

        (void)snprintf(item, sizeof item, "%s=Reject", keys[i]);
        assert_int_equal(alone(item, &table), FAULT_KEY_REJECTED);
        assert_string_equal(table.keys.fault_key, keys[i]);
    }
}

static void test_req_094_an_inadmissible_offer_is_rejected_and_not_adopted(void **state)
{
    static struct table table;

    (void)state;
    keys_init(&table.keys, NULL, false); /* nothing offered yet: all is the target's own offer */
    text_writer_init(&table.writer, table.text, sizeof table.text - 1);
    assert_int_equal(hear(&table, "MaxBurstLength=511"), FAULT_NONE);
    assert_int_equal(hear(&table, "FirstBurstLength=16777216"), FAULT_NONE);
    assert_int_equal(hear(&table, "InitialR2T=yes"), FAULT_NONE);
    assert_int_equal(hear(&table, "HeaderDigest=CRC32C"), FAULT_NONE);
    assert_int_equal(hear(&table, "DataDigest=None,,CRC32C"), FAULT_NONE);
    assert_int_equal(hear(&table, "MaxOutstandingR2T=0"), FAULT_NONE);
    assert_int_equal(hear(&table, "ErrorRecoveryLevel=3"), FAULT_NONE);
    assert_int_equal(hear(&table, "iSCSIProtocolLevel=32"), FAULT_NONE);
    assert_string_equal(said(&table),
                        "MaxBurstLength=Reject;FirstBurstLength=Reject;InitialR2T=Reject;HeaderDigest=Reject;"
                        "DataDigest=Reject;MaxOutstandingR2T=Reject;ErrorRecoveryLevel=Reject;"
                        "iSCSIProtocolLevel=Reject;");
    assert_int_equal(table.keys.result.max_burst_length, 262144);
    assert_int_equal(table.keys.result.first_burst_length, 65536);
    assert_int_equal(table.keys.result.initial_r2t, 1);
    assert_int_equal(table.keys.result.protocol_level, 1);
}

/* Decided: the default meets our offer, as if the target had answered with it. */
static void test_req_095_keys_never_answered_take_the_default(void **state)
{
    struct keys_values result = settle(NULL, NULL);
    struct keys_values low = {.max_connections = 1,
                              .max_recv_data_length = 512,
                              .max_burst_length = 4096,
                              .first_burst_length = 1024,
                              .default_time2wait = 5,
                              .max_outstanding_r2t = 1};

    (void)state;
    assert_int_equal(result.initial_r2t, 1);
    assert_int_equal(result.immediate_data, 1);
    assert_int_equal(result.max_burst_length, 262144);
    assert_int_equal(result.first_burst_length, 65536);
    assert_int_equal(result.max_recv_data_length, 262144);
    assert_int_equal(result.target_max_recv_data_length, 8192);
    result = settle(NULL, &low);
    assert_int_equal(result.max_burst_length, 4096); /* never beyond our own offer */
    assert_int_equal(result.first_burst_length, 1024);
    assert_int_equal(result.immediate_data, 0);
    assert_int_equal(result.initial_r2t, 1);
    assert_int_equal(result.default_time2wait, 5);
    assert_int_equal(result.max_recv_data_length, 512);
}

static void test_req_096_the_target_may_offer_any_key_that_we_left_out(void **state)
{
    static struct table table;

    (void)state;
    keys_init(&table.keys, NULL, false);
    text_writer_init(&table.writer, table.text, sizeof table.text - 1);
    assert_int_equal(hear(&table, "MaxBurstLength=16777215"), FAULT_NONE);
    assert_int_equal(hear(&table, "FirstBurstLength=512"), FAULT_NONE);
    assert_int_equal(hear(&table, "InitialR2T=No"), FAULT_NONE);
    assert_int_equal(hear(&table, "ImmediateData=No"), FAULT_NONE);
    assert_int_equal(hear(&table, "DefaultTime2Wait=10"), FAULT_NONE);
    assert_int_equal(hear(&table, "DefaultTime2Retain=60"), FAULT_NONE);
    assert_int_equal(hear(&table, "ErrorRecoveryLevel=2"), FAULT_NONE);
    assert_int_equal(hear(&table, "DataPDUInOrder=No"), FAULT_NONE);
    assert_int_equal(hear(&table, "HeaderDigest=CRC32C,None"), FAULT_NONE);
    assert_string_equal(said(&table),
                        "MaxBurstLength=1048576;FirstBurstLength=512;InitialR2T=No;ImmediateData=No;"
                        "DefaultTime2Wait=10;DefaultTime2Retain=0;ErrorRecoveryLevel=0;"
                        "DataPDUInOrder=Yes;HeaderDigest=None;");
    assert_int_equal(keys_finish(&table.keys), FAULT_NONE);
    assert_int_equal(table.keys.result.max_burst_length, 1048576);
    assert_int_equal(table.keys.result.first_burst_length, 512);
    assert_int_equal(table.keys.result.initial_r2t, 0);
    assert_int_equal(table.keys.result.immediate_data, 0);
    assert_int_equal(table.keys.result.default_time2wait, 10);
}

static void test_req_086_097_a_key_comes_once(void **state)
{
    static const char *const items[] = {"MaxBurstLength=65536", "TargetPortalGroupTag=1",
                                        "TargetAlias=a",        "MaxRecvDataSegmentLength=8192",
                                        "IFMarker=No",          "HeaderDigest=None"};
    static struct table table;

    (void)state;
    for (size_t i = 0; i < COUNT(items); i++) {
        assert_int_equal(alone(items[i], &table), FAULT_NONE);
        assert_int_equal(hear(&table, items[i]), FAULT_KEY_DUPLICATE);
        assert_memory_equal(table.keys.fault_key, items[i], strlen(table.keys.fault_key));
    }
}

static void test_req_097_nothing_is_negotiated_again_after_the_end(void **state)
{
    static struct table table;
    struct keys_values before;

    (void)state;
    assert_int_equal(alone("MaxBurstLength=65536", &table), FAULT_NONE);
    assert_int_equal(keys_finish(&table.keys), FAULT_NONE);
    before = table.keys.result;
    assert_int_equal(hear(&table, "FirstBurstLength=512"), FAULT_KEY_STAGE);
    assert_int_equal(hear(&table, "ErrorRecoveryLevel=2"), FAULT_KEY_STAGE);
    assert_int_equal(hear(&table, "X-new=1"), FAULT_KEY_STAGE);
    assert_string_equal(said(&table), "");
    assert_memory_equal(&table.keys.result, &before, sizeof before);
}

static void test_req_098_a_digest_answer_is_the_one_that_we_offered(void **state)
{
    static struct table table;

    (void)state;
    assert_int_equal(settle("HeaderDigest=None", NULL).header_digest, 0);
    assert_int_equal(settle("DataDigest=None", NULL).data_digest, 0);
    assert_int_equal(alone("HeaderDigest=CRC32C", &table), FAULT_KEY_VALUE);
    assert_int_equal(alone("DataDigest=CRC32C", &table), FAULT_KEY_VALUE);
    assert_int_equal(alone("DataDigest=none", &table), FAULT_KEY_VALUE);
    assert_int_equal(alone("DataDigest=", &table), FAULT_KEY_VALUE);
}

static void test_req_085_a_list_is_no_answer_to_a_choice(void **state)
{
    static struct table table;

    (void)state;
    assert_int_equal(alone("HeaderDigest=None,CRC32C", &table), FAULT_KEY_VALUE);
    assert_int_equal(alone("HeaderDigest=None,", &table), FAULT_KEY_VALUE);
    assert_int_equal(alone("MaxBurstLength=512,1024", &table), FAULT_KEY_VALUE);
    assert_int_equal(alone("MaxBurstLength=512~1024", &table), FAULT_KEY_VALUE);
    assert_int_equal(alone("InitialR2T=Yes,No", &table), FAULT_KEY_VALUE);
}

/* The bounds of each number, as answers. */
static void test_req_099_101_102_103_104_105_107_numbers_have_their_ranges(void **state)
{
    static const struct {
        const char *key;
        uint32_t min, max;
    } ranges[] = {
        {"MaxConnections", 1, 65535},       {"MaxRecvDataSegmentLength", 512, 16777215},
        {"MaxBurstLength", 512, 16777215},  {"FirstBurstLength", 512, 16777215},
        {"DefaultTime2Wait", 0, 3600},      {"DefaultTime2Retain", 0, 3600},
        {"MaxOutstandingR2T", 1, 65535},    {"ErrorRecoveryLevel", 0, 2},
        {"TargetPortalGroupTag", 0, 65535},
    };
    static struct table table;

    (void)state;
    for (size_t i = 0; i < COUNT(ranges); i++) {
        static const char *const never[] = {
            "", "-1", "1x", "Yes", "4294967296", "4294967297", "18446744073709551616"};
        char item[64];

        (void)snprintf(item, sizeof item, "%s=%u", ranges[i].key, ranges[i].min);
        assert_int_equal(alone(item, &table), FAULT_NONE);
        (void)snprintf(item, sizeof item, "%s=%u", ranges[i].key, ranges[i].max);
        assert_int_equal(alone(item, &table), FAULT_NONE);
        (void)snprintf(item, sizeof item, "%s=0x%x", ranges[i].key, ranges[i].max);
        assert_int_equal(alone(item, &table), FAULT_NONE);
        (void)snprintf(item, sizeof item, "%s=%u", ranges[i].key, ranges[i].max + 1);
        assert_int_equal(alone(item, &table), FAULT_KEY_VALUE);
        assert_string_equal(table.keys.fault_key, ranges[i].key);
        if (ranges[i].min > 0) {
            (void)snprintf(item, sizeof item, "%s=%u", ranges[i].key, ranges[i].min - 1);
            assert_int_equal(alone(item, &table), FAULT_KEY_VALUE);
        }
        for (size_t j = 0; j < COUNT(never); j++) {
            (void)snprintf(item, sizeof item, "%s=%s", ranges[i].key, never[j]);
            assert_int_equal(alone(item, &table), FAULT_KEY_VALUE);
        }
    }
}

static void test_req_099_one_connection_is_all_we_ask_for(void **state)
{
    (void)state;
    assert_int_equal(settle("MaxConnections=1", NULL).max_connections, 1);
    assert_int_equal(settle("MaxConnections=8", NULL).max_connections, 1);
}

static void test_req_100_initial_r2t_is_or_and_immediate_data_is_and(void **state)
{
    struct keys_values careful = {.initial_r2t = 1, .immediate_data = 0, .max_burst_length = 262144};

    (void)state;
    assert_int_equal(settle("InitialR2T=No", NULL).initial_r2t, 0);
    assert_int_equal(settle("InitialR2T=Yes", NULL).initial_r2t, 1);
    assert_int_equal(settle("ImmediateData=Yes", NULL).immediate_data, 1);
    assert_int_equal(settle("ImmediateData=No", NULL).immediate_data, 0);
    assert_int_equal(settle("InitialR2T=No", &careful).initial_r2t, 1);
    assert_int_equal(settle("ImmediateData=Yes", &careful).immediate_data, 0);
}

static void test_req_100_106_booleans_are_yes_or_no(void **state)
{
    static const char *const keys[] = {"InitialR2T", "ImmediateData", "DataPDUInOrder",
                                       "DataSequenceInOrder"};
    static const char *const bad[] = {"", "yes", "NO", "1", "0", "Yes ", "True", "Yess"};
    static struct table table;

    (void)state;
    for (size_t i = 0; i < COUNT(keys); i++) {
        for (size_t j = 0; j < COUNT(bad); j++) {
            char item[64];

            (void)snprintf(item, sizeof item, "%s=%s", keys[i], bad[j]);
            assert_int_equal(alone(item, &table), FAULT_KEY_VALUE);
        }
    }
}

static void test_req_101_each_side_declares_its_own_receive_length(void **state)
{
    struct keys_values result = settle("MaxRecvDataSegmentLength=16777215", NULL);

    (void)state;
    assert_int_equal(result.target_max_recv_data_length, 16777215); /* not bounded by ours */
    assert_int_equal(result.max_recv_data_length, 262144);
    result = settle("MaxRecvDataSegmentLength=512", NULL);
    assert_int_equal(result.target_max_recv_data_length, 512);
    assert_int_equal(result.max_recv_data_length, 262144);
}

static void test_req_102_103_bursts_take_the_smaller_length(void **state)
{
    (void)state;
    assert_int_equal(settle("MaxBurstLength=65536", NULL).max_burst_length, 65536);
    assert_int_equal(settle("MaxBurstLength=1048576", NULL).max_burst_length, 1048576);
    assert_int_equal(settle("FirstBurstLength=4096", NULL).first_burst_length, 4096);
}

static void test_req_103_first_burst_never_exceeds_the_burst(void **state)
{
    struct keys_values swapped = {.max_burst_length = 4096, .first_burst_length = 8192};
    static struct table table;

    (void)state;
    assert_int_equal(alone("FirstBurstLength=262144", &table), FAULT_NONE);
    assert_int_equal(hear(&table, "MaxBurstLength=131072"), FAULT_NONE);
    assert_int_equal(keys_finish(&table.keys), FAULT_NONE);
    assert_int_equal(table.keys.result.first_burst_length, 131072);
    start(&table, &swapped, false);
    assert_non_null(strstr(said(&table), "MaxBurstLength=4096;FirstBurstLength=4096;"));
}

static void test_req_104_times_take_the_longer_wait_and_the_shorter_retention(void **state)
{
    (void)state;
    assert_int_equal(settle("DefaultTime2Wait=0", NULL).default_time2wait, 2);
    assert_int_equal(settle("DefaultTime2Wait=3600", NULL).default_time2wait, 3600);
    assert_int_equal(settle("DefaultTime2Retain=3600", NULL).default_time2retain, 0);
}

static void test_req_105_106_107_108_no_answer_goes_beyond_our_offer(void **state)
{
    (void)state;
    assert_int_equal(settle("MaxOutstandingR2T=16", NULL).max_outstanding_r2t, 1);
    assert_int_equal(settle("MaxBurstLength=16777215", NULL).max_burst_length, 1048576);
    assert_int_equal(settle("FirstBurstLength=16777215", NULL).first_burst_length, 262144);
    assert_int_equal(settle("ErrorRecoveryLevel=2", NULL).error_recovery_level, 0);
    assert_int_equal(settle("DataPDUInOrder=No", NULL).data_pdu_in_order, 1);
    assert_int_equal(settle("DataSequenceInOrder=No", NULL).data_sequence_in_order, 1);
}

/* An offer out of range (from a program's option) is sent as the nearest one that the standard allows. */
static void test_our_own_offers_stay_in_range(void **state)
{
    static struct table table;
    struct keys_values odd = {
        .max_recv_data_length = 1, .max_burst_length = UINT32_MAX, .first_burst_length = 5};

    (void)state;
    start(&table, &odd, false);
    assert_non_null(
        strstr(said(&table), "MaxRecvDataSegmentLength=512;MaxBurstLength=16777215;FirstBurstLength=512;"));
    assert_int_equal(table.keys.result.max_recv_data_length, 512);
}

static void test_req_109_116_names_and_session_type_of_a_target_change_nothing(void **state)
{
    static const char *const items[] = {
        "SessionType=Discovery", "InitiatorName=iqn.2001-04.com.example:other",
        "TargetName=iqn.2001-04.com.example:other", "TargetAddress=10.0.0.9:3260,1"};
    static struct table table;

    (void)state;
    for (size_t i = 0; i < COUNT(items); i++) {
        struct keys_values before;

        start(&table, NULL, false);
        before = table.keys.result;
        (void)said(&table);
        assert_int_equal(hear(&table, items[i]), FAULT_NONE);
        assert_memory_equal(&table.keys.result, &before, sizeof before);
        assert_false(table.keys.discovery);
        assert_string_equal(said(&table), "");
    }
}

static void test_req_012_an_alias_is_text_and_changes_nothing(void **state)
{
    static struct table table;
    struct keys_values before;

    (void)state;
    start(&table, NULL, false);
    before = table.keys.result;
    (void)said(&table);
    assert_int_equal(hear(&table, "TargetAlias=%n%s\x1b[2J"), FAULT_NONE);
    assert_memory_equal(&table.keys.result, &before, sizeof before);
    assert_string_equal(said(&table), "");
}

static void test_req_081_a_value_has_at_most_255_bytes(void **state)
{
    static struct table table;
    char item[512];

    (void)state;
    memset(item, 'a', sizeof item);
    memcpy(item, "TargetAlias=", 12);
    item[12 + 255] = '\0';
    assert_int_equal(alone(item, &table), FAULT_NONE);
    item[12 + 255] = 'a';
    item[12 + 256] = '\0';
    assert_int_equal(alone(item, &table), FAULT_KEY_VALUE);
    memset(item, '0', sizeof item);
    memcpy(item, "MaxConnections=", 15);
    item[15 + 256] = '\0';
    assert_int_equal(alone(item, &table), FAULT_KEY_VALUE);
}

static void test_req_110_task_reporting_is_the_old_form_or_nothing(void **state)
{
    static struct table table;

    (void)state;
    assert_int_equal(alone("TaskReporting=FastAbort,ResponseFence,RFC3720", &table), FAULT_NONE);
    assert_string_equal(said(&table), "TaskReporting=RFC3720;");
    assert_int_equal(alone("TaskReporting=FastAbort", &table), FAULT_NONE);
    assert_string_equal(said(&table), "TaskReporting=Reject;");
}

static void test_req_111_the_protocol_level_is_one_at_most(void **state)
{
    static struct table table;

    (void)state;
    assert_int_equal(alone("iSCSIProtocolLevel=2", &table), FAULT_NONE);
    assert_string_equal(said(&table), "iSCSIProtocolLevel=1;");
    assert_int_equal(table.keys.result.protocol_level, 1);
    assert_int_equal(alone("iSCSIProtocolLevel=0", &table), FAULT_NONE);
    assert_string_equal(said(&table), "iSCSIProtocolLevel=0;");
}

static void test_req_112_markers_are_refused(void **state)
{
    static struct table table;

    (void)state;
    assert_int_equal(alone("IFMarker=Yes", &table), FAULT_NONE);
    assert_int_equal(hear(&table, "OFMarker=No"), FAULT_NONE);
    assert_int_equal(hear(&table, "IFMarkInt=2048~8192"), FAULT_NONE);
    assert_int_equal(hear(&table, "OFMarkInt=2048"), FAULT_NONE);
    assert_string_equal(said(&table), "IFMarker=No;OFMarker=No;IFMarkInt=Reject;OFMarkInt=Reject;");
}

static void test_req_114_the_portal_group_tag_is_kept(void **state)
{
    static struct table table;

    (void)state;
    start(&table, NULL, false);
    assert_int_equal(hear_in(&table, "TargetPortalGroupTag=65535", PDU_STAGE_SECURITY), FAULT_NONE);
    assert_int_equal(table.keys.result.target_portal_group_tag, 65535);
    assert_int_equal(settle("TargetPortalGroupTag=0", NULL).target_portal_group_tag, 0);
    assert_int_equal(settle(NULL, NULL).target_portal_group_tag, 0x10000);
}

static void test_req_115_authentication_has_no_place_in_the_operational_stage(void **state)
{
    static const char *const items[] = {
        "AuthMethod=CHAP", "AuthMethod=None", "CHAP_A=5",        "CHAP_I=1", "CHAP_C=0x00",
        "CHAP_N=x",        "CHAP_R=0x00",     "KRB_AP_REQ=0x00", "SRP_U=x",  "SendTargets=All"};
    static struct table table;

    (void)state;
    for (size_t i = 0; i < COUNT(items); i++) {
        assert_int_equal(alone(items[i], &table), FAULT_KEY_STAGE);
        assert_string_equal(said(&table), "");
    }
}

/* Section 12: only declarations and the keys of the method stand in the security stage. */
static void test_req_116_operational_keys_in_the_security_stage_change_nothing(void **state)
{
    static const char *const wrong[] = {"MaxBurstLength=512", "HeaderDigest=None", "InitialR2T=No",
                                        "IFMarker=No", "MaxRecvDataSegmentLength=512"};
    static const char *const right[] = {"TargetAlias=a", "TargetAddress=10.0.0.1", "TargetPortalGroupTag=1",
                                        "X-new=1"};
    static struct table table;

    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct keys_values before;

        keys_init(&table.keys, NULL, false);
        text_writer_init(&table.writer, table.text, sizeof table.text - 1);
        before = table.keys.result;
        assert_int_equal(hear_in(&table, wrong[i], PDU_STAGE_SECURITY), FAULT_KEY_STAGE);
        assert_memory_equal(&table.keys.result, &before, sizeof before);
        assert_string_equal(said(&table), "");
    }
    for (size_t i = 0; i < COUNT(right); i++)
        assert_int_equal(hear_in(&table, right[i], PDU_STAGE_SECURITY), FAULT_NONE);
}

/* Answers that find no room are reported as such, not cut. */
static void test_answers_that_do_not_fit_are_noticed(void **state)
{
    static struct table table;

    (void)state;
    start(&table, NULL, false);
    text_writer_init(&table.writer, table.text, 10);
    assert_int_equal(hear(&table, "X-a=1"), FAULT_NONE);
    assert_true(table.writer.overflow);
    assert_int_equal(table.writer.length, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_defaults_are_those_of_the_standard),
        cmocka_unit_test(test_req_098_106_107_112_113_our_offers),
        cmocka_unit_test(test_req_097_each_key_is_offered_once),
        cmocka_unit_test(test_req_183_a_discovery_session_negotiates_less),
        cmocka_unit_test(test_answers_may_come_in_any_order),
        cmocka_unit_test(test_req_088_an_offer_gets_one_answer_and_a_declaration_none),
        cmocka_unit_test(test_req_089_unknown_keys_are_not_understood_and_the_login_goes_on),
        cmocka_unit_test(test_req_090_no_key_of_the_standard_is_not_understood),
        cmocka_unit_test(test_req_091_092_not_understood_and_irrelevant_leave_the_default),
        cmocka_unit_test(test_req_093_a_rejected_key_ends_the_login),
        cmocka_unit_test(test_req_094_an_inadmissible_offer_is_rejected_and_not_adopted),
        cmocka_unit_test(test_req_095_keys_never_answered_take_the_default),
        cmocka_unit_test(test_req_096_the_target_may_offer_any_key_that_we_left_out),
        cmocka_unit_test(test_req_086_097_a_key_comes_once),
        cmocka_unit_test(test_req_097_nothing_is_negotiated_again_after_the_end),
        cmocka_unit_test(test_req_098_a_digest_answer_is_the_one_that_we_offered),
        cmocka_unit_test(test_req_085_a_list_is_no_answer_to_a_choice),
        cmocka_unit_test(test_req_099_101_102_103_104_105_107_numbers_have_their_ranges),
        cmocka_unit_test(test_req_099_one_connection_is_all_we_ask_for),
        cmocka_unit_test(test_req_100_initial_r2t_is_or_and_immediate_data_is_and),
        cmocka_unit_test(test_req_100_106_booleans_are_yes_or_no),
        cmocka_unit_test(test_req_101_each_side_declares_its_own_receive_length),
        cmocka_unit_test(test_req_102_103_bursts_take_the_smaller_length),
        cmocka_unit_test(test_req_103_first_burst_never_exceeds_the_burst),
        cmocka_unit_test(test_req_104_times_take_the_longer_wait_and_the_shorter_retention),
        cmocka_unit_test(test_req_105_106_107_108_no_answer_goes_beyond_our_offer),
        cmocka_unit_test(test_our_own_offers_stay_in_range),
        cmocka_unit_test(test_req_109_116_names_and_session_type_of_a_target_change_nothing),
        cmocka_unit_test(test_req_012_an_alias_is_text_and_changes_nothing),
        cmocka_unit_test(test_req_081_a_value_has_at_most_255_bytes),
        cmocka_unit_test(test_req_110_task_reporting_is_the_old_form_or_nothing),
        cmocka_unit_test(test_req_111_the_protocol_level_is_one_at_most),
        cmocka_unit_test(test_req_112_markers_are_refused),
        cmocka_unit_test(test_req_114_the_portal_group_tag_is_kept),
        cmocka_unit_test(test_req_115_authentication_has_no_place_in_the_operational_stage),
        cmocka_unit_test(test_req_116_operational_keys_in_the_security_stage_change_nothing),
        cmocka_unit_test(test_answers_that_do_not_fit_are_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
