/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The login as two tables: what is said in each phase, and where each answer leads. See login.h.
 */
#include "login.h"

#include <string.h>

#include "bytes.h"
#include "text.h"

enum phase {
    PHASE_METHOD,         /* names and AuthMethod */
    PHASE_CHAP_LIST,      /* CHAP_A */
    PHASE_CHAP_PROOF,     /* CHAP_N, CHAP_R: nothing more to prove */
    PHASE_CHAP_MUTUAL,    /* the same with CHAP_I, CHAP_C: the target has to answer */
    PHASE_LEAVE_SECURITY, /* T and nothing else */
    PHASE_OPERATIONAL,
    PHASE_OVER,
};

enum event {
    EVENT_NONE,      /* AuthMethod=None */
    EVENT_CHAP,      /* AuthMethod=CHAP */
    EVENT_CHALLENGE, /* and we answer it one way */
    EVENT_CHALLENGE_MUTUAL,
    EVENT_STAY,    /* a complete answer, T=0 */
    EVENT_TRANSIT, /* T=1 */
};

static void put_method(struct login *login, struct text_writer *writer);
static void put_chap(struct login *login, struct text_writer *writer);
static void put_operational(struct login *login, struct text_writer *writer);

/* What we say in a phase. `next` is NSG; the same stage means T=0. */
static const struct step {
    uint8_t stage, next;
    bool takes_chap; /* CHAP_ keys may arrive */
    void (*put)(struct login *login, struct text_writer *writer);
} steps[] = {
    [PHASE_METHOD] = {PDU_STAGE_SECURITY, PDU_STAGE_SECURITY, false, put_method},     /* 6.3.1, 13.1 */
    [PHASE_CHAP_LIST] = {PDU_STAGE_SECURITY, PDU_STAGE_SECURITY, true, put_chap},     /* 12.1.3 */
    [PHASE_CHAP_PROOF] = {PDU_STAGE_SECURITY, PDU_STAGE_OPERATIONAL, true, put_chap}, /* 12.1.3, 6.3.2 */
    /* 12.1.3 and appendix C. T=1 before the target is proven: tgtd 1.0 leaves the stage in no other way. */
    [PHASE_CHAP_MUTUAL] = {PDU_STAGE_SECURITY, PDU_STAGE_OPERATIONAL, true, put_chap},
    [PHASE_LEAVE_SECURITY] = {PDU_STAGE_SECURITY, PDU_STAGE_OPERATIONAL, false, NULL},             /* 6.3.2 */
    [PHASE_OPERATIONAL] = {PDU_STAGE_OPERATIONAL, PDU_STAGE_FULL_FEATURE, false, put_operational}, /* 6.3.3 */
};

/* Where an answer leads. What is not here is not allowed. */
static const struct move {
    uint8_t phase, event, next;
} moves[] = {
    {PHASE_METHOD, EVENT_CHAP, PHASE_CHAP_LIST},                  /* 12.1.3 */
    {PHASE_METHOD, EVENT_NONE, PHASE_LEAVE_SECURITY},             /* 6.3.2 */
    {PHASE_CHAP_LIST, EVENT_CHALLENGE, PHASE_CHAP_PROOF},         /* 12.1.3 */
    {PHASE_CHAP_LIST, EVENT_CHALLENGE_MUTUAL, PHASE_CHAP_MUTUAL}, /* 12.1.3 */
    {PHASE_CHAP_PROOF, EVENT_TRANSIT, PHASE_OPERATIONAL},         /* 6.3.2 */
    {PHASE_CHAP_PROOF, EVENT_STAY, PHASE_LEAVE_SECURITY}, /* 6.3.3: more negotiation, of which we have none */
    {PHASE_CHAP_MUTUAL, EVENT_TRANSIT, PHASE_OPERATIONAL},    /* the target is proven, in the same answer */
    {PHASE_CHAP_MUTUAL, EVENT_STAY, PHASE_LEAVE_SECURITY},    /* the target is proven: ask to move */
    {PHASE_LEAVE_SECURITY, EVENT_TRANSIT, PHASE_OPERATIONAL}, /* 6.3.2 */
    {PHASE_LEAVE_SECURITY, EVENT_STAY, PHASE_LEAVE_SECURITY}, /* 6.3.3 */
    {PHASE_OPERATIONAL, EVENT_STAY, PHASE_OPERATIONAL},       /* 6.3.3 */
    {PHASE_OPERATIONAL, EVENT_TRANSIT, PHASE_OVER},           /* 6.3.3 */
};

