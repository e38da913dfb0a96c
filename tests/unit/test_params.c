/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Settings: what is read from lunboot.conf, load options, DHCP and an iBFT, which of them counts, and the
 * words for what is wrong. Every text is handed over as an exact copy, so that the sanitizer sees any byte
 * read beyond it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/ibft.h"
#include "firmware/log.h"
#include "firmware/params.h"
#include "firmware/params_table.h"

#define WORDS_ROOM 700u /* what the screen has for one sentence */
#define TARGET     "iqn.2026-11.com.example:disk1"
#define LOGIN      "chap-name = host1\nchap-secret = one-way-secret-1\n"
#define MUTUAL     LOGIN "mutual-chap-name = storage1\nmutual-chap-secret = mutual-secret-22\n"

static struct params params;
static struct params_error problem;

static int setup(void **state)
{
    (void)state;
    params_init(&params);
    memset(&problem, 0, sizeof problem);
    return 0;
}

static char *exact(const char *text, size_t length)
{
    char *copy = malloc(length > 0 ? length : 1);

    memcpy(copy, text, length);
    return copy;
}

static bool read_bytes(const char *text, size_t length)
{
    char *copy = exact(text, length);
    const struct params_file file = {.name = "lunboot.conf", .source = PARAM_FILE};
    bool good = params_read_file(&params, &file, copy, length, NULL, &problem);

    free(copy);
    return good;
}

static const char *problem_text(void)
{
    static char text[WORDS_ROOM];
    struct fmt fmt;

    fmt_init(&fmt, text, sizeof text);
    params_error_text(&problem, &fmt);
    assert_false(fmt.cut);
    return text;
}

static void good_file(const char *text)
{
    if (!read_bytes(text, strlen(text)))
        fail_msg("%s: %s", text, problem_text());
}

/* Refused, and the sentence has all of `words` (up to a NULL) in it. */
static void expect_words(const char *words)
{
    const char *sentence = problem_text();
    size_t length = strlen(sentence);

    if (!strstr(sentence, words))
        fail_msg("\"%s\" does not speak of \"%s\"", sentence, words);
    assert_true(length > 0 && (sentence[length - 1] == '.' || sentence[length - 1] == '?'));
    assert_true(sentence[length - 2] != '.');
}

static void bad_file(const char *text, const char *words)
{
    params_init(&params);
    if (read_bytes(text, strlen(text)))
        fail_msg("%s was taken", text);
    expect_words(words);
}

static bool read_options(const char *text)
{
    char *copy = exact(text, strlen(text));
    bool good = params_read_options(&params, copy, strlen(text), &problem);

    free(copy);
    return good;
}

static void bad_options(const char *text, const char *words)
{
    params_init(&params);
    if (read_options(text))
        fail_msg("%s was taken", text);
    expect_words(words);
}

static bool from_dhcp(enum param_id id, const char *value)
{
    return params_set_id(&params, id, value, strlen(value), PARAM_DHCP, 0, &problem);
}

static const char *described(enum param_id id)
{
    static char text[3000];
    struct fmt fmt;

    fmt_init(&fmt, text, sizeof text);
    params_describe(&params, id, &fmt);
    return text;
}

static void assert_value(enum param_id id, const char *text)
{
    assert_string_equal(params_text(&params, id), text);
}

/* --- The table --- */

static void test_every_setting_is_complete(void **state)
{
    (void)state;
    for (unsigned id = 0; id < PARAM_COUNT; id++) {
        const struct param_row *row = &params_table[id];

        assert_non_null(row->name);
        assert_string_equal(params_key((enum param_id)id), row->name);
        assert_true(strlen(row->name) < sizeof problem.key);
        assert_true(row->sources & PARAM_BIT(PARAM_FILE));
        assert_int_equal(row->meaning[strlen(row->meaning) - 1], '.');
        for (unsigned other = 0; other < id; other++)
            assert_string_not_equal(row->name, params_table[other].name);
    }
}

/* Each example works in lunboot.conf, and each default is what its own type accepts. */
static void test_every_example_and_default_is_accepted(void **state)
{
    (void)state;
    for (unsigned id = 0; id < PARAM_COUNT; id++) {
        const struct param_row *row = &params_table[id];
        char line[300];

        params_init(&params);
        assert_int_equal(params.values[id].source, row->default_value ? PARAM_DEFAULT : PARAM_UNSET);
        if (row->default_value)
            assert_value((enum param_id)id, row->default_value);
        snprintf(line, sizeof line, "%s = %s\n", row->name, row->example);
        good_file(line);
        assert_int_equal(params.values[id].source, PARAM_FILE);
        assert_int_equal(params.values[id].line, 1);
    }
}

static void test_defaults_are_the_documented_ones(void **state)
{
    (void)state;
    assert_int_equal(params_number(&params, PARAM_LINK_WAIT), 15000);
    assert_int_equal(params_number(&params, PARAM_DHCP_WAIT), 45000);
    assert_int_equal(params_number(&params, PARAM_OFFER_WAIT), 1000);
    assert_int_equal(params_number(&params, PARAM_PAUSE_ON_FAILURE), 10000);
    assert_int_equal(params_number(&params, PARAM_CONNECT_TIMEOUT), 5000);
    assert_int_equal(params_number(&params, PARAM_LOGIN_TIMEOUT), 15000);
    assert_int_equal(params_number(&params, PARAM_COMMAND_TIMEOUT), 30000);
    assert_int_equal(params_number(&params, PARAM_ATTACH_TIMEOUT), 60000);
    assert_int_equal(params_number(&params, PARAM_QUEUE_DEPTH), 32);
    assert_int_equal(params_number(&params, PARAM_TCP_WINDOW), 1048576);
    assert_int_equal(params_number(&params, PARAM_LOG_LEVEL), LOG_INFO);
    assert_int_equal(params_number(&params, PARAM_IBFT_SECRETS), PARAMS_YES);
    assert_int_equal(params_number(&params, PARAM_AFTER_ATTACH), PARAMS_BOOT_DISK);
    assert_value(PARAM_NIC, "auto");
    assert_value(PARAM_IP, "dhcp");
    assert_int_equal(params_login_policy(&params), LOGIN_AUTH_NONE);
    assert_true(params_check(&params, &problem));
}

/* --- lunboot.conf --- */

static void test_a_file_is_read(void **state)
{
    (void)state;
    good_file("\xef\xbb\xbf# where to boot from\r\n"
              "\r\n"
              "  portal=10.0.2.2:860   # the second one\r\n"
              "target\t=\t\"" TARGET "\" # quoted\r\n"
              "boot-args = \"root=/dev/sda2 # not a comment\"\n"
              "chap-name = host#1\n"
              "boot-file = \\EFI\\debian\\grubx64.efi");
    assert_value(PARAM_PORTAL_KEY, "10.0.2.2:860");
    assert_value(PARAM_TARGET, TARGET);
    assert_value(PARAM_BOOT_ARGS, "root=/dev/sda2 # not a comment");
    assert_value(PARAM_CHAP_NAME, "host#1");
    assert_value(PARAM_BOOT_FILE, "\\EFI\\debian\\grubx64.efi");
    assert_int_equal(params.values[PARAM_PORTAL_KEY].line, 3);
    assert_int_equal(params.values[PARAM_BOOT_FILE].line, 7);
}

static void test_an_empty_file_and_empty_quotes(void **state)
{
    (void)state;
    good_file("");
    good_file("\n\n# nothing");
    good_file("boot-args = \"\"");
    assert_true(params_is_set(&params, PARAM_BOOT_ARGS));
    assert_value(PARAM_BOOT_ARGS, "");
    bad_file("target = \"\"", "value is missing");
}

