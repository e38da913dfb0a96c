/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where everything in an iBFT is: the numbers that ibft.c writes by and ibft_read.c reads by. All integers
 * are little-endian; addresses, LUNs and MACs are bytes.
 */
#ifndef LUNBOOT_FIRMWARE_IBFT_LAYOUT_H
#define LUNBOOT_FIRMWARE_IBFT_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

/* The table's header is that of every ACPI table, cut short: 48 bytes with the reserved ones. */
#define IBFT_HEADER_SIZE 48u
#define IBFT_REVISION    1u
#define IBFT_VERSION     1u

enum ibft_id { IBFT_ID_CONTROL = 1, IBFT_ID_INITIATOR = 2, IBFT_ID_NIC = 3, IBFT_ID_TARGET = 4 };

#define IBFT_CONTROL_SIZE   18u /* for two pairs; older Linux takes no other */
#define IBFT_INITIATOR_SIZE 74u
#define IBFT_NIC_SIZE       102u
#define IBFT_TARGET_SIZE    54u

#define IBFT_FLAG_VALID    1u
#define IBFT_FLAG_SELECTED 2u

/* Where the fields of a structure are, from its start. A string is its length and its offset, 16 bits each.
 */
enum control_field { CONTROL_INITIATOR = 8, CONTROL_PAIRS = 10, PAIR_SIZE = 4 };
enum initiator_field { INITIATOR_NAME = 70 };
enum nic_field {
    NIC_ADDRESS = 6,
    NIC_PREFIX = 22,
    NIC_ORIGIN = 23,
    NIC_GATEWAY = 24,
    NIC_DNS = 40,
    NIC_DHCP = 72,
    NIC_VLAN = 88,
    NIC_MAC = 90,
    NIC_PCI = 96,
    NIC_HOSTNAME = 98
};
enum target_field {
    TARGET_ADDRESS = 6,
    TARGET_PORT = 22,
    TARGET_LUN = 24,
    TARGET_CHAP = 32,
    TARGET_NIC = 33,
    TARGET_NAME = 34,
    TARGET_CHAP_NAME = 38,
    TARGET_CHAP_SECRET = 42,
    TARGET_REVERSE_NAME = 46,
    TARGET_REVERSE_SECRET = 50
};

static inline void ibft_put16(uint8_t *p, size_t value)
{
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
}

static inline size_t ibft_get16(const uint8_t *p)
{
    return (size_t)p[1] << 8 | p[0];
}

/* All bytes of a whole table add up to zero. */
static inline uint8_t ibft_sum(const uint8_t *bytes, size_t length)
{
    uint8_t total = 0;

    for (size_t i = 0; i < length; i++)
        total = (uint8_t)(total + bytes[i]);
    return total;
}

#endif
