/* SPDX-License-Identifier: BSD-2-Clause */
#include "stored.h"

#include <string.h>

#include "efi/variable.h"
#include "iscsi/bytes.h"
#include "log.h"
#include "params_table.h"

#define NAME_LIMIT 128u /* characters of a name that is looked for; keys are far shorter */

static const EFI_GUID vendor = {0x9d65451d, 0x1dc9, 0x481c, {0x85, 0x86, 0xd1, 0x25, 0xb1, 0xd7, 0x01, 0xca}};

/* A variable as it was found. */
struct found {
    EFI_STATUS status; /* of the reading */
    UINT32 attributes;
    size_t length;
    uint8_t bytes[PARAM_TEXT_MAX];
};

static void find(const CHAR16 *name, struct found *ret_found)
{
    memset(ret_found, 0, sizeof *ret_found);
    ret_found->status = variable_read(name, &vendor, ret_found->bytes, sizeof ret_found->bytes,
                                      &ret_found->attributes, &ret_found->length);
}

/* --- Reading --- */

static void tell_ignored(const char *name, UINT32 attributes)
{
    char text[LOG_LINE_MAX];
    struct fmt fmt;

    fmt_init(&fmt, text, sizeof text);
    fmt_escaped(&fmt, name, strlen(name));
    log_print(
        LOG_ERROR,
        "ignored: the UEFI variable %s has the attributes %xh, so an operating system may have made it; "
        "`lunboot.efi config delete %s` in the UEFI Shell removes it",
        text, (unsigned)attributes, text);
}

/* Of one that is too long the attributes are known too since UEFI 2.8 (section 8.2); before that they are 0.
 */
static bool is_foreign(const struct found *found)
{
    bool known = !EFI_ERROR(found->status) || found->attributes != 0;

    return known && found->attributes != VARIABLE_PRIVATE;
}

static bool take(struct params *params, const CHAR16 *name, struct params_error *ret_error)
{
    static struct found found;
    char key[3 * NAME_LIMIT + 1];
    bool good;

    uefi_to_utf8(name, NAME_LIMIT, key, sizeof key);
    find(name, &found);
    if (is_foreign(&found)) {
        tell_ignored(key, found.attributes);
        bytes_wipe(&found, sizeof found);
        return true;
    }
    if (EFI_ERROR(found.status))
        return params_refuse(ret_error, PARAM_VARIABLE, 0, key, strlen(key), "it %s (%s)",
                             found.status == EFI_BUFFER_TOO_SMALL ? "has more than 2047 bytes"
                                                                  : "cannot be read",
                             uefi_status_name(found.status));
    good = params_set(params, key, strlen(key), (const char *)found.bytes, found.length, PARAM_VARIABLE, 0,
                      ret_error);
    bytes_wipe(&found, sizeof found);
    return good;
}

bool stored_read(struct params *params, struct params_error *ret_error)
{
    struct variable_walk walk = {.vendor = vendor};
    EFI_STATUS status = variable_next(&walk);
    bool good = true;

    for (; good && !EFI_ERROR(status); status = variable_next(&walk))
        good = take(params, walk.name, ret_error);
    variable_walk_done(&walk);
    if (!good || status == EFI_NOT_FOUND)
        return good;
    return params_refuse(ret_error, PARAM_UNSET, 0, "", 0, "the firmware does not list its variables (%s)",
                         uefi_status_name(status));
}

/* --- Writing --- */

/* A store that writes in place then holds nothing of the old bytes; one that appends drops both when it is
 * tidied. */
static void overwrite(const CHAR16 *name, const struct found *old)
{
    static const uint8_t zeros[sizeof old->bytes];

    if (!EFI_ERROR(old->status) && old->attributes == VARIABLE_PRIVATE && old->length > 0)
        variable_set_private(name, &vendor, zeros, old->length);
}

