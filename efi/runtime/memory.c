/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memcpy and its kin. The compiler calls these for structure copies, so they must exist in a program without
 * a C library, and block data goes through them, so they are quick: whole quadwords by the string
 * instructions, which were the fastest of those measured both on real processors and under emulation ("rep
 * movsb" was eight times slower under emulation, where it copies byte by byte).
 *
 * Built with -fno-builtin: otherwise the compiler would turn these loops into calls of themselves.
 */
#include <stdint.h>
#include <string.h>

enum {
    WORD = sizeof(uint64_t),
    STRING_MIN = 64, /* below this the string instructions' start-up costs more than a loop */
};

static uint64_t load(const uint8_t *from)
{
    uint64_t value;
    __builtin_memcpy(&value, from, sizeof value);
    return value;
}

static void store(uint8_t *to, uint64_t value)
{
    __builtin_memcpy(to, &value, sizeof value);
}

/* From low to high addresses: right for areas apart, and for those that overlap with `to` below `from`. */
static void copy_up(uint8_t *to, const uint8_t *from, size_t n)
{
    size_t words = n / WORD;

    n %= WORD;
#if defined(__x86_64__)
    if (words >= STRING_MIN / WORD) {
        __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
    }
#endif
    for (; words > 0; words--, to += WORD, from += WORD) {
        store(to, load(from));
    }
    for (; n > 0; n--) {
        *to++ = *from++;
    }
}

/* From high to low addresses: right for areas that overlap with `to` above `from`. */
static void copy_down(uint8_t *to, const uint8_t *from, size_t n)
{
    for (; n >= WORD; n -= WORD) {
        store(to + n - WORD, load(from + n - WORD));
    }
    for (; n > 0; n--) {
        to[n - 1] = from[n - 1];
    }
}

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
    copy_up(to, from, n);
    return to;
}

void *memmove(void *to, const void *from, size_t n)
{
    if ((uintptr_t)to - (uintptr_t)from >= n) {
        copy_up(to, from, n);
    } else {
        copy_down(to, from, n);
    }
    return to;
}

void *memset(void *to, int value, size_t n)
{
    uint8_t *at = to;
    uint64_t pattern = 0x0101010101010101U * (uint8_t)value;
    size_t words = n / WORD;

    n %= WORD;
#if defined(__x86_64__)
    if (words >= STRING_MIN / WORD) {
        __asm__ volatile("rep stosq" : "+D"(at), "+c"(words) : "a"(pattern) : "memory");
    }
#endif
    for (; words > 0; words--, at += WORD) {
        store(at, pattern);
    }
    for (; n > 0; n--) {
        *at++ = (uint8_t)value;
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const uint8_t *x = a;
    const uint8_t *y = b;

    for (; n >= WORD && load(x) == load(y); n -= WORD) {
        x += WORD;
        y += WORD;
    }
    for (; n > 0; n--, x++, y++) {
        if (*x != *y) {
            return *x < *y ? -1 : 1;
        }
    }
    return 0;
}

void *memchr(const void *at, int value, size_t n)
{
    const uint8_t *from = at;

    for (; n > 0; n--, from++) {
        if (*from == (uint8_t)value) {
            return (void *)(uintptr_t)from;
        }
    }
    return NULL;
}
