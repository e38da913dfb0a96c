/* SPDX-License-Identifier: BSD-2-Clause */
#include "lunctl_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* poll(2) promises this much room in a pipe, and no more (PIPE_BUF). */
#define PIPE_PIECE 4096u

static bool standard(const char *path)
{
    return path == NULL || strcmp(path, "-") == 0;
}

static bool look_at(struct file *file)
{
    struct stat status;
    off_t end;

    if (fstat(file->fd, &status) != 0)
        return false;
    file->regular = S_ISREG(status.st_mode) || S_ISBLK(status.st_mode);
    end = file->regular ? lseek(file->fd, 0, SEEK_END) : -1;
    if (end >= 0 && lseek(file->fd, 0, SEEK_SET) == 0) {
        file->has_size = true;
        file->size = (uint64_t)end;
    }
    return true;
}

bool lunctl_file_open_input(struct file *file, const char *path)
{
    *file = (struct file){.fd = STDIN_FILENO};
    if (!standard(path)) {
        file->path = path;
        file->fd = open(path, O_RDONLY | O_CLOEXEC);
        if (file->fd < 0)
            return false;
        return look_at(file);
    }
    return true;
}

bool lunctl_file_open_output(struct file *file, const char *path)
{
    struct stat status;

    *file = (struct file){.fd = STDOUT_FILENO};
    if (standard(path))
        return true;
    file->path = path;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
        file->fd = open(path, O_WRONLY | O_CLOEXEC); /* a device or a pipe cannot be replaced */
        return file->fd >= 0 && look_at(file);
    }
    if ((size_t)snprintf(file->temporary, sizeof file->temporary, "%s.XXXXXX", path) >=
        sizeof file->temporary) {
        file->temporary[0] = '\0';
        file->fd = -1;
        errno = ENAMETOOLONG;
        return false;
    }
    file->fd = mkstemp(file->temporary);
    if (file->fd < 0)
        file->temporary[0] = '\0';
    file->regular = true;
    return file->fd >= 0;
}

static bool may_move(const struct file *file, short events)
{
    struct pollfd fd = {.fd = file->fd, .events = events};

    return file->regular || poll(&fd, 1, 0) > 0;
}

long lunctl_file_read(struct file *file, uint8_t *bytes, size_t length, bool *ret_end)
{
    ssize_t n;

    if (!may_move(file, POLLIN))
        return 0;
    n = read(file->fd, bytes, length);
    if (n == 0 && length > 0)
        *ret_end = true;
    return n < 0 && (errno == EINTR || errno == EAGAIN) ? 0 : (long)n;
}

long lunctl_file_write(struct file *file, const uint8_t *bytes, size_t length)
{
    ssize_t n;

    if (!may_move(file, POLLOUT))
        return 0;
    if (!file->regular && length > PIPE_PIECE)
        length = PIPE_PIECE;
    n = write(file->fd, bytes, length);
    return n < 0 && (errno == EINTR || errno == EAGAIN) ? 0 : (long)n;
}

bool lunctl_file_keep(struct file *file)
{
    mode_t mask = umask(0);

    umask(mask);
    if (file->temporary[0] == '\0')
        return true;
    if (fchmod(file->fd, 0666 & ~mask) != 0 || fsync(file->fd) != 0 ||
        rename(file->temporary, file->path) != 0)
        return false;
    file->temporary[0] = '\0';
    return true;
}

void lunctl_file_close(struct file *file)
{
    if (file->temporary[0] != '\0')
        unlink(file->temporary);
    if (file->path != NULL && file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}

long lunctl_file_read_small(const char *path, char *buffer, size_t capacity)
{
    FILE *file = fopen(path, "rb");
    size_t length;
    bool good;

    if (file == NULL)
        return -1;
    setvbuf(file, NULL, _IONBF, 0); /* no second copy of a secret */
    length = fread(buffer, 1, capacity, file);
    good = !ferror(file);
    if (good && length == capacity && fgetc(file) != EOF) {
        errno = EFBIG;
        good = false;
    }
    fclose(file);
    return good ? (long)length : -1;
}
