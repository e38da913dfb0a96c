/* SPDX-License-Identifier: BSD-2-Clause */
#include "discovery.h"

#include <string.h>

void discovery_init(struct discovery *discovery, const char *text, size_t length)
{
    memset(discovery, 0, sizeof *discovery);
    text_reader_init(&discovery->reader, text, length);
}

/* The target under way, when no address was seen for it: the portal that was asked serves it (appendix C). */
static bool end_target(struct discovery *discovery, struct discovery_record *ret_record)
{
    bool alone = discovery->named && !discovery->address_seen;

    if (alone) {
        memset(ret_record, 0, sizeof *ret_record);
        memcpy(ret_record->name, discovery->name, sizeof ret_record->name);
    }
    discovery->named = false;
    return alone;
}

/* What follows a name that cannot be used belongs to no target. */
static void start_target(struct discovery *discovery, const struct text_item *item)
{
    discovery->named = name_normalise(item->value, item->value_length, discovery->name) == NULL;
    discovery->address_seen = false;
    if (!discovery->named)
        discovery->skipped++;
}

/* A target whose addresses are all unusable is not one without address: it is left out. */
static bool take_address(struct discovery *discovery, const struct text_item *item,
                         struct discovery_record *ret_record)
{
    struct portal portal;

    if (!discovery->named)
        return false;
    discovery->address_seen = true;
    if (!address_parse_portal(item->value, item->value_length, &portal)) {
        discovery->skipped++;
        return false;
    }
    memcpy(ret_record->name, discovery->name, sizeof ret_record->name);
    ret_record->has_address = true;
    ret_record->portal = portal;
    return true;
}

bool discovery_next(struct discovery *discovery, struct discovery_record *ret_record,
                    enum fault_code *ret_fault)
{
    enum text_result result;
    struct text_item item;

    *ret_fault = FAULT_NONE;
    while ((result = text_next(&discovery->reader, &item)) == TEXT_ITEM) {
        if (text_is(item.key, item.key_length, "TargetName")) {
            bool ready = end_target(discovery, ret_record);

            start_target(discovery, &item);
            if (ready)
                return true;
        } else if (text_is(item.key, item.key_length, "TargetAddress") &&
                   take_address(discovery, &item, ret_record)) {
            return true;
        }
    }
    if (result == TEXT_END)
        return end_target(discovery, ret_record);
    *ret_fault = FAULT_FORMAT_TEXT;
    return false;
}
