/* SPDX-License-Identifier: BSD-2-Clause */
#include "pathbytes.h"

#include <stdio.h>
#include <string.h>

#define TYPE_END     0x7fu
#define TYPE_MASK    0x7fu /* the top bit was an old mark for unpacked nodes */
#define SUBTYPE_ALL  0xffu
#define NODE_MAX     0xffffu
#define IPV4_LENGTH  27u
#define ISCSI_LENGTH 18u /* without the name */
#define PROTOCOL_TCP 6u

/* The hard drive node, UEFI 2.10 section 10.3.5.1. */
#define DRIVE_LENGTH    42u
#define DRIVE_NUMBER    4u
#define DRIVE_SIGNATURE 24u
#define DRIVE_FORMAT    40u /* MBR or GPT, and the kind of signature */
#define SIGNATURE_MBR   1u
#define SIGNATURE_GUID  2u

/* Login options, UEFI 2.10 section 10.3.4.21.1. CHAP is zero there, and so is mutual CHAP. */
#define OPTION_HEADER_CRC32C 0x0002u
#define OPTION_DATA_CRC32C   0x0008u
#define OPTION_NO_AUTH       0x0800u
#define OPTION_CHAP_ONE_WAY  0x1000u

unsigned pathbytes_kind(const uint8_t *node)
{
    return PATHBYTES_KIND(node[0] & TYPE_MASK, node[1]);
}

static size_t stated_length(const uint8_t *node)
{
    return node[2] | (size_t)node[3] << 8;
}

size_t pathbytes_length(const uint8_t *node)
{
    size_t length = stated_length(node);

    return length < PATHBYTES_HEADER ? PATHBYTES_HEADER : length;
}

bool pathbytes_is_end(const uint8_t *node)
{
    return pathbytes_kind(node) == PATHBYTES_KIND(TYPE_END, SUBTYPE_ALL) ||
           stated_length(node) < PATHBYTES_HEADER;
}

const uint8_t *pathbytes_next(const uint8_t *node)
{
    return node + pathbytes_length(node);
}

const uint8_t *pathbytes_find(const uint8_t *path, unsigned kind)
{
    for (const uint8_t *node = path; !pathbytes_is_end(node); node = pathbytes_next(node)) {
        if (pathbytes_kind(node) == kind) {
            return node;
        }
    }
    return NULL;
}

const uint8_t *pathbytes_last(const uint8_t *path)
{
    const uint8_t *last = NULL;

    for (const uint8_t *node = path; !pathbytes_is_end(node); node = pathbytes_next(node)) {
        last = node;
    }
    return last;
}

bool pathbytes_is_whole(const uint8_t *bytes, size_t length)
{
    size_t at = 0;

    while (length - at >= PATHBYTES_HEADER) {
        size_t node = stated_length(bytes + at);
        if (node < PATHBYTES_HEADER || node > length - at) {
            return false;
        }
        if (pathbytes_is_end(bytes + at)) {
            return true;
        }
        at += node;
    }
    return false;
}

size_t pathbytes_body(const uint8_t *path)
{
    const uint8_t *node = path;

    while (!pathbytes_is_end(node)) {
        node = pathbytes_next(node);
    }
    return (size_t)(node - path);
}

static size_t put_header(uint8_t *to, unsigned kind, size_t length)
{
    to[0] = (uint8_t)(kind >> 8);
    to[1] = (uint8_t)kind;
    to[2] = (uint8_t)length;
    to[3] = (uint8_t)(length >> 8);
    return length;
}

size_t pathbytes_put_end(uint8_t *ret_bytes)
{
    return put_header(ret_bytes, PATHBYTES_KIND(TYPE_END, SUBTYPE_ALL), PATHBYTES_HEADER);
}

size_t pathbytes_copy(const uint8_t *path, uint8_t *ret_bytes)
{
    size_t body = pathbytes_body(path);

    memcpy(ret_bytes, path, body);
    return body + pathbytes_put_end(ret_bytes + body);
}

bool pathbytes_is_prefix(const uint8_t *prefix, const uint8_t *path)
{
    while (!pathbytes_is_end(prefix)) {
        size_t length = pathbytes_length(prefix);
        if (pathbytes_is_end(path) || pathbytes_length(path) != length || memcmp(prefix, path, length) != 0) {
            return false;
        }
        prefix = pathbytes_next(prefix);
        path = pathbytes_next(path);
    }
    return true;
}

static void put16(uint8_t *to, unsigned value)
{
    to[0] = (uint8_t)value;
    to[1] = (uint8_t)(value >> 8);
}

static unsigned login_options(const struct devpath_iscsi *iscsi)
{
    unsigned options = 0;

    options |= iscsi->header_digest ? OPTION_HEADER_CRC32C : 0;
    options |= iscsi->data_digest ? OPTION_DATA_CRC32C : 0;
    if (!iscsi->chap) {
        options |= OPTION_NO_AUTH;
    } else if (!iscsi->mutual) {
        options |= OPTION_CHAP_ONE_WAY;
    }
    return options;
}

static void put_ipv4(const struct devpath_iscsi *iscsi, uint8_t *to)
{
    put_header(to, PATHBYTES_IPV4, IPV4_LENGTH);
    memcpy(to + 4, iscsi->local, 4);
    memcpy(to + 8, iscsi->remote, 4);
    put16(to + 12, iscsi->local_port);
    put16(to + 14, iscsi->remote_port);
    put16(to + 16, PROTOCOL_TCP);
    to[18] = iscsi->is_static;
    memcpy(to + 19, iscsi->gateway, 4);
    memcpy(to + 23, iscsi->netmask, 4);
}

