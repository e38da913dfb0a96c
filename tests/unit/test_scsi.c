/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SCSI as bytes: commands are compared with what the standards lay out, answers are cut, stretched and made
 * up, and each status and sense is judged. What takes a conversation (retries, fallbacks, order) is in
 * tests/sim/test_lun_*.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "iscsi/bytes.h"
#include "iscsi/scsi.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Parsers get a copy of exactly the bytes that they may read, so that the sanitizer sees any other access. */
static uint8_t *exact(const void *data, size_t length)
{
    uint8_t *copy = malloc(length > 0 ? length : 1);

    assert_non_null(copy);
    if (length > 0)
        memcpy(copy, data, length);
    return copy;
}

/* --- Commands --- */

static void assert_cdb(const struct task *task, const char *hex)
{
    static const char digits[] = "0123456789abcdef";
    char text[33];

    for (unsigned i = 0; i < 16; i++) {
        text[2 * i] = digits[task->cdb[i] >> 4];
        text[2 * i + 1] = digits[task->cdb[i] & 15];
    }
    text[32] = '\0';
    assert_string_equal(text, hex);
}

static void test_req_205_commands_are_laid_out_and_padded(void **state)
{
    static uint8_t data[65536];
    struct task task = {0};

    (void)state;
    scsi_inquiry(&task, data, 0x1234);
    assert_cdb(&task, "12000012340000000000000000000000");
    assert_true(task.in == data);
    assert_int_equal(task.length, 0x1234);
    assert_int_equal(task.direction, TASK_READ);
    scsi_inquiry_page(&task, 0x83, data, 255);
    assert_cdb(&task, "12018300ff0000000000000000000000");
    scsi_report_luns(&task, data, 0x00010203);
    assert_cdb(&task, "a0000000000000010203000000000000");
    assert_int_equal(task.length, 0x10203);
    scsi_read_capacity_10(&task, data);
    assert_cdb(&task, "25000000000000000000000000000000");
    assert_int_equal(task.length, 8);
    scsi_read_capacity_16(&task, data);
    assert_cdb(&task, "9e100000000000000000000000200000");
    assert_int_equal(task.length, 32);
    scsi_mode_sense_6(&task, 0x08, data, 192);
    assert_cdb(&task, "1a000800c00000000000000000000000");
    scsi_test_unit_ready(&task);
    assert_cdb(&task, "00000000000000000000000000000000");
    assert_int_equal(task.direction, TASK_NO_DATA);
    assert_int_equal(task.length, 0);
    assert_null(task.in);
    scsi_start_unit(&task);
    assert_cdb(&task, "1b010000010000000000000000000000");
    scsi_synchronize_cache(&task);
    assert_cdb(&task, "35000000000000000000000000000000");
}

static void test_req_287_sixteen_bytes_beyond_what_fits_in_ten(void **state)
{
    static uint8_t data[65536];
    struct task task = {0};

    (void)state;
    assert_true(scsi_read(&task, false, 0x01020304, 0x0506, 512, data));
    assert_cdb(&task, "28000102030400050600000000000000");
    assert_int_equal(task.length, 0x0506 * 512);
    assert_true(scsi_read(&task, true, 0x0102030405060708, 0x090a0b, 512, data));
    assert_cdb(&task, "88000102030405060708"
                      "00090a0b0000");
    assert_true(scsi_write(&task, false, 1, 2, 4096, data));
    assert_cdb(&task, "2a000000000100000200000000000000");
    assert_int_equal(task.direction, TASK_WRITE);
    assert_true(task.out == data);
    assert_null(task.in);
    assert_int_equal(task.length, 8192);
    assert_true(scsi_write(&task, true, UINT32_MAX, 2, 512, data));
    assert_cdb(&task, "8a0000000000ffffffff"
                      "000000020000");
    /* the last block that ten bytes can name, and one beyond */
    assert_true(scsi_read(&task, false, UINT32_MAX, 1, 512, data));
    assert_false(scsi_read(&task, false, UINT32_MAX, 2, 512, data));
    assert_false(scsi_read(&task, false, 0x100000000u, 1, 512, data));
    assert_true(scsi_read(&task, false, 0, 0xffff, 512, data));
    assert_false(scsi_read(&task, false, 0, 0x10000, 512, data));
    assert_true(scsi_read(&task, true, 0, 0x10000, 512, data));
    /* no transfer of nothing, none beyond 32 bits of bytes, none that wraps */
    assert_false(scsi_read(&task, true, 0, 0, 512, data));
    assert_false(scsi_read(&task, true, 0, 0x800000, 512, data));
    assert_false(scsi_write(&task, true, UINT64_MAX, 2, 512, data));
}

/* --- Logical unit numbers --- */

