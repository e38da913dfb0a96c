/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware's small C runtime against the host's C library: the same sources, their functions renamed,
 * must give what the C library gives for every length, alignment, overlap and conversion tried.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void *rt_memcpy(void *restrict to, const void *restrict from, size_t n);
void *rt_memmove(void *to, const void *from, size_t n);
void *rt_memset(void *to, int value, size_t n);
int rt_memcmp(const void *a, const void *b, size_t n);
void *rt_memchr(const void *at, int value, size_t n);
size_t rt_strlen(const char *text);
size_t rt_strnlen(const char *text, size_t max);
int rt_strcmp(const char *a, const char *b);
int rt_strncmp(const char *a, const char *b, size_t n);
char *rt_strchr(const char *text, int c);
char *rt_strrchr(const char *text, int c);
char *rt_strstr(const char *text, const char *wanted);
char *rt_strncpy(char *restrict to, const char *restrict from, size_t n);
int rt_atoi(const char *text);
int rt_abs(int value);
int rt_snprintf(char *restrict to, size_t size, const char *restrict format, ...)
    __attribute__((format(printf, 3, 4)));
int rt_vsnprintf(char *restrict to, size_t size, const char *restrict format, va_list args)
    __attribute__((format(printf, 3, 0)));

#define memcpy    rt_memcpy
#define memmove   rt_memmove
#define memset    rt_memset
#define memcmp    rt_memcmp
#define memchr    rt_memchr
#define strlen    rt_strlen
#define strnlen   rt_strnlen
#define strcmp    rt_strcmp
#define strncmp   rt_strncmp
#define strchr    rt_strchr
#define strrchr   rt_strrchr
#define strstr    rt_strstr
#define strncpy   rt_strncpy
#define atoi      rt_atoi
#define abs       rt_abs
#define snprintf  rt_snprintf
#define vsnprintf rt_vsnprintf
/* In this order: string.c calls memory.c's functions under their new names. */
/* NOLINTBEGIN(bugprone-suspicious-include) */
#include "efi/runtime/memory.c"
#include "efi/runtime/string.c"
#include "efi/runtime/format.c"
/* NOLINTEND(bugprone-suspicious-include) */
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strrchr
#undef strstr
#undef strncpy
#undef atoi
#undef abs
#undef snprintf
#undef vsnprintf

enum {
    SPAN = 200,
};

static void fill(uint8_t *at, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        at[i] = (uint8_t)(i * 7 + 13);
    }
}

/* Every length up to SPAN at every alignment; what lies around the target stays as it was. */
static void memcpy_copies_every_length_at_every_alignment(void **state)
{
    uint8_t from[SPAN + 16];
    uint8_t ours[SPAN + 32];
    uint8_t theirs[SPAN + 32];

    (void)state;
    fill(from, sizeof from);
    for (size_t n = 0; n <= SPAN; n++) {
        for (size_t shift = 0; shift < 64; shift++) {
            size_t a = shift % 8;
            size_t b = shift / 8;
            memset(ours, 0xee, sizeof ours);
            memset(theirs, 0xee, sizeof theirs);
            assert_ptr_equal(rt_memcpy(ours + a, from + b, n), ours + a);
            memcpy(theirs + a, from + b, n);
            assert_memory_equal(ours, theirs, sizeof ours);
        }
    }
}

static void memmove_survives_every_overlap(void **state)
{
    uint8_t ours[3 * SPAN];
    uint8_t theirs[3 * SPAN];

    (void)state;
    for (size_t n = 0; n <= SPAN; n += 3) {
        for (size_t to = 0; to < 2 * SPAN; to += 1 + (to > SPAN + 20 ? 17 : 0)) {
            fill(ours, sizeof ours);
            fill(theirs, sizeof theirs);
            assert_ptr_equal(rt_memmove(ours + to, ours + SPAN, n), ours + to);
            memmove(theirs + to, theirs + SPAN, n);
            assert_memory_equal(ours, theirs, sizeof ours);
        }
    }
}

static void memset_fills_exactly(void **state)
{
    uint8_t ours[SPAN + 32];
    uint8_t theirs[SPAN + 32];

    (void)state;
    for (size_t n = 0; n <= SPAN; n++) {
        memset(ours, 0x11, sizeof ours);
        memset(theirs, 0x11, sizeof theirs);
        assert_ptr_equal(rt_memset(ours + n % 9, 0x1a5, n), ours + n % 9);
        memset(theirs + n % 9, 0xa5, n); /* only the low byte counts */
        assert_memory_equal(ours, theirs, sizeof ours);
    }
}

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

