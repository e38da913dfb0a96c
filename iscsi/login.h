/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The login phase of one connection (RFC 7143 section 6): a table of {state, event, action, next} from the
 * first Login Request to full feature phase. It eats Login Responses and yields Login Requests; the session
 * owns the connection, the clock and the decision what to do when a login fails.
 */
#ifndef LUNBOOT_ISCSI_LOGIN_H
#define LUNBOOT_ISCSI_LOGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "chap.h"
#include "fault.h"
#include "keys.h"
#include "pdu.h"

#define LOGIN_TEXT_MAX    16384u /* joined text of one answer (REQ-068) */
#define LOGIN_REQUEST_MAX 8192u  /* MaxRecvDataSegmentLength during login, both sides (REQ-071) */
#define LOGIN_ROUNDS_MAX  32u    /* requests in one login (REQ-062) */

/* What the person who set the machine up demands. */
enum login_policy {
    LOGIN_AUTH_NONE,   /* no credentials: the security stage is left out */
    LOGIN_AUTH_ANY,    /* CHAP,None: the target may do without */
    LOGIN_AUTH_CHAP,   /* we must prove ourselves */
    LOGIN_AUTH_MUTUAL, /* and the target too */
};

struct login_config {
    const char *initiator_name;  /* normalised, NUL-ended */
    const char *initiator_alias; /* or NULL */
    const char *target_name;     /* normalised, NUL-ended; NULL: discovery session */
    enum login_policy policy;
    struct chap_config chap;         /* used when policy is not LOGIN_AUTH_NONE */
    const struct keys_values *offer; /* or NULL for lunboot's own, with: */
    enum keys_digest digests;        /* of headers and data */
    uint8_t isid[6];
};

enum login_state { LOGIN_IDLE, LOGIN_RUNNING, LOGIN_DONE, LOGIN_FAILED, LOGIN_REDIRECTED };

struct login {
    const struct login_config *config;
    enum login_state state;
    struct fault fault; /* LOGIN_FAILED */
    struct keys keys;   /* LOGIN_DONE: keys.result */
    struct chap chap;
    uint16_t tsih;          /* LOGIN_DONE */
    struct portal redirect; /* LOGIN_REDIRECTED */
    bool redirect_permanent;
    bool authenticated;   /* CHAP was done */
    bool mutual;          /* and the target proved itself */
    uint32_t exp_stat_sn; /* the next StatSN; LOGIN_DONE: of the full feature phase */
    /* private */
    uint8_t phase;
    bool md5_only, asked_transit, method_seen, list_rejected;
    bool request_ready; /* we have the word */
    bool answered;      /* a response was taken: StatSN is known */
    bool joining;       /* the target's answer goes on in its next response */
    uint32_t itt, cmd_sn;
    unsigned rounds;
    uint32_t output_length, output_sent; /* of `output` */
    uint32_t text_length;
    char text[LOGIN_TEXT_MAX];   /* joined answer */
    char output[LOGIN_TEXT_MAX]; /* our request's text, cut into PDUs with C (REQ-067) */
};

/*
 * Begin on a fresh connection. The object must have been zeroed before its first start; what CHAP has to
 * remember across logins (our last identifier and challenge, the target's last challenge) is kept. `cmd_sn`
 * is the CmdSN of the whole login and of the first command after it; `itt` is constant through the login.
 * `md5_only` is the one second attempt of REQ-152.
 */
void login_start(struct login *login, const struct login_config *config, uint32_t cmd_sn, uint32_t itt,
                 bool md5_only, struct hash_random *random);

/*
 * The next Login Request, if one is due: header and text (valid until the next login_take). False when the
 * target has the word or the login is over.
 */
bool login_request(struct login *login, uint8_t ret_header[PDU_HEADER_SIZE], const uint8_t **ret_text,
                   uint32_t *ret_length);

/*
 * A Login Response and its data segment. The state says what it led to. The request before it must have been
 * handed over whole, else the caller fails the connection instead (the target may not speak out of turn).
 */
enum login_state login_take(struct login *login, const struct pdu *pdu, const uint8_t *text, uint32_t length);

/*
 * After LOGIN_FAILED, or a Reject or a close by the peer: may the one second login that offers MD5 alone be
 * tried (REQ-152)? Only when CHAP was offered with more than MD5, the list holds MD5, and this was not that
 * attempt already. To be asked before login_done.
 */
bool login_md5_may_help(const struct login *login);

/* Wipe what CHAP left, here and in the texts. The results (keys, tsih, flags) stay. */
void login_done(struct login *login);

#endif
