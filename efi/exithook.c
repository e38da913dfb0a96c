/* SPDX-License-Identifier: BSD-2-Clause */
#include "exithook.h"

#include "uefi.h"

static EFI_EXIT_BOOT_SERVICES original; /* NULL: not set */
static void (*hook)(void);

/* The table's checksum covers the entry (UEFI 2.10 section 4.2). */
static void replace(EFI_EXIT_BOOT_SERVICES entry)
{
    UINT32 sum = 0;

    uefi_bs->ExitBootServices = entry;
    uefi_bs->Hdr.CRC32 = 0;
    uefi_bs->CalculateCrc32(uefi_bs, uefi_bs->Hdr.HeaderSize, &sum);
    uefi_bs->Hdr.CRC32 = sum;
}

static EFI_STATUS EFIAPI exit_boot_services(EFI_HANDLE image, UINTN key)
{
    hook();
    return original(image, key);
}

void exithook_set(void (*function)(void))
{
    hook = function;
    if (original == NULL) {
        original = uefi_bs->ExitBootServices;
        replace(exit_boot_services);
    }
}

void exithook_clear(void)
{
    /* Who replaced it after us (shim does) and is still there leads to us: undoing it would undo theirs. */
    if (original != NULL && uefi_bs->ExitBootServices == exit_boot_services) {
        replace(original);
        original = NULL;
    }
}
