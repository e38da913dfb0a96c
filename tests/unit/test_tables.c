/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware's tables in memory: ACPI from the root pointer to a table, SMBIOS from the entry point to the
 * System Information. Each is built here as firmware builds it, and then broken in the ways that firmware
 * breaks it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

/* Both have a get32 and a sums_to_zero of their own. */
#define get32        acpi_get32
#define sums_to_zero acpi_sums_to_zero
#include "efi/acpitable.c" /* NOLINT(bugprone-suspicious-include) */
#undef get32
#undef sums_to_zero
#define get32        smbios_get32
#define sums_to_zero smbios_sums_to_zero
#include "efi/smbiostable.c" /* NOLINT(bugprone-suspicious-include) */
#undef get32
#undef sums_to_zero

enum {
    TABLE = 100,
    LIST = ACPITABLE_HEADER + 3 * 8,
    SHORT_LIST = ACPITABLE_HEADER + 3 * 4,
};

/* Below 4 GiB, so that the RSDT can name it too. */
static struct memory {
    uint8_t root[36];
    uint8_t xsdt[LIST];
    uint8_t rsdt[SHORT_LIST];
    uint8_t table[3][TABLE];
} * memory;

static void put(uint8_t *to, uint64_t value, size_t width)
{
    for (size_t i = 0; i < width; i++) {
        to[i] = (uint8_t)(value >> 8 * i);
    }
}

static void fix_sum(uint8_t *at, size_t length, uint8_t *sum)
{
    uint8_t total = 0;

    *sum = 0;
    for (size_t i = 0; i < length; i++) {
        total = (uint8_t)(total + at[i]);
    }
    *sum = (uint8_t)-total;
}

static void make_table(uint8_t *at, const char *signature, size_t length)
{
    memcpy(at, signature, 4);
    put(at + 4, length, 4);
    fix_sum(at, length, at + 9);
}

