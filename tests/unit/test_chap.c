/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CHAP: both directions, all four algorithms, and every way in which a target can be wrong, lie or reflect.
 * What must come out of the one-way exchange was computed by another implementation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "iscsi/bytes.h"
#include "iscsi/chap.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const uint8_t local_secret[] = "secret\0with\0zeros!";
static const uint8_t target_secret[] = "another\0secret, of it";
#define SECRET_LENGTH 18u

/* An initiator under test; the test plays the target. */
struct bench {
    struct chap_config config;
    struct chap chap;
    struct hash_random random;
    char said[8192]; /* what we said last, as it goes on the wire */
    size_t said_length;
};

static void set_up(struct bench *bench, bool mutual)
{
    memset(bench, 0, sizeof *bench);
    bench->config = (struct chap_config){
        .local = {.name = "host-7", .secret = local_secret, .secret_length = SECRET_LENGTH},
        .algorithms = {HASH_SHA3_256, HASH_SHA256, HASH_SHA1, HASH_MD5},
        .algorithm_count = 4,
        .has_random = true,
    };
    if (mutual)
        bench->config.target = (struct chap_credentials){
            .name = "san-1", .secret = target_secret, .secret_length = SECRET_LENGTH};
    assert_null(chap_check(&bench->config));
    hash_random_init(&bench->random, (const uint8_t[HASH_SEED]){4, 2});
    chap_start(&bench->chap, &bench->config, false, &bench->random);
}

/* Our turn. Returns the text with ';' for NUL. */
static const char *say(struct bench *bench)
{
    struct text_writer writer;

    text_writer_init(&writer, bench->said, sizeof bench->said - 1);
    chap_put(&bench->chap, &writer);
    assert_false(writer.overflow);
    for (size_t i = 0; i < writer.length; i++)
        bench->said[i] = bench->said[i] == '\0' ? ';' : bench->said[i];
    bench->said[writer.length] = '\0';
    bench->said_length = writer.length;
    return bench->said;
}

/* The target's turn: items ended by ';'. The first fault, or that of the end of the answer. */
static enum fault_code hear(struct bench *bench, const char *answer)
{
    size_t length = strlen(answer);
    char *text = malloc(length > 0 ? length : 1);
    struct text_reader reader;
    struct text_item item;
    enum fault_code fault = FAULT_NONE;

    assert_non_null(text);
    for (size_t i = 0; i < length; i++)
        text[i] = answer[i] == ';' ? '\0' : answer[i];
    text_reader_init(&reader, text, length);
    while (fault == FAULT_NONE && text_next(&reader, &item) == TEXT_ITEM) {
        assert_true(chap_is_key(&item));
        fault = chap_take(&bench->chap, &item);
    }
    if (fault == FAULT_NONE)
        fault = chap_answer_end(&bench->chap);
    free(text);
    assert_int_equal(bench->chap.fault, fault);
    return fault;
}

/* The value of a key that we said, as bytes. */
static size_t said_bytes(const struct bench *bench, const char *key, uint8_t *ret_bytes, size_t capacity)
{
    const char *at = strstr(bench->said, key);
    size_t length = 0;

    assert_non_null(at);
    at += strlen(key) + 1;
    assert_true(text_binary(at, (size_t)(strchr(at, ';') - at), ret_bytes, capacity, &length));
    return length;
}

static unsigned said_number(const struct bench *bench, const char *key)
{
    const char *at = strstr(bench->said, key);
    uint64_t value = 0;

    assert_non_null(at);
    at += strlen(key) + 1;
    assert_true(text_number(at, (size_t)(strchr(at, ';') - at), &value));
    return (unsigned)value;
}

static const char *hex(const uint8_t *bytes, size_t length)
{
    static char text[4][2 * CHAP_CHALLENGE_MAX + 16];
    static unsigned turn;
    char *to = text[turn++ % 4];

    (void)snprintf(to, 3, "0x");
    for (size_t i = 0; i < length; i++)
        (void)snprintf(to + 2 + 2 * i, 3, "%02x", bytes[i]);
    return to;
}

static const char *base64(const uint8_t *bytes, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static char text[CHAP_CHALLENGE_MAX * 2];
    char *to = text;

    to += snprintf(to, 3, "0b");
    for (size_t i = 0; i < length; i += 3) {
        uint32_t bits = (uint32_t)bytes[i] << 16;

        bits |= i + 1 < length ? (uint32_t)bytes[i + 1] << 8 : 0;
        bits |= i + 2 < length ? bytes[i + 2] : 0;
        *to++ = digits[bits >> 18];
        *to++ = digits[bits >> 12 & 63];
        *to++ = (char)(i + 1 < length ? digits[bits >> 6 & 63] : '=');
        *to++ = (char)(i + 2 < length ? digits[bits & 63] : '=');
    }
    *to = '\0';
    return text;
}

