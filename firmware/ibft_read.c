/* SPDX-License-Identifier: BSD-2-Clause */
/* Somebody else's table: offsets and lengths are believed only as far as the table goes. */
#include "ibft.h"

#include <string.h>

#include "ibft_layout.h"
#include "iscsi/bytes.h"

struct reader {
    const uint8_t *table;
    size_t length; /* of the table, as it says; never beyond what is there */
    const char *wrong;
};

/* A structure of `id` at `offset`, at least `size` bytes of it inside the table. NULL: absent, or r->wrong.
 */
static const uint8_t *find(struct reader *r, size_t offset, enum ibft_id id, size_t size)
{
    const uint8_t *p;

    if (offset == 0 || r->wrong)
        return NULL;
    if (offset < IBFT_HEADER_SIZE || size > r->length || offset > r->length - size) {
        r->wrong = "a structure lies outside of the table";
        return NULL;
    }
    p = r->table + offset;
    if (p[0] != id || p[1] != IBFT_VERSION || ibft_get16(p + 2) < size ||
        ibft_get16(p + 2) > r->length - offset) {
        r->wrong = "an offset does not lead to the structure that it should";
        return NULL;
    }
    return p;
}

/* The bytes that a length and an offset at `field` describe, with the NUL behind them. NULL: none, or
 * r->wrong. */
static const uint8_t *find_string(struct reader *r, const uint8_t *field, size_t max, size_t *ret_length)
{
    size_t length = ibft_get16(field), offset = ibft_get16(field + 2);

    if (length == 0 || r->wrong)
        return NULL;
    if (offset < IBFT_HEADER_SIZE || offset >= r->length || length >= r->length - offset)
        r->wrong = "a string lies outside of the table";
    else if (length > max)
        r->wrong = "a string is longer than its field may be";
    else if (r->table[offset + length] != 0)
        r->wrong = "a string has no end";
    if (r->wrong)
        return NULL;
    *ret_length = length;
    return r->table + offset;
}

static void take_text(struct reader *r, const uint8_t *field, char *ret_text, size_t max)
{
    size_t length;
    const uint8_t *at = find_string(r, field, max, &length);

    if (!at)
        return;
    for (size_t i = 0; i < length; i++)
        if (at[i] < 0x20 || at[i] == 0x7f) {
            r->wrong = "a name has control characters";
            return;
        }
    memcpy(ret_text, at, length);
    ret_text[length] = '\0';
}

static void take_secret(struct reader *r, const uint8_t *field, uint8_t *ret_secret, uint16_t *ret_length)
{
    size_t length;
    const uint8_t *at = find_string(r, field, CHAP_SECRET_MAX, &length);

    if (!at)
        return;
    memcpy(ret_secret, at, length);
    *ret_length = (uint16_t)length;
}

static void read_nic(struct reader *r, const uint8_t *p, struct ibft_nic *nic)
{
    if (!p || !(p[5] & IBFT_FLAG_VALID))
        return;
    nic->valid = true;
    nic->selected = p[5] & IBFT_FLAG_SELECTED;
    memcpy(nic->address, p + NIC_ADDRESS, 16);
    nic->prefix_length = p[NIC_PREFIX];
    nic->origin = p[NIC_ORIGIN];
    memcpy(nic->gateway, p + NIC_GATEWAY, 16);
    memcpy(nic->dns, p + NIC_DNS, 32);
    memcpy(nic->dhcp, p + NIC_DHCP, 16);
    nic->vlan = (uint16_t)ibft_get16(p + NIC_VLAN);
    memcpy(nic->mac, p + NIC_MAC, 6);
    nic->pci = (uint16_t)ibft_get16(p + NIC_PCI);
    take_text(r, p + NIC_HOSTNAME, nic->hostname, IBFT_HOST_MAX);
    if (nic->prefix_length > 128)
        r->wrong = "a prefix length is more than 128";
}

