/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the test programs print: lines "key=value", written straight to the UART, since the firmware's console
 * redraws. And the memory functions that a compiler may call, and what else they share.
 */
#ifndef LUNBOOT_TESTS_VM_SERIAL_H
#define LUNBOOT_TESTS_VM_SERIAL_H

#include <efi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COM1 0x3f8u

void *memset(void *to, int value, size_t size)
{
    for (unsigned char *at = to; size > 0; size--) {
        *at++ = (unsigned char)value;
    }
    return to;
}

void *memcpy(void *to, const void *from, size_t size)
{
    const unsigned char *source = from;
    for (unsigned char *at = to; size > 0; size--) {
        *at++ = *source++;
    }
    return to;
}

static inline bool same_guid(const EFI_GUID *a, const EFI_GUID *b)
{
    const uint8_t *x = (const uint8_t *)a, *y = (const uint8_t *)b;
    unsigned equal = 0;
    while (equal < sizeof(*a) && x[equal] == y[equal]) {
        equal++;
    }
    return equal == sizeof(*a);
}

static inline void out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t in8(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline void put(char c)
{
    while (!(in8(COM1 + 5) & 0x20u)) {
    }
    out8(COM1, (uint8_t)c);
}

static inline void say(const char *text)
{
    while (*text) {
        put(*text++);
    }
}

static inline void say_number(uint64_t value)
{
    char digits[24];
    unsigned at = sizeof(digits) - 1;
    digits[at] = 0;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    say(digits + at);
}

static inline void say_pair(const char *key, uint64_t value)
{
    say(key);
    put('=');
    say_number(value);
    say("\r\n");
}

/* A pair whose value is 0 on success: the status with the error bit taken off. */
static inline void say_status(const char *key, EFI_STATUS status)
{
    say_pair(key, status & ~(EFI_STATUS)EFI_ERROR_MASK);
}

#endif
