/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CHAP as an iSCSI initiator speaks it (RFC 7143 section 12.1.3, RFC 1994): one-way and mutual, over decoded
 * binary values. The exchange is an object of its own that eats CHAP_ items and yields CHAP_ items; the login
 * carries them (REQ-146 to REQ-178).
 */
#ifndef LUNBOOT_ISCSI_CHAP_H
#define LUNBOOT_ISCSI_CHAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fault.h"
#include "hash.h"
#include "text.h"

#define CHAP_NAME_MAX      255u
#define CHAP_SECRET_MIN    12u /* bytes: section 9.2.1 wants 96 bits where no IPsec is */
#define CHAP_SECRET_MAX    255u
#define CHAP_CHALLENGE_MAX 1024u
#define CHAP_OUR_CHALLENGE 32u
#define CHAP_ALGORITHMS    4u

/* A name and a secret; the caller's memory, for the life of the session. Secrets may hold zero bytes. */
struct chap_credentials {
    const char *name; /* NUL-ended, 1 to 255 bytes */
    const uint8_t *secret;
    size_t secret_length;
};

struct chap_config {
    struct chap_credentials local;       /* how we prove ourselves */
    struct chap_credentials target;      /* mutual: what the target must prove; name NULL: not mutual */
    uint8_t algorithms[CHAP_ALGORITHMS]; /* in order of preference */
    uint8_t algorithm_count;             /* 1 to 4 */
    bool has_random; /* the seed came from a cryptographic source: without it mutual CHAP is refused (REQ-158)
                      */
};

/* NULL when usable, else a static sentence: short or equal secrets, empty names, no algorithm (REQ-166,
 * REQ-170). */
const char *chap_check(const struct chap_config *config);

enum chap_state {
    CHAP_IDLE,       /* chap_put offers the algorithms */
    CHAP_OFFERED,    /* the target owes CHAP_A, CHAP_I, CHAP_C */
    CHAP_CHALLENGED, /* chap_put gives our proof */
    CHAP_ANSWERED,   /* the target owes its own proof (mutual), or no CHAP_ key any more */
    CHAP_DONE,
    CHAP_FAILED,
};

struct chap {
    const struct chap_config *config;
    enum chap_state state;
    unsigned algorithm;      /* chosen by the target, 0 before */
    bool weak_challenge;     /* the target's challenge had fewer than 16 bytes (REQ-157) */
    bool repeated_challenge; /* the target sent the same challenge as in the exchange before (REQ-162) */
    enum fault_code fault;
    const char *fault_key;
    /* private: what arrived in this answer, and what we sent */
    bool md5_only;
    uint32_t seen;
    uint8_t identifier;
    uint8_t challenge[CHAP_CHALLENGE_MAX];
    size_t challenge_length;
    uint8_t our_challenge[CHAP_OUR_CHALLENGE];
    char peer_name[CHAP_NAME_MAX];
    size_t peer_name_length;
    uint8_t peer_response[HASH_SIZE_MAX];
    size_t peer_response_length;
    /* what outlives an exchange */
    bool started_before, challenged_before;
    uint8_t our_identifier;
    uint8_t mark_key[HASH_SIZE_MAX]; /* by which we know each challenge that we ever sent (REQ-161) */
    uint8_t last_peer_challenge[HASH_SIZE_MAX]; /* SHA-256 of it */
};

/*
 * Begin an exchange; the object was zeroed before its first. `md5_only` is the second login of REQ-152. The
 * identifier and challenge of ours are drawn from `random` here, so that they differ on every attempt.
 */
void chap_start(struct chap *chap, const struct chap_config *config, bool md5_only,
                struct hash_random *random);

/* Is this one of CHAP_A, CHAP_I, CHAP_C, CHAP_N, CHAP_R? */
bool chap_is_key(const struct text_item *item);

/* One CHAP_ item of the target's answer; duplicates, bad values and keys out of turn are faults, which stay.
 */
enum fault_code chap_take(struct chap *chap, const struct text_item *item);

/* The target's answer is complete: verify it and move on. FAULT_NONE, or why the login must end at once. */
enum fault_code chap_answer_end(struct chap *chap);

/* Append what is to be sent in this state (CHAP_A; or CHAP_N, CHAP_R and, mutual, CHAP_I, CHAP_C). */
void chap_put(struct chap *chap, struct text_writer *writer);

/* True once everything that the policy requires was sent and proven. */
bool chap_complete(const struct chap *chap);

/*
 * Wipe challenges and responses, but not what REQ-159, 161 and 162 need on the next start. The results
 * (algorithm, the two remarks on the challenge, the fault) stay.
 */
void chap_done(struct chap *chap);

#endif