/* H(identifier, secret, challenge) as whoever holds `secret` computes it. */
static size_t response(unsigned algorithm, unsigned identifier, const uint8_t *secret,
                       const uint8_t *challenge, size_t length, uint8_t ret_response[HASH_SIZE_MAX])
{
    uint8_t id = (uint8_t)identifier;
    struct hash_piece pieces[] = {{&id, 1}, {secret, SECRET_LENGTH}, {challenge, length}};

    assert_true(hash_compute(algorithm, pieces, 3, ret_response));
    return hash_size(algorithm);
}

static const char *const challenge_text = "0x000102030405060708090a0b0c0d0e0f";

/* Up to our proof: offer, the challenge 00..0f with identifier 27h and the algorithm given. */
static void to_proof(struct bench *bench, unsigned algorithm)
{
    char answer[128];

    (void)say(bench);
    (void)snprintf(answer, sizeof answer, "CHAP_A=%u;CHAP_I=39;CHAP_C=%s;", algorithm, challenge_text);
    assert_int_equal(hear(bench, answer), FAULT_NONE);
    (void)say(bench);
}

/* The right answer of a target to our own challenge. */
static char *proof(struct bench *bench, const char *name, const uint8_t *secret)
{
    static char answer[512];
    uint8_t challenge[64], digest[HASH_SIZE_MAX];
    size_t length = said_bytes(bench, "CHAP_C", challenge, sizeof challenge);
    size_t size =
        response(bench->chap.algorithm, said_number(bench, "CHAP_I"), secret, challenge, length, digest);

    (void)snprintf(answer, sizeof answer, "CHAP_N=%s;CHAP_R=%s;", name, hex(digest, size));
    return answer;
}

/* --- What is sent --- */

static void test_req_151_152_the_list_is_offered_in_its_order_with_md5_in_it(void **state)
{
    struct bench bench;

    (void)state;
    set_up(&bench, false);
    assert_string_equal(say(&bench), "CHAP_A=8,7,6,5;");
    set_up(&bench, false);
    bench.config.algorithms[0] = HASH_MD5;
    bench.config.algorithm_count = 1;
    assert_string_equal(say(&bench), "CHAP_A=5;");
}

static void test_req_152_the_second_login_offers_md5_alone_and_takes_nothing_else(void **state)
{
    struct bench bench;

    (void)state;
    set_up(&bench, false);
    chap_start(&bench.chap, &bench.config, true, &bench.random);
    assert_string_equal(say(&bench), "CHAP_A=5;");
    assert_int_equal(hear(&bench, "CHAP_A=7;CHAP_I=1;CHAP_C=0x00;"), FAULT_AUTH_ALGORITHM);
    chap_start(&bench.chap, &bench.config, true, &bench.random);
    (void)say(&bench);
    assert_int_equal(hear(&bench, "CHAP_A=5;CHAP_I=1;CHAP_C=0x00;"), FAULT_NONE);
}

static const struct {
    unsigned algorithm;
    const char *small; /* identifier 27h, challenge 00..0f */
    const char *large; /* identifier FFh, challenge of 1024 bytes 13 i + 5 */
} known[] = {
    {5, "db82d8f902c3f0329af423985f0ac270", "80c3adfef0b8d48a1400b8fd8a6d8dec"},
    {6, "1bf992a66f7ecce9b433578df5e8a4178a885b7b", "fbb72f460d0ffd134fb792aa67156cad65113c04"},
    {7, "bb7a05b468705d71831f57f7fc612ec4c82d8ec9cbc33ac773497cfa8bc6bfba",
     "25c8388b6da7de7beeeb7d17ebb819d39a856895948d8571595bccf7711a876c"},
    {8, "a8f9f9b490bef0f8c2d5e65b8f06067cd1d960219b1c0f0d0cca65b9a1f57b89",
     "39e789a373e978ce1b0e9073858f8957f9b6886b659407d8023dfa100802cd40"},
};

static void test_req_150_155_the_response_is_a_hash_over_the_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(known); i++) {
        struct bench bench;
        char expected[256];

        set_up(&bench, false);
        to_proof(&bench, known[i].algorithm);
        (void)snprintf(expected, sizeof expected, "CHAP_N=host-7;CHAP_R=0x%s;", known[i].small);
        assert_string_equal(bench.said, expected);
        assert_int_equal(bench.chap.algorithm, known[i].algorithm);
        assert_false(chap_complete(&bench.chap));
        assert_int_equal(hear(&bench, ""), FAULT_NONE);
        assert_true(chap_complete(&bench.chap));
        assert_string_equal(say(&bench), "");
    }
}

static void test_req_156_174_a_challenge_of_1024_bytes_as_hex_and_as_base64(void **state)
{
    uint8_t challenge[1024];

    (void)state;
    for (size_t i = 0; i < sizeof challenge; i++)
        challenge[i] = (uint8_t)(i * 13 + 5);
    for (size_t i = 0; i < 2 * COUNT(known); i++) {
        struct bench bench;
        char answer[4096], expected[256];
        bool as_hex = i % 2 == 0;

        set_up(&bench, false);
        (void)say(&bench);
        (void)snprintf(answer, sizeof answer, "CHAP_A=%u;CHAP_I=0xFF;CHAP_C=%s;", known[i / 2].algorithm,
                       as_hex ? hex(challenge, 1024) : base64(challenge, 1024));
        assert_int_equal(hear(&bench, answer), FAULT_NONE);
        (void)snprintf(expected, sizeof expected, "CHAP_N=host-7;CHAP_R=0x%s;", known[i / 2].large);
        assert_string_equal(say(&bench), expected); /* we send hexadecimal */
    }
}