static void test_a_bad_line_is_named(void **state)
{
    (void)state;
    bad_file("\n\nlun 1\n", "lunboot.conf line 3: there is no '='");
    bad_file("= 1", "lunboot.conf line 1: there is no key");
    bad_file("lun =", "lunboot.conf line 1, lun: the value is missing");
    bad_file("lun = # one", "lun: the value is missing");
    bad_file("target = \"" TARGET, "target: a double quote is opened and not closed");
    bad_file("target = \"" TARGET "\"x", "target: something stands behind the closing quote");
    bad_file("target = \"" TARGET "\" x", "target: something stands behind the closing quote");
    bad_file("hostname = a\x01z", "control character");
    bad_file("\xff\xfel\0u\0", "UTF-16");
    params_init(&params);
    assert_false(read_bytes("lun = 1\nnic\0 = auto\n", 20));
    expect_words("lunboot.conf line 2: there is a zero byte");
}

static void test_a_long_line_is_refused(void **state)
{
    char text[4200];

    (void)state;
    memset(text, 'x', sizeof text);
    memcpy(text, "boot-args = ", 12);
    assert_true(read_bytes(text, 2047));
    assert_int_equal(params.values[PARAM_BOOT_ARGS].length, 2047 - 12);
    params_init(&params);
    assert_false(read_bytes(text, 2048));
    expect_words("line 1: the line is longer than 2047 bytes");
    memset(text, '#', sizeof text);
    assert_false(read_bytes(text, sizeof text));
}

static void test_a_key_twice_names_both_lines(void **state)
{
    (void)state;
    bad_file("lun = 1\n\nlun = 2\n", "lunboot.conf line 3, lun: given twice, in line 1 and in line 3");
    bad_options("lun=1 lun=1", "the command line, lun: given twice");
    /* even where a higher source has the word */
    params_init(&params);
    assert_true(read_options("lun=7"));
    assert_false(read_bytes("lun = 1\nlun = 2\n", 16));
    expect_words("line 1 and in line 2");
}

static void test_an_unknown_key_names_the_nearest(void **state)
{
    static const char *const cases[][2] = {
        {"chap_name = x", "is chap-name meant?"},
        {"chapsecret = x", "is chap-secret meant?"},
        {"intiator-name = x", "is initiator-name meant?"},
        {"targets = x", "is target meant?"},
        {"ip-address = x", "there is no such key."},
        {"LUN = x", "there is no such key."},
        {"mutual-chap-secrt = x", "is mutual-chap-secret meant?"},
    };
    char text[80];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        bad_file(cases[i][0], cases[i][1]);
    memset(text, 'k', 70);
    strcpy(text + 70, " = x");
    bad_file(text, "there is no such key");
    bad_file("a\x1b[2Jb = x", "line 1, a: there is no such key");
}

/* --- Load options --- */

static void test_options_are_read(void **state)
{
    (void)state;
    assert_true(read_options("lunboot.efi  portal=10.0.2.2 target=" TARGET
                             "\tboot-args=\"root=/dev/sda2 ro\" \"nic=auto\" lun=5 "));
    assert_value(PARAM_PORTAL_KEY, "10.0.2.2");
    assert_value(PARAM_BOOT_ARGS, "root=/dev/sda2 ro");
    assert_value(PARAM_LUN_KEY, "5");
    assert_string_equal(described(PARAM_LUN_KEY), "lun = 5 (0005-0000-0000-0000) (the command line)");
    params_init(&params);
    assert_true(read_options(""));
    assert_true(read_options("fs0:\\lunboot.efi"));
    assert_true(read_options("\"fs0:\\my programs\\lunboot.efi\" lun=2"));
    assert_value(PARAM_LUN_KEY, "2");
    assert_true(params_read_options(&params, "nic=auto\0\0", 10, &problem));
}

static void test_bad_options_are_named(void **state)
{
    char text[3000];

    (void)state;
    bad_options("lunboot.efi lun", "the command line: a word without '='");
    bad_options("lunboot.efi lun = 1", "a word without '='");
    bad_options("lun=x", "the command line, lun: \"x\" is not a LUN");
    bad_options("=1", "there is no key");
    bad_options("boot-args=\"root", "a double quote is opened");
    bad_options("hostnam=x", "is hostname meant?");
    memset(text, 'x', sizeof text);
    memcpy(text, "boot-args=", 10);
    text[sizeof text - 1] = '\0';
    bad_options(text, "too long");
}

/* --- Precedence and provenance --- */

static void test_req_020_the_higher_source_counts_in_any_order(void **state)
{
    (void)state;
    for (unsigned order = 0; order < 2; order++) {
        params_init(&params);
        if (order == 0)
            assert_true(from_dhcp(PARAM_INITIATOR_NAME, "iqn.2026-11.com.example:dhcp"));
        good_file("initiator-name = iqn.2026-11.com.example:local\n");
        if (order == 1)
            assert_true(from_dhcp(PARAM_INITIATOR_NAME, "iqn.2026-11.com.example:dhcp"));
        assert_value(PARAM_INITIATOR_NAME, "iqn.2026-11.com.example:local");
        assert_true(read_options("initiator-name=iqn.2026-11.com.example:typed"));
        assert_value(PARAM_INITIATOR_NAME, "iqn.2026-11.com.example:typed");
        assert_string_equal(described(PARAM_INITIATOR_NAME),
                            "initiator-name = iqn.2026-11.com.example:typed (the command line)");
    }
}

static void test_req_020_dhcp_brings_a_name_only_if_it_is_valid(void **state)
{
    (void)state;
    assert_false(from_dhcp(PARAM_INITIATOR_NAME, "iqn.2026-13.com.example:x"));
    expect_words("DHCP, initiator-name: ");
    assert_false(params_is_set(&params, PARAM_INITIATOR_NAME));
    assert_false(from_dhcp(PARAM_INITIATOR_NAME, "pc-17\x1b[2J"));
    expect_words("control character");
    assert_true(params_set_id(&params, PARAM_INITIATOR_NAME, "IQN.2026-11.com.Example:x\0", 26, PARAM_DHCP, 0,
                              &problem));
    assert_value(PARAM_INITIATOR_NAME, "iqn.2026-11.com.example:x");
    /* another interface, another server */
    assert_true(from_dhcp(PARAM_INITIATOR_NAME, "iqn.2026-11.com.example:y"));
    assert_value(PARAM_INITIATOR_NAME, "iqn.2026-11.com.example:y");
}

/* DHCP says where the disk is, and how patient to be. */
static bool belongs_to_dhcp(unsigned id)
{
    static const enum param_id allowed[] = {
        PARAM_ROOT_PATH_KEY, PARAM_INITIATOR_NAME,  PARAM_PORTAL_KEY,       PARAM_TARGET,
        PARAM_LUN_KEY,       PARAM_QUEUE_DEPTH,     PARAM_PAUSE_ON_FAILURE, PARAM_CONNECT_TIMEOUT,
        PARAM_LOGIN_TIMEOUT, PARAM_COMMAND_TIMEOUT, PARAM_ATTACH_TIMEOUT,   PARAM_DISK_TIMEOUT,
        PARAM_RETRIES,       PARAM_RETRY_PAUSE,
    };

    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        if (allowed[i] == id)
            return true;
    return false;
}

