/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The options of a DHCP message (RFC 2131, RFC 2132), with those that overload the fields file and sname, and
 * with parts joined (RFC 3396). The bytes are hostile. For net/ alone.
 */
#ifndef LUNBOOT_NET_DHCP_OPTIONS_H
#define LUNBOOT_NET_DHCP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DHCP_OPTIONS 240u /* where they begin (RFC 2131 figure 1, and the cookie) */

/* One that is wanted, and where its parts are joined. */
struct dhcp_option {
    uint8_t code;
    uint8_t *bytes;
    size_t capacity;
    size_t length;        /* all that came, also what found no room; 0 before */
    const uint8_t *first; /* part, in the message, behind the byte of its length; NULL: none came */
};

/* False when they do not hold together; `message` has at least DHCP_OPTIONS bytes. */
bool dhcp_options_read(const uint8_t *message, size_t length, struct dhcp_option *options, unsigned count);

/*
 * What EDK2's PXE and HTTP Boot do to a message that they keep: where option 67 ends without a NUL they write
 * one behind it, over the code of the next option, whose length then passes for a code. False: that has
 * happened, and what follows cannot be told any more; or the options do not hold together.
 */
bool dhcp_options_kept_whole(const uint8_t *message, size_t length);

/* The field `file` holds the name of a file, as option 52 does not say otherwise. */
bool dhcp_options_file_is_a_name(const uint8_t *message, size_t length);

#endif
