/* SPDX-License-Identifier: BSD-2-Clause */
/* From an address to a disk: the session's configuration, the login, the logical unit. */
#ifndef LUNBOOT_FIRMWARE_ATTACH_H
#define LUNBOOT_FIRMWARE_ATTACH_H

#include <stdbool.h>

enum attach_result { ATTACH_READY, ATTACH_FAILED, ATTACH_ESC };

/*
 * Log in over the NIC in work and identify the disk; machine.session, machine.lun and machine.pump are then
 * in use. ATTACH_FAILED: machine.failure has the sentence, nothing is left open.
 */
enum attach_result attach_disk(void);

#endif
