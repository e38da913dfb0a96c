/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text into a bounded buffer: the one formatter of the program, without libc. A buffer is always NUL-ended;
 * what does not fit is cut and noticed. Text that came from the network passes through fmt_escaped only.
 */
#ifndef LUNBOOT_FIRMWARE_FMT_H
#define LUNBOOT_FIRMWARE_FMT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fmt {
    char *buffer;
    size_t capacity; /* bytes, with the NUL */
    size_t length;
    bool cut;
};

void fmt_init(struct fmt *fmt, char *buffer, size_t capacity);

/*
 * The printf conversions %s %c %d %u %x %X %% with 0, width, precision for %s ("%.*s" too), and the length
 * modifiers z, l, ll, h, hh. Appends.
 */
void fmt_print(struct fmt *fmt, const char *format, ...) __attribute__((format(printf, 2, 3)));
void fmt_vprint(struct fmt *fmt, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));

/* Bytes from outside: control characters, DEL, backslash and bytes above 7Eh become \xNN (REQ-012, REQ-168).
 */
void fmt_escaped(struct fmt *fmt, const void *bytes, size_t length);

/* 52:54:00:12:34:56 */
void fmt_mac(struct fmt *fmt, const uint8_t mac[6]);
/* 10.0.2.15 */
void fmt_ipv4(struct fmt *fmt, const uint8_t address[4]);
/* "1.5 GiB", "512 MiB": a size in bytes for people. */
void fmt_size(struct fmt *fmt, uint64_t bytes);

#endif
