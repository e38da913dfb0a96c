/* SPDX-License-Identifier: BSD-2-Clause */
/* Names, addresses, portals and root paths, as people and DHCP write them. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "firmware/rootpath.h"
#include "iscsi/name.h"
#include "iscsi/scsi.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    const char *text = (const char *)bytes;
    char name[NAME_MAX_BYTES + 1], again[NAME_MAX_BYTES + 1], line[ROOTPATH_TEXT_MAX];
    struct rootpath path, same;
    struct address address;
    struct portal portal;
    uint8_t lun[8];

    if (name_normalise(text, length, name) == NULL)
        PROMISE(name_normalise(name, strlen(name), again) == NULL && strcmp(name, again) == 0);
    address_parse(text, length, &address);
    if (address_parse_portal(text, length, &portal))
        PROMISE(portal.port != 0 && strlen(portal.host) > 0);
    scsi_lun_parse_decimal(text, length, lun);
    scsi_lun_parse_hex(text, length, lun);
    if (rootpath_parse(text, length, &path) == NULL) {
        size_t written = rootpath_format(&path, line);

        PROMISE(rootpath_parse(line, written, &same) == NULL);
        PROMISE(strcmp(path.target, same.target) == 0 && memcmp(path.lun, same.lun, 8) == 0);
    }
    return 0;
}
