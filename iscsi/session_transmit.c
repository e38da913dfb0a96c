/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What goes to the wire next. One PDU at a time, whole; between two PDUs the sources below are asked in
 * order, so an answer to a NOP-In overtakes everything that waits, but never cuts a PDU in two.
 */
#include <string.h>

#include "session_parts.h"

void session_transmit_start(struct session *session)
{
    struct session_transmit *transmit = &session->transmit;

    transmit->sending = transmit->data_turn = false;
    transmit->sender.digests = (struct frame_digests){.header = false};
    transmit->data_slot = transmit->last_slot = transmit->last_command = SESSION_SLOT_NONE;
}

void session_send(struct session *session, const uint8_t *data, uint32_t length, unsigned slot)
{
    struct session_transmit *transmit = &session->transmit;

    frame_send(&transmit->sender, data, length);
    transmit->sending = true;
    transmit->data_slot = length != 0 ? slot : SESSION_SLOT_NONE;
    session_trace_add(session, true, transmit->sender.header);
}

void session_release_data(struct session *session, unsigned slot)
{
    struct session_transmit *transmit = &session->transmit;

    if (transmit->sending && transmit->data_slot == slot) {
        frame_detach(&transmit->sender, transmit->detached);
        transmit->data_slot = SESSION_SLOT_NONE;
    }
    if (session->landing == slot) {
        frame_forget(&session->receiver);
        session->landing = SESSION_SLOT_NONE;
    }
}

/* New commands and solicited data take turns, so that neither starves the other. */
static bool send_command_or_data(struct session *session)
{
    struct session_transmit *transmit = &session->transmit;

    transmit->data_turn = !transmit->data_turn;
    if (transmit->data_turn && session_data_send_solicited(session))
        return true;
    /* A command's unsolicited data goes before the next command, so it is in command order. */
    if (session_data_send_unsolicited(session) || session_task_send_command(session))
        return true;
    return session_data_send_solicited(session);
}

static bool (*const sources[])(struct session *session) = {
    session_nop_send_pong,   /* 11.18: at once */
    session_task_send_abort, /* 11.5 */
    session_reset_send,      /* 11.5 */
    session_nop_send_ping,   /* 11.18 */
    session_text_send,       /* 11.10 */
    send_command_or_data,    /* 11.3, 11.7 */
};

static bool send_login(struct session *session)
{
    const uint8_t *text;
    uint32_t length;

    if (!login_request(&session->login, session->transmit.sender.header, &text, &length))
        return false;
    session_send(session, text, length, SESSION_SLOT_NONE);
    return true;
}

static bool next_pdu(struct session *session)
{
    if (session->state == SESSION_LOGIN)
        return send_login(session);
    if (session->state == SESSION_LOGOUT)
        return session_logout_send(session); /* and nothing after it (section 11.14) */
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        if (sources[i](session))
            return true;
    }
    return false;
}

size_t session_tx_peek(struct session *session, const uint8_t **ret_bytes)
{
    if (!session->wire.open || (!session->transmit.sending && !next_pdu(session)))
        return 0;
    return frame_peek(&session->transmit.sender, ret_bytes);
}

void session_tx_done(struct session *session, size_t n)
{
    struct session_transmit *transmit = &session->transmit;

    if (!session->wire.open || !transmit->sending)
        return;
    frame_take(&transmit->sender, n);
    if (!frame_sent_all(&transmit->sender))
        return;
    transmit->sending = false;
    if (transmit->data_slot != SESSION_SLOT_NONE)
        session->slots[transmit->data_slot].given += transmit->sender.data_length;
    transmit->data_slot = SESSION_SLOT_NONE;
}
