/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks at compile time that GNU-EFI's headers and this compiler mean the same thing. eficompiler.h removes
 * __attribute__ for compilers that look like Microsoft's, after which "packed" and "ms_abi" vanish without a
 * word and every structure of a wire format or a firmware table is laid out wrong. Built with the flags of
 * efi/ and firmware/, so a change of compiler or triple that brings the trap back stops the build here.
 */
#include <efi.h>

#include <stddef.h>
#include <stdint.h>

struct packed_probe {
    uint8_t first;
    uint32_t second;
} __attribute__((packed));

_Static_assert(sizeof(struct packed_probe) == 5, "__attribute__((packed)) is lost after <efi.h>");
_Static_assert(_Alignof(struct packed_probe) == 1, "__attribute__((packed)) is lost after <efi.h>");

struct aligned_probe {
    uint8_t first __attribute__((aligned(64)));
};

_Static_assert(sizeof(struct aligned_probe) == 64, "__attribute__((aligned)) is lost after <efi.h>");

_Static_assert(sizeof(CHAR16) == 2 && sizeof(L"a") == 4, "a wide string is not UCS-2");
_Static_assert(sizeof(UINTN) == sizeof(void *), "UINTN is not of the machine's width");
_Static_assert(sizeof(EFI_STATUS) == sizeof(UINTN), "EFI_STATUS is not of the machine's width");
_Static_assert(offsetof(EFI_TABLE_HEADER, CRC32) == 16, "EFI_TABLE_HEADER: UEFI 2.10, 4.2");

#if defined(__x86_64__)
typedef EFI_STATUS (*firmware_call)(VOID *) __attribute__((ms_abi));
typedef EFI_STATUS(EFIAPI *efiapi_call)(VOID *);
_Static_assert(__builtin_types_compatible_p(firmware_call, efiapi_call),
               "EFIAPI is not the Microsoft calling convention: is GNU_EFI_USE_MS_ABI defined?");
#endif
