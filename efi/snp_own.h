/* SPDX-License-Identifier: BSD-2-Clause */
/* Between efi/snp.c and efi/snp_list.c. */
#ifndef LUNBOOT_EFI_SNP_OWN_H
#define LUNBOOT_EFI_SNP_OWN_H

#include <stdbool.h>

#include "uefi.h"

/* Is this NIC the one that snp_open took? */
bool snp_is_open(EFI_HANDLE handle);

#endif
