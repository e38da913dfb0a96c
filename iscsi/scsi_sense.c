/* SPDX-License-Identifier: BSD-2-Clause */
#include "scsi.h"

#include "bytes.h"
#include "scsi_opcode.h"

/* Sense keys (SPC-4, sense key descriptions). */
enum sense_key {
    KEY_NO_SENSE = 0x0,
    KEY_RECOVERED = 0x1,
    KEY_NOT_READY = 0x2,
    KEY_MEDIUM = 0x3,
    KEY_HARDWARE = 0x4,
    KEY_ILLEGAL_REQUEST = 0x5,
    KEY_UNIT_ATTENTION = 0x6,
    KEY_DATA_PROTECT = 0x7,
    KEY_ABORTED = 0xb,
    KEY_COMPLETED = 0xf,
};

#define RESPONSE_FIXED           0x70u
#define RESPONSE_FIXED_DEFERRED  0x71u
#define RESPONSE_SIMPLE          0x72u
#define RESPONSE_SIMPLE_DEFERRED 0x73u

/* Fixed format: what lies beyond the additional length is not there. */
static void parse_fixed(const uint8_t *sense, size_t length, struct scsi_sense *ret_sense)
{
    if (length < 8)
        return;
    if (length > 8u + sense[7])
        length = 8u + sense[7];
    ret_sense->valid = true;
    ret_sense->key = sense[2] & 0x0fu;
    ret_sense->asc = length > 12 ? sense[12] : 0;
    ret_sense->ascq = length > 13 ? sense[13] : 0;
}

static void parse_descriptor(const uint8_t *sense, size_t length, struct scsi_sense *ret_sense)
{
    if (length < 4)
        return;
    ret_sense->valid = true;
    ret_sense->key = sense[1] & 0x0fu;
    ret_sense->asc = sense[2];
    ret_sense->ascq = sense[3];
}

void scsi_parse_sense(const uint8_t *sense, size_t length, struct scsi_sense *ret_sense)
{
    struct scsi_sense parsed = {0};
    unsigned response = length > 0 ? sense[0] & 0x7fu : 0;

    if (response == RESPONSE_FIXED || response == RESPONSE_FIXED_DEFERRED)
        parse_fixed(sense, length, &parsed);
    else if (response == RESPONSE_SIMPLE || response == RESPONSE_SIMPLE_DEFERRED)
        parse_descriptor(sense, length, &parsed);
    parsed.deferred = parsed.valid && (response & 1u) != 0;
    *ret_sense = parsed;
}

/* The first row that fits decides; ANY fits every value. */
#define ANY 0x100u

static const struct sense_row {
    uint16_t key, asc, ascq;
    enum scsi_verdict verdict;
    enum fault_code code;
    const char *detail;
} sense_rows[] = {
    /* A thin disk whose pool is full: final, and not the disk's write protection (REQ-305). */
    {ANY, 0x27, 0x07, SCSI_FATAL, FAULT_SCSI_SENSE,
     "the storage pool behind this thin-provisioned disk is full"},
    {KEY_UNIT_ATTENTION, ANY, ANY, SCSI_RETRY, FAULT_SCSI_SENSE, NULL},
    {KEY_NO_SENSE, ANY, ANY, SCSI_OK_NOTED, FAULT_SCSI_SENSE, NULL},
    {KEY_RECOVERED, ANY, ANY, SCSI_OK_NOTED, FAULT_SCSI_SENSE, NULL},
    {KEY_COMPLETED, ANY, ANY, SCSI_OK_NOTED, FAULT_SCSI_SENSE, NULL},
    /* NOT READY (REQ-301); 04/0B and 04/0C wait for another path, which does not come from waiting here
       (REQ-309). */
    {KEY_NOT_READY, 0x04, 0x02, SCSI_START_AND_RETRY, FAULT_NOT_READY, NULL},
    {KEY_NOT_READY, 0x04, 0x03, SCSI_FATAL, FAULT_NOT_READY, NULL},
    {KEY_NOT_READY, 0x04, 0x0b, SCSI_FATAL, FAULT_NOT_READY, "this path to the disk is on standby"},
    {KEY_NOT_READY, 0x04, 0x0c, SCSI_FATAL, FAULT_NOT_READY, "this path to the disk is unavailable"},
    {KEY_NOT_READY, 0x04, 0x12, SCSI_FATAL, FAULT_NOT_READY, "the disk is offline"},
    {KEY_NOT_READY, 0x04, ANY, SCSI_RETRY_LATER, FAULT_NOT_READY, NULL},
    {KEY_NOT_READY, 0x08, ANY, SCSI_RETRY_LATER, FAULT_NOT_READY, NULL},
    {KEY_NOT_READY, 0x29, ANY, SCSI_RETRY_LATER, FAULT_NOT_READY, NULL},
    {KEY_NOT_READY, 0x3e, 0x00, SCSI_RETRY_LATER, FAULT_NOT_READY, NULL},
    {KEY_NOT_READY, ANY, ANY, SCSI_FATAL, FAULT_NOT_READY, NULL},
    {KEY_ABORTED, 0x04, 0x0a, SCSI_RETRY_LATER, FAULT_NOT_READY, NULL},
    {KEY_ABORTED, ANY, ANY, SCSI_RETRY, FAULT_SCSI_SENSE, NULL},
    {KEY_ILLEGAL_REQUEST, 0x20, 0x00, SCSI_FALLBACK, FAULT_SCSI_SENSE, NULL},
    {KEY_ILLEGAL_REQUEST, 0x25, 0x00, SCSI_FATAL, FAULT_NO_LUN, NULL},
    {KEY_DATA_PROTECT, 0x27, ANY, SCSI_FATAL, FAULT_WRITE_PROTECTED, NULL},
    /* Medium, hardware, and all that has no row: final for the command (REQ-302). */
    {ANY, ANY, ANY, SCSI_FATAL, FAULT_SCSI_SENSE, NULL},
};

