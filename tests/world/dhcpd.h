/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DHCP servers as scripts: each answers DISCOVER and REQUEST with a message that the test wrote down, byte by
 * byte where it wants.
 */
#ifndef LUNBOOT_TESTS_DHCPD_H
#define LUNBOOT_TESTS_DHCPD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DHCPD_OPTIONS_MAX 1400u

struct dhcpd {
    /* What the test sets. */
    uint8_t server[4], offered[4];
    uint32_t delay_ms; /* before each answer */
    bool broadcast;    /* answer to 255.255.255.255, else to the offered address */
    bool no_offer, no_ack, nak;
    bool spoil_xid, spoil_mac, spoil_cookie; /* answers that are not for us */
    uint8_t ack_server[4];                   /* zero: as `server` */
    uint16_t port;                           /* that it sends from; 0: 67 */
    /* After message type and server identifier; END is added. Also what goes into sname and file. */
    uint8_t options[DHCPD_OPTIONS_MAX];
    size_t options_length;
    bool no_type, no_server; /* leaves these two out */
    uint8_t sname[64], file[128];

    /* What happened. */
    unsigned discovers, requests, renewals; /* a renewal is a REQUEST with ciaddr */
    uint64_t last_ms;
    uint8_t last[600]; /* the client's last message */
    size_t last_length;
    bool last_broadcast;
};

/* Set with the addresses above, answering. */
void dhcpd_init(struct dhcpd *server, uint8_t last_byte);
/* Append an option; data over 255 bytes goes out in parts (RFC 3396). */
void dhcpd_option(struct dhcpd *server, uint8_t code, const void *data, size_t length);
void dhcpd_option_text(struct dhcpd *server, uint8_t code, const char *text);
/* Netmask, router, DNS server and a lease time. */
void dhcpd_usual(struct dhcpd *server, uint32_t lease_seconds);

/* Add it to the world; it stays the test's. */
void dhcpd_start(struct dhcpd *server);

/* Find an option in the client's last message; NULL: not there. */
const uint8_t *dhcpd_last_option(const struct dhcpd *server, uint8_t code, size_t *ret_length);
/* Fails the test unless that option is in it as said. */
void dhcpd_check_sent(const struct dhcpd *server, uint8_t code, const void *bytes, size_t length);

#endif
