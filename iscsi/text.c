/* SPDX-License-Identifier: BSD-2-Clause */
#include "text.h"

#include <string.h>

#include "bytes.h"

void text_reader_init(struct text_reader *reader, const void *text, size_t length)
{
    reader->at = text;
    reader->left = length;
    reader->empty_items = 0;
}

/* The offset of the first `wanted`, or `length` when there is none. */
static size_t find(const char *text, size_t length, char wanted)
{
    size_t i = 0;

    while (i < length && text[i] != wanted)
        i++;
    return i;
}

/* A malformed item is not stepped over: the reader says the same when it is asked again. */
enum text_result text_next(struct text_reader *reader, struct text_item *ret_item)
{
    size_t end, key_length;

    while (reader->left > 0 && *reader->at == '\0') {
        reader->at++;
        reader->left--;
        reader->empty_items++;
    }
    if (reader->left == 0)
        return TEXT_END;
    end = find(reader->at, reader->left, '\0');
    if (end == reader->left)
        return TEXT_MALFORMED;
    key_length = find(reader->at, end, '=');
    if (key_length == end || key_length == 0 || key_length > TEXT_KEY_MAX)
        return TEXT_MALFORMED;
    ret_item->key = reader->at;
    ret_item->key_length = key_length;
    ret_item->value = reader->at + key_length + 1;
    ret_item->value_length = end - key_length - 1;
    reader->at += end + 1;
    reader->left -= end + 1;
    return TEXT_ITEM;
}

bool text_is(const char *text, size_t length, const char *literal)
{
    for (size_t i = 0; i < length; i++) {
        if (literal[i] == '\0' || text[i] != literal[i])
            return false;
    }
    return literal[length] == '\0';
}

/* The value of a hexadecimal digit, 16 for anything else. */
static unsigned digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    if (c >= 'A' && c <= 'F')
        return (unsigned)(c - 'A') + 10;
    return 16;
}

static bool has_prefix(const char *text, size_t length, char lower, char upper)
{
    return length >= 2 && text[0] == '0' && (text[1] == lower || text[1] == upper);
}

bool text_number(const char *text, size_t length, uint64_t *ret_value)
{
    unsigned base = 10;
    uint64_t value = 0;

    if (has_prefix(text, length, 'x', 'X')) {
        base = 16;
        text += 2;
        length -= 2;
    }
    if (length == 0)
        return false;
    for (size_t i = 0; i < length; i++) {
        unsigned digit = digit_value(text[i]);

        if (digit >= base || value > (UINT64_MAX - digit) / base)
            return false;
        value = value * base + digit;
    }
    *ret_value = value;
    return true;
}

/* All checks come before the first byte is written. */
static bool decode_hex(const char *text, size_t length, uint8_t *ret_bytes, size_t capacity,
                       size_t *ret_length)
{
    if (length == 0 || length % 2 != 0 || length / 2 > capacity)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (digit_value(text[i]) > 15)
            return false;
    }
    for (size_t i = 0; i < length / 2; i++)
        ret_bytes[i] = (uint8_t)(digit_value(text[2 * i]) << 4 | digit_value(text[2 * i + 1]));
    *ret_length = length / 2;
    return true;
}

/* RFC 4648 section 4; 64 for anything that is no digit, the pad included. */
static unsigned base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0') + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : 64;
}

/* The number of digits before the padding; 0 when the form is wrong. */
static size_t base64_digits(const char *text, size_t length)
{
    size_t digits = length;
    unsigned spare;

    if (length == 0 || length % 4 != 0)
        return 0;
    while (digits > length - 2 && text[digits - 1] == '=')
        digits--;
    for (size_t i = 0; i < digits; i++) {
        if (base64_value(text[i]) > 63)
            return 0;
    }
    /* The bits of the last digit that belong to no byte are zero: one value has one form (RFC 4648
     * section 3.5). */
    spare = digits == length ? 0 : digits == length - 1 ? 0x3u : 0xfu;
    return (base64_value(text[digits - 1]) & spare) == 0 ? digits : 0;
}

