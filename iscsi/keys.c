/* SPDX-License-Identifier: BSD-2-Clause */
#include "keys.h"

#include <stddef.h>
#include <string.h>

#include "pdu.h"

#define TOP_LENGTH 0xffffffu /* 2**24 - 1 */

enum kind {
    KIND_LIST,      /* one word of a list; the only one that we take is `word` */
    KIND_DIGEST,    /* None, CRC32C, or both with CRC32C first */
    KIND_OR,        /* Yes or No: Yes when one side says Yes */
    KIND_AND,       /* Yes when both do */
    KIND_MIN,       /* numbers: the smaller one */
    KIND_MAX,       /* the larger one */
    KIND_DECLARED,  /* a number that each side declares for its own direction */
    KIND_TAG,       /* a number that the target declares */
    KIND_NOTE,      /* a declaration that changes nothing here: no answer */
    KIND_OBSOLETE,  /* always answered Reject (section 13.25) */
    KIND_ELSEWHERE, /* not a key of this part of the login */
};

enum flag {
    OFFER = 1u << 0,    /* we send it */
    NORMAL = 1u << 1,   /* irrelevant in a discovery session */
    SECURITY = 1u << 2, /* allowed in the security stage as well (section 12) */
};

/* `field` of a row whose result nobody keeps. */
#define NOWHERE     UINT16_MAX
#define FIELD(name) ((uint16_t)offsetof(struct keys_values, name))

