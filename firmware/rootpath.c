/* SPDX-License-Identifier: BSD-2-Clause */
#include "rootpath.h"

#include <string.h>

#include "fmt.h"
#include "iscsi/scsi.h"

#define SCHEME       "iscsi:"
#define SCHEME_BYTES 6u
#define TEXT_LIMIT   1024u /* what joined DHCP options can carry (RFC 3396) */
#define TCP          '6'   /* the IP protocol's number, in text */

/* The fields between the colons, before they are understood. */
enum field { SERVER, PROTOCOL, PORT, LUN, TARGET, FIELDS };

struct span {
    const char *at;
    size_t length;
};

static bool has_scheme(const char *text, size_t length)
{
    if (length < SCHEME_BYTES)
        return false;
    for (size_t i = 0; i < SCHEME_BYTES; i++) {
        char c = text[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c + ('a' - 'A'));
        if (c != SCHEME[i])
            return false;
    }
    return true;
}

static size_t find(struct span text, char wanted)
{
    size_t i = 0;

    while (i < text.length && text.at[i] != wanted)
        i++;
    return i;
}

static void skip(struct span *text, size_t count)
{
    text->at += count;
    text->length -= count;
}

/* Cut the server off `rest`, and the colon behind it. The colons inside the brackets are the address's. */
static const char *take_server(struct span *rest, struct span *ret_server)
{
    size_t end;

    *ret_server = *rest;
    if (rest->length > 0 && rest->at[0] == '[') {
        end = find(*rest, ']');
        if (end == rest->length)
            return "the server field: a bracket is opened and not closed";
        end++;
        if (end < rest->length && rest->at[end] != ':')
            return "the server field: something stands between the closing bracket and the colon";
    } else {
        end = find(*rest, ':');
    }
    if (end == rest->length)
        return "the fields are not iscsi:SERVER:PROTOCOL:PORT:LUN:TARGET (the middle three may be empty)";
    ret_server->length = end;
    skip(rest, end + 1);
    return NULL;
}

static const char *split(struct span rest, struct span ret_fields[FIELDS])
{
    const char *wrong = take_server(&rest, &ret_fields[SERVER]);

    if (wrong)
        return wrong;
    for (unsigned i = PROTOCOL; i < TARGET; i++) {
        size_t end = find(rest, ':');

        if (end == rest.length)
            return "the fields are not iscsi:SERVER:PROTOCOL:PORT:LUN:TARGET (the middle three may be empty)";
        ret_fields[i] = (struct span){rest.at, end};
        skip(&rest, end + 1);
    }
    ret_fields[TARGET] = rest;
    return NULL;
}

/* Dots and digits alone are meant as an IPv4 address: no top-level domain is a number (RFC 1123 section 2.1).
 */
static bool looks_like_ipv4(struct span server)
{
    for (size_t i = 0; i < server.length; i++)
        if (server.at[i] != '.' && (server.at[i] < '0' || server.at[i] > '9'))
            return false;
    return true;
}

static const char *parse_server(struct span server, struct portal *ret_portal)
{
    struct address address;

    if (server.length == 0)
        return "the server field is empty";
    if (server.at[0] == '[') {
        server.at++;
        server.length -= 2;
        if (!address_parse(server.at, server.length, &address) || address.family != ADDRESS_IPV6)
            return "the server field: no IPv6 address stands in the brackets";
    } else if (looks_like_ipv4(server)) {
        if (!address_parse(server.at, server.length, &address))
            return "the server field is not an IPv4 address (an IPv6 address stands in brackets)";
    } else if (!address_is_hostname(server.at, server.length)) {
        return "the server field is neither a host name nor an address";
    }
    if (server.length > ADDRESS_HOST_MAX)
        return "the server field is too long";
    memcpy(ret_portal->host, server.at, server.length);
    ret_portal->host[server.length] = '\0';
    return NULL;
}

static const char *parse_port(struct span text, uint16_t *ret_port)
{
    uint32_t port = 0;

    if (text.length == 0) {
        *ret_port = ADDRESS_ISCSI_PORT;
        return NULL;
    }
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return "the port field is not a decimal number";
        port = port * 10 + (uint32_t)(text.at[i] - '0');
        if (port > UINT16_MAX)
            return "the port field is not between 1 and 65535";
    }
    if (port == 0)
        return "the port field is not between 1 and 65535";
    *ret_port = (uint16_t)port;
    return NULL;
}

static const char *parse_fields(const struct span fields[FIELDS], struct rootpath *ret_path)
{
    const struct span *protocol = &fields[PROTOCOL], *lun = &fields[LUN], *target = &fields[TARGET];
    const char *wrong = parse_server(fields[SERVER], &ret_path->portal);

    if (wrong)
        return wrong;
    if (protocol->length > 0 && (protocol->length != 1 || protocol->at[0] != TCP))
        return "the protocol field is neither empty nor 6 (TCP)";
    wrong = parse_port(fields[PORT], &ret_path->portal.port);
    if (wrong)
        return wrong;
    if (lun->length > 0 && !scsi_lun_parse_hex(lun->at, lun->length, ret_path->lun))
        return "the LUN field is not one to four groups of hexadecimal digits joined by dashes";
    if (target->length == 0)
        return "the target name is missing";
    return name_normalise(target->at, target->length, ret_path->target);
}

const char *rootpath_parse(const char *text, size_t length, struct rootpath *ret_path)
{
    struct span rest = {text, length}, fields[FIELDS];
    struct rootpath path;
    const char *wrong;

    memset(&path, 0, sizeof path);
    while (rest.length > 0 && rest.at[rest.length - 1] == '\0') /* some servers send the NUL (RFC 2132, 2) */
        rest.length--;
    if (rest.length > TEXT_LIMIT)
        return "the root path is longer than 1024 bytes";
    if (!has_scheme(rest.at, rest.length))
        return "the root path does not begin with iscsi:";
    if (find(rest, '@') < rest.length)
        return "a user name or secret in a root path is refused: set chap-name and chap-secret in "
               "lunboot.conf";
    skip(&rest, SCHEME_BYTES);
    if (rest.length >= 2 && rest.at[0] == '/' && rest.at[1] == '/')
        return "this is a URL; a root path is iscsi:SERVER:PROTOCOL:PORT:LUN:TARGET";
    wrong = split(rest, fields);
    if (!wrong)
        wrong = parse_fields(fields, &path);
    if (!wrong)
        *ret_path = path;
    return wrong;
}

static unsigned group(const uint8_t lun[8], unsigned index)
{
    return (unsigned)lun[2 * index] << 8 | lun[2 * index + 1];
}

size_t rootpath_format(const struct rootpath *path, char ret_text[ROOTPATH_TEXT_MAX])
{
    bool brackets = memchr(path->portal.host, ':', strlen(path->portal.host)) != NULL;
    unsigned groups = 4;
    struct fmt fmt;

    while (groups > 1 && group(path->lun, groups - 1) == 0)
        groups--;
    fmt_init(&fmt, ret_text, ROOTPATH_TEXT_MAX);
    fmt_print(&fmt, brackets ? "iscsi:[%s]:%c:%u:" : "iscsi:%s:%c:%u:", path->portal.host, TCP,
              path->portal.port);
    for (unsigned i = 0; i < groups; i++)
        fmt_print(&fmt, i > 0 ? "-%x" : "%x", group(path->lun, i));
    fmt_print(&fmt, ":%s", path->target);
    return fmt.length;
}