static void test_req_156_challenges_of_no_byte_or_too_many_are_refused(void **state)
{
    uint8_t challenge[1025] = {0};
    char answer[4096];
    struct bench bench;

    (void)state;
    for (size_t length = 0; length <= 1025; length += length < 3 || length > 1020 ? 1 : 97) {
        for (unsigned form = 0; form < 2; form++) {
            bool good = length >= 1 && length <= 1024;

            set_up(&bench, false);
            (void)say(&bench);
            (void)snprintf(answer, sizeof answer, "CHAP_A=5;CHAP_I=1;CHAP_C=%s;",
                           form ? base64(challenge, length) : hex(challenge, length));
            assert_int_equal(hear(&bench, answer), good ? FAULT_NONE : FAULT_AUTH_VALUE);
        }
    }
    set_up(&bench, false);
    (void)say(&bench);
    assert_int_equal(hear(&bench, "CHAP_A=5;CHAP_I=1;CHAP_C=0x123;"), FAULT_AUTH_VALUE);
    assert_string_equal(bench.chap.fault_key, "CHAP_C");
}

static void test_req_150_155_mutual_succeeds_with_each_algorithm(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(known); i++) {
        struct bench bench;

        set_up(&bench, true);
        to_proof(&bench, known[i].algorithm);
        assert_non_null(strstr(bench.said, known[i].small));
        assert_false(chap_complete(&bench.chap));
        assert_int_equal(hear(&bench, proof(&bench, "san-1", target_secret)), FAULT_NONE);
        assert_true(chap_complete(&bench.chap));
        assert_string_equal(say(&bench), "");
    }
}

static void test_req_149_we_speak_in_the_order_of_the_standard(void **state)
{
    struct bench bench;
    const char *n, *r, *i, *c;

    (void)state;
    set_up(&bench, true);
    to_proof(&bench, HASH_SHA256);
    n = strstr(bench.said, "CHAP_N=");
    r = strstr(bench.said, ";CHAP_R=");
    i = strstr(bench.said, ";CHAP_I=");
    c = strstr(bench.said, ";CHAP_C=");
    assert_true(n == bench.said && r > n && i > r && c > i);
}

/* --- What is heard --- */

static void test_req_149_keys_before_their_time_after_it_or_missing_are_fatal(void **state)
{
    static const char *const first[] = {"",
                                        "CHAP_A=5;",
                                        "CHAP_A=5;CHAP_I=1;",
                                        "CHAP_A=5;CHAP_C=0x00;",
                                        "CHAP_I=1;CHAP_C=0x00;",
                                        "CHAP_A=5;CHAP_I=1;CHAP_C=0x00;CHAP_N=a;",
                                        "CHAP_A=5;CHAP_I=1;CHAP_C=0x00;CHAP_R=0x00;",
                                        "CHAP_N=a;CHAP_R=0x00;"};
    static const char *const second[] = {
        "",          "CHAP_N=san-1;", "CHAP_R=0x00112233445566778899aabbccddeeff;",
        "CHAP_A=5;", "CHAP_I=1;",     "CHAP_C=0x00;"};
    struct bench bench;

    (void)state;
    for (size_t i = 0; i < COUNT(first); i++) {
        set_up(&bench, true);
        (void)say(&bench);
        assert_int_equal(hear(&bench, first[i]), FAULT_AUTH_ORDER);
        assert_string_equal(say(&bench), "");
    }
    for (size_t i = 0; i < COUNT(second); i++) {
        set_up(&bench, true);
        to_proof(&bench, HASH_MD5);
        assert_int_equal(hear(&bench, second[i]), FAULT_AUTH_ORDER);
        assert_false(chap_complete(&bench.chap));
    }
    set_up(&bench, true);
    assert_int_equal(hear(&bench, "CHAP_A=5;"), FAULT_AUTH_ORDER); /* before our offer */
    set_up(&bench, true);
    to_proof(&bench, HASH_MD5);
    assert_int_equal(hear(&bench, proof(&bench, "san-1", target_secret)), FAULT_NONE);
    assert_int_equal(hear(&bench, "CHAP_N=san-1;"), FAULT_AUTH_ORDER); /* after the end */
    assert_false(chap_complete(&bench.chap));
}

/* One way, a target has nothing to prove; a proof that nobody asked for is out of order. */
static void test_req_149_an_unasked_proof_is_refused(void **state)
{
    struct bench bench;

    (void)state;
    set_up(&bench, false);
    to_proof(&bench, HASH_MD5);
    assert_int_equal(hear(&bench, "CHAP_N=san-1;CHAP_R=0x00112233445566778899aabbccddeeff;"),
                     FAULT_AUTH_ORDER);
    assert_false(chap_complete(&bench.chap));
}

