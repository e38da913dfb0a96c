/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is compiled of mbedTLS: the four hashes that CHAP may use (RFC 7143, 12.1.3, and the IANA registry of
 * PPP authentication algorithms) and the constant-time comparison. No PSA layer, no platform layer, no self
 * tests.
 */
#ifndef ISCSI_HASH_CONFIG_H
#define ISCSI_HASH_CONFIG_H

#define MBEDTLS_MD5_C
#define MBEDTLS_SHA1_C
#define MBEDTLS_SHA256_C
#define MBEDTLS_SHA3_C

#endif
