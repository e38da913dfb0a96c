/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The URLs that a file can be fetched by (RFC 3986; tftp: RFC 3617), and references to other files of the
 * same server. They come from settings and from the network; texts have explicit lengths.
 */
#ifndef LUNBOOT_FIRMWARE_URL_H
#define LUNBOOT_FIRMWARE_URL_H

#include <stddef.h>
#include <stdint.h>

#include "iscsi/address.h"

#define URL_PATH_MAX 511u
#define URL_TEXT_MAX 800u

enum url_scheme { URL_TFTP, URL_HTTP };

struct url {
    enum url_scheme scheme;
    struct portal server;        /* the port of the scheme where the text has none */
    char path[URL_PATH_MAX + 1]; /* with its leading slash; as it stands in the text, a query included */
};

/*
 * NULL and *ret_url filled, or a static clause that says what is wrong (https, a user name, a fragment,
 * blanks and control characters, an address that is none); *ret_url is then untouched.
 */
const char *url_parse(const char *text, size_t length, struct url *ret_url);

/*
 * Another file of the same server: `reference` is a path, from the root when it begins with a slash, else
 * from the folder of `base` (RFC 3986 section 5.2 for paths). ".." is refused: nobody needs it, and TFTP
 * servers differ. As above.
 */
const char *url_resolve(const struct url *base, const char *reference, size_t length, struct url *ret_url);

/* The text form, NUL-ended; the port is left out where it is the scheme's. Returns its length. */
size_t url_format(const struct url *url, char ret_text[URL_TEXT_MAX]);

/* The name that a TFTP server is asked for: the path without its leading slash. */
const char *url_tftp_name(const struct url *url);

#endif
