/* SPDX-License-Identifier: BSD-2-Clause */
#include "acpi.h"

#include "acpitable.h"

static struct uefi_acpi_table *protocol(void)
{
    struct uefi_acpi_table *found = NULL;

    uefi_bs->LocateProtocol(&uefi_guid_acpi_table, NULL, (void **)&found);
    return found;
}

uint8_t *acpi_find(const char signature[4], unsigned index, size_t *ret_length)
{
    const uint8_t *root = uefi_configuration_table(&uefi_guid_acpi_20);

    if (root == NULL) {
        root = uefi_configuration_table(&uefi_guid_acpi_10);
    }
    return root == NULL ? NULL : acpitable_find(root, signature, index, ret_length);
}

EFI_STATUS acpi_install(const uint8_t *table, size_t length, UINTN *ret_key)
{
    struct uefi_acpi_table *tables = protocol();

    if (tables == NULL) {
        return EFI_UNSUPPORTED;
    }
    /* The service takes the table as writable; it copies it (20.2). */
    return tables->install(tables, (void *)(uintptr_t)table, length, ret_key);
}

EFI_STATUS acpi_uninstall(UINTN key, const char signature[4], const uint8_t *table, size_t length)
{
    struct uefi_acpi_table *tables = protocol();
    bool wiped = false;
    uint8_t *installed = NULL;
    size_t installed_length = 0;

    for (unsigned i = 0; (installed = acpi_find(signature, i, &installed_length)) != NULL && !wiped; i++) {
        if (acpitable_is_copy(installed, installed_length, table, length)) {
            acpitable_wipe(installed, installed_length);
            wiped = true;
        }
    }
    EFI_STATUS status = tables == NULL ? EFI_UNSUPPORTED : tables->uninstall(tables, key);
    return !EFI_ERROR(status) && !wiped ? EFI_NOT_FOUND : status;
}
