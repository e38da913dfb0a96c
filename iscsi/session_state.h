/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The members of struct session, in the open so that the caller can place it in static memory. To be read by
 * the session's own files, tests and traces; everybody else uses session.h's functions. Included by session.h
 * only.
 */
#ifndef LUNBOOT_ISCSI_SESSION_STATE_H
#define LUNBOOT_ISCSI_SESSION_STATE_H

#define SESSION_R2TS_MAX    8u  /* outstanding for one task: the limit of what MaxOutstandingR2T offers */
#define SESSION_PONGS_MAX   16u /* answers to NOP-Ins that wait for the wire */
#define SESSION_INBOX       8192u /* data segments that are no task's data: login text, sense, rejected headers */
#define SESSION_ANSWERS_MAX 2048u
#define SESSION_PING_DATA   16u
#define SESSION_NEVER       UINT64_MAX

/* Which portal and which of its addresses is being tried (session_connection.c). */
struct session_route {
    unsigned round, portal, address, address_count, hops;
    uint32_t skipped; /* portals that were given up until the next session_open, a bit each */
    struct portal current;
    struct address addresses[SESSION_ADDRESSES_MAX];
    uint64_t pause_ms; /* the next pause, before jitter */
    bool redirected, moved_permanently;
    bool md5_only, md5_used;         /* this login; the one attempt was spent (REQ-152) */
    bool limit_retried, new_retried; /* REQ-126; REQ-128 and REQ-130 */
};

/* The connection as the caller sees it, and what is still to be told to the caller. */
struct session_wire {
    uint32_t connection; /* reports with another number are of the past */
    uint32_t end_connection;
    enum session_action_kind end, start;
    bool held;         /* the caller knows `connection` */
    bool open;         /* bytes may move */
    bool first_header; /* none was received on it yet (REQ-033) */
};

/* Absolute times in milliseconds; SESSION_NEVER when not running. */
struct session_times {
    uint64_t phase;      /* end of the present state */
    uint64_t establish;  /* end of all attempts */
    uint64_t not_before; /* a new connection is not wanted before (Time2Wait) */
    uint64_t heard;      /* the last PDU arrived */
    uint64_t drain;      /* the Logout that the target asked for is sent now at the latest */
};

/* Command numbering (section 4.2.2). */
struct session_numbers {
    uint32_t cmd_sn; /* of the next command */
    uint32_t exp_stat_sn;
    uint32_t exp_cmd_sn, max_cmd_sn;
    bool window_known;
    uint32_t generation; /* upper bits of the last ITT given out; goes on across sessions (REQ-050) */
    unsigned fruitless;  /* PDUs without progress (REQ-052) */
    uint64_t fruitless_since_ms;
};

/* Bytes of a write that the target may be sent now. */
struct session_burst {
    uint32_t ttt; /* PDU_RESERVED_TAG: unsolicited */
    uint8_t lun[8];
    uint32_t at, end; /* offsets in the task's data */
    uint32_t data_sn;
};

enum session_slot_state {
    SESSION_SLOT_FREE,
    SESSION_SLOT_ACTIVE,
    SESSION_SLOT_ABORTING, /* ABORT TASK is due or sent; the task is gone */
};

/* A command that was sent, from its first byte until the target is done with its tag. */
struct session_slot {
    enum session_slot_state state;
    struct task *task; /* NULL in ABORTING */
    uint32_t itt, cmd_sn;
    uint8_t lun[8];
    enum task_direction direction;
    uint32_t length;
    uint8_t *in;
    const uint8_t *out;
    uint64_t deadline_ms; /* of the command; in ABORTING: of the answer to ABORT TASK */
    uint32_t data_sn;     /* next DataSN of Data-In, or R2TSN */
    uint32_t received;    /* READ: bytes, contiguous from the start */
    uint32_t granted;     /* WRITE: bytes from the start that we were allowed to send */
    uint32_t given;       /* WRITE: bytes that the stream took, in whole PDUs */
    struct session_burst bursts[SESSION_R2TS_MAX + 1]; /* in the order in which they were allowed */
    unsigned burst_count;
    uint32_t abort_itt; /* PDU_RESERVED_TAG: not sent yet */
    bool finished;      /* ABORTING: the status came first (REQ-258) */
};

