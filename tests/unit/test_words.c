/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sentences for failures: every row of every table is walked, and each must be something that a person
 * can act on: whom it was about, what was seen, what to try, and nothing left over from a format.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/words.h"
#include "iscsi/name.h"

#define INITIATOR "iqn.2026-11.com.example:host1"
#define TARGET    "iqn.2026-11.com.example:disk1"
#define PORTAL    "storage.example:3260 (10.0.2.2)"

static const struct portal portal = {.host = "storage.example", .port = 3260};
static const struct address address = {.family = ADDRESS_IPV4, .bytes = {10, 0, 2, 2}};
static const uint8_t lun_5[8] = {0, 5};

static const struct words_context whole = {
    .initiator_name = INITIATOR,
    .target_name = TARGET,
    .portal = &portal,
    .address = &address,
    .chap_name = "user1",
    .lun = lun_5,
};

static char sentence[WORDS_MAX];

static const char *say(const struct fault *fault, const struct words_context *context)
{
    struct fmt fmt;

    fmt_init(&fmt, sentence, sizeof sentence);
    words_fault(fault, context, &fmt);
    assert_false(fmt.cut);
    return sentence;
}

static void assert_has(const char *text)
{
    if (!strstr(sentence, text))
        fail_msg("\"%s\" does not have \"%s\"", sentence, text);
}

static void assert_lacks(const char *text)
{
    if (strstr(sentence, text))
        fail_msg("\"%s\" has \"%s\"", sentence, text);
}

/* What every sentence must be, whatever it is about. */
static void assert_whole(const struct fault *fault)
{
    size_t length = strlen(sentence);

    assert_true(length > 30 && length < WORDS_MAX - 1);
    assert_true(sentence[0] >= 'A' && sentence[0] <= 'Z');
    assert_int_equal(sentence[length - 1], '.');
    assert_int_not_equal(sentence[length - 2], '.');
    assert_lacks("%");
    assert_lacks("(null)");
    assert_lacks("  ");
    assert_lacks("()");
    assert_lacks(" at :");
    assert_has(words_remedy(fault));
    for (size_t i = 0; i < length; i++)
        assert_true(sentence[i] >= 0x20 && sentence[i] <= 0x7e);
}

static void assert_remedy(const struct fault *fault)
{
    const char *remedy = words_remedy(fault);

    assert_non_null(remedy);
    assert_true(strlen(remedy) > 8 && strlen(remedy) < 130);
    assert_true(remedy[0] >= 'a' && remedy[0] <= 'z');
    assert_int_not_equal(remedy[strlen(remedy) - 1], '.');
}

/* Where targets are asked for there is none to be named yet. */
static bool is_of_discovery(unsigned code)
{
    return code == FAULT_DISCOVERY_EMPTY || code == FAULT_DISCOVERY_SEVERAL || code == FAULT_DISCOVERY_SIZE;
}

static void test_every_fault_makes_a_whole_sentence(void **state)
{
    (void)state;
    for (unsigned code = 0; code < FAULT_COUNT; code++) {
        const struct fault fault = {.code = (enum fault_code)code, .opcode = 0xff};

        assert_remedy(&fault);
        say(&fault, &whole);
        assert_whole(&fault);
        assert_has("storage.example:3260");
        assert_has("(10.0.2.2)");
        if (!is_of_discovery(code))
            assert_has(TARGET);
        if (code != FAULT_LOGIN_STATUS)
            assert_has(fault_text((enum fault_code)code));
    }
}

/* Little is known early in a boot, and lunctl knows less. */
static void test_every_fault_can_be_said_with_less(void **state)
{
    static const struct words_context named = {.target_name = TARGET}, placed = {.portal = &portal};
    static const struct words_context *const contexts[] = {NULL, &named, &placed};

    (void)state;
    for (unsigned code = 0; code < FAULT_COUNT; code++)
        for (unsigned i = 0; i < 3; i++) {
            const struct fault fault = {.code = (enum fault_code)code};

            say(&fault, contexts[i]);
            assert_whole(&fault);
            if (contexts[i] == &placed)
                assert_has("at storage.example:3260");
            else
                assert_lacks(" at storage");
        }
}

