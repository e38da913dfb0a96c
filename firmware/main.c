/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program's entry: so far it only says that it started.
 */
#include <efi.h>

EFI_STATUS EFIAPI efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

EFI_STATUS EFIAPI efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
    CHAR16 greeting[] = L"lunboot\r\n";

    (void)image;
    system->ConOut->OutputString(system->ConOut, greeting);
    return EFI_SUCCESS;
}
