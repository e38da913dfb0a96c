/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CRC32C, the digest of RFC 7143 section 13.1: it finds what TCP's checksum lets pass by accident. It is no
 * protection against anybody who wants to change data (REQ-182).
 */
#ifndef LUNBOOT_ISCSI_CRC32C_H
#define LUNBOOT_ISCSI_CRC32C_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CRC32C_SIZE 4u

/* Has this processor an instruction for it? Slow under a hypervisor: to be asked once. */
bool crc32c_has_instruction(void);

/* The digest of what `crc` is the digest of (0: of nothing), followed by these bytes. */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t length, bool use_instruction);

/* As it stands on the wire. */
void crc32c_put(uint32_t crc, uint8_t ret_bytes[CRC32C_SIZE]);

#endif
