/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines to ConOut and keys from ConIn. Only called at TPL_APPLICATION. */
#ifndef LUNBOOT_EFI_CONSOLE_H
#define LUNBOOT_EFI_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

enum console_key { CONSOLE_NONE, CONSOLE_ESC, CONSOLE_R, CONSOLE_P, CONSOLE_OTHER };

/* UTF-8 text without a newline; prints it and CR LF. */
void console_line(const char *text);
/* The same line again, in place (a progress line): CR, text, blanks to the end of the previous one. */
void console_progress(const char *text);
/* End a progress line, if one is open. console_line does it by itself. */
void console_progress_end(void);
/* The next key, not waiting. */
enum console_key console_key(void);
/*
 * A line that is typed without being shown, up to Enter; Backspace takes a character back. Waits without a
 * limit. UTF-8, NUL-ended; what goes beyond `capacity` is dropped. False: Esc, or there is no keyboard.
 */
bool console_hidden_line(char *ret_text, size_t capacity, size_t *ret_length);
/* Throw away keys typed before. */
void console_flush_keys(void);
/* Re-arm the firmware's watchdog, in seconds; 0 switches it off. */
void console_watchdog(unsigned seconds);

#endif
