/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The border between bytes and values. Everything that arrives is read through a cursor that checks each
 * length, turns bad once and stays bad; everything that leaves is written through one. No packet is ever
 * cast to a struct. All multi-byte integers of iSCSI and SCSI are big-endian (RFC 7143 section 11).
 */
#ifndef LUNBOOT_ISCSI_BYTES_H
#define LUNBOOT_ISCSI_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t bytes_get16(const uint8_t *p)
{
    return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

static inline uint32_t bytes_get24(const uint8_t *p)
{
    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static inline uint32_t bytes_get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | bytes_get24(p + 1);
}

static inline uint64_t bytes_get64(const uint8_t *p)
{
    return (uint64_t)bytes_get32(p) << 32 | bytes_get32(p + 4);
}

static inline void bytes_put16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void bytes_put24(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 16);
    bytes_put16(p + 1, (uint16_t)v);
}

static inline void bytes_put32(uint8_t *p, uint32_t v)
{
    bytes_put16(p, (uint16_t)(v >> 16));
    bytes_put16(p + 2, (uint16_t)v);
}

static inline void bytes_put64(uint8_t *p, uint64_t v)
{
    bytes_put32(p, (uint32_t)(v >> 32));
    bytes_put32(p + 4, (uint32_t)v);
}

/* A reading cursor. Once `bad`, every further read returns zero or NULL and the cursor stays bad. */
struct bytes_reader {
    const uint8_t *at;
    size_t left;
    bool bad;
};

static inline struct bytes_reader bytes_reader(const void *data, size_t length)
{
    return (struct bytes_reader){.at = data, .left = length, .bad = false};
}

/* The next `n` bytes, or NULL (and bad) when fewer are left. */
static inline const uint8_t *bytes_take(struct bytes_reader *r, size_t n)
{
    const uint8_t *p = r->at;

    if (r->bad || n == 0 || n > r->left) {
        if (!r->bad && n == 0)
            return r->at;
        r->bad = true;
        return NULL;
    }
    r->at += n;
    r->left -= n;
    return p;
}

static inline uint8_t bytes_take8(struct bytes_reader *r)
{
    const uint8_t *p = bytes_take(r, 1);
    return p ? p[0] : 0;
}

static inline uint16_t bytes_take16(struct bytes_reader *r)
{
    const uint8_t *p = bytes_take(r, 2);
    return p ? bytes_get16(p) : 0;
}

static inline uint32_t bytes_take32(struct bytes_reader *r)
{
    const uint8_t *p = bytes_take(r, 4);
    return p ? bytes_get32(p) : 0;
}

static inline uint64_t bytes_take64(struct bytes_reader *r)
{
    const uint8_t *p = bytes_take(r, 8);
    return p ? bytes_get64(p) : 0;
}

/*
 * Overwrite memory that held a secret. The volatile access keeps the compiler from dropping the store even
 * when the memory is dead afterwards.
 */
static inline void bytes_wipe(void *data, size_t length)
{
    volatile uint8_t *p = data;

    while (length--)
        *p++ = 0;
}

/* Compare without a data-dependent branch: true when all `length` bytes are equal. */
static inline bool bytes_equal_secret(const uint8_t *a, const uint8_t *b, size_t length)
{
    volatile uint8_t difference = 0;

    for (size_t i = 0; i < length; i++)
        difference = (uint8_t)(difference | (a[i] ^ b[i]));
    return difference == 0;
}

#endif
