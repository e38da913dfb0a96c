/* SPDX-License-Identifier: BSD-2-Clause */
#include "origin.h"

#include <string.h>

#include "pathbytes.h"
#include "uefi.h"

/* GNU-EFI's definition is that of section 24.3; the packets' places are what we live by. */
_Static_assert(offsetof(EFI_PXE_BASE_CODE_MODE, DhcpAckReceived) == 9, "UEFI 2.10 section 24.3.1");
_Static_assert(offsetof(EFI_PXE_BASE_CODE_MODE, DhcpDiscover) == 52, "UEFI 2.10 section 24.3.1");
_Static_assert(sizeof(EFI_PXE_BASE_CODE_PACKET) == ORIGIN_PACKET_MAX, "UEFI 2.10 section 24.3.1");

static EFI_GUID pxe_guid = EFI_PXE_BASE_CODE_PROTOCOL_GUID;

static struct origin the_origin;
static bool is_known;

/*
 * The address is the node's first bytes, the rest of its 32 is padding (10.3.4.11). A disk behind a NIC, ours
 * too, holds what the network says it holds. An adapter that speaks iSCSI by itself shows no NIC.
 */
static void read_mac(const uint8_t *path)
{
    const uint8_t *node = pathbytes_find(path, PATHBYTES_MAC);

    the_origin.network = node != NULL || pathbytes_find(path, PATHBYTES_ISCSI) != NULL;
    if (node != NULL && pathbytes_length(node) >= PATHBYTES_HEADER + sizeof the_origin.mac) {
        memcpy(the_origin.mac, node + PATHBYTES_HEADER, sizeof the_origin.mac);
    }
}

/* A URI node is the text alone, without a NUL; one without a text means that DHCP names the URI (10.3.4.23).
 */
static void read_url(const uint8_t *path)
{
    const uint8_t *node = pathbytes_find(path, PATHBYTES_URI);

    if (node != NULL && pathbytes_length(node) - PATHBYTES_HEADER < sizeof the_origin.url) {
        memcpy(the_origin.url, node + PATHBYTES_HEADER, pathbytes_length(node) - PATHBYTES_HEADER);
    }
}

static void copy_packet(BOOLEAN valid, const EFI_PXE_BASE_CODE_PACKET *packet,
                        struct origin_packet *ret_packet)
{
    if (valid) {
        ret_packet->length = sizeof packet->Raw; /* nobody says where it ends but its own end mark */
        memcpy(ret_packet->bytes, packet->Raw, sizeof packet->Raw);
    }
}

static void read_pxe(const EFI_PXE_BASE_CODE_MODE *mode)
{
    if (!mode->Started || mode->UsingIpv6) {
        return;
    }
    copy_packet(mode->DhcpDiscoverValid, &mode->DhcpDiscover, &the_origin.discover);
    copy_packet(mode->DhcpAckReceived, &mode->DhcpAck, &the_origin.ack);
    copy_packet(mode->ProxyOfferReceived, &mode->ProxyOffer, &the_origin.proxy);
    copy_packet(mode->PxeReplyReceived, &mode->PxeReply, &the_origin.reply);
}

static void find(void)
{
    EFI_LOADED_IMAGE *loaded = uefi_interface(uefi_image, &uefi_guid_loaded_image);
    EFI_HANDLE device = loaded == NULL ? NULL : loaded->DeviceHandle;
    const uint8_t *path = (const uint8_t *)uefi_boot_path();
    EFI_PXE_BASE_CODE *pxe = uefi_interface(device, &pxe_guid);

    if (path != NULL) {
        read_mac(path);
        read_url(path);
    }
    the_origin.handed = the_origin.network && uefi_interface(device, &uefi_guid_file_system) != NULL;
    if (pxe != NULL && pxe->Mode != NULL) {
        read_pxe(pxe->Mode);
    }
}

const struct origin *origin_find(void)
{
    if (!is_known) {
        find();
        is_known = true;
    }
    return &the_origin;
}
