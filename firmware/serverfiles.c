/* SPDX-License-Identifier: BSD-2-Clause */
#include "serverfiles.h"

#include <string.h>

#include "fmt.h"

static void add(struct serverfiles *files, const struct url *base, const char *path,
                enum serverfiles_role role)
{
    struct serverfile *file = &files->files[files->count];

    if (!url_resolve(base, path, strlen(path), &file->url)) {
        file->role = role;
        files->count++;
    }
}

static void add_machine(struct serverfiles *files, const struct url *base, const char *kind,
                        const char *value)
{
    char path[160];
    struct fmt fmt;

    if (!value)
        return;
    fmt_init(&fmt, path, sizeof path);
    fmt_print(&fmt, "lunboot/%s-%s.conf", kind, value);
    if (!fmt.cut)
        add(files, base, path, SERVERFILES_MACHINE);
}

void serverfiles_init(struct serverfiles *files, const struct url *base, const struct params_facts *facts)
{
    memset(files, 0, sizeof *files);
    add_machine(files, base, "uuid", facts->uuid);
    add_machine(files, base, "serial", facts->serial);
    add_machine(files, base, "mac", facts->mac);
    add(files, base, "lunboot.conf", SERVERFILES_COMMON);
}

const struct serverfile *serverfiles_current(const struct serverfiles *files)
{
    return files->at < files->count ? &files->files[files->at] : NULL;
}

void serverfiles_absent(struct serverfiles *files)
{
    files->files[files->at++].absent = true;
}

static bool same(const struct url *a, const struct url *b)
{
    return strcmp(a->path, b->path) == 0;
}

static const struct serverfile *find_known(const struct serverfiles *files, const struct url *url)
{
    for (unsigned i = 0; i < files->count; i++)
        if (same(&files->files[i].url, url))
            return &files->files[i];
    return NULL;
}

/* The other names of the machine are not asked for any more. */
static void drop_other_names(struct serverfiles *files)
{
    unsigned kept = files->at + 1;

    for (unsigned i = kept; i < files->count; i++)
        if (files->files[i].role != SERVERFILES_MACHINE)
            files->files[kept++] = files->files[i];
    files->count = kept;
}

static void insert(struct serverfiles *files, unsigned at, const struct url *url)
{
    memmove(&files->files[at + 1], &files->files[at], (files->count - at) * sizeof files->files[0]);
    files->files[at] = (struct serverfile){.url = *url, .role = SERVERFILES_INCLUDE};
    files->count++;
}

const char *serverfiles_found(struct serverfiles *files, const struct params_includes *includes,
                              unsigned *ret_index)
{
    const struct serverfile *from = &files->files[files->at];
    unsigned at = files->at + 1;

    if (from->role == SERVERFILES_MACHINE)
        drop_other_names(files);
    for (unsigned i = 0; i < includes->count; i++) {
        const char *path = includes->paths[i], *wrong;
        const struct serverfile *known;
        struct url url;

        *ret_index = i;
        wrong = url_resolve(&from->url, path, strlen(path), &url);
        if (wrong)
            return wrong;
        known = find_known(files, &url);
        if (known && known->absent)
            return "there is no such file";
        if (known)
            continue;
        if (files->count == SERVERFILES_MAX)
            return "more than 16 files in all are not read";
        insert(files, at++, &url);
    }
    files->at++;
    return NULL;
}

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

void serverfiles_serial(const char *serial, char *ret_name, size_t capacity)
{
    bool any = false;
    size_t length = 0;

    for (; length < capacity - 1 && serial[length] != '\0'; length++) {
        char c = serial[length];

        any |= is_letter_or_digit(c);
        ret_name[length] = is_letter_or_digit(c) || c == '-' || c == '.' ? c : '_';
    }
    ret_name[any ? length : 0] = '\0';
}
