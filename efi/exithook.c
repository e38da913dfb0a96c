/* SPDX-License-Identifier: BSD-2-Clause */
#include "exithook.h"

#include <string.h>

#include "codepage.h"

/* endbr64; mov rax, the address of `target`; jmp [rax]. The pointer cannot be beside it: it is to change. */
static const uint8_t instructions[] = {
    0xf3, 0x0f, 0x1e, 0xfa, 0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0x20,
};
#define ADDRESS_OFFSET 6u

/* What the table points to, and whoever replaced the entry after us; while he is there, both outlive us. */
static EFI_EXIT_BOOT_SERVICES thunk;
static EFI_EXIT_BOOT_SERVICES *target; /* NULL: no thunk yet */

static EFI_EXIT_BOOT_SERVICES original; /* NULL: nothing leads to the thunk */
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

static EFI_STATUS make_thunk(void)
{
    uint8_t bytes[sizeof instructions];
    EFI_PHYSICAL_ADDRESS page = 0;
    void *memory = NULL;
    EFI_STATUS status = uefi_bs->AllocatePool(EfiBootServicesData, sizeof *target, &memory);

    if (EFI_ERROR(status)) {
        return status;
    }
    status = codepage_allocate(&page);
    if (EFI_ERROR(status)) {
        uefi_free(memory);
        return status;
    }
    memcpy(bytes, instructions, sizeof bytes);
    memcpy(bytes + ADDRESS_OFFSET, &memory, sizeof memory);
    codepage_fill(page, bytes, sizeof bytes);
    target = memory;
    thunk = (EFI_EXIT_BOOT_SERVICES)(uintptr_t)page;
    return EFI_SUCCESS;
}

static void free_thunk(void)
{
    codepage_free((EFI_PHYSICAL_ADDRESS)(uintptr_t)thunk);
    uefi_free(target);
    thunk = NULL;
    target = NULL;
}

EFI_STATUS exithook_set(void (*function)(void))
{
    EFI_STATUS status = target == NULL ? make_thunk() : EFI_SUCCESS;

    if (EFI_ERROR(status)) {
        return status;
    }
    hook = function;
    *target = exit_boot_services;
    if (original == NULL) {
        original = uefi_bs->ExitBootServices;
        replace(thunk);
    }
    return EFI_SUCCESS;
}

void exithook_clear(void)
{
    if (original == NULL) {
        return;
    }
    *target = original;
    /* Who replaced it after us (shim does) and is still there leads to the thunk: undoing it would undo
     * theirs. Where the entry is ours, whoever came in between has put it back. */
    if (uefi_bs->ExitBootServices == thunk) {
        replace(original);
        original = NULL;
        free_thunk();
    }
}
