/* SPDX-License-Identifier: BSD-2-Clause */
#include "nics.h"

#include <string.h>

#include "efi/clock.h"
#include "efi/devpath.h"
#include "efi/origin.h"
#include "log.h"
#include "machine.h"
#include "nicname.h"
#include "settings.h"
#include "trace.h"
#include "wait.h"

#ifdef __aarch64__
#define ARCHITECTURE 11u /* IANA processor architecture types, option 93 */
#else
#define ARCHITECTURE 7u
#endif

static bool allowed(const struct snp_entry *entry, const char *wanted)
{
    struct nicname name = {.has_pci = entry->has_pci,
                           .segment = entry->pci_segment,
                           .bus = entry->pci_bus,
                           .device = entry->pci_device,
                           .function = entry->pci_function};

    memcpy(name.mac, entry->mac, sizeof name.mac);
    return nicname_matches(&name, wanted) || devpath_matches_text(entry->path, wanted);
}

static void name_nic(const struct snp_entry *entry, struct fmt *fmt)
{
    fmt_mac(fmt, entry->mac);
    if (entry->has_pci)
        fmt_print(fmt, " (PCI %04x:%02x:%02x.%x)", entry->pci_segment, entry->pci_bus, entry->pci_device,
                  entry->pci_function);
}

static void fail_no_nic(const char *wanted, unsigned there)
{
    char list[400];
    struct fmt fmt;

    if (!there) {
        machine_fail(
            FAILURE_NO_NIC, EFI_NOT_FOUND,
            "No network interface: the firmware drives none here; enable the NIC's UEFI network driver in "
            "the setup (\"network stack\", \"PXE\").");
        return;
    }
    fmt_init(&fmt, list, sizeof list);
    for (unsigned i = 0; i < there; i++) {
        fmt_print(&fmt, i ? ", " : "");
        name_nic(&machine.nics[i], &fmt);
    }
    machine_fail(FAILURE_NO_NIC, EFI_NOT_FOUND,
                 "No network interface matches nic = %s; there are: %s; set nic to one of these, or to auto.",
                 wanted, list);
}

/* For the name of a machine without a UUID: it must be the same whichever NIC comes first (REQ-006). */
static void find_lowest_mac(unsigned there)
{
    memset(machine.name_mac, 0xff, sizeof machine.name_mac);
    for (unsigned i = 0; i < there; i++)
        if (memcmp(machine.nics[i].mac, machine.name_mac, sizeof machine.name_mac) < 0)
            memcpy(machine.name_mac, machine.nics[i].mac, sizeof machine.name_mac);
}

bool nics_choose(void)
{
    const char *wanted = params_text(&machine.configured, PARAM_NIC);
    unsigned there = snp_list(machine.nics, SNP_LIST_MAX), kept = 0;
    bool any = strcmp(wanted, "auto") == 0;

    find_lowest_mac(there);
    for (unsigned i = 0; i < there; i++)
        if (any || allowed(&machine.nics[i], wanted)) {
            struct snp_entry swap = machine.nics[kept];

            machine.nics[kept++] = machine.nics[i];
            machine.nics[i] = swap;
        }
    machine.nic_count = kept;
    if (!kept)
        fail_no_nic(wanted, there);
    return kept > 0;
}

static bool link_is_up(void *context)
{
    (void)context;
    return nic_link_up(machine.nic);
}

static bool has_address(void *context)
{
    (void)context;
    return net_state() == NET_CONFIGURED || net_state() == NET_FAILED;
}

/* Put the decorators that the configuration asks for on the NIC. */
static struct nic *decorate(struct nic *nic)
{
    struct lossy_config faults;

    if (params_is_set(&machine.configured, PARAM_LOSSY) &&
        nicname_parse_lossy(params_text(&machine.configured, PARAM_LOSSY), &faults)) {
        lossy_init(&machine.lossy, nic, &faults);
        nic = &machine.lossy.nic;
    }
    return trace_start_capture(nic);
}

/* One line for a NIC that is passed over, kept as the reason when no other comes further. */
static enum nics_result skip(enum failure_stage stage, const char *reason, const char *remedy)
{
    char name[80];
    struct fmt fmt;

    fmt_init(&fmt, name, sizeof name);
    name_nic(machine.nic_entry, &fmt);
    log_print(LOG_INFO, "NIC %s skipped: %s", name, reason);
    machine_fail(stage, EFI_NOT_READY, "NIC %s: %s; %s.", name, reason, remedy);
    nics_give_back();
    return NICS_SKIP;
}

