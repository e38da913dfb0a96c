/* SPDX-License-Identifier: BSD-2-Clause */
#include "address.h"

#include <string.h>

#include "bytes.h"

#define GROUPS 8u /* of 16 bits in an IPv6 address */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The value of a hexadecimal digit, 16 for anything else. */
static unsigned hex_value(char c)
{
    if (is_digit(c))
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    if (c >= 'A' && c <= 'F')
        return (unsigned)(c - 'A') + 10;
    return 16;
}

/* Decimal, all of `text`, at most `max`; 1 to 5 digits. */
static bool parse_decimal(const char *text, size_t length, uint32_t max, uint32_t *ret_value)
{
    uint32_t value = 0;

    if (length == 0 || length > 5)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!is_digit(text[i]))
            return false;
        value = value * 10 + (uint32_t)(text[i] - '0');
    }
    if (value > max)
        return false;
    *ret_value = value;
    return true;
}

/* The offset of the first `wanted`, or `length` when there is none. */
static size_t find(const char *text, size_t length, char wanted)
{
    size_t i = 0;

    while (i < length && text[i] != wanted)
        i++;
    return i;
}

/* Four decimal parts. A leading zero is refused: some readers take such a part as octal. */
static bool parse_ipv4(const char *text, size_t length, uint8_t ret_bytes[4])
{
    uint8_t bytes[4];

    for (unsigned i = 0; i < 4; i++) {
        size_t part = i < 3 ? find(text, length, '.') : length;
        uint32_t value;

        if (part > 3 || (part > 1 && text[0] == '0') || !parse_decimal(text, part, 255, &value))
            return false;
        bytes[i] = (uint8_t)value;
        if (i < 3 && part == length)
            return false;
        text += i < 3 ? part + 1 : part;
        length -= i < 3 ? part + 1 : part;
    }
    memcpy(ret_bytes, bytes, sizeof bytes);
    return true;
}

/* The groups of an IPv6 address as they are read; the :: stands before the group with the index `gap`. */
struct groups {
    uint16_t value[GROUPS];
    unsigned count;
    unsigned gap;
    bool has_gap;
};

static bool add_group(struct groups *groups, const char *text, size_t length)
{
    unsigned value = 0;

    if (groups->count == GROUPS || length == 0 || length > 4)
        return false;
    for (size_t i = 0; i < length; i++) {
        unsigned digit = hex_value(text[i]);

        if (digit > 15)
            return false;
        value = value << 4 | digit;
    }
    groups->value[groups->count++] = (uint16_t)value;
    return true;
}

/* A dotted IPv4 address as the last two groups. */
static bool add_dotted(struct groups *groups, const char *text, size_t length)
{
    uint8_t bytes[4];

    if (groups->count > GROUPS - 2 || !parse_ipv4(text, length, bytes))
        return false;
    groups->value[groups->count++] = bytes_get16(bytes);
    groups->value[groups->count++] = bytes_get16(bytes + 2);
    return true;
}

/* RFC 4291 section 2.2: groups between colons, one :: at most, a dotted end. */
static bool read_groups(const char *text, size_t length, struct groups *groups)
{
    if (length >= 2 && text[0] == ':' && text[1] == ':') {
        groups->has_gap = true;
        text += 2;
        length -= 2;
    }
    while (length > 0) {
        size_t part = find(text, length, ':');

        if (part == length && find(text, length, '.') < length)
            return add_dotted(groups, text, length);
        if (!add_group(groups, text, part))
            return false;
        if (part == length)
            return true;
        text += part + 1;
        length -= part + 1;
        if (length == 0)
            return false; /* a single colon at the end */
        if (text[0] == ':') {
            if (groups->has_gap)
                return false;
            groups->has_gap = true;
            groups->gap = groups->count;
            text++;
            length--;
        }
    }
    return true;
}

static bool parse_ipv6(const char *text, size_t length, uint8_t ret_bytes[16])
{
    struct groups groups = {.count = 0};
    unsigned missing;

    if (!read_groups(text, length, &groups))
        return false;
    missing = GROUPS - groups.count;
    if (groups.has_gap == (missing == 0)) /* a :: stands for one group at least */
        return false;
    for (unsigned i = 0, from = 0; i < GROUPS; i++) {
        bool in_gap = i >= groups.gap && i < groups.gap + missing;

        bytes_put16(ret_bytes + 2 * (size_t)i, in_gap ? 0 : groups.value[from++]);
    }
    return true;
}

bool address_parse(const char *text, size_t length, struct address *ret_address)
{
    struct address address = {.family = ADDRESS_NONE};

    if (parse_ipv4(text, length, address.bytes))
        address.family = ADDRESS_IPV4;
    else if (parse_ipv6(text, length, address.bytes))
        address.family = ADDRESS_IPV6;
    else
        return false;
    *ret_address = address;
    return true;
}

/* Text under construction; ADDRESS_TEXT_MAX has room for the longest. */
struct out {
    char *at;
    size_t length;
};

static void put(struct out *out, char c)
{
    out->at[out->length++] = c;
}

static void put_ipv4(struct out *out, const uint8_t *bytes)
{
    for (unsigned i = 0; i < 4; i++) {
        if (i > 0)
            put(out, '.');
        if (bytes[i] >= 100)
            put(out, (char)('0' + bytes[i] / 100));
        if (bytes[i] >= 10)
            put(out, (char)('0' + bytes[i] / 10 % 10));
        put(out, (char)('0' + bytes[i] % 10));
    }
}

