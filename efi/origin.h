/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How this program came into memory, as far as the firmware (or iPXE) tells: from a volume, or over which NIC
 * and from which server. It is looked up once, before any NIC is taken: taking one ends the drivers that own
 * these answers (UEFI 2.10 sections 9.1, 24.3 and 10.3.4.23). The packets are copied as they are; reading
 * them is net/'s business, as they are the network's bytes.
 */
#ifndef LUNBOOT_EFI_ORIGIN_H
#define LUNBOOT_EFI_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ORIGIN_PACKET_MAX 1472u /* EFI_PXE_BASE_CODE_PACKET, section 24.3 */
#define ORIGIN_URL_MAX    1024u

struct origin_packet {
    size_t length; /* 0: there is none */
    uint8_t bytes[ORIGIN_PACKET_MAX];
};

struct origin {
    bool network; /* by a boot server or from a disk there, over the NIC with this address */
    /* It lies on a volume there: its load options are the word of iPXE or of another loader, and so of the
     * network. Those of the firmware's own PXE and HTTP Boot are its boot entry's. */
    bool handed;
    uint8_t mac[6];
    char url[ORIGIN_URL_MAX]; /* of the path's URI node (HTTP Boot), UTF-8; empty: there is none */
    struct origin_packet discover, ack, proxy,
        reply; /* of PXE: what it sent, and what DHCP, ProxyDHCP and boot server answered */
};

/* The one origin of this program; origin_find fills it in once, the later calls return the same. */
const struct origin *origin_find(void);

#endif
