/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fetching.h"
#include "usage.h"

#define LONG_MS 100000000u /* every fetch ends before */

struct fetching fetching;
static struct usage before;

void fetching_begin(const struct world_config *config)
{
    world_begin(config);
    before = usage_now();
    world_open_static(0);
}

void fetching_end(void)
{
    struct usage after;

    net_close();
    after = usage_now();
    usage_check_same(&before, &after);
    world_end();
    free(fetching.bytes);
    fetching = (struct fetching){0};
}

void fetching_start(const struct fetch_request *request, size_t capacity)
{
    uint8_t *last = fetching.bytes;

    fetching.bytes = malloc(capacity + (capacity == 0));
    fetching.capacity = capacity;
    fetching.length = 0;
    assert_true(fetch_start(request, fetching.bytes, capacity));
    free(last); /* not before: the fetch that it replaces may still have written there */
}

bool fetching_ended(void *arg)
{
    size_t length;

    (void)arg;
    return fetch_poll(&length) != FETCH_RUNNING;
}

enum fetch_state fetching_wait(void)
{
    assert_true(world_until(fetching_ended, NULL, LONG_MS));
    return fetch_poll(&fetching.length);
}

void fetching_check(const void *bytes, size_t length)
{
    assert_int_equal(fetching.length, length);
    if (length > 0) {
        assert_memory_equal(fetching.bytes, bytes, length);
    }
}
