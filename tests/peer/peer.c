/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "lwip/etharp.h"
#include "lwip/init.h"
#include "lwip/netif.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/sys.h"
#include "lwip/tcp.h"
#include "lwip/timeouts.h"
#include "netif/ethernet.h"
#include "peer.h"

#define LISTENERS_MAX 4

struct peer_connection {
    struct tcp_pcb *pcb; /* NULL: gone */
    enum peer_state state;
    uint16_t port;
    uint8_t *bytes; /* not read yet */
    size_t length, capacity;
    struct peer_connection *next;
};

static struct {
    bool ready;
    struct peer_config config;
    struct netif netif;
    struct tcp_pcb *listeners[LISTENERS_MAX];
    struct peer_connection *waiting; /* to be accepted, the oldest first */
    uint32_t random;
} peer;

uint32_t peer_port_random(void)
{
    peer.random = peer.random * 1664525u + 1013904223u;
    return peer.random ^ peer.random >> 16;
}

u32_t sys_now(void)
{
    return (u32_t)peer.config.now_ms();
}

static err_t link_output(struct netif *netif, struct pbuf *p)
{
    uint8_t frame[10000];

    LWIP_UNUSED_ARG(netif);
    pbuf_copy_partial(p, frame, p->tot_len, 0);
    peer.config.output(frame, p->tot_len);
    return ERR_OK;
}

static err_t init_netif(struct netif *netif)
{
    netif->name[0] = 'p';
    netif->name[1] = 'r';
    netif->output = etharp_output;
    netif->linkoutput = link_output;
    netif->mtu = peer.config.mtu;
    netif->hwaddr_len = 6;
    memcpy(netif->hwaddr, peer.config.mac, 6);
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
    return ERR_OK;
}

void peer_settle(void)
{
    u32_t ticks;

    if (!peer.ready) {
        return;
    }
    sys_check_timeouts();
    ticks = tcp_ticks;
    do {
        tcp_tmr(); /* counts a tick every second time */
    } while (tcp_ticks == ticks);
    tcp_tmr(); /* the next one counts again, as the very first did */
}

void peer_open(const struct peer_config *config)
{
    ip4_addr_t address, netmask, gateway;

    peer.config = *config;
    memcpy(&address.addr, config->address, 4);
    memcpy(&netmask.addr, config->netmask, 4);
    memcpy(&gateway.addr, config->gateway, 4);
    if (!peer.ready) {
        lwip_init();
        peer.ready = true;
        peer_settle();
    }
    peer.random = config->seed; /* only now: lwIP's first start draws, too */
    netif_add(&peer.netif, &address, &netmask, &gateway, NULL, init_netif, ethernet_input);
    netif_set_default(&peer.netif);
    netif_set_up(&peer.netif);
    sys_restart_timeouts();
}

static void forget(struct peer_connection *connection)
{
    if (connection->pcb != NULL) {
        tcp_arg(connection->pcb, NULL);
        tcp_recv(connection->pcb, NULL);
        tcp_err(connection->pcb, NULL);
    }
    free(connection->bytes);
    free(connection);
}

void peer_close(void)
{
    struct peer_connection *connection;

    netif_set_down(&peer.netif);
    peer_serve_tftp(NULL, NULL, 0);
    while ((connection = peer_accept()) != NULL) {
        forget(connection);
    }
    for (unsigned i = 0; i < LISTENERS_MAX; i++) {
        if (peer.listeners[i] != NULL) {
            tcp_close(peer.listeners[i]);
            peer.listeners[i] = NULL;
        }
    }
    while (tcp_active_pcbs != NULL) {
        tcp_abort(tcp_active_pcbs);
    }
    while (tcp_tw_pcbs != NULL) {
        tcp_abort(tcp_tw_pcbs);
    }
    netif_remove(&peer.netif);
}

void peer_input(const void *frame, size_t length)
{
    struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)length, PBUF_RAM);

    memcpy(p->payload, frame, length);
    if (peer.netif.input(p, &peer.netif) != ERR_OK) {
        pbuf_free(p);
    }
}

void peer_poll(void)
{
    sys_check_timeouts();
}

uint64_t peer_next_ms(void)
{
    return peer.config.now_ms() + sys_timeouts_sleeptime();
}

static err_t on_received(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
    struct peer_connection *connection = arg;

    LWIP_UNUSED_ARG(pcb);
    LWIP_UNUSED_ARG(err);
    if (p == NULL) {
        connection->state = PEER_FINISHED;
        return ERR_OK;
    }
    if (p->tot_len > connection->capacity - connection->length) {
        connection->capacity = (connection->capacity + p->tot_len) * 2;
        connection->bytes = realloc(connection->bytes, connection->capacity);
    }
    pbuf_copy_partial(p, connection->bytes + connection->length, p->tot_len, 0);
    connection->length += p->tot_len;
    pbuf_free(p);
    return ERR_OK;
}

