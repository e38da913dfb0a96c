/* SPDX-License-Identifier: BSD-2-Clause */
#include "connect.h"

#include "efi/clock.h"
#include "iscsi/bytes.h"
#include "log.h"
#include "trace.h"

#define GRACE_MS 999u

/* A seed is used once: the next session of this start gets another one from it. */
static void advance_seed(void)
{
    struct hash_random random;

    hash_random_init(&random, machine.seed);
    hash_random_bytes(&random, machine.seed, sizeof machine.seed);
    bytes_wipe(&random, sizeof random);
}

bool connect_start(struct lun *lun)
{
    const char *wrong;

    advance_seed();
    wrong = session_init(&machine.session, &machine.session_config, machine.seed, clock_ms());
    if (wrong) {
        machine_fail(FAILURE_CONFIG, EFI_INVALID_PARAMETER, "The settings cannot be used: %s.", wrong);
        return false;
    }
    if (lun)
        lun_init(lun, &machine.session, &machine.lun_config);
    pump_init(&machine.pump, &machine.session, lun);
    trace_restart();
    session_open(&machine.session);
    if (lun)
        lun_open(lun);
    machine.pumping = true;
    return true;
}

/* What the session did since the last look, told once each. */
static void tell_attempts(unsigned *told)
{
    const struct session_attempt *attempt = session_last_attempt(&machine.session);

    if (attempt->number == *told)
        return;
    *told = attempt->number;
    if (attempt->md5_next)
        log_print(LOG_INFO, "the first login was refused; a second one offers CHAP with MD5 alone");
    else if (session_state(&machine.session) != SESSION_FAILED) /* else the sentence at the end tells it */
        log_print(LOG_INFO, "attempt %u at %s:%u: %s", attempt->number, attempt->portal.host,
                  attempt->portal.port, fault_text(attempt->fault.code));
}

struct watch {
    bool (*done)(void);
    unsigned told;
};

static bool moved_on(void *context)
{
    struct watch *watch = context;

    tell_attempts(&watch->told);
    return session_state(&machine.session) == SESSION_FAILED || watch->done();
}

enum wait_end connect_wait(uint64_t limit_ms, bool (*done)(void))
{
    struct watch watch = {.done = done};

    /* The session ends at the same time by itself, with its reason: we come after it. */
    return wait_until("the target", limit_ms + GRACE_MS, moved_on, &watch);
}

/* Where no login began, another NIC on which it was refused has come further. */
enum failure_stage connect_stage(const struct fault *fault)
{
    switch (fault->code) {
    case FAULT_DNS:
    case FAULT_DNS_TIMEOUT:
    case FAULT_TCP_REFUSED:
    case FAULT_TCP_TIMEOUT:
    case FAULT_TCP_UNREACHABLE:
        return FAILURE_CONNECT;
    default:
        return FAILURE_LOGIN;
    }
}
