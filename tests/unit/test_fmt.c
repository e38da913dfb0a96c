/* SPDX-License-Identifier: BSD-2-Clause */
/* The formatter against the C library, and at the end of its buffer. */
#include <inttypes.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/fmt.h"

#define CHECK(...)                                                                                           \
    do {                                                                                                     \
        char ours[200], theirs[200];                                                                         \
        struct fmt fmt;                                                                                      \
        fmt_init(&fmt, ours, sizeof ours);                                                                   \
        fmt_print(&fmt, __VA_ARGS__);                                                                        \
        snprintf(theirs, sizeof theirs, __VA_ARGS__);                                                        \
        assert_string_equal(ours, theirs);                                                                   \
        assert_int_equal(fmt.length, strlen(theirs));                                                        \
        assert_false(fmt.cut);                                                                               \
    } while (0)

static void test_conversions_are_those_of_printf(void **state)
{
    static const char unterminated[3] = {'a', 'b', 'c'};

    (void)state;
    CHECK("plain");
    CHECK("%s and %s", "one", "two");
    CHECK("[%8s][%.2s][%8.2s]", "abc", "abc", "abc");
    CHECK("%.*s|%*s", 3, unterminated, 6, "x");
    CHECK("%c%c%%", 'a', 'b');
    CHECK("%d %d %d", 0, INT_MIN, INT_MAX);
    CHECK("%u %x %X", UINT_MAX, 0xabcdefu, 0xabcdefu);
    CHECK("%08x %8x %02X %5d %05d", 0xbeefu, 0xbeefu, 10u, -42, -42);
    CHECK("%lld %llu %llx", LLONG_MIN, ULLONG_MAX, ULLONG_MAX);
    CHECK("%ld %lu %lx", LONG_MIN, ULONG_MAX, ULONG_MAX);
    CHECK("%zu %zx", SIZE_MAX, SIZE_MAX);
    CHECK("%hd %hu %hhd %hhu %hhx", (short)-5, (unsigned short)65535, (signed char)-1, (unsigned char)200,
          (unsigned char)0xfe);
    CHECK("%2u.%03u", 100u, 7u);
}

static void test_text_is_appended(void **state)
{
    char buffer[32];
    struct fmt fmt;

    (void)state;
    fmt_init(&fmt, buffer, sizeof buffer);
    assert_string_equal(buffer, "");
    fmt_print(&fmt, "a=%d", 1);
    fmt_print(&fmt, ", b=%s", "two");
    assert_string_equal(buffer, "a=1, b=two");
}

/* Every capacity: a prefix of the whole, NUL-ended, and noticed exactly when something is missing. */
static void test_what_does_not_fit_is_cut_and_noticed(void **state)
{
    static const char whole[] = "name=0000abcd, -17 \\x0a 52:54:00:12:34:56 10.0.2.15 1.5 GiB";
    static const uint8_t mac[6] = {0x52, 0x54, 0, 0x12, 0x34, 0x56}, ip[4] = {10, 0, 2, 15};

    (void)state;
    for (size_t capacity = 0; capacity <= sizeof whole + 1; capacity++) {
        char *buffer = malloc(capacity > 0 ? capacity : 1);
        struct fmt fmt;

        fmt_init(&fmt, buffer, capacity);
        fmt_print(&fmt, "%s=%08x, %d ", "name", 0xabcdu, -17);
        fmt_escaped(&fmt, "\n", 1);
        fmt_print(&fmt, " ");
        fmt_mac(&fmt, mac);
        fmt_print(&fmt, " ");
        fmt_ipv4(&fmt, ip);
        fmt_print(&fmt, " ");
        fmt_size(&fmt, UINT64_C(1610612736));
        assert_int_equal(fmt.cut, capacity < sizeof whole);
        if (capacity > 0) {
            assert_int_equal(strlen(buffer), fmt.length);
            assert_int_equal(fmt.length, capacity < sizeof whole ? capacity - 1 : sizeof whole - 1);
            assert_memory_equal(buffer, whole, fmt.length);
        }
        free(buffer);
    }
}

/* A width from a hostile or a wrong place must not keep the machine busy. */
static void test_a_huge_width_ends_with_the_buffer(void **state)
{
    char buffer[16];
    struct fmt fmt;

    (void)state;
    fmt_init(&fmt, buffer, sizeof buffer);
    fmt_print(&fmt, "%*d", INT_MAX, 1);
    assert_true(fmt.cut);
    assert_int_equal(fmt.length, 15);
}

/* Text of the network shows no control character, and cannot pretend to be an escape (REQ-012). */
static void test_req_012_foreign_bytes_are_escaped(void **state)
{
    char buffer[256 * 4 + 1], *at = buffer;
    uint8_t all[256];
    struct fmt fmt;

    (void)state;
    for (unsigned i = 0; i < sizeof all; i++)
        all[i] = (uint8_t)i;
    fmt_init(&fmt, buffer, sizeof buffer);
    fmt_escaped(&fmt, all, sizeof all);
    assert_false(fmt.cut);
    for (unsigned i = 0; i < sizeof all; i++) {
        char wanted[5];

        if (i >= 0x20 && i <= 0x7e && i != '\\')
            snprintf(wanted, sizeof wanted, "%c", (char)i);
        else
            snprintf(wanted, sizeof wanted, "\\x%02x", i);
        assert_memory_equal(at, wanted, strlen(wanted));
        at += strlen(wanted);
    }
    assert_int_equal(*at, '\0');
}

/* A conversion in foreign text stays text (REQ-168, REQ-347). */
static void test_req_347_foreign_text_is_never_a_format(void **state)
{
    char buffer[64];
    struct fmt fmt;

    (void)state;
    fmt_init(&fmt, buffer, sizeof buffer);
    fmt_escaped(&fmt, "%s%n%x", 6);
    fmt_print(&fmt, "%s", "%d%s");
    assert_string_equal(buffer, "%s%n%x%d%s");
}

static void test_sizes_are_for_people(void **state)
{
    static const struct {
        uint64_t bytes;
        const char *text;
    } cases[] = {
        {0, "0 B"},
        {1023, "1023 B"},
        {1024, "1 KiB"},
        {1536, "1.5 KiB"},
        {UINT64_C(536870912), "512 MiB"},
        {UINT64_C(1610612736), "1.5 GiB"},
        {UINT64_C(1073741823), "1023.9 MiB"},
        {UINT64_C(2199023255552), "2 TiB"},
        {UINT64_MAX, "15.9 EiB"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char buffer[32];
        struct fmt fmt;

        fmt_init(&fmt, buffer, sizeof buffer);
        fmt_size(&fmt, cases[i].bytes);
        assert_string_equal(buffer, cases[i].text);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conversions_are_those_of_printf),
        cmocka_unit_test(test_text_is_appended),
        cmocka_unit_test(test_what_does_not_fit_is_cut_and_noticed),
        cmocka_unit_test(test_a_huge_width_ends_with_the_buffer),
        cmocka_unit_test(test_req_012_foreign_bytes_are_escaped),
        cmocka_unit_test(test_req_347_foreign_text_is_never_a_format),
        cmocka_unit_test(test_sizes_are_for_people),
    };

    return cmocka_run_group_tests_name("fmt", tests, NULL, NULL);
}
