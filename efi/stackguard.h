/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the compiler's stack protector needs here, where no C library is: a guard value of our own, and an end
 * for a program whose stack was written over (REQ-350).
 */
#ifndef LUNBOOT_EFI_STACKGUARD_H
#define LUNBOOT_EFI_STACKGUARD_H

/* For efi_main, under which the guard changes: it has none itself. */
#define STACKGUARD_NONE __attribute__((no_stack_protector))
/* For what it calls: what the compiler moved into it would have none either. */
#define STACKGUARD_OWN __attribute__((noinline))

/* Draw the guard. First of all in efi_main, once boot services can be called. */
void stackguard_set(void);

#endif
