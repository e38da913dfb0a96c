/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text exchanges in full feature phase (RFC 7143 sections 11.10 and 11.11): SendTargets, whose answer may
 * come in many parts, and the empty one that a target may ask for.
 */
#include "session_parts.h"
#include "text.h"

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
    exchange->answers_length = 0;
    if (!targets) {
        keys_init(&exchange->keys, session->config->login.offer, session_is_discovery(session));
    } else {
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

/* What this request says: the question, or answers to the target's offers; most requests are empty. */
static uint32_t choose_text(struct session *session, const uint8_t **ret_text)
{
    struct session_exchange *exchange = &session->exchange;
    bool first = exchange->itt == PDU_RESERVED_TAG;

    if (exchange->targets && first) {
        *ret_text = session_is_discovery(session) ? all_targets : this_target;
        return session_is_discovery(session) ? sizeof(all_targets) : sizeof(this_target);
    }
    *ret_text = (const uint8_t *)exchange->answers;
    return exchange->answers_length;
}

bool session_text_send(struct session *session)
{
    struct session_exchange *exchange = &session->exchange;
    const struct session_numbers *numbers = &session->numbers;
    struct pdu_text request = {.final = true, .ttt = exchange->ttt};
    const uint8_t *text;

    if (!exchange->request_due || !numbers->window_known ||
        !pdu_serial_not_after(numbers->cmd_sn, numbers->max_cmd_sn))
        return false;
    exchange->request_due = false;
    request.data_length = choose_text(session, &text);
    if (exchange->itt == PDU_RESERVED_TAG)
        exchange->itt = session_tag_new(session, SESSION_TAG_TEXT);
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
        frame_place(&session->receiver, session->inbox, sizeof(session->inbox));
    return true;
}

/*
 * One key that the target brings up in full feature phase (section 6.4). Its MaxRecvDataSegmentLength may
 * change at any time; of the rest nothing is negotiated again (REQ-097), and each offer gets its one answer
 * (REQ-088 to REQ-090).
 */
static enum fault_code take_key(struct session *session, const struct text_item *item,
                                struct text_writer *answers)
{
    struct keys *keys = &session->exchange.keys;
    char nothing[TEXT_KEY_MAX + 1 + TEXT_VALUE_MAX + 1];
    struct text_writer scratch;
    enum fault_code code;

    text_writer_init(&scratch, nothing, sizeof(nothing));
    code = keys_take(keys, item, PDU_STAGE_OPERATIONAL, &scratch);
    if (code != FAULT_NONE)
        return code;
    if (text_is(item->key, item->key_length, "MaxRecvDataSegmentLength"))
        session->info.keys.target_max_recv_data_length = keys->result.target_max_recv_data_length;
    else if (scratch.length != 0) /* it was an offer */
        text_put_answer(answers, item->key, item->key_length,
                        keys->fault_key != NULL ? "Reject" : "NotUnderstood");
    return FAULT_NONE;
}

static enum fault_code take_keys(struct session *session, const struct pdu *pdu)
{
    struct session_exchange *exchange = &session->exchange;
    enum fault_code code = FAULT_NONE;
    struct text_writer answers;
    struct text_reader reader;
    struct text_item item;
    enum text_result result;

    if (pdu->more || pdu->data_length > sizeof(session->inbox))
        return FAULT_PROTOCOL_TEXT; /* nobody has so much to say about one number */
    text_writer_init(&answers, exchange->answers, sizeof(exchange->answers));
    text_reader_init(&reader, session->inbox, pdu->data_length);
    while ((result = text_next(&reader, &item)) == TEXT_ITEM && code == FAULT_NONE)
        code = take_key(session, &item, &answers);
    exchange->answers_length = (uint32_t)answers.length;
    if (code != FAULT_NONE)
        return code;
    return result != TEXT_END || answers.overflow ? FAULT_FORMAT_TEXT : FAULT_NONE;
}

void session_text_take(struct session *session, const struct pdu *pdu)
{
    struct session_exchange *exchange = &session->exchange;

    enum fault_code code = exchange->targets ? FAULT_NONE : take_keys(session, pdu);

    if (code != FAULT_NONE) {
        session_fail_code(session, code, pdu->opcode);
        return;
    }
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
