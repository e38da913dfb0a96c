/* SPDX-License-Identifier: BSD-2-Clause */
#include "stackguard.h"

#include <string.h>

#include "entropy.h"

/* The names are the compiler's. */
extern uintptr_t __stack_chk_guard;
uintptr_t __stack_chk_guard;
void __stack_chk_fail(void);

/* Nothing can be trusted any more, not even the way back to the firmware: its handler of exceptions tells
 * where. */
void __stack_chk_fail(void)
{
    __builtin_trap();
}

STACKGUARD_NONE void stackguard_set(void)
{
    uint8_t seed[32];
    uintptr_t guard;

    entropy_seed(seed);
    memcpy(&guard, seed, sizeof guard);
    __stack_chk_guard = guard & ~(uintptr_t)0xff; /* a zero byte: no text goes over it unnoticed */
}
