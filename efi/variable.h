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

/*
 * The attributes of a variable that is kept, and that an operating system can neither see nor make: once
 * ExitBootServices was called, variables without runtime access are gone for everybody, and only ones with it
 * can be written (8.2, SetVariable).
 */
#define VARIABLE_PRIVATE ((UINT32)(EFI_VARIABLE_NON_VOLATILE | EFI_VARIABLE_BOOTSERVICE_ACCESS))

/* EFI_NOT_FOUND; EFI_BUFFER_TOO_SMALL beyond `capacity` bytes. */
EFI_STATUS variable_read(const CHAR16 *name, const EFI_GUID *vendor, void *buffer, size_t capacity,
                         UINT32 *ret_attributes, size_t *ret_length);
/* One with VARIABLE_PRIVATE; at least one byte. One with other attributes must have been deleted before. */
EFI_STATUS variable_set_private(const CHAR16 *name, const EFI_GUID *vendor, const void *bytes, size_t length);
EFI_STATUS variable_delete(const CHAR16 *name, const EFI_GUID *vendor);

/* A walk over the names of one vendor's variables. None of them may be written or deleted on the way. */
struct variable_walk {
    EFI_GUID vendor; /* whose */
    EFI_GUID at;
    CHAR16 *name; /* NUL-ended; pool memory, as names have no limit */
    UINTN size;   /* of it, in bytes */
};
/* Fill in `vendor` and nothing else before the first call. EFI_NOT_FOUND: that was the last one. */
EFI_STATUS variable_next(struct variable_walk *walk);
void variable_walk_done(struct variable_walk *walk);

#endif
