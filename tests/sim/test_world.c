/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A whole world with a bad wire, over which nothing is lost for good. Each seed is another world: faults,
 * delays, what the target negotiates, and what is read and written. A seed that fails prints itself;
 * LUNBOOT_SEED=n runs that one alone. Where more breaks than the wire: test_worlds.c.
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

#include "net/net.h"
#include "tests/world/dhcpd.h"
#include "tests/world/whole.h"

#define REQUESTS   8u /* in flight at most */
#define BYTES_MAX  (192u * 1024u)
#define DISK_BYTES (1024u * 1024u)
#define LIMIT_MS   600000u /* of virtual time, for each thing that is waited for */

struct work {
    struct lun_request request;
    bool used;
    uint8_t *bytes;    /* the request's buffer */
    uint8_t *expected; /* READ: what was written before it */
};

static struct whole whole;
static struct {
    struct dhcpd dhcpd;
    uint8_t *disk; /* as it should be */
    struct work work[REQUESTS];
    unsigned block_size, blocks, goal, issued, done;
} w;

static unsigned pick(unsigned count)
{
    return whole_pick(count);
}

static void fail_here(const char *what)
{
    whole_fail(&whole, what);
}

/* ---- the world of a seed ---- */

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

static void begin_whole(uint64_t seed)
{
    struct target_config config;

    whole_draw_target(&config, DISK_BYTES);
    whole_begin(&whole, seed, &config);
    whole.config.connect_ms = 30000;
    whole.config.login_ms = 60000;
    whole.config.establish_ms = 300000;
    whole.config.command_ms = 120000;
    whole.config.ping_ms = 60000;
    w.block_size = config.block_size;
    w.blocks = config.blocks;
    w.disk = malloc(DISK_BYTES);
    memcpy(w.disk, whole.target.disk, DISK_BYTES);
    whole_start(&whole);
}

static void begin(uint64_t seed)
{
    struct world_config config = {
        .seed = seed, .delay_ms = (uint32_t)(seed % 5), .mtu = seed % 7 == 0 ? 9000 : 0, .with_peer = true};

    memset(&w, 0, sizeof w);
    if (seed % 4 != 0) {
        config.faults = (struct lossy_config){.lose = (uint16_t)(seed * 97 % 2000),
                                              .repeat = (uint16_t)(seed * 61 % 2000),
                                              .reorder = (uint16_t)(seed * 89 % 4000),
                                              .damage = (uint16_t)(seed * 31 % 1000)};
    }
    config.send_room = seed % 6 == 0 ? 4 : 0;
    world_begin(&config);
    begin_network();
    begin_whole(seed);
}

static void end(void)
{
    whole_end(&whole);
    free(w.disk);
    for (unsigned i = 0; i < REQUESTS; i++) {
        free(w.work[i].bytes);
        free(w.work[i].expected);
    }
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
    pump_submit(&whole.pump, request);
    w.issued++;
}

static bool is_ready(struct whole *of)
{
    return of->lun->state == LUN_READY || of->lun->state == LUN_FAILED ||
           session_state(of->session) == SESSION_FAILED;
}

static bool is_worked_off(struct whole *of)
{
    (void)of;
    for (unsigned i = 0; i < REQUESTS; i++) {
        struct work *work = &w.work[i];

        if (work->used && work->request.state == LUN_REQUEST_DONE) {
            finish(work);
        }
        if (!work->used && w.issued < w.goal && pick(3) == 0) {
            start(work);
        }
    }
    return w.done == w.goal;
}

static void run(uint64_t seed)
{
    begin(seed);
    w.goal = 60;
    if (!whole_until(&whole, is_ready, LIMIT_MS) || whole.lun->state != LUN_READY) {
        fail_here("the disk did not become ready");
    }
    if (!whole_until(&whole, is_worked_off, LIMIT_MS)) {
        fail_here("requests are stuck");
    }
    session_logout(whole.session, 60000);
    if (!whole_until(&whole, whole_is_ended, LIMIT_MS) || session_state(whole.session) != SESSION_CLOSED) {
        fail_here("no orderly logout");
    }
    if (whole.target.complaint != NULL) {
        fail_here("the target complains");
    }
    if (memcmp(w.disk, whole.target.disk, DISK_BYTES) != 0) {
        fail_here("the disk is not what was written");
    }
    if (whole.connections != 1 || whole.target.logins != 1) {
        fail_here("the session was lost on the way");
    }
    end();
}

static void test_seeded_worlds(void **state)
{
    (void)state;
    world_each_seed(1, world_seeds(50), run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seeded_worlds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
