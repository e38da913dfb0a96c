/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "lwip/etharp.h"
#include "lwip/ip4.h"
#include "lwip/netif.h"
#include "lwip/opt.h"
#include "lwip/pbuf.h"
#include "lwip/stats.h"
#include "netif/ethernet.h"
#include "iface.h"

#define FRAME_MAX (9000u + NIC_FRAME_HEADER)

/* Heap that received frames leave to what is sent: every stream's buffer, and its headers. */
#define HEAP_FOR_SENDING (1536u * 1024u)

#define MTU_MIN 576u /* RFC 791: what every host takes */

/* A driver's frame that lwIP uses in place; the pbuf comes first, so that a pointer to it is one to the
 * whole. */
struct lent_frame {
    struct pbuf_custom pbuf;
    struct nic_frame frame;
    struct lent_frame *next_free;
};

static struct {
    struct nic *nic;
    struct netif netif;
    struct lent_frame frames[NIC_LENT_MAX];
    struct lent_frame *free;
    unsigned lent;
    bool failed, blocked;
    struct net_counters counters;
    uint8_t joined[FRAME_MAX]; /* an outgoing frame that lwIP has in pieces */
} iface;

static enum nic_status send_frame(const void *bytes, uint32_t length)
{
    enum nic_status status = nic_send(iface.nic, bytes, length);

    if (status == NIC_OK) {
        iface.counters.frames_out++;
        iface.counters.bytes_out += length;
    } else if (status == NIC_BUSY) {
        iface.blocked = true;
    } else {
        iface.failed = true;
    }
    return status;
}

/* lwIP keeps a TCP segment that was refused here and sends it later; see net_poll. */
static err_t link_output(struct netif *netif, struct pbuf *p)
{
    const void *bytes = p->payload;

    if (iface.failed || p->tot_len > (u32_t)netif->mtu + NIC_FRAME_HEADER || p->tot_len > FRAME_MAX) {
        return ERR_IF;
    }
    if (p->len != p->tot_len) {
        pbuf_copy_partial(p, iface.joined, p->tot_len, 0);
        bytes = iface.joined;
    }
    return send_frame(bytes, p->tot_len) == NIC_OK ? ERR_OK : ERR_IF;
}

static err_t init_netif(struct netif *netif)
{
    netif->name[0] = 'l';
    netif->name[1] = 'b';
    netif->output = etharp_output;
    netif->linkoutput = link_output;
    netif->mtu = iface.nic->mtu;
    netif->hwaddr_len = 6;
    memcpy(netif->hwaddr, iface.nic->mac, 6);
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
    return ERR_OK;
}

static void free_all_frames(void)
{
    iface.free = NULL;
    for (unsigned i = 0; i < NIC_LENT_MAX; i++) {
        iface.frames[i].next_free = iface.free;
        iface.free = &iface.frames[i];
    }
    iface.lent = 0;
}

bool iface_open(struct nic *nic)
{
    iface.nic = nic;
    iface.failed = iface.blocked = false;
    memset(&iface.counters, 0, sizeof iface.counters);
    free_all_frames();
    if (netif_add(&iface.netif, IP4_ADDR_ANY4, IP4_ADDR_ANY4, IP4_ADDR_ANY4, NULL, init_netif,
                  ethernet_input) == NULL) {
        return false;
    }
    netif_set_default(&iface.netif);
    netif_set_up(&iface.netif);
    return true;
}

void iface_close(void)
{
    netif_set_down(&iface.netif);
    netif_remove(&iface.netif);
}

struct netif *iface_netif(void)
{
    return &iface.netif;
}

bool iface_failed(void)
{
    return iface.failed;
}

bool iface_take_blocked(void)
{
    bool was = iface.blocked;

    iface.blocked = false;
    return was;
}

unsigned iface_lent(void)
{
    return iface.lent;
}

void iface_count(struct net_counters *ret_counters)
{
    ret_counters->frames_in = iface.counters.frames_in;
    ret_counters->frames_out = iface.counters.frames_out;
    ret_counters->bytes_in = iface.counters.bytes_in;
    ret_counters->bytes_out = iface.counters.bytes_out;
    ret_counters->dropped = iface.counters.dropped;
}

