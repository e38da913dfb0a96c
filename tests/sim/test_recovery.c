/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A session that is lost under a disk, at every byte and in every way (RFC 7143 section 7.1.4.4): what was in
 * flight is done again, whole, on the same disk alone, and within its time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/target/diskbench.h"

#define REQUEST_MS 180000u
#define BLOCKS     24u /* Data-In and R2T in several PDUs */

static struct diskbench disk;
static uint8_t data[1024 * 512], out[1024 * 512];

static int setup(void **state)
{
    (void)state;
    diskbench_init(&disk);
    memset(data, 0xa5, sizeof data);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    diskbench_done(&disk);
    return 0;
}

static void again(void)
{
    diskbench_done(&disk);
    setup(NULL);
}

static struct lun_request reading(uint64_t lba, uint64_t blocks)
{
    return (struct lun_request){.operation = LUN_READ, .lba = lba, .blocks = blocks, .in = data};
}

static struct lun_request writing(uint64_t lba, uint64_t blocks, unsigned writer)
{
    diskbench_fill(out, lba, blocks, writer);
    return (struct lun_request){.operation = LUN_WRITE, .lba = lba, .blocks = blocks, .out = out};
}

static enum fault_code run(struct lun_request request)
{
    diskbench_submit(&disk, &request);
    return diskbench_finish(&disk, &request, REQUEST_MS + 1000);
}

static void check_read(uint64_t lba, uint64_t blocks, unsigned writer)
{
    memset(data, 0xa5, blocks * 512);
    assert_int_equal(run(reading(lba, blocks)), FAULT_NONE);
    assert_int_equal(diskbench_differences(data, lba, blocks, writer), 0);
}

static unsigned commands(uint8_t opcode)
{
    unsigned count = 0;

    for (unsigned i = 0; i < disk.bench.target.seen_count; i++) {
        const uint8_t *header = disk.bench.target.seen[i].header;

        count += (header[0] & 0x3f) == 0x01 && header[32] == opcode;
    }
    return count;
}

/* --- At every byte --- */

static void small_pieces(void)
{
    disk.bench.target.config.segment = 2048;
    disk.bench.target.config.max_recv = 2048;
    disk.bench.target.config.first_burst = 2048;
    disk.bench.target.config.max_burst = 4096;
}

/* The bytes that one exchange takes in each direction. */
static void measure(bool write, size_t *ret_rx, size_t *ret_tx)
{
    size_t rx, tx;

    small_pieces();
    diskbench_open(&disk);
    rx = disk.bench.rx_total;
    tx = disk.bench.tx_total;
    assert_int_equal(write ? run(writing(8, BLOCKS, 1)) : run(reading(8, BLOCKS)), FAULT_NONE);
    *ret_rx = disk.bench.rx_total - rx;
    *ret_tx = disk.bench.tx_total - tx;
    again();
}

static void cut_once(bool write, enum bench_cut how, size_t rx, size_t tx)
{
    struct lun_request request = write ? writing(8, BLOCKS, 1) : reading(8, BLOCKS);

    small_pieces();
    diskbench_open(&disk);
    disk.bench.cut = how;
    disk.bench.cut_rx = rx != 0 ? disk.bench.rx_total + rx : 0;
    disk.bench.cut_tx = tx != 0 ? disk.bench.tx_total + tx : 0;
    assert_int_equal(run(request), FAULT_NONE);
    if (write)
        assert_int_equal(diskbench_differences(disk.bench.target.disk + 8 * 512, 8, BLOCKS, 1), 0);
    else
        assert_int_equal(diskbench_differences(data, 8, BLOCKS, 0), 0);
    check_read(0, 8, 0);
    bench_no_complaint(&disk.bench);
    again();
}

static void cut_everywhere(bool write)
{
    static const enum bench_cut ways[] = {BENCH_CUT_FIN, BENCH_CUT_RST, BENCH_CUT_SILENCE};
    size_t rx, tx, at = 0;

    measure(write, &rx, &tx);
    /* Every byte of the headers and of what is around them; of the data in between each 197th. */
    for (at = 1; at <= rx; at += at % 2096 < 60 || rx - at < 60 ? 1 : 197)
        cut_once(write, ways[at % 3], at, 0);
    for (at = 1; at <= tx; at += at % 2096 < 60 || tx - at < 60 ? 1 : 197)
        cut_once(write, ways[at % 3], 0, at);
}

