/* SPDX-License-Identifier: BSD-2-Clause */
/* The URLs of libiscsi's tools: iscsi://host[:port]/target-name/lun, and iscsi://host[:port] for a discovery.
 */
#ifndef LUNBOOT_TOOLS_LUNCTL_URL_H
#define LUNBOOT_TOOLS_LUNCTL_URL_H

#include <stdint.h>

#include "iscsi/address.h"
#include "iscsi/name.h"

struct url {
    struct portal portal;
    char target[NAME_MAX_BYTES + 1]; /* empty: none given */
    uint8_t lun[8];
};

/* NULL and *ret_url filled, or a static sentence. User names and passwords are refused: no secret on a
 * command line. */
const char *lunctl_url_parse(const char *text, struct url *ret_url);

#endif