static bool fits(uint16_t wanted, uint8_t value)
{
    return wanted == ANY || wanted == value;
}

static const struct sense_row *find_row(const struct scsi_sense *sense)
{
    const struct sense_row *row = sense_rows;

    while (!fits(row->key, sense->key) || !fits(row->asc, sense->asc) || !fits(row->ascq, sense->ascq))
        row++; /* the last one fits all */
    return row;
}

/* Commands whose data is the medium's: all of it or nothing. The others may answer with less. */
static bool moves_blocks(const struct task *task)
{
    switch (task->cdb[0]) {
    case SCSI_OP_READ_10:
    case SCSI_OP_READ_16:
    case SCSI_OP_WRITE_10:
    case SCSI_OP_WRITE_16:
        return true;
    default:
        return false;
    }
}

static bool all_moved(const struct task *task)
{
    return !moves_blocks(task) || (task->transferred == task->length && !task->overflow && !task->underflow);
}

static void short_data(struct fault *fault, const struct task *task)
{
    fault->code = FAULT_SHORT_DATA;
    if (task->overflow)
        fault->detail = "the target speaks of more data than was asked for";
    else if (task->direction == TASK_WRITE)
        fault->detail = "the target did not take all data of a write";
}

/* A success, if the data is whole (REQ-214, REQ-233, REQ-304). */
static enum scsi_verdict judge_data(const struct task *task, enum scsi_verdict verdict, struct fault *fault)
{
    if (all_moved(task))
        return verdict;
    short_data(fault, task);
    return SCSI_FATAL;
}

/*
 * An earlier command went wrong after it was called done (REQ-297). A write or a flush must tell, because
 * what was lost was written; anything else was not carried out and is done again.
 */
static enum scsi_verdict judge_deferred(const struct task *task, struct fault *fault)
{
    bool writing = task->direction == TASK_WRITE || task->cdb[0] == SCSI_OP_SYNCHRONIZE_CACHE;

    fault->code = FAULT_SCSI_SENSE;
    fault->detail = "a write that had been called done went wrong later";
    return writing ? SCSI_FATAL : SCSI_RETRY;
}

static enum scsi_verdict judge_sense(const struct task *task, const struct scsi_sense *sense,
                                     struct fault *fault)
{
    const struct sense_row *row = find_row(sense);

    fault->code = row->code;
    fault->sense_key = sense->key;
    fault->asc = sense->asc;
    fault->ascq = sense->ascq;
    fault->detail = row->detail;
    if (sense->deferred)
        return sense->key <= KEY_RECOVERED ? SCSI_RETRY : judge_deferred(task, fault);
    if (row->verdict == SCSI_OK_NOTED)
        return judge_data(task, SCSI_OK_NOTED, fault);
    return row->verdict;
}

enum scsi_verdict scsi_judge(const struct task *task, struct scsi_sense *ret_sense, struct fault *ret_fault)
{
    struct fault fault = {.code = FAULT_SCSI_STATUS, .opcode = 0xff, .scsi_status = task->status};
    struct scsi_sense sense = {0};
    enum scsi_verdict verdict = SCSI_FATAL; /* reserved and senseless status bytes too (REQ-306) */

    switch (task->status) {
    case SCSI_GOOD:
        verdict = judge_data(task, SCSI_OK, &fault);
        break;
    case SCSI_CHECK_CONDITION:
        scsi_parse_sense(task->sense, task->sense_length, &sense);
        if (sense.valid) {
            verdict = judge_sense(task, &sense, &fault);
        } else {
            fault.detail = "without sense data that can be read";
            verdict = SCSI_RETRY; /* what it was is not known: a few times, then an error */
        }
        break;
    case SCSI_BUSY:
    case SCSI_TASK_SET_FULL:
        verdict = SCSI_RETRY_LATER;
        break;
    case SCSI_TASK_ABORTED:
        verdict = SCSI_RETRY;
        break;
    default:
        break;
    }
    *ret_sense = sense;
    if (verdict != SCSI_OK)
        *ret_fault = fault;
    return verdict;
}

unsigned scsi_attention_reread(const struct scsi_sense *sense)
{
    static const struct {
        uint16_t asc, ascq;
        unsigned what;
    } rows[] = {
        {0x28, ANY, SCSI_REREAD_CAPACITY | SCSI_REREAD_IDENTITY}, /* the medium may have changed */
        {0x29, ANY, SCSI_REREAD_CAPACITY | SCSI_REREAD_IDENTITY}, /* power on, reset, nexus lost (REQ-274) */
        {0x2a, 0x01, SCSI_REREAD_IDENTITY},                       /* mode parameters: write protection */
        {0x2a, 0x09, SCSI_REREAD_CAPACITY},
        {0x3f, 0x02, SCSI_REREAD_IDENTITY},
        {0x3f, 0x03, SCSI_REREAD_IDENTITY},
        {0x3f, 0x05, SCSI_REREAD_IDENTITY},
        {0x3f, 0x0e, SCSI_REREAD_LUNS},
    };

    if (!sense->valid || sense->key != KEY_UNIT_ATTENTION)
        return 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (fits(rows[i].asc, sense->asc) && fits(rows[i].ascq, sense->ascq))
            return rows[i].what;
    return 0;
}