/* Sections 12 and 13, all of them: none of these is ever answered NotUnderstood (REQ-090). */
static const struct row {
    const char *name;
    uint8_t kind;
    uint8_t flags;
    uint16_t field;
    const char *word;
    uint32_t min, max;
    uint32_t standard; /* the default of the standard */
    uint32_t ours;     /* what lunboot wants */
} rows[] = {
    {"HeaderDigest", KIND_DIGEST, OFFER, FIELD(header_digest), 0, 0, KEYS_DIGEST_PREFER, 0, 0}, /* 13.1 */
    {"DataDigest", KIND_DIGEST, OFFER, FIELD(data_digest), 0, 0, KEYS_DIGEST_PREFER, 0, 0},     /* 13.1 */
    {"MaxConnections", KIND_MIN, OFFER | NORMAL, FIELD(max_connections), 0, 1, 65535, 1, 1},    /* 13.2 */
    {"InitialR2T", KIND_OR, OFFER | NORMAL, FIELD(initial_r2t), 0, 0, 1, 1, 0},                 /* 13.10 */
    {"ImmediateData", KIND_AND, OFFER | NORMAL, FIELD(immediate_data), 0, 0, 1, 1, 1},          /* 13.11 */
    {"MaxRecvDataSegmentLength", KIND_DECLARED, OFFER, FIELD(max_recv_data_length), 0, 512, TOP_LENGTH, 8192,
     262144}, /* 13.12 */
    {"MaxBurstLength", KIND_MIN, OFFER | NORMAL, FIELD(max_burst_length), 0, 512, TOP_LENGTH, 262144,
     1048576}, /* 13.13 */
    {"FirstBurstLength", KIND_MIN, OFFER | NORMAL, FIELD(first_burst_length), 0, 512, TOP_LENGTH, 65536,
     262144},                                                                               /* 13.14 */
    {"DefaultTime2Wait", KIND_MAX, OFFER, FIELD(default_time2wait), 0, 0, 3600, 2, 2},      /* 13.15 */
    {"DefaultTime2Retain", KIND_MIN, OFFER, FIELD(default_time2retain), 0, 0, 3600, 20, 0}, /* 13.16 */
    {"MaxOutstandingR2T", KIND_MIN, OFFER | NORMAL, FIELD(max_outstanding_r2t), 0, 1, 65535, 1,
     1},                                                                                  /* 13.17 */
    {"DataPDUInOrder", KIND_OR, OFFER | NORMAL, FIELD(data_pdu_in_order), 0, 0, 1, 1, 1}, /* 13.18 */
    {"DataSequenceInOrder", KIND_OR, OFFER | NORMAL, FIELD(data_sequence_in_order), 0, 0, 1, 1,
     1},                                                                                 /* 13.19 */
    {"ErrorRecoveryLevel", KIND_MIN, OFFER, FIELD(error_recovery_level), 0, 0, 2, 0, 0}, /* 13.20 */
    {"iSCSIProtocolLevel", KIND_MIN, 0, FIELD(protocol_level), 0, 0, 31, 1, 1},          /* 13.24 */
    {"TaskReporting", KIND_LIST, NORMAL, NOWHERE, "RFC3720", 0, 0, 0, 0},                /* 13.23 */
    {"TargetPortalGroupTag", KIND_TAG, SECURITY, FIELD(target_portal_group_tag), 0, 0, 65535, 0x10000,
     0x10000},                                                           /* 13.9 */
    {"TargetAlias", KIND_NOTE, SECURITY, NOWHERE, 0, 0, 0, 0, 0},        /* 13.6 */
    {"TargetAddress", KIND_NOTE, SECURITY, NOWHERE, 0, 0, 0, 0, 0},      /* 13.8 */
    {"TargetName", KIND_NOTE, SECURITY, NOWHERE, 0, 0, 0, 0, 0},         /* 13.4 */
    {"InitiatorName", KIND_NOTE, SECURITY, NOWHERE, 0, 0, 0, 0, 0},      /* 13.5 */
    {"InitiatorAlias", KIND_NOTE, SECURITY, NOWHERE, 0, 0, 0, 0, 0},     /* 13.7 */
    {"SessionType", KIND_NOTE, SECURITY, NOWHERE, 0, 0, 0, 0, 0},        /* 13.21 */
    {"X#NodeArchitecture", KIND_NOTE, SECURITY, NOWHERE, 0, 0, 0, 0, 0}, /* 13.26 */
    /* Markers (RFC 3720 appendix A): No is what an old target expects to hear, Reject what the new text
       allows. */
    {"IFMarker", KIND_AND, 0, NOWHERE, 0, 0, 1, 0, 0},
    {"OFMarker", KIND_AND, 0, NOWHERE, 0, 0, 1, 0, 0},
    {"IFMarkInt", KIND_OBSOLETE, 0, NOWHERE, 0, 0, 0, 0, 0},
    {"OFMarkInt", KIND_OBSOLETE, 0, NOWHERE, 0, 0, 0, 0, 0},
    {"SendTargets", KIND_ELSEWHERE, 0, NOWHERE, 0, 0, 0, 0, 0}, /* 13.3: full feature phase, ours to send */
    /* Section 12: the login takes these itself where they belong (REQ-115). */
    {"AuthMethod", KIND_ELSEWHERE, 0, NOWHERE, 0, 0, 0, 0, 0},
    {"CHAP_A", KIND_ELSEWHERE, 0, NOWHERE, 0, 0, 0, 0, 0},
    {"CHAP_I", KIND_ELSEWHERE, 0, NOWHERE, 0, 0, 0, 0, 0},
    {"CHAP_C", KIND_ELSEWHERE, 0, NOWHERE, 0, 0, 0, 0, 0},
    {"CHAP_N", KIND_ELSEWHERE, 0, NOWHERE, 0, 0, 0, 0, 0},
    {"CHAP_R", KIND_ELSEWHERE, 0, NOWHERE, 0, 0, 0, 0, 0},
    {"KRB_AP_REQ", KIND_ELSEWHERE, 0, NOWHERE, 0, 0, 0, 0, 0},
    {"KRB_AP_REP", KIND_ELSEWHERE, 0, NOWHERE, 0, 0, 0, 0, 0},
    {"SRP_U", KIND_ELSEWHERE, 0, NOWHERE, 0, 0, 0, 0, 0},
    {"TargetAuth", KIND_ELSEWHERE, 0, NOWHERE, 0, 0, 0, 0, 0},
    {"SRP_GROUP", KIND_ELSEWHERE, 0, NOWHERE, 0, 0, 0, 0, 0},
    {"SRP_A", KIND_ELSEWHERE, 0, NOWHERE, 0, 0, 0, 0, 0},
    {"SRP_B", KIND_ELSEWHERE, 0, NOWHERE, 0, 0, 0, 0, 0},
    {"SRP_s", KIND_ELSEWHERE, 0, NOWHERE, 0, 0, 0, 0, 0},
    {"SRP_M", KIND_ELSEWHERE, 0, NOWHERE, 0, 0, 0, 0, 0},
    {"SRP_HM", KIND_ELSEWHERE, 0, NOWHERE, 0, 0, 0, 0, 0},
};

