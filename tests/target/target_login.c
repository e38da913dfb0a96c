/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The target's side of the login: stages, CHAP with its four algorithms one way and mutual, and the
 * negotiation.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "iscsi/hash.h"
#include "tests/target/target.h"

/* --- Text --- */

static void say(struct target *target, const char *key, const char *value)
{
    int n = snprintf(target->login_out + target->login_out_length, TARGET_TEXT - target->login_out_length,
                     "%s=%s", key, value);

    target->login_out_length += (size_t)n + 1;
}

static void say_number(struct target *target, const char *key, uint32_t value)
{
    char text[16];

    snprintf(text, sizeof(text), "%u", value);
    say(target, key, text);
}

/* The value of a key in what the initiator said, or NULL. */
static const char *asked(const struct target *target, const char *key)
{
    const char *at = target->login_in, *end = at + target->login_in_length;
    size_t n = strlen(key);

    for (; at < end; at += strlen(at) + 1) {
        if (strncmp(at, key, n) == 0 && at[n] == '=')
            return at + n + 1;
    }
    return NULL;
}

static void say_binary(struct target *target, const char *key, const uint8_t *bytes, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char text[2 * 1024 + 8] = "0x";
    size_t at = 2;

    if (!target->config.chap_base64) {
        for (size_t i = 0; i < length; i++)
            at += (size_t)sprintf(text + at, "%02X", bytes[i]);
        say(target, key, text);
        return;
    }
    text[1] = 'b';
    for (size_t i = 0; i < length; i += 3) {
        uint32_t three = (uint32_t)bytes[i] << 16 | (i + 1 < length ? (uint32_t)bytes[i + 1] << 8 : 0) |
                         (i + 2 < length ? bytes[i + 2] : 0);
        for (unsigned k = 0; k < 4; k++)
            text[at++] = i + k > length ? '=' : digits[three >> (18 - 6 * k) & 63];
    }
    text[at] = '\0';
    say(target, key, text);
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static size_t from_hex(const char *text, uint8_t *bytes, size_t room)
{
    size_t n = 0;

    if (text == NULL || text[0] != '0' || text[1] != 'x')
        return 0;
    for (text += 2; n < room && digit(text[0]) >= 0 && digit(text[1]) >= 0; text += 2)
        bytes[n++] = (uint8_t)(digit(text[0]) << 4 | digit(text[1]));
    return n;
}

/* --- CHAP --- */

static void compute(unsigned algorithm, uint8_t identifier, const uint8_t *secret, size_t secret_length,
                    const uint8_t *challenge, size_t length, uint8_t *digest)
{
    struct hash_piece pieces[3] = {{&identifier, 1}, {secret, secret_length}, {challenge, length}};

    hash_compute(algorithm, pieces, 3, digest);
}

static bool knows(const struct target *target, unsigned algorithm)
{
    for (unsigned i = 0; i < 4; i++)
        if (target->config.chap_algorithms[i] == algorithm && algorithm != 0)
            return true;
    return false;
}

/* The first of the initiator's list that we know. */
static unsigned choose(const struct target *target, const char *list)
{
    while (list != NULL && *list != '\0') {
        unsigned long n = strtoul(list, (char **)&list, 10);
        if (knows(target, (unsigned)n))
            return (unsigned)n;
        list += *list == ',';
    }
    return 0;
}

/* 0: go on; else Status-Class << 8 | Status-Detail. */
static unsigned take_list(struct target *target, const char *list)
{
    target->chap_algorithm = choose(target, list);
    if (target->config.chap_list_closed && strchr(list, ',') != NULL) {
        target->close_wanted = true;
        return 0x201;
    }
    if (target->chap_algorithm == 0 || (target->config.chap_list_refused && strchr(list, ',') != NULL))
        return 0x201;
    target->chap_identifier = (uint8_t)(target->chap_identifier + 17);
    for (unsigned i = 0; i < target->config.chap_challenge_length; i++)
        target->chap_challenge[i] = (uint8_t)(i * 31 + target->count[3] * 7 + target->seen_count);
    say_number(target, "CHAP_A", target->chap_algorithm);
    say_number(target, "CHAP_I", target->chap_identifier);
    say_binary(target, "CHAP_C", target->chap_challenge, target->config.chap_challenge_length);
    return 0;
}

static void prove(struct target *target)
{
    uint8_t challenge[1024], digest[HASH_SIZE_MAX];
    size_t length = from_hex(asked(target, "CHAP_C"), challenge, sizeof(challenge));
    unsigned identifier = (unsigned)strtoul(asked(target, "CHAP_I"), NULL, 10);

    if (length < 16)
        target_complain(target, "a CHAP challenge of %zu bytes", length);
    if (length == target->config.chap_challenge_length &&
        memcmp(challenge, target->chap_challenge, length) == 0)
        target_complain(target, "our own CHAP challenge came back");
    compute(target->chap_algorithm, (uint8_t)identifier, target->config.mutual_secret,
            target->config.mutual_secret_length, challenge, length, digest);
    say(target, "CHAP_N", target->config.mutual_name);
    say_binary(target, "CHAP_R", digest, hash_size(target->chap_algorithm));
}

static unsigned take_response(struct target *target)
{
    uint8_t expected[HASH_SIZE_MAX], got[HASH_SIZE_MAX + 1];
    const char *name = asked(target, "CHAP_N");
    size_t length = from_hex(asked(target, "CHAP_R"), got, sizeof(got));
    unsigned algorithm = target->chap_algorithm;

    if (target->config.chap_seven_is_sha1 && algorithm == 7)
        return 0x200;
    compute(algorithm, target->chap_identifier, target->config.chap_secret, target->config.chap_secret_length,
            target->chap_challenge, target->config.chap_challenge_length, expected);
    if (name == NULL || strcmp(name, target->config.chap_name) != 0 || length != hash_size(algorithm) ||
        memcmp(expected, got, length) != 0)
        return 0x201;
    target->authenticated = true;
    if (asked(target, "CHAP_C") != NULL) {
        if (target->config.mutual_name == NULL)
            return 0x201;
        prove(target);
    }
    return 0;
}

static unsigned security(struct target *target)
{
    const char *method = asked(target, "AuthMethod");

    if (method != NULL) {
        bool chap = strncmp(method, "CHAP", 4) == 0;
        if (target->config.chap_name != NULL && !chap)
            return 0x201;
        if (target->config.chap_name == NULL && strstr(method, "None") == NULL)
            return 0x201;
        say(target, "AuthMethod", target->config.chap_name != NULL ? "CHAP" : "None");
        target->authenticated = target->config.chap_name == NULL;
    }
    if (asked(target, "CHAP_A") != NULL)
        return take_list(target, asked(target, "CHAP_A"));
    if (asked(target, "CHAP_R") != NULL)
        return take_response(target);
    return 0;
}

/* --- Negotiation --- */

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t lower(struct target *target, const char *key, const char *value, uint32_t ours)
{
    uint32_t result = least((uint32_t)strtoul(value, NULL, 0), ours);

    say_number(target, key, result);
    return result;
}

static bool is_yes(const char *value)
{
    return strcmp(value, "Yes") == 0;
}

/* One key of the operational stage; false when it was not one that we know. */
/* The first of the list, where it is known here. */
static bool takes_crc(const char *list, bool willing)
{
    return willing && strncmp(list, "CRC32C", 6) == 0;
}

static bool negotiate(struct target *target, const char *key, const char *value)
{
    const struct target_config *config = &target->config;

    if (strcmp(key, "MaxRecvDataSegmentLength") == 0)
        target->keys_recv = (uint32_t)strtoul(value, NULL, 0);
    else if (strcmp(key, "MaxBurstLength") == 0)
        target->keys_max_burst = lower(target, key, value, config->max_burst);
    else if (strcmp(key, "FirstBurstLength") == 0)
        target->keys_first_burst = lower(target, key, value, least(config->first_burst, config->max_burst));
    else if (strcmp(key, "MaxOutstandingR2T") == 0)
        target->keys_r2ts = lower(target, key, value, config->max_outstanding_r2t);
    else if (strcmp(key, "InitialR2T") == 0)
        say(target, key, (target->keys_initial_r2t = is_yes(value) || config->initial_r2t) ? "Yes" : "No");
    else if (strcmp(key, "ImmediateData") == 0)
        say(target, key, (target->keys_immediate = is_yes(value) && config->immediate_data) ? "Yes" : "No");
    else if (strcmp(key, "HeaderDigest") == 0)
        say(target, key,
            (target->keys_header_digest = takes_crc(value, config->header_digest)) ? "CRC32C" : "None");
    else if (strcmp(key, "DataDigest") == 0)
        say(target, key,
            (target->keys_data_digest = takes_crc(value, config->data_digest)) ? "CRC32C" : "None");
    else if (strcmp(key, "MaxConnections") == 0)
        lower(target, key, value, 1);
    else if (strcmp(key, "ErrorRecoveryLevel") == 0)
        lower(target, key, value, 0);
    else if (strcmp(key, "DefaultTime2Wait") == 0)
        say_number(target, key,
                   (uint32_t)strtoul(value, NULL, 0) > config->time2wait ? (uint32_t)strtoul(value, NULL, 0)
                                                                         : config->time2wait);
    else if (strcmp(key, "DefaultTime2Retain") == 0)
        lower(target, key, value, 20);
    else if (strcmp(key, "DataPDUInOrder") == 0 || strcmp(key, "DataSequenceInOrder") == 0)
        say(target, key, "Yes");
    else if (strcmp(key, "iSCSIProtocolLevel") == 0)
        lower(target, key, value, 1);
    else if (strcmp(key, "TaskReporting") == 0)
        say(target, key, "RFC3720");
    else
        return false;
    return true;
}

static const char *const other_keys[] = {
    "InitiatorName", "InitiatorAlias", "TargetName", "SessionType", "AuthMethod",
    "CHAP_A",        "CHAP_I",         "CHAP_C",     "CHAP_N",      "CHAP_R",
};

static void operational(struct target *target)
{
    const char *at = target->login_in, *end = at + target->login_in_length;

    for (; at < end; at += strlen(at) + 1) {
        const char *equals = strchr(at, '=');
        char key[64] = "";
        bool other = false;

        if (equals == NULL || equals - at > 63) {
            target_complain(target, "an item without = in login text");
            continue;
        }
        memcpy(key, at, (size_t)(equals - at));
        for (unsigned i = 0; i < sizeof(other_keys) / sizeof(other_keys[0]); i++)
            other |= strcmp(key, other_keys[i]) == 0;
        if (!other && strcmp(equals + 1, "NotUnderstood") != 0 && strcmp(equals + 1, "Reject") != 0 &&
            !negotiate(target, key, equals + 1))
            say(target, key, "NotUnderstood");
    }
    say_number(target, "MaxRecvDataSegmentLength", target->config.max_recv);
}

/* --- The stages --- */

static void answer(struct target *target, const uint8_t *request, uint8_t flags, unsigned status,
                   const char *text, size_t length)
{
    uint8_t header[48] = {0x23, flags};

    memcpy(header + 8, request + 8, 6);
    target_put(header, 14, 2, target->tsih);
    memcpy(header + 16, request + 16, 4);
    header[36] = (uint8_t)(status >> 8);
    header[37] = (uint8_t)status;
    target->login_step++;
    target_send(target, header, text, (uint32_t)length, status == 0);
}

/* A switch of the test replaces or adds text, | for NUL. */
static void apply_text(struct target *target)
{
    if (target->login_text != NULL)
        target->login_out_length = 0;
    for (const char *text = target->login_text; text != NULL && *text != '\0'; text++)
        target->login_out[target->login_out_length++] = (char)(*text == '|' ? '\0' : *text);
    for (const char *text = target->login_more_text; text != NULL && *text != '\0'; text++)
        target->login_out[target->login_out_length++] = (char)(*text == '|' ? '\0' : *text);
}

/* The next piece of our text, with C while there is more. */
static void send_text(struct target *target, const uint8_t *request)
{
    size_t left = target->login_out_length - target->login_out_sent;
    size_t piece = left;
    uint8_t csg = request[1] & 0x0c;
    bool cut = target->login_piece != 0 && (!target->login_piece_once || target->login_out_sent == 0);

    if (cut && left > target->login_piece)
        piece = target->login_piece;
    if (piece > 8192)
        piece = 8192;
    const char *text = target->login_out + target->login_out_sent;
    target->login_out_sent += piece;
    if (piece < left) {
        answer(target, request, 0x40 | csg, 0, text, piece);
        return;
    }
    target->login_out_length = target->login_out_sent = 0;
    if (!target->login_out_transit) {
        answer(target, request, csg, 0, text, piece);
        return;
    }
    target->stage = (request[1] & 0x03) != 0 ? request[1] & 0x03 : target->stage;
    uint8_t flags = (uint8_t)(0x80 | csg | target->stage);
    if (target->stage == 3) {
        target->full_feature = true;
        target->logins++;
        target->attentions_left = target->config.attentions;
        target->tsih = target->next_tsih++;
    }
    answer(target, request, flags, 0, text, piece);
    target->digests_on = target->full_feature;
}

static void refuse(struct target *target, const uint8_t *request, unsigned status, const char *address)
{
    char text[300];
    int length = 0;

    if (address != NULL)
        length = snprintf(text, sizeof(text), "TargetAddress=%s", address) + 1;
    answer(target, request, 0, status, text, (size_t)length);
    target->close_wanted = true;
}

/* Sections 6.3 and 11.12: what every Login Request must be like. */
static void check_request(struct target *target, const uint8_t *header)
{
    uint8_t csg = header[1] >> 2 & 3, nsg = header[1] & 3;
    bool transit = header[1] & 0x80, more = header[1] & 0x40;
    bool first = !target->names_seen && target->login_in_length == 0 && target->login_step == 0;

    if (!(header[0] & 0x40))
        target_complain(target, "Login Request without I");
    if (header[2] != 0 || header[3] != 0)
        target_complain(target, "Login Request with another version");
    if (target_get(header, 14, 2) != 0 || target_get(header, 20, 2) != 0)
        target_complain(target, "TSIH or CID is not zero");
    if ((transit && more) || (!transit && nsg != 0) || csg == 2 || nsg == 2 || (transit && nsg <= csg))
        target_complain(target, "Login Request with flags %02x", header[1]);
    if (first) {
        memcpy(target->isid, header + 8, 6);
        target->login_itt = target_get(header, 16, 4);
        target->login_cmd_sn = target_get(header, 24, 4);
        target->exp_cmd_sn = target->login_cmd_sn;
        target->max_cmd_sn = target->exp_cmd_sn - 1;
        target->stage = csg;
        if (target_get(header, 28, 4) != 0)
            target_complain(target, "ExpStatSN of the first request is not 0");
        return;
    }
    if (memcmp(target->isid, header + 8, 6) != 0 || target->login_itt != target_get(header, 16, 4) ||
        target->login_cmd_sn != target_get(header, 24, 4))
        target_complain(target, "ISID, ITT or CmdSN changed in the login");
    if (csg != target->stage)
        target_complain(target, "Login Request for stage %u in stage %u", csg, target->stage);
    if (target->login_step > 0 && target_get(header, 28, 4) != target->stat_sn)
        target_complain(target, "ExpStatSN %08x in the login", target_get(header, 28, 4));
}

static unsigned check_names(struct target *target)
{
    const char *type = asked(target, "SessionType"), *name = asked(target, "TargetName");

    target->names_seen = true;
    if (asked(target, "InitiatorName") == NULL)
        return 0x207;
    target->discovery = type != NULL && strcmp(type, "Discovery") == 0;
    if (target->discovery)
        return 0;
    if (name == NULL)
        return 0x207;
    if (strcmp(name, target->config.name) != 0)
        return 0x203;
    say(target, "TargetPortalGroupTag", "1");
    return 0;
}

/* The request's text is whole. */
static void take_whole(struct target *target, const uint8_t *header)
{
    bool transit = header[1] & 0x80;
    unsigned status = 0;

    if (!target->names_seen)
        status = check_names(target);
    if (status == 0 && target->stage == 0)
        status = security(target);
    if (status == 0 && target->stage == 1) {
        if (target->config.chap_name != NULL && !target->authenticated)
            status = 0x201;
        else if (target->login_in_length != 0)
            operational(target);
    }
    target->login_in_length = 0;
    if (status != 0) {
        if (!target->close_wanted)
            refuse(target, header, status, NULL);
        return;
    }
    if (target->login_at == target->login_step)
        apply_text(target);
    target->login_out_transit =
        transit && !(target->stage == 0 && target->config.chap_name && !target->authenticated);
    if (target->login_forever)
        target->login_out_transit = false;
    send_text(target, header);
}

/* What a test wants to happen at this step instead. */
static bool switched(struct target *target, const uint8_t *header)
{
    if (target->login_at != target->login_step)
        return false;
    if (target->login_class != 0) {
        refuse(target, header, (unsigned)target->login_class << 8 | target->login_detail,
               target->login_address);
        return true;
    }
    target->close_wanted |= target->login_close;
    target->reset_wanted |= target->login_reset;
    return target->login_close || target->login_reset || target->login_silent;
}

void target_take_login(struct target *target, const uint8_t *header, const uint8_t *data, uint32_t length)
{
    if (target->full_feature) {
        target_complain(target, "Login Request in full feature phase");
        return;
    }
    check_request(target, header);
    if (switched(target, header))
        return;
    if (target->login_out_sent < target->login_out_length) { /* we had set C */
        if (length != 0 || (header[1] & 0xc0))
            target_complain(target, "text or flags while we had more to say");
        target->login_out_transit = false; /* it was asked with the request before */
        send_text(target, header);
        return;
    }
    if (length > sizeof(target->login_in) - target->login_in_length)
        return;
    memcpy(target->login_in + target->login_in_length, data, length);
    target->login_in_length += length;
    if (header[1] & 0x40) {
        answer(target, header, header[1] & 0x0c, 0, NULL, 0);
        return;
    }
    if (target->login_in_length != 0 && target->login_in[target->login_in_length - 1] != '\0') {
        target_complain(target, "login text without its NUL");
        return;
    }
    take_whole(target, header);
}
