/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The part of <stdlib.h> that exists in the firmware program. There is no heap here on purpose: memory comes
 * from the firmware's pool in efi/, or from lwIP's own pools. C11, 7.22.
 */
#ifndef LUNBOOT_RUNTIME_STDLIB_H
#define LUNBOOT_RUNTIME_STDLIB_H

#include <stddef.h>

int atoi(const char *text);
int abs(int value);

#endif