static enum login_state fail(struct login *login, enum fault_code code, const char *key)
{
    login->state = LOGIN_FAILED;
    login->request_ready = false;
    login->fault = (struct fault){.code = code, .opcode = PDU_LOGIN_RESPONSE, .key = key};
    return login->state;
}

static bool is_mutual(const struct login *login)
{
    return login->config->chap.target.name != NULL;
}

/* --- What we say --- */

/* Section 6.3.1: the first request says who we are and whom we want. */
static void put_names(struct login *login, struct text_writer *writer)
{
    const struct login_config *config = login->config;

    text_put(writer, "InitiatorName", config->initiator_name);
    if (config->initiator_alias)
        text_put(writer, "InitiatorAlias", config->initiator_alias);
    text_put(writer, "SessionType", config->target_name ? "Normal" : "Discovery");
    if (config->target_name)
        text_put(writer, "TargetName", config->target_name);
}

static void put_method(struct login *login, struct text_writer *writer)
{
    text_put(writer, "AuthMethod", login->config->policy == LOGIN_AUTH_ANY ? "CHAP,None" : "CHAP");
}

static void put_chap(struct login *login, struct text_writer *writer)
{
    chap_put(&login->chap, writer);
}

static void put_operational(struct login *login, struct text_writer *writer)
{
    keys_put_offers(&login->keys, writer);
}

/* Enter `phase`: what it says goes behind what `writer` (into our output) already holds. */
static enum login_state speak(struct login *login, uint8_t phase, struct text_writer *writer)
{
    login->phase = phase;
    if (steps[phase].put)
        steps[phase].put(login, writer);
    if (writer->overflow)
        return fail(login, FAULT_LOGIN_TEXT_SIZE, NULL);
    login->output_length = (uint32_t)writer->length;
    login->output_sent = 0;
    login->text_length = 0;
    login->request_ready = true;
    return login->state;
}

void login_start(struct login *login, const struct login_config *config, uint32_t cmd_sn, uint32_t itt,
                 bool md5_only, struct hash_random *random)
{
    struct text_writer writer;

    login->config = config;
    login->state = LOGIN_RUNNING;
    login->fault = (struct fault){.code = FAULT_NONE};
    login->cmd_sn = cmd_sn;
    login->itt = itt;
    login->md5_only = md5_only;
    login->exp_stat_sn = 0; /* section 11.12.9 */
    login->answered = login->joining = login->method_seen = login->list_rejected = login->asked_transit =
        false;
    login->authenticated = login->mutual = login->redirect_permanent = false;
    login->rounds = 0;
    login->tsih = 0;
    keys_init(&login->keys, config->offer, config->target_name == NULL);
    if (config->offer == NULL)
        login->keys.offer.header_digest = login->keys.offer.data_digest = config->digests;
    if (config->policy != LOGIN_AUTH_NONE)
        chap_start(&login->chap, &config->chap, md5_only, random);
    text_writer_init(&writer, login->output, sizeof(login->output));
    put_names(login, &writer);
    speak(login, config->policy == LOGIN_AUTH_NONE ? PHASE_OPERATIONAL : PHASE_METHOD, &writer);
}

