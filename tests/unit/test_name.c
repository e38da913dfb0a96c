/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * iSCSI names (RFC 7143 section 4.2.7): the three kinds, their shapes, and how they are folded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "iscsi/name.h"

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

static const char *normalise(const char *text, size_t length, char name[NAME_MAX_BYTES + 1])
{
    char *copy = exact(text, length);
    const char *wrong = name_normalise(copy, length, name);

    free(copy);
    return wrong;
}

static void assert_good(const char *text, const char *expected)
{
    char name[NAME_MAX_BYTES + 1];

    assert_null(normalise(text, strlen(text), name));
    assert_string_equal(name, expected);
}

static void assert_bad_bytes(const char *text, size_t length)
{
    char name[NAME_MAX_BYTES + 1] = "untouched";
    const char *wrong = normalise(text, length, name);

    assert_non_null(wrong);
    assert_true(strlen(wrong) > 10);
    assert_string_equal(name, "untouched");
}

static void assert_bad(const char *text)
{
    assert_bad_bytes(text, strlen(text));
}

static void test_req_001_the_three_kinds_and_no_other(void **state)
{
    static const char *const bad[] = {"",
                                      "i",
                                      "iqn",
                                      "iqn.",
                                      "eui.",
                                      "naa.",
                                      "iscsi",
                                      "iqn:2001",
                                      "wwn.2001-04.c",
                                      "urn:iqn.a",
                                      "eui",
                                      "iqn2001-04.com",
                                      " iqn.2001-04.com",
                                      "xqn.2001-04.com.example"};

    (void)state;
    assert_good("iqn.2001-04.com.example:storage", "iqn.2001-04.com.example:storage");
    assert_good("eui.02004567a425678d", "eui.02004567a425678d");
    assert_good("naa.52004567ba64678d", "naa.52004567ba64678d");
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_bad(bad[i]);
}

static void test_req_002_a_name_has_223_bytes_at_most(void **state)
{
    char text[NAME_MAX_BYTES + 2];
    char name[NAME_MAX_BYTES + 1];

    (void)state;
    memset(text, 'a', sizeof text);
    memcpy(text, "iqn.2001-04.com:", 16);
    assert_null(normalise(text, 223, name));
    assert_int_equal(strlen(name), 223);
    assert_bad_bytes(text, 224);
    memcpy(text + 222, "\xc3\xa4", 2); /* 223 characters, 224 bytes */
    assert_bad_bytes(text, 224);
    memcpy(text + 221, "\xc3\xa4", 2);
    assert_null(normalise(text, 223, name));
}

static void test_req_003_ascii_is_folded_to_lower_case(void **state)
{
    (void)state;
    assert_good("IQN.2001-04.COM.Example:Disk-A.B", "iqn.2001-04.com.example:disk-a.b");
    assert_good("EUI.02004567A425678D", "eui.02004567a425678d");
    assert_good("NAA.52004567BA64678D", "naa.52004567ba64678d");
}

static void test_req_003_control_characters_spaces_and_punctuation_are_refused(void **state)
{
    char text[] = "iqn.2001-04.com.example:a?b";

    (void)state;
    for (unsigned c = 0; c < 0x80; c++) {
        bool good = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                    c == '.' || c == ':';
        char name[NAME_MAX_BYTES + 1];

        text[25] = (char)c;
        assert_int_equal(normalise(text, sizeof text - 1, name) == NULL, good);
    }
}

static void test_req_003_bytes_beyond_ascii_must_be_utf_8(void **state)
{
    static const char *const bad[] = {"\x80",
                                      "\xc3",
                                      "\xc3(",
                                      "\xc0\xaf",
                                      "\xe0\x80\xaf",
                                      "\xed\xa0\x80",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xe2\x82",
                                      "\xf0\x9f\x92",
                                      "\xff",
                                      "\xc2\x85",
                                      "\xc2\xa0",
                                      "\xf0\x80\x80\x80",
                                      "\xe0\x9f\xbf",
                                      "\xf0\x8f\xbf\xbf"};

    (void)state;
    assert_good("iqn.2001-04.com.example:\xc3\xa4\xe2\x82\xac\xf0\x9f\x92\xbe",
                "iqn.2001-04.com.example:\xc3\xa4\xe2\x82\xac\xf0\x9f\x92\xbe");
    for (size_t i = 0; i < COUNT(bad); i++) {
        char text[64] = "iqn.2001-04.com.example:";

        memcpy(text + 24, bad[i], strlen(bad[i]) + 1);
        assert_bad(text);
    }
}

static void test_req_004_eui_has_16_digits_and_naa_16_or_32(void **state)
{
    char text[64];

    (void)state;
    for (size_t digits = 0; digits <= 40; digits++) {
        char name[NAME_MAX_BYTES + 1];

        memset(text, 'f', sizeof text);
        memcpy(text, "eui.", 4);
        assert_int_equal(normalise(text, 4 + digits, name) == NULL, digits == 16);
        memcpy(text, "naa.", 4);
        assert_int_equal(normalise(text, 4 + digits, name) == NULL, digits == 16 || digits == 32);
    }
    assert_bad("eui.02004567a425678g");
    assert_bad("eui.02004567-425678d");
    assert_bad("naa.52004567ba64678:");
    assert_bad("naa.52004567ba64678\xc3\xa4");
}

static void test_req_005_iqn_has_a_date_and_a_domain(void **state)
{
    static const char *const good[] = {"iqn.2001-04.com", "iqn.1991-12.org.example",
                                       "iqn.2001-01.a-b.c:", "iqn.2001-04.x::y.:"};
    static const char *const bad[] = {
        "iqn.2001-04",       "iqn.2001-04.",       "iqn.2001-04.:disk", "iqn.2001-00.com.example",
        "iqn.2001-13.com",   "iqn.2001-4.com",     "iqn.01-04.com",     "iqn.20010-4.com",
        "iqn.2001.04.com",   "iqn.2001-04com",     "iqn.2001-04..com",  "iqn.2001-04.com.:x",
        "iqn.2001-04.com.",  "iqn.2001-04.com..x", "iqn.a001-04.com",   "iqn.2001-0a.com",
        "iqn.com.example:d", "iqn.target",         "iqn.2001-04:com"};

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        assert_good(good[i], good[i]);
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_bad(bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_001_the_three_kinds_and_no_other),
        cmocka_unit_test(test_req_002_a_name_has_223_bytes_at_most),
        cmocka_unit_test(test_req_003_ascii_is_folded_to_lower_case),
        cmocka_unit_test(test_req_003_control_characters_spaces_and_punctuation_are_refused),
        cmocka_unit_test(test_req_003_bytes_beyond_ascii_must_be_utf_8),
        cmocka_unit_test(test_req_004_eui_has_16_digits_and_naa_16_or_32),
        cmocka_unit_test(test_req_005_iqn_has_a_date_and_a_domain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
