/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames made and taken apart by hand, for servers that are scripts and for packets that no stack sends.
 */
#ifndef LUNBOOT_TESTS_PACKET_H
#define LUNBOOT_TESTS_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct packet_end {
    uint8_t mac[6];
    uint8_t address[4];
    uint16_t port;
};

/* A whole UDP frame with its checksums; returns its length. */
size_t packet_udp(uint8_t *ret_frame, const struct packet_end *from, const struct packet_end *to,
                  const void *payload, size_t length);

/* A whole IPv4 frame around a payload that is complete already. */
size_t packet_ip(uint8_t *ret_frame, const struct packet_end *from, const struct packet_end *to,
                 uint8_t protocol, const void *payload, size_t length);

/* A UDP frame: its payload, or NULL when it is none. */
const uint8_t *packet_udp_payload(const uint8_t *frame, size_t length, struct packet_end *ret_from,
                                  struct packet_end *ret_to, size_t *ret_length);

/* The TCP header and what follows of an IPv4 frame, or NULL. */
uint8_t *packet_tcp(uint8_t *frame, size_t length, size_t *ret_length);

/* Set the checksums of an IPv4 frame right again after it was changed; what does not parse stays as it is. */
void packet_fix(uint8_t *frame, size_t length);

uint16_t packet_checksum(const void *bytes, size_t length, uint32_t start);

uint16_t packet_get16(const uint8_t *at);
uint32_t packet_get32(const uint8_t *at);
void packet_put16(uint8_t *at, unsigned value);
void packet_put32(uint8_t *at, uint32_t value);

#endif
