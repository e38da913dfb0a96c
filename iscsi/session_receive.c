/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Received bytes: where they belong, which PDU may come when, the counters in every header (RFC 7143
 * sections 4.2.2 and 11), and which file a PDU goes to. One table says it.
 */
#include <string.h>

#include "session_parts.h"

#define FRUITLESS_MAX 512u /* PDUs that bring nothing forward, while a command waits or within a second */

enum phase { IN_LOGIN = 1, IN_NORMAL = 2, IN_DISCOVERY = 4, IN_SESSION = IN_NORMAL | IN_DISCOVERY };

/* Does StatSN in this PDU count a status (section 11: StatSN of each PDU; REQ-202)? */
enum counts {
    COUNTS_NO, /* the value is reserved, or shows the next one, or the login checks it */
    COUNTS_YES,
    COUNTS_TAG,    /* when the ITT is not reserved (NOP-In, section 11.19.2) */
    COUNTS_STATUS, /* with S (Data-In, section 11.7.4) */
};

static void take_login(struct session *session, const struct pdu *pdu);
static bool place_inbox(struct session *session, const struct pdu *pdu);

static const struct rule {
    uint8_t opcode, phases;
    enum counts counts;
    bool (*place)(struct session *session, const struct pdu *pdu);
    void (*take)(struct session *session, const struct pdu *pdu);
} rules[] = {
    {PDU_LOGIN_RESPONSE, IN_LOGIN, COUNTS_NO, place_inbox, take_login},                       /* 11.13 */
    {PDU_REJECT, IN_LOGIN | IN_SESSION, COUNTS_YES, place_inbox, session_notice_take_reject}, /* 11.17 */
    {PDU_SCSI_RESPONSE, IN_NORMAL, COUNTS_YES, place_inbox, session_task_take_response},      /* 11.4 */
    {PDU_TASK_RESPONSE, IN_NORMAL, COUNTS_YES, place_inbox, session_task_take_abort},         /* 11.6 */
    {PDU_DATA_IN, IN_NORMAL, COUNTS_STATUS, session_data_place, session_data_take_in},        /* 11.7 */
    {PDU_R2T, IN_NORMAL, COUNTS_NO, place_inbox, session_data_take_r2t},                      /* 11.8 */
    {PDU_ASYNC, IN_SESSION, COUNTS_YES, place_inbox, session_notice_take_async},              /* 11.9 */
    {PDU_TEXT_RESPONSE, IN_SESSION, COUNTS_YES, session_text_place, session_text_take},       /* 11.11 */
    {PDU_LOGOUT_RESPONSE, IN_SESSION, COUNTS_YES, place_inbox, session_logout_take},          /* 11.15 */
    {PDU_NOP_IN, IN_SESSION, COUNTS_TAG, place_inbox, session_nop_take},                      /* 11.19 */
};

static const struct rule *find_rule(uint8_t opcode)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (rules[i].opcode == opcode)
            return &rules[i];
    }
    return NULL;
}

void session_receive_start(struct session *session, uint32_t data_limit)
{
    frame_receiver_init(&session->receiver, data_limit);
    session->landing = SESSION_SLOT_NONE;
}

bool session_fruitless(struct session *session, uint8_t opcode)
{
    struct session_numbers *numbers = &session->numbers;
    bool idle = session_task_busy(session) == 0 && session->now_ms - numbers->fruitless_since_ms >= 1000;

    if (idle || numbers->fruitless == 0) {
        numbers->fruitless = 0;
        numbers->fruitless_since_ms = session->now_ms;
    }
    if (++numbers->fruitless <= FRUITLESS_MAX)
        return true;
    session_fail_code(session, FAULT_PROTOCOL_FLOOD, opcode);
    return false;
}

void session_progress(struct session *session)
{
    session->numbers.fruitless = 0;
}

/* --- Counters --- */

/* Section 4.2.2.1: a pair that contradicts itself is ignored whole, and neither value ever goes back
 * (REQ-196). */
static void take_window(struct session_numbers *numbers, const struct pdu *pdu)
{
    if (pdu_serial_before(pdu->max_cmd_sn, pdu->exp_cmd_sn - 1))
        return;
    if (!numbers->window_known) {
        numbers->exp_cmd_sn = pdu->exp_cmd_sn;
        numbers->max_cmd_sn = pdu->max_cmd_sn;
        numbers->window_known = true;
        return;
    }
    if (pdu_serial_before(numbers->exp_cmd_sn, pdu->exp_cmd_sn))
        numbers->exp_cmd_sn = pdu->exp_cmd_sn;
    if (pdu_serial_before(numbers->max_cmd_sn, pdu->max_cmd_sn))
        numbers->max_cmd_sn = pdu->max_cmd_sn;
}