/* What a code without a row of its own would be given is not enough to act on. */
static void test_every_fault_has_a_row_of_its_own(void **state)
{
    static const struct fault unknown = {.code = FAULT_COUNT};

    (void)state;
    for (unsigned code = 0; code < FAULT_COUNT; code++) {
        const struct fault fault = {.code = (enum fault_code)code};

        if (strcmp(words_remedy(&fault), words_remedy(&unknown)) == 0)
            fail_msg("%s has no row in words.c", fault_name((enum fault_code)code));
    }
}

static void test_a_code_out_of_range_is_survived(void **state)
{
    const struct fault fault = {.code = (enum fault_code)(FAULT_COUNT + 7)};

    (void)state;
    say(&fault, &whole);
    assert_whole(&fault);
}

/* --- Login statuses --- */

static void status(unsigned class, unsigned detail, const char *says, const char *tries)
{
    const struct fault fault = {.code = FAULT_LOGIN_STATUS,
                                .login_class = (uint8_t) class,
                                .login_detail = (uint8_t)detail,
                                .opcode = 0x23};
    char code[20];

    assert_remedy(&fault);
    say(&fault, &whole);
    assert_whole(&fault);
    snprintf(code, sizeof code, "(status %02X%02X)", class, detail);
    assert_has(code);
    assert_has(TARGET);
    assert_has(PORTAL);
    assert_has(says);
    assert_has(tries);
}

static void test_req_117_status_0000(void **state)
{
    (void)state;
    status(0, 0, "contradicts itself", "report this");
}

static void test_req_118_status_0101(void **state)
{
    (void)state;
    status(1, 1, "redirected", "set portal to the new address");
    status(1, 1, "moved for now", "portal");
}

static void test_req_119_status_0102(void **state)
{
    (void)state;
    status(1, 2, "moved for good", "set portal to the target's new address");
}

static void test_req_120_status_0200(void **state)
{
    (void)state;
    status(2, 0, "was refused (status 0200)", "check initiator-name and the CHAP settings");
    status(2, 0, "malformed", "report this");
}

static void test_req_121_status_0201(void **state)
{
    (void)state;
    status(2, 1, "authentication failed", "check chap-name and chap-secret");
    assert_string_equal(
        sentence,
        "Login to " TARGET " at " PORTAL " was refused (status 0201): authentication failed; check "
        "chap-name and chap-secret against the target's account for this initiator, and whether it wants "
        "CHAP, one-way or mutual (this initiator is " INITIATOR ", chap-name is user1).");
}

static void test_req_122_status_0202(void **state)
{
    (void)state;
    status(2, 2, "no access to this target", "access list (this initiator is " INITIATOR ")");
}

static void test_req_123_status_0203(void **state)
{
    (void)state;
    status(2, 3, "no such target at this portal", "check the target's name and the portal's address");
}

static void test_req_124_status_0204(void **state)
{
    (void)state;
    status(2, 4, "removed and left no new address", "took its place");
}

static void test_req_125_status_0205(void **state)
{
    (void)state;
    status(2, 5, "no version of iSCSI", "update");
}

static void test_req_126_status_0206(void **state)
{
    (void)state;
    status(2, 6, "no further connection", "old session");
}

static void test_req_127_status_0207(void **state)
{
    (void)state;
    status(2, 7, "a parameter that the target needs was missing", "names of target and initiator");
}

static void test_req_128_status_0208(void **state)
{
    (void)state;
    status(2, 8, "cannot join that session", "a new session");
}

static void test_req_129_status_0209(void **state)
{
    (void)state;
    status(2, 9, "does not offer this type of session", "set target");
    assert_has("allow sessions of this initiator"); /* it may be no discovery that was refused */
}

static void test_req_130_status_020a(void **state)
{
    (void)state;
    status(2, 0x0a, "is gone", "a new session");
}

static void test_req_131_status_020b(void **state)
{
    (void)state;
    status(2, 0x0b, "not valid during login", "report this");
}

static void test_req_132_status_0300(void **state)
{
    (void)state;
    status(3, 0, "an error of its own", "try again");
}

static void test_req_133_status_0301(void **state)
{
    (void)state;
    status(3, 1, "not in service", "try again");
}

static void test_req_134_status_0302(void **state)
{
    (void)state;
    status(3, 2, "lacks resources", "try again");
}

