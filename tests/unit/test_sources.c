/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where settings come from and which of them counts: the precedence as a table, a server's files with what
 * they include and with the machine's names in their values, and several targets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/params.h"
#include "firmware/params_table.h"
#include "firmware/serverfiles.h"

#define SERVED "tftp://192.0.2.1/lunboot.conf"

static struct params params;
static struct params_error problem;
static struct params_includes includes;
static const struct params_facts facts = {
    .mac = "52-54-00-4c-55-01", .uuid = "4c4c4544-0042", .hostname = "node7", .ip = "192.0.2.77"};

static int setup(void **state)
{
    (void)state;
    params_init(&params);
    memset(&problem, 0, sizeof problem);
    return 0;
}

static bool served(const char *name, const char *text)
{
    const struct params_file file = {.name = name, .source = PARAM_SERVER, .facts = &facts};

    return params_read_file(&params, &file, text, strlen(text), &includes, &problem);
}

static bool local(const char *text)
{
    const struct params_file file = {.name = "lunboot.conf", .source = PARAM_FILE};

    return params_read_file(&params, &file, text, strlen(text), &includes, &problem);
}

static void expect_words(const char *words)
{
    char text[800];
    struct fmt fmt;

    fmt_init(&fmt, text, sizeof text);
    params_error_text(&problem, &fmt);
    if (!strstr(text, words))
        fail_msg("\"%s\" does not speak of \"%s\"", text, words);
}

static void assert_described(enum param_id id, const char *expected)
{
    char text[800];
    struct fmt fmt;

    fmt_init(&fmt, text, sizeof text);
    params_describe(&params, id, &fmt);
    assert_string_equal(text, expected);
}

/* --- The precedence --- */

/* From the highest to the lowest, as README.md tells it; two values of every type to tell them apart. */
static const enum param_source order[] = {PARAM_OPTION, PARAM_VARIABLE, PARAM_FILE,
                                          PARAM_SERVER, PARAM_IBFT,     PARAM_DHCP};
#define SOURCES (sizeof order / sizeof order[0])

static const char *const others[PARAM_URL + 1] = {
    [PARAM_TEXT] = "other.pcap",
    [PARAM_NAME] = "iqn.2026-11.com.example:other",
    [PARAM_ROOT_PATH] = "iscsi:10.9.9.9::::iqn.2026-11.com.example:other",
    [PARAM_PORTAL] = "10.9.9.9",
    [PARAM_LUN] = "9",
    [PARAM_SECRET] = "another-secret-9",
    [PARAM_NUMBER] = "9",
    [PARAM_SIZE] = "1M",
    [PARAM_DURATION] = "29s",
    [PARAM_IPV4] = "10.9.9.9",
    [PARAM_IPV4_NET] = "10.9.9.9/24",
    [PARAM_ALGORITHMS] = "md5",
    [PARAM_DNS_NAME] = "other",
    [PARAM_NIC_ID] = "00:09.0",
    [PARAM_FAULTS] = "9,9,9,9,9",
    [PARAM_BOOT] = "shell",
    [PARAM_URL] = "off",
};

/* One that differs from the example. */
static const char *other_value(const struct param_row *row, char word[40])
{
    size_t length;
    const char *at;

    if (row->type != PARAM_CHOICE)
        return others[row->type];
    for (uint64_t number = 0; number < 8; number++) {
        at = params_choice_word(row, number, &length);
        if (at && (strlen(row->example) != length || memcmp(at, row->example, length) != 0)) {
            snprintf(word, 40, "%.*s", (int)length, at);
            return word;
        }
    }
    return NULL;
}

static bool may_set(unsigned id, enum param_source source)
{
    return (params_table[id].sources & PARAM_BIT(source)) != 0;
}

static void set(unsigned id, enum param_source source, const char *value)
{
    if (!params_set_id(&params, (enum param_id)id, value, strlen(value), source, 0, &problem)) {
        expect_words("");
        fail_msg("%s = %s: %s", params_table[id].name, value, problem.reason);
    }
}

static void permit_secrets(void)
{
    set(PARAM_SECRETS_FROM_SERVER, PARAM_OPTION, "yes");
}

