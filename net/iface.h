/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lwIP's network interface over a nic: frames go in without a copy and come back to the driver when lwIP is
 * done with them. For net/ alone.
 */
#ifndef LUNBOOT_NET_IFACE_H
#define LUNBOOT_NET_IFACE_H

#include <stdbool.h>
#include <stdint.h>

#include "lwip/ip_addr.h"
#include "net.h"

struct netif;

/* False: lwIP has no room. */
bool iface_open(struct nic *nic);
/* Everything that lwIP holds of it must be gone; see net_close. */
void iface_close(void);

struct netif *iface_netif(void);

/* Hand at most `limit` received frames to lwIP; returns how many came. */
unsigned iface_drain(unsigned limit);

/* The device said that it does not work any more. */
bool iface_failed(void);
/* A frame found no room since this was last asked. */
bool iface_take_blocked(void);

/* Frames of the driver that lwIP or a stream holds now. */
unsigned iface_lent(void);

/* Addresses as in the lease; the MTU is the lease's within 576 and the nic's (0: the nic's). */
void iface_configure(const struct net_lease *lease);

/* The address is one host's, on our network or behind a gateway. */
bool iface_has_route(const ip4_addr_t *remote);

/* The frame counters of net_counters. */
void iface_count(struct net_counters *ret_counters);

#endif