static void test_req_020_022_dhcp_sets_no_policy_and_no_secret(void **state)
{
    (void)state;
    for (unsigned id = 0; id < PARAM_COUNT; id++) {
        bool allowed = belongs_to_dhcp(id);

        params_init(&params);
        assert_int_equal(from_dhcp((enum param_id)id, params_table[id].example), allowed);
        assert_int_equal(params_is_set(&params, (enum param_id)id), allowed);
    }
}

static void test_req_019_a_root_path_of_dhcp_is_taken(void **state)
{
    struct params_target target;

    (void)state;
    assert_true(from_dhcp(PARAM_ROOT_PATH_KEY, "iscsi:10.0.2.2:::10:" TARGET));
    assert_true(params_target(&params, 0, &target, &problem));
    assert_string_equal(target.portals[0].host, "10.0.2.2");
    assert_int_equal(target.portals[0].port, 3260);
    assert_memory_equal(target.lun, "\0\x10\0\0\0\0\0\0", 8);
    assert_string_equal(target.target, TARGET);
}

static void test_req_021_a_hostile_root_path_leaves_nothing(void **state)
{
    char text[3000];

    (void)state;
    assert_true(from_dhcp(PARAM_ROOT_PATH_KEY, "iscsi:10.0.2.2::::" TARGET));
    assert_false(from_dhcp(PARAM_ROOT_PATH_KEY, "iscsi:10.0.2.2:::zz:" TARGET));
    expect_words("DHCP, root-path: the LUN field");
    assert_value(PARAM_ROOT_PATH_KEY, "iscsi:10.0.2.2::::" TARGET);
    memset(text, 'x', sizeof text);
    memcpy(text, "iscsi:", 6);
    assert_false(params_set_id(&params, PARAM_ROOT_PATH_KEY, text, sizeof text, PARAM_DHCP, 0, &problem));
    expect_words("longer than");
    assert_false(params_set_id(&params, PARAM_ROOT_PATH_KEY, text, 1025, PARAM_DHCP, 0, &problem));
    expect_words("longer than 1024");
}

static void test_req_025_credentials_in_a_root_path_or_portal_are_not_repeated(void **state)
{
    static const char *const lines[] = {
        "root-path = iscsi:me:topsecret1234@10.0.2.2::::" TARGET,
        "portal = me:topsecret1234@10.0.2.2",
    };

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        bad_file(lines[i], "is refused");
        assert_null(strstr(problem_text(), "topsecret"));
    }
}

static void test_what_dhcp_said_can_be_forgotten(void **state)
{
    (void)state;
    good_file("initiator-name = iqn.2026-11.com.example:local");
    assert_true(from_dhcp(PARAM_ROOT_PATH_KEY, "iscsi:10.0.2.2::::" TARGET));
    params_forget(&params, PARAM_DHCP);
    assert_false(params_is_set(&params, PARAM_ROOT_PATH_KEY));
    assert_true(params_is_set(&params, PARAM_INITIATOR_NAME));
    params_forget(&params, PARAM_FILE);
    assert_false(params_is_set(&params, PARAM_INITIATOR_NAME));
    good_file("initiator-name = iqn.2026-11.com.example:local");
}

static void test_descriptions_tell_value_and_source(void **state)
{
    (void)state;
    good_file("# first\n" LOGIN "auth = chap\nlun = 300\nboot-file = \\EFI\\x.efi\n");
    assert_string_equal(described(PARAM_AUTH), "auth = chap (lunboot.conf line 4)");
    assert_string_equal(described(PARAM_LUN_KEY), "lun = 300 (412c-0000-0000-0000) (lunboot.conf line 5)");
    assert_string_equal(described(PARAM_BOOT_FILE), "boot-file = \\EFI\\x.efi (lunboot.conf line 6)");
    assert_string_equal(described(PARAM_QUEUE_DEPTH), "queue-depth = 32 (default)");
    assert_string_equal(described(PARAM_TARGET), "target (not set)");
    assert_true(from_dhcp(PARAM_ROOT_PATH_KEY, "iscsi:10.0.2.2::::" TARGET));
    assert_string_equal(described(PARAM_ROOT_PATH_KEY), "root-path = iscsi:10.0.2.2::::" TARGET " (DHCP)");
}

/* --- Secrets --- */

static void assert_secret(enum param_id id, const void *bytes, size_t length)
{
    assert_int_equal(params.values[id].length, length);
    assert_memory_equal(params.values[id].text, bytes, length);
}

static void test_req_171_secrets_are_text_hexadecimal_or_base64(void **state)
{
    (void)state;
    good_file("chap-secret = \"twelve bytes\"");
    assert_secret(PARAM_CHAP_SECRET, "twelve bytes", 12);
    setup(NULL);
    good_file("chap-secret = 0x000102030405060708090A0b0c0d0e0f");
    assert_secret(PARAM_CHAP_SECRET, "\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17", 16);
    setup(NULL);
    good_file("chap-secret = 0bAAECAwQFBgcICQoL");
    assert_secret(PARAM_CHAP_SECRET, "\0\1\2\3\4\5\6\7\10\11\12\13", 12);
    setup(NULL);
    good_file("chap-secret = caf\xc3\xa9-secret-1 # with a letter beyond ASCII");
    assert_secret(PARAM_CHAP_SECRET, "caf\xc3\xa9-secret-1", 14);
    bad_file("chap-secret = 0x0001020304050607080", "hexadecimal");
    bad_file("chap-secret = 0xzz0102030405060708090a0b", "hexadecimal");
    bad_file("chap-secret = 0bAAECAwQFBgcICQo", "base64");
    bad_file("chap-secret = twelve\x01"
             "bytes",
             "control character");
}

static void test_req_170_secrets_have_12_to_255_bytes(void **state)
{
    char text[700] = "chap-secret = 0x";
    size_t prefix = strlen(text);

    (void)state;
    bad_file("chap-secret = eleven byte", "11 bytes are too few: a CHAP secret has 12 to 255 bytes");
    bad_file("chap-secret = 0x000102030405060708090a", "11 bytes are too few");
    memset(text + prefix, 'a', 2 * 255);
    setup(NULL);
    good_file(text);
    assert_int_equal(params.values[PARAM_CHAP_SECRET].length, 255);
    memset(text + prefix, 'a', 2 * 256);
    bad_file(text, "256 bytes are too many");
    memset(text + prefix - 2, 'a', 256);
    text[prefix - 2 + 256] = '\0';
    bad_file(text, "256 bytes are too many");
    bad_file("chap-secret =", "value is missing");
}

static void test_secrets_come_from_the_file_alone(void **state)
{
    (void)state;
    bad_options("chap-secret=one-way-secret-1", "a secret is refused here");
    bad_options("lunboot.efi mutual-chap-secret=0x00112233445566778899aabb", "a secret is refused here");
    assert_false(from_dhcp(PARAM_CHAP_SECRET, "one-way-secret-1"));
    expect_words("DHCP, chap-secret: a secret is refused here");
    assert_false(params_is_set(&params, PARAM_CHAP_SECRET));
}

