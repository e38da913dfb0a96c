/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The text format of RFC 7143 section 6.1: hostile items, numbers, binary values and lists, and the writer's
 * bound.
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

#include "iscsi/text.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A copy of exactly these bytes, so that the sanitizer sees any access beyond them. */
static char *exact(const void *data, size_t length)
{
    char *copy = malloc(length > 0 ? length : 1);

    assert_non_null(copy);
    if (length > 0)
        memcpy(copy, data, length);
    return copy;
}

/* What a reader makes of `length` bytes: the items as "key|value;" and the way it ended. */
static enum text_result read_all(const char *text, size_t length, char *ret_seen, size_t capacity,
                                 unsigned *ret_empty)
{
    char *copy = exact(text, length);
    struct text_reader reader;
    struct text_item item;
    enum text_result result;
    size_t used = 0;

    text_reader_init(&reader, copy, length);
    while ((result = text_next(&reader, &item)) == TEXT_ITEM)
        used += (size_t)snprintf(ret_seen + used, capacity - used, "%.*s|%.*s;", (int)item.key_length,
                                 item.key, (int)item.value_length, item.value);
    ret_seen[used] = '\0';
    *ret_empty = reader.empty_items;
    assert_int_equal(text_next(&reader, &item), result); /* the end stays the end */
    free(copy);
    return result;
}

static void assert_items(const char *text, size_t length, enum text_result end, const char *expected)
{
    char seen[512];
    unsigned empty;

    assert_int_equal(read_all(text, length, seen, sizeof seen, &empty), end);
    assert_string_equal(seen, expected);
}

#define ITEMS(text, end, expected) assert_items(text, sizeof(text) - 1, end, expected)

static void test_items_are_found_one_after_the_other(void **state)
{
    (void)state;
    ITEMS("", TEXT_END, "");
    ITEMS("a=1\0", TEXT_END, "a|1;");
    ITEMS("a=1\0b=\0X-c=d=e\0", TEXT_END, "a|1;b|;X-c|d=e;");
}

static void test_req_077_342_a_last_item_without_its_nul_is_malformed(void **state)
{
    (void)state;
    ITEMS("a=1", TEXT_MALFORMED, "");
    ITEMS("a=1\0b=2", TEXT_MALFORMED, "a|1;");
    ITEMS("a=1\0b", TEXT_MALFORMED, "a|1;");
    ITEMS("a", TEXT_MALFORMED, "");
    ITEMS("=", TEXT_MALFORMED, "");
}

static void test_req_078_an_item_without_equals_sign_or_key_is_malformed(void **state)
{
    (void)state;
    ITEMS("a\0", TEXT_MALFORMED, "");
    ITEMS("a=1\0novalue\0b=2\0", TEXT_MALFORMED, "a|1;");
    ITEMS("=1\0", TEXT_MALFORMED, "");
    ITEMS("a=1\0=\0", TEXT_MALFORMED, "a|1;");
}

static void test_req_078_a_key_has_at_most_63_bytes(void **state)
{
    char text[70];
    char seen[128];
    unsigned empty;

    (void)state;
    memset(text, 'k', sizeof text);
    memcpy(text + 63, "=v", 3);
    assert_int_equal(read_all(text, 66, seen, sizeof seen, &empty), TEXT_END);
    assert_int_equal(strlen(seen), 63 + 3);
    memset(text, 'k', sizeof text);
    memcpy(text + 64, "=v", 3);
    assert_int_equal(read_all(text, 67, seen, sizeof seen, &empty), TEXT_MALFORMED);
}

static void test_req_079_empty_items_are_passed_over_and_counted(void **state)
{
    char seen[64];
    unsigned empty;

    (void)state;
    assert_int_equal(read_all("\0\0a=1\0\0b=2\0\0\0", 13, seen, sizeof seen, &empty), TEXT_END);
    assert_string_equal(seen, "a|1;b|2;");
    assert_int_equal(empty, 5);
    assert_int_equal(read_all("\0\0\0", 3, seen, sizeof seen, &empty), TEXT_END);
    assert_int_equal(empty, 3);
}