#define ROWS (sizeof rows / sizeof rows[0])
_Static_assert(ROWS <= 64, "the state of a negotiation has one bit for each row");

/* A field of `values` by its offset. */
static uint32_t get(const struct keys_values *values, uint16_t field)
{
    uint32_t value;

    memcpy(&value, (const uint8_t *)values + field, sizeof value);
    return value;
}

static void set(struct keys_values *values, uint16_t field, uint32_t value)
{
    if (field != NOWHERE)
        memcpy((uint8_t *)values + field, &value, sizeof value);
}

static uint32_t ours(const struct keys *keys, const struct row *row)
{
    return row->field == NOWHERE ? row->ours : get(&keys->offer, row->field);
}

static bool is_boolean(const struct row *row)
{
    return row->kind == KIND_OR || row->kind == KIND_AND;
}

/* The result function of a key (section 6.2): it never goes beyond what we offered (REQ-108). */
static uint32_t combine(const struct row *row, uint32_t a, uint32_t b)
{
    switch (row->kind) {
    case KIND_OR:
    case KIND_MAX:
        return a > b ? a : b;
    case KIND_AND:
    case KIND_MIN:
        return a < b ? a : b;
    default:
        return row->standard;
    }
}

static uint32_t clamp(uint32_t value, uint32_t min, uint32_t max)
{
    if (value < min)
        return min;
    return value > max ? max : value;
}

void keys_init(struct keys *keys, const struct keys_values *offer, bool discovery)
{
    memset(keys, 0, sizeof *keys);
    keys->discovery = discovery;
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *row = &rows[i];
        uint32_t wanted = row->ours;

        if (row->field == NOWHERE)
            continue;
        if (offer && (row->flags & OFFER))
            wanted = clamp(get(offer, row->field), row->min, row->max);
        set(&keys->offer, row->field, wanted);
        set(&keys->result, row->field, row->standard);
    }
    if (keys->offer.first_burst_length > keys->offer.max_burst_length)
        keys->offer.first_burst_length = keys->offer.max_burst_length;
    keys->result.target_max_recv_data_length = 8192; /* section 13.12 */
}

static const char *const digest_words[] = {
    [KEYS_DIGEST_NONE] = "None", [KEYS_DIGEST_CRC32C] = "CRC32C", [KEYS_DIGEST_PREFER] = "CRC32C,None"};

/* The value as text: Yes or No, the one word, digests, or a number. */
static void put_value(const struct row *row, uint32_t value, struct text_writer *writer)
{
    if (row->kind == KIND_DIGEST)
        text_put(writer, row->name, digest_words[value]);
    else if (row->kind == KIND_LIST)
        text_put(writer, row->name, row->word);
    else if (is_boolean(row))
        text_put(writer, row->name, value ? "Yes" : "No");
    else
        text_put_number(writer, row->name, value);
}

void keys_put_offers(struct keys *keys, struct text_writer *writer)
{
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *row = &rows[i];
        uint64_t bit = UINT64_C(1) << i;

        if (!(row->flags & OFFER) || (keys->offered & bit) || (keys->discovery && (row->flags & NORMAL)))
            continue;
        put_value(row, ours(keys, row), writer);
        keys->offered |= bit;
        if (row->kind == KIND_DECLARED)
            set(&keys->result, row->field, ours(keys, row));
    }
}

static const struct row *find_row(const struct text_item *item)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (text_is(item->key, item->key_length, rows[i].name))
            return &rows[i];
    }
    return NULL;
}

