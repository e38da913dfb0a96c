/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lunboot.efi from its start to the loader's, and back: settings, NIC, address, login, disk, iBFT, loader;
 * then everything is taken down in the opposite order, so that nothing outlives the program.
 */
#include <string.h>

#include "attach.h"
#include "boot.h"
#include "config.h"
#include "efi/blockio.h"
#include "efi/clock.h"
#include "efi/console.h"
#include "efi/devpath.h"
#include "efi/origin.h"
#include "efi/stackguard.h"
#include "hook.h"
#include "lastfailure.h"
#include "log.h"
#include "machine.h"
#include "nics.h"
#include "publish.h"
#include "retry.h"
#include "screen.h"
#include "served.h"
#include "settings.h"
#include "trace.h"
#include "wait.h"

static EFI_DEVICE_PATH *make_disk_path(void)
{
    const struct session_info *info = session_info(&machine.session);
    struct devpath_iscsi iscsi = {
        .remote_port = info->portal.port,
        .is_static = memcmp(machine.lease.server, "\0\0\0\0", 4) == 0,
        .portal_group = (uint16_t)info->keys.target_portal_group_tag,
        .chap = info->authenticated,
        .mutual = info->mutual,
        .header_digest = info->keys.header_digest != 0,
        .data_digest = info->keys.data_digest != 0,
        .target_name = machine.target.target,
    };

    memcpy(iscsi.local, machine.lease.address, 4);
    memcpy(iscsi.remote, info->address.bytes, 4);
    memcpy(iscsi.gateway, machine.lease.gateway, 4);
    memcpy(iscsi.netmask, machine.lease.netmask, 4);
    memcpy(iscsi.lun, machine.target.lun, 8);
    return devpath_make_iscsi(machine.nic_path, &iscsi);
}

/* Show the disk to the firmware. */
static bool install_disk(void)
{
    EFI_STATUS status = EFI_OUT_OF_RESOURCES;

    disk_init(&machine.disk, &machine.lun);
    machine.disk_path = make_disk_path();
    if (machine.disk_path)
        status = blockio_install(&machine.disk.blkdev, machine.disk_path, &machine.disk_handle);
    machine.disk_installed = !EFI_ERROR(status);
    if (!machine.disk_installed)
        machine_fail(FAILURE_DISK, status,
                     "The firmware does not take the disk (%s): try another firmware version.",
                     uefi_status_name(status));
    return machine.disk_installed;
}

static void remove_disk(void)
{
    EFI_STATUS status;

    if (machine.disk_installed) {
        machine.busy++;
        status = blockio_uninstall();
        machine.busy--;
        if (EFI_ERROR(status))
            log_print(LOG_ERROR,
                      "the firmware keeps the disk's handle (%s): it answers \"no media\" from now on",
                      uefi_status_name(status));
    }
    uefi_free(machine.disk_path); /* the handle has a copy */
    machine.disk_installed = false;
    machine.disk_path = NULL;
}

/* With a disk in hand: publish it and start what is on it. Returns when that failed or came back. */
static void use_disk(void)
{
    const uint64_t after = params_number(&machine.params, PARAM_AFTER_ATTACH);

    machine_watch();
    if (install_disk()) {
        if (after == PARAMS_BOOT_NO)
            log_print(LOG_INFO, "boot = no: the disk is there, nothing is started");
        else if (!publish_table())
            machine_fail(FAILURE_DISK, EFI_UNSUPPORTED,
                         "The iBFT could not be published, so the system would not find its disk: see the "
                         "lines above.");
        else if (after == PARAMS_BOOT_DISK)
            boot_start();
        else
            hook_start();
    }
    publish_remove();
    remove_disk();
    machine_unwatch();
    machine_end_session();
}

static enum attach_result attach_over(unsigned index, uint64_t *link_ms)
{
    enum nics_result up = nics_bring_up(index, link_ms);
    enum served_result served;

    if (up != NICS_UP)
        return up == NICS_ESC ? ATTACH_ESC : ATTACH_FAILED;
    served = served_read();
    if (served != SERVED_DONE)
        return served == SERVED_ESC ? ATTACH_ESC : ATTACH_FAILED;
    return attach_disk();
}

static void tell_next(unsigned index)
{
    if (machine.nic_entry && machine.nic_count > 1)
        log_print(LOG_INFO, "%s%s", machine.latest,
                  index + 1 < machine.nic_count ? " Trying the next NIC." : "");
}