/* Whatever is wrong around a secret, no message has it, and no description (REQ-172). */
static void test_req_172_no_message_repeats_a_secret(void **state)
{
    static const char *const lines[] = {
        "chap-secret = hunter2hunt",
        "chap-secret = \"hunter2hunter2",
        "chap-secret = \"hunter2hunter2\" hunter2",
        "chap-secret = 0xhunter2hunter2",
        "chap-secret = 0bhunter2hunter2",
        "chap-secret hunter2hunter2",
        "chap-secret: hunter2hunter2",
        "chap-secret: hunter2 = hunter2",
        "chap-secret hunter2 = \"hunter2",
        "chap-sekret = hunter2hunter2",
        "chap-secret = hunter2hunter2\nchap-secret = hunter2hunter2",
        "chap-secret = hunter2hunter2\x07",
    };
    static const char *const options[] = {
        "chap-secret=hunter2hunter2",
        "chap-sekret=hunter2hunter2",
        "lun=1 hunter2hunter2",
        "chap-secret=\"hunter2 hunter2",
    };

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        bad_file(lines[i], "");
        assert_null(strstr(problem_text(), "hunter2"));
    }
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        bad_options(options[i], "");
        assert_null(strstr(problem_text(), "hunter2"));
    }
    setup(NULL);
    good_file(MUTUAL);
    for (unsigned id = 0; id < PARAM_COUNT; id++)
        assert_null(strstr(described((enum param_id)id), "secret-"));
    assert_string_equal(described(PARAM_CHAP_SECRET), "chap-secret = ........ (lunboot.conf line 2)");
}

static bool holds(const void *memory, size_t size, const char *text)
{
    size_t length = strlen(text);

    for (size_t i = 0; i + length <= size; i++)
        if (memcmp((const char *)memory + i, text, length) == 0)
            return true;
    return false;
}

static void test_req_173_wiping_leaves_no_secret(void **state)
{
    (void)state;
    good_file(MUTUAL);
    assert_true(holds(&params, sizeof params, "one-way-secret-1"));
    params_wipe(&params);
    assert_false(holds(&params, sizeof params, "one-way-secret-1"));
    assert_false(holds(&params, sizeof params, "mutual-secret-22"));
    setup(NULL);
    good_file(MUTUAL);
    params_forget(&params, PARAM_FILE);
    assert_false(holds(&params, sizeof params, "one-way-secret-1"));
}

/* --- Types --- */

static void test_durations(void **state)
{
    static const struct {
        const char *text;
        uint64_t ms;
    } cases[] = {{"10s", 10000}, {"500ms", 500}, {"2m", 120000},         {"1h", 3600000},
                 {"0", 0},       {"0s", 0},      {"forever", UINT64_MAX}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char line[80];

        setup(NULL);
        snprintf(line, sizeof line, "pause-on-failure = %s", cases[i].text);
        good_file(line);
        assert_true(params_number(&params, PARAM_PAUSE_ON_FAILURE) == cases[i].ms);
    }
    bad_file("link-wait = 10", "is not a time with its unit");
    bad_file("link-wait = 10 s", "is not a time with its unit");
    bad_file("link-wait = -1s", "is not a time with its unit");
    bad_file("link-wait = s", "is not a time with its unit");
    bad_file("link-wait = 1.5s", "is not a time with its unit");
    bad_file("link-wait = 18446744073709551615h", "is not a time with its unit");
    bad_file("link-wait = 99999999999999999999s", "is not a time with its unit");
    bad_file("link-wait = 11m", "\"11m\" is outside of 0 to 10m");
    bad_file("link-wait = forever", "outside of 0 to 10m");
    bad_file("connect-timeout = 99ms", "outside of 100ms to 5m");
    bad_file("command-timeout = 0", "outside of 1s to 10m");
}

static void test_numbers_and_sizes(void **state)
{
    (void)state;
    good_file("queue-depth = 64\ntcp-window = 65536");
    assert_int_equal(params_number(&params, PARAM_QUEUE_DEPTH), 64);
    assert_int_equal(params_number(&params, PARAM_TCP_WINDOW), 65536);
    setup(NULL);
    good_file("tcp-window = 4M");
    assert_int_equal(params_number(&params, PARAM_TCP_WINDOW), 4194304);
    setup(NULL);
    good_file("tcp-window = 256K");
    assert_int_equal(params_number(&params, PARAM_TCP_WINDOW), 262144);
    bad_file("queue-depth = 0", "\"0\" is outside of 1 to 64");
    bad_file("queue-depth = 65", "outside of 1 to 64");
    bad_file("queue-depth = 0x10", "not a decimal number");
    bad_file("queue-depth = many", "not a decimal number");
    bad_file("tcp-window = 5M", "outside of 64K to 4M");
    bad_file("tcp-window = 63K", "outside of 64K to 4M");
    bad_file("tcp-window = 1G", "with or without K or M");
    bad_file("tcp-window = 18014398509481984K", "with or without K or M");
}

static void test_choices(void **state)
{
    static const struct {
        const char *word;
        uint64_t number;
    } levels[] = {{"quiet", LOG_ERROR}, {"normal", LOG_INFO}, {"debug", LOG_DEBUG}, {"trace", LOG_TRACE}};

    (void)state;
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        char line[40];
        size_t length;

        setup(NULL);
        snprintf(line, sizeof line, "log = %s", levels[i].word);
        good_file(line);
        assert_int_equal(params_number(&params, PARAM_LOG_LEVEL), levels[i].number);
        assert_memory_equal(params_choice_word(&params_table[PARAM_LOG_LEVEL], levels[i].number, &length),
                            levels[i].word, strlen(levels[i].word));
        assert_int_equal(length, strlen(levels[i].word));
    }
    bad_file("log = loud", "\"loud\" is not one of quiet, normal, debug, trace");
    bad_file("auth = Chap", "\"Chap\" is not one of none, any, chap, mutual");
    bad_file("ibft-secrets = maybe", "is not one of no, yes");
    bad_file("boot = y", "\"y\" is not yes, no, next, shell, Boot and four hexadecimal digits, or the path");
    setup(NULL);
    good_file("ibft-secrets = no");
    assert_int_not_equal(params_number(&params, PARAM_IBFT_SECRETS), PARAMS_YES);
}

static void test_names_and_portals(void **state)
{
    (void)state;
    good_file("target = IQN.2026-11.com.example:Disk1\nportal = [2001:db8::1]:860");
    assert_value(PARAM_TARGET, TARGET);
    bad_file("target = disk1", "\"disk1\" is not an iSCSI name");
    bad_file("initiator-name = eui.12", "is not an iSCSI name (an eui. name has exactly 16");
    bad_file("portal = 10.0.2.2:0",
             "is not an address or a name, with or without :port, or up to four of them");
    bad_file("portal = 10.0.2.2,", "is not an address or a name");
    bad_file("portal = 10.0.2.1,10.0.2.2,10.0.2.3,10.0.2.4,10.0.2.5", "up to four of them");
    bad_file("portal = 10.0.2.2:65536", "is not an address or a name");
    bad_file("portal = 10.0.2.256", "is not an address or a name");
    bad_file("portal = 2001:db8::1", "is not an address or a name");
    bad_file("hostname = my_host", "is not a host name");
}

static void test_a_lun_is_decimal_here(void **state)
{
    struct params_target target;

    (void)state;
    good_file("portal = h.example\ntarget = " TARGET "\nlun = 10");
    assert_true(params_target(&params, 0, &target, &problem));
    assert_memory_equal(target.lun, "\0\x0a\0\0\0\0\0\0", 8);
    setup(NULL);
    good_file("portal = h.example\ntarget = " TARGET "\nlun = 4752-3a4f-6b7e-2f99");
    assert_true(params_target(&params, 0, &target, &problem));
    assert_memory_equal(target.lun, "\x47\x52\x3a\x4f\x6b\x7e\x2f\x99", 8);
    bad_file("lun = a", "is not a LUN");
    bad_file("lun = 16384", "is not a LUN");
    bad_file("lun = 0x1", "is not a LUN");
}

