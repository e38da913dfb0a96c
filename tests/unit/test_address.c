/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses, host names and portals: every form of the standards, and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "iscsi/address.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A copy of exactly these bytes, so that the sanitizer sees any access beyond them. */
static char *exact(const void *data, size_t length)
{
    char *copy = malloc(length > 0 ? length : 1);

    assert_non_null(copy);
    if (length > 0)
        memcpy(copy, data, length);
    return copy;
}

static bool parse(const char *text, struct address *ret_address)
{
    size_t length = strlen(text);
    char *copy = exact(text, length);
    bool good = address_parse(copy, length, ret_address);

    free(copy);
    return good;
}

static void test_ipv4_is_four_decimal_parts(void **state)
{
    struct address address;

    (void)state;
    assert_true(parse("192.168.0.1", &address));
    assert_int_equal(address.family, ADDRESS_IPV4);
    assert_memory_equal(address.bytes, "\xc0\xa8\x00\x01", 4);
    assert_true(parse("0.0.0.0", &address));
    assert_true(parse("255.255.255.255", &address));
}

static void test_bad_addresses_are_refused(void **state)
{
    static const char *const bad[] = {"",
                                      ".",
                                      "1",
                                      "1.2.3",
                                      "1.2.3.",
                                      ".1.2.3",
                                      "1..2.3",
                                      "1.2.3.4.",
                                      "1.2.3.4.5",
                                      "256.1.1.1",
                                      "1.1.1.256",
                                      "01.2.3.4",
                                      "1.2.3.004",
                                      "1.2.3.a",
                                      "1.2.3.-4",
                                      " 1.2.3.4",
                                      "1.2.3.4 ",
                                      "0x1.2.3.4",
                                      "1111.2.3.4",
                                      ":",
                                      ":1",
                                      "1:",
                                      "1:2:3:4:5:6:7",
                                      "1:2:3:4:5:6:7:",
                                      "1:2:3:4:5:6:7:8:9",
                                      "1:2:3:4:5:6:7:8::",
                                      "::1:2:3:4:5:6:7:8",
                                      "1:2:3:4::5:6:7:8",
                                      "1::2::3",
                                      ":::",
                                      "1:::2",
                                      "::12345",
                                      "::g",
                                      "::1.2.3",
                                      "::1.2.3.4.5",
                                      "::1.2.3.256",
                                      "1:2:3:4:5:6:7:1.2.3.4",
                                      "::1.2.3.4:5",
                                      "fe80::1%eth0",
                                      "[::1]",
                                      "::1/64",
                                      "target"};

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct address address = {.family = ADDRESS_IPV4, .bytes = {1, 2, 3, 4}};

        assert_false(parse(bad[i], &address));
        assert_int_equal(address.family, ADDRESS_IPV4);
        assert_memory_equal(address.bytes, "\1\2\3\4", 4);
    }
}

