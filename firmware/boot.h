/* SPDX-License-Identifier: BSD-2-Clause */
/* What is started from the disk: the configured file, the default one, or one of the known loaders. */
#ifndef LUNBOOT_FIRMWARE_BOOT_H
#define LUNBOOT_FIRMWARE_BOOT_H

#include "efi/uefi.h"

/*
 * Start a loader from the disk of the machine. Returns only when nothing could be started or what was started
 * came back: machine.failure then says so, with every path that was tried.
 */
void boot_start(void);

/* Start an image that is loaded, with the disk in its hands; returns its status when it came back. */
EFI_STATUS boot_run(EFI_HANDLE image, const char *name);

#endif
