/* SPDX-License-Identifier: BSD-2-Clause */
#include "chap.h"

#include <string.h>

#include "bytes.h"

#define WEAK_CHALLENGE 16u /* fewer bytes than this are weak (RFC 1994 section 2.3) */
#define NONCE          16u /* random bytes at the start of our challenge; the rest is their mark */

enum key { KEY_A, KEY_I, KEY_C, KEY_N, KEY_R };

static enum fault_code take_algorithm(struct chap *chap, const struct text_item *item);
static enum fault_code take_identifier(struct chap *chap, const struct text_item *item);
static enum fault_code take_challenge(struct chap *chap, const struct text_item *item);
static enum fault_code take_name(struct chap *chap, const struct text_item *item);
static enum fault_code take_response(struct chap *chap, const struct text_item *item);

/* Which key is taken in which state (section 12.1.3). */
static const struct row {
    const char *name;
    enum chap_state state;
    enum fault_code (*take)(struct chap *chap, const struct text_item *item);
} rows[] = {
    [KEY_A] = {"CHAP_A", CHAP_OFFERED, take_algorithm}, [KEY_I] = {"CHAP_I", CHAP_OFFERED, take_identifier},
    [KEY_C] = {"CHAP_C", CHAP_OFFERED, take_challenge}, [KEY_N] = {"CHAP_N", CHAP_ANSWERED, take_name},
    [KEY_R] = {"CHAP_R", CHAP_ANSWERED, take_response},
};

#define ROWS (sizeof rows / sizeof rows[0])

static bool is_mutual(const struct chap_config *config)
{
    return config->target.name != NULL;
}

static size_t name_length(const char *name)
{
    size_t n = 0;

    while (n <= CHAP_NAME_MAX && name[n] != '\0')
        n++;
    return n;
}

static const char *check_algorithms(const struct chap_config *config)
{
    if (config->algorithm_count < 1 || config->algorithm_count > CHAP_ALGORITHMS)
        return "one to four CHAP algorithms must be named";
    for (unsigned i = 0; i < config->algorithm_count; i++) {
        if (hash_size(config->algorithms[i]) == 0)
            return "a CHAP algorithm is none of md5, sha1, sha256 and sha3-256";
        for (unsigned j = 0; j < i; j++) {
            if (config->algorithms[i] == config->algorithms[j])
                return "a CHAP algorithm is named twice";
        }
    }
    return NULL;
}

static const char *check_target(const struct chap_config *config)
{
    const struct chap_credentials *local = &config->local;
    const struct chap_credentials *target = &config->target;
    size_t length = name_length(target->name);

    if (length < 1 || length > CHAP_NAME_MAX)
        return "the mutual CHAP name must have 1 to 255 bytes";
    if (!target->secret || target->secret_length < CHAP_SECRET_MIN)
        return "the mutual CHAP secret is too short: 12 bytes at least";
    if (target->secret_length > CHAP_SECRET_MAX)
        return "the mutual CHAP secret is too long: 255 bytes at most";
    if (target->secret_length == local->secret_length &&
        bytes_equal_secret(target->secret, local->secret, local->secret_length))
        return "the two CHAP secrets must differ";
    if (!config->has_random)
        return "mutual CHAP needs a source of random numbers, and this machine has none: use one-way CHAP "
               "here, or "
               "firmware or a processor that has one";
    return NULL;
}

const char *chap_check(const struct chap_config *config)
{
    const struct chap_credentials *local = &config->local;
    const char *wrong = check_algorithms(config);
    size_t length = local->name ? name_length(local->name) : 0;

    if (wrong)
        return wrong;
    if (length < 1 || length > CHAP_NAME_MAX)
        return "the CHAP name must have 1 to 255 bytes";
    if (!local->secret || local->secret_length < CHAP_SECRET_MIN)
        return "the CHAP secret is too short: 12 bytes at least";
    if (local->secret_length > CHAP_SECRET_MAX)
        return "the CHAP secret is too long: 255 bytes at most";
    return is_mutual(config) ? check_target(config) : NULL;
}

/* The mark of a nonce: nobody without the key can make it, so a challenge that bears it was ours. */
static void make_mark(const struct chap *chap, const uint8_t *nonce, uint8_t ret_mark[HASH_SIZE_MAX])
{
    const struct hash_piece pieces[] = {{chap->mark_key, sizeof chap->mark_key}, {nonce, NONCE}};

    (void)hash_compute(HASH_SHA256, pieces, 2, ret_mark);
}

