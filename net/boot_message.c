/* SPDX-License-Identifier: BSD-2-Clause */
/* What the messages of a PXE boot say beyond a lease: the file that was loaded, and how the client named
 * itself. */
#include <string.h>

#include "dhcp_options.h"
#include "dns_message.h"
#include "net.h"

#define OP           0u
#define NEXT_SERVER  20u /* siaddr */
#define FILE_NAME    108u
#define FILE_SIZE    128u
#define COOKIE       236u
#define BOOT_REQUEST 1u
#define BOOT_REPLY   2u

#define TYPE        53u
#define SERVER      54u
#define CLIENT_ID   61u
#define TFTP_SERVER 66u
#define BOOT_FILE   67u

#define OFFER 2u
#define ACK   5u

#define DOTTED_ROOM 16u /* one more than 255.255.255.255 has: a longer text does not look like one */

static bool is_message(const uint8_t *message, size_t length, uint8_t op)
{
    static const uint8_t cookie[4] = {99, 130, 83, 99};

    return length >= DHCP_OPTIONS && message[OP] == op &&
           memcmp(message + COOKIE, cookie, sizeof cookie) == 0;
}

static bool is_host(const uint8_t address[4])
{
    return address[0] != 0 && address[0] != 127 && address[0] < 224;
}

/* BOOTP's replies have no type (RFC 951). */
static bool is_reply_type(const struct dhcp_option *type)
{
    return type->length == 0 || (type->length == 1 && (type->bytes[0] == OFFER || type->bytes[0] == ACK));
}

/*
 * The server that the loader of this program went to: the next one, and where there is none what EDK2 takes,
 * the server identifier. Between them option 66, where it is an address: a name stays unknown, as this is
 * asked before there is a name server.
 */
static bool find_server(const uint8_t *message, const char *name, const struct dhcp_option *identifier,
                        uint8_t ret_address[4])
{
    memcpy(ret_address, message + NEXT_SERVER, 4);
    if (is_host(ret_address) || (dns_literal_parse(name, ret_address) && is_host(ret_address))) {
        return true;
    }
    if (identifier->length != 4) {
        return false;
    }
    memcpy(ret_address, identifier->bytes, 4);
    return is_host(ret_address);
}

/* Up to the first NUL, as the loader of this program read it. */
static bool take_name(const uint8_t *text, size_t length, char ret_file[NET_HOST_MAX + 1])
{
    size_t end = 0;

    while (end < length && text[end] != 0) {
        if (text[end] <= ' ' || text[end] > '~') {
            return false;
        }
        end++;
    }
    memcpy(ret_file, text, end);
    ret_file[end] = '\0';
    return end > 0;
}

static bool take_file(const uint8_t *message, size_t length, const struct dhcp_option *option,
                      char ret_file[NET_HOST_MAX + 1])
{
    if (option->length > option->capacity) {
        return false;
    }
    if (option->length > 0 && option->bytes[0] != 0) {
        return take_name(option->bytes, option->length, ret_file);
    }
    return dhcp_options_file_is_a_name(message, length) &&
           take_name(message + FILE_NAME, FILE_SIZE, ret_file);
}

bool net_boot_file(const uint8_t *message, size_t length, struct net_boot_file *ret_file)
{
    uint8_t type, server[4], name[DOTTED_ROOM + 1] = {0}, path[NET_HOST_MAX];
    struct dhcp_option options[] = {
        {.code = TYPE, .bytes = &type, .capacity = 1},
        {.code = SERVER, .bytes = server, .capacity = sizeof server},
        {.code = TFTP_SERVER, .bytes = name, .capacity = DOTTED_ROOM},
        {.code = BOOT_FILE, .bytes = path, .capacity = sizeof path},
    };
    struct net_boot_file file;

    memset(&file, 0, sizeof file);
    if (!is_message(message, length, BOOT_REPLY) || !dhcp_options_read(message, length, options, 4) ||
        !is_reply_type(&options[0]) || !find_server(message, (const char *)name, &options[1], file.server) ||
        !take_file(message, length, &options[3], file.file)) {
        return false;
    }
    *ret_file = file;
    return true;
}

bool net_client_id(const uint8_t *message, size_t length, const uint8_t **ret_id, uint8_t *ret_length)
{
    static uint8_t id[NET_HOST_MAX];
    struct dhcp_option option = {.code = CLIENT_ID, .bytes = id, .capacity = sizeof id};

    if (!is_message(message, length, BOOT_REQUEST) || !dhcp_options_read(message, length, &option, 1) ||
        option.length == 0 || option.length > sizeof id) {
        return false;
    }
    *ret_id = id;
    *ret_length = (uint8_t)option.length;
    return true;
}
