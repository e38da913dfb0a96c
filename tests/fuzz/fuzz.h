/* SPDX-License-Identifier: BSD-2-Clause */
/* What a fuzz target says when a promise is broken: libFuzzer then keeps the input. */
#ifndef LUNBOOT_TESTS_FUZZ_H
#define LUNBOOT_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define PROMISE(true_always) ((true_always) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* Take one byte of the input, 0 at its end. */
static inline uint8_t fuzz_byte(const uint8_t **bytes, size_t *length)
{
    if (*length == 0)
        return 0;
    (*length)--;
    return *(*bytes)++;
}

#endif
