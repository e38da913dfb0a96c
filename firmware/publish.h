/* SPDX-License-Identifier: BSD-2-Clause */
/* The iBFT of the boot in work: filled from what was used, installed, checked, and taken away again. */
#ifndef LUNBOOT_FIRMWARE_PUBLISH_H
#define LUNBOOT_FIRMWARE_PUBLISH_H

#include <stdbool.h>

/* Install our table in place of any that is there. False: told in the log; the operating system would not
 * find its disk. */
bool publish_table(void);

/* Zero our copy and take it away; safe when there is none. */
void publish_remove(void);

/* The operating system takes over: keep no copy of an earlier stage's table (it has secrets). No boot
 * service. */
void publish_forget(void);

#endif
