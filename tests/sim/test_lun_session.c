/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A logical unit over the real session and the scripted target, in virtual time: what tests/unit/test_lun.c
 * plays, here passes through every PDU. At the end, requests drawn at random must read what a disk would give
 * that does one after the other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "iscsi/lun.h"
#include "tests/target/bench.h"

#define BLOCKS 4096u
#define GUARD  0xa5

static struct bench bench;
static struct lun lun;
static uint64_t lun_deadline;
static uint8_t data[BLOCKS * 512];

static int setup(void **state)
{
    (void)state;
    bench_init(&bench, NULL);
    memset(data, GUARD, sizeof data);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bench_done(&bench);
    return 0;
}

/* Session and logical unit, until neither has anything to do now. */
static void settle(void)
{
    unsigned before;

    do {
        bench_settle(&bench);
        before = bench.target.seen_count;
        lun_deadline = lun_step(&lun, bench.now_ms);
        bench_settle(&bench);
    } while (bench.target.seen_count != before);
    lun_deadline = lun_step(&lun, bench.now_ms);
}

/* The clock goes on to whatever comes next. False: nothing does. */
static bool pass_to_next(void)
{
    uint64_t next = bench.deadline_ms < lun_deadline ? bench.deadline_ms : lun_deadline;

    if (next == UINT64_MAX)
        return false;
    if (next > bench.now_ms)
        bench_pass(&bench, next - bench.now_ms);
    settle();
    return true;
}

static void start(const struct lun_config *config)
{
    lun_init(&lun, bench.session, config);
    lun_open(&lun);
}

static void open_with(const struct lun_config *config)
{
    bench_start(&bench);
    start(config);
    settle();
    while (lun.state == LUN_OPENING && pass_to_next())
        ;
}

static void open_lun(void)
{
    open_with(&(struct lun_config){.lun = {0, 1}});
    assert_int_equal(lun.state, LUN_READY);
    bench_no_complaint(&bench);
}

static void submit(struct lun_request *request)
{
    session_tick(bench.session, bench.now_ms);
    lun_step(&lun, bench.now_ms);
    lun_submit(&lun, request);
}

static enum fault_code finish(struct lun_request *request)
{
    settle();
    while (request->state != LUN_REQUEST_DONE && pass_to_next())
        ;
    assert_int_equal(request->state, LUN_REQUEST_DONE);
    return request->fault.code;
}

static struct lun_request reading(uint64_t lba, uint64_t blocks)
{
    return (struct lun_request){.operation = LUN_READ, .lba = lba, .blocks = blocks, .in = data};
}

static struct lun_request writing(uint64_t lba, uint64_t blocks, const uint8_t *out)
{
    return (struct lun_request){.operation = LUN_WRITE, .lba = lba, .blocks = blocks, .out = out};
}

static enum fault_code run(struct lun_request request)
{
    submit(&request);
    return finish(&request);
}

static void check_read(uint64_t lba, uint64_t blocks)
{
    size_t size = bench.target.config.block_size;

    memset(data, GUARD, sizeof data);
    assert_int_equal(run(reading(lba, blocks)), FAULT_NONE);
    assert_memory_equal(data, bench.target.disk + lba * size, blocks * size);
    for (size_t i = blocks * size; i < sizeof data; i++)
        if (data[i] != GUARD)
            fail_msg("byte %zu behind the request was written", i);
    bench_no_complaint(&bench);
}

static unsigned commands_seen(uint8_t opcode)
{
    unsigned count = 0;

    for (unsigned i = 0; i < bench.target.seen_count; i++)
        count += (bench.target.seen[i].header[0] & 0x3f) == 0x01 && bench.target.seen[i].header[32] == opcode;
    return count;
}

