/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware's tables, and the parts of the UEFI specification that GNU-EFI 3.0.15's headers lack. Included
 * by efi/ and by those files of firmware/ that speak to the firmware; nothing else may include <efi.h>.
 */
#ifndef LUNBOOT_EFI_UEFI_H
#define LUNBOOT_EFI_UEFI_H

#include <efi.h>
#include <efiprot.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What GNU-EFI lacks has names of our own, so that a newer GNU-EFI which has it cannot clash. Sizes and
 * offsets are checked below and in uefi.c.
 */

/* EFI_ACPI_TABLE_PROTOCOL, UEFI 2.10 section 20.2. */
struct uefi_acpi_table {
    EFI_STATUS(EFIAPI *install)(struct uefi_acpi_table *self, void *table, UINTN size, UINTN *ret_key);
    EFI_STATUS(EFIAPI *uninstall)(struct uefi_acpi_table *self, UINTN key);
};
_Static_assert(sizeof(struct uefi_acpi_table) == 2 * sizeof(void *), "UEFI 2.10 section 20.2");

/* EFI_USB_IO_PROTOCOL, UEFI 2.10 section 17.2.4: what is asked of it. Descriptors are the device's bytes. */
struct uefi_usb_io {
    void *transfers[6];
    EFI_STATUS(EFIAPI *get_device)(struct uefi_usb_io *self, void *ret_descriptor);
    void *get_configuration;
    EFI_STATUS(EFIAPI *get_interface)(struct uefi_usb_io *self, void *ret_descriptor);
    void *get_endpoint;
    EFI_STATUS(EFIAPI *get_string)(struct uefi_usb_io *self, UINT16 language, UINT8 id, CHAR16 **ret_text);
    EFI_STATUS(EFIAPI *get_languages)(struct uefi_usb_io *self, UINT16 **ret_table, UINT16 *ret_size);
    void *reset_port;
};
_Static_assert(sizeof(struct uefi_usb_io) == 13 * sizeof(void *), "UEFI 2.10 section 17.2.4");

/* EFI_SHELL_PARAMETERS_PROTOCOL, UEFI Shell 2.2 section 2.3. */
struct uefi_shell_parameters {
    CHAR16 **argv;
    UINTN argc;
    void *standard_input, *standard_output, *standard_error;
};
_Static_assert(sizeof(struct uefi_shell_parameters) == 5 * sizeof(void *), "UEFI Shell 2.2 section 2.3");

/* Table 7.2: with GNU-EFI's macros gone astray, calls would go to the wrong place. */
_Static_assert(offsetof(EFI_BOOT_SERVICES, CreateEventEx) == 368, "UEFI 2.10 section 4.4");
_Static_assert(offsetof(EFI_BOOT_SERVICES, OpenProtocol) == 280, "UEFI 2.10 section 4.4");
_Static_assert(offsetof(EFI_SYSTEM_TABLE, ConfigurationTable) == 112, "UEFI 2.10 section 4.3");
_Static_assert(offsetof(EFI_SIMPLE_NETWORK_PROTOCOL, Mode) == 120, "UEFI 2.10 section 24.1");
_Static_assert(offsetof(EFI_SIMPLE_NETWORK_MODE, CurrentAddress) == 40 + 16 * 32, "UEFI 2.10 section 24.1");
_Static_assert(offsetof(EFI_SIMPLE_NETWORK_MODE, MediaPresent) == 40 + 19 * 32 + 4, "UEFI 2.10 section 24.1");
_Static_assert(offsetof(EFI_BLOCK_IO_MEDIA, LastBlock) == 24, "UEFI 2.10 section 13.9");
_Static_assert(offsetof(EFI_BLOCK_IO_MEDIA, OptimalTransferLengthGranularity) == 44,
               "UEFI 2.10 section 13.9");
_Static_assert(sizeof(EFI_BLOCK_IO_PROTOCOL) == 48, "UEFI 2.10 section 13.9");
_Static_assert(sizeof(EFI_DEVICE_PATH) == 4, "UEFI 2.10 section 10.2");
_Static_assert(sizeof(CHAR16) == 2 && sizeof(BOOLEAN) == 1, "UEFI 2.10 section 2.3.1");

/* GUIDs as objects: the services take pointers. Their sections are named in uefi.c. */
extern EFI_GUID uefi_guid_acpi_table;       /* protocol */
extern EFI_GUID uefi_guid_acpi_20;          /* configuration table */
extern EFI_GUID uefi_guid_acpi_10;          /* configuration table */
extern EFI_GUID uefi_guid_before_exit;      /* event group */
extern EFI_GUID uefi_guid_exit;             /* event group */
extern EFI_GUID uefi_guid_block_io;         /* protocol */
extern EFI_GUID uefi_guid_device_path;      /* protocol */
extern EFI_GUID uefi_guid_path_to_text;     /* protocol */
extern EFI_GUID uefi_guid_file_system;      /* protocol */
extern EFI_GUID uefi_guid_firmware_volume;  /* protocol */
extern EFI_GUID uefi_guid_global_variable;  /* vendor of Boot#### and their like */
extern EFI_GUID uefi_guid_load_file;        /* protocol */
extern EFI_GUID uefi_guid_loaded_image;     /* protocol */
extern EFI_GUID uefi_guid_pci_io;           /* protocol */
extern EFI_GUID uefi_guid_rng;              /* protocol */
extern EFI_GUID uefi_guid_shell_parameters; /* protocol */
extern EFI_GUID uefi_guid_simple_network;   /* protocol */
extern EFI_GUID uefi_guid_smbios;           /* configuration table, 32-bit entry point */
extern EFI_GUID uefi_guid_smbios3;          /* configuration table, 64-bit entry point */
extern EFI_GUID uefi_guid_usb_io;           /* protocol */

/* Set once by uefi_init. */
extern EFI_SYSTEM_TABLE *uefi_st;
extern EFI_BOOT_SERVICES *uefi_bs;
extern EFI_HANDLE uefi_image;

void uefi_init(EFI_HANDLE image, EFI_SYSTEM_TABLE *system_table);

/*
 * The device path of the device that lunboot was loaded from, as it was at the start: the handle itself may
 * vanish when drivers are disconnected. NULL when there is none.
 */
const EFI_DEVICE_PATH *uefi_boot_path(void);

/* An interface on this handle, without keeping it open; NULL when there is none. */
void *uefi_interface(EFI_HANDLE handle, EFI_GUID *protocol);
/* The handles with this protocol, an array in pool memory for uefi_free; NULL when there are none. */
EFI_HANDLE *uefi_handles(EFI_GUID *protocol, UINTN *ret_count);
/* A configuration table by its GUID, NULL when absent. */
void *uefi_configuration_table(const EFI_GUID *guid);

/* A status by its name in the specification, as in "EFI_ACCESS_DENIED"; static; "EFI_STATUS ?" when unknown.
 */
const char *uefi_status_name(EFI_STATUS status);

/* Pool memory (EfiLoaderData), zeroed; NULL when there is none. */
void *uefi_alloc(size_t size);
void uefi_free(void *memory);

/* UCS-2 to UTF-8 and back, NUL-ended, cut to fit; return bytes (characters) without the NUL. */
size_t uefi_to_utf8(const CHAR16 *text, size_t characters, char *ret_text, size_t capacity);
size_t uefi_from_utf8(const char *text, CHAR16 *ret_text, size_t capacity);

#endif
