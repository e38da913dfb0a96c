/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sentence of the last failure, left in a UEFI variable for the next start of lunboot and for lunctl on
 * Linux (REQ-137). The variable is volatile: it is gone when the machine is reset. It holds the sentence
 * alone, in UTF-8, so that `tail -c +5` reads it as well.
 */
#ifndef LUNBOOT_FIRMWARE_LASTFAILURE_H
#define LUNBOOT_FIRMWARE_LASTFAILURE_H

#include "words.h"

#define LASTFAILURE_NAME "LunbootLastFailure"
#define LASTFAILURE_GUID "6d1f5e0a-3c57-4b1e-9a52-7f0b4c2d8e61"
#define LASTFAILURE_MAX  WORDS_MAX

/* Replace what is there. */
void lastfailure_store(const char *sentence);
/* Into the log, when there is one. */
void lastfailure_show(void);

#endif
