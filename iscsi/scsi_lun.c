/* SPDX-License-Identifier: BSD-2-Clause */
#include "scsi.h"

#include <string.h>

#include "bytes.h"

/* Addressing methods in the top two bits (SAM-5, single level structures). */
#define METHOD_PERIPHERAL    0u
#define METHOD_FLAT          1u
#define EXTENDED_FLAT_24     0xd2u /* extended, three bytes of address, flat */
#define PERIPHERAL_LUN_LIMIT 256u
#define FLAT_LUN_LIMIT       16384u

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool scsi_lun_parse_hex(const char *text, size_t length, uint8_t ret_lun[8])
{
    uint16_t groups[4] = {0};
    size_t group = 0;
    unsigned digits = 0;

    for (size_t i = 0; i < length; i++) {
        int digit = hex_digit(text[i]);

        if (text[i] == '-') {
            if (digits == 0 || ++group == 4)
                return false;
            digits = 0;
        } else if (digit < 0 || ++digits > 4) {
            return false;
        } else {
            groups[group] = (uint16_t)(groups[group] << 4 | digit);
        }
    }
    if (digits == 0)
        return false;
    for (size_t i = 0; i < 4; i++)
        bytes_put16(ret_lun + 2 * i, groups[i]);
    return true;
}

static bool has_dash(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] == '-')
            return true;
    return false;
}

bool scsi_lun_parse_decimal(const char *text, size_t length, uint8_t ret_lun[8])
{
    uint32_t number = 0;

    if (has_dash(text, length))
        return scsi_lun_parse_hex(text, length, ret_lun);
    if (length == 0 || length > 5)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        number = number * 10 + (uint32_t)(text[i] - '0');
    }
    if (number >= FLAT_LUN_LIMIT)
        return false;
    if (number >= PERIPHERAL_LUN_LIMIT)
        number |= METHOD_FLAT << 14;
    memset(ret_lun, 0, 8);
    bytes_put16(ret_lun, (uint16_t)number);
    return true;
}

void scsi_lun_format(const uint8_t lun[8], char ret_text[20])
{
    static const char digits[] = "0123456789abcdef";
    char *at = ret_text;

    for (unsigned i = 0; i < 8; i++) {
        if (i > 0 && i % 2 == 0)
            *at++ = '-';
        *at++ = digits[lun[i] >> 4];
        *at++ = digits[lun[i] & 15];
    }
    *at = '\0';
}

bool scsi_lun_number(const uint8_t lun[8], uint32_t *ret_number)
{
    static const uint8_t zeros[6];
    unsigned method = lun[0] >> 6;

    if (lun[0] == EXTENDED_FLAT_24 && memcmp(lun + 4, zeros, 4) == 0) {
        *ret_number = bytes_get24(lun + 1);
        return true;
    }
    if (memcmp(lun + 2, zeros, 6) != 0)
        return false;
    if (method == METHOD_FLAT)
        *ret_number = bytes_get16(lun) & 0x3fffu;
    else if (method == METHOD_PERIPHERAL && lun[0] == 0)
        *ret_number = lun[1];
    else
        return false;
    return true;
}

bool scsi_lun_equal(const uint8_t a[8], const uint8_t b[8])
{
    uint32_t number_a, number_b;

    if (memcmp(a, b, 8) == 0)
        return true;
    return scsi_lun_number(a, &number_a) && scsi_lun_number(b, &number_b) && number_a == number_b;
}
