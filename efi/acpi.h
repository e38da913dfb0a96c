/* SPDX-License-Identifier: BSD-2-Clause */
/* ACPI tables: found in the XSDT (RSDT), installed and removed by EFI_ACPI_TABLE_PROTOCOL (UEFI 2.10
 * section 20.2). */
#ifndef LUNBOOT_EFI_ACPI_H
#define LUNBOOT_EFI_ACPI_H

#include "uefi.h"

/* The `index`th table with this signature in the XSDT, else RSDT; NULL when there is none. Lengths are
 * checked. */
uint8_t *acpi_find(const char signature[4], unsigned index, size_t *ret_length);

/* Copies the table; the firmware keeps it. EFI_UNSUPPORTED when the protocol is missing. */
EFI_STATUS acpi_install(const uint8_t *table, size_t length, UINTN *ret_key);

/*
 * Overwrite and remove every table with this signature, whoever installed it: through EFI_ACPI_SDT_PROTOCOL
 * (PI 1.8, volume 5, section 9.1), and where the firmware has none, by giving the table a signature that
 * nobody looks for. EFI_NOT_FOUND when there is no such table.
 */
EFI_STATUS acpi_remove(const char signature[4]);

/*
 * Overwrite the installed copy of `table` (`signature` names what must be found there) with zeros after its
 * header, then remove it. EFI_NOT_FOUND when it was removed but no copy was there to be overwritten.
 */
EFI_STATUS acpi_uninstall(UINTN key, const char signature[4], const uint8_t *table, size_t length);

#endif
