/* SPDX-License-Identifier: BSD-2-Clause */
/* What the settings say of NICs and addresses, as values: pure text handling, apart from nics.c so that it
 * can be tested. */
#ifndef LUNBOOT_FIRMWARE_NICNAME_H
#define LUNBOOT_FIRMWARE_NICNAME_H

#include <stdbool.h>
#include <stdint.h>

#include "net/lossy.h"
#include "net/net.h"
#include "params.h"

struct nicname {
    uint8_t mac[6];
    bool has_pci;
    uint16_t segment;
    uint8_t bus, device, function;
};

/* Does `wanted` name this NIC: a MAC with colons or dashes, or [segment:]bus:device.function in hexadecimal?
 */
bool nicname_matches(const struct nicname *nic, const char *wanted);

/* The length of a netmask's prefix; a mask with holes counts its leading ones. */
unsigned nicname_prefix(const uint8_t netmask[4]);

/* ip, gateway, dns and hostname of checked settings as a lease. */
void nicname_static_lease(const struct params *params, struct net_lease *ret_lease);

/* "seed,lose,repeat,reorder,damage": five decimal numbers, the last four out of 65536. */
bool nicname_parse_lossy(const char *text, struct lossy_config *ret_config);

#endif