static void test_addresses(void **state)
{
    (void)state;
    good_file("ip = 10.0.2.15/24\ngateway = 10.0.2.1\ndns = 10.0.2.3 , 10.0.2.4");
    assert_value(PARAM_DNS, "10.0.2.3,10.0.2.4");
    assert_int_equal(params_number(&params, PARAM_IP), 24);
    assert_true(params_check(&params, &problem));
    bad_file("ip = 10.0.2.15", "the prefix length is missing");
    bad_file("ip = 10.0.2.15/", "from 1 to 32");
    bad_file("ip = 10.0.2.15/33", "from 1 to 32");
    bad_file("ip = 10.0.2.15/0", "from 1 to 32");
    bad_file("ip = 10.0.2.0/24", "address of the network");
    bad_file("ip = 10.0.2.255/24", "broadcast");
    bad_file("ip = 127.0.0.1/8", "neither dhcp nor an IPv4 address");
    bad_file("ip = 224.0.0.1/8", "neither dhcp nor an IPv4 address");
    bad_file("ip = fe80::1/64", "neither dhcp nor an IPv4 address");
    bad_file("gateway = 10.0.2.1,10.0.2.2", "is not the IPv4 address of a host");
    bad_file("gateway = 0.0.0.0", "is not the IPv4 address of a host");
    bad_file("dns = 10.0.2.3,,10.0.2.4", "one or two IPv4 addresses");
    bad_file("dns = 10.0.2.3,10.0.2.4,10.0.2.5", "one or two IPv4 addresses");
    bad_file("dns = 10.0.2.3,", "one or two IPv4 addresses");
}

static void test_nics(void **state)
{
    static const char *const kinds[] = {
        "auto",    "52:54:00:ab:CD:ef", "52-54-00-ab-cd-ef",
        "00:03.0", "0000:00:1f.6",      "PciRoot(0x0)/Pci(0x2,0x0)/MAC(525400123456,0x1)"};
    static const char *const wrong[] = {
        "eth0", "52:54:00:ab:cd", "52:54:00:ab:cd:ef:01", "52:54:00:ab:cd:eg", "00:03", "0:3:0"};

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        char line[100];

        setup(NULL);
        snprintf(line, sizeof line, "nic = %s", kinds[i]);
        good_file(line);
        assert_value(PARAM_NIC, kinds[i]);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char line[100];

        snprintf(line, sizeof line, "nic = %s", wrong[i]);
        bad_file(line, "is not auto, a MAC");
    }
}

static void test_req_150_151_algorithms(void **state)
{
    uint8_t numbers[CHAP_ALGORITHMS];

    (void)state;
    assert_int_equal(params_algorithms(&params, numbers), 4);
    assert_memory_equal(numbers, "\x08\x07\x06\x05", 4); /* strongest first, MD5 among them */
    good_file("chap-algorithms = sha1 , md5");
    assert_int_equal(params_algorithms(&params, numbers), 2);
    assert_memory_equal(numbers, "\x06\x05", 2);
    assert_string_equal(params_algorithm_name(8), "SHA3-256");
    assert_string_equal(params_algorithm_name(5), "MD5");
    assert_string_equal(params_algorithm_name(9), "?");
    bad_file("chap-algorithms = md5,md5", "each once");
    bad_file("chap-algorithms = md5,", "each once");
    bad_file("chap-algorithms = sha512", "each once");
    bad_file("chap-algorithms = md5,sha1,sha256,sha3-256,md5", "each once");
}

static void test_faults_for_tests(void **state)
{
    (void)state;
    good_file("lossy = 18446744073709551615,0,65535,1,2");
    bad_file("lossy = 1,2,3,4", "five decimal numbers");
    bad_file("lossy = 1,2,3,4,5,6", "five decimal numbers");
    bad_file("lossy = 1,65536,0,0,0", "below 65536");
    bad_file("lossy = 1,2,3,4,x", "five decimal numbers");
}

/* The worst values make the longest messages: all of it fits, and nothing raw of the value is in it. */
static void test_every_refusal_is_a_whole_sentence(void **state)
{
    char line[600];

    (void)state;
    for (unsigned id = 0; id < PARAM_COUNT; id++) {
        const struct param_row *row = &params_table[id];
        int length = snprintf(line, sizeof line, "%s = ", row->name);

        memset(line + length, 0xfe, 400);
        line[length + 400] = '\0';
        params_init(&params);
        if (read_bytes(line, strlen(line))) {
            assert_int_equal(row->type, PARAM_TEXT);
            continue;
        }
        expect_words(row->name);
        assert_true(strlen(problem.reason) < sizeof problem.reason - 1);
        for (const char *at = problem_text(); *at; at++)
            assert_true(*at >= 0x20 && *at <= 0x7e);
    }
}

/* --- Several keys together --- */

static void assert_check(const char *text, const char *words)
{
    setup(NULL);
    good_file(text);
    if (!words) {
        if (!params_check(&params, &problem))
            fail_msg("%s: %s", text, problem_text());
        return;
    }
    if (params_check(&params, &problem))
        fail_msg("%s was found to be right", text);
    expect_words(words);
}

static void test_names_and_secrets_go_together(void **state)
{
    (void)state;
    assert_check(LOGIN, NULL);
    assert_check(MUTUAL, NULL);
    assert_check("chap-name = host1\n", "lunboot.conf line 1, chap-name: it is set and chap-secret is not");
    assert_check("chap-secret = one-way-secret-1\n", "line 1, chap-secret: it is set and chap-name is not");
    assert_check(LOGIN "mutual-chap-name = x\n",
                 "line 3, mutual-chap-name: it is set and mutual-chap-secret is not");
    assert_check(LOGIN "mutual-chap-secret = mutual-secret-22\n", "mutual-chap-secret: it is set");
    assert_check("mutual-chap-name = x\nmutual-chap-secret = mutual-secret-22\n", "needs the one-way kind");
}

static void test_req_166_equal_secrets_are_refused(void **state)
{
    (void)state;
    assert_check(LOGIN "mutual-chap-name = x\nmutual-chap-secret = one-way-secret-1\n",
                 "line 4, mutual-chap-secret: it equals chap-secret");
    assert_check(LOGIN "mutual-chap-name = x\nmutual-chap-secret = 0x6f6e652d7761792d7365637265742d31\n",
                 "it equals chap-secret");
    assert_check(LOGIN "mutual-chap-name = x\nmutual-chap-secret = one-way-secret-12\n", NULL);
}

static void test_req_022_a_policy_without_its_secrets_stops(void **state)
{
    (void)state;
    assert_check("auth = chap\n", "lunboot.conf line 1, auth: CHAP needs chap-name and chap-secret");
    assert_check("auth = any\n", "CHAP needs");
    assert_check("auth = mutual\n", "mutual needs");
    assert_check("auth = mutual\n" LOGIN, "mutual needs");
    assert_check("auth = mutual\n" MUTUAL, NULL);
    assert_check("auth = chap\n" MUTUAL, NULL);
    assert_check("auth = none\n", NULL);
    /* what DHCP says changes nothing about it */
    setup(NULL);
    good_file("auth = mutual\n" LOGIN);
    assert_true(from_dhcp(PARAM_ROOT_PATH_KEY, "iscsi:10.0.2.2::::" TARGET));
    assert_false(from_dhcp(PARAM_AUTH, "none"));
    assert_int_equal(params_login_policy(&params), LOGIN_AUTH_MUTUAL);
    assert_false(params_check(&params, &problem));
}