static void memcmp_finds_the_first_difference(void **state)
{
    uint8_t a[40];
    uint8_t b[40];

    (void)state;
    for (size_t n = 0; n <= sizeof a; n++) {
        for (size_t at = 0; at < sizeof a; at++) {
            fill(a, sizeof a);
            fill(b, sizeof b);
            b[at] ^= 0x80;
            assert_int_equal(sign(rt_memcmp(a, b, n)), sign(memcmp(a, b, n)));
            assert_int_equal(sign(rt_memcmp(b, a, n)), sign(memcmp(b, a, n)));
        }
    }
}

static void memchr_compares_as_bytes(void **state)
{
    static const char bytes[] = {'a', (char)0xff, 'a', 0, 'z'};

    (void)state;
    for (size_t n = 0; n <= sizeof bytes; n++) {
        assert_ptr_equal(rt_memchr(bytes, -1, n), memchr(bytes, -1, n));
        assert_ptr_equal(rt_memchr(bytes, 0, n), memchr(bytes, 0, n));
        assert_ptr_equal(rt_memchr(bytes, 'z', n), memchr(bytes, 'z', n));
    }
}

static void strings_agree_with_the_c_library(void **state)
{
    static const char *const texts[] = {
        "", "a", "ab", "abc", "abcabc", "b", "\xff", "cab", "iqn.2010-04.org.ipxe"};
    enum { COUNT = sizeof texts / sizeof texts[0] };

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        const char *a = texts[i];
        assert_int_equal(rt_strlen(a), strlen(a));
        assert_int_equal(rt_strnlen(a, 2), strnlen(a, 2));
        for (int c = -1; c < 128; c++) {
            assert_ptr_equal(rt_strchr(a, c), strchr(a, c));
            assert_ptr_equal(rt_strrchr(a, c), strrchr(a, c));
        }
        for (size_t j = 0; j < COUNT; j++) {
            assert_int_equal(sign(rt_strcmp(a, texts[j])), sign(strcmp(a, texts[j])));
            assert_ptr_equal(rt_strstr(a, texts[j]), strstr(a, texts[j]));
            for (size_t n = 0; n < 5; n++) {
                assert_int_equal(sign(rt_strncmp(a, texts[j], n)), sign(strncmp(a, texts[j], n)));
            }
        }
    }
}

static void strncpy_pads_and_cuts(void **state)
{
    char to[6];

    (void)state;
    memset(to, 'x', sizeof to);
    assert_ptr_equal(rt_strncpy(to, "ab", 5), to);
    assert_memory_equal(to, "ab\0\0\0x", 6);
    rt_strncpy(to, "abcdef", 3);
    assert_memory_equal(to, "abc\0\0x", 6);
}

static void atoi_reads_as_far_as_digits_go_and_stays_in_range(void **state)
{
    (void)state;
    assert_int_equal(rt_atoi(" \t-12x"), -12);
    assert_int_equal(rt_atoi("+7"), 7);
    assert_int_equal(rt_atoi(""), 0);
    assert_int_equal(rt_atoi("2147483647"), INT_MAX);
    assert_int_equal(rt_atoi("-2147483648"), INT_MIN);
    assert_int_equal(rt_atoi("99999999999999999999999"), INT_MAX);
    assert_int_equal(rt_atoi("-99999999999999999999999"), INT_MIN);
    assert_int_equal(rt_abs(-3), 3);
    assert_int_equal(rt_abs(3), 3);
}

#define check_format(...)                                                                                    \
    do {                                                                                                     \
        char ours[96];                                                                                       \
        char theirs[96];                                                                                     \
        memset(ours, 'x', sizeof ours);                                                                      \
        memset(theirs, 'x', sizeof theirs);                                                                  \
        assert_int_equal(rt_snprintf(ours, sizeof ours, __VA_ARGS__),                                        \
                         snprintf(theirs, sizeof theirs, __VA_ARGS__));                                      \
        assert_string_equal(ours, theirs);                                                                   \
    } while (0)

