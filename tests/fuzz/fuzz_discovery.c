/* SPDX-License-Identifier: BSD-2-Clause */
/* SendTargets answers (iscsi/discovery.c), and what they leave to boot from (firmware/targets.c). */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "firmware/targets.h"
#include "firmware/words.h"
#include "iscsi/discovery.h"

static void choose(const char *text, size_t length)
{
    static const struct portal asked = {.host = "10.0.0.1", .port = 3260};
    static const struct address address = {.family = ADDRESS_IPV4, .bytes = {10, 0, 0, 1}};
    struct targets targets;
    struct words_context context = {.portal = &asked, .targets = &targets};
    struct fault fault = {.code = targets_read(&targets, text, length, &asked, &address)};
    char sentence[WORDS_MAX];
    struct fmt fmt;

    PROMISE(targets.portal_count >= 1 && targets.portal_count <= SESSION_PORTALS_MAX);
    PROMISE(fault.code != FAULT_NONE || targets.count == 1);
    for (unsigned i = 0; i < targets.portal_count; i++)
        PROMISE(targets.portals[i].host[0] != '\0' && targets.portals[i].port != 0);
    fmt_init(&fmt, sentence, sizeof sentence);
    words_fault(&fault, &context, &fmt);
    PROMISE(!fmt.cut);
}

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
    choose((const char *)bytes, length);
    return 0;
}
