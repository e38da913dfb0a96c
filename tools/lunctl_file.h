/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other end of a copy: a file that takes its name only when it is whole, or a pipe that is never waited
 * for while the session needs attention.
 */
#ifndef LUNBOOT_TOOLS_LUNCTL_FILE_H
#define LUNBOOT_TOOLS_LUNCTL_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct file {
    int fd;
    bool regular; /* never blocks for long */
    bool has_size;
    uint64_t size;
    const char *path;         /* NULL: standard input or output */
    char temporary[PATH_MAX]; /* empty: written in place */
};

/* `path` NULL or "-": standard input or output. False: errno says why. */
bool lunctl_file_open_input(struct file *file, const char *path);
bool lunctl_file_open_output(struct file *file, const char *path);

/* As much as can be moved without waiting; 0: nothing now, -1: errno says why. At the end of an input
 * *ret_end is set. */
long lunctl_file_read(struct file *file, uint8_t *bytes, size_t length, bool *ret_end);
long lunctl_file_write(struct file *file, const uint8_t *bytes, size_t length);

/* The output is whole: give it its name. False: errno says why; nothing has that name then. */
bool lunctl_file_keep(struct file *file);
/* Close; an output that was not kept disappears. */
void lunctl_file_close(struct file *file);

/* The whole of a small file into `buffer`; its length, or -1: errno says why (EFBIG: it is larger). */
long lunctl_file_read_small(const char *path, char *buffer, size_t capacity);

#endif
