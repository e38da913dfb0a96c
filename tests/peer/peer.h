/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Another host in the same program: a second lwIP, linked so that only these functions of it are visible. It
 * answers ARP and pings, and serves TCP connections whose bytes the test reads and writes.
 */
#ifndef LUNBOOT_TESTS_PEER_H
#define LUNBOOT_TESTS_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct peer_config {
    uint8_t mac[6];
    uint8_t address[4], netmask[4], gateway[4];
    uint16_t mtu;
    uint64_t (*now_ms)(void);
    void (*output)(const void *frame, size_t length);
    uint32_t seed; /* of its ports and sequence numbers */
};

void peer_open(const struct peer_config *config);
/* Drops every connection without a word. */
void peer_close(void);
/* Closed and long after: its timers are brought to the beginning of their periods. */
void peer_settle(void);

void peer_input(const void *frame, size_t length);
void peer_poll(void);
uint64_t peer_next_ms(void);

/* Listen on a port; false: taken. */
bool peer_listen(uint16_t port);
void peer_unlisten(uint16_t port);

struct peer_connection;

/* The next connection that was made; NULL: none. The caller's until peer_shut or peer_abort. */
struct peer_connection *peer_accept(void);

enum peer_state {
    PEER_OPEN,
    PEER_FINISHED, /* the other side sent a FIN */
    PEER_RESET,    /* ... a RST */
    PEER_LOST,     /* it does not answer */
};
enum peer_state peer_state(const struct peer_connection *connection);
uint16_t peer_port(const struct peer_connection *connection); /* of this side */

/* Bytes that arrived; reading them reopens the window. */
size_t peer_pending(const struct peer_connection *connection);
size_t peer_receive(struct peer_connection *connection, void *bytes, size_t n);

size_t peer_space(const struct peer_connection *connection);
/* Returns how many were taken. */
size_t peer_send(struct peer_connection *connection, const void *bytes, size_t n);

/* FIN; what the other side still sends is dropped. The connection is given back. */
void peer_shut(struct peer_connection *connection);
/* FIN, but still reads; the connection stays the caller's. */
void peer_finish(struct peer_connection *connection);
/* RST; given back. */
void peer_abort(struct peer_connection *connection);
/* Nothing more is heard from it: as if the host's power went. Given back. */
void peer_vanish(struct peer_connection *connection);

/* lwIP's TFTP server, with one file, which stays the caller's; NULL: no server (also after peer_close). */
void peer_serve_tftp(const char *name, const void *bytes, size_t length);

#endif
