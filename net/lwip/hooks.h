/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where lwIP asks lunboot: the initial sequence number (net/isn.c), whether a packet may go on (net/guard.c),
 * and where the server of a fetch is (net/fetch_http.c).
 */
#ifndef LUNBOOT_NET_LWIP_HOOKS_H
#define LUNBOOT_NET_LWIP_HOOKS_H

#include "lwip/ip_addr.h"
#include "lwip/err.h"
#include "lwip/pbuf.h"

struct tcp_pcb;
struct tcp_hdr;
struct netif;

u32_t isn_next(const ip_addr_t *local_ip, u16_t local_port, const ip_addr_t *remote_ip, u16_t remote_port);
err_t guard_tcp_segment(const struct tcp_pcb *pcb, const struct tcp_hdr *header, u16_t options_length,
                        u16_t first_length, const u8_t *second, const struct pbuf *p);
int guard_ip4_packet(struct pbuf *p, struct netif *netif);
err_t dns_gethostbyname(const char *name, ip_addr_t *ret_address,
                        void (*found)(const char *name, const ip_addr_t *address, void *arg), void *arg);

#define LWIP_HOOK_TCP_ISN(local_ip, local_port, remote_ip, remote_port)                                      \
    isn_next(local_ip, local_port, remote_ip, remote_port)
#define LWIP_HOOK_TCP_INPACKET_PCB(pcb, header, options_length, first_length, second, p)                     \
    guard_tcp_segment(pcb, header, options_length, first_length, second, p)
#define LWIP_HOOK_IP4_INPUT(p, netif) guard_ip4_packet(p, netif)

#endif
