/* SPDX-License-Identifier: BSD-2-Clause */
#include "machine.h"

#include "efi/blockio.h"
#include "efi/clock.h"
#include "efi/event.h"
#include "efi/tpl.h"
#include "log.h"

#define TIMER_MS         20u
#define EXIT_LOGOUT_MS   200u /* REQ-255 */
#define LOGOUT_MS        2000u
#define LAST_SEGMENTS_MS 500u /* for the FIN after the Logout */

struct machine machine;

void machine_turn(void)
{
    EFI_TPL old = tpl_raise();

    if (machine.pumping)
        pump_turn(&machine.pump);
    else if (machine.net_open)
        net_poll();
    tpl_restore(old);
}

static void background(void *context)
{
    (void)context;
    if (!machine.busy)
        machine_turn();
}

/* Turns until the session has ended, at most limit_ms. At TPL_CALLBACK or below. */
static void drain_session(uint32_t limit_ms)
{
    uint64_t end = clock_ms() + limit_ms;

    session_logout(&machine.session, limit_ms);
    while (clock_ms() < end) {
        enum session_state state = session_state(&machine.session);

        if (state == SESSION_CLOSED || state == SESSION_FAILED)
            break;
        machine_turn();
    }
}

/* The operating system takes over: log out, so that the target does not see two sessions, and answer nothing
 * any more. */
static void before_exit(void *context)
{
    (void)context;
    if (!machine.pumping)
        return;
    machine.busy++;
    drain_session(EXIT_LOGOUT_MS);
    machine.busy--;
    machine.pumping = false;
    blockio_media_gone();
}

/* Boot services are gone: no call, no packet (REQ-335). What is underneath is the firmware's NIC driver's
 * business. */
static void at_exit(void *context)
{
    (void)context;
    machine.pumping = false;
    blockio_media_gone();
}

void machine_watch(void)
{
    EFI_STATUS status = event_exit_watch(before_exit, at_exit, NULL);

    if (status == EFI_UNSUPPORTED)
        log_print(LOG_INFO, "this firmware announces no end of boot services: the target will see no logout");
    else if (EFI_ERROR(status))
        log_print(LOG_ERROR, "no event for the end of boot services: %s", uefi_status_name(status));
    status = event_timer_start(TIMER_MS, background, NULL);
    if (EFI_ERROR(status))
        log_print(LOG_ERROR, "no timer: %s; the session may be lost while a loader computes",
                  uefi_status_name(status));
}

void machine_unwatch(void)
{
    event_timer_stop();
    event_exit_unwatch();
}

void machine_end_session(void)
{
    uint64_t end;

    if (!machine.pumping)
        return;
    machine.busy++;
    drain_session(LOGOUT_MS);
    for (end = clock_ms() + LAST_SEGMENTS_MS; !net_quiet() && clock_ms() < end;)
        machine_turn();
    machine.pumping = false;
    pump_done(&machine.pump);
    session_done(&machine.session);
    machine.busy--;
}

void machine_fail(enum failure_stage stage, EFI_STATUS status, const char *format, ...)
{
    struct fmt fmt;
    va_list arguments;

    if (stage < machine.failure.stage)
        return;
    machine.failure.stage = stage;
    machine.failure.status = status;
    fmt_init(&fmt, machine.failure.sentence, sizeof machine.failure.sentence);
    va_start(arguments, format);
    fmt_vprint(&fmt, format, arguments);
    va_end(arguments);
}

void machine_fail_fault(enum failure_stage stage, const struct fault *fault)
{
    const struct session_info *info = session_info(&machine.session);
    const struct session_attempt *attempt = session_last_attempt(&machine.session);
    const struct words_context context = {
        .initiator_name = machine.initiator_name,
        .target_name = machine.target.target,
        .portal = attempt->number ? &attempt->portal : &machine.target.portal,
        .address = attempt->number ? &attempt->address : &info->address,
        .chap_name = params_is_set(&machine.params, PARAM_CHAP_NAME)
                         ? params_text(&machine.params, PARAM_CHAP_NAME)
                         : NULL,
        .lun = machine.target.lun,
        .disk = &machine.lun,
    };
    char sentence[WORDS_MAX];
    struct fmt fmt;

    fmt_init(&fmt, sentence, sizeof sentence);
    words_fault(fault, &context, &fmt);
    machine_fail(stage, fault->code == FAULT_COMMAND_TIMEOUT ? EFI_TIMEOUT : EFI_DEVICE_ERROR, "%s",
                 sentence);
}
