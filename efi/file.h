/* SPDX-License-Identifier: BSD-2-Clause */
/* Files beside the program: on the file system and in the folder that lunboot was loaded from. */
#ifndef LUNBOOT_EFI_FILE_H
#define LUNBOOT_EFI_FILE_H

#include "uefi.h"

/*
 * Read a file in lunboot's own folder. EFI_NOT_FOUND when there is none (or no file system: loaded over the
 * network); EFI_BUFFER_TOO_SMALL beyond `limit` bytes. The buffer is pool memory, the caller's, one NUL after
 * the end.
 */
EFI_STATUS file_read_beside(const char *name, size_t limit, char **ret_data, size_t *ret_length);
/* Create or replace a file there. */
EFI_STATUS file_write_beside(const char *name, const void *data, size_t length);
/* Can it be overwritten there? EFI_WRITE_PROTECTED when it cannot. */
EFI_STATUS file_check_writable_beside(const char *name);
/*
 * Overwrite it with zeros, all of its bytes in their place and on the medium before this returns, and delete
 * it. EFI_WARN_DELETE_FAILURE: it is overwritten, and still there.
 */
EFI_STATUS file_erase_beside(const char *name);
/* The load options as UTF-8; empty when there are none or they are not text. Pool memory, the caller's. */
char *file_load_options(size_t *ret_length);
/* Zeros over them, and over the words that the UEFI Shell made of them: a secret may stand there. */
void file_wipe_load_options(void);

#endif
