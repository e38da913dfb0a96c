/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiting in the foreground: every wait has a deadline, shows what it waits for once it lasts, can be ended
 * with Esc, keeps the machine moving and the firmware's watchdog quiet. Called at TPL_APPLICATION.
 */
#ifndef LUNBOOT_FIRMWARE_WAIT_H
#define LUNBOOT_FIRMWARE_WAIT_H

#include <stdbool.h>
#include <stdint.h>

enum wait_end { WAIT_DONE, WAIT_TIMEOUT, WAIT_ESC };

typedef bool (*wait_test)(void *context);

/*
 * Turn the machine until `test` is true (WAIT_DONE), `limit_ms` have passed (UINT64_MAX: no limit), or Esc
 * was pressed. `what` stands in the progress line: "waiting for <what>, 3 s of 15 s (Esc ends it)".
 */
enum wait_end wait_until(const char *what, uint64_t limit_ms, wait_test test, void *context);

#endif
