/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hash library's wiping function, ours because its own file wants operating-system headers on this
 * target. It is linked into the host programs as well, so that one definition is tested. The empty assembly
 * claims to read the memory, so no compiler may drop the stores before it, with link-time optimization or
 * without.
 */
#include <stddef.h>
#include <string.h>

#include "mbedtls/platform_util.h"

void mbedtls_platform_zeroize(void *buf, size_t len)
{
    if (len > 0) {
        memset(buf, 0, len);
        __asm__ volatile("" : : "r"(buf) : "memory");
    }
}