static const struct lun_row {
    const char *text;
    bool hex;
    const char *groups; /* NULL: refused */
    long number;        /* -1: has none */
} lun_rows[] = {
    {"0", false, "0000-0000-0000-0000", 0},
    {"1", false, "0001-0000-0000-0000", 1},
    {"255", false, "00ff-0000-0000-0000", 255},
    {"256", false, "4100-0000-0000-0000", 256},
    {"16383", false, "7fff-0000-0000-0000", 16383},
    {"00012", false, "000c-0000-0000-0000", 12},
    {"16384", false, NULL, 0},
    {"99999", false, NULL, 0},
    {"4294967297", false, NULL, 0},
    {"", false, NULL, 0},
    {"-1", false, NULL, 0},
    {"1-", false, NULL, 0},
    {"+1", false, NULL, 0},
    {" 1", false, NULL, 0},
    {"1a", false, NULL, 0},
    {"0x1", false, NULL, 0},
    {"1a-0", false, "001a-0000-0000-0000", 26},
    {"0001-0000-0000-0000", false, "0001-0000-0000-0000", 1},
    {"1", true, "0001-0000-0000-0000", 1},
    {"10", true, "0010-0000-0000-0000", 16},
    {"4752-3A4F-6b7e-2F99", true, "4752-3a4f-6b7e-2f99", -1},
    {"6734-9-156f-127", true, "6734-0009-156f-0127", -1},
    {"4186-9", true, "4186-0009-0000-0000", -1},
    {"4100", true, "4100-0000-0000-0000", 256},
    {"d201-1170", true, "d201-1170-0000-0000", 70000},
    {"d201-1170-1", true, "d201-1170-0001-0000", -1},
    {"c101", true, "c101-0000-0000-0000", -1},
    {"8001", true, "8001-0000-0000-0000", -1},
    {"0101", true, "0101-0000-0000-0000", -1},
    {"", true, NULL, 0},
    {"-", true, NULL, 0},
    {"1-", true, NULL, 0},
    {"-1", true, NULL, 0},
    {"1--1", true, NULL, 0},
    {"12345", true, NULL, 0},
    {"1-2-3-4-5", true, NULL, 0},
    {"1-2-3-4-", true, NULL, 0},
    {"g", true, NULL, 0},
};

static void test_req_278_forms_of_a_lun(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(lun_rows); i++) {
        const struct lun_row *row = &lun_rows[i];
        char *text = (char *)exact(row->text, strlen(row->text));
        uint8_t lun[8];
        char shown[20];
        uint32_t number = 0;
        bool ok;

        memset(lun, 0xee, sizeof lun);
        ok = row->hex ? scsi_lun_parse_hex(text, strlen(row->text), lun)
                      : scsi_lun_parse_decimal(text, strlen(row->text), lun);
        free(text);
        if (ok != (row->groups != NULL))
            fail_msg("\"%s\" should %s", row->text, row->groups ? "be taken" : "be refused");
        if (!ok) {
            assert_int_equal(lun[0], 0xee); /* untouched */
            continue;
        }
        scsi_lun_format(lun, shown);
        assert_string_equal(shown, row->groups);
        assert_int_equal(scsi_lun_number(lun, &number), row->number >= 0);
        if (row->number >= 0)
            assert_int_equal(number, row->number);
    }
}

static bool same_lun(const char *a, const char *b)
{
    uint8_t x[8], y[8];

    assert_true(scsi_lun_parse_hex(a, strlen(a), x));
    assert_true(scsi_lun_parse_hex(b, strlen(b), y));
    assert_int_equal(scsi_lun_equal(x, y), scsi_lun_equal(y, x));
    return scsi_lun_equal(x, y);
}

static void test_req_279_small_numbers_match_in_both_forms(void **state)
{
    (void)state;
    assert_true(same_lun("5", "4005"));
    assert_true(same_lun("5", "5"));
    assert_true(same_lun("d200-0005", "5"));
    assert_true(same_lun("4752-3A4F-6b7e-2F99", "4752-3A4F-6b7e-2F99"));
    assert_false(same_lun("5", "4006"));
    assert_false(same_lun("0105", "4105"));
    assert_false(same_lun("5-1", "5"));
}

static void test_req_280_list_of_luns_is_bounded_by_what_arrived(void **state)
{
    static const uint8_t list[] = {
        0, 0, 0, 24, 0, 0, 0, 0, /* three entries */
        0, 0, 0, 0,  0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0x41, 0, 0, 0, 0, 0, 0, 0,
    };
    uint8_t lun[8];

    (void)state;
    for (size_t length = 0; length <= sizeof list; length++) {
        uint8_t *copy = exact(list, length);

        for (unsigned i = 0; i < 5; i++)
            assert_int_equal(scsi_report_luns_entry(copy, length, i, lun), i < 3 && length >= 16 + 8 * i);
        free(copy);
    }
    assert_true(scsi_report_luns_entry(list, sizeof list, 1, lun));
    assert_int_equal(lun[1], 7);
    /* a list that claims more than there is; and less */
    uint8_t lying[sizeof list];

    memcpy(lying, list, sizeof list);
    memset(lying, 0xff, 4);
    assert_true(scsi_report_luns_entry(lying, sizeof lying, 2, lun));
    assert_false(scsi_report_luns_entry(lying, sizeof lying, 3, lun));
    assert_false(scsi_report_luns_entry(lying, sizeof lying, UINT32_MAX, lun));
    memset(lying, 0, 4);
    lying[3] = 15;
    assert_true(scsi_report_luns_entry(lying, sizeof lying, 0, lun));
    assert_false(scsi_report_luns_entry(lying, sizeof lying, 1, lun));
}

/* --- INQUIRY and its pages --- */

static const uint8_t inquiry[36] = {
    0x00, 0x80, 0x06, 0x12, 31,  0,   0,    0,   'A', 'C', 'M', 'E', ' ', ' ', ' ', ' ', 'D', 'i',
    's',  'k',  ' ',  0x1b, '[', 'm', 0xff, ' ', ' ', ' ', ' ', ' ', ' ', ' ', '1', '.', '0', 0,
};

