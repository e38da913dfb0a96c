/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IP addresses and portals as text and as bytes: TargetAddress of a redirection and of SendTargets (RFC 7143
 * section 13.8), the server field of a root path (RFC 4173 section 5) and the URLs of lunctl.
 */
#ifndef LUNBOOT_ISCSI_ADDRESS_H
#define LUNBOOT_ISCSI_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADDRESS_HOST_MAX   255u /* bytes of a DNS name or an address as text, without the NUL */
#define ADDRESS_TEXT_MAX   46u  /* room for any IPv6 address as text, with the NUL */
#define ADDRESS_ISCSI_PORT 3260u

enum address_family { ADDRESS_NONE = 0, ADDRESS_IPV4 = 4, ADDRESS_IPV6 = 6 };

struct address {
    enum address_family family;
    uint8_t bytes[16]; /* network order; IPv4 uses the first four */
};

/* Where a target listens. `host` is a DNS name or an address without brackets. */
struct portal {
    char host[ADDRESS_HOST_MAX + 1];
    uint16_t port;
    bool has_tag;
    uint16_t tag; /* target portal group tag */
};

/* Dotted IPv4 or IPv6 (RFC 4291, no zone, no brackets); false for anything else. `text` needs no NUL. */
bool address_parse(const char *text, size_t length, struct address *ret_address);

/* Canonical text (RFC 5952 for IPv6), NUL-ended, into `ret_text`; returns its length. */
size_t address_format(const struct address *address, char ret_text[ADDRESS_TEXT_MAX]);

bool address_equal(const struct address *a, const struct address *b);

/* An IPv4 address that a host elsewhere can have: not 0/8, not loopback, not multicast or above. */
bool address_is_ipv4_host(const struct address *address);

/* A syntactically valid DNS host name (RFC 1123), 1 to 255 bytes. */
bool address_is_hostname(const char *text, size_t length);

/*
 * host[:port][,tag] as in TargetAddress: IPv4, bracketed IPv6 or a DNS name; port 1 to 65535 in decimal, 3260
 * when absent; tag 0 to 65535. False, and *ret_portal untouched, for anything else (REQ-138).
 */
bool address_parse_portal(const char *text, size_t length, struct portal *ret_portal);

#endif