/* Lower case, no leading zeros (RFC 5952 sections 4.1 and 4.3). */
static void put_group(struct out *out, unsigned value)
{
    bool started = false;

    for (unsigned shift = 16; shift > 0;) {
        unsigned digit;

        shift -= 4;
        digit = value >> shift & 15u;
        started = started || digit > 0 || shift == 0;
        if (started)
            put(out, "0123456789abcdef"[digit]);
    }
}

/* The first of the longest runs of zero groups, of two at least; length 0: none (RFC 5952 section 4.2). */
static void longest_gap(const uint8_t *bytes, unsigned count, unsigned *ret_start, unsigned *ret_length)
{
    unsigned run = 0;

    *ret_start = 0;
    *ret_length = 0;
    for (unsigned i = 0; i < count; i++) {
        run = bytes_get16(bytes + 2 * (size_t)i) == 0 ? run + 1 : 0;
        if (run > 1 && run > *ret_length) {
            *ret_length = run;
            *ret_start = i + 1 - run;
        }
    }
}

static void put_ipv6(struct out *out, const uint8_t *bytes)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    bool dotted = memcmp(bytes, mapped, sizeof mapped) == 0; /* RFC 5952 section 5 */
    unsigned count = dotted ? 6 : GROUPS;
    unsigned gap, gap_length;

    longest_gap(bytes, count, &gap, &gap_length);
    for (unsigned i = 0; i < count; i++) {
        if (gap_length > 0 && i >= gap && i < gap + gap_length) {
            if (i == gap)
                put(out, ':');
            if (i == count - 1)
                put(out, ':');
            continue;
        }
        if (i > 0)
            put(out, ':');
        put_group(out, bytes_get16(bytes + 2 * (size_t)i));
    }
    if (dotted) {
        put(out, ':');
        put_ipv4(out, bytes + 12);
    }
}

size_t address_format(const struct address *address, char ret_text[ADDRESS_TEXT_MAX])
{
    struct out out = {.at = ret_text, .length = 0};

    if (address->family == ADDRESS_IPV4)
        put_ipv4(&out, address->bytes);
    else if (address->family == ADDRESS_IPV6)
        put_ipv6(&out, address->bytes);
    ret_text[out.length] = '\0';
    return out.length;
}

bool address_equal(const struct address *a, const struct address *b)
{
    size_t length = a->family == ADDRESS_IPV4 ? 4 : a->family == ADDRESS_IPV6 ? 16 : 0;

    return a->family == b->family && memcmp(a->bytes, b->bytes, length) == 0;
}

bool address_is_ipv4_host(const struct address *address)
{
    uint8_t first = address->bytes[0];

    return address->family == ADDRESS_IPV4 && first != 0 && first != 127 && first < 224;
}

/* One label: letters, digits and hyphens, no hyphen at its ends, 1 to 63 bytes. */
static bool is_label(const char *text, size_t length, bool *ret_numeric)
{
    bool numeric = true;

    if (length == 0 || length > 63 || text[0] == '-' || text[length - 1] == '-')
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!is_digit(text[i]))
            numeric = false;
        if (!is_digit(text[i]) && !is_letter(text[i]) && text[i] != '-')
            return false;
    }
    *ret_numeric = numeric;
    return true;
}

/* The last label is not all digits: what looks like a dotted address is none of a host (RFC 1123
 * section 2.1). */
bool address_is_hostname(const char *text, size_t length)
{
    bool numeric = true;

    if (length == 0 || length > ADDRESS_HOST_MAX)
        return false;
    if (text[length - 1] == '.') /* the root, written out */
        length--;
    for (;;) {
        size_t part = find(text, length, '.');

        if (!is_label(text, part, &numeric))
            return false;
        if (part == length)
            return !numeric;
        text += part + 1;
        length -= part + 1;
    }
}

/* The host of a portal: `*used` is set to the bytes that it takes, brackets included. */
static bool parse_host(const char *text, size_t length, struct portal *portal, size_t *used)
{
    struct address address;
    const char *host = text;
    size_t host_length;

    if (length > 0 && text[0] == '[') {
        host = text + 1;
        host_length = find(host, length - 1, ']');
        if (host_length == length - 1 || !address_parse(host, host_length, &address) ||
            address.family != ADDRESS_IPV6)
            return false;
        *used = host_length + 2;
    } else {
        size_t comma = find(text, length, ',');

        host_length = find(text, comma, ':');
        *used = host_length;
        if (!address_is_hostname(host, host_length) &&
            !(address_parse(host, host_length, &address) && address.family == ADDRESS_IPV4))
            return false;
    }
    if (host_length > ADDRESS_HOST_MAX)
        return false;
    memcpy(portal->host, host, host_length);
    portal->host[host_length] = '\0';
    return true;
}

bool address_parse_portal(const char *text, size_t length, struct portal *ret_portal)
{
    struct portal portal = {.port = ADDRESS_ISCSI_PORT};
    uint32_t value;
    size_t used;

    if (!parse_host(text, length, &portal, &used))
        return false;
    text += used;
    length -= used;
    if (length > 0 && text[0] == ':') {
        size_t part = find(text + 1, length - 1, ',');

        if (!parse_decimal(text + 1, part, 65535, &value) || value == 0)
            return false;
        portal.port = (uint16_t)value;
        text += part + 1;
        length -= part + 1;
    }
    if (length > 0) {
        if (text[0] != ',' || !parse_decimal(text + 1, length - 1, 65535, &value))
            return false;
        portal.has_tag = true;
        portal.tag = (uint16_t)value;
    }
    *ret_portal = portal;
    return true;
}
