/* SPDX-License-Identifier: BSD-2-Clause */
#include "url.h"

#include <string.h>

#include "fmt.h"

struct span {
    const char *at;
    size_t length;
};

static const struct {
    const char *name;
    uint16_t port;
} schemes[] = {[URL_TFTP] = {"tftp", 69}, [URL_HTTP] = {"http", 80}};

static bool begins(struct span text, const char *with)
{
    size_t length = strlen(with);

    return text.length >= length && memcmp(text.at, with, length) == 0;
}

static void skip(struct span *text, size_t count)
{
    text->at += count;
    text->length -= count;
}

static size_t find(struct span text, char wanted)
{
    size_t i = 0;

    while (i < text.length && text.at[i] != wanted)
        i++;
    return i;
}

/* Letters of a scheme may be capitals (RFC 3986 section 3.1); what stands behind it must be "://". */
static bool take_scheme(struct span *text, const char *name)
{
    size_t length = strlen(name);

    if (text->length < length + 3 || memcmp(text->at + length, "://", 3) != 0)
        return false;
    for (size_t i = 0; i < length; i++)
        if ((text->at[i] | 0x20) != name[i])
            return false;
    skip(text, length + 3);
    return true;
}

static const char *find_scheme(struct span *text, enum url_scheme *ret_scheme)
{
    for (unsigned i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (take_scheme(text, schemes[i].name)) {
            *ret_scheme = (enum url_scheme)i;
            return NULL;
        }
    if (take_scheme(text, "https"))
        return "https cannot be used, as lunboot has no TLS: serve the file by plain http or tftp on a "
               "network "
               "of its own";
    return "it is no tftp:// or http:// URL";
}

/* The port is the scheme's where none stands behind the host; a bracketed address has colons of its own. */
static bool has_port(struct span authority)
{
    size_t bracket = find(authority, ']');

    if (bracket < authority.length)
        skip(&authority, bracket);
    return find(authority, ':') < authority.length;
}

static const char *parse_server(struct span authority, enum url_scheme scheme, struct portal *ret_server)
{
    if (find(authority, '@') < authority.length)
        return "a user name or password in a URL is refused";
    if (!address_parse_portal(authority.at, authority.length, ret_server) || ret_server->has_tag)
        return "the server in the URL is no address and no name, or its port no number";
    if (!has_port(authority))
        ret_server->port = schemes[scheme].port;
    return NULL;
}

/* Anything else must be percent-encoded (RFC 3986 section 2); a fragment is never sent (section 3.5). */
static const char *check_path(struct span path)
{
    if (path.length > URL_PATH_MAX)
        return "the path is longer than 511 bytes";
    for (size_t i = 0; i < path.length; i++)
        if (path.at[i] <= ' ' || path.at[i] > '~' || path.at[i] == '#' || path.at[i] == '\\')
            return "there is a blank, a control character, a backslash, a # or something beyond ASCII in the "
                   "path: "
                   "write it percent-encoded";
    return NULL;
}

const char *url_parse(const char *text, size_t length, struct url *ret_url)
{
    struct span rest = {text, length}, authority;
    struct url url;
    const char *wrong;

    memset(&url, 0, sizeof url);
    wrong = find_scheme(&rest, &url.scheme);
    if (wrong)
        return wrong;
    authority = (struct span){rest.at, find(rest, '/')};
    skip(&rest, authority.length);
    wrong = parse_server(authority, url.scheme, &url.server);
    if (!wrong)
        wrong = check_path(rest);
    if (wrong)
        return wrong;
    if (rest.length == 0)
        rest = (struct span){"/", 1};
    memcpy(url.path, rest.at, rest.length);
    *ret_url = url;
    return NULL;
}

static bool climbs(struct span path)
{
    while (path.length > 0) {
        size_t end = find(path, '/');

        if (end == 2 && begins(path, ".."))
            return true;
        skip(&path, end < path.length ? end + 1 : end);
    }
    return false;
}

/* The part of the base's path up to its last slash; a query has none of the folder's (section 5.2.3). */
static size_t folder_length(const char *path)
{
    size_t length = 0;

    for (size_t i = 0; path[i] != '\0' && path[i] != '?'; i++)
        if (path[i] == '/')
            length = i + 1;
    return length;
}

const char *url_resolve(const struct url *base, const char *reference, size_t length, struct url *ret_url)
{
    struct span path = {reference, length};
    size_t folder = length > 0 && *reference == '/' ? 0 : folder_length(base->path);
    struct url url = *base;
    const char *wrong = check_path(path);

    if (wrong)
        return wrong;
    if (length == 0 || begins(path, "//") || find(path, ':') < find(path, '/'))
        return "it is no path on the same server";
    if (climbs(path))
        return "a path with .. in it is refused";
    if (length > URL_PATH_MAX - folder)
        return "the path is longer than 511 bytes";
    memcpy(url.path + folder, reference, length);
    memset(url.path + folder + length, 0, sizeof url.path - folder - length);
    *ret_url = url;
    return NULL;
}

size_t url_format(const struct url *url, char ret_text[URL_TEXT_MAX])
{
    const char *host = url->server.host;
    bool brackets = find((struct span){host, strlen(host)}, ':') < strlen(host);
    struct fmt fmt;

    fmt_init(&fmt, ret_text, URL_TEXT_MAX);
    fmt_print(&fmt, brackets ? "%s://[%s]" : "%s://%s", schemes[url->scheme].name, host);
    if (url->server.port != schemes[url->scheme].port)
        fmt_print(&fmt, ":%u", (unsigned)url->server.port);
    fmt_print(&fmt, "%s", url->path);
    return fmt.length;
}

const char *url_tftp_name(const struct url *url)
{
    return url->path + 1;
}
