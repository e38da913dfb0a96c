/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of NICs: which handles are NICs, and what the firmware knows of them without their being opened.
 */
#include "devpath.h"
#include "drivers.h"
#include "orphan.h"
#include "snp.h"
#include "snp_own.h"

#include <string.h>

#define IF_TYPE_ETHERNET 1u
#define MAC_LENGTH       6u

#define CLASS_NETWORK 0x02u /* of PCI devices */

/* UNDI's interface, which the firmware's SNP driver sits on (UEFI 2.10 appendix E.4.2, revision 3.1). */
static EFI_GUID undi_guid = {0x1aced566, 0x76ed, 0x4218, {0xbc, 0x81, 0x76, 0x7f, 0x1f, 0x97, 0x7a, 0x89}};

static bool is_network(EFI_HANDLE handle)
{
    uint8_t class = 0;

    return drivers_pci_class(handle, &class) && class == CLASS_NETWORK;
}

/*
 * Firmware that boots a disk leaves the NICs without drivers. Only the NIC's own driver is wanted, not the
 * firmware's stack above it: so not the children, but UNDI's, which has its SNP driver there.
 */
static void connect_nics(void)
{
    drivers_start(&uefi_guid_pci_io, is_network, false);
    drivers_start(&undi_guid, NULL, false);
}

/* Other messaging nodes behind the PCI device (a USB port, say) mean that its address is a bus controller's.
 */
static bool is_on_pci_itself(const EFI_DEVICE_PATH *rest)
{
    const uint8_t *node = (const uint8_t *)rest;

    for (; !pathbytes_is_end(node); node = pathbytes_next(node)) {
        if (pathbytes_kind(node) >> 8 == PATHBYTES_MAC >> 8 && pathbytes_kind(node) != PATHBYTES_MAC) {
            return false;
        }
    }
    return true;
}

static void find_pci(struct snp_entry *entry)
{
    EFI_DEVICE_PATH *rest = entry->path;
    EFI_HANDLE handle = NULL;
    UINTN segment = 0;
    UINTN bus = 0;
    UINTN device = 0;
    UINTN function = 0;

    if (EFI_ERROR(uefi_bs->LocateDevicePath(&uefi_guid_pci_io, &rest, &handle)) || !is_on_pci_itself(rest)) {
        return;
    }
    EFI_PCI_IO_PROTOCOL *pci = uefi_interface(handle, &uefi_guid_pci_io);
    if (pci == NULL || EFI_ERROR(pci->GetLocation(pci, &segment, &bus, &device, &function))) {
        return;
    }
    entry->has_pci = true;
    entry->pci_segment = (uint16_t)segment;
    entry->pci_bus = (uint8_t)bus;
    entry->pci_device = (uint8_t)device;
    entry->pci_function = (uint8_t)function;
}

/* A disk of ours that somebody kept has nobody behind it; what lies on it, a partition say, is no session. */
static bool is_session(EFI_HANDLE handle, const EFI_DEVICE_PATH *path)
{
    const uint8_t *last = pathbytes_last((const uint8_t *)path);
    const EFI_BLOCK_IO_PROTOCOL *io = uefi_interface(handle, &uefi_guid_block_io);

    return io != NULL ? !io->Media->LogicalPartition && !orphan_is(io)
                      : last != NULL && pathbytes_kind(last) == PATHBYTES_ISCSI;
}

/*
 * The firmware's own iSCSI driver puts each session on a handle whose path is the NIC's, then IP, then iSCSI
 * (UEFI 2.10 section 16.2); iPXE of 2019 puts its disk below a node of its own. Such a handle on a NIC that
 * is not ours means that the NIC is in use (REQ-338). The one on the NIC's own handle is no disk: there iPXE
 * shows files.
 */
static bool is_used_by_iscsi(const EFI_DEVICE_PATH *nic)
{
    UINTN count = 0;
    EFI_HANDLE *handles = uefi_handles(&uefi_guid_device_path, &count);
    bool used = false;

    for (UINTN i = 0; handles != NULL && i < count && !used; i++) {
        const EFI_DEVICE_PATH *path = uefi_interface(handles[i], &uefi_guid_device_path);
        used = path != NULL && devpath_is_prefix(nic, path) && !devpath_is_prefix(path, nic) &&
               is_session(handles[i], path);
    }
    uefi_free(handles);
    return used;
}

