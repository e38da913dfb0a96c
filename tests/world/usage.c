/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "usage.h"

struct usage usage_now(void)
{
    struct usage usage = {.heap = lwip_stats.mem.used};

    for (unsigned i = 0; i < MEMP_MAX; i++) {
        usage.pools[i] = lwip_stats.memp[i]->used;
    }
    return usage;
}

void usage_check_same(const struct usage *before, const struct usage *after)
{
    assert_int_equal(before->heap, after->heap);
    for (unsigned i = 0; i < MEMP_MAX; i++) {
        if (i == MEMP_SYS_TIMEOUT) {
            /* TCP's timer runs out by itself. */
            assert_in_range(after->pools[i], 0, before->pools[i] + 1);
        } else {
            assert_int_equal(before->pools[i], after->pools[i]);
        }
    }
}
