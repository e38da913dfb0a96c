/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a device path as boot entries have it to the full paths of what may be loaded: the short forms of UEFI
 * 2.10 section 3.1.2 (a partition by its signature, a USB device by its maker or class, a file on any volume)
 * and paths that end at a device, on which the default file is meant (section 3.5).
 */
#ifndef LUNBOOT_EFI_BOOTPATH_H
#define LUNBOOT_EFI_BOOTPATH_H

#include "uefi.h"

#define BOOTPATH_MAX 32u

/*
 * Starts drivers where it must. The paths, at most BOOTPATH_MAX of them, are in the order in which they are
 * to be tried, in pool memory of the caller; each leads to a file, to a device that loads by itself (a NIC),
 * or to nothing that is there. None: the devices that were found have no volume.
 */
unsigned bootpath_expand(const EFI_DEVICE_PATH *path, EFI_DEVICE_PATH *ret_paths[BOOTPATH_MAX]);

/* Does this full path lead to the file that this program was loaded from? */
bool bootpath_is_own(const EFI_DEVICE_PATH *path);

/* The path of a file on any volume: a short form. UTF-8, slashes become backslashes. NULL without memory. */
EFI_DEVICE_PATH *bootpath_of_file(const char *file);
/* The paths of a file of the firmware, by its GUID, in each firmware volume, as bootpath_expand gives them.
 */
unsigned bootpath_in_firmware(const EFI_GUID *file, EFI_DEVICE_PATH *ret_paths[BOOTPATH_MAX]);

#endif
