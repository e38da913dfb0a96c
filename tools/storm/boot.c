/* SPDX-License-Identifier: BSD-2-Clause */
#include "boot.h"

#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "firmware/nicname.h"
#include "firmware/retry.h"
#include "iscsi/bytes.h"
#include "iscsi/isid.h"
#include "net/net.h"

#define ARCHITECTURE     7u   /* option 93: x64 UEFI */
#define GRACE_MS         999u /* the session ends by itself, with its reason: we come after it */
#define LOGOUT_MS        2000u
#define LAST_SEGMENTS_MS 500u

/* ---- what net/ needs of its embedder ---- */

/* It stands still during a turn, so that what is due after the turn is due for all parts at the same moment.
 */
static uint64_t now_ms;

static void read_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    now_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t net_milliseconds(void)
{
    return now_ms;
}

void net_random(void *ret_bytes, size_t length)
{
    if (getrandom(ret_bytes, length, 0) != (ssize_t)length)
        abort(); /* at most 256 bytes are always given */
}

void net_log(const char *line)
{
    fprintf(stderr, "%s\n", line);
}

/* ---- one turn ---- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void note_attempt(struct boot *boot)
{
    const struct session_attempt *attempt = session_last_attempt(&boot->session);

    if (attempt->number == boot->noted)
        return;
    boot->noted = attempt->number;
    if (attempt->md5_next)
        boot->md5_logins++;
    else
        boot->failed++;
}

static void note_stages(struct boot *boot)
{
    enum session_state state = session_state(&boot->session);

    if (state == SESSION_LOGIN && boot->state != SESSION_LOGIN) {
        boot->at_ms[BOOT_CONNECT] = now_ms;
        boot->connections++;
    }
    if (state == SESSION_READY && boot->state != SESSION_READY)
        boot->at_ms[BOOT_LOGIN] = now_ms;
    boot->state = state;
    note_attempt(boot);
}

static uint64_t next_due(struct boot *boot)
{
    uint64_t next = net_next_ms();

    if (!boot->pumping)
        return next;
    next = earlier(next, session_tick(&boot->session, now_ms));
    return earlier(next, lun_step(&boot->lun, now_ms));
}

/* Until a frame comes, something is due, or the leash is let go. */
static void rest(struct boot *boot, uint64_t until_ms)
{
    struct pollfd fds[2] = {{.fd = boot->tap.descriptor, .events = POLLIN}, {.fd = boot->leash}};
    uint64_t wait_ms = until_ms > now_ms ? until_ms - now_ms : 0;

    if (poll(fds, 2, wait_ms < INT_MAX ? (int)wait_ms : INT_MAX) > 0 && fds[1].revents != 0)
        boot->leaving = true;
}

static void turn(struct boot *boot)
{
    read_clock();
    if (boot->pumping) {
        pump_turn(&boot->pump);
        note_stages(boot);
    } else {
        net_poll();
    }
}

/* Turns until `done` (true), or until the time is over or the leash was let go. */
static bool wait_until(struct boot *boot, uint64_t limit_ms, bool (*done)(const struct boot *boot))
{
    uint64_t end = now_ms + limit_ms;

    for (;;) {
        turn(boot);
        if (done(boot))
            return true;
        if (boot->leaving || now_ms >= end)
            return false;
        rest(boot, earlier(next_due(boot), end));
    }
}

/* ---- failures ---- */

static void fail(struct boot *boot, const char *sentence)
{
    snprintf(boot->failure, sizeof boot->failure, "%s", sentence);
    boot->may_pass = true;
}

static void fail_fault(struct boot *boot, const struct fault *fault)
{
    const struct session_attempt *attempt = session_last_attempt(&boot->session);
    const struct words_context context = {
        .initiator_name = boot->initiator_name,
        .target_name = boot->target.target,
        .portal = attempt->number > 0 ? &attempt->portal : &boot->target.portals[0],
        .address = attempt->number > 0 ? &attempt->address : NULL,
        .lun = boot->target.lun,
        .disk = &boot->lun,
    };
    struct fmt fmt;

    fmt_init(&fmt, boot->failure, sizeof boot->failure);
    words_fault(fault, &context, &fmt);
    boot->may_pass = retry_may_help(fault);
}

