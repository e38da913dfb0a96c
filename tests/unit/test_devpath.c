/* SPDX-License-Identifier: BSD-2-Clause */
/* Device paths as bytes against UEFI 2.10 section 10.3.4, and the UCS-2 texts that go into them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "efi/pathbytes.c" /* NOLINT(bugprone-suspicious-include) */
#include "efi/ucs2.c"      /* NOLINT(bugprone-suspicious-include) */

static const struct devpath_iscsi example = {
    .local = {192, 0, 2, 10},
    .remote = {192, 0, 2, 1},
    .gateway = {192, 0, 2, 254},
    .netmask = {255, 255, 255, 0},
    .local_port = 0x1234,
    .remote_port = 3260,
    .is_static = true,
    .lun = {0x40, 1, 2, 3, 4, 5, 6, 7},
    .portal_group = 0x0102,
    .chap = true,
    .header_digest = true,
    .target_name = "iqn.2026-01.example:x",
};

static void test_req_336_ipv4_and_iscsi_nodes(void **state)
{
    static const uint8_t wanted[] = {
        3,    12,   27,   0,   192, 0,   2,    10,   192,  0,   2,    1,    0x34, 0x12, 0xbc,
        0x0c, 6,    0,    1,   192, 0,   2,    254,  255,  255, 255,  0, /* the iSCSI node: 18 + 21 + NUL */
        3,    19,   40,   0,   0,   0,   0x02, 0x10, 0x40, 1,   2,    3,    4,    5,    6,
        7,    0x02, 0x01, 'i', 'q', 'n', '.',  '2',  '0',  '2', '6',  '-',  '0',  '1',  '.',
        'e',  'x',  'a',  'm', 'p', 'l', 'e',  ':',  'x',  0,   0x7f, 0xff, 4,    0};
    uint8_t bytes[sizeof wanted];

    (void)state;
    assert_int_equal(pathbytes_put_iscsi(&example, NULL, 0), sizeof wanted);
    assert_int_equal(pathbytes_put_iscsi(&example, bytes, sizeof bytes), sizeof wanted);
    assert_memory_equal(bytes, wanted, sizeof wanted);
    memset(bytes, 0xee, sizeof bytes);
    assert_int_equal(pathbytes_put_iscsi(&example, bytes, sizeof bytes - 1), 0);
    assert_int_equal(bytes[0], 0xee);
}

static void test_req_336_login_options(void **state)
{
    static const struct {
        bool chap, mutual, header, data;
        unsigned options;
    } rows[] = {
        {false, false, false, false, 0x0800}, {true, false, false, false, 0x1000},
        {true, true, false, false, 0x0000},   {false, false, true, true, 0x080a},
        {true, true, false, true, 0x0008},
    };
    uint8_t bytes[200];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct devpath_iscsi iscsi = example;
        iscsi.chap = rows[i].chap;
        iscsi.mutual = rows[i].mutual;
        iscsi.header_digest = rows[i].header;
        iscsi.data_digest = rows[i].data;
        assert_int_not_equal(pathbytes_put_iscsi(&iscsi, bytes, sizeof bytes), 0);
        const uint8_t *node = pathbytes_find(bytes, PATHBYTES_ISCSI);
        assert_non_null(node);
        assert_int_equal(node[6] | node[7] << 8, rows[i].options);
    }
}

static void test_a_name_too_long_for_a_node_is_refused(void **state)
{
    static char name[0x10000];
    static uint8_t bytes[0x20000];
    struct devpath_iscsi iscsi = example;

    (void)state;
    iscsi.target_name = name;
    memset(name, 'a', 0xffff - 18 - 1);
    assert_int_not_equal(pathbytes_put_iscsi(&iscsi, bytes, sizeof bytes), 0);
    name[0xffff - 18 - 1] = 'a';
    assert_int_equal(pathbytes_put_iscsi(&iscsi, bytes, sizeof bytes), 0);
    assert_int_equal(pathbytes_put_iscsi(&iscsi, NULL, 0), 0);
}

