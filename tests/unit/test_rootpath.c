/* SPDX-License-Identifier: BSD-2-Clause */
/* RFC 4173 root paths: what is understood, what is refused and with which words, and hostile bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/rootpath.h"

#define NAME "iqn.2026-11.com.example:disk1"

/* The parser gets a copy of exactly the bytes it may read, so that the sanitizer sees any other access. */
static const char *parse(const char *text, size_t length, struct rootpath *ret_path)
{
    char *copy = malloc(length > 0 ? length : 1);
    const char *wrong;

    memcpy(copy, text, length);
    wrong = rootpath_parse(copy, length, ret_path);
    free(copy);
    return wrong;
}

static struct rootpath good(const char *text)
{
    struct rootpath path;
    const char *wrong = parse(text, strlen(text), &path);

    if (wrong)
        fail_msg("%s: %s", text, wrong);
    return path;
}

/* Refused with a sentence that has `words` in it; nothing is written (REQ-021). */
static void bad_bytes(const char *text, size_t length, const char *words)
{
    struct rootpath path, before;
    const char *wrong;

    memset(&path, 0x5a, sizeof path);
    before = path;
    wrong = parse(text, length, &path);
    if (!wrong)
        fail_msg("%.*s was taken", (int)length, text);
    else if (!strstr(wrong, words))
        fail_msg("%.*s: \"%s\" does not speak of \"%s\"", (int)length, text, wrong, words);
    assert_memory_equal(&path, &before, sizeof path);
}

static void bad(const char *text, const char *words)
{
    bad_bytes(text, strlen(text), words);
}

static void assert_lun(const struct rootpath *path, const char *groups)
{
    char text[20];

    for (unsigned i = 0; i < 4; i++)
        sprintf(text + 5 * i, i < 3 ? "%02x%02x-" : "%02x%02x", path->lun[2 * i], path->lun[2 * i + 1]);
    assert_string_equal(text, groups);
}

static void test_req_014_empty_fields_have_their_defaults(void **state)
{
    struct rootpath path = good("iscsi:10.0.2.2::::" NAME);

    (void)state;
    assert_string_equal(path.portal.host, "10.0.2.2");
    assert_int_equal(path.portal.port, 3260);
    assert_lun(&path, "0000-0000-0000-0000");
    assert_string_equal(path.target, NAME);

    path = good("iscsi:10.0.2.2:6:860:1:" NAME);
    assert_int_equal(path.portal.port, 860);
    assert_lun(&path, "0001-0000-0000-0000");
    good("ISCSI:10.0.2.2::::" NAME);
}

static void test_req_014_the_target_name_and_the_server_are_needed(void **state)
{
    (void)state;
    bad("iscsi:10.0.2.2::::", "target name is missing");
    bad("iscsi:::::" NAME, "server field is empty");
    bad("iscsi:10.0.2.2:::" NAME, "LUN field");
    bad("iscsi:10.0.2.2:" NAME, "iscsi:SERVER:PROTOCOL:PORT:LUN:TARGET");
    bad("iscsi:10.0.2.2", "iscsi:SERVER:PROTOCOL:PORT:LUN:TARGET");
    bad("iscsi:", "iscsi:SERVER:PROTOCOL:PORT:LUN:TARGET");
    bad("", "does not begin with iscsi:");
    bad("nfs:10.0.2.2:/root", "does not begin with iscsi:");
    bad("iscsi://10.0.2.2/" NAME "/1", "URL");
}

static void test_req_015_servers_are_names_and_addresses(void **state)
{
    struct rootpath path = good("iscsi:storage.example.com::::" NAME);

    (void)state;
    assert_string_equal(path.portal.host, "storage.example.com");
    path = good("iscsi:[2001:db8::1]::::" NAME);
    assert_string_equal(path.portal.host, "2001:db8::1");
    assert_int_equal(path.portal.port, 3260);
    path = good("iscsi:[::ffff:10.0.2.2]:6:3261:2:" NAME);
    assert_string_equal(path.portal.host, "::ffff:10.0.2.2");
    assert_int_equal(path.portal.port, 3261);
    bad("iscsi:[2001:db8::1::::" NAME, "server field: a bracket is opened");
    bad("iscsi:[2001:db8::1]x::::" NAME, "server field: something stands between");
    bad("iscsi:[]::::" NAME, "server field: no IPv6");
    bad("iscsi:[10.0.2.2]::::" NAME, "server field: no IPv6");
    bad("iscsi:[2001:db8::1::2]::::" NAME, "server field: no IPv6");
    bad("iscsi:10.0.2.256::::" NAME, "server field is not an IPv4 address");
    bad("iscsi:10.0.2::::" NAME, "server field is not an IPv4 address");
    bad("iscsi:stor_age::::" NAME, "server field is neither");
    bad("iscsi:storage example::::" NAME, "server field is neither");
    bad("iscsi:2001:db8::1::::" NAME, "IPv6 address stands in brackets");
}