/* What the session saw counts, unless the disk has its own reason. */
static void fail_attach(struct boot *boot)
{
    static const struct fault late = {.code = FAULT_LOGIN_TIMEOUT, .opcode = 0xff};
    const struct fault *fault = session_fault(&boot->session);

    if (boot->lun.state == LUN_FAILED && session_epoch(&boot->session) > 0 &&
        boot->lun.fault.code != FAULT_SESSION_LOST)
        fault = &boot->lun.fault;
    fail_fault(boot, fault->code != FAULT_NONE ? fault : &late);
}

static bool fail_params(struct boot *boot, const struct params_error *error)
{
    fail(boot, error->reason);
    boot->may_pass = false;
    return false;
}

/* ---- the address ---- */

static bool has_address(const struct boot *boot)
{
    (void)boot;
    return net_state() == NET_CONFIGURED || net_state() == NET_FAILED;
}

static bool is_static(const struct boot *boot)
{
    return params_is_set(&boot->configured, PARAM_IP) &&
           strcmp(params_text(&boot->configured, PARAM_IP), "dhcp") != 0;
}

static bool take_option(struct boot *boot, enum param_id id, const uint8_t *bytes, size_t length)
{
    struct params_error error;

    return length == 0 ||
           params_set_id(&boot->params, id, (const char *)bytes, length, PARAM_DHCP, 0, &error) ||
           fail_params(boot, &error);
}

static bool take_lease(struct boot *boot)
{
    struct net_lease lease;

    net_get_lease(&lease);
    boot->params = boot->configured;
    return take_option(boot, PARAM_ROOT_PATH_KEY, lease.root_path, lease.root_path_length) &&
           take_option(boot, PARAM_INITIATOR_NAME, lease.initiator_name, lease.initiator_name_length);
}

static void ask_dhcp(struct boot *boot)
{
    unsigned discovers = 0, offers;

    net_dhcp_start();
    wait_until(boot, params_number(&boot->configured, PARAM_DHCP_WAIT), has_address);
    net_dhcp_progress(&discovers, &offers);
    boot->discovers += discovers;
}

static bool get_address(struct boot *boot)
{
    struct net_lease lease;

    if (is_static(boot)) {
        nicname_static_lease(&boot->configured, &lease);
        net_set_static(&lease);
    } else {
        ask_dhcp(boot);
    }
    if (net_state() != NET_CONFIGURED) {
        fail(boot, "There is no address: no DHCP server answered in time.");
        return false;
    }
    boot->at_ms[BOOT_ADDRESS] = now_ms;
    return take_lease(boot);
}

/* ---- the disk ---- */

static void choose_name(struct boot *boot)
{
    if (params_is_set(&boot->params, PARAM_INITIATOR_NAME))
        memcpy(boot->initiator_name, params_text(&boot->params, PARAM_INITIATOR_NAME),
               sizeof boot->initiator_name);
    else
        params_derive_name(NULL, boot->tap.nic.mac, boot->initiator_name);
}

static bool find_target(struct boot *boot)
{
    struct params_error error;

    return (params_check(&boot->params, &error) && params_target(&boot->params, 0, &boot->target, &error)) ||
           fail_params(boot, &error);
}

static void configure(struct boot *boot)
{
    struct session_config *config = &boot->session_config;

    *config = (struct session_config){.portal_count = boot->target.portal_count};
    memcpy(config->portals, boot->target.portals, sizeof boot->target.portals);
    config->login.initiator_name = boot->initiator_name;
    config->login.target_name = boot->target.target;
    config->login.chap.has_random = true;
    params_login(&boot->params, &config->login);
    isid_from_mac(boot->tap.nic.mac, config->login.isid);
    params_session(&boot->params, config);
    boot->lun_config = (struct lun_config){.max_transfer = 0};
    params_lun(&boot->params, &boot->lun_config);
    memcpy(boot->lun_config.lun, boot->target.lun, sizeof boot->lun_config.lun);
}

static bool open_session(struct boot *boot)
{
    uint8_t seed[HASH_SEED];
    const char *wrong;

    net_random(seed, sizeof seed);
    wrong = session_init(&boot->session, &boot->session_config, seed, now_ms);
    bytes_wipe(seed, sizeof seed);
    if (wrong != NULL) {
        fail(boot, wrong);
        boot->may_pass = false;
        return false;
    }
    lun_init(&boot->lun, &boot->session, &boot->lun_config);
    pump_init(&boot->pump, &boot->session, &boot->lun);
    session_open(&boot->session);
    lun_open(&boot->lun);
    boot->state = SESSION_IDLE;
    boot->noted = 0;
    return boot->pumping = true;
}