/* Each form is read, and written back in the one form of RFC 5952. */
static void test_ipv6_is_read_in_all_forms_and_written_in_one(void **state)
{
    static const struct {
        const char *text, *canonical;
    } cases[] = {
        {"::", "::"},
        {"0:0:0:0:0:0:0:0", "::"},
        {"::1", "::1"},
        {"1::", "1::"},
        {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
        {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
        {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
        {"2001:DB8::A", "2001:db8::a"},
        {"2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1"},
        {"2001:db8:0:0:1:0:0:0", "2001:db8:0:0:1::"},
        {"0:0:1:0:0:0:1:0", "0:0:1::1:0"},
        {"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"fe80::0123:4567:89ab:cdef", "fe80::123:4567:89ab:cdef"},
        {"::ffff:192.0.2.128", "::ffff:192.0.2.128"},
        {"::ffff:c000:280", "::ffff:192.0.2.128"},
        {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct address address, again;
        char text[ADDRESS_TEXT_MAX];

        assert_true(parse(cases[i].text, &address));
        assert_int_equal(address.family, ADDRESS_IPV6);
        assert_int_equal(address_format(&address, text), strlen(cases[i].canonical));
        assert_string_equal(text, cases[i].canonical);
        assert_true(parse(text, &again));
        assert_true(address_equal(&address, &again));
    }
}

static void test_ipv4_is_written_as_it_was_read(void **state)
{
    static const char *const cases[] = {"0.0.0.0", "10.0.20.255", "255.255.255.255", "100.9.99.109"};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct address address;
        char text[ADDRESS_TEXT_MAX];

        assert_true(parse(cases[i], &address));
        assert_int_equal(address_format(&address, text), strlen(cases[i]));
        assert_string_equal(text, cases[i]);
    }
}

/* Any 16 bytes survive being written and read. */
static void test_any_ipv6_address_survives_its_text(void **state)
{
    uint32_t seed = 7;

    (void)state;
    for (unsigned round = 0; round < 5000; round++) {
        struct address address = {.family = ADDRESS_IPV6}, again;
        char text[ADDRESS_TEXT_MAX];

        for (unsigned i = 0; i < 16; i++) {
            seed = seed * 1664525u + 1013904223u;
            address.bytes[i] = (seed >> 24 & 3u) ? 0 : (uint8_t)(seed >> 16);
        }
        address_format(&address, text);
        assert_true(parse(text, &again));
        assert_true(address_equal(&address, &again));
    }
}

static void test_addresses_are_equal_when_family_and_bytes_are(void **state)
{
    struct address a = {.family = ADDRESS_IPV4, .bytes = {1, 2, 3, 4, 9}};
    struct address b = {.family = ADDRESS_IPV4, .bytes = {1, 2, 3, 4, 8}};
    struct address c = {.family = ADDRESS_IPV6, .bytes = {1, 2, 3, 4, 9}};

    (void)state;
    assert_true(address_equal(&a, &b));
    assert_false(address_equal(&a, &c));
    b.bytes[3] = 5;
    assert_false(address_equal(&a, &b));
}

static void test_an_ipv4_host_is_neither_loopback_nor_multicast(void **state)
{
    static const char *const good[] = {"1.0.0.1", "10.0.2.2", "126.255.255.255", "128.0.0.1",
                                       "223.255.255.1"};
    static const char *const bad[] = {"0.0.0.0",   "0.1.2.3",         "127.0.0.1", "127.255.255.255",
                                      "224.0.0.1", "255.255.255.255", "::1",       "2001:db8::1"};
    struct address address;

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_true(parse(good[i], &address));
        assert_true(address_is_ipv4_host(&address));
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_true(parse(bad[i], &address));
        assert_false(address_is_ipv4_host(&address));
    }
}

static bool is_host(const char *text)
{
    size_t length = strlen(text);
    char *copy = exact(text, length);
    bool good = address_is_hostname(copy, length);

    free(copy);
    return good;
}

static void test_host_names_follow_rfc_1123(void **state)
{
    static const char *const good[] = {"a",           "san1",         "san-1.example.com",     "3com.example",
                                       "SAN.Example", "example.com.", "xn--bcher-kva.example", "1.2.3.a4"};
    static const char *const bad[] = {"",          ".",    "..",     "a..b",      ".a",  "-a",  "a-",
                                      "a.-b",      "a-.b", "a_b",    "a b",       "a:b", "a,b", "1.2.3.4",
                                      "256.1.1.1", "123",  "a.b.12", "a\xc3\xa4", "a/b", "a%b", "a\n"};
    char label[256];

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(is_host(good[i]));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(is_host(bad[i]));
    memset(label, 'a', sizeof label);
    label[63] = '\0';
    assert_true(is_host(label));
    label[63] = 'a';
    label[64] = '\0';
    assert_false(is_host(label));
    assert_false(address_is_hostname("a\0b", 3));
}

static bool portal(const char *text, struct portal *ret_portal)
{
    size_t length = strlen(text);
    char *copy = exact(text, length);
    bool good = address_parse_portal(copy, length, ret_portal);

    free(copy);
    return good;
}

static void test_req_138_143_target_address_in_all_its_forms(void **state)
{
    static const struct {
        const char *text, *host;
        uint16_t port;
        bool has_tag;
        uint16_t tag;
    } cases[] = {
        {"10.0.0.1", "10.0.0.1", 3260, false, 0},
        {"10.0.0.1:3261", "10.0.0.1", 3261, false, 0},
        {"10.0.0.1:3260,1", "10.0.0.1", 3260, true, 1},
        {"10.0.0.1,65535", "10.0.0.1", 3260, true, 65535},
        {"10.0.0.1,0", "10.0.0.1", 3260, true, 0},
        {"san.example.com", "san.example.com", 3260, false, 0},
        {"san.example.com:65535,2", "san.example.com", 65535, true, 2},
        {"[2001:db8::1]", "2001:db8::1", 3260, false, 0},
        {"[2001:db8::1]:1", "2001:db8::1", 1, false, 0},
        {"[2001:db8::1]:3260,7", "2001:db8::1", 3260, true, 7},
        {"[::ffff:10.0.0.1],7", "::ffff:10.0.0.1", 3260, true, 7},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct portal got;

        memset(&got, 0xee, sizeof got);
        assert_true(portal(cases[i].text, &got));
        assert_string_equal(got.host, cases[i].host);
        assert_int_equal(got.port, cases[i].port);
        assert_int_equal(got.has_tag, cases[i].has_tag);
        assert_int_equal(got.tag, cases[i].tag);
    }
}

static void test_req_138_bad_target_addresses_are_refused_untouched(void **state)
{
    static const char *const bad[] = {"",
                                      ":",
                                      ",",
                                      ":3260",
                                      ",1",
                                      "10.0.0.1:",
                                      "10.0.0.1:0",
                                      "10.0.0.1:65536",
                                      "10.0.0.1:99999",
                                      "10.0.0.1:4294970556",
                                      "10.0.0.1:+1",
                                      "10.0.0.1:-1",
                                      "10.0.0.1:0x10",
                                      "10.0.0.1: 1",
                                      "10.0.0.1:3260:1",
                                      "10.0.0.1:3260,",
                                      "10.0.0.1,65536",
                                      "10.0.0.1,1,2",
                                      "10.0.0.1,1:2",
                                      "10.0.0.1,a",
                                      "300.0.0.1",
                                      "2001:db8::1",
                                      "[2001:db8::1",
                                      "2001:db8::1]",
                                      "[]",
                                      "[",
                                      "]",
                                      "[10.0.0.1]",
                                      "[san.example]",
                                      "[[::1]]",
                                      "[::1]x",
                                      "[::1]3260",
                                      "[::1]]",
                                      "[fe80::1%1]",
                                      "a b",
                                      "san_1"};

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct portal got, before;

        memset(&got, 0xee, sizeof got);
        before = got;
        assert_false(portal(bad[i], &got));
        assert_memory_equal(&got, &before, sizeof got);
    }
}

static void test_req_138_a_host_is_as_long_as_its_room_and_no_longer(void **state)
{
    char text[300];
    struct portal got;

    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 50 == 49 ? '.' : 'a';
    assert_true(address_parse_portal(text, 255, &got));
    assert_int_equal(strlen(got.host), 255);
    assert_false(address_parse_portal(text, 256, &got));
    memcpy(text + 255, ":80", 3);
    assert_true(address_parse_portal(text, 258, &got));
    assert_int_equal(got.port, 80);
    assert_false(address_parse_portal("a\0b", 3, &got));
    assert_false(address_parse_portal("a:1\0", 4, &got));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ipv4_is_four_decimal_parts),
        cmocka_unit_test(test_bad_addresses_are_refused),
        cmocka_unit_test(test_ipv6_is_read_in_all_forms_and_written_in_one),
        cmocka_unit_test(test_ipv4_is_written_as_it_was_read),
        cmocka_unit_test(test_any_ipv6_address_survives_its_text),
        cmocka_unit_test(test_addresses_are_equal_when_family_and_bytes_are),
        cmocka_unit_test(test_an_ipv4_host_is_neither_loopback_nor_multicast),
        cmocka_unit_test(test_host_names_follow_rfc_1123),
        cmocka_unit_test(test_req_138_143_target_address_in_all_its_forms),
        cmocka_unit_test(test_req_138_bad_target_addresses_are_refused_untouched),
        cmocka_unit_test(test_req_138_a_host_is_as_long_as_its_room_and_no_longer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
