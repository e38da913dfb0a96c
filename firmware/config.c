/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>

#include "configline.h"
#include "efi/console.h"
#include "efi/file.h"
#include "efi/origin.h"
#include "iscsi/bytes.h"
#include "machine.h"
#include "served.h"
#include "settings.h"
#include "stored.h"

#define LINE_MAX (PARAM_TEXT_MAX + WORDS_MAX)

static struct configline line;

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...)
{
    static char text[LINE_MAX];
    va_list arguments;
    struct fmt fmt;

    fmt_init(&fmt, text, sizeof text);
    va_start(arguments, format);
    fmt_vprint(&fmt, format, arguments);
    va_end(arguments);
    console_line(text);
}

static void say_error(const char *before, const struct params_error *error)
{
    char reason[WORDS_MAX];
    struct fmt fmt;

    fmt_init(&fmt, reason, sizeof reason);
    params_error_text(error, &fmt);
    say("%s%s", before, reason);
}

/* --- set --- */

static bool ask(const char *key, const char *again, char *ret_text, size_t capacity, size_t *ret_length)
{
    char prompt[80];
    struct fmt fmt;
    bool typed;

    fmt_init(&fmt, prompt, sizeof prompt);
    fmt_print(&fmt, "%s%s: ", key, again);
    console_progress(prompt);
    typed = console_hidden_line(ret_text, capacity, ret_length);
    console_progress_end();
    return typed;
}

static EFI_STATUS ask_twice(enum param_id id, struct params *wanted)
{
    char first[PARAM_TEXT_MAX + 1], second[PARAM_TEXT_MAX + 1];
    const char *key = params_key(id);
    size_t length, again;
    struct params_error error;
    EFI_STATUS status = EFI_ABORTED;

    if (!ask(key, "", first, sizeof first, &length) ||
        !ask(key, " once more", second, sizeof second, &again)) {
        say("Ended with Esc; nothing was stored.");
    } else if (length != again || !bytes_equal_secret((uint8_t *)first, (uint8_t *)second, length)) {
        say("The two were not the same; nothing was stored.");
        status = EFI_INVALID_PARAMETER;
    } else if (!params_set_id(wanted, id, first, length, PARAM_VARIABLE, 0, &error)) {
        error.source = PARAM_UNSET;
        say_error("Nothing was stored: ", &error);
        status = EFI_INVALID_PARAMETER;
    } else {
        status = EFI_SUCCESS;
    }
    bytes_wipe(first, sizeof first);
    bytes_wipe(second, sizeof second);
    return status;
}

static EFI_STATUS ask_all(void)
{
    EFI_STATUS status = EFI_SUCCESS;

    console_watchdog(0); /* a person types */
    for (unsigned id = 0; id < PARAM_COUNT && !EFI_ERROR(status); id++)
        if (line.ask[id])
            status = ask_twice((enum param_id)id, &line.wanted);
    return status;
}

/* What was stored is right by itself; whether it is right with all the rest is another question. */
static void warn_of_the_whole(void)
{
    struct params_error error;

    if (!settings_read_kept())
        say("But a boot would stop: %s", machine.failure.sentence);
    else if (!params_check_local(&machine.configured, &error))
        say_error("But a boot would stop: ", &error);
}

static EFI_STATUS set(void)
{
    const char *key;
    EFI_STATUS status = ask_all();

    if (EFI_ERROR(status))
        return status;
    status = stored_write(&line.wanted, &key);
    if (EFI_ERROR(status)) {
        say("Nothing was stored: the firmware does not take the UEFI variable %s (%s). Its room for "
            "variables "
            "may be used up, or it may want a restart.",
            key, uefi_status_name(status));
        return status;
    }
    stored_settle(true);
    for (unsigned id = 0; id < PARAM_COUNT; id++)
        if (line.wanted.values[id].source == PARAM_VARIABLE)
            say("stored: %s", params_key((enum param_id)id));
    warn_of_the_whole();
    return EFI_SUCCESS;
}