static void test_req_080_keys_and_values_are_compared_exactly(void **state)
{
    (void)state;
    assert_true(text_is("Yes", 3, "Yes"));
    assert_false(text_is("yes", 3, "Yes"));
    assert_false(text_is("Yes ", 4, "Yes"));
    assert_false(text_is(" Yes", 4, "Yes"));
    assert_false(text_is("Ye", 2, "Yes"));
    assert_false(text_is("Yes\0", 4, "Yes"));
    assert_false(text_is("", 0, "Yes"));
    assert_true(text_is("", 0, ""));
    assert_true(text_is("Yesterday", 3, "Yes"));
}

static bool number(const char *text, uint64_t *ret_value)
{
    size_t length = strlen(text);
    char *copy = exact(text, length);
    bool good = text_number(copy, length, ret_value);

    free(copy);
    return good;
}

static void test_req_082_numbers_are_decimal_or_hexadecimal(void **state)
{
    static const struct {
        const char *text;
        uint64_t value;
    } good[] = {
        {"0", 0},
        {"8192", 8192},
        {"0x0", 0},
        {"0xff", 255},
        {"0XfF", 255},
        {"18446744073709551615", UINT64_MAX},
        {"0xFFFFFFFFffffffff", UINT64_MAX},
        {"0x00000000000000000000001", 1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        uint64_t value = 99;

        assert_true(number(good[i].text, &value));
        assert_true(value == good[i].value);
    }
}

static void test_req_082_signs_trailing_text_and_overflow_are_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "0x",
                                      "0X",
                                      "-1",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "1a",
                                      "0x1g",
                                      "1,2",
                                      "1~2",
                                      "0b1",
                                      "x1",
                                      "18446744073709551616",
                                      "0b0",
                                      "1.0",
                                      "Yes",
                                      "0x-1",
                                      "\t1",
                                      "0 x1",
                                      "0x10000000000000000",
                                      "99999999999999999999999"};

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        uint64_t value = 99;

        assert_false(number(bad[i], &value));
        assert_int_equal(value, 99);
    }
    {
        uint64_t value = 99;

        assert_false(text_number("1\0", 2, &value));
    }
}

static bool binary(const char *text, uint8_t *bytes, size_t capacity, size_t *ret_length)
{
    size_t length = strlen(text);
    char *copy = exact(text, length);
    uint8_t *out = (uint8_t *)exact(bytes, capacity);
    bool good = text_binary(copy, length, out, capacity, ret_length);

    if (capacity > 0)
        memcpy(bytes, out, capacity);
    free(copy);
    free(out);
    return good;
}

static void assert_binary(const char *text, const char *expected, size_t expected_length)
{
    uint8_t bytes[64] = {0};
    size_t length = 0;

    assert_true(binary(text, bytes, expected_length, &length)); /* it fits exactly */
    assert_int_equal(length, expected_length);
    assert_memory_equal(bytes, expected, expected_length);
}

static void test_req_083_084_binary_values_are_read_in_both_letter_cases(void **state)
{
    (void)state;
    assert_binary("0x00", "\0", 1);
    assert_binary("0xdeadBEEF", "\xde\xad\xbe\xef", 4);
    assert_binary("0X0aFa", "\x0a\xfa", 2);
    assert_binary("0bAA==", "\0", 1);
    assert_binary("0BZm9vYmFy", "foobar", 6);
}

/* The examples of RFC 4648 section 10, and the two digits beyond letters and numbers. */
static void test_req_083_174_base64_with_and_without_padding(void **state)
{
    (void)state;
    assert_binary("0bZg==", "f", 1);
    assert_binary("0bZm8=", "fo", 2);
    assert_binary("0bZm9v", "foo", 3);
    assert_binary("0bZm9vYg==", "foob", 4);
    assert_binary("0bZm9vYmE=", "fooba", 5);
    assert_binary("0b+/+/", "\xfb\xff\xbf", 3);
}

