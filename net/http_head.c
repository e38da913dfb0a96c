/* SPDX-License-Identifier: BSD-2-Clause */
#include "http_head.h"

#include <ctype.h>
#include <string.h>

struct cursor {
    const uint8_t *at;
    size_t left;
};

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static bool begins_with(const struct cursor *cursor, const char *text)
{
    size_t length = strlen(text);

    return cursor->left >= length && memcmp(cursor->at, text, length) == 0;
}

/*
 * The next line without its end. A line that begins with a blank belongs to the one before it (RFC 9112
 * section 5.2); the fold counts as blanks. False: there is none, or it has a control character.
 */
static bool take_line(struct cursor *cursor, struct http_text *ret_line)
{
    const struct cursor from = *cursor;

    while (cursor->left > 0) {
        uint8_t c = *cursor->at;
        bool ends = begins_with(cursor, "\r\n");
        size_t taken = ends ? 2 : 1;

        if (!ends && ((c < ' ' && c != '\t') || c == 0x7f)) {
            return false;
        }
        cursor->at += taken;
        cursor->left -= taken;
        if (ends && (cursor->left == 0 || !is_blank(*cursor->at))) {
            *ret_line = (struct http_text){from.at, from.left - cursor->left - 2};
            return true;
        }
    }
    return false;
}

/* RFC 9110 section 5.6.2 */
static bool is_token(uint8_t c)
{
    return c < 0x80 && c != '\0' && (isalnum(c) || strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static struct http_text trim(struct http_text text)
{
    while (text.length > 0 && text.bytes[0] <= ' ') {
        text.bytes++;
        text.length--;
    }
    while (text.length > 0 && text.bytes[text.length - 1] <= ' ') {
        text.length--;
    }
    return text;
}

/* HTTP/1.x, a blank, three digits, and perhaps a blank and a reason (RFC 9112 section 4). */
static bool parse_status(struct http_text line, struct http_head *head)
{
    const uint8_t *at = line.bytes;

    if (line.length < 12 || memcmp(at, "HTTP/1.", 7) != 0 || !isdigit(at[7]) || at[8] != ' ' || at[9] < '1' ||
        !isdigit(at[9]) || !isdigit(at[10]) || !isdigit(at[11]) || (line.length > 12 && at[12] != ' ')) {
        return false;
    }
    head->status = (at[9] - '0') * 100u + (at[10] - '0') * 10u + (at[11] - '0');
    head->reason = trim((struct http_text){at + 12, line.length - 12});
    return true;
}

/* ---- the fields that count ---- */

static bool equals(struct http_text text, const char *word)
{
    size_t i = 0;

    while (i < text.length && word[i] != '\0' && tolower(text.bytes[i]) == word[i]) {
        i++;
    }
    return i == text.length && word[i] == '\0';
}

static bool take_length(struct http_head *head, struct http_text value)
{
    uint64_t length = 0;

    for (size_t i = 0; i < value.length; i++) {
        unsigned digit = value.bytes[i] - (unsigned)'0';

        if (digit > 9) {
            return false;
        }
        length = length > (UINT64_MAX - digit) / 10 ? UINT64_MAX : length * 10 + digit;
    }
    if (value.length == 0 || (head->has_length && head->length != length)) {
        return false;
    }
    head->has_length = true;
    head->length = length;
    head->length_text = value;
    return true;
}

static bool take_transfer(struct http_head *head, struct http_text value)
{
    head->coding = value;
    return value.length > 0;
}

static bool take_coding(struct http_head *head, struct http_text value)
{
    if (head->coding.length == 0 && !equals(value, "identity")) {
        head->coding = value;
    }
    return true;
}

static bool take_location(struct http_head *head, struct http_text value)
{
    head->location = value;
    return true;
}

static const struct {
    const char *name;
    bool (*take)(struct http_head *head, struct http_text value);
} fields[] = {
    {"content-length", take_length},
    {"transfer-encoding", take_transfer},
    {"content-encoding", take_coding},
    {"location", take_location},
};

/* A name, a colon right behind it, and a value (RFC 9112 section 5). */
static bool parse_field(struct http_text line, struct http_head *head)
{
    struct http_text name = {line.bytes, 0}, value;

    while (name.length < line.length && is_token(line.bytes[name.length])) {
        name.length++;
    }
    if (name.length == 0 || name.length == line.length || line.bytes[name.length] != ':') {
        return false;
    }
    value = trim((struct http_text){line.bytes + name.length + 1, line.length - name.length - 1});
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (equals(name, fields[i].name)) {
            return fields[i].take(head, value);
        }
    }
    return true;
}

bool http_head_parse(const uint8_t *bytes, size_t length, struct http_head *ret_head)
{
    struct cursor cursor = {bytes, length};
    struct http_head head = {0};
    struct http_text line;

    if (!take_line(&cursor, &line) || !parse_status(line, &head)) {
        return false;
    }
    while (take_line(&cursor, &line)) {
        if (line.length == 0) {
            *ret_head = head;
            return cursor.left == 0;
        }
        if (!parse_field(line, &head)) {
            return false;
        }
    }
    return false;
}
