/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the program says, line by line: levels, sinks (the console, a serial port or a file descriptor) and a
 * ring that keeps the last lines for the failure screen. Lines carry the time since the start. Islands do not
 * print; only firmware/ and tools/ do.
 */
#ifndef LUNBOOT_FIRMWARE_LOG_H
#define LUNBOOT_FIRMWARE_LOG_H

#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_QUIET, LOG_ERROR, LOG_INFO, LOG_DEBUG, LOG_TRACE };

#define LOG_LINE_MAX 800u
#define LOG_RING     16384u

typedef void (*log_sink)(void *context, enum log_level level, const char *line);

/* Start over: no sinks, LOG_INFO, an empty ring. `now_ms` tells the time for the stamps; may be NULL. */
void log_init(uint64_t (*now_ms)(void));
void log_set_level(enum log_level level);
enum log_level log_level(void);
/* At most two sinks; each gets every line up to the level, without a newline; a third one is not taken. */
void log_add_sink(log_sink sink, void *context);

/*
 * One line: "   1.234 text", seconds since the start; control characters become blanks, what goes beyond
 * LOG_LINE_MAX is cut. Text from the network passes through fmt_escaped first. May be called from a timer's
 * event that interrupts another call: such a line reaches the sinks but may be missing in the ring.
 */
void log_print(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The lines kept (all up to the level, and up to LOG_INFO when the level is lower), oldest first, separated
 * by newlines, NUL-ended; valid until the next log_print. */
const char *log_ring(void);

#endif
