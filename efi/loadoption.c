/* SPDX-License-Identifier: BSD-2-Clause */
#include "loadoption.h"

#include <string.h>

#include "pathbytes.h"

#define HEADER        6u /* Attributes and FilePathListLength */
#define ACTIVE        0x00000001u
#define CATEGORY      0x00001f00u
#define CATEGORY_BOOT 0x00000000u

/*
 * EDK2's boot manager puts this GUID as data into the entries that it makes for devices by itself, to know
 * them again, and hands it to nobody (UefiBootManagerLib, mBmAutoCreateBootOptionGuid).
 */
static const uint8_t edk2_mark[] = {0x4e, 0xac, 0x08, 0x81, 0x11, 0x9f, 0x59, 0x4d,
                                    0x85, 0x0e, 0xe2, 0x1a, 0x52, 0x2c, 0x59, 0xb2};

static uint16_t get16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

/* Returns the bytes behind the description's NUL; NULL when there is none. */
static const uint8_t *read_description(const uint8_t *at, const uint8_t *end,
                                       uint16_t ret_text[LOADOPTION_TEXT_MAX])
{
    size_t kept = 0;

    for (; end - at >= 2; at += 2) {
        uint16_t character = get16(at);
        if (character == 0) {
            ret_text[kept] = 0;
            return at + 2;
        }
        if (kept < LOADOPTION_TEXT_MAX - 1) {
            ret_text[kept++] = character;
        }
    }
    return NULL;
}

static void read_data(const uint8_t *at, size_t length, struct loadoption *option)
{
    bool mark = length == sizeof edk2_mark && memcmp(at, edk2_mark, length) == 0;

    option->data = at;
    option->data_length = mark ? 0 : length;
}

bool loadoption_parse(const uint8_t *bytes, size_t length, struct loadoption *ret_option)
{
    struct loadoption option = {0};

    if (length < HEADER) {
        return false;
    }
    uint32_t attributes = get16(bytes) | (uint32_t)get16(bytes + 2) << 16;
    size_t list = get16(bytes + 4);
    option.active = (attributes & ACTIVE) != 0;
    option.on_request = (attributes & CATEGORY) != CATEGORY_BOOT;
    option.path = read_description(bytes + HEADER, bytes + length, option.description);
    if (option.path == NULL) {
        return false;
    }
    size_t left = (size_t)(bytes + length - option.path);
    if (list > left || !pathbytes_is_whole(option.path, list)) {
        return false;
    }
    read_data(option.path + list, left - list, &option);
    *ret_option = option;
    return true;
}