/* For one setting and two sources, both ways round. */
static void assert_wins(unsigned id, enum param_source high, enum param_source low)
{
    const struct param_row *row = &params_table[id];
    char word[40];
    const char *other = other_value(row, word);

    assert_non_null(other);
    for (unsigned turn = 0; turn < 2; turn++) {
        setup(NULL);
        if (row->type == PARAM_SECRET)
            permit_secrets();
        set(id, turn ? low : high, turn ? other : row->example);
        set(id, turn ? high : low, turn ? row->example : other);
        if (params.values[id].source != high)
            fail_msg("%s: %s does not win over %s", row->name, params_source_name(high),
                     params_source_name(low));
    }
}

static void test_req_020_the_precedence_holds_for_every_setting_and_pair_of_sources(void **state)
{
    unsigned pairs = 0;

    (void)state;
    for (unsigned id = 0; id < PARAM_COUNT; id++)
        for (size_t high = 0; high < SOURCES; high++)
            for (size_t low = high + 1; low < SOURCES; low++)
                if (may_set(id, order[high]) && may_set(id, order[low])) {
                    assert_wins(id, order[high], order[low]);
                    pairs++;
                }
    assert_true(pairs > 200);
}

static void test_whoever_may_not_set_a_key_is_refused(void **state)
{
    (void)state;
    for (unsigned id = 0; id < PARAM_COUNT; id++)
        for (size_t i = 0; i < SOURCES; i++) {
            const struct param_row *row = &params_table[id];

            setup(NULL);
            permit_secrets();
            params_forget(&params, id == PARAM_SECRETS_FROM_SERVER ? PARAM_OPTION : PARAM_DHCP);
            assert_int_equal(params_set_id(&params, (enum param_id)id, row->example, strlen(row->example),
                                           order[i], 0, &problem),
                             may_set(id, order[i]));
        }
}

/* What a server or DHCP can set at all, nothing that is needed before there is a network, and no policy. */
static void test_req_022_no_policy_comes_from_the_network(void **state)
{
    static const enum param_id local_alone[] = {
        PARAM_AUTH,       PARAM_SECRETS_FROM_SERVER, PARAM_CONFIG_FROM, PARAM_NIC,     PARAM_IP,
        PARAM_DHCP_REUSE, PARAM_CONFIG_TIMEOUT,      PARAM_CAPTURE,     PARAM_LOSSY,   PARAM_TCP_WINDOW,
        PARAM_LINK_WAIT,  PARAM_DHCP_WAIT,           PARAM_OFFER_WAIT,  PARAM_GATEWAY, PARAM_DNS,
    };
    static const enum param_id never_dhcp[] = {PARAM_CHAP_NAME, PARAM_CHAP_SECRET,  PARAM_BOOT_FILE,
                                               PARAM_BOOT_ARGS, PARAM_AFTER_ATTACH, PARAM_CHAP_ALGORITHMS,
                                               PARAM_DIGESTS,   PARAM_IBFT_SECRETS};

    (void)state;
    for (size_t i = 0; i < sizeof local_alone / sizeof local_alone[0]; i++)
        assert_false(may_set(local_alone[i], PARAM_SERVER) || may_set(local_alone[i], PARAM_DHCP));
    for (size_t i = 0; i < sizeof never_dhcp / sizeof never_dhcp[0]; i++)
        assert_false(may_set(never_dhcp[i], PARAM_DHCP));
}

static void test_secrets_of_a_server_need_a_local_word(void **state)
{
    (void)state;
    assert_false(served(SERVED, "chap-name = node7\nchap-secret = one-way-secret-1\n"));
    expect_words(SERVED " line 2, chap-secret: a secret from a server is refused unless a local setting says "
                        "secrets-from-server = yes");
    assert_null(strstr(problem.reason, "one-way"));
    setup(NULL);
    assert_true(local("secrets-from-server = yes\n"));
    assert_true(served(SERVED, "chap-name = node7\nchap-secret = one-way-secret-1\n"));
    assert_int_equal(params.values[PARAM_CHAP_SECRET].source, PARAM_SERVER);
    setup(NULL);
    assert_false(served(SERVED, "secrets-from-server = yes\nchap-secret = one-way-secret-1\n"));
    expect_words("line 1, secrets-from-server: the server's file must not set this");
}

/* What must be proven is decided locally also where a server has the secrets: they may be missing until it
 * was asked, and not any longer. */
