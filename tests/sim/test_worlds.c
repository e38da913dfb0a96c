/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Seeded worlds in which things break: the wire, the link, the target's program, its host, what it says. Each
 * seed draws a network, a target and what strikes when, while requests read and write. A request may
 * fail, within its bound; what succeeds is right; and a world that is whole again has a disk that works
 * again. A seed that fails prints itself; LUNBOOT_SEED=n runs that one alone, and with LUNBOOT_TEST_VERBOSE=1
 * tells what struck.
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
#include "tests/world/shadow.h"
#include "tests/world/usage.h"
#include "tests/world/whole.h"

#define REQUESTS     80u /* of one world */
#define BYTES_MAX    (96u * 1024u)
#define DISK_BYTES   (256u * 1024u)
#define AGENDA_MAX   128u
#define OPEN_MS      400000u  /* until a disk is ready or given up */
#define WORK_MS      7200000u /* each request has a bound of its own */
#define MEND_MS      400000u  /* until a disk is back when nothing is wrong any more */
#define BYTES_PER_MS 64u      /* see lun_config.request_ms */

/* Each request and its buffer are memory of their own, freed when it is done: the sanitizer sees whoever
 * touches them afterwards, or beyond their ends. */
struct work {
    struct lun_request request;
    uint8_t *bytes;
    uint64_t limit_ms;
    unsigned writer;
    struct work *next;
};

static struct whole whole;

static struct {
    struct {
        uint64_t at_ms;
        void (*act)(void);
    } agenda[AGENDA_MAX];
    struct shadow shadow;
    struct work *work;                            /* in the order in which it was asked for */
    unsigned issued, pending, writers, in_flight; /* in_flight: at most */
    uint32_t request_ms, segment;                 /* of the target, honestly */
    unsigned flip_on;                             /* the connection whose next bytes are changed, 0: none */
    uint16_t truncate;                            /* of 65536 frames */
    bool gone;                                    /* frames vanish, though the link is up */
    bool healed, lies, locked, resting;
    bool odd;  /* what was asked who the disk is may have been refused, and REQ-013 decided without it */
    bool slow; /* the wire: more than a few seconds for a command */
} w;

static struct {
    unsigned worlds, right, failed, cancelled, lost, recovered, logins, given_up, never_ready;
} counts;

static unsigned pick(unsigned count)
{
    return whole_pick(count);
}

static bool one_in(unsigned count)
{
    return pick(count) == 0;
}

/* ---- what is going to happen ---- */

static void later(uint64_t ms, void (*act)(void))
{
    for (unsigned i = 0; i < AGENDA_MAX; i++) {
        if (w.agenda[i].act == NULL) {
            w.agenda[i].act = act;
            w.agenda[i].at_ms = world_now() + ms;
            return;
        }
    }
    whole_fail(&whole, "the agenda is full");
}

static void do_due(uint64_t until_ms)
{
    for (unsigned i = 0; i < AGENDA_MAX; i++) {
        void (*act)(void) = w.agenda[i].act;

        if (act != NULL && w.agenda[i].at_ms <= until_ms) {
            w.agenda[i].act = NULL;
            act();
        }
    }
}

static uint64_t next_due(void)
{
    uint64_t at = UINT64_MAX;

    for (unsigned i = 0; i < AGENDA_MAX; i++) {
        if (w.agenda[i].act != NULL && w.agenda[i].at_ms < at) {
            at = w.agenda[i].at_ms;
        }
    }
    return at;
}

/* Shorter and longer than each of our own times. */
static uint64_t some_time(void)
{
    uint32_t about = (uint32_t[]){50, 500, 4000, 20000, 75000}[pick(5)];

    return about / 2 + pick(about);
}

/* ---- what strikes ---- */

static bool is_logged_in(void)
{
    return whole.connection != NULL && whole.target.full_feature && !whole.frozen;
}

static void come_back(void)
{
    peer_unlisten(WHOLE_PORT); /* there may have been two reasons to be away */
    assert_true(peer_listen(WHOLE_PORT));
}

