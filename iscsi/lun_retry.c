/* SPDX-License-Identifier: BSD-2-Clause */
#include "lun_own.h"

#define RETRIES_MAX    10u  /* at once: as many unit attentions may wait in a row */
#define PAUSE_FIRST_MS 100u /* doubles */
#define PAUSE_DOUBLED  5u   /* up to 3.2 s */

/* Reached when the target does less at a time than we ask for; halved, and not below one (REQ-299). */
static void lower_depth(struct lun *lun)
{
    unsigned with_session = 1;

    for (unsigned i = 0; i < LUN_TASKS_MAX; i++)
        with_session += lun->tasks[i].used && !lun->tasks[i].waiting;
    if (with_session < lun->depth)
        lun->depth = with_session;
    lun->depth = lun->depth > 1 ? lun->depth / 2 : 1;
    lun->good_in_a_row = 0;
}

/* A command that the transport or the target itself gave up, not the disk: which of these are worth another
 * try? */
static enum scsi_verdict judge_transport(const struct fault *fault)
{
    switch (fault->code) {
    case FAULT_COMMAND_TIMEOUT:
    case FAULT_ISCSI_RESPONSE:
    case FAULT_TASK_MANAGEMENT: /* it was ended by our reset of the unit */
        return SCSI_RETRY;
    default:
        return SCSI_FATAL;
    }
}

/* The session ended under it: recovery sends it again, whole, once the session and the disk are back. */
static enum lun_outcome lost(struct lun *lun, struct lun_task *own, struct fault *ret_fault)
{
    const struct fault *cause = session_fault(lun->session);

    own->fault = cause->code != FAULT_NONE ? *cause : own->task.fault;
    *ret_fault = own->fault;
    if (own->request != NULL && !lun_recovery_again(lun, own->request))
        return LUN_BAD;
    own->waiting = true;
    own->retry_at_ms = lun->now_ms;
    return LUN_AGAIN;
}

static void note_attention(struct lun *lun, const struct lun_task *own, const struct scsi_sense *sense)
{
    unsigned again = scsi_attention_reread(sense);

    /* Power on and nexus loss met while the disk is being identified: that is what identifying it is for. */
    if (own == &lun->own && sense->asc == 0x29)
        again = 0;
    lun->reread |= (uint8_t)again;
}

static enum lun_outcome again_at(struct lun_task *own, uint64_t at_ms)
{
    own->waiting = true;
    own->retry_at_ms = at_ms;
    return LUN_AGAIN;
}

static enum lun_outcome at_once(struct lun *lun, struct lun_task *own)
{
    /* A command that took its whole time is tried once more, no oftener. */
    own->attempts =
        (uint8_t)(own->attempts + (own->fault.code == FAULT_COMMAND_TIMEOUT ? RETRIES_MAX / 2 : 1));
    return own->attempts >= RETRIES_MAX ? LUN_BAD : again_at(own, lun->now_ms);
}

static enum lun_outcome later(struct lun *lun, struct lun_task *own, uint64_t end_ms)
{
    uint64_t pause = (uint64_t)PAUSE_FIRST_MS << (own->pauses < PAUSE_DOUBLED ? own->pauses : PAUSE_DOUBLED);
    uint64_t budget = lun->config.ready_ms ? lun->config.ready_ms : LUN_READY_MS;

    if (own->later_end_ms == 0)
        own->later_end_ms = lun->now_ms + budget;
    if (lun->now_ms >= own->later_end_ms || lun->now_ms >= end_ms)
        return LUN_BAD;
    if (own->pauses < UINT8_MAX)
        own->pauses++;
    return again_at(own, lun->now_ms + pause);
}

enum lun_outcome lun_review(struct lun *lun, struct lun_task *own, uint64_t end_ms, struct fault *ret_fault)
{
    struct scsi_sense sense = {0};
    enum scsi_verdict verdict;

    if (own->task.fault.code == FAULT_SESSION_LOST)
        return lost(lun, own, ret_fault);
    own->fault = own->task.fault;
    if (own->task.fault.code != FAULT_NONE)
        verdict = judge_transport(&own->task.fault);
    else
        verdict = scsi_judge(&own->task, &sense, &own->fault);
    if (verdict != SCSI_OK)
        *ret_fault = own->fault;
    note_attention(lun, own, &sense);
    if (sense.deferred && sense.key > 1 && verdict == SCSI_RETRY && lun->deferred.code == FAULT_NONE)
        lun->deferred = own->fault;
    if (own->task.fault.code == FAULT_NONE && own->task.status == SCSI_TASK_SET_FULL)
        lower_depth(lun);
    switch (verdict) {
    case SCSI_OK_NOTED:
        lun->notes++;
        return LUN_GOOD;
    case SCSI_OK:
        return LUN_GOOD;
    case SCSI_RETRY:
        return at_once(lun, own);
    case SCSI_START_AND_RETRY:
        lun->start_wanted = !lun->started;
        return later(lun, own, end_ms);
    case SCSI_RETRY_LATER:
        return later(lun, own, end_ms);
    case SCSI_FALLBACK:
        return LUN_OTHER_FORM;
    case SCSI_FATAL:
        break;
    }
    return LUN_BAD;
}

bool lun_send(struct lun *lun, struct lun_task *own)
{
    if (session_submit(lun->session, &own->task)) {
        own->waiting = false;
        return true;
    }
    if (own->task.fault.code == FAULT_BUSY) {
        own->waiting = true;
        own->retry_at_ms = lun->now_ms;
        return false;
    }
    own->task.state = TASK_DONE;
    own->waiting = false;
    return true;
}