static int setup_acpi(void **state)
{
    (void)state;
    memory =
        mmap(NULL, sizeof *memory, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    assert_ptr_not_equal(memory, MAP_FAILED);
    for (size_t i = 0; i < 3; i++) {
        memset(memory->table[i] + ACPITABLE_HEADER, (int)(i + 1), TABLE - ACPITABLE_HEADER);
        make_table(memory->table[i], i == 0 ? "FACP" : "iBFT", TABLE);
        put(memory->xsdt + ACPITABLE_HEADER + 8 * i, (uintptr_t)memory->table[i], 8);
        put(memory->rsdt + ACPITABLE_HEADER + 4 * i, (uintptr_t)memory->table[i], 4);
    }
    make_table(memory->xsdt, "XSDT", LIST);
    make_table(memory->rsdt, "RSDT", SHORT_LIST);
    memcpy(memory->root, "RSD PTR ", 8);
    memory->root[15] = 2;
    put(memory->root + 16, (uintptr_t)memory->rsdt, 4);
    put(memory->root + 20, 36, 4);
    put(memory->root + 24, (uintptr_t)memory->xsdt, 8);
    fix_sum(memory->root, 20, memory->root + 8);
    fix_sum(memory->root, 36, memory->root + 32);
    return 0;
}

static int teardown_acpi(void **state)
{
    (void)state;
    return munmap(memory, sizeof *memory);
}

static void both_are_found(void)
{
    size_t length = 0;

    assert_ptr_equal(acpitable_find(memory->root, "FACP", 0, &length), memory->table[0]);
    assert_int_equal(length, TABLE);
    assert_ptr_equal(acpitable_find(memory->root, "iBFT", 0, &length), memory->table[1]);
    assert_ptr_equal(acpitable_find(memory->root, "iBFT", 1, &length), memory->table[2]);
    assert_null(acpitable_find(memory->root, "iBFT", 2, &length));
    assert_null(acpitable_find(memory->root, "SSDT", 0, &length));
}

static void test_tables_are_found_through_the_xsdt(void **state)
{
    (void)state;
    memory->rsdt[0] = 0;
    both_are_found();
}

static void test_tables_are_found_through_the_rsdt(void **state)
{
    (void)state;
    memory->xsdt[20] ^= 1; /* its checksum is wrong now */
    both_are_found();
    memory->root[15] = 0; /* and where there is no XSDT at all */
    fix_sum(memory->root, 20, memory->root + 8);
    both_are_found();
}

static void test_a_wrong_root_pointer_leads_nowhere(void **state)
{
    size_t length = 0;

    (void)state;
    memory->root[10] ^= 1;
    assert_null(acpitable_find(memory->root, "FACP", 0, &length));
    memory->root[10] ^= 1;
    memory->root[0] = 'X';
    fix_sum(memory->root, 20, memory->root + 8);
    assert_null(acpitable_find(memory->root, "FACP", 0, &length));
}

static void test_tables_with_wrong_sums_or_lengths_are_passed_over(void **state)
{
    size_t length = 0;
    uint8_t *first = memory->table[1];

    (void)state;
    first[50] ^= 1;
    assert_ptr_equal(acpitable_find(memory->root, "iBFT", 0, &length), memory->table[2]);
    first[50] ^= 1;
    put(first + 4, ACPITABLE_HEADER - 1, 4);
    assert_ptr_equal(acpitable_find(memory->root, "iBFT", 0, &length), memory->table[2]);
    put(first + 4, UINT32_MAX, 4);
    assert_ptr_equal(acpitable_find(memory->root, "iBFT", 0, &length), memory->table[2]);
    /* An entry that names nothing. */
    put(memory->xsdt + ACPITABLE_HEADER + 8, 0, 8);
    fix_sum(memory->xsdt, LIST, memory->xsdt + 9);
    assert_ptr_equal(acpitable_find(memory->root, "iBFT", 0, &length), memory->table[2]);
}

static void test_a_list_that_ends_within_an_entry_is_not_read_beyond(void **state)
{
    size_t length = 0;

    (void)state;
    put(memory->xsdt + 4, ACPITABLE_HEADER + 8 + 7, 4);
    fix_sum(memory->xsdt, ACPITABLE_HEADER + 8 + 7, memory->xsdt + 9);
    assert_non_null(acpitable_find(memory->root, "FACP", 0, &length));
    assert_null(acpitable_find(memory->root, "iBFT", 0, &length));
}

static void test_req_327_our_copy_is_known_and_wiped(void **state)
{
    uint8_t ours[TABLE];
    size_t length = 0;
    static const uint8_t nothing[TABLE - ACPITABLE_HEADER];

    (void)state;
    memcpy(ours, memory->table[1], TABLE);
    ours[9] ^= 0xff; /* the firmware sets the checksum itself */
    assert_true(acpitable_is_copy(memory->table[1], TABLE, ours, TABLE));
    assert_false(acpitable_is_copy(memory->table[2], TABLE, ours, TABLE));
    assert_false(acpitable_is_copy(memory->table[1], TABLE, ours, TABLE - 1));
    acpitable_wipe(memory->table[1], TABLE);
    assert_memory_equal(memory->table[1], ours, 9);
    assert_memory_equal(memory->table[1] + ACPITABLE_HEADER, nothing, sizeof nothing);
    assert_ptr_equal(acpitable_find(memory->root, "iBFT", 0, &length), memory->table[1]); /* to be removed */
}

static void test_a_disguised_table_is_a_valid_table_that_nobody_looks_for(void **state)
{
    size_t length = 0;

    (void)state;
    acpitable_disguise(memory->table[1]);
    assert_ptr_equal(acpitable_find(memory->root, "iBFT", 0, &length), memory->table[2]);
    assert_ptr_equal(acpitable_find(memory->root, "~BFT", 0, &length), memory->table[1]);
}

/* --- SMBIOS --- */

/* BIOS Information with two strings, then System Information with its own, then the end. */
static const uint8_t structures[] = {
    0,    4,    0,    0,    'v',  'e',  'n',  'd',  0,   '1', 0,   0, /* */
    1,    27,   1,    0,    1,    2,    3,    4,                      /* its serial number is string 4 */
    0x3a, 0x5f, 0x1b, 0x6f, 0x1e, 0x9c, 0x0b, 0x4d,                   /* UUID, first half */
    0x8a, 0x77, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 6,   0,   0,      /* second half, wake-up, SKU, family */
    'M',  0,    'P',  0,    'V',  0,    'S',  '-',  '4', '2', ' ', ' ', 0, 0, /* */
    127,  4,    2,    0,    0,    0,
};
static const uint8_t uuid_text[16] = {0x6f, 0x1b, 0x5f, 0x3a, 0x9c, 0x1e, 0x4d, 0x0b,
                                      0x8a, 0x77, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab};

static struct smbiostable copy_of(size_t length, uint8_t **ret_memory)
{
    /* On the heap in its exact length: the sanitizer sees a read behind it. */
    uint8_t *exact = malloc(length > 0 ? length : 1);

    assert_non_null(exact);
    memcpy(exact, structures, length);
    *ret_memory = exact;
    return (struct smbiostable){.structures = exact, .length = length, .version = 0x0300};
}

static void test_uuid_in_the_order_of_its_text(void **state)
{
    struct smbiostable table = {.structures = structures, .length = sizeof structures, .version = 0x0206};
    uint8_t uuid[16];

    (void)state;
    assert_true(smbiostable_uuid(&table, uuid));
    assert_memory_equal(uuid, uuid_text, 16);
    table.version = 0x0205;
    assert_true(smbiostable_uuid(&table, uuid));
    assert_memory_equal(uuid, structures + 20, 16);
}

static void test_uuid_of_all_zeros_or_ones_is_none(void **state)
{
    uint8_t *bytes = NULL;
    uint8_t uuid[16] = {7};
    struct smbiostable table = copy_of(sizeof structures, &bytes);

    (void)state;
    memset(bytes + 20, 0, 16);
    assert_false(smbiostable_uuid(&table, uuid));
    memset(bytes + 20, 0xff, 16);
    assert_false(smbiostable_uuid(&table, uuid));
    assert_int_equal(uuid[0], 7);
    bytes[20] = 0;
    assert_true(smbiostable_uuid(&table, uuid));
    free(bytes);
}

static void test_serial_without_its_blanks(void **state)
{
    struct smbiostable table = {.structures = structures, .length = sizeof structures, .version = 0x0300};
    char serial[16];

    (void)state;
    assert_true(smbiostable_serial(&table, serial, sizeof serial));
    assert_string_equal(serial, "S-42");
    assert_true(smbiostable_serial(&table, serial, 5));
    assert_false(smbiostable_serial(&table, serial, 4));
}

static void test_serial_that_is_not_there(void **state)
{
    uint8_t *bytes = NULL;
    char serial[16];
    struct smbiostable table = copy_of(sizeof structures, &bytes);

    (void)state;
    bytes[12 + 7] = 0;
    assert_false(smbiostable_serial(&table, serial, sizeof serial));
    bytes[12 + 7] = 5;
    assert_false(smbiostable_serial(&table, serial, sizeof serial));
    bytes[12 + 7] = 255;
    assert_false(smbiostable_serial(&table, serial, sizeof serial));
    free(bytes);
}

static void test_structures_cut_at_every_length(void **state)
{
    (void)state;
    for (size_t length = 0; length < sizeof structures; length++) {
        uint8_t *bytes = NULL;
        uint8_t uuid[16];
        char serial[16];
        struct smbiostable table = copy_of(length, &bytes);
        assert_int_equal(smbiostable_uuid(&table, uuid), length >= 12 + 27);
        bool found = smbiostable_serial(&table, serial, sizeof serial);
        assert_true(!found || strcmp(serial, "S-42") == 0);
        free(bytes);
    }
}

static void test_every_broken_length_byte(void **state)
{
    (void)state;
    for (unsigned value = 0; value < 256; value++) {
        uint8_t *bytes = NULL;
        uint8_t uuid[16];
        char serial[64];
        struct smbiostable table = copy_of(sizeof structures, &bytes);
        bytes[13] = (uint8_t)value;
        assert_int_equal(smbiostable_uuid(&table, uuid), value >= 24 && value <= sizeof structures - 12);
        smbiostable_serial(&table, serial, sizeof serial);
        bytes[13] = 27;
        bytes[1] = (uint8_t)value;
        smbiostable_uuid(&table, uuid);
        smbiostable_serial(&table, serial, sizeof serial);
        free(bytes);
    }
}

static void test_both_entry_points(void **state)
{
    uint8_t three[24] = "_SM3_";
    uint8_t two[31] = "_SM_";
    struct smbiostable table = {0};

    (void)state;
    three[6] = 24;
    three[7] = 3;
    three[8] = 6;
    put(three + 12, sizeof structures, 4);
    put(three + 16, (uintptr_t)structures, 8);
    fix_sum(three, 24, three + 5);
    assert_true(smbiostable_open(three, &table));
    assert_int_equal(table.version, 0x0306);
    assert_int_equal(table.length, sizeof structures);
    assert_ptr_equal(table.structures, structures);
    three[12]++;
    assert_false(smbiostable_open(three, &table));

    two[5] = 31;
    two[6] = 2;
    two[7] = 8;
    memcpy(two + 16, (const uint8_t[]){'_', 'D', 'M', 'I', '_'}, 5);
    put(two + 22, 0x1234, 2);
    put(two + 24, 0x56789abc, 4);
    fix_sum(two, 31, two + 4);
    assert_true(smbiostable_open(two, &table));
    assert_int_equal(table.version, 0x0208);
    assert_int_equal(table.length, 0x1234);
    assert_ptr_equal(table.structures, (const uint8_t *)(uintptr_t)0x56789abc);
    two[22]++;
    assert_false(smbiostable_open(two, &table));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_tables_are_found_through_the_xsdt, setup_acpi, teardown_acpi),
        cmocka_unit_test_setup_teardown(test_tables_are_found_through_the_rsdt, setup_acpi, teardown_acpi),
        cmocka_unit_test_setup_teardown(test_a_wrong_root_pointer_leads_nowhere, setup_acpi, teardown_acpi),
        cmocka_unit_test_setup_teardown(test_tables_with_wrong_sums_or_lengths_are_passed_over, setup_acpi,
                                        teardown_acpi),
        cmocka_unit_test_setup_teardown(test_a_list_that_ends_within_an_entry_is_not_read_beyond, setup_acpi,
                                        teardown_acpi),
        cmocka_unit_test_setup_teardown(test_req_327_our_copy_is_known_and_wiped, setup_acpi, teardown_acpi),
        cmocka_unit_test_setup_teardown(test_a_disguised_table_is_a_valid_table_that_nobody_looks_for,
                                        setup_acpi, teardown_acpi),
        cmocka_unit_test(test_uuid_in_the_order_of_its_text),
        cmocka_unit_test(test_uuid_of_all_zeros_or_ones_is_none),
        cmocka_unit_test(test_serial_without_its_blanks),
        cmocka_unit_test(test_serial_that_is_not_there),
        cmocka_unit_test(test_structures_cut_at_every_length),
        cmocka_unit_test(test_every_broken_length_byte),
        cmocka_unit_test(test_both_entry_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
