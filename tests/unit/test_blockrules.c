/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rules of Block I/O over a disk in memory: every row that the UEFI self-certification test checks on
 * EFI_BLOCK_IO_PROTOCOL (wrong medium, no medium, sizes, ranges, alignment, zero sizes, write protection,
 * reset).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "efi/blockrules.c" /* NOLINT(bugprone-suspicious-include) */

enum {
    BLOCK = 512,
    BLOCKS = 64,
    LAST = BLOCKS - 1,
    ALIGN = 16,
};

static struct {
    struct blkdev dev;
    struct blockrules rules;
    uint8_t data[BLOCK * BLOCKS];
    unsigned calls;
    bool extended;
    enum blkdev_status outcome;
    bool taken_away; /* during the call */
    bool changes;
} disk;

static uint8_t buffer[BLOCK * BLOCKS + ALIGN] __attribute__((aligned(ALIGN)));

static enum blkdev_status outcome(void)
{
    disk.calls++;
    disk.dev.generation += disk.changes;
    if (disk.taken_away) {
        disk.rules.dev = NULL;
    }
    return disk.outcome;
}

static enum blkdev_status disk_read(struct blkdev *dev, uint64_t lba, uint64_t blocks, void *to)
{
    (void)dev;
    memcpy(to, disk.data + lba * BLOCK, blocks * BLOCK);
    return outcome();
}

static enum blkdev_status disk_write(struct blkdev *dev, uint64_t lba, uint64_t blocks, const void *from)
{
    (void)dev;
    memcpy(disk.data + lba * BLOCK, from, blocks * BLOCK);
    return outcome();
}

static enum blkdev_status disk_flush(struct blkdev *dev)
{
    (void)dev;
    return outcome();
}

static enum blkdev_status disk_reset(struct blkdev *dev, bool extended)
{
    (void)dev;
    disk.extended = extended;
    return outcome();
}

static int setup(void **state)
{
    (void)state;
    memset(&disk, 0, sizeof disk);
    disk.dev = (struct blkdev){
        .geometry = {.block_size = BLOCK, .last_block = LAST},
        .read = disk_read,
        .write = disk_write,
        .flush = disk_flush,
        .reset = disk_reset,
    };
    for (size_t i = 0; i < sizeof disk.data; i++) {
        disk.data[i] = (uint8_t)(i / BLOCK * 7 + i);
    }
    memset(buffer, 0xee, sizeof buffer);
    blockrules_init(&disk.rules, &disk.dev, ALIGN);
    return 0;
}

static enum blockrules_status read(uint32_t media_id, uint64_t lba, size_t size, void *to)
{
    return blockrules_read(&disk.rules, true, media_id, lba, size, to);
}

static enum blockrules_status write(uint32_t media_id, uint64_t lba, size_t size, const void *from)
{
    return blockrules_write(&disk.rules, true, media_id, lba, size, from);
}

/* The six calls that the test makes wherever an earlier check must win: valid, and five with a second fault.
 */
static const struct {
    uint64_t lba;
    size_t size;
    size_t shift;
    bool null;
} faults[] = {
    {0, 2 * BLOCK, 0, false}, {LAST + 1, 2 * BLOCK, 0, false}, {0, 2 * BLOCK - 1, 0, false},
    {0, 0, 0, false},         {0, 2 * BLOCK, 1, false},        {0, 2 * BLOCK, 0, true},
};

static void all_faults_are(uint32_t media_id, enum blockrules_status wanted, bool writing)
{
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        uint8_t *at = faults[i].null ? NULL : buffer + faults[i].shift;
        enum blockrules_status got = writing ? write(media_id, faults[i].lba, faults[i].size, at)
                                             : read(media_id, faults[i].lba, faults[i].size, at);
        assert_int_equal(got, wanted);
    }
    assert_int_equal(disk.calls, 0);
}

static void test_req_331_a_wrong_media_id_comes_before_every_other_fault(void **state)
{
    static const int differences[] = {5, 1, -1, -5};

    (void)state;
    for (size_t i = 0; i < sizeof differences / sizeof differences[0]; i++) {
        uint32_t wrong = disk.rules.media_id + (uint32_t)differences[i];
        all_faults_are(wrong, BLOCKRULES_MEDIA_CHANGED, false);
        all_faults_are(wrong, BLOCKRULES_MEDIA_CHANGED, true);
    }
    all_faults_are(0, BLOCKRULES_MEDIA_CHANGED, false);
    disk.dev.geometry.read_only = true;
    all_faults_are(0, BLOCKRULES_MEDIA_CHANGED, true);
}