static void test_req_086_163_a_key_twice_is_fatal(void **state)
{
    static const char *const first[] = {"CHAP_A=5;CHAP_A=5;", "CHAP_A=5;CHAP_I=1;CHAP_I=2;",
                                        "CHAP_A=5;CHAP_I=1;CHAP_C=0x00;CHAP_C=0x00;"};
    static const char *const second[] = {
        "CHAP_N=san-1;CHAP_N=san-1;",
        "CHAP_R=0x00112233445566778899aabbccddeeff;CHAP_R=0x00112233445566778899aabbccddeeff;"};
    struct bench bench;

    (void)state;
    for (size_t i = 0; i < COUNT(first); i++) {
        set_up(&bench, true);
        (void)say(&bench);
        assert_int_equal(hear(&bench, first[i]), FAULT_KEY_DUPLICATE);
    }
    for (size_t i = 0; i < COUNT(second); i++) {
        set_up(&bench, true);
        to_proof(&bench, HASH_MD5);
        assert_int_equal(hear(&bench, second[i]), FAULT_KEY_DUPLICATE);
    }
}

static void test_req_153_the_algorithm_is_one_number_of_our_list(void **state)
{
    static const struct {
        const char *value;
        enum fault_code fault;
    } cases[] = {{"5", FAULT_NONE},
                 {"0x5", FAULT_NONE},
                 {"8", FAULT_NONE},
                 {"4", FAULT_AUTH_ALGORITHM},
                 {"9", FAULT_AUTH_ALGORITHM},
                 {"0", FAULT_AUTH_ALGORITHM},
                 {"261", FAULT_AUTH_ALGORITHM},
                 {"4294967301", FAULT_AUTH_ALGORITHM},
                 {"Reject", FAULT_AUTH_ALGORITHM},
                 {"5,7", FAULT_AUTH_VALUE},
                 {"", FAULT_AUTH_VALUE},
                 {"MD5", FAULT_AUTH_VALUE},
                 {"-5", FAULT_AUTH_VALUE},
                 {"5 ", FAULT_AUTH_VALUE},
                 {"None", FAULT_AUTH_VALUE}};
    struct bench bench;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char answer[64];

        set_up(&bench, false);
        (void)say(&bench);
        (void)snprintf(answer, sizeof answer, "CHAP_A=%s;CHAP_I=1;CHAP_C=0x00;", cases[i].value);
        assert_int_equal(hear(&bench, answer), cases[i].fault);
    }
    set_up(&bench, false);
    bench.config.algorithm_count = 2; /* SHA3-256 and SHA-256 alone */
    (void)say(&bench);
    assert_int_equal(hear(&bench, "CHAP_A=5;CHAP_I=1;CHAP_C=0x00;"), FAULT_AUTH_ALGORITHM);
}

static void test_req_154_the_identifier_is_one_byte(void **state)
{
    static const char *const good[] = {"0", "255", "0xff", "0x0"};
    static const char *const bad[] = {"256", "-1", "", "a", "0x100", "1,2", "0x", "4294967296"};
    struct bench bench;

    (void)state;
    for (size_t i = 0; i < COUNT(good) + COUNT(bad); i++) {
        bool is_good = i < COUNT(good);
        char answer[64];

        set_up(&bench, false);
        (void)say(&bench);
        (void)snprintf(answer, sizeof answer, "CHAP_A=5;CHAP_C=0x00;CHAP_I=%s;",
                       is_good ? good[i] : bad[i - COUNT(good)]);
        assert_int_equal(hear(&bench, answer), is_good ? FAULT_NONE : FAULT_AUTH_VALUE);
    }
}

static void test_req_157_a_short_challenge_is_remarked(void **state)
{
    struct bench bench;

    (void)state;
    set_up(&bench, false);
    (void)say(&bench);
    assert_int_equal(hear(&bench, "CHAP_A=5;CHAP_I=1;CHAP_C=0x000102030405060708090a0b0c0d0e;"), FAULT_NONE);
    assert_true(bench.chap.weak_challenge);
    chap_done(&bench.chap);
    assert_true(bench.chap.weak_challenge);
    chap_start(&bench.chap, &bench.config, false, &bench.random);
    to_proof(&bench, HASH_MD5);
    assert_false(bench.chap.weak_challenge);
}

static void test_req_158_159_each_attempt_has_a_new_challenge_and_identifier(void **state)
{
    static uint8_t challenges[300][CHAP_OUR_CHALLENGE];
    struct bench bench;
    unsigned before = 256;

    (void)state;
    set_up(&bench, true);
    for (size_t i = 0; i < COUNT(challenges); i++) {
        unsigned identifier;

        to_proof(&bench, HASH_MD5);
        identifier = said_number(&bench, "CHAP_I");
        assert_int_equal(said_bytes(&bench, "CHAP_C", challenges[i], CHAP_OUR_CHALLENGE), CHAP_OUR_CHALLENGE);
        assert_true(CHAP_OUR_CHALLENGE >= 16);
        assert_true(identifier <= 255 && identifier != before);
        before = identifier;
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(challenges[i], challenges[j], 16);
        if (i % 2 == 0)
            chap_done(&bench.chap); /* the memory of it outlives the exchange */
        chap_start(&bench.chap, &bench.config, false, &bench.random);
    }
}

