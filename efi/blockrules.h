/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rules of EFI_BLOCK_IO_PROTOCOL (UEFI 2.10 section 13.9) as plain C over a blkdev: which argument is
 * checked before which, what the medium is, and what each outcome is called. Pure, so that the host tests
 * every row; efi/blockio.c translates.
 */
#ifndef LUNBOOT_EFI_BLOCKRULES_H
#define LUNBOOT_EFI_BLOCKRULES_H

#include <stddef.h>

#include "blkdev.h"

enum blockrules_status {
    BLOCKRULES_OK,
    BLOCKRULES_NO_MEDIA,
    BLOCKRULES_MEDIA_CHANGED,
    BLOCKRULES_WRITE_PROTECTED,
    BLOCKRULES_INVALID,  /* EFI_INVALID_PARAMETER */
    BLOCKRULES_BAD_SIZE, /* EFI_BAD_BUFFER_SIZE */
    BLOCKRULES_DEVICE_ERROR,
    BLOCKRULES_TIMEOUT,
};

struct blockrules {
    struct blkdev *dev; /* NULL: no medium, for ever */
    uint32_t media_id;
    uint32_t generation; /* the blkdev's, when media_id was given */
    uint32_t io_align;   /* bytes, a power of two; 0 and 1: any address will do */
};

void blockrules_init(struct blockrules *rules, struct blkdev *dev, uint32_t io_align);

/* Has the disk another geometry than before? Then it is another medium, with the next media_id. */
bool blockrules_renew(struct blockrules *rules);
bool blockrules_is_present(const struct blockrules *rules);

/*
 * `may_wait`: the caller's TPL allows the network (otherwise a device error, after all other checks). `size`
 * in bytes. The order of the checks: medium, its id, write protection, then the rest.
 */
enum blockrules_status blockrules_read(struct blockrules *rules, bool may_wait, uint32_t media_id,
                                       uint64_t lba, size_t size, void *buffer);
enum blockrules_status blockrules_write(struct blockrules *rules, bool may_wait, uint32_t media_id,
                                        uint64_t lba, size_t size, const void *buffer);
enum blockrules_status blockrules_flush(struct blockrules *rules, bool may_wait);
/* Succeeds or is a device error, nothing else. */
enum blockrules_status blockrules_reset(struct blockrules *rules, bool may_wait, bool extended);

#endif
