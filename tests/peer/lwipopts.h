/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The far end's lwIP: closer to its defaults than ours, so that the two do not share each choice.
 */
#ifndef LUNBOOT_TESTS_PEER_LWIPOPTS_H
#define LUNBOOT_TESTS_PEER_LWIPOPTS_H

#define NO_SYS                         1
#define SYS_LIGHTWEIGHT_PROT           0
#define LWIP_NETCONN                   0
#define LWIP_SOCKET                    0
#define MEM_LIBC_MALLOC                1
#define MEMP_MEM_MALLOC                1
#define MEM_ALIGNMENT                  8
#define LWIP_IPV6                      0
#define LWIP_RAW                       0
#define LWIP_DHCP                      0
#define IP_REASSEMBLY                  0
#define LWIP_SINGLE_NETIF              1
#define LWIP_WND_SCALE                 1
#define TCP_RCV_SCALE                  4
#define TCP_WND                        (512 * 1024)
#define TCP_MSS                        8960
#define TCP_SND_BUF                    (512 * 1024)
#define TCP_SND_QUEUELEN               2048
#define TCP_SNDLOWAT                   8192
#define TCP_SNDQUEUELOWAT              16
#define LWIP_TCP_SACK_OUT              1
#define LWIP_TCP_RTO_TIME              1000
#define TCP_TMR_INTERVAL               50
#define TCP_MSL                        1000u
#define LWIP_DISABLE_TCP_SANITY_CHECKS 1
#define LWIP_STATS                     0
#define TFTP_MAX_FILENAME_LEN          511
#define TFTP_TIMEOUT_MSECS             1000
#define SO_REUSE                       1 /* a port can be listened to again while old connections end */

#endif
