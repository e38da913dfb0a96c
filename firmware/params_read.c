/* SPDX-License-Identifier: BSD-2-Clause */
/* lunboot.conf and load options as keys and values. What stands in a line that is wrong is never repeated: it
 * may be a secret. */
#include "params_table.h"

#include <string.h>

#include "iscsi/bytes.h"

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

/* --- ${...} in a server's file --- */

static const char *find_fact(const struct params_facts *facts, struct span name, bool *ret_known)
{
    const struct {
        const char *name;
        const char *value;
    } all[] = {
        {"mac", facts->mac},           {"uuid", facts->uuid}, {"serial", facts->serial},
        {"hostname", facts->hostname}, {"ip", facts->ip},
    };

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (strlen(all[i].name) == name.length && memcmp(all[i].name, name.at, name.length) == 0) {
            *ret_known = true;
            return all[i].value;
        }
    *ret_known = false;
    return NULL;
}

struct expansion {
    char text[PARAM_TEXT_MAX + 1];
    size_t length;
};

static bool append(struct expansion *out, const char *bytes, size_t length)
{
    if (length > sizeof out->text - out->length)
        return false;
    memcpy(out->text + out->length, bytes, length);
    out->length += length;
    return true;
}

/* The fact that "${name}" at the beginning of `text` stands for. NULL, or what is wrong. */
static const char *expand_one(const struct params_facts *facts, struct span *text, struct expansion *out)
{
    struct span name = {text->at + 2, text->length - 2};
    const char *value;
    bool known;

    name.length = find(name, '}');
    if (name.length + 2 == text->length)
        return "${ is opened and not closed with }; $${ stands for ${ itself";
    value = find_fact(facts, name, &known);
    if (!known)
        return "there is no such name: ${mac}, ${uuid}, ${serial}, ${hostname} and ${ip} are known, and $${ "
               "stands for ${ itself";
    if (!value)
        return "this machine has nothing for that name (its firmware gives no such number, or no host name "
               "is "
               "set)";
    skip(text, name.length + 3);
    return append(out, value, strlen(value)) ? NULL : "the value is too long";
}

static bool begins(struct span text, const char *with)
{
    size_t length = strlen(with);

    return text.length >= length && memcmp(text.at, with, length) == 0;
}

/* NULL, or what is wrong. */
static const char *expand(const struct params_facts *facts, struct span text, struct expansion *out)
{
    const char *wrong;

    out->length = 0;
    while (text.length > 0) {
        if (begins(text, "${")) {
            wrong = expand_one(facts, &text, out);
            if (wrong)
                return wrong;
            continue;
        }
        if (begins(text, "$${"))
            skip(&text, 1);
        if (!append(out, text.at, 1))
            return "the value is too long";
        skip(&text, 1);
    }
    return NULL;
}

/* --- lunboot.conf and a server's files --- */

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

/* What is read, and what it has led to so far. */
struct reader {
    struct params *params;
    const struct params_file *file;
    struct params_includes *includes;
    unsigned line;
    struct params_error *error;
};

static bool refuse(const struct reader *reader, struct span key, const char *reason)
{
    return params_refuse(reader->error, reader->file->source, reader->line, key.at, key.length, "%s", reason);
}

static bool add_include(const struct reader *reader, struct span key, struct span path)
{
    struct params_includes *includes = reader->includes;

    if (!includes)
        return refuse(reader, key, "no other file is read here");
    if (path.length == 0 || path.length > PARAMS_INCLUDE_MAX)
        return refuse(reader, key, "it takes the path of a file, of at most 255 bytes");
    for (size_t i = 0; i < path.length; i++)
        if (path.at[i] <= ' ' || path.at[i] > '~')
            return refuse(reader, key, "a path has no blanks, and ASCII characters alone");
    if (includes->count == PARAMS_INCLUDES_MAX)
        return refuse(reader, key, "a file includes at most eight others");
    memcpy(includes->paths[includes->count], path.at, path.length);
    includes->paths[includes->count++][path.length] = '\0';
    return true;
}

static bool take(const struct reader *reader, struct span key, struct span value)
{
    static const char include[] = "include";

    if (key.length == sizeof include - 1 && memcmp(key.at, include, key.length) == 0)
        return add_include(reader, key, value);
    return params_set(reader->params, key.at, key.length, value.at, value.length, reader->file->source,
                      reader->line, reader->error);
}

static bool take_expanded(const struct reader *reader, struct span key, struct span value)
{
    struct expansion whole;
    const char *wrong;
    bool good;

    if (!reader->file->facts)
        return take(reader, key, value);
    wrong = expand(reader->file->facts, value, &whole);
    good = wrong ? refuse(reader, key, wrong) : take(reader, key, (struct span){whole.text, whole.length});
    bytes_wipe(&whole, sizeof whole);
    return good;
}

