/* SPDX-License-Identifier: BSD-2-Clause */
#include "clock.h"

#include "cpu.h"
#include "uefi.h"

#define STALL_US     2000u
#define STALLS       20u
#define QUICK_STALLS 3u
#define MIN_KHZ      100000u /* anything outside is no CPU that runs UEFI */
#define MAX_KHZ      20000000u

static uint64_t khz = 1000000; /* a guess, so that nothing divides by zero before clock_init */
static uint64_t start;
static uint64_t latest; /* the counter never goes back for our callers */

/* Counts per millisecond by the firmware's Stall. It only ever errs upwards (we were not scheduled): the
 * least. */
static uint64_t measure(unsigned stalls)
{
    uint64_t least = UINT64_MAX;

    for (unsigned i = 0; i < stalls; i++) {
        uint64_t before = cpu_counter();
        uefi_bs->Stall(STALL_US);
        uint64_t counts = cpu_counter() - before;
        least = counts < least ? counts : least;
    }
    return least * 1000 / STALL_US;
}

/* Intel SDM volume 2, CPUID leaves 15h (crystal and ratio) and 16h (base frequency in MHz); 0 when not given.
 */
static uint64_t stated(void)
{
    struct cpu_id ratio = cpu_identify(0x15);
    struct cpu_id base = cpu_identify(0x16);

    if (ratio.eax != 0 && ratio.ebx != 0 && ratio.ecx != 0) {
        return (uint64_t)ratio.ecx * ratio.ebx / ratio.eax / 1000;
    }
    return (uint64_t)(base.eax & 0xffff) * 1000;
}

void clock_init(void)
{
    uint64_t told = stated();

    if (told != 0) {
        /* Hypervisors have been seen to pass on another machine's leaf: it has to agree with the firmware. */
        uint64_t seen = measure(QUICK_STALLS);
        if (told < seen - seen / 5 || told > seen + seen / 10) {
            told = 0;
        }
    }
    khz = told != 0 ? told : measure(STALLS);
    if (khz < MIN_KHZ || khz > MAX_KHZ) {
        khz = khz < MIN_KHZ ? MIN_KHZ : MAX_KHZ;
    }
    start = cpu_counter();
    latest = 0;
}

static uint64_t counts(void)
{
    uint64_t now = cpu_counter() - start;

    if (now > latest && now - latest < UINT64_MAX / 2) {
        latest = now;
    }
    return latest;
}

uint64_t clock_ms(void)
{
    return counts() / khz;
}

uint64_t clock_us(void)
{
    uint64_t now = counts();

    return now / khz * 1000 + now % khz * 1000 / khz;
}
