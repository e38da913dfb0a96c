/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One iSCSI session with its one connection (MaxConnections=1, REQ-076): from a list of portals to SCSI tasks
 * in flight. It does no I/O and knows no clock. The caller moves bytes, reports what happened to the
 * connection and tells the time; the session says what it wants. Same configuration, bytes and ticks: same
 * output. No callbacks, no allocation, no globals (architecture: the core's contract).
 *
 * The caller's turn, session_tick with the present time first (every other call uses that time), then in any
 * order until nothing moves any more:
 *
 * - session_next_action -> do it, until SESSION_DO_NOTHING;
 * - while received bytes: session_rx_space, copy, session_rx_done;
 * - while session_tx_peek gives bytes and the stream has room: hand over, session_tx_done.
 *
 * Then session_tick once more: what moved may have brought nearer the time until which the caller may sleep.
 *
 * A session has one connection, so the byte calls name the session. With several paths there are several
 * sessions.
 *
 * Connections are numbered. CLOSE or ABORT of one always comes before RESOLVE or CONNECT of the next; from
 * the moment the session gives one up until session_connected of the next, rx_space and tx_peek give nothing.
 * Reports that carry an old number are ignored, so the caller need not care about late events. ABORT comes
 * even for a connection that was reported closed. The caller reports FIN only after all received bytes were
 * taken, RST at once.
 *
 * When a session that was SESSION_READY is lost, it becomes SESSION_FAILED and its tasks end with
 * FAULT_SESSION_LOST; session_open then logs in again with the same ISID and TSIH 0 (reinstatement,
 * section 6.3.5), not before the time that the target asked us to wait. A logical unit on top does that by
 * itself.
 */
#ifndef LUNBOOT_ISCSI_SESSION_H
#define LUNBOOT_ISCSI_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "frame.h"
#include "hash.h"
#include "login.h"
#include "task.h"

#define SESSION_PORTALS_MAX   8u
#define SESSION_ADDRESSES_MAX 8u     /* of one name (REQ-026) */
#define SESSION_TASKS_MAX     64u    /* in flight; the target's window may be smaller */
#define SESSION_REDIRECTS_MAX 4u     /* hops (REQ-140) */
#define SESSION_TEXT_MAX      65536u /* all text of one SendTargets answer (REQ-187) */

struct session_config {
    struct login_config login; /* names, policy, secrets, ISID; the pointers' memory outlives the session */
    struct portal portals[SESSION_PORTALS_MAX]; /* tried in order */
    unsigned portal_count;
    unsigned queue_depth; /* commands in flight, 1 to SESSION_TASKS_MAX; 0: 32 */
    /* Bounds in milliseconds; 0 takes the value in brackets (REQ-271). */
    uint32_t resolve_ms;   /* [10000] */
    uint32_t connect_ms;   /* [5000] one TCP connection */
    uint32_t login_ms;     /* [15000] one login */
    uint32_t command_ms;   /* [30000] one command, unless the task says otherwise */
    uint32_t logout_ms;    /* [2000] */
    uint32_t ping_idle_ms; /* [15000] silence after which we send a NOP-Out; UINT32_MAX: never */
    uint32_t ping_ms;      /* [10000] for its answer */
    uint32_t establish_ms; /* [60000] from session_open to full feature phase, all attempts included */
    uint32_t attempts;     /* [4] rounds over all portals */
    uint32_t pause_ms;     /* [1000] between rounds; doubles, with jitter, up to 8 times itself */
    bool lun_reset;        /* after an ABORT TASK that failed, one LOGICAL UNIT RESET before the session is
                              dropped; it hits every host that uses the unit (REQ-261) */
};

enum session_state {
    SESSION_IDLE,       /* before session_open */
    SESSION_RESOLVING,  /* a name */
    SESSION_CONNECTING, /* TCP */
    SESSION_LOGIN,
    SESSION_READY,   /* full feature phase */
    SESSION_LOGOUT,  /* Logout sent, its answer awaited */
    SESSION_PAUSING, /* between attempts */
    SESSION_CLOSED,  /* ended as asked */
    SESSION_FAILED,  /* see session_fault */
};

enum session_action_kind {
    SESSION_DO_NOTHING,
    SESSION_RESOLVE, /* look `host` up, then session_resolved */
    SESSION_CONNECT, /* open TCP to address:port, then session_connected, or session_closed with the reason */
    SESSION_CLOSE,   /* send what was handed over, then FIN; nothing is to be reported back */
    SESSION_ABORT,   /* RST or forget; nothing is to be reported back */
};

struct session_action {
    enum session_action_kind kind;
    const char *host;    /* RESOLVE; valid until the next RESOLVE, which also replaces a look-up under way */
    uint32_t connection; /* its number, to be given back in reports */
    struct address address; /* CONNECT */
    uint16_t port;          /* CONNECT */
};

/* TIMEOUT is FAULT_TCP_TIMEOUT before session_connected, FAULT_SILENT after it; LOCAL is FAULT_TCP_LOCAL. */
enum session_close_reason {
    SESSION_FIN,
    SESSION_RST,
    SESSION_REFUSED,
    SESSION_TIMEOUT,
    SESSION_UNREACHABLE,
    SESSION_LOCAL,
};

/* One attempt that ended, for the person at the console; kept until the next attempt ends. */
struct session_attempt {
    unsigned number; /* counts up from 1; 0: none yet */
    struct portal portal;
    struct address address;
    struct fault fault;
    bool md5_next; /* REQ-152: what follows is the one login that offers MD5 alone */
};

/* One line of a PDU trace: header only, never data (REQ-352, REQ-172). */
struct session_trace {
    bool out;
    uint64_t at_ms;
    uint8_t header[PDU_HEADER_SIZE];
};
#define SESSION_TRACE_MAX 32u

/* What was agreed, for the log, the iBFT, the device path and lunctl; valid from SESSION_READY on. */
struct session_info {
    struct keys_values keys;
    struct portal portal;   /* in use, after redirections */
    struct address address; /* in use */
    uint16_t tsih;
    unsigned chap_algorithm; /* 0: no CHAP */
    bool authenticated, mutual;
    bool weak_challenge, repeated_challenge; /* of the target: see chap.h */
    bool md5_retried;                        /* the second login of REQ-152 was made */
    bool moved_permanently;                  /* a redirection 0102: the configuration should be changed */
};

#include "session_state.h"

/*
 * `config` and what it points to outlive the session. `seed`: 32 random bytes (see chap_config.has_random).
 * Returns NULL, or a static sentence that says why the configuration cannot be used; the session is then
 * SESSION_FAILED with FAULT_BAD_CONFIG and nothing is ever sent (REQ-022).
 */
const char *session_init(struct session *session, const struct session_config *config,
                         const uint8_t seed[HASH_SEED], uint64_t now_ms);

/* Start: SESSION_IDLE, SESSION_CLOSED or SESSION_FAILED to the first attempt. */
void session_open(struct session *session);

/* This pause, up to half longer or shorter, so that many machines do not come back together. */
uint64_t session_jitter(struct session *session, uint64_t pause_ms);

enum session_state session_state(const struct session *session);

/*
 * Why the session is SESSION_FAILED: the failure that no other attempt could mend, else the first of those
 * that led there. While it is still trying: the first failure so far. Kept until the next session_open or
 * SESSION_READY.
 */
const struct fault *session_fault(const struct session *session);

const struct session_info *session_info(const struct session *session);
/* The last attempt that ended; number 0: none. */
const struct session_attempt *session_last_attempt(const struct session *session);
/*
 * Asynchronous SCSI events so far (section 11.9.1, event 0), and the sense data of the last one: the unit
 * attention of somebody who had no command to tell it to (REQ-244). `*ret_sense` is valid until the next call
 * into this session.
 */
unsigned session_attentions(const struct session *session, const uint8_t **ret_sense, size_t *ret_length);
/* How often SESSION_READY was reached: a new number is a new nexus (unit attentions, REQ-273). */
unsigned session_epoch(const struct session *session);
/* Read the trace: *cursor starts at 0. False when there is no newer line; *ret_lost lines were overwritten
 * before. */
bool session_trace_next(const struct session *session, uint64_t *cursor, struct session_trace *ret_line,
                        uint64_t *ret_lost);

/* What the connection is to do next. Each action is given once. */
struct session_action session_next_action(struct session *session);

/* Answer to SESSION_RESOLVE; count 0: `why` says whether the name is unknown or nobody answered. */
void session_resolved(struct session *session, uint32_t connection, const struct address *addresses,
                      unsigned count, enum fault_code why);
void session_connected(struct session *session, uint32_t connection);
/* The connection ended, or could not be opened. Also right when it was already given up: then nothing
 * happens. */
void session_closed(struct session *session, uint32_t connection, enum session_close_reason reason);

/* Where the next received bytes belong; 0: none wanted now. Valid until the next call into this session. */
size_t session_rx_space(struct session *session, uint8_t **ret_window);
void session_rx_done(struct session *session, size_t n);

/* The next bytes for the wire; 0: none. Valid until the next call into this session. */
size_t session_tx_peek(struct session *session, const uint8_t **ret_bytes);
/* The stream has taken (copied) n of them. */
void session_tx_done(struct session *session, size_t n);

/*
 * Tell the time (monotonic). Returns the absolute time at which the session wants to be ticked again at the
 * latest, UINT64_MAX when nothing is pending.
 */
uint64_t session_tick(struct session *session, uint64_t now_ms);

/*
 * Queue a command; it is sent when the command window and the queue depth allow, first come first sent.
 * False, with task->fault FAULT_BUSY (SESSION_TASKS_MAX wait already, or the session is about to log out),
 * FAULT_SESSION_LOST (not SESSION_READY) or FAULT_BAD_REQUEST (data without a buffer, or a discovery
 * session), when it cannot be taken; the task is then not referenced. A task that waits or is active must not
 * be submitted again.
 */
bool session_submit(struct session *session, struct task *task);

/*
 * After it returns, the task (TASK_DONE, FAULT_CANCELLED) and its buffer are never touched again. A command
 * already sent is aborted with ABORT TASK; late data for it goes to scratch memory (REQ-220, REQ-259). A PDU
 * that is half sent is completed from the session's own copy (frame_detach); Data-Out not begun is dropped.
 */
void session_cancel(struct session *session, struct task *task);
/*
 * Commands that were cancelled or timed out and whose ABORT TASK is not answered yet: until this is 0 the
 * target may still carry them out, so a write to the same blocks must wait (REQ-237). No answer in time fails
 * the session.
 */
unsigned session_aborting(const struct session *session);

/* A bounded end: Logout, its answer or limit_ms (0: logout_ms), close. Tasks still alive end with
 * FAULT_CANCELLED. */
void session_logout(struct session *session, uint32_t limit_ms);

/* At once: every task ends with FAULT_CANCELLED, the connection is aborted, no byte is sent any more. */
void session_abort(struct session *session);

/* Wipe every secret and all CHAP state. The session must not be used again without session_init. */
void session_done(struct session *session);

/* SendTargets (discovery sessions): discovery.h parses the answer. False: not SESSION_READY, or one is under
 * way. */
bool session_send_targets(struct session *session);
/* NULL while the answer is not complete. */
const char *session_targets_text(const struct session *session, size_t *ret_length);

/* Liveness on demand (lunctl ping): a NOP-Out with an echo; false when one is under way or not READY. */
bool session_ping(struct session *session);
/* Pings answered since session_open, and the time that the last one took. */
unsigned session_pings(const struct session *session, uint64_t *ret_last_ms);

#endif
