/* SPDX-License-Identifier: BSD-2-Clause */
/* UEFI variables (UEFI 2.10 section 8.2). What one holds may have been written by anybody. */
#ifndef LUNBOOT_EFI_VARIABLE_H
#define LUNBOOT_EFI_VARIABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "uefi.h"

/*
 * One that lives until the machine is reset and that the operating system can read too. At most TPL_CALLBACK,
 * before ExitBootServices. It replaces one of that name, whatever its attributes.
 */
EFI_STATUS variable_set_volatile(const CHAR16 *name, const EFI_GUID *vendor, const void *bytes,
                                 size_t length);

/* False when there is none or it has more than `capacity` bytes. */
bool variable_get(const CHAR16 *name, const EFI_GUID *vendor, void *buffer, size_t capacity,
                  size_t *ret_length);

#endif
