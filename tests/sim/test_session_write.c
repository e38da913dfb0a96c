/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes: immediate, unsolicited and solicited data (requirements of section O). The target checks every
 * Data-Out against what it asked for, so "no complaint" is half of each test.
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

static struct bench bench;
static struct task task;
static uint8_t data[2048 * 512];

static int setup(void **state)
{
    (void)state;
    bench_init(&bench, NULL);
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 5 + (i >> 8) * 3 + 1);
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

static void start_write(uint16_t blocks)
{
    bench_write(&task, 100, blocks, data);
    assert_true(session_submit(bench.session, &task));
    bench_settle(&bench);
}

static void written(void)
{
    assert_int_equal(task.state, TASK_DONE);
    assert_int_equal(task.fault.code, FAULT_NONE);
    assert_int_equal(task.status, 0);
    assert_int_equal(task.transferred, task.length);
    assert_memory_equal(bench.target.disk + 100 * 512, data, task.length);
    bench_no_complaint(&bench);
}

static void lost_with(enum fault_code code)
{
    assert_int_equal(session_state(bench.session), SESSION_FAILED);
    if (session_fault(bench.session)->code != code)
        fail_msg("%s instead of %s", fault_name(session_fault(bench.session)->code), fault_name(code));
    assert_int_equal(task.state, TASK_DONE);
    assert_int_equal(task.fault.code, FAULT_SESSION_LOST);
}

static const struct target_seen *seen(uint8_t opcode, unsigned nth)
{
    for (unsigned i = 0; i < bench.target.seen_count; i++) {
        if ((bench.target.seen[i].header[0] & 0x3f) == opcode && nth-- == 0)
            return &bench.target.seen[i];
    }
    return NULL;
}

/* The command; all zero when there was none. */
static const struct target_seen *command(void)
{
    static const struct target_seen none;
    const struct target_seen *it = seen(0x01, 0);

    return it != NULL ? it : &none;
}

static void agreed(bool initial_r2t, bool immediate, uint32_t first, uint32_t burst, uint32_t segment)
{
    bench.target.config.initial_r2t = initial_r2t;
    bench.target.config.immediate_data = immediate;
    bench.target.config.first_burst = first;
    bench.target.config.max_burst = burst;
    bench.target.config.max_recv = segment;
}

static void test_every_agreement_and_every_size(void **state)
{
    static const uint32_t lengths[] = {512, 1024, 4096, 8192, 65536};
    static const uint16_t blocks[] = {1, 2, 15, 16, 17, 128, 2048};

    for (unsigned n = 0; n < 4u * 5 * 5; n++) {
        uint32_t first = lengths[n / 4 % 5], segment = lengths[n / 20];
        agreed(n & 1, n & 2, first, 65536, segment);
        bench.target.config.max_outstanding_r2t = 1;
        bench_ready(&bench);
        for (unsigned i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
            start_write(blocks[i]);
            written();
        }
        again(state);
    }
}

static void test_req_224_immediate_data_and_its_bounds(void **state)
{
    static const struct {
        bool immediate;
        uint32_t first, segment, expected;
    } rows[] = {{false, 16384, 8192, 0},
                {true, 16384, 8192, 8192},
                {true, 4096, 8192, 4096},
                {true, 65536, 262144, 20480}, /* all of it */
                {true, 512, 8192, 512}};

    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        agreed(true, rows[i].immediate, rows[i].first, 65536, rows[i].segment);
        bench_ready(&bench);
        start_write(40);
        written();
        assert_int_equal(command()->data_length, rows[i].expected);
        assert_true(command()->header[1] & 0x80);
        again(state);
    }
}

static void test_req_225_immediate_plus_unsolicited_is_the_first_burst(void **state)
{
    for (unsigned immediate = 0; immediate < 2; immediate++) {
        uint32_t sent = 0;
        agreed(false, immediate, 20000, 65536, 8192);
        bench_ready(&bench);
        start_write(200);
        written();
        sent = command()->data_length;
        assert_int_equal(sent, immediate ? 8192 : 0);
        assert_false(command()->header[1] & 0x80);
        for (unsigned i = 0; seen(0x05, i) != NULL; i++) {
            const struct target_seen *out = seen(0x05, i);
            if (bytes_get32(out->header + 20) == 0xffffffff)
                sent += out->data_length;
        }
        assert_int_equal(sent, 20000);
        again(state);
    }
}