static void assert_policy(const char *text, enum login_policy policy)
{
    setup(NULL);
    good_file(text);
    assert_int_equal(params_login_policy(&params), policy);
}

static void test_the_policy_follows_from_the_credentials(void **state)
{
    (void)state;
    assert_policy("", LOGIN_AUTH_NONE);
    assert_policy(LOGIN, LOGIN_AUTH_CHAP);
    assert_policy(MUTUAL, LOGIN_AUTH_MUTUAL);
    assert_policy("auth = any\n" LOGIN, LOGIN_AUTH_ANY);
    assert_policy("auth = chap\n" MUTUAL, LOGIN_AUTH_CHAP);
    assert_policy("auth = none\n" MUTUAL, LOGIN_AUTH_NONE);
    assert_policy("auth = mutual\n", LOGIN_AUTH_MUTUAL);
}

static void assert_login(const char *text, const char *local, const char *target)
{
    struct login_config login = {0};

    setup(NULL);
    good_file(text);
    params_login(&params, &login);
    assert_int_equal(local == NULL, login.chap.local.name == NULL);
    assert_int_equal(target == NULL, login.chap.target.name == NULL);
    if (local)
        assert_string_equal(login.chap.local.name, local);
    if (target)
        assert_string_equal(login.chap.target.name, target);
}

static void test_the_target_proves_itself_unless_one_way_is_asked_for(void **state)
{
    (void)state;
    assert_login("", NULL, NULL);
    assert_login(LOGIN, "host1", NULL);
    assert_login(MUTUAL, "host1", "storage1");
    assert_login("auth = any\n" MUTUAL, "host1", "storage1");
    assert_login("auth = chap\n" MUTUAL, "host1", NULL);
}

static void test_static_addresses_hang_together(void **state)
{
    (void)state;
    assert_check("ip = 10.0.2.15/24\n", NULL);
    assert_check("ip = 10.0.2.15/24\ngateway = 10.0.3.1\n",
                 "line 2, gateway: it is not another host on the network");
    assert_check("ip = 10.0.2.15/24\ngateway = 10.0.2.15\n", "gateway: it is not another host");
    assert_check("ip = 10.0.2.15/16\ngateway = 10.0.3.1\n", NULL);
    assert_check("gateway = 10.0.2.1\n", "gateway: it belongs to a static address");
    assert_check("dns = 10.0.2.3\n", NULL);
    assert_check("ip = 10.0.2.15/24\nportal = storage.example\ntarget = " TARGET "\n",
                 "ip: the target's portal is a name");
    assert_check("ip = 10.0.2.15/24\ndns = 10.0.2.3\nportal = storage.example\ntarget = " TARGET "\n", NULL);
}

static void test_a_capture_replaces_nothing_but_a_capture(void **state)
{
    (void)state;
    assert_check("capture = boot.pcap\n", NULL);
    assert_check("capture = lunboot.conf\n", "line 1, capture: the file is replaced");
    assert_check("capture = BOOTX64.EFI\n", "must end in .pcap");
    assert_check("capture = .pcap\n", "must end in .pcap");
}

/* --- Where to boot from --- */

static void test_keys_replace_parts_of_a_lower_root_path(void **state)
{
    struct params_target target;

    (void)state;
    assert_true(from_dhcp(PARAM_ROOT_PATH_KEY, "iscsi:10.0.2.2::860:3:" TARGET));
    assert_true(params_target(&params, 0, &target, &problem));
    assert_int_equal(target.lun[1], 3); /* the default of lun does not count against it */
    good_file("lun = 5\n");
    assert_true(params_target(&params, 0, &target, &problem));
    assert_int_equal(target.lun[1], 5);
    assert_string_equal(target.portals[0].host, "10.0.2.2");
    assert_int_equal(target.portals[0].port, 860);
    assert_true(read_options("portal=10.9.9.9"));
    assert_true(params_target(&params, 0, &target, &problem));
    assert_string_equal(target.portals[0].host, "10.9.9.9");
    assert_int_equal(target.portals[0].port, 3260);
    assert_string_equal(target.target, TARGET);
}

static void test_a_higher_root_path_replaces_the_keys(void **state)
{
    struct params_target target;

    (void)state;
    good_file("portal = 10.9.9.9\ntarget = iqn.2026-11.com.example:other\nlun = 5\n");
    assert_true(read_options("root-path=iscsi:10.0.2.2::::" TARGET));
    assert_true(params_target(&params, 0, &target, &problem));
    assert_string_equal(target.portals[0].host, "10.0.2.2");
    assert_string_equal(target.target, TARGET);
    assert_int_equal(target.lun[1], 0);
}

static void test_keys_beside_a_root_path_replace_its_parts(void **state)
{
    struct params_target target;

    (void)state;
    good_file("root-path = iscsi:10.0.2.2:::3:" TARGET "\nportal = 10.9.9.9\nlun = 5\n");
    assert_true(params_target(&params, 0, &target, &problem));
    assert_string_equal(target.portals[0].host, "10.9.9.9");
    assert_int_equal(target.lun[1], 5);
    assert_string_equal(target.target, TARGET);
}

static void test_what_is_missing_is_named(void **state)
{
    struct params_target target;

    (void)state;
    assert_false(params_target(&params, 0, &target, &problem));
    expect_words("says where it is; set root-path in lunboot.conf or DHCP option 17, or portal");
    good_file("target = " TARGET "\n");
    assert_false(params_target(&params, 0, &target, &problem));
    expect_words("says where it is");
}

static void test_req_023_a_portal_alone_is_enough(void **state)
{
    struct params_target target;

    (void)state;
    good_file("portal = san.example:860\nlun = 1\n");
    assert_true(params_target(&params, 0, &target, &problem));
    assert_string_equal(target.portals[0].host, "san.example");
    assert_int_equal(target.portals[0].port, 860);
    assert_string_equal(target.target, "");
    assert_int_equal(target.lun[1], 1);
    good_file("ip = 10.0.2.15/24\n");
    assert_false(params_check(&params, &problem)); /* the name must be looked up all the same */
    expect_words("set dns too");
    assert_true(from_dhcp(PARAM_ROOT_PATH_KEY, "iscsi:10.0.2.2:::3:" TARGET)); /* which names the target */
    assert_true(params_target(&params, 0, &target, &problem));
    assert_string_equal(target.portals[0].host, "san.example");
    assert_string_equal(target.target, TARGET);
}

/* --- The derived name --- */

static void test_req_006_007_the_derived_name_is_always_the_same(void **state)
{
    static const uint8_t uuid[16] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                     0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
    static const uint8_t mac[6] = {0x52, 0x54, 0, 0x12, 0x34, 0xab},
                         other[6] = {0x52, 0x54, 0, 0x12, 0x34, 0xac};
    char name[NAME_MAX_BYTES + 1], again[NAME_MAX_BYTES + 1];

    (void)state;
    params_derive_name(uuid, mac, name);
    assert_string_equal(name, "iqn.2026-11.org.lunboot:uuid-00112233-4455-6677-8899-aabbccddeeff");
    params_derive_name(uuid, other, again);
    assert_string_equal(again, name); /* the same on every interface */
    assert_null(name_normalise(name, strlen(name), again));
    assert_string_equal(again, name);
}

