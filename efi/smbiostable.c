/* SPDX-License-Identifier: BSD-2-Clause */
#include "smbiostable.h"

#include <string.h>

#define TYPE_SYSTEM 1u
#define TYPE_END    127u
#define HEADER      4u /* type, length, handle: section 6.1.2 */
#define AT_SERIAL   7u /* string number, section 7.2 */
#define AT_UUID     8u
#define UUID_LENGTH 16u
#define VERSION_2_6 0x0206u

static uint32_t get32(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static bool sums_to_zero(const uint8_t *at, size_t length)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < length; i++) {
        sum = (uint8_t)(sum + at[i]);
    }
    return sum == 0;
}

/* Section 5.2.2, the 64-bit entry point. */
static bool open_3(const uint8_t *entry, struct smbiostable *ret_table)
{
    if (entry[6] < 24 || entry[6] > 64 || !sums_to_zero(entry, entry[6])) {
        return false;
    }
    ret_table->version = (unsigned)entry[7] << 8 | entry[8];
    ret_table->length = get32(entry + 12);
    ret_table->structures =
        (const uint8_t *)(uintptr_t)(get32(entry + 16) | (uint64_t)get32(entry + 20) << 32);
    return ret_table->structures != NULL;
}

/* Section 5.2.1, the 32-bit entry point; some firmware states its length as 30, an error of an old edition.
 */
static bool open_2(const uint8_t *entry, struct smbiostable *ret_table)
{
    if (entry[5] < 30 || entry[5] > 64 || !sums_to_zero(entry, entry[5]) ||
        memcmp(entry + 16, "_DMI_", 5) != 0) {
        return false;
    }
    ret_table->version = (unsigned)entry[6] << 8 | entry[7];
    ret_table->length = entry[22] | (size_t)entry[23] << 8;
    ret_table->structures = (const uint8_t *)(uintptr_t)get32(entry + 24);
    return ret_table->structures != NULL;
}

bool smbiostable_open(const uint8_t *entry, struct smbiostable *ret_table)
{
    struct smbiostable table = {0};
    bool good = false;

    if (memcmp(entry, "_SM3_", 5) == 0) {
        good = open_3(entry, &table);
    } else if (memcmp(entry, "_SM_", 4) == 0) {
        good = open_2(entry, &table);
    }
    if (good) {
        *ret_table = table;
    }
    return good;
}

/* The strings of the structure whose formatted part ends at `at` go up to two NULs; returns what follows, or
 * 0. */
static size_t skip_strings(const struct smbiostable *table, size_t at)
{
    for (; table->length - at >= 2; at++) {
        if (table->structures[at] == 0 && table->structures[at + 1] == 0) {
            return at + 2;
        }
    }
    return 0;
}

/* The first structure of this type, 0 when there is none; its length covers `at_least` bytes. */
static const uint8_t *find(const struct smbiostable *table, uint8_t type, size_t at_least, size_t *ret_at)
{
    size_t at = 0;

    while (table->length - at >= HEADER) {
        const uint8_t *structure = table->structures + at;
        size_t length = structure[1];
        if (length < HEADER || length > table->length - at || structure[0] == TYPE_END) {
            return NULL;
        }
        if (structure[0] == type && length >= at_least) {
            *ret_at = at;
            return structure;
        }
        at = skip_strings(table, at + length);
        if (at == 0) {
            return NULL;
        }
    }
    return NULL;
}

static bool all_are(const uint8_t *bytes, size_t length, uint8_t value)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != value) {
            return false;
        }
    }
    return true;
}

bool smbiostable_uuid(const struct smbiostable *table, uint8_t ret_uuid[16])
{
    /* From 2.6 on the first three fields are little-endian (section 7.2.1); before, nobody said. */
    static const uint8_t swapped[UUID_LENGTH] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    size_t at = 0;
    const uint8_t *structure = find(table, TYPE_SYSTEM, AT_UUID + UUID_LENGTH, &at);

    /* All zero: not set; all ones: not present, but settable. */
    if (structure == NULL || all_are(structure + AT_UUID, UUID_LENGTH, 0) ||
        all_are(structure + AT_UUID, UUID_LENGTH, 0xff)) {
        return false;
    }
    for (size_t i = 0; i < UUID_LENGTH; i++) {
        ret_uuid[i] = structure[AT_UUID + (table->version >= VERSION_2_6 ? swapped[i] : i)];
    }
    return true;
}

/* String `number` (from 1) of the structure, with its length; NULL when there is none. */
static const uint8_t *find_string(const struct smbiostable *table, size_t at, unsigned number,
                                  size_t *ret_length)
{
    size_t end = table->length;

    for (at += table->structures[at + 1]; number > 0 && at < end && table->structures[at] != 0; at++) {
        size_t start = at;
        while (at < end && table->structures[at] != 0) {
            at++;
        }
        if (at == end) {
            return NULL;
        }
        if (--number == 0) {
            *ret_length = at - start;
            return table->structures + start;
        }
    }
    return NULL;
}

bool smbiostable_serial(const struct smbiostable *table, char *ret_serial, size_t capacity)
{
    size_t at = 0;
    size_t length = 0;
    const uint8_t *structure = find(table, TYPE_SYSTEM, AT_SERIAL + 1, &at);
    const uint8_t *text = structure == NULL ? NULL : find_string(table, at, structure[AT_SERIAL], &length);

    while (text != NULL && length > 0 && text[length - 1] == ' ') {
        length--;
    }
    if (text == NULL || length == 0 || length >= capacity) {
        return false;
    }
    memcpy(ret_serial, text, length);
    ret_serial[length] = '\0';
    return true;
}
