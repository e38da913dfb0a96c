/* SPDX-License-Identifier: BSD-2-Clause */
#include "shadow.h"

#include <stdlib.h>
#include <string.h>

void shadow_init(struct shadow *shadow, unsigned blocks, unsigned block_size)
{
    shadow->count = blocks;
    shadow->block_size = block_size;
    shadow->blocks = calloc(blocks, sizeof *shadow->blocks);
    shadow_wrote(shadow, 0, blocks, 0, true);
}

void shadow_done(struct shadow *shadow)
{
    free(shadow->blocks);
    shadow->blocks = NULL;
}

/* Both numbers stand in the first bytes; what follows differs from byte to byte and from block to block. */
static uint8_t byte_of(uint64_t lba, unsigned writer, size_t at)
{
    if (at < 2) {
        return (uint8_t)(at == 0 ? writer : lba);
    }
    return (uint8_t)(at * 7 + (at >> 8) * 3 + lba * 13 + (lba >> 8) * 5 + writer * 31);
}

void shadow_fill(const struct shadow *shadow, uint8_t *bytes, uint64_t lba, uint64_t count, unsigned writer)
{
    for (uint64_t i = 0; i < count; i++) {
        for (size_t at = 0; at < shadow->block_size; at++) {
            *bytes++ = byte_of(lba + i, writer, at);
        }
    }
}

void shadow_wrote(struct shadow *shadow, uint64_t lba, uint64_t count, unsigned writer, bool sure)
{
    for (struct shadow_block *block = shadow->blocks + lba; count > 0; block++, count--) {
        if (sure) {
            memset(block, 0, sizeof *block);
        }
        block->may[writer / 64] |= (uint64_t)1 << writer % 64;
    }
}

static bool is_from(const struct shadow *shadow, const uint8_t *bytes, uint64_t lba, unsigned writer)
{
    for (size_t at = 0; at < shadow->block_size; at++) {
        if (bytes[at] != byte_of(lba, writer, at)) {
            return false;
        }
    }
    return true;
}

/* The first byte says which writer it would have to be. */
static bool block_is_allowed(const struct shadow *shadow, const uint8_t *bytes, uint64_t lba)
{
    unsigned writer = bytes[0];

    return writer < SHADOW_WRITERS && (shadow->blocks[lba].may[writer / 64] >> writer % 64 & 1) != 0 &&
           is_from(shadow, bytes, lba, writer);
}

bool shadow_allows(const struct shadow *shadow, const uint8_t *bytes, uint64_t lba, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        if (!block_is_allowed(shadow, bytes + i * shadow->block_size, lba + i)) {
            return false;
        }
    }
    return true;
}
