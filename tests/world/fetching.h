/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A fetch in a world: into memory of exactly the size that is offered, where the sanitizer sees a byte too
 * far, and with a look at what our lwIP has in use before and after.
 */
#ifndef LUNBOOT_TESTS_FETCHING_H
#define LUNBOOT_TESTS_FETCHING_H

#include "net/fetch.h"
#include "world.h"

#define FETCHING_ROOM 65536u

extern struct fetching {
    uint8_t *bytes;
    size_t capacity, length;
} fetching;

/* A world with an open interface. */
void fetching_begin(const struct world_config *config);
/* Nothing may be left, whatever was going on. */
void fetching_end(void);

void fetching_start(const struct fetch_request *request, size_t capacity);
bool fetching_ended(void *arg);
/* Until it ends; fetching.length is set where it is whole. */
enum fetch_state fetching_wait(void);

/* What came is this. */
void fetching_check(const void *bytes, size_t length);

#endif
