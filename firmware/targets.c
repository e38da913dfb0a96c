/* SPDX-License-Identifier: BSD-2-Clause */
#include "targets.h"

#include <string.h>

#include "iscsi/discovery.h"

static bool same(const char *a, const char *b)
{
    size_t length = strlen(a);

    return length == strlen(b) && memcmp(a, b, length) == 0;
}

static void add_name(struct targets *targets, const char *name)
{
    for (unsigned i = 0; i < targets->count; i++)
        if (same(targets->names[i], name))
            return;
    if (targets->count < TARGETS_NAMES_MAX)
        memcpy(targets->names[targets->count++], name, strlen(name) + 1);
    else
        targets->more = true;
}

/* The portal asked, by its own name or by the address behind it. */
static bool is_asked(const struct portal *portal, const struct portal *asked, const struct address *address)
{
    struct address listed;

    if (portal->port != asked->port)
        return false;
    return same(portal->host, asked->host) ||
           (address_parse(portal->host, strlen(portal->host), &listed) && address_equal(&listed, address));
}

/* Targets list all that they listen on, loopback and IPv6 too (REQ-189). */
static bool is_within_reach(const struct portal *portal)
{
    struct address address;

    return !address_parse(portal->host, strlen(portal->host), &address) || address_is_ipv4_host(&address);
}

/* One place is left for the portal that was asked. */
static void add_portal(struct targets *targets, const struct portal *portal)
{
    for (unsigned i = 0; i < targets->portal_count; i++)
        if (targets->portals[i].port == portal->port && same(targets->portals[i].host, portal->host))
            return;
    if (is_within_reach(portal) && targets->portal_count < SESSION_PORTALS_MAX - 1)
        targets->portals[targets->portal_count++] = *portal;
}

/*
 * The portal that was asked is known to be within reach, so it comes first where it serves the target. Where
 * it was not listed it is still the last resort: behind an address translation no listed address may be
 * right.
 */
static void add_asked(struct targets *targets, const struct portal *asked, bool serves)
{
    unsigned at = serves ? 0 : targets->portal_count;

    memmove(&targets->portals[at + 1], &targets->portals[at],
            (targets->portal_count - at) * sizeof targets->portals[0]);
    targets->portals[at] = *asked;
    targets->portal_count++;
}

enum fault_code targets_read(struct targets *targets, const char *text, size_t length,
                             const struct portal *asked, const struct address *address)
{
    struct discovery discovery;
    struct discovery_record record;
    enum fault_code fault;
    bool serves = false;

    memset(targets, 0, sizeof *targets);
    discovery_init(&discovery, text, length);
    while (discovery_next(&discovery, &record, &fault)) {
        add_name(targets, record.name);
        if (!same(record.name, targets->names[0]))
            continue;
        if (!record.has_address || is_asked(&record.portal, asked, address))
            serves = true;
        else
            add_portal(targets, &record.portal);
    }
    add_asked(targets, asked, serves);
    if (fault != FAULT_NONE)
        return fault;
    return targets->count == 0   ? FAULT_DISCOVERY_EMPTY
           : targets->count == 1 ? FAULT_NONE
                                 : FAULT_DISCOVERY_SEVERAL;
}
