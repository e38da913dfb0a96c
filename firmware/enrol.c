/* SPDX-License-Identifier: BSD-2-Clause */
#include "enrol.h"

#include <string.h>

#include "efi/file.h"
#include "efi/origin.h"
#include "iscsi/bytes.h"
#include "log.h"
#include "params.h"
#include "stored.h"
#include "words.h"

#define NOTHING "nothing was enrolled from " ENROL_NAME ": "

static void tell_error(const struct params_error *error)
{
    char reason[WORDS_MAX];
    struct fmt fmt;

    fmt_init(&fmt, reason, sizeof reason);
    params_error_text(error, &fmt);
    log_print(LOG_ERROR, NOTHING "%s Write it anew with lunctl enrol.", reason);
}

/* Keys alone: what they are set to may be secret. */
static void tell_done(const struct params *params)
{
    char keys[LOG_LINE_MAX];
    struct fmt fmt;

    fmt_init(&fmt, keys, sizeof keys);
    for (unsigned id = 0; id < PARAM_COUNT; id++)
        if (params->values[id].source == PARAM_VARIABLE)
            fmt_print(&fmt, keys[0] ? ", %s" : "%s", params_key((enum param_id)id));
    log_print(LOG_INFO, "enrolled from " ENROL_NAME " into UEFI variables: %s; the file is overwritten",
              keys);
}

/* The file goes last: until then another try is possible, and stored_write is the same the second time. */
static void move(const struct params *params)
{
    const char *key;
    EFI_STATUS status = stored_write(params, &key);

    if (EFI_ERROR(status)) {
        log_print(LOG_ERROR,
                  NOTHING
                  "the firmware does not store the UEFI variable %s (%s). Its room for variables may be "
                  "used up, or it may want a restart.",
                  key, uefi_status_name(status));
        return;
    }
    status = file_erase_beside(ENROL_NAME);
    stored_settle(!EFI_ERROR(status));
    if (EFI_ERROR(status)) {
        log_print(LOG_ERROR, NOTHING "it cannot be overwritten (%s). Check the medium.",
                  uefi_status_name(status));
        return;
    }
    tell_done(params);
    if (status != EFI_SUCCESS)
        log_print(LOG_ERROR, ENROL_NAME " could not be deleted (%s): it has zeros in it. Delete it.",
                  uefi_status_name(status));
}

static bool only_zeros(const char *text, size_t length)
{
    char any = 0;

    for (size_t i = 0; i < length; i++)
        any |= text[i];
    return any == 0;
}

static void take(const char *text, size_t length)
{
    static const struct params_file file = {ENROL_NAME, PARAM_VARIABLE, NULL};
    static struct params params;
    struct params_error error;
    EFI_STATUS status = file_check_writable_beside(ENROL_NAME);

    if (EFI_ERROR(status)) {
        log_print(LOG_ERROR,
                  NOTHING
                  "it could not be overwritten afterwards (%s), and what is in it would stay there. Make "
                  "the medium writable, or delete the file.",
                  uefi_status_name(status));
        return;
    }
    if (only_zeros(text, length)) { /* empty, or a start that ended between overwriting and deleting it */
        file_erase_beside(ENROL_NAME);
        return;
    }
    params_init(&params);
    if (params_read_file(&params, &file, text, length, NULL, &error))
        move(&params);
    else
        tell_error(&error);
    params_wipe(&params);
}

void enrol_take(void)
{
    size_t length = 0;
    char *text = NULL;
    EFI_STATUS status = file_read_beside(ENROL_NAME, ENROL_LIMIT, &text, &length);

    if (status == EFI_NOT_FOUND)
        return;
    if (EFI_ERROR(status)) {
        log_print(LOG_ERROR,
                  status == EFI_BUFFER_TOO_SMALL ? NOTHING "it is larger than 64 KiB (%s)."
                                                 : NOTHING "it could not be read (%s). Check the medium.",
                  uefi_status_name(status));
        return;
    }
    if (origin_find()->network)
        log_print(LOG_ERROR,
                  NOTHING "it came over the network, as lunboot did, and that is no local word. Set "
                          "the variables in the UEFI Shell, or start lunboot from a local volume.");
    else
        take(text, length);
    bytes_wipe(text, length);
    uefi_free(text);
}
