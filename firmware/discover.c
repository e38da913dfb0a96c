/* SPDX-License-Identifier: BSD-2-Clause */
#include "discover.h"

#include <string.h>

#include "connect.h"
#include "log.h"
#include "machine.h"

/* Asks as soon as the session is ready; a list that is there ends the wait. */
static bool is_listed(void)
{
    size_t length;

    if (session_targets_text(&machine.session, &length) || session_state(&machine.session) == SESSION_CLOSED)
        return true;
    session_send_targets(&machine.session);
    return false;
}

static void give_up(void)
{
    const struct fault *fault = session_fault(&machine.session);
    const struct fault late = {.code = session_epoch(&machine.session) > 0 ? FAULT_COMMAND_TIMEOUT
                                                                           : FAULT_LOGIN_TIMEOUT,
                               .opcode = 0xff};

    if (fault->code == FAULT_NONE) /* our own patience ended first */
        fault = &late;
    machine_fail_fault(connect_stage(fault), fault);
}

/* The list is the session's and goes with it. */
static bool read_list(void)
{
    const struct session_info *info = session_info(&machine.session);
    struct fault fault = {.opcode = 0xff};
    size_t length;
    const char *text = session_targets_text(&machine.session, &length);

    if (!text) {
        give_up();
        return false;
    }
    fault.code = targets_read(&machine.targets, text, length, &machine.target.portals[0], &info->address);
    if (fault.code != FAULT_NONE)
        machine_fail_fault(FAILURE_LOGIN, &fault);
    return fault.code == FAULT_NONE;
}

static void log_found(void)
{
    char line[LOG_LINE_MAX];
    struct fmt fmt;

    fmt_init(&fmt, line, sizeof line);
    fmt_print(&fmt, "the one target that %s:%u lists is ", machine.target.portals[0].host,
              machine.target.portals[0].port);
    fmt_escaped(&fmt, machine.targets.names[0], strlen(machine.targets.names[0]));
    log_print(LOG_INFO, "%s", line);
}

static void take_target(void)
{
    const struct targets *targets = &machine.targets;
    struct session_config *config = &machine.session_config;

    log_found();
    memcpy(machine.target.target, targets->names[0], sizeof machine.target.target);
    machine.target.portals[0] = targets->portals[0];
    config->login.target_name = machine.target.target;
    memcpy(config->portals, targets->portals, sizeof config->portals);
    config->portal_count = targets->portal_count;
}

enum attach_result discover_target(void)
{
    enum wait_end end;
    bool found;

    log_print(LOG_INFO, "no target is named: asking %s:%u for its targets", machine.target.portals[0].host,
              machine.target.portals[0].port);
    if (!connect_start(NULL))
        return ATTACH_FAILED;
    end = connect_wait(machine.session_config.establish_ms, is_listed);
    found = end != WAIT_ESC && read_list();
    machine_end_session(); /* before the login that it led to: REQ-192 */
    if (found)
        take_target();
    return end == WAIT_ESC ? ATTACH_ESC : found ? ATTACH_READY : ATTACH_FAILED;
}
