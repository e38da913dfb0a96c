/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "lossy.h"

/* A held frame waits for this many others to pass it at most, and no longer than until nothing else comes. */
#define PASS_MAX 3u

static struct lossy *from_nic(struct nic *nic)
{
    return (struct lossy *)(void *)((char *)nic - offsetof(struct lossy, nic));
}

/* SplitMix64 (Steele, Lea and Flood, 2014). */
static uint64_t next_random(struct lossy *lossy)
{
    uint64_t z = lossy->state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static bool happens(struct lossy *lossy, uint16_t chance, uint64_t *count)
{
    if ((next_random(lossy) & 0xffff) >= chance) {
        return false;
    }
    (*count)++;
    return true;
}

/*
 * One bit of an IPv4 packet is turned over: its checksums find that. Ethernet's header and ARP have none of
 * their own; on a real wire the FCS covers them.
 */
static void damage(struct lossy *lossy, uint8_t *frame, uint32_t length)
{
    uint64_t random = next_random(lossy);

    if (length > NIC_FRAME_HEADER && frame[12] == 0x08 && frame[13] == 0x00) {
        frame[NIC_FRAME_HEADER + (random >> 3) % (length - NIC_FRAME_HEADER)] ^=
            (uint8_t)(1u << (random & 7));
    }
}

/* NULL: all places are taken, and nothing unusual happens to the frame. */
static struct lossy_held *hold(struct lossy *lossy, const void *frame, uint32_t length, bool outgoing)
{
    for (unsigned i = 0; i < LOSSY_HELD_MAX && length <= LOSSY_FRAME_MAX; i++) {
        struct lossy_held *held = &lossy->held[i];

        if (!held->used) {
            held->used = true;
            held->given = false;
            held->outgoing = outgoing;
            held->passes = 1 + (uint8_t)(next_random(lossy) % PASS_MAX);
            held->length = length;
            memcpy(held->bytes, frame, length);
            return held;
        }
    }
    return NULL;
}

/* One more frame went past those held in this direction. */
static void count_pass(struct lossy *lossy, bool outgoing)
{
    for (unsigned i = 0; i < LOSSY_HELD_MAX; i++) {
        struct lossy_held *held = &lossy->held[i];

        if (held->used && held->outgoing == outgoing && held->passes > 0) {
            held->passes--;
        }
    }
}

static struct lossy_held *find_due(struct lossy *lossy, bool outgoing, bool any)
{
    for (unsigned i = 0; i < LOSSY_HELD_MAX; i++) {
        struct lossy_held *held = &lossy->held[i];

        if (held->used && !held->given && held->outgoing == outgoing && (any || held->passes == 0)) {
            return held;
        }
    }
    return NULL;
}

/* ---- outgoing ---- */

/* What the device has no room for is lost: that is what this nic is for. */
static void send_due(struct lossy *lossy, bool any)
{
    struct lossy_held *held;

    while ((held = find_due(lossy, true, any)) != NULL) {
        nic_send(lossy->below, held->bytes, held->length);
        held->used = false;
    }
}

static enum nic_status send_damaged(struct lossy *lossy, const void *frame, uint32_t length)
{
    struct lossy_held *copy = hold(lossy, frame, length, true);
    enum nic_status status;

    if (copy == NULL) {
        return nic_send(lossy->below, frame, length);
    }
    damage(lossy, copy->bytes, length);
    status = nic_send(lossy->below, copy->bytes, length);
    copy->used = false;
    return status;
}

static enum nic_status send_lossy(struct nic *nic, const void *frame, uint32_t length)
{
    struct lossy *lossy = from_nic(nic);
    enum nic_status status;

    if (happens(lossy, lossy->config.lose, &lossy->lost)) {
        return NIC_OK;
    }
    if (happens(lossy, lossy->config.reorder, &lossy->reordered) &&
        hold(lossy, frame, length, true) != NULL) {
        return NIC_OK;
    }
    if (happens(lossy, lossy->config.damage, &lossy->damaged)) {
        status = send_damaged(lossy, frame, length);
    } else {
        status = nic_send(lossy->below, frame, length);
    }
    if (status != NIC_OK) {
        return status;
    }
    if (happens(lossy, lossy->config.repeat, &lossy->repeated)) {
        nic_send(lossy->below, frame, length);
    }
    count_pass(lossy, true);
    send_due(lossy, false);
    return NIC_OK;
}

/* ---- incoming ---- */

static void give(struct lossy *lossy, struct lossy_held *held, struct nic_frame *ret_frame)
{
    held->given = true;
    ret_frame->nic = &lossy->nic;
    ret_frame->data = held->bytes;
    ret_frame->length = held->length;
    ret_frame->driver = held;
}

/* True: the frame goes on now. */
static bool passes_through(struct lossy *lossy, struct nic_frame *frame)
{
    if (happens(lossy, lossy->config.lose, &lossy->lost) ||
        (happens(lossy, lossy->config.reorder, &lossy->reordered) &&
         hold(lossy, frame->data, frame->length, false) != NULL)) {
        nic_release(frame);
        return false;
    }
    if (happens(lossy, lossy->config.repeat, &lossy->repeated)) {
        hold(lossy, frame->data, frame->length, false);
    }
    if (happens(lossy, lossy->config.damage, &lossy->damaged)) {
        damage(lossy, frame->data, frame->length);
    }
    count_pass(lossy, false);
    return true;
}

static enum nic_status receive_lossy(struct nic *nic, struct nic_frame *ret_frame)
{
    struct lossy *lossy = from_nic(nic);
    struct lossy_held *held = find_due(lossy, false, false);
    enum nic_status status;

    while (held == NULL) {
        status = nic_receive(lossy->below, ret_frame);
        if (status == NIC_FAILED) {
            return status;
        }
        if (status == NIC_BUSY) {
            /* Nothing is coming that could pass them. */
            send_due(lossy, true);
            held = find_due(lossy, false, true);
            if (held == NULL) {
                return status;
            }
        } else if (passes_through(lossy, ret_frame)) {
            return status;
        }
    }
    give(lossy, held, ret_frame);
    return NIC_OK;
}

static void release_held(struct nic *nic, struct nic_frame *frame)
{
    struct lossy_held *held = frame->driver;

    (void)nic;
    held->used = false;
}

static bool link_below(struct nic *nic)
{
    return nic_link_up(from_nic(nic)->below);
}

static void close_below(struct nic *nic)
{
    nic_close(from_nic(nic)->below);
}

void lossy_init(struct lossy *lossy, struct nic *below, const struct lossy_config *config)
{
    static const struct nic_ops ops = {send_lossy, receive_lossy, release_held, link_below, close_below};

    memset(lossy, 0, sizeof *lossy);
    lossy->nic.ops = &ops;
    memcpy(lossy->nic.mac, below->mac, sizeof lossy->nic.mac);
    lossy->nic.mtu = below->mtu;
    lossy->below = below;
    lossy->config = *config;
    lossy->state = config->seed;
}