static void test_a_local_policy_waits_for_the_secrets_of_a_server(void **state)
{
    (void)state;
    assert_true(local("auth = chap\n"));
    assert_false(params_check_local(&params, &problem));
    setup(NULL);
    assert_true(local("auth = chap\nchap-name = node7\nsecrets-from-server = yes\n"));
    assert_true(params_check_local(&params, &problem));
    assert_false(params_check(&params, &problem));
    expect_words("lunboot.conf line 2, chap-name: it is set and chap-secret is not");
    assert_true(served(SERVED, "chap-secret = one-way-secret-1\n"));
    assert_true(params_check(&params, &problem));
    assert_int_equal(params_login_policy(&params), LOGIN_AUTH_CHAP);
    setup(NULL);
    assert_true(local("auth = mutual\nsecrets-from-server = yes\n"));
    assert_true(served(SERVED, "chap-name = node7\nchap-secret = one-way-secret-1\n"));
    assert_false(params_check(&params, &problem));
    expect_words("lunboot.conf line 1, auth: mutual needs");
    setup(NULL);
    assert_true(local("gateway = 192.0.2.1\nsecrets-from-server = yes\n"));
    assert_false(params_check_local(&params, &problem));
}

/* What iPXE hands over stood in its script, and that came over the network: it counts before the server's
 * files and like them. */
static void test_a_command_line_from_the_network_is_no_local_word(void **state)
{
    static const char good[] = "lun=1 boot-args=\"a b\"", bad[] = "lunboot.efi auth=none";

    (void)state;
    assert_true(params_read_handed(&params, good, sizeof good, &problem));
    assert_true(served(SERVED, "lun = 2\n"));
    assert_described(PARAM_LUN_KEY, "lun = 1 (0001-0000-0000-0000) (the command line from the network)");
    assert_true(local("lun = 3\n"));
    assert_described(PARAM_LUN_KEY, "lun = 3 (0003-0000-0000-0000) (lunboot.conf line 1)");
    assert_false(params_read_handed(&params, bad, sizeof bad, &problem));
    expect_words("the command line from the network, auth: the server's file must not set this");
}

/* --- Files --- */

static void test_the_file_that_is_read_first_counts(void **state)
{
    (void)state;
    assert_true(served("tftp://192.0.2.1/lunboot/mac-52-54-00-4c-55-01.conf", "lun = 7\n"));
    assert_true(served(SERVED, "lun = 1\nretries = 5\nhostname = ${hostname}\n"));
    assert_int_equal(params_number(&params, PARAM_RETRIES), 5);
    assert_described(PARAM_LUN_KEY, "lun = 7 (0007-0000-0000-0000) "
                                    "(tftp://192.0.2.1/lunboot/mac-52-54-00-4c-55-01.conf line 1)");
    assert_described(PARAM_HOSTNAME, "hostname = node7 (" SERVED " line 3)");
}

static void test_a_key_twice_is_an_error_within_one_file_alone(void **state)
{
    (void)state;
    assert_true(served(SERVED, "lun = 7\n"));
    assert_true(served("http://192.0.2.1/more.conf", "lun = 8\n"));
    assert_false(served("http://192.0.2.1/bad.conf", "retries = 1\nretries = 2\n"));
    expect_words("http://192.0.2.1/bad.conf line 2, retries: given twice, in line 1 and in line 2");
}

static void test_a_bad_line_names_its_file(void **state)
{
    (void)state;
    assert_false(served(SERVED, "lun = 1\nretires = 3\n"));
    expect_words(SERVED " line 2, retires: there is no such key; is retries meant?");
    assert_false(local("lun = x\n"));
    expect_words("lunboot.conf line 1, lun:");
    setup(NULL);
    assert_true(served(SERVED, "ibft-secrets = no\nmutual-chap-name = san\n"));
    assert_false(params_check(&params, &problem));
    expect_words(SERVED " line 2, mutual-chap-name:");
}

static void test_the_name_of_a_file_is_hostile_too(void **state)
{
    (void)state;
    assert_false(served("tftp://192.0.2.1/a\x1b[2J.conf", "x\n"));
    expect_words("a\\x1b[2J.conf line 1");
}

static void test_includes_are_collected_in_their_order(void **state)
{
    (void)state;
    assert_true(served(SERVED, "include = rooms/${hostname}.conf\nlun = 1\ninclude = /common.conf # last\n"));
    assert_int_equal(includes.count, 2);
    assert_string_equal(includes.paths[0], "rooms/node7.conf");
    assert_string_equal(includes.paths[1], "/common.conf");
    assert_true(served(SERVED, "lun = 1\n"));
    assert_int_equal(includes.count, 0);
}

