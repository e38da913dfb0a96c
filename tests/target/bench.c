/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See bench.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/target/bench.h"

#define TURNS_MAX 200000 /* a guard against a bench that goes round for ever, not a time limit */

static const uint8_t secret[] = "a-secret-of-16-b";
static const uint8_t mutual_secret[] = "another-secret-17";

void bench_init(struct bench *bench, const struct target_config *target)
{
    struct target_config plain;

    memset(bench, 0, sizeof(*bench));
    target_default(&plain);
    target_init(&bench->target, target != NULL ? target : &plain);
    bench->session = calloc(1, sizeof(*bench->session));
    bench->config = (struct session_config){
        .login = {.initiator_name = BENCH_INITIATOR,
                  .target_name = bench->target.config.name,
                  .isid = {0x80, 1, 2, 3, 4, 5}},
        .portals = {{.host = "192.0.2.1", .port = 3260}},
        .portal_count = 1,
        .attempts = 1,
    };
    for (unsigned i = 0; i < HASH_SEED; i++)
        bench->seed[i] = (uint8_t)(i + 1);
    bench->now_ms = 1000;
}

void bench_chap(struct bench *bench, bool mutual)
{
    struct chap_config *chap = &bench->config.login.chap;

    *chap = (struct chap_config){
        .local = {"client", secret, sizeof(secret) - 1},
        .algorithms = {8, 7, 6, 5},
        .algorithm_count = 4,
        .has_random = true,
    };
    if (mutual)
        chap->target = (struct chap_credentials){"server", mutual_secret, sizeof(mutual_secret) - 1};
    bench->config.login.policy = mutual ? LOGIN_AUTH_MUTUAL : LOGIN_AUTH_CHAP;
    bench->target.config.chap_name = "client";
    bench->target.config.chap_secret = secret;
    bench->target.config.chap_secret_length = sizeof(secret) - 1;
    bench->target.config.mutual_name = "server";
    bench->target.config.mutual_secret = mutual_secret;
    bench->target.config.mutual_secret_length = sizeof(mutual_secret) - 1;
}

void bench_start(struct bench *bench)
{
    const char *problem = session_init(bench->session, &bench->config, bench->seed, bench->now_ms);

    if (problem != NULL)
        fail_msg("session_init: %s", problem);
    session_open(bench->session);
}

void bench_done(struct bench *bench)
{
    session_done(bench->session);
    free(bench->session);
    free(bench->sent.bytes);
    free(bench->received.bytes);
    target_done(&bench->target);
}

/* --- The session's actions --- */

static struct bench_portal *find_portal(struct bench *bench, uint16_t port)
{
    for (unsigned i = 0; i < bench->portal_count; i++) {
        if (bench->portals[i].port == port)
            return &bench->portals[i];
    }
    return NULL;
}

static enum bench_mode visit(struct bench *bench, uint16_t port)
{
    struct bench_portal *portal = find_portal(bench, port);
    enum bench_mode mode;

    if (portal == NULL)
        return BENCH_ACCEPT;
    mode = portal->mode;
    if (portal->login_class != 0) {
        bench->target.login_at = 0;
        bench->target.login_class = portal->login_class;
        bench->target.login_detail = portal->login_detail;
        bench->target.login_address = portal->address;
    }
    if (portal->times != 0 && --portal->times == 0) {
        portal->mode = BENCH_ACCEPT;
        portal->login_class = 0;
    }
    return mode;
}

static void connect_to(struct bench *bench, const struct session_action *action)
{
    struct session *session = bench->session;

    bench->connection = action->connection;
    bench->target.login_class = bench->portal_count != 0 ? 0 : bench->target.login_class;
    switch (visit(bench, action->port)) {
    case BENCH_REFUSE:
        session_closed(session, action->connection, SESSION_REFUSED);
        return;
    case BENCH_UNREACHABLE:
        session_closed(session, action->connection, SESSION_UNREACHABLE);
        return;
    case BENCH_IGNORE:
        bench->connecting = true;
        return;
    case BENCH_ACCEPT:
    case BENCH_MUTE:
        target_connect(&bench->target);
        bench->target.deaf =
            find_portal(bench, action->port) && find_portal(bench, action->port)->mode == BENCH_MUTE;
        bench->connected = true;
        bench->silent = false;
        session_connected(session, action->connection);
    }
}

static void resolve(struct bench *bench, const struct session_action *action)
{
    for (unsigned i = 0; i < bench->name_count; i++) {
        const struct bench_name *name = &bench->names[i];

        if (strcmp(name->host, action->host) != 0)
            continue;
        if (name->silent)
            return;
        session_resolved(bench->session, action->connection, name->addresses, name->count, name->why);
        return;
    }
    session_resolved(bench->session, action->connection, NULL, 0, FAULT_DNS);
}

