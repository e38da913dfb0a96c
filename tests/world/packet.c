/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "packet.h"

#define ETHERNET 14u
#define IP       20u
#define UDP      8u
#define TCP      20u

uint16_t packet_get16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

uint32_t packet_get32(const uint8_t *at)
{
    return (uint32_t)packet_get16(at) << 16 | packet_get16(at + 2);
}

void packet_put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

void packet_put32(uint8_t *at, uint32_t value)
{
    packet_put16(at, value >> 16);
    packet_put16(at + 2, value & 0xffff);
}

uint16_t packet_checksum(const void *bytes, size_t length, uint32_t start)
{
    const uint8_t *at = bytes;
    uint32_t sum = start;

    for (size_t i = 0; i < length; i++) {
        sum += i % 2 == 0 ? (uint32_t)at[i] << 8 : at[i];
    }
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

static uint32_t sum16(const uint8_t *bytes, size_t length)
{
    return (uint16_t)~packet_checksum(bytes, length, 0);
}

/* Of UDP and TCP: the pseudo header, and the payload. */
static uint16_t transport_checksum(const uint8_t *ip, const uint8_t *payload, size_t length)
{
    return packet_checksum(payload, length, sum16(ip + 12, 8) + ip[9] + (uint32_t)length);
}

static void fix_transport(const uint8_t *ip, uint8_t *payload, size_t length)
{
    static const struct {
        uint8_t protocol, header, at;
    } kinds[] = {{1, 4, 2}, {6, TCP, 16}, {17, UDP, 6}};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].protocol == ip[9] && length >= kinds[i].header) {
            packet_put16(payload + kinds[i].at, 0);
            packet_put16(payload + kinds[i].at, ip[9] == 1 ? packet_checksum(payload, length, 0)
                                                           : transport_checksum(ip, payload, length));
        }
    }
}

void packet_fix(uint8_t *frame, size_t length)
{
    uint8_t *ip = frame + ETHERNET;
    size_t header, total;

    if (length < ETHERNET + IP || packet_get16(frame + 12) != 0x0800) {
        return;
    }
    header = (ip[0] & 15u) * 4u;
    total = packet_get16(ip + 2);
    if (header < IP || total < header || total > length - ETHERNET) {
        return;
    }
    packet_put16(ip + 10, 0);
    packet_put16(ip + 10, packet_checksum(ip, header, 0));
    fix_transport(ip, ip + header, total - header);
}

size_t packet_ip(uint8_t *ret_frame, const struct packet_end *from, const struct packet_end *to,
                 uint8_t protocol, const void *payload, size_t length)
{
    uint8_t *ip = ret_frame + ETHERNET;

    memcpy(ret_frame, to->mac, 6);
    memcpy(ret_frame + 6, from->mac, 6);
    packet_put16(ret_frame + 12, 0x0800);
    memset(ip, 0, IP);
    ip[0] = 0x45;
    packet_put16(ip + 2, (unsigned)(IP + length));
    ip[8] = 64;
    ip[9] = protocol;
    memcpy(ip + 12, from->address, 4);
    memcpy(ip + 16, to->address, 4);
    memmove(ip + IP, payload, length);
    packet_put16(ip + 10, packet_checksum(ip, IP, 0));
    return ETHERNET + IP + length;
}

size_t packet_udp(uint8_t *ret_frame, const struct packet_end *from, const struct packet_end *to,
                  const void *payload, size_t length)
{
    uint8_t *udp = ret_frame + ETHERNET + IP;
    size_t total;

    memmove(udp + UDP, payload, length);
    packet_put16(udp, from->port);
    packet_put16(udp + 2, to->port);
    packet_put16(udp + 4, (unsigned)(UDP + length));
    packet_put16(udp + 6, 0);
    total = packet_ip(ret_frame, from, to, 17, udp, UDP + length);
    packet_fix(ret_frame, total);
    return total;
}

const uint8_t *packet_udp_payload(const uint8_t *frame, size_t length, struct packet_end *ret_from,
                                  struct packet_end *ret_to, size_t *ret_length)
{
    const uint8_t *ip = frame + ETHERNET, *udp = ip + IP;

    if (length < ETHERNET + IP + UDP || packet_get16(frame + 12) != 0x0800 || ip[0] != 0x45 || ip[9] != 17) {
        return NULL;
    }
    memcpy(ret_to->mac, frame, 6);
    memcpy(ret_from->mac, frame + 6, 6);
    memcpy(ret_from->address, ip + 12, 4);
    memcpy(ret_to->address, ip + 16, 4);
    ret_from->port = packet_get16(udp);
    ret_to->port = packet_get16(udp + 2);
    *ret_length = packet_get16(udp + 4) - UDP;
    return udp + UDP;
}

uint8_t *packet_tcp(uint8_t *frame, size_t length, size_t *ret_length)
{
    uint8_t *ip = frame + ETHERNET;

    if (length < ETHERNET + IP + TCP || packet_get16(frame + 12) != 0x0800 || ip[0] != 0x45 || ip[9] != 6) {
        return NULL;
    }
    *ret_length = packet_get16(ip + 2) - IP;
    return ip + IP;
}