struct session_transmit {
    struct frame_sender sender;
    bool sending;          /* the sender has a PDU that is not wholly taken */
    unsigned data_slot;    /* whose data the sender points to; SESSION_TASKS_MAX: nobody's */
    unsigned last_slot;    /* that was served with solicited data */
    unsigned last_command; /* slot of the newest command: its unsolicited data goes before the next command */
    bool data_turn;        /* solicited data goes before new commands this time */
    struct task *queue, **queue_end;
    unsigned queued;
    uint8_t detached[FRAME_SEND_MAX]; /* what is left of a PDU whose data was taken back */
};

/* NOP (section 11.18). */
struct session_pong {
    uint8_t lun[8];
    uint32_t ttt;
};

struct session_nop {
    struct session_pong pongs[SESSION_PONGS_MAX];
    unsigned first, count;
    bool ping_due, ping_echo; /* on demand a ping carries data */
    uint32_t ping_itt;        /* PDU_RESERVED_TAG: no ping is under way */
    uint64_t ping_sent_ms, ping_deadline_ms;
    uint8_t ping_data[SESSION_PING_DATA];
    unsigned answered;
    uint64_t last_ms;
};

/* A text exchange (section 11.10): SendTargets, or the empty one that Async event 4 asks for. */
struct session_exchange {
    bool busy, request_due, complete, targets;
    bool negotiation_due; /* Async event 4 came while another exchange was under way */
    uint32_t itt, ttt;
    uint32_t length;
    unsigned rounds;
    uint64_t deadline_ms;
    char text[SESSION_TEXT_MAX];
    struct keys keys; /* of a negotiation: what is a key of the standard, and what was seen */
    char answers[SESSION_ANSWERS_MAX];
    uint32_t answers_length;
};

struct session_ending {
    bool request_due, sent;
    bool asked_by_target; /* Async event 1: the session fails afterwards, to be opened again */
    uint32_t itt;
    unsigned target_requests; /* without a finished command between them (REQ-250) */
};

/* LOGICAL UNIT RESET (session_reset.c). */
struct session_reset {
    bool busy, due, spent; /* under way; not sent yet; there was one in this session */
    uint8_t lun[8];
    uint32_t itt; /* PDU_RESERVED_TAG: not sent */
    uint64_t deadline_ms;
};

struct session_notices {
    unsigned attentions; /* Async event 0 */
    unsigned ignored;    /* Async events that ask for nothing */
    uint8_t sense[TASK_SENSE_MAX];
    uint16_t sense_length;
};

struct session_trace_ring {
    uint64_t count;
    struct session_trace lines[SESSION_TRACE_MAX];
};

struct session {
    const struct session_config *config;
    enum session_state state;
    struct fault fault;
    struct session_attempt attempt;
    uint64_t now_ms;
    unsigned epoch;
    struct hash_random random;
    bool has_crc_instruction;
    struct session_info info;
    struct session_route route;
    struct session_wire wire;
    struct session_times times;
    struct session_numbers numbers;
    struct session_nop nop;
    struct session_ending ending;
    struct session_reset reset;
    struct session_notices notices;
    struct session_trace_ring trace;
    struct session_slot slots[SESSION_TASKS_MAX];
    struct frame_receiver receiver;
    unsigned landing; /* the slot whose buffer the receiver writes to; SESSION_TASKS_MAX: none */
    uint8_t inbox[SESSION_INBOX];
    struct session_transmit transmit;
    struct session_exchange exchange;
    struct login login;
};

#endif
