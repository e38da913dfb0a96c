/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One logical unit as a disk: identification, geometry, and block requests split into SCSI commands, retried
 * where that is right, and put together again. It sits on a session and, like it, does no I/O and knows no
 * clock: lun_step moves it on after the session was moved on. A session that is lost after it was ready is
 * opened again from here (lun_recovery.c); its owner only ends it.
 */
#ifndef LUNBOOT_ISCSI_LUN_H
#define LUNBOOT_ISCSI_LUN_H

#include <stdbool.h>
#include <stdint.h>

#include "scsi.h"
#include "session.h"

#define LUN_TASKS_MAX   SESSION_TASKS_MAX
#define LUN_PRESENT_MAX 16u
#define LUN_LOSSES_MAX  5u     /* sessions that one request may see lost without a block of progress */
#define LUN_READY_MS    60000u /* default of lun_config.ready_ms */

struct lun_config {
    uint8_t lun[8];
    uint32_t max_transfer; /* bytes per command; 0: 256 KiB */
    uint32_t ready_ms;     /* budget of one command for BUSY, becoming ready and the like, and of a recovery
                              before the first LUN_READY; 0: LUN_READY_MS */
    uint32_t request_ms;   /* one request in all, retries and session recovery included, and 1 ms more per 64
                              bytes; 0: 180000. An outage is waited for once: what others have waited without
                              an answer of the disk comes off, down to 5 s */
    unsigned queue_depth;  /* commands in flight, 1 to LUN_TASKS_MAX; 0: 32 */
};

/* What is known of the disk once it is LUN_READY. */
struct lun_info {
    struct scsi_identity identity;
    char serial[65];
    struct scsi_designator designator;
    struct scsi_capacity capacity;
    uint32_t max_blocks;     /* per command, after all limits */
    uint32_t optimal_blocks; /* VPD B0h, 0: not stated */
    bool write_protected;
    bool write_cache; /* unknown counts as true: then FLUSH sends SYNCHRONIZE CACHE */
};

enum lun_state { LUN_IDLE, LUN_OPENING, LUN_READY, LUN_FAILED };

enum lun_operation { LUN_READ, LUN_WRITE, LUN_FLUSH, LUN_PROBE /* TEST UNIT READY until clear */ };
enum lun_request_state { LUN_REQUEST_IDLE, LUN_REQUEST_PENDING, LUN_REQUEST_DONE };

/* The caller's memory, and its buffer too, until LUN_REQUEST_DONE or lun_cancel has returned. */
struct lun_request {
    enum lun_operation operation;
    uint64_t lba;
    uint64_t blocks;
    uint8_t *in;        /* READ: blocks * block_size bytes */
    const uint8_t *out; /* WRITE: the same */
    void *owner;
    enum lun_request_state state;
    struct fault fault; /* DONE: NONE means every byte arrived, or is on the target */
    /* private */
    uint64_t issued, completed; /* blocks */
    uint64_t deadline_ms;
    unsigned tasks;
    unsigned losses, lost_epoch; /* sessions lost without any progress, and the last that was lost */
    struct lun_request *next;
};

/* One command of a request, or of the lun's own; private. */
struct lun_task {
    struct task task;
    struct lun_request *request; /* NULL: the lun's own */
    uint64_t lba;
    uint32_t blocks;
    uint8_t attempts; /* retries at once */
    uint8_t pauses;   /* retries after a pause */
    uint64_t retry_at_ms;
    uint64_t later_end_ms; /* end of the ready budget, 0: not begun */
    struct fault fault;    /* why it is tried again */
    bool used;
    bool waiting; /* not with the session: to be sent from retry_at_ms on */
};

