/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether and when a whole boot is tried again. Pure, so that tools/storm shows a room of machines with the
 * very pauses that they have.
 */
#ifndef LUNBOOT_FIRMWARE_RETRY_H
#define LUNBOOT_FIRMWARE_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "iscsi/fault.h"
#include "params.h"

/* What is missing may come by itself; what is there and is not what is wanted does not become it. */
bool retry_may_help(const struct fault *fault);

/*
 * retry-pause, up to half longer or shorter, so that machines that were switched on together do not come
 * together again. `random`: 64 unpredictable bits.
 */
uint64_t retry_pause(const struct params *params, uint64_t random);

#endif