/* A new program knows no session; what was in its memory is gone, the disk is not. */
static void start_anew(void)
{
    target_connect(&whole.target);
    whole.target.hold = whole.frozen = false;
    later(some_time(), come_back);
}

static void crash(void)
{
    peer_unlisten(WHOLE_PORT);
    whole_drop(&whole, WHOLE_CUT_RST);
    start_anew();
}

static void power_off(void)
{
    peer_unlisten(WHOLE_PORT);
    if (whole.connection != NULL) {
        peer_vanish(whole.connection);
        whole.connection = NULL;
        whole.cut = WHOLE_UNCUT;
    }
    start_anew();
}

static void plug(void)
{
    world_cut(false);
}

static void unplug(void)
{
    world_cut(true);
    later(some_time(), plug);
}

static void appear(void)
{
    w.gone = false;
}

static void vanish(void)
{
    w.gone = true;
    later(some_time(), appear);
}

static void thaw(void)
{
    whole.frozen = false;
}

static void freeze(void)
{
    whole.frozen = true;
    later(some_time(), thaw);
}

static void cut(void)
{
    whole.cut = one_in(2) ? WHOLE_CUT_FIN : WHOLE_CUT_RST;
    whole.cut_after = pick(1u << pick(18));
}

static void lie(void)
{
    unsigned names = 0;

    if (!w.lies) {
        return;
    }
    while (target_lie_name(names) != NULL) {
        names++;
    }
    if (whole.target.script_count == 8) {
        whole.target.script_count = 0;
    }
    target_lie(&whole.target, target_lie_name(pick(names)), pick(12));
}

/* With digests on: bytes of this connection change where no checksum of TCP sees it. */
static void flip(void)
{
    const struct target *target = &whole.target;

    if (is_logged_in() && target->digests_on && target->keys_header_digest && target->keys_data_digest) {
        w.flip_on = whole.connections;
    }
}

static void say_async(void)
{
    static const uint8_t attention[20] = {0, 18, 0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x29, 0};
    uint8_t event = (uint8_t)pick(6);

    if (is_logged_in()) {
        target_send_async(&whole.target, event, 0, (uint16_t)pick(20), (uint16_t)pick(5), attention,
                          event == 0 ? sizeof attention : 0);
    }
}

static void say_nop(void)
{
    if (is_logged_in()) {
        target_send_nop_in(&whole.target, 0xffffffff, 0x1234, whole.target.config.lun);
    }
}

static void reject(void)
{
    static const uint8_t header[48] = {0x01};

    if (is_logged_in()) {
        target_send_reject(&whole.target, 9, header, sizeof header);
    }
}

static void answer_badly(void)
{
    static const uint8_t statuses[] = {0x02, 0x02, 0x08, 0x08, 0x28, 0x28, 0x18, 0x40, 0x04};

    w.odd = true;
    if (one_in(8)) {
        whole.target.next_response = 1;
    } else {
        whole.target.next_status = statuses[pick(sizeof statuses)];
        whole.target.next_status_set = true;
    }
}

static void answer_short(void)
{
    w.odd = true;
    whole.target.short_by = 1 + pick(2048);
    whole.target.short_honest = one_in(2);
}

static void go_on_working(void)
{
    whole.target.mute_abort = whole.target.mute_nop = false;
    whole.target.abort_response = 0;
    target_release(&whole.target);
}

static void stop_working(void)
{
    whole.target.hold = true;
    whole.target.mute_abort = one_in(4);
    whole.target.mute_nop = one_in(4);
    whole.target.abort_response = one_in(4) ? 5 : 0;
    later(some_time(), go_on_working);
}

/* With nothing under way it has to be told. */
static void open_window(void)
{
    target_window(&whole.target, 32);
    say_nop();
}

static void shut_window(void)
{
    target_window(&whole.target, pick(2));
    later(some_time(), open_window);
}

static void let_in(void)
{
    if (!w.locked) {
        whole.target.login_at = TARGET_NOT_SET;
        whole.target.login_class = 0;
        whole.target.login_silent = whole.target.login_close = whole.target.login_reset = false;
    }
}

