/* SPDX-License-Identifier: BSD-2-Clause */
#include "codepage.h"

#include <string.h>

#define READ_ONLY 0x20000u /* EFI_MEMORY_RO, UEFI 2.10 section 7.2.3 */
#define NO_EXEC   0x4000u  /* EFI_MEMORY_XP */

/* EFI_MEMORY_ATTRIBUTE_PROTOCOL, UEFI 2.10 section 37.6. Only firmware that enforces permissions has it. */
struct memory_attributes {
    EFI_STATUS(EFIAPI *get)
    (struct memory_attributes *self, UINT64 base, UINT64 length, UINT64 *ret_attributes);
    EFI_STATUS(EFIAPI *set)(struct memory_attributes *self, UINT64 base, UINT64 length, UINT64 attributes);
    EFI_STATUS(EFIAPI *clear)(struct memory_attributes *self, UINT64 base, UINT64 length, UINT64 attributes);
};
static EFI_GUID memory_attributes_guid = {
    0xf4560cf6, 0x40ec, 0x4b4a, {0xa1, 0x92, 0xbf, 0x1d, 0x57, 0xd0, 0xb1, 0x89}};

static struct memory_attributes *find_protection(void)
{
    struct memory_attributes *protection = NULL;

    uefi_bs->LocateProtocol(&memory_attributes_guid, NULL, (void **)&protection);
    return protection;
}

EFI_STATUS codepage_allocate(EFI_PHYSICAL_ADDRESS *ret_page)
{
    EFI_PHYSICAL_ADDRESS page = 0;
    EFI_STATUS status = uefi_bs->AllocatePages(AllocateAnyPages, EfiBootServicesCode, 1, &page);

    if (!EFI_ERROR(status)) {
        *ret_page = page;
    }
    return status;
}

void codepage_free(EFI_PHYSICAL_ADDRESS page)
{
    struct memory_attributes *protection = find_protection();

    /* Not every firmware does so itself, and the next owner writes. */
    if (protection != NULL) {
        protection->clear(protection, page, CODEPAGE_SIZE, READ_ONLY);
    }
    uefi_bs->FreePages(page, 1);
}

void codepage_fill(EFI_PHYSICAL_ADDRESS page, const uint8_t *instructions, size_t size)
{
    struct memory_attributes *protection = find_protection();

    /* Written first, then never writable and executable at once. */
    memcpy((void *)(uintptr_t)page, instructions, size);
    if (protection != NULL) {
        protection->set(protection, page, CODEPAGE_SIZE, READ_ONLY);
        protection->clear(protection, page, CODEPAGE_SIZE, NO_EXEC);
    }
}