static bool value_is(const struct text_item *item, const char *word)
{
    return text_is(item->value, item->value_length, word);
}

/* Words that only answer (section 6.2): they are no offer, whatever the key. */
static bool is_refusal(const struct text_item *item)
{
    return value_is(item, "NotUnderstood") || value_is(item, "Irrelevant") || value_is(item, "Reject");
}

/* A single value of the row's form and range. */
static bool parse_value(const struct row *row, const struct text_item *item, uint32_t *ret_value)
{
    uint64_t number = 0;

    if (row->kind == KIND_LIST) {
        if (!value_is(item, row->word))
            return false;
    } else if (is_boolean(row)) {
        if (!value_is(item, "Yes") && !value_is(item, "No"))
            return false;
        number = value_is(item, "Yes");
    } else if (!text_number(item->value, item->value_length, &number) || number < row->min ||
               number > row->max) {
        return false;
    }
    *ret_value = (uint32_t)number;
    return true;
}

/* Does a list that the target offers hold our word? */
static bool list_holds(const struct text_item *item, const char *word)
{
    const char *list = item->value;
    size_t left = item->value_length;
    const char *element;
    size_t length;
    bool found = false;
    bool bad = false;

    while (text_list_next(&list, &left, &element, &length, &bad))
        found = found || text_is(element, length, word);
    return found && !bad;
}

/* Is a digest, KEYS_DIGEST_NONE or KEYS_DIGEST_CRC32C, one that we offer? */
static bool digest_suits(uint32_t offered, uint32_t digest)
{
    return offered == KEYS_DIGEST_PREFER || offered == digest;
}

static bool parse_digest(const char *word, size_t length, uint32_t *ret_digest)
{
    *ret_digest = text_is(word, length, "CRC32C") ? KEYS_DIGEST_CRC32C : KEYS_DIGEST_NONE;
    return text_is(word, length, digest_words[*ret_digest]);
}

/* The answer must be one of what we offered; without one (None stands then) keys_finish has the last word. */
static enum fault_code take_digest_answer(struct keys *keys, const struct row *row,
                                          const struct text_item *item)
{
    uint32_t digest = KEYS_DIGEST_NONE;

    if (!is_refusal(item) && !parse_digest(item->value, item->value_length, &digest))
        return FAULT_KEY_VALUE;
    if (!digest_suits(ours(keys, row), digest))
        return FAULT_KEY_VALUE;
    set(&keys->result, row->field, digest);
    keys->answered |= UINT64_C(1) << (row - rows);
    return FAULT_NONE;
}

/* The first of the target's list that we would take (section 6.2.1). */
static enum fault_code take_digest_offer(struct keys *keys, const struct row *row,
                                         const struct text_item *item, struct text_writer *answers)
{
    const char *list = item->value, *element;
    size_t left = item->value_length, length;
    uint32_t digest, found = KEYS_DIGEST_PREFER;
    bool bad = false;

    while (text_list_next(&list, &left, &element, &length, &bad)) {
        if (found == KEYS_DIGEST_PREFER && parse_digest(element, length, &digest) &&
            digest_suits(ours(keys, row), digest))
            found = digest;
    }
    if (bad || found == KEYS_DIGEST_PREFER) {
        text_put(answers, row->name, "Reject");
        return FAULT_NONE;
    }
    set(&keys->result, row->field, found);
    keys->answered |= UINT64_C(1) << (row - rows);
    text_put(answers, row->name, digest_words[found]);
    return FAULT_NONE;
}

/*
 * The answer to an offer of ours. Without a value from the target its default meets our offer, which is what
 * both sides then hold (REQ-091, REQ-092, REQ-095).
 */
static enum fault_code take_answer(struct keys *keys, const struct row *row, const struct text_item *item)
{
    uint32_t theirs = row->standard;