static void test_req_281_qualifier_and_type_are_told_apart(void **state)
{
    uint8_t data[36];
    struct scsi_identity identity;

    (void)state;
    memcpy(data, inquiry, sizeof data);
    assert_true(scsi_parse_inquiry(data, sizeof data, &identity));
    assert_int_equal(identity.qualifier, 0);
    assert_int_equal(identity.type, 0);
    assert_true(identity.removable);
    data[0] = 0x7f; /* qualifier 011b, type 1Fh: there is no such unit */
    assert_true(scsi_parse_inquiry(data, sizeof data, &identity));
    assert_int_equal(identity.qualifier, 3);
    assert_int_equal(identity.type, 0x1f);
    data[0] = 0x25;
    assert_true(scsi_parse_inquiry(data, sizeof data, &identity));
    assert_int_equal(identity.qualifier, 1);
    assert_int_equal(identity.type, 5);
}

static void test_req_282_inquiry_takes_the_least_of_three_lengths(void **state)
{
    struct scsi_identity identity;
    uint8_t data[36];

    (void)state;
    assert_true(scsi_parse_inquiry(inquiry, sizeof inquiry, &identity));
    assert_string_equal(identity.vendor, "ACME");
    assert_string_equal(identity.product, "Disk ?[m?"); /* nothing that a console would obey */
    assert_string_equal(identity.revision, "1.0");
    for (size_t length = 0; length < sizeof inquiry; length++) {
        uint8_t *copy = exact(inquiry, length);

        assert_int_equal(scsi_parse_inquiry(copy, length, &identity), length >= 5);
        if (length >= 5 && length <= 8)
            assert_string_equal(identity.vendor, "");
        free(copy);
    }
    memcpy(data, inquiry, sizeof data);
    data[4] = 5; /* claims to end after two letters of the vendor */
    assert_true(scsi_parse_inquiry(data, sizeof data, &identity));
    assert_string_equal(identity.vendor, "AC");
    assert_string_equal(identity.product, "");
    data[4] = 255; /* claims more than arrived */
    assert_true(scsi_parse_inquiry(data, sizeof data, &identity));
    assert_string_equal(identity.revision, "1.0");
}

static void test_req_282_pages_take_the_least_of_three_lengths(void **state)
{
    static const uint8_t pages[] = {0, 0, 0, 3, 0x00, 0x80, 0x83, 0xb0};
    static const uint8_t serial[] = {0, 0x80, 0, 8, ' ', 'A', 'B', 0x07, 'C', ' ', ' ', ' ', 'X', 'X'};
    static const uint8_t limits[] = {0, 0xb0, 0, 12, 0, 1, 0, 8, 0, 0, 1, 0, 0, 0, 0, 64};
    char text[65], tiny[3];
    uint32_t maximum = 1, optimal = 1;

    (void)state;
    for (size_t length = 0; length <= sizeof pages; length++) {
        uint8_t *copy = exact(pages, length);

        assert_int_equal(scsi_page_listed(copy, length, 0x83), length >= 7);
        assert_false(scsi_page_listed(copy, length, 0xb0)); /* beyond the claimed length */
        free(copy);
    }
    assert_true(scsi_parse_serial(serial, sizeof serial, text, sizeof text));
    assert_string_equal(text, "AB?C");
    assert_true(scsi_parse_serial(serial, 6, text, sizeof text));
    assert_string_equal(text, "A");
    assert_true(scsi_parse_serial(serial, sizeof serial, tiny, sizeof tiny));
    assert_string_equal(tiny, "AB");
    assert_false(scsi_parse_serial(serial, 3, text, sizeof text));
    assert_false(scsi_parse_serial(pages, sizeof pages, text, sizeof text)); /* another page */
    for (size_t length = 0; length <= sizeof limits; length++) {
        uint8_t *copy = exact(limits, length);

        assert_int_equal(scsi_parse_block_limits(copy, length, &maximum, &optimal), length >= 12);
        if (length >= 12) {
            assert_int_equal(maximum, 0x100);
            assert_int_equal(optimal, length >= 16 ? 64 : 0);
        }
        free(copy);
    }
    assert_false(scsi_parse_block_limits(serial, sizeof serial, &maximum, &optimal));
}

/* Appends one designator to page 83h. */
static size_t put_designator(uint8_t *page, size_t at, unsigned association, unsigned type, size_t length,
                             uint8_t fill)
{
    page[at] = 1;
    page[at + 1] = (uint8_t)(association << 4 | type);
    page[at + 2] = 0;
    page[at + 3] = (uint8_t)length;
    memset(page + at + 4, fill, length);
    bytes_put16(page + 2, (uint16_t)(at + length));
    return at + 4 + length;
}