/*
 * Each NIC gets an equal part of what is left of the time: many a link comes up only seconds after the NIC
 * was started, and a first port without a cable must not leave nothing to the others. What one does not use
 * the next ones have.
 */
static enum nics_result wait_for_link(unsigned index, uint64_t *link_ms)
{
    uint64_t start = clock_ms(), passed, limit_ms = *link_ms;
    enum wait_end end;

    if (limit_ms != UINT64_MAX)
        limit_ms /= machine.nic_count - index;
    end = wait_until("a network link", limit_ms, link_is_up, NULL);
    passed = clock_ms() - start;
    if (*link_ms != UINT64_MAX)
        *link_ms -= passed < *link_ms ? passed : *link_ms;
    if (end == WAIT_ESC)
        return NICS_ESC;
    if (end == WAIT_TIMEOUT)
        return skip(FAILURE_LINK, "no link", "check the cable and the switch port, or set link-wait");
    log_print(LOG_INFO, "link is up");
    return NICS_UP;
}

/* With the target known, an offer needs no root path: the first one will do, unless offer-wait was asked for.
 */
static uint32_t offer_wait_ms(void)
{
    const struct params *p = &machine.configured;
    bool known = params_is_set(p, PARAM_ROOT_PATH_KEY) ||
                 (params_is_set(p, PARAM_PORTAL_KEY) && params_is_set(p, PARAM_TARGET));
    uint32_t ms = (uint32_t)params_number(p, PARAM_OFFER_WAIT);

    return ms == 0 || (known && !params_is_set(p, PARAM_OFFER_WAIT)) ? 1 : ms;
}

/* What we were loaded by had a lease over this NIC, and it may be used. */
static bool has_origin_lease(void)
{
    const struct origin *origin = origin_find();

    return origin->ack.length && memcmp(origin->mac, machine.nic_entry->mac, sizeof origin->mac) == 0 &&
           params_number(&machine.configured, PARAM_DHCP_REUSE) == PARAMS_YES;
}

/*
 * The server knows this machine by option 61 as the firmware's PXE sent it, also where that sent none. With
 * another one it would be a second client, with an address of its own.
 */
static void keep_client_id(struct net_identity *identity)
{
    const struct origin_packet *sent = &origin_find()->discover;

    if (!has_origin_lease() || !sent->length)
        return;
    if (!net_client_id(sent->bytes, sent->length, &identity->client_id, &identity->client_id_length)) {
        identity->client_id = sent->bytes;
        identity->client_id_length = 0;
    }
}

static bool open_net(void)
{
    const struct net_config config = {
        .tcp_window = (uint32_t)params_number(&machine.configured, PARAM_TCP_WINDOW),
        .offer_wait_ms = offer_wait_ms(),
        .identity = {.has_uuid = machine.has_uuid,
                     .architecture = ARCHITECTURE,
                     .hostname = params_is_set(&machine.configured, PARAM_HOSTNAME)
                                     ? params_text(&machine.configured, PARAM_HOSTNAME)
                                     : NULL},
    };
    struct net_config whole = config;
    struct net_lease configured;

    memcpy(whole.identity.uuid, machine.uuid, sizeof machine.uuid);
    nicname_static_lease(&machine.configured, &configured);
    memcpy(whole.dns, configured.dns, sizeof whole.dns);
    keep_client_id(&whole.identity);
    machine.net_open = net_open(machine.nic, &whole);
    return machine.net_open;
}

static enum nics_result get_lease(void)
{
    unsigned discovers = 0, offers = 0;
    enum wait_end end;

    net_dhcp_start();
    end = wait_until("an address from DHCP", params_number(&machine.configured, PARAM_DHCP_WAIT), has_address,
                     NULL);
    if (end == WAIT_ESC)
        return NICS_ESC;
    if (net_state() == NET_CONFIGURED)
        return NICS_UP;
    if (net_state() == NET_FAILED)
        return skip(FAILURE_ADDRESS, "it stopped working",
                    "try another NIC, or an update of the firmware's driver for it");
    net_dhcp_progress(&discovers, &offers);
    return skip(FAILURE_ADDRESS,
                offers      ? "a DHCP server made an offer and then did not confirm it"
                : discovers ? "no DHCP server answered"
                            : "the NIC does not send",
                "check the DHCP server and the VLAN of the switch port, or set ip = address/prefix");
}

