/* SPDX-License-Identifier: BSD-2-Clause */
#include "bootpath.h"

#include <string.h>

#include "devpath.h"
#include "drivers.h"
#include "loader.h"
#include "usb.h"

#ifdef __aarch64__
#define DEFAULT_FILE "\\EFI\\BOOT\\BOOTAA64.EFI"
#else
#define DEFAULT_FILE "\\EFI\\BOOT\\BOOTX64.EFI" /* section 3.5.1.1 */
#endif

#define FILE_MAX 512u /* characters */

static const uint8_t no_nodes[] = {0x7f, 0xff, 4, 0};

struct list {
    EFI_DEVICE_PATH **paths;
    unsigned count;
};

/* Takes the path over. */
static void add(struct list *list, EFI_DEVICE_PATH *path)
{
    if (path == NULL || list->count == BOOTPATH_MAX) {
        uefi_free(path);
        return;
    }
    list->paths[list->count++] = path;
}

/* A device alone: the default file on the volumes that lie on it. */
static void add_default_files(struct list *list, EFI_HANDLE device, const EFI_DEVICE_PATH *path)
{
    struct loader_volume volumes[LOADER_VOLUMES_MAX];
    unsigned count = loader_volumes(device, path, volumes, LOADER_VOLUMES_MAX);

    for (unsigned i = 0; i < count; i++) {
        add(list, devpath_append_file(volumes[i].path, DEFAULT_FILE));
    }
}

/* Takes the path, which begins with hardware, over. */
static void add_full(struct list *list, EFI_DEVICE_PATH *path)
{
    EFI_DEVICE_PATH *rest = path;
    EFI_HANDLE device = NULL;

    if (path == NULL) {
        return;
    }
    drivers_start_along(path);
    EFI_STATUS status = uefi_bs->LocateDevicePath(&uefi_guid_device_path, &rest, &device);
    if (EFI_ERROR(status) || !pathbytes_is_end((const uint8_t *)rest) ||
        uefi_interface(device, &uefi_guid_load_file) != NULL) {
        add(list, path);
        return;
    }
    add_default_files(list, device, path);
    uefi_free(path);
}

/* Is the device at the handle what the node, the first of a short form, is about? */
typedef bool (*is_meant)(EFI_HANDLE handle, const EFI_DEVICE_PATH *path, const uint8_t *node);

static bool is_partition(EFI_HANDLE handle, const EFI_DEVICE_PATH *path, const uint8_t *node)
{
    const uint8_t *last = pathbytes_last((const uint8_t *)path);

    (void)handle;
    return last != NULL && pathbytes_is_same_partition(node, last);
}

static bool is_usb_device(EFI_HANDLE handle, const EFI_DEVICE_PATH *path, const uint8_t *node)
{
    (void)path;
    return usb_matches(handle, node);
}

static bool is_own_volume(EFI_HANDLE handle, const EFI_DEVICE_PATH *path, const uint8_t *node)
{
    const EFI_DEVICE_PATH *own = uefi_boot_path();

    (void)handle;
    (void)node;
    return own != NULL && devpath_is_prefix(own, path) && devpath_is_prefix(path, own);
}

static bool is_other_volume(EFI_HANDLE handle, const EFI_DEVICE_PATH *path, const uint8_t *node)
{
    return !is_own_volume(handle, path, node);
}

/* Of each device that is meant: its full path, with `rest` behind it. */
static void add_devices(struct list *list, EFI_GUID *protocol, is_meant test, const uint8_t *node,
                        const uint8_t *rest)
{
    UINTN count = 0;
    EFI_HANDLE *handles = uefi_handles(protocol, &count);

    for (UINTN i = 0; handles != NULL && i < count; i++) {
        const EFI_DEVICE_PATH *path = uefi_interface(handles[i], &uefi_guid_device_path);
        if (path != NULL && test(handles[i], path, node)) {
            add_full(list, devpath_join(path, rest));
        }
    }
    uefi_free(handles);
}

/*
 * Drivers first, also where a device is there already: another one that is meant may lie behind drivers that
 * nobody has started yet, and of two copies of a disk it is not for us to say that the one at hand is meant.
 */
static void add_known_device(struct list *list, EFI_GUID *protocol, is_meant test, const uint8_t *node)
{
    drivers_start_storage();
    add_devices(list, protocol, test, node, pathbytes_next(node));
}

unsigned bootpath_expand(const EFI_DEVICE_PATH *path, EFI_DEVICE_PATH *ret_paths[BOOTPATH_MAX])
{
    const uint8_t *node = (const uint8_t *)path;
    struct list list = {.paths = ret_paths};

    switch (pathbytes_kind(node)) {
    case PATHBYTES_HARD_DRIVE:
        add_known_device(&list, &uefi_guid_block_io, is_partition, node);
        break;
    case PATHBYTES_USB_CLASS:
    case PATHBYTES_USB_WWID:
        add_known_device(&list, &uefi_guid_usb_io, is_usb_device, node);
        break;
    case PATHBYTES_FILE:
        drivers_start_storage();
        add_devices(&list, &uefi_guid_file_system, is_own_volume, node, node);
        add_devices(&list, &uefi_guid_file_system, is_other_volume, node, node);
        break;
    default:
        add_full(&list, devpath_copy(path));
    }
    return list.count;
}

static uint16_t fold(uint16_t character)
{
    return character >= 'a' && character <= 'z' ? (uint16_t)(character - ('a' - 'A')) : character;
}

/* As FAT compares names, as far as ASCII goes; a leading backslash says nothing. */
static bool is_same_file(const uint8_t *path, const uint8_t *other)
{
    uint16_t names[2][FILE_MAX];
    const uint16_t *a = names[0];
    const uint16_t *b = names[1];

    pathbytes_get_file(path, names[0], FILE_MAX);
    pathbytes_get_file(other, names[1], FILE_MAX);
    a += *a == '\\';
    b += *b == '\\';
    while (*a != 0 && fold(*a) == fold(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

bool bootpath_is_own(const EFI_DEVICE_PATH *path)
{
    const EFI_LOADED_IMAGE *image = uefi_interface(uefi_image, &uefi_guid_loaded_image);
    const EFI_DEVICE_PATH *own = uefi_boot_path();

    return image != NULL && image->FilePath != NULL && own != NULL && devpath_is_prefix(own, path) &&
           is_same_file((const uint8_t *)image->FilePath, (const uint8_t *)path);
}

EFI_DEVICE_PATH *bootpath_of_file(const char *file)
{
    return devpath_append_file((const EFI_DEVICE_PATH *)no_nodes, file);
}

unsigned bootpath_in_firmware(const EFI_GUID *file, EFI_DEVICE_PATH *ret_paths[BOOTPATH_MAX])
{
    uint8_t node[PATHBYTES_HEADER + sizeof *file + sizeof no_nodes] = {4, 6, 20, 0}; /* 10.3.5.6 */
    struct list list = {.paths = ret_paths};

    memcpy(node + PATHBYTES_HEADER, file, sizeof *file);
    memcpy(node + PATHBYTES_HEADER + sizeof *file, no_nodes, sizeof no_nodes);
    add_devices(&list, &uefi_guid_firmware_volume, is_other_volume, node, node);
    return list.count;
}
