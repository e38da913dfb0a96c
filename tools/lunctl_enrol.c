/* SPDX-License-Identifier: BSD-2-Clause */
#include "lunctl_enrol.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "firmware/enrol.h"
#include "firmware/params_table.h"
#include "iscsi/bytes.h"
#include "lunctl_esp.h"
#include "lunctl_file.h"
#include "lunctl_json.h"
#include "lunctl_prompt.h"

#define USAGE 2

static struct {
    struct params params; /* what is to be enrolled, as PARAM_VARIABLE */
    char text[ENROL_LIMIT];
} work;

static int fail(const char *subject, const char *why)
{
    fprintf(stderr, "lunctl: %s: %s\n", subject, why);
    return 1;
}

static bool refuse(const char *subject, const char *why)
{
    fail(subject, why);
    return false;
}

static bool refuse_error(const char *file, const struct params_error *error)
{
    if (file)
        fprintf(stderr, "lunctl: %s line %u, %s: %s\n", file, error->line, error->key, error->reason);
    else
        fprintf(stderr, "lunctl: %s: %s\n", error->key[0] ? error->key : "enrol", error->reason);
    return false;
}

static bool is_set(unsigned id)
{
    return work.params.values[id].source == PARAM_VARIABLE;
}

/* --- What is to be enrolled --- */

static bool read_file(const char *path)
{
    static const struct params_file file = {ENROL_NAME, PARAM_VARIABLE, NULL};
    struct params_error error;
    long length = lunctl_file_read_small(path, work.text, sizeof work.text);

    if (length < 0)
        return refuse(path, strerror(errno));
    return params_read_file(&work.params, &file, work.text, (size_t)length, NULL, &error) ||
           refuse_error(path, &error);
}

static const struct param_row *secret_row(const char *word, size_t length)
{
    for (unsigned id = 0; id < PARAM_COUNT; id++)
        if (params_table[id].type == PARAM_SECRET && strlen(params_table[id].name) == length &&
            memcmp(params_table[id].name, word, length) == 0)
            return &params_table[id];
    return NULL;
}

static bool ask_for(const struct param_row *row)
{
    struct params_error error;
    char text[1024];
    bool good = lunctl_prompt(row->name, text, sizeof text);

    if (good && !params_set(&work.params, row->name, strlen(row->name), text, strlen(text), PARAM_VARIABLE, 0,
                            &error))
        good = refuse_error(NULL, &error);
    bytes_wipe(text, sizeof text);
    return good;
}

static bool read_word(const char *word)
{
    size_t key = strcspn(word, "=");
    const struct param_row *secret = secret_row(word, key);
    struct params_error error;

    if (word[key] == '\0')
        return secret ? ask_for(secret)
                      : refuse("enrol", "a word is key=value, or the key of a secret, which is asked for");
    if (secret)
        return refuse(secret->name, "every user of this system can read a command line: give the key alone, "
                                    "and type it when it is asked for, or --file");
    return params_set(&work.params, word, key, word + key + 1, strlen(word) - key - 1, PARAM_VARIABLE, 0,
                      &error) ||
           refuse_error(NULL, &error);
}

static bool read_settings(const struct options *options)
{
    if (options->enrol.word_count == 0 && options->enrol.file == NULL)
        return refuse("enrol", "which settings? Give key=value, or --file FILE");
    if (options->enrol.file && !read_file(options->enrol.file))
        return false;
    for (int i = 0; i < options->enrol.word_count; i++)
        if (!read_word(options->enrol.words[i]))
            return false;
    for (unsigned id = 0; id < PARAM_COUNT; id++)
        if (is_set(id))
            return true;
    return refuse(options->enrol.file, "there are no settings in it");
}

/* --- The file's text --- */

