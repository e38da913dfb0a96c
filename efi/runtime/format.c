/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snprintf for a program without a C library: lines for a person and small texts for the wire.
 *
 * Understood: %d %i %u %x %X %c %s %p %%, the flags - 0 + and space and #, width and precision as numbers or
 * *, and the lengths hh h l ll z j t. No floating point. An unknown conversion is written as it stands, so
 * that it is seen in the output and costs nothing else. As C11, 7.21.6.5 asks, the result is the length that
 * the whole text has, and the buffer ends in a NUL whenever it has any room.
 */
#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct sink {
    char *to;
    size_t size;
    size_t length;
};

struct spec {
    bool left;
    bool zero;
    bool plus;
    bool space;
    bool alternate;
    int width;
    int precision; /* -1: none given */
    size_t bytes;  /* of the integer argument */
};

static void put(struct sink *sink, char c)
{
    if (sink->length < sink->size) {
        sink->to[sink->length] = c;
    }
    sink->length++;
}

static void put_many(struct sink *sink, char c, int count)
{
    for (; count > 0; count--) {
        put(sink, c);
    }
}

static void put_padded(struct sink *sink, const struct spec *spec, const char *text, size_t length)
{
    int room = length < INT_MAX ? spec->width - (int)length : 0;

    put_many(sink, ' ', spec->left ? 0 : room);
    for (size_t i = 0; i < length; i++) {
        put(sink, text[i]);
    }
    put_many(sink, ' ', spec->left ? room : 0);
}

/* Writes sign or prefix, then zeros, then the digits: a precision counts digits, the 0 flag fills the width.
 */
static void put_number(struct sink *sink, const struct spec *spec, const char *prefix, uint64_t value,
                       char conversion)
{
    char digits[20]; /* 2^64 - 1 in decimal */
    const char *names = conversion == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    unsigned base = conversion == 'd' ? 10 : 16;
    int count = 0;
    int zeros;
    int room;

    for (; value != 0; value /= base) {
        digits[count++] = names[value % base];
    }
    zeros = (spec->precision < 0 ? 1 : spec->precision) - count;
    zeros = zeros > 0 ? zeros : 0;
    room = spec->width - count - zeros - (int)strlen(prefix);
    if (spec->zero && !spec->left && spec->precision < 0 && room > 0) {
        zeros += room;
        room = 0;
    }
    put_many(sink, ' ', spec->left ? 0 : room);
    for (; *prefix != '\0'; prefix++) {
        put(sink, *prefix);
    }
    put_many(sink, '0', zeros);
    while (count > 0) {
        put(sink, digits[--count]);
    }
    put_many(sink, ' ', spec->left ? room : 0);
}

static int parse_number(const char **at)
{
    int value = 0;

    for (; isdigit((unsigned char)**at); (*at)++) {
        value = value < INT_MAX / 16 ? value * 10 + (**at - '0') : value;
    }
    return value;
}

static bool parse_flag(struct spec *spec, char c)
{
    switch (c) {
    case '-':
        return spec->left = true;
    case '0':
        return spec->zero = true;
    case '+':
        return spec->plus = true;
    case ' ':
        return spec->space = true;
    case '#':
        return spec->alternate = true;
    default:
        return false;
    }
}

static size_t parse_length(const char **at)
{
    static const struct {
        const char *modifier;
        size_t bytes;
    } lengths[] = {
        {"hh", sizeof(char)},  {"h", sizeof(short)},    {"ll", sizeof(long long)}, {"l", sizeof(long)},
        {"z", sizeof(size_t)}, {"j", sizeof(intmax_t)}, {"t", sizeof(ptrdiff_t)},
    };

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        size_t n = strlen(lengths[i].modifier);
        if (strncmp(*at, lengths[i].modifier, n) == 0) {
            *at += n;
            return lengths[i].bytes;
        }
    }
    return sizeof(int);
}

static uint64_t narrow(uint64_t value, size_t bytes)
{
    return bytes >= sizeof value ? value : value & ((UINT64_C(1) << (8 * bytes)) - 1);
}