static void test_req_158_without_random_numbers_mutual_chap_is_refused(void **state)
{
    struct bench bench;

    (void)state;
    set_up(&bench, true);
    bench.config.has_random = false;
    assert_non_null(chap_check(&bench.config));
    (void)say(&bench);
    assert_int_equal(hear(&bench, "CHAP_A=5;CHAP_I=1;CHAP_C=0x00;"), FAULT_AUTH_NO_RANDOM);
    assert_string_equal(say(&bench), "");
    set_up(&bench, false);
    bench.config.has_random = false;
    assert_null(chap_check(&bench.config));
}

static void test_req_160_161_a_challenge_of_ours_that_comes_back_is_a_reflection(void **state)
{
    uint8_t challenges[20][CHAP_OUR_CHALLENGE];
    struct bench bench;

    (void)state;
    set_up(&bench, true);
    for (size_t i = 0; i < COUNT(challenges); i++) { /* twenty logins, each with its connection */
        to_proof(&bench, HASH_SHA1);
        (void)said_bytes(&bench, "CHAP_C", challenges[i], CHAP_OUR_CHALLENGE);
        assert_memory_not_equal(challenges[i], bench.chap.challenge, 16);
        chap_done(&bench.chap);
        chap_start(&bench.chap, &bench.config, false, &bench.random);
    }
    for (size_t i = 0; i < 2 * COUNT(challenges); i++) {
        const uint8_t *challenge = challenges[i / 2];
        char answer[256];

        chap_start(&bench.chap, &bench.config, false, &bench.random);
        (void)say(&bench);
        (void)snprintf(answer, sizeof answer, "CHAP_A=6;CHAP_I=1;CHAP_C=%s;",
                       i % 2 ? hex(challenge, CHAP_OUR_CHALLENGE) : base64(challenge, CHAP_OUR_CHALLENGE));
        assert_int_equal(hear(&bench, answer), FAULT_AUTH_REFLECTION);
        assert_string_equal(say(&bench), ""); /* no answer to it leaves */
    }
}

static void test_req_162_a_challenge_sent_again_is_remarked(void **state)
{
    struct bench bench;

    (void)state;
    set_up(&bench, false);
    to_proof(&bench, HASH_MD5);
    assert_false(bench.chap.repeated_challenge);
    chap_done(&bench.chap);
    chap_start(&bench.chap, &bench.config, false, &bench.random);
    to_proof(&bench, HASH_MD5);
    assert_true(bench.chap.repeated_challenge);
    chap_start(&bench.chap, &bench.config, false, &bench.random);
    (void)say(&bench);
    assert_int_equal(hear(&bench, "CHAP_A=5;CHAP_I=39;CHAP_C=0x00112233445566778899aabbccddeeff;"),
                     FAULT_NONE);
    assert_false(bench.chap.repeated_challenge);
}

static void test_req_163_a_response_has_exactly_the_length_of_its_hash(void **state)
{
    uint8_t bytes[HASH_SIZE_MAX + 2] = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(known); i++) {
        for (size_t length = 0; length < sizeof bytes; length++) {
            bool right = length == hash_size(known[i].algorithm);
            struct bench bench;
            char answer[256];

            set_up(&bench, true);
            to_proof(&bench, known[i].algorithm);
            (void)snprintf(answer, sizeof answer, "CHAP_N=san-1;CHAP_R=%s;", hex(bytes, length));
            assert_int_equal(hear(&bench, answer), right ? FAULT_AUTH_TARGET : FAULT_AUTH_VALUE);
        }
    }
}

static void test_req_163_the_right_start_of_a_response_is_not_enough(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(known); i++) {
        struct bench bench;
        char *answer;

        set_up(&bench, true);
        to_proof(&bench, known[i].algorithm);
        answer = proof(&bench, "san-1", target_secret);
        memcpy(answer + strlen(answer) - 3, ";", 2); /* one byte less */
        assert_int_equal(hear(&bench, answer), FAULT_AUTH_VALUE);
        set_up(&bench, true);
        to_proof(&bench, known[i].algorithm);
        answer = proof(&bench, "san-1", target_secret);
        memcpy(answer + strlen(answer) - 2, ";", 2); /* half a byte less */
        assert_int_equal(hear(&bench, answer), FAULT_AUTH_VALUE);
    }
}

static void test_req_164_a_wrong_response_ends_the_exchange_in_silence(void **state)
{
    static const uint8_t wrong[] = "a secret of nobodys";
    struct bench bench;

    (void)state;
    set_up(&bench, true);
    to_proof(&bench, HASH_SHA3_256);
    assert_int_equal(hear(&bench, proof(&bench, "san-1", wrong)), FAULT_AUTH_TARGET);
    assert_false(chap_complete(&bench.chap));
    assert_string_equal(say(&bench), "");
    assert_int_equal(hear(&bench, ""), FAULT_AUTH_TARGET); /* and cannot be mended */
    assert_false(chap_complete(&bench.chap));
}

