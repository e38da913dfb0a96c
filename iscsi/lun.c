/* SPDX-License-Identifier: BSD-2-Clause */
#include "lun.h"

#include <string.h>

#include "lun_own.h"

#define NEVER          UINT64_MAX
#define REQUEST_MS     180000u
#define SPENT_MS       5000u /* for a request where those before it have waited all their time in vain */
#define LOOK_PAUSE_MS  1000u /* between two looks at the disk that attentions ask for */
#define DEPTH_DEFAULT  32u
#define BYTES_PER_MS   64u /* a request's time grows with its size: the slowest link that is waited for */
#define RAISE_DEPTH_AT 64u /* commands without TASK SET FULL */
#define LAST_TEN_BYTE  0xffffffffu

#define SENSE_ILLEGAL_REQUEST 0x5u

static unsigned depth_limit(const struct lun *lun)
{
    unsigned depth = lun->config.queue_depth ? lun->config.queue_depth : DEPTH_DEFAULT;

    return depth < LUN_TASKS_MAX ? depth : LUN_TASKS_MAX;
}

void lun_init(struct lun *lun, struct session *session, const struct lun_config *config)
{
    memset(lun, 0, sizeof *lun);
    lun->session = session;
    lun->config = *config;
}

void lun_open(struct lun *lun)
{
    struct fault lost = {.code = FAULT_SESSION_LOST, .opcode = 0xff};

    if (lun->requests != NULL)
        lun_fail(lun, &lost);
    lun->state = LUN_OPENING;
    lun->present_count = 0;
    lun->present_more = false;
    lun->start_wanted = lun->started = lun->list_wanted = false;
    lun->narrow = false;
    lun->reread = 0;
    lun->recovery = (struct lun_recovery){.active = false};
    lun->deferred = (struct fault){.code = FAULT_NONE};
    lun->depth = depth_limit(lun);
    lun->good_in_a_row = 0;
    lun->epoch = 0;
    lun->waiting_from_ms = NEVER;
    lun_identify_begin(lun);
}

/* --- The list of requests --- */

static bool moves_blocks(const struct lun_request *request)
{
    return request->operation == LUN_READ || request->operation == LUN_WRITE;
}

/* Blocks to be moved; the other operations are one step. */
static uint64_t goal(const struct lun_request *request)
{
    return moves_blocks(request) ? request->blocks : 1;
}

static void end_request(struct lun *lun, struct lun_request *request, const struct fault *fault)
{
    struct lun_request **at = &lun->requests;

    while (*at != NULL && *at != request)
        at = &(*at)->next;
    if (*at == request)
        *at = request->next;
    request->next = NULL;
    request->fault = fault ? *fault : (struct fault){.code = FAULT_NONE};
    request->state = LUN_REQUEST_DONE;
}

/* Take back its commands, then end it: after that nothing of it is with the session. */
static void abandon(struct lun *lun, struct lun_request *request, const struct fault *fault)
{
    for (unsigned i = 0; i < LUN_TASKS_MAX; i++) {
        struct lun_task *own = &lun->tasks[i];

        if (!own->used || own->request != request)
            continue;
        if (!own->waiting && own->task.state != TASK_DONE)
            session_cancel(lun->session, &own->task);
        own->used = false;
    }
    end_request(lun, request, fault);
}

static void abandon_all(struct lun *lun, const struct fault *fault)
{
    while (lun->requests != NULL)
        abandon(lun, lun->requests, fault);
}

void lun_fail(struct lun *lun, const struct fault *fault)
{
    struct fault copy = *fault;

    lun_identify_cancel(lun);
    lun->state = LUN_FAILED;
    lun->fault = copy;
    abandon_all(lun, &copy);
}

void lun_cancel(struct lun *lun, struct lun_request *request)
{
    struct fault cancelled = {.code = FAULT_CANCELLED, .opcode = 0xff};

    if (request->state == LUN_REQUEST_PENDING)
        abandon(lun, request, &cancelled);
    if (lun->requests == NULL)
        lun->waiting_from_ms = NEVER;
}