static void test_req_267_a_read_survives_a_loss_at_any_byte(void **state)
{
    (void)state;
    cut_everywhere(false);
}

static void test_req_236_a_write_is_sent_again_whole(void **state)
{
    (void)state;
    cut_everywhere(true);
}

/* --- The target is away --- */

/* The target loses its sessions and is not there until the test says so. */
static void away(enum bench_mode mode)
{
    struct bench *bench = &disk.bench;

    bench->portal_count = 1;
    bench->portals[0] = (struct bench_portal){.port = bench->config.portals[0].port, .mode = mode};
    bench->cut = BENCH_CUT_RST;
    bench->cut_tx = bench->tx_total + 1;
}

static enum fault_code run_while_away(struct lun_request request, uint64_t ms)
{
    uint64_t back_ms = disk.bench.now_ms + ms;

    diskbench_submit(&disk, &request);
    diskbench_settle(&disk);
    while (request.state != LUN_REQUEST_DONE && diskbench_next(&disk, back_ms))
        ;
    disk.bench.portals[0].mode = BENCH_ACCEPT;
    return diskbench_finish(&disk, &request, REQUEST_MS);
}

static void test_req_267_an_outage_of_a_minute_is_survived(void **state)
{
    static const enum bench_mode ways[] = {BENCH_REFUSE, BENCH_IGNORE, BENCH_UNREACHABLE, BENCH_MUTE};

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        diskbench_open(&disk);
        away(ways[i]);
        assert_int_equal(run_while_away(reading(0, 64), 75000), FAULT_NONE);
        assert_int_equal(diskbench_differences(data, 0, 64, 0), 0);
        assert_false(disk.lun.recovery.active);
        assert_int_equal(disk.lun.recovery.losses, 1);
        again();
    }
}

static void test_req_268_a_target_that_stays_away_is_an_error_in_time(void **state)
{
    struct lun_request request = reading(0, 64);
    uint64_t start_ms;

    (void)state;
    diskbench_open(&disk);
    away(BENCH_REFUSE);
    start_ms = disk.bench.now_ms;
    diskbench_submit(&disk, &request);
    assert_int_equal(diskbench_finish(&disk, &request, REQUEST_MS + 2000), FAULT_TCP_REFUSED);
    assert_in_range(disk.bench.now_ms - start_ms, REQUEST_MS - 1000, REQUEST_MS + 2000);
    /* It was asked often enough to be found soon, and not in a storm. */
    assert_in_range(bench_count_actions(&disk.bench, SESSION_CONNECT), 10, 120);
    /* Whoever asks next does not wait for all that time again. */
    start_ms = disk.bench.now_ms;
    diskbench_submit(&disk, &request);
    assert_int_equal(diskbench_finish(&disk, &request, REQUEST_MS), FAULT_TCP_REFUSED);
    assert_in_range(disk.bench.now_ms - start_ms, 1000, 6000);
    disk.bench.portals[0].mode = BENCH_ACCEPT; /* it was not given up for good */
    diskbench_pass(&disk, 20000);
    check_read(0, 64, 0);
    away(BENCH_REFUSE); /* and the next outage is waited for again */
    start_ms = disk.bench.now_ms;
    diskbench_submit(&disk, &request);
    assert_int_equal(diskbench_finish(&disk, &request, REQUEST_MS + 2000), FAULT_TCP_REFUSED);
    assert_in_range(disk.bench.now_ms - start_ms, REQUEST_MS - 1000, REQUEST_MS + 2000);
}