static bool has_answered(const struct boot *boot)
{
    return session_state(&boot->session) == SESSION_FAILED || boot->lun.state == LUN_FAILED ||
           boot->lun.state == LUN_READY;
}

static bool attach(struct boot *boot)
{
    choose_name(boot);
    if (!find_target(boot))
        return false;
    configure(boot);
    if (!open_session(boot))
        return false;
    wait_until(boot, params_number(&boot->params, PARAM_ATTACH_TIMEOUT) + GRACE_MS, has_answered);
    if (boot->lun.state != LUN_READY) {
        fail_attach(boot);
        return false;
    }
    boot->at_ms[BOOT_READY] = now_ms;
    return true;
}

static struct lun_request request;

static bool was_read(const struct boot *boot)
{
    (void)boot;
    return request.state == LUN_REQUEST_DONE;
}

static bool read_first_block(struct boot *boot)
{
    static const struct fault unusable = {.code = FAULT_BAD_CAPACITY, .opcode = 0xff};

    boot->block_size = boot->lun.info.capacity.block_size;
    if (boot->block_size > sizeof boot->block) {
        fail_fault(boot, &unusable);
        return false;
    }
    request = (struct lun_request){.operation = LUN_READ, .blocks = 1, .in = boot->block};
    pump_submit(&boot->pump, &request);
    /* It ends by itself at its deadline; a disk that is lost is not attached anew: a loader would have
     * failed.
     */
    wait_until(boot, UINT32_MAX, was_read);
    if (request.state != LUN_REQUEST_DONE || request.fault.code != FAULT_NONE) {
        fail_fault(boot, &request.fault);
        boot->may_pass = false;
        return false;
    }
    boot->at_ms[BOOT_BLOCK] = now_ms;
    return true;
}

/* ---- tries ---- */

static bool has_ended(const struct boot *boot)
{
    enum session_state state = session_state(&boot->session);

    return (state == SESSION_CLOSED || state == SESSION_FAILED) && net_quiet();
}

static void end_session(struct boot *boot)
{
    int leash = boot->leash;

    boot->leash = -1; /* its end does not cut the Logout short */
    boot->leaving = false;
    session_tick(&boot->session, now_ms);
    session_logout(&boot->session, LOGOUT_MS);
    wait_until(boot, LOGOUT_MS + LAST_SEGMENTS_MS, has_ended);
    boot->leash = leash;
    boot->pumping = false;
    pump_done(&boot->pump);
    session_done(&boot->session);
}

void boot_end(struct boot *boot)
{
    if (boot->pumping)
        end_session(boot);
    net_close();
}

static bool attempt(struct boot *boot)
{
    const struct net_config config = {
        .tcp_window = (uint32_t)params_number(&boot->configured, PARAM_TCP_WINDOW),
        .offer_wait_ms = (uint32_t)params_number(&boot->configured, PARAM_OFFER_WAIT),
        .identity = {.architecture = ARCHITECTURE},
    };

    memset(boot->at_ms, 0, sizeof boot->at_ms);
    boot->failure[0] = '\0';
    boot->tries++;
    tap_drain(&boot->tap);
    if (!net_open(&boot->tap.nic, &config)) {
        fail(boot, "The network cannot be opened.");
        boot->may_pass = false;
        return false;
    }
    return get_address(boot) && attach(boot) && read_first_block(boot);
}

static void count(struct boot *boot)
{
    struct net_counters counters;

    net_get_counters(&counters);
    boot->frames_in += counters.frames_in;
    boot->frames_out += counters.frames_out;
    note_attempt(boot);
}

static bool never(const struct boot *boot)
{
    (void)boot;
    return false;
}

static bool wait_for_retry(struct boot *boot)
{
    uint64_t random;

    if (!boot->may_pass || boot->tries > params_number(&boot->params, PARAM_RETRIES))
        return false;
    net_random(&random, sizeof random);
    wait_until(boot, retry_pause(&boot->params, random), never);
    return !boot->leaving;
}

bool boot_run(struct boot *boot)
{
    boot->params = boot->configured;
    read_clock();
    for (;;) {
        bool booted = attempt(boot);

        count(boot);
        if (booted)
            return true;
        boot_end(boot);
        if (!wait_for_retry(boot))
            return false;
    }
}

void boot_hold(struct boot *boot)
{
    wait_until(boot, UINT32_MAX, never);
}