static void test_req_013_the_best_designator_of_the_unit_is_its_identity(void **state)
{
    uint8_t page[512] = {0, 0x83};
    struct scsi_designator found;
    size_t end = 4;

    (void)state;
    assert_false(scsi_parse_designator(page, end, &found));
    end = put_designator(page, end, 1, 3, 8, 0x99); /* of the port, not of the unit */
    end = put_designator(page, end, 0, 4, 4, 0x98); /* a relative port number */
    end = put_designator(page, end, 0, 3, 8, 0x00); /* all zero: names nothing */
    end = put_designator(page, end, 0, 3, 7, 0x97); /* no length of an NAA name */
    assert_false(scsi_parse_designator(page, end, &found));
    end = put_designator(page, end, 0, 1, 24, 0x11);
    assert_true(scsi_parse_designator(page, end, &found));
    assert_int_equal(found.type, 1);
    end = put_designator(page, end, 0, 2, 8, 0x22);
    end = put_designator(page, end, 0, 3, 16, 0x33);
    end = put_designator(page, end, 0, 3, 8, 0x44); /* the first of a kind stays */
    end = put_designator(page, end, 0, 1, 200, 0x55);
    assert_true(scsi_parse_designator(page, end, &found));
    assert_int_equal(found.type, 3);
    assert_int_equal(found.length, 16);
    assert_int_equal(found.bytes[15], 0x33);
    for (size_t length = 0; length < end; length++) { /* cut anywhere */
        uint8_t *copy = exact(page, length);

        scsi_parse_designator(copy, length, &found);
        free(copy);
    }
    page[7] = 255; /* a designator longer than the page */
    bytes_put16(page + 2, 60);
    assert_false(scsi_parse_designator(page, end, &found));
}

/* --- Capacity --- */

static enum fault_code capacity_10(uint32_t last, uint32_t size, struct scsi_capacity *ret)
{
    uint8_t data[8];

    bytes_put32(data, last);
    bytes_put32(data + 4, size);
    return scsi_parse_capacity_10(data, sizeof data, ret);
}

static enum fault_code capacity_16(uint64_t last, uint32_t size, struct scsi_capacity *ret)
{
    uint8_t data[32] = {0};

    bytes_put64(data, last);
    bytes_put32(data + 8, size);
    data[13] = 0xf3;
    bytes_put16(data + 14, 0xc007);
    return scsi_parse_capacity_16(data, sizeof data, ret);
}

static void test_req_285_block_sizes_that_block_io_can_take(void **state)
{
    static const uint32_t good[] = {512, 1024, 2048, 4096};
    static const uint32_t bad[] = {0,   1,    3,    256,  511,        513,       520,
                                   528, 4095, 4160, 8192, 0x80000000, UINT32_MAX};
    struct scsi_capacity capacity;

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_int_equal(capacity_10(9, good[i], &capacity), FAULT_NONE);
        assert_int_equal(capacity.block_size, good[i]);
        assert_int_equal(capacity_16(9, good[i], &capacity), FAULT_NONE);
        assert_int_equal(capacity.block_size, good[i]);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(capacity_10(9, bad[i], &capacity), FAULT_BAD_CAPACITY);
        assert_int_equal(capacity_16(9, bad[i], &capacity), FAULT_BAD_CAPACITY);
    }
}

static void test_req_286_sizes_do_not_overflow(void **state)
{
    struct scsi_capacity capacity;

    (void)state;
    assert_int_equal(capacity_16(UINT64_MAX, 512, &capacity), FAULT_BAD_CAPACITY);
    assert_int_equal(capacity_16(UINT64_MAX - 1, 512, &capacity), FAULT_BAD_CAPACITY);
    assert_int_equal(capacity_16(UINT64_MAX / 512, 512, &capacity), FAULT_BAD_CAPACITY);
    assert_int_equal(capacity_16(UINT64_MAX / 4096, 4096, &capacity), FAULT_BAD_CAPACITY);
    assert_int_equal(capacity_16(UINT64_MAX / 512 - 1, 512, &capacity), FAULT_NONE);
    assert_true(capacity.last_lba + 1 <= UINT64_MAX / 512);
    assert_int_equal(capacity_10(UINT32_MAX, 512, &capacity), FAULT_NONE); /* "ask the longer command" */
    assert_true(capacity.last_lba == UINT32_MAX);
}

static void test_req_289_short_capacity_is_an_error(void **state)
{
    uint8_t data[32] = {0};
    struct scsi_capacity capacity = {.block_size = 77};

    (void)state;
    data[10] = 2; /* 512 for the long form */
    for (size_t length = 0; length <= sizeof data; length++) {
        uint8_t *copy = exact(data, length);

        assert_int_equal(scsi_parse_capacity_16(copy, length, &capacity),
                         length < 12 ? FAULT_SHORT_DATA : FAULT_NONE);
        if (length < 12)
            assert_int_equal(capacity.block_size, 77); /* untouched */
        free(copy);
    }
    data[6] = 2; /* and for the short one */
    for (size_t length = 0; length < 8; length++) {
        uint8_t *copy = exact(data, length);

        assert_int_equal(scsi_parse_capacity_10(copy, length, &capacity), FAULT_SHORT_DATA);
        free(copy);
    }
    assert_int_equal(scsi_parse_capacity_10(data, 8, &capacity), FAULT_NONE);
}

static void test_req_291_physical_blocks_and_alignment(void **state)
{
    struct scsi_capacity capacity;

    (void)state;
    assert_int_equal(capacity_16(1000, 512, &capacity), FAULT_NONE);
    assert_int_equal(capacity.physical_exponent, 3);
    assert_int_equal(capacity.lowest_aligned, 7);
}

static void test_req_292_blocks_of_4096_bytes_stay_as_they_are(void **state)
{
    struct scsi_capacity capacity;
    static uint8_t data[8192];
    struct task task = {0};

    (void)state;
    assert_int_equal(capacity_16(99, 4096, &capacity), FAULT_NONE);
    assert_int_equal(capacity.block_size, 4096);
    assert_true(capacity.last_lba == 99);
    assert_true(scsi_read(&task, true, 7, 2, capacity.block_size, data));
    assert_int_equal(bytes_get64(task.cdb + 2), 7);
    assert_int_equal(task.length, 8192);
}

