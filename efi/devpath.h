/* SPDX-License-Identifier: BSD-2-Clause */
/* Device paths: made, copied, compared and shown (UEFI 2.10 section 10). All memory is pool memory of the
 * caller. */
#ifndef LUNBOOT_EFI_DEVPATH_H
#define LUNBOOT_EFI_DEVPATH_H

#include "pathbytes.h"
#include "uefi.h"

/* NIC's path + IPv4 + iSCSI; NULL without memory. The caller frees it with uefi_free. */
EFI_DEVICE_PATH *devpath_make_iscsi(const EFI_DEVICE_PATH *nic, const struct devpath_iscsi *iscsi);
EFI_DEVICE_PATH *devpath_copy(const EFI_DEVICE_PATH *path);
/* A path with a file path node at its end; `file` is UTF-8, slashes become backslashes. */
EFI_DEVICE_PATH *devpath_append_file(const EFI_DEVICE_PATH *path, const char *file);
/* A path with the nodes of another behind it. */
EFI_DEVICE_PATH *devpath_join(const EFI_DEVICE_PATH *path, const uint8_t *rest);
size_t devpath_size(const EFI_DEVICE_PATH *path); /* bytes, with the end node */
/* Is `prefix` (without its end node) the beginning of `path`? */
bool devpath_is_prefix(const EFI_DEVICE_PATH *prefix, const EFI_DEVICE_PATH *path);
/* As text, by the firmware's own protocol where there is one, else hexadecimal nodes. NUL-ended UTF-8. */
void devpath_text(const EFI_DEVICE_PATH *path, char *ret_text, size_t capacity);
/* Does the user's text name this path? Compared with its text form, letter case aside. */
bool devpath_matches_text(const EFI_DEVICE_PATH *path, const char *text);

#endif
