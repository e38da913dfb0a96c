/* SPDX-License-Identifier: BSD-2-Clause */
#include "usb.h"

#include <string.h>

#include "usbnode.h"

#define DEVICE_DESCRIPTOR    18u /* bytes, USB 2.0 section 9.6.1 */
#define INTERFACE_DESCRIPTOR 9u  /* section 9.6.5 */

static uint16_t get16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

/* The serial number in the language `index` of those that the device has, pool memory; NULL: there is none.
 */
static CHAR16 *get_serial(struct uefi_usb_io *io, uint8_t string, size_t index)
{
    UINT16 *languages = NULL;
    UINT16 size = 0;
    CHAR16 *serial = NULL;

    if (string == 0 || EFI_ERROR(io->get_languages(io, &languages, &size)) || index >= size / 2u ||
        EFI_ERROR(io->get_string(io, languages[index], string, &serial))) {
        return NULL;
    }
    return serial;
}

/* Without a serial number, a last look: the node may want none. */
static bool matches_in_language(struct uefi_usb_io *io, uint8_t string, size_t index,
                                struct usbnode_device device, const uint8_t *node, bool *ret_more)
{
    CHAR16 *serial = get_serial(io, string, index);

    *ret_more = serial != NULL;
    device.serial = serial;
    while (serial != NULL && serial[device.serial_length] != 0) {
        device.serial_length++;
    }
    bool matches = usbnode_matches(node, &device);
    uefi_free(serial);
    return matches;
}

bool usb_matches(EFI_HANDLE handle, const uint8_t *node)
{
    struct uefi_usb_io *io = uefi_interface(handle, &uefi_guid_usb_io);
    uint8_t whole[DEVICE_DESCRIPTOR];
    uint8_t part[INTERFACE_DESCRIPTOR];

    if (io == NULL || EFI_ERROR(io->get_device(io, whole)) || EFI_ERROR(io->get_interface(io, part))) {
        return false;
    }
    struct usbnode_device device = {
        .vendor = get16(whole + 8), .product = get16(whole + 10), .interface = part[2]};
    memcpy(device.class_codes, whole[4] == 0 ? part + 5 : whole + 4, sizeof device.class_codes);
    bool more = true;
    bool matches = false;
    for (size_t i = 0; more && !matches; i++) {
        matches = matches_in_language(io, whole[16], i, device, node, &more);
    }
    return matches;
}
