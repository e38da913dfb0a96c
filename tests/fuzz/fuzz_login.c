/* SPDX-License-Identifier: BSD-2-Clause */
/* A whole login (iscsi/login.c, iscsi/chap.c): Login Responses that mostly fit, with text from the input. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "iscsi/bytes.h"
#include "iscsi/login.h"

static const uint8_t secret[] = "one-way-secret-12", other[] = "mutual-secret-34";

static struct login_config configuration(uint8_t flags)
{
    return (struct login_config){
        .initiator_name = "iqn.2024-01.org.example:a",
        .target_name = flags & 1 ? NULL : "iqn.2024-01.org.example:b",
        .policy = flags >> 1 & 3,
        .digests = flags >> 3 & 1 ? KEYS_DIGEST_PREFER : KEYS_DIGEST_NONE,
        .chap = {.local = {"user", secret, sizeof secret - 1},
                 .target = {(flags >> 1 & 3) == LOGIN_AUTH_MUTUAL ? "target" : NULL, other, sizeof other - 1},
                 .algorithms = {8, 7, 6, 5},
                 .algorithm_count = 4,
                 .has_random = true},
        .isid = {0x80, 1, 2, 3, 4, 5},
    };
}

/* Each response: flags, a byte that says what else is wrong, the length of its text, the text. */
static void respond(struct login *login, uint32_t itt, const uint8_t **bytes, size_t *length)
{
    uint8_t flags = fuzz_byte(bytes, length), wrong = fuzz_byte(bytes, length);
    size_t size = fuzz_byte(bytes, length) * 4u;
    uint8_t header[PDU_HEADER_SIZE] = {0x23, flags};
    uint8_t *text;
    struct pdu pdu;

    size = size > *length ? *length : size;
    memcpy(header + 8, login->config->isid, 6);
    bytes_put24(header + 5, (uint32_t)size);
    bytes_put16(header + 14, wrong & 1 ? 0 : 7);
    bytes_put32(header + 16, itt);
    bytes_put32(header + 24, login->exp_stat_sn);
    if (wrong & 2)
        header[36] = wrong >> 4 & 3;
    if (wrong & 4)
        header[8 + (wrong >> 4) % 28] ^= 0x11;
    text = malloc(size + 1);
    memcpy(text, *bytes, size);
    *bytes += size;
    *length -= size;
    if (pdu_parse(header, &pdu) == FAULT_NONE)
        login_take(login, &pdu, text, (uint32_t)size);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct login login;
    struct login_config config = configuration(fuzz_byte(&bytes, &length));
    struct hash_random random;
    uint8_t seed[HASH_SEED] = {1}, header[PDU_HEADER_SIZE];
    const uint8_t *text;
    uint32_t size;

    memset(&login, 0, sizeof login);
    hash_random_init(&random, seed);
    login_start(&login, &config, 1, 0x1000, fuzz_byte(&bytes, &length) & 1, &random);
    while (length > 0 && login.state == LOGIN_RUNNING) {
        while (login_request(&login, header, &text, &size))
            PROMISE(size <= LOGIN_REQUEST_MAX);
        respond(&login, 0x1000, &bytes, &length);
    }
    if (login.state == LOGIN_DONE && config.policy >= LOGIN_AUTH_CHAP)
        PROMISE(login.authenticated); /* no way around what the policy demands (REQ-148) */
    if (login.state == LOGIN_DONE && config.policy == LOGIN_AUTH_MUTUAL)
        PROMISE(login.mutual);
    PROMISE(login.state != LOGIN_DONE || login.tsih != 0);
    login_done(&login);
    return 0;
}