/* The state of a session recovery, for the person who waits for it. */
struct lun_recovery {
    bool active;        /* the session was lost and the disk is not back yet */
    uint64_t since_ms;  /* of the loss */
    unsigned attempts;  /* to open the session since then */
    struct fault cause; /* why it was lost; then why it is not back yet */
    unsigned losses;    /* since lun_open */
    uint64_t took_ms;   /* the last one that brought the disk back, from the loss on */
    /* private */
    bool opening;            /* session_open was called for it */
    bool postponed;          /* the disk did not answer as it should, and is asked again */
    uint8_t pauses;          /* without progress between them */
    unsigned progress_epoch; /* the last session in which a request made progress */
    uint64_t again_ms;       /* the next attempt, of either */
    uint32_t group;          /* TargetPortalGroupTag of the nexus */
    uint64_t linger_ms, write_from_ms;
};

struct lun {
    struct session *session;
    struct lun_config config;
    enum lun_state state;
    struct fault fault;                  /* LUN_FAILED */
    struct lun_info info;                /* from LUN_READY on */
    uint8_t present[LUN_PRESENT_MAX][8]; /* REPORT LUNS, asked for when the configured one is no disk */
    unsigned present_count;
    bool present_more; /* there are more than fit */
    unsigned notes;    /* recovered errors seen */
    struct lun_recovery recovery;
    /* private */
    uint64_t now_ms;
    uint64_t waiting_from_ms; /* requests have waited without an answer since then; UINT64_MAX: none has */
    uint8_t phase;            /* of the identification under way, lun_identify.c */
    uint8_t reread;           /* SCSI_REREAD_*: what a unit attention asks for */
    uint64_t look_ms;         /* not before this the next look at the disk in the same nexus */
    uint8_t pages;            /* VPD pages that are there */
    bool known;               /* `info` was complete once: what is found later must be the same disk */
    bool narrow;              /* READ(16) or WRITE(16) was refused: ten bytes from now on (REQ-288) */
    bool start_wanted, started, list_wanted;
    uint64_t budget_end_ms; /* of the identification; 0: not begun */
    unsigned epoch;         /* the nexus that was identified */
    unsigned attentions;    /* asynchronous ones seen */
    unsigned depth;         /* lowered by TASK SET FULL (REQ-299) */
    unsigned good_in_a_row; /* raises it again */
    struct fault deferred;  /* an earlier write failed late: the next write or flush tells (REQ-297) */
    struct lun_info found;  /* what the identification under way has found */
    struct lun_task own;
    struct lun_request *requests;
    struct lun_task tasks[LUN_TASKS_MAX];
    uint8_t scratch[4096]; /* answers to INQUIRY, VPD, READ CAPACITY, MODE SENSE, REPORT LUNS */
};

/* `session` and `config->lun` are not opened here. */
void lun_init(struct lun *lun, struct session *session, const struct lun_config *config);

/*
 * Begin identification; the session must be, or become, SESSION_READY. After the first time, or when the
 * session was renewed, or after a unit attention that says so, another disk than before is FAULT_LUN_CHANGED
 * (REQ-013).
 */
void lun_open(struct lun *lun);

/*
 * Move on (before lun_submit in a turn, and after anything moved in the session): collect finished tasks,
 * retry, submit what fits. Returns the absolute time at which it wants to be called again at the latest,
 * UINT64_MAX: nothing pending.
 */
uint64_t lun_step(struct lun *lun, uint64_t now_ms);

/*
 * Queue a request; requests are issued in order, a write is not overtaken by a later request for the same
 * blocks and does not overtake an earlier one, and a flush comes after all writes before it.
 * FAULT_BAD_REQUEST beyond the end, FAULT_WRITE_PROTECTED, FAULT_SESSION_LOST when the session was ended by
 * its owner, the fault of a LUN_FAILED: the request is then LUN_REQUEST_DONE at once. Zero blocks are done at
 * once without a fault. While a lost session is being recovered requests are taken and wait, like those that
 * were in flight, until their time is over.
 */
void lun_submit(struct lun *lun, struct lun_request *request);

/* Afterwards the request is LUN_REQUEST_DONE (FAULT_CANCELLED unless it was done) and its buffer never
 * touched. */
void lun_cancel(struct lun *lun, struct lun_request *request);

/* Cancel every request (Reset(TRUE)). */
void lun_cancel_all(struct lun *lun);

#endif
