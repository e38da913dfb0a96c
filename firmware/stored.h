/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Settings in UEFI variables: one for each, named by its key, with the value as lunboot.conf has it (UTF-8,
 * no NUL), kept and out of an operating system's sight (VARIABLE_PRIVATE; REQ-339).
 */
#ifndef LUNBOOT_FIRMWARE_STORED_H
#define LUNBOOT_FIRMWARE_STORED_H

#include "efi/uefi.h"
#include "params.h"

#define STORED_GUID "9d65451d-1dc9-481c-8586-d125b1d701ca"

/*
 * All of them, as PARAM_VARIABLE. One with other attributes is told and passed over: an operating system
 * could have made it. False for one whose name or value cannot be used, or when they cannot be listed.
 */
bool stored_read(struct params *params, struct params_error *ret_error);

/*
 * Each value of `params` that has the source PARAM_VARIABLE: all of them, or none and *ret_key is the one
 * that failed. An old value is overwritten before it is replaced. stored_settle must follow a success.
 */
EFI_STATUS stored_write(const struct params *params, const char **ret_key);
/* Keep what stored_write wrote, or put back what was there before it; the memory of that is wiped. */
void stored_settle(bool keep);

/* `name` is UTF-8, and need not be a key. */
bool stored_has(const char *name);
/* Overwritten, then deleted. */
EFI_STATUS stored_delete(const char *name);
/* Every one, also those that could not be read. */
EFI_STATUS stored_delete_all(unsigned *ret_count);

#endif