static void test_file_node(void **state)
{
    static const uint16_t name[] = {'\\', 0xe4};
    static const uint8_t wanted[] = {4, 4, 10, 0, '\\', 0, 0xe4, 0, 0, 0, 0x7f, 0xff, 4, 0};
    uint8_t bytes[sizeof wanted];

    (void)state;
    assert_int_equal(pathbytes_put_file(name, 2, bytes, sizeof bytes), sizeof wanted);
    assert_memory_equal(bytes, wanted, sizeof wanted);
    for (size_t capacity = 0; capacity < sizeof wanted; capacity++) {
        assert_int_equal(pathbytes_put_file(name, 2, bytes, capacity), 0);
    }
}

static const uint8_t nic[] = {1, 1, 6, 0, 0, 8, 3, 11, 5, 0, 0x52, 0x7f, 0xff, 4, 0};
static const uint8_t nic_ip[] = {1, 1, 6, 0, 0, 8, 3, 11, 5, 0, 0x52, 3, 12, 5, 0, 9, 0x7f, 0xff, 4, 0};
static const uint8_t other_nic[] = {1, 1, 6, 0, 0, 9, 3, 11, 5, 0, 0x52, 0x7f, 0xff, 4, 0};
static const uint8_t empty[] = {0x7f, 0xff, 4, 0};
/* Its last node begins with the same bytes as the NIC's, but is longer. */
static const uint8_t longer_node[] = {1, 1, 6, 0, 0, 8, 3, 11, 6, 0, 0x52, 0, 0x7f, 0xff, 4, 0};

static void test_prefixes_are_whole_nodes(void **state)
{
    (void)state;
    assert_true(pathbytes_is_prefix(nic, nic));
    assert_true(pathbytes_is_prefix(nic, nic_ip));
    assert_false(pathbytes_is_prefix(nic_ip, nic));
    assert_false(pathbytes_is_prefix(nic, other_nic));
    assert_false(pathbytes_is_prefix(nic, longer_node));
    assert_true(pathbytes_is_prefix(empty, nic));
    assert_false(pathbytes_is_prefix(nic, empty));
}

static void test_nodes_are_found_and_walks_end(void **state)
{
    static const uint8_t broken[] = {1, 1, 6, 0, 0, 8, 3, 11, 3, 0};
    uint8_t copy[sizeof nic_ip];
    uint8_t mended[10];

    (void)state;
    assert_ptr_equal(pathbytes_find(nic_ip, PATHBYTES_IPV4), nic_ip + 11);
    assert_null(pathbytes_find(nic, PATHBYTES_IPV4));
    assert_int_equal(pathbytes_body(nic_ip), sizeof nic_ip - 4);
    assert_int_equal(pathbytes_copy(nic_ip, copy), sizeof nic_ip);
    assert_memory_equal(copy, nic_ip, sizeof nic_ip);
    /* A length below its own header would never let the walk go on. */
    assert_int_equal(pathbytes_body(broken), 6);
    assert_null(pathbytes_find(broken, PATHBYTES_MAC));
    assert_int_equal(pathbytes_copy(broken, mended), sizeof mended);
    assert_memory_equal(mended + 6, empty, sizeof empty);
}

static void test_text_is_cut_at_every_size(void **state)
{
    static const char wanted[] = "Path(1,1,0008)/Path(3,11,52)";
    char text[64];

    (void)state;
    pathbytes_text(nic, text, sizeof text);
    assert_string_equal(text, wanted);
    pathbytes_text(nic, text, 0);
    for (size_t capacity = 1; capacity < sizeof wanted; capacity++) {
        memset(text, 'x', sizeof text);
        pathbytes_text(nic, text, capacity);
        assert_true(strlen(text) < capacity);
        assert_memory_equal(text, wanted, strlen(text));
        assert_int_equal(text[capacity], 'x');
    }
}

