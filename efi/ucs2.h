/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UTF-8, which all of lunboot speaks, and UCS-2, which the firmware speaks (UEFI 2.10 section 2.3.1). Pure,
 * so that the host can test it. Both sides may hold rubbish: what cannot be shown becomes a replacement
 * character.
 */
#ifndef LUNBOOT_EFI_UCS2_H
#define LUNBOOT_EFI_UCS2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UCS2_REPLACEMENT 0xfffdu

/*
 * The next character of the NUL-ended UTF-8 at *text, moving it on by at least one byte; U+FFFD for bytes
 * that are no UTF-8 and for characters beyond UCS-2. Not to be called at the NUL.
 */
uint16_t ucs2_next(const char **text);

/* NUL-ended, cut at a whole character to fit `capacity` bytes (characters); returns the length without the
 * NUL. */
size_t ucs2_to_utf8(const uint16_t *text, size_t characters, char *ret_text, size_t capacity);
size_t ucs2_from_utf8(const char *text, uint16_t *ret_text, size_t capacity);

/* Is this a text that a person may have typed: no controls but tab and line ends, no surrogates, mostly
 * ASCII? */
bool ucs2_is_text(const uint16_t *text, size_t characters);

#endif
