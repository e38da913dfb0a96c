/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A network interface as lwIP's glue needs it: polled, never blocking. Implementations: efi/snp.c over the
 * firmware's Simple Network Protocol; decorators that are a nic themselves (pcap.c, lossy.c); a simulated
 * wire in tests.
 */
#ifndef LUNBOOT_NET_NIC_H
#define LUNBOOT_NET_NIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NIC_FRAME_HEADER 14u /* Ethernet, without a VLAN tag and FCS */

/* How many received frames net/ keeps at a time at most: a driver that owns more than these never runs dry.
 */
#define NIC_LENT_MAX 256u

struct nic;

/*
 * A received frame. It belongs to the receiver until it calls nic_release; the driver owns a bounded number
 * of these, so a receiver that keeps them all stops the reception, and nothing else.
 */
struct nic_frame {
    struct nic *nic; /* the one to release it to */
    uint8_t *data;   /* from the destination MAC on */
    uint32_t length; /* bytes, without FCS */
    void *driver;    /* the driver's own */
};

enum nic_status {
    NIC_OK,
    NIC_BUSY,   /* send: no room now, try after a poll; receive: nothing there */
    NIC_FAILED, /* the device does not work any more */
};

struct nic_ops {
    /* Copies the frame of `length` bytes (at most mtu + NIC_FRAME_HEADER); pads to the minimum itself. */
    enum nic_status (*send)(struct nic *nic, const void *frame, uint32_t length);
    /* The next frame, handed over without a copy where the driver can. */
    enum nic_status (*receive)(struct nic *nic, struct nic_frame *ret_frame);
    void (*release)(struct nic *nic, struct nic_frame *frame);
    /* Link state now; true when the device cannot tell. */
    bool (*link_up)(struct nic *nic);
    /* Gives the device back to whom it was taken from. No frame may be held any more. */
    void (*close)(struct nic *nic);
};

struct nic {
    const struct nic_ops *ops;
    uint8_t mac[6];
    uint16_t mtu; /* bytes of IP packet */
};

static inline enum nic_status nic_send(struct nic *nic, const void *frame, uint32_t length)
{
    return nic->ops->send(nic, frame, length);
}

static inline enum nic_status nic_receive(struct nic *nic, struct nic_frame *ret_frame)
{
    return nic->ops->receive(nic, ret_frame);
}

static inline void nic_release(struct nic_frame *frame)
{
    frame->nic->ops->release(frame->nic, frame);
}

static inline bool nic_link_up(struct nic *nic)
{
    return nic->ops->link_up(nic);
}

static inline void nic_close(struct nic *nic)
{
    nic->ops->close(nic);
}

#endif