static void test_req_331_no_medium_comes_before_every_other_fault(void **state)
{
    uint32_t id = disk.rules.media_id;

    (void)state;
    disk.rules.dev = NULL;
    all_faults_are(id, BLOCKRULES_NO_MEDIA, false);
    all_faults_are(id, BLOCKRULES_NO_MEDIA, true);
    all_faults_are(id + 1, BLOCKRULES_NO_MEDIA, false);
    assert_int_equal(blockrules_flush(&disk.rules, true), BLOCKRULES_NO_MEDIA);
    assert_false(blockrules_is_present(&disk.rules));
}

static void test_a_disk_without_a_block_size_is_no_medium(void **state)
{
    (void)state;
    disk.dev.geometry.block_size = 0;
    all_faults_are(disk.rules.media_id, BLOCKRULES_NO_MEDIA, false);
}

static void test_req_331_size_must_be_a_multiple_of_the_block_size(void **state)
{
    static const size_t sizes[] = {1, BLOCK - 1, BLOCK + 1, 2 * BLOCK - 1, 2 * BLOCK + 1, 3 * BLOCK - 1};
    uint32_t id = disk.rules.media_id;

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_int_equal(read(id, 0, sizes[i], buffer), BLOCKRULES_BAD_SIZE);
        assert_int_equal(write(id, 0, sizes[i], buffer), BLOCKRULES_BAD_SIZE);
    }
    assert_int_equal(disk.calls, 0);
}

static void test_req_331_range_must_lie_on_the_disk(void **state)
{
    enum { N = 20 };
    static const uint64_t lbas[] = {
        LAST + 1, LAST + 100, LAST - N + 2, LAST - N + 3, LAST - N + 100, UINT64_MAX, UINT64_MAX - N + 1,
    };
    uint32_t id = disk.rules.media_id;

    (void)state;
    for (size_t i = 0; i < sizeof lbas / sizeof lbas[0]; i++) {
        assert_int_equal(read(id, lbas[i], N * BLOCK, buffer), BLOCKRULES_INVALID);
        assert_int_equal(write(id, lbas[i], N * BLOCK, buffer), BLOCKRULES_INVALID);
    }
    assert_int_equal(read(id, 0, SIZE_MAX / BLOCK * BLOCK, buffer), BLOCKRULES_INVALID);
    assert_int_equal(disk.calls, 0);
    assert_int_equal(read(id, LAST - N + 1, N * BLOCK, buffer), BLOCKRULES_OK);
    assert_int_equal(read(id, 0, BLOCKS * BLOCK, buffer), BLOCKRULES_OK);
}

static void test_the_last_block_may_be_the_largest_number(void **state)
{
    uint32_t id = disk.rules.media_id;

    (void)state;
    disk.dev.geometry.last_block = UINT64_MAX;
    assert_int_equal(read(id, 0, BLOCK, buffer), BLOCKRULES_OK);
    assert_int_equal(read(id, UINT64_MAX, 2 * BLOCK, buffer), BLOCKRULES_INVALID);
}

static void test_req_331_buffer_must_be_there_and_aligned(void **state)
{
    uint32_t id = disk.rules.media_id;

    (void)state;
    assert_int_equal(read(id, 0, BLOCK, NULL), BLOCKRULES_INVALID);
    assert_int_equal(write(id, 0, BLOCK, NULL), BLOCKRULES_INVALID);
    for (size_t shift = ALIGN / 2; shift > 0; shift /= 2) {
        assert_int_equal(read(id, 0, BLOCK, buffer + shift), BLOCKRULES_INVALID);
        assert_int_equal(write(id, 0, BLOCK, buffer + shift), BLOCKRULES_INVALID);
    }
    assert_int_equal(disk.calls, 0);
    assert_int_equal(read(id, 0, BLOCK, buffer + ALIGN), BLOCKRULES_OK);
}

static void test_any_address_will_do_without_an_alignment(void **state)
{
    uint32_t id = disk.rules.media_id;

    (void)state;
    for (uint32_t align = 0; align <= 1; align++) {
        disk.rules.io_align = align;
        assert_int_equal(read(id, 3, BLOCK, buffer + 1), BLOCKRULES_OK);
        assert_memory_equal(buffer + 1, disk.data + (size_t)3 * BLOCK, BLOCK);
    }
}

