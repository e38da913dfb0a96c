/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program is unloaded when it returns, but the firmware may keep pointers to functions of it: so a few
 * instructions go into a page of their own, which may stay. Firmware that enforces memory permissions wants
 * it writable or executable, never both.
 */
#ifndef LUNBOOT_EFI_CODEPAGE_H
#define LUNBOOT_EFI_CODEPAGE_H

#include "uefi.h"

#define CODEPAGE_SIZE 4096u

/* Memory of type EfiBootServicesCode, to be filled once. */
EFI_STATUS codepage_allocate(EFI_PHYSICAL_ADDRESS *ret_page);
/* One that nothing leads to. */
void codepage_free(EFI_PHYSICAL_ADDRESS page);
/* Write `size` bytes, at most CODEPAGE_SIZE, and make them executable. */
void codepage_fill(EFI_PHYSICAL_ADDRESS page, const uint8_t *instructions, size_t size);

#endif
