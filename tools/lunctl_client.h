/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One session of lunctl from its first packet to its logout, with the disk behind it: what all commands that
 * talk to a target have in common, the sentence of a failure included.
 */
#ifndef LUNBOOT_TOOLS_LUNCTL_CLIENT_H
#define LUNBOOT_TOOLS_LUNCTL_CLIENT_H

#include <stdbool.h>

#include "iscsi/lun.h"
#include "iscsi/session.h"
#include "lunctl_options.h"
#include "lunctl_pcap.h"
#include "lunctl_pump.h"

struct client {
    const struct options *options;
    struct session_config config;
    struct session session;
    struct lun lun; /* not for a discovery */
    struct lunctl_pump pump;
    struct capture capture;
    bool capturing;
    int status;      /* the exit status; not 0: a sentence was printed */
    uint64_t end_ms; /* of --timeout; UINT64_MAX: none */
};

/* Log in and, but for a discovery, wait for the disk. False: the sentence was printed. lunctl_client_close in
 * any case. */
bool lunctl_client_open(struct client *client, const struct options *options);

/*
 * Move on once. False when it has to end: a signal, --timeout, or the session has failed; the sentence was
 * printed then. `watched` as in lunctl_pump_turn.
 */
bool lunctl_client_turn(struct client *client, int watched, short events);

/* Print the one sentence for a failure, its real cause included when the session was lost. */
void lunctl_client_fail(struct client *client, const struct fault *fault);
/* The same for what is no fault of iSCSI's: a file (status 1), or options that do not fit the disk (status
 * 2). */
void lunctl_client_say(struct client *client, int status, const char *subject, const char *reason);

/* Log out, close, wipe. Returns the exit status. */
int lunctl_client_close(struct client *client);

#endif
