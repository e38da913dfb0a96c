/* SPDX-License-Identifier: BSD-2-Clause */
/* What net/ needs of its embedder: time, randomness and a place for its debug lines. */
#include <string.h>

#include "efi/clock.h"
#include "iscsi/bytes.h"
#include "iscsi/hash.h"
#include "log.h"
#include "machine.h"

uint64_t net_milliseconds(void)
{
    return clock_ms();
}

/* From the machine's seed, through the core's generator; ports and sequence numbers only. */
void net_random(void *ret_bytes, size_t length)
{
    static struct hash_random random;
    static bool ready;

    if (!ready) {
        uint8_t seed[HASH_SEED];
        static const char label[] = "network";
        const struct hash_piece pieces[] = {{machine.seed, sizeof machine.seed}, {label, sizeof label}};

        hash_compute(HASH_SHA256, pieces, 2, seed);
        hash_random_init(&random, seed);
        bytes_wipe(seed, sizeof seed);
        ready = true;
    }
    hash_random_bytes(&random, ret_bytes, length);
}

void net_log(const char *line)
{
    /* The console may allocate, and before ExitBootServices the memory map must stay as it is (REQ-255). */
    if (!machine.leaving)
        log_print(LOG_DEBUG, "net: %s", line);
}
