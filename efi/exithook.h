/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The moment before ExitBootServices on firmware that does not signal the Before-ExitBootServices group: EDK2
 * of 2022 accepts events of that group and never signals them, and nothing tells beforehand. So the service's
 * entry in the boot services table leads through here while somebody wants to know.
 */
#ifndef LUNBOOT_EFI_EXITHOOK_H
#define LUNBOOT_EFI_EXITHOOK_H

#include "uefi.h"

/*
 * Call `function` at the caller's TPL each time ExitBootServices is called, before the firmware's own work.
 * Fails without memory alone.
 */
EFI_STATUS exithook_set(void (*function)(void));
/*
 * Take it out again, before the program ends. Where somebody has replaced the entry after us and is still
 * there, what they kept leads on to the service itself, and never into our image.
 */
void exithook_clear(void);

#endif
