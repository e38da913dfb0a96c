/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands and Data-In (requirements of section N).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "iscsi/bytes.h"
#include "tests/target/bench.h"

#define BLOCKS 256
#define GUARD  0xa5

static struct bench bench;
static struct task task;
static uint8_t data[BLOCKS * 512];

static int setup(void **state)
{
    (void)state;
    bench_init(&bench, NULL);
    memset(data, GUARD, sizeof(data));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bench_done(&bench);
    return 0;
}

static void again(void **state)
{
    teardown(state);
    setup(state);
}

static void read_blocks(uint16_t blocks)
{
    bench_read(&task, 0, blocks, data);
    assert_true(session_submit(bench.session, &task));
    bench_settle(&bench);
}

static void lost_with(enum fault_code code)
{
    assert_int_equal(session_state(bench.session), SESSION_FAILED);
    if (session_fault(bench.session)->code != code)
        fail_msg("%s instead of %s", fault_name(session_fault(bench.session)->code), fault_name(code));
    assert_int_equal(task.state, TASK_DONE);
    assert_int_equal(task.fault.code, FAULT_SESSION_LOST);
}

/* What was not reported as received is untouched (REQ-223). */
static void untouched_from(size_t at)
{
    for (size_t i = at; i < sizeof(data); i++)
        assert_int_equal(data[i], GUARD);
}

static const uint8_t *last_command(void)
{
    static const uint8_t none[48];

    for (unsigned i = bench.target.seen_count; i > 0; i--) {
        if ((bench.target.seen[i - 1].header[0] & 0x3f) == 0x01)
            return bench.target.seen[i - 1].header;
    }
    return none;
}

static void test_req_204_205_fields_of_the_command(void **state)
{
    const uint8_t *header;
    static uint8_t out[512];
    static const uint8_t zero[16];

    (void)state;
    bench_ready(&bench);
    read_blocks(9);
    header = last_command();
    assert_int_equal(header[0], 0x01);
    assert_int_equal(header[1], 0x80 | 0x40 | 0x01); /* F, R, simple */
    assert_int_equal(bytes_get32(header + 20), 9 * 512);
    assert_memory_equal(header + 8, task.lun, 8);
    assert_memory_equal(header + 32, task.cdb, 16);
    assert_int_equal(bytes_get16(header + 2), 0); /* reserved */
    bench_write(&task, 0, 1, out);
    assert_true(session_submit(bench.session, &task));
    bench_settle(&bench);
    assert_int_equal(last_command()[1], 0x80 | 0x20 | 0x01);
    bench_unit_ready(&task);
    assert_true(session_submit(bench.session, &task));
    bench_settle(&bench);
    assert_int_equal(last_command()[1], 0x80 | 0x01);
    assert_memory_equal(last_command() + 32, zero, 16);
    bench_no_complaint(&bench);
}

static void fails_with(void **state, const char *lie, unsigned skip, enum fault_code code)
{
    bench.target.config.segment = 1024;
    bench_ready(&bench);
    assert_true(target_lie(&bench.target, lie, skip));
    read_blocks(16);
    lost_with(code);
    again(state);
}

static void test_req_206_data_sn_gap_or_repeat(void **state)
{
    fails_with(state, "data-in-sn-gap", 0, FAULT_PROTOCOL_DATASN);
    fails_with(state, "data-in-sn-gap", 3, FAULT_PROTOCOL_DATASN);
    fails_with(state, "data-in-sn-repeat", 0, FAULT_PROTOCOL_DATASN);
    fails_with(state, "data-in-sn-repeat", 2, FAULT_PROTOCOL_DATASN);
    fails_with(state, "drop-data-in", 1, FAULT_PROTOCOL_DATASN);
    fails_with(state, "twice-data-in", 1, FAULT_PROTOCOL_DATASN);
}

static void test_req_206_unknown_itt(void **state)
{
    fails_with(state, "data-in-itt", 0, FAULT_PROTOCOL_TAG);
}

static void test_req_207_208_offsets(void **state)
{
    fails_with(state, "data-in-offset-gap", 0, FAULT_PROTOCOL_OFFSET);
    fails_with(state, "data-in-offset-gap", 2, FAULT_PROTOCOL_OFFSET);
    fails_with(state, "data-in-offset-back", 2, FAULT_PROTOCOL_OFFSET);
    fails_with(state, "data-in-offset-huge", 1, FAULT_PROTOCOL_OFFSET);
    fails_with(state, "data-in-offset-zero", 5, FAULT_PROTOCOL_OFFSET);
}