void lun_cancel_all(struct lun *lun)
{
    struct fault cancelled = {.code = FAULT_CANCELLED, .opcode = 0xff};

    abandon_all(lun, &cancelled);
    lun->waiting_from_ms = NEVER;
}

/* --- Order --- */

static bool overlap(const struct lun_request *a, const struct lun_request *b)
{
    return a->lba <= b->lba ? b->lba - a->lba < a->blocks : a->lba - b->lba < b->blocks;
}

/* Must `later` wait for `earlier`? */
static bool conflict(const struct lun_request *earlier, const struct lun_request *later)
{
    if (later->operation == LUN_FLUSH)
        return earlier->operation == LUN_WRITE;
    if (!moves_blocks(earlier) || !moves_blocks(later))
        return false;
    return (earlier->operation == LUN_WRITE || later->operation == LUN_WRITE) && overlap(earlier, later);
}

static bool held_back(const struct lun *lun, const struct lun_request *request)
{
    for (const struct lun_request *other = lun->requests; other != request; other = other->next)
        if (conflict(other, request))
            return true;
    return false;
}

/* A write that was aborted, or lost with its session, may still be carried out: another one waits until that
 * is out of the question. */
static bool may_send(const struct lun *lun, const struct lun_request *request)
{
    return request->operation != LUN_WRITE ||
           (session_aborting(lun->session) == 0 && lun->now_ms >= lun->recovery.write_from_ms);
}

/* --- Commands --- */

static struct lun_task *free_task(struct lun *lun)
{
    for (unsigned i = 0; i < LUN_TASKS_MAX; i++)
        if (!lun->tasks[i].used)
            return &lun->tasks[i];
    return NULL;
}

static unsigned with_session(const struct lun *lun)
{
    unsigned count = 0;

    for (unsigned i = 0; i < LUN_TASKS_MAX; i++)
        count += lun->tasks[i].used && !lun->tasks[i].waiting;
    return count;
}

static void build(struct lun *lun, struct lun_task *own)
{
    const struct lun_request *request = own->request;
    uint32_t size = lun->info.capacity.block_size;
    uint64_t offset = (own->lba - request->lba) * size;
    struct task *task = &own->task;

    *task = (struct task){0};
    memcpy(task->lun, lun->config.lun, sizeof task->lun);
    switch (request->operation) {
    case LUN_READ:
        scsi_read(task, !lun->narrow, own->lba, own->blocks, size, request->in + offset);
        break;
    case LUN_WRITE:
        scsi_write(task, !lun->narrow, own->lba, own->blocks, size, request->out + offset);
        break;
    case LUN_FLUSH:
        scsi_synchronize_cache(task);
        task->timeout_ms = lun->config.request_ms ? lun->config.request_ms : REQUEST_MS;
        break;
    case LUN_PROBE:
        scsi_test_unit_ready(task);
        break;
    }
}

/* False when the session has no room now. */
static bool send(struct lun *lun, struct lun_task *own)
{
    build(lun, own);
    return lun_send(lun, own);
}

/* Of this request's commands that are to be sent again now, the one with the lowest blocks. */
static struct lun_task *first_waiting(struct lun *lun, const struct lun_request *request)
{
    struct lun_task *first = NULL;

    for (unsigned i = 0; i < LUN_TASKS_MAX; i++) {
        struct lun_task *own = &lun->tasks[i];

        if (own->used && own->request == request && own->waiting && own->retry_at_ms <= lun->now_ms &&
            (first == NULL || own->lba < first->lba))
            first = own;
    }
    return first;
}

