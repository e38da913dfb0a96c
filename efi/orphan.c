/* SPDX-License-Identifier: BSD-2-Clause */
#include "orphan.h"

#include <string.h>

#include "codepage.h"

/* endbr64; mov rax, EFI_NO_MEDIA; ret: it serves for all four functions, whatever their arguments. */
static const uint8_t instructions[] = {
    0xf3, 0x0f, 0x1e, 0xfa, 0x48, 0xb8, 12, 0, 0, 0, 0, 0, 0, 0x80, 0xc3,
};
_Static_assert(EFI_NO_MEDIA == 0x800000000000000c, "UEFI 2.10 appendix D");

static EFI_PHYSICAL_ADDRESS page; /* 0: none */

EFI_STATUS orphan_prepare(void)
{
    return codepage_allocate(&page);
}

void orphan_discard(void)
{
    if (page != 0) {
        codepage_free(page);
        page = 0;
    }
}

void orphan_leave(EFI_BLOCK_IO_PROTOCOL *io)
{
    codepage_fill(page, instructions, sizeof instructions);
    io->Reset = (EFI_BLOCK_RESET)(uintptr_t)page;
    io->ReadBlocks = (EFI_BLOCK_READ)(uintptr_t)page;
    io->WriteBlocks = (EFI_BLOCK_WRITE)(uintptr_t)page;
    io->FlushBlocks = (EFI_BLOCK_FLUSH)(uintptr_t)page;
    page = 0;
}

bool orphan_is(const EFI_BLOCK_IO_PROTOCOL *io)
{
    return memcmp((const void *)(uintptr_t)io->ReadBlocks, instructions, sizeof instructions) == 0;
}