static void test_req_164_169_every_bit_of_a_response_counts(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 256; bit++) {
        struct bench bench;
        uint8_t challenge[64], digest[HASH_SIZE_MAX];
        char answer[256];
        size_t length;

        set_up(&bench, true);
        to_proof(&bench, HASH_SHA256);
        length = said_bytes(&bench, "CHAP_C", challenge, sizeof challenge);
        (void)response(HASH_SHA256, said_number(&bench, "CHAP_I"), target_secret, challenge, length, digest);
        digest[bit / 8] ^= (uint8_t)(1u << bit % 8);
        (void)snprintf(answer, sizeof answer, "CHAP_N=san-1;CHAP_R=%s;", hex(digest, 32));
        assert_int_equal(hear(&bench, answer), FAULT_AUTH_TARGET);
    }
}

/* The target answers our challenge with our own secret: it has none of its own, or got it from us. */
static void test_req_165_a_response_made_with_our_own_secret_is_a_failure(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(known); i++) {
        struct bench bench;

        set_up(&bench, true);
        to_proof(&bench, known[i].algorithm);
        assert_int_equal(hear(&bench, proof(&bench, "san-1", local_secret)), FAULT_AUTH_REFLECTION);
    }
}

/* Even where the configuration's check was skipped. */
static void test_req_165_equal_secrets_never_pass_in_an_exchange(void **state)
{
    struct bench bench;

    (void)state;
    set_up(&bench, true);
    bench.config.target.secret = local_secret;
    to_proof(&bench, HASH_MD5);
    assert_int_equal(hear(&bench, proof(&bench, "san-1", local_secret)), FAULT_AUTH_REFLECTION);
}

static void test_req_165_our_own_answer_sent_back_is_a_failure(void **state)
{
    struct bench bench;
    char answer[256];
    uint8_t ours[HASH_SIZE_MAX];
    size_t length;

    (void)state;
    set_up(&bench, true);
    to_proof(&bench, HASH_SHA1);
    length = said_bytes(&bench, "CHAP_R", ours, sizeof ours);
    (void)snprintf(answer, sizeof answer, "CHAP_N=san-1;CHAP_R=%s;", hex(ours, length));
    assert_int_equal(hear(&bench, answer), FAULT_AUTH_REFLECTION);
}

static void test_req_166_equal_secrets_are_refused_in_the_configuration(void **state)
{
    struct bench bench;
    uint8_t copy[SECRET_LENGTH];

    (void)state;
    set_up(&bench, true);
    memcpy(copy, local_secret, sizeof copy);
    bench.config.target.secret = copy;
    assert_non_null(chap_check(&bench.config));
    copy[SECRET_LENGTH - 1] ^= 1;
    assert_null(chap_check(&bench.config));
}

static void test_req_167_the_target_must_have_the_configured_name(void **state)
{
    static const char *const wrong[] = {"san-2", "san-", "san-11", "SAN-1", "san-1 ", "host-7"};

    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct bench bench;

        set_up(&bench, true);
        to_proof(&bench, HASH_MD5);
        assert_int_equal(hear(&bench, proof(&bench, wrong[i], target_secret)), FAULT_AUTH_TARGET_NAME);
        assert_false(chap_complete(&bench.chap));
    }
}

static void test_req_168_names_have_1_to_255_bytes_of_any_text(void **state)
{
    char name[300], answer[512];
    struct bench bench;

    (void)state;
    memset(name, 'n', sizeof name);
    memcpy(name, "%s%n\x1b\xff,=", 8);
    for (size_t length = 0; length <= 256; length += length == 0 || length >= 254 ? 1 : 253) {
        bool good = length >= 1 && length <= 255;
        char kept = name[length];

        name[length] = '\0';
        set_up(&bench, true);
        if (good) {
            bench.config.local.name = name;
            bench.config.target.name = name;
            assert_null(chap_check(&bench.config));
        }
        to_proof(&bench, HASH_MD5);
        (void)snprintf(answer, sizeof answer, "%s", proof(&bench, name, target_secret));
        if (good)
            assert_memory_equal(bench.said + 7, name, length); /* as it is, no formatting */
        assert_int_equal(hear(&bench, answer), good ? FAULT_NONE : FAULT_AUTH_VALUE);
        name[length] = kept;
    }
    set_up(&bench, true);
    name[256] = '\0';
    bench.config.local.name = name;
    assert_non_null(chap_check(&bench.config));
    bench.config.local.name = "";
    assert_non_null(chap_check(&bench.config));
    bench.config.local.name = NULL;
    assert_non_null(chap_check(&bench.config));
    set_up(&bench, true);
    bench.config.target.name = "";
    assert_non_null(chap_check(&bench.config));
    bench.config.target.name = name;
    assert_non_null(chap_check(&bench.config));
}

