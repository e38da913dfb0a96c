/* SPDX-License-Identifier: BSD-2-Clause */
#include "scsi.h"

#include <string.h>

#include "bytes.h"

#define PAGE_SERIAL       0x80u
#define PAGE_DEVICE_ID    0x83u
#define PAGE_BLOCK_LIMITS 0xb0u

#define BLOCK_SIZE_MIN 512u
#define BLOCK_SIZE_MAX 4096u

#define MODE_PAGE_CACHING 0x08u

/*
 * Text fields of disks: padded with blanks, by some with zeros; what cannot be printed becomes '?'.
 * `ret_text` has room for `capacity` bytes with the NUL.
 */
static void copy_text(char *ret_text, size_t capacity, const uint8_t *bytes, size_t length)
{
    size_t used = 0;

    while (length > 0 && (bytes[length - 1] == ' ' || bytes[length - 1] == 0))
        length--;
    while (length > 0 && (*bytes == ' ' || *bytes == 0)) {
        bytes++;
        length--;
    }
    for (; used < length && used + 1 < capacity; used++)
        ret_text[used] = bytes[used] >= 0x20 && bytes[used] < 0x7f ? (char)bytes[used] : '?';
    ret_text[used] = '\0';
}

/* The part of a fixed field that arrived. */
static void copy_field(char *ret_text, size_t capacity, const uint8_t *data, size_t length, size_t at,
                       size_t size)
{
    size_t have = length > at ? length - at : 0;

    copy_text(ret_text, capacity, data + (have > 0 ? at : 0), have < size ? have : size);
}

bool scsi_parse_inquiry(const uint8_t *data, size_t length, struct scsi_identity *ret_identity)
{
    struct scsi_identity identity = {0};
    size_t claimed;

    if (length < 5)
        return false;
    claimed = 5u + data[4];
    if (length > claimed)
        length = claimed;
    identity.qualifier = data[0] >> 5;
    identity.type = data[0] & 0x1fu;
    identity.removable = (data[1] & 0x80u) != 0;
    copy_field(identity.vendor, sizeof identity.vendor, data, length, 8, 8);
    copy_field(identity.product, sizeof identity.product, data, length, 16, 16);
    copy_field(identity.revision, sizeof identity.revision, data, length, 32, 4);
    *ret_identity = identity;
    return true;
}

/* A VPD page's body: what was claimed and received; false when it is another page or has no header (REQ-282).
 */
static bool page_body(const uint8_t *data, size_t length, uint8_t page, const uint8_t **ret_body,
                      size_t *ret_length)
{
    size_t claimed;

    if (length < 4 || data[1] != page)
        return false;
    claimed = bytes_get16(data + 2);
    *ret_body = data + 4;
    *ret_length = claimed < length - 4 ? claimed : length - 4;
    return true;
}

bool scsi_page_listed(const uint8_t *data, size_t length, uint8_t page)
{
    const uint8_t *body;
    size_t size;

    if (!page_body(data, length, 0, &body, &size))
        return false;
    for (size_t i = 0; i < size; i++)
        if (body[i] == page)
            return true;
    return false;
}

bool scsi_parse_serial(const uint8_t *data, size_t length, char *ret_serial, size_t capacity)
{
    const uint8_t *body;
    size_t size;

    if (capacity == 0 || !page_body(data, length, PAGE_SERIAL, &body, &size))
        return false;
    copy_text(ret_serial, capacity, body, size);
    return true;
}

#define DESIGNATOR_T10 1u
#define DESIGNATOR_EUI 2u
#define DESIGNATOR_NAA 3u

/* How much a designator is worth as an identity, 0: nothing (REQ-013; SPC, designator types). */
static unsigned designator_rank(unsigned type, const uint8_t *bytes, size_t length)
{
    uint8_t any = 0;

    for (size_t i = 0; i < length; i++)
        any |= bytes[i];
    if (any == 0 || length > sizeof((struct scsi_designator *)0)->bytes)
        return 0;
    switch (type) {
    case DESIGNATOR_NAA:
        return length == 8 || length == 16 ? 3 : 0;
    case DESIGNATOR_EUI:
        return length == 8 || length == 12 || length == 16 ? 2 : 0;
    case DESIGNATOR_T10:
        return length > 8 ? 1 : 0; /* the vendor alone names no disk */
    default:
        return 0;
    }
}

