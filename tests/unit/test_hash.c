/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hashes against values computed by another implementation, and the generator's promises.
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

#include "iscsi/hash.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *hex(const uint8_t *bytes, size_t length)
{
    static char text[2 * HASH_SIZE_MAX + 1];

    for (size_t i = 0; i < length; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    return text;
}

static const struct {
    unsigned algorithm;
    const char *empty, *abc, *thousand; /* of nothing, of "abc", of 1000 bytes 7 i + 3 */
} known[] = {
    {HASH_MD5, "d41d8cd98f00b204e9800998ecf8427e", "900150983cd24fb0d6963f7d28e17f72",
     "10046f077f2082ac19676b8079f1cb1a"},
    {HASH_SHA1, "da39a3ee5e6b4b0d3255bfef95601890afd80709", "a9993e364706816aba3e25717850c26c9cd0d89d",
     "4231a8a50a10fa9758db8ec71fdef855b751048a"},
    {HASH_SHA256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
     "1e9bc38cbf860b9ec31918b065f9b52476c549a782e0e7990bed8ce3868d2371"},
    {HASH_SHA3_256, "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a",
     "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532",
     "bd8b4d76041e0135e53fab1aaf425c7b1c129d8878ffb64cc31230ccafd7dc7c"},
};

static void test_req_150_the_four_algorithms_have_their_sizes(void **state)
{
    static const size_t sizes[] = {[5] = 16, [6] = 20, [7] = 32, [8] = 32, [9] = 0};

    (void)state;
    for (unsigned i = 0; i < COUNT(sizes); i++)
        assert_int_equal(hash_size(i), sizes[i]);
    assert_int_equal(hash_size(0x105), 0);
}

static void test_req_150_digests_are_the_known_ones(void **state)
{
    uint8_t thousand[1000];

    (void)state;
    for (size_t i = 0; i < sizeof thousand; i++)
        thousand[i] = (uint8_t)(i * 7 + 3);
    for (size_t i = 0; i < COUNT(known); i++) {
        struct hash_piece piece = {"abc", 3};
        uint8_t digest[HASH_SIZE_MAX];
        size_t size = hash_size(known[i].algorithm);

        assert_true(hash_compute(known[i].algorithm, NULL, 0, digest));
        assert_string_equal(hex(digest, size), known[i].empty);
        assert_true(hash_compute(known[i].algorithm, &piece, 1, digest));
        assert_string_equal(hex(digest, size), known[i].abc);
        for (size_t cut = 0; cut <= sizeof thousand; cut += 37) {
            struct hash_piece pieces[] = {{thousand, cut}, {thousand + cut, sizeof thousand - cut}};

            assert_true(hash_compute(known[i].algorithm, pieces, 2, digest));
            assert_string_equal(hex(digest, size), known[i].thousand);
        }
    }
}

static void test_an_unknown_algorithm_is_refused_and_a_digest_has_no_more_than_its_size(void **state)
{
    uint8_t digest[HASH_SIZE_MAX];

    (void)state;
    memset(digest, 0xa5, sizeof digest);
    assert_false(hash_compute(0, NULL, 0, digest));
    assert_false(hash_compute(4, NULL, 0, digest));
    assert_false(hash_compute(9, NULL, 0, digest));
    assert_int_equal(digest[0], 0xa5);
    assert_true(hash_compute(HASH_MD5, NULL, 0, digest));
    for (size_t i = 16; i < sizeof digest; i++)
        assert_int_equal(digest[i], 0xa5);
}

static void test_the_same_seed_gives_the_same_bytes_and_another_one_others(void **state)
{
    uint8_t seed[HASH_SEED] = {1, 2, 3};
    uint8_t a[100], b[100];
    struct hash_random random;

    (void)state;
    hash_random_init(&random, seed);
    hash_random_bytes(&random, a, sizeof a);
    hash_random_init(&random, seed);
    hash_random_bytes(&random, b, sizeof b);
    assert_memory_equal(a, b, sizeof a);
    seed[31] = 1;
    hash_random_init(&random, seed);
    hash_random_bytes(&random, b, sizeof b);
    assert_memory_not_equal(a, b, 32);
}

static void test_req_158_output_never_repeats(void **state)
{
    static uint8_t blocks[512][16];
    struct hash_random random;

    (void)state;
    hash_random_init(&random, (const uint8_t[HASH_SEED]){0});
    for (size_t i = 0; i < COUNT(blocks); i++) {
        hash_random_bytes(&random, blocks[i], sizeof blocks[i]);
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(blocks[i], blocks[j], sizeof blocks[i]);
    }
    assert_true(hash_random_32(&random) != hash_random_32(&random));
}

/* Whoever reads the state later finds neither the output nor a key that leads back to it. */
static void test_the_state_does_not_hold_what_was_given_out(void **state)
{
    struct hash_random random, before;
    uint8_t out[64];

    (void)state;
    hash_random_init(&random, (const uint8_t[HASH_SEED]){9});
    before = random;
    hash_random_bytes(&random, out, sizeof out);
    assert_memory_not_equal(random.key, before.key, sizeof random.key);
    assert_memory_not_equal(random.key, out, 32);
    assert_memory_not_equal(random.key, out + 32, 32);
}

/* A length that is no multiple of the block: nothing is written beyond it. */
static void test_random_bytes_stay_within_their_length(void **state)
{
    struct hash_random random;

    (void)state;
    hash_random_init(&random, (const uint8_t[HASH_SEED]){5});
    for (size_t length = 0; length < 70; length++) {
        uint8_t *out = malloc(length > 0 ? length : 1);

        assert_non_null(out);
        hash_random_bytes(&random, out, length);
        free(out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_150_the_four_algorithms_have_their_sizes),
        cmocka_unit_test(test_req_150_digests_are_the_known_ones),
        cmocka_unit_test(test_an_unknown_algorithm_is_refused_and_a_digest_has_no_more_than_its_size),
        cmocka_unit_test(test_the_same_seed_gives_the_same_bytes_and_another_one_others),
        cmocka_unit_test(test_req_158_output_never_repeats),
        cmocka_unit_test(test_the_state_does_not_hold_what_was_given_out),
        cmocka_unit_test(test_random_bytes_stay_within_their_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