static void assert_binary_refused(const char *text)
{
    uint8_t bytes[16];
    size_t length = 77;

    memset(bytes, 0xa5, sizeof bytes);
    assert_false(binary(text, bytes, sizeof bytes, &length));
    assert_int_equal(length, 77);
    for (size_t i = 0; i < sizeof bytes; i++)
        assert_int_equal(bytes[i], 0xa5);
}

static void test_req_083_odd_hex_digits_are_refused(void **state)
{
    (void)state;
    assert_binary_refused("0x1");
    assert_binary_refused("0x123");
}

static void test_req_083_bad_digits_and_empty_bodies_are_refused(void **state)
{
    static const char *const bad[] = {"",       "0",      "0x",   "0b",     "x",         "00",
                                      "12",     "0xg0",   "0x0g", "0x 0",   "0x0-",      "0bZm9-",
                                      "0bZm9_", "0bZm 9", "0xzz", "0x0x00", "0b\n\n\n\n"};

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_binary_refused(bad[i]);
}

static void test_req_083_bad_padding_is_refused(void **state)
{
    static const char *const bad[] = {
        "0bZ",    "0bZg",    "0bZg=",      "0bZm9",  "0b====", "0bZ===", "0b=Zg=",     "0bZg==Zg==",
        "0bZ=g=", "0bZm9v=", "0bZm9v====", "0bZh==", "0bZm9=", "0b=",    "0bZg==Zm9v", "0bZg===="};

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_binary_refused(bad[i]);
}

static void test_req_083_341_the_bound_is_checked_before_writing(void **state)
{
    static const char *const three[] = {"0x010203", "0bAQID"};
    uint8_t bytes[3];
    size_t length = 77;

    (void)state;
    for (size_t i = 0; i < COUNT(three); i++) {
        for (size_t capacity = 0; capacity < 3; capacity++) {
            memset(bytes, 0xa5, sizeof bytes);
            assert_false(binary(three[i], bytes, capacity, &length));
            assert_int_equal(length, 77);
            assert_memory_equal(bytes, "\xa5\xa5\xa5", 3);
        }
        assert_true(binary(three[i], bytes, 3, &length));
        assert_memory_equal(bytes, "\1\2\3", 3);
        length = 77;
    }
}

/* The elements as "a;b;", and whether the list was good. */
static bool elements(const char *text, char *ret_seen, size_t capacity)
{
    size_t left = strlen(text);
    char *copy = exact(text, left);
    const char *list = copy;
    const char *element;
    size_t length, used = 0;
    bool bad = false;

    ret_seen[0] = '\0';
    while (text_list_next(&list, &left, &element, &length, &bad))
        used += (size_t)snprintf(ret_seen + used, capacity - used, "%.*s;", (int)length, element);
    assert_false(text_list_next(&list, &left, &element, &length, &bad));
    free(copy);
    return !bad;
}

static void test_req_085_lists_are_split_at_commas(void **state)
{
    char seen[64];

    (void)state;
    assert_true(elements("CHAP", seen, sizeof seen));
    assert_string_equal(seen, "CHAP;");
    assert_true(elements("CHAP,None", seen, sizeof seen));
    assert_string_equal(seen, "CHAP;None;");
    assert_true(elements("8,7,6,5", seen, sizeof seen));
    assert_string_equal(seen, "8;7;6;5;");
}

static void test_req_085_an_empty_element_is_bad(void **state)
{
    static const char *const bad[] = {"", ",", ",a", "a,", "a,,b", ",,"};
    char seen[64];

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(elements(bad[i], seen, sizeof seen));
}

static void test_req_084_174_what_we_write_is_one_form(void **state)
{
    static const char expected[] = "A=b\0N=0\0M=18446744073709551615\0B=0x009aff\0X-key=NotUnderstood";
    char buffer[128];
    struct text_writer writer;

    (void)state;
    text_writer_init(&writer, buffer, sizeof buffer);
    text_put(&writer, "A", "b");
    text_put_number(&writer, "N", 0);
    text_put_number(&writer, "M", UINT64_MAX);
    text_put_binary(&writer, "B", (const uint8_t *)"\x00\x9a\xff", 3);
    text_put_answer(&writer, "X-keyrest", 5, "NotUnderstood");
    assert_false(writer.overflow);
    assert_int_equal(writer.length, sizeof expected);
    assert_memory_equal(buffer, expected, sizeof expected);
}

