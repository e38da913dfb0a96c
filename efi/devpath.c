/* SPDX-License-Identifier: BSD-2-Clause */
#include "devpath.h"

#include <string.h>

#include "ucs2.h"

#define TEXT_MAX 1024u

static const uint8_t *bytes_of(const EFI_DEVICE_PATH *path)
{
    return (const uint8_t *)path;
}

size_t devpath_size(const EFI_DEVICE_PATH *path)
{
    return pathbytes_body(bytes_of(path)) + PATHBYTES_HEADER;
}

EFI_DEVICE_PATH *devpath_copy(const EFI_DEVICE_PATH *path)
{
    uint8_t *copy = uefi_alloc(devpath_size(path));

    if (copy != NULL) {
        pathbytes_copy(bytes_of(path), copy);
    }
    return (EFI_DEVICE_PATH *)copy;
}

/* The path without its end node, with `more` bytes behind it. */
static uint8_t *extended(const EFI_DEVICE_PATH *path, size_t more, size_t *ret_body)
{
    size_t body = pathbytes_body(bytes_of(path));
    uint8_t *longer = uefi_alloc(body + more);

    if (longer != NULL) {
        memcpy(longer, path, body);
        *ret_body = body;
    }
    return longer;
}

EFI_DEVICE_PATH *devpath_make_iscsi(const EFI_DEVICE_PATH *nic, const struct devpath_iscsi *iscsi)
{
    size_t more = pathbytes_put_iscsi(iscsi, NULL, 0);
    size_t body = 0;
    uint8_t *path = more == 0 ? NULL : extended(nic, more, &body);

    if (path != NULL) {
        pathbytes_put_iscsi(iscsi, path + body, more);
    }
    return (EFI_DEVICE_PATH *)path;
}

EFI_DEVICE_PATH *devpath_join(const EFI_DEVICE_PATH *path, const uint8_t *rest)
{
    size_t body = 0;
    uint8_t *longer = extended(path, pathbytes_body(rest) + PATHBYTES_HEADER, &body);

    if (longer != NULL) {
        pathbytes_copy(rest, longer + body);
    }
    return (EFI_DEVICE_PATH *)longer;
}

EFI_DEVICE_PATH *devpath_append_file(const EFI_DEVICE_PATH *path, const char *file)
{
    size_t capacity = strlen(file) + 1;
    uint16_t *name = uefi_alloc(capacity * sizeof *name);
    size_t more = 2 * PATHBYTES_HEADER + capacity * sizeof *name;
    size_t body = 0;
    uint8_t *longer = name == NULL ? NULL : extended(path, more, &body);

    if (longer != NULL) {
        size_t characters = ucs2_from_utf8(file, name, capacity);
        for (size_t i = 0; i < characters; i++) {
            name[i] = name[i] == '/' ? '\\' : name[i];
        }
        if (pathbytes_put_file(name, characters, longer + body, more) == 0) {
            uefi_free(longer);
            longer = NULL;
        }
    }
    uefi_free(name);
    return (EFI_DEVICE_PATH *)longer;
}

bool devpath_is_prefix(const EFI_DEVICE_PATH *prefix, const EFI_DEVICE_PATH *path)
{
    return pathbytes_is_prefix(bytes_of(prefix), bytes_of(path));
}

void devpath_text(const EFI_DEVICE_PATH *path, char *ret_text, size_t capacity)
{
    EFI_DEVICE_PATH_TO_TEXT_PROTOCOL *converter = NULL;
    CHAR16 *text = NULL;

    uefi_bs->LocateProtocol(&uefi_guid_path_to_text, NULL, (void **)&converter);
    if (converter != NULL) {
        text = converter->ConvertDevicePathToText(path, FALSE, FALSE);
    }
    if (text == NULL) {
        pathbytes_text(bytes_of(path), ret_text, capacity);
        return;
    }
    ucs2_to_utf8(text, SIZE_MAX, ret_text, capacity);
    uefi_free(text);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool devpath_matches_text(const EFI_DEVICE_PATH *path, const char *text)
{
    char own[TEXT_MAX];
    size_t i = 0;

    devpath_text(path, own, sizeof own);
    while (own[i] != '\0' && lower(own[i]) == lower(text[i])) {
        i++;
    }
    return own[i] == '\0' && text[i] == '\0';
}
