/* SPDX-License-Identifier: BSD-2-Clause */
/* An iBFT that somebody left (firmware/ibft_read.c). */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "firmware/ibft.h"
#include "firmware/params.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct params params;
    static struct ibft ibft;
    struct params_error error;
    uint8_t *table = malloc(length + 1), sum = 0;

    memcpy(table, bytes, length);
    if (length > 48) { /* the checksum fits, so that the rest is looked at */
        memcpy(table, "iBFT", 4);
        table[4] = (uint8_t)length;
        table[5] = (uint8_t)(length >> 8);
        table[6] = table[7] = 0;
        table[9] = 0;
        for (size_t i = 0; i < length; i++)
            sum += table[i];
        table[9] = (uint8_t)-sum;
    }
    if (ibft_parse(table, length, &ibft) == NULL) {
        params_init(&params);
        params_from_ibft(&params, &ibft, &error);
    }
    free(table);
    return 0;
}