static void test_req_331_zero_size_succeeds_and_does_nothing(void **state)
{
    static const uint64_t lbas[] = {0, 3, LAST / 2, LAST - 8, LAST, LAST + 1};
    uint32_t id = disk.rules.media_id;

    (void)state;
    for (size_t i = 0; i < sizeof lbas / sizeof lbas[0]; i++) {
        assert_int_equal(read(id, lbas[i], 0, buffer), BLOCKRULES_OK);
        assert_int_equal(read(id, lbas[i], 0, NULL), BLOCKRULES_OK);
        assert_int_equal(write(id, lbas[i], 0, NULL), BLOCKRULES_OK);
    }
    assert_int_equal(disk.calls, 0);
}

static void test_req_331_write_protection_of_a_valid_write(void **state)
{
    uint32_t id = disk.rules.media_id;

    (void)state;
    disk.dev.geometry.read_only = true;
    assert_int_equal(write(id, 0, BLOCK, buffer), BLOCKRULES_WRITE_PROTECTED);
    assert_int_equal(read(id, 0, BLOCK, buffer), BLOCKRULES_OK);
    assert_int_equal(blockrules_flush(&disk.rules, true), BLOCKRULES_OK);
    assert_int_equal(disk.calls, 1);
}

static void test_reads_and_writes_of_every_small_size_reach_the_right_blocks(void **state)
{
    static const uint64_t lbas[] = {0,       1, 2, 3, LAST - 8, LAST - 7, LAST - 6, LAST - 5, LAST / 2 - 2,
                                    LAST / 2};
    uint32_t id = disk.rules.media_id;

    (void)state;
    for (size_t i = 0; i < sizeof lbas / sizeof lbas[0]; i++) {
        for (size_t blocks = 1; blocks <= 3; blocks++) {
            assert_int_equal(read(id, lbas[i], blocks * BLOCK, buffer), BLOCKRULES_OK);
            assert_memory_equal(buffer, disk.data + lbas[i] * BLOCK, blocks * BLOCK);
            memset(buffer, (int)(0x40 + i), blocks * BLOCK);
            assert_int_equal(write(id, lbas[i], blocks * BLOCK, buffer), BLOCKRULES_OK);
            assert_memory_equal(disk.data + lbas[i] * BLOCK, buffer, blocks * BLOCK);
        }
    }
}

static void test_above_the_callback_level_only_the_disk_is_out_of_reach(void **state)
{
    uint32_t id = disk.rules.media_id;

    (void)state;
    assert_int_equal(blockrules_read(&disk.rules, false, id, 0, BLOCK, buffer), BLOCKRULES_DEVICE_ERROR);
    assert_int_equal(blockrules_write(&disk.rules, false, id, 0, BLOCK, buffer), BLOCKRULES_DEVICE_ERROR);
    assert_int_equal(blockrules_flush(&disk.rules, false), BLOCKRULES_DEVICE_ERROR);
    assert_int_equal(blockrules_reset(&disk.rules, false, false), BLOCKRULES_DEVICE_ERROR);
    assert_int_equal(blockrules_read(&disk.rules, false, id + 1, 0, BLOCK, buffer), BLOCKRULES_MEDIA_CHANGED);
    assert_int_equal(blockrules_read(&disk.rules, false, id, 0, 1, buffer), BLOCKRULES_BAD_SIZE);
    assert_int_equal(blockrules_read(&disk.rules, false, id, 0, 0, buffer), BLOCKRULES_OK);
    assert_int_equal(disk.calls, 0);
}

static void test_req_332_every_failure_of_the_disk_is_a_failure_of_the_call(void **state)
{
    static const struct {
        enum blkdev_status from;
        enum blockrules_status to;
    } rows[] = {
        {BLKDEV_ERROR, BLOCKRULES_DEVICE_ERROR},
        {BLKDEV_WRITE_PROTECTED, BLOCKRULES_WRITE_PROTECTED},
        {BLKDEV_MEDIA_CHANGED, BLOCKRULES_MEDIA_CHANGED},
        {BLKDEV_NO_MEDIA, BLOCKRULES_NO_MEDIA},
        {BLKDEV_TIMEOUT, BLOCKRULES_TIMEOUT},
        {(enum blkdev_status)99, BLOCKRULES_DEVICE_ERROR},
    };
    uint32_t id = disk.rules.media_id;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        disk.outcome = rows[i].from;
        assert_int_equal(read(id, 0, BLOCK, buffer), rows[i].to);
        assert_int_equal(write(id, 0, BLOCK, buffer), rows[i].to);
        assert_int_equal(blockrules_flush(&disk.rules, true), rows[i].to);
        assert_int_equal(blockrules_reset(&disk.rules, true, false), BLOCKRULES_DEVICE_ERROR);
    }
}

