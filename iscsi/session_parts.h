/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the session's files say to each other; nobody else includes it. Each file owns one subject and one of
 * the nested structs of session_state.h. Functions that may end the connection say so: afterwards `wire.open`
 * is false.
 */
#ifndef LUNBOOT_ISCSI_SESSION_PARTS_H
#define LUNBOOT_ISCSI_SESSION_PARTS_H

#include "session.h"

/* The low byte of an ITT says whose it is; the rest counts up (REQ-049, REQ-050). FFh is never used. */
enum session_tag {
    SESSION_TAG_COMMAND = 0,               /* plus the slot */
    SESSION_TAG_ABORT = SESSION_TASKS_MAX, /* plus the slot that is aborted */
    SESSION_TAG_PING = 2 * SESSION_TASKS_MAX,
    SESSION_TAG_TEXT,
    SESSION_TAG_LOGOUT,
    SESSION_TAG_LOGIN,
    SESSION_TAG_RESET,
};

#define SESSION_SLOT_NONE SESSION_TASKS_MAX

static inline unsigned session_tag_owner(uint32_t itt)
{
    return itt & 0xffu;
}

static inline void session_earliest(uint64_t *at_ms, uint64_t candidate_ms)
{
    if (candidate_ms < *at_ms)
        *at_ms = candidate_ms;
}

static inline uint32_t session_least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* A configured bound, or what stands for 0. */
static inline uint32_t session_bound(uint32_t configured, uint32_t otherwise)
{
    return configured != 0 ? configured : otherwise;
}

static inline bool session_is_discovery(const struct session *session)
{
    return session->config->login.target_name == NULL;
}

static inline struct pdu_numbers session_numbers_now(const struct session *session)
{
    return (struct pdu_numbers){session->numbers.cmd_sn, session->numbers.exp_stat_sn};
}

/* session.c */
void session_enter(struct session *session, enum session_state state);
uint32_t session_tag_new(struct session *session, unsigned owner);

/* session_connection.c: attempts, from session_open to SESSION_READY, and every end of a connection. */
void session_connection_begin(struct session *session);
void session_connection_tick(struct session *session);
uint64_t session_connection_deadline(const struct session *session);
/* login_take was called: go on, be ready, follow a redirection, or fail. */
void session_connection_login(struct session *session);
/* What was seen ends this connection; what follows depends on the state. */
void session_fail(struct session *session, struct fault fault);
void session_fail_code(struct session *session, enum fault_code code, uint8_t opcode);
/* The session ends as FAILED, and may be opened again after `wait_s` seconds. `how`: CLOSE or ABORT. */
void session_lose(struct session *session, struct fault fault, uint32_t wait_s, enum session_action_kind how);
/* Give the connection up, if there is one. */
void session_let_go(struct session *session, enum session_action_kind how);

/* session_receive.c */
void session_receive_start(struct session *session, uint32_t data_limit);
/* A PDU that brings nothing forward; false, and the session failed, when there were too many (REQ-052). */
bool session_fruitless(struct session *session, uint8_t opcode);
void session_progress(struct session *session);

/* session_transmit.c */
void session_transmit_start(struct session *session);
/* The header was written to transmit.sender.header. `slot`: whose buffer `data` is, or SESSION_SLOT_NONE. */
void session_send(struct session *session, const uint8_t *data, uint32_t length, unsigned slot);
/* Nothing that the sender or the receiver still holds points into this slot's buffer any more. */
void session_release_data(struct session *session, unsigned slot);

/* session_task.c: the queue and the slots. */
void session_task_reset(struct session *session);
/* The slot of a command's ITT, or NULL when it is not alive. */
struct session_slot *session_task_find(struct session *session, uint32_t itt);
bool session_task_send_command(struct session *session);
bool session_task_send_abort(struct session *session);
void session_task_take_response(struct session *session, const struct pdu *pdu);
void session_task_take_abort(struct session *session, const struct pdu *pdu);
/* A status for this command: the end of it. `sense` has `length` bytes. */
void session_task_status(struct session *session, struct session_slot *slot, const struct pdu *pdu,
                         const uint8_t *sense, uint32_t length);
/* Every task, waiting or active, ends so. The slots remember their tags until session_task_reset. */
void session_task_end_all(struct session *session, enum fault_code code);
/* What was sent to this unit is over on both sides: its tasks end so, its slots are free. */
void session_task_forget(struct session *session, const uint8_t lun[8], enum fault_code code);
unsigned session_task_busy(const struct session *session); /* slots in use */
void session_task_tick(struct session *session);
uint64_t session_task_deadline(const struct session *session);

/* session_reset.c: LOGICAL UNIT RESET. */
void session_reset_clear(struct session *session);
/* ABORT TASK failed at this unit. False when no reset helps: the session is to end. */
bool session_reset_begin(struct session *session, const uint8_t lun[8]);
bool session_reset_busy(const struct session *session);
bool session_reset_send(struct session *session);
/* False when it is not the answer to a reset. */
bool session_reset_take(struct session *session, const struct pdu *pdu);
void session_reset_tick(struct session *session);
uint64_t session_reset_deadline(const struct session *session);

/* session_data.c: Data-In, R2T, Data-Out. */
void session_data_grant(struct session *session, struct session_slot *slot, uint32_t immediate);
bool session_data_send_unsolicited(struct session *session);
bool session_data_send_solicited(struct session *session);
/* The header is in: where the data goes; false when the session failed. */
bool session_data_place(struct session *session, const struct pdu *pdu);
void session_data_take_in(struct session *session, const struct pdu *pdu);
void session_data_take_r2t(struct session *session, const struct pdu *pdu);

/* session_nop.c: NOP and ping. */
void session_nop_reset(struct session *session);
bool session_nop_send_pong(struct session *session);
bool session_nop_send_ping(struct session *session);
void session_nop_take(struct session *session, const struct pdu *pdu);
void session_nop_tick(struct session *session);
uint64_t session_nop_deadline(const struct session *session);

/* session_notice.c: Asynchronous Message and Reject. */
void session_notice_take_async(struct session *session, const struct pdu *pdu);
void session_notice_take_reject(struct session *session, const struct pdu *pdu);

/* session_text.c */
void session_text_reset(struct session *session);
void session_text_negotiate(struct session *session); /* Async event 4 */
bool session_text_send(struct session *session);
bool session_text_place(struct session *session, const struct pdu *pdu);
void session_text_take(struct session *session, const struct pdu *pdu);
void session_text_tick(struct session *session);
uint64_t session_text_deadline(const struct session *session);

/* session_logout.c */
void session_logout_reset(struct session *session);
void session_logout_asked(struct session *session, uint16_t within_s); /* Async event 1 */
bool session_logout_send(struct session *session);
void session_logout_take(struct session *session, const struct pdu *pdu);
/* In SESSION_LOGOUT the connection ended or the time is over. */
void session_logout_over(struct session *session, struct fault fault);
void session_logout_tick(struct session *session);
uint64_t session_logout_deadline(const struct session *session);

/* session_trace.c */
void session_trace_add(struct session *session, bool out, const uint8_t header[PDU_HEADER_SIZE]);

#endif
