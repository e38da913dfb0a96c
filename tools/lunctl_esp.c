/* SPDX-License-Identifier: BSD-2-Clause */
#include "lunctl_esp.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* Of the SBAT section (firmware/sbat.c): every lunboot has it, whatever its file is called. */
static const char mark[] = "\nlunboot,";

static bool fail(const char *path, const char *why)
{
    fprintf(stderr, "lunctl: %s: %s\n", path, why);
    return false;
}

static bool join(char ret_path[PATH_MAX], const char *folder, const char *name)
{
    return (size_t)snprintf(ret_path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX;
}

static bool is_lunboot(const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t seen = 0;
    int c;

    if (file == NULL)
        return false;
    while (mark[seen] != '\0' && (c = getc(file)) != EOF)
        seen = c == mark[seen] ? seen + 1 : c == mark[0];
    fclose(file);
    return mark[seen] == '\0';
}

static bool has_lunboot(const char *folder)
{
    DIR *entries = opendir(folder);
    const struct dirent *entry;
    char path[PATH_MAX];
    bool found = false;

    while (entries != NULL && !found && (entry = readdir(entries)) != NULL)
        found = (strcasecmp(entry->d_name, "lunboot.efi") == 0 ||
                 strcasecmp(entry->d_name, "bootx64.efi") == 0) &&
                join(path, folder, entry->d_name) && is_lunboot(path);
    if (entries != NULL)
        closedir(entries);
    return found;
}

/* Of the folders in `efi`; how many there are. */
static unsigned search(DIR *entries, const char *efi, char ret_path[PATH_MAX])
{
    const struct dirent *entry;
    char path[PATH_MAX];
    unsigned found = 0;

    while ((entry = readdir(entries)) != NULL)
        if (entry->d_name[0] != '.' && join(path, efi, entry->d_name) && has_lunboot(path) && found++ == 0)
            memcpy(ret_path, path, sizeof path);
    return found;
}

static bool find_any(const char *esp, char ret_path[PATH_MAX])
{
    char efi[PATH_MAX];
    unsigned found;
    DIR *entries;

    if (!join(efi, esp, "EFI"))
        return fail(esp, strerror(ENAMETOOLONG));
    entries = opendir(efi);
    if (entries == NULL)
        return fail(efi, errno == ENOENT ? "no such folder: mount the EFI system partition, and name it with "
                                           "--esp DIR if it is not " LUNCTL_ESP
                                         : strerror(errno));
    found = search(entries, efi, ret_path);
    closedir(entries);
    if (found == 0)
        return fail(efi,
                    "no folder in it has lunboot.efi: name the folder with --folder EFI/NAME, or the EFI "
                    "system partition with --esp DIR");
    return found == 1 || fail(efi, "several folders in it have lunboot.efi: choose with --folder EFI/NAME");
}

bool lunctl_esp_find(const char *esp, const char *folder, char ret_path[PATH_MAX])
{
    struct stat status;

    if (folder == NULL)
        return find_any(esp, ret_path);
    if (!join(ret_path, esp, folder))
        return fail(folder, strerror(ENAMETOOLONG));
    if (stat(ret_path, &status) != 0)
        return fail(ret_path, strerror(errno));
    return S_ISDIR(status.st_mode) || fail(ret_path, strerror(ENOTDIR));
}