static void test_a_request_that_ends_early_tells_what_went_wrong_last(void **state)
{
    struct lun_request request = reading(0, 64);

    (void)state;
    disk.bench.config.attempts = 4; /* the session goes on trying */
    disk.config.request_ms = 3000;
    diskbench_open(&disk);
    away(BENCH_REFUSE);
    diskbench_submit(&disk, &request);
    assert_int_equal(diskbench_finish(&disk, &request, 10000), FAULT_TCP_REFUSED);
    assert_int_equal(session_state(disk.bench.session), SESSION_PAUSING);
}

/* A disk that refuses is there: nobody has waited in vain. */
static void test_req_268_a_refusal_takes_nothing_off_the_next_request(void **state)
{
    struct lun_request request = reading(0, 64);
    uint64_t start_ms;

    (void)state;
    diskbench_open(&disk);
    disk.bench.target.next_status = 0x18; /* RESERVATION CONFLICT */
    disk.bench.target.next_status_set = true;
    assert_int_equal(run(reading(0, 8)), FAULT_SCSI_STATUS);
    diskbench_pass(&disk, REQUEST_MS);
    away(BENCH_REFUSE);
    start_ms = disk.bench.now_ms;
    diskbench_submit(&disk, &request);
    assert_int_equal(diskbench_finish(&disk, &request, REQUEST_MS + 2000), FAULT_TCP_REFUSED);
    assert_in_range(disk.bench.now_ms - start_ms, REQUEST_MS - 1000, REQUEST_MS + 2000);
}

static void test_req_269_the_target_is_given_its_time(void **state)
{
    struct lun_request request = reading(0, 8);
    uint64_t lost_ms;

    (void)state;
    disk.bench.target.config.time2wait = 7;
    diskbench_open(&disk);
    disk.bench.cut = BENCH_CUT_RST;
    disk.bench.cut_tx = disk.bench.tx_total + 1;
    lost_ms = disk.bench.now_ms;
    diskbench_submit(&disk, &request);
    assert_int_equal(diskbench_finish(&disk, &request, REQUEST_MS), FAULT_NONE);
    assert_true(disk.bench.now_ms - lost_ms >= 7000);
}

/* --- Who comes back --- */

static void test_req_264_the_session_is_reinstated(void **state)
{
    uint8_t isid[6];

    (void)state;
    diskbench_open(&disk);
    memcpy(isid, disk.bench.target.isid, sizeof isid);
    disk.bench.cut = BENCH_CUT_FIN;
    disk.bench.cut_rx = disk.bench.rx_total + 100;
    check_read(0, 64, 0);
    assert_int_equal(disk.bench.target.logins, 2);
    assert_memory_equal(disk.bench.target.isid, isid, sizeof isid);
    for (unsigned i = 0; i < disk.bench.target.seen_count; i++) {
        const uint8_t *header = disk.bench.target.seen[i].header;

        if ((header[0] & 0x3f) == 0x03 && disk.bench.target.seen[i].data_length > 0 &&
            (header[1] & 0x0c) == 0)
            assert_int_equal(header[14] << 8 | header[15], 0); /* TSIH */
    }
}

static void test_req_013_another_size_after_a_loss_is_refused(void **state)
{
    (void)state;
    diskbench_open(&disk);
    disk.bench.target.config.blocks /= 2;
    disk.bench.cut = BENCH_CUT_RST;
    disk.bench.cut_tx = disk.bench.tx_total + 1;
    assert_int_equal(run(reading(0, 8)), FAULT_LUN_CHANGED);
    assert_int_equal(commands(0x88), 0);
    assert_int_equal(run(reading(0, 8)), FAULT_LUN_CHANGED); /* for good */
}

static void test_req_274_identity_is_asked_before_anything_is_sent_again(void **state)
{
    unsigned at = 0, inquiry = 0;

    (void)state;
    diskbench_open(&disk);
    disk.bench.cut = BENCH_CUT_RST;
    disk.bench.cut_rx = disk.bench.rx_total + 1;
    check_read(0, 8, 0);
    for (unsigned i = 0, reads = 0; i < disk.bench.target.seen_count; i++) {
        const uint8_t *header = disk.bench.target.seen[i].header;

        if ((header[0] & 0x3f) != 0x01)
            continue;
        if (header[32] == 0x12 && reads == 1)
            inquiry = i;
        if (header[32] == 0x88 && ++reads == 2)
            at = i;
    }
    assert_true(inquiry > 0 && inquiry < at);
}

