/* SPDX-License-Identifier: BSD-2-Clause */
/* A USB device, as a device path may name it without the port that it is plugged into. */
#ifndef LUNBOOT_EFI_USB_H
#define LUNBOOT_EFI_USB_H

#include "uefi.h"

/* Is the handle, which has uefi_guid_usb_io, what the WWID or class node is about? */
bool usb_matches(EFI_HANDLE handle, const uint8_t *node);

#endif
