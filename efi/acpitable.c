/* SPDX-License-Identifier: BSD-2-Clause */
#include "acpitable.h"

#include <string.h>

/* ACPI 6.5 table 5.3: the root pointer. */
#define ROOT_SIZE_1   20u /* of revision 0, checked by itself in all */
#define ROOT_SIZE_2   36u
#define ROOT_REVISION 15u
#define ROOT_RSDT     16u
#define ROOT_LENGTH   20u
#define ROOT_XSDT     24u
/* ACPI 6.5 table 5.4: what every table begins with. */
#define TABLE_LENGTH   4u
#define TABLE_CHECKSUM 9u
#define LENGTH_MAX     (64u << 20) /* no table is so long: rather than sum up half the memory */

static uint32_t get32(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint64_t get_address(const uint8_t *at, size_t width)
{
    return width == 4 ? get32(at) : get32(at) | (uint64_t)get32(at + 4) << 32;
}

static bool sums_to_zero(const uint8_t *at, size_t length)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < length; i++) {
        sum = (uint8_t)(sum + at[i]);
    }
    return sum == 0;
}

static uint8_t *checked_table(uint64_t address, const char signature[4], size_t *ret_length)
{
    uint8_t *table = (uint8_t *)(uintptr_t)address;

    if (table == NULL || memcmp(table, signature, 4) != 0) {
        return NULL;
    }
    uint32_t length = get32(table + TABLE_LENGTH);
    if (length < ACPITABLE_HEADER || length > LENGTH_MAX || !sums_to_zero(table, length)) {
        return NULL;
    }
    *ret_length = length;
    return table;
}

/* The list of tables, and how wide its entries are. */
static const uint8_t *find_list(const uint8_t *root, size_t *ret_length, size_t *ret_width)
{
    const uint8_t *list = NULL;

    if (memcmp(root, "RSD PTR ", 8) != 0 || !sums_to_zero(root, ROOT_SIZE_1)) {
        return NULL;
    }
    if (root[ROOT_REVISION] >= 2) {
        uint32_t length = get32(root + ROOT_LENGTH);
        if (length >= ROOT_SIZE_2 && length <= 4096 && sums_to_zero(root, length)) {
            *ret_width = 8;
            list = checked_table(get_address(root + ROOT_XSDT, 8), "XSDT", ret_length);
        }
    }
    if (list == NULL) {
        *ret_width = 4;
        list = checked_table(get_address(root + ROOT_RSDT, 4), "RSDT", ret_length);
    }
    return list;
}

uint8_t *acpitable_find(const uint8_t *root, const char signature[4], unsigned index, size_t *ret_length)
{
    size_t list_length = 0;
    size_t width = 0;
    const uint8_t *list = find_list(root, &list_length, &width);

    if (list == NULL) {
        return NULL;
    }
    for (size_t at = ACPITABLE_HEADER; list_length - at >= width; at += width) {
        size_t length = 0;
        uint8_t *table = checked_table(get_address(list + at, width), signature, &length);
        if (table != NULL && index-- == 0) {
            *ret_length = length;
            return table;
        }
    }
    return NULL;
}

bool acpitable_is_copy(const uint8_t *installed, size_t installed_length, const uint8_t *table, size_t length)
{
    return installed_length == length && length > TABLE_CHECKSUM &&
           memcmp(installed, table, TABLE_CHECKSUM) == 0 &&
           memcmp(installed + TABLE_CHECKSUM + 1, table + TABLE_CHECKSUM + 1, length - TABLE_CHECKSUM - 1) ==
               0;
}

void acpitable_disguise(uint8_t *table)
{
    const uint8_t hidden = '~';

    table[TABLE_CHECKSUM] = (uint8_t)(table[TABLE_CHECKSUM] + table[0] - hidden);
    table[0] = hidden;
}

void acpitable_wipe(uint8_t *table, size_t length)
{
    volatile uint8_t *at = table;

    for (size_t i = ACPITABLE_HEADER; i < length; i++) {
        at[TABLE_CHECKSUM] = (uint8_t)(at[TABLE_CHECKSUM] + at[i]);
        at[i] = 0;
    }
}
