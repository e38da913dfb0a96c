/* SPDX-License-Identifier: BSD-2-Clause */
/* lunboot.conf and load options (firmware/params*.c). */
#include "tests/fuzz/fuzz.h"

#include "firmware/params.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct params params;
    struct params_error error = {0};
    struct params_target target;
    char line[1200];
    struct fmt fmt;
    bool good;

    if (length > 0 && *bytes & 1)
        good = params_read_options((params_init(&params), &params), (const char *)bytes, length, &error);
    else
        good = params_read_file((params_init(&params), &params), (const char *)bytes, length, PARAM_FILE,
                                &error);
    PROMISE(good || error.reason[0] != '\0');
    fmt_init(&fmt, line, sizeof line);
    params_error_text(&error, &fmt);
    if (good && params_check(&params, &error))
        params_target(&params, &target, &error);
    for (unsigned i = 0; i < PARAM_COUNT; i++) {
        fmt_init(&fmt, line, sizeof line);
        params_describe(&params, (enum param_id)i, &fmt);
    }
    params_wipe(&params);
    return 0;
}
