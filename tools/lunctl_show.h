/* SPDX-License-Identifier: BSD-2-Clause */
/* What lunctl prints on standard output when a command is done, for people or as JSON. */
#ifndef LUNBOOT_TOOLS_LUNCTL_SHOW_H
#define LUNBOOT_TOOLS_LUNCTL_SHOW_H

#include "lunctl_client.h"

/* info: what was agreed, the disk, and the configuration of lunboot that fits. */
void lunctl_show_info(const struct client *client);

/* "1.5 GiB": static until the next call. */
const char *lunctl_show_size(uint64_t bytes);
/* "LUN 1 (0001-0000-0000-0000)": static until the next call. */
const char *lunctl_show_lun(const uint8_t lun[8]);
/* host:port, IPv6 in brackets: static until the next call. */
const char *lunctl_show_portal(const char *host, uint16_t port);

#endif