static void test_req_015_colons_belong_to_the_target_name(void **state)
{
    struct rootpath path = good("iscsi:10.0.2.2::::iqn.2026-11.com.example:a:b::c");

    (void)state;
    assert_string_equal(path.target, "iqn.2026-11.com.example:a:b::c");
    path = good("iscsi:10.0.2.2::::IQN.2026-11.COM.Example:Disk");
    assert_string_equal(path.target, "iqn.2026-11.com.example:disk");
}

static void test_req_016_protocol_and_port(void **state)
{
    (void)state;
    assert_int_equal(good("iscsi:h::1::" NAME).portal.port, 1);
    assert_int_equal(good("iscsi:h:6:65535::" NAME).portal.port, 65535);
    bad("iscsi:h:17:::" NAME, "protocol field");
    bad("iscsi:h:66:::" NAME, "protocol field");
    bad("iscsi:h:tcp:::" NAME, "protocol field");
    bad("iscsi:h::0::" NAME, "port field");
    bad("iscsi:h::65536::" NAME, "port field");
    bad("iscsi:h::4294970556::" NAME, "port field");
    bad("iscsi:h::0xcbc::" NAME, "port field");
    bad("iscsi:h::-1::" NAME, "port field");
    bad("iscsi:h:: 3260::" NAME, "port field");
}

