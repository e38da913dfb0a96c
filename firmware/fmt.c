/* SPDX-License-Identifier: BSD-2-Clause */
#include "fmt.h"

#include <string.h>

/* A conversion as it stands in a format: %[0][width][.precision][length]letter. */
struct spec {
    bool zeros;
    size_t width;
    size_t precision; /* SIZE_MAX: none given */
    int size;         /* -2 hh, -1 h, 0 none, 1 l, 2 ll, 3 z */
    char letter;      /* NUL: the format ended too early */
};

void fmt_init(struct fmt *fmt, char *buffer, size_t capacity)
{
    *fmt = (struct fmt){.buffer = buffer, .capacity = capacity, .length = 0, .cut = false};
    if (capacity > 0)
        buffer[0] = '\0';
}

static void put(struct fmt *fmt, char c)
{
    if (fmt->capacity == 0 || fmt->length >= fmt->capacity - 1) {
        fmt->cut = true;
        return;
    }
    fmt->buffer[fmt->length++] = c;
    fmt->buffer[fmt->length] = '\0';
}

static void pad(struct fmt *fmt, char c, size_t width, size_t used)
{
    for (; used < width && !fmt->cut; used++)
        put(fmt, c);
}

static void put_text(struct fmt *fmt, const struct spec *spec, const char *text)
{
    size_t length = 0;

    if (!text)
        text = "(null)";
    while (length < spec->precision && text[length])
        length++;
    pad(fmt, ' ', spec->width, length);
    for (size_t i = 0; i < length; i++)
        put(fmt, text[i]);
}

static void put_number(struct fmt *fmt, const struct spec *spec, uint64_t value, bool negative)
{
    static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";
    const char *digits = spec->letter == 'X' ? upper : lower;
    unsigned base = spec->letter == 'x' || spec->letter == 'X' ? 16 : 10;
    char reversed[20]; /* the digits of 2^64 - 1 */
    size_t count = 0, used;

    do {
        reversed[count++] = digits[value % base];
        value /= base;
    } while (value > 0);
    used = count + (negative ? 1 : 0);
    if (!spec->zeros)
        pad(fmt, ' ', spec->width, used);
    if (negative)
        put(fmt, '-');
    if (spec->zeros)
        pad(fmt, '0', spec->width, used);
    while (count > 0)
        put(fmt, reversed[--count]);
}

/*
 * va_list travels by pointer: where it is an array type, a plain argument would be one already, where it is
 * not, the caller's would not move on.
 */
struct arguments {
    va_list list;
};

static uint64_t take_unsigned(struct arguments *arguments, int size)
{
    switch (size) {
    case 3:
        return va_arg(arguments->list, size_t);
    case 2:
        return va_arg(arguments->list, unsigned long long);
    case 1:
        return va_arg(arguments->list, unsigned long);
    case -1:
        return (unsigned short)va_arg(arguments->list, unsigned);
    case -2:
        return (unsigned char)va_arg(arguments->list, unsigned);
    default:
        return va_arg(arguments->list, unsigned);
    }
}

static int64_t take_signed(struct arguments *arguments, int size)
{
    switch (size) {
    case 3:
        return va_arg(arguments->list, ptrdiff_t);
    case 2:
        return va_arg(arguments->list, long long);
    case 1:
        return va_arg(arguments->list, long);
    case -1:
        return (short)va_arg(arguments->list, int);
    case -2:
        return (signed char)va_arg(arguments->list, int);
    default:
        return va_arg(arguments->list, int);
    }
}

static size_t read_count(const char **at, struct arguments *arguments)
{
    size_t count = 0;

    if (**at == '*') {
        int given = va_arg(arguments->list, int);

        (*at)++;
        return given < 0 ? 0 : (size_t)given;
    }
    while (**at >= '0' && **at <= '9')
        count = count * 10 + (size_t)(*(*at)++ - '0');
    return count;
}

static struct spec read_spec(const char **at, struct arguments *arguments)
{
    struct spec spec = {.precision = SIZE_MAX};

    while (**at == '0') {
        spec.zeros = true;
        (*at)++;
    }
    spec.width = read_count(at, arguments);
    if (**at == '.') {
        (*at)++;
        spec.precision = read_count(at, arguments);
    }
    if (**at == 'z') {
        spec.size = 3;
        (*at)++;
    }
    for (; **at == 'l' && spec.size < 2; (*at)++)
        spec.size++;
    for (; **at == 'h' && spec.size > -2 && spec.size <= 0; (*at)++)
        spec.size--;
    spec.letter = **at;
    if (spec.letter)
        (*at)++;
    return spec;
}

static void convert(struct fmt *fmt, const struct spec *spec, struct arguments *arguments)
{
    int64_t value;

    switch (spec->letter) {
    case 's':
        put_text(fmt, spec, va_arg(arguments->list, const char *));
        break;
    case 'c':
        put(fmt, (char)va_arg(arguments->list, int));
        break;
    case 'd':
        value = take_signed(arguments, spec->size);
        put_number(fmt, spec, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, value < 0);
        break;
    case 'u':
    case 'x':
    case 'X':
        put_number(fmt, spec, take_unsigned(arguments, spec->size), false);
        break;
    default: /* %% and what the compiler's check of formats does not let through */
        put(fmt, spec->letter ? spec->letter : '%');
        break;
    }
}

void fmt_vprint(struct fmt *fmt, const char *format, va_list arguments)
{
    struct arguments copy;

    va_copy(copy.list, arguments);
    while (*format) {
        struct spec spec;

        if (*format != '%') {
            put(fmt, *format++);
            continue;
        }
        format++;
        spec = read_spec(&format, &copy);
        convert(fmt, &spec, &copy);
    }
    va_end(copy.list);
}

void fmt_print(struct fmt *fmt, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fmt_vprint(fmt, format, arguments);
    va_end(arguments);
}

void fmt_escaped(struct fmt *fmt, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;

    for (size_t i = 0; i < length; i++) {
        if (at[i] < 0x20 || at[i] > 0x7e || at[i] == '\\')
            fmt_print(fmt, "\\x%02x", at[i]);
        else
            put(fmt, (char)at[i]);
    }
}

void fmt_mac(struct fmt *fmt, const uint8_t mac[6])
{
    for (unsigned i = 0; i < 6; i++)
        fmt_print(fmt, i > 0 ? ":%02x" : "%02x", mac[i]);
}

void fmt_ipv4(struct fmt *fmt, const uint8_t address[4])
{
    fmt_print(fmt, "%u.%u.%u.%u", address[0], address[1], address[2], address[3]);
}

/* Rounded down: a disk is never said to be larger than it is. */
void fmt_size(struct fmt *fmt, uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    unsigned unit = 0;
    uint64_t rest = 0;

    while (bytes >= 1024) {
        rest = bytes % 1024;
        bytes /= 1024;
        unit++;
    }
    fmt_print(fmt, "%u", (unsigned)bytes);
    if (rest * 10 / 1024 > 0)
        fmt_print(fmt, ".%u", (unsigned)(rest * 10 / 1024));
    fmt_print(fmt, " %s", units[unit]);
}
