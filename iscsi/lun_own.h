/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the two halves of a logical unit share: lun.c carries out requests, lun_identify.c finds out what the
 * disk is, and lun_retry.c decides for both what becomes of a command that ended. For these files alone.
 */
#ifndef LUNBOOT_ISCSI_LUN_OWN_H
#define LUNBOOT_ISCSI_LUN_OWN_H

#include "lun.h"

enum lun_outcome {
    LUN_GOOD,
    LUN_AGAIN,      /* the task is `waiting` now */
    LUN_OTHER_FORM, /* the operation code is not known there */
    LUN_BAD,        /* *ret_fault says why */
};

/* A command that is TASK_DONE. `end_ms` bounds retries after a pause, besides the ready budget of the
 * command. */
enum lun_outcome lun_review(struct lun *lun, struct lun_task *own, uint64_t end_ms, struct fault *ret_fault);

/*
 * Hand a built command to the session. False when there is no room: it is then `waiting`. A session that is
 * lost ends the command at once, to be reviewed like any other.
 */
bool lun_send(struct lun *lun, struct lun_task *own);

/* LUN_FAILED: every request ends with `fault`, nothing is with the session afterwards. */
void lun_fail(struct lun *lun, const struct fault *fault);

/*
 * lun_recovery.c. The session is SESSION_FAILED: open it again when it is time, or end the disk (LUN_FAILED)
 * when that cannot help: it never was ready, or the target refuses us.
 */
void lun_recovery_lost(struct lun *lun);
/* The session is ready again: another nexus, in which the disk must be identified first (REQ-013, REQ-274).
 */
void lun_recovery_nexus(struct lun *lun, unsigned epoch);
/* The disk does not answer as it should, after a recovery or a unit attention: ask again later, for the
 * requests have bounds of their own. False while it is being opened. */
bool lun_recovery_postpone(struct lun *lun, const struct fault *fault);
/* The same disk is back. */
void lun_recovery_over(struct lun *lun);
/* A command was carried out: budgets are full again (REQ-268). */
void lun_recovery_progress(struct lun *lun, struct lun_request *request);
/* A command of this request was in flight when the session was lost: is there budget to send it again? */
bool lun_recovery_again(struct lun *lun, struct lun_request *request);
uint64_t lun_recovery_deadline(const struct lun *lun);

/* Start from the first question, whatever was under way. */
void lun_identify_begin(struct lun *lun);
bool lun_identify_active(const struct lun *lun);
/* Collect, retry, ask the next question. True when anything moved. */
bool lun_identify_step(struct lun *lun);
/* Take back what is with the session. */
void lun_identify_cancel(struct lun *lun);

#endif