static bool read_line(const struct reader *reader, struct span line)
{
    const struct span none = {"", 0};
    struct span key, value;
    const char *wrong;
    size_t equals;

    if (line.length > LINE_LIMIT)
        return refuse(reader, none, "the line is longer than 2047 bytes");
    if (find(line, '\0') < line.length)
        return refuse(reader, none, "there is a zero byte: this is not a text file");
    line = trim(line);
    if (line.length == 0 || *line.at == '#')
        return true;
    equals = find(line, '=');
    if (equals == line.length)
        return refuse(reader, none, "there is no '=': a line is key = value");
    key = trim((struct span){line.at, equals});
    if (key.length == 0)
        return refuse(reader, none, "there is no key before the '='");
    skip(&line, equals + 1);
    value = trim(line);
    wrong = unquote(&value);
    return wrong ? refuse(reader, key, wrong) : take_expanded(reader, key, value);
}

static bool read_lines(struct reader *reader, struct span rest)
{
    if (begins(rest, "\xef\xbb\xbf"))
        skip(&rest, 3);
    reader->line = 1;
    if (begins(rest, "\xff\xfe") || begins(rest, "\xfe\xff"))
        return refuse(reader, (struct span){"", 0}, "the file is UTF-16: save it as UTF-8");
    for (; rest.length > 0; reader->line++) {
        struct span line = {rest.at, find(rest, '\n')};

        skip(&rest, line.length < rest.length ? line.length + 1 : line.length);
        if (line.length > 0 && line.at[line.length - 1] == '\r')
            line.length--;
        if (!read_line(reader, line))
            return false;
    }
    return true;
}

static bool begin(struct params *params, const struct params_file *file, struct params_error *ret_error)
{
    struct fmt name;

    if (params->file_count == PARAMS_FILES_MAX)
        return params_refuse(ret_error, file->source, 0, "", 0, "there are more than %u files",
                             PARAMS_FILES_MAX);
    fmt_init(&name, params->files[params->file_count], PARAMS_FILE_NAME_MAX);
    fmt_print(&name, "%s", file->name);
    params->reading = ++params->file_count;
    for (unsigned id = 0; id < PARAM_COUNT; id++)
        params->given[id][file->source] = 0; /* a key twice is a mistake within one file */
    return true;
}

static bool end(struct params *params, bool good, struct params_error *ret_error)
{
    if (!good)
        memcpy(ret_error->file, params->files[params->reading - 1], PARAMS_FILE_NAME_MAX);
    params->reading = 0;
    return good;
}

bool params_read_file(struct params *params, const struct params_file *file, const char *text, size_t length,
                      struct params_includes *ret_includes, struct params_error *ret_error)
{
    struct reader reader = {.params = params, .file = file, .includes = ret_includes, .error = ret_error};

    if (ret_includes)
        ret_includes->count = 0;
    return begin(params, file, ret_error) &&
           end(params, read_lines(&reader, (struct span){text, length}), ret_error);
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

bool params_next_word(const char **text, size_t *length, char *word, size_t capacity, size_t *ret_length,
                      const char **ret_wrong)
{
    struct span rest = {*text, *length};
    bool found = next_word(&rest, word, capacity, ret_length, ret_wrong);

    *text = rest.at;
    *length = rest.length;
    return found;
}

/* A word as it stands in `buffer`; the first one may be the program's own name, as the UEFI Shell passes it.
 */
static bool take_word(struct params *params, enum param_source source, const char *buffer, size_t length,
                      bool first, struct params_error *ret_error)
{
    size_t equals = find((struct span){buffer, length}, '=');

    if (equals == length)
        return first ||
               params_refuse(ret_error, source, 0, "", 0,
                             "a word without '=': write key=value, and values with blanks in double quotes");
    if (equals == 0)
        return params_refuse(ret_error, source, 0, "", 0, "there is no key before the '='");
    return params_set(params, buffer, equals, buffer + equals + 1, length - equals - 1, source, 0, ret_error);
}

static bool read_words(struct params *params, enum param_source source, struct span rest,
                       struct params_error *ret_error)
{
    char buffer[64 + LINE_LIMIT];
    const char *wrong = NULL;
    bool first = true, good = true;
    size_t length = 0;

    while (rest.length > 0 && rest.at[rest.length - 1] == '\0')
        rest.length--;
    for (; good && next_word(&rest, buffer, sizeof buffer, &length, &wrong); first = false)
        good = take_word(params, source, buffer, length, first, ret_error);
    bytes_wipe(buffer, sizeof buffer); /* a secret that was refused may stand there */
    return good && (!wrong || params_refuse(ret_error, source, 0, "", 0, "%s", wrong));
}

bool params_read_options(struct params *params, const char *text, size_t length,
                         struct params_error *ret_error)
{
    return read_words(params, PARAM_OPTION, (struct span){text, length}, ret_error);
}

bool params_read_handed(struct params *params, const char *text, size_t length,
                        struct params_error *ret_error)
{
    static const struct params_file file = {"the command line from the network", PARAM_SERVER, NULL};

    return begin(params, &file, ret_error) &&
           end(params, read_words(params, file.source, (struct span){text, length}, ret_error), ret_error);
}
