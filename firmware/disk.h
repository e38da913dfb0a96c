/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The LUN as the disk that efi/blockio.c shows: each blocking call becomes a request of the logical unit and
 * turns of the machine until it is done. The logical unit bounds every request in time, so no call here waits
 * for ever.
 */
#ifndef LUNBOOT_FIRMWARE_DISK_H
#define LUNBOOT_FIRMWARE_DISK_H

#include "efi/blkdev.h"
#include "iscsi/lun.h"

struct disk {
    struct blkdev blkdev;
    struct lun *lun;
    struct fault fault;   /* of the last request that failed */
    unsigned losses_told; /* of lun_recovery.losses */
    bool is_lost;         /* told, and not yet that it is back */
    uint64_t reads, writes, bytes_read, bytes_written;
};

/* `lun` is LUN_READY and stays the caller's. */
void disk_init(struct disk *disk, struct lun *lun);

#endif
