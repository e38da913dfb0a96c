/* SPDX-License-Identifier: BSD-2-Clause */
#include "hook.h"

#include <string.h>

#include "boot.h"
#include "efi/bootentry.h"
#include "efi/bootpath.h"
#include "efi/devpath.h"
#include "efi/loader.h"
#include "log.h"
#include "machine.h"

/* Of the UEFI Shell in a firmware volume (UEFI Shell 2.2, section 3.1). */
static const EFI_GUID shell_guid = {
    0x7c04a583, 0x9e3e, 0x4f1c, {0xad, 0x65, 0xe0, 0x52, 0x68, 0xd0, 0xb4, 0xd1}};

#ifdef __aarch64__
#define arch "aa64"
#else
#define arch "x64"
#endif

/* Where it is kept on a volume: the first is what many a firmware's setup looks for. */
static const char *const shells[] = {
    "\\shell" arch ".efi",
    "\\EFI\\shell" arch ".efi",
    "\\EFI\\tools\\shell" arch ".efi",
    "\\EFI\\shell\\shell" arch ".efi",
};

/* What is to be started, and why it could not be so far. */
struct program {
    const char *name;
    const void *options;
    size_t length;
    bool from_lun; /* may it come from the disk itself? */
    const char *reason;
};

/* What was tried, for the one sentence. */
static char tried[450];
static struct fmt tried_fmt;

static void note(const char *name, const char *reason)
{
    log_print(LOG_INFO, "%s: %s", name, reason);
    fmt_print(&tried_fmt, "%s%s (%s)", tried_fmt.length ? ", " : "", name, reason);
}

/* Success is handed on too: the firmware then opens its menu, as if it had started the program itself (UEFI
 * 2.10 section 3.1.1). */
static void run(EFI_HANDLE image, const char *name)
{
    EFI_STATUS status = boot_run(image, name);

    if (EFI_ERROR(status))
        machine_fail(
            FAILURE_LOADER, status,
            "%s, which was started with the disk attached, ended with %s: see what it printed above.", name,
            uefi_status_name(status));
    else /* a block that could not be read was told then, and the program has lived with it */
        machine.failure = (struct failure){.stage = FAILURE_NONE, .status = EFI_SUCCESS};
}

/* Of several places the first with more to tell than that nothing is there. */
static void keep_reason(struct program *program, const char *reason)
{
    const char *nothing = uefi_status_name(EFI_NOT_FOUND);

    if (!program->reason || strcmp(program->reason, nothing) == 0)
        program->reason = reason;
}

static bool try_path(struct program *program, const EFI_DEVICE_PATH *path)
{
    char text[LOG_LINE_MAX / 2];
    EFI_HANDLE image;
    EFI_STATUS status;

    devpath_text(path, text, sizeof text);
    if (bootpath_is_own(path)) {
        keep_reason(program, "it is lunboot itself");
        return false;
    }
    status = loader_load(path, program->options, program->length, &image);
    if (EFI_ERROR(status)) {
        log_print(LOG_DEBUG, "%s at %s: %s", program->name, text, uefi_status_name(status));
        keep_reason(program, uefi_status_name(status));
        return false;
    }
    log_print(LOG_INFO, "%s is %s%s", program->name, text,
              devpath_is_prefix(machine.disk_path, path) ? ", which is on the LUN" : "");
    run(image, program->name);
    return true;
}

static bool try_those(struct program *program, EFI_DEVICE_PATH *const paths[], unsigned count, bool on_lun)
{
    for (unsigned i = 0; i < count; i++)
        if (devpath_is_prefix(machine.disk_path, paths[i]) == on_lun && try_path(program, paths[i]))
            return true;
    return false;
}

/* A partition that was copied to the disk has the name of its original: what is local comes first. */
static bool try_paths(struct program *program, EFI_DEVICE_PATH *paths[], unsigned count)
{
    bool started = try_those(program, paths, count, false) ||
                   (program->from_lun && try_those(program, paths, count, true));

    for (unsigned i = 0; i < count; i++)
        uefi_free(paths[i]);
    return started;
}

static bool try_expanded(struct program *program, const EFI_DEVICE_PATH *path)
{
    EFI_DEVICE_PATH *paths[BOOTPATH_MAX];

    return try_paths(program, paths, bootpath_expand(path, paths));
}

static bool needs_our_nic(const EFI_DEVICE_PATH *path)
{
    return devpath_is_prefix(machine.nic_path, path) && !devpath_is_prefix(machine.disk_path, path);
}

static bool try_entry(const struct bootentry *entry)
{
    const EFI_DEVICE_PATH *path = (const EFI_DEVICE_PATH *)entry->option.path;
    struct program program = {.name = entry->name,
                              .options = entry->option.data,
                              .length = entry->option.data_length,
                              .from_lun = true};

    if (needs_our_nic(path))
        program.reason = "it needs the NIC that lunboot holds for the disk";
    else if (try_expanded(&program, path))
        return true;
    note(entry->name,
         program.reason ? program.reason : "no such device, or no volume on it that the firmware can read");
    return false;
}

static bool try_number(uint16_t number, bool by_name)
{
    static struct bootentry entry;
    EFI_STATUS status = bootentry_read(number, &entry);

    if (EFI_ERROR(status))
        note(entry.name, uefi_status_name(status));
    else if (!by_name && !entry.option.active)
        note(entry.name, "not active");
    else if (!by_name && entry.option.on_request)
        note(entry.name, "an application or the like, which is started on request alone");
    else
        return try_entry(&entry);
    return false;
}