void iface_configure(const struct net_lease *lease)
{
    ip4_addr_t address, netmask, gateway;
    u16_t mtu = iface.nic->mtu;

    if (lease->mtu != 0 && lease->mtu < mtu) {
        mtu = lease->mtu < MTU_MIN ? (u16_t)MTU_MIN : lease->mtu;
    }
    iface.netif.mtu = mtu < iface.nic->mtu ? mtu : iface.nic->mtu;
    memcpy(&address.addr, lease->address, 4);
    memcpy(&netmask.addr, lease->netmask, 4);
    memcpy(&gateway.addr, lease->gateway, 4);
    netif_set_addr(&iface.netif, &address, &netmask, &gateway);
}

bool iface_has_route(const ip4_addr_t *remote)
{
    const struct netif *netif = &iface.netif;

    return !ip4_addr_isany_val(*remote) && !ip4_addr_isbroadcast(remote, netif) &&
           !ip4_addr_ismulticast(remote) &&
           (ip4_addr_net_eq(remote, netif_ip4_addr(netif), netif_ip4_netmask(netif)) ||
            !ip4_addr_isany_val(*netif_ip4_gw(netif)));
}

/* ---- reception ---- */

static void return_frame(struct pbuf *p)
{
    struct lent_frame *lent = (struct lent_frame *)(void *)p;

    nic_release(&lent->frame);
    lent->next_free = iface.free;
    iface.free = lent;
    iface.lent--;
}

static struct pbuf *lend(const struct nic_frame *frame)
{
    struct lent_frame *lent = iface.free;
    struct pbuf *p;

    lent->frame = *frame;
    lent->pbuf.custom_free_function = return_frame;
    p = pbuf_alloced_custom(PBUF_RAW, (u16_t)frame->length, PBUF_REF, &lent->pbuf, frame->data,
                            (u16_t)frame->length);
    if (p != NULL) {
        iface.free = lent->next_free;
        iface.lent++;
    }
    return p;
}

/* The driver gets its frame back: so much is held already that it might have none left for what comes next.
 */
static struct pbuf *copy(struct nic_frame *frame)
{
    struct pbuf *p = NULL;

    if (lwip_stats.mem.avail - lwip_stats.mem.used >= HEAP_FOR_SENDING) {
        p = pbuf_alloc(PBUF_RAW, (u16_t)frame->length, PBUF_RAM);
    }
    if (p != NULL) {
        memcpy(p->payload, frame->data, frame->length);
        nic_release(frame);
    }
    return p;
}

/*
 * Only what lwIP was built to take goes on: Ethernet II with IPv4 or ARP, of a length that fits its 16 bits
 * and holds the fixed part of each: lwIP 2.2.1 reads an ARP packet without looking at its length.
 */
static bool is_wanted(const struct nic_frame *frame)
{
    unsigned type;

    if (frame->length < NIC_FRAME_HEADER || frame->length > FRAME_MAX) {
        return false;
    }
    type = (unsigned)frame->data[12] << 8 | frame->data[13];
    return (type == ETHTYPE_IP && frame->length - NIC_FRAME_HEADER >= IP_HLEN) ||
           (type == ETHTYPE_ARP && frame->length - NIC_FRAME_HEADER >= SIZEOF_ETHARP_HDR);
}

static void input_frame(struct nic_frame *frame)
{
    struct pbuf *p = NULL;

    iface.counters.frames_in++;
    iface.counters.bytes_in += frame->length;
    if (is_wanted(frame)) {
        p = iface.free != NULL ? lend(frame) : copy(frame);
    }
    if (p == NULL) {
        iface.counters.dropped++;
        nic_release(frame);
        return;
    }
    if (iface.netif.input(p, &iface.netif) != ERR_OK) {
        pbuf_free(p);
    }
}

unsigned iface_drain(unsigned limit)
{
    struct nic_frame frame;
    enum nic_status status;
    unsigned count = 0;

    while (count < limit && !iface.failed) {
        status = nic_receive(iface.nic, &frame);
        if (status != NIC_OK) {
            iface.failed = status == NIC_FAILED;
            break;
        }
        input_frame(&frame);
        count++;
    }
    return count;
}
