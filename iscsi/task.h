/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One SCSI command on its way through a session: what the caller asks and what the target said. The memory of
 * the task and of its data is the caller's, and the session's to use from session_submit until the state is
 * TASK_DONE or session_cancel has returned.
 */
#ifndef LUNBOOT_ISCSI_TASK_H
#define LUNBOOT_ISCSI_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "fault.h"

#define TASK_SENSE_MAX 252u /* SPC: the longest sense data */

enum task_direction { TASK_NO_DATA, TASK_READ, TASK_WRITE };
enum task_state { TASK_IDLE, TASK_WAITING, TASK_ACTIVE, TASK_DONE };

struct task {
    /* what is asked; not to be changed until TASK_DONE */
    uint8_t cdb[16];
    uint8_t lun[8];
    enum task_direction direction;
    uint8_t *in;         /* READ: where the data goes */
    const uint8_t *out;  /* WRITE: what is sent */
    uint32_t length;     /* bytes; the Expected Data Transfer Length */
    uint32_t timeout_ms; /* from submission to the end; 0 takes the session's own */
    void *owner;         /* the caller's, not touched */

    /* what came of it; valid in TASK_DONE */
    enum task_state state;
    struct fault fault;   /* NONE: the target sent a status, see below; else transport or protocol failed */
    uint8_t status;       /* SCSI status (SAM) */
    uint32_t transferred; /* READ: bytes in `in`; WRITE: bytes given out */
    bool overflow, underflow;
    uint32_t residual;
    uint16_t sense_length;
    uint8_t sense[TASK_SENSE_MAX];

    /* private to the session: the queue of commands not yet sent; all else lives in the session's own slots,
     * because the task's memory may be gone while its tags are not */
    struct task *next;
    uint64_t deadline_ms;
};

#endif