static void test_req_225_a_short_write_needs_no_more(void **state)
{
    (void)state;
    agreed(false, true, 65536, 65536, 8192);
    bench_ready(&bench);
    start_write(16); /* fits the command */
    written();
    assert_true(command()->header[1] & 0x80);
    assert_null(seen(0x05, 0));
}

static void test_req_226_nothing_without_r2t(void **state)
{
    (void)state;
    agreed(true, false, 65536, 65536, 8192);
    bench_ready(&bench);
    target_lie(&bench.target, "drop-r2t", 0);
    start_write(16);
    bench_pass(&bench, 5000);
    assert_int_equal(bench.target.count[5], 0);
    assert_int_equal(command()->data_length, 0);
    assert_int_equal(task.state, TASK_ACTIVE);
    session_cancel(bench.session, &task);
}

static void test_req_227_answers_to_r2t(void **state)
{
    uint32_t offset = 0, sn = 0, last_ttt = 0;

    (void)state;
    agreed(true, false, 65536, 32768, 8192);
    bench_ready(&bench);
    start_write(200);
    written();
    for (unsigned i = 0; seen(0x05, i) != NULL; i++) {
        const struct target_seen *out = seen(0x05, i);
        uint32_t ttt = bytes_get32(out->header + 20);
        sn = ttt == last_ttt ? sn + 1 : 0;
        last_ttt = ttt;
        assert_int_equal(bytes_get32(out->header + 36), sn);
        assert_int_equal(bytes_get32(out->header + 40), offset);
        assert_memory_equal(out->header + 8, task.lun, 8);
        offset += out->data_length;
        assert_int_equal(out->header[1], offset % 32768 == 0 || offset == task.length ? 0x80 : 0);
        assert_int_equal(bytes_get32(out->header + 24), 0); /* reserved */
    }
    assert_int_equal(offset, task.length);
}

static void test_req_228_segments_and_our_own_cap(void **state)
{
    (void)state;
    agreed(true, false, 65536, 1048576, 1048576); /* the target would take a mebibyte at once */
    bench.target.r2t_size = 1048576;
    bench_ready(&bench);
    start_write(2000);
    written();
    for (unsigned i = 0; seen(0x05, i) != NULL; i++)
        assert_true(seen(0x05, i)->data_length <= FRAME_SEND_MAX);
    again(state);
    agreed(true, true, 65536, 65536, 512);
    bench_ready(&bench);
    start_write(33);
    written();
    for (unsigned i = 0; seen(0x05, i) != NULL; i++)
        assert_true(seen(0x05, i)->data_length <= 512);
}

static void r2t_fails(void **state, const char *lie, unsigned skip, enum fault_code code)
{
    size_t sent;

    agreed(true, false, 65536, 16384, 8192);
    bench.target.stray_ok = true;
    bench_ready(&bench);
    assert_true(target_lie(&bench.target, lie, skip));
    start_write(128);
    lost_with(code);
    /* Nothing that is not the buffer's went out: every data segment is part of it, in order. */
    sent = 0;
    for (unsigned i = 0; seen(0x05, i) != NULL; i++) {
        const struct target_seen *out = seen(0x05, i);
        assert_true(sent + out->data_length <= task.length);
        assert_memory_equal(out->data, data + sent, 64);
        sent += out->data_length;
    }
    again(state);
}

static void test_req_229_230_r2t_that_may_not_be(void **state)
{
    r2t_fails(state, "r2t-itt", 0, FAULT_PROTOCOL_TAG);
    r2t_fails(state, "r2t-ttt-reserved", 0, FAULT_PROTOCOL_R2T);
    r2t_fails(state, "r2t-sn-gap", 0, FAULT_PROTOCOL_DATASN);
    r2t_fails(state, "r2t-sn-gap", 1, FAULT_PROTOCOL_DATASN);
    r2t_fails(state, "r2t-length-zero", 1, FAULT_PROTOCOL_R2T);
    r2t_fails(state, "r2t-length-beyond", 0, FAULT_PROTOCOL_R2T); /* more than MaxBurstLength */
    r2t_fails(state, "r2t-length-huge", 0, FAULT_PROTOCOL_R2T);
    r2t_fails(state, "r2t-offset-beyond", 0, FAULT_PROTOCOL_R2T);
    r2t_fails(state, "r2t-offset-wraps", 0, FAULT_PROTOCOL_R2T);
    r2t_fails(state, "r2t-offset-wraps", 2, FAULT_PROTOCOL_R2T);
}