/* Data by hand for the command that is held. */
static void send_data_in(uint32_t sn, uint32_t offset, uint32_t length, uint8_t flags)
{
    static uint8_t bytes[65536];
    uint8_t header[48] = {0x25, flags};

    memcpy(header + 16, last_command() + 16, 4);
    target_put(header, 20, 4, 0xffffffff);
    target_put(header, 36, 4, sn);
    target_put(header, 40, 4, offset);
    memset(bytes, 0x5a, sizeof(bytes));
    target_send(&bench.target, header, bytes, length, flags & 1);
    bench_settle(&bench);
}

static void hold_read(uint16_t blocks)
{
    bench_ready(&bench);
    bench.target.hold = true;
    read_blocks(blocks);
}

static void test_req_207_not_one_byte_beyond_the_transfer(void **state)
{
    hold_read(2);
    send_data_in(0, 0, 1025, 0x81);
    lost_with(FAULT_PROTOCOL_OFFSET);
    untouched_from(0);
    again(state);
    hold_read(2);
    send_data_in(0, 0, 1000, 0);
    send_data_in(1, 1000, 25, 0x81);
    lost_with(FAULT_PROTOCOL_OFFSET);
    untouched_from(1000);
    again(state);
    hold_read(2);
    send_data_in(0, 0xffffff00, 512, 0x81); /* offset + length wraps */
    lost_with(FAULT_PROTOCOL_OFFSET);
    untouched_from(0);
}

static void test_req_209_any_size_in_any_mix(void **state)
{
    static const uint32_t sizes[] = {1,   2,    3,    4,    5,    7,    511,   512,
                                     513, 1000, 4096, 8191, 8192, 8193, 40000, 65536};

    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        bench.target.config.segment = sizes[i];
        bench_ready(&bench);
        bench_check_read(&bench, 11, sizes[i] < 16 ? 4 : BLOCKS);
        bench_no_complaint(&bench);
        again(state);
    }
    hold_read(4);
    for (uint32_t at = 0, sn = 0, n = 1; at < 2048; at += n, sn++) {
        n = sn % 7 * 13 + 1;
        n = n > 2048 - at ? 2048 - at : n;
        send_data_in(sn, at, n, at + n == 2048 ? 0x81 : 0);
    }
    assert_int_equal(task.state, TASK_DONE);
    assert_int_equal(task.fault.code, FAULT_NONE);
    assert_int_equal(task.transferred, 2048);
    untouched_from(2048);
}

static void test_req_038_our_limit_and_one_byte_more(void **state)
{
    static uint8_t much[262144 + 4];
    struct task big;

    for (unsigned more = 0; more < 2; more++) {
        uint8_t header[48] = {0x25, 0x81};
        uint8_t *buffer = malloc(1024 * 512);
        bench_ready(&bench);
        bench.target.hold = true;
        bench_read(&big, 0, 1024, buffer);
        assert_true(session_submit(bench.session, &big));
        bench_settle(&bench);
        memcpy(header + 16, last_command() + 16, 4);
        target_put(header, 44, 4, 262144);
        header[1] |= 0x02;
        target_send(&bench.target, header, much, 262144 + more, true);
        bench_settle(&bench);
        assert_int_equal(session_state(bench.session), more ? SESSION_FAILED : SESSION_READY);
        assert_int_equal(session_fault(bench.session)->code, more ? FAULT_FORMAT_LENGTH : FAULT_NONE);
        assert_int_equal(big.transferred, more ? 0 : 262144);
        teardown(state);
        free(buffer);
        setup(state);
    }
}

static void test_req_039_longest_segment_is_refused_at_its_header(void **state)
{
    fails_with(state, "longest-segment", 0, FAULT_FORMAT_LENGTH);
}

static void test_req_210_empty_data_in(void **state)
{
    hold_read(1);
    for (unsigned i = 0; i < 5; i++)
        send_data_in(i, 0, 0, 0);
    send_data_in(5, 0, 512, 0x81);
    assert_int_equal(task.state, TASK_DONE);
    assert_int_equal(task.transferred, 512);
    again(state);
    hold_read(1);
    for (unsigned i = 0; i < 2000 && session_state(bench.session) == SESSION_READY; i++)
        send_data_in(i, 0, 0, 0);
    lost_with(FAULT_PROTOCOL_FLOOD);
}

