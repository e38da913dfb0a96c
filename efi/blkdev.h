/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The disk that efi/blockio.c shows to the firmware, as plain C: blockio.c applies the rules of the UEFI
 * protocol (media, arguments, TPL) and then calls this. Supplied by firmware/disk.c; pure, so that blockio's
 * rules can be tested on the host with a disk in memory.
 */
#ifndef LUNBOOT_EFI_BLKDEV_H
#define LUNBOOT_EFI_BLKDEV_H

#include <stdbool.h>
#include <stdint.h>

enum blkdev_status {
    BLKDEV_OK,
    BLKDEV_ERROR,           /* EFI_DEVICE_ERROR */
    BLKDEV_WRITE_PROTECTED, /* EFI_WRITE_PROTECTED */
    BLKDEV_MEDIA_CHANGED,   /* EFI_MEDIA_CHANGED */
    BLKDEV_NO_MEDIA,        /* EFI_NO_MEDIA */
    BLKDEV_TIMEOUT,         /* EFI_TIMEOUT */
};

struct blkdev_geometry {
    uint32_t block_size; /* bytes */
    uint64_t last_block;
    uint64_t lowest_aligned;      /* LBA */
    uint32_t blocks_per_physical; /* 1 when not known */
    uint32_t optimal_blocks;      /* transfer length granularity, 0 when not known */
    bool read_only;
    bool write_caching; /* a flush is needed before data is safe from a power loss */
};

struct blkdev {
    void *context;
    struct blkdev_geometry geometry;
    uint32_t generation; /* raised by the disk when its geometry changed: blockio then changes the MediaId */
    /* Blocking, called with arguments that were checked, at the caller's TPL (at most TPL_CALLBACK). */
    enum blkdev_status (*read)(struct blkdev *dev, uint64_t lba, uint64_t blocks, void *buffer);
    enum blkdev_status (*write)(struct blkdev *dev, uint64_t lba, uint64_t blocks, const void *buffer);
    enum blkdev_status (*flush)(struct blkdev *dev);
    /* Ends our own commands; `extended`: and proves that the disk answers. */
    enum blkdev_status (*reset)(struct blkdev *dev, bool extended);
};

#endif