/* --- MODE SENSE --- */

static void test_req_293_write_protection_and_cache_from_mode_sense(void **state)
{
    /* header, one block descriptor, a sub-page, another page, the caching page with WCE */
    static const uint8_t data[] = {39,   0,    0x80, 8, 0, 0, 0, 0, 0, 0, 2, 0,  /* 12 */
                                   0x4a, 0x01, 0,    4, 1, 2, 3, 4,              /* 8: sub-page */
                                   0x01, 0x06, 1,    2, 3, 4, 5, 6,              /* 8 */
                                   0x08, 0x0a, 0x04, 0, 0, 0, 0, 0, 0, 0, 0, 0}; /* 12: caching */
    bool protected = false;
    int cache = 5;

    (void)state;
    assert_true(scsi_parse_mode_sense(data, sizeof data, &protected, &cache));
    assert_true(protected);
    assert_int_equal(cache, 1);
    for (size_t length = 0; length < sizeof data; length++) {
        uint8_t *copy = exact(data, length);

        assert_int_equal(scsi_parse_mode_sense(copy, length, &protected, &cache), length >= 4);
        if (length >= 4)
            assert_int_equal(cache, length >= 31 ? 1 : -1);
        free(copy);
    }
    uint8_t changed[sizeof data];

    memcpy(changed, data, sizeof data);
    changed[2] = 0;
    changed[30] = 0; /* WCE off */
    assert_true(scsi_parse_mode_sense(changed, sizeof changed, &protected, &cache));
    assert_false(protected);
    assert_int_equal(cache, 0);
    changed[3] = 255; /* descriptors beyond the end */
    assert_true(scsi_parse_mode_sense(changed, sizeof changed, &protected, &cache));
    assert_int_equal(cache, -1);
    changed[0] = 2; /* claims less than a header */
    assert_false(scsi_parse_mode_sense(changed, sizeof changed, &protected, &cache));
}

/* --- Sense --- */

static size_t put_sense(uint8_t *sense, unsigned response, unsigned key, unsigned asc, unsigned ascq)
{
    memset(sense, 0, 18);
    sense[0] = (uint8_t)response;
    if ((response & 0x7f) >= 0x72) {
        sense[1] = (uint8_t)key;
        sense[2] = (uint8_t)asc;
        sense[3] = (uint8_t)ascq;
        return 8;
    }
    sense[2] = (uint8_t)key;
    sense[7] = 10;
    sense[12] = (uint8_t)asc;
    sense[13] = (uint8_t)ascq;
    return 18;
}

static void test_req_296_sense_formats_with_bounds(void **state)
{
    static const unsigned responses[] = {0x70, 0xf0, 0x71, 0x72, 0x73};
    uint8_t data[18];
    struct scsi_sense sense;

    (void)state;
    for (size_t i = 0; i < COUNT(responses); i++) {
        size_t length = put_sense(data, responses[i], 0x3, 0x11, 0x04);

        scsi_parse_sense(data, length, &sense);
        assert_true(sense.valid);
        assert_int_equal(sense.deferred, responses[i] & 1);
        assert_int_equal(sense.key, 3);
        assert_int_equal(sense.asc, 0x11);
        assert_int_equal(sense.ascq, 0x04);
        for (size_t cut = 0; cut < length; cut++) {
            uint8_t *copy = exact(data, cut);

            scsi_parse_sense(copy, cut, &sense);
            if (sense.valid)
                assert_int_equal(sense.key, 3);
            assert_true(sense.valid == (cut >= ((responses[i] & 0x7f) >= 0x72 ? 4 : 8)));
            free(copy);
        }
    }
    put_sense(data, 0x70, 5, 0x24, 1);
    data[7] = 4; /* the additional length ends before the codes: they are not there */
    scsi_parse_sense(data, sizeof data, &sense);
    assert_true(sense.valid);
    assert_int_equal(sense.asc, 0);
    assert_int_equal(sense.ascq, 0);
    for (unsigned response = 0; response < 0x80; response++) {
        put_sense(data, response, 3, 0x11, 0);
        scsi_parse_sense(data, sizeof data, &sense);
        assert_int_equal(sense.valid, response >= 0x70 && response <= 0x73);
    }
}

/* What is made of a command that ended with this status and sense. */
static enum scsi_verdict judge(struct task *task, uint8_t status, int response, unsigned key, unsigned asc,
                               unsigned ascq, struct fault *ret_fault)
{
    struct scsi_sense sense;

    task->state = TASK_DONE;
    task->status = status;
    task->sense_length =
        response < 0 ? 0 : (uint16_t)put_sense(task->sense, (unsigned)response, key, asc, ascq);
    memset(ret_fault, 0, sizeof *ret_fault);
    return scsi_judge(task, &sense, ret_fault);
}

static uint8_t block[4096];

static struct task read_task(void)
{
    struct task task = {0};

    assert_true(scsi_read(&task, true, 0, 8, 512, block));
    task.transferred = task.length;
    return task;
}

static struct task write_task(void)
{
    struct task task = {0};

