/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the settings come from: the command line, UEFI variables, lunboot.conf beside the program, an iBFT
 * that is there, and DHCP. */
#ifndef LUNBOOT_FIRMWARE_SETTINGS_H
#define LUNBOOT_FIRMWARE_SETTINGS_H

#include <stdbool.h>

/*
 * What this machine keeps, without its command line: variables, lunboot.conf and an iBFT, into
 * machine.configured. False as below, but all that can be used is there.
 */
bool settings_read_kept(void);

/*
 * Read all but DHCP into machine.configured. False when a line cannot be used: machine.failure says which and
 * why, and nothing may be started.
 */
bool settings_read(void);

/* Make machine.failure of an error in the settings; returns false. */
struct params_error;
bool settings_refuse(const struct params_error *error);

/* Add what the DHCP server of the NIC in work said: machine.configured to machine.params. */
void settings_add_lease(void);

/* machine.initiator_name: configured, from DHCP, or derived from the machine's identity (REQ-006, REQ-007).
 */
bool settings_choose_name(void);

/* One log line for each value that is not a default, with its source; all of them at the debug level. */
void settings_log(void);

#endif
