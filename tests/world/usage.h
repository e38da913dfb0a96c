/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What our lwIP has in use, pool by pool: after a world it must be what it was before. The peer's lwIP takes
 * its memory from the C library, where the sanitizer watches it.
 */
#ifndef LUNBOOT_TESTS_USAGE_H
#define LUNBOOT_TESTS_USAGE_H

#include <stddef.h>

#include "lwip/opt.h"
#include "lwip/stats.h"

struct usage {
    size_t heap;
    size_t pools[MEMP_MAX];
};

struct usage usage_now(void);
/* The test fails when anything was lost. */
void usage_check_same(const struct usage *before, const struct usage *after);

#endif
