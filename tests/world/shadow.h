/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a disk may hold: for each block, the writes that may have been the last one there. A write that
 * succeeded is the only one; one that failed is another possibility. Every write has a number, and
 * with it its own bytes in each block, so that what is read names its writer.
 */
#ifndef LUNBOOT_TESTS_SHADOW_H
#define LUNBOOT_TESTS_SHADOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHADOW_WRITERS 128u /* numbers below it; 0: what the disk came with */

struct shadow {
    struct shadow_block {
        uint64_t may[SHADOW_WRITERS / 64]; /* a bit for each writer */
    } * blocks;
    unsigned count, block_size;
};

void shadow_init(struct shadow *shadow, unsigned blocks, unsigned block_size);
void shadow_done(struct shadow *shadow);

/* The bytes of a write. */
void shadow_fill(const struct shadow *shadow, uint8_t *bytes, uint64_t lba, uint64_t count, unsigned writer);

/* A write is over; `sure`: it succeeded. In the order in which the writes of a block were asked for. */
void shadow_wrote(struct shadow *shadow, uint64_t lba, uint64_t count, unsigned writer, bool sure);

/* Each of these blocks is whole what one of its writers may have left there. */
bool shadow_allows(const struct shadow *shadow, const uint8_t *bytes, uint64_t lba, uint64_t count);

#endif
