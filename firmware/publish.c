/* SPDX-License-Identifier: BSD-2-Clause */
#include "publish.h"

#include <string.h>

#include "efi/acpi.h"
#include "ibft.h"
#include "iscsi/bytes.h"
#include "log.h"
#include "machine.h"
#include "nicname.h"

#define SIGNATURE "iBFT"

/*
 * Ours is wiped as soon as the firmware has its copy: that is for the system, ours would be left behind in
 * the memory that the system gets (REQ-327).
 */
static uint8_t table[IBFT_SIZE_MAX];
static size_t table_length;
static const uint8_t *published = table; /* the copy that there is: ours or the firmware's */

/* What an earlier stage had published in our place: it goes back when we do. */
static uint8_t earlier[IBFT_SIZE_MAX];
static size_t earlier_length; /* 0: there was none */

static void fill_nic(struct ibft_nic *nic)
{
    const struct net_lease *lease = &machine.lease;
    const struct snp_entry *entry = machine.nic_entry;
    const char *hostname = params_is_set(&machine.params, PARAM_HOSTNAME)
                               ? params_text(&machine.params, PARAM_HOSTNAME)
                               : lease->hostname;
    bool dhcp = memcmp(lease->server, "\0\0\0\0", 4) != 0;

    nic->valid = nic->selected = true;
    ibft_map_ipv4(lease->address, nic->address);
    ibft_map_ipv4(lease->gateway, nic->gateway);
    ibft_map_ipv4(lease->dns[0], nic->dns[0]);
    ibft_map_ipv4(lease->dns[1], nic->dns[1]);
    ibft_map_ipv4(lease->server, nic->dhcp);
    nic->prefix_length = (uint8_t)nicname_prefix(lease->netmask);
    nic->origin = dhcp ? IBFT_ORIGIN_DHCP : IBFT_ORIGIN_MANUAL;
    memcpy(nic->mac, entry->mac, sizeof nic->mac);
    nic->pci = (uint16_t)(entry->pci_bus << 8 | entry->pci_device << 3 | entry->pci_function);
    if (strlen(hostname) < sizeof nic->hostname)
        memcpy(nic->hostname, hostname, strlen(hostname) + 1);
}

static void fill_secret(enum param_id name, enum param_id secret, char *ret_name, uint8_t *ret_secret,
                        uint16_t *ret_length)
{
    const struct param_value *value = &machine.params.values[secret];
    const char *text = params_text(&machine.params, name);

    memcpy(ret_name, text, strlen(text) + 1);
    if (params_number(&machine.params, PARAM_IBFT_SECRETS) != PARAMS_YES)
        return;
    memcpy(ret_secret, value->text, value->length);
    *ret_length = value->length;
}

/* The authentication that was used, not the one that was configured: the system will do the same login. */
static void fill_target(struct ibft_target *target)
{
    const struct session_info *info = session_info(&machine.session);

    target->valid = target->selected = true;
    ibft_map_ipv4(info->address.bytes, target->address);
    target->port = info->portal.port;
    memcpy(target->lun, machine.target.lun, 8);
    memcpy(target->name, machine.target.target, strlen(machine.target.target) + 1);
    target->chap = info->mutual ? IBFT_CHAP_MUTUAL : info->authenticated ? IBFT_CHAP_ONE_WAY : IBFT_CHAP_NONE;
    if (info->authenticated)
        fill_secret(PARAM_CHAP_NAME, PARAM_CHAP_SECRET, target->chap_name, target->chap_secret,
                    &target->chap_secret_length);
    if (info->mutual)
        fill_secret(PARAM_MUTUAL_CHAP_NAME, PARAM_MUTUAL_CHAP_SECRET, target->reverse_name,
                    target->reverse_secret, &target->reverse_secret_length);
}

static bool build(void)
{
    static struct ibft ibft;

    memset(&ibft, 0, sizeof ibft);
    memcpy(ibft.oem_id, "LUNBT ", sizeof ibft.oem_id);
    memcpy(ibft.oem_table_id, "LUNBOOT ", sizeof ibft.oem_table_id);
    memcpy(ibft.initiator, machine.initiator_name, strlen(machine.initiator_name) + 1);
    fill_nic(&ibft.nics[0]);
    fill_target(&ibft.targets[0]);
    table_length = ibft_build(&ibft, table, sizeof table);
    bytes_wipe(&ibft, sizeof ibft);
    return table_length > 0;
}

/*
 * A table of an earlier stage would be the first that the system finds. Its text is kept: when we fail, what
 * is started next finds it again, and so does our own next attempt, which may have its settings from there.
 */
static bool remove_others(void)
{
    size_t length;
    EFI_STATUS status;
    const uint8_t *found = acpi_find(SIGNATURE, 0, &length);

    if (!found)
        return true;
    if (length <= sizeof earlier) {
        memcpy(earlier, found, length);
        earlier_length = length;
    }
    status = acpi_remove(SIGNATURE);
    if (!EFI_ERROR(status) && !acpi_find(SIGNATURE, 0, &length))
        return true;
    log_print(LOG_ERROR, "an iBFT of an earlier stage cannot be removed (%s): the system would see two",
              uefi_status_name(status));
    return false;
}

/* Is it the first that the system will find? */
static bool leave_to_firmware(void)
{
    size_t length;
    const uint8_t *found = acpi_find(SIGNATURE, 0, &length);

    if (!found || length != table_length || memcmp(found, table, length) != 0)
        return false;
    published = found;
    bytes_wipe(table, sizeof table);
    return true;
}

bool publish_table(void)
{
    EFI_STATUS status;

    if (!remove_others() || !build())
        return false;
    status = acpi_install(table, table_length, &machine.table_key);
    machine.table_installed = !EFI_ERROR(status);
    if (!machine.table_installed) {
        log_print(LOG_ERROR, "the firmware does not take the iBFT: %s", uefi_status_name(status));
    } else if (!leave_to_firmware()) {
        log_print(LOG_ERROR, "the iBFT was installed and is not in the firmware's list of tables");
        publish_remove();
    }
    if (machine.table_installed)
        log_print(LOG_DEBUG, "iBFT of %u bytes installed", (unsigned)table_length);
    return machine.table_installed;
}

void publish_forget(void)
{
    bytes_wipe(earlier, sizeof earlier);
    earlier_length = 0;
}

static void put_back_earlier(void)
{
    UINTN key;
    EFI_STATUS status;
    size_t length;

    if (earlier_length > 0 && !acpi_find(SIGNATURE, 0, &length)) {
        status = acpi_install(earlier, earlier_length, &key);
        if (EFI_ERROR(status))
            log_print(LOG_ERROR, "the iBFT of the earlier stage could not be put back: %s",
                      uefi_status_name(status));
    }
    publish_forget();
}

void publish_remove(void)
{
    EFI_STATUS status;

    if (machine.table_installed) {
        status = acpi_uninstall(machine.table_key, SIGNATURE, published, table_length);
        if (EFI_ERROR(status))
            log_print(LOG_ERROR, "the iBFT could not be removed: %s", uefi_status_name(status));
    }
    machine.table_installed = false;
    published = table;
    bytes_wipe(table, sizeof table);
    put_back_earlier();
}
