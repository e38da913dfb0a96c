/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Something else is started while the disk is attached and the iBFT published: how a system gets onto a disk
 * in the first place.
 */
#ifndef LUNBOOT_FIRMWARE_HOOK_H
#define LUNBOOT_FIRMWARE_HOOK_H

/*
 * Start what `boot` names, which is neither yes nor no: the next boot entry, the shell, an entry, a file.
 * Returns when it came back or nothing could be started. Success of what came back is no failure; any other
 * status, and every entry that was tried in vain, is in machine.failure.
 */
void hook_start(void);

#endif
