/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Randomness: EFI_RNG_PROTOCOL, else the CPU's RDRAND (RDSEED), else timing jitter hashed with MAC and time,
 * which is good enough for ports and transaction ids but not for a CHAP challenge (REQ-158, REQ-340).
 */
#ifndef LUNBOOT_EFI_ENTROPY_H
#define LUNBOOT_EFI_ENTROPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum entropy_source { ENTROPY_FIRMWARE, ENTROPY_CPU, ENTROPY_JITTER };

/* Fill 32 bytes of seed; says what they came from. Called at TPL_APPLICATION. */
enum entropy_source entropy_seed(uint8_t ret_seed[32]);
const char *entropy_name(enum entropy_source source);

#endif