static void put_signed(struct sink *sink, const struct spec *spec, uint64_t raw)
{
    uint64_t value = narrow(raw, spec->bytes);
    bool negative = (value >> (8 * spec->bytes - 1)) != 0;

    if (negative) {
        value = narrow(0 - value, spec->bytes);
    }
    put_number(sink, spec, negative ? "-" : spec->plus ? "+" : spec->space ? " " : "", value, 'd');
}

static void put_text(struct sink *sink, const struct spec *spec, const char *text)
{
    if (text == NULL) {
        text = "(null)";
    }
    put_padded(sink, spec, text, spec->precision < 0 ? strlen(text) : strnlen(text, (size_t)spec->precision));
}

/* A va_list may be an array type, whose address cannot be handed on from a parameter: so it travels in here.
 */
struct arguments {
    va_list list;
};

/* Arguments up to int are passed as int, wider ones as 64 bits: only these two widths are ever fetched. */
static uint64_t fetch(struct arguments *args, size_t bytes)
{
    if (bytes > sizeof(int)) {
        return va_arg(args->list, unsigned long long);
    }
    return va_arg(args->list, unsigned int);
}

static const char *parse_spec(const char *at, struct arguments *args, struct spec *ret_spec)
{
    struct spec spec = {.precision = -1};

    while (parse_flag(&spec, *at)) {
        at++;
    }
    if (*at == '*') {
        spec.width = va_arg(args->list, int);
        at++;
    } else {
        spec.width = parse_number(&at);
    }
    if (spec.width < 0) {
        spec.left = true;
        spec.width = spec.width == INT_MIN ? 0 : -spec.width;
    }
    if (*at == '.') {
        at++;
        if (*at == '*') {
            spec.precision = va_arg(args->list, int);
            at++;
        } else {
            spec.precision = parse_number(&at);
        }
    }
    spec.bytes = parse_length(&at);
    *ret_spec = spec;
    return at;
}

/* Writes the conversion at `from` ('%' is behind it already) and returns where the plain text goes on. */
static const char *convert(struct sink *sink, const char *from, struct arguments *args)
{
    struct spec spec;
    const char *at = parse_spec(from, args, &spec);
    char c = *at;

    switch (c) {
    case 'd':
    case 'i':
        put_signed(sink, &spec, fetch(args, spec.bytes));
        break;
    case 'u':
        put_number(sink, &spec, "", narrow(fetch(args, spec.bytes), spec.bytes), 'd');
        break;
    case 'x':
    case 'X': {
        uint64_t value = narrow(fetch(args, spec.bytes), spec.bytes);
        put_number(sink, &spec, !spec.alternate || value == 0 ? "" : c == 'x' ? "0x" : "0X", value, c);
        break;
    }
    case 'p':
        put_number(sink, &spec, "0x", (uintptr_t)va_arg(args->list, void *), 'x');
        break;
    case 'c': {
        char one = (char)va_arg(args->list, int);
        put_padded(sink, &spec, &one, 1);
        break;
    }
    case 's':
        put_text(sink, &spec, va_arg(args->list, const char *));
        break;
    case '%':
        put(sink, '%');
        break;
    default: /* unknown, or the text ends here */
        put(sink, '%');
        return from;
    }
    return at + 1;
}

int vsnprintf(char *restrict to, size_t size, const char *restrict format, va_list args)
{
    struct sink sink = {.to = to, .size = size};
    struct arguments travelling;

    va_copy(travelling.list, args);
    while (*format != '\0') {
        if (*format == '%') {
            format = convert(&sink, format + 1, &travelling);
        } else {
            put(&sink, *format++);
        }
    }
    va_end(travelling.list);
    if (size > 0) {
        to[sink.length < size ? sink.length : size - 1] = '\0';
    }
    return sink.length <= INT_MAX ? (int)sink.length : -1;
}

int snprintf(char *restrict to, size_t size, const char *restrict format, ...)
{
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(to, size, format, args);
    va_end(args);
    return length;
}
