/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Header and data digests (RFC 7143 sections 11.2.3, 13.1 and 7.8): agreed in the login, in force from the
 * first byte after it, and a damaged byte never reaches anybody as data.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/target/diskbench.h"

static struct diskbench disk;
static struct keys keys;
static uint8_t data[64 * 512], out[64 * 512];

static int setup(void **state)
{
    (void)state;
    diskbench_init(&disk);
    keys_init(&keys, NULL, false);
    disk.bench.config.login.offer = &keys.offer;
    memset(data, 0xa5, sizeof data);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    diskbench_done(&disk);
    return 0;
}

static void want(enum keys_digest header, enum keys_digest of_data, bool target_header, bool target_data)
{
    keys.offer.header_digest = header;
    keys.offer.data_digest = of_data;
    disk.bench.target.config.header_digest = target_header;
    disk.bench.target.config.data_digest = target_data;
}

static enum fault_code run(enum lun_operation operation, uint64_t lba, uint64_t blocks)
{
    struct lun_request request = {
        .operation = operation, .lba = lba, .blocks = blocks, .in = data, .out = out};

    diskbench_submit(&disk, &request);
    return diskbench_finish(&disk, &request, 200000);
}

static void exercise(void)
{
    diskbench_fill(out, 40, 61, 1);
    assert_int_equal(run(LUN_WRITE, 40, 61), FAULT_NONE);
    assert_int_equal(run(LUN_READ, 40, 61), FAULT_NONE);
    assert_int_equal(diskbench_differences(data, 40, 61, 1), 0);
    assert_int_equal(run(LUN_READ, 3, 1), FAULT_NONE);
    assert_int_equal(diskbench_differences(data, 3, 1, 0), 0);
    assert_true(session_ping(disk.bench.session)); /* with data of an odd kind */
    diskbench_settle(&disk);
    bench_no_complaint(&disk.bench);
}

static void again(void)
{
    diskbench_done(&disk);
    setup(NULL);
}

static void test_req_098_every_combination(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 16; i++) {
        want(i & 1 ? KEYS_DIGEST_PREFER : KEYS_DIGEST_NONE, i & 2 ? KEYS_DIGEST_PREFER : KEYS_DIGEST_NONE,
             i & 4, i & 8);
        diskbench_open(&disk);
        assert_int_equal(session_info(disk.bench.session)->keys.header_digest, (i & 5) == 5);
        assert_int_equal(session_info(disk.bench.session)->keys.data_digest, (i & 10) == 10);
        exercise();
        again();
    }
}

static void test_req_072_in_force_at_any_cut_of_the_stream(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < 60; piece++) {
        want(KEYS_DIGEST_CRC32C, KEYS_DIGEST_CRC32C, true, true);
        disk.bench.rx_piece = piece;
        disk.bench.tx_piece = 61 - piece;
        diskbench_open(&disk);
        exercise();
        again();
    }
}

static void test_req_098_a_digest_that_is_required_and_refused_ends_the_login(void **state)
{
    (void)state;
    want(KEYS_DIGEST_NONE, KEYS_DIGEST_CRC32C, false, false);
    bench_start(&disk.bench);
    assert_false(bench_until(&disk.bench, SESSION_READY, 60000));
    assert_int_equal(session_fault(disk.bench.session)->code, FAULT_KEY_VALUE);
    assert_string_equal(session_fault(disk.bench.session)->key, "DataDigest");
}

/* The same when the target does not say a word about it: None is the default. */
static void test_req_098_silence_about_a_required_digest_ends_the_login(void **state)
{
    (void)state;
    want(KEYS_DIGEST_CRC32C, KEYS_DIGEST_NONE, true, true);
    disk.bench.target.login_at = 0;
    disk.bench.target.login_text = "TargetPortalGroupTag=1|MaxRecvDataSegmentLength=8192|";
    bench_start(&disk.bench);
    assert_false(bench_until(&disk.bench, SESSION_READY, 60000));
    assert_int_equal(session_fault(disk.bench.session)->code, FAULT_KEY_MISSING);
    assert_string_equal(session_fault(disk.bench.session)->key, "HeaderDigest");
}

/* Damage on the way costs the connection, and not a byte. */
static void damaged(bool header, uint8_t opcode, enum fault_code code)
{
    want(KEYS_DIGEST_PREFER, KEYS_DIGEST_PREFER, true, true);
    disk.bench.target.config.segment = 4096;
    disk.bench.target.config.separate_status = true;
    diskbench_open(&disk);
    disk.bench.target.damage_opcode = opcode;
    disk.bench.target.damage_header = header;
    disk.bench.target.damage_data = !header;
    assert_int_equal(run(LUN_READ, 0, 64), FAULT_NONE);
    assert_int_equal(diskbench_differences(data, 0, 64, 0), 0);
    assert_int_equal(disk.bench.target.logins, 2);
    assert_int_equal(session_last_attempt(disk.bench.session)->fault.code, code);
    assert_int_equal(disk.bench.target.count[0x10], 0); /* no SNACK at ERL 0 */
    again();
}

static void test_req_266_damaged_data_is_never_delivered(void **state)
{
    (void)state;
    damaged(false, 0x25, FAULT_DIGEST_DATA);
}

static void test_req_266_a_damaged_header_is_not_looked_at(void **state)
{
    (void)state;
    damaged(true, 0x25, FAULT_DIGEST_HEADER);
    damaged(true, 0x21, FAULT_DIGEST_HEADER);
}

/* Every time: an error in the end, and no byte that counts as read. */
static void test_req_266_a_network_that_damages_each_read(void **state)
{
    struct lun_request request = {.operation = LUN_READ, .lba = 0, .blocks = 64, .in = data};

    (void)state;
    want(KEYS_DIGEST_PREFER, KEYS_DIGEST_PREFER, true, true);
    diskbench_open(&disk);
    disk.bench.target.damage_opcode = 0x25;
    disk.bench.target.damage_data = disk.bench.target.damage_always = true;
    diskbench_submit(&disk, &request);
    assert_int_equal(diskbench_finish(&disk, &request, 181000), FAULT_DIGEST_DATA);
    assert_true(disk.bench.target.logins < 60); /* and no storm of logins */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_req_098_every_combination),
        TEST(test_req_072_in_force_at_any_cut_of_the_stream),
        TEST(test_req_098_a_digest_that_is_required_and_refused_ends_the_login),
        TEST(test_req_098_silence_about_a_required_digest_ends_the_login),
        TEST(test_req_266_damaged_data_is_never_delivered),
        TEST(test_req_266_a_damaged_header_is_not_looked_at),
        TEST(test_req_266_a_network_that_damages_each_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
