/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SMBIOS structures in memory (DSP0134 3.6, sections 5 and 6): entry point, structures, their strings. Pure:
 * an address is an address. Lengths are checked against the table's, which the entry point's checksum covers.
 */
#ifndef LUNBOOT_EFI_SMBIOSTABLE_H
#define LUNBOOT_EFI_SMBIOSTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct smbiostable {
    const uint8_t *structures;
    size_t length;    /* at most */
    unsigned version; /* major * 256 + minor */
};

/* An entry point, "_SM3_" or "_SM_". False when its checksum or a length is wrong. */
bool smbiostable_open(const uint8_t *entry, struct smbiostable *ret_table);

/* System Information (type 1, section 7.2): its UUID in the order of its text form; the serial number. */
bool smbiostable_uuid(const struct smbiostable *table, uint8_t ret_uuid[16]);
bool smbiostable_serial(const struct smbiostable *table, char *ret_serial, size_t capacity);

#endif
