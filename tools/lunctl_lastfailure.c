/* SPDX-License-Identifier: BSD-2-Clause */
#include "lunctl_lastfailure.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "firmware/fmt.h"
#include "firmware/lastfailure.h"
#include "lunctl_json.h"

#define ATTRIBUTES 4u /* Linux puts them before the variable's bytes */
#define OWN        "/sys/firmware/efi/efivars/" LASTFAILURE_NAME "-" LASTFAILURE_GUID

static void print(const struct options *options, const uint8_t *bytes, size_t length)
{
    char sentence[4 * LASTFAILURE_MAX + 1];
    struct json json = {0};
    struct fmt fmt;

    fmt_init(&fmt, sentence, sizeof sentence);
    fmt_escaped(&fmt, (const char *)bytes, length);
    if (!options->json) {
        puts(sentence);
        return;
    }
    lunctl_json_object(&json, NULL);
    lunctl_json_text(&json, "last-failure", sentence);
    lunctl_json_end(&json, '}');
}

static int fail(const char *name, const char *why)
{
    fprintf(stderr, "lunctl: %s: %s\n", name, why);
    return 1;
}

int lunctl_lastfailure_run(const struct options *options)
{
    const char *name = options->file ? options->file : OWN;
    uint8_t bytes[ATTRIBUTES + LASTFAILURE_MAX + 1];
    FILE *file = fopen(name, "rb");
    size_t length;

    if (file == NULL && errno == ENOENT && options->file == NULL) {
        puts("lunboot has recorded no failure since this machine was reset");
        return 0;
    }
    if (file == NULL)
        return fail(name, strerror(errno));
    length = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    if (length <= ATTRIBUTES || length == sizeof bytes)
        return fail(name, "this is not the variable that lunboot writes");
    print(options, bytes + ATTRIBUTES, length - ATTRIBUTES);
    return 0;
}
