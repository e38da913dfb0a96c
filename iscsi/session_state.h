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
    /* what was agreed; valid from SESSION_READY */
    struct keys_values keys;
    uint16_t tsih;
    struct portal portal;   /* the one in use, after redirections */
    struct address address; /* the one in use */
    bool md5_retried;       /* the second login of REQ-152 was made */
    bool redirected_permanently;
    /* to be completed by the implementation: numbering, windows, tasks, transmit queue, timers, text, trace */
};

#endif
