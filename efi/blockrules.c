/* SPDX-License-Identifier: BSD-2-Clause */
#include "blockrules.h"

static enum blockrules_status translate(enum blkdev_status status)
{
    switch (status) {
    case BLKDEV_OK:
        return BLOCKRULES_OK;
    case BLKDEV_WRITE_PROTECTED:
        return BLOCKRULES_WRITE_PROTECTED;
    case BLKDEV_MEDIA_CHANGED:
        return BLOCKRULES_MEDIA_CHANGED;
    case BLKDEV_NO_MEDIA:
        return BLOCKRULES_NO_MEDIA;
    case BLKDEV_TIMEOUT:
        return BLOCKRULES_TIMEOUT;
    case BLKDEV_ERROR:
        break;
    }
    return BLOCKRULES_DEVICE_ERROR;
}

void blockrules_init(struct blockrules *rules, struct blkdev *dev, uint32_t io_align)
{
    *rules =
        (struct blockrules){.dev = dev, .media_id = 1, .generation = dev->generation, .io_align = io_align};
}

bool blockrules_renew(struct blockrules *rules)
{
    if (rules->dev == NULL || rules->dev->generation == rules->generation) {
        return false;
    }
    rules->generation = rules->dev->generation;
    rules->media_id++;
    return true;
}

bool blockrules_is_present(const struct blockrules *rules)
{
    return rules->dev != NULL && rules->dev->geometry.block_size != 0;
}

/* Nothing, not even a size of zero or a buffer of NULL, is looked at before the medium's id. */
static enum blockrules_status check_medium(struct blockrules *rules, uint32_t media_id, bool writing)
{
    if (!blockrules_is_present(rules)) {
        return BLOCKRULES_NO_MEDIA;
    }
    blockrules_renew(rules);
    if (media_id != rules->media_id) {
        return BLOCKRULES_MEDIA_CHANGED;
    }
    return writing && rules->dev->geometry.read_only ? BLOCKRULES_WRITE_PROTECTED : BLOCKRULES_OK;
}

static enum blockrules_status check_transfer(const struct blockrules *rules, uint64_t lba, size_t size,
                                             const void *buffer)
{
    const struct blkdev_geometry *geometry = &rules->dev->geometry;
    uint64_t blocks = size / geometry->block_size;

    if (buffer == NULL) {
        return BLOCKRULES_INVALID;
    }
    if (size % geometry->block_size != 0) {
        return BLOCKRULES_BAD_SIZE;
    }
    if (lba > geometry->last_block || blocks - 1 > geometry->last_block - lba) {
        return BLOCKRULES_INVALID;
    }
    if (rules->io_align > 1 && (uintptr_t)buffer % rules->io_align != 0) {
        return BLOCKRULES_INVALID;
    }
    return BLOCKRULES_OK;
}

/* What both directions check; `*ret_blocks` is 0 where there is nothing to do. */
static enum blockrules_status check(struct blockrules *rules, bool writing, uint32_t media_id, uint64_t lba,
                                    size_t size, const void *buffer, uint64_t *ret_blocks)
{
    enum blockrules_status status = check_medium(rules, media_id, writing);

    *ret_blocks = 0;
    if (status != BLOCKRULES_OK || size == 0) {
        return status;
    }
    status = check_transfer(rules, lba, size, buffer);
    if (status == BLOCKRULES_OK) {
        *ret_blocks = size / rules->dev->geometry.block_size;
    }
    return status;
}

/* The disk may have become another one during the call, or have been taken away. */
static enum blockrules_status finish(struct blockrules *rules, enum blkdev_status outcome)
{
    if (rules->dev == NULL) {
        return BLOCKRULES_NO_MEDIA;
    }
    if (blockrules_renew(rules)) {
        return BLOCKRULES_MEDIA_CHANGED;
    }
    return translate(outcome);
}

enum blockrules_status blockrules_read(struct blockrules *rules, bool may_wait, uint32_t media_id,
                                       uint64_t lba, size_t size, void *buffer)
{
    uint64_t blocks = 0;
    enum blockrules_status status = check(rules, false, media_id, lba, size, buffer, &blocks);

    if (status != BLOCKRULES_OK || blocks == 0) {
        return status;
    }
    if (!may_wait) {
        return BLOCKRULES_DEVICE_ERROR;
    }
    return finish(rules, rules->dev->read(rules->dev, lba, blocks, buffer));
}

enum blockrules_status blockrules_write(struct blockrules *rules, bool may_wait, uint32_t media_id,
                                        uint64_t lba, size_t size, const void *buffer)
{
    uint64_t blocks = 0;
    enum blockrules_status status = check(rules, true, media_id, lba, size, buffer, &blocks);

    if (status != BLOCKRULES_OK || blocks == 0) {
        return status;
    }
    if (!may_wait) {
        return BLOCKRULES_DEVICE_ERROR;
    }
    return finish(rules, rules->dev->write(rules->dev, lba, blocks, buffer));
}

enum blockrules_status blockrules_flush(struct blockrules *rules, bool may_wait)
{
    if (!blockrules_is_present(rules)) {
        return BLOCKRULES_NO_MEDIA;
    }
    if (rules->dev->geometry.read_only) {
        return BLOCKRULES_OK; /* nothing can be waiting to be written */
    }
    if (!may_wait) {
        return BLOCKRULES_DEVICE_ERROR;
    }
    return finish(rules, rules->dev->flush(rules->dev));
}

enum blockrules_status blockrules_reset(struct blockrules *rules, bool may_wait, bool extended)
{
    if (!blockrules_is_present(rules) || !may_wait) {
        return BLOCKRULES_DEVICE_ERROR;
    }
    enum blkdev_status outcome = rules->dev->reset(rules->dev, extended);
    return outcome == BLKDEV_OK && rules->dev != NULL ? BLOCKRULES_OK : BLOCKRULES_DEVICE_ERROR;
}
