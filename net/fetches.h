/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the rest of net/ asks of fetch.c, and what fetch.c and its two clients (fetch_tftp.c, fetch_http.c)
 * ask of each other. For net/ alone.
 */
#ifndef LUNBOOT_NET_FETCHES_H
#define LUNBOOT_NET_FETCHES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lwip/ip_addr.h"
#include "fetch.h"

struct pbuf;

/* After reception: what has ended is given back here, never inside a callback of lwIP's. */
void fetches_poll(void);
/* The absolute time of the next thing fetches_poll does by itself; UINT64_MAX: none. */
uint64_t fetches_next_ms(void);
/* The address or the device is gone. */
void fetches_fail(void);

/* ---- a client: one way to fetch ---- */

struct fetch_client {
    /* Send the request. What goes wrong is said by fetch_end. */
    void (*start)(const ip_addr_t *server, const struct fetch_request *request);
    void (*poll)(uint64_t now_ms);
    uint64_t (*next_ms)(void);
    /* Give everything back, in any state; the fetch is no longer FETCH_RUNNING. */
    void (*stop)(void);
};

extern const struct fetch_client fetch_tftp, fetch_http;

/* ICMP said so of a datagram; `port`: that nobody listens there. */
void fetch_tftp_unreachable(const ip4_addr_t *remote, uint16_t remote_port, uint16_t local_port, bool port);

/* ---- what a client says ---- */

bool fetch_is_running(void);
/* The next bytes of the file. False: they have no room, and the fetch is FETCH_TOO_LARGE. */
bool fetch_put(const struct pbuf *p);
/* So many bytes would have no room. */
bool fetch_exceeds(uint64_t length);
/* How it ended; the first word counts. */
void fetch_end(enum fetch_state state);
/* For fetch_code and fetch_detail; of the text what fits, up to a NUL. */
void fetch_quote(unsigned code, const void *text, size_t length);

#endif