static void test_req_211_both_ways_to_tell_the_status(void **state)
{
    for (unsigned separate = 0; separate < 2; separate++) {
        bench.target.config.separate_status = separate;
        bench.target.config.segment = 700;
        bench.target.config.max_burst = 2048; /* F several times in one command */
        bench_ready(&bench);
        bench_check_read(&bench, 0, 64);
        bench_no_complaint(&bench);
        again(state);
    }
}

static void test_req_212_status_in_data_in(void **state)
{
    static const uint8_t bad[] = {0x02, 0x08, 0x18, 0x28, 0x30, 0x40, 0xff};

    hold_read(1);
    send_data_in(0, 0, 512, 0x01); /* S without F */
    lost_with(FAULT_PROTOCOL_STATUS);
    again(state);
    for (unsigned i = 0; i < sizeof(bad); i++) {
        uint8_t header[48] = {0x25, 0x81, 0, bad[i]};
        hold_read(1);
        memcpy(header + 16, last_command() + 16, 4);
        target_send(&bench.target, header, data, 512, true);
        bench_settle(&bench);
        lost_with(FAULT_PROTOCOL_STATUS);
        again(state);
    }
}

static void test_req_213_252_no_snack_ever(void **state)
{
    (void)state;
    bench_ready(&bench);
    target_lie(&bench.target, "data-in-acknowledge", 0);
    bench_check_read(&bench, 0, 8);
    assert_int_equal(bench.target.count[0x10], 0);
    bench_no_complaint(&bench);
}

static void test_req_214_a_short_read_is_told(void **state)
{
    bench_ready(&bench);
    bench.target.short_by = 512;
    read_blocks(4); /* GOOD, no residual, but less came */
    assert_int_equal(task.state, TASK_DONE);
    assert_int_equal(task.fault.code, FAULT_NONE);
    assert_int_equal(task.transferred, 3 * 512);
    assert_true(task.transferred < task.length);
    untouched_from(3 * 512);
    again(state);
    bench_ready(&bench);
    bench.target.short_by = 700;
    bench.target.short_honest = true;
    read_blocks(4);
    assert_true(task.underflow);
    assert_int_equal(task.residual, 700);
    assert_int_equal(task.transferred, 4 * 512 - 700);
    untouched_from(4 * 512 - 700);
}

static void status_with(uint8_t flags, uint32_t residual, uint8_t status)
{
    uint8_t header[48] = {0x21, (uint8_t)(0x80 | flags), 0, status};

    memcpy(header + 16, last_command() + 16, 4);
    target_put(header, 44, 4, residual);
    target_send(&bench.target, header, NULL, 0, true);
    bench_settle(&bench);
}

static void test_req_215_residual_lies(void **state)
{
    static const struct {
        uint8_t flags;
        uint32_t residual;
        uint32_t sent;
        bool good;
        uint8_t status;
    } rows[] = {
        {0x06, 1, 1024, false, 0},       /* O and U */
        {0x02, 1025, 0, false, 0},       /* more than there was */
        {0x02, 0xffffffff, 0, false, 0}, /* */
        {0x02, 512, 1024, false, 0},     /* all came, they say half */
        {0x02, 512, 0, false, 0},        /* nothing came, they say half */
        {0x02, 1024, 0, true, 0},        /* nothing, honestly */
        {0x02, 512, 512, true, 0},       /* half, honestly */
        {0x04, 100, 512, false, 0},      /* more than fits, though it did not arrive */
        {0x04, 100, 1024, true, 0},      /* the transfer would have been longer */
        {0x00, 0, 1024, true, 0},        {0x06, 100, 0, false, 2}, /* the same holds for other statuses */
        {0x02, 1025, 0, false, 2},       {0x02, 1024, 0, true, 2},
        {0x02, 1024, 512, true, 2}, /* what came before the error may not count */
    };

    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        hold_read(2);
        if (rows[i].sent != 0)
            send_data_in(0, 0, rows[i].sent, 0x80);
        status_with(rows[i].flags, rows[i].residual, rows[i].status);
        if (!rows[i].good) {
            lost_with(FAULT_PROTOCOL_RESIDUAL);
        } else {
            assert_int_equal(task.fault.code, FAULT_NONE);
            assert_int_equal(task.overflow, rows[i].flags == 4);
            assert_int_equal(task.underflow, rows[i].flags == 2);
        }
        again(state);
    }
}

