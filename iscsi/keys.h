/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The operational text keys of RFC 7143 section 13 in one table: kind, range, default, stage and the field
 * that the result goes to. Offers, answers and the result functions are loops over this table (REQ-088 to
 * REQ-116).
 */
#ifndef LUNBOOT_ISCSI_KEYS_H
#define LUNBOOT_ISCSI_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "fault.h"
#include "text.h"

/* Digests (section 13.1). PREFER is an offer only: "CRC32C,None". */
enum keys_digest { KEYS_DIGEST_NONE, KEYS_DIGEST_CRC32C, KEYS_DIGEST_PREFER };

/* What a login agreed on. Before it: the defaults of section 13. */
struct keys_values {
    uint32_t header_digest; /* enum keys_digest */
    uint32_t data_digest;
    uint32_t max_connections;
    uint32_t initial_r2t;                 /* 1 Yes */
    uint32_t immediate_data;              /* 1 Yes */
    uint32_t max_recv_data_length;        /* ours, bytes */
    uint32_t target_max_recv_data_length; /* the target's, bytes: bounds what we send */
    uint32_t max_burst_length;
    uint32_t first_burst_length;
    uint32_t default_time2wait;   /* seconds */
    uint32_t default_time2retain; /* seconds */
    uint32_t max_outstanding_r2t;
    uint32_t data_pdu_in_order;
    uint32_t data_sequence_in_order;
    uint32_t error_recovery_level;
    uint32_t protocol_level;
    uint32_t target_portal_group_tag; /* 0x10000 until it arrives */
};

/* The state of one negotiation: which keys were offered, answered and seen. */
struct keys {
    struct keys_values offer;  /* what we offer */
    struct keys_values result; /* starts with the defaults */
    uint64_t offered, answered, seen;
    bool discovery;
    bool full_feature;
    const char *fault_key; /* the key of the last fault, static, or NULL */
};

/* `offer` NULL takes lunboot's own offers (MaxRecvDataSegmentLength 262144, ImmediateData Yes, InitialR2T No
 * ...). */
void keys_init(struct keys *keys, const struct keys_values *offer, bool discovery);

/* Append our operational offers and declarations that were not sent yet (stage 1). */
void keys_put_offers(struct keys *keys, struct text_writer *writer);

/*
 * One item that the target sent in `stage` (enum pdu_stage): an answer to our offer, a declaration, or an
 * offer of its own, whose answer is appended to `answers`. Unknown keys are answered NotUnderstood. Answers
 * beyond our offer are brought back to it (REQ-108); values out of the standard's range are faults, in an
 * offer of the target's own they are answered Reject.
 */
enum fault_code keys_take(struct keys *keys, const struct text_item *item, unsigned stage,
                          struct text_writer *answers);

/*
 * The negotiation is over: offers that were not answered meet the standard's default (REQ-095),
 * FirstBurstLength is held below MaxBurstLength, and no key is taken any more (REQ-097). FAULT_KEY_MISSING
 * when a digest that is required was not agreed on. Without TargetPortalGroupTag the login goes on: old
 * targets leave it out.
 */
enum fault_code keys_finish(struct keys *keys);

#endif
