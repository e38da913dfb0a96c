/* SPDX-License-Identifier: BSD-2-Clause */
/* The console as a person sees it: log lines, and the screen on which a boot that failed ends. */
#ifndef LUNBOOT_FIRMWARE_SCREEN_H
#define LUNBOOT_FIRMWARE_SCREEN_H

#include <stdint.h>

/* A sink for the log that prints to the firmware's console. */
void screen_open(void);

/* The last lines of the log once more: a loader may have cleared the screen. */
void screen_repeat_log(void);

enum screen_choice { SCREEN_LEAVE, SCREEN_RETRY };

/*
 * Print the one sentence and wait `pause_ms` (UINT64_MAX: for ever) for a key: R tries again, Esc leaves at
 * once, P holds the screen until R or Esc.
 */
enum screen_choice screen_failure(const char *sentence, uint64_t pause_ms);

#endif
