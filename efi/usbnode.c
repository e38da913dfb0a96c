/* SPDX-License-Identifier: BSD-2-Clause */
#include "usbnode.h"

#include "pathbytes.h"

#define CLASS_LENGTH 11u
#define WWID_LENGTH  10u /* without the serial number */
#define ANY_ID       0xffffu
#define ANY_CODE     0xffu
#define SERIAL_MAX   64u /* characters: of a longer number the last ones are in the path */

static uint16_t get16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static bool is_class(const uint8_t *node, const struct usbnode_device *device)
{
    uint16_t vendor = get16(node + 4);
    uint16_t product = get16(node + 6);

    if ((vendor != ANY_ID && vendor != device->vendor) || (product != ANY_ID && product != device->product)) {
        return false;
    }
    for (unsigned i = 0; i < sizeof device->class_codes; i++) {
        if (node[8 + i] != ANY_CODE && node[8 + i] != device->class_codes[i]) {
            return false;
        }
    }
    return true;
}

/* The number in the node may end with a NUL or not. */
static bool is_serial(const uint8_t *at, size_t characters, const struct usbnode_device *device)
{
    size_t length = device->serial_length < SERIAL_MAX ? device->serial_length : SERIAL_MAX;
    size_t skipped = device->serial_length - length;

    if (characters > 0 && get16(at + 2 * (characters - 1)) == 0) {
        characters--;
    }
    if (characters != length) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (get16(at + 2 * i) != device->serial[skipped + i]) {
            return false;
        }
    }
    return true;
}

static bool is_wwid(const uint8_t *node, size_t length, const struct usbnode_device *device)
{
    return get16(node + 4) == device->interface && get16(node + 6) == device->vendor &&
           get16(node + 8) == device->product &&
           is_serial(node + WWID_LENGTH, (length - WWID_LENGTH) / 2, device);
}

bool usbnode_matches(const uint8_t *node, const struct usbnode_device *device)
{
    size_t length = pathbytes_length(node);

    switch (pathbytes_kind(node)) {
    case PATHBYTES_USB_CLASS:
        return length >= CLASS_LENGTH && is_class(node, device);
    case PATHBYTES_USB_WWID:
        return length >= WWID_LENGTH && is_wwid(node, length, device);
    default:
        return false;
    }
}
