/* SPDX-License-Identifier: BSD-2-Clause */
/* A secret from whoever types. */
#ifndef LUNBOOT_TOOLS_LUNCTL_PROMPT_H
#define LUNBOOT_TOOLS_LUNCTL_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * On a terminal: asked for by `name` and typed twice, without being shown. Else: one line of standard input.
 * NUL-ended, without the line's end. False: a sentence has been printed.
 */
bool lunctl_prompt(const char *name, char *ret_text, size_t capacity);

#endif
