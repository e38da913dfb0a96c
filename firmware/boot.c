/* SPDX-License-Identifier: BSD-2-Clause */
#include "boot.h"

#include <string.h>

#include "efi/console.h"
#include "efi/devpath.h"
#include "efi/loader.h"
#include "log.h"
#include "machine.h"
#include "trace.h"

#define WATCHDOG_S 300u /* the firmware's own habit for a loader (UEFI 2.10 section 3.1.2) */

#ifdef __aarch64__
#define ARCH "AA64"
#define arch "aa64"
#else
#define ARCH "X64"
#define arch "x64"
#endif

/* After the default of UEFI 2.10 section 3.5.1.1: where distributions and Windows keep their loaders. */
static const char *const known[] = {
    "\\EFI\\BOOT\\BOOT" ARCH ".EFI",
    "\\EFI\\debian\\shim" arch ".efi",
    "\\EFI\\debian\\grub" arch ".efi",
    "\\EFI\\ubuntu\\shim" arch ".efi",
    "\\EFI\\ubuntu\\grub" arch ".efi",
    "\\EFI\\fedora\\shim" arch ".efi",
    "\\EFI\\redhat\\shim" arch ".efi",
    "\\EFI\\rocky\\shim" arch ".efi",
    "\\EFI\\almalinux\\shim" arch ".efi",
    "\\EFI\\centos\\shim" arch ".efi",
    "\\EFI\\opensuse\\shim.efi",
    "\\EFI\\sles\\shim.efi",
    "\\EFI\\systemd\\systemd-boot" arch ".efi",
    "\\EFI\\Microsoft\\Boot\\bootmgfw.efi",
};

/* Paths that were tried, for the one sentence. */
static char tried[400];
static struct fmt tried_fmt;

static void note(const char *file, EFI_STATUS status)
{
    log_print(LOG_INFO, "%s: %s", file, uefi_status_name(status));
    fmt_print(&tried_fmt, "%s%s (%s)", tried_fmt.length ? ", " : "", file, uefi_status_name(status));
}

EFI_STATUS boot_run(EFI_HANDLE image, const char *name)
{
    EFI_STATUS status;

    log_print(LOG_INFO, "starting %s", name);
    trace_write_capture();
    console_watchdog(WATCHDOG_S);
    machine.loader_runs = true;
    status = loader_start(image);
    machine.loader_runs = false;
    machine.loader_ran = true;
    console_watchdog(WATCHDOG_S); /* for what we do now: the loader may have stopped it */
    log_print(LOG_INFO, "%s came back: %s", name, uefi_status_name(status));
    return status;
}

static void run(EFI_HANDLE image, const char *file)
{
    EFI_STATUS status = boot_run(image, file);

    machine_fail(FAILURE_LOADER, EFI_ERROR(status) ? status : EFI_ABORTED,
                 "The loader %s on the disk ended by itself (%s): see what it printed above.", file,
                 uefi_status_name(status));
}

/* True when the file was there and was started. */
static bool try_file(const struct loader_volume *volume, const char *file, const char *arguments)
{
    EFI_HANDLE image;
    EFI_STATUS status;

    status = loader_load_file(volume, file, arguments, &image);
    if (EFI_ERROR(status)) {
        note(file, status);
        return false;
    }
    run(image, file);
    return true;
}

static const char *arguments(void)
{
    return params_is_set(&machine.params, PARAM_BOOT_ARGS) ? params_text(&machine.params, PARAM_BOOT_ARGS)
                                                           : NULL;
}

static bool try_configured(const struct loader_volume *volumes, unsigned count)
{
    const char *file = params_text(&machine.params, PARAM_BOOT_FILE);
    bool started = false;

    for (unsigned i = 0; i < count && !started; i++)
        started = try_file(&volumes[i], file, arguments());
    if (!started)
        machine_fail(FAILURE_LOADER, EFI_NOT_FOUND,
                     "The configured boot-file could not be started from the disk: %s; correct boot-file.",
                     tried);
    return started;
}

static bool try_known(const struct loader_volume *volumes, unsigned count)
{
    char absent[LOG_LINE_MAX];
    struct fmt fmt;

    fmt_init(&fmt, absent, sizeof absent);
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
        for (unsigned i = 0; i < count; i++) {
            if (loader_file_exists(&volumes[i], known[k])) {
                if (try_file(&volumes[i], known[k], arguments()))
                    return true;
            } else if (k == 0) {
                note(known[k], EFI_NOT_FOUND);
            } else if (i == 0) {
                fmt_print(&fmt, "%s%s", fmt.length ? ", " : "", known[k]);
            }
        }
    log_print(LOG_INFO, "nor are there %s", absent);
    machine_fail(
        FAILURE_LOADER, EFI_NOT_FOUND,
        "The disk has no loader that can be started: %s, nor any of the known ones; name it with boot-file.",
        tried);
    return false;
}

void boot_start(void)
{
    struct loader_volume volumes[LOADER_VOLUMES_MAX];
    unsigned count = loader_volumes(machine.disk_handle, machine.disk_path, volumes, LOADER_VOLUMES_MAX);

    fmt_init(&tried_fmt, tried, sizeof tried);
    if (!count)
        machine_fail(FAILURE_LOADER, EFI_NOT_FOUND,
                     "The disk has no file system that the firmware can read: an EFI system partition (FAT) "
                     "is needed; "
                     "is this the right LUN?");
    else if (params_is_set(&machine.params, PARAM_BOOT_FILE))
        try_configured(volumes, count);
    else
        try_known(volumes, count);
}
