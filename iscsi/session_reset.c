/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LOGICAL UNIT RESET (RFC 7143 sections 11.5 and 11.6): the rung between an ABORT TASK that failed and the
 * end of the session, for those who ask for it. It ends the commands of every other host at that unit too, so
 * it is off unless the configuration says otherwise; a reset of the target is never sent (REQ-261).
 */
#include <string.h>

#include "session_parts.h"

void session_reset_clear(struct session *session)
{
    session->reset = (struct session_reset){.itt = PDU_RESERVED_TAG, .deadline_ms = SESSION_NEVER};
}

bool session_reset_busy(const struct session *session)
{
    return session->reset.busy;
}

/* One for each session: a unit that hangs again is given up with the session. */
bool session_reset_begin(struct session *session, const uint8_t lun[8])
{
    struct session_reset *reset = &session->reset;

    if (reset->busy)
        return memcmp(reset->lun, lun, sizeof(reset->lun)) == 0;
    if (!session->config->lun_reset || reset->spent || session->state != SESSION_READY)
        return false;
    reset->busy = reset->due = reset->spent = true;
    memcpy(reset->lun, lun, sizeof(reset->lun));
    reset->deadline_ms = session->now_ms + session_bound(session->config->ping_ms, 10000);
    return true;
}

bool session_reset_send(struct session *session)
{
    struct session_reset *reset = &session->reset;
    struct pdu_task_request request = {.function = PDU_LOGICAL_UNIT_RESET,
                                       .referenced_itt = PDU_RESERVED_TAG};

    if (!reset->due)
        return false;
    reset->due = false;
    reset->itt = session_tag_new(session, SESSION_TAG_RESET);
    memcpy(request.lun, reset->lun, sizeof(request.lun));
    request.itt = reset->itt;
    pdu_emit_task_request(&request, session_numbers_now(session), session->transmit.sender.header);
    session_send(session, NULL, 0, SESSION_SLOT_NONE);
    return true;
}

static struct fault failure(uint8_t opcode, uint8_t reason, const char *detail)
{
    return (struct fault){
        .code = FAULT_TASK_MANAGEMENT, .opcode = opcode, .reason = reason, .detail = detail};
}

bool session_reset_take(struct session *session, const struct pdu *pdu)
{
    struct session_reset *reset = &session->reset;

    if (!reset->busy || reset->due || pdu->itt != reset->itt)
        return false;
    reset->busy = false;
    reset->itt = PDU_RESERVED_TAG;
    reset->deadline_ms = SESSION_NEVER;
    if (pdu->response != 0)
        session_fail(session, failure(pdu->opcode, pdu->response, "LOGICAL UNIT RESET was refused"));
    else
        session_task_forget(session, reset->lun, FAULT_TASK_MANAGEMENT);
    return true;
}

void session_reset_tick(struct session *session)
{
    if (session->now_ms >= session->reset.deadline_ms)
        session_fail(session, failure(0xff, 0xff, "no answer to LOGICAL UNIT RESET"));
}

uint64_t session_reset_deadline(const struct session *session)
{
    return session->reset.deadline_ms;
}