bool scsi_parse_designator(const uint8_t *data, size_t length, struct scsi_designator *ret_designator)
{
    struct scsi_designator best = {0};
    unsigned best_rank = 0;
    const uint8_t *body;
    size_t size;

    if (!page_body(data, length, PAGE_DEVICE_ID, &body, &size))
        return false;
    while (size >= 4 && body[3] <= size - 4) {
        unsigned type = body[1] & 0x0fu, association = (body[1] >> 4) & 3u;
        unsigned rank = association == 0 ? designator_rank(type, body + 4, body[3]) : 0;

        if (rank > best_rank) {
            best_rank = rank;
            best.type = (uint8_t)type;
            best.length = body[3];
            memcpy(best.bytes, body + 4, body[3]);
        }
        size -= 4u + body[3];
        body += 4u + body[3];
    }
    if (best_rank == 0)
        return false;
    *ret_designator = best;
    return true;
}

bool scsi_parse_block_limits(const uint8_t *data, size_t length, uint32_t *ret_maximum, uint32_t *ret_optimal)
{
    const uint8_t *body;
    size_t size;

    if (!page_body(data, length, PAGE_BLOCK_LIMITS, &body, &size) || size < 8)
        return false;
    *ret_maximum = bytes_get32(body + 4);
    *ret_optimal = size >= 12 ? bytes_get32(body + 8) : 0;
    return true;
}

/* Block I/O knows powers of two; and no size may overflow 64 bits (REQ-285, REQ-286). */
static enum fault_code check_capacity(const struct scsi_capacity *capacity)
{
    uint32_t size = capacity->block_size;

    if (size < BLOCK_SIZE_MIN || size > BLOCK_SIZE_MAX || (size & (size - 1)) != 0)
        return FAULT_BAD_CAPACITY;
    if (capacity->last_lba >= UINT64_MAX / size)
        return FAULT_BAD_CAPACITY;
    return FAULT_NONE;
}

enum fault_code scsi_parse_capacity_10(const uint8_t *data, size_t length, struct scsi_capacity *ret_capacity)
{
    struct scsi_capacity capacity = {0};
    enum fault_code code;

    if (length < 8)
        return FAULT_SHORT_DATA;
    capacity.last_lba = bytes_get32(data);
    capacity.block_size = bytes_get32(data + 4);
    code = check_capacity(&capacity);
    if (code == FAULT_NONE)
        *ret_capacity = capacity;
    return code;
}

enum fault_code scsi_parse_capacity_16(const uint8_t *data, size_t length, struct scsi_capacity *ret_capacity)
{
    struct scsi_capacity capacity = {0};
    enum fault_code code;

    if (length < 12)
        return FAULT_SHORT_DATA;
    capacity.last_lba = bytes_get64(data);
    capacity.block_size = bytes_get32(data + 8);
    if (length >= 16) {
        capacity.physical_exponent = data[13] & 0x0fu;
        capacity.lowest_aligned = bytes_get16(data + 14) & 0x3fffu;
    }
    code = check_capacity(&capacity);
    if (code == FAULT_NONE)
        *ret_capacity = capacity;
    return code;
}

/* WCE of the caching page, if it is among the mode pages; -1 when not. */
static int find_write_cache(const uint8_t *pages, size_t length)
{
    while (length >= 2) {
        bool sub_page = (pages[0] & 0x40u) != 0;
        size_t header = sub_page ? 4 : 2;
        size_t size;

        if (header > length)
            break;
        size = sub_page ? bytes_get16(pages + 2) : pages[1];
        if (!sub_page && (pages[0] & 0x3fu) == MODE_PAGE_CACHING && size >= 1 && length >= 3)
            return (pages[2] & 0x04u) != 0;
        if (size > length - header)
            break;
        pages += header + size;
        length -= header + size;
    }
    return -1;
}

bool scsi_parse_mode_sense(const uint8_t *data, size_t length, bool *ret_protected, int *ret_cache)
{
    size_t claimed;

    if (length < 4)
        return false;
    claimed = 1u + data[0];
    if (length > claimed)
        length = claimed;
    if (length < 4)
        return false;
    *ret_protected = (data[2] & 0x80u) != 0;
    *ret_cache = data[3] <= length - 4 ? find_write_cache(data + 4 + data[3], length - 4 - data[3]) : -1;
    return true;
}

bool scsi_report_luns_entry(const uint8_t *data, size_t length, unsigned index, uint8_t ret_lun[8])
{
    size_t listed;

    if (length < 8)
        return false;
    listed = bytes_get32(data);
    if (listed > length - 8)
        listed = length - 8;
    if (index >= listed / 8)
        return false;
    memcpy(ret_lun, data + 8 + (size_t)index * 8, 8);
    return true;
}
