/* SPDX-License-Identifier: BSD-2-Clause */
/* The few instructions of the CPU that C has no name for: its counter, its identity, its random numbers. */
#ifndef LUNBOOT_EFI_CPU_H
#define LUNBOOT_EFI_CPU_H

#include <stdbool.h>
#include <stdint.h>

struct cpu_id {
    uint32_t eax, ebx, ecx, edx;
};

/* All zero when the CPU has no such leaf. */
struct cpu_id cpu_identify(uint32_t leaf);
/* The time-stamp counter. */
uint64_t cpu_counter(void);
/* 64 random bits; false when the CPU had none at the moment, or cannot make them at all. */
bool cpu_random(uint64_t *ret_value);

#endif