static void send_r2t(uint32_t sn, uint32_t offset, uint32_t length)
{
    uint8_t header[48] = {0x31, 0x80};

    memcpy(header + 16, command()->header + 16, 4);
    target_put(header, 20, 4, 0x100 + sn);
    target_put(header, 36, 4, sn);
    target_put(header, 40, 4, offset);
    target_put(header, 44, 4, length);
    target_send(&bench.target, header, NULL, 0, false);
    bench_settle(&bench);
}

/* The target stays silent; the test speaks for it. */
static void quiet_write(uint16_t blocks, uint32_t outstanding)
{
    agreed(true, false, 65536, 65536, 8192);
    bench.target.config.max_outstanding_r2t = outstanding;
    bench_ready(&bench);
    target_lie(&bench.target, "drop-r2t", 0);
    bench.target.stray_ok = true;
    start_write(blocks);
}

static void test_req_229_beyond_the_transfer(void **state)
{
    quiet_write(4, 1);
    send_r2t(0, 0, 2049);
    lost_with(FAULT_PROTOCOL_R2T);
    assert_int_equal(bench.target.count[5], 0);
    again(state);
    quiet_write(4, 1);
    send_r2t(0, 2048, 1);
    lost_with(FAULT_PROTOCOL_R2T);
    assert_int_equal(bench.target.count[5], 0);
}

static void test_req_228_229_one_byte_more_than_max_burst(void **state)
{
    quiet_write(256, 1);
    send_r2t(0, 0, 65536);
    assert_int_equal(session_state(bench.session), SESSION_READY);
    assert_int_equal(bench.target.count[5], 8);
    again(state);
    quiet_write(256, 1);
    send_r2t(0, 0, 65537);
    lost_with(FAULT_PROTOCOL_R2T);
}

static void test_req_229_r2t_with_data(void **state)
{
    uint8_t header[48] = {0x31, 0x80};

    quiet_write(4, 1);
    memcpy(header + 16, command()->header + 16, 4);
    target_put(header, 20, 4, 7);
    target_put(header, 44, 4, 2048);
    target_send(&bench.target, header, data, 4, false);
    bench_settle(&bench);
    lost_with(FAULT_PROTOCOL_R2T);
    (void)state;
}

static void test_req_231_more_than_max_outstanding_r2t(void **state)
{
    (void)state;
    quiet_write(64, 1);
    bench.tx_stopped = true; /* the first cannot be answered yet */
    send_r2t(0, 0, 512);
    assert_int_equal(session_state(bench.session), SESSION_READY);
    send_r2t(1, 512, 512);
    lost_with(FAULT_PROTOCOL_R2T);
}

static void test_several_outstanding_r2ts(void **state)
{
    static struct keys_values offer;
    struct keys keys;

    (void)state;
    keys_init(&keys, NULL, false);
    offer = keys.offer;
    offer.max_outstanding_r2t = 4;
    bench.config.login.offer = &offer;
    agreed(true, true, 8192, 16384, 4096);
    bench.target.config.max_outstanding_r2t = 4;
    bench.target.r2t_size = 6000;
    bench_ready(&bench);
    assert_int_equal(session_info(bench.session)->keys.max_outstanding_r2t, 4);
    start_write(500);
    written();
}

static void test_req_232_the_same_bytes_again(void **state)
{
    (void)state;
    quiet_write(4, 1);
    send_r2t(0, 0, 1024);
    assert_int_equal(bench.target.count[5], 1);
    send_r2t(1, 0, 1024);
    lost_with(FAULT_PROTOCOL_R2T);
    assert_int_equal(bench.target.count[5], 1);
}

static void send_status(void)
{
    uint8_t header[48] = {0x21, 0x80};

    memcpy(header + 16, command()->header + 16, 4);
    target_send(&bench.target, header, NULL, 0, true);
}

static void test_req_233_good_before_all_data_is_told(void **state)
{
    (void)state;
    quiet_write(16, 1);
    send_r2t(0, 0, 4096);
    send_status();
    bench_settle(&bench);
    assert_int_equal(task.state, TASK_DONE);
    assert_int_equal(task.fault.code, FAULT_NONE);
    assert_int_equal(task.transferred, 4096); /* of 8192: no success, and the caller can see it */
    assert_int_equal(session_state(bench.session), SESSION_READY);
}

/*
 * The status comes while a Data-Out is half sent: the PDU is completed with the right bytes from our own
 * copy, and the buffer, freed at once, is not read again.
 */
