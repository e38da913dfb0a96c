/* SPDX-License-Identifier: BSD-2-Clause */
/* What is started from the disk: the configured file, the default one, or one of the known loaders. */
#ifndef LUNBOOT_FIRMWARE_BOOT_H
#define LUNBOOT_FIRMWARE_BOOT_H

/*
 * Start a loader from the disk of the machine. Returns only when nothing could be started or what was started
 * came back: machine.failure then says so, with every path that was tried.
 */
void boot_start(void);

#endif
