/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The iBFT: built tables are judged by a second reader in this file, which knows the layout by its own
 * numbers and the rules of the operating systems that read it; and the parser is fed what others write, and
 * damage.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/ibft.h"

#define INITIATOR "iqn.2026-11.com.example:host1"
#define TARGET    "iqn.2026-11.com.example:disk1"

/* --- A reader as an operating system has it: Linux' rules, and those of its user space (REQ-330) --- */

static unsigned le16(const uint8_t *p)
{
    return p[0] + 256u * p[1];
}

static uint32_t le32(const uint8_t *p)
{
    return le16(p) + 65536u * le16(p + 2);
}

struct view {
    const uint8_t *table;
    size_t length;
    const uint8_t *initiator, *nic[2], *target[2];
};

/* An offset of the control structure: zero, or a structure with this id and exactly this length. */
static const uint8_t *os_structure(const struct view *view, unsigned offset, unsigned id, unsigned length)
{
    const uint8_t *p = view->table + offset;

    if (offset == 0)
        return NULL;
    assert_true(offset < view->length - 48);
    assert_true(offset + length <= view->length);
    assert_int_equal(offset % 8, 0);
    assert_int_equal(p[0], id);
    assert_int_equal(p[1], 1);
    assert_int_equal(le16(p + 2), length);
    return p;
}

static struct view os_open(const uint8_t *table, size_t length)
{
    struct view view = {.table = table, .length = length};
    const uint8_t *control = table + 48;
    uint8_t sum = 0;

    assert_memory_equal(table, "iBFT", 4);
    assert_int_equal(le32(table + 4), length);
    assert_int_equal(table[8], 1);
    for (size_t i = 0; i < length; i++)
        sum = (uint8_t)(sum + table[i]);
    assert_int_equal(sum, 0);
    for (unsigned i = 24; i < 48; i++)
        assert_int_equal(table[i], 0);
    assert_int_equal(control[0], 1);
    assert_int_equal(control[1], 1);
    assert_int_equal(le16(control + 2), 18); /* what Linux before 5.6 insists on */
    assert_int_equal(control[4], 0);
    assert_int_equal(control[5], 0);
    assert_int_equal(le16(control + 6), 0);
    view.initiator = os_structure(&view, le16(control + 8), 2, 74);
    view.nic[0] = os_structure(&view, le16(control + 10), 3, 102);
    view.target[0] = os_structure(&view, le16(control + 12), 4, 54);
    view.nic[1] = os_structure(&view, le16(control + 14), 3, 102);
    view.target[1] = os_structure(&view, le16(control + 16), 4, 54);
    assert_non_null(view.initiator);
    return view;
}

/* A string by its length and offset: inside, ended, and equal to what is wanted ("" : neither length nor
 * offset). */
static void os_bytes(const struct view *view, const uint8_t *field, const void *wanted, size_t length)
{
    unsigned offset = le16(field + 2);

    assert_int_equal(le16(field), length);
    if (length == 0) {
        assert_int_equal(offset, 0);
        return;
    }
    assert_true(offset >= 48 && offset + length < view->length);
    assert_memory_equal(view->table + offset, wanted, length);
    assert_int_equal(view->table[offset + length], 0);
}

static void os_string(const struct view *view, const uint8_t *field, const char *wanted)
{
    os_bytes(view, field, wanted, strlen(wanted));
}

/* --- The tables of the tests --- */

static struct ibft example(void)
{
    struct ibft ibft;
    struct ibft_nic *nic = &ibft.nics[0];
    struct ibft_target *target = &ibft.targets[0];

