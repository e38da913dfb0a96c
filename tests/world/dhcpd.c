/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "dhcpd.h"
#include "packet.h"
#include "world.h"

#define FIXED 240u

enum { DISCOVER = 1, OFFER, REQUEST, DECLINE, ACK, NAK };

void dhcpd_init(struct dhcpd *server, uint8_t last_byte)
{
    memset(server, 0, sizeof *server);
    memcpy(server->server, (uint8_t[]){10, 0, 0, last_byte}, 4);
    memcpy(server->offered, (uint8_t[]){10, 0, 0, (uint8_t)(last_byte + 100)}, 4);
}

void dhcpd_option(struct dhcpd *server, uint8_t code, const void *data, size_t length)
{
    const uint8_t *at = data;
    size_t part;

    do {
        part = length > 255 ? 255 : length;
        assert_true(part + 2 <= DHCPD_OPTIONS_MAX - server->options_length);
        server->options[server->options_length++] = code;
        server->options[server->options_length++] = (uint8_t)part;
        memcpy(server->options + server->options_length, at, part);
        server->options_length += part;
        at += part;
        length -= part;
    } while (length > 0);
}

void dhcpd_option_text(struct dhcpd *server, uint8_t code, const char *text)
{
    dhcpd_option(server, code, text, strlen(text));
}

void dhcpd_usual(struct dhcpd *server, uint32_t lease_seconds)
{
    uint8_t lease[4];

    packet_put32(lease, lease_seconds);
    dhcpd_option(server, 1, (uint8_t[]){255, 255, 255, 0}, 4);
    dhcpd_option(server, 3, (uint8_t[]){10, 0, 0, 254}, 4);
    dhcpd_option(server, 6, (uint8_t[]){10, 0, 0, 1, 10, 0, 0, 3}, 8);
    dhcpd_option(server, 51, lease, 4);
}

static size_t build(const struct dhcpd *server, uint8_t type, uint8_t *message)
{
    static const uint8_t none[4];
    const uint8_t *id =
        type != OFFER && memcmp(server->ack_server, none, 4) != 0 ? server->ack_server : server->server;
    size_t at = FIXED;

    memset(message, 0, FIXED);
    message[0] = 2;
    message[1] = 1;
    message[2] = 6;
    memcpy(message + 4, server->last + 4, 4);
    memcpy(message + 28, server->last + 28, 16);
    memcpy(message + 44, server->sname, 64);
    memcpy(message + 108, server->file, 128);
    memcpy(message + 236, (uint8_t[]){99, 130, 83, 99}, 4);
    message[4] ^= server->spoil_xid;
    message[33] ^= server->spoil_mac;
    message[239] ^= server->spoil_cookie;
    if (type != NAK) {
        memcpy(message + 16, server->offered, 4);
    }
    if (!server->no_type) {
        memcpy(message + at, (uint8_t[]){53, 1, type}, 3);
        at += 3;
    }
    if (!server->no_server) {
        memcpy(message + at, (uint8_t[]){54, 4}, 2);
        memcpy(message + at + 2, id, 4);
        at += 6;
    }
    if (type != NAK) {
        memcpy(message + at, server->options, server->options_length);
        at += server->options_length;
    }
    message[at++] = 255;
    return at;
}

static void answer(struct dhcpd *server, uint8_t type)
{
    struct packet_end from = {.mac = {0x52, 0x54, 0, 0xdd, 0, server->server[3]}}, to = {.port = 68};
    uint8_t message[FIXED + DHCPD_OPTIONS_MAX + 16], frame[WORLD_FRAME_MAX];
    size_t length = build(server, type, message);

    from.port = server->port == 0 ? 67 : server->port;
    memcpy(from.address, server->server, 4);
    if (server->broadcast) {
        memset(to.mac, 0xff, 6);
        memset(to.address, 0xff, 4);
    } else {
        memcpy(to.mac, WORLD_MAC, 6);
        memcpy(to.address, server->offered, 4);
    }
    length = packet_udp(frame, &from, &to, message, length);
    world_send(frame, length, server->delay_ms);
}

const uint8_t *dhcpd_last_option(const struct dhcpd *server, uint8_t code, size_t *ret_length)
{
    for (size_t at = FIXED; at + 2 <= server->last_length && server->last[at] != 255;) {
        if (server->last[at] == 0) {
            at++;
        } else if (server->last[at] == code) {
            *ret_length = server->last[at + 1];
            return server->last + at + 2;
        } else {
            at += 2u + server->last[at + 1];
        }
    }
    return NULL;
}

void dhcpd_check_sent(const struct dhcpd *server, uint8_t code, const void *bytes, size_t length)
{
    size_t got_length;
    const uint8_t *got = dhcpd_last_option(server, code, &got_length);

    if (got == NULL || got_length != length || memcmp(got, bytes, length) != 0) {
        fail_msg("option %u is not as it should be", code);
    }
}

static void handle(struct dhcpd *server)
{
    static const uint8_t none[4];
    size_t length;
    const uint8_t *type = dhcpd_last_option(server, 53, &length),
                  *wanted = dhcpd_last_option(server, 54, &length);
    bool renewal = memcmp(server->last + 12, none, 4) != 0;

    assert_non_null(type);
    if (type[0] == DISCOVER) {
        server->discovers++;
        if (!server->no_offer) {
            answer(server, OFFER);
        }
    } else if (type[0] == REQUEST &&
               (renewal || (wanted != NULL && memcmp(wanted, server->server, 4) == 0))) {
        server->requests++;
        server->renewals += renewal;
        if (server->nak) {
            answer(server, NAK);
        } else if (!server->no_ack) {
            answer(server, ACK);
        }
    }
}

static bool see(void *arg, const uint8_t *frame, size_t length)
{
    struct dhcpd *server = arg;
    struct packet_end from, to;
    size_t size;
    const uint8_t *payload = packet_udp_payload(frame, length, &from, &to, &size);

    if (payload == NULL || to.port != 67) {
        return false;
    }
    assert_int_equal(from.port, 68);
    assert_in_range(size, 300, sizeof server->last);
    memcpy(server->last, payload, size);
    server->last_length = size;
    server->last_ms = world_now();
    server->last_broadcast = to.address[0] == 255;
    handle(server);
    return false;
}

void dhcpd_start(struct dhcpd *server)
{
    world_add_station(see, server);
}
