/* SPDX-License-Identifier: BSD-2-Clause */
/* SendTargets answers (iscsi/discovery.c). */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "iscsi/discovery.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct discovery_record record;
    struct discovery discovery;
    enum fault_code fault = FAULT_NONE;
    size_t records = 0;

    discovery_init(&discovery, (const char *)bytes, length);
    while (discovery_next(&discovery, &record, &fault)) {
        PROMISE(strlen(record.name) > 0 && strlen(record.name) <= NAME_MAX_BYTES);
        PROMISE(!record.has_address || (record.portal.host[0] != '\0' && record.portal.port != 0));
        PROMISE(++records <= length);
    }
    return 0;
}
