/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ACPI tables in memory (ACPI 6.5 section 5.2): from the root pointer to a table by its signature. Pure: an
 * address is an address, in the firmware and on the host. The structures are the firmware's; a length is
 * believed only as far as a checksum agrees with it.
 */
#ifndef LUNBOOT_EFI_ACPITABLE_H
#define LUNBOOT_EFI_ACPITABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACPITABLE_HEADER 36u /* ACPI 6.5 table 5.4 */

/* The `index`th valid table with this signature in the XSDT, or in the RSDT where there is no valid XSDT. */
uint8_t *acpitable_find(const uint8_t *root, const char signature[4], unsigned index, size_t *ret_length);

/* Is the installed table a copy of ours? The firmware may have changed the checksum. */
bool acpitable_is_copy(const uint8_t *installed, size_t installed_length, const uint8_t *table,
                       size_t length);

/* Give it a signature that nobody looks for, and the checksum that goes with it. */
void acpitable_disguise(uint8_t *table);

/* Zero everything behind the header; the compiler may not leave it out. A valid table stays one, so that it
 * is still found and can be removed. */
void acpitable_wipe(uint8_t *table, size_t length);

#endif
