/* SPDX-License-Identifier: BSD-2-Clause */
/* lunboot.conf and load options as keys and values. What stands in a line that is wrong is never repeated: it
 * may be a secret. */
#include "params_table.h"

#include <string.h>

#define LINE_LIMIT 2047u

struct span {
    const char *at;
    size_t length;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void skip(struct span *text, size_t count)
{
    text->at += count;
    text->length -= count;
}

static struct span trim(struct span text)
{
    while (text.length > 0 && is_blank(*text.at))
        skip(&text, 1);
    while (text.length > 0 && is_blank(text.at[text.length - 1]))
        text.length--;
    return text;
}

static size_t find(struct span text, char wanted)
{
    size_t i = 0;

    while (i < text.length && text.at[i] != wanted)
        i++;
    return i;
}

/* --- lunboot.conf --- */

/* The value without its quotes and without a comment. NULL, or what is wrong. */
static const char *unquote(struct span *value)
{
    struct span rest = *value;
    size_t end;

    if (rest.length == 0 || *rest.at != '"') {
        for (end = 0; end < rest.length; end++)
            if (rest.at[end] == '#' && (end == 0 || is_blank(rest.at[end - 1])))
                break;
        *value = trim((struct span){rest.at, end});
        return NULL;
    }
    skip(&rest, 1);
    end = find(rest, '"');
    if (end == rest.length)
        return "a double quote is opened and not closed";
    *value = (struct span){rest.at, end};
    skip(&rest, end + 1);
    if (rest.length > 0 && !is_blank(*rest.at))
        return "something stands behind the closing quote";
    rest = trim(rest);
    return rest.length == 0 || *rest.at == '#' ? NULL : "something stands behind the closing quote";
}

static bool read_line(struct params *params, struct span line, enum param_source source, unsigned number,
                      struct params_error *ret_error)
{
    struct span key, value;
    const char *wrong;
    size_t equals;

    if (line.length > LINE_LIMIT)
        return params_refuse(ret_error, source, number, "", 0, "the line is longer than %u bytes",
                             LINE_LIMIT);
    if (find(line, '\0') < line.length)
        return params_refuse(ret_error, source, number, "", 0,
                             "there is a zero byte: this is not a text file");
    line = trim(line);
    if (line.length == 0 || *line.at == '#')
        return true;
    equals = find(line, '=');
    if (equals == line.length)
        return params_refuse(ret_error, source, number, "", 0, "there is no '=': a line is key = value");
    key = trim((struct span){line.at, equals});
    if (key.length == 0)
        return params_refuse(ret_error, source, number, "", 0, "there is no key before the '='");
    skip(&line, equals + 1);
    value = trim(line);
    wrong = unquote(&value);
    if (wrong)
        return params_refuse(ret_error, source, number, key.at, key.length, "%s", wrong);
    return params_set(params, key.at, key.length, value.at, value.length, source, number, ret_error);
}

bool params_read_file(struct params *params, const char *text, size_t length, enum param_source source,
                      struct params_error *ret_error)
{
    struct span rest = {text, length};

    if (rest.length >= 3 && memcmp(rest.at, "\xef\xbb\xbf", 3) == 0)
        skip(&rest, 3);
    if (rest.length >= 2 && (memcmp(rest.at, "\xff\xfe", 2) == 0 || memcmp(rest.at, "\xfe\xff", 2) == 0))
        return params_refuse(ret_error, source, 1, "", 0, "the file is UTF-16: save it as UTF-8");
    for (unsigned number = 1; rest.length > 0; number++) {
        struct span line = {rest.at, find(rest, '\n')};

        skip(&rest, line.length < rest.length ? line.length + 1 : line.length);
        if (line.length > 0 && line.at[line.length - 1] == '\r')
            line.length--;
        if (!read_line(params, line, source, number, ret_error))
            return false;
    }
    return true;
}

/* --- Load options --- */

static bool is_between(char c)
{
    return is_blank(c) || c == '\r' || c == '\n';
}

/*
 * The next word, its double quotes dropped, into `word`; quotes keep blanks together wherever they stand.
 * False at the end, or with *ret_wrong.
 */
static bool next_word(struct span *rest, char *word, size_t capacity, size_t *ret_length,
                      const char **ret_wrong)
{
    bool quoted = false;
    size_t length = 0;

    while (rest->length > 0 && is_between(*rest->at))
        skip(rest, 1);
    if (rest->length == 0)
        return false;
    for (; rest->length > 0 && (quoted || !is_between(*rest->at)); skip(rest, 1)) {
        if (*rest->at == '"') {
            quoted = !quoted;
            continue;
        }
        if (length == capacity) {
            *ret_wrong = "a word is too long";
            return false;
        }
        word[length++] = *rest->at;
    }
    if (quoted)
        *ret_wrong = "a double quote is opened and not closed";
    *ret_length = length;
    return !quoted;
}

bool params_read_options(struct params *params, const char *text, size_t length,
                         struct params_error *ret_error)
{
    struct span rest = {text, length}, word;
    char buffer[64 + LINE_LIMIT];
    const char *wrong = NULL;
    bool first = true;

    while (rest.length > 0 && rest.at[rest.length - 1] == '\0')
        rest.length--;
    word.at = buffer;
    for (; next_word(&rest, buffer, sizeof buffer, &word.length, &wrong); first = false) {
        size_t equals = find(word, '=');

        if (equals == word.length) {
            if (first)
                continue; /* the program's own name, as the UEFI Shell passes it */
            return params_refuse(
                ret_error, PARAM_OPTION, 0, "", 0,
                "a word without '=': write key=value, and values with blanks in double quotes");
        }
        if (equals == 0)
            return params_refuse(ret_error, PARAM_OPTION, 0, "", 0, "there is no key before the '='");
        if (!params_set(params, buffer, equals, buffer + equals + 1, word.length - equals - 1, PARAM_OPTION,
                        0, ret_error))
            return false;
    }
    return !wrong || params_refuse(ret_error, PARAM_OPTION, 0, "", 0, "%s", wrong);
}
