/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Initial sequence numbers of TCP that an outsider cannot guess (RFC 6528, REQ-035): a clock plus a keyed
 * function of the connection's addresses. isn_next itself is declared for lwIP in lwip/hooks.h.
 */
#ifndef LUNBOOT_NET_ISN_H
#define LUNBOOT_NET_ISN_H

#include <stddef.h>
#include <stdint.h>

/* Draw a new key from net_random. */
void isn_rekey(void);

/* SipHash-2-4 (Aumasson and Bernstein, 2012) of `length` bytes. */
uint64_t isn_siphash(const uint8_t key[16], const uint8_t *bytes, size_t length);

#endif