static bool decode_base64(const char *text, size_t length, uint8_t *ret_bytes, size_t capacity,
                          size_t *ret_length)
{
    size_t digits = base64_digits(text, length);
    size_t size = digits / 4 * 3 + (digits % 4 > 0 ? digits % 4 - 1 : 0);
    uint32_t bits = 0;
    size_t at = 0;

    if (digits == 0 || size > capacity)
        return false;
    for (size_t i = 0; i < digits; i++) {
        bits = bits << 6 | base64_value(text[i]);
        if (i % 4 > 0)
            ret_bytes[at++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
    }
    *ret_length = size;
    return true;
}

bool text_binary(const char *text, size_t length, uint8_t *ret_bytes, size_t capacity, size_t *ret_length)
{
    if (has_prefix(text, length, 'x', 'X'))
        return decode_hex(text + 2, length - 2, ret_bytes, capacity, ret_length);
    if (has_prefix(text, length, 'b', 'B'))
        return decode_base64(text + 2, length - 2, ret_bytes, capacity, ret_length);
    return false;
}

bool text_list_next(const char **list, size_t *left, const char **ret_element, size_t *ret_length,
                    bool *ret_bad)
{
    size_t length;

    if (!*list)
        return false;
    length = find(*list, *left, ',');
    if (length == 0) {
        *ret_bad = true;
        *list = NULL;
        *left = 0;
        return false;
    }
    *ret_element = *list;
    *ret_length = length;
    if (length == *left) {
        *list = NULL;
        *left = 0;
    } else {
        *list += length + 1;
        *left -= length + 1;
    }
    return true;
}

void text_writer_init(struct text_writer *writer, void *buffer, size_t capacity)
{
    writer->buffer = buffer;
    writer->capacity = capacity;
    writer->length = 0;
    writer->overflow = false;
}

static size_t literal_length(const char *literal)
{
    size_t n = 0;

    while (literal[n] != '\0')
        n++;
    return n;
}

/* Room for `n` bytes, already counted as written, or NULL. */
static char *reserve(struct text_writer *writer, size_t n)
{
    char *at = writer->buffer + writer->length;

    if (writer->overflow || n > writer->capacity - writer->length) {
        writer->overflow = true;
        return NULL;
    }
    writer->length += n;
    return at;
}

/* key=, room for `value_length` bytes, and the NUL. Returns where the value goes, or NULL. */
static char *reserve_item(struct text_writer *writer, const char *key, size_t key_length, size_t value_length)
{
    char *at = NULL;

    if (key_length <= SIZE_MAX - 2 && value_length <= SIZE_MAX - 2 - key_length)
        at = reserve(writer, key_length + value_length + 2);
    else
        writer->overflow = true;
    if (!at)
        return NULL;
    memcpy(at, key, key_length);
    at[key_length] = '=';
    at[key_length + 1 + value_length] = '\0';
    return at + key_length + 1;
}

void text_put_answer(struct text_writer *writer, const char *key, size_t key_length, const char *value)
{
    size_t length = literal_length(value);
    char *at = reserve_item(writer, key, key_length, length);

    if (at)
        memcpy(at, value, length);
}

void text_put(struct text_writer *writer, const char *key, const char *value)
{
    text_put_answer(writer, key, literal_length(key), value);
}

void text_put_number(struct text_writer *writer, const char *key, uint64_t value)
{
    char digits[21];
    size_t at = sizeof digits - 1;

    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    text_put(writer, key, digits + at);
}

void text_put_binary(struct text_writer *writer, const char *key, const uint8_t *bytes, size_t length)
{
    static const char hex[] = "0123456789abcdef";
    char *at;

    if (length > (SIZE_MAX - 2) / 2) {
        writer->overflow = true;
        return;
    }
    at = reserve_item(writer, key, literal_length(key), 2 + 2 * length);
    if (!at)
        return;
    *at++ = '0';
    *at++ = 'x';
    for (size_t i = 0; i < length; i++) {
        *at++ = hex[bytes[i] >> 4];
        *at++ = hex[bytes[i] & 15];
    }
}
