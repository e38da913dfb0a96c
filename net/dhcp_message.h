/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DHCPv4 messages as values: nothing here sends, waits or keeps state. What is parsed is untrusted; what does
 * not hold together is refused whole. For net/ alone.
 */
#ifndef LUNBOOT_NET_DHCP_MESSAGE_H
#define LUNBOOT_NET_DHCP_MESSAGE_H

#include "net.h"

enum dhcp_type { DHCP_DISCOVER = 1, DHCP_OFFER, DHCP_REQUEST, DHCP_DECLINE, DHCP_ACK, DHCP_NAK };

/* A server's message. */
struct dhcp_reply {
    enum dhcp_type type;                    /* DHCP_OFFER, DHCP_ACK or DHCP_NAK */
    uint32_t renew_seconds, rebind_seconds; /* options 58 and 59; 0: not given */
    struct net_lease lease;                 /* the address is not set in a NAK */
};

/*
 * Parses the UDP payload of a reply to our `xid` and `mac` (RFC 2131 section 2): options of the options
 * field, then of file and sname when option 52 says so, parts joined (RFC 3396). False: not for us, or
 * malformed.
 */
bool dhcp_message_parse(const uint8_t *bytes, size_t length, uint32_t xid, const uint8_t mac[6],
                        struct dhcp_reply *ret_reply);

/*
 * As above, for a reply to another client of this machine that the firmware kept: of whatever transaction,
 * without option 43, which means what that client's class makes it mean (RFC 2132 section 8.4), and false
 * where the firmware spoilt it (dhcp_options_kept_whole).
 */
bool dhcp_message_parse_other(const uint8_t *bytes, size_t length, const uint8_t mac[6],
                              struct dhcp_reply *ret_reply);

/* A message of ours. */
struct dhcp_request {
    enum dhcp_type type;
    uint32_t xid;
    uint16_t seconds;
    uint16_t mtu; /* the largest IP packet we take */
    uint8_t mac[6];
    uint8_t client[4];    /* ciaddr: our address while it is renewed, else zero */
    uint8_t requested[4]; /* option 50, zero: left out */
    uint8_t server[4];    /* option 54, zero: left out */
    const struct net_identity *identity;
};

#define DHCP_MESSAGE_MAX 548u /* fits the smallest MTU: 576 less the IP and UDP headers */

/* Returns the number of bytes. */
size_t dhcp_message_build(const struct dhcp_request *request, uint8_t ret_bytes[DHCP_MESSAGE_MAX]);

#endif
