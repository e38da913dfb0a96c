/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine's identity from SMBIOS type 1 (System Information). */
#ifndef LUNBOOT_EFI_SMBIOS_H
#define LUNBOOT_EFI_SMBIOS_H

#include <stdbool.h>
#include <stdint.h>

/* UUID in the order of its text form; false when absent, all zero or all ones. */
bool smbios_uuid(uint8_t ret_uuid[16]);
/* NUL-ended; false when absent. */
bool smbios_serial(char *ret_serial, unsigned capacity);

#endif
