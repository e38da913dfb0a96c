/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * <inttypes.h> for the firmware program: the printf macros of the exact-width types, for the length modifiers
 * that efi/runtime/format.c understands. On this triple long has 32 bits, so 64 bits are always "ll".
 * C11, 7.8.
 */
#ifndef LUNBOOT_RUNTIME_INTTYPES_H
#define LUNBOOT_RUNTIME_INTTYPES_H

#include <stdint.h>

#define PRId8  "d"
#define PRId16 "d"
#define PRId32 "d"
#define PRId64 "lld"
#define PRIi32 "i"
#define PRIi64 "lli"
#define PRIu8  "u"
#define PRIu16 "u"
#define PRIu32 "u"
#define PRIu64 "llu"
#define PRIx8  "x"
#define PRIx16 "x"
#define PRIx32 "x"
#define PRIx64 "llx"
#define PRIX8  "X"
#define PRIX16 "X"
#define PRIX32 "X"
#define PRIX64 "llX"

#endif
