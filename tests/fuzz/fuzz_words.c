/* SPDX-License-Identifier: BSD-2-Clause */
/* Any failure as a sentence (firmware/words.c). */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "firmware/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char name[128] = {0}, sentence[WORDS_MAX];
    struct fault fault = {.code = fuzz_byte(&bytes, &length) % FAULT_COUNT};
    struct portal portal = {.port = 3260};
    struct words_context context = {
        .target_name = name, .initiator_name = name, .chap_name = name, .portal = &portal};
    struct fmt fmt;

    fault.login_class = fuzz_byte(&bytes, &length);
    fault.login_detail = fuzz_byte(&bytes, &length);
    fault.opcode = fuzz_byte(&bytes, &length);
    fault.reason = fuzz_byte(&bytes, &length);
    fault.scsi_status = fuzz_byte(&bytes, &length);
    fault.sense_key = fuzz_byte(&bytes, &length);
    fault.asc = fuzz_byte(&bytes, &length);
    fault.ascq = fuzz_byte(&bytes, &length);
    memcpy(name, bytes, length < sizeof name - 1 ? length : sizeof name - 1);
    memcpy(portal.host, name, sizeof name - 1 < ADDRESS_HOST_MAX ? sizeof name - 1 : ADDRESS_HOST_MAX);
    fmt_init(&fmt, sentence, sizeof sentence);
    words_fault(&fault, &context, &fmt);
    PROMISE(!fmt.cut && fmt.length > 20);
    for (size_t i = 0; i < fmt.length; i++)
        PROMISE(sentence[i] >= 0x20 && sentence[i] < 0x7f);
    PROMISE(words_remedy(&fault)[0] != '\0');
    return 0;
}
