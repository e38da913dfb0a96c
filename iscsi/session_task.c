/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SCSI commands: the queue of those not sent, the slots of those sent, their end by status, cancellation or
 * time, and ABORT TASK (RFC 7143 sections 11.3 to 11.6).
 */
#include <string.h>

#include "bytes.h"
#include "session_parts.h"

enum scsi_end { STATUS_GOOD = 0x00 };

static unsigned slot_number(const struct session *session, const struct session_slot *slot)
{
    return (unsigned)(slot - session->slots);
}

void session_task_reset(struct session *session)
{
    memset(session->slots, 0, sizeof(session->slots));
    session->transmit.queue = NULL;
    session->transmit.queue_end = &session->transmit.queue;
    session->transmit.queued = 0;
}

unsigned session_task_busy(const struct session *session)
{
    unsigned busy = 0;

    for (unsigned i = 0; i < SESSION_TASKS_MAX; i++)
        busy += session->slots[i].state != SESSION_SLOT_FREE;
    return busy;
}

struct session_slot *session_task_find(struct session *session, uint32_t itt)
{
    struct session_slot *slot;

    if (session_tag_owner(itt) >= SESSION_TASKS_MAX)
        return NULL;
    slot = &session->slots[session_tag_owner(itt)];
    if (slot->state == SESSION_SLOT_FREE || slot->itt != itt || slot->finished)
        return NULL;
    return slot;
}

/* --- How a task ends --- */

static void end_task(struct task *task, enum fault_code code)
{
    task->fault = (struct fault){.code = code, .opcode = 0xff};
    task->state = TASK_DONE;
}

/* The task and its buffers are the caller's again. */
static struct task *detach_task(struct session *session, struct session_slot *slot)
{
    struct task *task = slot->task;

    session_release_data(session, slot_number(session, slot));
    task->transferred = slot->direction == TASK_READ ? slot->received : slot->given;
    slot->task = NULL;
    slot->in = NULL;
    slot->out = NULL;
    slot->burst_count = 0;
    return task;
}

static void free_slot(struct session_slot *slot)
{
    memset(slot, 0, sizeof(*slot));
}

/* The task ends now; the target is told, and the tag stays taken until it answered (REQ-259). */
static void abort_slot(struct session *session, struct session_slot *slot, enum fault_code code)
{
    end_task(detach_task(session, slot), code);
    slot->state = SESSION_SLOT_ABORTING;
    slot->abort_itt = PDU_RESERVED_TAG;
    slot->deadline_ms = session->now_ms + session_bound(session->config->ping_ms, 10000);
}

static struct task *unqueue(struct session *session, struct task **link)
{
    struct session_transmit *transmit = &session->transmit;
    struct task *task = *link;

    *link = task->next;
    if (transmit->queue_end == &task->next)
        transmit->queue_end = link;
    task->next = NULL;
    transmit->queued--;
    return task;
}

void session_task_end_all(struct session *session, enum fault_code code)
{
    while (session->transmit.queue != NULL)
        end_task(unqueue(session, &session->transmit.queue), code);
    for (unsigned i = 0; i < SESSION_TASKS_MAX; i++) {
        if (session->slots[i].state == SESSION_SLOT_ACTIVE)
            abort_slot(session, &session->slots[i], code);
    }
}

void session_task_forget(struct session *session, const uint8_t lun[8], enum fault_code code)
{
    for (unsigned i = 0; i < SESSION_TASKS_MAX; i++) {
        struct session_slot *slot = &session->slots[i];

        if (slot->state == SESSION_SLOT_FREE || memcmp(slot->lun, lun, sizeof(slot->lun)) != 0)
            continue;
        if (slot->state == SESSION_SLOT_ACTIVE)
            end_task(detach_task(session, slot), code);
        free_slot(slot);
    }
}

/* --- Submission --- */

static enum fault_code refusal(const struct session *session, const struct task *task)
{
    bool read = task->direction == TASK_READ && task->in == NULL;
    bool write = task->direction == TASK_WRITE && task->out == NULL;

    if (session->state != SESSION_READY)
        return FAULT_SESSION_LOST;
    if (session_is_discovery(session) ||
        (task->length != 0 && (read || write || task->direction == TASK_NO_DATA)))
        return FAULT_BAD_REQUEST;
    if (session->transmit.queued >= SESSION_TASKS_MAX || session->ending.asked_by_target)
        return FAULT_BUSY;
    return FAULT_NONE;
}

