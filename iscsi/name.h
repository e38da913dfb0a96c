/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * iSCSI names: iqn., eui. and naa. (RFC 7143 section 4.2.7). A name is checked and folded once, at input, and
 * compared bytewise ever after (REQ-001 to REQ-005).
 */
#ifndef LUNBOOT_ISCSI_NAME_H
#define LUNBOOT_ISCSI_NAME_H

#include <stddef.h>

#define NAME_MAX_BYTES 223u /* section 4.2.7.2, without the NUL */

/*
 * Check `text` and write its folded form (ASCII lower case), NUL-ended, to `ret_name`. Returns NULL on
 * success, else a static sentence that says what is wrong, and leaves `ret_name` untouched. Bytes above 7Fh
 * are taken as they are when they form valid UTF-8: stringprep beyond ASCII is left to whoever configured the
 * name.
 */
const char *name_normalise(const char *text, size_t length, char ret_name[NAME_MAX_BYTES + 1]);

#endif
