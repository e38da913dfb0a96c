/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a portal's list of targets (SendTargets) leaves to boot from: the one target that there is, and where
 * to log in to it (REQ-023). The list is the network's word: of it only so much is kept.
 */
#ifndef LUNBOOT_FIRMWARE_TARGETS_H
#define LUNBOOT_FIRMWARE_TARGETS_H

#include <stdbool.h>
#include <stddef.h>

#include "iscsi/address.h"
#include "iscsi/fault.h"
#include "iscsi/name.h"
#include "iscsi/session.h"

#define TARGETS_NAMES_MAX 8u

struct targets {
    char names[TARGETS_NAMES_MAX][NAME_MAX_BYTES + 1]; /* each once, in the list's order */
    unsigned count;
    bool more;                                  /* there are further names */
    struct portal portals[SESSION_PORTALS_MAX]; /* of the first target, in the order to try */
    unsigned portal_count;
};

/*
 * Read a whole answer. `asked` is the portal that gave it, `address` what it was reached at. FAULT_NONE:
 * there is one target, names[0]. FAULT_DISCOVERY_EMPTY, FAULT_DISCOVERY_SEVERAL, FAULT_FORMAT_TEXT: there is
 * not; the names that were read are there all the same.
 */
enum fault_code targets_read(struct targets *targets, const char *text, size_t length,
                             const struct portal *asked, const struct address *address);

#endif
