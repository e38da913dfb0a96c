/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Operation codes of the commands that lunboot sends (SPC-4, SBC-3): the builders write them, the judgement
 * of a finished task reads them back. For the scsi_*.c files alone.
 */
#ifndef LUNBOOT_ISCSI_SCSI_OPCODE_H
#define LUNBOOT_ISCSI_SCSI_OPCODE_H

enum scsi_opcode {
    SCSI_OP_TEST_UNIT_READY = 0x00,
    SCSI_OP_INQUIRY = 0x12,
    SCSI_OP_MODE_SENSE_6 = 0x1a,
    SCSI_OP_START_STOP_UNIT = 0x1b,
    SCSI_OP_READ_CAPACITY_10 = 0x25,
    SCSI_OP_READ_10 = 0x28,
    SCSI_OP_WRITE_10 = 0x2a,
    SCSI_OP_SYNCHRONIZE_CACHE = 0x35,
    SCSI_OP_READ_16 = 0x88,
    SCSI_OP_WRITE_16 = 0x8a,
    SCSI_OP_SERVICE_ACTION_IN = 0x9e,
    SCSI_OP_REPORT_LUNS = 0xa0,
};

#endif
