/* SPDX-License-Identifier: BSD-2-Clause */
/* lunboot.conf, a server's file, load options, `config ...` and DHCP option 43 (firmware/params*.c,
 * firmware/configline.c). */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "firmware/configline.h"
#include "firmware/params.h"

/* Everything in it is either taken or refused with a reason, and it ends; no secret and no policy comes of
 * it. */
static void read_vendor(struct params *params, const uint8_t *bytes, size_t length)
{
    struct params_error error = {0};
    size_t at = 0, before = 0;

    while (!params_read_vendor(params, bytes, length, &at, &error)) {
        PROMISE(at > before && at <= length && error.reason[0] != '\0');
        before = at;
    }
    PROMISE(at == length);
    PROMISE(!params_is_set(params, PARAM_CHAP_SECRET) && !params_is_set(params, PARAM_AUTH));
}

/* What is to be stored is read again as it was meant. */
static void fuzz_config(const char *text, size_t length)
{
    static struct configline line;
    static struct params again;
    char value[PARAM_TEXT_MAX + 1];
    struct params_error error = {0};
    struct fmt fmt;

    params_init(&again);
    if (!configline_read(text, length, &line, &error)) {
        PROMISE(error.reason[0] != '\0');
        return;
    }
    for (unsigned i = 0; i < PARAM_COUNT; i++) {
        if (line.wanted.values[i].source != PARAM_VARIABLE)
            continue;
        fmt_init(&fmt, value, sizeof value);
        params_emit(&line.wanted, (enum param_id)i, &fmt);
        PROMISE(!fmt.cut && fmt.length > 0);
        PROMISE(params_set_id(&again, (enum param_id)i, value, fmt.length, PARAM_VARIABLE, 0, &error));
        PROMISE(memcmp(&again.values[i], &line.wanted.values[i], sizeof again.values[i]) == 0);
    }
    params_wipe(&line.wanted);
    params_wipe(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const struct params_facts facts = {.mac = "52-54-00-4c-55-01", .uuid = "0-1", .ip = "192.0.2.7"};
    static const struct params_file local = {"lunboot.conf", PARAM_FILE, NULL};
    static const struct params_file server = {"tftp://192.0.2.1/lunboot.conf", PARAM_SERVER, &facts};
    static struct params params;
    const struct params_file *file = length > 0 && *bytes & 2 ? &server : &local;
    struct params_includes includes;
    struct params_error error = {0};
    struct params_target target;
    char line[1200];
    struct fmt fmt;
    bool good = true;

    fuzz_config((const char *)bytes, length);
    if (length > 0 && *bytes == 43)
        read_vendor((params_init(&params), &params), bytes + 1, length - 1);
    else if (length > 0 && *bytes & 1)
        good = params_read_options((params_init(&params), &params), (const char *)bytes, length, &error);
    else
        good = params_read_file((params_init(&params), &params), file, (const char *)bytes, length, &includes,
                                &error);
    PROMISE(good || error.reason[0] != '\0');
    fmt_init(&fmt, line, sizeof line);
    params_error_text(&error, &fmt);
    if (good && params_check(&params, &error))
        for (unsigned i = 0; i < params_target_count(&params); i++)
            params_target(&params, i, &target, &error);
    for (unsigned i = 0; i < PARAM_COUNT; i++) {
        fmt_init(&fmt, line, sizeof line);
        params_describe(&params, (enum param_id)i, &fmt);
    }
    params_wipe(&params);
    return 0;
}
