/* SPDX-License-Identifier: BSD-2-Clause */
#include "diskstatus.h"

enum blkdev_status diskstatus_of(const struct fault *fault)
{
    switch (fault->code) {
    case FAULT_NONE:
        return BLKDEV_OK;
    case FAULT_WRITE_PROTECTED:
        return BLKDEV_WRITE_PROTECTED;
    case FAULT_LUN_CHANGED:
        return BLKDEV_MEDIA_CHANGED;
    case FAULT_COMMAND_TIMEOUT:
        return BLKDEV_TIMEOUT;
    default:
        return BLKDEV_ERROR;
    }
}
