/* SPDX-License-Identifier: BSD-2-Clause */
#include "isid.h"

#include <string.h>

#define TYPE_RANDOM 0x80u

void isid_from_mac(const uint8_t mac[6], uint8_t ret_isid[6])
{
    ret_isid[0] = (uint8_t)(mac[0] >> 2); /* T and A: 00b and the six bits above group and local */
    memcpy(ret_isid + 1, mac + 1, 5);     /* B, C and D */
}

void isid_random(struct hash_random *random, uint8_t ret_isid[6])
{
    ret_isid[0] = TYPE_RANDOM; /* A is zero */
    hash_random_bytes(random, ret_isid + 1, 3);
    ret_isid[4] = ret_isid[5] = 0;
}