static void test_req_277_first_questions_over_the_wire(void **state)
{
    static const uint8_t order[][2] = {{0x12, 0},    {0x12, 0x00}, {0x12, 0x80}, {0x12, 0x83}, {0x12, 0xb0},
                                       {0x00, 0x00}, {0x25, 0},    {0x9e, 0},    {0x1a, 0x08}};
    unsigned at = 0;

    (void)state;
    open_lun();
    for (unsigned i = 0; i < bench.target.seen_count; i++) {
        const uint8_t *header = bench.target.seen[i].header;

        if ((header[0] & 0x3f) != 0x01)
            continue;
        assert_true(at < sizeof order / sizeof order[0]);
        assert_int_equal(header[32], order[at][0]);
        assert_int_equal(header[34], order[at][1]);
        at++;
    }
    assert_int_equal(at, sizeof order / sizeof order[0]);
    assert_string_equal(lun.info.identity.product, "MEMORY DISK");
    assert_string_equal(lun.info.serial, "SERIAL01");
    assert_int_equal(lun.info.designator.type, 3);
    assert_int_equal(lun.info.capacity.last_lba, BLOCKS - 1);
    assert_int_equal(lun.info.optimal_blocks, 128);
}

static void test_bytes_may_come_one_by_one(void **state)
{
    (void)state;
    bench.rx_piece = bench.tx_piece = 1;
    open_lun();
    check_read(5, 3);
}

static void test_a_missing_lun_is_told_with_those_there(void **state)
{
    (void)state;
    open_with(&(struct lun_config){.lun = {0, 9}});
    assert_int_equal(lun.state, LUN_FAILED);
    assert_int_equal(lun.fault.code, FAULT_NO_LUN);
    assert_int_equal(lun.present_count, 1);
    assert_int_equal(lun.present[0][1], 1);
    assert_int_equal(session_state(bench.session),
                     SESSION_READY); /* the session is still good for a logout */
    bench_no_complaint(&bench);
}

static void test_a_login_that_fails_is_the_luns_failure(void **state)
{
    (void)state;
    bench.target.login_at = 0;
    bench.target.login_class = 2;
    bench.target.login_detail = 3;
    open_with(&(struct lun_config){.lun = {0, 1}});
    assert_int_equal(lun.state, LUN_FAILED);
    assert_int_equal(lun.fault.code, FAULT_LOGIN_STATUS);
    assert_int_equal(lun.fault.login_detail, 3);
}

static void test_reads_in_every_shape_of_answer(void **state)
{
    static const uint32_t segments[] = {0, 512, 1000, 8192};

    for (unsigned shape = 0; shape < 4 * 4; shape++) {
        if (shape > 0) {
            teardown(state);
            setup(state);
        }
        bench.target.config.segment = segments[shape / 4];
        bench.target.config.interleave = shape & 1;
        bench.target.config.separate_status = shape & 2;
        open_lun();
        check_read(0, BLOCKS);
        check_read(BLOCKS - 1, 1);
        check_read(511, 700);
    }
}

static void test_req_292_blocks_of_4096_bytes(void **state)
{
    (void)state;
    bench_done(&bench);
    struct target_config config;

    target_default(&config);
    config.block_size = 4096;
    config.blocks = 512;
    bench_init(&bench, &config);
    open_lun();
    assert_int_equal(lun.info.capacity.block_size, 4096);
    check_read(0, 512);
    assert_int_equal(run(reading(512, 1)), FAULT_BAD_REQUEST);
}

static void test_answers_in_reverse_order(void **state)
{
    struct lun_request request = reading(0, BLOCKS);

    (void)state;
    open_lun();
    bench.target.hold = true;
    submit(&request);
    settle();
    assert_int_equal(commands_seen(0x88), 8);
    target_release_backwards(&bench.target);
    assert_int_equal(finish(&request), FAULT_NONE);
    assert_memory_equal(data, bench.target.disk, sizeof data);
    bench_no_complaint(&bench);
}

static void test_a_small_window_is_kept(void **state)
{
    struct lun_request request = reading(0, BLOCKS);

    (void)state;
    bench.target.config.window = 2;
    open_lun();
    bench.target.hold = true;
    submit(&request);
    settle();
    assert_int_equal(commands_seen(0x88), 2);
    target_release(&bench.target);
    assert_int_equal(finish(&request), FAULT_NONE);
    assert_memory_equal(data, bench.target.disk, sizeof data);
    bench_no_complaint(&bench); /* it would complain of a command beyond MaxCmdSN */
}