static void test_req_007_without_a_uuid_the_mac_makes_the_name(void **state)
{
    static const uint8_t mac[6] = {0x52, 0x54, 0, 0x12, 0x34, 0xab};
    char name[NAME_MAX_BYTES + 1], normal[NAME_MAX_BYTES + 1];
    uint8_t uuid[16];

    (void)state;
    params_derive_name(NULL, mac, name);
    assert_string_equal(name, "iqn.2026-11.org.lunboot:mac-5254001234ab");
    assert_null(name_normalise(name, strlen(name), normal));
    for (unsigned fill = 0; fill <= 0xff; fill += 0xff) { /* what firmware without a UUID has there */
        memset(uuid, (int)fill, sizeof uuid);
        params_derive_name(uuid, mac, normal);
        assert_string_equal(normal, name);
    }
}

/* --- An iBFT of an earlier stage --- */

static struct ibft table(void)
{
    struct ibft ibft;
    struct ibft_nic *nic = &ibft.nics[0];
    struct ibft_target *target = &ibft.targets[0];

    memset(&ibft, 0, sizeof ibft);
    strcpy(ibft.initiator, "iqn.2026-11.com.example:earlier");
    nic->valid = nic->selected = target->valid = target->selected = true;
    ibft_map_ipv4((const uint8_t[4]){10, 0, 2, 15}, nic->address);
    ibft_map_ipv4((const uint8_t[4]){10, 0, 2, 1}, nic->gateway);
    ibft_map_ipv4((const uint8_t[4]){10, 0, 2, 3}, nic->dns[0]);
    nic->prefix_length = 24;
    nic->origin = IBFT_ORIGIN_MANUAL;
    memcpy(nic->mac, "\x52\x54\x00\x12\x34\x56", 6);
    strcpy(nic->hostname, "host1");
    ibft_map_ipv4((const uint8_t[4]){10, 0, 2, 2}, target->address);
    target->port = 860;
    target->lun[1] = 4;
    target->chap = IBFT_CHAP_MUTUAL;
    strcpy(target->name, TARGET);
    strcpy(target->chap_name, "host1");
    strcpy(target->reverse_name, "storage1");
    memcpy(target->chap_secret, "0x\0\1\2\3\4\5\6\7\10\11\12", 13);
    target->chap_secret_length = 13;
    memcpy(target->reverse_secret, "mutual-secret-22", 16);
    target->reverse_secret_length = 16;
    return ibft;
}

static void test_an_ibft_is_a_source(void **state)
{
    struct ibft ibft = table();
    struct params_target target;

    (void)state;
    if (!params_from_ibft(&params, &ibft, &problem))
        fail_msg("%s", problem_text());
    assert_true(params_target(&params, 0, &target, &problem));
    assert_string_equal(target.portals[0].host, "10.0.2.2");
    assert_int_equal(target.portals[0].port, 860);
    assert_int_equal(target.lun[1], 4);
    assert_secret(PARAM_CHAP_SECRET, "0x\0\1\2\3\4\5\6\7\10\11\12", 13); /* as it is: no encoding */
    assert_secret(PARAM_MUTUAL_CHAP_SECRET, "mutual-secret-22", 16);
    assert_value(PARAM_NIC, "52:54:00:12:34:56");
    assert_value(PARAM_IP, "10.0.2.15/24");
    assert_value(PARAM_GATEWAY, "10.0.2.1");
    assert_value(PARAM_DNS, "10.0.2.3");
    assert_value(PARAM_HOSTNAME, "host1");
    assert_int_equal(params_login_policy(&params), LOGIN_AUTH_MUTUAL);
    assert_true(params_check(&params, &problem));
    assert_string_equal(described(PARAM_TARGET), "target = " TARGET " (the iBFT of an earlier stage)");
    /* and lunboot.conf is above it */
    good_file("ip = dhcp\nlun = 9\n");
    assert_true(params_target(&params, 0, &target, &problem));
    assert_int_equal(target.lun[1], 9);
    assert_true(params_check(&params, &problem));
}

static void test_an_ibft_with_dhcp_asks_again(void **state)
{
    struct ibft ibft = table();

    (void)state;
    ibft.nics[0].origin = IBFT_ORIGIN_DHCP;
    ibft.targets[0].chap = IBFT_CHAP_NONE;
    assert_true(params_from_ibft(&params, &ibft, &problem));
    assert_value(PARAM_IP, "dhcp");
    assert_false(params_is_set(&params, PARAM_GATEWAY));
    assert_false(params_is_set(&params, PARAM_CHAP_NAME));
    assert_int_equal(params_login_policy(&params), LOGIN_AUTH_NONE);
}

static void test_the_selected_target_of_an_ibft_counts(void **state)
{
    struct ibft ibft = table();

    (void)state;
    ibft.targets[1] = ibft.targets[0];
    ibft.targets[0].selected = false;
    ibft.targets[1].lun[1] = 7;
    assert_true(params_from_ibft(&params, &ibft, &problem));
    assert_value(PARAM_LUN_KEY, "0007-0000-0000-0000");
}

/* The login was authenticated: without the secret there is no going on as if it had not been (REQ-022). */
static void test_req_022_an_ibft_without_its_secret_is_not_enough(void **state)
{
    struct ibft ibft = table();

    (void)state;
    ibft.targets[0].chap = IBFT_CHAP_ONE_WAY;
    ibft.targets[0].chap_secret_length = 0;
    assert_true(params_from_ibft(&params, &ibft, &problem));
    assert_false(params_check(&params, &problem));
    expect_words("the iBFT of an earlier stage, chap-name: it is set and chap-secret is not");
    good_file("chap-secret = one-way-secret-1\n");
    assert_true(params_check(&params, &problem));
}

static void test_a_bad_ibft_sets_nothing(void **state)
{
    (void)state;
    for (unsigned which = 0; which < 4; which++) {
        struct ibft ibft = table();

        setup(NULL);
        if (which == 0)
            strcpy(ibft.targets[0].name, "disk1");
        else if (which == 1)
            ibft.targets[0].reverse_secret_length = 11;
        else if (which == 2)
            strcpy(ibft.initiator, "nobody");
        else
            ibft.nics[0].prefix_length = 64;
        assert_false(params_from_ibft(&params, &ibft, &problem));
        expect_words("the iBFT of an earlier stage, ");
        for (unsigned id = 0; id < PARAM_COUNT; id++)
            assert_false(params_is_set(&params, (enum param_id)id));
        assert_false(holds(&params, sizeof params, "mutual-secret-22"));
    }
}

/* --- Damage --- */

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void test_damaged_files_and_options_are_survived(void **state)
{
    static const char file[] = "# lunboot\nportal = 10.0.2.2:3260\ntarget = \"" TARGET "\"\nlun = 1\n" MUTUAL
                               "auth = mutual\nip = 10.0.2.15/24\ndns = 10.0.2.3,10.0.2.4\nlog = trace\n"
                               "nic = 52:54:00:12:34:56\ntcp-window = 1M\npause-on-failure = 10s\n";
    static const char letters[] = "\0\n\r\"#= =,-/:.09azAZ\xff\x80\\%";
    uint32_t seed = 7143;

    (void)state;
    for (size_t cut = 0; cut < sizeof file - 1; cut++) {
        params_init(&params);
        read_bytes(file, cut);
    }
    for (unsigned round = 0; round < 3000; round++) {
        char text[sizeof file], sentence[WORDS_ROOM];
        struct fmt fmt;
        bool good;

        memcpy(text, file, sizeof file);
        for (unsigned hits = 1 + next_random(&seed) % 6; hits > 0; hits--)
            text[next_random(&seed) % (sizeof file - 1)] = letters[next_random(&seed) % (sizeof letters - 1)];
        params_init(&params);
        good = round % 2 ? read_bytes(text, sizeof file - 1)
                         : params_read_options(&params, text, sizeof file - 1, &problem);
        fmt_init(&fmt, sentence, sizeof sentence);
        if (good)
            continue;
        params_error_text(&problem, &fmt);
        assert_false(fmt.cut);
        for (const char *at = sentence; *at; at++)
            assert_true(*at >= 0x20 && *at <= 0x7e);
        assert_null(strstr(sentence, "secret-1"));
    }
}

