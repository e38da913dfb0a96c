/* SPDX-License-Identifier: BSD-2-Clause */
/* `lunboot.efi config ...`: settings in UEFI variables set, shown and deleted from the UEFI Shell. */
#ifndef LUNBOOT_FIRMWARE_CONFIG_H
#define LUNBOOT_FIRMWARE_CONFIG_H

#include <stdbool.h>

#include "efi/uefi.h"

/* Do what the load options ask for. False: they ask for a boot. True: it is done, nothing may be booted, and
 * *ret_status is what the program returns. */
bool config_run(EFI_STATUS *ret_status);

#endif