static void test_req_234_235_status_in_the_middle_of_a_data_out(void **state)
{
    for (size_t cut = 0; cut < 48 + 8192 + 8; cut += 331) {
        uint8_t *heap = malloc(32 * 512);
        struct task write;
        memcpy(heap, data, 32 * 512);
        agreed(true, false, 65536, 65536, 8192);
        bench.target.stray_ok = true;
        bench_ready(&bench);
        bench_write(&write, 100, 32, heap);
        assert_true(session_submit(bench.session, &write));
        bench.tx_limit = bench.tx_total + 48 + cut + 1; /* the command, and a part of the first Data-Out */
        bench_settle(&bench);
        send_status();
        bench_settle(&bench);
        assert_int_equal(write.state, TASK_DONE);
        memset(heap, 0xdd, 32 * 512);
        free(heap);
        bench.tx_stopped = false;
        bench.tx_limit = 0;
        bench_settle(&bench);
        assert_int_equal(session_state(bench.session), SESSION_READY);
        for (unsigned i = 0; seen(0x05, i) != NULL; i++)
            assert_memory_equal(seen(0x05, i)->data, data + i * 8192, 64);
        bench_check_read(&bench, 0, 1);
        bench_no_complaint(&bench);
        again(state);
    }
}

/* Every byte of a PDU that was cancelled in its middle is right: compared over the wire. */
static void test_cancel_in_the_middle_of_a_pdu(void **state)
{
    for (size_t cut = 0; cut < 48 + 8192; cut += 97) {
        uint8_t *heap = malloc(16 * 512);
        struct task write;
        size_t from;
        memcpy(heap, data, 16 * 512);
        agreed(false, true, 65536, 65536, 8192);
        bench.target.stray_ok = true;
        bench.target.hold = true;
        bench_ready(&bench);
        from = bench.sent.length;
        bench_write(&write, 100, 16, heap);
        assert_true(session_submit(bench.session, &write));
        bench.tx_limit = bench.tx_total + cut + 1;
        bench_settle(&bench);
        assert_int_equal(bench.sent.length - from, cut + 1);
        session_cancel(bench.session, &write);
        assert_int_equal(write.state, TASK_DONE);
        assert_int_equal(write.fault.code, FAULT_CANCELLED);
        free(heap);
        bench.tx_stopped = false;
        bench.tx_limit = 0;
        bench_settle(&bench);
        assert_memory_equal(bench.sent.bytes + from + 48, data, 8192);
        assert_int_equal(bench.target.count[2], 1); /* and then ABORT TASK */
        assert_int_equal(session_aborting(bench.session), 0);
        bench.target.hold = false;
        bench_check_read(&bench, 5, 5);
        bench_no_complaint(&bench);
        again(state);
    }
}

static void test_writes_and_reads_share_the_wire_fairly(void **state)
{
    static struct task writes[4], reads[8];
    static uint8_t in[8][8192];
    unsigned first_read = 0, last_data_out = 0;

    (void)state;
    agreed(true, false, 65536, 262144, 8192);
    bench_ready(&bench);
    for (unsigned i = 0; i < 4; i++) {
        bench_write(&writes[i], i * 512, 512, data);
        assert_true(session_submit(bench.session, &writes[i]));
    }
    bench.tx_limit =
        bench.tx_total + 4 * 48 + 2000; /* the writes are asked for, the first data is on its way */
    bench_settle(&bench);
    for (unsigned i = 0; i < 8; i++) {
        bench_read(&reads[i], 3000 + i * 16, 16, in[i]);
        assert_true(session_submit(bench.session, &reads[i]));
    }
    bench.tx_stopped = false;
    bench.tx_limit = 0;
    bench_settle(&bench);
    for (unsigned i = 0; i < bench.target.seen_count; i++) {
        if (bench.target.seen[i].header[1] == 0xc1 && first_read == 0)
            first_read = i;
        if (bench.target.seen[i].header[0] == 0x05)
            last_data_out = i;
    }
    assert_true(first_read != 0 && first_read < last_data_out); /* the reads did not wait for a mebibyte */
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(reads[i].state, TASK_DONE);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(writes[i].transferred, 512 * 512);
    /* And the writes took turns: one PDU each, not all of one before the next. */
    for (unsigned i = 0, n = 0; i < bench.target.seen_count && n < 8; i++) {
        static uint32_t turns[8];
        if (bench.target.seen[i].header[0] != 0x05)
            continue;
        turns[n] = bytes_get32(bench.target.seen[i].header + 16);
        for (unsigned k = n < 3 ? 0 : n - 3; k < n; k++)
            assert_int_not_equal(turns[k], turns[n]);
        n++;
    }
    bench_no_complaint(&bench);
}