/* Was this challenge sent by us, in this exchange or in one before? */
static bool is_ours(const struct chap *chap, const uint8_t *challenge, size_t length)
{
    uint8_t mark[HASH_SIZE_MAX] = {0};
    bool same;

    if (length != CHAP_OUR_CHALLENGE)
        return false;
    make_mark(chap, challenge, mark);
    same = bytes_equal_secret(mark, challenge + NONCE, CHAP_OUR_CHALLENGE - NONCE);
    bytes_wipe(mark, sizeof mark);
    return same;
}

/* What belongs to one exchange alone. */
static void wipe_exchange(struct chap *chap)
{
    bytes_wipe(chap->challenge, sizeof chap->challenge);
    bytes_wipe(chap->our_challenge, sizeof chap->our_challenge);
    bytes_wipe(chap->peer_name, sizeof chap->peer_name);
    bytes_wipe(chap->peer_response, sizeof chap->peer_response);
    chap->challenge_length = 0;
    chap->peer_name_length = 0;
    chap->peer_response_length = 0;
    chap->identifier = 0;
    chap->seen = 0;
}

static enum fault_code fail(struct chap *chap, enum fault_code fault, const char *key)
{
    wipe_exchange(chap);
    chap->state = CHAP_FAILED;
    chap->fault = fault;
    chap->fault_key = key;
    return fault;
}

void chap_start(struct chap *chap, const struct chap_config *config, bool md5_only,
                struct hash_random *random)
{
    uint8_t mark[HASH_SIZE_MAX] = {0};

    wipe_exchange(chap);
    if (!chap->started_before) {
        hash_random_bytes(random, chap->mark_key, sizeof chap->mark_key);
        hash_random_bytes(random, &chap->our_identifier, 1);
        chap->started_before = true;
    }
    chap->config = config;
    chap->state = CHAP_IDLE;
    chap->algorithm = 0;
    chap->weak_challenge = false;
    chap->repeated_challenge = false;
    chap->fault = FAULT_NONE;
    chap->fault_key = NULL;
    chap->md5_only = md5_only;
    chap->our_identifier++; /* another one for each challenge (RFC 1994 section 4.1) */
    hash_random_bytes(random, chap->our_challenge, NONCE);
    make_mark(chap, chap->our_challenge, mark);
    memcpy(chap->our_challenge + NONCE, mark, CHAP_OUR_CHALLENGE - NONCE);
    bytes_wipe(mark, sizeof mark);
}

static const struct row *find_row(const struct text_item *item)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (text_is(item->key, item->key_length, rows[i].name))
            return &rows[i];
    }
    return NULL;
}

bool chap_is_key(const struct text_item *item)
{
    return find_row(item) != NULL;
}

static bool was_offered(const struct chap *chap, uint64_t number)
{
    if (chap->md5_only)
        return number == HASH_MD5;
    for (unsigned i = 0; i < chap->config->algorithm_count && i < CHAP_ALGORITHMS; i++) {
        if (chap->config->algorithms[i] == number)
            return true;
    }
    return false;
}

/* One number of our list (REQ-153); Reject is how a target says that it can do none of them. */
static enum fault_code take_algorithm(struct chap *chap, const struct text_item *item)
{
    uint64_t number;

    if (text_is(item->value, item->value_length, "Reject"))
        return FAULT_AUTH_ALGORITHM;
    if (!text_number(item->value, item->value_length, &number))
        return FAULT_AUTH_VALUE;
    if (!was_offered(chap, number))
        return FAULT_AUTH_ALGORITHM;
    chap->algorithm = (unsigned)number;
    return FAULT_NONE;
}

static enum fault_code take_identifier(struct chap *chap, const struct text_item *item)
{
    uint64_t number;

    if (!text_number(item->value, item->value_length, &number) || number > 255)
        return FAULT_AUTH_VALUE;
    chap->identifier = (uint8_t)number;
    return FAULT_NONE;
}

static enum fault_code take_challenge(struct chap *chap, const struct text_item *item)
{
    if (!text_binary(item->value, item->value_length, chap->challenge, sizeof chap->challenge,
                     &chap->challenge_length))
        return FAULT_AUTH_VALUE;
    return is_ours(chap, chap->challenge, chap->challenge_length) ? FAULT_AUTH_REFLECTION : FAULT_NONE;
}

