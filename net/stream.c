/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "lwip/netif.h"
#include "lwip/opt.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"
#include "iface.h"
#include "stream.h"
#include "streams.h"

#define PORT_TRIES 16u

/* A closed stream ends in a RST when the peer has not answered our FIN with its own by then. */
#define LINGER_MS 10000u

/* Dead peers show within about a minute even when nothing is asked of them (REQ-032). */
#define KEEP_IDLE_MS     30000u
#define KEEP_INTERVAL_MS 5000u
#define KEEP_COUNT       6u

#define COMMIT_PIECE 32768u /* tcp_write takes 16 bits */
#define QUEUE_SLACK  32u

enum use {
    FREE,
    HELD,      /* the caller's */
    LINGERING, /* given back; lwIP is still closing it */
};

struct stream {
    enum use use;
    enum stream_state state;
    struct tcp_pcb *pcb; /* NULL: lwIP has let go of it, or never had it */
    struct pbuf *head, *tail;
    size_t taken;  /* bytes of head that were consumed */
    size_t queued; /* bytes not consumed */
    uint64_t give_up_ms;
};

/* Twice as many as can be held: a new connection does not wait for an old one's last segment. */
static struct stream pool[STREAMS_MAX * 2];

/* ---- the received bytes ---- */

/*
 * A chain of pbufs linked by hand: lwIP's own functions keep a total of 16 bits in each, which a large window
 * overflows, so each is unlinked before it is given back.
 */
static void free_head(struct stream *stream)
{
    struct pbuf *p = stream->head;

    stream->head = p->next;
    if (stream->head == NULL) {
        stream->tail = NULL;
    }
    stream->taken = 0;
    p->next = NULL;
    p->tot_len = p->len;
    pbuf_free(p);
}

static void append(struct stream *stream, struct pbuf *p)
{
    if (stream->tail != NULL) {
        stream->tail->next = p;
    } else {
        stream->head = p;
    }
    stream->queued += p->tot_len;
    while (p->next != NULL) {
        p = p->next;
    }
    stream->tail = p;
}

static void reopen_window(struct stream *stream, size_t n)
{
    while (stream->pcb != NULL && n > 0) {
        u16_t piece = n > 0xffff ? 0xffff : (u16_t)n;

        tcp_recved(stream->pcb, piece);
        n -= piece;
    }
}

static void drop_received(struct stream *stream)
{
    while (stream->head != NULL) {
        free_head(stream);
    }
    reopen_window(stream, stream->queued);
    stream->queued = 0;
}

/* ---- lwIP's callbacks: they only note what happened ---- */

static void release(struct stream *stream)
{
    if (stream->pcb != NULL) {
        tcp_arg(stream->pcb, NULL);
        tcp_recv(stream->pcb, NULL);
        tcp_err(stream->pcb, NULL);
        stream->pcb = NULL;
    }
    drop_received(stream);
    stream->use = FREE;
}

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
    struct stream *stream = arg;

    LWIP_UNUSED_ARG(pcb);
    LWIP_UNUSED_ARG(err);
    stream->state = STREAM_OPEN;
    return ERR_OK;
}

static err_t on_received(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
    struct stream *stream = arg;

    LWIP_UNUSED_ARG(pcb);
    LWIP_UNUSED_ARG(err);
    if (p != NULL) {
        append(stream, p);
        if (stream->use == LINGERING) {
            drop_received(stream);
        }
    } else if (stream->state == STREAM_OPEN) {
        stream->state = STREAM_PEER_CLOSED;
    }
    return ERR_OK;
}

/* The pcb is gone when this is called. */
static void on_error(void *arg, err_t err)
{
    struct stream *stream = arg;

    stream->pcb = NULL;
    if (stream->use == LINGERING) {
        release(stream);
    } else if (err == ERR_RST) {
        stream->state = stream->state == STREAM_CONNECTING ? STREAM_REFUSED : STREAM_RESET;
    } else {
        stream->state = STREAM_TIMEOUT; /* lwIP's limit of retransmissions or of keep-alives */
    }
}

/* No answer of any kind is wanted any more, and lwIP calls nobody back. */
static void cut(struct stream *stream)
{
    struct tcp_pcb *pcb = stream->pcb;

    if (pcb == NULL) {
        return;
    }
    tcp_arg(pcb, NULL);
    tcp_recv(pcb, NULL);
    tcp_err(pcb, NULL);
    stream->pcb = NULL;
    tcp_abort(pcb);
}

/* ---- opening ---- */

static struct stream *find_free(void)
{
    struct stream *found = NULL, *oldest = NULL;
    unsigned held = 0;