static void test_writes_of_every_kind(void **state)
{
    static uint8_t out[BLOCKS * 512];

    for (unsigned kind = 0; kind < 8; kind++) {
        if (kind > 0) {
            teardown(state);
            setup(state);
        }
        bench.target.config.immediate_data = kind & 1;
        bench.target.config.initial_r2t = kind & 2;
        bench.target.config.max_outstanding_r2t = kind & 4 ? 4 : 1;
        open_lun();
        for (size_t i = 0; i < sizeof out; i++)
            out[i] = (uint8_t)(i * 5 + i / 512 + kind);
        assert_int_equal(run(writing(1, BLOCKS - 2, out)), FAULT_NONE);
        assert_memory_equal(bench.target.disk + 512, out, (BLOCKS - 2) * 512);
        assert_int_equal(run((struct lun_request){.operation = LUN_FLUSH}), FAULT_NONE);
        assert_int_equal(commands_seen(0x35), 1);
        check_read(0, BLOCKS);
    }
}

static void test_statuses_that_are_tried_again(void **state)
{
    static const uint8_t statuses[] = {0x02 /* with a unit attention */, 0x08, 0x28, 0x40};

    (void)state;
    for (unsigned i = 0; i < sizeof statuses; i++) {
        if (i > 0) {
            teardown(state);
            setup(state);
        }
        open_lun();
        bench.target.next_status = statuses[i];
        bench.target.next_status_set = true;
        check_read(0, 1000);
        bench.target.next_status = statuses[i];
        bench.target.next_status_set = true;
        assert_int_equal(run(writing(7, 1, data)), FAULT_NONE);
        assert_memory_equal(bench.target.disk + 7 * 512, data, 512);
    }
}

static void test_a_response_other_than_completed_is_tried_again(void **state)
{
    (void)state;
    open_lun();
    bench.target.next_response = 1; /* target failure */
    check_read(0, 8);
}

static void test_req_214_short_reads_are_no_success(void **state)
{
    struct lun_request request = reading(0, 64);

    (void)state;
    open_lun();
    bench.target.short_by = 512;
    bench.target.short_honest = true;
    assert_int_equal(run(request), FAULT_SHORT_DATA);
    check_read(0, 64); /* the next one is whole */
    bench.target.short_by = 512;
    bench.target.short_honest = false;
    assert_int_equal(run(request), FAULT_SHORT_DATA); /* without a word about it */
}

static void test_req_220_a_cancelled_read_leaves_the_buffer_alone(void **state)
{
    struct lun_request request = reading(0, 1024);

    (void)state;
    open_lun();
    bench.target.hold = true;
    bench.target.stray_ok = true;
    submit(&request);
    settle();
    lun_cancel(&lun, &request);
    assert_int_equal(request.state, LUN_REQUEST_DONE);
    assert_int_equal(request.fault.code, FAULT_CANCELLED);
    target_release(&bench.target);
    settle();
    for (size_t i = 0; i < sizeof data; i++)
        assert_int_equal(data[i], GUARD);
    check_read(0, 1024);
}

static void test_req_237_a_write_after_a_cancelled_one_is_the_last(void **state)
{
    static uint8_t ones[64 * 512], twos[64 * 512];
    struct lun_request first = writing(0, 64, ones), second = writing(0, 64, twos);

    (void)state;
    memset(ones, 1, sizeof ones);
    memset(twos, 2, sizeof twos);
    open_lun();
    bench.target.hold = true;
    bench.target.stray_ok = true;
    submit(&first);
    settle();
    lun_cancel(&lun, &first);
    memset(ones, 3, sizeof ones); /* the buffer is ours again */
    submit(&second);
    target_release(&bench.target);
    assert_int_equal(finish(&second), FAULT_NONE);
    assert_memory_equal(bench.target.disk, twos, sizeof twos);
}