static void snprintf_agrees_on_integers(void **state)
{
    static const long long values[] = {0, 1, -1, 9, 10, 255, INT_MAX, INT_MIN, LLONG_MAX, LLONG_MIN};

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        long long v = values[i];
        int n = (int)v;
        check_format("%d|%i|%5d|%-5d|%05d|%+d|% d", n, n, n, n, n, n, n);
        check_format("%u|%x|%X|%#x|%8x|%-8x|%08x|%#010x", n, n, n, n, n, n, n, n);
        check_format("%.3d|%8.3d|%-8.3d|%+.3d|%.0d", n, n, n, n, n);
        check_format("%lld|%llu|%llx|%20lld|%020llx", v, v, v, v, v);
        check_format("%ld|%lu|%zu|%zx|%jd|%td", (long)v, (unsigned long)v, (size_t)v, (size_t)v, (intmax_t)v,
                     (ptrdiff_t)v);
        check_format("%hhd|%hhu|%hhx|%hd|%hu|%hx", (signed char)n, (unsigned char)n, (unsigned char)n,
                     (short)n, (unsigned short)n, (unsigned short)n);
        check_format("%*d|%-*d|%*d|%.*d", 7, n, 7, n, -7, n, 4, n);
    }
}

static void snprintf_agrees_on_texts(void **state)
{
    (void)state;
    check_format("plain");
    check_format("%s|%8s|%-8s|%.2s|%8.2s|%.0s|%.*s", "text", "text", "text", "text", "text", "text", 3,
                 "text");
    check_format("%c%c%3c|%-3c|100%%", 'a', 'b', 'c', 'd');
    check_format("%s", "");
    check_format("%p", (void *)(uintptr_t)0x1234abcd);
}

/* A text of N bytes without its NUL: %.Ns must not look behind it. */
static void snprintf_reads_no_further_than_the_precision(void **state)
{
    char out[8];
    char *exact = malloc(3);

    (void)state;
    assert_non_null(exact);
    /* NOLINTNEXTLINE(bugprone-not-null-terminated-result) */
    memcpy(exact, "abc", 3);
    assert_int_equal(rt_snprintf(out, sizeof out, "%.3s", exact), 3);
    assert_string_equal(out, "abc");
    free(exact);
}

static void snprintf_cuts_at_every_size_and_reports_the_whole_length(void **state)
{
    (void)state;
    for (size_t size = 0; size < 16; size++) {
        volatile size_t room = size > 0 ? size : 1; /* volatile: gcc would see that it cuts, and warn */
        char *ours = malloc(size + 1);
        char theirs[16];
        assert_non_null(ours);
        ours[size] = 'x';
        assert_int_equal(rt_snprintf(size > 0 ? ours : NULL, size, "%s-%05d", "abcd", 42), 10);
        snprintf(theirs, room, "%s-%05d", "abcd", 42);
        if (size > 0) {
            assert_string_equal(ours, theirs);
        }
        assert_int_equal(ours[size], 'x');
        free(ours);
    }
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
static void snprintf_shows_what_it_does_not_know(void **state)
{
    const char *volatile nothing = NULL;
    char out[32];

    (void)state;
    rt_snprintf(out, sizeof out, "a%qb%");
    assert_string_equal(out, "a%qb%");
    rt_snprintf(out, sizeof out, "%s", nothing);
    assert_string_equal(out, "(null)");
}
#pragma GCC diagnostic pop

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memcpy_copies_every_length_at_every_alignment),
        cmocka_unit_test(memmove_survives_every_overlap),
        cmocka_unit_test(memset_fills_exactly),
        cmocka_unit_test(memcmp_finds_the_first_difference),
        cmocka_unit_test(memchr_compares_as_bytes),
        cmocka_unit_test(strings_agree_with_the_c_library),
        cmocka_unit_test(strncpy_pads_and_cuts),
        cmocka_unit_test(atoi_reads_as_far_as_digits_go_and_stays_in_range),
        cmocka_unit_test(snprintf_agrees_on_integers),
        cmocka_unit_test(snprintf_agrees_on_texts),
        cmocka_unit_test(snprintf_reads_no_further_than_the_precision),
        cmocka_unit_test(snprintf_cuts_at_every_size_and_reports_the_whole_length),
        cmocka_unit_test(snprintf_shows_what_it_does_not_know),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
