/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The DHCPv4 client (RFC 2131, 2132, 3396). Not lwIP's: that one takes the first offer and any server's ACK,
 * knows no options in parts, and releases the address when it is stopped. For net/ alone; net.c applies what
 * it finds.
 */
#ifndef LUNBOOT_NET_DHCP_H
#define LUNBOOT_NET_DHCP_H

#include "net.h"

/* Remember whom to speak for. */
void dhcp_init(const struct nic *nic, const struct net_config *config);

/* Begin with DISCOVER. False: no room for a UDP port. */
bool dhcp_start(void);
/* The lease of another client of this machine: see net_dhcp_adopt. */
bool dhcp_adopt(const uint8_t *ack, size_t length);
/* Silent: the address is not released. */
void dhcp_stop(void);

void dhcp_poll(void);
uint64_t dhcp_next_ms(void);

/* True once after each change: a lease was bound or renewed, or lost (the lease is zero then). */
bool dhcp_changed(bool *ret_bound, struct net_lease *ret_lease);

void dhcp_progress(unsigned *ret_discovers, unsigned *ret_offers);

#endif
