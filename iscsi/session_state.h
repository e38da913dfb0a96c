/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The members of struct session, in the open so that the caller can place it in static memory. To be read by the
 * session's own files, tests and traces; everybody else uses session.h's functions. Included by session.h only.
 */
#ifndef LUNBOOT_ISCSI_SESSION_STATE_H
#define LUNBOOT_ISCSI_SESSION_STATE_H

struct session {
    const struct session_config *config;
    enum session_state state;
    struct fault fault;
    struct session_attempt attempt;
    uint64_t now_ms;
    struct login login;
    struct session_info info;
    /* to be completed: one nested struct for each of the session's files (numbers, transmit, slots, text, trace) */
};

#endif
