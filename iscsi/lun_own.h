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

/* Start from the first question, whatever was under way. */
void lun_identify_begin(struct lun *lun);
bool lun_identify_active(const struct lun *lun);
/* Collect, retry, ask the next question. True when anything moved. */
bool lun_identify_step(struct lun *lun);
/* Take back what is with the session. */
void lun_identify_cancel(struct lun *lun);

#endif
