/* SPDX-License-Identifier: BSD-2-Clause */
#include "variable.h"

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
