/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pump moves everything: frames between the NIC and lwIP, bytes between a TCP stream and a session,
 * commands between a session and its logical unit. It knows both islands and no firmware, so the same code
 * runs under UEFI and in the simulator. One turn is bounded; nothing here waits.
 */
#ifndef LUNBOOT_FIRMWARE_PUMP_H
#define LUNBOOT_FIRMWARE_PUMP_H

#include <stdbool.h>
#include <stdint.h>

#include "iscsi/lun.h"
#include "iscsi/session.h"
#include "net/stream.h"

struct pump {
    struct session *session;
    struct lun *lun; /* or NULL: a discovery session */
    struct stream *stream;
    uint32_t connection; /* the session's number of the present connection */
    bool resolving, connecting;
};

/* `session` and `lun` stay the caller's and outlive the pump. */
void pump_init(struct pump *pump, struct session *session, struct lun *lun);

/* One turn: poll the network, do what the session asks for, move bytes both ways, move the logical unit on.
 */
void pump_turn(struct pump *pump);

/* Tell both the time and queue a request of the logical unit; the next turns carry it out. */
void pump_submit(struct pump *pump, struct lun_request *request);

/* Forget the connection at once (RST). */
void pump_done(struct pump *pump);

#endif