static void test_reset_succeeds_or_is_a_device_error(void **state)
{
    (void)state;
    assert_int_equal(blockrules_reset(&disk.rules, true, true), BLOCKRULES_OK);
    assert_true(disk.extended);
    assert_int_equal(blockrules_reset(&disk.rules, true, false), BLOCKRULES_OK);
    assert_false(disk.extended);
    disk.rules.dev = NULL;
    assert_int_equal(blockrules_reset(&disk.rules, true, false), BLOCKRULES_DEVICE_ERROR);
}

static void test_another_geometry_is_another_medium(void **state)
{
    uint32_t id = disk.rules.media_id;

    (void)state;
    disk.dev.geometry.last_block = 9;
    disk.dev.generation++;
    assert_int_equal(read(id, 0, BLOCK, buffer), BLOCKRULES_MEDIA_CHANGED);
    assert_int_equal(disk.calls, 0);
    assert_int_not_equal(disk.rules.media_id, id);
    assert_int_equal(read(disk.rules.media_id, 0, BLOCK, buffer), BLOCKRULES_OK);
    assert_int_equal(read(disk.rules.media_id, 10, BLOCK, buffer), BLOCKRULES_INVALID);
    assert_false(blockrules_renew(&disk.rules));
}

static void test_a_change_during_the_call_is_no_success(void **state)
{
    uint32_t id = disk.rules.media_id;

    (void)state;
    disk.changes = true;
    assert_int_equal(read(id, 0, BLOCK, buffer), BLOCKRULES_MEDIA_CHANGED);
    assert_int_not_equal(disk.rules.media_id, id);
}

static void test_a_disk_taken_away_during_the_call_is_no_success(void **state)
{
    uint32_t id = disk.rules.media_id;

    (void)state;
    disk.taken_away = true;
    assert_int_equal(write(id, 0, BLOCK, buffer), BLOCKRULES_NO_MEDIA);
    assert_int_equal(write(id, 0, BLOCK, buffer), BLOCKRULES_NO_MEDIA);
    assert_int_equal(disk.calls, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_req_331_a_wrong_media_id_comes_before_every_other_fault, setup),
        cmocka_unit_test_setup(test_req_331_no_medium_comes_before_every_other_fault, setup),
        cmocka_unit_test_setup(test_a_disk_without_a_block_size_is_no_medium, setup),
        cmocka_unit_test_setup(test_req_331_size_must_be_a_multiple_of_the_block_size, setup),
        cmocka_unit_test_setup(test_req_331_range_must_lie_on_the_disk, setup),
        cmocka_unit_test_setup(test_the_last_block_may_be_the_largest_number, setup),
        cmocka_unit_test_setup(test_req_331_buffer_must_be_there_and_aligned, setup),
        cmocka_unit_test_setup(test_any_address_will_do_without_an_alignment, setup),
        cmocka_unit_test_setup(test_req_331_zero_size_succeeds_and_does_nothing, setup),
        cmocka_unit_test_setup(test_req_331_write_protection_of_a_valid_write, setup),
        cmocka_unit_test_setup(test_reads_and_writes_of_every_small_size_reach_the_right_blocks, setup),
        cmocka_unit_test_setup(test_above_the_callback_level_only_the_disk_is_out_of_reach, setup),
        cmocka_unit_test_setup(test_req_332_every_failure_of_the_disk_is_a_failure_of_the_call, setup),
        cmocka_unit_test_setup(test_reset_succeeds_or_is_a_device_error, setup),
        cmocka_unit_test_setup(test_another_geometry_is_another_medium, setup),
        cmocka_unit_test_setup(test_a_change_during_the_call_is_no_success, setup),
        cmocka_unit_test_setup(test_a_disk_taken_away_during_the_call_is_no_success, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
