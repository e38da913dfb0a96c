/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of all settings, for the files params*.c and for tests: a new setting is a row in params_table.c
 * and an id in params.h. What a type accepts is in params_value.c.
 */
#ifndef LUNBOOT_FIRMWARE_PARAMS_TABLE_H
#define LUNBOOT_FIRMWARE_PARAMS_TABLE_H

#include "params.h"

#define PARAM_BIT(source) (1u << (source))

struct param_row {
    const char *name;
    enum param_type type;
    unsigned sources;          /* PARAM_BIT of those that may set it */
    const char *default_value; /* as in lunboot.conf, or NULL */
    const char *choices;       /* CHOICE: "word|word=number|..."; numbers count up from 0 where none stands */
    /* NUMBER, SIZE (bytes) and DURATION (ms): the range; TEXT: bytes; IPV4: how many. UINT64_MAX allows
     * "forever". */
    uint64_t low, high;
    const char *meaning; /* a sentence */
    const char *example; /* a value that is accepted */
};

extern const struct param_row params_table[PARAM_COUNT];

/*
 * Check and convert `text` for a row. False with the reason, a clause without a full stop, appended to
 * `reason`; *ret_value is then undefined. Neither source nor line are touched. No secret gets into the
 * reason.
 */
bool params_parse_value(const struct param_row *row, const char *text, size_t length,
                        struct param_value *ret_value, struct fmt *reason);

/* Unsigned decimal, digits alone; false for anything else or beyond 64 bits. */
bool params_parse_decimal(const char *text, size_t length, uint64_t *ret_number);

/* a.b.c.d/prefix with a usable host address. False with the reason, as above. */
bool params_parse_network(const char *text, size_t length, uint8_t ret_address[4], unsigned *ret_prefix,
                          struct fmt *reason);

/* The root path at `index` of a checked list of them into ret_path; returns how many there are. */
unsigned params_root_paths(const char *text, size_t length, unsigned index, struct rootpath *ret_path);

/* The portals of a list; 0: it is none. */
unsigned params_portals(const char *text, size_t length, struct portal ret_portals[PARAMS_PORTALS_MAX]);

/* The word of a choice by its number, or NULL; the length is *ret_length. */
const char *params_choice_word(const struct param_row *row, uint64_t number, size_t *ret_length);

/* An end of the range of a NUMBER, SIZE or DURATION as a person writes it: "64K", "2m", "forever". */
void params_print_limit(const struct param_row *row, uint64_t limit, struct fmt *fmt);

/*
 * The next word of load options at *text, moving it on: double quotes are dropped, and keep blanks together
 * wherever they stand. False at the end, or with *ret_wrong.
 */
bool params_next_word(const char **text, size_t *length, char *word, size_t capacity, size_t *ret_length,
                      const char **ret_wrong);

/* Secret bytes as they are, from a table rather than from text. */
bool params_set_bytes(struct params *params, enum param_id id, const uint8_t *bytes, size_t length,
                      enum param_source source, struct params_error *ret_error);

/* The name of a file that was read, by param_value.file; empty where that is 0. */
const char *params_file_name(const struct params *params, unsigned file);

/* Fill in an error; the reason is formatted. Always returns false. */
bool params_refuse(struct params_error *ret_error, enum param_source source, unsigned line, const char *key,
                   size_t key_length, const char *format, ...) __attribute__((format(printf, 6, 7)));

#endif