/* All other numbers: a sentence of the class, and the number itself for whoever can look it up. */
static void test_req_135_unknown_statuses_are_told_by_class(void **state)
{
    (void)state;
    for (unsigned class = 0; class < 256; class ++)
        for (unsigned detail = 0x0c; detail < 256; detail += 9)
            status(class, detail, class < 4 ? "Login to " : "class of status that is not known", "");
    status(0, 0x77, "with a detail that is not known", "");
    status(1, 0x77, "was redirected", "set portal");
    status(2, 0x77, "was refused", "target's log for the reason");
    status(3, 0x77, "a trouble that is not known", "try again");
    status(9, 0x77, "Login to " TARGET, "report this");
}

/* No two statuses of the table say the same. */
static void test_every_status_has_its_own_words(void **state)
{
    static const uint16_t all[] = {0x0000, 0x0101, 0x0102, 0x0200, 0x0201, 0x0202, 0x0203,
                                   0x0204, 0x0205, 0x0206, 0x0207, 0x0208, 0x0209, 0x020a,
                                   0x020b, 0x0300, 0x0301, 0x0302, 0x02ff, 0x03ff};
    char texts[sizeof all / sizeof all[0]][WORDS_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        const struct fault fault = {.code = FAULT_LOGIN_STATUS,
                                    .login_class = (uint8_t)(all[i] >> 8),
                                    .login_detail = (uint8_t)all[i]};

        strcpy(texts[i], strchr(say(&fault, &whole), ')') + 1);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(strstr(texts[i], "): "), strstr(texts[j], "): "));
    }
}

/* --- SCSI --- */

