/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The part of <string.h> that exists in the firmware program, which has no C library. The islands, lwIP and
 * the hash library include it by its standard name; on the host they get the C library's own. C11, 7.24.
 * Definitions: efi/runtime/memory.c and efi/runtime/string.c.
 */
#ifndef LUNBOOT_RUNTIME_STRING_H
#define LUNBOOT_RUNTIME_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int value, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *at, int value, size_t n);

size_t strlen(const char *text);
size_t strnlen(const char *text, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *text, int c);
char *strrchr(const char *text, int c);
char *strstr(const char *text, const char *wanted);
char *strncpy(char *restrict to, const char *restrict from, size_t n);

#endif
