/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program is unloaded when it returns, but a driver that will not let go of our disk keeps its protocol. So
 * the protocol's functions can be made to point to a few instructions in memory that stays: they answer
 * EFI_NO_MEDIA.
 */
#ifndef LUNBOOT_EFI_ORPHAN_H
#define LUNBOOT_EFI_ORPHAN_H

#include "uefi.h"

/* Before there is something to leave behind: memory for it. One at a time. */
EFI_STATUS orphan_prepare(void);
/* Nothing was left behind: give the memory back. */
void orphan_discard(void);
/* Point the functions there, for as long as nobody shows the disk again. `io` and its medium must themselves
 * stay. */
void orphan_leave(EFI_BLOCK_IO_PROTOCOL *io);
/* Did orphan_leave make this one, of this run or an earlier one? */
bool orphan_is(const EFI_BLOCK_IO_PROTOCOL *io);

#endif