static void test_req_170_171_secrets_have_12_to_255_bytes_zeros_among_them(void **state)
{
    uint8_t secret[256] = {0};
    uint8_t other[256] = {1};
    struct bench bench;

    (void)state;
    set_up(&bench, true);
    for (size_t length = 0; length <= 256; length++) {
        bool good = length >= 12 && length <= 255;

        set_up(&bench, true);
        bench.config.local = (struct chap_credentials){"host-7", secret, length};
        assert_int_equal(chap_check(&bench.config) == NULL, good);
        set_up(&bench, true);
        bench.config.target = (struct chap_credentials){"san-1", other, length};
        assert_int_equal(chap_check(&bench.config) == NULL, good);
    }
    bench.config.target.secret = NULL;
    assert_non_null(chap_check(&bench.config));
    set_up(&bench, false);
    bench.config.local.secret = NULL;
    assert_non_null(chap_check(&bench.config));
}

static void test_req_150_152_the_list_of_algorithms_must_make_sense(void **state)
{
    static const uint8_t bad[][CHAP_ALGORITHMS] = {{4}, {9}, {0}, {5, 5}, {8, 7, 6, 8}, {5, 0}};
    static const uint8_t counts[] = {1, 1, 1, 2, 4, 2};
    struct bench bench;

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        set_up(&bench, false);
        memcpy(bench.config.algorithms, bad[i], CHAP_ALGORITHMS);
        bench.config.algorithm_count = counts[i];
        assert_non_null(chap_check(&bench.config));
    }
    set_up(&bench, false);
    bench.config.algorithm_count = 0;
    assert_non_null(chap_check(&bench.config));
    bench.config.algorithm_count = 5;
    assert_non_null(chap_check(&bench.config));
}

/* --- What is left behind --- */

static bool holds(const void *memory, size_t size, const uint8_t *wanted, size_t length)
{
    for (size_t i = 0; length <= size && i <= size - length; i++) {
        if (memcmp((const uint8_t *)memory + i, wanted, length) == 0)
            return true;
    }
    return false;
}

/* Eight bytes of anything that belongs to an exchange are a find. */
static void assert_clean(const struct bench *bench, const uint8_t *ours, const uint8_t *theirs,
                         const uint8_t *answer)
{
    static const uint8_t challenge[] = {0, 1, 2, 3, 4, 5, 6, 7};

    assert_false(holds(&bench->chap, sizeof bench->chap, local_secret, 8));
    assert_false(holds(&bench->chap, sizeof bench->chap, target_secret, 8));
    assert_false(holds(&bench->chap, sizeof bench->chap, challenge, 8));
    assert_false(holds(&bench->chap, sizeof bench->chap, ours, 8));
    assert_false(holds(&bench->chap, sizeof bench->chap, ours + CHAP_OUR_CHALLENGE - 8, 8));
    assert_false(holds(&bench->chap, sizeof bench->chap, theirs, 8));
    assert_false(holds(&bench->chap, sizeof bench->chap, answer, 8));
    assert_false(holds(&bench->chap, sizeof bench->chap, (const uint8_t *)"san-1", 5));
}

static void test_req_172_173_nothing_of_an_exchange_is_left_after_it(void **state)
{
    static const uint8_t wrong[] = "a secret of nobodys";
    const uint8_t *const secrets[] = {target_secret, wrong, local_secret};

    (void)state;
    for (size_t i = 0; i < 2 * COUNT(secrets); i++) {
        uint8_t ours[64], answer[HASH_SIZE_MAX], theirs[HASH_SIZE_MAX];
        struct bench bench;
        char text[512];
        bool good = i / 2 == 0;

        set_up(&bench, true);
        to_proof(&bench, HASH_SHA256);
        (void)said_bytes(&bench, "CHAP_C", ours, sizeof ours);
        (void)said_bytes(&bench, "CHAP_R", answer, sizeof answer);
        (void)response(HASH_SHA256, said_number(&bench, "CHAP_I"), secrets[i / 2], ours, CHAP_OUR_CHALLENGE,
                       theirs);
        (void)snprintf(text, sizeof text, "CHAP_N=%s;CHAP_R=%s;", i % 2 ? "san-12" : "san-1",
                       hex(theirs, 32));
        assert_true(holds(&bench.chap, sizeof bench.chap, ours, 8)); /* the search finds what is there */
        assert_int_equal(hear(&bench, text) == FAULT_NONE, good && i % 2 == 0);
        if (good && i % 2 == 0)
            chap_done(&bench.chap);
        assert_clean(&bench, ours, theirs, answer); /* after a failure at once, without being asked */
    }
}

static void test_req_173_an_exchange_that_was_broken_off_is_wiped_and_cannot_go_on(void **state)
{
    struct bench bench;
    uint8_t ours[64], answer[HASH_SIZE_MAX];

    (void)state;
    set_up(&bench, true);
    to_proof(&bench, HASH_SHA256);
    (void)said_bytes(&bench, "CHAP_C", ours, sizeof ours);
    (void)said_bytes(&bench, "CHAP_R", answer, sizeof answer);
    chap_done(&bench.chap);
    assert_clean(&bench, ours, answer, answer);
    assert_string_equal(say(&bench), "");
    assert_int_not_equal(chap_answer_end(&bench.chap), FAULT_NONE);
    assert_false(chap_complete(&bench.chap));
    set_up(&bench, true);
    chap_done(&bench.chap);
    assert_string_equal(say(&bench), ""); /* not with a challenge of zeros */
}

