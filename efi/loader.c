/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader.h"

#include <string.h>

#include "devpath.h"
#include "ucs2.h"

#define PATH_MAX 512u /* characters */

static void *kept_options; /* of the image that is loaded; pool memory */

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

CHAR16 *loader_options(const char *arguments, size_t *ret_length)
{
    size_t capacity = arguments == NULL ? 0 : strlen(arguments) + 1;
    CHAR16 *text = arguments == NULL ? NULL : uefi_alloc(capacity * sizeof *text);

    *ret_length = text == NULL ? 0 : (ucs2_from_utf8(arguments, text, capacity) + 1) * sizeof *text;
    return text;
}

static EFI_STATUS set_options(EFI_HANDLE image, const void *options, size_t length)
{
    EFI_LOADED_IMAGE *loaded = uefi_interface(image, &uefi_guid_loaded_image);

    if (loaded == NULL) {
        return EFI_NOT_FOUND;
    }
    kept_options = uefi_alloc(length);
    if (kept_options == NULL) {
        return EFI_OUT_OF_RESOURCES;
    }
    memcpy(kept_options, options, length);
    loaded->LoadOptions = kept_options;
    loaded->LoadOptionsSize = (UINT32)length;
    return EFI_SUCCESS;
}

EFI_STATUS loader_load(const EFI_DEVICE_PATH *path, const void *options, size_t length, EFI_HANDLE *ret_image)
{
    EFI_HANDLE image = NULL;
    /* The service takes the path as writable and does not write to it. */
    EFI_STATUS status =
        uefi_bs->LoadImage(TRUE, uefi_image, (EFI_DEVICE_PATH *)(uintptr_t)path, NULL, 0, &image);

    if (!EFI_ERROR(status) && length > 0) {
        status = set_options(image, options, length);
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

EFI_STATUS loader_load_file(const struct loader_volume *volume, const char *file, const char *arguments,
                            EFI_HANDLE *ret_image)
{
    size_t length = 0;
    EFI_DEVICE_PATH *path = devpath_append_file(volume->path, file);
    CHAR16 *options = loader_options(arguments, &length);
    EFI_STATUS status = EFI_OUT_OF_RESOURCES;

    if (path != NULL && (options != NULL || arguments == NULL)) {
        status = loader_load(path, options, length, ret_image);
    }
    uefi_free(options);
    uefi_free(path);
    return status;
}

EFI_STATUS loader_start(EFI_HANDLE image)
{
    UINTN exit_size = 0;
    CHAR16 *exit_data = NULL;
    EFI_STATUS status = uefi_bs->StartImage(image, &exit_size, &exit_data);

    uefi_free(exit_data);
    /* An application is gone now; a driver stays, and so must what it was told. */
    if (uefi_interface(image, &uefi_guid_loaded_image) == NULL) {
        uefi_free(kept_options);
    }
    kept_options = NULL;
    return status;
}

void loader_unload(EFI_HANDLE image)
{
    uefi_bs->UnloadImage(image);
    uefi_free(kept_options);
    kept_options = NULL;
}
