/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A nic that records what passes through another one, as a pcap file in memory that the caller supplies: when
 * it is full, recording stops and says so. What to do with the bytes (write them to a file) is the caller's
 * business.
 */
#ifndef LUNBOOT_NET_PCAP_H
#define LUNBOOT_NET_PCAP_H

#include "nic.h"

struct pcap {
    struct nic nic; /* hand this one on */
    struct nic *below;
    uint8_t *buffer;
    size_t capacity, length;
    uint32_t snap_length; /* bytes kept of each frame */
    uint64_t lost;        /* frames that found no room */
};

/* `below` and `buffer` stay the caller's. The file header is written at once (little-endian,
 * LINKTYPE_ETHERNET). */
void pcap_init(struct pcap *pcap, struct nic *below, uint8_t *buffer, size_t capacity, uint32_t snap_length);

#endif
