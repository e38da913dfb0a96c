/* SPDX-License-Identifier: BSD-2-Clause */
#include "uefi.h"

#include <string.h>

#include "pathbytes.h"
#include "ucs2.h"

/* The compiler must not have lost __attribute__ on the way through GNU-EFI's headers. */
struct packed_check {
    char a;
    int b;
} __attribute__((packed));
_Static_assert(sizeof(struct packed_check) == 5, "attributes are dropped by GNU-EFI's headers");

/* Sections of UEFI 2.10. */
EFI_GUID uefi_guid_acpi_table = /* 20.2 */
    {0xffe06bdd, 0x6107, 0x46a6, {0x7b, 0xb2, 0x5a, 0x9c, 0x7e, 0xc5, 0x27, 0x5c}};
EFI_GUID uefi_guid_before_exit = /* 7.1, CreateEventEx */
    {0x8be0e274, 0x3970, 0x4b44, {0x80, 0xc5, 0x1a, 0xb9, 0x50, 0x2f, 0x3b, 0xfc}};
EFI_GUID uefi_guid_exit = /* 7.1, CreateEventEx */
    {0x27abf055, 0xb1b8, 0x4c26, {0x80, 0x48, 0x74, 0x8f, 0x37, 0xba, 0xa2, 0xdf}};
EFI_GUID uefi_guid_shell_parameters = /* UEFI Shell 2.2, section 2.3 */
    {0x752f3136, 0x4e16, 0x4fdc, {0xa2, 0x2a, 0xe5, 0xf4, 0x68, 0x12, 0xf4, 0xca}};
EFI_GUID uefi_guid_firmware_volume = /* PI 1.7, volume 3, section 3.3.1 */
    {0x220e73b6, 0x6bdb, 0x4413, {0x84, 0x05, 0xb9, 0x74, 0xb1, 0x08, 0x61, 0x9a}};
EFI_GUID uefi_guid_usb_io = /* 17.2.4 */
    {0x2b2f68d6, 0x0cd2, 0x44cf, {0x8e, 0x8b, 0xbb, 0xa2, 0x0b, 0x1b, 0x5b, 0x75}};
EFI_GUID uefi_guid_global_variable = EFI_GLOBAL_VARIABLE;                /* 3.3 */
EFI_GUID uefi_guid_acpi_10 = ACPI_TABLE_GUID;                            /* 4.6 */
EFI_GUID uefi_guid_acpi_20 = ACPI_20_TABLE_GUID;                         /* 4.6 */
EFI_GUID uefi_guid_smbios = SMBIOS_TABLE_GUID;                           /* 4.6 */
EFI_GUID uefi_guid_smbios3 = SMBIOS3_TABLE_GUID;                         /* 4.6 */
EFI_GUID uefi_guid_loaded_image = EFI_LOADED_IMAGE_PROTOCOL_GUID;        /* 9.1 */
EFI_GUID uefi_guid_device_path = EFI_DEVICE_PATH_PROTOCOL_GUID;          /* 10.2 */
EFI_GUID uefi_guid_path_to_text = EFI_DEVICE_PATH_TO_TEXT_PROTOCOL_GUID; /* 10.6 */
EFI_GUID uefi_guid_load_file = EFI_LOAD_FILE_PROTOCOL_GUID;              /* 13.1 */
EFI_GUID uefi_guid_file_system = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;   /* 13.4 */
EFI_GUID uefi_guid_block_io = EFI_BLOCK_IO_PROTOCOL_GUID;                /* 13.9 */
EFI_GUID uefi_guid_pci_io = EFI_PCI_IO_PROTOCOL_GUID;                    /* 14.4 */
EFI_GUID uefi_guid_simple_network = EFI_SIMPLE_NETWORK_PROTOCOL_GUID;    /* 24.1 */
EFI_GUID uefi_guid_rng = EFI_RNG_PROTOCOL_GUID;                          /* 37.5 */

EFI_SYSTEM_TABLE *uefi_st;
EFI_BOOT_SERVICES *uefi_bs;
EFI_HANDLE uefi_image;

/* Static, because it must survive without an owner; longer paths than this, with a URI in them, are not seen
 * in practice. */
static union {
    EFI_DEVICE_PATH path;
    uint8_t bytes[2048];
} boot_path;
static bool has_boot_path;

static void keep_boot_path(void)
{
    EFI_LOADED_IMAGE *loaded = uefi_interface(uefi_image, &uefi_guid_loaded_image);
    const uint8_t *path =
        loaded == NULL ? NULL : uefi_interface(loaded->DeviceHandle, &uefi_guid_device_path);

    if (path != NULL && pathbytes_body(path) <= sizeof boot_path.bytes - PATHBYTES_HEADER) {
        pathbytes_copy(path, boot_path.bytes);
        has_boot_path = true;
    }
}

void uefi_init(EFI_HANDLE image, EFI_SYSTEM_TABLE *system_table)
{
    uefi_st = system_table;
    uefi_bs = system_table->BootServices;
    uefi_image = image;
    keep_boot_path();
}