static void test_a_command_that_is_never_answered(void **state)
{
    struct lun_request request = reading(0, 8);
    uint64_t start_ms;

    (void)state;
    open_lun();
    start_ms = bench.now_ms;
    bench.target.hold = true;
    submit(&request);
    assert_int_equal(finish(&request), FAULT_COMMAND_TIMEOUT);
    assert_in_range(bench.now_ms - start_ms, 30000, 65000);
    assert_int_equal(commands_seen(0x88), 2); /* aborted, and once more */
    assert_int_equal(session_state(bench.session), SESSION_READY);
    bench.target.hold = false;
    check_read(0, 8);
}

static void test_a_lost_session_and_the_next_one(void **state)
{
    struct lun_request request = reading(0, 2048);

    (void)state;
    open_lun();
    bench.target.hold = true;
    submit(&request);
    settle();
    bench.target.reset_wanted = true;
    settle();
    bench.target.hold = false;
    assert_int_equal(finish(&request), FAULT_NONE);
    assert_int_equal(bench.target.logins, 2);
    check_read(0, 100);
    assert_int_equal(commands_seen(0x25), 2); /* who it is was asked before anything was read */
}

static void test_req_013_another_disk_after_the_login_is_refused(void **state)
{
    (void)state;
    open_lun();
    bench.target.reset_wanted = true;
    settle();
    bench.target.config.blocks /= 2;
    assert_int_equal(run(reading(0, 1)), FAULT_LUN_CHANGED);
    assert_int_equal(commands_seen(0x88), 0);
}

static void test_req_244_an_asynchronous_attention_is_looked_into(void **state)
{
    static const uint8_t event[20] = {0, 18, 0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x2a, 0x09};

    (void)state;
    open_lun();
    target_send_async(&bench.target, 0, 0, 0, 0, event, sizeof event);
    settle();
    assert_int_equal(commands_seen(0x25), 2);
    assert_int_equal(lun.state, LUN_READY);
    bench.target.config.blocks /= 2;
    target_send_async(&bench.target, 0, 0, 0, 0, event, sizeof event);
    settle();
    assert_int_equal(commands_seen(0x25), 2); /* not in an endless round: a second later */
    bench_pass(&bench, 1000);
    settle();
    assert_int_equal(lun.state, LUN_FAILED);
    assert_int_equal(lun.fault.code, FAULT_LUN_CHANGED);
}

static void test_a_logout_ends_what_is_under_way(void **state)
{
    struct lun_request request = reading(0, 2048);

    (void)state;
    open_lun();
    bench.target.hold = true;
    bench.target.stray_ok = true;
    submit(&request);
    settle();
    lun_cancel_all(&lun);
    session_logout(bench.session, 0);
    assert_true(bench_until(&bench, SESSION_CLOSED, 10000));
    assert_int_equal(request.fault.code, FAULT_CANCELLED);
}

/* --- Any requests, in any order --- */

#define RANDOM_BLOCKS   96u
#define RANDOM_REQUESTS 200u

static uint32_t random_state;

static uint32_t draw(uint32_t below)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % below;
}

struct random_request {
    struct lun_request request;
    uint8_t expected[RANDOM_BLOCKS * 512], buffer[RANDOM_BLOCKS * 512];
};

static struct random_request requests[RANDOM_REQUESTS];
static uint8_t model[RANDOM_BLOCKS * 512];

static void make_request(struct random_request *random)
{
    uint32_t lba = draw(RANDOM_BLOCKS),
             blocks = 1 + draw(RANDOM_BLOCKS - lba < 24 ? RANDOM_BLOCKS - lba : 24);
    size_t at = lba * 512, length = blocks * 512;

    if (draw(8) == 0) {
        random->request = (struct lun_request){.operation = draw(2) ? LUN_FLUSH : LUN_PROBE};
        return;
    }
    if (draw(2)) {
        for (size_t i = 0; i < length; i++)
            random->buffer[i] = (uint8_t)draw(256);
        memcpy(model + at, random->buffer, length);
        random->request = writing(lba, blocks, random->buffer);
        return;
    }
    memcpy(random->expected, model + at, length);
    random->request = reading(lba, blocks);
    random->request.in = random->buffer;
}