static void test_req_216_allocation_length_is_an_upper_bound(void **state)
{
    (void)state;
    bench_ready(&bench);
    memset(&task, 0, sizeof(task));
    task.lun[1] = 1;
    task.cdb[0] = 0x12;
    task.cdb[4] = 255;
    task.direction = TASK_READ;
    task.in = data;
    task.length = 255;
    assert_true(session_submit(bench.session, &task));
    bench_settle(&bench);
    assert_int_equal(task.fault.code, FAULT_NONE);
    assert_int_equal(task.transferred, 36);
    assert_true(task.underflow);
    assert_int_equal(task.residual, 219);
    untouched_from(36);
}

static void test_req_217_response_code_means_the_target_failed(void **state)
{
    static const uint8_t codes[] = {1, 2, 0x80, 0xff};

    for (unsigned i = 0; i < sizeof(codes); i++) {
        bench_ready(&bench);
        bench.target.next_response = codes[i];
        read_blocks(2);
        assert_int_equal(task.state, TASK_DONE);
        assert_int_equal(task.fault.code, FAULT_ISCSI_RESPONSE);
        assert_int_equal(task.fault.reason, codes[i]);
        assert_int_equal(task.sense_length, 0);
        assert_int_equal(session_state(bench.session), SESSION_READY);
        again(state);
    }
}

static void test_req_217_sense_is_bounded_by_what_came(void **state)
{
    static const struct {
        uint16_t claimed;
        uint32_t sent;
        uint16_t taken;
    } rows[] = {{18, 20, 18}, {18, 10, 8}, {0xffff, 20, 18}, {0xffff, 2000, 252},
                {0, 20, 0},   {18, 1, 0},  {18, 2, 0}};

    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t header[48] = {0x21, 0x82, 0, 0x02};
        uint8_t segment[2000] = {(uint8_t)(rows[i].claimed >> 8), (uint8_t)rows[i].claimed, 0x70};
        hold_read(2);
        memcpy(header + 16, last_command() + 16, 4);
        target_put(header, 44, 4, 1024);
        target_send(&bench.target, header, segment, rows[i].sent, true);
        bench_settle(&bench);
        assert_int_equal(task.state, TASK_DONE);
        assert_int_equal(task.fault.code, FAULT_NONE);
        assert_int_equal(task.status, 2);
        assert_int_equal(task.sense_length, rows[i].taken);
        again(state);
    }
}

static void test_check_condition_with_sense(void **state)
{
    (void)state;
    bench_ready(&bench);
    bench.target.next_status_set = true;
    bench.target.next_status = 0x02;
    read_blocks(2);
    assert_int_equal(task.status, 2);
    assert_int_equal(task.sense_length, 18);
    assert_int_equal(task.sense[12], 0x29);
    bench_check_read(&bench, 0, 2);
    bench_no_complaint(&bench);
}

static void test_req_218_exp_data_sn(void **state)
{
    (void)state;
    bench.target.config.separate_status = true;
    bench_ready(&bench);
    target_lie(&bench.target, "response-data-sn", 0);
    read_blocks(8);
    lost_with(FAULT_PROTOCOL_DATASN);
}

static void test_req_219_nothing_after_the_status(void **state)
{
    hold_read(2);
    send_data_in(0, 0, 1024, 0x81);
    assert_int_equal(task.fault.code, FAULT_NONE);
    send_data_in(1, 0, 512, 0x00);
    assert_int_equal(session_state(bench.session), SESSION_FAILED);
    assert_int_equal(session_fault(bench.session)->code, FAULT_PROTOCOL_TAG);
    again(state);
    hold_read(2);
    send_data_in(0, 0, 1024, 0x81);
    status_with(0, 0, 0);
    assert_int_equal(session_fault(bench.session)->code, FAULT_PROTOCOL_TAG);
}

