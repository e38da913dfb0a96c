/* SPDX-License-Identifier: BSD-2-Clause */
#include "wait.h"

#include "efi/clock.h"
#include "efi/console.h"
#include "machine.h"
#include "trace.h"

#define QUIET_MS         2000u /* a wait shorter than this shows nothing */
#define WATCHDOG_S       300u
#define WATCHDOG_EACH_MS 10000u

static void show(const char *what, uint64_t passed_ms, uint64_t limit_ms)
{
    char line[160];
    struct fmt fmt;

    fmt_init(&fmt, line, sizeof line);
    fmt_print(&fmt, "waiting for %s, %llu s", what, (unsigned long long)(passed_ms / 1000));
    if (limit_ms != UINT64_MAX)
        fmt_print(&fmt, " of %llu s", (unsigned long long)(limit_ms / 1000));
    fmt_print(&fmt, " (Esc ends it)");
    console_progress(line);
}

enum wait_end wait_until(const char *what, uint64_t limit_ms, wait_test test, void *context)
{
    uint64_t start = clock_ms(), shown = 0, watched = 0;
    enum wait_end end = WAIT_DONE;
    bool first = true;

    machine.busy++;
    while (!test(context)) {
        uint64_t passed = clock_ms() - start;

        if (passed >= limit_ms) {
            end = WAIT_TIMEOUT;
            break;
        }
        if (console_key() == CONSOLE_ESC) {
            end = WAIT_ESC;
            break;
        }
        if (first || passed - watched >= WATCHDOG_EACH_MS) {
            console_watchdog(WATCHDOG_S);
            watched = passed;
            first = false;
        }
        if (passed >= QUIET_MS && passed / 1000 != shown) {
            shown = passed / 1000;
            show(what, passed, limit_ms);
        }
        machine_turn();
        trace_drain();
    }
    console_progress_end();
    machine.busy--;
    return end;
}
