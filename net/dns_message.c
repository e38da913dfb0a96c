/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "dns_message.h"

#define HEADER    12u
#define LABEL_MAX 63u

#define FLAG_ANSWER    0x8000u
#define OPCODE_MASK    0x7800u
#define FLAG_RECURSION 0x0100u
#define CODE_MASK      0x000fu
#define CODE_OK        0u
#define CODE_NO_NAME   3u

#define TYPE_A        1u
#define TYPE_ALIAS    5u
#define CLASS_IN      1u
#define POINTER       0xc0u
#define RECORD_FIXED  10u /* type, class, time to live, length */
#define QUESTION_TAIL 4u

bool dns_literal_parse(const char *text, uint8_t ret_address[4])
{
    uint8_t address[4];
    unsigned value, digits;

    for (unsigned part = 0; part < 4; part++) {
        value = digits = 0;
        while (*text >= '0' && *text <= '9' && digits < 3) {
            value = value * 10 + (unsigned)(*text++ - '0');
            digits++;
        }
        if (digits == 0 || value > 255 || (digits > 1 && text[-(int)digits] == '0') ||
            *text != (part < 3 ? '.' : '\0')) {
            return false;
        }
        address[part] = (uint8_t)value;
        text++;
    }
    memcpy(ret_address, address, 4);
    return true;
}

/* A place in a message that can only be left by going too far. */
struct cursor {
    const uint8_t *bytes;
    size_t length, at;
    bool bad;
};

static unsigned take16(struct cursor *c)
{
    unsigned value;

    if (c->bad || c->length - c->at < 2) {
        c->bad = true;
        return 0;
    }
    value = (unsigned)c->bytes[c->at] << 8 | c->bytes[c->at + 1];
    c->at += 2;
    return value;
}

static void skip(struct cursor *c, size_t n)
{
    if (c->bad || n > c->length - c->at) {
        c->bad = true;
    } else {
        c->at += n;
    }
}

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + ('a' - 'A')) : byte;
}

static bool append_label(struct dns_name *name, const uint8_t *label, size_t length)
{
    /* One more byte stays for the root's. */
    if (length + 2 > DNS_NAME_MAX - name->length) {
        return false;
    }
    name->bytes[name->length++] = (uint8_t)length;
    for (size_t i = 0; i < length; i++) {
        name->bytes[name->length++] = lower(label[i]);
    }
    return true;
}

/*
 * RFC 1035 section 4.1.4. A pointer must lead before the place where the part that it ends began, so that
 * each jump has less before it and the walk ends.
 */
static void take_name(struct cursor *c, struct dns_name *ret_name)
{
    size_t at = c->at, part = c->at, size;
    bool jumped = false;

    ret_name->length = 0;
    while (!c->bad) {
        if (at >= c->length) {
            break;
        }
        size = c->bytes[at];
        if (size == 0) {
            ret_name->bytes[ret_name->length++] = 0;
            c->at = jumped ? c->at : at + 1;
            return;
        }
        if ((size & POINTER) == POINTER) {
            if (c->length - at < 2) {
                break;
            }
            size = (size & ~(size_t)POINTER) << 8 | c->bytes[at + 1];
            c->at = jumped ? c->at : at + 2;
            jumped = true;
            if (size >= part) {
                break;
            }
            at = part = size;
        } else if (size > LABEL_MAX || size > c->length - at - 1 ||
                   !append_label(ret_name, c->bytes + at + 1, size)) {
            break;
        } else {
            at += 1 + size;
        }
    }
    c->bad = true;
}

