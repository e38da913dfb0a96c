/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The root path of RFC 4173 section 5: "iscsi:" server ":" protocol ":" port ":" LUN ":" target name. It may
 * come from DHCP, so it is hostile text with an explicit length (REQ-014 to REQ-021, REQ-025).
 */
#ifndef LUNBOOT_FIRMWARE_ROOTPATH_H
#define LUNBOOT_FIRMWARE_ROOTPATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "iscsi/address.h"
#include "iscsi/name.h"

struct rootpath {
    struct portal portal;            /* port 3260 when empty */
    uint8_t lun[8];                  /* 0 when empty */
    char target[NAME_MAX_BYTES + 1]; /* normalised */
};

/*
 * NULL and *ret_path filled, or a static sentence that says which field is wrong; *ret_path is then
 * untouched. The bracketed IPv6 form is understood; whether IPv6 can be used is the caller's question. The
 * LUN is always read as hexadecimal, as the RFC says, never as decimal (REQ-018); user names and secrets are
 * refused.
 */
const char *rootpath_parse(const char *text, size_t length, struct rootpath *ret_path);

#define ROOTPATH_TEXT_MAX 560u
/* The text form, NUL-ended, LUN as hexadecimal groups with trailing zero groups left out; returns its length.
 */
size_t rootpath_format(const struct rootpath *path, char ret_text[ROOTPATH_TEXT_MAX]);

#endif
