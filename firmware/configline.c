/* SPDX-License-Identifier: BSD-2-Clause */
#include "configline.h"

#include <string.h>

#include "iscsi/bytes.h"
#include "params_table.h"

struct reader {
    const char *at;
    size_t left;
    const char *wrong; /* NULL, or what ended the words */
    char word[CONFIGLINE_NAME_MAX + 1 + PARAM_TEXT_MAX + 1];
    size_t length;
};

static bool next(struct reader *reader)
{
    if (!params_next_word(&reader->at, &reader->left, reader->word, sizeof reader->word - 1, &reader->length,
                          &reader->wrong))
        return false;
    reader->word[reader->length] = '\0';
    return true;
}

static bool is_word(const struct reader *reader, const char *word)
{
    return strlen(word) == reader->length && memcmp(word, reader->word, reader->length) == 0;
}

static const char *equals_sign(const struct reader *reader)
{
    return reader->length > 0 ? memchr(reader->word, '=', reader->length) : NULL;
}

static bool refuse(struct params_error *ret_error, const char *reason)
{
    return params_refuse(ret_error, PARAM_UNSET, 0, "", 0, "%s", reason);
}

/* --- set --- */

static bool set_value(const struct reader *reader, const char *equals, struct params *wanted,
                      struct params_error *ret_error)
{
    size_t key = (size_t)(equals - reader->word);

    if (key == 0)
        return refuse(ret_error, "there is no key before the '='");
    return params_set(wanted, reader->word, key, equals + 1, reader->length - key - 1, PARAM_VARIABLE, 0,
                      ret_error);
}

static bool ask_for(const struct reader *reader, struct configline *line, struct params_error *ret_error)
{
    for (unsigned id = 0; id < PARAM_COUNT; id++)
        if (params_table[id].type == PARAM_SECRET && is_word(reader, params_table[id].name)) {
            line->ask[id] = true;
            return true;
        }
    return refuse(ret_error, "a word without '=': write key=value, and values with blanks in double quotes; "
                             "chap-secret and mutual-chap-secret alone are asked for");
}

static bool read_set(struct reader *reader, struct configline *line, struct params_error *ret_error)
{
    bool any = false;

    for (; next(reader); any = true) {
        const char *equals = equals_sign(reader);

        if (equals ? !set_value(reader, equals, &line->wanted, ret_error) : !ask_for(reader, line, ret_error))
            return false;
    }
    return any || reader->wrong || refuse(ret_error, "config set takes key=value, one or more");
}

/* --- delete, show --- */

static bool read_delete(struct reader *reader, struct configline *line, struct params_error *ret_error)
{
    while (next(reader)) {
        if (is_word(reader, "all")) {
            line->all = true;
            continue;
        }
        if (reader->length == 0 || reader->length > CONFIGLINE_NAME_MAX || equals_sign(reader))
            return refuse(ret_error, "config delete takes keys alone");
        if (line->name_count == CONFIGLINE_NAMES_MAX)
            return refuse(ret_error, "config delete takes at most 16 keys at once");
        memcpy(line->names[line->name_count++], reader->word, reader->length + 1);
    }
    if (!reader->wrong && line->all == (line->name_count > 0))
        return refuse(ret_error, "config delete takes keys, or the word all");
    return true;
}

static bool read_show(struct reader *reader, struct configline *line, struct params_error *ret_error)
{
    while (next(reader)) {
        if (!is_word(reader, "all"))
            return refuse(ret_error, "config show takes nothing, or the word all");
        line->all = true;
    }
    return true;
}

/* --- The line --- */

static const struct {
    const char *word;
    enum configline_verb verb;
    bool (*read)(struct reader *reader, struct configline *line, struct params_error *ret_error);
} verbs[] = {
    {"set", CONFIGLINE_SET, read_set},
    {"show", CONFIGLINE_SHOW, read_show},
    {"delete", CONFIGLINE_DELETE, read_delete},
};

static bool read_verb(struct reader *reader, struct configline *line, struct params_error *ret_error)
{
    line->verb = CONFIGLINE_HELP;
    if (!next(reader) || is_word(reader, "help"))
        return true;
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (is_word(reader, verbs[i].word)) {
            line->verb = verbs[i].verb;
            return verbs[i].read(reader, line, ret_error);
        }
    return refuse(ret_error, "config is followed by set, show, delete or help");
}

/* Behind the program's own name, which some Shells pass: a first word without '='. */
static bool begins_with_config(struct reader *reader)
{
    return next(reader) &&
           (is_word(reader, "config") || (!equals_sign(reader) && next(reader) && is_word(reader, "config")));
}

bool configline_read(const char *text, size_t length, struct configline *ret_line,
                     struct params_error *ret_error)
{
    struct reader reader = {.at = text, .left = length};
    bool good = true;

    memset(ret_line, 0, sizeof *ret_line);
    params_init(&ret_line->wanted);
    if (begins_with_config(&reader)) {
        good = read_verb(&reader, ret_line, ret_error);
        if (good && reader.wrong)
            good = refuse(ret_error, reader.wrong);
    }
    bytes_wipe(&reader, sizeof reader);
    if (!good) {
        params_wipe(&ret_line->wanted);
        ret_error->source = PARAM_UNSET; /* it stands in this line, and in no variable yet */
    }
    return good;
}
