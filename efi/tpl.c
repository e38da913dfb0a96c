/* SPDX-License-Identifier: BSD-2-Clause */
#include "tpl.h"

EFI_TPL tpl_current(void)
{
    EFI_TPL level = uefi_bs->RaiseTPL(TPL_HIGH_LEVEL);

    uefi_bs->RestoreTPL(level);
    return level;
}

EFI_TPL tpl_raise(void)
{
    EFI_TPL level = tpl_current();

    return level < TPL_CALLBACK ? uefi_bs->RaiseTPL(TPL_CALLBACK) : level;
}

void tpl_restore(EFI_TPL old)
{
    uefi_bs->RestoreTPL(old);
}

bool tpl_allows_network(void)
{
    return tpl_current() <= TPL_CALLBACK;
}
