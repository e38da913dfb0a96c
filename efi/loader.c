/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader.h"

#include <string.h>

#include "devpath.h"
#include "ucs2.h"

#define PATH_MAX 512u /* characters */

static CHAR16 *options; /* of the image that is loaded; pool memory */

unsigned loader_volumes(EFI_HANDLE disk, const EFI_DEVICE_PATH *disk_path, struct loader_volume *ret_volumes,
                        unsigned capacity)
{
    UINTN handle_count = 0;
    unsigned count = 0;

    /* What could not be connected when the disk appeared (a driver that came later) may be now. */
    uefi_bs->ConnectController(disk, NULL, NULL, TRUE);
    EFI_HANDLE *handles = uefi_handles(&uefi_guid_file_system, &handle_count);
    for (UINTN i = 0; handles != NULL && i < handle_count && count < capacity; i++) {
        EFI_DEVICE_PATH *path = uefi_interface(handles[i], &uefi_guid_device_path);
        if (path != NULL && devpath_is_prefix(disk_path, path)) {
            ret_volumes[count++] = (struct loader_volume){.handle = handles[i], .path = path};
        }
    }
    uefi_free(handles);
    return count;
}

static bool to_file_name(const char *file, CHAR16 ret_name[PATH_MAX])
{
    if (strlen(file) >= PATH_MAX) {
        return false;
    }
    size_t length = ucs2_from_utf8(file, ret_name, PATH_MAX);
    for (size_t i = 0; i < length; i++) {
        ret_name[i] = ret_name[i] == L'/' ? L'\\' : ret_name[i];
    }
    return length > 0;
}

bool loader_file_exists(const struct loader_volume *volume, const char *file)
{
    CHAR16 name[PATH_MAX];
    EFI_FILE_HANDLE root = NULL;
    EFI_FILE_HANDLE found = NULL;
    EFI_FILE_IO_INTERFACE *system = uefi_interface(volume->handle, &uefi_guid_file_system);

    if (system == NULL || !to_file_name(file, name) || EFI_ERROR(system->OpenVolume(system, &root))) {
        return false;
    }
    bool exists = false;
    if (!EFI_ERROR(root->Open(root, &found, name, EFI_FILE_MODE_READ, 0))) {
        exists = !EFI_ERROR(found->SetPosition(found, UINT64_MAX)); /* a folder refuses, 13.5.12 */
        found->Close(found);
    }
    root->Close(root);
    return exists;
}

static EFI_STATUS set_options(EFI_HANDLE image, const char *arguments)
{
    EFI_LOADED_IMAGE *loaded = uefi_interface(image, &uefi_guid_loaded_image);
    size_t capacity = strlen(arguments) + 1;

    if (loaded == NULL) {
        return EFI_NOT_FOUND;
    }
    options = uefi_alloc(capacity * sizeof *options);
    if (options == NULL) {
        return EFI_OUT_OF_RESOURCES;
    }
    size_t characters = ucs2_from_utf8(arguments, options, capacity);
    loaded->LoadOptions = options;
    loaded->LoadOptionsSize = (UINT32)((characters + 1) * sizeof *options);
    return EFI_SUCCESS;
}

EFI_STATUS loader_load(const struct loader_volume *volume, const char *file, const char *arguments,
                       EFI_HANDLE *ret_image)
{
    EFI_HANDLE image = NULL;
    EFI_DEVICE_PATH *path = devpath_append_file(volume->path, file);

    if (path == NULL) {
        return EFI_OUT_OF_RESOURCES;
    }
    EFI_STATUS status = uefi_bs->LoadImage(FALSE, uefi_image, path, NULL, 0, &image);
    uefi_free(path);
    if (!EFI_ERROR(status) && arguments != NULL) {
        status = set_options(image, arguments);
    }
    if (EFI_ERROR(status)) {
        /* After EFI_SECURITY_VIOLATION the image is loaded all the same, and may not be started (7.4.1). */
        if (image != NULL) {
            loader_unload(image);
        }
        return status;
    }
    *ret_image = image;
    return EFI_SUCCESS;
}

EFI_STATUS loader_start(EFI_HANDLE image)
{
    UINTN exit_size = 0;
    CHAR16 *exit_data = NULL;
    EFI_STATUS status = uefi_bs->StartImage(image, &exit_size, &exit_data);

    uefi_free(exit_data);
    /* An application is gone now; a driver stays, and so must what it was told. */
    if (uefi_interface(image, &uefi_guid_loaded_image) == NULL) {
        uefi_free(options);
    }
    options = NULL;
    return status;
}

void loader_unload(EFI_HANDLE image)
{
    uefi_bs->UnloadImage(image);
    uefi_free(options);
    options = NULL;
}
