/* SPDX-License-Identifier: BSD-2-Clause */
#include "variable.h"

#include <string.h>

#define FIRST_NAME 256u /* bytes; few names are longer */

/* GNU-EFI declares the parameters without const; the services do not write to them. */
#define NAME(name)     ((CHAR16 *)(uintptr_t)(name))
#define VENDOR(vendor) ((EFI_GUID *)(uintptr_t)(vendor))

EFI_STATUS variable_set_volatile(const CHAR16 *name, const EFI_GUID *vendor, const void *bytes, size_t length)
{
    const UINT32 attributes = EFI_VARIABLE_BOOTSERVICE_ACCESS | EFI_VARIABLE_RUNTIME_ACCESS;

    /* One that is there with other attributes would be in the way (8.2.2): it goes first. */
    uefi_st->RuntimeServices->SetVariable(NAME(name), VENDOR(vendor), 0, 0, NULL);
    return uefi_st->RuntimeServices->SetVariable(NAME(name), VENDOR(vendor), attributes, length,
                                                 (void *)(uintptr_t)bytes);
}

bool variable_get(const CHAR16 *name, const EFI_GUID *vendor, void *buffer, size_t capacity,
                  size_t *ret_length)
{
    UINTN size = capacity;
    EFI_STATUS status =
        uefi_st->RuntimeServices->GetVariable(NAME(name), VENDOR(vendor), NULL, &size, buffer);

    if (EFI_ERROR(status) || size > capacity)
        return false;
    *ret_length = size;
    return true;
}

EFI_STATUS variable_read(const CHAR16 *name, const EFI_GUID *vendor, void *buffer, size_t capacity,
                         UINT32 *ret_attributes, size_t *ret_length)
{
    UINTN size = capacity;
    EFI_STATUS status =
        uefi_st->RuntimeServices->GetVariable(NAME(name), VENDOR(vendor), ret_attributes, &size, buffer);

    if (!EFI_ERROR(status)) {
        *ret_length = size;
    }
    return status;
}

EFI_STATUS variable_set_private(const CHAR16 *name, const EFI_GUID *vendor, const void *bytes, size_t length)
{
    return uefi_st->RuntimeServices->SetVariable(NAME(name), VENDOR(vendor), VARIABLE_PRIVATE, length,
                                                 (void *)(uintptr_t)bytes);
}

EFI_STATUS variable_delete(const CHAR16 *name, const EFI_GUID *vendor)
{
    return uefi_st->RuntimeServices->SetVariable(NAME(name), VENDOR(vendor), 0, 0, NULL);
}

/* The name is input too: it must still be there when a longer one has asked for more room. */
static EFI_STATUS grow(struct variable_walk *walk, UINTN size)
{
    CHAR16 *larger = uefi_alloc(size);

    if (larger == NULL) {
        return EFI_OUT_OF_RESOURCES;
    }
    memcpy(larger, walk->name, walk->size);
    uefi_free(walk->name);
    walk->name = larger;
    walk->size = size;
    return EFI_SUCCESS;
}

static EFI_STATUS next_of_any(struct variable_walk *walk)
{
    UINTN size = walk->size;
    EFI_STATUS status = uefi_st->RuntimeServices->GetNextVariableName(&size, walk->name, &walk->at);

    if (status == EFI_BUFFER_TOO_SMALL && size > walk->size) {
        status = grow(walk, size);
        size = walk->size;
        if (!EFI_ERROR(status)) {
            status = uefi_st->RuntimeServices->GetNextVariableName(&size, walk->name, &walk->at);
        }
    }
    return status;
}

EFI_STATUS variable_next(struct variable_walk *walk)
{
    EFI_STATUS status = EFI_SUCCESS;

    if (walk->name == NULL) {
        walk->size = FIRST_NAME;
        walk->name = uefi_alloc(walk->size); /* the empty name asks for the first one */
        if (walk->name == NULL) {
            return EFI_OUT_OF_RESOURCES;
        }
    }
    do {
        status = next_of_any(walk);
    } while (!EFI_ERROR(status) && memcmp(&walk->at, &walk->vendor, sizeof walk->at) != 0);
    return status;
}

void variable_walk_done(struct variable_walk *walk)
{
    uefi_free(walk->name);
    walk->name = NULL;
}
