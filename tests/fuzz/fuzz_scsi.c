/* SPDX-License-Identifier: BSD-2-Clause */
/* What a disk answers (iscsi/scsi_data.c, iscsi/scsi_sense.c). */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "iscsi/scsi.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct scsi_designator designator;
    struct scsi_capacity capacity;
    struct scsi_identity identity;
    struct scsi_sense sense;
    uint32_t maximum, optimal;
    struct task task = {.state = TASK_DONE, .status = fuzz_byte(&bytes, &length), .direction = TASK_READ};
    struct fault fault = {0};
    char serial[65];

    scsi_parse_inquiry(bytes, length, &identity);
    scsi_page_listed(bytes, length, 0xb0);
    if (scsi_parse_serial(bytes, length, serial, sizeof serial))
        PROMISE(strlen(serial) < sizeof serial);
    if (scsi_parse_designator(bytes, length, &designator))
        PROMISE(designator.length <= sizeof designator.bytes);
    scsi_parse_block_limits(bytes, length, &maximum, &optimal);
    if (scsi_parse_capacity_16(bytes, length, &capacity) == FAULT_NONE)
        PROMISE(capacity.block_size >= 512 && capacity.block_size <= 4096 && capacity.last_lba != UINT64_MAX);
    scsi_parse_capacity_10(bytes, length, &capacity);
    scsi_parse_sense(bytes, length, &sense);
    task.sense_length = (uint16_t)(length > TASK_SENSE_MAX ? TASK_SENSE_MAX : length);
    memcpy(task.sense, bytes, task.sense_length);
    if (scsi_judge(&task, &sense, &fault) == SCSI_FATAL)
        PROMISE(fault.code != FAULT_NONE);
    return 0;
}
