/* SPDX-License-Identifier: BSD-2-Clause */
/* Where lunboot.efi is on an EFI system partition that Linux has mounted. */
#ifndef LUNBOOT_TOOLS_LUNCTL_ESP_H
#define LUNBOOT_TOOLS_LUNCTL_ESP_H

#include <limits.h>
#include <stdbool.h>

#define LUNCTL_ESP "/boot/efi" /* where distributions mount it */

/*
 * The folder of `esp` that has lunboot.efi in it, or a lunboot that is named BOOTX64.EFI: EFI/NAME, or
 * `folder` where that is not NULL. False: there is none, or more than one; a sentence has been printed.
 */
bool lunctl_esp_find(const char *esp, const char *folder, char ret_path[PATH_MAX]);

#endif