static void test_req_017_luns_are_hexadecimal_and_left_aligned(void **state)
{
    static const struct {
        const char *text, *groups;
    } cases[] = {
        {"iscsi:h:::0:" NAME, "0000-0000-0000-0000"},
        {"iscsi:h:::a:" NAME, "000a-0000-0000-0000"},
        {"iscsi:h:::4752:" NAME, "4752-0000-0000-0000"},
        {"iscsi:h:::4752-3A4F-6b7e-2F99:" NAME, "4752-3a4f-6b7e-2f99"},
        {"iscsi:h:::1-2:" NAME, "0001-0002-0000-0000"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rootpath path = good(cases[i].text);

        assert_lun(&path, cases[i].groups);
    }
    bad("iscsi:h:::12345:" NAME, "LUN field");
    bad("iscsi:h:::1-:" NAME, "LUN field");
    bad("iscsi:h:::-1:" NAME, "LUN field");
    bad("iscsi:h:::1-2-3-4-5:" NAME, "LUN field");
    bad("iscsi:h:::g:" NAME, "LUN field");
    bad("iscsi:h:::0x1:" NAME, "LUN field");
}

/* One rule, always: 10 is sixteen. */
static void test_req_018_a_lun_is_never_read_as_decimal(void **state)
{
    struct rootpath path = good("iscsi:h:::10:" NAME);

    (void)state;
    assert_lun(&path, "0010-0000-0000-0000");
}

static void test_req_021_a_long_root_path_is_refused_whole(void **state)
{
    char text[2000];
    size_t length;

    (void)state;
    length = (size_t)sprintf(text, "iscsi:10.0.2.2::::" NAME);
    memset(text + length, 'x', sizeof text - length);
    bad_bytes(text, 1025, "longer than 1024");
    bad_bytes(text, 1024, "223");
    bad_bytes(text, sizeof text, "longer than 1024");
    memset(text, '\0', sizeof text);
    memcpy(text, "iscsi:", 6);
    memset(text + 6, 'a', 400);
    memcpy(text + 406, "::::" NAME, 4 + sizeof NAME - 1);
    bad(text, "server field");
}

static void test_req_021_bytes_that_are_no_text_are_refused(void **state)
{
    static const char inner[] = "iscsi:10.0.2.2::::iqn.2026-11.com\0.example:x";
    static const char padded[] = "iscsi:10.0.2.2::::" NAME "\0\0";
    struct rootpath path;

    (void)state;
    bad_bytes(inner, sizeof inner - 1, "");
    bad("iscsi:10.0.2.2::::iqn.2026-11.com.example:\n", "");
    bad("iscsi:10.0.2.2::::iqn.2026-11.com.example:\xff", "");
    bad("iscsi:10.0.2.2::::disk1", "");
    assert_null(parse(padded, sizeof padded - 1, &path)); /* some DHCP servers send the NUL */
    assert_string_equal(path.target, NAME);
}

static void test_req_025_user_names_and_secrets_are_refused(void **state)
{
    (void)state;
    bad("iscsi:user@10.0.2.2::::" NAME, "secret in a root path is refused");
    bad("iscsi:user:topsecret1234@10.0.2.2::::" NAME, "secret in a root path is refused");
    bad("iscsi:u:s:ru:rs@10.0.2.2::::" NAME, "secret in a root path is refused");
    bad("iscsi://user%secret@10.0.2.2/" NAME "/1", "secret in a root path is refused");
}

static void test_a_root_path_is_written_and_read_again(void **state)
{
    static const struct {
        const char *given, *written;
    } cases[] = {
        {"iscsi:10.0.2.2::::" NAME, "iscsi:10.0.2.2:6:3260:0:" NAME},
        {"iscsi:[2001:db8::1]::860:1-0-2:" NAME, "iscsi:[2001:db8::1]:6:860:1-0-2:" NAME},
        {"iscsi:a.example:6:1:4752-3a4f-6b7e-2f99:" NAME, "iscsi:a.example:6:1:4752-3a4f-6b7e-2f99:" NAME},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rootpath path = good(cases[i].given), again;
        char text[ROOTPATH_TEXT_MAX];

        assert_int_equal(rootpath_format(&path, text), strlen(cases[i].written));
        assert_string_equal(text, cases[i].written);
        again = good(text);
        assert_memory_equal(&again, &path, sizeof path);
    }
}

static void test_the_longest_root_path_fits_its_buffer(void **state)
{
    char text[ROOTPATH_TEXT_MAX];
    struct rootpath path;
    size_t length;

    (void)state;
    memset(&path, 0xff, sizeof path);
    memset(path.portal.host, 'a', ADDRESS_HOST_MAX);
    path.portal.host[0] = ':';
    path.portal.host[ADDRESS_HOST_MAX] = '\0';
    memset(path.target, 'b', NAME_MAX_BYTES);
    path.target[NAME_MAX_BYTES] = '\0';
    length = rootpath_format(&path, text);
    assert_int_equal(length, strlen(text));
    assert_int_equal(text[length - 1], 'b');
    assert_int_equal(length, 6 + 2 + ADDRESS_HOST_MAX + 3 + 6 + 20 + NAME_MAX_BYTES);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Whatever is done to good bytes: a sound result or none, and every cut is survived. */
static void test_req_021_damaged_root_paths(void **state)
{
    static const char *const seeds[] = {
        "iscsi:10.0.2.2:6:3260:1:" NAME,
        "iscsi:[2001:db8::1]::860:4752-3A4F-6b7e-2F99:" NAME,
    };
    static const char letters[] = ":[]-.@/6a\0\xff ";
    uint32_t seed = 4173;
    struct rootpath path;

    (void)state;
    for (unsigned s = 0; s < 2; s++) {
        for (size_t cut = 0; cut < strlen(seeds[s]); cut++)
            parse(seeds[s], cut, &path);
        for (unsigned round = 0; round < 20000; round++) {
            char text[128], again[ROOTPATH_TEXT_MAX];
            size_t length = strlen(seeds[s]);
            struct rootpath other;

            memcpy(text, seeds[s], length);
            for (unsigned hits = 1 + next_random(&seed) % 3; hits > 0; hits--)
                text[next_random(&seed) % length] = letters[next_random(&seed) % (sizeof letters - 1)];
            if (parse(text, length, &path) != NULL)
                continue;
            assert_true(path.portal.port > 0 && path.portal.host[0] && path.target[0]);
            memset(&other, 0, sizeof other);
            assert_null(parse(again, rootpath_format(&path, again), &other));
            assert_string_equal(other.target, path.target);
            assert_memory_equal(other.lun, path.lun, 8);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_014_empty_fields_have_their_defaults),
        cmocka_unit_test(test_req_014_the_target_name_and_the_server_are_needed),
        cmocka_unit_test(test_req_015_servers_are_names_and_addresses),
        cmocka_unit_test(test_req_015_colons_belong_to_the_target_name),
        cmocka_unit_test(test_req_016_protocol_and_port),
        cmocka_unit_test(test_req_017_luns_are_hexadecimal_and_left_aligned),
        cmocka_unit_test(test_req_018_a_lun_is_never_read_as_decimal),
        cmocka_unit_test(test_req_021_a_long_root_path_is_refused_whole),
        cmocka_unit_test(test_req_021_bytes_that_are_no_text_are_refused),
        cmocka_unit_test(test_req_025_user_names_and_secrets_are_refused),
        cmocka_unit_test(test_a_root_path_is_written_and_read_again),
        cmocka_unit_test(test_the_longest_root_path_fits_its_buffer),
        cmocka_unit_test(test_req_021_damaged_root_paths),
    };

    return cmocka_run_group_tests_name("rootpath", tests, NULL, NULL);
}
