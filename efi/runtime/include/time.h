/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * <time.h> for the firmware program: nothing but the type. The hash library includes it by habit; time in
 * lunboot is uint64_t milliseconds, handed in by the caller.
 */
#ifndef LUNBOOT_RUNTIME_TIME_H
#define LUNBOOT_RUNTIME_TIME_H

#include <stddef.h>
#include <stdint.h>

typedef int64_t time_t;

#endif