/* --- show --- */

static EFI_STATUS show(void)
{
    bool good = settings_read_kept(), any = false;
    char text[LINE_MAX];
    struct fmt fmt;

    for (unsigned id = 0; id < PARAM_COUNT; id++) {
        if (!line.all && !params_is_set(&machine.configured, (enum param_id)id))
            continue;
        fmt_init(&fmt, text, sizeof text);
        params_describe(&machine.configured, (enum param_id)id, &fmt);
        say("%s", text);
        any = true;
    }
    if (!good)
        say("%s", machine.failure.sentence);
    else if (!any)
        say("Nothing is set: neither in UEFI variables, nor in lunboot.conf, nor by an iBFT.");
    return good ? EFI_SUCCESS : machine.failure.status;
}

/* --- delete --- */

static EFI_STATUS delete_all(void)
{
    unsigned count;
    EFI_STATUS status = stored_delete_all(&count);

    say("deleted: %u UEFI variables", count);
    if (EFI_ERROR(status))
        say("The firmware does not delete the others (%s).", uefi_status_name(status));
    return status;
}

static EFI_STATUS delete (void)
{
    if (line.all)
        return delete_all();
    for (unsigned i = 0; i < line.name_count; i++)
        if (!stored_has(line.names[i])) {
            say("Nothing was deleted: there is no UEFI variable %s. `config show` lists what is set.",
                line.names[i]);
            return EFI_NOT_FOUND;
        }
    for (unsigned i = 0; i < line.name_count; i++) {
        EFI_STATUS status = stored_delete(line.names[i]);

        if (EFI_ERROR(status)) {
            say("The firmware does not delete the UEFI variable %s (%s).", line.names[i],
                uefi_status_name(status));
            return status;
        }
        say("deleted: %s", line.names[i]);
    }
    return EFI_SUCCESS;
}

/* --- The command --- */

static EFI_STATUS help(void)
{
    static const char *const lines[] = {
        "lunboot.efi config set KEY=VALUE ...  keep settings in UEFI variables, above lunboot.conf",
        "lunboot.efi config set chap-secret    the same for a secret, which is asked for and not shown",
        "lunboot.efi config show [all]         what is set, and where; all: the defaults too",
        "lunboot.efi config delete KEY ...     remove variables; all: every one",
        "Values with blanks stand in double quotes. None of these starts a boot.",
    };

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        say("%s", lines[i]);
    return EFI_SUCCESS;
}

/* A script that came over the network, as iPXE's does, must not change what this machine keeps. */
static bool is_from_afar(void)
{
    return origin_find()->network && (line.verb == CONFIGLINE_SET || line.verb == CONFIGLINE_DELETE);
}

static EFI_STATUS carry_out(void)
{
    if (is_from_afar()) {
        say("Nothing was done: lunboot came over the network, and so may have this command. Start it from a "
            "local volume.");
        return EFI_ACCESS_DENIED;
    }
    switch (line.verb) {
    case CONFIGLINE_SET:
        return set();
    case CONFIGLINE_SHOW:
        return show();
    case CONFIGLINE_DELETE:
        return delete ();
    default:
        return help();
    }
}

bool config_run(EFI_STATUS *ret_status)
{
    struct params_error error;
    size_t length;
    char *options = file_load_options(&length);
    bool good = !options || configline_read(options, length, &line, &error);

    if (options)
        bytes_wipe(options, length);
    uefi_free(options);
    if (!options || (good && line.verb == CONFIGLINE_NONE))
        return false;
    file_wipe_load_options();
    if (!good)
        say_error("Nothing was done: ", &error);
    *ret_status = good ? carry_out() : EFI_INVALID_PARAMETER;
    params_wipe(&line.wanted);
    params_wipe(&machine.configured);
    served_forget();
    return true;
}