static void trouble(void)
{
    static const uint8_t statuses[] = {0x02, 0x08, 0x28, 0x40};

    if (draw(6) == 0) {
        bench.target.next_status = statuses[draw(4)];
        bench.target.next_status_set = true;
    }
    if (draw(10) == 0)
        bench.target.hold = true;
    else if (bench.target.hold && draw(2))
        target_release(&bench.target);
    else if (bench.target.hold)
        target_release_backwards(&bench.target);
}

static void check_requests(void)
{
    for (unsigned i = 0; i < RANDOM_REQUESTS; i++) {
        const struct lun_request *request = &requests[i].request;

        assert_int_equal(request->state, LUN_REQUEST_DONE);
        if (request->fault.code != FAULT_NONE)
            fail_msg("request %u: %s", i, fault_name(request->fault.code));
        if (request->operation == LUN_READ &&
            memcmp(requests[i].expected, requests[i].buffer, request->blocks * 512) != 0)
            fail_msg("request %u read what was not there when its turn came", i);
    }
    assert_memory_equal(bench.target.disk, model, sizeof model);
}

static void play(uint32_t seed)
{
    random_state = seed;
    memset(requests, 0, sizeof requests);
    bench.target.config.interleave = draw(2);
    bench.target.config.separate_status = draw(2);
    bench.target.config.segment = draw(2) ? 0 : 512 + draw(4096);
    bench.target.config.window = 1 + draw(16);
    bench.target.config.immediate_data = draw(2);
    bench.target.config.initial_r2t = draw(2);
    bench.rx_piece = draw(2) ? 0 : 1 + draw(2000);
    bench.tx_piece = draw(2) ? 0 : 1 + draw(2000);
    open_with(&(struct lun_config){
        .lun = {0, 1}, .max_transfer = 512 * (1 + draw(9)), .queue_depth = 1 + draw(20)});
    assert_int_equal(lun.state, LUN_READY);
    memcpy(model, bench.target.disk, sizeof model);
    for (unsigned i = 0; i < RANDOM_REQUESTS; i++) {
        make_request(&requests[i]);
        submit(&requests[i].request);
        trouble();
        if (draw(3) == 0)
            settle();
    }
    if (bench.target.hold)
        target_release(&bench.target);
    for (unsigned i = 0; i < RANDOM_REQUESTS; i++)
        finish(&requests[i].request);
    check_requests();
    bench_no_complaint(&bench);
}

static void play_seeds(void **state, uint32_t first, uint32_t count)
{
    for (uint32_t seed = first; seed < first + count; seed++) {
        if (seed > first) {
            teardown(state);
            setup(state);
        }
        print_message("# seed %u\n", seed);
        play(seed);
    }
}

static void test_req_237_random_requests_are_as_if_one_after_the_other(void **state)
{
    play_seeds(state, 1, 30);
}

static void soak_random_requests(void **state)
{
    play_seeds(state, 1000, 3000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_req_277_first_questions_over_the_wire),
        TEST(test_bytes_may_come_one_by_one),
        TEST(test_a_missing_lun_is_told_with_those_there),
        TEST(test_a_login_that_fails_is_the_luns_failure),
        TEST(test_reads_in_every_shape_of_answer),
        TEST(test_req_292_blocks_of_4096_bytes),
        TEST(test_answers_in_reverse_order),
        TEST(test_a_small_window_is_kept),
        TEST(test_writes_of_every_kind),
        TEST(test_statuses_that_are_tried_again),
        TEST(test_a_response_other_than_completed_is_tried_again),
        TEST(test_req_214_short_reads_are_no_success),
        TEST(test_req_220_a_cancelled_read_leaves_the_buffer_alone),
        TEST(test_req_237_a_write_after_a_cancelled_one_is_the_last),
        TEST(test_a_command_that_is_never_answered),
        TEST(test_a_lost_session_and_the_next_one),
        TEST(test_req_013_another_disk_after_the_login_is_refused),
        TEST(test_req_244_an_asynchronous_attention_is_looked_into),
        TEST(test_a_logout_ends_what_is_under_way),
        TEST(test_req_237_random_requests_are_as_if_one_after_the_other),
        TEST(soak_random_requests),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