    for (struct stream *s = pool; s < pool + LWIP_ARRAYSIZE(pool); s++) {
        held += s->use == HELD;
        if (s->use == FREE) {
            found = s;
        } else if (s->use == LINGERING && (oldest == NULL || s->give_up_ms < oldest->give_up_ms)) {
            oldest = s;
        }
    }
    if (held >= STREAMS_MAX) {
        return NULL;
    }
    if (found == NULL && oldest != NULL) {
        cut(oldest);
        release(oldest);
        found = oldest;
    }
    return found;
}

static struct tcp_pcb *new_pcb(struct stream *stream)
{
    struct tcp_pcb *pcb = tcp_new_ip_type(IPADDR_TYPE_V4);
    err_t err = ERR_USE;

    if (pcb == NULL) {
        return NULL;
    }
    for (unsigned i = 0; i < PORT_TRIES && err == ERR_USE; i++) {
        err = tcp_bind(pcb, IP4_ADDR_ANY, lwip_port_any());
    }
    if (err != ERR_OK) {
        tcp_abort(pcb);
        return NULL;
    }
    tcp_nagle_disable(pcb);
    ip_set_option(pcb, SOF_KEEPALIVE);
    pcb->keep_idle = KEEP_IDLE_MS;
    pcb->keep_intvl = KEEP_INTERVAL_MS;
    pcb->keep_cnt = KEEP_COUNT;
    tcp_arg(pcb, stream);
    tcp_recv(pcb, on_received);
    tcp_err(pcb, on_error);
    return pcb;
}

static bool start(struct stream *stream, const ip_addr_t *remote, uint16_t port)
{
    stream->pcb = new_pcb(stream);
    if (stream->pcb == NULL) {
        return false;
    }
    if (tcp_connect(stream->pcb, remote, port, on_connected) != ERR_OK) {
        cut(stream);
        return false;
    }
    return true;
}

struct stream *stream_connect(const struct net_address *address, uint16_t port)
{
    struct stream *stream;
    ip_addr_t remote;

    if (net_state() != NET_CONFIGURED || port == 0 || (stream = find_free()) == NULL) {
        return NULL;
    }
    memset(stream, 0, sizeof *stream);
    stream->use = HELD;
    stream->state = STREAM_UNREACHABLE;
    if (address->family != 4) {
        return stream;
    }
    memcpy(&ip_2_ip4(&remote)->addr, address->bytes, 4);
    if (!iface_has_route(ip_2_ip4(&remote))) {
        return stream;
    }
    stream->state = start(stream, &remote, port) ? STREAM_CONNECTING : STREAM_FAILED;
    return stream;
}

enum stream_state stream_state(const struct stream *stream)
{
    return stream->state;
}

/* ---- receiving ---- */

size_t stream_peek(struct stream *stream, const uint8_t **ret_bytes)
{
    /* lwIP leaves empty pbufs where it trimmed what came twice. */
    while (stream->head != NULL && stream->head->len == stream->taken) {
        free_head(stream);
    }
    if (stream->head == NULL) {
        return 0;
    }
    *ret_bytes = (const uint8_t *)stream->head->payload + stream->taken;
    return stream->head->len - stream->taken;
}

void stream_consume(struct stream *stream, size_t n)
{
    size_t left = n > stream->queued ? stream->queued : n;

    stream->queued -= left;
    reopen_window(stream, left);
    while (left > 0 && stream->head != NULL) {
        size_t here = stream->head->len - stream->taken;

        if (left < here) {
            stream->taken += left;
            return;
        }
        left -= here;
        free_head(stream);
    }
}

/* ---- sending ---- */

static bool can_send(const struct stream *stream)
{
    return stream->pcb != NULL && (stream->state == STREAM_OPEN || stream->state == STREAM_PEER_CLOSED);
}

/*
 * The bytes that tcp_write puts into one segment: less than the MSS for a peer with a very small window. 0
 * until a peer that accepted us with a closed window has opened it: lwIP would make whole segments, and fall
 * over them when the window then is a small one.
 */
static size_t segment_size(const struct tcp_pcb *pcb)
{
    size_t half = pcb->snd_wnd_max / 2;

    return half < tcp_mss(pcb) ? half : tcp_mss(pcb);
}

