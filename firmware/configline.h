/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Load options that ask for something else than a boot: `config set lun=1`, `config show` and the like, for
 * the settings in UEFI variables. This is the reading of that line; config.c does what it says.
 */
#ifndef LUNBOOT_FIRMWARE_CONFIGLINE_H
#define LUNBOOT_FIRMWARE_CONFIGLINE_H

#include <stdbool.h>
#include <stddef.h>

#include "params.h"

enum configline_verb {
    CONFIGLINE_NONE, /* no such line: a boot */
    CONFIGLINE_HELP,
    CONFIGLINE_SHOW,
    CONFIGLINE_SET,
    CONFIGLINE_DELETE,
};

#define CONFIGLINE_NAMES_MAX 16u
#define CONFIGLINE_NAME_MAX  63u

struct configline {
    enum configline_verb verb;
    bool all;              /* show: defaults too; delete: every variable of ours */
    struct params wanted;  /* set: what is to be stored, as PARAM_VARIABLE; params_wipe it */
    bool ask[PARAM_COUNT]; /* set: secrets that stand there without a value, to be asked for */
    char names[CONFIGLINE_NAMES_MAX][CONFIGLINE_NAME_MAX + 1]; /* delete: of variables, not only of keys */
    unsigned name_count;
};

/*
 * `text` is the load options in UTF-8; the program's own name may stand before `config`. Secrets are taken
 * here: the line is a person's at the machine, or of a script there, and is wiped afterwards. False: it is a
 * config line, and *ret_error says what is wrong with it.
 */
bool configline_read(const char *text, size_t length, struct configline *ret_line,
                     struct params_error *ret_error);

#endif