    memset(&ibft, 0, sizeof ibft);
    strcpy(ibft.initiator, INITIATOR);
    memcpy(ibft.oem_id, "LUNBT ", 6);
    memcpy(ibft.oem_table_id, "LUNBOOT ", 8);
    nic->valid = nic->selected = target->valid = target->selected = true;
    ibft_map_ipv4((const uint8_t[4]){10, 0, 2, 15}, nic->address);
    ibft_map_ipv4((const uint8_t[4]){10, 0, 2, 1}, nic->gateway);
    ibft_map_ipv4((const uint8_t[4]){10, 0, 2, 3}, nic->dns[0]);
    ibft_map_ipv4((const uint8_t[4]){10, 0, 2, 4}, nic->dns[1]);
    ibft_map_ipv4((const uint8_t[4]){10, 0, 2, 5}, nic->dhcp);
    nic->prefix_length = 24;
    nic->origin = IBFT_ORIGIN_DHCP;
    nic->vlan = 0x123;
    nic->pci = 0x03 << 8 | 0x1f << 3 | 6;
    memcpy(nic->mac, "\x52\x54\x00\x12\x34\x56", 6);
    strcpy(nic->hostname, "host1");
    ibft_map_ipv4((const uint8_t[4]){10, 0, 2, 2}, target->address);
    target->port = 3260;
    memcpy(target->lun, "\x41\x2c\0\0\0\0\0\0", 8);
    target->chap = IBFT_CHAP_MUTUAL;
    strcpy(target->name, TARGET);
    strcpy(target->chap_name, "user");
    strcpy(target->reverse_name, "storage");
    memcpy(target->chap_secret, "one\0way\0secret", 14);
    target->chap_secret_length = 14;
    memcpy(target->reverse_secret, "mutual-secret-22", 16);
    target->reverse_secret_length = 16;
    return ibft;
}

static uint8_t built[IBFT_SIZE_MAX];

static struct view build(const struct ibft *ibft)
{
    size_t length = ibft_build(ibft, built, sizeof built);

    assert_true(length > 0);
    return os_open(built, length);
}

static const uint8_t nothing[16];

static void test_req_319_the_header(void **state)
{
    struct ibft ibft = example();
    struct view view = build(&ibft);

    (void)state;
    assert_memory_equal(view.table + 10, "LUNBT ", 6);
    assert_memory_equal(view.table + 16, "LUNBOOT ", 8);
    assert_true(view.length < 1024);
}

static void test_req_320_322_structures_and_their_flags(void **state)
{
    struct ibft ibft = example();
    struct view view = build(&ibft);

    (void)state;
    assert_int_equal(view.initiator[4], 0);
    assert_int_equal(view.initiator[5], 3);
    assert_int_equal(view.nic[0][4], 0);
    assert_int_equal(view.nic[0][5], 3);
    assert_int_equal(view.target[0][4], 0);
    assert_int_equal(view.target[0][5], 3);
    assert_null(view.nic[1]);
    assert_null(view.target[1]);
}

/* Structures and strings one after the other: nothing overlaps, nothing is lost between them but the padding.
 */
static void test_req_321_nothing_overlaps(void **state)
{
    struct ibft ibft = example();
    struct view view = build(&ibft);
    uint8_t used[IBFT_SIZE_MAX] = {0};
    const uint8_t *fields[] = {view.initiator + 70, view.nic[0] + 98,    view.target[0] + 34,
                               view.target[0] + 38, view.target[0] + 42, view.target[0] + 46,
                               view.target[0] + 50};
    const struct {
        size_t offset, length;
    } structures[] = {{0, 48},
                      {48, 18},
                      {(size_t)(view.initiator - built), 74},
                      {(size_t)(view.nic[0] - built), 102},
                      {(size_t)(view.target[0] - built), 54}};

    (void)state;
    for (size_t s = 0; s < 5; s++)
        for (size_t i = 0; i < structures[s].length; i++)
            assert_int_equal(used[structures[s].offset + i]++, 0);
    for (size_t s = 0; s < sizeof fields / sizeof fields[0]; s++)
        for (size_t i = 0; i <= le16(fields[s]); i++)
            assert_int_equal(used[le16(fields[s] + 2) + i]++, 0);
    for (size_t i = 0; i < view.length; i++)
        if (!used[i])
            assert_int_equal(built[i], 0);
}

