/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One TCP connection as two byte queues: peek and consume what arrived, ask for space and commit what is to
 * go out. lwIP's callbacks, pcbs and pbufs stay behind this interface. A commit copies, so nothing of the
 * caller's is referenced afterwards; a consume reopens the receive window.
 */
#ifndef LUNBOOT_NET_STREAM_H
#define LUNBOOT_NET_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "net.h"

#define STREAMS_MAX 4u

struct stream; /* from a fixed pool */

enum stream_state {
    STREAM_CONNECTING,
    STREAM_OPEN,
    STREAM_PEER_CLOSED, /* FIN received; what arrived before can still be read */
    STREAM_RESET,       /* RST received */
    STREAM_REFUSED,     /* RST as the answer to our SYN */
    STREAM_TIMEOUT,     /* the peer did not answer our SYN or our data */
    STREAM_UNREACHABLE, /* no route, or an ICMP said so */
    STREAM_FAILED,      /* no memory, interface gone */
};

/*
 * Send a SYN from a random port. NULL when the pool is used up or the interface has no address. Without a
 * route to `address` the stream is STREAM_UNREACHABLE, without memory STREAM_FAILED, at once. The stream is
 * the caller's.
 */
struct stream *stream_connect(const struct net_address *address, uint16_t port);

enum stream_state stream_state(const struct stream *stream);

/* The next contiguous received bytes (0: none), valid until the next call into net/. */
size_t stream_peek(struct stream *stream, const uint8_t **ret_bytes);
/* n, at most what peek gave, have been taken. */
void stream_consume(struct stream *stream, size_t n);

/* How many bytes a commit takes now. */
size_t stream_space(const struct stream *stream);
/* Hand over n bytes (at most stream_space); copied. Returns how many were taken: fewer when memory is short.
 */
size_t stream_commit(struct stream *stream, const void *bytes, size_t n);
/* Send what was committed now (a PDU's header and data leave together; no Nagle delay, REQ-031). */
void stream_flush(struct stream *stream);

/* Bytes committed and not yet acknowledged by the peer. */
size_t stream_unacknowledged(const struct stream *stream);

/*
 * FIN after what was committed; the stream is given back, lwIP finishes the rest. Received bytes that nobody
 * read are dropped and do not turn the FIN into a RST.
 */
void stream_close(struct stream *stream);
/* RST at once; the stream is given back. */
void stream_abort(struct stream *stream);

#endif
