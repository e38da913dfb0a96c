/* SPDX-License-Identifier: BSD-2-Clause */
#include "crc32c.h"

#include <string.h>

/* The remainders of four bits by the polynomial 1EDC6F41h, bits reversed: enough for machines that have no
 * instruction. */
static const uint32_t remainders[16] = {
    0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
    0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

static uint32_t by_table(uint32_t crc, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        crc ^= bytes[i];
        crc = remainders[crc & 15] ^ crc >> 4;
        crc = remainders[crc & 15] ^ crc >> 4;
    }
    return crc;
}

#if defined(__x86_64__)

/* Intel SDM, CPUID leaf 1: ECX bit 20 is SSE4.2, of which the instruction uses no vector register. */
bool crc32c_has_instruction(void)
{
    uint32_t eax = 1, ebx, ecx = 0, edx;

    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    return (ecx >> 20 & 1) != 0;
}

static uint32_t by_instruction(uint32_t crc, const uint8_t *bytes, size_t length)
{
    uint64_t wide = crc;

    for (; length >= 8; bytes += 8, length -= 8) {
        uint64_t word;

        memcpy(&word, bytes, sizeof word);
        __asm__("crc32q %1, %0" : "+r"(wide) : "r"(word));
    }
    crc = (uint32_t)wide;
    for (; length > 0; bytes++, length--)
        __asm__("crc32b %1, %0" : "+r"(crc) : "r"(*bytes));
    return crc;
}

#else

bool crc32c_has_instruction(void)
{
    return false;
}

static uint32_t by_instruction(uint32_t crc, const uint8_t *bytes, size_t length)
{
    return by_table(crc, bytes, length);
}

#endif

uint32_t crc32c(uint32_t crc, const void *bytes, size_t length, bool use_instruction)
{
    return ~(use_instruction ? by_instruction : by_table)(~crc, bytes, length);
}

void crc32c_put(uint32_t crc, uint8_t ret_bytes[CRC32C_SIZE])
{
    for (unsigned i = 0; i < CRC32C_SIZE; i++)
        ret_bytes[i] = (uint8_t)(crc >> 8 * i);
}
