/* SPDX-License-Identifier: BSD-2-Clause */
#include "lunctl_prompt.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "iscsi/bytes.h"

#define INTERRUPT 0x03 /* Ctrl-C, where it is a character like others */

static bool fail(const char *name, const char *why)
{
    fprintf(stderr, "lunctl: %s: %s\n", name, why);
    return false;
}

static bool read_line(const char *name, char *ret_text, size_t capacity)
{
    size_t length;

    if (fgets(ret_text, (int)capacity, stdin) == NULL)
        return fail(name, "standard input ended before it came");
    length = strcspn(ret_text, "\n");
    if (ret_text[length] == '\0' && length == capacity - 1)
        return fail(name, "the line is too long");
    ret_text[length] = '\0';
    return strchr(ret_text, INTERRUPT) == NULL || fail(name, "interrupted");
}

/* The terminal shows nothing and makes no signals meanwhile, so that it cannot be left like that. */
static bool ask(const char *name, const char *again, char *ret_text, size_t capacity)
{
    struct termios before, quiet;
    bool good;

    if (tcgetattr(STDIN_FILENO, &before) != 0)
        return fail(name, "the terminal cannot be told to show nothing");
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
    quiet.c_lflag |= ICANON | ECHONL;
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) != 0)
        return fail(name, "the terminal cannot be told to show nothing");
    fprintf(stderr, "%s%s: ", name, again);
    good = read_line(name, ret_text, capacity);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    return good;
}

bool lunctl_prompt(const char *name, char *ret_text, size_t capacity)
{
    char second[1024];
    bool good;

    setvbuf(stdin, NULL, _IONBF, 0); /* no second copy of a secret */
    if (!isatty(STDIN_FILENO))
        return read_line(name, ret_text, capacity);
    good = ask(name, "", ret_text, capacity) && ask(name, " once more", second, sizeof second);
    if (good && strcmp(ret_text, second) != 0)
        good = fail(name, "the two were not the same");
    bytes_wipe(second, sizeof second);
    return good;
}
