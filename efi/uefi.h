/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware's tables, and the parts of the UEFI specification that GNU-EFI 3.0.15's headers lack. Included by efi/
 * and by those files of firmware/ that speak to the firmware; nothing else may include <efi.h>.
 */
#ifndef LUNBOOT_EFI_UEFI_H
#define LUNBOOT_EFI_UEFI_H

#include <efi.h>
#include <efiprot.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Missing definitions (EFI_ACPI_TABLE_PROTOCOL, iSCSI device path node, Before-ExitBootServices group, RNG, SMBIOS 3
 * table GUIDs ...) with static asserts on sizes and offsets are added below this line, guarded by #ifndef. */

/* Set once by uefi_init. */
extern EFI_SYSTEM_TABLE *uefi_st;
extern EFI_BOOT_SERVICES *uefi_bs;
extern EFI_HANDLE uefi_image;

void uefi_init(EFI_HANDLE image, EFI_SYSTEM_TABLE *system_table);

/* A status by its name in the specification, as in "EFI_ACCESS_DENIED"; static; "EFI_STATUS ?" when unknown. */
const char *uefi_status_name(EFI_STATUS status);

/* Pool memory (EfiLoaderData), zeroed; NULL when there is none. */
void *uefi_alloc(size_t size);
void uefi_free(void *memory);

/* UCS-2 to UTF-8 and back, NUL-ended, cut to fit; return bytes (characters) without the NUL. */
size_t uefi_to_utf8(const CHAR16 *text, size_t characters, char *ret_text, size_t capacity);
size_t uefi_from_utf8(const char *text, CHAR16 *ret_text, size_t capacity);

#endif
