/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end that both sides know of: Logout, by our wish or by the target's (RFC 7143
 * sections 11.9.1, 11.14, 11.15).
 */
#include "session_parts.h"

#define OUR_CID             0u
#define TARGET_REQUESTS_MAX 3u /* logouts asked for without a finished command between them (REQ-250) */

void session_logout_reset(struct session *session)
{
    struct session_ending *ending = &session->ending;

    ending->request_due = ending->sent = ending->asked_by_target = false;
    ending->itt = PDU_RESERVED_TAG;
}

static void begin(struct session *session, uint32_t limit_ms, enum fault_code code)
{
    session_task_end_all(session, code);
    session_text_reset(session);
    session->times.drain = SESSION_NEVER;
    session->times.phase = session->now_ms + limit_ms;
    session->ending.request_due = true;
    session_enter(session, SESSION_LOGOUT);
}

void session_logout(struct session *session, uint32_t limit_ms)
{
    uint32_t limit = session_bound(limit_ms, session_bound(session->config->logout_ms, 2000));

    switch (session->state) {
    case SESSION_READY:
        session->ending.asked_by_target = false;
        begin(session, limit, FAULT_CANCELLED);
        break;
    case SESSION_LOGOUT: /* under way already: it is our wish now too */
        session->ending.asked_by_target = false;
        session_earliest(&session->times.phase, session->now_ms + limit);
        break;
    case SESSION_FAILED:
    case SESSION_IDLE:
    case SESSION_CLOSED:
        break;
    default:
        session_abort(session);
        break;
    }
}

/* Section 11.9.1, event 1: no new commands; those under way get half of the time; then Logout (REQ-245). */
void session_logout_asked(struct session *session, uint16_t within_s)
{
    struct session_ending *ending = &session->ending;

    if (ending->asked_by_target)
        return;
    if (++ending->target_requests > TARGET_REQUESTS_MAX) {
        session_fail(session, (struct fault){.code = FAULT_TARGET_LOGOUT,
                                             .opcode = PDU_ASYNC,
                                             .detail = "the target asks for a logout after every login"});
        return;
    }
    ending->asked_by_target = true;
    session->times.drain = session->now_ms + 500u * (uint64_t)within_s;
}

bool session_logout_send(struct session *session)
{
    struct session_ending *ending = &session->ending;
    enum pdu_logout_reason reason = ending->asked_by_target ? PDU_LOGOUT_CONNECTION : PDU_LOGOUT_SESSION;

    if (!ending->request_due)
        return false;
    ending->request_due = false;
    ending->sent = true;
    ending->itt = session_tag_new(session, SESSION_TAG_LOGOUT);
    pdu_emit_logout(reason, ending->itt, OUR_CID, session_numbers_now(session),
                    session->transmit.sender.header);
    session_send(session, NULL, 0, SESSION_SLOT_NONE);
    return true;
}

/* The connection is closed whatever the target says of it (REQ-254). */
static void close_down(struct session *session, const struct fault *fault, uint32_t wait_s,
                       enum session_action_kind how)
{
    if (session->ending.asked_by_target) {
        session_lose(session, *fault, wait_s, how);
        return;
    }
    if (session->fault.code == FAULT_NONE && how == SESSION_ABORT)
        session->fault = *fault;
    session_let_go(session, how);
    session->times.phase = SESSION_NEVER;
    session_enter(session, SESSION_CLOSED);
}

void session_logout_take(struct session *session, const struct pdu *pdu)
{
    struct fault fault = {.code = FAULT_TARGET_LOGOUT, .opcode = pdu->opcode, .reason = pdu->response};

    if (session->state != SESSION_LOGOUT || !session->ending.sent || pdu->itt != session->ending.itt)
        session_fail_code(session, FAULT_PROTOCOL_TAG, pdu->opcode);
    else
        close_down(session, &fault, pdu->parameter[0], SESSION_CLOSE);
}

void session_logout_over(struct session *session, struct fault fault)
{
    close_down(session, &fault, session->info.keys.default_time2wait, SESSION_ABORT);
}

void session_logout_tick(struct session *session)
{
    bool idle = session_task_busy(session) == 0;

    if (session->state == SESSION_READY && session->ending.asked_by_target &&
        (idle || session->now_ms >= session->times.drain)) {
        begin(session, session_bound(session->config->logout_ms, 2000), FAULT_SESSION_LOST);
        return;
    }
    if (session->state == SESSION_LOGOUT && session->now_ms >= session->times.phase)
        session_logout_over(session, (struct fault){.code = FAULT_LOGOUT_TIMEOUT, .opcode = 0xff});
}

uint64_t session_logout_deadline(const struct session *session)
{
    return session->times.drain;
}
