/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lwIP's view of the compiler and of the three functions that the embedder supplies (net/net.h). The same for
 * the firmware, where long has 32 bits and there is no C library, and for the host.
 */
#ifndef LUNBOOT_NET_LWIP_ARCH_CC_H
#define LUNBOOT_NET_LWIP_ARCH_CC_H

#include <stdint.h>

#define BYTE_ORDER LITTLE_ENDIAN

#define LWIP_NO_UNISTD_H 1
#define LWIP_NO_LIMITS_H 1
#define LWIP_NO_CTYPE_H  1
typedef intptr_t ssize_t;
#define SSIZE_MAX INTPTR_MAX

uint32_t lwip_port_random(void);
/* Of the dynamic ones (RFC 6335 section 6); it may be in use. */
uint16_t lwip_port_any(void);
uint16_t net_checksum(const void *bytes, int length);
void lwip_port_assert_failed(const char *message, int line);

#define LWIP_RAND() lwip_port_random()

/* A broken invariant of lwIP's own: say which, and stop. net/guard.c keeps out the packets known to break
 * one. */
#define LWIP_PLATFORM_ASSERT(message) lwip_port_assert_failed(message, __LINE__)
#define LWIP_PLATFORM_DIAG(message)   ((void)0)
/* Wrong arguments: the handler copes, nothing is printed. */
#define LWIP_ERROR(message, expression, handler)                                                             \
    do {                                                                                                     \
        if (!(expression)) {                                                                                 \
            handler;                                                                                         \
        }                                                                                                    \
    } while (0)

#endif
