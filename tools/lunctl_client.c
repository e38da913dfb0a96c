/* SPDX-License-Identifier: BSD-2-Clause */
#include "lunctl_client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "firmware/words.h"
#include "iscsi/bytes.h"
#include "iscsi/isid.h"

#define ESTABLISH_MS 60000u
#define LOGOUT_MS    2000u

/* --- Sentences --- */

void lunctl_client_say(struct client *client, int status, const char *subject, const char *reason)
{
    if (client->status != 0)
        return; /* the first one is the cause */
    fprintf(stderr, "lunctl: %s%s%s\n", subject, *subject ? ": " : "", reason);
    client->status = status;
}

static const struct fault *real_cause(const struct client *client, const struct fault *fault)
{
    const struct fault *cause = session_fault(&client->session);

    return fault->code == FAULT_SESSION_LOST && cause->code != FAULT_NONE ? cause : fault;
}

static void fail_with(struct client *client, const char *when, const struct fault *fault)
{
    const struct session_attempt *attempt = session_last_attempt(&client->session);
    const struct session_info *info = session_info(&client->session);
    bool ready = session_epoch(&client->session) > 0;
    const struct params *params = &client->options->params;
    struct words_context context = {
        .initiator_name = client->options->initiator,
        .target_name = client->options->target[0] ? client->options->target : NULL,
        .portal = &client->options->portals[0],
        .chap_name = params_is_set(params, PARAM_CHAP_NAME) ? params_text(params, PARAM_CHAP_NAME) : NULL,
        .lun = client->options->lun,
        .disk = client->options->command == COMMAND_DISCOVER ? NULL : &client->lun,
    };
    char sentence[WORDS_MAX];
    struct fmt fmt;

    if (ready) {
        context.portal = &info->portal;
        context.address = &info->address;
    } else if (attempt->number > 0) {
        context.portal = &attempt->portal;
        context.address = &attempt->address;
    }
    fmt_init(&fmt, sentence, sizeof sentence);
    words_fault(fault, &context, &fmt);
    lunctl_client_say(client, 1, when, sentence);
}

void lunctl_client_fail(struct client *client, const struct fault *fault)
{
    fail_with(client, "", real_cause(client, fault));
}

/* --timeout ran out: what was being waited for, or what went wrong last. */
static void fail_late(struct client *client)
{
    static const struct {
        enum session_state state;
        enum fault_code code;
    } rows[] = {
        {SESSION_RESOLVING, FAULT_DNS_TIMEOUT},
        {SESSION_CONNECTING, FAULT_TCP_TIMEOUT},
        {SESSION_LOGIN, FAULT_LOGIN_TIMEOUT},
    };
    enum session_state state = session_state(&client->session);
    struct fault fault = {.code = FAULT_COMMAND_TIMEOUT, .opcode = 0xff};
    char when[64];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].state == state)
            fault.code = rows[i].code;
    if (state != SESSION_READY && session_fault(&client->session)->code != FAULT_NONE)
        fault = *session_fault(&client->session);
    snprintf(when, sizeof when, "not done after %llu s",
             (unsigned long long)(client->options->timeout_ms / 1000));
    fail_with(client, when, &fault);
}

/* --- Configuration --- */

static void configure(struct client *client, struct hash_random *random)
{
    const struct options *options = client->options;
    struct session_config *config = &client->config;
    struct login_config *login = &config->login;

    login->initiator_name = options->initiator;
    login->target_name = options->target[0] ? options->target : NULL;
    params_login(&options->params, login);
    login->chap.has_random = true;
    isid_random(random, login->isid); /* two lunctl at the same time must not end each other's session */
    memcpy(config->portals, options->portals, sizeof config->portals);
    config->portal_count = options->portal_count;
    config->queue_depth = (unsigned)params_number(&options->params, PARAM_QUEUE_DEPTH);
    config->attempts = 1; /* whoever asks wants to know what is wrong now */
    config->establish_ms = ESTABLISH_MS;
    if (options->timeout_ms != 0 && options->timeout_ms < ESTABLISH_MS)
        config->establish_ms = (uint32_t)options->timeout_ms;
}

