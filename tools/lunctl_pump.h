/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The second bridge: the same session that runs in the firmware, over Linux' sockets. One loop with poll(2)
 * drives everything; names are looked up by a child process, so that a slow name server never stops the
 * clock.
 */
#ifndef LUNBOOT_TOOLS_LUNCTL_PUMP_H
#define LUNBOOT_TOOLS_LUNCTL_PUMP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "iscsi/lun.h"
#include "iscsi/session.h"
#include "lunctl_pcap.h"

#define PUMP_BUFFER 262144u

struct lunctl_pump {
    struct session *session;
    struct lun *lun;         /* or NULL */
    struct capture *capture; /* or NULL */
    bool trace;
    /* private */
    int socket; /* -1: none */
    uint32_t connection;
    bool connecting, ended; /* the peer sent FIN; what is in the buffer comes first */
    pid_t resolver;         /* 0: none */
    int answer;             /* its pipe */
    uint32_t resolving;     /* the connection it works for */
    uint64_t trace_cursor, start_ms;
    size_t have, taken; /* of the buffer */
    uint8_t buffer[PUMP_BUFFER];
};

/* Milliseconds of a clock that never jumps. */
uint64_t lunctl_pump_clock(void);

void lunctl_pump_init(struct lunctl_pump *pump, struct session *session, struct lun *lun,
                      struct capture *capture, bool trace);

/*
 * Move on once; waits for something to happen, but not beyond `until_ms`, and not while anything moves.
 * `watched` is another descriptor whose readiness for `events` (poll(2)) ends the wait, -1: none.
 */
void lunctl_pump_turn(struct lunctl_pump *pump, uint64_t until_ms, int watched, short events);

/* Forget connection and resolver. */
void lunctl_pump_done(struct lunctl_pump *pump);

/* True once the person (SIGINT, SIGTERM) wants it to end. */
bool lunctl_pump_interrupted(void);
void lunctl_pump_catch_signals(void);

#endif
