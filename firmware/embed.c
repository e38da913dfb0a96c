/* SPDX-License-Identifier: BSD-2-Clause */
/* What net/ needs of its embedder: time, randomness and a place for its debug lines. */
#include "efi/clock.h"
#include "log.h"
#include "machine.h"

uint64_t net_milliseconds(void)
{
    return clock_ms();
}

/* For ids, ports, sequence numbers and pauses. */
void net_random(void *ret_bytes, size_t length)
{
    hash_random_bytes(&machine.network_random, ret_bytes, length);
}

void net_log(const char *line)
{
    /* The console may allocate, and before ExitBootServices the memory map must stay as it is (REQ-255). */
    if (!machine.leaving)
        log_print(LOG_DEBUG, "net: %s", line);
}