static enum fault_code take_name(struct chap *chap, const struct text_item *item)
{
    if (item->value_length < 1 || item->value_length > sizeof chap->peer_name)
        return FAULT_AUTH_VALUE;
    memcpy(chap->peer_name, item->value, item->value_length);
    chap->peer_name_length = item->value_length;
    return FAULT_NONE;
}

static enum fault_code take_response(struct chap *chap, const struct text_item *item)
{
    if (!text_binary(item->value, item->value_length, chap->peer_response, sizeof chap->peer_response,
                     &chap->peer_response_length) ||
        chap->peer_response_length != hash_size(chap->algorithm))
        return FAULT_AUTH_VALUE;
    return FAULT_NONE;
}

enum fault_code chap_take(struct chap *chap, const struct text_item *item)
{
    const struct row *row = find_row(item);
    enum fault_code fault;
    uint32_t bit;

    if (chap->state == CHAP_FAILED)
        return chap->fault;
    if (!row)
        return fail(chap, FAULT_AUTH_ORDER, NULL);
    /* One way, the target has nothing to prove: its CHAP_N and CHAP_R answer a question that was not put. */
    if (row->state != chap->state || (chap->state == CHAP_ANSWERED && !is_mutual(chap->config)))
        return fail(chap, FAULT_AUTH_ORDER, row->name);
    bit = 1u << (row - rows);
    if (chap->seen & bit)
        return fail(chap, FAULT_KEY_DUPLICATE, row->name);
    chap->seen |= bit;
    fault = row->take(chap, item);
    return fault == FAULT_NONE ? FAULT_NONE : fail(chap, fault, row->name);
}

/* H(identifier, secret, challenge), over the bytes themselves (RFC 1994 section 4.1). */
static void respond(unsigned algorithm, uint8_t identifier, const struct chap_credentials *who,
                    const uint8_t *challenge, size_t challenge_length, uint8_t ret_response[HASH_SIZE_MAX])
{
    const struct hash_piece pieces[] = {
        {&identifier, 1}, {who->secret, who->secret_length}, {challenge, challenge_length}};

    (void)hash_compute(algorithm, pieces, 3, ret_response);
}

/* Did all keys from `first` to `last` come? Else *ret_missing names one that did not. */
static bool all_seen(const struct chap *chap, enum key first, enum key last, const char **ret_missing)
{
    for (enum key key = first; key <= last; key++) {
        if (!(chap->seen & 1u << key)) {
            *ret_missing = rows[key].name;
            return false;
        }
    }
    return true;
}

/* The target's challenge is here, whole. */
static enum fault_code end_challenge(struct chap *chap)
{
    const struct hash_piece piece = {chap->challenge, chap->challenge_length};
    const char *missing;
    uint8_t print[HASH_SIZE_MAX] = {0};

    if (!all_seen(chap, KEY_A, KEY_C, &missing))
        return fail(chap, FAULT_AUTH_ORDER, missing);
    if (is_mutual(chap->config) && !chap->config->has_random)
        return fail(chap, FAULT_AUTH_NO_RANDOM, NULL);
    (void)hash_compute(HASH_SHA256, &piece, 1, print);
    chap->weak_challenge = chap->challenge_length < WEAK_CHALLENGE;
    chap->repeated_challenge =
        chap->challenged_before && memcmp(print, chap->last_peer_challenge, sizeof print) == 0;
    memcpy(chap->last_peer_challenge, print, sizeof print);
    chap->challenged_before = true;
    chap->state = CHAP_CHALLENGED;
    return FAULT_NONE;
}

/*
 * Is the target's response one that our own secret gives? Then it was made by us or by somebody with the same
 * secret for both directions, and proves nothing (section 9.2.1, REQ-165).
 */
static bool is_own_response(const struct chap *chap)
{
    const struct chap_credentials *local = &chap->config->local;
    uint8_t own[HASH_SIZE_MAX] = {0};
    bool same;

    respond(chap->algorithm, chap->our_identifier, local, chap->our_challenge, sizeof chap->our_challenge,
            own);
    same = bytes_equal_secret(own, chap->peer_response, chap->peer_response_length);
    respond(chap->algorithm, chap->identifier, local, chap->challenge, chap->challenge_length, own);
    same = bytes_equal_secret(own, chap->peer_response, chap->peer_response_length) || same;
    bytes_wipe(own, sizeof own);
    return same;
}

