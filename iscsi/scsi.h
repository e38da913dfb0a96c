/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SCSI without a transport: command descriptor blocks, the data that disks answer with, and sense data
 * (SPC-4, SBC-3). Pure functions over bytes; every length is the minimum of what was claimed, asked for and
 * received (REQ-277 to REQ-307).
 */
#ifndef LUNBOOT_ISCSI_SCSI_H
#define LUNBOOT_ISCSI_SCSI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fault.h"
#include "task.h"

/* Status codes (SAM). */
enum scsi_status {
    SCSI_GOOD = 0x00,
    SCSI_CHECK_CONDITION = 0x02,
    SCSI_CONDITION_MET = 0x04,
    SCSI_BUSY = 0x08,
    SCSI_RESERVATION_CONFLICT = 0x18,
    SCSI_TASK_SET_FULL = 0x28,
    SCSI_ACA_ACTIVE = 0x30,
    SCSI_TASK_ABORTED = 0x40,
};

/* LUN addressing (SAM): 8 bytes, sent as they are (REQ-278). */

/* Decimal 0 to 16383 (peripheral below 256, flat above), or up to four dashed groups of hex digits. */
bool scsi_lun_parse_decimal(const char *text, size_t length, uint8_t ret_lun[8]);
/* RFC 4173 section 5: one to four groups of one to four hexadecimal digits with dashes between, left aligned.
 */
bool scsi_lun_parse_hex(const char *text, size_t length, uint8_t ret_lun[8]);
/* Writes "0001-0000-0000-0000" (NUL-ended) to `ret_text`. */
void scsi_lun_format(const uint8_t lun[8], char ret_text[20]);
/* The number when the LUN is single level (peripheral, flat or extended flat), else false. */
bool scsi_lun_number(const uint8_t lun[8], uint32_t *ret_number);
/* Equal, or different forms of the same number (REQ-279). */
bool scsi_lun_equal(const uint8_t a[8], const uint8_t b[8]);

/* The builders fill cdb, direction, in or out, and length (bytes) of a task that is otherwise zero. */
void scsi_test_unit_ready(struct task *task);
void scsi_inquiry(struct task *task, uint8_t *data, uint16_t length);
void scsi_inquiry_page(struct task *task, uint8_t page, uint8_t *data, uint16_t length);
void scsi_report_luns(struct task *task, uint8_t *data, uint32_t length);
void scsi_read_capacity_10(struct task *task, uint8_t *data); /* 8 bytes */
void scsi_read_capacity_16(struct task *task, uint8_t *data); /* 32 bytes */
void scsi_mode_sense_6(struct task *task, uint8_t page, uint8_t *data, uint8_t length);
void scsi_start_unit(struct task *task);
void scsi_synchronize_cache(struct task *task); /* the whole medium */
/* False when the range does not fit the ten-byte form (`wide` false; REQ-287). */
bool scsi_read(struct task *task, bool wide, uint64_t lba, uint32_t blocks, uint32_t block_size,
               uint8_t *data);
bool scsi_write(struct task *task, bool wide, uint64_t lba, uint32_t blocks, uint32_t block_size,
                const uint8_t *data);

struct scsi_identity {
    uint8_t qualifier, type; /* peripheral qualifier and device type */
    bool removable;
    char vendor[9], product[17], revision[5]; /* printable ASCII, trimmed, NUL-ended */
};
bool scsi_parse_inquiry(const uint8_t *data, size_t length, struct scsi_identity *ret_identity);

/* VPD 00h: is `page` listed? */
bool scsi_page_listed(const uint8_t *data, size_t length, uint8_t page);
/* VPD 80h: unit serial number, printable, trimmed, NUL-ended. */
bool scsi_parse_serial(const uint8_t *data, size_t length, char *ret_serial, size_t capacity);
/* VPD 83h: the best designator with association LU: NAA, EUI-64, T10 vendor, in that order (REQ-013). */
struct scsi_designator {
    uint8_t type; /* designator type of SPC: 3 NAA, 2 EUI-64, 1 T10; 0: none */
    uint8_t length;
    uint8_t bytes[64];
};
bool scsi_parse_designator(const uint8_t *data, size_t length, struct scsi_designator *ret_designator);
/* VPD B0h: maximum and optimal transfer length in blocks, 0: none stated. */
bool scsi_parse_block_limits(const uint8_t *data, size_t length, uint32_t *ret_maximum,
                             uint32_t *ret_optimal);

struct scsi_capacity {
    uint64_t last_lba;
    uint32_t block_size;       /* bytes */
    uint8_t physical_exponent; /* logical blocks per physical block, as a power of two */
    uint16_t lowest_aligned;
};
/* Fewer than 8 (12) bytes are an error (REQ-289); sizes that cannot be used too (REQ-285, REQ-286). */
enum fault_code scsi_parse_capacity_10(const uint8_t *data, size_t length,
                                       struct scsi_capacity *ret_capacity);
enum fault_code scsi_parse_capacity_16(const uint8_t *data, size_t length,
                                       struct scsi_capacity *ret_capacity);

/* MODE SENSE(6) header: WP; and WCE when the caching page 08h is there (`*ret_cache` -1 when not). */
bool scsi_parse_mode_sense(const uint8_t *data, size_t length, bool *ret_protected, int *ret_cache);

/* REPORT LUNS: entry `index`, false beyond the bytes received (REQ-280). */
bool scsi_report_luns_entry(const uint8_t *data, size_t length, unsigned index, uint8_t ret_lun[8]);

struct scsi_sense {
    bool valid, deferred;
    uint8_t key, asc, ascq;
};
/* Fixed and descriptor formats, current and deferred; invalid for anything else (REQ-296). */
void scsi_parse_sense(const uint8_t *sense, size_t length, struct scsi_sense *ret_sense);

/* What to do with a command that ended with this status and sense: one table (section T). */
enum scsi_verdict {
    SCSI_OK,
    SCSI_OK_NOTED,        /* recovered error: success and a line in the log */
    SCSI_RETRY,           /* at once, few times: unit attention, aborted command */
    SCSI_RETRY_LATER,     /* after a growing pause, within the ready budget: busy, becoming ready */
    SCSI_START_AND_RETRY, /* START STOP UNIT once, then again */
    SCSI_FALLBACK,        /* invalid operation code: the other form of the command may work */
    SCSI_FATAL,
};
/*
 * `task` is TASK_DONE without a transport fault: its status, direction, counts and residual decide too
 * (REQ-214, REQ-233, REQ-297, REQ-304). *ret_fault is filled for every verdict but SCSI_OK.
 */
enum scsi_verdict scsi_judge(const struct task *task, struct scsi_sense *ret_sense, struct fault *ret_fault);

/* What a unit attention asks to be read again (REQ-298). */
#define SCSI_REREAD_CAPACITY 1u
#define SCSI_REREAD_IDENTITY 2u
#define SCSI_REREAD_LUNS     4u
unsigned scsi_attention_reread(const struct scsi_sense *sense);

/* Names for people: "MEDIUM ERROR", "unrecovered read error"; static; NULL when not in the table. */
const char *scsi_status_name(uint8_t status);
const char *scsi_sense_key_name(uint8_t key);
const char *scsi_sense_text(uint8_t asc, uint8_t ascq);

#endif
