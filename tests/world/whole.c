/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/net.h"
#include "whole.h"

static const uint8_t secret[] = "sixteen-byte-key";
static const uint8_t mutual_secret[] = "another-long-secret";

unsigned whole_pick(unsigned count)
{
    return (unsigned)(world_random() % count);
}

/* ---- the target's host ---- */

static void serve_new(struct whole *whole)
{
    struct peer_connection *connection = peer_accept();

    if (connection == NULL) {
        return;
    }
    whole_drop(whole, WHOLE_CUT_RST);
    whole->connection = connection;
    whole->connections++;
    target_connect(&whole->target);
}

/* How much of n bytes may pass before the cut. */
static size_t until_cut(const struct whole *whole, size_t n)
{
    return whole->cut != WHOLE_UNCUT && n > whole->cut_after ? whole->cut_after : n;
}

static void count_to_cut(struct whole *whole, size_t n)
{
    if (whole->cut != WHOLE_UNCUT) {
        whole->cut_after -= n;
    }
}

static size_t serve_input(struct whole *whole)
{
    uint8_t bytes[16384];
    size_t n = peer_receive(whole->connection, bytes, until_cut(whole, sizeof bytes));

    if (n > 0) {
        count_to_cut(whole, n);
        target_input(&whole->target, bytes, n);
    }
    return n;
}

static size_t serve_output(struct whole *whole)
{
    uint8_t bytes[16384];
    const uint8_t *out;
    size_t n = target_output(&whole->target, &out), space = peer_space(whole->connection);

    n = n < sizeof bytes ? n : sizeof bytes;
    n = until_cut(whole, n < space ? n : space);
    if (n == 0) {
        return 0;
    }
    memcpy(bytes, out, n);
    if (whole->wire != NULL) {
        whole->wire(whole, bytes, n);
    }
    /* The stack may have less memory than window: what it leaves is said again, and right. */
    n = peer_send(whole->connection, bytes, n);
    count_to_cut(whole, n);
    target_sent(&whole->target, n);
    return n;
}

static bool serve_bytes(struct whole *whole)
{
    size_t moved = serve_input(whole);

    return serve_output(whole) + moved > 0;
}

void whole_drop(struct whole *whole, enum whole_cut how)
{
    if (whole->connection == NULL) {
        return;
    }
    if (how == WHOLE_CUT_FIN) {
        peer_shut(whole->connection);
    } else {
        peer_abort(whole->connection);
    }
    whole->connection = NULL;
    whole->cut = WHOLE_UNCUT;
}

static void watch_connection(struct whole *whole)
{
    enum peer_state state = peer_state(whole->connection);
    const uint8_t *out;

    if (whole->cut != WHOLE_UNCUT && whole->cut_after == 0) {
        whole_drop(whole, whole->cut);
    } else if (state == PEER_RESET || state == PEER_LOST || whole->target.reset_wanted) {
        whole_drop(whole, WHOLE_CUT_RST);
    } else if (state == PEER_FINISHED ||
               (whole->target.close_wanted && target_output(&whole->target, &out) == 0)) {
        whole_drop(whole, WHOLE_CUT_FIN);
    }
}

/* What came over an old connection is carried out before a new one is looked at: the worst case. */
static void serve(struct whole *whole)
{
    if (whole->frozen) {
        return;
    }
    while (whole->connection != NULL && serve_bytes(whole)) {
    }
    serve_new(whole);
    while (whole->connection != NULL && serve_bytes(whole)) {
    }
    if (whole->connection != NULL) {
        watch_connection(whole);
    }
}

/* ---- time ---- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* For whoever looks into a failing seed (LUNBOOT_TEST_VERBOSE). */
static void tell_changes(struct whole *whole)
{
    enum session_state state = session_state(whole->session);
    char line[120];

    if (state == whole->told && whole->lun->state == whole->lun_told) {
        return;
    }
    whole->told = state;
    whole->lun_told = whole->lun->state;
    snprintf(line, sizeof line, "session state %d (%s), lun state %d", (int)state,
             fault_name(session_fault(whole->session)->code), (int)whole->lun->state);
    net_log(line);
}

void whole_turn(struct whole *whole, uint64_t end_ms)
{
    uint64_t next = end_ms;

    pump_turn(&whole->pump);
    tell_changes(whole);
    serve(whole);
    if (whole->attend != NULL) {
        next = earlier(next, whole->attend(whole));
    }
    next = earlier(next, session_tick(whole->session, world_now()));
    next = earlier(next, lun_step(whole->lun, world_now()));
    world_step(next);
}

