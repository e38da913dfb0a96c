/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lwIP needs of the system: milliseconds, random numbers, a checksum, and where a broken invariant ends.
 */
#include <stdio.h>
#include <string.h>

#include "lwip/arch.h"
#include "lwip/opt.h"
#include "lwip/sys.h"
#include "net/net.h"

#define PORT_FIRST 49152u /* RFC 6335: dynamic ports */

u32_t lwip_port_window_extra;
u16_t lwip_port_tftp;

u32_t sys_now(void)
{
    return (u32_t)net_milliseconds();
}

uint32_t lwip_port_random(void)
{
    uint32_t value;

    net_random(&value, sizeof value);
    return value;
}

uint16_t lwip_port_any(void)
{
    uint16_t random;

    net_random(&random, sizeof random);
    return (uint16_t)(PORT_FIRST + random % (65536u - PORT_FIRST));
}

void lwip_port_assert_failed(const char *message, int line)
{
    char text[160];

    snprintf(text, sizeof text, "lwIP: %s (line %d)", message, line);
    net_log(text);
    __builtin_trap();
}

/*
 * The ones' complement sum of RFC 1071 over 16-bit words in memory order, 64 bits at a time. The sum does not
 * depend on where the words are cut, so the carries are collected in halves and folded at the end.
 */
uint16_t net_checksum(const void *bytes, int length)
{
    const uint8_t *at = bytes;
    size_t left = length > 0 ? (size_t)length : 0;
    uint64_t sum = 0, wide;
    uint32_t half = 0;

    for (; left >= 8; left -= 8, at += 8) {
        memcpy(&wide, at, 8);
        sum += (wide & 0xffffffffu) + (wide >> 32);
    }
    if (left >= 4) {
        memcpy(&half, at, 4);
        sum += half;
        left -= 4;
        at += 4;
    }
    if (left > 0) {
        half = 0;
        memcpy(&half, at, left);
        sum += half;
    }
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}
