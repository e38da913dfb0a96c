/* SPDX-License-Identifier: BSD-2-Clause */
#include "scsi.h"

#include <string.h>

#include "bytes.h"
#include "scsi_opcode.h"

#define SERVICE_READ_CAPACITY_16 0x10u
#define START_IMMEDIATE          0x01u /* byte 1: status at once; TEST UNIT READY tells the rest */
#define START_START              0x01u /* byte 4 */

static void no_data(struct task *task, uint8_t opcode)
{
    memset(task->cdb, 0, sizeof task->cdb);
    task->cdb[0] = opcode;
    task->direction = TASK_NO_DATA;
    task->in = NULL;
    task->out = NULL;
    task->length = 0;
}

static void data_in(struct task *task, uint8_t opcode, uint8_t *data, uint32_t length)
{
    no_data(task, opcode);
    task->direction = TASK_READ;
    task->in = data;
    task->length = length;
}

void scsi_test_unit_ready(struct task *task)
{
    no_data(task, SCSI_OP_TEST_UNIT_READY);
}

void scsi_inquiry(struct task *task, uint8_t *data, uint16_t length)
{
    data_in(task, SCSI_OP_INQUIRY, data, length);
    bytes_put16(task->cdb + 3, length);
}

void scsi_inquiry_page(struct task *task, uint8_t page, uint8_t *data, uint16_t length)
{
    scsi_inquiry(task, data, length);
    task->cdb[1] = 1; /* EVPD */
    task->cdb[2] = page;
}

void scsi_report_luns(struct task *task, uint8_t *data, uint32_t length)
{
    data_in(task, SCSI_OP_REPORT_LUNS, data, length);
    bytes_put32(task->cdb + 6, length);
}

void scsi_read_capacity_10(struct task *task, uint8_t *data)
{
    data_in(task, SCSI_OP_READ_CAPACITY_10, data, 8);
}

void scsi_read_capacity_16(struct task *task, uint8_t *data)
{
    data_in(task, SCSI_OP_SERVICE_ACTION_IN, data, 32);
    task->cdb[1] = SERVICE_READ_CAPACITY_16;
    bytes_put32(task->cdb + 10, 32);
}

void scsi_mode_sense_6(struct task *task, uint8_t page, uint8_t *data, uint8_t length)
{
    data_in(task, SCSI_OP_MODE_SENSE_6, data, length);
    task->cdb[2] = page & 0x3fu; /* PC 00b: current values */
    task->cdb[4] = length;
}

void scsi_start_unit(struct task *task)
{
    no_data(task, SCSI_OP_START_STOP_UNIT);
    task->cdb[1] = START_IMMEDIATE;
    task->cdb[4] = START_START;
}

void scsi_synchronize_cache(struct task *task)
{
    no_data(task, SCSI_OP_SYNCHRONIZE_CACHE);
}

/* The ten-byte form has 32 bits of address and 16 of count, and may not reach beyond the former (REQ-287). */
static bool fits_narrow(uint64_t lba, uint32_t blocks)
{
    return blocks <= 0xffffu && lba <= 0xffffffffu && blocks <= 0x100000000u - lba;
}

static bool range_cdb(uint8_t cdb[16], bool wide, uint64_t lba, uint32_t blocks, uint32_t block_size)
{
    if (blocks == 0 || block_size == 0 || blocks > UINT32_MAX / block_size || lba > UINT64_MAX - blocks)
        return false;
    if (wide) {
        bytes_put64(cdb + 2, lba);
        bytes_put32(cdb + 10, blocks);
        return true;
    }
    if (!fits_narrow(lba, blocks))
        return false;
    bytes_put32(cdb + 2, (uint32_t)lba);
    bytes_put16(cdb + 7, (uint16_t)blocks);
    return true;
}

bool scsi_read(struct task *task, bool wide, uint64_t lba, uint32_t blocks, uint32_t block_size,
               uint8_t *data)
{
    data_in(task, wide ? SCSI_OP_READ_16 : SCSI_OP_READ_10, data, 0);
    if (!range_cdb(task->cdb, wide, lba, blocks, block_size))
        return false;
    task->length = blocks * block_size;
    return true;
}

bool scsi_write(struct task *task, bool wide, uint64_t lba, uint32_t blocks, uint32_t block_size,
                const uint8_t *data)
{
    no_data(task, wide ? SCSI_OP_WRITE_16 : SCSI_OP_WRITE_10);
    if (!range_cdb(task->cdb, wide, lba, blocks, block_size))
        return false;
    task->direction = TASK_WRITE;
    task->out = data;
    task->length = blocks * block_size;
    return true;
}