bool session_submit(struct session *session, struct task *task)
{
    struct session_transmit *transmit = &session->transmit;
    uint32_t limit = session_bound(task->timeout_ms, session_bound(session->config->command_ms, 30000));
    enum fault_code code = refusal(session, task);

    task->status = 0;
    task->transferred = task->residual = 0;
    task->overflow = task->underflow = false;
    task->sense_length = 0;
    task->fault = (struct fault){.code = code, .opcode = 0xff};
    if (code != FAULT_NONE)
        return false;
    task->next = NULL;
    task->deadline_ms = session->now_ms + limit;
    task->state = TASK_WAITING;
    *transmit->queue_end = task;
    transmit->queue_end = &task->next;
    transmit->queued++;
    return true;
}

void session_cancel(struct session *session, struct task *task)
{
    for (struct task **link = &session->transmit.queue; *link != NULL; link = &(*link)->next) {
        if (*link == task) {
            end_task(unqueue(session, link), FAULT_CANCELLED);
            return;
        }
    }
    for (unsigned i = 0; i < SESSION_TASKS_MAX; i++) {
        if (session->slots[i].state == SESSION_SLOT_ACTIVE && session->slots[i].task == task) {
            abort_slot(session, &session->slots[i], FAULT_CANCELLED);
            return;
        }
    }
}

unsigned session_aborting(const struct session *session)
{
    unsigned aborting = 0;

    for (unsigned i = 0; i < SESSION_TASKS_MAX && session->state == SESSION_READY; i++)
        aborting += session->slots[i].state == SESSION_SLOT_ABORTING;
    return aborting;
}

/* --- The command on its way out --- */

/*
 * Sections 4.2.2.1 and 11.3: the window, our own depth, a slot; no request of the target that we leave, and
 * no reset of the unit, which could take a new command for an old one.
 */
static struct session_slot *room_for_command(struct session *session)
{
    const struct session_numbers *numbers = &session->numbers;
    bool open = numbers->window_known && pdu_serial_not_after(numbers->cmd_sn, numbers->max_cmd_sn);

    if (session->transmit.queue == NULL || !open || session->ending.asked_by_target ||
        session_reset_busy(session))
        return NULL;
    if (session_task_busy(session) >= session_bound(session->config->queue_depth, 32))
        return NULL;
    for (unsigned i = 0; i < SESSION_TASKS_MAX; i++) {
        if (session->slots[i].state == SESSION_SLOT_FREE)
            return &session->slots[i];
    }
    return NULL;
}

static void fill_slot(struct session *session, struct session_slot *slot, struct task *task)
{
    free_slot(slot);
    slot->state = SESSION_SLOT_ACTIVE;
    slot->task = task;
    slot->itt = session_tag_new(session, SESSION_TAG_COMMAND + slot_number(session, slot));
    slot->cmd_sn = session->numbers.cmd_sn;
    memcpy(slot->lun, task->lun, sizeof(slot->lun));
    slot->direction = task->direction;
    slot->length = task->length;
    slot->in = task->in;
    slot->out = task->out;
    slot->deadline_ms = task->deadline_ms;
    slot->abort_itt = PDU_RESERVED_TAG;
    task->state = TASK_ACTIVE;
}

/* Section 13.11: what goes with the command itself (REQ-224). */
static uint32_t immediate_length(const struct session *session, const struct session_slot *slot)
{
    const struct keys_values *keys = &session->info.keys;
    uint32_t limit = session_least(keys->first_burst_length, keys->target_max_recv_data_length);

    if (slot->direction != TASK_WRITE || !keys->immediate_data)
        return 0;
    return session_least(slot->length, session_least(limit, FRAME_SEND_MAX));
}