/* A unit attention asks who is there, and for longer than any retry lasts nobody says. */
static enum fault_code run_while_mute(struct lun_request request, uint64_t ms)
{
    disk.bench.target.next_status = 0x02;
    disk.bench.target.next_status_set = disk.bench.target.hold = true;
    diskbench_submit(&disk, &request);
    diskbench_settle(&disk);
    target_release(&disk.bench.target);
    disk.bench.target.hold = true;
    diskbench_pass(&disk, ms);
    target_release(&disk.bench.target);
    return diskbench_finish(&disk, &request, REQUEST_MS);
}

static void test_req_274_a_disk_that_answers_late_after_an_attention_is_asked_again(void **state)
{
    (void)state;
    diskbench_open(&disk);
    assert_int_equal(run_while_mute(reading(0, 64), 100000), FAULT_NONE);
    assert_int_equal(diskbench_differences(data, 0, 64, 0), 0);
    assert_int_equal(disk.lun.recovery.losses, 0);
    assert_int_equal(run_while_mute(reading(64, 64), REQUEST_MS + 20000), FAULT_COMMAND_TIMEOUT);
    diskbench_pass(&disk, 20000);
    check_read(0, 64, 0); /* it was not given up for good */
}

/* SAM: the nexus was lost, and the target says so on the first commands of the next one. It costs no time. */
static void test_req_273_attentions_after_a_recovery_are_expected(void **state)
{
    uint64_t start_ms, quiet_ms = 0;

    (void)state;
    for (unsigned attentions = 0; attentions <= 3; attentions++) {
        disk.bench.target.config.attentions = attentions;
        diskbench_open(&disk);
        disk.bench.cut = BENCH_CUT_RST;
        disk.bench.cut_tx = disk.bench.tx_total + 1;
        start_ms = disk.bench.now_ms;
        assert_int_equal(run(writing(8, BLOCKS, 1)), FAULT_NONE);
        quiet_ms = attentions == 0 ? disk.bench.now_ms - start_ms : quiet_ms;
        assert_int_equal(disk.bench.now_ms - start_ms, quiet_ms);
        assert_int_equal(diskbench_differences(disk.bench.target.disk + 8 * 512, 8, BLOCKS, 1), 0);
        assert_int_equal(disk.bench.target.logins, 2);
        assert_int_equal(disk.bench.target.attentions_left, 0);
        again();
    }
}

/* --- Budgets --- */

/* Every answer to this command kills the session. */
static void test_req_268_a_command_that_kills_each_session_is_given_up(void **state)
{
    struct lun_request request = reading(0, 8);

    (void)state;
    diskbench_open(&disk);
    disk.bench.target.deadly_opcode = 0x88;
    diskbench_submit(&disk, &request);
    assert_int_equal(diskbench_finish(&disk, &request, REQUEST_MS), FAULT_TCP_RESET);
    assert_int_equal(commands(0x88), LUN_LOSSES_MAX);
    disk.bench.target.deadly_opcode = 0;
    check_read(16, 8, 0); /* it was not given up for good */
}

static void test_req_268_progress_fills_the_budget_again(void **state)
{
    struct lun_request request = reading(0, 1024);

    (void)state;
    disk.config.max_transfer = 4096;
    disk.config.queue_depth = 1;
    diskbench_open(&disk);
    diskbench_submit(&disk, &request);
    while (request.state != LUN_REQUEST_DONE) {
        if (disk.bench.cut == BENCH_CUT_NONE) {
            disk.bench.cut = BENCH_CUT_RST; /* about every tenth command */
            disk.bench.cut_rx = disk.bench.rx_total + 50000;
        }
        assert_true(diskbench_next(&disk, disk.bench.now_ms + REQUEST_MS));
    }
    assert_int_equal(request.fault.code, FAULT_NONE);
    assert_true(disk.lun.recovery.losses > LUN_LOSSES_MAX);
    assert_int_equal(diskbench_differences(data, 0, 1024, 0), 0);
}

