/* SPDX-License-Identifier: BSD-2-Clause */
#include "attach.h"

#include <string.h>

#include "connect.h"
#include "discover.h"
#include "efi/clock.h"
#include "iscsi/isid.h"
#include "log.h"
#include "machine.h"
#include "nics.h"
#include "settings.h"

static void configure_login(struct login_config *login)
{
    *login = (struct login_config){
        .initiator_name = machine.initiator_name,
        .target_name = machine.target.target[0] ? machine.target.target : NULL,
        .chap = {.has_random = machine.entropy != ENTROPY_JITTER},
    };
    params_login(&machine.params, login);
    isid_from_mac(machine.nic_entry->mac, login->isid); /* the same after every start: REQ-009 */
}

static void configure(void)
{
    struct session_config *config = &machine.session_config;

    memset(config, 0, sizeof *config);
    configure_login(&config->login);
    params_session(&machine.params, config);
    memcpy(config->portals, machine.target.portals, sizeof machine.target.portals);
    config->portal_count = machine.target.portal_count;
    memset(&machine.lun_config, 0, sizeof machine.lun_config);
    params_lun(&machine.params, &machine.lun_config);
    memcpy(machine.lun_config.lun, machine.target.lun, 8);
}

static bool has_answered(void)
{
    return machine.lun.state == LUN_FAILED || machine.lun.state == LUN_READY;
}

/* The network may have named it. */
static void print_target(struct fmt *fmt)
{
    fmt_escaped(fmt, machine.target.target, strlen(machine.target.target));
}

static void log_login(void)
{
    const struct session_info *info = session_info(&machine.session);
    char line[LOG_LINE_MAX];
    struct fmt fmt;

    fmt_init(&fmt, line, sizeof line);
    fmt_print(&fmt, "logged in to ");
    print_target(&fmt);
    fmt_print(&fmt, ", portal group %u, %s", (unsigned)info->keys.target_portal_group_tag,
              info->mutual          ? "mutual CHAP"
              : info->authenticated ? "CHAP"
                                    : "no authentication");
    if (info->authenticated)
        fmt_print(&fmt, " with %s", params_algorithm_name(info->chap_algorithm));
    log_print(LOG_INFO, "%s", line);
    if (info->weak_challenge)
        log_print(LOG_INFO, "the target's CHAP challenge is short: an eavesdropper may guess the secret");
    if (info->repeated_challenge)
        log_print(LOG_INFO,
                  "the target sent the same CHAP challenge again: who saw the answer can repeat it");
    if (info->moved_permanently)
        log_print(LOG_INFO, "the target has moved for good to %s:%u: change the configuration",
                  info->portal.host, info->portal.port);
}

static void log_disk(void)
{
    const struct lun_info *info = &machine.lun.info;
    uint64_t bytes = (info->capacity.last_lba + 1) * info->capacity.block_size;
    char line[LOG_LINE_MAX];
    struct fmt fmt;

    fmt_init(&fmt, line, sizeof line);
    fmt_print(&fmt, "disk ");
    words_lun(machine.target.lun, &fmt);
    fmt_print(&fmt, ": %s %s, ", info->identity.vendor, info->identity.product);
    fmt_size(&fmt, bytes);
    fmt_print(&fmt, " (%llu blocks of %u bytes)%s%s%s", (unsigned long long)(info->capacity.last_lba + 1),
              (unsigned)info->capacity.block_size, info->serial[0] ? ", serial " : "", info->serial,
              info->write_protected ? ", write protected" : "");
    log_print(LOG_INFO, "%s", line);
}