/* Oldest first. They overlap with no earlier request, or they would not have been sent before (REQ-237). */
static bool send_waiting(struct lun *lun)
{
    bool moved = false;

    for (struct lun_request *request = lun->requests; request != NULL; request = request->next) {
        struct lun_task *own;

        while (may_send(lun, request) && with_session(lun) < lun->depth &&
               (own = first_waiting(lun, request)) != NULL) {
            if (!send(lun, own))
                return moved;
            moved = true;
        }
    }
    return moved;
}

/* The next piece of a request. False when there is no place for it. */
static bool issue_piece(struct lun *lun, struct lun_request *request)
{
    uint64_t left = goal(request) - request->issued;
    struct lun_task *own = free_task(lun);

    if (own == NULL || with_session(lun) >= lun->depth || session_state(lun->session) != SESSION_READY)
        return false;
    *own = (struct lun_task){.used = true, .request = request, .lba = request->lba, .blocks = 1};
    if (moves_blocks(request)) {
        own->lba += request->issued;
        own->blocks = left < lun->info.max_blocks ? (uint32_t)left : lun->info.max_blocks;
    }
    request->issued += own->blocks;
    request->tasks++;
    return send(lun, own);
}

/* Nothing is sent twice: a flush that no cache needs ends where it would be sent (REQ-294). */
static bool issue_request(struct lun *lun, struct lun_request *request)
{
    bool moved = false;

    if (held_back(lun, request) || !may_send(lun, request))
        return false;
    if (request->operation == LUN_FLUSH && !lun->info.write_cache) {
        end_request(lun, request, NULL);
        return true;
    }
    while (request->issued < goal(request) && issue_piece(lun, request))
        moved = true;
    return moved;
}

static bool issue(struct lun *lun)
{
    struct lun_request *next;
    bool moved;

    if (lun->state != LUN_READY || session_state(lun->session) != SESSION_READY ||
        lun->epoch != session_epoch(lun->session) || lun->reread != 0 || lun_identify_active(lun))
        return false;
    moved = send_waiting(lun);
    for (struct lun_request *request = lun->requests; request != NULL; request = next) {
        next = request->next;
        moved |= issue_request(lun, request);
    }
    return moved;
}

/* --- What became of them --- */

/* The disk does what it is asked for: whoever waits does so from now on. */
static void note_answer(struct lun *lun)
{
    lun->waiting_from_ms = lun->requests != NULL ? lun->now_ms : NEVER;
}

/* A late error of an earlier write is told by the next write or flush, whose own success it does not undo
 * (REQ-297). */
static void finish_request(struct lun *lun, struct lun_request *request)
{
    struct fault late = lun->deferred;
    bool tells = request->operation == LUN_WRITE || request->operation == LUN_FLUSH;

    if (tells)
        lun->deferred = (struct fault){.code = FAULT_NONE};
    end_request(lun, request, tells ? &late : NULL);
}

static void piece_done(struct lun *lun, struct lun_task *own)
{
    struct lun_request *request = own->request;

    own->used = false;
    request->tasks--;
    request->completed += own->blocks;
    lun_recovery_progress(lun, request);
    if (++lun->good_in_a_row >= RAISE_DEPTH_AT && lun->depth < depth_limit(lun)) {
        lun->depth++;
        lun->good_in_a_row = 0;
    }
    if (request->completed == goal(request))
        finish_request(lun, request);
    note_answer(lun);
}

/* READ(16) or WRITE(16) is not known there: ten bytes do where the disk is small enough (REQ-288). */
static bool try_narrow(struct lun *lun, struct lun_task *own)
{
    uint8_t opcode = own->task.cdb[0];

    if (!moves_blocks(own->request) || lun->info.capacity.last_lba > LAST_TEN_BYTE)
        return false;
    if (lun->narrow && (opcode & 0xe0u) != 0x80u) /* group 4: it was the long form that was refused */
        return false;
    lun->narrow = true;
    own->waiting = true;
    own->retry_at_ms = lun->now_ms;
    return true;
}

