/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The string functions that the islands and lwIP use, for a program without a C library. Texts here are names
 * and option values of a few dozen bytes: plain loops. Built with -fno-builtin, as memory.c says.
 */
#include <ctype.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

size_t strlen(const char *text)
{
    size_t n = 0;

    while (text[n] != '\0') {
        n++;
    }
    return n;
}

size_t strnlen(const char *text, size_t max)
{
    size_t n = 0;

    while (n < max && text[n] != '\0') {
        n++;
    }
    return n;
}

int strncmp(const char *a, const char *b, size_t n)
{
    for (; n > 0; n--, a++, b++) {
        unsigned char x = (unsigned char)*a;
        unsigned char y = (unsigned char)*b;
        if (x != y) {
            return x < y ? -1 : 1;
        }
        if (x == '\0') {
            break;
        }
    }
    return 0;
}

int strcmp(const char *a, const char *b)
{
    return strncmp(a, b, SIZE_MAX);
}

char *strchr(const char *text, int c)
{
    for (;; text++) {
        if (*text == (char)c) {
            return (char *)(uintptr_t)text;
        }
        if (*text == '\0') {
            return NULL;
        }
    }
}

char *strrchr(const char *text, int c)
{
    char *last = NULL;

    for (char *at = strchr(text, c); at != NULL; at = *at == '\0' ? NULL : strchr(at + 1, c)) {
        last = at;
    }
    return last;
}

char *strstr(const char *text, const char *wanted)
{
    size_t n = strlen(wanted);

    for (;; text++) {
        if (strncmp(text, wanted, n) == 0) {
            return (char *)(uintptr_t)text;
        }
        if (*text == '\0') {
            return NULL;
        }
    }
}

char *strncpy(char *restrict to, const char *restrict from, size_t n)
{
    size_t used = strnlen(from, n);

    memcpy(to, from, used);
    memset(to + used, 0, n - used);
    return to;
}

int abs(int value)
{
    return value < 0 ? -value : value;
}

/* Stays at the limits instead of overflowing, which C11, 7.22.1 leaves undefined. */
int atoi(const char *text)
{
    int64_t value = 0;
    int negative = 0;

    while (isspace((unsigned char)*text)) {
        text++;
    }
    if (*text == '-' || *text == '+') {
        negative = *text++ == '-';
    }
    for (; isdigit((unsigned char)*text) && value <= INT_MAX; text++) {
        value = value * 10 + (*text - '0');
    }
    if (negative) {
        return value > INT_MAX ? INT_MIN : (int)-value;
    }
    return value > INT_MAX ? INT_MAX : (int)value;
}
