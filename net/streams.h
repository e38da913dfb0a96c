/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the rest of net/ asks of stream.c. For net/ alone.
 */
#ifndef LUNBOOT_NET_STREAMS_H
#define LUNBOOT_NET_STREAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "lwip/ip_addr.h"

/* Between reception and lwIP's timers: closed streams that lwIP finished or that took too long are let go. */
void streams_poll(void);
/* The absolute time of the next thing streams_poll does by itself; UINT64_MAX: none. */
uint64_t streams_next_ms(void);

/* The device has room again: send what lwIP could not. */
void streams_output(void);

/* No closed stream has something unacknowledged. */
bool streams_quiet(void);

/* Aborts everything (RST); what is still held becomes STREAM_FAILED, and all received frames are released. */
void streams_fail(void);

/* ICMP said so of a segment with this sequence number; only a connection attempt that sent it is ended. */
void streams_unreachable(const ip4_addr_t *remote, uint16_t remote_port, uint16_t local_port,
                         uint32_t sequence);

#endif