/* Once: nobody renews it between two attempts, and it grows old. */
static bool adopt_lease(void)
{
    const struct origin_packet *ack = &origin_find()->ack;

    machine.adopted =
        !machine.adopted_before && has_origin_lease() && net_dhcp_adopt(ack->bytes, ack->length);
    machine.adopted_before |= machine.adopted;
    return machine.adopted;
}

static enum nics_result get_address(void)
{
    struct net_lease lease = {0};

    machine.adopted = false;
    if (!params_is_set(&machine.configured, PARAM_IP) ||
        strcmp(params_text(&machine.configured, PARAM_IP), "dhcp") == 0)
        return adopt_lease() ? NICS_UP : get_lease();
    nicname_static_lease(&machine.configured, &lease);
    net_set_static(&lease);
    return NICS_UP;
}

static void log_address(void)
{
    const struct net_lease *lease = &machine.lease;
    bool dhcp = memcmp(lease->server, "\0\0\0\0", 4) != 0;
    char line[160];
    struct fmt fmt;

    fmt_init(&fmt, line, sizeof line);
    fmt_print(&fmt, "address ");
    fmt_ipv4(&fmt, lease->address);
    fmt_print(&fmt, "/%u", nicname_prefix(lease->netmask));
    if (memcmp(lease->gateway, "\0\0\0\0", 4) != 0) {
        fmt_print(&fmt, ", gateway ");
        fmt_ipv4(&fmt, lease->gateway);
    }
    if (machine.adopted)
        fmt_print(&fmt, " as the firmware's PXE got it");
    fmt_print(&fmt, dhcp ? " from the DHCP server " : machine.adopted ? "" : " from the configuration");
    if (dhcp)
        fmt_ipv4(&fmt, lease->server);
    log_print(LOG_INFO, "%s", line);
}

static void use_lease(void)
{
    net_get_lease(&machine.lease);
    log_address();
    settings_add_lease();
}

static bool take(unsigned index)
{
    EFI_STATUS status;
    char name[80];
    struct fmt fmt;

    machine.nic_entry = &machine.nics[index];
    machine.nic_path = devpath_copy(machine.nic_entry->path);
    fmt_init(&fmt, name, sizeof name);
    name_nic(machine.nic_entry, &fmt);
    log_print(LOG_INFO, "NIC %s%s", name,
              machine.nic_entry->loaded_from ? ", lunboot was loaded over it" : "");
    machine.nic = snp_open(machine.nic_entry, &status);
    if (!machine.nic) {
        log_print(LOG_ERROR, "the firmware does not give it to us: %s", uefi_status_name(status));
        return false;
    }
    machine.nic = decorate(machine.nic);
    return machine.nic_path != NULL;
}

enum nics_result nics_bring_up(unsigned index, uint64_t *link_ms)
{
    enum nics_result result;

    if (machine.nics[index].in_use_by_iscsi) {
        machine.nic_entry = &machine.nics[index];
        return skip(FAILURE_NO_NIC, "another iSCSI driver uses it, the firmware's own or iPXE's",
                    "remove the iSCSI settings in the firmware's setup, or keep option 17 from iPXE or write "
                    "sanunhook "
                    "into its script, or choose another NIC");
    }
    if (!take(index))
        return skip(FAILURE_NO_NIC, "it could not be opened", "look for another driver that holds it");
    result = wait_for_link(index, link_ms);
    if (result != NICS_UP)
        return result;
    if (!open_net())
        return skip(FAILURE_NO_NIC, "no memory for the network", "close other programs");
    result = get_address();
    if (result != NICS_UP)
        return result;
    machine.params = machine.configured;
    use_lease();
    return NICS_UP;
}

enum nics_result nics_ask_again(void)
{
    enum nics_result result;

    if (!machine.adopted)
        return NICS_UP;
    machine.adopted = false;
    log_print(LOG_INFO, "the firmware's PXE was told of no target: asking DHCP anew");
    result = get_lease();
    if (result == NICS_UP)
        use_lease();
    return result;
}

void nics_give_back(void)
{
    if (machine.net_open)
        net_close();
    machine.net_open = false;
    if (machine.nic)
        nic_close(machine.nic);
    machine.nic = NULL;
    machine.nic_entry = NULL;
    uefi_free(machine.nic_path);
    machine.nic_path = NULL;
}
