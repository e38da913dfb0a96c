/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything but UEFI in one world: the pump, a session and a disk over lwIP and a bad wire, another lwIP,
 * and the scripted target behind it. Each seed is another world: faults, delays, what the target negotiates,
 * and what is read and written. A seed that fails prints itself; LUNBOOT_SEED=n runs that one alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/pump.h"
#include "iscsi/lun.h"
#include "iscsi/session.h"
#include "net/net.h"
#include "tests/peer/peer.h"
#include "tests/target/target.h"
#include "tests/world/dhcpd.h"
#include "tests/world/world.h"

#define PORT       3260u
#define REQUESTS   8u /* in flight at most */
#define BYTES_MAX  (192u * 1024u)
#define DISK_BYTES (1024u * 1024u)
#define LIMIT_MS   600000u /* of virtual time, for each thing that is waited for */

static const uint8_t secret[] = "sixteen-byte-key";
static const uint8_t mutual_secret[] = "another-long-secret";

struct work {
    struct lun_request request;
    bool used;
    uint8_t *bytes;    /* the request's buffer */
    uint8_t *expected; /* READ: what was written before it */
};

static struct whole {
    uint64_t seed;
    struct target target;
    struct peer_connection *connection;
    struct dhcpd dhcpd;
    struct chap_config chap;
    struct session_config config;
    struct session *session;
    struct lun *lun;
    struct pump pump;
    uint8_t *disk; /* as it should be */
    struct work work[REQUESTS];
    unsigned block_size, blocks, issued, done;
    unsigned connections;
} w;

/* ---- the target's host ---- */

static void serve_new(void)
{
    struct peer_connection *connection = peer_accept();

    if (connection == NULL) {
        return;
    }
    if (w.connection != NULL) {
        peer_abort(w.connection);
    }
    w.connection = connection;
    w.connections++;
    target_connect(&w.target);
}

static bool serve_bytes(void)
{
    uint8_t bytes[16384];
    const uint8_t *out;
    size_t n = peer_receive(w.connection, bytes, sizeof bytes), sent;
    bool moved = n > 0;

    if (n > 0) {
        target_input(&w.target, bytes, n);
    }
    n = target_output(&w.target, &out);
    sent = n > 0 ? peer_send(w.connection, out, n) : 0;
    if (sent > 0) {
        target_sent(&w.target, sent);
    }
    return moved || sent > 0;
}

static void serve(void)
{
    const uint8_t *out;

    serve_new();
    while (w.connection != NULL && serve_bytes()) {
    }
    if (w.connection == NULL) {
        return;
    }
    if (peer_state(w.connection) == PEER_RESET || peer_state(w.connection) == PEER_LOST ||
        w.target.reset_wanted) {
        peer_abort(w.connection);
        w.connection = NULL;
    } else if (peer_state(w.connection) == PEER_FINISHED ||
               (w.target.close_wanted && target_output(&w.target, &out) == 0)) {
        peer_shut(w.connection);
        w.connection = NULL;
    }
}

/* ---- time ---- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void turn(uint64_t end)
{
    uint64_t next = end;

    pump_turn(&w.pump);
    serve();
    next = earlier(next, session_tick(w.session, world_now()));
    next = earlier(next, lun_step(w.lun, world_now()));
    world_step(next);
}

static bool until(bool (*condition)(void))
{
    uint64_t end = world_now() + LIMIT_MS;

    while (!condition()) {
        if (world_now() >= end) {
            return false;
        }
        turn(end);
    }
    return true;
}

static void fail_here(const char *what)
{
    const struct fault *fault = w.lun->state == LUN_FAILED ? &w.lun->fault : session_fault(w.session);

    fail_msg("LUNBOOT_SEED=%llu: %s (session state %d, fault %d; lun state %d; target: %s)",
             (unsigned long long)w.seed, what, (int)session_state(w.session), (int)fault->code,
             (int)w.lun->state, w.target.complaint == NULL ? "no complaint" : w.target.complaint);
}

/* ---- the world of a seed ---- */

static unsigned pick(unsigned count)
{
    return (unsigned)(world_random() % count);
}

