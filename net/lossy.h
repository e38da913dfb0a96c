/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A nic that loses, repeats, reorders and damages frames of another one, decided by a seeded generator: the
 * same seed and the same frames give the same faults. Damage is one bit of an IPv4 packet, which its
 * checksums find. For tests, in the simulator and in the machine.
 */
#ifndef LUNBOOT_NET_LOSSY_H
#define LUNBOOT_NET_LOSSY_H

#include "nic.h"

struct lossy_config {
    uint64_t seed;
    /* Each out of 65536 frames, for both directions. */
    uint16_t lose, repeat, reorder, damage;
};

#define LOSSY_HELD_MAX  4u
#define LOSSY_FRAME_MAX 9018u

struct lossy {
    struct nic nic;
    struct nic *below;
    struct lossy_config config;
    uint64_t state;
    uint64_t lost, repeated, reordered, damaged;
    struct lossy_held {
        uint32_t length;
        bool used, given; /* given: the receiver has it */
        bool outgoing;
        uint8_t passes; /* frames that may still go past it */
        uint8_t bytes[LOSSY_FRAME_MAX];
    } held[LOSSY_HELD_MAX]; /* frames to be given or sent later, or again */
};

void lossy_init(struct lossy *lossy, struct nic *below, const struct lossy_config *config);

#endif