static void note_action(struct bench *bench, const struct session_action *action)
{
    struct bench_action *note = &bench->actions[bench->action_count % BENCH_ACTIONS];

    *note = (struct bench_action){.kind = action->kind,
                                  .connection = action->connection,
                                  .at_ms = bench->now_ms,
                                  .address = action->address,
                                  .port = action->port};
    if (action->kind == SESSION_RESOLVE)
        snprintf(note->host, sizeof(note->host), "%s", action->host);
    bench->action_count++;
}

static bool do_actions(struct bench *bench)
{
    bool moved = false;

    for (;;) {
        struct session_action action = session_next_action(bench->session);

        if (action.kind == SESSION_DO_NOTHING)
            return moved;
        moved = true;
        note_action(bench, &action);
        if (action.kind == SESSION_RESOLVE)
            resolve(bench, &action);
        else if (action.kind == SESSION_CONNECT)
            connect_to(bench, &action);
        else if (action.connection == bench->connection)
            bench->connected = bench->connecting = false;
    }
}

/* --- Bytes --- */

static void keep(struct bench_bytes *record, const uint8_t *bytes, size_t n)
{
    if (n > record->room - record->length) {
        record->room = (record->length + n) * 2;
        record->bytes = realloc(record->bytes, record->room);
    }
    memcpy(record->bytes + record->length, bytes, n);
    record->length += n;
}

static size_t piece(size_t n, size_t limit)
{
    return limit != 0 && n > limit ? limit : n;
}

/* Room in one direction up to the byte at which the connection is cut. */
static size_t before_cut(const struct bench *bench, size_t n, size_t total, size_t at)
{
    return bench->cut != BENCH_CUT_NONE && at > total && n > at - total ? at - total : n;
}

static bool cut(struct bench *bench)
{
    enum bench_cut how = bench->cut;
    bool due = (bench->cut_rx != 0 && bench->rx_total >= bench->cut_rx) ||
               (bench->cut_tx != 0 && bench->tx_total >= bench->cut_tx);

    if (how == BENCH_CUT_NONE || !due || !bench->connected)
        return false;
    bench->cut = BENCH_CUT_NONE;
    if (how == BENCH_CUT_SILENCE) {
        bench->silent = true;
        return false;
    }
    bench->connected = false;
    session_closed(bench->session, bench->connection, how == BENCH_CUT_RST ? SESSION_RST : SESSION_FIN);
    return true;
}

static bool move_in(struct bench *bench)
{
    const uint8_t *bytes;
    uint8_t *window = NULL;
    size_t there = target_output(&bench->target, &bytes);
    size_t n = there == 0 ? 0 : session_rx_space(bench->session, &window);

    if (n > there)
        n = there;
    n = before_cut(bench, piece(n, bench->rx_piece), bench->rx_total, bench->cut_rx);
    if (n == 0 || window == NULL || bench->silent)
        return false;
    memcpy(window, bytes, n);
    if (bench->wire != NULL)
        bench->wire(window, n);
    keep(&bench->received, window, n);
    bench->rx_total += n;
    target_sent(&bench->target, n);
    session_rx_done(bench->session, n);
    return true;
}

static bool move_out(struct bench *bench)
{
    const uint8_t *bytes;
    size_t n;

    if (bench->tx_limit != 0 && bench->tx_total >= bench->tx_limit)
        bench->tx_stopped = true;
    if (bench->tx_stopped)
        return false;
    n = piece(session_tx_peek(bench->session, &bytes), bench->tx_piece);
    if (bench->tx_limit != 0)
        n = piece(n, bench->tx_limit - bench->tx_total);
    n = before_cut(bench, n, bench->tx_total, bench->cut_tx);
    if (n == 0)
        return false;
    keep(&bench->sent, bytes, n);
    if (!bench->silent)
        target_input(&bench->target, bytes, n);
    bench->tx_total += n;
    session_tx_done(bench->session, n);
    return true;
}

/* The target closes after its last byte. */
static bool target_ends(struct bench *bench)
{
    const uint8_t *bytes;
    struct target *target = &bench->target;
    bool ends = target->reset_wanted || (target->close_wanted && target_output(target, &bytes) == 0);

    if (!bench->connected || !ends)
        return false;
    bench->connected = false;
    session_closed(bench->session, bench->connection, target->reset_wanted ? SESSION_RST : SESSION_FIN);
    return true;
}

static bool move(struct bench *bench)
{
    bool moved = do_actions(bench);

    if (bench->connected && bench->target.reset_wanted)
        return target_ends(bench);
    while (bench->connected && bench->tx_first && !cut(bench) && move_out(bench))
        moved = true;
    if (bench->connected && !cut(bench))
        moved |= move_in(bench);
    if (bench->connected && !cut(bench))
        moved |= move_out(bench);
    moved |= cut(bench);
    return target_ends(bench) || moved;
}

