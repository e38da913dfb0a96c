/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EFI_BLOCK_IO_PROTOCOL over a blkdev (UEFI 2.10 section 13.9): the order of the checks, the media, the TPL.
 * The firmware's own drivers find partitions and file systems on it.
 */
#ifndef LUNBOOT_EFI_BLOCKIO_H
#define LUNBOOT_EFI_BLOCKIO_H

#include "blkdev.h"
#include "uefi.h"

/*
 * Install on a new handle with `path` (kept, the caller's until blockio_uninstall) and connect the firmware's
 * drivers to it. A handle with this path that an earlier blockio_uninstall had to leave is used again. One
 * disk at a time. `dev` stays the caller's.
 */
EFI_STATUS blockio_install(struct blkdev *dev, EFI_DEVICE_PATH *path, EFI_HANDLE *ret_handle);

/*
 * Disconnect the drivers above and take the protocols away. When somebody will not let go, the handle keeps a
 * protocol that answers EFI_NO_MEDIA from pool memory and `dev` is no longer referenced; the status says so.
 */
EFI_STATUS blockio_uninstall(void);

/* From now on every call answers EFI_NO_MEDIA; safe at any TPL. */
void blockio_media_gone(void);

#endif
