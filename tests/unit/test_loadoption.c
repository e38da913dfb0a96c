/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Load options as a boot manager keeps them (UEFI 2.10 section 3.1.3), and with every length broken: the
 * sanitizers see a byte that is read beyond the end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "efi/loadoption.c" /* NOLINT(bugprone-suspicious-include) */
#include "efi/pathbytes.c"  /* NOLINT(bugprone-suspicious-include) */

enum { PATH = 6 + 8, DATA = PATH + 18 + 4, TOTAL = DATA + 3 };

/* "deb", a PCI node, a file node, an end node; then the path of another, and three bytes of data. */
static const uint8_t example[TOTAL] = {
    1, 0, 0, 0, 22,  0, 'd', 0, 'e', 0,   'b', 0, 0,   0,   1, 1, 6, 0, 0, 4,
    4, 4, 8, 0, 'x', 0, 0,   0, 127, 255, 4,   0, 127, 255, 4, 0, 7, 8, 9,
};

/* Parsed from memory of just that size, so that a sanitizer guards its end. */
static bool parse(const uint8_t *bytes, size_t length, struct loadoption *ret_option)
{
    uint8_t *exact = malloc(length ? length : 1);

    assert_non_null(exact);
    memcpy(exact, bytes, length);
    bool parsed = loadoption_parse(exact, length, ret_option);
    if (parsed) {
        size_t body = pathbytes_body(ret_option->path);
        assert_true(ret_option->path >= exact && body + 4 <= length);
        assert_true(ret_option->data + ret_option->data_length <= exact + length);
        ret_option->path = bytes + (ret_option->path - exact);
        ret_option->data = bytes + (ret_option->data - exact);
    }
    free(exact);
    return parsed;
}

static void test_an_entry_is_read(void **state)
{
    static const uint16_t wanted[] = {'d', 'e', 'b', 0};
    struct loadoption option;

    (void)state;
    assert_true(parse(example, sizeof example, &option));
    assert_true(option.active);
    assert_false(option.on_request);
    assert_memory_equal(option.description, wanted, sizeof wanted);
    assert_ptr_equal(option.path, example + PATH);
    assert_int_equal(pathbytes_body(option.path), 14);
    assert_ptr_equal(option.data, example + DATA);
    assert_int_equal(option.data_length, 3);
}

static void test_attributes(void **state)
{
    static const struct {
        uint8_t low, high;
        bool active, on_request;
    } rows[] = {{0, 0, false, false}, {1, 1, true, true}, {8, 1, false, true}, {1, 0x1f, true, true}};
    uint8_t bytes[sizeof example];
    struct loadoption option;

    (void)state;
    memcpy(bytes, example, sizeof bytes);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bytes[0] = rows[i].low;
        bytes[1] = rows[i].high;
        assert_true(parse(bytes, sizeof bytes, &option));
        assert_int_equal(option.active, rows[i].active);
        assert_int_equal(option.on_request, rows[i].on_request);
    }
}

static void test_no_data_is_no_load_options(void **state)
{
    struct loadoption option;

    (void)state;
    assert_true(parse(example, DATA, &option));
    assert_int_equal(option.data_length, 0);
}

/* EDK2's own mark is for its boot manager alone; one byte more is somebody's data. */
static void test_the_mark_of_edk2_is_no_load_options(void **state)
{
    static const uint8_t mark[] = {0x4e, 0xac, 0x08, 0x81, 0x11, 0x9f, 0x59, 0x4d,
                                   0x85, 0x0e, 0xe2, 0x1a, 0x52, 0x2c, 0x59, 0xb2};
    uint8_t bytes[DATA + sizeof mark + 1] = {0};
    struct loadoption option;

    (void)state;
    memcpy(bytes, example, DATA);
    memcpy(bytes + DATA, mark, sizeof mark);
    assert_true(parse(bytes, DATA + sizeof mark, &option));
    assert_int_equal(option.data_length, 0);
    assert_true(parse(bytes, DATA + sizeof mark + 1, &option));
    assert_int_equal(option.data_length, sizeof mark + 1);
}

/* The path list must be whole, so each cut before its end is refused; and nothing is written then. */
static void test_an_entry_that_is_cut_anywhere_is_refused(void **state)
{
    struct loadoption option, untouched;

    (void)state;
    memset(&option, 0xee, sizeof option);
    untouched = option;
    for (size_t length = 0; length < DATA; length++) {
        assert_false(parse(example, length, &option));
        assert_memory_equal(&option, &untouched, sizeof option);
    }
}

static void test_each_byte_may_be_anything(void **state)
{
    uint8_t bytes[sizeof example];
    struct loadoption option;
    unsigned refused = 0;

    (void)state;
    for (size_t at = 0; at < sizeof bytes; at++) {
        for (unsigned value = 0; value < 256; value++) {
            memcpy(bytes, example, sizeof bytes);
            bytes[at] = (uint8_t)value;
            refused += !parse(bytes, sizeof bytes, &option);
        }
    }
    assert_true(refused > 0);
}

static void test_lengths_that_lead_out_are_refused(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
    } rows[] = {
        {4, 26},         /* the list is longer than what is left */
        {5, 1},          /* much longer */
        {4, 13},         /* it ends within the path */
        {4, 0},          /* there is none */
        {PATH + 2, 3},   /* a node shorter than its header */
        {PATH + 2, 0xc}, /* a node that reaches into the end node, behind which none comes */
        {PATH + 9, 1},   /* a node that is longer than the list */
    };
    uint8_t bytes[sizeof example];
    struct loadoption option;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        memcpy(bytes, example, sizeof bytes);
        bytes[rows[i].at] = rows[i].value;
        assert_false(parse(bytes, sizeof bytes, &option));
    }
}

static void test_a_long_description_is_cut(void **state)
{
    uint8_t bytes[6 + 2 * 200 + 2 + 4] = {1, 0, 0, 0, 4, 0};
    struct loadoption option;

    (void)state;
    for (size_t i = 0; i < 200; i++) {
        bytes[6 + 2 * i] = 'a';
    }
    memcpy(bytes + sizeof bytes - 4, "\x7f\xff\x04", 4);
    assert_true(parse(bytes, sizeof bytes, &option));
    assert_int_equal(option.description[LOADOPTION_TEXT_MAX - 2], 'a');
    assert_int_equal(option.description[LOADOPTION_TEXT_MAX - 1], 0);
    assert_ptr_equal(option.path, bytes + sizeof bytes - 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_entry_is_read),
        cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_no_data_is_no_load_options),
        cmocka_unit_test(test_the_mark_of_edk2_is_no_load_options),
        cmocka_unit_test(test_an_entry_that_is_cut_anywhere_is_refused),
        cmocka_unit_test(test_each_byte_may_be_anything),
        cmocka_unit_test(test_lengths_that_lead_out_are_refused),
        cmocka_unit_test(test_a_long_description_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
