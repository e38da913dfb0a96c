/* SPDX-License-Identifier: BSD-2-Clause */
#include "orphan.h"

#include <string.h>

/* endbr64; mov rax, EFI_NO_MEDIA; ret: it serves for all four functions, whatever their arguments. */
static const uint8_t instructions[] = {
    0xf3, 0x0f, 0x1e, 0xfa, 0x48, 0xb8, 12, 0, 0, 0, 0, 0, 0, 0x80, 0xc3,
};
_Static_assert(EFI_NO_MEDIA == 0x800000000000000c, "UEFI 2.10 appendix D");

#define PAGE      4096u
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

static EFI_PHYSICAL_ADDRESS page; /* 0: none */

static struct memory_attributes *attributes(void)
{
    struct memory_attributes *found = NULL;

    uefi_bs->LocateProtocol(&memory_attributes_guid, NULL, (void **)&found);
    return found;
}

EFI_STATUS orphan_prepare(void)
{
    EFI_PHYSICAL_ADDRESS address = 0;
    EFI_STATUS status = uefi_bs->AllocatePages(AllocateAnyPages, EfiBootServicesCode, 1, &address);

    if (EFI_ERROR(status)) {
        return status;
    }
    page = address;
    return EFI_SUCCESS;
}

void orphan_discard(void)
{
    if (page != 0) {
        uefi_bs->FreePages(page, 1);
        page = 0;
    }
}

void orphan_leave(EFI_BLOCK_IO_PROTOCOL *io)
{
    struct memory_attributes *protection = attributes();
    void *code = (void *)(uintptr_t)page;

    /* Written first, then never writable and executable at once. */
    memcpy(code, instructions, sizeof instructions);
    if (protection != NULL) {
        protection->set(protection, page, PAGE, READ_ONLY);
        protection->clear(protection, page, PAGE, NO_EXEC);
    }
    io->Reset = (EFI_BLOCK_RESET)(uintptr_t)code;
    io->ReadBlocks = (EFI_BLOCK_READ)(uintptr_t)code;
    io->WriteBlocks = (EFI_BLOCK_WRITE)(uintptr_t)code;
    io->FlushBlocks = (EFI_BLOCK_FLUSH)(uintptr_t)code;
    page = 0;
}
