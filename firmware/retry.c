/* SPDX-License-Identifier: BSD-2-Clause */
#include "retry.h"

bool retry_may_help(const struct fault *fault)
{
    return fault->code != FAULT_NOT_A_DISK && fault->code != FAULT_BAD_CAPACITY &&
           fault->code != FAULT_DISCOVERY_SEVERAL && fault_may_pass(fault);
}

uint64_t retry_pause(const struct params *params, uint64_t random)
{
    uint64_t pause_ms = params_number(params, PARAM_RETRY_PAUSE);

    return pause_ms / 2 + random % (pause_ms + 1);
}
