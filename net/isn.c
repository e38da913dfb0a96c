/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "lwip/opt.h"
#include "hooks.h"
#include "isn.h"
#include "net.h"

static uint8_t secret[16];

struct sip {
    uint64_t a, b, c, d;
};

static uint64_t load64(const uint8_t *at)
{
    uint64_t value = 0;

    for (unsigned i = 8; i > 0; i--) {
        value = value << 8 | at[i - 1];
    }
    return value;
}

static uint64_t rotate(uint64_t value, unsigned by)
{
    return value << by | value >> (64 - by);
}

static void rounds(struct sip *s, unsigned count)
{
    while (count-- > 0) {
        s->a += s->b;
        s->c += s->d;
        s->b = rotate(s->b, 13) ^ s->a;
        s->d = rotate(s->d, 16) ^ s->c;
        s->a = rotate(s->a, 32);
        s->c += s->b;
        s->a += s->d;
        s->b = rotate(s->b, 17) ^ s->c;
        s->d = rotate(s->d, 21) ^ s->a;
        s->c = rotate(s->c, 32);
    }
}

static void absorb(struct sip *s, uint64_t word)
{
    s->d ^= word;
    rounds(s, 2);
    s->a ^= word;
}

uint64_t isn_siphash(const uint8_t key[16], const uint8_t *bytes, size_t length)
{
    uint64_t low = load64(key), high = load64(key + 8);
    struct sip s = {low ^ 0x736f6d6570736575u, high ^ 0x646f72616e646f6du, low ^ 0x6c7967656e657261u,
                    high ^ 0x7465646279746573u};
    uint8_t last[8] = {0};
    size_t whole = length / 8 * 8;

    for (size_t i = 0; i < whole; i += 8) {
        absorb(&s, load64(bytes + i));
    }
    memcpy(last, bytes + whole, length - whole);
    last[7] = (uint8_t)length;
    absorb(&s, load64(last));
    s.c ^= 0xff;
    rounds(&s, 4);
    return s.a ^ s.b ^ s.c ^ s.d;
}

void isn_rekey(void)
{
    net_random(secret, sizeof secret);
}

/* RFC 6528 section 3: ISN = M + F(addresses, key), where M is a clock of 4 microseconds. */
u32_t isn_next(const ip_addr_t *local_ip, u16_t local_port, const ip_addr_t *remote_ip, u16_t remote_port)
{
    uint8_t text[12];
    u32_t local = ip4_addr_get_u32(ip_2_ip4(local_ip)), remote = ip4_addr_get_u32(ip_2_ip4(remote_ip));

    memcpy(text, &local, 4);
    memcpy(text + 4, &remote, 4);
    memcpy(text + 8, &local_port, 2);
    memcpy(text + 10, &remote_port, 2);
    return (u32_t)(net_milliseconds() * 250u) + (u32_t)isn_siphash(secret, text, sizeof text);
}
