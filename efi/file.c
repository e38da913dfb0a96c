/* SPDX-License-Identifier: BSD-2-Clause */
#include "file.h"

#include <string.h>

#include "pathbytes.h"
#include "ucs2.h"

#define PATH_MAX 512u /* characters */

static EFI_LOADED_IMAGE *own_image(void)
{
    return uefi_interface(uefi_image, &uefi_guid_loaded_image);
}

/* The full path of a file beside the program. False when it is too long. */
static bool path_beside(const EFI_LOADED_IMAGE *image, const char *name, CHAR16 ret_path[PATH_MAX])
{
    const uint8_t *own = (const uint8_t *)image->FilePath;
    size_t used = own == NULL ? 0 : pathbytes_get_file(own, ret_path, PATH_MAX);

    while (used > 0 && ret_path[used - 1] != L'\\') {
        used--;
    }
    if (used == 0) {
        ret_path[used++] = L'\\';
    }
    if (strlen(name) > PATH_MAX - 1 - used) {
        return false;
    }
    ucs2_from_utf8(name, ret_path + used, PATH_MAX - used);
    return true;
}

/*
 * By its path, not by the handle in the loaded image: that one ends with the driver where we came over a NIC
 * that was then taken, and the firmware may give its place to another device.
 */
static EFI_FILE_IO_INTERFACE *own_volume(void)
{
    EFI_DEVICE_PATH *rest = (EFI_DEVICE_PATH *)(uintptr_t)uefi_boot_path();
    EFI_HANDLE handle = NULL;

    if (rest == NULL || EFI_ERROR(uefi_bs->LocateDevicePath(&uefi_guid_file_system, &rest, &handle)) ||
        !pathbytes_is_end((const uint8_t *)rest)) {
        return NULL;
    }
    return uefi_interface(handle, &uefi_guid_file_system);
}

static EFI_STATUS open_beside(const char *name, UINT64 mode, EFI_FILE_HANDLE *ret_file)
{
    EFI_LOADED_IMAGE *image = own_image();
    CHAR16 path[PATH_MAX];
    EFI_FILE_HANDLE root = NULL;
    EFI_FILE_IO_INTERFACE *volume = image == NULL ? NULL : own_volume();

    if (volume == NULL) {
        return EFI_NOT_FOUND;
    }
    if (!path_beside(image, name, path)) {
        return EFI_INVALID_PARAMETER;
    }
    EFI_STATUS status = volume->OpenVolume(volume, &root);
    if (EFI_ERROR(status)) {
        return status;
    }
    status = root->Open(root, ret_file, path, mode, 0);
    root->Close(root);
    return status;
}

/* The position past all the bytes is the size (13.5.12); a folder refuses. */
static EFI_STATUS size_of(EFI_FILE_HANDLE file, UINT64 *ret_size)
{
    EFI_STATUS status = file->SetPosition(file, UINT64_MAX);

    if (!EFI_ERROR(status)) {
        status = file->GetPosition(file, ret_size);
    }
    return EFI_ERROR(status) ? status : file->SetPosition(file, 0);
}

static EFI_STATUS read_all(EFI_FILE_HANDLE file, char *data, size_t length)
{
    size_t at = 0;

    while (at < length) {
        UINTN part = length - at;
        EFI_STATUS status = file->Read(file, &part, data + at);
        if (EFI_ERROR(status)) {
            return status;
        }
        if (part == 0 || part > length - at) {
            return EFI_END_OF_FILE;
        }
        at += part;
    }
    return EFI_SUCCESS;
}

static EFI_STATUS read_open(EFI_FILE_HANDLE file, size_t limit, char **ret_data, size_t *ret_length)
{
    UINT64 size = 0;
    EFI_STATUS status = size_of(file, &size);

    if (EFI_ERROR(status)) {
        return status;
    }
    if (size > limit) {
        return EFI_BUFFER_TOO_SMALL;
    }
    char *data = uefi_alloc((size_t)size + 1);
    if (data == NULL) {
        return EFI_OUT_OF_RESOURCES;
    }
    status = read_all(file, data, (size_t)size);
    if (EFI_ERROR(status)) {
        memset(data, 0, (size_t)size); /* lunboot.conf has secrets, and half of it may be here */
        uefi_free(data);
        return status;
    }
    *ret_data = data;
    *ret_length = (size_t)size;
    return EFI_SUCCESS;
}

EFI_STATUS file_read_beside(const char *name, size_t limit, char **ret_data, size_t *ret_length)
{
    EFI_FILE_HANDLE file = NULL;
    EFI_STATUS status = open_beside(name, EFI_FILE_MODE_READ, &file);

    if (EFI_ERROR(status)) {
        return status;
    }
    status = read_open(file, limit, ret_data, ret_length);
    file->Close(file);
    return status;
}