static void test_req_174_responses_in_base64_are_taken(void **state)
{
    struct bench bench;
    uint8_t challenge[64], digest[HASH_SIZE_MAX];
    char answer[256];
    size_t length;

    (void)state;
    for (size_t i = 0; i < COUNT(known); i++) {
        set_up(&bench, true);
        to_proof(&bench, known[i].algorithm);
        length = said_bytes(&bench, "CHAP_C", challenge, sizeof challenge);
        length = response(known[i].algorithm, said_number(&bench, "CHAP_I"), target_secret, challenge, length,
                          digest);
        (void)snprintf(answer, sizeof answer, "CHAP_R=%s;CHAP_N=san-1;", base64(digest, length));
        assert_int_equal(hear(&bench, answer), FAULT_NONE);
    }
}

static void test_only_the_five_keys_are_chap_keys(void **state)
{
    static const char *const keys[] = {"CHAP_A", "CHAP_I", "CHAP_C", "CHAP_N", "CHAP_R"};
    static const char *const others[] = {"CHAP_", "CHAP_X", "chap_a", "CHAP_AA", "CHAP", "AuthMethod"};

    (void)state;
    for (size_t i = 0; i < COUNT(keys); i++)
        assert_true(chap_is_key(&(struct text_item){.key = keys[i], .key_length = 6}));
    for (size_t i = 0; i < COUNT(others); i++)
        assert_false(chap_is_key(&(struct text_item){.key = others[i], .key_length = strlen(others[i])}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_151_152_the_list_is_offered_in_its_order_with_md5_in_it),
        cmocka_unit_test(test_req_152_the_second_login_offers_md5_alone_and_takes_nothing_else),
        cmocka_unit_test(test_req_150_155_the_response_is_a_hash_over_the_bytes),
        cmocka_unit_test(test_req_156_174_a_challenge_of_1024_bytes_as_hex_and_as_base64),
        cmocka_unit_test(test_req_156_challenges_of_no_byte_or_too_many_are_refused),
        cmocka_unit_test(test_req_150_155_mutual_succeeds_with_each_algorithm),
        cmocka_unit_test(test_req_149_we_speak_in_the_order_of_the_standard),
        cmocka_unit_test(test_req_149_keys_before_their_time_after_it_or_missing_are_fatal),
        cmocka_unit_test(test_req_149_an_unasked_proof_is_refused),
        cmocka_unit_test(test_req_086_163_a_key_twice_is_fatal),
        cmocka_unit_test(test_req_153_the_algorithm_is_one_number_of_our_list),
        cmocka_unit_test(test_req_154_the_identifier_is_one_byte),
        cmocka_unit_test(test_req_157_a_short_challenge_is_remarked),
        cmocka_unit_test(test_req_158_159_each_attempt_has_a_new_challenge_and_identifier),
        cmocka_unit_test(test_req_158_without_random_numbers_mutual_chap_is_refused),
        cmocka_unit_test(test_req_160_161_a_challenge_of_ours_that_comes_back_is_a_reflection),
        cmocka_unit_test(test_req_162_a_challenge_sent_again_is_remarked),
        cmocka_unit_test(test_req_163_a_response_has_exactly_the_length_of_its_hash),
        cmocka_unit_test(test_req_163_the_right_start_of_a_response_is_not_enough),
        cmocka_unit_test(test_req_164_a_wrong_response_ends_the_exchange_in_silence),
        cmocka_unit_test(test_req_164_169_every_bit_of_a_response_counts),
        cmocka_unit_test(test_req_165_a_response_made_with_our_own_secret_is_a_failure),
        cmocka_unit_test(test_req_165_equal_secrets_never_pass_in_an_exchange),
        cmocka_unit_test(test_req_165_our_own_answer_sent_back_is_a_failure),
        cmocka_unit_test(test_req_166_equal_secrets_are_refused_in_the_configuration),
        cmocka_unit_test(test_req_167_the_target_must_have_the_configured_name),
        cmocka_unit_test(test_req_168_names_have_1_to_255_bytes_of_any_text),
        cmocka_unit_test(test_req_170_171_secrets_have_12_to_255_bytes_zeros_among_them),
        cmocka_unit_test(test_req_150_152_the_list_of_algorithms_must_make_sense),
        cmocka_unit_test(test_req_172_173_nothing_of_an_exchange_is_left_after_it),
        cmocka_unit_test(test_req_173_an_exchange_that_was_broken_off_is_wiped_and_cannot_go_on),
        cmocka_unit_test(test_req_174_responses_in_base64_are_taken),
        cmocka_unit_test(test_only_the_five_keys_are_chap_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