/* The next logins fail in one of many ways. */
static void keep_out(void)
{
    static const uint16_t statuses[] = {0x0203, 0x0202, 0x0206, 0x020a, 0x0300, 0x0301, 0x0302};
    uint16_t status = statuses[pick(sizeof statuses / sizeof statuses[0])];

    if (w.locked) {
        return;
    }
    whole.target.login_at = pick(3);
    switch (pick(4)) {
    case 0:
        whole.target.login_silent = true;
        break;
    case 1:
        whole.target.login_close = true;
        break;
    case 2:
        whole.target.login_reset = true;
        break;
    default:
        whole.target.login_class = (uint8_t)(status >> 8);
        whole.target.login_detail = (uint8_t)status;
    }
    later(some_time(), let_in);
    later(pick(50), cut);
}

/* Nothing helps against it: the account is locked. */
static void lock_out(void)
{
    if (!one_in(20)) {
        return;
    }
    w.locked = true;
    whole.target.login_at = 0;
    whole.target.login_class = 2;
    whole.target.login_detail = 1;
    cut();
}

static void wake(void)
{
    w.resting = false;
}

/* Nothing is asked for: what happens to an idle session? */
static void rest(void)
{
    w.resting = true;
    later(some_time(), wake);
}

static const struct {
    const char *name;
    void (*act)(void);
} strikes[] = {
    {"crash", crash},
    {"power off", power_off},
    {"unplug", unplug},
    {"vanish", vanish},
    {"freeze", freeze},
    {"cut", cut},
    {"cut", cut},
    {"cut", cut},
    {"lie", lie},
    {"lie", lie},
    {"lie", lie},
    {"flip", flip},
    {"flip", flip},
    {"flip", flip},
    {"flip", flip},
    {"async", say_async},
    {"nop", say_nop},
    {"reject", reject},
    {"bad answer", answer_badly},
    {"bad answer", answer_badly},
    {"short answer", answer_short},
    {"stop working", stop_working},
    {"stop working", stop_working},
    {"shut window", shut_window},
    {"keep out", keep_out},
    {"lock out", lock_out},
    {"rest", rest},
};

static void strike(void)
{
    unsigned i = pick(sizeof strikes / sizeof strikes[0]);

    if (!w.healed) {
        net_log(strikes[i].name);
        strikes[i].act();
    }
}

/* From now on everything is as it should be. What happened stays so. */
static void heal(void)
{
    w.healed = true;
    do_due(UINT64_MAX);
    w.truncate = 0;
    w.flip_on = 0;
    whole.cut = WHOLE_UNCUT;
    whole.target.script_count = 0;
    whole.target.config.segment = w.segment; /* a byte in each PDU, for ever, is no wire for a whole disk */
    whole.target.next_status_set = false;
    whole.target.next_response = 0;
    whole.target.short_by = 0;
    world_set_faults(&(struct lossy_config){.lose = 0});
}

/* ---- the wire ---- */

static bool is_truncated(void)
{
    return (world_random() & 0xffff) < w.truncate;
}

static size_t from_peer(void *arg, uint8_t *frame, size_t length)
{
    (void)arg;
    (void)frame;
    if (w.gone) {
        return 0;
    }
    return is_truncated() ? 14 + pick((unsigned)length - 14) : length;
}

static bool to_peer(void *arg, const uint8_t *frame, size_t length)
{
    (void)arg;
    if (!w.gone && !is_truncated()) {
        return false;
    }
    if (!w.gone) {
        peer_input(frame, 60 + pick((unsigned)length - 59)); /* lwIP itself reads past the end of less */
    }
    return true;
}

static void change_bytes(struct whole *of, uint8_t *bytes, size_t n)
{
    if (w.flip_on != of->connections) {
        return;
    }
    net_log("bytes are changed");
    for (unsigned left = 1 + pick(3); left > 0; left--) {
        bytes[pick((unsigned)n)] ^= (uint8_t)(1 + pick(255));
    }
    w.flip_on = 0;
}

/* ---- requests ---- */

static bool blocks_meet(const struct lun_request *a, const struct lun_request *b)
{
    return a->lba < b->lba + b->blocks && b->lba < a->lba + a->blocks;
}