static void test_bad_includes(void **state)
{
    char text[400];

    (void)state;
    assert_false(served(SERVED, "include =\n"));
    expect_words("line 1, include: it takes the path of a file");
    assert_false(served(SERVED, "include = \"a b\"\n"));
    expect_words("a path has no blanks");
    memset(text, 'a', sizeof text);
    memcpy(text, "include = ", 10);
    text[sizeof text - 1] = '\0';
    assert_false(served(SERVED, text));
    expect_words("at most 255 bytes");
    assert_false(served(SERVED,
                        "include=1\ninclude=2\ninclude=3\ninclude=4\ninclude=5\ninclude=6\ninclude=7\n"
                        "include=8\ninclude=9\n"));
    expect_words("line 9, include: a file includes at most eight others");
}

static void test_too_many_files_are_refused(void **state)
{
    (void)state;
    assert_true(local(""));
    assert_true(params_read_handed(&params, "lun=1", 5, &problem));
    for (unsigned i = 0; i < SERVERFILES_MAX; i++)
        assert_true(served(SERVED, ""));
    assert_false(served(SERVED, ""));
    expect_words("there are more than 18 files");
}

/* --- ${...} --- */

static void test_the_machines_names_stand_in_values(void **state)
{
    (void)state;
    assert_true(served(SERVED, "root-path = iscsi:192.0.2.9::::iqn.2026-11.com.example:${mac}\n"
                               "boot-args = ip=${ip} uuid=${uuid} price=$5 $${mac} $ ${hostname}\n"));
    assert_string_equal(params_text(&params, PARAM_ROOT_PATH_KEY),
                        "iscsi:192.0.2.9::::iqn.2026-11.com.example:52-54-00-4c-55-01");
    assert_string_equal(params_text(&params, PARAM_BOOT_ARGS),
                        "ip=192.0.2.77 uuid=4c4c4544-0042 price=$5 ${mac} $ node7");
}

static void test_a_name_that_is_not_known_is_an_error(void **state)
{
    (void)state;
    assert_false(served(SERVED, "\nboot-args = ${rack}\n"));
    expect_words(SERVED " line 2, boot-args: there is no such name: ${mac}, ${uuid}");
    assert_false(served(SERVED, "boot-args = ${serial}\n"));
    expect_words("this machine has nothing for that name");
    assert_false(served(SERVED, "boot-args = ${mac\n"));
    expect_words("${ is opened and not closed");
}

static void test_a_value_does_not_grow_beyond_its_bound(void **state)
{
    static char text[PARAM_TEXT_MAX];

    (void)state;
    strcpy(text, "boot-args = ");
    for (size_t at = strlen(text); at + 7 < sizeof text; at += 6)
        memcpy(text + at, "${mac}", 7);
    assert_false(served(SERVED, text));
    expect_words("the value is too long");
}

static void test_a_local_file_keeps_its_dollars(void **state)
{
    (void)state;
    assert_true(local("boot-args = ${mac} $${mac}\n"));
    assert_string_equal(params_text(&params, PARAM_BOOT_ARGS), "${mac} $${mac}");
}

/* --- Several targets --- */

#define FIRST  "iscsi:192.0.2.1::::iqn.2026-11.com.example:first"
#define SECOND "iscsi:192.0.2.2::3261:5:iqn.2026-11.com.example:second"

static struct params_target target_at(unsigned index)
{
    struct params_target target;

    assert_true(params_target(&params, index, &target, &problem));
    return target;
}

static void test_req_024_root_paths_are_tried_in_order(void **state)
{
    (void)state;
    set(PARAM_ROOT_PATH_KEY, PARAM_DHCP, FIRST "  " SECOND);
    assert_int_equal(params_target_count(&params), 2);
    assert_string_equal(target_at(0).target, "iqn.2026-11.com.example:first");
    assert_string_equal(target_at(1).target, "iqn.2026-11.com.example:second");
    assert_string_equal(target_at(1).portals[0].host, "192.0.2.2");
    assert_int_equal(target_at(1).portals[0].port, 3261);
    assert_int_equal(target_at(1).lun[1], 5);
    set(PARAM_LUN_KEY, PARAM_FILE, "7");
    assert_int_equal(target_at(0).lun[1], 7);
    assert_int_equal(target_at(1).lun[1], 7);
}

