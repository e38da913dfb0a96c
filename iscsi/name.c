/* SPDX-License-Identifier: BSD-2-Clause */
#include "name.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The bytes of the UTF-8 sequence that starts with `first`; 0: no sequence starts so. */
static size_t sequence_length(uint8_t first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return 2;
    if (first >= 0xe0 && first <= 0xef)
        return 3;
    return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/* One character beyond ASCII (RFC 3629): its length, or 0 for an overlong form, a surrogate or a bad byte. */
static size_t take_utf8(const char *text, size_t left, uint32_t *ret_character)
{
    static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = sequence_length((uint8_t)text[0]);
    uint32_t character;

    if (length < 2 || length > left)
        return 0;
    character = (uint8_t)text[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if (((uint8_t)text[i] & 0xc0u) != 0x80)
            return 0;
        character = character << 6 | ((uint8_t)text[i] & 0x3fu);
    }
    if (character < smallest[length] || character > 0x10ffff || (character >= 0xd800 && character <= 0xdfff))
        return 0;
    *ret_character = character;
    return length;
}

/* Section 4.2.7.2 and RFC 3722: which characters a name is made of. `text` is folded. */
static const char *check_characters(const char *text, size_t length)
{
    size_t at = 0;

    while (at < length) {
        uint8_t c = (uint8_t)text[at];
        uint32_t character;
        size_t n = 1;

        if (c >= 0x80) {
            n = take_utf8(text + at, length - at, &character);
            if (n == 0)
                return "an iSCSI name must be valid UTF-8";
            if (character <= 0xa0) /* the other control characters, and a space that does not break */
                return "an iSCSI name has no control characters and no spaces";
        } else if (c <= ' ' || c == 0x7f) {
            return "an iSCSI name has no control characters and no spaces";
        } else if (!is_digit((char)c) && !(c >= 'a' && c <= 'z') && c != '-' && c != '.' && c != ':') {
            return "an iSCSI name has only letters, digits, hyphens, dots and colons";
        }
        at += n;
    }
    return NULL;
}

static bool all_hex(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!is_digit(text[i]) && !(text[i] >= 'a' && text[i] <= 'f'))
            return false;
    }
    return true;
}

/* Section 4.2.7.4: yyyy-mm. and a reversed domain, then anything behind a colon. `text` is what follows iqn.
 */
static const char *check_iqn(const char *text, size_t length)
{
    static const char bad_date[] =
        "an iqn. name goes on with a year and a month, as in iqn.2001-04.com.example";
    size_t label = 0;
    unsigned month;

    if (length < 8 || text[4] != '-' || text[7] != '.')
        return bad_date;
    for (size_t i = 0; i < 7; i++) {
        if (i != 4 && !is_digit(text[i]))
            return bad_date;
    }
    month = (unsigned)(text[5] - '0') * 10 + (unsigned)(text[6] - '0');
    if (month < 1 || month > 12)
        return "the month of an iqn. name must be 01 to 12";
    for (size_t i = 8; i <= length; i++) {
        bool end = i == length || text[i] == ':';

        if (end || text[i] == '.') {
            if (label == 0)
                return "an iqn. name needs a reversed domain after the date, without empty parts";
            if (end)
                break;
            label = 0;
        } else {
            label++;
        }
    }
    return NULL;
}

/* Section 4.2.7.3: the three kinds, and nothing else (REQ-001). */
static const char *check_kind(const char *name, size_t length)
{
    static const char bad_kind[] = "an iSCSI name starts with iqn., eui. or naa.";
    const char *rest;

    if (length < 4)
        return bad_kind;
    rest = name + 4;
    length -= 4;
    if (memcmp(name, "iqn.", 4) == 0)
        return check_iqn(rest, length);
    if (memcmp(name, "eui.", 4) == 0)
        return length == 16 && all_hex(rest, length) ? NULL
                                                     : "an eui. name has exactly 16 hexadecimal digits";
    if (memcmp(name, "naa.", 4) == 0)
        return (length == 16 || length == 32) && all_hex(rest, length)
                   ? NULL
                   : "a naa. name has exactly 16 or 32 hexadecimal digits";
    return bad_kind;
}

const char *name_normalise(const char *text, size_t length, char ret_name[NAME_MAX_BYTES + 1])
{
    char folded[NAME_MAX_BYTES + 1];
    const char *wrong;

    if (length == 0)
        return "an iSCSI name must not be empty";
    if (length > NAME_MAX_BYTES)
        return "an iSCSI name has at most 223 bytes";
    for (size_t i = 0; i < length; i++)
        folded[i] = fold(text[i]);
    folded[length] = '\0';
    wrong = check_characters(folded, length);
    if (!wrong)
        wrong = check_kind(folded, length);
    if (wrong)
        return wrong;
    memcpy(ret_name, folded, length + 1);
    return NULL;
}