static void on_error(void *arg, err_t err)
{
    struct peer_connection *connection = arg;

    connection->pcb = NULL;
    connection->state = err == ERR_RST ? PEER_RESET : PEER_LOST;
}

static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
    struct peer_connection *connection = calloc(1, sizeof *connection), **end = &peer.waiting;

    LWIP_UNUSED_ARG(arg);
    LWIP_UNUSED_ARG(err);
    connection->pcb = pcb;
    connection->port = pcb->local_port;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = connection;
    tcp_arg(pcb, connection);
    tcp_recv(pcb, on_received);
    tcp_err(pcb, on_error);
    tcp_nagle_disable(pcb);
    return ERR_OK;
}

bool peer_listen(uint16_t port)
{
    for (unsigned i = 0; i < LISTENERS_MAX; i++) {
        if (peer.listeners[i] == NULL) {
            struct tcp_pcb *pcb = tcp_new();

            ip_set_option(pcb, SOF_REUSEADDR);
            if (tcp_bind(pcb, IP_ADDR_ANY, port) != ERR_OK) {
                tcp_close(pcb);
                return false;
            }
            peer.listeners[i] = tcp_listen(pcb);
            tcp_accept(peer.listeners[i], on_accept);
            return true;
        }
    }
    return false;
}

void peer_unlisten(uint16_t port)
{
    for (unsigned i = 0; i < LISTENERS_MAX; i++) {
        if (peer.listeners[i] != NULL && peer.listeners[i]->local_port == port) {
            tcp_close(peer.listeners[i]);
            peer.listeners[i] = NULL;
        }
    }
}

struct peer_connection *peer_accept(void)
{
    struct peer_connection *connection = peer.waiting;

    if (connection != NULL) {
        peer.waiting = connection->next;
        connection->next = NULL;
    }
    return connection;
}

enum peer_state peer_state(const struct peer_connection *connection)
{
    return connection->state;
}

uint16_t peer_port(const struct peer_connection *connection)
{
    return connection->port;
}

size_t peer_pending(const struct peer_connection *connection)
{
    return connection->length;
}

size_t peer_receive(struct peer_connection *connection, void *bytes, size_t n)
{
    if (n > connection->length) {
        n = connection->length;
    }
    if (n == 0) {
        return 0;
    }
    memcpy(bytes, connection->bytes, n);
    memmove(connection->bytes, connection->bytes + n, connection->length - n);
    connection->length -= n;
    for (size_t left = n; connection->pcb != NULL && left > 0;) {
        u16_t piece = left > 0xffff ? 0xffff : (u16_t)left;

        tcp_recved(connection->pcb, piece);
        left -= piece;
    }
    return n;
}

size_t peer_space(const struct peer_connection *connection)
{
    return connection->pcb == NULL ? 0 : tcp_sndbuf(connection->pcb);
}

size_t peer_send(struct peer_connection *connection, const void *bytes, size_t n)
{
    size_t done = 0;

    while (connection->pcb != NULL && done < n) {
        size_t piece = n - done < 32768 ? n - done : 32768;

        if (piece > tcp_sndbuf(connection->pcb)) {
            piece = tcp_sndbuf(connection->pcb);
        }
        if (piece == 0 || tcp_write(connection->pcb, (const uint8_t *)bytes + done, (u16_t)piece,
                                    TCP_WRITE_FLAG_COPY) != ERR_OK) {
            break;
        }
        done += piece;
    }
    if (connection->pcb != NULL) {
        tcp_output(connection->pcb);
    }
    return done;
}

void peer_finish(struct peer_connection *connection)
{
    if (connection->pcb != NULL) {
        tcp_shutdown(connection->pcb, 0, 1);
    }
}

/* Without callbacks lwIP drops what still comes. */
void peer_shut(struct peer_connection *connection)
{
    peer_finish(connection);
    forget(connection);
}

static struct tcp_pcb *take_pcb(struct peer_connection *connection)
{
    struct tcp_pcb *pcb = connection->pcb;

    forget(connection);
    return pcb;
}

void peer_abort(struct peer_connection *connection)
{
    struct tcp_pcb *pcb = take_pcb(connection);

    if (pcb != NULL) {
        tcp_abort(pcb);
    }
}

void peer_vanish(struct peer_connection *connection)
{
    struct tcp_pcb *pcb = take_pcb(connection);

    if (pcb != NULL) {
        netif_set_down(&peer.netif);
        tcp_abort(pcb);
        netif_set_up(&peer.netif);
    }
}
