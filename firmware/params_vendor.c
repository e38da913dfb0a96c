/* SPDX-License-Identifier: BSD-2-Clause */
/* DHCP option 43 as keys and values. The bytes are hostile. */
#include "params_table.h"

#include <string.h>

/* RFC 2132 section 8.4: encapsulated options have the form of DHCP's own (section 2). */
#define PAD 0u
#define END 255u

static const char place[] = "DHCP option 43";

static bool refuse(struct params_error *ret_error, const char *reason)
{
    return params_refuse(ret_error, PARAM_DHCP, 0, "", 0, "%s", reason);
}

static bool set(struct params *params, const char *text, size_t length, struct params_error *ret_error)
{
    const char *equals = length > 0 ? memchr(text, '=', length) : NULL;
    size_t key = equals ? (size_t)(equals - text) : 0;

    if (key == 0)
        return refuse(ret_error, "an encapsulated option in it is no key=value");
    return params_set(params, text, key, equals + 1, length - key - 1, PARAM_DHCP, 0, ret_error);
}

/* The encapsulated option whose length byte is at *at. */
static bool take(struct params *params, const uint8_t *bytes, size_t length, size_t *at,
                 struct params_error *ret_error)
{
    size_t start = *at + 1;

    if (*at == length || bytes[*at] > length - start) {
        *at = length;
        return refuse(ret_error, "it ends within an encapsulated option; what stands before that counts");
    }
    *at = start + bytes[*at];
    return set(params, (const char *)bytes + start, *at - start, ret_error);
}

bool params_read_vendor(struct params *params, const uint8_t *bytes, size_t length, size_t *at,
                        struct params_error *ret_error)
{
    while (*at < length) {
        uint8_t code = bytes[(*at)++];

        if (code == END)
            *at = length;
        else if (code != PAD && !take(params, bytes, length, at, ret_error)) {
            memcpy(ret_error->file, place, sizeof place);
            return false;
        }
    }
    return true;
}