static bool counts_status(const struct rule *rule, const struct pdu *pdu)
{
    switch (rule->counts) {
    case COUNTS_YES:
        return true;
    case COUNTS_TAG:
        return pdu->itt != PDU_RESERVED_TAG;
    case COUNTS_STATUS:
        return pdu->has_status;
    default:
        return false;
    }
}

/* --- A header, and a whole PDU --- */

static bool place_inbox(struct session *session, const struct pdu *pdu)
{
    if (pdu->data_length != 0)
        frame_place(&session->receiver, session->inbox, sizeof(session->inbox));
    return true;
}

static unsigned present_phase(const struct session *session)
{
    if (session->state == SESSION_LOGIN)
        return IN_LOGIN;
    return session_is_discovery(session) ? IN_DISCOVERY : IN_NORMAL;
}

/* May this PDU come now, with these numbers? Before anything of it is used (section 7.13). */
static enum fault_code admit(struct session *session, const struct pdu *pdu)
{
    const struct rule *rule = find_rule(pdu->opcode);
    bool first = session->wire.first_header;

    session->wire.first_header = false;
    if (first && pdu->opcode != PDU_LOGIN_RESPONSE && pdu->opcode != PDU_REJECT)
        return FAULT_NOT_ISCSI; /* other protocols' first bytes are opcodes too, by chance (REQ-033) */
    if (rule == NULL || !(rule->phases & present_phase(session)))
        return FAULT_PROTOCOL_PHASE;
    if (session->state != SESSION_LOGIN && counts_status(rule, pdu) &&
        pdu->stat_sn != session->numbers.exp_stat_sn)
        return FAULT_PROTOCOL_STATSN;
    return FAULT_NONE;
}

static bool header_is_good(struct session *session, const struct pdu *pdu)
{
    enum fault_code code;

    session_trace_add(session, false, session->receiver.header);
    session->times.heard = session->now_ms;
    code = admit(session, pdu);
    if (code != FAULT_NONE)
        session_fail_code(session, code, pdu->opcode);
    return code == FAULT_NONE;
}

static void take_login(struct session *session, const struct pdu *pdu)
{
    bool out_of_turn = session->transmit.sending && pdu->status_class == 0;
    uint32_t length = session_least(pdu->data_length, sizeof(session->inbox));

    if (out_of_turn) {
        session_fail_code(session, FAULT_PROTOCOL_PHASE, pdu->opcode);
        return;
    }
    login_take(&session->login, pdu, session->inbox, length);
    session_connection_login(session);
}

/* The PDU is whole: its numbers count now, and its file deals with it. */
static void take(struct session *session)
{
    const struct pdu pdu = session->receiver.pdu;
    const struct rule *rule = find_rule(pdu.opcode);

    session->landing = SESSION_SLOT_NONE;
    if (pdu.opcode != PDU_LOGIN_RESPONSE || pdu.status_class == 0)
        take_window(&session->numbers, &pdu);
    if (counts_status(rule, &pdu))
        session->numbers.exp_stat_sn = pdu.stat_sn + 1;
    rule->take(session, &pdu);
}

/* The framing gave up. A stream that was never iSCSI is told apart (REQ-033). */
static void framing_failed(struct session *session)
{
    uint8_t opcode = session->receiver.header[0] & 0x3f;
    bool strange = session->wire.first_header && opcode != PDU_LOGIN_RESPONSE;

    session_trace_add(session, false, session->receiver.header);
    session_fail_code(session, strange ? FAULT_NOT_ISCSI : session->receiver.fault, opcode);
}

size_t session_rx_space(struct session *session, uint8_t **ret_window)
{
    if (!session->wire.open)
        return 0;
    return frame_space(&session->receiver, ret_window);
}

void session_rx_done(struct session *session, size_t n)
{
    const struct pdu *pdu = &session->receiver.pdu;

    if (!session->wire.open || n == 0)
        return;
    switch (frame_done(&session->receiver, n)) {
    case FRAME_HEADER:
        if (header_is_good(session, pdu))
            find_rule(pdu->opcode)->place(session, pdu);
        break;
    case FRAME_PDU:
        if (pdu->data_length != 0 ||
            (header_is_good(session, pdu) && find_rule(pdu->opcode)->place(session, pdu)))
            take(session);
        break;
    case FRAME_FAILED:
        framing_failed(session);
        break;
    case FRAME_MORE:
        break;
    }
}