bool session_task_send_command(struct session *session)
{
    struct session_slot *slot = room_for_command(session);
    struct pdu_command command = {.final = true};
    struct task *task;

    if (slot == NULL)
        return false;
    task = unqueue(session, &session->transmit.queue);
    fill_slot(session, slot, task);
    command.data_length = immediate_length(session, slot);
    session_data_grant(session, slot, command.data_length);
    command.final = slot->burst_count == 0;
    command.read = slot->direction == TASK_READ;
    command.write = slot->direction == TASK_WRITE;
    memcpy(command.lun, slot->lun, sizeof(command.lun));
    command.itt = slot->itt;
    command.expected_length = slot->length;
    memcpy(command.cdb, task->cdb, sizeof(command.cdb));
    pdu_emit_command(&command, session_numbers_now(session), session->transmit.sender.header);
    session->numbers.cmd_sn++;
    session->transmit.last_command = slot_number(session, slot);
    session_send(session, slot->out, command.data_length, slot_number(session, slot));
    return true;
}

/* --- The answer --- */

/* Section 11.4.5: counts that contradict what arrived are an error of the protocol, not of the disk
 * (REQ-215). */
static enum fault_code check_counts(const struct session_slot *slot, const struct pdu *pdu)
{
    bool exact = slot->direction == TASK_READ && pdu->status == STATUS_GOOD;

    if (pdu->overflow && pdu->underflow)
        return FAULT_PROTOCOL_RESIDUAL;
    if (pdu->underflow && pdu->residual > slot->length)
        return FAULT_PROTOCOL_RESIDUAL;
    if (exact && pdu->underflow && pdu->residual != slot->length - slot->received)
        return FAULT_PROTOCOL_RESIDUAL;
    if (exact && pdu->overflow && slot->received != slot->length)
        return FAULT_PROTOCOL_RESIDUAL;
    return FAULT_NONE;
}

/* Section 11.4.7.2: two bytes of length, then sense; no more than came, and no more than fits (REQ-217). */
static void take_sense(struct task *task, const uint8_t *data, uint32_t length)
{
    struct bytes_reader reader = bytes_reader(data, length);
    uint32_t claimed = bytes_take16(&reader);
    uint32_t taken = session_least(session_least(claimed, (uint32_t)reader.left), TASK_SENSE_MAX);

    if (reader.bad)
        return;
    memcpy(task->sense, reader.at, taken);
    task->sense_length = (uint16_t)taken;
}

static void fill_task(struct task *task, const struct pdu *pdu, const uint8_t *sense, uint32_t length)
{
    task->fault = (struct fault){.code = FAULT_NONE, .opcode = pdu->opcode};
    if (pdu->opcode == PDU_SCSI_RESPONSE && pdu->response != 0) { /* section 11.4.3: there is no status */
        task->fault.code = FAULT_ISCSI_RESPONSE;
        task->fault.reason = pdu->response;
    } else {
        task->status = pdu->status;
        task->overflow = pdu->overflow;
        task->underflow = pdu->underflow;
        task->residual = pdu->residual;
        if (length != 0)
            take_sense(task, sense, length);
    }
    task->state = TASK_DONE;
}

void session_task_status(struct session *session, struct session_slot *slot, const struct pdu *pdu,
                         const uint8_t *sense, uint32_t length)
{
    bool completed = pdu->opcode == PDU_DATA_IN || pdu->response == 0;
    enum fault_code code = completed ? check_counts(slot, pdu) : FAULT_NONE;

    if (slot->state == SESSION_SLOT_ABORTING) { /* its status was on the way (section 11.6.1) */
        slot->finished = true;
        if (slot->abort_itt == PDU_RESERVED_TAG)
            free_slot(slot);
        return;
    }
    if (code != FAULT_NONE) {
        session_fail_code(session, code, pdu->opcode);
        return;
    }
    session_progress(session);
    session->ending.target_requests = 0;
    fill_task(detach_task(session, slot), pdu, sense, length);
    free_slot(slot);
}

/* ExpDataSN, where the target counts at all: many leave it zero (section 11.4.8, REQ-218). */
static bool data_sn_agrees(const struct session_slot *slot, const struct pdu *pdu)
{
    return pdu->response != 0 || pdu->data_sn == 0 || pdu->data_sn == slot->data_sn;
}

