/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lunboot.enrol beside the program: settings that `lunctl enrol` left there from Linux, which cannot make
 * variables that it cannot read itself. The next start moves them into variables.
 */
#ifndef LUNBOOT_FIRMWARE_ENROL_H
#define LUNBOOT_FIRMWARE_ENROL_H

#define ENROL_NAME  "lunboot.enrol"
#define ENROL_LIMIT 65536u /* bytes */

/*
 * Store its settings, overwrite the file and delete it: all of that or nothing, and say so. The boot goes on
 * either way, as whatever is kept then decides.
 */
void enrol_take(void);

#endif
