/* SPDX-License-Identifier: BSD-2-Clause */
#include "log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "fmt.h"

#define SINKS_MAX 2u

static struct {
    uint64_t (*now_ms)(void);
    enum log_level level;
    struct {
        log_sink sink;
        void *context;
    } sinks[SINKS_MAX];
    unsigned sink_count;
    size_t length;         /* of the text in the ring */
    char ring[LOG_RING];   /* the lines kept, NUL-ended */
    volatile bool in_ring; /* the timer may log while the foreground does */
} state = {.level = LOG_INFO};

void log_init(uint64_t (*now_ms)(void))
{
    memset(&state, 0, sizeof state);
    state.now_ms = now_ms;
    state.level = LOG_INFO;
}

void log_set_level(enum log_level level)
{
    state.level = level;
}

enum log_level log_level(void)
{
    return state.level;
}

void log_add_sink(log_sink sink, void *context)
{
    if (state.sink_count == SINKS_MAX)
        return;
    state.sinks[state.sink_count].sink = sink;
    state.sinks[state.sink_count].context = context;
    state.sink_count++;
}

/* Make room by dropping whole lines, oldest first. */
static void drop_oldest(size_t wanted)
{
    size_t drop = 0;

    while (drop < state.length && (drop < wanted || state.ring[drop - 1] != '\n'))
        drop++;
    memmove(state.ring, state.ring + drop, state.length - drop);
    state.length -= drop;
}

static void keep(const char *line, size_t length)
{
    if (state.in_ring)
        return;
    state.in_ring = true;
    if (length + 2 > sizeof state.ring - state.length)
        drop_oldest(length + 2 - (sizeof state.ring - state.length));
    memcpy(state.ring + state.length, line, length);
    state.length += length;
    state.ring[state.length++] = '\n';
    state.ring[state.length] = '\0';
    state.in_ring = false;
}

/* One call, one line, whatever the text holds. */
static void flatten(char *line, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = ' ';
}

void log_print(enum log_level level, const char *format, ...)
{
    char line[LOG_LINE_MAX];
    struct fmt fmt;
    va_list arguments;
    uint64_t now;

    if (level > state.level && level > LOG_INFO)
        return;
    now = state.now_ms ? state.now_ms() : 0;
    fmt_init(&fmt, line, sizeof line);
    fmt_print(&fmt, "%4llu.%03u ", (unsigned long long)(now / 1000), (unsigned)(now % 1000));
    va_start(arguments, format);
    fmt_vprint(&fmt, format, arguments);
    va_end(arguments);
    flatten(line, fmt.length);
    keep(line, fmt.length);
    if (level > state.level)
        return;
    for (unsigned i = 0; i < state.sink_count; i++)
        state.sinks[i].sink(state.sinks[i].context, level, line);
}

const char *log_ring(void)
{
    return state.ring;
}
