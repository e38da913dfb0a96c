/* SPDX-License-Identifier: BSD-2-Clause */
/* What a request's fault is to the disk's caller: one table, pure, so that every code can be looked at in a
 * test. */
#ifndef LUNBOOT_FIRMWARE_DISKSTATUS_H
#define LUNBOOT_FIRMWARE_DISKSTATUS_H

#include "efi/blkdev.h"
#include "iscsi/fault.h"

/* BLKDEV_OK for FAULT_NONE alone (REQ-307). */
enum blkdev_status diskstatus_of(const struct fault *fault);

#endif
