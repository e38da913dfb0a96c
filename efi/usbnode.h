/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which USB device a path means that begins with one (UEFI 2.10 sections 10.3.4.8, 10.3.4.9 and 3.1.2): by
 * its maker and serial number, or by its class. Pure.
 */
#ifndef LUNBOOT_EFI_USBNODE_H
#define LUNBOOT_EFI_USBNODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One interface of a USB device, of its descriptors (USB 2.0 sections 9.6.1 and 9.6.5). */
struct usbnode_device {
    uint16_t vendor, product;
    uint8_t interface;
    uint8_t class_codes[3]; /* class, subclass, protocol: the device's, or the interface's where that is 0 */
    const uint16_t *serial;
    size_t serial_length; /* characters; 0: it has none */
};

/* Is `node`, of kind PATHBYTES_USB_WWID or PATHBYTES_USB_CLASS, about this device? */
bool usbnode_matches(const uint8_t *node, const struct usbnode_device *device);

#endif