static void test_scsi_statuses_are_named(void **state)
{
    static const struct {
        uint8_t status;
        const char *name, *tries;
    } cases[] = {
        {0x02, "status 02 CHECK CONDITION", "target's log"},
        {0x08, "status 08 BUSY", "load"},
        {0x18, "status 18 RESERVATION CONFLICT", "another machine has reserved the disk"},
        {0x28, "status 28 TASK SET FULL", "lower queue-depth"},
        {0x30, "status 30 ACA ACTIVE", "error state"},
        {0x40, "status 40 TASK ABORTED", "try again"},
        {0x7e, "(status 7e)", "target's log"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct fault fault = {.code = FAULT_SCSI_STATUS, .scsi_status = cases[i].status};

        assert_remedy(&fault);
        say(&fault, &whole);
        assert_whole(&fault);
        assert_has(cases[i].name);
        assert_has(cases[i].tries);
        assert_has("LUN 5 (0005-0000-0000-0000)");
    }
}

static void test_req_302_305_sense_is_told_with_its_numbers(void **state)
{
    static const struct {
        uint8_t key, asc, ascq;
        const char *text, *tries;
    } cases[] = {
        {3, 0x11, 0x00, "(sense 03/11/00 MEDIUM ERROR: ", "restore from a backup"},
        {4, 0x44, 0x00, "(sense 04/44/00 HARDWARE ERROR: ", "hardware"},
        {5, 0x25, 0x00, "(sense 05/25/00 ILLEGAL REQUEST: ", "set lun"},
        {5, 0x20, 0x00, "(sense 05/20/00 ILLEGAL REQUEST: ", "does not support"},
        {5, 0x20, 0x02, "(sense 05/20/02 ILLEGAL REQUEST: access refused", "give this initiator access"},
        {5, 0x21, 0x00, "(sense 05/21/00 ILLEGAL REQUEST: ", "check its size"},
        {5, 0x24, 0x00, "(sense 05/24/00 ILLEGAL REQUEST: ", "update"},
        {1, 0x17, 0x01, "(sense 01/17/01 RECOVERED ERROR: ", "health"},
        {7, 0x27, 0x00, "(sense 07/27/00 DATA PROTECT: ", "allow writing"},
        {7, 0x27, 0x07, "(sense 07/27/07 DATA PROTECT: ", "pool behind this thin disk is full"},
        {2, 0x04, 0x01, "(sense 02/04/01 NOT READY: ", "wait"},
        {2, 0x04, 0x0b, "(sense 02/04/0b NOT READY: ", "set portal"},
        {2, 0x04, 0x0c, "(sense 02/04/0c NOT READY: ", "set portal"},
        {2, 0x04, 0x12, "(sense 02/04/12 NOT READY: ", "online"},
        {2, 0x3a, 0x00, "(sense 02/3a/00 NOT READY: ", "medium"},
        {0xc, 0xee, 0xee, "(sense 0c/ee/ee)", "target's log"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct fault fault = {.code = FAULT_SCSI_SENSE,
                                    .scsi_status = 2,
                                    .sense_key = cases[i].key,
                                    .asc = cases[i].asc,
                                    .ascq = cases[i].ascq};

        say(&fault, &whole);
        assert_whole(&fault);
        assert_has(cases[i].text);
        assert_has(cases[i].tries);
    }
    for (unsigned key = 0; key < 256; key++)
        for (unsigned asc = 0; asc < 256; asc++) {
            const struct fault fault = {.code = FAULT_SCSI_SENSE,
                                        .sense_key = (uint8_t)key,
                                        .asc = (uint8_t)asc,
                                        .ascq = (uint8_t)(asc % 11)};

            assert_remedy(&fault);
            say(&fault, &whole);
            assert_whole(&fault);
        }
}

/* --- What says more --- */

static void test_keys_opcodes_reasons_and_details_are_told(void **state)
{
    struct fault fault = {.code = FAULT_KEY_VALUE, .opcode = 0x23, .key = "MaxBurstLength"};

    (void)state;
    say(&fault, &whole);
    assert_has("a key with a value that is not allowed (MaxBurstLength)");
    fault = (struct fault){.code = FAULT_BAD_CONFIG, .opcode = 0xff, .detail = "the secrets are equal."};
    say(&fault, &whole);
    assert_has("the configuration cannot be used (the secrets are equal); correct");
    fault = (struct fault){.code = FAULT_FORMAT_FIELD, .opcode = 0x25, .detail = "a padding"};
    say(&fault, &whole);
    assert_has("(opcode 25, a padding)");
    fault = (struct fault){.code = FAULT_FORMAT_FIELD, .opcode = 0xff};
    say(&fault, &whole);
    assert_lacks("opcode");
    fault = (struct fault){.code = FAULT_REJECTED, .opcode = 0x3f, .reason = 9};
    say(&fault, &whole);
    assert_has("(reason 09)");
    fault = (struct fault){.code = FAULT_ISCSI_RESPONSE, .reason = 1};
    say(&fault, &whole);
    assert_has("(response 01)");
}

static void test_the_address_stands_behind_a_name_alone(void **state)
{
    static const struct portal numbers = {.host = "10.0.2.2", .port = 860};
    static const struct portal six = {.host = "2001:db8::1", .port = 3260};
    const struct fault fault = {.code = FAULT_TCP_REFUSED};
    struct words_context context = whole;

    (void)state;
    context.portal = &numbers;
    say(&fault, &context);
    assert_has("Cannot reach " TARGET " at 10.0.2.2:860: the connection was refused; check the port");
    context.portal = &six;
    context.address = NULL;
    say(&fault, &context);
    assert_has(" at [2001:db8::1]:3260: ");
}

static void test_luns_are_told_both_ways(void **state)
{
    static const struct {
        uint8_t lun[8];
        const char *text;
    } cases[] = {
        {{0, 0}, "LUN 0 (0000-0000-0000-0000)"},
        {{0, 10}, "LUN 10 (000a-0000-0000-0000)"},
        {{0x41, 0x2c}, "LUN 300 (412c-0000-0000-0000)"},
        {{0x47, 0x52, 0x3a, 0x4f, 0x6b, 0x7e, 0x2f, 0x99}, "LUN 4752-3a4f-6b7e-2f99"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64];
        struct fmt fmt;

        fmt_init(&fmt, text, sizeof text);
        words_lun(cases[i].lun, &fmt);
        assert_string_equal(text, cases[i].text);
    }
}

/* --- A missing LUN --- */

static void test_a_missing_lun_lists_those_that_are_there(void **state)
{
    const struct fault fault = {.code = FAULT_NO_LUN};
    struct words_context context = whole;
    struct lun *disk = calloc(1, sizeof *disk);

    (void)state;
    context.disk = disk;
    say(&fault, &context);
    assert_whole(&fault);
    assert_lacks("there is LUN");
    disk->present_count = 1;
    disk->present[0][1] = 1;
    say(&fault, &context);
    assert_has("LUN 5 (0005-0000-0000-0000) of " TARGET " at " PORTAL
               " cannot be used: there is no such logical unit; "
               "there is LUN 1; set lun to one that is there");
    disk->present_count = 3;
    disk->present[1][1] = 7;
    memcpy(disk->present[2], "\x47\x52\x3a\x4f\x6b\x7e\x2f\x99", 8);
    say(&fault, &context);
    assert_has("; there are LUN 1, 7, 4752-3a4f-6b7e-2f99; set lun");
    disk->present_more = true;
    say(&fault, &context);
    assert_has("2f99 and more; set lun");
    free(disk);
}

/* --- Several targets --- */

static void test_req_023_the_targets_to_choose_from_are_listed(void **state)
{
    const struct fault fault = {.code = FAULT_DISCOVERY_SEVERAL, .opcode = 0xff};
    struct targets *targets = calloc(1, sizeof *targets);
    struct words_context context = {.portal = &portal, .address = &address, .targets = targets};

    (void)state;
    targets->count = 2;
    strcpy(targets->names[0], TARGET);
    strcpy(targets->names[1], "eui.02004567a425678d");
    say(&fault, &context);
    assert_whole(&fault);
    assert_string_equal(sentence,
                        "No target is chosen at " PORTAL ": the portal lists several targets: " TARGET
                        ", eui.02004567a425678d; set target to the one to boot from.");
    targets->more = true;
    say(&fault, &context);
    assert_has("eui.02004567a425678d and more; set target");
    targets->more = false;
    targets->count = TARGETS_NAMES_MAX; /* more than a sentence has room for */
    for (unsigned i = 0; i < TARGETS_NAMES_MAX; i++)
        snprintf(targets->names[i], sizeof targets->names[i], TARGET "-with-a-name-of-usual-length-%u", i);
    say(&fault, &context);
    assert_whole(&fault);
    assert_has("-0, " TARGET);
    assert_has(" and more; set target");
    assert_lacks("-length-7");
    free(targets);
}

static void test_a_list_that_does_not_come_is_not_a_disk_that_fails(void **state)
{
    const struct fault fault = {.code = FAULT_COMMAND_TIMEOUT, .opcode = 0x24};
    struct words_context context = whole;

    (void)state;
    context.target_name = "";
    say(&fault, &context);
    assert_whole(&fault);
    assert_has("Asking at " PORTAL " for targets failed: a command was not answered in time");
    assert_lacks("LUN");
}

/* Many targets list without an account, or with another one than for the disk. */
static void test_req_175_a_list_may_have_an_account_of_its_own(void **state)
{
    static const struct fault faults[] = {{.code = FAULT_LOGIN_STATUS, .login_class = 2, .login_detail = 1},
                                          {.code = FAULT_AUTH_METHOD},
                                          {.code = FAULT_AUTH_SKIPPED}};
    struct words_context context = whole;

    (void)state;
    context.target_name = NULL;
    for (unsigned i = 0; i < 3; i++) {
        say(&faults[i], &context);
        assert_whole(&faults[i]);
        assert_has("or set target, for its list may have an account of its own");
        say(&faults[i], &whole);
        assert_lacks("set target");
    }
}

/* --- The longest names, and hostile ones --- */

static void test_the_longest_sentences_fit_and_end(void **state)
{
    char name[NAME_MAX_BYTES + 1], chap[256];
    struct portal far;
    struct address six = {.family = ADDRESS_IPV6};
    struct lun *disk = calloc(1, sizeof *disk);
    struct targets *targets = calloc(1, sizeof *targets);
    uint8_t lun[8];
    struct words_context context = {.initiator_name = name,
                                    .target_name = name,
                                    .portal = &far,
                                    .address = &six,
                                    .chap_name = chap,
                                    .lun = lun,
                                    .disk = disk,
                                    .targets = targets};

    (void)state;
    memset(lun, 0xff, sizeof lun);
    memset(six.bytes, 0xff, sizeof six.bytes);
    memset(name, 0xfe, sizeof name - 1);
    name[sizeof name - 1] = '\0';
    memset(chap, '\n', sizeof chap - 1);
    chap[sizeof chap - 1] = '\0';
    memset(&far, 'h', sizeof far);
    far.host[ADDRESS_HOST_MAX] = '\0';
    far.port = 65535;
    disk->present_count = LUN_PRESENT_MAX;
    disk->present_more = true;
    targets->count = TARGETS_NAMES_MAX;
    for (unsigned i = 0; i < TARGETS_NAMES_MAX; i++)
        memcpy(targets->names[i], name, sizeof name);
    for (unsigned code = 0; code < FAULT_COUNT; code++) {
        struct fault fault = {
            .code = (enum fault_code)code, .opcode = 0x3f, .login_class = 2, .login_detail = 1};

        for (unsigned i = 0; i < LUN_PRESENT_MAX;
             i++) /* a list of flat LUNs and no extended ones is the usual one */
            memcpy(disk->present[i], i < 4 ? "\xff\xff\xff\xff\xff\xff\xff\xff" : "\x7f\xff\0\0\0\0\0\0", 8);
        fault.detail =
            "a detail that goes on for quite a while and then a while longer, until it is cut somewhere near";
        fault.key =
            code == FAULT_KEY_VALUE ? "X-com.example.something-that-is-very-long-and-still-goes-on" : NULL;
        say(&fault, &context);
        assert_whole(&fault);
        assert_has("hhh...:65535 (ffff:");
        if (!is_of_discovery(code) || code == FAULT_DISCOVERY_SEVERAL)
            assert_has("\\xfe...");
    }
    free(targets);
    free(disk);
}

static void test_req_168_hostile_names_are_escaped(void **state)
{
    const struct fault fault = {.code = FAULT_LOGIN_STATUS, .login_class = 2, .login_detail = 1};
    struct words_context context = whole;

    (void)state;
    context.chap_name = "u%s%n\x1b[2J";
    say(&fault, &context);
    assert_has("chap-name is u%s%n\\x1b[2J)");
}

/* Appending: what stands before stays, and a small buffer is cut, not overrun. */
static void test_a_sentence_is_appended(void **state)
{
    const struct fault fault = {.code = FAULT_SILENT};
    struct fmt fmt;
    char *buffer = malloc(40);

    (void)state;
    fmt_init(&fmt, buffer, 40);
    fmt_print(&fmt, "before: ");
    words_fault(&fault, &whole, &fmt);
    assert_memory_equal(buffer, "before: The connection", 22);
    assert_true(fmt.cut);
    assert_int_equal(strlen(buffer), 39);
    free(buffer);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_fault_makes_a_whole_sentence),
        cmocka_unit_test(test_every_fault_can_be_said_with_less),
        cmocka_unit_test(test_every_fault_has_a_row_of_its_own),
        cmocka_unit_test(test_a_code_out_of_range_is_survived),
        cmocka_unit_test(test_req_117_status_0000),
        cmocka_unit_test(test_req_118_status_0101),
        cmocka_unit_test(test_req_119_status_0102),
        cmocka_unit_test(test_req_120_status_0200),
        cmocka_unit_test(test_req_121_status_0201),
        cmocka_unit_test(test_req_122_status_0202),
        cmocka_unit_test(test_req_123_status_0203),
        cmocka_unit_test(test_req_124_status_0204),
        cmocka_unit_test(test_req_125_status_0205),
        cmocka_unit_test(test_req_126_status_0206),
        cmocka_unit_test(test_req_127_status_0207),
        cmocka_unit_test(test_req_128_status_0208),
        cmocka_unit_test(test_req_129_status_0209),
        cmocka_unit_test(test_req_130_status_020a),
        cmocka_unit_test(test_req_131_status_020b),
        cmocka_unit_test(test_req_132_status_0300),
        cmocka_unit_test(test_req_133_status_0301),
        cmocka_unit_test(test_req_134_status_0302),
        cmocka_unit_test(test_req_135_unknown_statuses_are_told_by_class),
        cmocka_unit_test(test_every_status_has_its_own_words),
        cmocka_unit_test(test_scsi_statuses_are_named),
        cmocka_unit_test(test_req_302_305_sense_is_told_with_its_numbers),
        cmocka_unit_test(test_keys_opcodes_reasons_and_details_are_told),
        cmocka_unit_test(test_the_address_stands_behind_a_name_alone),
        cmocka_unit_test(test_luns_are_told_both_ways),
        cmocka_unit_test(test_a_missing_lun_lists_those_that_are_there),
        cmocka_unit_test(test_req_023_the_targets_to_choose_from_are_listed),
        cmocka_unit_test(test_a_list_that_does_not_come_is_not_a_disk_that_fails),
        cmocka_unit_test(test_req_175_a_list_may_have_an_account_of_its_own),
        cmocka_unit_test(test_the_longest_sentences_fit_and_end),
        cmocka_unit_test(test_req_168_hostile_names_are_escaped),
        cmocka_unit_test(test_a_sentence_is_appended),
    };

    return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