/* Half of a Data-In has arrived when the task is cancelled: the rest goes nowhere near the buffer. */
static void test_req_220_the_buffer_is_left_alone_after_cancel(void **state)
{
    for (size_t cut = 1; cut < 4 * 512; cut += 97) {
        uint8_t *window;
        const uint8_t *bytes;
        uint8_t *heap = malloc(4 * 512); /* freed at once: the sanitizer sees any later access */
        bench_ready(&bench);
        bench.target.hold = true;
        bench_read(&task, 0, 4, heap);
        assert_true(session_submit(bench.session, &task));
        bench_settle(&bench);
        target_release(&bench.target);
        for (size_t i = 0; i < 48 + cut; i++) { /* byte by byte, so that it stops exactly there */
            assert_true(target_output(&bench.target, &bytes) > 0);
            assert_true(session_rx_space(bench.session, &window) > 0);
            *window = *bytes;
            target_sent(&bench.target, 1);
            session_rx_done(bench.session, 1);
        }
        session_cancel(bench.session, &task);
        assert_int_equal(task.state, TASK_DONE);
        assert_int_equal(task.fault.code, FAULT_CANCELLED);
        assert_int_equal(task.transferred, 0); /* that PDU was not whole */
        assert_memory_equal(heap, bench.target.disk, cut);
        free(heap);
        bench_settle(&bench);
        assert_int_equal(session_state(bench.session), SESSION_READY);
        assert_int_equal(session_aborting(bench.session), 0);
        bench_check_read(&bench, 5, 5);
        bench_no_complaint(&bench);
        again(state);
    }
}

static void test_req_220_data_after_a_timeout_goes_nowhere(void **state)
{
    (void)state;
    bench.config.command_ms = 3000;
    bench.target.mute_abort = true;
    hold_read(2);
    bench_pass(&bench, 3000);
    assert_int_equal(task.fault.code, FAULT_COMMAND_TIMEOUT);
    send_data_in(0, 0, 1024, 0x81);
    untouched_from(0);
    assert_int_equal(session_state(bench.session), SESSION_READY);
}

static void test_req_221_data_in_for_a_write(void **state)
{
    static uint8_t out[512];

    (void)state;
    bench_ready(&bench);
    bench.target.hold = true;
    bench_write(&task, 0, 1, out);
    assert_true(session_submit(bench.session, &task));
    bench_settle(&bench);
    send_data_in(0, 0, 512, 0x81);
    lost_with(FAULT_PROTOCOL_TYPE);
}

static void test_req_221_r2t_for_a_read(void **state)
{
    uint8_t header[48] = {0x31, 0x80};

    (void)state;
    hold_read(1);
    memcpy(header + 16, last_command() + 16, 4);
    target_put(header, 20, 4, 1);
    target_put(header, 44, 4, 512);
    target_send(&bench.target, header, NULL, 0, false);
    bench_settle(&bench);
    lost_with(FAULT_PROTOCOL_TYPE);
}

static void test_req_222_reads_interleave_and_end_in_any_order(void **state)
{
    static struct task tasks[32];
    static uint8_t buffers[32][8192];

    for (unsigned backwards = 0; backwards < 2; backwards++) {
        bench.target.config.interleave = true;
        bench.target.config.segment = 1000;
        bench.target.hold = true;
        bench_ready(&bench);
        for (unsigned i = 0; i < 32; i++) {
            bench_read(&tasks[i], i * 3, (uint16_t)(1 + i % 16), buffers[i]);
            assert_true(session_submit(bench.session, &tasks[i]));
        }
        bench_settle(&bench);
        if (backwards)
            target_release_backwards(&bench.target);
        else
            target_release(&bench.target);
        bench_settle(&bench);
        for (unsigned i = 0; i < 32; i++) {
            assert_int_equal(tasks[i].state, TASK_DONE);
            assert_int_equal(tasks[i].fault.code, FAULT_NONE);
            assert_memory_equal(buffers[i], bench.target.disk + i * 3 * 512, tasks[i].length);
        }
        bench_no_complaint(&bench);
        again(state);
    }
}

/* The window during a Data-In is the caller's own memory: one copy in all. */
static void test_data_lands_in_the_callers_buffer(void **state)
{
    uint8_t *window;
    const uint8_t *bytes;
    size_t n;

    (void)state;
    hold_read(16);
    target_release(&bench.target);
    n = target_output(&bench.target, &bytes);
    assert_true(n > 48);
    assert_int_equal(session_rx_space(bench.session, &window), 48);
    memcpy(window, bytes, 48);
    session_rx_done(bench.session, 48);
    n = session_rx_space(bench.session, &window);
    assert_ptr_equal(window, data);
    assert_int_equal(n, 16 * 512);
}