/* --- The caller --- */

static void test_req_220_a_request_cancelled_while_the_session_is_away(void **state)
{
    struct lun_request request = reading(0, 64), other = reading(64, 8);

    (void)state;
    diskbench_open(&disk);
    other.in = data + 64 * 512;
    disk.bench.cut = BENCH_CUT_RST;
    disk.bench.cut_rx = disk.bench.rx_total + 600;
    diskbench_submit(&disk, &request);
    diskbench_submit(&disk, &other);
    diskbench_settle(&disk);
    assert_true(disk.lun.recovery.active);
    lun_cancel(&disk.lun, &request);
    assert_int_equal(request.state, LUN_REQUEST_DONE);
    memset(data, 0xa5, 64 * 512);
    assert_int_equal(diskbench_finish(&disk, &other, REQUEST_MS), FAULT_NONE);
    for (unsigned i = 0; i < 64 * 512; i++)
        assert_int_equal(data[i], 0xa5);
    assert_int_equal(diskbench_differences(data + 64 * 512, 64, 8, 0), 0);
}

static void test_an_idle_session_is_opened_again(void **state)
{
    (void)state;
    diskbench_open(&disk);
    disk.bench.target.reset_wanted = true;
    diskbench_settle(&disk);
    assert_true(disk.lun.recovery.active);
    diskbench_pass(&disk, 20000);
    assert_int_equal(session_state(disk.bench.session), SESSION_READY);
    assert_int_equal(disk.bench.target.logins, 2);
    assert_false(disk.lun.recovery.active);
}

static void test_req_245_a_logout_that_the_target_asked_for_is_followed_by_a_login(void **state)
{
    struct lun_request request = reading(0, 64);

    (void)state;
    diskbench_open(&disk);
    target_send_async(&disk.bench.target, 1, 0, 0, 3, NULL, 0);
    diskbench_submit(&disk, &request);
    assert_int_equal(diskbench_finish(&disk, &request, REQUEST_MS), FAULT_NONE);
    diskbench_pass(&disk, 30000);
    assert_int_equal(disk.bench.target.count[0x06], 1);
    assert_int_equal(disk.bench.target.logins, 2);
    check_read(64, 64, 0);
}

static void test_req_246_a_drop_that_was_announced_is_waited_out(void **state)
{
    uint64_t start_ms;

    (void)state;
    diskbench_open(&disk);
    start_ms = disk.bench.now_ms;
    target_send_async(&disk.bench.target, 3, 0, 9, 0, NULL, 0);
    diskbench_settle(&disk);
    check_read(0, 64, 0);
    assert_in_range(disk.bench.now_ms - start_ms, 9000, 15000);
    assert_int_equal(disk.bench.target.logins, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_req_267_a_read_survives_a_loss_at_any_byte),
        TEST(test_req_236_a_write_is_sent_again_whole),
        TEST(test_req_267_an_outage_of_a_minute_is_survived),
        TEST(test_req_268_a_target_that_stays_away_is_an_error_in_time),
        TEST(test_req_268_a_refusal_takes_nothing_off_the_next_request),
        TEST(test_a_request_that_ends_early_tells_what_went_wrong_last),
        TEST(test_req_269_the_target_is_given_its_time),
        TEST(test_req_264_the_session_is_reinstated),
        TEST(test_req_013_another_size_after_a_loss_is_refused),
        TEST(test_req_274_identity_is_asked_before_anything_is_sent_again),
        TEST(test_req_274_a_disk_that_answers_late_after_an_attention_is_asked_again),
        TEST(test_req_273_attentions_after_a_recovery_are_expected),
        TEST(test_req_268_a_command_that_kills_each_session_is_given_up),
        TEST(test_req_268_progress_fills_the_budget_again),
        TEST(test_req_220_a_request_cancelled_while_the_session_is_away),
        TEST(test_an_idle_session_is_opened_again),
        TEST(test_req_245_a_logout_that_the_target_asked_for_is_followed_by_a_login),
        TEST(test_req_246_a_drop_that_was_announced_is_waited_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