static void read_target(struct reader *r, const uint8_t *p, struct ibft_target *target)
{
    if (!p || !(p[5] & IBFT_FLAG_VALID))
        return;
    target->valid = true;
    target->selected = p[5] & IBFT_FLAG_SELECTED;
    memcpy(target->address, p + TARGET_ADDRESS, 16);
    target->port = (uint16_t)ibft_get16(p + TARGET_PORT);
    memcpy(target->lun, p + TARGET_LUN, 8);
    target->chap = p[TARGET_CHAP];
    take_text(r, p + TARGET_NAME, target->name, NAME_MAX_BYTES);
    take_text(r, p + TARGET_CHAP_NAME, target->chap_name, CHAP_NAME_MAX);
    take_secret(r, p + TARGET_CHAP_SECRET, target->chap_secret, &target->chap_secret_length);
    take_text(r, p + TARGET_REVERSE_NAME, target->reverse_name, CHAP_NAME_MAX);
    take_secret(r, p + TARGET_REVERSE_SECRET, target->reverse_secret, &target->reverse_secret_length);
    if (target->chap > IBFT_CHAP_MUTUAL)
        r->wrong = "a target has an authentication that is none of the three";
}

/* A target names its NIC by the number in the NIC's own header, whatever its place (REQ-325). */
static void read_pairs(struct reader *r, const uint8_t *control, struct ibft *ibft)
{
    const uint8_t *nics[IBFT_PAIRS_MAX], *target;

    for (unsigned i = 0; i < IBFT_PAIRS_MAX; i++) {
        nics[i] = find(r, ibft_get16(control + CONTROL_PAIRS + i * PAIR_SIZE), IBFT_ID_NIC, IBFT_NIC_SIZE);
        read_nic(r, nics[i], &ibft->nics[i]);
    }
    for (unsigned i = 0; i < IBFT_PAIRS_MAX; i++) {
        bool found = false;

        target = find(r, ibft_get16(control + CONTROL_PAIRS + i * PAIR_SIZE + 2), IBFT_ID_TARGET,
                      IBFT_TARGET_SIZE);
        read_target(r, target, &ibft->targets[i]);
        if (!ibft->targets[i].valid)
            continue;
        for (unsigned j = 0; j < IBFT_PAIRS_MAX && !found; j++)
            if (nics[j] && ibft->nics[j].valid && nics[j][4] == target[TARGET_NIC]) {
                ibft->targets[i].nic = (uint8_t)j;
                found = true;
            }
        if (!found && !r->wrong)
            r->wrong = "a target names a NIC that is not there";
    }
}

static const char *check_header(const uint8_t *table, size_t length, size_t *ret_length)
{
    if (length < IBFT_HEADER_SIZE + IBFT_CONTROL_SIZE)
        return "it is too short";
    if (memcmp(table, "iBFT", 4) != 0)
        return "it is not an iBFT";
    if (table[6] != 0 || table[7] != 0 || ibft_get16(table + 4) < IBFT_HEADER_SIZE + IBFT_CONTROL_SIZE ||
        ibft_get16(table + 4) > length)
        return "its length is wrong";
    *ret_length = ibft_get16(table + 4);
    if (table[8] != IBFT_REVISION)
        return "its revision is not 1";
    if (ibft_sum(table, *ret_length) != 0)
        return "its checksum is wrong";
    return NULL;
}

const char *ibft_parse(const uint8_t *table, size_t length, struct ibft *ret_ibft)
{
    struct reader r = {.table = table};
    const uint8_t *control, *initiator;

    memset(ret_ibft, 0, sizeof *ret_ibft);
    r.wrong = check_header(table, length, &r.length);
    control = find(&r, IBFT_HEADER_SIZE, IBFT_ID_CONTROL, IBFT_CONTROL_SIZE);
    if (control) {
        initiator = find(&r, ibft_get16(control + CONTROL_INITIATOR), IBFT_ID_INITIATOR, IBFT_INITIATOR_SIZE);
        memcpy(ret_ibft->oem_id, table + 10, sizeof ret_ibft->oem_id);
        memcpy(ret_ibft->oem_table_id, table + 16, sizeof ret_ibft->oem_table_id);
        if (initiator && (initiator[5] & IBFT_FLAG_VALID))
            take_text(&r, initiator + INITIATOR_NAME, ret_ibft->initiator, NAME_MAX_BYTES);
        read_pairs(&r, control, ret_ibft);
    }
    if (r.wrong)
        bytes_wipe(ret_ibft, sizeof *ret_ibft);
    return r.wrong;
}
