/* SPDX-License-Identifier: BSD-2-Clause */
#include "acpi.h"

#include "acpitable.h"

#include <string.h>

/* The beginning of EFI_ACPI_SDT_PROTOCOL, PI 1.8 volume 5 section 9.1. The function takes no self. */
struct description_tables {
    UINT32 versions;
    EFI_STATUS(EFIAPI *get)(UINTN index, uint8_t **ret_table, UINT32 *ret_versions, UINTN *ret_key);
};
_Static_assert(offsetof(struct description_tables, get) == 8, "PI 1.8 volume 5 section 9.1");
static EFI_GUID description_tables_guid = {
    0xeb97088e, 0xcfdf, 0x49c6, {0xbe, 0x4b, 0xd9, 0x06, 0xa5, 0xb2, 0x0e, 0x86}};

#define SAME_MAX 16u /* tables with one signature that are removed in one go: a bound, no more */

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

/* The first table with this signature that has a key; false when there is none. */
static bool find_key(const char signature[4], UINTN *ret_key)
{
    struct description_tables *tables = NULL;
    uint8_t *table = NULL;
    UINT32 versions = 0;

    uefi_bs->LocateProtocol(&description_tables_guid, NULL, (void **)&tables);
    for (UINTN i = 0; tables != NULL && !EFI_ERROR(tables->get(i, &table, &versions, ret_key)); i++) {
        if (memcmp(table, signature, 4) == 0) {
            return true;
        }
    }
    return false;
}

/* What they hold may be secrets, and neither way of removing a table takes its bytes away (REQ-327). */
static void wipe_all(const char signature[4])
{
    uint8_t *table = NULL;
    size_t length = 0;

    for (unsigned i = 0; i < SAME_MAX && (table = acpi_find(signature, i, &length)) != NULL; i++) {
        acpitable_wipe(table, length);
    }
}

EFI_STATUS acpi_remove(const char signature[4])
{
    struct uefi_acpi_table *tables = protocol();
    uint8_t *table = NULL;
    size_t length = 0;
    UINTN key = 0;
    bool removed = false;

    wipe_all(signature);
    for (unsigned i = 0; i < SAME_MAX && tables != NULL && find_key(signature, &key); i++) {
        removed |= !EFI_ERROR(tables->uninstall(tables, key));
    }
    for (unsigned i = 0; i < SAME_MAX && (table = acpi_find(signature, 0, &length)) != NULL; i++) {
        acpitable_disguise(table);
        removed = true;
    }
    return removed ? EFI_SUCCESS : EFI_NOT_FOUND;
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