static void test_req_027_041_040_bytes_in_any_pieces(void **state)
{
    static const size_t pieces[] = {1, 2, 3, 5, 47, 48, 49, 511, 1460};

    for (unsigned i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        bench_chap(&bench, true);
        bench.rx_piece = pieces[i];
        bench.tx_piece = pieces[sizeof(pieces) / sizeof(pieces[0]) - 1 - i];
        bench.target.config.segment = 1001; /* with padding, and the target's pads are not zero */
        bench_ready(&bench);
        bench_check_read(&bench, 7, 20);
        bench_no_complaint(&bench);
        again(state);
    }
}

static void test_req_045_an_ahs_is_skipped(void **state)
{
    uint8_t whole[48 + 1020] = {0x21, 0x80};

    (void)state;
    hold_read(1);
    send_data_in(0, 0, 512, 0x80);
    /* By hand: the helper knows no AHS. 255 words between header and nothing. */
    whole[4] = 255;
    memcpy(whole + 16, last_command() + 16, 4);
    target_put(whole, 24, 4, bench.target.stat_sn++);
    target_put(whole, 28, 4, bench.target.exp_cmd_sn);
    target_put(whole, 32, 4, bench.target.max_cmd_sn);
    for (size_t at = 0; at < sizeof(whole);) {
        uint8_t *window;
        size_t n = session_rx_space(bench.session, &window);
        assert_true(n > 0);
        n = n > sizeof(whole) - at ? sizeof(whole) - at : n;
        memcpy(window, whole + at, n);
        session_rx_done(bench.session, n);
        at += n;
    }
    assert_int_equal(task.state, TASK_DONE);
    assert_int_equal(task.fault.code, FAULT_NONE);
    bench.target.hold = false;
    bench_check_read(&bench, 0, 1);
}

static void test_req_041_reserved_fields_are_ignored(void **state)
{
    uint8_t header[48];

    (void)state;
    hold_read(1);
    memset(header, 0xff, sizeof(header));
    header[0] = 0x25 | 0x80; /* a reserved bit */
    header[1] = 0x81 | 0x38; /* three more */
    header[2] = 0xff;
    header[3] = 0;
    header[4] = 0;
    memcpy(header + 16, last_command() + 16, 4);
    target_put(header, 36, 4, 0);
    target_put(header, 40, 4, 0);
    target_send(&bench.target, header, data, 512, true);
    bench_settle(&bench);
    assert_int_equal(task.state, TASK_DONE);
    assert_int_equal(task.fault.code, FAULT_NONE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_req_204_205_fields_of_the_command),
        TEST(test_req_206_data_sn_gap_or_repeat),
        TEST(test_req_206_unknown_itt),
        TEST(test_req_207_208_offsets),
        TEST(test_req_207_not_one_byte_beyond_the_transfer),
        TEST(test_req_209_any_size_in_any_mix),
        TEST(test_req_038_our_limit_and_one_byte_more),
        TEST(test_req_039_longest_segment_is_refused_at_its_header),
        TEST(test_req_210_empty_data_in),
        TEST(test_req_211_both_ways_to_tell_the_status),
        TEST(test_req_212_status_in_data_in),
        TEST(test_req_213_252_no_snack_ever),
        TEST(test_req_214_a_short_read_is_told),
        TEST(test_req_215_residual_lies),
        TEST(test_req_216_allocation_length_is_an_upper_bound),
        TEST(test_req_217_response_code_means_the_target_failed),
        TEST(test_req_217_sense_is_bounded_by_what_came),
        TEST(test_check_condition_with_sense),
        TEST(test_req_218_exp_data_sn),
        TEST(test_req_219_nothing_after_the_status),
        TEST(test_req_220_the_buffer_is_left_alone_after_cancel),
        TEST(test_req_220_data_after_a_timeout_goes_nowhere),
        TEST(test_req_221_data_in_for_a_write),
        TEST(test_req_221_r2t_for_a_read),
        TEST(test_req_222_reads_interleave_and_end_in_any_order),
        TEST(test_data_lands_in_the_callers_buffer),
        TEST(test_req_027_041_040_bytes_in_any_pieces),
        TEST(test_req_045_an_ahs_is_skipped),
        TEST(test_req_041_reserved_fields_are_ignored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
