/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The iSCSI Boot Firmware Table (iBFT 1.03): a description of the boot to the operating system. Built and
 * read by pure code over bytes; publishing it is efi/acpi.h's business (REQ-319 to REQ-330).
 */
#ifndef LUNBOOT_FIRMWARE_IBFT_H
#define LUNBOOT_FIRMWARE_IBFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "iscsi/chap.h"
#include "iscsi/name.h"

#define IBFT_PAIRS_MAX 2u
#define IBFT_SIZE_MAX  4096u
#define IBFT_HOST_MAX  255u

enum ibft_origin {
    IBFT_ORIGIN_OTHER = 0,
    IBFT_ORIGIN_MANUAL = 1,
    IBFT_ORIGIN_WELL_KNOWN = 2,
    IBFT_ORIGIN_DHCP = 3
};
enum ibft_chap { IBFT_CHAP_NONE = 0, IBFT_CHAP_ONE_WAY = 1, IBFT_CHAP_MUTUAL = 2 };

/* Addresses: 16 bytes as in the table; all zero: absent; IPv4 as ::ffff:a.b.c.d. */
struct ibft_nic {
    bool valid, selected;
    uint8_t address[16], gateway[16], dns[2][16], dhcp[16];
    uint8_t prefix_length;
    uint8_t origin;
    uint16_t vlan;
    uint8_t mac[6];
    uint16_t pci; /* bus << 8 | device << 3 | function */
    char hostname[IBFT_HOST_MAX + 1];
};

struct ibft_target {
    bool valid, selected;
    uint8_t address[16];
    uint16_t port;
    uint8_t lun[8];
    uint8_t chap; /* enum ibft_chap, as negotiated */
    uint8_t nic;  /* index of its NIC */
    char name[NAME_MAX_BYTES + 1];
    char chap_name[CHAP_NAME_MAX + 1], reverse_name[CHAP_NAME_MAX + 1];
    uint8_t chap_secret[CHAP_SECRET_MAX + 1], reverse_secret[CHAP_SECRET_MAX + 1];
    uint16_t chap_secret_length, reverse_secret_length; /* 0: left out */
};

struct ibft {
    char initiator[NAME_MAX_BYTES + 1];
    uint8_t oem_id[6], oem_table_id[8];
    struct ibft_nic nics[IBFT_PAIRS_MAX];
    struct ibft_target targets[IBFT_PAIRS_MAX];
};

/* Write the table; returns its length in bytes, 0 when it does not fit in `capacity`. Control length 18,
 * checksum right. */
size_t ibft_build(const struct ibft *ibft, uint8_t *ret_table, size_t capacity);

/*
 * Read a table that somebody else wrote: every length, offset and string is checked; structures that are not
 * valid are left zero. NULL, or a static sentence that says what is wrong.
 */
const char *ibft_parse(const uint8_t *table, size_t length, struct ibft *ret_ibft);

void ibft_map_ipv4(const uint8_t ipv4[4], uint8_t ret_address[16]); /* 0.0.0.0 becomes all zero */
bool ibft_get_ipv4(const uint8_t address[16], uint8_t ret_ipv4[4]); /* false: absent or not IPv4 */

#endif