static void test_req_024_one_bad_root_path_spoils_the_list(void **state)
{
    static const char *const bad[] = {FIRST " iscsi:", FIRST " " FIRST " " FIRST " " FIRST " " FIRST, "  "};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(
            params_set_id(&params, PARAM_ROOT_PATH_KEY, bad[i], strlen(bad[i]), PARAM_DHCP, 0, &problem));
    assert_false(params_is_set(&params, PARAM_ROOT_PATH_KEY));
    assert_int_equal(params_target_count(&params), 1);
}

static void test_portals_are_tried_in_order(void **state)
{
    struct params_target target;

    (void)state;
    assert_true(
        local("portal = 192.0.2.1, san.example:860,[2001:db8::1]\ntarget = iqn.2026-11.com.example:a\n"));
    target = target_at(0);
    assert_int_equal(target.portal_count, 3);
    assert_string_equal(target.portals[1].host, "san.example");
    assert_int_equal(target.portals[1].port, 860);
    assert_int_equal(target.portals[2].port, 3260);
}

static void test_what_is_started_is_a_word_an_entry_or_a_file(void **state)
{
    static const struct {
        const char *text;
        enum params_boot number;
    } good[] = {{"no", PARAMS_BOOT_NO},          {"yes", PARAMS_BOOT_DISK},
                {"next", PARAMS_BOOT_NEXT},      {"shell", PARAMS_BOOT_SHELL},
                {"Boot00fA", PARAMS_BOOT_ENTRY}, {"\\EFI\\debian\\grubx64.efi", PARAMS_BOOT_FILE},
                {"/a.efi", PARAMS_BOOT_FILE}};
    static const char *const bad[] = {"Boot1", "Boot00g1", "boot0001", "disk", "\\", ""};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        params_init(&params);
        set(PARAM_AFTER_ATTACH, PARAM_VARIABLE, good[i].text);
        assert_int_equal(params_number(&params, PARAM_AFTER_ATTACH), good[i].number);
    }
    params_init(&params);
    set(PARAM_AFTER_ATTACH, PARAM_VARIABLE, "Boot00fA");
    assert_int_equal(params_boot_entry(&params), 0xfa);
    params_init(&params);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(
            params_set_id(&params, PARAM_AFTER_ATTACH, bad[i], strlen(bad[i]), PARAM_VARIABLE, 0, &problem));
}

static void test_retries_may_be_for_ever(void **state)
{
    (void)state;
    assert_int_equal(params_number(&params, PARAM_RETRIES), 3);
    assert_true(local("retries = forever\n"));
    assert_true(params_number(&params, PARAM_RETRIES) == UINT64_MAX);
    setup(NULL);
    assert_false(local("queue-depth = forever\n"));
    expect_words("is not a decimal number; for");
    assert_false(local("retries = often\n"));
    expect_words("is not a decimal number or forever");
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_req_020_the_precedence_holds_for_every_setting_and_pair_of_sources),
        T(test_whoever_may_not_set_a_key_is_refused),
        T(test_req_022_no_policy_comes_from_the_network),
        T(test_secrets_of_a_server_need_a_local_word),
        T(test_a_command_line_from_the_network_is_no_local_word),
        T(test_a_local_policy_waits_for_the_secrets_of_a_server),
        T(test_the_file_that_is_read_first_counts),
        T(test_a_key_twice_is_an_error_within_one_file_alone),
        T(test_a_bad_line_names_its_file),
        T(test_the_name_of_a_file_is_hostile_too),
        T(test_includes_are_collected_in_their_order),
        T(test_bad_includes),
        T(test_too_many_files_are_refused),
        T(test_the_machines_names_stand_in_values),
        T(test_a_name_that_is_not_known_is_an_error),
        T(test_a_value_does_not_grow_beyond_its_bound),
        T(test_a_local_file_keeps_its_dollars),
        T(test_req_024_root_paths_are_tried_in_order),
        T(test_req_024_one_bad_root_path_spoils_the_list),
        T(test_portals_are_tried_in_order),
        T(test_what_is_started_is_a_word_an_entry_or_a_file),
        T(test_retries_may_be_for_ever),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