static void piece_refused(struct lun *lun, struct lun_task *own, const struct fault *fault)
{
    bool unknown = fault->code == FAULT_SCSI_SENSE && fault->sense_key == SENSE_ILLEGAL_REQUEST;
    bool answered = own->task.fault.code == FAULT_NONE; /* by the disk, with a status */

    if (own->request->operation == LUN_FLUSH && unknown) {
        piece_done(lun, own); /* no cache that could be told to (REQ-294) */
        return;
    }
    abandon(lun, own->request, fault);
    if (answered)
        note_answer(lun);
}

static bool collect(struct lun *lun)
{
    bool moved = false;

    for (unsigned i = 0; i < LUN_TASKS_MAX; i++) {
        struct lun_task *own = &lun->tasks[i];
        struct fault fault = {.code = FAULT_NONE};

        if (!own->used || own->waiting || own->task.state != TASK_DONE)
            continue;
        moved = true;
        switch (lun_review(lun, own, own->request->deadline_ms, &fault)) {
        case LUN_GOOD:
            piece_done(lun, own);
            break;
        case LUN_AGAIN:
            break;
        case LUN_OTHER_FORM:
            if (!try_narrow(lun, own))
                piece_refused(lun, own, &fault);
            break;
        case LUN_BAD:
            piece_refused(lun, own, &fault);
            break;
        }
    }
    return moved;
}

/* --- Time and the session --- */

/* Why a request took too long: why the session is not back, what its commands were last told, else nothing
 * but silence. */
static struct fault lateness(const struct lun *lun, const struct lun_request *request)
{
    const struct fault *latest = session_fault(lun->session);

    if (lun->recovery.active && session_state(lun->session) != SESSION_READY && latest->code != FAULT_NONE)
        return *latest;
    if (lun->recovery.active || lun->recovery.postponed)
        return lun->recovery.cause;
    for (unsigned i = 0; i < LUN_TASKS_MAX; i++) {
        const struct lun_task *own = &lun->tasks[i];

        if (own->used && own->request == request && own->fault.code != FAULT_NONE)
            return own->fault;
    }
    return (struct fault){.code = FAULT_COMMAND_TIMEOUT, .opcode = 0xff};
}

static void watch_deadlines(struct lun *lun)
{
    struct lun_request *next;

    for (struct lun_request *request = lun->requests; request != NULL; request = next) {
        next = request->next;
        if (lun->now_ms >= request->deadline_ms) {
            struct fault fault = lateness(lun, request);

            abandon(lun, request, &fault);
        }
    }
}

/* Ended by its owner: there is nothing to recover. */
static void session_ended(struct lun *lun)
{
    struct fault lost = {.code = FAULT_SESSION_LOST, .opcode = 0xff};

    if (lun->state == LUN_OPENING)
        lun_fail(lun, &lost);
    else
        abandon_all(lun, &lost);
}

static void watch_attentions(struct lun *lun)
{
    const uint8_t *bytes;
    size_t length;
    struct scsi_sense sense;
    unsigned count = session_attentions(lun->session, &bytes, &length);

    if (count == lun->attentions)
        return;
    lun->attentions = count;
    scsi_parse_sense(bytes, length, &sense);
    lun->reread |= (uint8_t)scsi_attention_reread(&sense);
}

/* What the look itself brings a new attention for is not looked at in an endless round (REQ-298). */
static void look_again(struct lun *lun)
{
    lun->look_ms = lun->now_ms + LOOK_PAUSE_MS;
    lun_identify_begin(lun);
}

