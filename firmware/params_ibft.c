/* SPDX-License-Identifier: BSD-2-Clause */
/* An iBFT of an earlier stage as settings: what it said of the boot-selected target and of its NIC. */
#include "params_table.h"

#include <string.h>

#include "ibft.h"
#include "iscsi/scsi.h"

static bool set(struct params *params, enum param_id id, const char *text, struct params_error *ret_error)
{
    return !text[0] || params_set_id(params, id, text, strlen(text), PARAM_IBFT, 0, ret_error);
}

static bool set_ipv4(struct params *params, enum param_id id, const uint8_t address[16],
                     struct params_error *ret_error)
{
    char text[ADDRESS_TEXT_MAX];
    uint8_t ipv4[4];
    struct fmt fmt;

    if (!ibft_get_ipv4(address, ipv4))
        return true;
    fmt_init(&fmt, text, sizeof text);
    fmt_ipv4(&fmt, ipv4);
    return set(params, id, text, ret_error);
}

static bool set_portal(struct params *params, const struct ibft_target *target,
                       struct params_error *ret_error)
{
    struct address address = {.family = ADDRESS_IPV6};
    char text[ADDRESS_TEXT_MAX], portal[ADDRESS_TEXT_MAX + 10];
    bool ipv4 = ibft_get_ipv4(target->address, address.bytes);
    struct fmt fmt;

    if (ipv4)
        address.family = ADDRESS_IPV4;
    else
        memcpy(address.bytes, target->address, sizeof address.bytes);
    address_format(&address, text);
    fmt_init(&fmt, portal, sizeof portal);
    fmt_print(&fmt, ipv4 ? "%s:%u" : "[%s]:%u", text, target->port ? target->port : ADDRESS_ISCSI_PORT);
    return set(params, PARAM_PORTAL_KEY, portal, ret_error);
}

/* A name whose secret was left out stays alone: params_check then asks for the secret, and nothing is
 * weakened. */
static bool set_pair(struct params *params, enum param_id name_id, const char *name, enum param_id secret_id,
                     const uint8_t *secret, size_t length, struct params_error *ret_error)
{
    return set(params, name_id, name, ret_error) &&
           (length == 0 || params_set_bytes(params, secret_id, secret, length, PARAM_IBFT, ret_error));
}

static bool set_target(struct params *params, const struct ibft_target *target,
                       struct params_error *ret_error)
{
    char lun[20];

    scsi_lun_format(target->lun, lun);
    if (!set_portal(params, target, ret_error) || !set(params, PARAM_TARGET, target->name, ret_error) ||
        !set(params, PARAM_LUN_KEY, lun, ret_error))
        return false;
    if (target->chap == IBFT_CHAP_NONE)
        return true;
    if (!set_pair(params, PARAM_CHAP_NAME, target->chap_name, PARAM_CHAP_SECRET, target->chap_secret,
                  target->chap_secret_length, ret_error))
        return false;
    return target->chap != IBFT_CHAP_MUTUAL ||
           set_pair(params, PARAM_MUTUAL_CHAP_NAME, target->reverse_name, PARAM_MUTUAL_CHAP_SECRET,
                    target->reverse_secret, target->reverse_secret_length, ret_error);
}

static bool set_nic(struct params *params, const struct ibft_nic *nic, struct params_error *ret_error)
{
    uint8_t address[4], server[4];
    char text[40];
    struct fmt fmt;

    fmt_init(&fmt, text, sizeof text);
    fmt_mac(&fmt, nic->mac);
    if (memcmp(nic->mac, "\0\0\0\0\0\0", 6) != 0 && !set(params, PARAM_NIC, text, ret_error))
        return false;
    if (!set(params, PARAM_HOSTNAME, nic->hostname, ret_error))
        return false;
    if (nic->origin == IBFT_ORIGIN_DHCP || ibft_get_ipv4(nic->dhcp, server) ||
        !ibft_get_ipv4(nic->address, address))
        return true; /* the address was DHCP's: it is asked again */
    fmt_init(&fmt, text, sizeof text);
    fmt_ipv4(&fmt, address);
    fmt_print(&fmt, "/%u", nic->prefix_length);
    if (!set(params, PARAM_IP, text, ret_error) || !set_ipv4(params, PARAM_GATEWAY, nic->gateway, ret_error))
        return false;
    return set_ipv4(params, PARAM_DNS, nic->dns[0], ret_error);
}

/* The index of the entry to use among two: the selected one, else the first that is valid; -1: none. */
static int choose(bool valid_0, bool selected_0, bool valid_1, bool selected_1)
{
    if (valid_1 && selected_1 && !(valid_0 && selected_0))
        return 1;
    return valid_0 ? 0 : valid_1 ? 1 : -1;
}

bool params_from_ibft(struct params *params, const struct ibft *ibft, struct params_error *ret_error)
{
    const struct ibft_target *targets = ibft->targets;
    const struct ibft_nic *nics = ibft->nics;
    int target = choose(targets[0].valid, targets[0].selected, targets[1].valid, targets[1].selected);
    int nic = choose(nics[0].valid, nics[0].selected, nics[1].valid, nics[1].selected);

    if (target >= 0 && targets[target].nic < IBFT_PAIRS_MAX && nics[targets[target].nic].valid)
        nic = targets[target].nic;
    if (set(params, PARAM_INITIATOR_NAME, ibft->initiator, ret_error) &&
        (target < 0 || set_target(params, &targets[target], ret_error)) &&
        (nic < 0 || set_nic(params, &nics[nic], ret_error)))
        return true;
    params_forget(params, PARAM_IBFT);
    return false;
}