static bool is_expected_response(const struct chap *chap)
{
    uint8_t expected[HASH_SIZE_MAX] = {0};
    bool same;

    respond(chap->algorithm, chap->our_identifier, &chap->config->target, chap->our_challenge,
            sizeof chap->our_challenge, expected);
    same = chap->peer_response_length == hash_size(chap->algorithm) &&
           bytes_equal_secret(expected, chap->peer_response, chap->peer_response_length);
    bytes_wipe(expected, sizeof expected);
    return same;
}

/* The target's proof is here, whole. */
static enum fault_code end_proof(struct chap *chap)
{
    const char *missing;

    if (!all_seen(chap, KEY_N, KEY_R, &missing))
        return fail(chap, FAULT_AUTH_ORDER, missing);
    if (is_own_response(chap))
        return fail(chap, FAULT_AUTH_REFLECTION, rows[KEY_R].name);
    if (!is_expected_response(chap))
        return fail(chap, FAULT_AUTH_TARGET, rows[KEY_R].name);
    if (!text_is(chap->peer_name, chap->peer_name_length, chap->config->target.name))
        return fail(chap, FAULT_AUTH_TARGET_NAME, rows[KEY_N].name);
    chap->state = CHAP_DONE;
    return FAULT_NONE;
}

enum fault_code chap_answer_end(struct chap *chap)
{
    switch (chap->state) {
    case CHAP_OFFERED:
        return end_challenge(chap);
    case CHAP_ANSWERED:
        if (is_mutual(chap->config))
            return end_proof(chap);
        chap->state = CHAP_DONE;
        return FAULT_NONE;
    case CHAP_DONE:
        return FAULT_NONE;
    case CHAP_FAILED:
        return chap->fault;
    default:
        return fail(chap, FAULT_AUTH_ORDER, NULL);
    }
}

/* The numbers are of one digit each (hash.h). */
static void put_algorithms(struct chap *chap, struct text_writer *writer)
{
    static const uint8_t md5[] = {HASH_MD5};
    const uint8_t *algorithms = chap->md5_only ? md5 : chap->config->algorithms;
    unsigned count = chap->md5_only ? 1 : chap->config->algorithm_count;
    char list[2 * CHAP_ALGORITHMS] = "";
    size_t at = 0;

    for (unsigned i = 0; i < count && i < CHAP_ALGORITHMS; i++) {
        if (i > 0)
            list[at++] = ',';
        list[at++] = (char)('0' + algorithms[i] % 10);
    }
    text_put(writer, rows[KEY_A].name, list);
}

static void put_proof(struct chap *chap, struct text_writer *writer)
{
    uint8_t response[HASH_SIZE_MAX] = {0};

    respond(chap->algorithm, chap->identifier, &chap->config->local, chap->challenge, chap->challenge_length,
            response);
    text_put(writer, rows[KEY_N].name, chap->config->local.name);
    text_put_binary(writer, rows[KEY_R].name, response, hash_size(chap->algorithm));
    bytes_wipe(response, sizeof response);
    if (is_mutual(chap->config)) {
        text_put_number(writer, rows[KEY_I].name, chap->our_identifier);
        text_put_binary(writer, rows[KEY_C].name, chap->our_challenge, sizeof chap->our_challenge);
    }
}

void chap_put(struct chap *chap, struct text_writer *writer)
{
    if (chap->state == CHAP_IDLE) {
        put_algorithms(chap, writer);
        chap->state = CHAP_OFFERED;
    } else if (chap->state == CHAP_CHALLENGED) {
        put_proof(chap, writer);
        chap->state = CHAP_ANSWERED;
    }
}

bool chap_complete(const struct chap *chap)
{
    return chap->state == CHAP_DONE;
}

void chap_done(struct chap *chap)
{
    wipe_exchange(chap);
    if (chap->state != CHAP_DONE &&
        chap->state != CHAP_FAILED) { /* nothing can go on without what was wiped */
        chap->state = CHAP_FAILED;
        chap->fault = FAULT_CANCELLED;
    }
}
