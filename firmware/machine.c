/* SPDX-License-Identifier: BSD-2-Clause */
#include "machine.h"

#include <string.h>

#include "efi/blockio.h"
#include "efi/clock.h"
#include "efi/event.h"
#include "efi/tpl.h"
#include "iscsi/bytes.h"
#include "log.h"
#include "publish.h"
#include "retry.h"

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
    if (!machine.busy && !machine.leaving)
        machine_turn();
}

static bool has_ended(void)
{
    enum session_state state = session_state(&machine.session);

    return (state == SESSION_CLOSED || state == SESSION_FAILED) && net_quiet();
}

/*
 * Turns until the session has ended, in at most limit_ms, and the peer has acknowledged our FIN, in at most
 * last_ms more. At TPL_CALLBACK or below.
 */
static void drain_session(uint32_t limit_ms, uint32_t last_ms)
{
    uint64_t end = clock_ms() + limit_ms + last_ms;

    session_tick(&machine.session, clock_ms());
    session_logout(&machine.session, limit_ms);
    while (!has_ended() && clock_ms() < end)
        machine_turn();
}

/* Nothing is left that could be logged in again: what follows finds "no media" and no session. */
static void let_go(void)
{
    machine.leaving = true;
    machine.pumping = false;
    blockio_media_gone();
    machine_forget_secrets();
    publish_forget();
}

/* The operating system takes over: log out, so that the target does not see two sessions, and answer nothing
 * any more. */
static void before_exit(void *context)
{
    (void)context;
    machine.leaving = true;
    if (machine.pumping) {
        machine.busy++;
        drain_session(EXIT_LOGOUT_MS, 0);
        machine.busy--;
    }
    let_go();
}

/* Boot services are gone: no call, no packet (REQ-335). What is underneath is the firmware's NIC driver's
 * business. */
static void at_exit(void *context)
{
    (void)context;
    let_go();
}

void machine_watch(void)
{
    EFI_STATUS status;

    machine.leaving = false;
    status = event_exit_watch(before_exit, at_exit, NULL);

    if (EFI_ERROR(status))
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
    machine.busy++;
    if (machine.pumping)
        drain_session(LOGOUT_MS, LAST_SEGMENTS_MS);
    /* Also where ExitBootServices was tried and the loader came back all the same. */
    machine.pumping = machine.leaving = false;
    pump_done(&machine.pump);
    session_done(&machine.session);
    machine.busy--;
}

void machine_forget_secrets(void)
{
    if (!machine.pumping)
        session_done(&machine.session);
    params_wipe(&machine.configured);
    params_wipe(&machine.params);
    bytes_wipe(machine.seed, sizeof machine.seed);
}

bool machine_fail(enum failure_stage stage, EFI_STATUS status, const char *format, ...)
{
    struct fmt fmt;
    va_list arguments;

    fmt_init(&fmt, machine.latest, sizeof machine.latest);
    va_start(arguments, format);
    fmt_vprint(&fmt, format, arguments);
    va_end(arguments);
    if (stage < machine.failure.stage)
        return false;
    machine.failure.stage = stage;
    machine.failure.status = status;
    machine.failure.may_pass = stage == FAILURE_LINK || stage == FAILURE_ADDRESS || stage == FAILURE_SERVED;
    memcpy(machine.failure.sentence, machine.latest, sizeof machine.failure.sentence);
    return true;
}

static bool may_pass(const struct fault *fault)
{
    return !machine.loader_ran && !machine.loader_runs && retry_may_help(fault);
}

void machine_fail_fault(enum failure_stage stage, const struct fault *fault)
{
    const struct session_info *info = session_info(&machine.session);
    const struct session_attempt *attempt = session_last_attempt(&machine.session);
    const struct words_context context = {
        .initiator_name = machine.initiator_name,
        .target_name = machine.target.target,
        .portal = attempt->number ? &attempt->portal : &machine.target.portals[0],
        .address = attempt->number ? &attempt->address : &info->address,
        .chap_name = params_is_set(&machine.params, PARAM_CHAP_NAME)
                         ? params_text(&machine.params, PARAM_CHAP_NAME)
                         : NULL,
        .lun = machine.target.lun,
        .disk = &machine.lun,
        .targets = &machine.targets,
    };
    char sentence[WORDS_MAX];
    struct fmt fmt;

    fmt_init(&fmt, sentence, sizeof sentence);
    words_fault(fault, &context, &fmt);
    if (machine_fail(stage, fault->code == FAULT_COMMAND_TIMEOUT ? EFI_TIMEOUT : EFI_DEVICE_ERROR, "%s",
                     sentence))
        machine.failure.may_pass = may_pass(fault);
}