static void begin_target(void)
{
    struct target_config config;

    target_default(&config);
    config.chap_name = "client";
    config.chap_secret = secret;
    config.chap_secret_length = sizeof secret - 1;
    config.mutual_name = "server";
    config.mutual_secret = mutual_secret;
    config.mutual_secret_length = sizeof mutual_secret - 1;
    config.initial_r2t = pick(2) == 0;
    config.immediate_data = pick(2) == 0;
    config.max_recv = (uint32_t[]){512, 4096, 8192, 65536}[pick(4)];
    config.max_burst = (uint32_t[]){16384, 65536, 262144}[pick(3)];
    config.first_burst = (uint32_t[]){4096, 16384}[pick(2)];
    config.max_outstanding_r2t = 1 + pick(4);
    config.first_stat_sn = (uint32_t[]){0, 1, 0x7ffffff0, 0xfffffff0}[pick(4)];
    config.window = (uint32_t[]){1, 4, 32}[pick(3)];
    config.segment = (uint32_t[]){0, 512, 3000}[pick(3)];
    config.separate_status = pick(2) == 0;
    config.interleave = pick(2) == 0;
    config.block_size = pick(3) == 0 ? 4096 : 512;
    config.blocks = DISK_BYTES / config.block_size;
    target_init(&w.target, &config);
    w.block_size = config.block_size;
    w.blocks = config.blocks;
    w.disk = malloc(DISK_BYTES);
    memcpy(w.disk, w.target.disk, DISK_BYTES);
}

static void begin_session(void)
{
    static const struct lun_config lun_config = {.lun = {0, 1}};
    uint8_t seed[HASH_SEED];

    w.chap = (struct chap_config){.local = {"client", secret, sizeof secret - 1},
                                  .target = {"server", mutual_secret, sizeof mutual_secret - 1},
                                  .algorithms = {8, 7, 6, 5},
                                  .algorithm_count = 4,
                                  .has_random = true};
    w.config = (struct session_config){.login = {.initiator_name = "iqn.2024-01.org.example:client",
                                                 .target_name = w.target.config.name,
                                                 .isid = {0x80, 1, 2, 3, 4, 5},
                                                 .policy = LOGIN_AUTH_MUTUAL,
                                                 .chap = w.chap},
                                       .portals = {{.host = "10.0.0.1", .port = PORT}},
                                       .portal_count = 1,
                                       .connect_ms = 30000,
                                       .login_ms = 60000,
                                       .establish_ms = 300000,
                                       .command_ms = 120000,
                                       .ping_ms = 60000};
    net_random(seed, sizeof seed);
    w.session = calloc(1, sizeof *w.session);
    w.lun = calloc(1, sizeof *w.lun);
    if (session_init(w.session, &w.config, seed, world_now()) != NULL) {
        fail_here("the configuration is refused");
    }
    lun_init(w.lun, w.session, &lun_config);
    pump_init(&w.pump, w.session, w.lun);
    session_open(w.session);
    lun_open(w.lun);
}

static bool is_configured(void *arg)
{
    (void)arg;
    return net_state() == NET_CONFIGURED;
}

static void begin_network(void)
{
    static const uint32_t windows[] = {16384, 65536, 0};
    struct net_config config = {.tcp_window = windows[pick(3)], .offer_wait_ms = 20};

    if (pick(4) != 0) {
        world_open_static(config.tcp_window);
        return;
    }
    dhcpd_init(&w.dhcpd, 1);
    dhcpd_usual(&w.dhcpd, 3600);
    dhcpd_start(&w.dhcpd);
    assert_true(net_open(world_nic(), &config));
    net_dhcp_start();
    assert_true(world_until(is_configured, NULL, LIMIT_MS));
}

static void begin(uint64_t seed)
{
    struct world_config config = {
        .seed = seed, .delay_ms = (uint32_t)(seed % 5), .mtu = seed % 7 == 0 ? 9000 : 0, .with_peer = true};

    memset(&w, 0, sizeof w);
    w.seed = seed;
    if (seed % 4 != 0) {
        config.faults = (struct lossy_config){.lose = (uint16_t)(seed * 97 % 2000),
                                              .repeat = (uint16_t)(seed * 61 % 2000),
                                              .reorder = (uint16_t)(seed * 89 % 4000),
                                              .damage = (uint16_t)(seed * 31 % 1000)};
    }
    config.send_room = seed % 6 == 0 ? 4 : 0;
    world_begin(&config);
    peer_listen(PORT);
    begin_target();
    begin_network();
    begin_session();
}