static void test_req_323_absent_addresses_are_zero(void **state)
{
    struct ibft ibft = example();
    struct view view = build(&ibft);
    uint8_t address[16];

    (void)state;
    assert_memory_equal(view.nic[0] + 6, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\x00\x02\x0f", 16);
    assert_memory_equal(view.target[0] + 6, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\x00\x02\x02", 16);
    for (unsigned i = 0; i < 4; i++) /* iSNS, SLP and two RADIUS servers */
        assert_memory_equal(view.initiator + 6 + 16 * i, nothing, 16);
    memset(address, 0x55, sizeof address);
    ibft_map_ipv4((const uint8_t[4]){0, 0, 0, 0}, address);
    assert_memory_equal(address, nothing, 16);
    memcpy(ibft.nics[0].gateway, nothing, 16);
    memcpy(ibft.nics[0].address, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
    view = build(&ibft);
    assert_memory_equal(view.nic[0] + 24, nothing, 16);
    assert_memory_equal(view.nic[0] + 6, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
}

static void test_addresses_read_back(void **state)
{
    uint8_t address[16], ipv4[4];

    (void)state;
    ibft_map_ipv4((const uint8_t[4]){192, 0, 2, 1}, address);
    assert_true(ibft_get_ipv4(address, ipv4));
    assert_memory_equal(ipv4, "\xc0\x00\x02\x01", 4);
    assert_false(ibft_get_ipv4(nothing, ipv4));
    memset(address + 12, 0, 4); /* ::ffff:0.0.0.0, which EDK2 writes */
    assert_false(ibft_get_ipv4(address, ipv4));
    memcpy(address, "\x20\x01\x0d\xb8\0\0\0\0\0\0\xff\xff\x0a\0\x02\x02", 16);
    assert_false(ibft_get_ipv4(address, ipv4));
}

static void test_req_324_the_nic(void **state)
{
    struct ibft ibft = example();
    struct view view = build(&ibft);
    const uint8_t *nic = view.nic[0];

    (void)state;
    assert_int_equal(nic[22], 24);
    assert_int_equal(nic[23], 3);
    assert_memory_equal(nic + 24 + 12, "\x0a\x00\x02\x01", 4);
    assert_memory_equal(nic + 40 + 12, "\x0a\x00\x02\x03", 4);
    assert_memory_equal(nic + 56 + 12, "\x0a\x00\x02\x04", 4);
    assert_memory_equal(nic + 72 + 12, "\x0a\x00\x02\x05", 4);
    assert_int_equal(le16(nic + 88), 0x123);
    assert_memory_equal(nic + 90, "\x52\x54\x00\x12\x34\x56", 6);
    assert_int_equal(le16(nic + 96), 0x3fe);
    os_string(&view, nic + 98, "host1");
    ibft.nics[0].hostname[0] = '\0';
    view = build(&ibft);
    os_string(&view, view.nic[0] + 98, ""); /* Linux shows a host name wherever the offset is not zero */
}

static void test_req_325_the_target(void **state)
{
    struct ibft ibft = example();
    struct view view = build(&ibft);
    const uint8_t *target = view.target[0];

    (void)state;
    assert_int_equal(le16(target + 22), 3260);
    assert_memory_equal(target + 24, "\x41\x2c\0\0\0\0\0\0", 8);
    assert_int_equal(target[32], 2);
    assert_int_equal(target[33], view.nic[0][4]);
    os_string(&view, target + 34, TARGET);
    os_string(&view, target + 38, "user");
    os_bytes(&view, target + 42, "one\0way\0secret", 14);
    os_string(&view, target + 46, "storage");
    os_string(&view, target + 50, "mutual-secret-22");
}

static void test_req_326_the_initiator_name_is_the_one_used(void **state)
{
    struct ibft ibft = example();
    struct view view = build(&ibft);

    (void)state;
    os_string(&view, view.initiator + 70, INITIATOR);
}

static bool has_bytes(const uint8_t *bytes, size_t length, const char *text)
{
    for (size_t i = 0; i + strlen(text) <= length; i++)
        if (memcmp(bytes + i, text, strlen(text)) == 0)
            return true;
    return false;
}

/* What was not negotiated, or is to be left out, is not in the table at all. */
static void test_req_327_secrets_only_where_they_are_wanted(void **state)
{
    struct ibft ibft = example();
    struct view view;

    (void)state;
    ibft.targets[0].chap = IBFT_CHAP_ONE_WAY;
    view = build(&ibft);
    os_bytes(&view, view.target[0] + 42, "one\0way\0secret", 14);
    os_string(&view, view.target[0] + 46, "");
    assert_false(has_bytes(built, sizeof built, "mutual-secret-22"));
    ibft.targets[0].chap_secret_length = 0;
    view = build(&ibft);
    assert_int_equal(view.target[0][32], 1);
    os_string(&view, view.target[0] + 38, "user");
    os_string(&view, view.target[0] + 42, "");
    ibft = example();
    ibft.targets[0].chap = IBFT_CHAP_NONE;
    view = build(&ibft);
    for (unsigned field = 38; field < 54; field += 4)
        os_string(&view, view.target[0] + field, "");
    assert_false(has_bytes(built, sizeof built, "way"));
    assert_false(has_bytes(built, sizeof built, "storage"));
}

static void test_req_322_328_two_paths_of_which_one_is_selected(void **state)
{
    struct ibft ibft = example();
    struct view view;

    (void)state;
    ibft.nics[1] = ibft.nics[0];
    ibft.targets[1] = ibft.targets[0];
    ibft.nics[1].selected = ibft.targets[1].selected = false;
    ibft.targets[1].nic = 1;
    ibft.targets[1].lun[1] = 9;
    view = build(&ibft);
    assert_int_equal(view.nic[1][4], 1);
    assert_int_equal(view.nic[0][5], 3);
    assert_int_equal(view.nic[1][5], 1);
    assert_int_equal(view.target[0][5], 3);
    assert_int_equal(view.target[1][5], 1);
    assert_int_equal(view.target[1][33], view.nic[1][4]);
    assert_int_equal(view.target[1][25], 9);
}

static void fill(char *text, size_t length)
{
    memset(text, 'n', length);
    text[length] = '\0';
}

static void test_req_329_the_longest_of_everything_fits(void **state)
{
    struct ibft ibft = example(), again;
    struct view view;

    (void)state;
    ibft.nics[1] = ibft.nics[0];
    ibft.targets[1] = ibft.targets[0];
    fill(ibft.initiator, NAME_MAX_BYTES);
    for (unsigned i = 0; i < 2; i++) {
        fill(ibft.nics[i].hostname, IBFT_HOST_MAX);
        fill(ibft.targets[i].name, NAME_MAX_BYTES);
        fill(ibft.targets[i].chap_name, CHAP_NAME_MAX);
        fill(ibft.targets[i].reverse_name, CHAP_NAME_MAX);
        ibft.targets[i].chap_secret_length = ibft.targets[i].reverse_secret_length = CHAP_SECRET_MAX;
    }
    view = build(&ibft);
    assert_int_equal(le16(view.initiator + 70), 223);
    assert_int_equal(le16(view.target[1] + 50), 255);
    assert_null(ibft_parse(built, view.length, &again));
    assert_string_equal(again.targets[1].reverse_name, ibft.targets[1].reverse_name);
}

/* Every capacity: the whole table, or nothing at all, and no byte beyond. */
static void test_req_321_a_table_is_whole_or_not_there(void **state)
{
    struct ibft ibft = example();
    size_t length = ibft_build(&ibft, built, sizeof built);

    (void)state;
    for (size_t capacity = 0; capacity <= length; capacity++) {
        uint8_t *table = malloc(capacity > 0 ? capacity : 1);

        if (capacity < length) {
            assert_int_equal(ibft_build(&ibft, table, capacity), 0);
            for (size_t i = 0; i < capacity; i++)
                assert_int_equal(table[i], 0); /* no secret stays behind */
        } else {
            assert_int_equal(ibft_build(&ibft, table, capacity), length);
            assert_memory_equal(table, built, length);
        }
        free(table);
    }
    ibft.targets[0].chap_secret_length = CHAP_SECRET_MAX + 1;
    assert_int_equal(ibft_build(&ibft, built, sizeof built), 0);
}

static void test_req_330_what_is_written_is_read_again(void **state)
{
    struct ibft ibft = example(), again;
    struct view view;

    (void)state;
    memset(&again, 0x55, sizeof again);
    view = build(&ibft);
    assert_null(ibft_parse(built, view.length, &again));
    assert_memory_equal(&again, &ibft, sizeof ibft);
    assert_null(ibft_parse(built, sizeof built, &again)); /* more memory than table */
    assert_memory_equal(&again, &ibft, sizeof ibft);
}

/* --- Tables of others --- */

static void seal(uint8_t *table, size_t length)
{
    uint8_t sum = 0;

    table[9] = 0;
    for (size_t i = 0; i < length; i++)
        sum = (uint8_t)(sum + table[i]);
    table[9] = (uint8_t)(0 - sum);
}

/* An exact copy, so that the sanitizer sees every byte read beyond it. */
static const char *parse(const uint8_t *table, size_t length, struct ibft *ret_ibft)
{
    uint8_t *copy = malloc(length > 0 ? length : 1);
    const char *wrong;

    memcpy(copy, table, length);
    memset(ret_ibft, 0x55, sizeof *ret_ibft);
    wrong = ibft_parse(copy, length, ret_ibft);
    free(copy);
    return wrong;
}

/* Change bytes of the example, seal it, and expect these words, and nothing in the result. */
static void bad(size_t at, const char *bytes, size_t count, const char *words)
{
    static const struct ibft empty;
    struct ibft ibft = example();
    struct view view = build(&ibft);
    const char *wrong;

    memcpy(built + at, bytes, count);
    seal(built, view.length);
    wrong = parse(built, view.length, &ibft);
    if (!wrong)
        fail_msg("a table with a change at %u was taken", (unsigned)at);
    else if (!strstr(wrong, words))
        fail_msg("\"%s\" does not speak of \"%s\"", wrong, words);
    assert_memory_equal(&ibft, &empty, sizeof ibft);
}

static void test_headers_that_are_wrong(void **state)
{
    struct ibft ibft = example();
    struct view view = build(&ibft);

    (void)state;
    bad(0, "iBFX", 4, "not an iBFT");
    bad(4, "\x20\0\0\0", 4, "length");
    bad(4, "\xff\xff\0\0", 4, "length");
    bad(6, "\1", 1, "length");
    bad(8, "\2", 1, "revision");
    bad(48, "\2", 1, "offset does not lead");
    bad(49, "\2", 1, "offset does not lead");
    bad(50, "\x11\0", 2, "offset does not lead");
    view = build(&ibft);
    built[100]++;
    assert_string_equal(parse(built, view.length, &ibft), "its checksum is wrong");
    assert_string_equal(parse(built, 65, &ibft), "it is too short");
    assert_string_equal(parse(built, 0, &ibft), "it is too short");
}

static void test_offsets_that_lead_nowhere(void **state)
{
    struct ibft ibft = example();
    struct view view = build(&ibft);
    size_t nic = (size_t)(view.nic[0] - built), target = (size_t)(view.target[0] - built);

    (void)state;
    for (size_t pointer = 56; pointer < 66; pointer += 2) {
        bad(pointer, "\xff\xff", 2, "outside of the table");
        bad(pointer, "\x01\x00", 2, "outside of the table");
        bad(pointer, "\x30\x00", 2, "offset does not lead");
    }
    bad(target + 36, "\xff\xff", 2, "string lies outside");
    bad(target + 36, "\x10\x00", 2, "string lies outside");
    bad(target + 34, "\xff\x7f", 2, "string lies outside");
    bad(target + 34, "\x10\x00", 2, "string has no end");
    bad(nic + 98, "\x04\x00", 2, "string has no end");
    bad(target + 33, "\x07", 1, "NIC that is not there");
    bad(target + 32, "\x03", 1, "none of the three");
    bad(nic + 22, "\x81", 1, "prefix length");
}

static void test_names_with_control_characters_are_refused(void **state)
{
    struct ibft ibft = example();
    struct view view = build(&ibft);

    (void)state;
    bad(le16(view.target[0] + 36) + 3u, "\n", 1, "control characters");
    bad(le16(view.initiator + 72) + 3u, "\0", 1, "control characters");
}

/* The last string's NUL is the table's last byte: one byte less, and it has none inside the table. */
static void test_a_string_ends_inside_the_table(void **state)
{
    struct ibft ibft = example();
    struct view view = build(&ibft);

    (void)state;
    built[4] = (uint8_t)(view.length - 1);
    built[5] = (uint8_t)((view.length - 1) >> 8);
    seal(built, view.length - 1);
    assert_string_equal(parse(built, view.length, &ibft), "a string lies outside of the table");
    assert_string_equal(parse(built, view.length - 1, &ibft), "a string lies outside of the table");
}

/* Blocks that are not valid count as absent, wherever they point. */
static void test_blocks_that_are_not_valid_are_left_out(void **state)
{
    struct ibft ibft = example();
    struct view view = build(&ibft);
    size_t target = (size_t)(view.target[0] - built);

    (void)state;
    built[target + 5] = 0;
    memset(built + target + 34, 0xff, 20);
    seal(built, view.length);
    assert_null(parse(built, view.length, &ibft));
    assert_false(ibft.targets[0].valid);
    assert_true(ibft.nics[0].valid);
    assert_string_equal(ibft.initiator, INITIATOR);
}

/* A NIC is found by the number in its header; some firmware counts from elsewhere. */
static void test_a_target_finds_its_nic_by_number(void **state)
{
    struct ibft ibft = example();
    struct view view;

    (void)state;
    ibft.nics[1] = ibft.nics[0];
    view = build(&ibft);
    built[view.nic[0] - built + 4] = 7;
    built[view.nic[1] - built + 4] = 5;
    built[view.target[0] - built + 33] = 5;
    seal(built, view.length);
    assert_null(parse(built, view.length, &ibft));
    assert_int_equal(ibft.targets[0].nic, 1);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static bool ended(const char *text, size_t capacity)
{
    return memchr(text, '\0', capacity) != NULL;
}

static void test_damaged_tables(void **state)
{
    struct ibft ibft = example();
    uint8_t whole[IBFT_SIZE_MAX], table[IBFT_SIZE_MAX];
    size_t length = ibft_build(&ibft, whole, sizeof whole);
    uint32_t seed = 330;
    unsigned taken = 0;

    (void)state;
    for (size_t cut = 0; cut < length; cut++)
        assert_non_null(parse(whole, cut, &ibft));
    for (unsigned round = 0; round < 30000; round++) {
        size_t shown = round % 4 ? length : next_random(&seed) % (length + 1);

        memcpy(table, whole, length);
        for (unsigned hits = 1 + next_random(&seed) % 4; hits > 0; hits--)
            table[next_random(&seed) % (round % 2 ? length : 330)] = (uint8_t)next_random(&seed);
        if (round % 8)
            table[4] = (uint8_t)shown, table[5] = (uint8_t)(shown >> 8), table[6] = table[7] = 0;
        if (shown > 9)
            seal(table, shown);
        if (parse(table, shown, &ibft))
            continue;
        taken++;
        for (unsigned i = 0; i < 2; i++) {
            const struct ibft_target *target = &ibft.targets[i];

            assert_true(ended(target->name, sizeof target->name));
            assert_true(ended(target->chap_name, sizeof target->chap_name));
            assert_true(ended(ibft.nics[i].hostname, sizeof ibft.nics[i].hostname));
            assert_true(target->chap_secret_length <= CHAP_SECRET_MAX);
            assert_true(target->reverse_secret_length <= CHAP_SECRET_MAX);
            assert_true(target->nic < IBFT_PAIRS_MAX);
        }
    }
    assert_true(taken > 100); /* else the damage never came past the header */
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_319_the_header),
        cmocka_unit_test(test_req_320_322_structures_and_their_flags),
        cmocka_unit_test(test_req_321_nothing_overlaps),
        cmocka_unit_test(test_req_323_absent_addresses_are_zero),
        cmocka_unit_test(test_addresses_read_back),
        cmocka_unit_test(test_req_324_the_nic),
        cmocka_unit_test(test_req_325_the_target),
        cmocka_unit_test(test_req_326_the_initiator_name_is_the_one_used),
        cmocka_unit_test(test_req_327_secrets_only_where_they_are_wanted),
        cmocka_unit_test(test_req_322_328_two_paths_of_which_one_is_selected),
        cmocka_unit_test(test_req_329_the_longest_of_everything_fits),
        cmocka_unit_test(test_req_321_a_table_is_whole_or_not_there),
        cmocka_unit_test(test_req_330_what_is_written_is_read_again),
        cmocka_unit_test(test_headers_that_are_wrong),
        cmocka_unit_test(test_offsets_that_lead_nowhere),
        cmocka_unit_test(test_names_with_control_characters_are_refused),
        cmocka_unit_test(test_a_string_ends_inside_the_table),
        cmocka_unit_test(test_blocks_that_are_not_valid_are_left_out),
        cmocka_unit_test(test_a_target_finds_its_nic_by_number),
        cmocka_unit_test(test_damaged_tables),
    };

    return cmocka_run_group_tests_name("ibft", tests, NULL, NULL);
}