bool whole_until(struct whole *whole, bool (*condition)(struct whole *whole), uint64_t limit_ms)
{
    uint64_t end = world_now() + limit_ms;

    while (!condition(whole)) {
        if (world_now() >= end) {
            return false;
        }
        whole_turn(whole, end);
    }
    return true;
}

bool whole_is_ended(struct whole *whole)
{
    enum session_state state = session_state(whole->session);

    return (state == SESSION_CLOSED || state == SESSION_FAILED) && net_quiet();
}

void whole_fail(const struct whole *whole, const char *what)
{
    const struct fault *fault =
        whole->lun->state == LUN_FAILED ? &whole->lun->fault : session_fault(whole->session);
    const char *complaint = whole->target.complaint;

    fail_msg("LUNBOOT_SEED=%llu: %s (session state %d, fault %s; lun state %d; target: %s)",
             (unsigned long long)whole->seed, what, (int)session_state(whole->session),
             fault_name(fault->code), (int)whole->lun->state, complaint == NULL ? "no complaint" : complaint);
}

/* ---- begin and end ---- */

void whole_draw_target(struct target_config *ret_config, uint32_t disk_bytes)
{
    target_default(ret_config);
    ret_config->chap_name = "client";
    ret_config->chap_secret = secret;
    ret_config->chap_secret_length = sizeof secret - 1;
    ret_config->mutual_name = "server";
    ret_config->mutual_secret = mutual_secret;
    ret_config->mutual_secret_length = sizeof mutual_secret - 1;
    ret_config->initial_r2t = whole_pick(2) == 0;
    ret_config->immediate_data = whole_pick(2) == 0;
    ret_config->max_recv = (uint32_t[]){512, 4096, 8192, 65536}[whole_pick(4)];
    ret_config->max_burst = (uint32_t[]){16384, 65536, 262144}[whole_pick(3)];
    ret_config->first_burst = (uint32_t[]){4096, 16384, 65536}[whole_pick(3)];
    ret_config->max_outstanding_r2t = 1 + whole_pick(4);
    ret_config->first_stat_sn = (uint32_t[]){0, 1, 0x7ffffff0, 0xfffffff0}[whole_pick(4)];
    ret_config->window = (uint32_t[]){1, 4, 32}[whole_pick(3)];
    ret_config->segment = (uint32_t[]){0, 512, 3000}[whole_pick(3)];
    ret_config->separate_status = whole_pick(2) == 0;
    ret_config->interleave = whole_pick(2) == 0;
    ret_config->block_size = whole_pick(3) == 0 ? 4096 : 512;
    ret_config->blocks = disk_bytes / ret_config->block_size;
}

void whole_begin(struct whole *whole, uint64_t seed, const struct target_config *config)
{
    memset(whole, 0, sizeof *whole);
    whole->seed = seed;
    peer_listen(WHOLE_PORT);
    target_init(&whole->target, config);
    whole->chap = (struct chap_config){.local = {"client", secret, sizeof secret - 1},
                                       .target = {"server", mutual_secret, sizeof mutual_secret - 1},
                                       .algorithms = {8, 7, 6, 5},
                                       .algorithm_count = 4,
                                       .has_random = true};
    whole->config = (struct session_config){.login = {.initiator_name = "iqn.2024-01.org.example:client",
                                                      .target_name = whole->target.config.name,
                                                      .isid = {0x80, 1, 2, 3, 4, 5},
                                                      .policy = LOGIN_AUTH_MUTUAL,
                                                      .chap = whole->chap},
                                            .portals = {{.host = "10.0.0.1", .port = WHOLE_PORT}},
                                            .portal_count = 1};
    whole->lun_config = (struct lun_config){.lun = {0, 1}};
}

void whole_start(struct whole *whole)
{
    uint8_t seed[HASH_SEED];

    net_random(seed, sizeof seed);
    whole->session = calloc(1, sizeof *whole->session);
    whole->lun = calloc(1, sizeof *whole->lun);
    if (session_init(whole->session, &whole->config, seed, world_now()) != NULL) {
        whole_fail(whole, "the configuration is refused");
    }
    lun_init(whole->lun, whole->session, &whole->lun_config);
    pump_init(&whole->pump, whole->session, whole->lun);
    session_open(whole->session);
    lun_open(whole->lun);
}

void whole_end(struct whole *whole)
{
    pump_done(&whole->pump);
    whole_drop(whole, WHOLE_CUT_RST);
    world_end();
    session_done(whole->session);
    free(whole->session);
    free(whole->lun);
    target_done(&whole->target);
}