void bench_settle(struct bench *bench)
{
    unsigned turns = 0;

    do {
        bench->deadline_ms = session_tick(bench->session, bench->now_ms);
        if (++turns > TURNS_MAX)
            fail_msg("the session never comes to rest");
    } while (move(bench));
}

void bench_pass(struct bench *bench, uint64_t ms)
{
    uint64_t end = bench->now_ms + ms;

    bench_settle(bench);
    while (bench->now_ms < end) {
        assert_true(bench->deadline_ms >
                    bench->now_ms); /* a deadline that has passed must have had its effect */
        bench->now_ms = bench->deadline_ms < end ? bench->deadline_ms : end;
        bench_settle(bench);
    }
}

static bool ended(const struct bench *bench)
{
    enum session_state state = session_state(bench->session);

    return state == SESSION_FAILED || state == SESSION_CLOSED;
}

bool bench_until(struct bench *bench, enum session_state state, uint64_t limit_ms)
{
    uint64_t end = bench->now_ms + limit_ms;

    bench_settle(bench);
    while (session_state(bench->session) != state && !ended(bench) && bench->now_ms < end) {
        uint64_t next = bench->deadline_ms < end ? bench->deadline_ms : end;
        bench_pass(bench, next - bench->now_ms);
    }
    return session_state(bench->session) == state;
}

bool bench_finish(struct bench *bench, const struct task *task, uint64_t limit_ms)
{
    uint64_t end = bench->now_ms + limit_ms;

    bench_settle(bench);
    while (task->state != TASK_DONE && bench->now_ms < end) {
        uint64_t next = bench->deadline_ms < end ? bench->deadline_ms : end;
        bench_pass(bench, next - bench->now_ms);
    }
    return task->state == TASK_DONE;
}

void bench_ready(struct bench *bench)
{
    bench_start(bench);
    if (!bench_until(bench, SESSION_READY, 120000))
        fail_msg("not ready: %s%s%s, status %02x%02x; the target: %s",
                 fault_name(session_fault(bench->session)->code),
                 session_fault(bench->session)->key ? " " : "",
                 session_fault(bench->session)->key ? session_fault(bench->session)->key : "",
                 session_fault(bench->session)->login_class, session_fault(bench->session)->login_detail,
                 bench->target.complaint ? bench->target.complaint : "no complaint");
}

/* --- Commands --- */

static void fill(struct task *task, uint8_t opcode, uint32_t lba, uint16_t blocks)
{
    memset(task, 0, sizeof(*task));
    task->lun[1] = 1;
    task->cdb[0] = opcode;
    task->cdb[2] = (uint8_t)(lba >> 24);
    task->cdb[3] = (uint8_t)(lba >> 16);
    task->cdb[4] = (uint8_t)(lba >> 8);
    task->cdb[5] = (uint8_t)lba;
    task->cdb[7] = (uint8_t)(blocks >> 8);
    task->cdb[8] = (uint8_t)blocks;
    task->length = blocks * 512u;
}

void bench_read(struct task *task, uint32_t lba, uint16_t blocks, uint8_t *data)
{
    fill(task, 0x28, lba, blocks);
    task->direction = TASK_READ;
    task->in = data;
}

void bench_write(struct task *task, uint32_t lba, uint16_t blocks, const uint8_t *data)
{
    fill(task, 0x2a, lba, blocks);
    task->direction = TASK_WRITE;
    task->out = data;
}

void bench_unit_ready(struct task *task)
{
    memset(task, 0, sizeof(*task));
    task->lun[1] = 1;
}

void bench_check_read(struct bench *bench, uint32_t lba, uint16_t blocks)
{
    uint8_t *data = malloc(blocks * 512u);
    struct task task;

    memset(data, 0xa5, blocks * 512u);
    bench_read(&task, lba, blocks, data);
    assert_true(session_submit(bench->session, &task));
    assert_true(bench_finish(bench, &task, 60000));
    assert_int_equal(task.fault.code, FAULT_NONE);
    assert_int_equal(task.status, 0);
    assert_int_equal(task.transferred, task.length);
    assert_memory_equal(data, bench->target.disk + lba * 512u, task.length);
    free(data);
}

void bench_no_complaint(const struct bench *bench)
{
    if (bench->target.complaint != NULL)
        fail_msg("the target complains: %s", bench->target.complaint);
}

unsigned bench_count_actions(const struct bench *bench, enum session_action_kind kind)
{
    unsigned count = 0;

    for (unsigned i = 0; i < bench->action_count && i < BENCH_ACTIONS; i++)
        count += bench->actions[i].kind == kind;
    return count;
}
