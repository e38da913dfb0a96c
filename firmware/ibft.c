/* SPDX-License-Identifier: BSD-2-Clause */
#include "ibft.h"

#include <string.h>

#include "ibft_layout.h"
#include "iscsi/bytes.h"

static size_t text_length(const char *text, size_t capacity)
{
    size_t length = 0;

    while (length < capacity - 1 && text[length])
        length++;
    return length;
}

void ibft_map_ipv4(const uint8_t ipv4[4], uint8_t ret_address[16])
{
    memset(ret_address, 0, 16);
    if (memcmp(ipv4, "\0\0\0\0", 4) == 0)
        return;
    ret_address[10] = ret_address[11] = 0xff;
    memcpy(ret_address + 12, ipv4, 4);
}

/* Some firmware writes ::ffff:0.0.0.0 for what is absent. */
bool ibft_get_ipv4(const uint8_t address[16], uint8_t ret_ipv4[4])
{
    static const uint8_t prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

    if (memcmp(address, prefix, sizeof prefix) != 0 || memcmp(address + 12, "\0\0\0\0", 4) == 0)
        return false;
    memcpy(ret_ipv4, address + 12, 4);
    return true;
}

/* --- Building: structures from the front, aligned; then the strings --- */

struct builder {
    uint8_t *table;
    size_t capacity;
    size_t used;
    bool full;
};

static uint8_t *take(struct builder *b, size_t size)
{
    if (b->full || size > b->capacity - b->used) {
        b->full = true;
        return NULL;
    }
    b->used += size;
    return b->table + b->used - size;
}

/* Begin a structure at the next multiple of eight; its offset is written to `pointer` in the control
 * structure. */
static uint8_t *begin(struct builder *b, enum ibft_id id, size_t size, uint8_t index, uint8_t flags,
                      uint8_t *pointer)
{
    uint8_t *p;

    take(b, (8 - b->used % 8) % 8);
    p = take(b, size);
    if (!p)
        return NULL;
    p[0] = (uint8_t)id;
    p[1] = IBFT_VERSION;
    ibft_put16(p + 2, size);
    p[4] = index;
    p[5] = flags;
    if (pointer)
        ibft_put16(pointer, (size_t)(p - b->table));
    return p;
}

/* Append a string with its NUL and point to it; an empty one has neither. */
static void append(struct builder *b, uint8_t *field, const void *bytes, size_t length)
{
    uint8_t *p;

    if (length == 0)
        return;
    p = take(b, length + 1);
    if (!p)
        return;
    memcpy(p, bytes, length);
    ibft_put16(field, length);
    ibft_put16(field + 2, (size_t)(p - b->table));
}

static uint8_t flags_of(bool selected)
{
    return (uint8_t)(IBFT_FLAG_VALID | (selected ? IBFT_FLAG_SELECTED : 0));
}

static void fill_nic(struct builder *b, uint8_t *p, const struct ibft_nic *nic)
{
    memcpy(p + NIC_ADDRESS, nic->address, 16);
    p[NIC_PREFIX] = nic->prefix_length;
    p[NIC_ORIGIN] = nic->origin;
    memcpy(p + NIC_GATEWAY, nic->gateway, 16);
    memcpy(p + NIC_DNS, nic->dns, 32);
    memcpy(p + NIC_DHCP, nic->dhcp, 16);
    ibft_put16(p + NIC_VLAN, nic->vlan);
    memcpy(p + NIC_MAC, nic->mac, 6);
    ibft_put16(p + NIC_PCI, nic->pci);
    append(b, p + NIC_HOSTNAME, nic->hostname, text_length(nic->hostname, sizeof nic->hostname));
}

static void append_pair(struct builder *b, uint8_t *name_field, const char *name, uint8_t *secret_field,
                        const uint8_t *secret, size_t secret_length)
{
    append(b, name_field, name, text_length(name, CHAP_NAME_MAX + 1));
    if (secret_length > CHAP_SECRET_MAX)
        b->full = true;
    append(b, secret_field, secret, secret_length);
}