void session_task_take_response(struct session *session, const struct pdu *pdu)
{
    struct session_slot *slot = session_task_find(session, pdu->itt);
    uint32_t length = session_least(pdu->data_length, sizeof(session->inbox));

    if (slot == NULL)
        session_fail_code(session, FAULT_PROTOCOL_TAG, pdu->opcode);
    else if (!data_sn_agrees(slot, pdu))
        session_fail_code(session, FAULT_PROTOCOL_DATASN, pdu->opcode);
    else
        session_task_status(session, slot, pdu, session->inbox, length);
}

/* --- ABORT TASK (sections 11.5 and 11.6) --- */

bool session_task_send_abort(struct session *session)
{
    for (unsigned i = 0; i < SESSION_TASKS_MAX; i++) {
        struct session_slot *slot = &session->slots[i];
        struct pdu_task_request request = {.function = PDU_ABORT_TASK};

        if (slot->state != SESSION_SLOT_ABORTING || slot->abort_itt != PDU_RESERVED_TAG)
            continue;
        slot->abort_itt = session_tag_new(session, SESSION_TAG_ABORT + i);
        memcpy(request.lun, slot->lun, sizeof(request.lun));
        request.itt = slot->abort_itt;
        request.referenced_itt = slot->itt;
        request.referenced_cmd_sn = slot->cmd_sn;
        pdu_emit_task_request(&request, session_numbers_now(session), session->transmit.sender.header);
        session_send(session, NULL, 0, SESSION_SLOT_NONE);
        return true;
    }
    return false;
}

/* The ladder's next rungs (REQ-261): a reset of the unit, if that is wanted, and the end of the session. */
static void abort_failed(struct session *session, struct session_slot *slot, struct fault fault)
{
    if (!slot->finished && session_reset_begin(session, slot->lun))
        slot->deadline_ms = SESSION_NEVER; /* the reset has its own */
    else
        session_fail(session, fault);
}

void session_task_take_abort(struct session *session, const struct pdu *pdu)
{
    unsigned number = session_tag_owner(pdu->itt) - SESSION_TAG_ABORT;
    struct session_slot *slot = number < SESSION_TASKS_MAX ? &session->slots[number] : NULL;
    struct fault fault = {.code = FAULT_TASK_MANAGEMENT, .opcode = pdu->opcode, .reason = pdu->response};

    if (session_reset_take(session, pdu))
        return;
    if (slot == NULL || slot->state != SESSION_SLOT_ABORTING || slot->abort_itt != pdu->itt) {
        session_fail_code(session,
                          session_task_find(session, pdu->itt) ? FAULT_PROTOCOL_TYPE : FAULT_PROTOCOL_TAG,
                          pdu->opcode);
        return;
    }
    /* Done, no such task, no such unit: in each case it will do nothing any more. */
    if (pdu->response <= 2 || slot->finished)
        free_slot(slot);
    else
        abort_failed(session, slot, fault);
}

/* --- Time --- */

static void queue_tick(struct session *session)
{
    struct task **link = &session->transmit.queue;

    while (*link != NULL) {
        if (session->now_ms >= (*link)->deadline_ms)
            end_task(unqueue(session, link), FAULT_COMMAND_TIMEOUT);
        else
            link = &(*link)->next;
    }
}

void session_task_tick(struct session *session)
{
    queue_tick(session);
    for (unsigned i = 0; i < SESSION_TASKS_MAX; i++) {
        struct session_slot *slot = &session->slots[i];

        if (slot->state == SESSION_SLOT_FREE || session->now_ms < slot->deadline_ms)
            continue;
        if (slot->state == SESSION_SLOT_ABORTING) {
            abort_failed(session, slot,
                         (struct fault){.code = FAULT_TASK_MANAGEMENT,
                                        .opcode = 0xff,
                                        .reason = 0xff,
                                        .detail = "no answer to ABORT TASK"});
            if (session->state != SESSION_READY)
                return;
            continue;
        }
        abort_slot(session, slot, FAULT_COMMAND_TIMEOUT);
    }
}

uint64_t session_task_deadline(const struct session *session)
{
    uint64_t at = SESSION_NEVER;

    for (const struct task *task = session->transmit.queue; task != NULL; task = task->next)
        session_earliest(&at, task->deadline_ms);
    for (unsigned i = 0; i < SESSION_TASKS_MAX; i++) {
        if (session->slots[i].state != SESSION_SLOT_FREE)
            session_earliest(&at, session->slots[i].deadline_ms);
    }
    return at;
}