/* A success must not have come before that of an earlier request that it depends on. */
static void check_order(const struct work *work)
{
    const struct lun_request *request = &work->request;

    for (const struct work *earlier = w.work; earlier != work; earlier = earlier->next) {
        bool writes = earlier->request.operation == LUN_WRITE;

        if (request->operation == LUN_FLUSH
                ? writes
                : (writes || request->operation == LUN_WRITE) && blocks_meet(&earlier->request, request)) {
            whole_fail(&whole, "a request was done before an earlier one that it depends on");
        }
    }
}

static void check_success(const struct work *work)
{
    const struct lun_request *request = &work->request;

    check_order(work);
    if (request->operation == LUN_READ &&
        !shadow_allows(&w.shadow, work->bytes, request->lba, request->blocks)) {
        whole_fail(&whole, "a read gave wrong bytes");
    }
}

static void tell_error(const struct lun_request *request)
{
    char line[120];

    snprintf(line, sizeof line, "request %d of %u blocks at %u: %s", (int)request->operation,
             (unsigned)request->blocks, (unsigned)request->lba, fault_name(request->fault.code));
    net_log(line);
}

static void settle(const struct work *work)
{
    const struct lun_request *request = &work->request;
    bool right = request->fault.code == FAULT_NONE;

    if (!right) {
        tell_error(request);
    }
    if (world_now() > work->limit_ms) {
        whole_fail(&whole, "a request lasted longer than its bound");
    }
    if (right) {
        check_success(work);
        counts.right++;
    } else if (request->fault.code == FAULT_CANCELLED) {
        counts.cancelled++;
    } else {
        counts.failed++;
    }
    if (request->operation == LUN_WRITE) {
        shadow_wrote(&w.shadow, request->lba, request->blocks, work->writer, right);
    }
}

static void forget(struct work **link)
{
    struct work *work = *link;

    *link = work->next;
    free(work->bytes);
    free(work);
    w.pending--;
}

static void collect(void)
{
    for (struct work **link = &w.work; *link != NULL;) {
        if ((*link)->request.state != LUN_REQUEST_DONE) {
            link = &(*link)->next;
            continue;
        }
        settle(*link);
        forget(link);
    }
}

static void submit(enum lun_operation operation, uint64_t lba, uint64_t blocks)
{
    struct work *work = calloc(1, sizeof *work), **end = &w.work;
    size_t size = (size_t)blocks * w.shadow.block_size;

    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = work;
    work->bytes = malloc(size + (size == 0));
    work->limit_ms = world_now() + w.request_ms + size / BYTES_PER_MS;
    work->request = (struct lun_request){.operation = operation, .lba = lba, .blocks = blocks, .owner = work};
    if (operation == LUN_WRITE) {
        work->writer = ++w.writers;
        shadow_fill(&w.shadow, work->bytes, lba, blocks, work->writer);
        work->request.out = work->bytes;
    } else if (operation == LUN_READ) {
        memset(work->bytes, 0xff, size); /* no writer's */
        work->request.in = work->bytes;
    }
    w.pending++;
    pump_submit(&whole.pump, &work->request);
}

static void submit_any(void)
{
    unsigned most = one_in(3) ? BYTES_MAX / w.shadow.block_size : 16;
    unsigned blocks = 1 + pick(most);

    w.issued++;
    if (one_in(20)) {
        submit(LUN_FLUSH, 0, 0);
    } else {
        submit(one_in(2) ? LUN_READ : LUN_WRITE, pick(w.shadow.count - blocks + 1), blocks);
    }
}

static void cancel_any(void)
{
    struct work *work = w.work;

    if (w.pending == 0) {
        return;
    }
    for (unsigned i = pick(w.pending); i > 0; i--) {
        work = work->next;
    }
    lun_cancel(whole.lun, &work->request);
    collect();
}

/* ---- one world ---- */

static uint64_t attend(struct whole *of)
{
    (void)of;
    do_due(world_now());
    collect();
    return next_due();
}

static bool is_open(struct whole *of)
{
    return of->lun->state == LUN_READY || of->lun->state == LUN_FAILED;
}

