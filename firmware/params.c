/* SPDX-License-Identifier: BSD-2-Clause */
/* Setting, merging and telling. What a value may be is in params_value.c, the reading of text in
 * params_read.c. */
#include "params_table.h"

#include <string.h>

#include "iscsi/bytes.h"
#include "iscsi/scsi.h"

#define SECRET_DOTS "........" /* of a fixed number: the length is nobody's business either */

static const struct {
    const char *name;
    bool once; /* a key twice is a mistake of a person */
} sources[] = {
    [PARAM_UNSET] = {"not set", false},
    [PARAM_DEFAULT] = {"default", false},
    [PARAM_DHCP] = {"DHCP", false},
    [PARAM_IBFT] = {"the iBFT of an earlier stage", false},
    [PARAM_SERVER] = {"the server's file", true},
    [PARAM_FILE] = {"lunboot.conf", true},
    [PARAM_VARIABLE] = {"the UEFI variable", true},
    [PARAM_OPTION] = {"the command line", true},
};

const char *params_key(enum param_id id)
{
    return params_table[id].name;
}

const char *params_source_name(enum param_source source)
{
    return sources[source].name;
}

/* What a key can be made of. The rest of a mistyped line is not repeated: it may be a secret. */
static size_t word_length(const char *key, size_t length)
{
    size_t i = 0;

    while (i < length && ((key[i] >= 'a' && key[i] <= 'z') || (key[i] >= 'A' && key[i] <= 'Z') ||
                          (key[i] >= '0' && key[i] <= '9') || key[i] == '-' || key[i] == '_'))
        i++;
    return i;
}

bool params_refuse(struct params_error *ret_error, enum param_source source, unsigned line, const char *key,
                   size_t key_length, const char *format, ...)
{
    struct fmt fmt;
    va_list arguments;

    ret_error->source = source;
    ret_error->line = line;
    ret_error->file[0] = '\0';
    fmt_init(&fmt, ret_error->key, sizeof ret_error->key);
    fmt_escaped(&fmt, key, word_length(key, key_length));
    fmt_init(&fmt, ret_error->reason, sizeof ret_error->reason);
    va_start(arguments, format);
    fmt_vprint(&fmt, format, arguments);
    va_end(arguments);
    return false;
}

static void set_default(struct params *params, enum param_id id)
{
    const struct param_row *row = &params_table[id];
    struct param_value *value = &params->values[id];
    char reason[8];
    struct fmt fmt;

    bytes_wipe(value, sizeof *value);
    if (!row->default_value)
        return;
    fmt_init(&fmt, reason, sizeof reason);
    if (params_parse_value(row, row->default_value, strlen(row->default_value), value, &fmt))
        value->source = PARAM_DEFAULT;
}

void params_init(struct params *params)
{
    memset(params, 0, sizeof *params);
    for (unsigned id = 0; id < PARAM_COUNT; id++)
        set_default(params, (enum param_id)id);
}

void params_forget(struct params *params, enum param_source source)
{
    for (unsigned id = 0; id < PARAM_COUNT; id++) {
        params->given[id][source] = 0;
        if (params->values[id].source == source)
            set_default(params, (enum param_id)id);
    }
}

void params_wipe(struct params *params)
{
    for (unsigned id = 0; id < PARAM_COUNT; id++)
        if (params_table[id].type == PARAM_SECRET)
            bytes_wipe(&params->values[id], sizeof params->values[id]);
}

/* --- May this source set this key, now? --- */

static bool allow(const struct params *params, enum param_id id, enum param_source source, unsigned line,
                  struct params_error *ret_error)
{
    const struct param_row *row = &params_table[id];
    uint32_t before = params->given[id][source];
    size_t length = strlen(row->name);

