/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The answer to SendTargets (RFC 7143 appendix C) as records: a TargetName starts one, TargetAddress lines
 * belong to it (REQ-185 to REQ-190).
 */
#ifndef LUNBOOT_ISCSI_DISCOVERY_H
#define LUNBOOT_ISCSI_DISCOVERY_H

#include <stdbool.h>
#include <stddef.h>

#include "address.h"
#include "fault.h"
#include "name.h"
#include "text.h"

struct discovery_record {
    char name[NAME_MAX_BYTES + 1]; /* normalised */
    bool has_address;              /* false: the portal that was asked serves it */
    struct portal portal;
};

struct discovery {
    struct text_reader reader;
    char name[NAME_MAX_BYTES + 1];
    bool named, address_seen;
    unsigned skipped; /* malformed names or addresses, left out */
};

/* `text` is the whole answer; it stays the caller's and must outlive the object. */
void discovery_init(struct discovery *discovery, const char *text, size_t length);

/*
 * The next record: one for each address of each target, one without address for a target that has none. False
 * at the end. `*ret_fault` is FAULT_FORMAT_TEXT when the text is no key=value list, else FAULT_NONE.
 */
bool discovery_next(struct discovery *discovery, struct discovery_record *ret_record,
                    enum fault_code *ret_fault);

#endif
