/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every lie of the target's table under a disk with all that there is: mutual CHAP, digests, reads, writes, a
 * flush, idle time, aborts and logout (REQ-353). Told once, at each of the first moments that it fits, and
 * told always: right data or an error in time, and we ourselves never do what is not allowed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "iscsi/discovery.h"
#include "tests/target/diskbench.h"

#define BLOCKS   40u     /* of a request: several Data-In, several R2T */
#define OPEN_MS  400000u /* until a disk is there, or is not */
#define FINAL_MS 200000u /* of a request, and of a session's end */

static struct diskbench disk;
static uint8_t data[BLOCKS * 512], out[BLOCKS * 512];

/* Which lie, and how it is told. */
struct telling {
    unsigned index, skip;
    bool always;
};

#define FAIL(telling, what)                                                                                  \
    fail_msg("%s, skip %u%s: %s", target_lie_name((telling)->index), (telling)->skip,                        \
             (telling)->always ? ", always" : "", what)

static void set_up(const struct telling *telling)
{
    struct target_config *config = &disk.bench.target.config;
    const char *name = target_lie_name(telling->index);
    bool told;

    diskbench_init_sized(&disk, 200);
    bench_chap(&disk.bench, true);
    config->segment = 3000;
    config->first_burst = 4096;
    config->max_burst = 8192;
    config->separate_status = telling->skip & 1;
    config->initial_r2t = telling->skip & 2;
    config->header_digest = config->data_digest = true;
    disk.bench.config.login.digests = KEYS_DIGEST_PREFER;
    disk.bench.target.stray_ok = true;
    if (telling->always)
        told = target_lie_always(&disk.bench.target, name, telling->skip);
    else
        told = target_lie(&disk.bench.target, name, telling->skip);
    assert_true(told);
}

static void tear_down(const struct telling *telling)
{
    struct target *target = &disk.bench.target;
    const char *complaint = target->complaint;

    session_abort(disk.bench.session);
    if (complaint != NULL && !(target_lie_outcome(telling->index) & TARGET_MISLED))
        FAIL(telling, complaint);
    diskbench_done(&disk);
}

/* --- What a boot does --- */

static bool opened(const struct telling *telling)
{
    uint64_t end;

    bench_start(&disk.bench);
    end = disk.bench.now_ms + OPEN_MS;
    lun_init(&disk.lun, disk.bench.session, &disk.config);
    lun_open(&disk.lun);
    diskbench_settle(&disk);
    while (disk.lun.state == LUN_OPENING && diskbench_next(&disk, end))
        ;
    if (disk.lun.state == LUN_OPENING)
        FAIL(telling, "no disk and no failure");
    return disk.lun.state == LUN_READY;
}

/* Whether it was done; held: the target begins to answer when we have given up waiting once. */
static bool done(const struct telling *telling, struct lun_request request, bool held)
{
    uint64_t end = disk.bench.now_ms + FINAL_MS;

    disk.bench.target.hold = held;
    diskbench_submit(&disk, &request);
    diskbench_settle(&disk);
    if (held) {
        diskbench_pass(&disk, 40000);
        target_release(&disk.bench.target);
        diskbench_settle(&disk);
    }
    while (request.state != LUN_REQUEST_DONE && diskbench_next(&disk, end))
        ;
    if (request.state != LUN_REQUEST_DONE)
        FAIL(telling, "a request without end");
    return request.fault.code == FAULT_NONE;
}

static bool reads(const struct telling *telling, uint64_t lba, unsigned writer, bool held)
{
    memset(data, 0xa5, sizeof(data));
    if (!done(telling, (struct lun_request){.operation = LUN_READ, .lba = lba, .blocks = BLOCKS, .in = data},
              held))
        return false;
    if (diskbench_differences(data, lba, BLOCKS, writer) != 0)
        FAIL(telling, "wrong data, and called right");
    return true;
}

static bool writes(const struct telling *telling, uint64_t lba, unsigned writer)
{
    diskbench_fill(out, lba, BLOCKS, writer);
    if (!done(telling, (struct lun_request){.operation = LUN_WRITE, .lba = lba, .blocks = BLOCKS, .out = out},
              false))
        return false;
    if (diskbench_differences(disk.bench.target.disk + lba * 512, lba, BLOCKS, writer) != 0)
        FAIL(telling, "not written, and called written");
    return done(telling, (struct lun_request){.operation = LUN_FLUSH}, false);
}