    if (!(row->sources & PARAM_BIT(source))) {
        if (row->type == PARAM_SECRET)
            return params_refuse(
                ret_error, source, line, row->name, length,
                "a secret is refused here, where others can read it: set it in lunboot.conf or, with "
                "config set, in a UEFI variable");
        return params_refuse(ret_error, source, line, row->name, length, "%s must not set this",
                             sources[source].name);
    }
    if (source == PARAM_SERVER && row->type == PARAM_SECRET &&
        params_number(params, PARAM_SECRETS_FROM_SERVER) != PARAMS_YES)
        return params_refuse(ret_error, source, line, row->name, length,
                             "a secret from a server is refused unless a local setting says "
                             "secrets-from-server = yes");
    if (!sources[source].once || before == 0)
        return true;
    if (before > 1)
        return params_refuse(ret_error, source, line, row->name, length,
                             "given twice, in line %u and in line %u: remove one", (unsigned)(before - 1),
                             line);
    return params_refuse(ret_error, source, line, row->name, length, "given twice: remove one");
}

static void store(struct params *params, enum param_id id, const struct param_value *value,
                  enum param_source source, unsigned line)
{
    struct param_value *present = &params->values[id];

    params->given[id][source] = line + 1;
    if (source < present->source || (source == present->source && present->file != params->reading))
        return; /* set already by a higher source, or by the more special file of this one */
    bytes_wipe(present, sizeof *present);
    present->source = source;
    present->line = line;
    present->file = params->reading;
    present->length = value->length;
    present->number = value->number;
    memcpy(present->text, value->text, (size_t)value->length + 1);
}

bool params_set_id(struct params *params, enum param_id id, const char *value, size_t value_length,
                   enum param_source source, unsigned line, struct params_error *ret_error)
{
    const struct param_row *row = &params_table[id];
    char reason[sizeof ret_error->reason];
    struct param_value parsed;
    struct fmt fmt;
    bool good;

    if (!allow(params, id, source, line, ret_error))
        return false;
    if (source == PARAM_VARIABLE && value_length == 0) /* writing none deletes it (UEFI 2.10 section 8.2) */
        return params_refuse(ret_error, source, line, row->name, strlen(row->name),
                             "a UEFI variable cannot be empty");
    while (source == PARAM_DHCP && value_length > 0 && value[value_length - 1] == '\0')
        value_length--; /* some servers send the NUL (RFC 2132 section 2) */
    fmt_init(&fmt, reason, sizeof reason);
    good = params_parse_value(row, value, value_length, &parsed, &fmt);
    if (good)
        store(params, id, &parsed, source, line);
    else
        params_refuse(ret_error, source, line, row->name, strlen(row->name), "%s", reason);
    bytes_wipe(&parsed, sizeof parsed);
    return good;
}

bool params_set_bytes(struct params *params, enum param_id id, const uint8_t *bytes, size_t length,
                      enum param_source source, struct params_error *ret_error)
{
    const struct param_row *row = &params_table[id];
    struct param_value value;

    if (!allow(params, id, source, 0, ret_error))
        return false;
    if (length < row->low || length > row->high)
        return params_refuse(ret_error, source, 0, row->name, strlen(row->name),
                             "%u bytes are too %s: a CHAP secret has %u to %u bytes", (unsigned)length,
                             length < row->low ? "few" : "many", (unsigned)row->low, (unsigned)row->high);
    memset(&value, 0, sizeof value);
    memcpy(value.text, bytes, length);
    value.length = (uint16_t)length;
    store(params, id, &value, source, 0);
    bytes_wipe(&value, sizeof value);
    return true;
}

/* --- Keys by name --- */

#define KEY_LIMIT 40u /* longer ones are like none of ours */

static unsigned smallest(unsigned a, unsigned b, unsigned c)
{
    unsigned least = a < b ? a : b;

    return least < c ? least : c;
}

