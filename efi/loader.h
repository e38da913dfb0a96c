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
 * Load what the path leads to, as a boot manager does (BootPolicy TRUE, 7.4.1); `options` become its load
 * options, a copy in pool memory until it has returned, unless the length is 0. The security status
 * EFI_SECURITY_VIOLATION unloads the image and is returned.
 */
EFI_STATUS loader_load(const EFI_DEVICE_PATH *path, const void *options, size_t length,
                       EFI_HANDLE *ret_image);
/* The same for a file of the volume; `arguments` are UTF-8, or NULL. */
EFI_STATUS loader_load_file(const struct loader_volume *volume, const char *file, const char *arguments,
                            EFI_HANDLE *ret_image);
/* Load options of UTF-8 text (NULL: none) in pool memory, the caller's; NULL and a length of 0 without memory
 * too. */
CHAR16 *loader_options(const char *arguments, size_t *ret_length);
/* Start it; returns when it does, with its status. */
EFI_STATUS loader_start(EFI_HANDLE image);
/* Instead of starting it. */
void loader_unload(EFI_HANDLE image);

#endif