    assert_true(scsi_write(&task, true, 0, 8, 512, block));
    task.transferred = task.length;
    return task;
}

static enum scsi_verdict judge_read(unsigned key, unsigned asc, unsigned ascq, struct fault *ret_fault)
{
    struct task task = read_task();

    return judge(&task, SCSI_CHECK_CONDITION, 0x70, key, asc, ascq, ret_fault);
}

static void test_req_214_a_short_read_is_no_success(void **state)
{
    struct task task = read_task();
    struct fault fault;

    (void)state;
    assert_int_equal(judge(&task, SCSI_GOOD, -1, 0, 0, 0, &fault), SCSI_OK);
    task.transferred -= 512;
    assert_int_equal(judge(&task, SCSI_GOOD, -1, 0, 0, 0, &fault), SCSI_FATAL);
    assert_int_equal(fault.code, FAULT_SHORT_DATA);
    task = read_task();
    task.underflow = true;
    task.residual = 512;
    assert_int_equal(judge(&task, SCSI_GOOD, -1, 0, 0, 0, &fault), SCSI_FATAL);
    task = read_task();
    task.overflow = true;
    assert_int_equal(judge(&task, SCSI_GOOD, -1, 0, 0, 0, &fault), SCSI_FATAL);
    assert_int_equal(fault.code, FAULT_SHORT_DATA);
    /* an answer of a length that the target chooses may be short (REQ-216) */
    struct task inquiry_task = {0};

    scsi_inquiry(&inquiry_task, block, 255);
    inquiry_task.transferred = 36;
    inquiry_task.underflow = true;
    inquiry_task.residual = 219;
    assert_int_equal(judge(&inquiry_task, SCSI_GOOD, -1, 0, 0, 0, &fault), SCSI_OK);
}

static void test_req_233_a_write_that_was_not_taken_whole_is_no_success(void **state)
{
    struct task task = write_task();
    struct fault fault;

    (void)state;
    assert_int_equal(judge(&task, SCSI_GOOD, -1, 0, 0, 0, &fault), SCSI_OK);
    task.transferred = 0;
    assert_int_equal(judge(&task, SCSI_GOOD, -1, 0, 0, 0, &fault), SCSI_FATAL);
    assert_int_equal(fault.code, FAULT_SHORT_DATA);
    task = write_task();
    task.underflow = true;
    task.residual = 4096;
    assert_int_equal(judge(&task, SCSI_GOOD, -1, 0, 0, 0, &fault), SCSI_FATAL);
}

static void test_req_295_no_sense_is_an_error_of_unknown_cause(void **state)
{
    struct task task = read_task();
    struct fault fault;
    enum scsi_verdict verdict = judge(&task, SCSI_CHECK_CONDITION, -1, 0, 0, 0, &fault);

    (void)state;
    assert_true(verdict == SCSI_FATAL || verdict == SCSI_RETRY);
    assert_int_equal(fault.code, FAULT_SCSI_STATUS);
    assert_int_equal(fault.scsi_status, SCSI_CHECK_CONDITION);
    verdict =
        judge(&task, SCSI_CHECK_CONDITION, 0x7e, 1, 0, 0, &fault); /* unknown format, "recovered" inside */
    assert_true(verdict == SCSI_FATAL || verdict == SCSI_RETRY);
    assert_int_equal(fault.code, FAULT_SCSI_STATUS);
}

static void test_req_297_deferred_errors_are_about_earlier_commands(void **state)
{
    struct task read = read_task(), write = write_task(), flush = {0};
    struct fault fault;

    (void)state;
    scsi_synchronize_cache(&flush);
    assert_int_equal(judge(&read, SCSI_CHECK_CONDITION, 0x71, 3, 0x0c, 0, &fault), SCSI_RETRY);
    assert_int_equal(judge(&read, SCSI_CHECK_CONDITION, 0x73, 3, 0x0c, 0, &fault), SCSI_RETRY);
    assert_int_equal(judge(&write, SCSI_CHECK_CONDITION, 0x71, 3, 0x0c, 0, &fault), SCSI_FATAL);
    assert_int_equal(fault.code, FAULT_SCSI_SENSE);
    assert_int_equal(fault.sense_key, 3);
    assert_int_equal(judge(&flush, SCSI_CHECK_CONDITION, 0x73, 4, 0x44, 0, &fault), SCSI_FATAL);
    assert_non_null(fault.detail);
    /* one that was mended: whatever this command is, it was not carried out */
    assert_int_equal(judge(&write, SCSI_CHECK_CONDITION, 0x71, 1, 0x0c, 0, &fault), SCSI_RETRY);
}

static void test_req_298_unit_attention_is_retried_and_names_what_to_read_again(void **state)
{
    static const struct {
        uint8_t asc, ascq;
        unsigned what;
    } rows[] = {
        {0x2a, 0x09, SCSI_REREAD_CAPACITY},
        {0x3f, 0x03, SCSI_REREAD_IDENTITY},
        {0x3f, 0x0e, SCSI_REREAD_LUNS},
        {0x28, 0x00, SCSI_REREAD_CAPACITY | SCSI_REREAD_IDENTITY},
        {0x29, 0x07, SCSI_REREAD_CAPACITY | SCSI_REREAD_IDENTITY},
        {0x2a, 0x06, 0},
        {0x38, 0x07, 0},
        {0x5d, 0x00, 0},
    };
    struct fault fault;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct scsi_sense sense = {.valid = true, .key = 6, .asc = rows[i].asc, .ascq = rows[i].ascq};

        assert_int_equal(scsi_attention_reread(&sense), rows[i].what);
        assert_int_equal(judge_read(6, rows[i].asc, rows[i].ascq, &fault), SCSI_RETRY);
        assert_int_equal(fault.sense_key, 6);
        sense.key = 5;
        assert_int_equal(scsi_attention_reread(&sense), 0);
        sense.key = 6;
        sense.valid = false;
        assert_int_equal(scsi_attention_reread(&sense), 0);
    }
}

