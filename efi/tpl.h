/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Task priority levels: raising never lowers (a RaiseTPL downwards is undefined and asserts on debug
 * firmware).
 */
#ifndef LUNBOOT_EFI_TPL_H
#define LUNBOOT_EFI_TPL_H

#include <stdbool.h>

#include "uefi.h"

/* The level now, by raising to the highest and back. */
EFI_TPL tpl_current(void);
/* To TPL_CALLBACK unless we are there or above already; hand the result to tpl_restore. */
EFI_TPL tpl_raise(void);
void tpl_restore(EFI_TPL old);
/* False above TPL_CALLBACK: SNP must not be called then. */
bool tpl_allows_network(void);

#endif
