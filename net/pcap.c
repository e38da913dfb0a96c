/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "net.h"
#include "pcap.h"

/* The classic format of libpcap with microseconds; all numbers little-endian. */
#define FILE_HEADER   24u
#define RECORD_HEADER 16u
#define MAGIC         0xa1b2c3d4u
#define VERSION       0x00040002u /* 2.4, as the two halves lie in the file */
#define ETHERNET      1u

static struct pcap *from_nic(struct nic *nic)
{
    return (struct pcap *)(void *)((char *)nic - offsetof(struct pcap, nic));
}

static void put32(struct pcap *pcap, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++) {
        pcap->buffer[pcap->length++] = (uint8_t)(value >> (8 * i));
    }
}

static void record(struct pcap *pcap, const void *frame, uint32_t length)
{
    uint32_t kept = length < pcap->snap_length ? length : pcap->snap_length;
    uint64_t now = net_milliseconds();

    /* Once full, always full: a smaller frame that still fits would hide the gap before it. */
    if (pcap->lost > 0 || pcap->capacity - pcap->length < RECORD_HEADER ||
        kept > pcap->capacity - pcap->length - RECORD_HEADER) {
        pcap->lost++;
        return;
    }
    put32(pcap, (uint32_t)(now / 1000));
    put32(pcap, (uint32_t)(now % 1000) * 1000);
    put32(pcap, kept);
    put32(pcap, length);
    memcpy(pcap->buffer + pcap->length, frame, kept);
    pcap->length += kept;
}

static enum nic_status send_recorded(struct nic *nic, const void *frame, uint32_t length)
{
    struct pcap *pcap = from_nic(nic);
    enum nic_status status = nic_send(pcap->below, frame, length);

    if (status == NIC_OK) {
        record(pcap, frame, length);
    }
    return status;
}

static enum nic_status receive_recorded(struct nic *nic, struct nic_frame *ret_frame)
{
    struct pcap *pcap = from_nic(nic);
    enum nic_status status = nic_receive(pcap->below, ret_frame);

    if (status == NIC_OK) {
        record(pcap, ret_frame->data, ret_frame->length);
    }
    return status;
}

/* Frames carry the nic that they came from, so this one is never asked. */
static void release_below(struct nic *nic, struct nic_frame *frame)
{
    (void)nic;
    nic_release(frame);
}

static bool link_below(struct nic *nic)
{
    return nic_link_up(from_nic(nic)->below);
}

static void close_below(struct nic *nic)
{
    nic_close(from_nic(nic)->below);
}

void pcap_init(struct pcap *pcap, struct nic *below, uint8_t *buffer, size_t capacity, uint32_t snap_length)
{
    static const struct nic_ops ops = {send_recorded, receive_recorded, release_below, link_below,
                                       close_below};

    memset(pcap, 0, sizeof *pcap);
    pcap->nic.ops = &ops;
    memcpy(pcap->nic.mac, below->mac, sizeof pcap->nic.mac);
    pcap->nic.mtu = below->mtu;
    pcap->below = below;
    pcap->buffer = buffer;
    pcap->capacity = capacity;
    pcap->snap_length = snap_length;
    if (capacity < FILE_HEADER) {
        pcap->capacity = 0;
        return;
    }
    put32(pcap, MAGIC);
    put32(pcap, VERSION);
    put32(pcap, 0);
    put32(pcap, 0);
    put32(pcap, snap_length);
    put32(pcap, ETHERNET);
}