size_t pathbytes_put_iscsi(const struct devpath_iscsi *iscsi, uint8_t *ret_bytes, size_t capacity)
{
    /* The NUL is not asked for, but EDK2 of before 2015 prints the name up to one. */
    size_t name = strlen(iscsi->target_name) + 1;

    if (name > NODE_MAX - ISCSI_LENGTH) {
        return 0;
    }
    size_t total = IPV4_LENGTH + ISCSI_LENGTH + name + PATHBYTES_HEADER;
    if (ret_bytes == NULL) {
        return total;
    }
    if (total > capacity) {
        return 0;
    }
    put_ipv4(iscsi, ret_bytes);
    uint8_t *node = ret_bytes + IPV4_LENGTH;
    put_header(node, PATHBYTES_ISCSI, ISCSI_LENGTH + name);
    put16(node + 4, 0); /* network protocol: TCP */
    put16(node + 6, login_options(iscsi));
    memcpy(node + 8, iscsi->lun, 8);
    put16(node + 16, iscsi->portal_group);
    memcpy(node + ISCSI_LENGTH, iscsi->target_name, name);
    pathbytes_put_end(node + ISCSI_LENGTH + name);
    return total;
}

size_t pathbytes_put_file(const uint16_t *name, size_t characters, uint8_t *ret_bytes, size_t capacity)
{
    size_t bytes = 2 * (characters + 1);

    if (characters > (NODE_MAX - PATHBYTES_HEADER) / 2 - 1) {
        return 0;
    }
    size_t node = PATHBYTES_HEADER + bytes;
    if (capacity < PATHBYTES_HEADER || node > capacity - PATHBYTES_HEADER) {
        return 0;
    }
    put_header(ret_bytes, PATHBYTES_FILE, node);
    for (size_t i = 0; i < characters; i++) {
        put16(ret_bytes + PATHBYTES_HEADER + 2 * i, name[i]);
    }
    put16(ret_bytes + PATHBYTES_HEADER + 2 * characters, 0);
    return node + pathbytes_put_end(ret_bytes + node);
}

/* A name beyond `capacity` is cut. Returns what is used then. */
static size_t add_name(const uint8_t *node, uint16_t *ret_name, size_t used, size_t capacity)
{
    if (used > 0 && used < capacity && ret_name[used - 1] != '\\') {
        ret_name[used++] = '\\';
    }
    for (size_t at = PATHBYTES_HEADER; at + 1 < pathbytes_length(node) && used < capacity; at += 2) {
        uint16_t character = (uint16_t)(node[at] | node[at + 1] << 8);
        if (character == 0) {
            break;
        }
        ret_name[used++] = character == '/' ? '\\' : character;
    }
    return used;
}

size_t pathbytes_get_file(const uint8_t *path, uint16_t *ret_name, size_t capacity)
{
    size_t used = 0;

    if (capacity == 0) {
        return 0;
    }
    for (const uint8_t *node = path; !pathbytes_is_end(node); node = pathbytes_next(node)) {
        if (pathbytes_kind(node) == PATHBYTES_FILE) {
            used = add_name(node, ret_name, used, capacity - 1);
        }
    }
    ret_name[used] = 0;
    return used;
}

/* All partitions of an MBR disk share its signature of four bytes: there the number tells them apart. */
bool pathbytes_is_same_partition(const uint8_t *node, const uint8_t *other)
{
    if (pathbytes_kind(node) != PATHBYTES_HARD_DRIVE || pathbytes_kind(other) != PATHBYTES_HARD_DRIVE ||
        pathbytes_length(node) < DRIVE_LENGTH || pathbytes_length(other) < DRIVE_LENGTH ||
        memcmp(node + DRIVE_FORMAT, other + DRIVE_FORMAT, 2) != 0) {
        return false;
    }
    switch (node[DRIVE_FORMAT + 1]) {
    case SIGNATURE_MBR:
        return memcmp(node + DRIVE_SIGNATURE, other + DRIVE_SIGNATURE, 4) == 0 &&
               memcmp(node + DRIVE_NUMBER, other + DRIVE_NUMBER, 4) == 0;
    case SIGNATURE_GUID:
        return memcmp(node + DRIVE_SIGNATURE, other + DRIVE_SIGNATURE, 16) == 0;
    default: /* nothing to know it by */
        return false;
    }
}

struct text {
    char *to;
    size_t used, capacity;
};

static void add(struct text *text, const char *piece)
{
    size_t length = strlen(piece);

    if (length < text->capacity - text->used) {
        memcpy(text->to + text->used, piece, length + 1);
        text->used += length;
    } else {
        text->capacity = text->used; /* cut here: nothing shorter may follow */
    }
}

static void add_node(struct text *text, const uint8_t *node)
{
    char piece[16];

    snprintf(piece, sizeof piece, "Path(%u,%u", node[0] & TYPE_MASK, node[1]);
    add(text, piece);
    for (size_t i = PATHBYTES_HEADER; i < pathbytes_length(node); i++) {
        snprintf(piece, sizeof piece, i == PATHBYTES_HEADER ? ",%02X" : "%02X", node[i]);
        add(text, piece);
    }
    add(text, ")");
}

void pathbytes_text(const uint8_t *path, char *ret_text, size_t capacity)
{
    struct text text = {ret_text, 0, capacity};

    if (capacity == 0) {
        return;
    }
    ret_text[0] = '\0';
    for (const uint8_t *node = path; !pathbytes_is_end(node); node = pathbytes_next(node)) {
        add(&text, node == path ? "" : "/");
        add_node(&text, node);
    }
}