/* The names and secrets of an authentication that was not done are left out. */
static void fill_target(struct builder *b, uint8_t *p, const struct ibft_target *target)
{
    memcpy(p + TARGET_ADDRESS, target->address, 16);
    ibft_put16(p + TARGET_PORT, target->port);
    memcpy(p + TARGET_LUN, target->lun, 8);
    p[TARGET_CHAP] = target->chap;
    p[TARGET_NIC] = target->nic;
    append(b, p + TARGET_NAME, target->name, text_length(target->name, sizeof target->name));
    if (target->chap != IBFT_CHAP_NONE)
        append_pair(b, p + TARGET_CHAP_NAME, target->chap_name, p + TARGET_CHAP_SECRET, target->chap_secret,
                    target->chap_secret_length);
    if (target->chap == IBFT_CHAP_MUTUAL)
        append_pair(b, p + TARGET_REVERSE_NAME, target->reverse_name, p + TARGET_REVERSE_SECRET,
                    target->reverse_secret, target->reverse_secret_length);
}

struct places {
    uint8_t *control, *initiator, *nics[IBFT_PAIRS_MAX], *targets[IBFT_PAIRS_MAX];
};

/* All structures, empty; the offsets of those that are not valid stay zero. */
static void lay_out(struct builder *b, const struct ibft *ibft, struct places *places)
{
    take(b, IBFT_HEADER_SIZE);
    places->control = begin(b, IBFT_ID_CONTROL, IBFT_CONTROL_SIZE, 0, 0, NULL);
    if (!places->control)
        return;
    places->initiator = begin(b, IBFT_ID_INITIATOR, IBFT_INITIATOR_SIZE, 0, flags_of(true),
                              places->control + CONTROL_INITIATOR);
    for (unsigned i = 0; i < IBFT_PAIRS_MAX; i++) {
        const struct ibft_nic *nic = &ibft->nics[i];
        const struct ibft_target *target = &ibft->targets[i];
        uint8_t *pair = places->control + CONTROL_PAIRS + i * PAIR_SIZE, index = (uint8_t)i;

        if (nic->valid)
            places->nics[i] = begin(b, IBFT_ID_NIC, IBFT_NIC_SIZE, index, flags_of(nic->selected), pair);
        if (target->valid)
            places->targets[i] =
                begin(b, IBFT_ID_TARGET, IBFT_TARGET_SIZE, index, flags_of(target->selected), pair + 2);
    }
}

static void fill(struct builder *b, const struct ibft *ibft, const struct places *places)
{
    append(b, places->initiator + INITIATOR_NAME, ibft->initiator,
           text_length(ibft->initiator, sizeof ibft->initiator));
    for (unsigned i = 0; i < IBFT_PAIRS_MAX; i++) {
        if (places->nics[i])
            fill_nic(b, places->nics[i], &ibft->nics[i]);
        if (places->targets[i])
            fill_target(b, places->targets[i], &ibft->targets[i]);
    }
}

size_t ibft_build(const struct ibft *ibft, uint8_t *ret_table, size_t capacity)
{
    struct builder b = {.table = ret_table, .capacity = capacity < UINT16_MAX ? capacity : UINT16_MAX};
    struct places places;

    memset(&places, 0, sizeof places);
    memset(ret_table, 0, capacity);
    lay_out(&b, ibft, &places);
    if (!b.full)
        fill(&b, ibft, &places);
    if (b.full) {
        bytes_wipe(ret_table, capacity);
        return 0;
    }
    memcpy(ret_table, "iBFT", 4);
    ibft_put16(ret_table + 4, b.used);
    ret_table[8] = IBFT_REVISION;
    memcpy(ret_table + 10, ibft->oem_id, sizeof ibft->oem_id);
    memcpy(ret_table + 16, ibft->oem_table_id, sizeof ibft->oem_table_id);
    ret_table[9] = (uint8_t)(0 - ibft_sum(ret_table, b.used));
    return b.used;
}
