/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time from the CPU's counter, calibrated once: it runs at every TPL and needs no event (platform facts,
 * section 6).
 */
#ifndef LUNBOOT_EFI_CLOCK_H
#define LUNBOOT_EFI_CLOCK_H

#include <stdint.h>

/* Calibrates: CPUID 15h/16h when given, else the minimum of 20 Stalls of 2 ms. About 40 ms. */
void clock_init(void);
/* Since clock_init; monotonic. */
uint64_t clock_ms(void);
uint64_t clock_us(void);

#endif
