/* SPDX-License-Identifier: BSD-2-Clause */
#include "drivers.h"

#include "pathbytes.h"

#define CLASS_OFFSET 0x0bu /* of the base class in PCI configuration space */
#define CLASS_DISK   0x01u
#define CLASS_SYSTEM 0x08u /* SD host controllers are of this class */
#define CLASS_SERIAL 0x0cu /* USB is of this one */

void drivers_start(EFI_GUID *protocol, bool (*is_wanted)(EFI_HANDLE handle), bool below)
{
    UINTN count = 0;
    EFI_HANDLE *handles = NULL;

    uefi_bs->LocateHandleBuffer(protocol == NULL ? AllHandles : ByProtocol, protocol, NULL, &count, &handles);
    for (UINTN i = 0; handles != NULL && i < count; i++) {
        if (is_wanted == NULL || is_wanted(handles[i])) {
            uefi_bs->ConnectController(handles[i], NULL, NULL, below);
        }
    }
    uefi_free(handles);
}

/* The bus drivers on the way make the next handle each, or the walk ends there. */
void drivers_start_along(const EFI_DEVICE_PATH *path)
{
    EFI_HANDLE last = NULL;

    for (;;) {
        EFI_DEVICE_PATH *rest = (EFI_DEVICE_PATH *)(uintptr_t)path;
        EFI_HANDLE handle = NULL;
        if (EFI_ERROR(uefi_bs->LocateDevicePath(&uefi_guid_device_path, &rest, &handle)) || handle == last) {
            return;
        }
        if (pathbytes_is_end((const uint8_t *)rest)) {
            rest = NULL;
        }
        uefi_bs->ConnectController(handle, NULL, rest, FALSE);
        last = handle;
    }
}

bool drivers_pci_class(EFI_HANDLE handle, uint8_t *ret_class)
{
    EFI_PCI_IO_PROTOCOL *pci = uefi_interface(handle, &uefi_guid_pci_io);

    return pci != NULL && !EFI_ERROR(pci->Pci.Read(pci, EfiPciIoWidthUint8, CLASS_OFFSET, 1, ret_class));
}

static bool may_lead_to_storage(EFI_HANDLE handle)
{
    uint8_t class = 0;

    return drivers_pci_class(handle, &class) &&
           (class == CLASS_DISK || class == CLASS_SYSTEM || class == CLASS_SERIAL);
}

void drivers_start_storage(void)
{
    drivers_start(&uefi_guid_pci_io, may_lead_to_storage, true);
    drivers_start(&uefi_guid_block_io, NULL, true); /* behind no PCI device */
}
