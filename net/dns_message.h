/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DNS messages as values (RFC 1035 section 4): a query for A records and what an answer to it says. Answers
 * are untrusted: each step stays inside the message and goes forward, pointers go backward only. For net/
 * alone.
 */
#ifndef LUNBOOT_NET_DNS_MESSAGE_H
#define LUNBOOT_NET_DNS_MESSAGE_H

#include "net.h"

#define DNS_NAME_MAX    255u /* as labels with their lengths, RFC 1035 section 2.3.4 */
#define DNS_QUERY_MAX   (12u + DNS_NAME_MAX + 4u)
#define DNS_ALIASES_MAX 8u

/*
 * A host that is an address already: four decimal numbers without leading zeros. What else inet_aton takes
 * (010.1, 0x7f.1) is more likely a mistake.
 */
bool dns_literal_parse(const char *text, uint8_t ret_address[4]);

/* A name as a sequence of labels, in lower case. */
struct dns_name {
    size_t length;
    uint8_t bytes[DNS_NAME_MAX];
};

/* False: not a host name (letters, digits, hyphens, underscores; labels of 1 to 63; one dot at the end is
 * allowed). */
bool dns_name_from_text(const char *host, struct dns_name *ret_name);

/* Returns the number of bytes. */
size_t dns_query_build(uint16_t id, const struct dns_name *name, uint8_t ret_bytes[DNS_QUERY_MAX]);

enum dns_verdict {
    DNS_NOT_OURS,  /* another id or question, or malformed: wait on */
    DNS_ANSWERED,  /* at least one address */
    DNS_NO_NAME,   /* the name does not exist, or has no address */
    DNS_TRY_OTHER, /* this server cannot tell */
};

/* The addresses of the name, aliases followed, in the answer's order; at most NET_NAMES_MAX. */
enum dns_verdict dns_answer_parse(const uint8_t *bytes, size_t length, uint16_t id,
                                  const struct dns_name *name,
                                  struct net_address ret_addresses[NET_NAMES_MAX], unsigned *ret_count);

#endif