/* What lunboot will read of it must be what was given: a double quote has no escape. */
static bool check_text(size_t length)
{
    static const struct params_file file = {ENROL_NAME, PARAM_VARIABLE, NULL};
    static struct params again;
    struct params_error error;
    bool good;

    params_init(&again);
    good = params_read_file(&again, &file, work.text, length, NULL, &error) || refuse_error(NULL, &error);
    for (unsigned id = 0; good && id < PARAM_COUNT; id++)
        if (again.values[id].length != work.params.values[id].length ||
            memcmp(again.values[id].text, work.params.values[id].text, again.values[id].length) != 0)
            good = refuse(params_table[id].name, "a file cannot hold this value: it has a double quote and "
                                                 "something that only double quotes protect");
    params_wipe(&again);
    return good;
}

static bool write_text(size_t *ret_length)
{
    struct fmt fmt;

    fmt_init(&fmt, work.text, sizeof work.text);
    for (unsigned id = 0; id < PARAM_COUNT; id++) {
        const char *quote = strchr(work.params.values[id].text, '"') ? "" : "\"";

        if (!is_set(id))
            continue;
        fmt_print(&fmt, "%s = %s", params_table[id].name, quote);
        params_emit(&work.params, (enum param_id)id, &fmt);
        fmt_print(&fmt, "%s\n", quote);
    }
    *ret_length = fmt.length;
    return fmt.cut ? refuse("enrol", "the settings are more than 64 KiB") : check_text(fmt.length);
}

/* --- The file --- */

/* One that is still there is not merely unlinked: its secrets would stay on the medium. */
static bool overwrite_old(const char *path)
{
    static const char zeros[4096];
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat status;
    bool good;

    if (fd < 0)
        return errno == ENOENT;
    good = fstat(fd, &status) == 0;
    for (off_t left = status.st_size; good && left > 0;) {
        ssize_t n = write(fd, zeros, left < (off_t)sizeof zeros ? (size_t)left : sizeof zeros);

        good = n > 0;
        left -= n;
    }
    good = good && fsync(fd) == 0;
    return close(fd) == 0 && good;
}

static bool write_all(struct file *file, size_t length)
{
    for (size_t at = 0; at < length;) {
        long n = lunctl_file_write(file, (const uint8_t *)work.text + at, length - at);

        if (n < 0)
            return false;
        at += (size_t)n;
    }
    return lunctl_file_keep(file);
}

static bool write_file(const char *path, size_t length)
{
    struct file file;
    bool good;

    umask(077);
    if (!overwrite_old(path) || !lunctl_file_open_output(&file, path))
        return refuse(path, strerror(errno));
    good = write_all(&file, length) || refuse(path, strerror(errno));
    lunctl_file_close(&file);
    return good;
}

static void tell(const struct options *options, const char *path)
{
    struct json json = {0};

    if (options->json) {
        lunctl_json_object(&json, NULL);
        lunctl_json_text(&json, "file", path);
        lunctl_json_list(&json, "keys");
    } else {
        printf("%s:", path);
    }
    for (unsigned id = 0; id < PARAM_COUNT; id++) {
        if (!is_set(id))
            continue;
        if (options->json)
            lunctl_json_text(&json, NULL, params_table[id].name);
        else
            printf(" %s", params_table[id].name);
    }
    if (options->json) {
        lunctl_json_end(&json, ']');
        lunctl_json_end(&json, '}');
    } else {
        puts("\nThe next start of lunboot moves this into UEFI variables, and deletes the file.");
    }
}

int lunctl_enrol_run(const struct options *options)
{
    const char *esp = options->enrol.esp ? options->enrol.esp : LUNCTL_ESP;
    char folder[PATH_MAX], path[PATH_MAX + sizeof "/" ENROL_NAME];
    size_t length = 0;
    int status = 1;

    params_init(&work.params);
    if (!read_settings(options) || !write_text(&length))
        status = USAGE;
    else if (lunctl_esp_find(esp, options->enrol.folder, folder)) {
        snprintf(path, sizeof path, "%s/" ENROL_NAME, folder);
        status = write_file(path, length) ? 0 : 1;
    }
    if (status == 0)
        tell(options, path);
    params_wipe(&work.params);
    bytes_wipe(work.text, sizeof work.text);
    return status;
}
