/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The data of commands: Data-In into the caller's buffer, R2T, and Data-Out, unsolicited and solicited (RFC
 * 7143 sections 4.2.5, 11.7 and 11.8).
 */
#include <string.h>

#include "session_parts.h"

enum scsi_short_status { STATUS_GOOD = 0x00, STATUS_CONDITION_MET = 0x04 };

/* --- Data-In --- */

/* Section 11.7.3: a status in Data-In ends the sequence, and is one that comes without sense (REQ-212). */
static bool status_may_ride(const struct pdu *pdu)
{
    return !pdu->has_status ||
           (pdu->final && (pdu->status == STATUS_GOOD || pdu->status == STATUS_CONDITION_MET));
}

static enum fault_code check_data_in(const struct session_slot *slot, const struct pdu *pdu)
{
    if (slot->direction != TASK_READ)
        return FAULT_PROTOCOL_TYPE;
    if (pdu->data_sn != slot->data_sn)
        return FAULT_PROTOCOL_DATASN;
    if (!status_may_ride(pdu))
        return FAULT_PROTOCOL_STATUS;
    if (pdu->data_length == 0)
        return FAULT_NONE; /* counted as fruitless */
    if (pdu->buffer_offset != slot->received || pdu->data_length > slot->length - slot->received)
        return FAULT_PROTOCOL_OFFSET;
    return FAULT_NONE;
}

bool session_data_place(struct session *session, const struct pdu *pdu)
{
    struct session_slot *slot = session_task_find(session, pdu->itt);
    enum fault_code code = slot != NULL ? check_data_in(slot, pdu) : FAULT_PROTOCOL_TAG;

    if (code != FAULT_NONE) {
        session_fail_code(session, code, pdu->opcode);
        return false;
    }
    if (pdu->data_length == 0)
        return true;
    if (slot->in == NULL) { /* the task is gone: nobody wants it (REQ-220) */
        frame_place(&session->receiver, NULL, 0);
        return true;
    }
    frame_place(&session->receiver, slot->in + slot->received, pdu->data_length);
    session->landing = (unsigned)(slot - session->slots);
    return true;
}

void session_data_take_in(struct session *session, const struct pdu *pdu)
{
    struct session_slot *slot = session_task_find(session, pdu->itt);

    if (slot ==
        NULL) { /* the header was admitted, so this cannot be; an answer is still needed in a release */
        session_fail_code(session, FAULT_PROTOCOL_TAG, pdu->opcode);
        return;
    }
    slot->received += pdu->data_length;
    slot->data_sn++;
    if (pdu->data_length != 0)
        session_progress(session);
    else if (!pdu->has_status && !session_fruitless(session, pdu->opcode))
        return;
    if (pdu->has_status)
        session_task_status(session, slot, pdu, NULL, 0);
}

/* --- What may be sent --- */

/*
 * Sections 4.2.5.2 and 13.14: immediate and unsolicited data together are the first burst, whole (REQ-225).
 */
void session_data_grant(struct session *session, struct session_slot *slot, uint32_t immediate)
{
    const struct keys_values *keys = &session->info.keys;

    slot->granted = immediate;
    if (slot->direction != TASK_WRITE || keys->initial_r2t)
        return;
    slot->granted = session_least(slot->length, keys->first_burst_length);
    if (slot->granted == immediate)
        return;
    slot->bursts[0] = (struct session_burst){.ttt = PDU_RESERVED_TAG, .at = immediate, .end = slot->granted};
    slot->burst_count = 1;
}

static unsigned solicited(const struct session_slot *slot)
{
    bool first_is_ours = slot->burst_count != 0 && slot->bursts[0].ttt == PDU_RESERVED_TAG;

    return slot->burst_count - first_is_ours;
}

/* Section 11.8: with sequences in order, each R2T goes on where the last one ended, so nothing is asked
 * twice. */
static enum fault_code check_r2t(const struct session *session, const struct session_slot *slot,
                                 const struct pdu *pdu)
{
    const struct keys_values *keys = &session->info.keys;

    if (slot->direction != TASK_WRITE)
        return FAULT_PROTOCOL_TYPE;
    if (pdu->data_sn != slot->data_sn)
        return FAULT_PROTOCOL_DATASN;
    if (pdu->data_length != 0 || pdu->ttt == PDU_RESERVED_TAG)
        return FAULT_PROTOCOL_R2T;
    if (pdu->desired_length == 0 || pdu->desired_length > keys->max_burst_length)
        return FAULT_PROTOCOL_R2T;
    if (pdu->buffer_offset != slot->granted || pdu->desired_length > slot->length - slot->granted)
        return FAULT_PROTOCOL_R2T;
    if (solicited(slot) >= session_least(keys->max_outstanding_r2t, SESSION_R2TS_MAX))
        return FAULT_PROTOCOL_R2T;
    return FAULT_NONE;
}

void session_data_take_r2t(struct session *session, const struct pdu *pdu)
{
    struct session_slot *slot = session_task_find(session, pdu->itt);
    enum fault_code code = slot != NULL ? check_r2t(session, slot, pdu) : FAULT_PROTOCOL_TAG;
    struct session_burst *burst;

    if (code != FAULT_NONE) {
        session_fail_code(session, code, pdu->opcode);
        return;
    }
    session_progress(session);
    slot->data_sn++;
    slot->granted += pdu->desired_length;
    if (slot->out == NULL) /* being aborted */
        return;
    burst = &slot->bursts[slot->burst_count++];
    *burst = (struct session_burst){.ttt = pdu->ttt, .at = pdu->buffer_offset, .end = slot->granted};
    memcpy(burst->lun, pdu->lun, sizeof(burst->lun));
}

/* --- Data-Out --- */

/* The next PDU of the slot's first burst (section 11.7; REQ-227, REQ-228). */
static void send_data(struct session *session, struct session_slot *slot)
{
    struct session_burst *burst = &slot->bursts[0];
    uint32_t limit = session_least(session->info.keys.target_max_recv_data_length, FRAME_SEND_MAX);
    struct pdu_data_out out = {.itt = slot->itt, .ttt = burst->ttt, .data_sn = burst->data_sn};
    const uint8_t *data = slot->out + burst->at;

    memcpy(out.lun, burst->lun, sizeof(out.lun));
    out.buffer_offset = burst->at;
    out.data_length = session_least(burst->end - burst->at, limit);
    burst->at += out.data_length;
    burst->data_sn++;
    out.final = burst->at == burst->end;
    if (out.final) {
        slot->burst_count--;
        memmove(&slot->bursts[0], &slot->bursts[1], slot->burst_count * sizeof(slot->bursts[0]));
    }
    pdu_emit_data_out(&out, session->numbers.exp_stat_sn, session->transmit.sender.header);
    session_send(session, data, out.data_length, (unsigned)(slot - session->slots));
}

bool session_data_send_unsolicited(struct session *session)
{
    unsigned number = session->transmit.last_command;
    struct session_slot *slot = number < SESSION_TASKS_MAX ? &session->slots[number] : NULL;

    if (slot == NULL || slot->burst_count == solicited(slot))
        return false;
    send_data(session, slot);
    return true;
}

bool session_data_send_solicited(struct session *session)
{
    for (unsigned i = 1; i <= SESSION_TASKS_MAX; i++) {
        unsigned number = (session->transmit.last_slot + i) % SESSION_TASKS_MAX;
        struct session_slot *slot = &session->slots[number];

        if (slot->burst_count == 0 || slot->bursts[0].ttt == PDU_RESERVED_TAG)
            continue;
        session->transmit.last_slot = number;
        send_data(session, slot);
        return true;
    }
    return false;
}
