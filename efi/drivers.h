/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Drivers where the firmware left them out: it starts those of the devices that it boots from and perhaps no
 * others (UEFI 2.10 section 7.3.12, ConnectController).
 */
#ifndef LUNBOOT_EFI_DRIVERS_H
#define LUNBOOT_EFI_DRIVERS_H

#include "uefi.h"

/* On all handles with `protocol` (NULL: on all) that `is_wanted` (NULL: any), below them too or not. */
void drivers_start(EFI_GUID *protocol, bool (*is_wanted)(EFI_HANDLE handle), bool below);
/* On what leads to the device of this path, as far as it is there. */
void drivers_start_along(const EFI_DEVICE_PATH *path);
/* On every disk, and on what USB sticks and cards hang on. No NIC. */
void drivers_start_storage(void);

/* Is this the handle of a PCI device, and of that class (byte 0Bh of its configuration space)? */
bool drivers_pci_class(EFI_HANDLE handle, uint8_t *ret_class);

#endif
