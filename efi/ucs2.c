/* SPDX-License-Identifier: BSD-2-Clause */
#include "ucs2.h"

/* Bytes behind a leading byte, and the smallest value that needs them (a shorter form exists below it). */
static const struct {
    uint8_t mask, lead, more;
    uint32_t least;
} forms[] = {
    {0x80, 0x00, 0, 0x0},
    {0xe0, 0xc0, 1, 0x80},
    {0xf0, 0xe0, 2, 0x800},
    {0xf8, 0xf0, 3, 0x10000},
};

static bool is_surrogate(uint32_t value)
{
    return value >= 0xd800 && value <= 0xdfff;
}

uint16_t ucs2_next(const char **text)
{
    uint8_t first = (uint8_t) * (*text)++;

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if ((first & forms[i].mask) != forms[i].lead) {
            continue;
        }
        uint32_t value = first & (uint8_t)~forms[i].mask;
        for (unsigned more = forms[i].more; more > 0; more--) {
            uint8_t byte = (uint8_t) * *text;
            if ((byte & 0xc0) != 0x80) {
                return UCS2_REPLACEMENT; /* the NUL is no continuation either */
            }
            value = value << 6 | (byte & 0x3f);
            (*text)++;
        }
        if (value < forms[i].least || value > 0xffff || is_surrogate(value)) {
            return UCS2_REPLACEMENT;
        }
        return (uint16_t)value;
    }
    return UCS2_REPLACEMENT;
}

static size_t encode(uint16_t value, uint8_t ret_bytes[3])
{
    if (value < 0x80) {
        ret_bytes[0] = (uint8_t)value;
        return 1;
    }
    if (value < 0x800) {
        ret_bytes[0] = (uint8_t)(0xc0 | value >> 6);
        ret_bytes[1] = (uint8_t)(0x80 | (value & 0x3f));
        return 2;
    }
    ret_bytes[0] = (uint8_t)(0xe0 | value >> 12);
    ret_bytes[1] = (uint8_t)(0x80 | (value >> 6 & 0x3f));
    ret_bytes[2] = (uint8_t)(0x80 | (value & 0x3f));
    return 3;
}

size_t ucs2_to_utf8(const uint16_t *text, size_t characters, char *ret_text, size_t capacity)
{
    size_t used = 0;

    if (capacity == 0) {
        return 0;
    }
    for (size_t i = 0; i < characters && text[i] != 0; i++) {
        uint8_t bytes[3];
        size_t length = encode(is_surrogate(text[i]) ? UCS2_REPLACEMENT : text[i], bytes);
        if (length > capacity - 1 - used) {
            break;
        }
        for (size_t j = 0; j < length; j++) {
            ret_text[used++] = (char)bytes[j];
        }
    }
    ret_text[used] = '\0';
    return used;
}

size_t ucs2_from_utf8(const char *text, uint16_t *ret_text, size_t capacity)
{
    size_t used = 0;

    if (capacity == 0) {
        return 0;
    }
    while (*text != '\0' && used < capacity - 1) {
        ret_text[used++] = ucs2_next(&text);
    }
    ret_text[used] = 0;
    return used;
}

bool ucs2_is_text(const uint16_t *text, size_t characters)
{
    size_t ascii = 0;

    for (size_t i = 0; i < characters; i++) {
        bool control =
            (text[i] < 0x20 && text[i] != '\t' && text[i] != '\r' && text[i] != '\n') || text[i] == 0x7f;
        if (control || is_surrogate(text[i]) || text[i] >= 0xfffe) {
            return false;
        }
        ascii += text[i] < 0x80;
    }
    return ascii >= characters - ascii;
}
