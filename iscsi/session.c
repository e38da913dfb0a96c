/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The session as a whole: configuration, state, time. What it does is in the other session_ files, one
 * subject each.
 */
#include <string.h>

#include "bytes.h"
#include "name.h"
#include "session_parts.h"

/* The one place where the state changes. */
void session_enter(struct session *session, enum session_state state)
{
    session->state = state;
}

uint32_t session_tag_new(struct session *session, unsigned owner)
{
    session->numbers.generation++;
    return session->numbers.generation << 8 | owner;
}

/* --- Configuration (REQ-022) --- */

static bool is_name(const char *name)
{
    char folded[NAME_MAX_BYTES + 1];
    size_t length = 0;

    while (length <= NAME_MAX_BYTES && name[length] != '\0')
        length++;
    return name_normalise(name, length, folded) == NULL && memcmp(name, folded, length) == 0;
}

static const char *check_login(const struct login_config *login)
{
    if (login->initiator_name == NULL || !is_name(login->initiator_name))
        return "the initiator name is not an iSCSI name";
    if (login->digests > KEYS_DIGEST_PREFER)
        return "the digests are out of range";
    if (login->target_name != NULL && !is_name(login->target_name))
        return "the target name is not an iSCSI name";
    if (login->policy == LOGIN_AUTH_NONE)
        return NULL;
    if (login->policy == LOGIN_AUTH_MUTUAL && login->chap.target.name == NULL)
        return "mutual CHAP is required, but the target's name and secret are not configured";
    return chap_check(&login->chap);
}

/* What we offer must be what these files can do. */
static const char *check_offer(const struct keys_values *offer)
{
    if (offer == NULL)
        return NULL;
    if (offer->header_digest > KEYS_DIGEST_PREFER || offer->data_digest > KEYS_DIGEST_PREFER)
        return "the digests are out of range";
    if (offer->max_connections != 1 || offer->error_recovery_level != 0)
        return "only one connection and error recovery level 0 are supported";
    if (offer->max_outstanding_r2t == 0 || offer->max_outstanding_r2t > SESSION_R2TS_MAX)
        return "MaxOutstandingR2T is out of range";
    if (offer->max_recv_data_length < 512 || offer->max_recv_data_length > PDU_DATA_MAX)
        return "MaxRecvDataSegmentLength is out of range";
    if (offer->data_pdu_in_order != 1 || offer->data_sequence_in_order != 1)
        return "data out of order is not supported";
    return NULL;
}

static const char *check(const struct session_config *config)
{
    const char *problem = check_login(&config->login);

    if (problem != NULL)
        return problem;
    if (config->portal_count == 0 || config->portal_count > SESSION_PORTALS_MAX)
        return "there is no portal to connect to, or there are too many";
    for (unsigned i = 0; i < config->portal_count; i++) {
        if (config->portals[i].host[0] == '\0' || config->portals[i].port == 0)
            return "a portal has no host or no port";
    }
    if (config->queue_depth > SESSION_TASKS_MAX)
        return "the queue depth is out of range";
    return check_offer(config->login.offer);
}

const char *session_init(struct session *session, const struct session_config *config,
                         const uint8_t seed[HASH_SEED], uint64_t now_ms)
{
    const char *problem;

    memset(session, 0, sizeof(*session));
    session->config = config;
    session->now_ms = now_ms;
    session->times =
        (struct session_times){.phase = SESSION_NEVER, .establish = SESSION_NEVER, .drain = SESSION_NEVER};
    session->has_crc_instruction = crc32c_has_instruction();
    hash_random_init(&session->random, seed);
    session->numbers.cmd_sn = hash_random_32(&session->random);
    session->numbers.generation = hash_random_32(&session->random);
    session_transmit_start(session);
    session_task_reset(session);
    session_reset_clear(session);
    session_nop_reset(session);
    session_text_reset(session);
    session_logout_reset(session);
    problem = check(config);
    if (problem != NULL) {
        session->fault = (struct fault){.code = FAULT_BAD_CONFIG, .opcode = 0xff, .detail = problem};
        session_enter(session, SESSION_FAILED);
    }
    return problem;
}

void session_open(struct session *session)
{
    bool ended = session->state == SESSION_IDLE || session->state == SESSION_CLOSED ||
                 session->state == SESSION_FAILED;

    if (!ended || session->fault.code == FAULT_BAD_CONFIG)
        return;
    session->fault = (struct fault){.code = FAULT_NONE};
    session->nop.answered = 0;
    session_connection_begin(session);
}

/* --- What others may ask --- */

enum session_state session_state(const struct session *session)
{
    return session->state;
}

const struct fault *session_fault(const struct session *session)
{
    return &session->fault;
}

const struct session_info *session_info(const struct session *session)
{
    return &session->info;
}

const struct session_attempt *session_last_attempt(const struct session *session)
{
    return &session->attempt;
}

unsigned session_epoch(const struct session *session)
{
    return session->epoch;
}

unsigned session_attentions(const struct session *session, const uint8_t **ret_sense, size_t *ret_length)
{
    *ret_sense = session->notices.sense;
    *ret_length = session->notices.sense_length;
    return session->notices.attentions;
}

/* --- Time --- */

static bool has_tasks(const struct session *session)
{
    return session->state == SESSION_READY;
}

uint64_t session_tick(struct session *session, uint64_t now_ms)
{
    uint64_t next;

    if (now_ms > session->now_ms)
        session->now_ms = now_ms;
    session_connection_tick(session);
    session_logout_tick(session);
    if (has_tasks(session))
        session_task_tick(session);
    if (has_tasks(session))
        session_reset_tick(session);
    if (has_tasks(session))
        session_text_tick(session);
    if (has_tasks(session))
        session_nop_tick(session);
    next = session_connection_deadline(session);
    session_earliest(&next, session_logout_deadline(session));
    if (has_tasks(session)) {
        session_earliest(&next, session_task_deadline(session));
        session_earliest(&next, session_reset_deadline(session));
        session_earliest(&next, session_text_deadline(session));
        session_earliest(&next, session_nop_deadline(session));
    }
    return next;
}

/* --- The end --- */

void session_abort(struct session *session)
{
    if (session->state == SESSION_IDLE)
        return;
    session_task_end_all(session, FAULT_CANCELLED);
    session_let_go(session, SESSION_ABORT);
    login_done(&session->login);
    session->times.phase = session->times.establish = session->times.drain = SESSION_NEVER;
    if (session->state != SESSION_FAILED)
        session_enter(session, SESSION_CLOSED);
}

void session_done(struct session *session)
{
    session_abort(session);
    login_done(&session->login);
    bytes_wipe(session, sizeof(*session));
}