static bool is_worked_off(struct whole *of)
{
    (void)of;
    if (!w.resting && w.issued < REQUESTS && w.pending < w.in_flight && one_in(3)) {
        submit_any();
        if (one_in(12)) {
            later(pick(40), strike);
        }
        if (one_in(30)) {
            later(some_time(), cancel_any);
        }
    }
    return w.issued == REQUESTS && w.pending == 0;
}

/* Whatever may fail still, for the last thing that struck was a moment ago: in the end the disk is read. */
static bool is_mended(struct whole *of)
{
    static unsigned right;

    if (w.pending == 0) {
        if (counts.right != right && whole.lun->state == LUN_READY && w.issued > REQUESTS) {
            w.issued = REQUESTS;
            return true;
        }
        right = counts.right;
        w.issued++;
        submit(LUN_READ, 0, w.shadow.count);
    }
    return of->lun->state == LUN_FAILED;
}

static void draw_wire(uint64_t seed)
{
    struct world_config config = {.seed = seed, .with_peer = true};

    config.delay_ms = (uint32_t[]){0, 1, 1, 5, 30, 250}[seed % 6];
    config.bytes_per_ms = (uint32_t[]){0, 0, 0, 0, 125, 1250, 12500}[seed % 7];
    config.mtu = (uint16_t[]){1500, 1500, 576, 9000, 1280}[seed % 5];
    config.send_room = seed % 9 == 0 ? 4 : 0;
    if (seed % 3 != 0) {
        config.faults = (struct lossy_config){.lose = (uint16_t)(seed * 97 % 1500),
                                              .repeat = (uint16_t)(seed * 61 % 2000),
                                              .reorder = (uint16_t)(seed * 89 % 4000),
                                              .damage = (uint16_t)(seed * 31 % 800)};
    }
    world_begin(&config);
    w.truncate = seed % 4 == 0 ? (uint16_t)(seed * 41 % 800) : 0;
    world_set_filter(from_peer, NULL);
    world_add_station(to_peer, NULL);
    w.slow = config.delay_ms > 100 || (config.bytes_per_ms > 0 && config.bytes_per_ms < 1000);
    world_open_static((uint32_t[]){w.slow ? 65536 : 16384, 65536, 0}[pick(3)]);
}

static void draw_target(uint64_t seed)
{
    struct target_config config;

    whole_draw_target(&config, DISK_BYTES);
    config.time2wait = pick(4);
    config.header_digest = !one_in(4);
    config.data_digest = !one_in(4);
    if (one_in(2)) {
        config.chap_name = NULL;
    }
    whole_begin(&whole, seed, &config);
    w.segment = config.segment;
    w.lies = one_in(2);
    whole.target.stray_ok = w.lies;
    whole.wire = change_bytes;
    whole.attend = attend;
    shadow_init(&w.shadow, config.blocks, config.block_size);
    shadow_fill(&w.shadow, whole.target.disk, 0, config.blocks, 0);
}

static void draw_ourselves(void)
{
    struct session_config *config = &whole.config;

    config->login.policy = whole.target.config.chap_name == NULL ? LOGIN_AUTH_NONE : LOGIN_AUTH_MUTUAL;
    config->login.digests = one_in(4) ? KEYS_DIGEST_NONE : KEYS_DIGEST_PREFER;
    config->command_ms = (uint32_t[]){0, w.slow ? 0 : 3000, w.slow ? 0 : 10000}[pick(3)];
    config->ping_idle_ms = (uint32_t[]){0, 2000, UINT32_MAX}[pick(3)];
    config->lun_reset = one_in(4);
    config->queue_depth = (unsigned[]){0, 1, 4}[pick(3)];
    whole.target.reset_ok = config->lun_reset;
    whole.target.stray_ok |= config->lun_reset; /* it ends tasks whose data is on the way */
    w.in_flight = (unsigned[]){2, 8, w.slow ? 8 : 30}[pick(3)];
    w.request_ms = (uint32_t[]){w.slow ? 40000 : 10000, 40000, 180000}[pick(3)];
    whole.lun_config.request_ms = w.request_ms;
    whole.lun_config.max_transfer = (uint32_t[]){0, 8192, 32768}[pick(3)];
}