static void watch_session(struct lun *lun)
{
    enum session_state state = session_state(lun->session);
    unsigned epoch = session_epoch(lun->session);

    if (state == SESSION_FAILED)
        lun_recovery_lost(lun);
    else if (state == SESSION_CLOSED)
        session_ended(lun);
    if (state != SESSION_READY)
        return;
    watch_attentions(lun);
    if (lun->epoch != epoch)
        lun_recovery_nexus(lun, epoch);
    if (lun->state != LUN_READY || lun_identify_active(lun))
        return;
    if (lun->reread == 0 && !lun->start_wanted) {
        if (lun->recovery.active)
            note_answer(lun);
        lun_recovery_over(lun);
    } else if (lun->now_ms >= lun->look_ms && lun->now_ms >= lun->recovery.again_ms) {
        look_again(lun);
    }
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* What is due already waits for the session, not for the clock. */
static uint64_t wake_up(const struct lun *lun, const struct lun_task *own)
{
    return own->used && own->waiting && own->retry_at_ms > lun->now_ms ? own->retry_at_ms : NEVER;
}

static uint64_t next_deadline(const struct lun *lun)
{
    uint64_t at = wake_up(lun, &lun->own);

    for (unsigned i = 0; i < LUN_TASKS_MAX; i++)
        at = earlier(at, wake_up(lun, &lun->tasks[i]));
    for (const struct lun_request *request = lun->requests; request != NULL; request = request->next)
        at = earlier(at, request->deadline_ms);
    if ((lun->reread != 0 || lun->start_wanted) && lun->look_ms > lun->now_ms)
        at = earlier(at, lun->look_ms);
    at = earlier(at, lun_recovery_deadline(lun));
    return at;
}

uint64_t lun_step(struct lun *lun, uint64_t now_ms)
{
    bool moved = true;

    lun->now_ms = now_ms;
    while (moved && (lun->state == LUN_OPENING || lun->state == LUN_READY)) {
        moved = collect(lun);
        watch_session(lun);
        moved |= lun_identify_step(lun);
        moved |= issue(lun);
    }
    watch_deadlines(lun);
    return next_deadline(lun);
}

/* --- Requests --- */

static enum fault_code check_request(const struct lun *lun, const struct lun_request *request)
{
    uint64_t blocks = lun->info.capacity.last_lba + 1;

    if (!moves_blocks(request))
        return FAULT_NONE;
    if (request->operation == LUN_WRITE && lun->info.write_protected)
        return FAULT_WRITE_PROTECTED;
    if (request->lba > blocks || request->blocks > blocks - request->lba)
        return FAULT_BAD_REQUEST;
    return FAULT_NONE;
}

/* True when it ended here. */
static bool done_at_once(struct lun *lun, struct lun_request *request)
{
    struct fault fault = {.code = FAULT_SESSION_LOST, .opcode = 0xff};

    if (lun->state == LUN_FAILED)
        fault = lun->fault;
    else if (lun->state == LUN_READY && session_state(lun->session) != SESSION_CLOSED)
        fault.code = check_request(lun, request);
    if (fault.code == FAULT_NONE && goal(request) != 0)
        return false;
    end_request(lun, request, &fault);
    return true;
}

/* An outage is waited for once, and not by each request anew (REQ-268). */
static uint64_t time_for(struct lun *lun, const struct lun_request *request)
{
    uint64_t allowed = lun->config.request_ms ? lun->config.request_ms : REQUEST_MS, waited;

    if (moves_blocks(request))
        allowed += request->blocks * lun->info.capacity.block_size / BYTES_PER_MS;
    if (lun->waiting_from_ms == NEVER)
        lun->waiting_from_ms = lun->now_ms;
    waited = lun->now_ms - lun->waiting_from_ms;
    return waited + SPENT_MS < allowed ? allowed - waited : SPENT_MS;
}

void lun_submit(struct lun *lun, struct lun_request *request)
{
    struct lun_request **end = &lun->requests;

    request->issued = request->completed = 0;
    request->tasks = 0;
    request->losses = request->lost_epoch = 0;
    request->next = NULL;
    if (done_at_once(lun, request))
        return;
    request->state = LUN_REQUEST_PENDING;
    request->deadline_ms = lun->now_ms + time_for(lun, request);
    while (*end != NULL)
        end = &(*end)->next;
    *end = request;
    issue(lun);
}
