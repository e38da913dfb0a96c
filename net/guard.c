/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "lwip/icmp.h"
#include "lwip/inet_chksum.h"
#include "lwip/netif.h"
#include "lwip/opt.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/prot/ip4.h"
#include "fetches.h"
#include "guard.h"
#include "hooks.h"
#include "streams.h"

#define OPTION_END     0u
#define OPTION_PADDING 1u
#define OPTION_MSS     2u
#define MSS_MIN        64u

#define IP_HEADER_MIN 20u
#define ICMP_HEADER   8u
#define QUOTED                                                                                               \
    8u /* RFC 792: an ICMP error quotes the IP header and at least 8 bytes: the ports, the sequence */

/* The lengths of the options that lwIP reads; 0: any. */
static const uint8_t option_lengths[] = {[2] = 4, [3] = 3, [4] = 2, [8] = 10};

static u16_t word(const uint8_t *at)
{
    return (u16_t)(at[0] << 8 | at[1]);
}

static bool option_valid(const uint8_t *option, size_t left, bool in_syn)
{
    size_t length;

    if (left < 2 || option[1] < 2 || option[1] > left) {
        return false;
    }
    length = option[0] < sizeof option_lengths ? option_lengths[option[0]] : 0;
    if (length != 0 && option[1] != length) {
        return false;
    }
    return option[0] != OPTION_MSS || (in_syn && word(option + 2) >= MSS_MIN);
}

bool guard_options_valid(const uint8_t *options, size_t length, bool in_syn)
{
    size_t at = 0;

    while (at < length && options[at] != OPTION_END) {
        if (options[at] == OPTION_PADDING) {
            at++;
        } else if (option_valid(options + at, length - at, in_syn)) {
            at += options[at + 1];
        } else {
            return false;
        }
    }
    return true;
}

/*
 * lwIP trims a segment to the window when it is the next one, but queues one that arrives out of order as it
 * is, and when the gap before it is filled its window would underflow. No honest peer sends such a segment:
 * the window is never taken back. In-order ones (a probe of a closed window) stay lwIP's.
 */
static bool exceeds_window(const struct tcp_pcb *pcb, const struct tcp_hdr *header, u16_t payload)
{
    u32_t gap = header->seqno - pcb->rcv_nxt, length = payload;

    if (pcb->state < ESTABLISHED || (s32_t)gap <= 0) {
        return false;
    }
    length += (TCPH_FLAGS(header) & TCP_FIN) != 0;
    return gap <= pcb->rcv_wnd && length > pcb->rcv_wnd - gap;
}

/* The header's fields are in host order already; its options are in one piece, for so are our frames. */
err_t guard_tcp_segment(const struct tcp_pcb *pcb, const struct tcp_hdr *header, u16_t options_length,
                        u16_t first_length, const u8_t *second, const struct pbuf *p)
{
    const uint8_t *options = (const uint8_t *)header + TCP_HLEN;

    LWIP_UNUSED_ARG(first_length);
    if (second != NULL || !guard_options_valid(options, options_length, pcb->state == SYN_SENT)) {
        return ERR_VAL;
    }
    if (pcb->state != LISTEN && pcb->state != TIME_WAIT && exceeds_window(pcb, header, p->tot_len)) {
        return ERR_VAL;
    }
    return ERR_OK;
}

/* Destination unreachable (RFC 792) about a SYN of ours or a datagram of TFTP. RFC 5927: it must quote what
 * only we and the server know: the sequence number, or the random port. */
static void take_unreachable(const uint8_t *icmp, size_t length)
{
    const uint8_t *quoted = icmp + ICMP_HEADER;
    size_t left, header;
    ip4_addr_t remote;
    uint8_t protocol;

    if (length < ICMP_HEADER + IP_HEADER_MIN || icmp[0] != ICMP_DUR || icmp[1] == ICMP_DUR_FRAG ||
        inet_chksum(icmp, (u16_t)length) != 0) {
        return;
    }
    left = length - ICMP_HEADER;
    header = (quoted[0] & 0x0fu) * 4u;
    if (quoted[0] >> 4 != 4 || header < IP_HEADER_MIN || header > left || left - header < QUOTED) {
        return;
    }
    memcpy(&remote.addr, quoted + 16, 4);
    protocol = quoted[9];
    quoted += header;
    if (protocol == IP_PROTO_TCP) {
        streams_unreachable(&remote, word(quoted + 2), word(quoted),
                            (u32_t)word(quoted + 4) << 16 | word(quoted + 6));
    } else if (protocol == IP_PROTO_UDP) {
        fetch_tftp_unreachable(&remote, word(quoted + 2), word(quoted), icmp[1] == ICMP_DUR_PORT);
    }
}

/* Before lwIP has checked more than the version. Nonzero: eaten. */
int guard_ip4_packet(struct pbuf *p, struct netif *netif)
{
    const uint8_t *bytes = p->payload;
    size_t header, length;
    ip4_addr_t source;

    if (p->len != p->tot_len || p->len < IP_HEADER_MIN) {
        pbuf_free(p);
        return 1;
    }
    memcpy(&source.addr, bytes + 12, 4);
    if (!ip4_addr_isany_val(*netif_ip4_addr(netif)) && ip4_addr_eq(&source, netif_ip4_addr(netif))) {
        pbuf_free(p); /* says that we sent it */
        return 1;
    }
    header = (bytes[0] & 0x0fu) * 4u;
    length = word(bytes + 2);
    if (bytes[9] == IP_PROTO_ICMP && header >= IP_HEADER_MIN && header <= length && length <= p->len &&
        inet_chksum(bytes, (u16_t)header) == 0 && memcmp(bytes + 16, netif_ip4_addr(netif), 4) == 0) {
        take_unreachable(bytes + header, length - header);
    }
    return 0;
}
