/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lunctl read and write: bytes between the disk and a file or a pipe, with as many requests in flight as the
 * queue depth allows, in the order of the bytes.
 */
#ifndef LUNBOOT_TOOLS_LUNCTL_COPY_H
#define LUNBOOT_TOOLS_LUNCTL_COPY_H

#include "lunctl_client.h"

/* The disk is ready. Afterwards client->status says how it went. */
void lunctl_copy_read(struct client *client);
void lunctl_copy_write(struct client *client);

#endif