/* Many commands wait; the data that the target asked for is not kept back until they are all out. */
static void test_solicited_data_goes_between_commands(void **state)
{
    static struct task reads[24];
    static uint8_t in[24][512];
    unsigned commands = 0, at_first = 0;

    (void)state;
    agreed(true, false, 65536, 65536, 8192);
    bench_ready(&bench);
    bench_write(&task, 0, 64, data);
    assert_true(session_submit(bench.session, &task));
    bench.tx_limit = bench.tx_total + 48; /* the command alone; its R2T comes */
    bench_settle(&bench);
    for (unsigned i = 0; i < 24; i++) {
        bench_read(&reads[i], i, 1, in[i]);
        assert_true(session_submit(bench.session, &reads[i]));
    }
    bench.tx_stopped = false;
    bench.tx_limit = 0;
    bench_settle(&bench);
    for (unsigned i = 0; i < bench.target.seen_count && at_first == 0; i++) {
        commands += bench.target.seen[i].header[0] == 0x01;
        if (bench.target.seen[i].header[0] == 0x05)
            at_first = commands;
    }
    assert_in_range(at_first, 1, 4);
    assert_int_equal(task.transferred, 64 * 512);
    bench_no_complaint(&bench);
}

static void test_unsolicited_data_is_in_command_order(void **state)
{
    static struct task writes[6];

    (void)state;
    agreed(false, true, 65536, 65536, 4096);
    bench_ready(&bench);
    for (unsigned i = 0; i < 6; i++) {
        bench_write(&writes[i], i * 300, 300, data);
        assert_true(session_submit(bench.session, &writes[i]));
    }
    bench_settle(&bench);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(writes[i].transferred, 300 * 512);
    bench_no_complaint(&bench); /* the target checks the order */
}

static void test_req_238_a_ping_is_answered_between_data_outs(void **state)
{
    unsigned pong = 0, last = 0;

    (void)state;
    agreed(true, false, 65536, 262144, 8192);
    bench_ready(&bench);
    bench_write(&task, 0, 512, data);
    assert_true(session_submit(bench.session, &task));
    bench.tx_limit = bench.tx_total + 48 + 5000;
    bench_settle(&bench);
    target_send_nop_in(&bench.target, 0xffffffff, 0x99, task.lun);
    bench_settle(&bench);
    bench.tx_stopped = false;
    bench.tx_limit = 0;
    bench_settle(&bench);
    for (unsigned i = 0; i < bench.target.seen_count; i++) {
        if ((bench.target.seen[i].header[0] & 0x3f) == 0 && pong == 0)
            pong = i;
        if (bench.target.seen[i].header[0] == 0x05)
            last = i;
    }
    assert_true(pong != 0 && pong + 20 < last);
    assert_int_equal(bench.target.last_pong_ttt, 0x99);
    assert_memory_equal(bench.target.last_pong_lun, task.lun, 8);
    assert_int_equal(task.transferred, 512 * 512);
    bench_no_complaint(&bench);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_every_agreement_and_every_size),
        TEST(test_req_224_immediate_data_and_its_bounds),
        TEST(test_req_225_immediate_plus_unsolicited_is_the_first_burst),
        TEST(test_req_225_a_short_write_needs_no_more),
        TEST(test_req_226_nothing_without_r2t),
        TEST(test_req_227_answers_to_r2t),
        TEST(test_req_228_segments_and_our_own_cap),
        TEST(test_req_229_230_r2t_that_may_not_be),
        TEST(test_req_229_beyond_the_transfer),
        TEST(test_req_228_229_one_byte_more_than_max_burst),
        TEST(test_req_229_r2t_with_data),
        TEST(test_req_231_more_than_max_outstanding_r2t),
        TEST(test_several_outstanding_r2ts),
        TEST(test_req_232_the_same_bytes_again),
        TEST(test_req_233_good_before_all_data_is_told),
        TEST(test_req_234_235_status_in_the_middle_of_a_data_out),
        TEST(test_cancel_in_the_middle_of_a_pdu),
        TEST(test_writes_and_reads_share_the_wire_fairly),
        TEST(test_solicited_data_goes_between_commands),
        TEST(test_unsolicited_data_is_in_command_order),
        TEST(test_req_238_a_ping_is_answered_between_data_outs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