/* One whole attempt to boot. Returns when it failed or what was started came back. */
static void attempt(void)
{
    uint64_t link_ms;
    bool good;

    machine.failure = (struct failure){.stage = FAILURE_NONE, .status = EFI_SUCCESS};
    machine.loader_ran = false;
    good = settings_read();
    machine.params = machine.configured; /* the pause on a failure holds also where something else is wrong */
    if (!good || !nics_choose())
        return;
    link_ms = params_number(&machine.configured, PARAM_LINK_WAIT);
    for (unsigned i = 0; i < machine.nic_count; i++) {
        enum attach_result result = attach_over(i, &link_ms);

        if (result == ATTACH_READY) {
            served_forget(); /* there may be a secret in what was fetched, and a loader need not come back */
            use_disk();
        } else if (result == ATTACH_ESC) {
            machine_fail(FAILURE_ABORTED, EFI_ABORTED, "Ended with Esc.");
        } else {
            tell_next(i);
        }
        nics_give_back();
        trace_write_capture();
        if (result != ATTACH_FAILED)
            return;
    }
}

static bool never(void *context)
{
    (void)context;
    return false;
}

static uint64_t draw_pause(void)
{
    uint64_t random;

    net_random(&random, sizeof random);
    return retry_pause(&machine.params, random);
}

static void tell_retry(uint64_t pause_ms, uint64_t number)
{
    uint64_t retries = params_number(&machine.params, PARAM_RETRIES);
    char line[LOG_LINE_MAX];
    struct fmt fmt;

    fmt_init(&fmt, line, sizeof line);
    fmt_print(&fmt, "trying again in %llu s (%llu", (unsigned long long)((pause_ms + 999) / 1000),
              (unsigned long long)number);
    if (retries != UINT64_MAX)
        fmt_print(&fmt, " of %llu", (unsigned long long)retries);
    fmt_print(&fmt, "; Esc ends it)");
    log_print(LOG_INFO, "not booted yet: %s", machine.failure.sentence);
    log_print(LOG_INFO, "%s", line);
}

/* What is missing may come by itself: a storage that is switched on with its machines takes longer than they.
 */
static bool wait_for_retry(uint64_t number)
{
    uint64_t pause_ms;

    if (!machine.failure.may_pass || number > params_number(&machine.params, PARAM_RETRIES))
        return false;
    pause_ms = draw_pause();
    tell_retry(pause_ms, number);
    return wait_until("the next try", pause_ms, never, NULL) == WAIT_TIMEOUT;
}

/* Attempts until one succeeded, failed for good, or was the last. */
static void boot_with_retries(void)
{
    uint64_t number = 0;

    do {
        attempt();
        served_forget();
        machine_forget_secrets();
    } while (machine.failure.stage != FAILURE_NONE && wait_for_retry(++number));
}

static EFI_STATUS run(void)
{
    enum screen_choice choice;

    do {
        boot_with_retries();
        if (machine.failure.stage == FAILURE_NONE)
            return EFI_SUCCESS;
        lastfailure_store(machine.failure.sentence);
        if (machine.loader_ran)
            screen_repeat_log();
        choice =
            screen_failure(machine.failure.sentence, params_number(&machine.params, PARAM_PAUSE_ON_FAILURE));
    } while (choice == SCREEN_RETRY);
    return EFI_ERROR(machine.failure.status) ? machine.failure.status : EFI_ABORTED;
}

STACKGUARD_OWN static EFI_STATUS start(void)
{
    EFI_STATUS status;

    clock_init();
    origin_find(); /* before anything touches a NIC */
    log_init(clock_ms);
    screen_open();
    if (config_run(&status))
        return status;
    log_print(LOG_INFO, "lunboot " LUNBOOT_VERSION);
    lastfailure_show();
    status = run();
    trace_end_capture();
    /* Our own waits wound it up; who started us does so again for what it starts next. */
    console_watchdog(0);
    log_print(LOG_INFO, "back to the firmware: %s", uefi_status_name(status));
    return status;
}

EFI_STATUS EFIAPI efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system_table);

STACKGUARD_NONE EFI_STATUS EFIAPI efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system_table)
{
    uefi_init(image, system_table);
    stackguard_set();
    return start();
}
