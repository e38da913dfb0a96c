/* SPDX-License-Identifier: BSD-2-Clause */
#include "cpu.h"

#include <cpuid.h>
#include <stddef.h>

#define LEAF_1_ECX_RDRAND (1u << 30)
#define LEAF_7_EBX_RDSEED (1u << 18)

struct cpu_id cpu_identify(uint32_t leaf)
{
    struct cpu_id id = {0};

    if ((uint32_t)__get_cpuid_max(leaf & 0x80000000u, NULL) >= leaf) {
        __cpuid_count(leaf, 0, id.eax, id.ebx, id.ecx, id.edx);
    }
    return id;
}

uint64_t cpu_counter(void)
{
    return __builtin_ia32_rdtsc();
}

/* As assembly, because the compiler's own forms want the whole file built for a CPU that has them. */
static bool rdseed(uint64_t *ret_value)
{
    uint8_t done;

    __asm__ volatile("rdseed %0; setc %1" : "=r"(*ret_value), "=qm"(done) : : "cc");
    return done;
}

static bool rdrand(uint64_t *ret_value)
{
    uint8_t done;

    __asm__ volatile("rdrand %0; setc %1" : "=r"(*ret_value), "=qm"(done) : : "cc");
    return done;
}

bool cpu_random(uint64_t *ret_value)
{
    uint64_t value = 0;

    if ((cpu_identify(7).ebx & LEAF_7_EBX_RDSEED) && rdseed(&value)) {
        *ret_value = value;
        return true;
    }
    if ((cpu_identify(1).ecx & LEAF_1_ECX_RDRAND) && rdrand(&value)) {
        *ret_value = value;
        return true;
    }
    return false;
}
