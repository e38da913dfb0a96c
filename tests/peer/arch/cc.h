/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LUNBOOT_TESTS_PEER_ARCH_CC_H
#define LUNBOOT_TESTS_PEER_ARCH_CC_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <limits.h>

#define BYTE_ORDER LITTLE_ENDIAN

uint32_t peer_port_random(void);
#define LWIP_RAND() peer_port_random()

#define LWIP_PLATFORM_ASSERT(message)                                                                        \
    do {                                                                                                     \
        fprintf(stderr, "the peer's lwIP: %s (%s:%d)\n", message, __FILE__, __LINE__);                       \
        abort();                                                                                             \
    } while (0)
#define LWIP_PLATFORM_DIAG(message) ((void)0)

#endif
