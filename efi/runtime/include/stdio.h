/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The part of <stdio.h> that exists in the firmware program: formatting into memory. There are no streams;
 * what is to be read by a person goes through firmware/'s log. C11, 7.21.6.5 and 7.21.6.12; the conversions
 * that are understood are listed in efi/runtime/format.c.
 */
#ifndef LUNBOOT_RUNTIME_STDIO_H
#define LUNBOOT_RUNTIME_STDIO_H

#include <stdarg.h>
#include <stddef.h>

int snprintf(char *restrict to, size_t size, const char *restrict format, ...)
    __attribute__((format(printf, 3, 4)));
int vsnprintf(char *restrict to, size_t size, const char *restrict format, va_list args)
    __attribute__((format(printf, 3, 0)));

#endif