static bool same_name(const struct dns_name *a, const struct dns_name *b)
{
    return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

static bool is_host_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool dns_name_from_text(const char *host, struct dns_name *ret_name)
{
    struct dns_name name = {0};
    size_t length;

    if (*host == '\0') {
        return false;
    }
    while (*host != '\0') {
        for (length = 0; is_host_byte(host[length]); length++) {
            if (length == LABEL_MAX) {
                return false;
            }
        }
        if (length == 0 || (host[length] != '.' && host[length] != '\0') ||
            !append_label(&name, (const uint8_t *)host, length)) {
            return false;
        }
        host += length;
        host += *host == '.';
    }
    name.bytes[name.length++] = 0;
    *ret_name = name;
    return true;
}

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

size_t dns_query_build(uint16_t id, const struct dns_name *name, uint8_t ret_bytes[DNS_QUERY_MAX])
{
    memset(ret_bytes, 0, HEADER);
    put16(ret_bytes, id);
    put16(ret_bytes + 2, FLAG_RECURSION);
    put16(ret_bytes + 4, 1);
    memcpy(ret_bytes + HEADER, name->bytes, name->length);
    put16(ret_bytes + HEADER + name->length, TYPE_A);
    put16(ret_bytes + HEADER + name->length + 2, CLASS_IN);
    return HEADER + name->length + QUESTION_TAIL;
}

/* One record: an address of the wanted name counts, an alias of it changes what is wanted. False: malformed.
 */
static bool take_record(struct cursor *c, struct dns_name *wanted, unsigned *aliases,
                        struct net_address *addresses, unsigned *count)
{
    struct dns_name owner, target;
    struct cursor inside;
    unsigned type, class;
    size_t size;

    take_name(c, &owner);
    type = take16(c);
    class = take16(c);
    skip(c, 4);
    size = take16(c);
    inside = *c;
    skip(c, size);
    if (c->bad) {
        return false;
    }
    if (class != CLASS_IN || !same_name(&owner, wanted)) {
        return true;
    }
    if (type == TYPE_A && size == 4 && *count < NET_NAMES_MAX) {
        memset(&addresses[*count], 0, sizeof addresses[*count]);
        addresses[*count].family = 4;
        memcpy(addresses[*count].bytes, inside.bytes + inside.at, 4);
        (*count)++;
    } else if (type == TYPE_ALIAS && *aliases < DNS_ALIASES_MAX) {
        take_name(&inside, &target);
        if (inside.bad || inside.at != c->at) {
            c->bad = true;
            return false;
        }
        *wanted = target;
        (*aliases)++;
    }
    return true;
}

/* A cut message (TC) or a record that does not parse ends the list; what came before it is good. */
static unsigned collect(struct cursor *c, unsigned records, struct dns_name *wanted,
                        struct net_address *addresses)
{
    unsigned aliases = 0, count = 0;

    while (records-- > 0 && take_record(c, wanted, &aliases, addresses, &count)) {
    }
    return count;
}

enum dns_verdict dns_answer_parse(const uint8_t *bytes, size_t length, uint16_t id,
                                  const struct dns_name *name,
                                  struct net_address ret_addresses[NET_NAMES_MAX], unsigned *ret_count)
{
    struct cursor c = {bytes, length, 0, false};
    unsigned flags, questions, records, type, class, count, got_id = take16(&c);
    struct net_address addresses[NET_NAMES_MAX];
    struct dns_name wanted;

    flags = take16(&c);
    questions = take16(&c);
    records = take16(&c);
    skip(&c, 4);
    if (c.bad || got_id != id || (flags & FLAG_ANSWER) == 0 || (flags & OPCODE_MASK) != 0 || questions != 1) {
        return DNS_NOT_OURS;
    }
    take_name(&c, &wanted);
    type = take16(&c);
    class = take16(&c);
    if (c.bad || !same_name(&wanted, name) || type != TYPE_A || class != CLASS_IN) {
        return DNS_NOT_OURS;
    }
    if ((flags & CODE_MASK) != CODE_OK) {
        return (flags & CODE_MASK) == CODE_NO_NAME ? DNS_NO_NAME : DNS_TRY_OTHER;
    }
    count = collect(&c, records, &wanted, addresses);
    if (count == 0) {
        return c.bad ? DNS_NOT_OURS : DNS_NO_NAME;
    }
    memcpy(ret_addresses, addresses, count * sizeof addresses[0]);
    *ret_count = count;
    return DNS_ANSWERED;
}
