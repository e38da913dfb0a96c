/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The resolver behind net_resolve_start: one name at a time, over UDP to the servers of the lease. For net/
 * alone.
 */
#ifndef LUNBOOT_NET_DNS_H
#define LUNBOOT_NET_DNS_H

#include "net.h"

/* `lease` NULL: the interface has no addresses yet. A look-up under way is dropped. */
void dns_start(const char *host, const struct net_lease *lease);
void dns_stop(void);

void dns_poll(void);
uint64_t dns_next_ms(void);

enum net_resolve_state dns_result(struct net_address *ret_addresses, unsigned *ret_count);

#endif