bool login_request(struct login *login, uint8_t ret_header[PDU_HEADER_SIZE], const uint8_t **ret_text,
                   uint32_t *ret_length)
{
    const struct step *step = &steps[login->phase];
    uint32_t left = login->output_length - login->output_sent;
    struct pdu_login request = {.csg = step->stage, .itt = login->itt, .tsih = 0, .cid = 0};

    if (login->state != LOGIN_RUNNING || !login->request_ready)
        return false;
    request.data_length = left;
    if (left > LOGIN_REQUEST_MAX) {
        request.data_length = LOGIN_REQUEST_MAX;
        request.more = true; /* never together with T (section 11.12.2) */
    }
    /* An answer of which more follows is only acknowledged, in the stage as it is. */
    request.transit = !request.more && !login->joining && step->next != step->stage;
    request.nsg = request.transit ? step->next : 0;
    memcpy(request.isid, login->config->isid, sizeof(request.isid));
    pdu_emit_login(&request, (struct pdu_numbers){login->cmd_sn, login->exp_stat_sn}, ret_header);
    *ret_text = (const uint8_t *)login->output + login->output_sent;
    *ret_length = request.data_length;
    login->output_sent += request.data_length;
    login->asked_transit = request.transit;
    login->request_ready = false;
    login->rounds++;
    return true;
}

/* --- What the target says --- */

/* TargetAddress of a redirection; nothing else in that text counts (REQ-073, REQ-139). */
static bool redirect_address(struct login *login, const uint8_t *text, uint32_t length)
{
    struct text_reader reader;
    struct text_item item;

    text_reader_init(&reader, text, length);
    while (text_next(&reader, &item) == TEXT_ITEM) {
        if (text_is(item.key, item.key_length, "TargetAddress"))
            return address_parse_portal(item.value, item.value_length, &login->redirect);
    }
    return false;
}

/* A Status-Class other than success ends the login (section 11.13.5). */
static enum login_state take_status(struct login *login, const struct pdu *pdu, const uint8_t *text,
                                    uint32_t length)
{
    bool moved = pdu->status_class == 1 && (pdu->status_detail == 1 || pdu->status_detail == 2);

    fail(login, FAULT_LOGIN_STATUS, NULL);
    login->fault.login_class = pdu->status_class;
    login->fault.login_detail = pdu->status_detail;
    if (!moved)
        return login->state;
    if (!redirect_address(login, text, length)) {
        login->fault.code = FAULT_REDIRECT_ADDRESS;
        return login->state;
    }
    login->redirect_permanent = pdu->status_detail == 2;
    return login->state = LOGIN_REDIRECTED;
}

/* Header fields that must agree with what we asked (sections 6.3, 11.13). */
static enum fault_code check_header(const struct login *login, const struct pdu *pdu)
{
    const struct step *step = &steps[login->phase];

    if (pdu->version_active != 0 || pdu->version_max < pdu->version_active)
        return FAULT_LOGIN_VERSION;
    if (memcmp(pdu->isid, login->config->isid, sizeof(pdu->isid)) != 0)
        return FAULT_LOGIN_IDENTITY;
    if (pdu->csg != step->stage || (pdu->final && pdu->more))
        return FAULT_LOGIN_STAGE;
    if (pdu->final && (!login->asked_transit || pdu->nsg != step->next))
        return FAULT_LOGIN_STAGE;
    if (login->answered && pdu->stat_sn != login->exp_stat_sn)
        return FAULT_PROTOCOL_STATSN;
    return FAULT_NONE;
}

/* Section 12: one answer, one of the values that we offered. */
static enum fault_code take_method(struct login *login, const struct text_item *item)
{
    if (login->method_seen)
        return FAULT_KEY_DUPLICATE;
    if (login->phase != PHASE_METHOD)
        return FAULT_KEY_STAGE;
    login->method_seen = true;
    login->authenticated = text_is(item->value, item->value_length, "CHAP");
    if (login->authenticated)
        return FAULT_NONE;
    if (!text_is(item->value, item->value_length, "None"))
        return FAULT_AUTH_METHOD;
    return login->config->policy == LOGIN_AUTH_ANY ? FAULT_NONE : FAULT_AUTH_SKIPPED;
}

