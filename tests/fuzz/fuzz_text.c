/* SPDX-License-Identifier: BSD-2-Clause */
/* Text segments and the negotiation over them (iscsi/text.c, iscsi/keys.c). */
#include "tests/fuzz/fuzz.h"

#include "iscsi/keys.h"
#include "iscsi/pdu.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    uint8_t flags = fuzz_byte(&bytes, &length);
    struct text_reader reader;
    struct text_writer writer;
    struct text_item item;
    char answers[512];
    struct keys keys;

    keys_init(&keys, NULL, flags & 1);
    text_writer_init(&writer, answers, sizeof answers);
    if (flags & 2)
        keys_put_offers(&keys, &writer);
    text_reader_init(&reader, bytes, length);
    while (text_next(&reader, &item) == TEXT_ITEM) {
        uint8_t decoded[64];
        uint64_t number;
        size_t size;

        text_number(item.value, item.value_length, &number);
        if (text_binary(item.value, item.value_length, decoded, sizeof decoded, &size))
            PROMISE(size > 0 && size <= sizeof decoded);
        keys_take(&keys, &item, flags & 4 ? PDU_STAGE_SECURITY : PDU_STAGE_OPERATIONAL, &writer);
        PROMISE(writer.length <= sizeof answers);
    }
    if (keys_finish(&keys) == FAULT_NONE) {
        const struct keys_values *result = &keys.result;

        PROMISE(result->first_burst_length <= result->max_burst_length);
        PROMISE(result->target_max_recv_data_length >= 512 && result->error_recovery_level == 0);
        PROMISE(result->header_digest <= KEYS_DIGEST_CRC32C && result->data_digest <= KEYS_DIGEST_CRC32C);
        PROMISE(result->max_burst_length >= 512 && result->max_outstanding_r2t == 1);
    }
    return 0;
}