/* --- DHCP option 43 --- */

/* Read one call of it after the other; returns how many were refused. The last refusal is `problem`. */
static unsigned read_vendor(const char *bytes, size_t length)
{
    char *copy = exact(bytes, length);
    unsigned refused = 0;
    size_t at = 0, before = 0;

    while (!params_read_vendor(&params, (const uint8_t *)copy, length, &at, &problem)) {
        assert_true(at > before && at <= length);
        before = at;
        refused++;
    }
    free(copy);
    return refused;
}

#define VENDOR(text) read_vendor(text, sizeof(text) - 1)

static void test_vendor_settings_are_read(void **state)
{
    (void)state;
    assert_int_equal(VENDOR("\x01\x05lun=3"
                            "\0\0\x02\x0fretries=forever\xff"
                            "\x01\x05lun=4"),
                     0);
    assert_int_equal(params_number(&params, PARAM_LUN_KEY), UINT64_C(3) << 48);
    assert_int_equal(params.values[PARAM_LUN_KEY].source, PARAM_DHCP);
    assert_int_equal(params_number(&params, PARAM_RETRIES), UINT64_MAX);
    assert_int_equal(read_vendor("", 0), 0);
}

static void test_the_last_vendor_setting_of_a_key_counts_and_the_file_wins(void **state)
{
    (void)state;
    good_file("retries = 7\n");
    assert_true(from_dhcp(PARAM_ROOT_PATH_KEY, "iscsi:10.0.2.2::::" TARGET));
    assert_int_equal(VENDOR("\x02\x05lun=3\x01\x05lun=4\x09\x09retries=1"), 0);
    assert_int_equal(params_number(&params, PARAM_LUN_KEY), UINT64_C(4) << 48);
    assert_int_equal(params_number(&params, PARAM_RETRIES), 7);
}

static void test_a_wrong_vendor_setting_is_named_and_the_rest_taken(void **state)
{
    (void)state;
    assert_int_equal(VENDOR("\x01\x05lun=x\x02\x09retries=2\x03\x05words"), 2);
    assert_int_equal(params_number(&params, PARAM_RETRIES), 2);
    expect_words("DHCP option 43: an encapsulated option in it is no key=value.");
    assert_int_equal(VENDOR("\x01\x05lun=x"), 1);
    expect_words("DHCP option 43, lun: \"x\" is not a LUN");
    assert_int_equal(VENDOR("\x01\x06luns=1"), 1);
    expect_words("is lun meant?");
    assert_int_equal(VENDOR("\x01\x02=1\x02\x00\x03\x01="), 3);
}

static void test_vendor_settings_that_end_too_early(void **state)
{
    static const char text[] = "\x01\x09retries=2\x02\x05lun=3";

    (void)state;
    for (size_t length = 0; length < sizeof text - 1; length++) {
        setup(NULL);
        assert_int_equal(read_vendor(text, length), length != 0 && length != 11);
        assert_int_equal(params_number(&params, PARAM_RETRIES), length < 11 ? 3 : 2);
        if (length != 0 && length != 11)
            expect_words("ends within an encapsulated option");
    }
}

static void test_req_020_022_vendor_settings_set_no_policy_and_no_secret(void **state)
{
    (void)state;
    assert_int_equal(VENDOR("\x01\x1c"
                            "chap-secret=one-way-secret-1"),
                     1);
    expect_words("DHCP option 43, chap-secret: a secret is refused here");
    assert_null(strstr(problem_text(), "one-way"));
    assert_int_equal(VENDOR("\x01\x09"
                            "auth=none\x02\x08"
                            "boot=no \x03\x10"
                            "config-from=off "),
                     3);
    expect_words("DHCP must not set this");
    for (unsigned id = 0; id < PARAM_COUNT; id++)
        assert_true(params.values[id].source <= PARAM_DEFAULT);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, setup)
    static const struct CMUnitTest tests[] = {
        T(test_every_setting_is_complete),
        T(test_every_example_and_default_is_accepted),
        T(test_defaults_are_the_documented_ones),
        T(test_a_file_is_read),
        T(test_an_empty_file_and_empty_quotes),
        T(test_a_bad_line_is_named),
        T(test_a_long_line_is_refused),
        T(test_a_key_twice_names_both_lines),
        T(test_an_unknown_key_names_the_nearest),
        T(test_options_are_read),
        T(test_bad_options_are_named),
        T(test_req_020_the_higher_source_counts_in_any_order),
        T(test_req_020_dhcp_brings_a_name_only_if_it_is_valid),
        T(test_req_020_022_dhcp_sets_no_policy_and_no_secret),
        T(test_req_019_a_root_path_of_dhcp_is_taken),
        T(test_req_021_a_hostile_root_path_leaves_nothing),
        T(test_req_025_credentials_in_a_root_path_or_portal_are_not_repeated),
        T(test_what_dhcp_said_can_be_forgotten),
        T(test_descriptions_tell_value_and_source),
        T(test_req_171_secrets_are_text_hexadecimal_or_base64),
        T(test_req_170_secrets_have_12_to_255_bytes),
        T(test_secrets_come_from_the_file_alone),
        T(test_req_172_no_message_repeats_a_secret),
        T(test_req_173_wiping_leaves_no_secret),
        T(test_durations),
        T(test_numbers_and_sizes),
        T(test_choices),
        T(test_names_and_portals),
        T(test_a_lun_is_decimal_here),
        T(test_addresses),
        T(test_nics),
        T(test_req_150_151_algorithms),
        T(test_faults_for_tests),
        T(test_every_refusal_is_a_whole_sentence),
        T(test_names_and_secrets_go_together),
        T(test_req_166_equal_secrets_are_refused),
        T(test_req_022_a_policy_without_its_secrets_stops),
        T(test_the_policy_follows_from_the_credentials),
        T(test_the_target_proves_itself_unless_one_way_is_asked_for),
        T(test_static_addresses_hang_together),
        T(test_a_capture_replaces_nothing_but_a_capture),
        T(test_keys_replace_parts_of_a_lower_root_path),
        T(test_a_higher_root_path_replaces_the_keys),
        T(test_keys_beside_a_root_path_replace_its_parts),
        T(test_what_is_missing_is_named),
        T(test_req_023_a_portal_alone_is_enough),
        T(test_req_006_007_the_derived_name_is_always_the_same),
        T(test_req_007_without_a_uuid_the_mac_makes_the_name),
        T(test_an_ibft_is_a_source),
        T(test_an_ibft_with_dhcp_asks_again),
        T(test_the_selected_target_of_an_ibft_counts),
        T(test_req_022_an_ibft_without_its_secret_is_not_enough),
        T(test_a_bad_ibft_sets_nothing),
        T(test_vendor_settings_are_read),
        T(test_the_last_vendor_setting_of_a_key_counts_and_the_file_wins),
        T(test_a_wrong_vendor_setting_is_named_and_the_rest_taken),
        T(test_vendor_settings_that_end_too_early),
        T(test_req_020_022_vendor_settings_set_no_policy_and_no_secret),
        T(test_damaged_files_and_options_are_survived),
    };
#undef T

    return cmocka_run_group_tests_name("params", tests, NULL, NULL);
}