static enum fault_code take_chap(struct login *login, const struct text_item *item)
{
    if (steps[login->phase].stage != PDU_STAGE_SECURITY)
        return FAULT_KEY_STAGE;
    if (!steps[login->phase].takes_chap)
        return FAULT_AUTH_ORDER;
    login->list_rejected |= login->phase == PHASE_CHAP_LIST &&
                            text_is(item->key, item->key_length, "CHAP_A") &&
                            text_is(item->value, item->value_length, "Reject");
    return chap_take(&login->chap, item);
}

static enum fault_code take_item(struct login *login, const struct text_item *item,
                                 struct text_writer *answers, const char **ret_key)
{
    enum fault_code code;

    if (text_is(item->key, item->key_length, "AuthMethod")) {
        *ret_key = "AuthMethod";
        return take_method(login, item);
    }
    if (chap_is_key(item)) {
        code = take_chap(login, item);
        *ret_key = login->chap.fault_key;
        return code;
    }
    code = keys_take(&login->keys, item, steps[login->phase].stage, answers);
    *ret_key = login->keys.fault_key;
    return code;
}

static enum fault_code take_items(struct login *login, struct text_writer *answers, const char **ret_key)
{
    enum text_result result;
    enum fault_code code;
    struct text_reader reader;
    struct text_item item;

    text_reader_init(&reader, login->text, login->text_length);
    while ((result = text_next(&reader, &item)) == TEXT_ITEM) {
        code = take_item(login, &item, answers, ret_key);
        if (code != FAULT_NONE)
            return code;
    }
    *ret_key = NULL;
    return result == TEXT_END ? FAULT_NONE : FAULT_FORMAT_TEXT;
}

/* What the complete answer amounts to. */
static enum fault_code find_event(struct login *login, bool transit, enum event *ret_event,
                                  const char **ret_key)
{
    *ret_event = transit ? EVENT_TRANSIT : EVENT_STAY;
    if (login->phase == PHASE_METHOD) {
        *ret_key = "AuthMethod";
        if (!login->method_seen)
            return FAULT_AUTH_SKIPPED; /* REQ-148 */
        *ret_event = login->authenticated ? EVENT_CHAP : EVENT_NONE;
    } else if (steps[login->phase].takes_chap) {
        enum fault_code code = chap_answer_end(&login->chap);

        *ret_key = login->chap.fault_key;
        if (code != FAULT_NONE)
            return code;
        if (login->phase == PHASE_CHAP_LIST)
            *ret_event = is_mutual(login) ? EVENT_CHALLENGE_MUTUAL : EVENT_CHALLENGE;
        else if (!chap_complete(&login->chap))
            return FAULT_AUTH_SKIPPED;
    }
    return FAULT_NONE;
}

/* Everything is agreed: sections 6.3.3 and 11.13.3. */
static enum login_state finish(struct login *login, const struct pdu *pdu, const struct text_writer *answers)
{
    enum fault_code code;

    if (pdu->tsih == 0)
        return fail(login, FAULT_LOGIN_IDENTITY, NULL);
    if (answers->length != 0)
        return fail(login, FAULT_LOGIN_STAGE, NULL); /* it asked, and left before we could answer (REQ-088) */
    code = keys_finish(&login->keys);
    if (code != FAULT_NONE)
        return fail(login, code, login->keys.fault_key);
    login->tsih = pdu->tsih;
    login->mutual = login->authenticated && is_mutual(login);
    login->request_ready = false;
    return login->state = LOGIN_DONE;
}

static enum login_state move(struct login *login, enum event event, const struct pdu *pdu,
                             struct text_writer *writer)
{
    for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
        if (moves[i].phase != login->phase || moves[i].event != event)
            continue;
        if (moves[i].next == PHASE_OVER)
            return finish(login, pdu, writer);
        return speak(login, moves[i].next, writer);
    }
    return fail(login, FAULT_LOGIN_STAGE, NULL);
}

/* The target's answer is whole. */
static enum login_state take_answer(struct login *login, const struct pdu *pdu)
{
    struct text_writer writer;
    const char *key = NULL;
    enum fault_code code;
    enum event event;

