/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * <assert.h> for the firmware program, for third-party sources that include it. A failed assertion stops in a
 * breakpoint exception, which the firmware reports with the address. Our own code asserts nothing at run
 * time. C11, 7.2.
 */
#undef assert
#ifdef NDEBUG
#define assert(condition) ((void)0)
#else
#define assert(condition) ((condition) ? (void)0 : __builtin_trap())
#endif

#ifndef static_assert
#define static_assert _Static_assert
#endif
