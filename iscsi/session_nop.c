/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Liveness: answers to the target's NOP-Ins, and our own pings after silence or on demand (RFC 7143
 * sections 11.18 and 11.19).
 */
#include <string.h>

#include "bytes.h"
#include "session_parts.h"

void session_nop_reset(struct session *session)
{
    struct session_nop *nop = &session->nop;

    nop->first = nop->count = 0;
    nop->ping_due = nop->ping_echo = false;
    nop->ping_itt = PDU_RESERVED_TAG;
    nop->ping_deadline_ms = SESSION_NEVER;
}

bool session_nop_send_pong(struct session *session)
{
    struct session_nop *nop = &session->nop;
    const struct session_pong *pong = &nop->pongs[nop->first];
    struct pdu_nop_out out = {.itt = PDU_RESERVED_TAG};

    if (nop->count == 0)
        return false;
    memcpy(out.lun, pong->lun, sizeof(out.lun));
    out.ttt = pong->ttt;
    nop->first = (nop->first + 1) % SESSION_PONGS_MAX;
    nop->count--;
    pdu_emit_nop_out(&out, session_numbers_now(session), session->transmit.sender.header);
    session_send(session, NULL, 0, SESSION_SLOT_NONE);
    return true;
}

/* Data goes with it only on demand: some targets do not echo, and silence is what a ping after idle time
 * looks for. */
bool session_nop_send_ping(struct session *session)
{
    struct session_nop *nop = &session->nop;
    struct pdu_nop_out out = {.ttt = PDU_RESERVED_TAG};

    if (!nop->ping_due)
        return false;
    nop->ping_due = false;
    nop->ping_itt = session_tag_new(session, SESSION_TAG_PING);
    nop->ping_sent_ms = session->now_ms;
    if (nop->ping_echo)
        hash_random_bytes(&session->random, nop->ping_data, sizeof(nop->ping_data));
    out.itt = nop->ping_itt;
    out.data_length = nop->ping_echo ? SESSION_PING_DATA : 0;
    pdu_emit_nop_out(&out, session_numbers_now(session), session->transmit.sender.header);
    session_send(session, nop->ping_data, out.data_length, SESSION_SLOT_NONE);
    return true;
}

static void start_ping(struct session *session, bool echo)
{
    struct session_nop *nop = &session->nop;

    nop->ping_due = true;
    nop->ping_echo = echo;
    nop->ping_deadline_ms = session->now_ms + session_bound(session->config->ping_ms, 10000);
}

static bool ping_under_way(const struct session *session)
{
    return session->nop.ping_due || session->nop.ping_itt != PDU_RESERVED_TAG;
}

bool session_ping(struct session *session)
{
    if (session->state != SESSION_READY || ping_under_way(session))
        return false;
    start_ping(session, true);
    return true;
}

unsigned session_pings(const struct session *session, uint64_t *ret_last_ms)
{
    *ret_last_ms = session->nop.last_ms;
    return session->nop.answered;
}

static void take_answer(struct session *session, const struct pdu *pdu)
{
    struct session_nop *nop = &session->nop;
    bool right = pdu->data_length == SESSION_PING_DATA &&
                 memcmp(session->inbox, nop->ping_data, SESSION_PING_DATA) == 0;

    if (pdu->itt != nop->ping_itt) {
        session_fail_code(session, FAULT_PROTOCOL_TAG, pdu->opcode);
        return;
    }
    if (nop->ping_echo && !right) {
        session_fail(session,
                     (struct fault){.code = FAULT_PROTOCOL_TYPE,
                                    .opcode = pdu->opcode,
                                    .detail = "the answer to a ping does not carry the ping's data"});
        return;
    }
    if (nop->ping_echo) {
        nop->answered++;
        nop->last_ms = session->now_ms - nop->ping_sent_ms;
    }
    nop->ping_echo = false;
    nop->ping_itt = PDU_RESERVED_TAG;
    nop->ping_deadline_ms = SESSION_NEVER;
}

/* Section 11.18: ITT reserved, LUN and TTT copied; the transmitter sends it before all else. */
static void queue_pong(struct session *session, const struct pdu *pdu)
{
    struct session_nop *nop = &session->nop;
    struct session_pong *pong;

    if (nop->count == SESSION_PONGS_MAX) { /* it asks faster than the wire carries our answers */
        session_fail_code(session, FAULT_PROTOCOL_FLOOD, pdu->opcode);
        return;
    }
    pong = &nop->pongs[(nop->first + nop->count) % SESSION_PONGS_MAX];
    nop->count++;
    memcpy(pong->lun, pdu->lun, sizeof(pong->lun));
    pong->ttt = pdu->ttt;
}

void session_nop_take(struct session *session, const struct pdu *pdu)
{
    bool answer = pdu->itt != PDU_RESERVED_TAG;

    if (answer)
        take_answer(session, pdu);
    else if (!session_fruitless(session, pdu->opcode))
        return;
    if (session->wire.open && pdu->ttt != PDU_RESERVED_TAG)
        queue_pong(session, pdu);
}

static uint64_t idle_end(const struct session *session)
{
    uint32_t idle = session_bound(session->config->ping_idle_ms, 15000);

    if (idle == UINT32_MAX || ping_under_way(session))
        return SESSION_NEVER;
    return session->times.heard + idle;
}

void session_nop_tick(struct session *session)
{
    if (session->now_ms >= session->nop.ping_deadline_ms)
        session_fail(session,
                     (struct fault){.code = FAULT_SILENT, .opcode = 0xff, .detail = "no answer to our ping"});
    else if (session->now_ms >= idle_end(session))
        start_ping(session, false);
}

uint64_t session_nop_deadline(const struct session *session)
{
    uint64_t at = session->nop.ping_deadline_ms;

    session_earliest(&at, idle_end(session));
    return at;
}
