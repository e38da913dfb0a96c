/* SPDX-License-Identifier: BSD-2-Clause */
#include "lunctl_url.h"

#include <stdbool.h>
#include <string.h>

#include "iscsi/scsi.h"

static const char *parse_unit(const char *target, struct url *url)
{
    const char *slash = strrchr(target, '/');
    const char *wrong;

    if (slash == NULL || slash == target)
        return "the target's name is followed by a slash and the LUN: iscsi://host[:port]/target/lun";
    wrong = name_normalise(target, (size_t)(slash - target), url->target);
    if (wrong != NULL)
        return wrong;
    if (!scsi_lun_parse_decimal(slash + 1, strlen(slash + 1), url->lun))
        return "the LUN is a number from 0 to 16383, or four groups of hexadecimal digits with dashes";
    return NULL;
}

const char *lunctl_url_parse(const char *text, struct url *ret_url)
{
    static const char scheme[] = "iscsi://";
    struct url url = {0};
    const char *host, *slash, *wrong;
    size_t length;

    if (strncmp(text, scheme, sizeof scheme - 1) != 0)
        return "a URL begins with iscsi://";
    host = text + sizeof scheme - 1;
    if (strpbrk(host, "@%?") != NULL)
        return "a URL holds no user, secret or argument: they stand in the file that --secrets names";
    slash = strchr(host, '/');
    length = slash != NULL ? (size_t)(slash - host) : strlen(host);
    if (memchr(host, ',', length) != NULL || !address_parse_portal(host, length, &url.portal))
        return "the host is a name, an IPv4 address or an IPv6 address in brackets, with :port or without";
    if (slash != NULL && slash[1] != '\0') {
        wrong = parse_unit(slash + 1, &url);
        if (wrong != NULL)
            return wrong;
    }
    *ret_url = url;
    return NULL;
}