/* MediaPresent is renewed by GetStatus where the NIC is running, else it is from the driver's start. */
static void find_media(EFI_SIMPLE_NETWORK *network, struct snp_entry *entry)
{
    UINT32 interrupts = 0;

    entry->media_known = network->Mode->MediaPresentSupported;
    if (!entry->media_known) {
        return;
    }
    if (network->Mode->State == EfiSimpleNetworkInitialized && !snp_is_open(entry->handle)) {
        network->GetStatus(network, &interrupts, NULL);
    }
    entry->media = network->Mode->MediaPresent;
}

/*
 * PXE and HTTP boot put copies of the protocol on child handles: those have an IP node (EDK2's
 * UefiPxeBcDxe). What is no Ethernet is not for us.
 */
static bool is_nic(EFI_SIMPLE_NETWORK *network, const EFI_DEVICE_PATH *path)
{
    const uint8_t *bytes = (const uint8_t *)path;

    return network != NULL && network->Mode != NULL && path != NULL &&
           network->Mode->IfType == IF_TYPE_ETHERNET && network->Mode->HwAddressSize == MAC_LENGTH &&
           pathbytes_find(bytes, PATHBYTES_IPV4) == NULL && pathbytes_find(bytes, PATHBYTES_IPV6) == NULL;
}

static bool describe(EFI_HANDLE handle, struct snp_entry *ret_entry)
{
    EFI_SIMPLE_NETWORK *network = uefi_interface(handle, &uefi_guid_simple_network);
    EFI_DEVICE_PATH *path = uefi_interface(handle, &uefi_guid_device_path);

    if (!is_nic(network, path)) {
        return false;
    }
    *ret_entry = (struct snp_entry){.handle = handle, .path = path};
    memcpy(ret_entry->mac, &network->Mode->CurrentAddress, MAC_LENGTH);
    devpath_text(path, ret_entry->path_text, sizeof ret_entry->path_text);
    ret_entry->loaded_from = uefi_boot_path() != NULL && devpath_is_prefix(path, uefi_boot_path());
    ret_entry->in_use_by_iscsi = !snp_is_open(handle) && is_used_by_iscsi(path);
    find_pci(ret_entry);
    find_media(network, ret_entry);
    return true;
}

/* The last entry goes to the front, the others keep their order. */
static void move_to_front(struct snp_entry *entries, unsigned count)
{
    struct snp_entry last = entries[count - 1];

    memmove(entries + 1, entries, (count - 1) * sizeof *entries);
    entries[0] = last;
}

/*
 * iPXE drives a NIC through the firmware's protocol and shows one of its own on a handle below, whose path
 * has a second MAC node. That is the same NIC once more, and the upper one is iPXE's: to take it would end
 * the iPXE that we are to come back to.
 */
static bool is_driven_by_another(const struct snp_entry *entry, const EFI_HANDLE *handles, UINTN count)
{
    for (UINTN i = 0; i < count; i++) {
        EFI_SIMPLE_NETWORK *network = uefi_interface(handles[i], &uefi_guid_simple_network);
        const EFI_DEVICE_PATH *path = uefi_interface(handles[i], &uefi_guid_device_path);
        if (is_nic(network, path) && devpath_is_prefix(entry->path, path) &&
            !devpath_is_prefix(path, entry->path) &&
            memcmp(entry->mac, &network->Mode->CurrentAddress, MAC_LENGTH) == 0) {
            return true;
        }
    }
    return false;
}

static unsigned list(struct snp_entry *ret_entries, unsigned capacity)
{
    UINTN handle_count = 0;
    EFI_HANDLE *handles = uefi_handles(&uefi_guid_simple_network, &handle_count);
    unsigned count = 0;

    for (UINTN i = 0; handles != NULL && i < handle_count && count < capacity; i++) {
        if (describe(handles[i], &ret_entries[count]) &&
            !is_driven_by_another(&ret_entries[count], handles, handle_count)) {
            count++;
            if (ret_entries[count - 1].loaded_from) {
                move_to_front(ret_entries, count);
            }
        }
    }
    uefi_free(handles);
    return count;
}

unsigned snp_list(struct snp_entry *ret_entries, unsigned capacity)
{
    connect_nics();
    unsigned count = list(ret_entries, capacity);
    if (count == 0) {
        /* On another bus, USB say: whatever there is. Slow, but there is nothing to lose. */
        drivers_start(NULL, NULL, true);
        count = list(ret_entries, capacity);
    }
    return count;
}
