/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * On this target the compiler refers to _fltused from every object that touches a floating-point type, to
 * pull in a C library's start-up code. There is none: the symbol is all that is wanted.
 */
extern const int _fltused;
const int _fltused = 1;
