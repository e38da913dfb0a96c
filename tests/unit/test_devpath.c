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
#include "efi/usbnode.c"   /* NOLINT(bugprone-suspicious-include) */

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

static void test_bytes_are_a_path_only_with_an_end_node(void **state)
{
    uint8_t bytes[sizeof nic];

    (void)state;
    for (size_t length = 0; length < sizeof nic; length++) {
        assert_false(pathbytes_is_whole(nic, length));
    }
    assert_true(pathbytes_is_whole(nic, sizeof nic));
    assert_true(pathbytes_is_whole(empty, sizeof empty));
    for (size_t at = 0; at < sizeof nic; at++) {
        for (unsigned value = 0; value < 256; value++) {
            memcpy(bytes, nic, sizeof nic);
            bytes[at] = (uint8_t)value;
            if (pathbytes_is_whole(bytes, sizeof bytes)) {
                assert_true(pathbytes_body(bytes) + PATHBYTES_HEADER <= sizeof bytes);
            }
        }
    }
}

static void test_the_last_node(void **state)
{
    (void)state;
    assert_ptr_equal(pathbytes_last(nic), nic + 6);
    assert_null(pathbytes_last(empty));
}

static void test_a_file_name_in_several_nodes(void **state)
{
    static const uint8_t path[] = {1, 1, 6, 0,  0, 8,   4, 4,    10, 0, '/', 0,    'E',  0, 0,
                                   0, 4, 4, 10, 0, 'x', 0, 0xe4, 0,  0, 0,   0x7f, 0xff, 4, 0};
    static const uint8_t odd[] = {4, 4, 7, 0, 'a', 0, 'b', 0x7f, 0xff, 4, 0};
    static const uint16_t wanted[] = {'\\', 'E', '\\', 'x', 0xe4, 0};
    uint16_t name[8];

    (void)state;
    assert_int_equal(pathbytes_get_file(path, name, 8), 5);
    assert_memory_equal(name, wanted, sizeof wanted);
    for (size_t capacity = 1; capacity < 6; capacity++) {
        memset(name, 0xee, sizeof name);
        assert_int_equal(pathbytes_get_file(path, name, capacity), capacity - 1);
        assert_memory_equal(name, wanted, 2 * (capacity - 1));
        assert_int_equal(name[capacity - 1], 0);
        assert_int_equal(name[capacity], 0xeeee);
    }
    assert_int_equal(pathbytes_get_file(path, name, 0), 0);
    assert_int_equal(pathbytes_get_file(odd, name, 8), 1);
    assert_int_equal(pathbytes_get_file(nic, name, 8), 0);
}

/* Partition 2, blocks 0x800 and on, an MBR's signature; the last two bytes are MBR, MBR signature. */
static const uint8_t mbr[42] = {4, 1, 42, 0, 2, 0, 0, 0, 0, 8, [24] = 0x11, 0x22, 0x33, 0x44, [40] = 1, 1};

static void test_a_partition_is_known_by_its_signature(void **state)
{
    static const struct {
        unsigned at;
        bool same, same_gpt;
    } rows[] = {
        {0, false, false},  {1, false, false},  {2, false, false}, /* another kind, or cut short */
        {4, false, true},                                          /* the number */
        {8, true, true},    {16, true, true},                      /* start and size may have changed */
        {24, false, false}, {27, false, false},                    /* the signature */
        {28, true, false},  {39, true, false},                     /* the rest of a GUID */
        {40, false, false}, {41, false, false},                    /* its format */
    };
    uint8_t gpt[sizeof mbr], other[sizeof mbr];

    (void)state;
    memcpy(gpt, mbr, sizeof gpt);
    gpt[40] = gpt[41] = 2;
    assert_true(pathbytes_is_same_partition(mbr, mbr));
    assert_true(pathbytes_is_same_partition(gpt, gpt));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        memcpy(other, mbr, sizeof other);
        other[rows[i].at] ^= 8;
        assert_int_equal(pathbytes_is_same_partition(mbr, other), rows[i].same);
        assert_int_equal(pathbytes_is_same_partition(other, mbr), rows[i].same);
        memcpy(other, gpt, sizeof other);
        other[rows[i].at] ^= 8;
        assert_int_equal(pathbytes_is_same_partition(gpt, other), rows[i].same_gpt);
    }
    memcpy(other, mbr, sizeof other);
    other[41] = 0; /* no signature: nothing to know it by */
    assert_false(pathbytes_is_same_partition(other, other));
}

static const uint16_t serial[] = {'L', 'B', '4'};
static const struct usbnode_device stick = {.vendor = 0x46f4,
                                            .product = 1,
                                            .interface = 3,
                                            .class_codes = {8, 6, 0x50},
                                            .serial = serial,
                                            .serial_length = 3};

