/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text exchanges in full feature phase (RFC 7143 sections 11.10 and 11.11): SendTargets, whose answer may
 * come in many parts, and the empty one that a target may ask for.
 */
#include <string.h>

#include "session_parts.h"

#define ROUNDS_MAX 512u /* responses in one exchange (REQ-187) */

static const uint8_t all_targets[] = "SendTargets=All";
static const uint8_t this_target[] = "SendTargets=";

void session_text_reset(struct session *session)
{
    struct session_exchange *exchange = &session->exchange;

    exchange->busy = exchange->request_due = exchange->complete = exchange->negotiation_due = false;
    exchange->deadline_ms = SESSION_NEVER;
    exchange->length = 0;
}

static void start(struct session *session, bool targets)
{
    struct session_exchange *exchange = &session->exchange;

    exchange->busy = exchange->request_due = true;
    exchange->targets = targets;
    exchange->itt = PDU_RESERVED_TAG;
    exchange->ttt = PDU_RESERVED_TAG;
    exchange->rounds = 0;
    if (targets) {
        exchange->length = 0;
        exchange->complete = false;
    }
    exchange->deadline_ms = session->now_ms + session_bound(session->config->command_ms, 30000);
}

bool session_send_targets(struct session *session)
{
    if (session->state != SESSION_READY || session->exchange.busy)
        return false;
    start(session, true);
    return true;
}

const char *session_targets_text(const struct session *session, size_t *ret_length)
{
    if (!session->exchange.complete)
        return NULL;
    *ret_length = session->exchange.length;
    return session->exchange.text;
}

/* The target wants to be asked. Any exchange is an occasion; an empty one is enough (section 11.9.1, event
 * 4). */
void session_text_negotiate(struct session *session)
{
    if (session->exchange.busy)
        session->exchange.negotiation_due = true;
    else
        start(session, false);
}

bool session_text_send(struct session *session)
{
    struct session_exchange *exchange = &session->exchange;
    const struct session_numbers *numbers = &session->numbers;
    struct pdu_text request = {.final = true, .ttt = exchange->ttt};
    const uint8_t *text = NULL;

    if (!exchange->request_due || !numbers->window_known ||
        !pdu_serial_not_after(numbers->cmd_sn, numbers->max_cmd_sn))
        return false;
    exchange->request_due = false;
    if (exchange->itt == PDU_RESERVED_TAG) { /* the first request; those after it are empty */
        exchange->itt = session_tag_new(session, SESSION_TAG_TEXT);
        if (exchange->targets) {
            text = session_is_discovery(session) ? all_targets : this_target;
            request.data_length = session_is_discovery(session) ? sizeof(all_targets) : sizeof(this_target);
        }
    }
    request.itt = exchange->itt;
    pdu_emit_text(&request, session_numbers_now(session), session->transmit.sender.header);
    session->numbers.cmd_sn++;
    session_send(session, text, request.data_length, SESSION_SLOT_NONE);
    return true;
}

/*
 * Section 11.11: same tags, F and C never together, a TTT exactly while more is to come (REQ-186, REQ-256).
 */
static bool fits(const struct session *session, const struct pdu *pdu)
{
    const struct session_exchange *exchange = &session->exchange;
    bool goes_on = pdu->ttt != PDU_RESERVED_TAG;

    if (!exchange->busy || exchange->request_due || exchange->itt != pdu->itt ||
        session->state == SESSION_LOGOUT)
        return false;
    return pdu->final != goes_on && !(pdu->final && pdu->more);
}

bool session_text_place(struct session *session, const struct pdu *pdu)
{
    struct session_exchange *exchange = &session->exchange;
    uint32_t room = SESSION_TEXT_MAX - exchange->length;

    if (!fits(session, pdu)) {
        session_fail_code(session, FAULT_PROTOCOL_TEXT, pdu->opcode);
        return false;
    }
    if (exchange->targets && pdu->data_length > room) {
        session_fail_code(session, FAULT_DISCOVERY_SIZE, pdu->opcode);
        return false;
    }
    if (pdu->data_length == 0)
        return true;
    if (exchange->targets)
        frame_place(&session->receiver, (uint8_t *)exchange->text + exchange->length, pdu->data_length);
    else
        frame_place(&session->receiver, NULL, 0);
    return true;
}

void session_text_take(struct session *session, const struct pdu *pdu)
{
    struct session_exchange *exchange = &session->exchange;

    if (exchange->targets)
        exchange->length += pdu->data_length;
    if (!pdu->final) {
        exchange->ttt = pdu->ttt;
        exchange->request_due = true;
        if (++exchange->rounds >= ROUNDS_MAX)
            session_fail_code(session, FAULT_DISCOVERY_SIZE, pdu->opcode);
        return;
    }
    session_progress(session);
    exchange->busy = false;
    exchange->complete |= exchange->targets;
    exchange->deadline_ms = SESSION_NEVER;
    if (exchange->negotiation_due) {
        exchange->negotiation_due = false;
        start(session, false);
    }
}

void session_text_tick(struct session *session)
{
    if (session->now_ms >= session->exchange.deadline_ms)
        session_fail_code(session, FAULT_COMMAND_TIMEOUT, PDU_TEXT_RESPONSE);
}

uint64_t session_text_deadline(const struct session *session)
{
    return session->exchange.deadline_ms;
}