static EFI_STATUS write_all(EFI_FILE_HANDLE file, const void *data, size_t length)
{
    UINTN written = length;
    /* The service takes the buffer as writable and does not write to it (13.5.11). */
    EFI_STATUS status = file->Write(file, &written, (void *)(uintptr_t)data);

    if (!EFI_ERROR(status)) {
        status = file->Flush(file);
    }
    return !EFI_ERROR(status) && written != length ? EFI_VOLUME_FULL : status;
}

EFI_STATUS file_write_beside(const char *name, const void *data, size_t length)
{
    EFI_FILE_HANDLE file = NULL;
    const UINT64 mode = EFI_FILE_MODE_READ | EFI_FILE_MODE_WRITE;

    if (!EFI_ERROR(open_beside(name, mode, &file))) {
        file->Delete(file); /* closes it too: nothing of a longer old file stays */
    }
    EFI_STATUS status = open_beside(name, mode | EFI_FILE_MODE_CREATE, &file);
    if (EFI_ERROR(status)) {
        return status;
    }
    status = write_all(file, data, length);
    file->Close(file);
    return status;
}

EFI_STATUS file_check_writable_beside(const char *name)
{
    EFI_FILE_HANDLE file = NULL;
    EFI_STATUS status = open_beside(name, EFI_FILE_MODE_READ | EFI_FILE_MODE_WRITE, &file);

    if (!EFI_ERROR(status)) {
        file->Close(file);
    }
    return status;
}

static EFI_STATUS write_zeros(EFI_FILE_HANDLE file, UINT64 left)
{
    static const uint8_t zeros[512];
    EFI_STATUS status = EFI_SUCCESS;

    while (left > 0 && !EFI_ERROR(status)) {
        UINTN part = left < sizeof zeros ? (UINTN)left : sizeof zeros;
        UINTN written = part;
        status = file->Write(file, &written, (void *)(uintptr_t)zeros);
        left -= part;
        if (!EFI_ERROR(status) && written != part) {
            status = EFI_VOLUME_FULL;
        }
    }
    return EFI_ERROR(status) ? status : file->Flush(file);
}

EFI_STATUS file_erase_beside(const char *name)
{
    EFI_FILE_HANDLE file = NULL;
    UINT64 size = 0;
    EFI_STATUS status = open_beside(name, EFI_FILE_MODE_READ | EFI_FILE_MODE_WRITE, &file);

    if (EFI_ERROR(status)) {
        return status;
    }
    status = size_of(file, &size);
    if (!EFI_ERROR(status)) {
        status = write_zeros(file, size);
    }
    if (EFI_ERROR(status)) {
        file->Close(file);
        return status;
    }
    return file->Delete(file); /* closes it too, and fails with that warning alone (13.5.4) */
}

/* The Shell gives the whole line, with the program's own name in front, perhaps in quotes. */
static size_t skip_own_name(const CHAR16 *text, size_t characters)
{
    bool quoted = false;
    size_t i = 0;

    for (; i < characters && (quoted || text[i] != L' '); i++) {
        quoted ^= text[i] == L'"';
    }
    while (i < characters && text[i] == L' ') {
        i++;
    }
    return i;
}

static char *to_utf8(const CHAR16 *text, size_t characters, size_t *ret_length)
{
    size_t capacity = characters * 3 + 1;
    char *utf8 = uefi_alloc(capacity);

    if (utf8 != NULL) {
        *ret_length = ucs2_to_utf8(text, characters, utf8, capacity);
    }
    return utf8;
}

char *file_load_options(size_t *ret_length)
{
    EFI_LOADED_IMAGE *image = own_image();
    const CHAR16 *text = image == NULL ? NULL : image->LoadOptions;
    size_t room = text == NULL ? 0 : image->LoadOptionsSize / sizeof *text;
    size_t characters = 0;

    while (characters < room && text[characters] != 0) {
        characters++;
    }
    /* Boot managers pass binary data too. */
    if (!ucs2_is_text(text, characters)) {
        characters = 0;
    }
    size_t skip = 0;
    if (uefi_interface(uefi_image, &uefi_guid_shell_parameters) != NULL) {
        skip = skip_own_name(text, characters);
    }
    *ret_length = 0;
    return to_utf8(text + skip, characters - skip, ret_length);
}

void file_wipe_load_options(void)
{
    EFI_LOADED_IMAGE *image = own_image();
    struct uefi_shell_parameters *shell = uefi_interface(uefi_image, &uefi_guid_shell_parameters);

    if (image != NULL && image->LoadOptions != NULL) {
        memset(image->LoadOptions, 0, image->LoadOptionsSize);
    }
    for (UINTN i = 1; shell != NULL && i < shell->argc; i++) {
        for (CHAR16 *at = shell->argv[i]; *at != 0; at++) {
            *at = 0;
        }
    }
}