static void test_req_299_busy_and_task_set_full_come_later(void **state)
{
    struct task task = read_task();
    struct fault fault;

    (void)state;
    assert_int_equal(judge(&task, SCSI_BUSY, -1, 0, 0, 0, &fault), SCSI_RETRY_LATER);
    assert_int_equal(fault.code, FAULT_SCSI_STATUS);
    assert_int_equal(fault.scsi_status, SCSI_BUSY);
    assert_int_equal(judge(&task, SCSI_TASK_SET_FULL, -1, 0, 0, 0, &fault), SCSI_RETRY_LATER);
    assert_int_equal(fault.scsi_status, SCSI_TASK_SET_FULL);
}

static void test_req_300_reservation_conflict_is_final(void **state)
{
    struct task task = read_task();
    struct fault fault;

    (void)state;
    assert_int_equal(judge(&task, SCSI_RESERVATION_CONFLICT, -1, 0, 0, 0, &fault), SCSI_FATAL);
    assert_int_equal(fault.code, FAULT_SCSI_STATUS);
    assert_string_equal(scsi_status_name(fault.scsi_status), "RESERVATION CONFLICT");
}

static void test_req_301_not_ready_by_its_cause(void **state)
{
    static const struct {
        uint8_t asc, ascq;
        enum scsi_verdict verdict;
    } rows[] = {
        {0x04, 0x00, SCSI_RETRY_LATER}, {0x04, 0x01, SCSI_RETRY_LATER}, {0x04, 0x02, SCSI_START_AND_RETRY},
        {0x04, 0x03, SCSI_FATAL},       {0x04, 0x0a, SCSI_RETRY_LATER}, {0x04, 0x0b, SCSI_FATAL},
        {0x04, 0x0c, SCSI_FATAL},       {0x3a, 0x00, SCSI_FATAL},       {0x3a, 0x02, SCSI_FATAL},
        {0x30, 0x00, SCSI_FATAL},
    };
    struct fault fault;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(judge_read(2, rows[i].asc, rows[i].ascq, &fault), rows[i].verdict);
        assert_int_equal(fault.code, FAULT_NOT_READY);
        assert_int_equal(fault.asc, rows[i].asc);
        assert_int_equal(fault.ascq, rows[i].ascq);
    }
}

static void test_req_302_final_errors_carry_their_codes(void **state)
{
    static const struct {
        uint8_t key, asc, ascq;
        enum fault_code code;
    } rows[] = {
        {3, 0x11, 0x00, FAULT_SCSI_SENSE},      {4, 0x44, 0x00, FAULT_SCSI_SENSE},
        {7, 0x27, 0x00, FAULT_WRITE_PROTECTED}, {5, 0x24, 0x00, FAULT_SCSI_SENSE},
        {5, 0x25, 0x00, FAULT_NO_LUN},          {7, 0x20, 0x02, FAULT_SCSI_SENSE},
        {8, 0x00, 0x00, FAULT_SCSI_SENSE},      {0xd, 0, 0, FAULT_SCSI_SENSE},
        {0xe, 0x1d, 0, FAULT_SCSI_SENSE},       {5, 0x21, 0x00, FAULT_SCSI_SENSE},
        {0xc, 0x01, 0x02, FAULT_SCSI_SENSE},
    };
    struct fault fault;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(judge_read(rows[i].key, rows[i].asc, rows[i].ascq, &fault), SCSI_FATAL);
        assert_int_equal(fault.code, rows[i].code);
        assert_int_equal(fault.scsi_status, SCSI_CHECK_CONDITION);
        assert_int_equal(fault.sense_key, rows[i].key);
        assert_int_equal(fault.asc, rows[i].asc);
        assert_int_equal(fault.ascq, rows[i].ascq);
    }
}

static void test_req_288_an_unknown_operation_code_asks_for_the_other_form(void **state)
{
    struct fault fault;

    (void)state;
    assert_int_equal(judge_read(5, 0x20, 0x00, &fault), SCSI_FALLBACK);
    assert_int_equal(fault.code, FAULT_SCSI_SENSE);
    assert_int_equal(judge_read(5, 0x20, 0x02, &fault), SCSI_FATAL); /* no rights */
}

static void test_req_303_aborted_commands_are_tried_again(void **state)
{
    struct task task = read_task();
    struct fault fault;

    (void)state;
    assert_int_equal(judge(&task, SCSI_TASK_ABORTED, -1, 0, 0, 0, &fault), SCSI_RETRY);
    assert_int_equal(fault.scsi_status, SCSI_TASK_ABORTED);
    assert_int_equal(judge_read(0xb, 0x47, 0x03, &fault), SCSI_RETRY);
    assert_int_equal(fault.code, FAULT_SCSI_SENSE);
}