static void end(void)
{
    pump_done(&w.pump);
    if (w.connection != NULL) {
        peer_abort(w.connection);
    }
    world_end();
    session_done(w.session);
    free(w.session);
    free(w.lun);
    free(w.disk);
    for (unsigned i = 0; i < REQUESTS; i++) {
        free(w.work[i].bytes);
        free(w.work[i].expected);
    }
    target_done(&w.target);
}

/* ---- reading and writing ---- */

static void finish(struct work *work)
{
    if (work->request.fault.code != FAULT_NONE) {
        fprintf(stderr, "fault %d\n", (int)work->request.fault.code);
        fail_here("a request failed");
    }
    if (work->request.operation == LUN_READ &&
        memcmp(work->bytes, work->expected, (size_t)work->request.blocks * w.block_size) != 0) {
        fail_here("a read gave wrong bytes");
    }
    free(work->bytes);
    free(work->expected);
    memset(work, 0, sizeof *work);
    w.done++;
}

/* The disk as it should be is kept in the order of the requests: that is the order that lun.h promises. */
static void start(struct work *work)
{
    size_t most = BYTES_MAX / w.block_size, at, size;
    struct lun_request *request = &work->request;

    work->used = true;
    request->operation = (enum lun_operation)(pick(20) == 0  ? LUN_FLUSH
                                              : pick(2) == 0 ? LUN_READ
                                                             : LUN_WRITE);
    request->blocks = request->operation == LUN_FLUSH ? 0 : 1 + pick(pick(3) == 0 ? (unsigned)most : 16);
    request->lba = request->operation == LUN_FLUSH ? 0 : pick(w.blocks - (unsigned)request->blocks);
    at = (size_t)request->lba * w.block_size;
    size = (size_t)request->blocks * w.block_size;
    work->bytes = malloc(size + 1);
    work->expected = malloc(size + 1);
    if (request->operation == LUN_READ) {
        memset(work->bytes, 0xcc, size);
        memcpy(work->expected, w.disk + at, size);
        request->in = work->bytes;
    } else {
        net_random(work->bytes, size < 64 ? size : 64);
        for (size_t i = 64; i < size; i++) {
            work->bytes[i] = (uint8_t)(work->bytes[i - 64] + 1);
        }
        memcpy(w.disk + at, work->bytes, size);
        request->out = work->bytes;
    }
    pump_submit(&w.pump, request);
    w.issued++;
}

static bool is_ready(void)
{
    return w.lun->state == LUN_READY || w.lun->state == LUN_FAILED ||
           session_state(w.session) == SESSION_FAILED;
}

static unsigned goal;

static bool is_worked_off(void)
{
    for (unsigned i = 0; i < REQUESTS; i++) {
        struct work *work = &w.work[i];

        if (work->used && work->request.state == LUN_REQUEST_DONE) {
            finish(work);
        }
        if (!work->used && w.issued < goal && pick(3) == 0) {
            start(work);
        }
    }
    return w.done == goal;
}

static bool is_logged_out(void)
{
    return (session_state(w.session) == SESSION_CLOSED || session_state(w.session) == SESSION_FAILED) &&
           net_quiet();
}

static void run(uint64_t seed, unsigned requests)
{
    begin(seed);
    goal = requests;
    if (!until(is_ready) || w.lun->state != LUN_READY) {
        fail_here("the disk did not become ready");
    }
    if (!until(is_worked_off)) {
        fail_here("requests are stuck");
    }
    session_logout(w.session, 60000);
    if (!until(is_logged_out) || session_state(w.session) != SESSION_CLOSED) {
        fail_here("no orderly logout");
    }
    if (w.target.complaint != NULL) {
        fail_here("the target complains");
    }
    if (memcmp(w.disk, w.target.disk, DISK_BYTES) != 0) {
        fail_here("the disk is not what was written");
    }
    if (w.connections != 1 || w.target.logins != 1) {
        fail_here("the session was lost on the way");
    }
    end();
}

static void test_seeded_worlds(void **state)
{
    const char *one = getenv("LUNBOOT_SEED");

    (void)state;
    if (one != NULL) {
        run(strtoull(one, NULL, 10), 60);
        return;
    }
    for (uint64_t seed = 1; seed <= world_seeds(50); seed++) {
        run(seed, 60);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seeded_worlds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
