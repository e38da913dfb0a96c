/* SPDX-License-Identifier: BSD-2-Clause */
#include "screen.h"

#include <string.h>

#include "efi/clock.h"
#include "efi/console.h"
#include "fmt.h"
#include "log.h"

#define WATCHDOG_S       300u
#define WATCHDOG_EACH_MS 10000u
#define REPEATED_LINES   15u

static void print(void *context, enum log_level level, const char *line)
{
    (void)context;
    (void)level;
    console_line(line);
}

void screen_open(void)
{
    log_add_sink(print, NULL);
}

/* The last REPEATED_LINES lines. */
static const char *tail(const char *log)
{
    size_t at = strlen(log);

    for (unsigned lines = 0; at > 0; at--)
        if (log[at - 1] == '\n' && ++lines > REPEATED_LINES)
            break;
    return log + at;
}

void screen_repeat_log(void)
{
    char line[LOG_LINE_MAX];

    console_line("");
    console_line("What lunboot said before:");
    for (const char *at = tail(log_ring()); *at;) {
        size_t length = 0;

        while (at[length] && at[length] != '\n' && length < sizeof line - 1)
            length++;
        memcpy(line, at, length);
        line[length] = '\0';
        console_line(line);
        at += length + (at[length] == '\n');
    }
}

static void show_left(uint64_t left_ms, uint64_t *shown)
{
    char line[120];
    struct fmt fmt;

    if (left_ms / 1000 == *shown)
        return; /* a console on a serial line is slow: once a second, or once when there is no end */
    *shown = left_ms / 1000;
    fmt_init(&fmt, line, sizeof line);
    fmt_print(&fmt, "R: try again   Esc: leave   ");
    if (left_ms == UINT64_MAX)
        fmt_print(&fmt, "(waiting for a key)");
    else
        fmt_print(&fmt, "P: hold this screen   (leaving in %llu s)",
                  (unsigned long long)(left_ms / 1000 + 1));
    console_progress(line);
}

enum screen_choice screen_failure(const char *sentence, uint64_t pause_ms)
{
    uint64_t start = clock_ms(), watched = 0, shown = UINT64_MAX;
    enum console_key key = CONSOLE_NONE;

    console_line("");
    log_print(LOG_ERROR, "lunboot could not boot: %s", sentence);
    console_line("");
    console_flush_keys();
    console_watchdog(WATCHDOG_S);
    while (key != CONSOLE_R && key != CONSOLE_ESC) {
        uint64_t passed = clock_ms() - start;

        if (passed >= pause_ms)
            break;
        show_left(pause_ms == UINT64_MAX ? UINT64_MAX : pause_ms - passed, &shown);
        if (passed - watched >= WATCHDOG_EACH_MS) {
            console_watchdog(WATCHDOG_S);
            watched = passed;
        }
        key = console_key();
        if (key == CONSOLE_P) {
            pause_ms = UINT64_MAX;
            shown = 0;
            show_left(pause_ms, &shown);
        }
    }
    console_progress_end();
    return key == CONSOLE_R ? SCREEN_RETRY : SCREEN_LEAVE;
}