    text_writer_init(&writer, login->output, sizeof(login->output));
    code = take_items(login, &writer, &key);
    if (code == FAULT_NONE)
        code = find_event(login, pdu->final, &event, &key);
    if (code != FAULT_NONE)
        return fail(login, code, key);
    if (login->rounds >= LOGIN_ROUNDS_MAX && !pdu->final)
        return fail(login, FAULT_LOGIN_ROUNDS, NULL);
    return move(login, event, pdu, &writer);
}

/* Join the pieces of an answer; true when it is whole (section 6.2). */
static bool join(struct login *login, const struct pdu *pdu, const uint8_t *text, uint32_t length)
{
    if (length > sizeof(login->text) - login->text_length) {
        fail(login, FAULT_LOGIN_TEXT_SIZE, NULL);
        return false;
    }
    if (length != 0)
        memcpy(login->text + login->text_length, text, length);
    login->text_length += length;
    login->joining = pdu->more;
    if (!pdu->more)
        return true;
    if (login->rounds >= LOGIN_ROUNDS_MAX) {
        fail(login, FAULT_LOGIN_ROUNDS, NULL);
        return false;
    }
    login->request_ready = true; /* an empty request: our own text was all sent */
    return false;
}

/* Our text is longer than one PDU: the target says nothing until it has all of it (section 6.2). */
static enum login_state send_more(struct login *login, const struct pdu *pdu, uint32_t length)
{
    if (length != 0 || pdu->more)
        return fail(login, FAULT_PROTOCOL_TEXT, NULL);
    login->request_ready = true;
    return login->state;
}

enum login_state login_take(struct login *login, const struct pdu *pdu, const uint8_t *text, uint32_t length)
{
    enum fault_code code;

    if (login->state != LOGIN_RUNNING)
        return login->state;
    if (pdu->opcode != PDU_LOGIN_RESPONSE)
        return fail(login, FAULT_PROTOCOL_PHASE, NULL);
    if (pdu->itt != login->itt)
        return fail(login, FAULT_LOGIN_IDENTITY, NULL);
    if (pdu->status_class != 0)
        return take_status(login, pdu, text, length);
    if (login->request_ready)
        return fail(login, FAULT_PROTOCOL_PHASE, NULL); /* we have the word */
    code = check_header(login, pdu);
    if (code != FAULT_NONE)
        return fail(login, code, NULL);
    login->answered = true;
    login->exp_stat_sn = pdu->stat_sn + 1;
    if (login->output_sent != login->output_length)
        return send_more(login, pdu, length);
    if (!join(login, pdu, text, length))
        return login->state;
    return take_answer(login, pdu);
}

/* --- Afterwards --- */

static bool offered_more_than_md5(const struct login *login)
{
    const struct chap_config *chap = &login->config->chap;
    bool md5 = false;

    if (login->config->policy == LOGIN_AUTH_NONE || login->md5_only || chap->algorithm_count < 2)
        return false;
    for (unsigned i = 0; i < chap->algorithm_count && i < CHAP_ALGORITHMS; i++)
        md5 |= chap->algorithms[i] == HASH_MD5;
    return md5;
}

bool login_md5_may_help(const struct login *login)
{
    bool status = login->state == LOGIN_FAILED && login->fault.code == FAULT_LOGIN_STATUS &&
                  login->fault.login_class == 2 && login->fault.login_detail <= 1;

    if (login->config == NULL || login->state == LOGIN_DONE || !offered_more_than_md5(login))
        return false;
    if (login->phase == PHASE_CHAP_LIST) /* refused, or closed by the peer while we wait */
        return status || login->list_rejected || login->state == LOGIN_RUNNING;
    if (login->phase == PHASE_CHAP_PROOF || login->phase == PHASE_CHAP_MUTUAL)
        return status && login->chap.algorithm != HASH_MD5;
    return false;
}

void login_done(struct login *login)
{
    chap_done(&login->chap);
    bytes_wipe(login->text, sizeof(login->text));
    bytes_wipe(login->output, sizeof(login->output));
    login->request_ready = false;
}