size_t stream_space(const struct stream *stream)
{
    size_t bytes, queued, room;

    if (!can_send(stream)) {
        return 0;
    }
    /* Each segment takes one or two places in a queue of limited length, each call a few more. */
    queued = tcp_sndqueuelen(stream->pcb);
    if (queued + QUEUE_SLACK >= TCP_SND_QUEUELEN) {
        return 0;
    }
    bytes = stream->pcb->snd_buf; /* tcp_sndbuf would cut it to 16 bits */
    room = (TCP_SND_QUEUELEN - QUEUE_SLACK - queued) / 2 * segment_size(stream->pcb);
    return bytes < room ? bytes : room;
}

size_t stream_commit(struct stream *stream, const void *bytes, size_t n)
{
    size_t space = stream_space(stream), done = 0;

    if (n > space) {
        n = space;
    }
    while (done < n) {
        size_t piece = n - done > COMMIT_PIECE ? COMMIT_PIECE : n - done;

        if (tcp_write(stream->pcb, (const uint8_t *)bytes + done, (u16_t)piece, TCP_WRITE_FLAG_COPY) !=
            ERR_OK) {
            break;
        }
        done += piece;
    }
    return done;
}

void stream_flush(struct stream *stream)
{
    if (can_send(stream)) {
        tcp_output(stream->pcb);
    }
}

size_t stream_unacknowledged(const struct stream *stream)
{
    return can_send(stream) ? TCP_SND_BUF - stream->pcb->snd_buf : 0;
}

/* ---- the end ---- */

/*
 * Only the sending side is shut: with tcp_close lwIP would answer unread or later bytes with a RST, which may
 * destroy at the peer what it has not read yet.
 */
void stream_close(struct stream *stream)
{
    struct tcp_pcb *pcb;

    drop_received(stream);
    pcb = stream->pcb;
    if (pcb == NULL) {
        stream->use = FREE;
        return;
    }
    if (stream->state == STREAM_CONNECTING || tcp_shutdown(pcb, 0, 1) != ERR_OK) {
        cut(stream);
        stream->use = FREE;
        return;
    }
    stream->use = LINGERING;
    stream->give_up_ms = net_milliseconds() + LINGER_MS;
}

void stream_abort(struct stream *stream)
{
    cut(stream);
    release(stream);
}

/* ---- for the rest of net/ ---- */

/* TIME_WAIT is lwIP's alone: it ends without a word, so nothing of ours may point there when lwIP's timers
 * run. */
void streams_poll(void)
{
    uint64_t now = net_milliseconds();

    for (struct stream *s = pool; s < pool + LWIP_ARRAYSIZE(pool); s++) {
        if (s->use != LINGERING) {
            continue;
        }
        if (s->pcb->state == TIME_WAIT) {
            release(s);
        } else if (now >= s->give_up_ms) {
            cut(s);
            release(s);
        }
    }
}

uint64_t streams_next_ms(void)
{
    uint64_t next = UINT64_MAX;

    for (const struct stream *s = pool; s < pool + LWIP_ARRAYSIZE(pool); s++) {
        if (s->use == LINGERING && s->give_up_ms < next) {
            next = s->give_up_ms;
        }
    }
    return next;
}

void streams_output(void)
{
    for (struct stream *s = pool; s < pool + LWIP_ARRAYSIZE(pool); s++) {
        if (s->use != FREE && s->pcb != NULL) {
            tcp_output(s->pcb);
        }
    }
}

bool streams_quiet(void)
{
    for (const struct stream *s = pool; s < pool + LWIP_ARRAYSIZE(pool); s++) {
        if (s->use == LINGERING && s->pcb->state != FIN_WAIT_2 && s->pcb->state != TIME_WAIT) {
            return false;
        }
    }
    return true;
}

void streams_fail(void)
{
    for (struct stream *s = pool; s < pool + LWIP_ARRAYSIZE(pool); s++) {
        bool alive = s->pcb != NULL;

        if (s->use == FREE) {
            continue;
        }
        cut(s);
        drop_received(s);
        if (s->use == LINGERING) {
            s->use = FREE;
        } else if (alive) {
            s->state = STREAM_FAILED;
        }
    }
}

void streams_unreachable(const ip4_addr_t *remote, uint16_t remote_port, uint16_t local_port,
                         uint32_t sequence)
{
    for (struct stream *s = pool; s < pool + LWIP_ARRAYSIZE(pool); s++) {
        struct tcp_pcb *pcb = s->pcb;

        if (s->use == HELD && pcb != NULL && pcb->state == SYN_SENT &&
            ip4_addr_eq(ip_2_ip4(&pcb->remote_ip), remote) && pcb->remote_port == remote_port &&
            pcb->local_port == local_port && sequence == pcb->lastack) {
            cut(s);
            s->state = STREAM_UNREACHABLE;
            return;
        }
    }
}