/* How many letters must be added, dropped or changed to make one of the other (Levenshtein's distance). */
static unsigned distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    unsigned row[KEY_LIMIT + 1];

    for (size_t j = 0; j <= b_length; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= a_length; i++) {
        unsigned diagonal = row[0];

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            unsigned above = row[j];

            row[j] = smallest(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[b_length];
}

static const char *nearest(const char *key, size_t length)
{
    unsigned best = (unsigned)(1 + length / 4) + 1;
    const char *name = NULL;

    if (length > KEY_LIMIT)
        return NULL;
    for (unsigned id = 0; id < PARAM_COUNT; id++) {
        const char *each = params_table[id].name;
        unsigned d = distance(key, length, each, strlen(each));

        if (d < best) {
            best = d;
            name = each;
        }
    }
    return name;
}

bool params_set(struct params *params, const char *key, size_t key_length, const char *value,
                size_t value_length, enum param_source source, unsigned line, struct params_error *ret_error)
{
    const char *like;

    for (unsigned id = 0; id < PARAM_COUNT; id++) {
        const char *name = params_table[id].name;

        if (strlen(name) == key_length && memcmp(name, key, key_length) == 0)
            return params_set_id(params, (enum param_id)id, value, value_length, source, line, ret_error);
    }
    like = nearest(key, key_length);
    if (like)
        return params_refuse(ret_error, source, line, key, key_length, "there is no such key; is %s meant?",
                             like);
    return params_refuse(ret_error, source, line, key, key_length, "there is no such key");
}

/* --- Telling --- */

/* What a value or an error is blamed on. */
static void describe_place(enum param_source source, const char *file, unsigned line, struct fmt *fmt)
{
    if (file[0])
        fmt_escaped(fmt, file, strlen(file));
    else
        fmt_print(fmt, "%s", sources[source].name);
    if (line > 0)
        fmt_print(fmt, " line %u", line);
}

const char *params_file_name(const struct params *params, unsigned file)
{
    return file > 0 && file <= params->file_count ? params->files[file - 1] : "";
}

/* Both forms, whichever was given (REQ-018). */
static void describe_lun(uint64_t value, struct fmt *fmt)
{
    char groups[20];
    uint8_t lun[8];
    uint32_t number;

    bytes_put64(lun, value);
    scsi_lun_format(lun, groups);
    if (scsi_lun_number(lun, &number))
        fmt_print(fmt, "%u (%s)", (unsigned)number, groups);
    else
        fmt_print(fmt, "%s", groups);
}

static void describe_value(const struct param_row *row, const struct param_value *value, struct fmt *fmt)
{
    if (row->type == PARAM_SECRET) {
        fmt_print(fmt, SECRET_DOTS);
        return;
    }
    if (row->type == PARAM_LUN) {
        describe_lun(value->number, fmt);
        return;
    }
    if (value->source >= PARAM_FILE) /* without control characters, and backslashes are for paths */
        fmt_print(fmt, "%s", value->text);
    else
        fmt_escaped(fmt, value->text, value->length);
}

void params_describe(const struct params *params, enum param_id id, struct fmt *fmt)
{
    const struct param_row *row = &params_table[id];
    const struct param_value *value = &params->values[id];

    fmt_print(fmt, "%s", row->name);
    if (value->source == PARAM_UNSET) {
        fmt_print(fmt, " (not set)");
        return;
    }
    fmt_print(fmt, " = ");
    describe_value(row, value, fmt);
    fmt_print(fmt, " (");
    params_describe_place(params, id, fmt);
    fmt_print(fmt, ")");
}

void params_describe_place(const struct params *params, enum param_id id, struct fmt *fmt)
{
    const struct param_value *value = &params->values[id];

    describe_place(value->source, params_file_name(params, value->file), value->line, fmt);
}

void params_emit(const struct params *params, enum param_id id, struct fmt *fmt)
{
    const struct param_value *value = &params->values[id];

    if (params_table[id].type != PARAM_SECRET) {
        fmt_print(fmt, "%s", value->text);
        return;
    }
    fmt_print(fmt, "0x");
    for (unsigned i = 0; i < value->length; i++)
        fmt_print(fmt, "%02x", (unsigned char)value->text[i]);
}

void params_error_text(const struct params_error *error, struct fmt *fmt)
{
    size_t length = strlen(error->reason);
    char last = length > 0 ? error->reason[length - 1] : '\0';
    bool placed = error->source > PARAM_DEFAULT;

    if (placed)
        describe_place(error->source, error->file, error->line, fmt);
    if (error->key[0])
        fmt_print(fmt, placed ? ", %s" : "%s", error->key);
    fmt_print(fmt, placed || error->key[0] ? ": %s%s" : "%s%s", error->reason,
              last == '.' || last == '?' ? "" : ".");
}
