/* SPDX-License-Identifier: BSD-2-Clause */
#include "bootentry.h"

#include <string.h>

#include "variable.h"

unsigned bootentry_order(uint16_t ret_numbers[BOOTENTRY_ORDER_MAX])
{
    size_t length = 0;

    if (!variable_get(L"BootOrder", &uefi_guid_global_variable, ret_numbers,
                      BOOTENTRY_ORDER_MAX * sizeof *ret_numbers, &length)) {
        return 0;
    }
    return (unsigned)(length / sizeof *ret_numbers);
}

bool bootentry_current(uint16_t *ret_number)
{
    size_t length = 0;
    uint16_t number = 0;

    if (!variable_get(L"BootCurrent", &uefi_guid_global_variable, &number, sizeof number, &length) ||
        length != sizeof number) {
        return false;
    }
    *ret_number = number;
    return true;
}

/* "Boot" and four digits in capitals (3.1.4), as the variable's name and for people. */
static void name_entry(uint16_t number, CHAR16 ret_variable[9], char *ret_name)
{
    static const char digits[] = "0123456789ABCDEF";

    memcpy(ret_name, "Boot", sizeof "Boot");
    for (unsigned i = 0; i < 4; i++) {
        ret_name[4 + i] = digits[number >> (12 - 4 * i) & 0xf];
    }
    ret_name[8] = '\0';
    uefi_from_utf8(ret_name, ret_variable, 9);
}

static void add_description(const struct loadoption *option, char *name)
{
    size_t used = strlen(name);

    memcpy(name + used, " \"", 2);
    used += 2;
    used +=
        uefi_to_utf8(option->description, LOADOPTION_TEXT_MAX, name + used, BOOTENTRY_NAME_MAX - used - 1);
    memcpy(name + used, "\"", sizeof "\"");
}

EFI_STATUS bootentry_read(uint16_t number, struct bootentry *ret_entry)
{
    CHAR16 variable[9];
    size_t length = 0;

    name_entry(number, variable, ret_entry->name);
    if (!variable_get(variable, &uefi_guid_global_variable, ret_entry->bytes, sizeof ret_entry->bytes,
                      &length)) {
        return EFI_NOT_FOUND;
    }
    if (!loadoption_parse(ret_entry->bytes, length, &ret_entry->option)) {
        return EFI_COMPROMISED_DATA;
    }
    add_description(&ret_entry->option, ret_entry->name);
    return EFI_SUCCESS;
}