static void begin(uint64_t seed)
{
    memset(&w, 0, sizeof w);
    draw_wire(seed);
    draw_target(seed);
    draw_ourselves();
    for (unsigned i = one_in(4) ? 1 + pick(3) : 0; i > 0; i--) {
        later(pick(3000), strike); /* while the disk is being opened */
    }
    whole_start(&whole);
}

/* Only another disk and a refusal of ourselves, or by us, are final; lies and odd answers can lead there. */
static bool is_final(enum fault_code code)
{
    return code == FAULT_LUN_CHANGED || code == FAULT_LOGIN_STATUS ||
           (code >= FAULT_AUTH_METHOD && code <= FAULT_AUTH_NO_RANDOM);
}

static void check_given_up(void)
{
    bool strange = w.odd || whole.target.lies_told > 0;

    net_log(fault_name(whole.lun->fault.code));
    if (!w.locked && !(is_final(whole.lun->fault.code) && strange)) {
        whole_fail(&whole, "the disk was given up for good");
    }
}

static void work(void)
{
    if (!whole_until(&whole, is_worked_off, WORK_MS)) {
        whole_fail(&whole, "requests are stuck");
    }
    heal();
    if (!whole_until(&whole, is_mended, MEND_MS)) {
        whole_fail(&whole, "everything is well, and the disk does not work");
    }
    while (w.work != NULL) {
        cancel_any();
    }
    if (whole.lun->state == LUN_FAILED) {
        counts.given_up++;
        check_given_up();
    }
}

static void close_session(void)
{
    if (one_in(4)) {
        session_abort(whole.session);
    } else {
        session_logout(whole.session, 0);
    }
    if (!whole_until(&whole, whole_is_ended, 60000)) {
        whole_fail(&whole, "the session does not end");
    }
}

static void count(void)
{
    const struct lun_recovery *recovery = &whole.lun->recovery;

    counts.worlds++;
    counts.lost += recovery->losses;
    counts.recovered += recovery->losses - recovery->active;
    counts.logins += whole.target.logins;
}

static void check_end(void)
{
    if (whole.target.complaint != NULL && whole.target.lies_told == 0) {
        whole_fail(&whole, "an honest target complains");
    }
    if (!shadow_allows(&w.shadow, whole.target.disk, 0, w.shadow.count)) {
        whole_fail(&whole, "the disk is not what was written");
    }
}

static void run(uint64_t seed)
{
    static struct usage before;
    struct usage after;

    begin(seed);
    if (!whole_until(&whole, is_open, OPEN_MS)) {
        whole_fail(&whole, "the disk is neither ready nor given up");
    }
    if (whole.lun->state == LUN_READY) {
        work();
    } else {
        counts.never_ready++;
        heal();
    }
    count();
    close_session();
    check_end();
    whole_end(&whole);
    shadow_done(&w.shadow);
    after = usage_now();
    if (counts.worlds > 1) {
        usage_check_same(&before, &after);
    }
    before = after;
}

static void tell(void)
{
    print_message("%u worlds: %u requests right, %u ended in an error, %u cancelled; %u sessions lost, %u "
                  "recovered, %u logins; %u disks given up, %u never ready\n",
                  counts.worlds, counts.right, counts.failed, counts.cancelled, counts.lost, counts.recovered,
                  counts.logins, counts.given_up, counts.never_ready);
}

static void test_req_353_worlds_in_which_things_break(void **state)
{
    (void)state;
    world_each_seed(1, world_seeds(50), run);
    tell();
}

/* A thousand, in two halves, so that the runner's guard against hangs fits. */
static void soak_worlds_1001_to_1500(void **state)
{
    (void)state;
    world_each_seed(1001, 500, run);
    tell();
}

static void soak_worlds_1501_to_2000(void **state)
{
    (void)state;
    world_each_seed(1501, 500, run);
    tell();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_353_worlds_in_which_things_break),
        cmocka_unit_test(soak_worlds_1001_to_1500),
        cmocka_unit_test(soak_worlds_1501_to_2000),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