static void tell_of_arguments(void)
{
    if (params_is_set(&machine.params, PARAM_BOOT_ARGS))
        log_print(LOG_INFO, "boot-args is not used: a boot entry has load options of its own");
}

/* The entries behind our own; all when we are in none of them. */
static void start_next(void)
{
    uint16_t numbers[BOOTENTRY_ORDER_MAX], own;
    unsigned count = bootentry_order(numbers), first = 0;

    tell_of_arguments();
    if (bootentry_current(&own))
        for (unsigned i = 0; i < count; i++)
            if (numbers[i] == own)
                first = i + 1;
    for (unsigned i = first; i < count; i++)
        if (try_number(numbers[i], false))
            return;
    if (first == count)
        machine_fail(
            FAILURE_LOADER, EFI_NOT_FOUND,
            "boot = next: the firmware's BootOrder has no entry after lunboot's own; add one, or name "
            "with boot what is to be started.");
    else
        machine_fail(
            FAILURE_LOADER, EFI_NOT_FOUND,
            "boot = next: no boot entry after lunboot's own could be started: %s; correct one of them, "
            "or name with boot what is to be started.",
            tried);
}

static void start_entry(void)
{
    tell_of_arguments();
    if (!try_number(params_boot_entry(&machine.params), true))
        machine_fail(FAILURE_LOADER, EFI_NOT_FOUND,
                     "The boot entry that boot names could not be started: %s; name another one.", tried);
}

static bool try_file(struct program *program)
{
    EFI_DEVICE_PATH *path = bootpath_of_file(program->name);
    bool started = path && try_expanded(program, path);

    uefi_free(path);
    if (!started)
        note(program->name, program->reason ? program->reason : uefi_status_name(EFI_NOT_FOUND));
    return started;
}

static void start_file(struct program *program)
{
    program->name = params_text(&machine.params, PARAM_AFTER_ATTACH);
    if (!try_file(program))
        machine_fail(
            FAILURE_LOADER, EFI_NOT_FOUND,
            "The file that boot names could not be started from a volume of this machine: %s; the disk "
            "itself is not searched for it.",
            tried);
}

static bool try_firmware_shell(struct program *program)
{
    EFI_DEVICE_PATH *paths[BOOTPATH_MAX];
    unsigned count = bootpath_in_firmware(&shell_guid, paths);

    program->name = "the UEFI Shell";
    if (try_paths(program, paths, count))
        return true;
    note("the firmware's own", program->reason ? program->reason : uefi_status_name(EFI_NOT_FOUND));
    return false;
}

static void start_shell(struct program *program)
{
    const struct program whole = *program;

    if (try_firmware_shell(program))
        return;
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
        *program = whole;
        program->name = shells[i];
        if (try_file(program))
            return;
    }
    machine_fail(FAILURE_LOADER, EFI_NOT_FOUND,
                 "boot = shell: there is no UEFI Shell that can be started: %s; put one on a volume of this "
                 "machine.",
                 tried);
}

/* Those of a loader on the disk are the network's business. The Shell's are commands, and a local lunboot.efi
 * takes `config set` from them. */
static bool are_local(enum param_id id)
{
    const struct param_value *value = &machine.params.values[id];
    char place[PARAMS_FILE_NAME_MAX * 4];
    struct fmt fmt;

    if (!params_is_set(&machine.params, id) || value->source >= PARAM_FILE)
        return true;
    fmt_init(&fmt, place, sizeof place);
    params_describe_place(&machine.params, id, &fmt);
    machine_fail(
        FAILURE_LOADER, EFI_ACCESS_DENIED,
        "boot-args comes from %s, and programs of this machine get arguments from it alone: set boot-args "
        "in lunboot.conf, or take it out there.",
        place);
    return false;
}

static void start_with_arguments(void (*start)(struct program *program))
{
    const char *arguments = params_is_set(&machine.params, PARAM_BOOT_ARGS)
                                ? params_text(&machine.params, PARAM_BOOT_ARGS)
                                : NULL;
    struct program program = {0};
    CHAR16 *options;

    if (!are_local(PARAM_BOOT_ARGS))
        return;
    options = loader_options(arguments, &program.length);
    program.options = options;
    start(&program);
    uefi_free(options);
}

static void tell_what_is_attached(void)
{
    char line[LOG_LINE_MAX];
    struct fmt fmt;

    fmt_init(&fmt, line, sizeof line);
    words_lun(machine.target.lun, &fmt);
    fmt_print(&fmt, " of ");
    fmt_escaped(&fmt, machine.target.target, strlen(machine.target.target));
    log_print(LOG_INFO, "%s stays attached, and the iBFT tells of it, for what is started now", line);
}

void hook_start(void)
{
    fmt_init(&tried_fmt, tried, sizeof tried);
    tell_what_is_attached();
    switch (params_number(&machine.params, PARAM_AFTER_ATTACH)) {
    case PARAMS_BOOT_NEXT:
        start_next();
        break;
    case PARAMS_BOOT_SHELL:
        start_with_arguments(start_shell);
        break;
    case PARAMS_BOOT_ENTRY:
        start_entry();
        break;
    default:
        start_with_arguments(start_file);
    }
}