static void test_ucs2_both_ways(void **state)
{
    static const char utf8[] = "a\xc3\xa4\xe2\x82\xac";
    static const uint16_t ucs2[] = {'a', 0xe4, 0x20ac, 0};
    uint16_t wide[8];
    char narrow[8];

    (void)state;
    assert_int_equal(ucs2_from_utf8(utf8, wide, 8), 3);
    assert_memory_equal(wide, ucs2, sizeof ucs2);
    assert_int_equal(ucs2_to_utf8(ucs2, 100, narrow, sizeof narrow), 6);
    assert_string_equal(narrow, utf8);
    /* Cut at whole characters only. */
    assert_int_equal(ucs2_to_utf8(ucs2, 3, narrow, 6), 3);
    assert_string_equal(narrow, "a\xc3\xa4");
    assert_int_equal(ucs2_to_utf8(ucs2, 1, narrow, sizeof narrow), 1);
    assert_int_equal(ucs2_from_utf8(utf8, wide, 2), 1);
    assert_int_equal(wide[1], 0);
}

static void test_ucs2_replaces_what_is_no_utf8(void **state)
{
    static const struct {
        const char *from;
        uint16_t to[4];
    } rows[] = {
        {"\xff!", {UCS2_REPLACEMENT, '!'}},
        {"\x80!", {UCS2_REPLACEMENT, '!'}},
        {"\xc3!", {UCS2_REPLACEMENT, '!'}},
        {"\xe2\x82", {UCS2_REPLACEMENT}},
        {"\xc0\xaf!", {UCS2_REPLACEMENT, '!'}},         /* overlong */
        {"\xed\xa0\x80!", {UCS2_REPLACEMENT, '!'}},     /* a surrogate */
        {"\xf0\x9f\x98\x80!", {UCS2_REPLACEMENT, '!'}}, /* beyond UCS-2 */
    };
    uint16_t wide[8];
    static const uint16_t surrogate[] = {0xd83d, '!'};
    char narrow[8];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        memset(wide, 0xee, sizeof wide);
        size_t length = ucs2_from_utf8(rows[i].from, wide, 8);
        assert_memory_equal(wide, rows[i].to, (length + 1) * 2);
    }
    assert_int_equal(ucs2_to_utf8(surrogate, 2, narrow, sizeof narrow), 4);
    assert_string_equal(narrow, "\xef\xbf\xbd!");
}

static void test_ucs2_text_is_told_from_binary_data(void **state)
{
    static const uint16_t options[] = {'n', 'i', 'c', '=', 'a', 'u', 't', 'o', ' ', 0xe4, '\t', '\n'};
    static const uint16_t guid[] = {0x4a1b, 0x9c33, 0x11d2, 0x398e, 0xa000, 0x69c9, 0x3b72, 0x0001};
    static const uint16_t half[] = {'a', 0xd800};
    static const uint16_t foreign[] = {'a', 0x4e00, 0x4e01};

    (void)state;
    assert_true(ucs2_is_text(options, sizeof options / 2));
    assert_true(ucs2_is_text(options, 0));
    assert_false(ucs2_is_text(guid, sizeof guid / 2));
    assert_false(ucs2_is_text(half, 2));
    assert_false(ucs2_is_text(foreign, 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_336_ipv4_and_iscsi_nodes),
        cmocka_unit_test(test_req_336_login_options),
        cmocka_unit_test(test_a_name_too_long_for_a_node_is_refused),
        cmocka_unit_test(test_file_node),
        cmocka_unit_test(test_prefixes_are_whole_nodes),
        cmocka_unit_test(test_nodes_are_found_and_walks_end),
        cmocka_unit_test(test_text_is_cut_at_every_size),
        cmocka_unit_test(test_ucs2_both_ways),
        cmocka_unit_test(test_ucs2_replaces_what_is_no_utf8),
        cmocka_unit_test(test_ucs2_text_is_told_from_binary_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
