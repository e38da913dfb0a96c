/* SPDX-License-Identifier: BSD-2-Clause */
/* What the messages of a PXE boot say beyond a lease: the file that was loaded, and how the client named
 * itself. */
#include <string.h>

#include "dhcp_options.h"
#include "net.h"

#define OP           0u
#define NEXT_SERVER  20u /* siaddr */
#define FILE_NAME    108u
#define FILE_SIZE    128u
#define COOKIE       236u
#define BOOT_REQUEST 1u
#define BOOT_REPLY   2u

#define SERVER      54u
#define CLIENT_ID   61u
#define TFTP_SERVER 66u
#define BOOT_FILE   67u

static bool is_message(const uint8_t *message, size_t length, uint8_t op)
{
    static const uint8_t cookie[4] = {99, 130, 83, 99};

    return length >= DHCP_OPTIONS && message[OP] == op &&
           memcmp(message + COOKIE, cookie, sizeof cookie) == 0;
}

/* Dotted decimal; a name stays unknown, as this is asked before there is a name server. */
static bool read_address(const uint8_t *text, size_t length, uint8_t ret_address[4])
{
    unsigned part = 0, parts = 0, digits = 0;

    for (size_t i = 0; i <= length; i++) {
        if (i == length || text[i] == '.') {
            if (digits == 0 || part > 255 || parts == 4) {
                return false;
            }
            ret_address[parts++] = (uint8_t)part;
            part = digits = 0;
        } else if (text[i] >= '0' && text[i] <= '9' && digits < 3) {
            part = part * 10 + (unsigned)(text[i] - '0');
            digits++;
        } else {
            return false;
        }
    }
    return parts == 4;
}

static bool is_host(const uint8_t address[4])
{
    return address[0] != 0 && address[0] != 127 && address[0] < 224;
}

static bool find_server(const uint8_t *message, const struct dhcp_option *name,
                        const struct dhcp_option *server, uint8_t ret_address[4])
{
    memcpy(ret_address, message + NEXT_SERVER, 4);
    if (is_host(ret_address)) {
        return true;
    }
    if (name->length <= name->capacity && read_address(name->bytes, name->length, ret_address) &&
        is_host(ret_address)) {
        return true;
    }
    if (server->length != 4) {
        return false;
    }
    memcpy(ret_address, server->bytes, 4);
    return is_host(ret_address);
}

/* NULs may stand behind it (RFC 2132 section 2). */
static bool take_file(const uint8_t *text, size_t length, char ret_file[NET_HOST_MAX + 1])
{
    while (length > 0 && text[length - 1] == 0) {
        length--;
    }
    if (length == 0 || length > NET_HOST_MAX) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] <= ' ' || text[i] > '~') {
            return false;
        }
    }
    memcpy(ret_file, text, length);
    ret_file[length] = '\0';
    return true;
}

static bool take_field(const uint8_t *message, size_t length, char ret_file[NET_HOST_MAX + 1])
{
    size_t size = 0;

    while (size < FILE_SIZE && message[FILE_NAME + size] != 0) {
        size++;
    }
    return dhcp_options_file_is_a_name(message, length) && take_file(message + FILE_NAME, size, ret_file);
}

bool net_boot_file(const uint8_t *message, size_t length, struct net_boot_file *ret_file)
{
    uint8_t server[4], name[NET_HOST_MAX], path[NET_HOST_MAX];
    struct dhcp_option options[] = {
        {.code = SERVER, .bytes = server, .capacity = sizeof server},
        {.code = TFTP_SERVER, .bytes = name, .capacity = sizeof name},
        {.code = BOOT_FILE, .bytes = path, .capacity = sizeof path},
    };
    struct net_boot_file file;
    bool named;

    memset(&file, 0, sizeof file);
    if (!is_message(message, length, BOOT_REPLY) || !dhcp_options_read(message, length, options, 3) ||
        !find_server(message, &options[1], &options[0], file.server)) {
        return false;
    }
    named = options[2].length > 0
                ? options[2].length <= sizeof path && take_file(path, options[2].length, file.file)
                : take_field(message, length, file.file);
    if (named) {
        *ret_file = file;
    }
    return named;
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
