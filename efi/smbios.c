/* SPDX-License-Identifier: BSD-2-Clause */
#include "smbios.h"

#include "smbiostable.h"
#include "uefi.h"

/* The 64-bit entry point where there are both (DSP0134 section 5.2). */
static bool open_table(struct smbiostable *ret_table)
{
    const uint8_t *entry = uefi_configuration_table(&uefi_guid_smbios3);

    if (entry != NULL && smbiostable_open(entry, ret_table)) {
        return true;
    }
    entry = uefi_configuration_table(&uefi_guid_smbios);
    return entry != NULL && smbiostable_open(entry, ret_table);
}

bool smbios_uuid(uint8_t ret_uuid[16])
{
    struct smbiostable table;

    return open_table(&table) && smbiostable_uuid(&table, ret_uuid);
}

bool smbios_serial(char *ret_serial, unsigned capacity)
{
    struct smbiostable table;

    return open_table(&table) && smbiostable_serial(&table, ret_serial, capacity);
}