static void end_session(const struct telling *telling)
{
    uint64_t end = disk.bench.now_ms + FINAL_MS;

    session_logout(disk.bench.session, 0);
    diskbench_settle(&disk);
    while (session_state(disk.bench.session) != SESSION_CLOSED &&
           session_state(disk.bench.session) != SESSION_FAILED && diskbench_next(&disk, end))
        ;
    if (session_state(disk.bench.session) != SESSION_CLOSED &&
        session_state(disk.bench.session) != SESSION_FAILED)
        FAIL(telling, "a session without end");
}

/* Everything that it did was right. */
static bool boot(const struct telling *telling)
{
    bool right = opened(telling);
    bool held = target_lie_opcode(telling->index) == 0x22;

    right = right && reads(telling, 3, 0, held);
    right = right && writes(telling, 100, 1);
    right = right && reads(telling, 100, 1, false);
    if (right)
        diskbench_pass(&disk, 60000);
    right = right && reads(telling, 150, 0, false);
    end_session(telling);
    return right;
}

/* --- Discovery --- */

/* The targets that it lists are the one that there is. */
static bool listed(const struct telling *telling)
{
    const char *name = disk.bench.target.config.name;
    struct discovery discovery;
    struct discovery_record record;
    enum fault_code fault;
    size_t length;
    const char *text = session_targets_text(disk.bench.session, &length);
    unsigned count = 0;

    if (text == NULL)
        return false;
    discovery_init(&discovery, text, length);
    for (; discovery_next(&discovery, &record, &fault); count++) {
        if (strcmp(record.name, name) != 0 && target_lie_outcome(telling->index) == TARGET_RIGHT)
            FAIL(telling, "another target");
    }
    return count == 1 && fault == FAULT_NONE;
}

static bool discover(const struct telling *telling)
{
    uint64_t end;
    bool asked;

    disk.bench.config.login.target_name = NULL;
    bench_start(&disk.bench);
    end = disk.bench.now_ms + OPEN_MS;
    bench_until(&disk.bench, SESSION_READY, OPEN_MS);
    asked = session_send_targets(disk.bench.session);
    bench_settle(&disk.bench);
    while (asked && session_targets_text(disk.bench.session, &(size_t){0}) == NULL &&
           session_state(disk.bench.session) == SESSION_READY && disk.bench.now_ms < end)
        bench_pass(&disk.bench, 1000);
    if (disk.bench.now_ms >= end)
        FAIL(telling, "no list and no failure");
    return listed(telling);
}

/* --- The table --- */

static bool live_through(const struct telling *telling)
{
    bool right;

    set_up(telling);
    right = target_lie_opcode(telling->index) == 0x24 ? discover(telling) : boot(telling);
    if (telling->always && disk.bench.target.lies_told == 0)
        FAIL(telling, "never told");
    tear_down(telling);
    return right;
}

static void test_req_353_a_lie_told_once(void **state)
{
    (void)state;
    for (unsigned i = 0; target_lie_name(i) != NULL; i++) {
        for (unsigned skip = 0; skip < 40; skip += 1 + skip / 2)
            live_through(&(struct telling){i, skip, false});
    }
}

static void soak_a_lie_told_once_at_more_moments(void **state)
{
    (void)state;
    for (unsigned i = 0; target_lie_name(i) != NULL; i++) {
        for (unsigned skip = 0; skip < 60; skip += 3)
            live_through(&(struct telling){i, skip, false});
    }
}

static void test_req_353_a_lie_told_always(void **state)
{
    (void)state;
    for (unsigned i = 0; target_lie_name(i) != NULL; i++) {
        struct telling telling = {i, 0, true};
        unsigned came = live_through(&telling) ? TARGET_RIGHT : TARGET_FAULT;

        if (!(target_lie_outcome(i) & came))
            FAIL(&telling, came == TARGET_RIGHT ? "it was believed" : "it did harm");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_353_a_lie_told_once),
        cmocka_unit_test(test_req_353_a_lie_told_always),
        cmocka_unit_test(soak_a_lie_told_once_at_more_moments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
