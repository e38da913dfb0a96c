/* SPDX-License-Identifier: BSD-2-Clause */
#include "hash.h"

#include <string.h>

#include <mbedtls/md5.h>
#include <mbedtls/sha1.h>
#include <mbedtls/sha256.h>
#include <mbedtls/sha3.h>

#include "bytes.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

union context {
    mbedtls_md5_context md5;
    mbedtls_sha1_context sha1;
    mbedtls_sha256_context sha256;
    mbedtls_sha3_context sha3;
};

/* The library's functions under one signature: 0 is success. */
struct method {
    unsigned algorithm;
    size_t size;
    int (*start)(union context *context);
    int (*update)(union context *context, const uint8_t *data, size_t length);
    int (*finish)(union context *context, uint8_t *ret_digest);
};

static int md5_start(union context *context)
{
    mbedtls_md5_init(&context->md5);
    return mbedtls_md5_starts(&context->md5);
}

static int md5_update(union context *context, const uint8_t *data, size_t length)
{
    return mbedtls_md5_update(&context->md5, data, length);
}

static int md5_finish(union context *context, uint8_t *ret_digest)
{
    return mbedtls_md5_finish(&context->md5, ret_digest);
}

static int sha1_start(union context *context)
{
    mbedtls_sha1_init(&context->sha1);
    return mbedtls_sha1_starts(&context->sha1);
}

static int sha1_update(union context *context, const uint8_t *data, size_t length)
{
    return mbedtls_sha1_update(&context->sha1, data, length);
}

static int sha1_finish(union context *context, uint8_t *ret_digest)
{
    return mbedtls_sha1_finish(&context->sha1, ret_digest);
}

static int sha256_start(union context *context)
{
    mbedtls_sha256_init(&context->sha256);
    return mbedtls_sha256_starts(&context->sha256, 0);
}

static int sha256_update(union context *context, const uint8_t *data, size_t length)
{
    return mbedtls_sha256_update(&context->sha256, data, length);
}

static int sha256_finish(union context *context, uint8_t *ret_digest)
{
    return mbedtls_sha256_finish(&context->sha256, ret_digest);
}

static int sha3_start(union context *context)
{
    mbedtls_sha3_init(&context->sha3);
    return mbedtls_sha3_starts(&context->sha3, MBEDTLS_SHA3_256);
}

static int sha3_update(union context *context, const uint8_t *data, size_t length)
{
    return mbedtls_sha3_update(&context->sha3, data, length);
}

static int sha3_finish(union context *context, uint8_t *ret_digest)
{
    return mbedtls_sha3_finish(&context->sha3, ret_digest, 32);
}

static const struct method methods[] = {
    {HASH_MD5, 16, md5_start, md5_update, md5_finish},
    {HASH_SHA1, 20, sha1_start, sha1_update, sha1_finish},
    {HASH_SHA256, 32, sha256_start, sha256_update, sha256_finish},
    {HASH_SHA3_256, 32, sha3_start, sha3_update, sha3_finish},
};

static const struct method *find_method(unsigned algorithm)
{
    for (size_t i = 0; i < COUNT(methods); i++) {
        if (methods[i].algorithm == algorithm)
            return &methods[i];
    }
    return NULL;
}

size_t hash_size(unsigned algorithm)
{
    const struct method *method = find_method(algorithm);

    return method ? method->size : 0;
}

bool hash_compute(unsigned algorithm, const struct hash_piece *pieces, size_t count,
                  uint8_t ret_digest[HASH_SIZE_MAX])
{
    const struct method *method = find_method(algorithm);
    uint8_t digest[HASH_SIZE_MAX];
    union context context;
    bool good;

    if (!method)
        return false;
    good = method->start(&context) == 0;
    for (size_t i = 0; good && i < count; i++)
        good = method->update(&context, pieces[i].data, pieces[i].length) == 0;
    good = good && method->finish(&context, digest) == 0;
    if (good)
        memcpy(ret_digest, digest, method->size);
    bytes_wipe(&context, sizeof context); /* none of the four contexts owns other memory */
    bytes_wipe(digest, sizeof digest);
    return good;
}

/* SHA-256 of a key with a block number. SHA-256 over memory cannot fail. */
static void random_block(const uint8_t key[HASH_SEED], uint64_t number, uint8_t ret_block[HASH_SIZE_MAX])
{
    uint8_t counter[8];
    const struct hash_piece pieces[] = {{key, HASH_SEED}, {counter, sizeof counter}};

    bytes_put64(counter, number);
    (void)hash_compute(HASH_SHA256, pieces, COUNT(pieces), ret_block);
}

void hash_random_init(struct hash_random *random, const uint8_t seed[HASH_SEED])
{
    memcpy(random->key, seed, HASH_SEED);
}

/* Block 0 is the next key and is never given out; blocks 1 and up are the output. */
void hash_random_bytes(struct hash_random *random, uint8_t *ret_bytes, size_t length)
{
    uint8_t next[HASH_SIZE_MAX];
    uint8_t block[HASH_SIZE_MAX];

    random_block(random->key, 0, next);
    for (uint64_t number = 1; length > 0; number++) {
        size_t n = length < sizeof block ? length : sizeof block;

        random_block(random->key, number, block);
        memcpy(ret_bytes, block, n);
        ret_bytes += n;
        length -= n;
    }
    memcpy(random->key, next, sizeof random->key);
    bytes_wipe(next, sizeof next);
    bytes_wipe(block, sizeof block);
}

uint32_t hash_random_32(struct hash_random *random)
{
    uint8_t bytes[4];

    hash_random_bytes(random, bytes, sizeof bytes);
    return bytes_get32(bytes);
}
