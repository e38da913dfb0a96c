/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The four hashes of CHAP (IANA PPP authentication algorithms, REQ-150), computed by mbedTLS, and a generator
 * that expands the 32 random bytes given to a session, so that the core needs no callback for randomness and
 * stays deterministic.
 */
#ifndef LUNBOOT_ISCSI_HASH_H
#define LUNBOOT_ISCSI_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HASH_SIZE_MAX 32u
#define HASH_SEED     32u

enum hash_algorithm { HASH_MD5 = 5, HASH_SHA1 = 6, HASH_SHA256 = 7, HASH_SHA3_256 = 8 };

/* Bytes of a digest, 0 for a number that is none of the four. */
size_t hash_size(unsigned algorithm);

struct hash_piece {
    const void *data;
    size_t length;
};

/* Hash `count` pieces one after the other; the working state is wiped. False on an unknown algorithm. */
bool hash_compute(unsigned algorithm, const struct hash_piece *pieces, size_t count,
                  uint8_t ret_digest[HASH_SIZE_MAX]);

/* SHA-256 in counter mode with fast key erasure: what was given out cannot be computed from the state. */
struct hash_random {
    uint8_t key[HASH_SEED];
};

void hash_random_init(struct hash_random *random, const uint8_t seed[HASH_SEED]);
void hash_random_bytes(struct hash_random *random, uint8_t *ret_bytes, size_t length);
uint32_t hash_random_32(struct hash_random *random);

#endif
