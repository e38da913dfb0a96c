/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Network interfaces of the firmware: the list of those there are, and a net/nic.h over
 * EFI_SIMPLE_NETWORK_PROTOCOL (UEFI 2.10 section 24.1). Opening takes the interface from the firmware's own
 * stack; closing gives it back.
 */
#ifndef LUNBOOT_EFI_SNP_H
#define LUNBOOT_EFI_SNP_H

#include "net/nic.h"
#include "uefi.h"

#define SNP_LIST_MAX 32u
#define SNP_PATH_MAX 256u

struct snp_entry {
    EFI_HANDLE handle;     /* the NIC's own handle: its path has no IP node */
    EFI_DEVICE_PATH *path; /* firmware's memory; do not keep across snp_open: copy with devpath_copy */
    char path_text[SNP_PATH_MAX];
    uint8_t mac[6];
    bool has_pci;
    uint16_t pci_segment;
    uint8_t pci_bus, pci_device, pci_function;
    bool loaded_from;        /* lunboot was loaded over this one */
    bool media_known, media; /* what the firmware says of the link, without opening it */
    bool in_use_by_iscsi;    /* the firmware's own iSCSI driver holds it (REQ-338): not to be taken */
};

/* NICs (not their IPv4/IPv6 children), the one lunboot was loaded over first. Returns how many were written.
 */
unsigned snp_list(struct snp_entry *ret_entries, unsigned capacity);

/*
 * Take the NIC and start it. The nic is from a static pool of one; NULL with *ret_status when it cannot be
 * had. The firmware's drivers above it are disconnected by the exclusive open and connected again by
 * nic_close.
 */
struct nic *snp_open(const struct snp_entry *entry, EFI_STATUS *ret_status);

/* Counters for the log: Receive calls, empty ones, Transmit failures, GetStatus calls. */
struct snp_counters {
    uint64_t received, empty, sent, send_failed, status_calls;
};
void snp_get_counters(struct snp_counters *ret_counters);

#endif