static bool init_session(struct client *client)
{
    struct hash_random random;
    uint8_t seed[HASH_SEED];
    const char *wrong;

    if (getrandom(seed, sizeof seed, 0) != (ssize_t)sizeof seed) {
        lunctl_client_say(client, 1, "no random numbers", strerror(errno));
        return false;
    }
    hash_random_init(&random, seed);
    configure(client, &random);
    hash_random_bytes(&random, seed, sizeof seed);
    wrong = session_init(&client->session, &client->config, seed, lunctl_pump_clock());
    bytes_wipe(seed, sizeof seed);
    bytes_wipe(&random, sizeof random);
    if (wrong != NULL)
        lunctl_client_say(client, 1, "this cannot be used", wrong);
    return wrong == NULL;
}

/* --- Running --- */

/* Is a session that failed opened again? What is read and written does not end with it (lun_recovery.c). */
static bool is_recovered(const struct client *client)
{
    bool copies = client->options->command == COMMAND_READ || client->options->command == COMMAND_WRITE;

    return copies && session_epoch(&client->session) > 0 && client->lun.state != LUN_FAILED;
}

bool lunctl_client_turn(struct client *client, int watched, short events)
{
    enum session_state state = session_state(&client->session);

    if (state == SESSION_CLOSED || (state == SESSION_FAILED && !is_recovered(client))) {
        lunctl_client_fail(client, session_fault(&client->session));
        return false;
    }
    if (lunctl_pump_interrupted()) {
        lunctl_client_say(client, 1, "", "interrupted");
        return false;
    }
    if (lunctl_pump_clock() >= client->end_ms) {
        fail_late(client);
        return false;
    }
    lunctl_pump_turn(&client->pump, client->end_ms, watched, events);
    return true;
}

static bool wait_until_ready(struct client *client, bool discovery)
{
    while (discovery ? session_state(&client->session) != SESSION_READY : client->lun.state != LUN_READY) {
        if (!discovery && client->lun.state == LUN_FAILED) {
            lunctl_client_fail(client, &client->lun.fault);
            return false;
        }
        if (!lunctl_client_turn(client, -1, 0))
            return false;
    }
    return true;
}

bool lunctl_client_open(struct client *client, const struct options *options)
{
    struct lun_config lun = {.queue_depth = (unsigned)params_number(&options->params, PARAM_QUEUE_DEPTH)};
    bool discovery = options->command == COMMAND_DISCOVER;

    memset(client, 0, sizeof *client);
    client->options = options;
    client->pump.socket = client->pump.answer = -1;
    client->end_ms = options->timeout_ms ? lunctl_pump_clock() + options->timeout_ms : UINT64_MAX;
    if (options->pcap != NULL) {
        client->capturing = lunctl_pcap_create(&client->capture, options->pcap);
        if (!client->capturing) {
            lunctl_client_say(client, 1, options->pcap, strerror(errno));
            return false;
        }
    }
    if (!init_session(client))
        return false;
    memcpy(lun.lun, options->lun, sizeof lun.lun);
    lun_init(&client->lun, &client->session, &lun);
    lunctl_pump_init(&client->pump, &client->session, discovery ? NULL : &client->lun,
                     client->capturing ? &client->capture : NULL, options->trace);
    session_open(&client->session);
    if (!discovery)
        lun_open(&client->lun);
    return wait_until_ready(client, discovery);
}

static void log_out(struct client *client)
{
    uint64_t end = lunctl_pump_clock() + LOGOUT_MS;

    lun_cancel_all(&client->lun);
    session_logout(&client->session, LOGOUT_MS);
    while (lunctl_pump_clock() < end) {
        enum session_state state = session_state(&client->session);

        if (state == SESSION_CLOSED || state == SESSION_FAILED)
            break;
        lunctl_pump_turn(&client->pump, end, -1, 0);
    }
    session_abort(&client->session);
    lunctl_pump_turn(&client->pump, 0, -1, 0); /* the close that goes with it */
}

int lunctl_client_close(struct client *client)
{
    if (session_state(&client->session) == SESSION_READY)
        log_out(client);
    lunctl_pump_done(&client->pump);
    if (client->config.portal_count > 0)
        session_done(&client->session);
    if (client->capturing && !lunctl_pcap_finish(&client->capture))
        lunctl_client_say(client, 1, client->options->pcap, strerror(errno));
    return client->status;
}