static void test_req_304_recovered_error_with_all_data_is_success(void **state)
{
    struct task task = read_task();
    struct fault fault;

    (void)state;
    assert_int_equal(judge(&task, SCSI_CHECK_CONDITION, 0x70, 1, 0x17, 1, &fault), SCSI_OK_NOTED);
    assert_int_equal(fault.asc, 0x17); /* for the line in the log */
    task.transferred = 512;
    assert_int_equal(judge(&task, SCSI_CHECK_CONDITION, 0x70, 1, 0x17, 1, &fault), SCSI_FATAL);
    assert_int_equal(fault.code, FAULT_SHORT_DATA);
}

static void test_req_305_a_full_pool_is_named_and_a_threshold_is_information(void **state)
{
    struct task task = write_task();
    struct fault fault;

    (void)state;
    assert_int_equal(judge(&task, SCSI_CHECK_CONDITION, 0x72, 7, 0x27, 0x07, &fault), SCSI_FATAL);
    assert_int_equal(fault.code, FAULT_SCSI_SENSE); /* not "write protected" */
    assert_non_null(strstr(fault.detail, "pool"));
    assert_non_null(strstr(scsi_sense_text(0x27, 0x07), "full"));
    assert_int_equal(judge(&task, SCSI_CHECK_CONDITION, 0x72, 6, 0x38, 0x07, &fault), SCSI_RETRY);
}

static void test_req_306_other_status_bytes_are_errors(void **state)
{
    struct fault fault;

    (void)state;
    for (unsigned status = 0; status < 256; status++) {
        struct task task = read_task();
        enum scsi_verdict verdict = judge(&task, (uint8_t)status, -1, 0, 0, 0, &fault);

        if (status == SCSI_GOOD) {
            assert_int_equal(verdict, SCSI_OK);
        } else if (status == SCSI_BUSY || status == SCSI_TASK_SET_FULL) {
            assert_int_equal(verdict, SCSI_RETRY_LATER);
        } else if (status != SCSI_CHECK_CONDITION && status != SCSI_TASK_ABORTED) {
            assert_int_equal(verdict, SCSI_FATAL);
            assert_int_equal(fault.code, FAULT_SCSI_STATUS);
            assert_int_equal(fault.scsi_status, status);
        }
    }
}

static void test_names_of_keys_and_codes(void **state)
{
    (void)state;
    assert_string_equal(scsi_sense_key_name(3), "MEDIUM ERROR");
    assert_null(scsi_sense_key_name(12));
    assert_null(scsi_sense_key_name(16));
    assert_null(scsi_status_name(0x77));
    assert_non_null(strstr(scsi_sense_text(0x25, 0), "no such logical unit"));
    assert_non_null(scsi_sense_text(0x29, 0x55)); /* any reset */
    assert_null(scsi_sense_text(0x80, 0x01));     /* the vendor's own */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_205_commands_are_laid_out_and_padded),
        cmocka_unit_test(test_req_287_sixteen_bytes_beyond_what_fits_in_ten),
        cmocka_unit_test(test_req_278_forms_of_a_lun),
        cmocka_unit_test(test_req_279_small_numbers_match_in_both_forms),
        cmocka_unit_test(test_req_280_list_of_luns_is_bounded_by_what_arrived),
        cmocka_unit_test(test_req_281_qualifier_and_type_are_told_apart),
        cmocka_unit_test(test_req_282_inquiry_takes_the_least_of_three_lengths),
        cmocka_unit_test(test_req_282_pages_take_the_least_of_three_lengths),
        cmocka_unit_test(test_req_013_the_best_designator_of_the_unit_is_its_identity),
        cmocka_unit_test(test_req_285_block_sizes_that_block_io_can_take),
        cmocka_unit_test(test_req_286_sizes_do_not_overflow),
        cmocka_unit_test(test_req_289_short_capacity_is_an_error),
        cmocka_unit_test(test_req_291_physical_blocks_and_alignment),
        cmocka_unit_test(test_req_292_blocks_of_4096_bytes_stay_as_they_are),
        cmocka_unit_test(test_req_293_write_protection_and_cache_from_mode_sense),
        cmocka_unit_test(test_req_296_sense_formats_with_bounds),
        cmocka_unit_test(test_req_214_a_short_read_is_no_success),
        cmocka_unit_test(test_req_233_a_write_that_was_not_taken_whole_is_no_success),
        cmocka_unit_test(test_req_295_no_sense_is_an_error_of_unknown_cause),
        cmocka_unit_test(test_req_297_deferred_errors_are_about_earlier_commands),
        cmocka_unit_test(test_req_298_unit_attention_is_retried_and_names_what_to_read_again),
        cmocka_unit_test(test_req_299_busy_and_task_set_full_come_later),
        cmocka_unit_test(test_req_300_reservation_conflict_is_final),
        cmocka_unit_test(test_req_301_not_ready_by_its_cause),
        cmocka_unit_test(test_req_302_final_errors_carry_their_codes),
        cmocka_unit_test(test_req_288_an_unknown_operation_code_asks_for_the_other_form),
        cmocka_unit_test(test_req_303_aborted_commands_are_tried_again),
        cmocka_unit_test(test_req_304_recovered_error_with_all_data_is_success),
        cmocka_unit_test(test_req_305_a_full_pool_is_named_and_a_threshold_is_information),
        cmocka_unit_test(test_req_306_other_status_bytes_are_errors),
        cmocka_unit_test(test_names_of_keys_and_codes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