/* Replace what `old` was read of. Nothing is written where nothing changes: flash wears out. */
static EFI_STATUS replace(const CHAR16 *name, const struct found *old, const void *bytes, size_t length)
{
    if (!EFI_ERROR(old->status) && old->attributes == VARIABLE_PRIVATE) {
        if (old->length == length && memcmp(old->bytes, bytes, length) == 0)
            return EFI_SUCCESS;
        overwrite(name, old);
    } else if (old->status != EFI_NOT_FOUND) {
        variable_delete(name, &vendor); /* of other attributes, or too long for one of ours */
    }
    return variable_set_private(name, &vendor, bytes, length);
}

/* What was there before a write that is not settled yet; pool memory. */
static struct {
    struct found *old;
    bool touched[PARAM_COUNT];
} before;

static void key_name(unsigned id, CHAR16 ret_name[NAME_LIMIT])
{
    uefi_from_utf8(params_key((enum param_id)id), ret_name, NAME_LIMIT);
}

static EFI_STATUS write_one(const struct params *params, unsigned id)
{
    char text[PARAM_TEXT_MAX + 1];
    CHAR16 name[NAME_LIMIT];
    EFI_STATUS status;
    struct fmt fmt;

    key_name(id, name);
    find(name, &before.old[id]);
    before.touched[id] = true;
    fmt_init(&fmt, text, sizeof text);
    params_emit(params, (enum param_id)id, &fmt);
    status = replace(name, &before.old[id], text, fmt.length);
    bytes_wipe(text, sizeof text);
    return status;
}

static void put_back(unsigned id)
{
    const struct found *old = &before.old[id];
    struct found present;
    CHAR16 name[NAME_LIMIT];

    key_name(id, name);
    find(name, &present);
    if (!EFI_ERROR(old->status) && old->attributes == VARIABLE_PRIVATE)
        replace(name, &present, old->bytes, old->length);
    else
        stored_delete(params_key((enum param_id)id));
    bytes_wipe(&present, sizeof present);
}

EFI_STATUS stored_write(const struct params *params, const char **ret_key)
{
    EFI_STATUS status = EFI_SUCCESS;

    memset(before.touched, 0, sizeof before.touched);
    before.old = uefi_alloc(PARAM_COUNT * sizeof *before.old);
    if (!before.old) {
        *ret_key = "";
        return EFI_OUT_OF_RESOURCES;
    }
    for (unsigned id = 0; id < PARAM_COUNT && !EFI_ERROR(status); id++) {
        if (params->values[id].source != PARAM_VARIABLE)
            continue;
        *ret_key = params_key((enum param_id)id);
        status = write_one(params, id);
    }
    if (EFI_ERROR(status))
        stored_settle(false);
    return status;
}

void stored_settle(bool keep)
{
    for (unsigned id = 0; id < PARAM_COUNT && !keep; id++)
        if (before.touched[id])
            put_back(id);
    bytes_wipe(before.old, PARAM_COUNT * sizeof *before.old);
    uefi_free(before.old);
    before.old = NULL;
}

/* --- Deleting --- */

bool stored_has(const char *name)
{
    CHAR16 wide[NAME_LIMIT];
    UINT32 attributes;
    size_t length;

    uefi_from_utf8(name, wide, NAME_LIMIT);
    return variable_read(wide, &vendor, NULL, 0, &attributes, &length) != EFI_NOT_FOUND;
}

static EFI_STATUS erase(const CHAR16 *name)
{
    static struct found found;

    find(name, &found);
    overwrite(name, &found);
    bytes_wipe(&found, sizeof found);
    return variable_delete(name, &vendor);
}

EFI_STATUS stored_delete(const char *name)
{
    CHAR16 wide[NAME_LIMIT];

    uefi_from_utf8(name, wide, NAME_LIMIT);
    return erase(wide);
}

EFI_STATUS stored_delete_all(unsigned *ret_count)
{
    EFI_STATUS status;

    for (*ret_count = 0;; ++*ret_count) {
        struct variable_walk walk = {.vendor = vendor}; /* anew: a walk does not survive a change */

        status = variable_next(&walk);
        if (status == EFI_NOT_FOUND) {
            variable_walk_done(&walk);
            return EFI_SUCCESS;
        }
        if (!EFI_ERROR(status))
            status = erase(walk.name);
        variable_walk_done(&walk);
        if (EFI_ERROR(status))
            return status;
    }
}
