/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a logical unit does when its session is lost (RFC 7143 section 7.1.4.4, error recovery level 0): the
 * session is opened again, with the same ISID and TSIH 0, the disk must prove to be the same one, and only
 * then are the commands that were in flight sent again, whole. How long is the requests' own bound; what is
 * counted here keeps a target that fails each time from being asked without end (REQ-267, REQ-268).
 */
#include "lun_own.h"

#define PAUSE_FIRST_MS 500u
#define PAUSE_DOUBLED  4u /* up to 8 s */

/* After a time in which the session could not be opened, or the disk did not answer as it should. */
static uint64_t draw_pause(struct lun *lun)
{
    struct lun_recovery *recovery = &lun->recovery;
    uint64_t pause = (uint64_t)PAUSE_FIRST_MS << recovery->pauses;

    if (recovery->pauses < PAUSE_DOUBLED)
        recovery->pauses++;
    return session_jitter(lun->session, pause);
}

static void begin(struct lun *lun, const struct fault *cause)
{
    struct lun_recovery *recovery = &lun->recovery;

    recovery->active = true;
    recovery->since_ms = lun->now_ms;
    recovery->attempts = 0;
    recovery->cause = *cause;
    recovery->losses++;
    /* At once; the session itself waits as long as the target asked. Not so when it was lost without use. */
    recovery->again_ms = lun->now_ms + (recovery->pauses > 0 ? draw_pause(lun) : 0);
    if (recovery->pauses == 0)
        recovery->pauses = 1;
    lun_identify_cancel(lun);
}

/* Nobody has seen this disk yet, so there is no request whose time bounds its recovery. */
static bool opening_too_long(const struct lun *lun)
{
    const struct lun_recovery *recovery = &lun->recovery;
    uint64_t budget = lun->config.ready_ms ? lun->config.ready_ms : LUN_READY_MS;

    return lun->state == LUN_OPENING &&
           (recovery->attempts >= LUN_LOSSES_MAX || lun->now_ms - recovery->since_ms >= budget);
}

void lun_recovery_lost(struct lun *lun)
{
    struct lun_recovery *recovery = &lun->recovery;
    struct fault cause = *session_fault(lun->session);

    if (cause.code == FAULT_NONE)
        cause = (struct fault){.code = FAULT_SESSION_LOST, .opcode = 0xff};
    if (!recovery->active && session_epoch(lun->session) != 0) {
        begin(lun, &cause);
    } else if (!recovery->active || !fault_may_pass(&cause) || opening_too_long(lun)) {
        lun_fail(lun, &cause);
        return;
    } else if (recovery->opening) {
        recovery->cause = cause;
        recovery->again_ms = lun->now_ms + draw_pause(lun);
        lun_identify_cancel(lun);
    }
    recovery->opening = false;
    if (lun->now_ms < recovery->again_ms)
        return;
    recovery->opening = true;
    recovery->attempts++;
    session_open(lun->session);
}

bool lun_recovery_postpone(struct lun *lun, const struct fault *fault)
{
    struct lun_recovery *recovery = &lun->recovery;

    if (lun->state != LUN_READY)
        return false;
    recovery->postponed = true;
    recovery->cause = *fault;
    recovery->again_ms = lun->now_ms + draw_pause(lun);
    lun_identify_cancel(lun);
    lun->reread |= SCSI_REREAD_CAPACITY | SCSI_REREAD_IDENTITY;
    return true;
}

/*
 * Was the session of the last nexus ended by the login of this one? Only in the same portal group: to another
 * one, the session that was lost is unknown, and what it was told to write it may still write until it has
 * noticed the loss itself, for which the negotiated times stand (sections 6.3.5, 13.15 and 13.16).
 */
static void note_nexus(struct lun *lun)
{
    const struct keys_values *keys = &session_info(lun->session)->keys;
    struct lun_recovery *recovery = &lun->recovery;

    if (lun->epoch != 0 && recovery->group != keys->target_portal_group_tag &&
        recovery->write_from_ms < lun->now_ms + recovery->linger_ms)
        recovery->write_from_ms = lun->now_ms + recovery->linger_ms;
    recovery->group = keys->target_portal_group_tag;
    recovery->linger_ms = 1000u * ((uint64_t)keys->default_time2wait + keys->default_time2retain);
}

void lun_recovery_nexus(struct lun *lun, unsigned epoch)
{
    note_nexus(lun);
    lun->epoch = epoch;
    lun->look_ms = 0;
    if (lun->state == LUN_READY)
        lun->reread |= SCSI_REREAD_CAPACITY | SCSI_REREAD_IDENTITY;
    else if (lun->recovery.active)
        lun_identify_begin(lun);
}

void lun_recovery_over(struct lun *lun)
{
    struct lun_recovery *recovery = &lun->recovery;

    if (recovery->active)
        recovery->took_ms = lun->now_ms - recovery->since_ms;
    recovery->active = recovery->opening = recovery->postponed = false;
}

void lun_recovery_progress(struct lun *lun, struct lun_request *request)
{
    lun->recovery.pauses = 0;
    lun->recovery.progress_epoch = session_epoch(lun->session);
    request->losses = 0;
}

/* Many requests share a session: one that carried out any of them was not ended by each of the others. */
bool lun_recovery_again(struct lun *lun, struct lun_request *request)
{
    unsigned epoch = session_epoch(lun->session);

    if (request->lost_epoch != epoch) {
        request->lost_epoch = epoch;
        request->losses += lun->recovery.progress_epoch != epoch;
    }
    return request->losses < LUN_LOSSES_MAX;
}

uint64_t lun_recovery_deadline(const struct lun *lun)
{
    const struct lun_recovery *recovery = &lun->recovery;
    uint64_t at = UINT64_MAX;

    if (recovery->again_ms > lun->now_ms)
        at = recovery->again_ms;
    if (recovery->write_from_ms > lun->now_ms && recovery->write_from_ms < at)
        at = recovery->write_from_ms;
    return at;
}