static void give_up(void)
{
    const struct fault *of_session = session_fault(&machine.session);
    bool lun_failed = machine.lun.state == LUN_FAILED;
    bool login = session_epoch(&machine.session) > 0;
    const struct fault late = {.code = login ? FAULT_NOT_READY : FAULT_LOGIN_TIMEOUT, .opcode = 0xff};

    if (of_session->code != FAULT_NONE &&
        !(lun_failed && login && machine.lun.fault.code != FAULT_SESSION_LOST))
        machine_fail_fault(login ? FAILURE_DISK : connect_stage(of_session), of_session);
    else if (lun_failed)
        machine_fail_fault(FAILURE_DISK, &machine.lun.fault);
    else /* our own patience ended first */
        machine_fail_fault(login ? FAILURE_DISK : FAILURE_LOGIN, &late);
    machine_end_session();
}

static void fail_no_target(const struct params_error *error)
{
    if (machine.lease_reason[0])
        machine_fail(FAILURE_NO_TARGET, EFI_NOT_FOUND,
                     "No target: what the DHCP server gives cannot be used: %s Correct it there, or set "
                     "root-path in lunboot.conf.",
                     machine.lease_reason);
    else
        machine_fail(FAILURE_NO_TARGET, EFI_NOT_FOUND, "No target: %s.", error->reason);
}

/* What is to be attached: the disk of a target that is configured, or of the one that the portal lists. */
static enum attach_result find_target(unsigned index)
{
    struct params_error error;

    if (!params_target(&machine.params, index, &machine.target, &error)) {
        fail_no_target(&error);
        return ATTACH_FAILED;
    }
    configure();
    return machine.target.target[0] ? ATTACH_READY : discover_target();
}

static void log_target(void)
{
    char line[LOG_LINE_MAX];
    struct fmt fmt;

    fmt_init(&fmt, line, sizeof line);
    fmt_print(&fmt, "target ");
    print_target(&fmt);
    fmt_print(&fmt, " at %s:%u, ", machine.target.portals[0].host, machine.target.portals[0].port);
    words_lun(machine.target.lun, &fmt);
    log_print(LOG_INFO, "%s", line);
}

static enum attach_result attach(uint64_t limit_ms)
{
    enum wait_end end;

    log_target();
    if (!connect_start(&machine.lun))
        return ATTACH_FAILED;
    end = connect_wait(limit_ms, has_answered);
    if (end == WAIT_DONE && machine.lun.state == LUN_READY) {
        log_login();
        log_disk();
        return ATTACH_READY;
    }
    if (end == WAIT_ESC) {
        machine_end_session();
        return ATTACH_ESC;
    }
    give_up();
    return ATTACH_FAILED;
}

/* The attach-timeout is each target's own. */
static enum attach_result attach_target(unsigned index)
{
    uint64_t start = clock_ms(), limit_ms = params_number(&machine.params, PARAM_ATTACH_TIMEOUT), passed;
    enum attach_result found = find_target(index);

    if (found != ATTACH_READY)
        return found;
    passed = clock_ms() - start; /* discovery and login share the time */
    return attach(passed < limit_ms ? limit_ms - passed : 0);
}

static void tell_next(unsigned index, unsigned count)
{
    if (count > 1)
        log_print(LOG_INFO, "target %u of %u: %s%s", index + 1, count, machine.latest,
                  index + 1 < count ? " Trying the next target." : "");
}

/* A DHCP server may tell us of a target that it does not tell the firmware's PXE. */
static enum nics_result ask_for_target(void)
{
    struct params_error error;

    return params_target(&machine.params, 0, &machine.target, &error) ? NICS_UP : nics_ask_again();
}

enum attach_result attach_disk(void)
{
    enum attach_result result = ATTACH_FAILED;
    enum nics_result up = ask_for_target();
    unsigned count;

    if (up != NICS_UP)
        return up == NICS_ESC ? ATTACH_ESC : ATTACH_FAILED;
    count = params_target_count(&machine.params);
    settings_choose_name();
    settings_log();
    for (unsigned i = 0; i < count && result == ATTACH_FAILED; i++) {
        result = attach_target(i);
        if (result == ATTACH_FAILED)
            tell_next(i, count);
    }
    return result;
}
