/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lwIP is built with. One thread polls it (NO_SYS), its memory is fixed, and what lunboot does itself
 * (DHCP, names) or does not need (fragments, forwarding, raw sockets, multicast) is left out, which leaves
 * less that a packet can reach. IPv6 is off for now; nothing here stands against turning it on.
 */
#ifndef LUNBOOT_NET_LWIPOPTS_H
#define LUNBOOT_NET_LWIPOPTS_H

#include <stdint.h>

/* ---- the system ---- */
#define NO_SYS                   1
#define SYS_LIGHTWEIGHT_PROT     0
#define LWIP_NETCONN             0
#define LWIP_SOCKET              0
#define LWIP_TIMERS              1
#define LWIP_HOOK_FILENAME       "hooks.h"
#define LWIP_CHKSUM              net_checksum
#define LWIP_SUPPORT_CUSTOM_PBUF 1

/* ---- memory ---- */
#define MEM_ALIGNMENT 8
/*
 * The heap holds what was committed to the streams and is not acknowledged yet, and received frames that the
 * driver must have back (net/iface.c keeps the two apart).
 */
#define MEM_SIZE                (4u * 1024u * 1024u)
#define MEMP_NUM_TCP_PCB        16
#define MEMP_NUM_TCP_PCB_LISTEN 1
#define MEMP_NUM_UDP_PCB        4
#define MEMP_NUM_TCP_SEG        4096
#define MEMP_NUM_PBUF           64
#define PBUF_POOL_SIZE          4
#define PBUF_POOL_BUFSIZE       1600

/* ---- IPv4 ---- */
#define LWIP_IPV4          1
#define LWIP_IPV6          0
#define LWIP_ARP           1
#define LWIP_ETHERNET      1
#define ARP_QUEUEING       1
#define ARP_QUEUE_LEN      4
#define MEMP_NUM_ARP_QUEUE 16
#define ETH_PAD_SIZE       0
#define IP_FORWARD         0
#define IP_REASSEMBLY                                                                                        \
    0 /* TCP is not fragmented, and the rest fits one frame (CVE-2020-13987's neighbourhood) */
#define IP_FRAG             0
#define IP_OPTIONS_ALLOWED  0
#define IP_SOF_BROADCAST    1
#define LWIP_RAW            0
#define LWIP_ICMP           1
#define LWIP_BROADCAST_PING 0
#define LWIP_MULTICAST_PING 0
#define LWIP_IGMP           0
#define LWIP_AUTOIP         0
#define LWIP_ACD            0
#define LWIP_DHCP           0 /* net/dhcp.c */
#ifndef LWIP_DNS
#define LWIP_DNS 0 /* net/dns.c; 1 for lwIP's web client alone: see the Makefile */
#endif
#define LWIP_SINGLE_NETIF   1
#define LWIP_NETIF_LOOPBACK 0
#define LWIP_HAVE_LOOPIF    0
#define LWIP_NETIF_HOSTNAME 0
/* A DHCP server may answer to the address that it offers, before it is ours. */
#define LWIP_IP_ACCEPT_UDP_PORT(port) ((port) == PP_NTOHS(68))

/* ---- TCP ---- */
/*
 * The receive window is a run-time value: 16 KiB and what net_open adds. As a sum with a variable it also
 * works in the preprocessor conditions of lwIP's init.c, where a name counts as 0. The scale is fixed:
 * 128-byte steps up to 8 MiB.
 */
extern uint32_t lwip_port_window_extra;
#define LWIP_PORT_WINDOW_MIN 16384u
#define LWIP_PORT_WINDOW_MAX (4u * 1024u * 1024u)
#define TCP_WND              (LWIP_PORT_WINDOW_MIN + lwip_port_window_extra)
#define LWIP_WND_SCALE       1
#define TCP_RCV_SCALE        7
/* Of the window that this peer sees: 64 KiB at most when it does not scale. Used where `pcb` is in scope
 * alone. */
#define TCP_WND_UPDATE_THRESHOLD       (TCP_WND_MAX(pcb) / 4u)
#define LWIP_DISABLE_TCP_SANITY_CHECKS 1 /* they want TCP_WND to be a constant */

/* Built for jumbo frames; what is announced and used is the interface's MTU less 40. */
#define TCP_MSS                    8960
#define TCP_CALCULATE_EFF_SEND_MSS 1
#define TCP_SND_BUF                (256u * 1024u)
#define TCP_SND_QUEUELEN           640u
#define TCP_SNDLOWAT               (32u * 1024u)
#define TCP_SNDQUEUELOWAT          32u
#define LWIP_NETIF_TX_SINGLE_PBUF  1
#define TCP_QUEUE_OOSEQ            1
#define TCP_OOSEQ_MAX_PBUFS        3000
#define LWIP_TCP_SACK_OUT          1
#define LWIP_TCP_MAX_SACK_NUM      4
#define TCP_LISTEN_BACKLOG         0
#define LWIP_TCP_KEEPALIVE         1

/*
 * The retransmission clock ticks at twice this interval. lwIP's default (500 ms ticks, 3 s at first) makes a
 * lost segment at the end of a command cost seconds; this gives 1 s at first (RFC 6298, 2.1) and some 300 ms
 * later on.
 */
#define TCP_TMR_INTERVAL  50
#define LWIP_TCP_RTO_TIME 1000
#define TCP_SYNMAXRTX     10
#define TCP_MAXRTX        10
#define TCP_MSL           5000u

/* ---- the clients behind net/fetch.h ---- */
/* One fetch at a time, over a layer of our own (net/fetch_http.c). */
#define LWIP_ALTCP         1
#define MEMP_NUM_ALTCP_PCB 1
#define HTTPC_CLIENT_AGENT "lunboot/" LUNBOOT_VERSION
/*
 * The port that lwIP's TFTP client binds: a random one for each fetch (RFC 1350 section 4), by
 * net/fetch_tftp.c. The client's other options have no effect on a read: it asks once, and neither repeats
 * nor times out, so its timer takes no place in MEMP_NUM_SYS_TIMEOUT. The web client's limit is 30 calls of
 * its poll function, no option; net/fetch_http.c says how far apart they are.
 */
extern uint16_t lwip_port_tftp;
#define TFTP_PORT lwip_port_tftp

/* ---- the rest ---- */
#define LWIP_STATS                   1
#define MEM_STATS                    1
#define MEMP_STATS                   1
#define LINK_STATS                   0
#define ETHARP_STATS                 0
#define IP_STATS                     0
#define IPFRAG_STATS                 0
#define ICMP_STATS                   0
#define UDP_STATS                    0
#define TCP_STATS                    1
#define SYS_STATS                    0
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1

#endif
