/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * storm-client: one machine that boots, for tools/storm/storm, which starts hundreds of them. It says "ready"
 * once its card is there, begins when a byte comes on standard input, prints one line of JSON when it has
 * read its first block or has failed, and stays logged in until standard input, a pipe, is closed.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot.h"
#include "iscsi/bytes.h"
#include "iscsi/hash.h"
#include "tools/lunctl_json.h"

#define MISUSED     2
#define LINE_SIZE   4096u /* PIPE_BUF: a line from one machine is whole, whoever else writes */
#define CONFIG_SIZE 65536u

struct options {
    const char *tap, *config;
    uint8_t mac[6];
    bool has_mac;
};

static struct boot boot = {.leash = STDIN_FILENO};

static int misused(const char *what, const char *why)
{
    fprintf(stderr,
            "storm-client: %s: %s\n"
            "usage: storm-client --tap DEVICE --mac MAC [--config FILE] [KEY=VALUE]...\n"
            "       the settings are lunboot's own; FILE is a lunboot.conf\n",
            what, why);
    return MISUSED;
}

static bool parse_mac(const char *text, uint8_t ret_mac[6])
{
    for (unsigned i = 0; i < 6; i++) {
        char *end;
        unsigned long byte = strtoul(text, &end, 16);

        if (end == text || byte > 0xff || *end != (i < 5 ? ':' : '\0'))
            return false;
        ret_mac[i] = (uint8_t)byte;
        text = end + 1;
    }
    return true;
}

static bool parse_options(int count, char **words, struct options *ret_options)
{
    static const struct option known[] = {
        {"tap", required_argument, NULL, 't'},
        {"mac", required_argument, NULL, 'm'},
        {"config", required_argument, NULL, 'c'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(count, words, "", known, NULL)) != -1) {
        if (option == 't')
            ret_options->tap = optarg;
        else if (option == 'c')
            ret_options->config = optarg;
        else if (option != 'm' || !(ret_options->has_mac = parse_mac(optarg, ret_options->mac)))
            return false;
    }
    return ret_options->tap != NULL && ret_options->has_mac;
}

/* ---- settings ---- */

static bool wrong_setting(const struct params_error *error)
{
    char sentence[512];
    struct fmt fmt;

    fmt_init(&fmt, sentence, sizeof sentence);
    params_error_text(error, &fmt);
    misused("settings", sentence);
    return false;
}

static bool read_config(const char *name)
{
    static char text[CONFIG_SIZE];
    const struct params_file as = {.name = name, .source = PARAM_FILE};
    struct params_error error;
    FILE *file = fopen(name, "rb");
    size_t length;
    bool good;

    if (file == NULL) {
        misused(name, strerror(errno));
        return false;
    }
    length = fread(text, 1, sizeof text, file);
    fclose(file);
    good = params_read_file(&boot.configured, &as, text, length, NULL, &error) || wrong_setting(&error);
    bytes_wipe(text, sizeof text);
    return good;
}

static bool read_settings(const struct options *options, char **words)
{
    struct params_error error;

    params_init(&boot.configured);
    if (options->config != NULL && !read_config(options->config))
        return false;
    for (; *words != NULL; words++)
        if (!params_read_options(&boot.configured, *words, strlen(*words), &error))
            return wrong_setting(&error);
    return params_check(&boot.configured, &error) || wrong_setting(&error);
}

/* ---- what is told ---- */

static void tell_times(struct json *json)
{
    static const char *const keys[BOOT_STAGES] = {"address_ms", "connect_ms", "login_ms", "ready_ms",
                                                  "block_ms"};

    for (unsigned i = 0; i < BOOT_STAGES; i++)
        if (boot.at_ms[i] != 0)
            lunctl_json_number(json, keys[i], boot.at_ms[i]);
}

static void tell_block(struct json *json)
{
    const struct hash_piece piece = {boot.block, boot.block_size};
    uint8_t digest[HASH_SIZE_MAX];

    hash_compute(HASH_SHA256, &piece, 1, digest);
    lunctl_json_hex(json, "block_sha256", digest, hash_size(HASH_SHA256));
}

/* Times are CLOCK_MONOTONIC's milliseconds. */
static void tell(bool booted)
{
    struct json json = {.one_line = true};

    lunctl_json_object(&json, NULL);
    lunctl_json_text(&json, "initiator", boot.initiator_name);
    lunctl_json_bool(&json, "booted", booted);
    tell_times(&json);
    lunctl_json_number(&json, "tries", boot.tries);
    lunctl_json_number(&json, "connections", boot.connections);
    lunctl_json_number(&json, "failed_attempts", boot.failed);
    lunctl_json_number(&json, "md5_logins", boot.md5_logins);
    lunctl_json_number(&json, "discovers", boot.discovers);
    lunctl_json_number(&json, "frames_in", boot.frames_in);
    lunctl_json_number(&json, "frames_out", boot.frames_out);
    if (booted)
        tell_block(&json);
    else
        lunctl_json_text(&json, "failure", boot.failure);
    lunctl_json_end(&json, '}');
    fflush(stdout);
}

/* True: begin; false: whoever started us is gone. */
static bool wait_for_start(void)
{
    char byte;
    ssize_t n;

    puts("ready");
    fflush(stdout);
    do
        n = read(STDIN_FILENO, &byte, sizeof byte);
    while (n < 0 && errno == EINTR);
    return n == 1;
}

int main(int count, char **words)
{
    static char line[LINE_SIZE];
    struct options options = {.tap = NULL};
    bool booted;

    setvbuf(stdout, line, _IOFBF, sizeof line);
    if (!parse_options(count, words, &options))
        return misused("the command line", "a device and a MAC are needed");
    if (!read_settings(&options, words + optind))
        return MISUSED;
    if (!tap_open(&boot.tap, options.tap, options.mac))
        return misused(options.tap, strerror(errno));
    if (!wait_for_start())
        return EXIT_SUCCESS;
    booted = boot_run(&boot);
    tell(booted);
    if (booted) {
        boot_hold(&boot);
        boot_end(&boot);
    }
    nic_close(&boot.tap.nic);
    params_wipe(&boot.configured);
    params_wipe(&boot.params);
    return booted ? EXIT_SUCCESS : EXIT_FAILURE;
}
