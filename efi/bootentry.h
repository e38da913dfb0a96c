/* SPDX-License-Identifier: BSD-2-Clause */
/* The boot manager's entries (UEFI 2.10 section 3.3): Boot####, in which order they are tried, which one is.
 */
#ifndef LUNBOOT_EFI_BOOTENTRY_H
#define LUNBOOT_EFI_BOOTENTRY_H

#include "loadoption.h"
#include "uefi.h"

#define BOOTENTRY_MAX       8192u /* bytes of an entry that is read */
#define BOOTENTRY_ORDER_MAX 256u
#define BOOTENTRY_NAME_MAX  (sizeof "Boot0000 \"\"" + 3 * LOADOPTION_TEXT_MAX)

struct bootentry {
    char name[BOOTENTRY_NAME_MAX]; /* for people: Boot0003 "debian" */
    struct loadoption option;      /* points into `bytes` */
    uint8_t bytes[BOOTENTRY_MAX];
};

/* The numbers in BootOrder; returns how many. */
unsigned bootentry_order(uint16_t ret_numbers[BOOTENTRY_ORDER_MAX]);
/* The entry that was started, by the boot manager's account; false: it gives none. */
bool bootentry_current(uint16_t *ret_number);
/*
 * EFI_NOT_FOUND when there is no such entry or it is too large, EFI_COMPROMISED_DATA when it is none that can
 * be read; the name is valid then too.
 */
EFI_STATUS bootentry_read(uint16_t number, struct bootentry *ret_entry);

#endif