/* Nothing is written beyond the bound, and of an item that does not fit nothing at all. */
static void test_a_full_writer_says_so_and_stays_so(void **state)
{
    (void)state;
    for (size_t capacity = 0; capacity < 12; capacity++) {
        char *buffer = exact("............", capacity);
        struct text_writer writer;

        text_writer_init(&writer, buffer, capacity);
        text_put_binary(&writer, "B", (const uint8_t *)"\x12\x34", 2); /* B=0x1234 and a NUL: 9 bytes */
        assert_int_equal(writer.overflow, capacity < 9);
        assert_int_equal(writer.length, capacity < 9 ? 0 : 9);
        text_put(&writer, "a", "b");
        assert_true(writer.overflow);
        assert_int_equal(writer.length, capacity < 9 ? 0 : 9);
        text_put(&writer, "", ""); /* 2 bytes: they might fit, but the text is no longer whole */
        assert_int_equal(writer.length, capacity < 9 ? 0 : 9);
        free(buffer);
    }
}

/* Random text, most of it of the format's own characters: no access out of bounds, and always an end. */
static void test_req_087_any_bytes_come_to_an_end(void **state)
{
    static const char alphabet[] = "=\0,0xXbBaAfF9+/~ \xff";
    uint32_t seed = 1;

    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        char text[48];
        size_t length = round % sizeof text;
        char *copy;
        struct text_reader reader;
        struct text_item item;
        size_t total = 0;

        for (size_t i = 0; i < length; i++) {
            seed = seed * 1664525u + 1013904223u;
            text[i] = alphabet[(seed >> 16) % (sizeof alphabet - 1)];
        }
        copy = exact(text, length);
        text_reader_init(&reader, copy, length);
        while (text_next(&reader, &item) == TEXT_ITEM) {
            uint8_t bytes[4];
            uint64_t value;
            size_t n = 0;

            assert_true(item.key_length >= 1 && item.key_length <= TEXT_KEY_MAX);
            assert_true(item.value + item.value_length < copy + length);
            if (text_binary(item.value, item.value_length, bytes, sizeof bytes, &n))
                assert_true(n >= 1 && n <= sizeof bytes);
            (void)text_number(item.value, item.value_length, &value);
            total += item.key_length + item.value_length + 2;
        }
        assert_true(total <= length);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_items_are_found_one_after_the_other),
        cmocka_unit_test(test_req_077_342_a_last_item_without_its_nul_is_malformed),
        cmocka_unit_test(test_req_078_an_item_without_equals_sign_or_key_is_malformed),
        cmocka_unit_test(test_req_078_a_key_has_at_most_63_bytes),
        cmocka_unit_test(test_req_079_empty_items_are_passed_over_and_counted),
        cmocka_unit_test(test_req_080_keys_and_values_are_compared_exactly),
        cmocka_unit_test(test_req_082_numbers_are_decimal_or_hexadecimal),
        cmocka_unit_test(test_req_082_signs_trailing_text_and_overflow_are_refused),
        cmocka_unit_test(test_req_083_084_binary_values_are_read_in_both_letter_cases),
        cmocka_unit_test(test_req_083_174_base64_with_and_without_padding),
        cmocka_unit_test(test_req_083_odd_hex_digits_are_refused),
        cmocka_unit_test(test_req_083_bad_digits_and_empty_bodies_are_refused),
        cmocka_unit_test(test_req_083_bad_padding_is_refused),
        cmocka_unit_test(test_req_083_341_the_bound_is_checked_before_writing),
        cmocka_unit_test(test_req_085_lists_are_split_at_commas),
        cmocka_unit_test(test_req_085_an_empty_element_is_bad),
        cmocka_unit_test(test_req_084_174_what_we_write_is_one_form),
        cmocka_unit_test(test_a_full_writer_says_so_and_stays_so),
        cmocka_unit_test(test_req_087_any_bytes_come_to_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