static void test_a_usb_device_by_its_class(void **state)
{
    static const struct {
        uint8_t node[11];
        bool matches;
    } rows[] = {
        {{3, 15, 11, 0, 0xf4, 0x46, 1, 0, 8, 6, 0x50}, true},
        {{3, 15, 11, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, true},
        {{3, 15, 11, 0, 0xf5, 0x46, 1, 0, 8, 6, 0x50}, false},
        {{3, 15, 11, 0, 0xf4, 0x46, 2, 0, 8, 6, 0x50}, false},
        {{3, 15, 11, 0, 0xff, 0xff, 0xff, 0xff, 9, 0xff, 0xff}, false},
        {{3, 15, 11, 0, 0xff, 0xff, 0xff, 0xff, 8, 5, 0xff}, false},
        {{3, 15, 11, 0, 0xff, 0xff, 0xff, 0xff, 8, 6, 0}, false},
        {{3, 15, 10, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, false}, /* cut short */
        {{3, 14, 11, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(usbnode_matches(rows[i].node, &stick), rows[i].matches);
    }
}

static void test_a_usb_device_by_its_serial_number(void **state)
{
    static const struct {
        uint8_t node[18];
        bool matches;
    } rows[] = {
        {{3, 16, 16, 0, 3, 0, 0xf4, 0x46, 1, 0, 'L', 0, 'B', 0, '4', 0}, true},
        {{3, 16, 18, 0, 3, 0, 0xf4, 0x46, 1, 0, 'L', 0, 'B', 0, '4', 0, 0, 0}, true}, /* with a NUL */
        {{3, 16, 18, 0, 3, 0, 0xf4, 0x46, 1, 0, 'L', 0, 'B', 0, '4', 0, '2', 0}, false},
        {{3, 16, 14, 0, 3, 0, 0xf4, 0x46, 1, 0, 'L', 0, 'B', 0}, false},
        {{3, 16, 16, 0, 3, 0, 0xf4, 0x46, 1, 0, 'L', 0, 'B', 0, '5', 0}, false},
        {{3, 16, 16, 0, 2, 0, 0xf4, 0x46, 1, 0, 'L', 0, 'B', 0, '4', 0}, false}, /* another interface */
        {{3, 16, 16, 0, 3, 0, 0xf3, 0x46, 1, 0, 'L', 0, 'B', 0, '4', 0}, false},
        {{3, 16, 16, 0, 3, 0, 0xf4, 0x46, 2, 0, 'L', 0, 'B', 0, '4', 0}, false},
        {{3, 16, 9, 0, 3, 0, 0xf4, 0x46, 1}, false}, /* cut short */
        {{3, 16, 10, 0, 3, 0, 0xf4, 0x46, 1, 0}, false},
    };
    struct usbnode_device nameless = stick;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(usbnode_matches(rows[i].node, &stick), rows[i].matches);
    }
    nameless.serial = NULL;
    nameless.serial_length = 0;
    assert_true(usbnode_matches(rows[9].node, &nameless));
    assert_false(usbnode_matches(rows[0].node, &nameless));
}

/* Of a longer number the last 64 characters are in the path (10.3.4.8). */
static void test_a_long_serial_number_is_known_by_its_end(void **state)
{
    static uint16_t number[70];
    static uint8_t node[10 + 128] = {3, 16, 10 + 128, 0, 3, 0, 0xf4, 0x46, 1, 0};
    struct usbnode_device device = stick;

    (void)state;
    for (size_t i = 0; i < 70; i++) {
        number[i] = (uint16_t)('0' + i);
    }
    for (size_t i = 0; i < 64; i++) {
        node[10 + 2 * i] = (uint8_t)('0' + 6 + i);
    }
    device.serial = number;
    device.serial_length = 70;
    assert_true(usbnode_matches(node, &device));
    node[10]++;
    assert_false(usbnode_matches(node, &device));
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
        cmocka_unit_test(test_bytes_are_a_path_only_with_an_end_node),
        cmocka_unit_test(test_the_last_node),
        cmocka_unit_test(test_a_file_name_in_several_nodes),
        cmocka_unit_test(test_a_partition_is_known_by_its_signature),
        cmocka_unit_test(test_a_usb_device_by_its_class),
        cmocka_unit_test(test_a_usb_device_by_its_serial_number),
        cmocka_unit_test(test_a_long_serial_number_is_known_by_its_end),
        cmocka_unit_test(test_text_is_cut_at_every_size),
        cmocka_unit_test(test_ucs2_both_ways),
        cmocka_unit_test(test_ucs2_replaces_what_is_no_utf8),
        cmocka_unit_test(test_ucs2_text_is_told_from_binary_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
