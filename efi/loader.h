/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding and starting an EFI program on a disk. */
#ifndef LUNBOOT_EFI_LOADER_H
#define LUNBOOT_EFI_LOADER_H

#include "uefi.h"

#define LOADER_VOLUMES_MAX 16u

struct loader_volume {
    EFI_HANDLE handle;     /* with EFI_SIMPLE_FILE_SYSTEM_PROTOCOL */
    EFI_DEVICE_PATH *path; /* the firmware's */
};

/* File systems whose device path begins with the disk's, in the order of the handles. Connects drivers first.
 */
unsigned loader_volumes(EFI_HANDLE disk, const EFI_DEVICE_PATH *disk_path, struct loader_volume *ret_volumes,
                        unsigned capacity);

/* Is there such a file (UTF-8, with slashes or backslashes)? */
bool loader_file_exists(const struct loader_volume *volume, const char *file);

/*
 * Load the file from the volume by its full path; `arguments` (UTF-8, may be NULL) become its load options,
 * kept in pool memory until it has returned. The security status EFI_SECURITY_VIOLATION unloads the image and
 * is returned.
 */
EFI_STATUS loader_load(const struct loader_volume *volume, const char *file, const char *arguments,
                       EFI_HANDLE *ret_image);
/* Start it; returns when it does, with its status. */
EFI_STATUS loader_start(EFI_HANDLE image);
/* Instead of starting it. */
void loader_unload(EFI_HANDLE image);

#endif