    if (value_is(item, "Reject"))
        return FAULT_KEY_REJECTED;
    if (row->kind == KIND_DIGEST)
        return take_digest_answer(keys, row, item);
    if (!is_refusal(item) && !parse_value(row, item, &theirs))
        return FAULT_KEY_VALUE;
    set(&keys->result, row->field, combine(row, ours(keys, row), theirs));
    keys->answered |= UINT64_C(1) << (row - rows);
    return FAULT_NONE;
}

/* An offer of the target's own: one answer, Reject when the offer is not admissible (REQ-088, REQ-094,
 * REQ-096). */
static enum fault_code take_offer(struct keys *keys, const struct row *row, const struct text_item *item,
                                  struct text_writer *answers)
{
    uint32_t value = 0;

    if (is_refusal(item))
        return FAULT_NONE;
    if (row->kind == KIND_DIGEST)
        return take_digest_offer(keys, row, item, answers);
    if (keys->discovery && (row->flags & NORMAL)) {
        text_put(answers, row->name, "Irrelevant");
        return FAULT_NONE;
    }
    if (row->kind == KIND_OBSOLETE ||
        (row->kind == KIND_LIST ? !list_holds(item, row->word) : !parse_value(row, item, &value))) {
        text_put(answers, row->name, "Reject");
        return FAULT_NONE;
    }
    value = combine(row, ours(keys, row), value);
    set(&keys->result, row->field, value);
    keys->answered |= UINT64_C(1) << (row - rows);
    put_value(row, value, answers);
    return FAULT_NONE;
}

/* What the target states about itself. */
static enum fault_code take_declaration(struct keys *keys, const struct row *row,
                                        const struct text_item *item)
{
    uint32_t value;

    if (row->kind == KIND_NOTE)
        return FAULT_NONE;
    if (value_is(item, "Reject"))
        return FAULT_KEY_REJECTED;
    if (!parse_value(row, item, &value))
        return FAULT_KEY_VALUE;
    if (row->kind == KIND_DECLARED)
        keys->result.target_max_recv_data_length = value;
    else
        set(&keys->result, row->field, value);
    return FAULT_NONE;
}

enum fault_code keys_take(struct keys *keys, const struct text_item *item, unsigned stage,
                          struct text_writer *answers)
{
    const struct row *row = find_row(item);
    uint64_t bit;

    keys->fault_key = row ? row->name : NULL;
    if (keys->full_feature)
        return FAULT_KEY_STAGE;
    if (!row) {
        if (!is_refusal(item))
            text_put_answer(answers, item->key, item->key_length, "NotUnderstood");
        return FAULT_NONE;
    }
    if (row->kind == KIND_ELSEWHERE || (stage != PDU_STAGE_OPERATIONAL && !(row->flags & SECURITY)))
        return FAULT_KEY_STAGE;
    bit = UINT64_C(1) << (row - rows);
    if (keys->seen & bit)
        return FAULT_KEY_DUPLICATE;
    keys->seen |= bit;
    if (item->value_length > TEXT_VALUE_MAX)
        return FAULT_KEY_VALUE;
    if (row->kind == KIND_DECLARED || row->kind == KIND_TAG || row->kind == KIND_NOTE)
        return take_declaration(keys, row, item);
    if (keys->offered & bit)
        return take_answer(keys, row, item);
    return take_offer(keys, row, item, answers);
}

enum fault_code keys_finish(struct keys *keys)
{
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *row = &rows[i];
        uint64_t bit = UINT64_C(1) << i;

        if (row->kind == KIND_DIGEST && !digest_suits(ours(keys, row), get(&keys->result, row->field))) {
            keys->fault_key = row->name;
            return FAULT_KEY_MISSING;
        }
        if (row->kind != KIND_DECLARED && row->kind != KIND_DIGEST && (keys->offered & bit) &&
            !(keys->answered & bit))
            set(&keys->result, row->field, combine(row, ours(keys, row), row->standard));
    }
    if (keys->result.first_burst_length > keys->result.max_burst_length) /* section 13.14 */
        keys->result.first_burst_length = keys->result.max_burst_length;
    keys->full_feature = true;
    keys->fault_key = NULL;
    return FAULT_NONE;
}
