/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines to ConOut and keys from ConIn. Only called at TPL_APPLICATION. */
#ifndef LUNBOOT_EFI_CONSOLE_H
#define LUNBOOT_EFI_CONSOLE_H

#include <stdbool.h>

enum console_key { CONSOLE_NONE, CONSOLE_ESC, CONSOLE_R, CONSOLE_P, CONSOLE_OTHER };

/* UTF-8 text without a newline; prints it and CR LF. */
void console_line(const char *text);
/* The same line again, in place (a progress line): CR, text, blanks to the end of the previous one. */
void console_progress(const char *text);
/* End a progress line, if one is open. console_line does it by itself. */
void console_progress_end(void);
/* The next key, not waiting. */
enum console_key console_key(void);
/* Throw away keys typed before. */
void console_flush_keys(void);
/* Re-arm the firmware's watchdog, in seconds; 0 switches it off. */
void console_watchdog(unsigned seconds);

#endif