const EFI_DEVICE_PATH *uefi_boot_path(void)
{
    return has_boot_path ? &boot_path.path : NULL;
}

void *uefi_interface(EFI_HANDLE handle, EFI_GUID *protocol)
{
    void *interface = NULL;

    if (handle == NULL || EFI_ERROR(uefi_bs->HandleProtocol(handle, protocol, &interface))) {
        return NULL;
    }
    return interface;
}

EFI_HANDLE *uefi_handles(EFI_GUID *protocol, UINTN *ret_count)
{
    EFI_HANDLE *handles = NULL;
    UINTN count = 0;

    if (EFI_ERROR(uefi_bs->LocateHandleBuffer(ByProtocol, protocol, NULL, &count, &handles))) {
        return NULL;
    }
    *ret_count = count;
    return handles;
}

void *uefi_configuration_table(const EFI_GUID *guid)
{
    for (UINTN i = 0; i < uefi_st->NumberOfTableEntries; i++) {
        if (memcmp(&uefi_st->ConfigurationTable[i].VendorGuid, guid, sizeof *guid) == 0) {
            return uefi_st->ConfigurationTable[i].VendorTable;
        }
    }
    return NULL;
}

/* UEFI 2.10 appendix D, by number: not every GNU-EFI has them all. */
static const char *const errors[] = {
    [1] = "EFI_LOAD_ERROR",
    [2] = "EFI_INVALID_PARAMETER",
    [3] = "EFI_UNSUPPORTED",
    [4] = "EFI_BAD_BUFFER_SIZE",
    [5] = "EFI_BUFFER_TOO_SMALL",
    [6] = "EFI_NOT_READY",
    [7] = "EFI_DEVICE_ERROR",
    [8] = "EFI_WRITE_PROTECTED",
    [9] = "EFI_OUT_OF_RESOURCES",
    [10] = "EFI_VOLUME_CORRUPTED",
    [11] = "EFI_VOLUME_FULL",
    [12] = "EFI_NO_MEDIA",
    [13] = "EFI_MEDIA_CHANGED",
    [14] = "EFI_NOT_FOUND",
    [15] = "EFI_ACCESS_DENIED",
    [16] = "EFI_NO_RESPONSE",
    [17] = "EFI_NO_MAPPING",
    [18] = "EFI_TIMEOUT",
    [19] = "EFI_NOT_STARTED",
    [20] = "EFI_ALREADY_STARTED",
    [21] = "EFI_ABORTED",
    [22] = "EFI_ICMP_ERROR",
    [23] = "EFI_TFTP_ERROR",
    [24] = "EFI_PROTOCOL_ERROR",
    [25] = "EFI_INCOMPATIBLE_VERSION",
    [26] = "EFI_SECURITY_VIOLATION",
    [27] = "EFI_CRC_ERROR",
    [28] = "EFI_END_OF_MEDIA",
    [31] = "EFI_END_OF_FILE",
    [32] = "EFI_INVALID_LANGUAGE",
    [33] = "EFI_COMPROMISED_DATA",
    [34] = "EFI_IP_ADDRESS_CONFLICT",
    [35] = "EFI_HTTP_ERROR",
};

static const char *const warnings[] = {
    [0] = "EFI_SUCCESS",
    [1] = "EFI_WARN_UNKNOWN_GLYPH",
    [2] = "EFI_WARN_DELETE_FAILURE",
    [3] = "EFI_WARN_WRITE_FAILURE",
    [4] = "EFI_WARN_BUFFER_TOO_SMALL",
    [5] = "EFI_WARN_STALE_DATA",
    [6] = "EFI_WARN_FILE_SYSTEM",
    [7] = "EFI_WARN_RESET_REQUIRED",
};

const char *uefi_status_name(EFI_STATUS status)
{
    UINTN number = status & ~(UINTN)EFI_ERROR_MASK;
    const char *name = NULL;

    if (EFI_ERROR(status)) {
        name = number < sizeof errors / sizeof errors[0] ? errors[number] : NULL;
    } else {
        name = number < sizeof warnings / sizeof warnings[0] ? warnings[number] : NULL;
    }
    return name != NULL ? name : "EFI_STATUS ?";
}

void *uefi_alloc(size_t size)
{
    void *memory = NULL;

    if (EFI_ERROR(uefi_bs->AllocatePool(EfiLoaderData, size, &memory))) {
        return NULL;
    }
    return memset(memory, 0, size);
}

void uefi_free(void *memory)
{
    if (memory != NULL) {
        uefi_bs->FreePool(memory);
    }
}

size_t uefi_to_utf8(const CHAR16 *text, size_t characters, char *ret_text, size_t capacity)
{
    return ucs2_to_utf8(text, characters, ret_text, capacity);
}

size_t uefi_from_utf8(const char *text, CHAR16 *ret_text, size_t capacity)
{
    return ucs2_from_utf8(text, ret_text, capacity);
}
