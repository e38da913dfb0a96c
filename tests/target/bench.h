/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bench that joins a session and the scripted target in virtual time: it does the session's actions, moves
 * bytes in pieces of any size, moves the clock to the next deadline when nothing else happens, and keeps a
 * record of it all.
 */
#ifndef LUNBOOT_TESTS_BENCH_H
#define LUNBOOT_TESTS_BENCH_H

#include "iscsi/session.h"
#include "tests/target/target.h"

#define BENCH_INITIATOR "iqn.2024-01.org.example:client"
#define BENCH_ACTIONS   256

/* What happens when the session connects to a portal; portals are told apart by their port. */
enum bench_mode { BENCH_ACCEPT, BENCH_REFUSE, BENCH_IGNORE, BENCH_UNREACHABLE, BENCH_MUTE };

struct bench_portal {
    uint16_t port;
    enum bench_mode mode;
    uint8_t login_class, login_detail; /* answered to the first login request; 0: log in */
    unsigned times;                    /* how often mode and status hold, then it accepts; 0: always */
    const char *address;               /* TargetAddress with it */
};

struct bench_name {
    const char *host;
    struct address addresses[SESSION_ADDRESSES_MAX];
    unsigned count;
    enum fault_code why; /* count 0 */
    bool silent;
};

struct bench_action {
    enum session_action_kind kind;
    uint32_t connection;
    uint64_t at_ms;
    struct address address;
    uint16_t port;
    char host[ADDRESS_HOST_MAX + 1];
};

/* What a test does to the connection once so many bytes have passed. */
enum bench_cut { BENCH_CUT_NONE, BENCH_CUT_FIN, BENCH_CUT_RST, BENCH_CUT_SILENCE };

struct bench_bytes {
    uint8_t *bytes;
    size_t length, room;
};

struct bench {
    struct session *session; /* on the heap, so that the sanitizer guards its edges */
    struct session_config config;
    struct chap_config chap;
    struct target target;
    uint8_t seed[HASH_SEED];
    uint64_t now_ms;
    uint32_t connection;
    bool connected, connecting, resolving;
    size_t rx_piece, tx_piece; /* at most so many bytes at once; 0: no limit */
    bool tx_first;             /* all that the session has to send goes before each piece that it receives */
    bool tx_stopped;           /* the stream has no room */
    size_t tx_limit;           /* then it stops; 0: never */
    size_t tx_total, rx_total;
    enum bench_cut cut;                     /* once, when rx_total or tx_total reaches: */
    size_t cut_rx, cut_tx;                  /* 0: not by that one */
    void (*wire)(uint8_t *bytes, size_t n); /* may change what the session receives; NULL: it does not */
    bool silent;                            /* what moves is lost, until the next connection */
    struct bench_portal portals[8];
    unsigned portal_count;
    struct bench_name names[4];
    unsigned name_count;
    struct bench_action actions[BENCH_ACTIONS];
    unsigned action_count;
    struct bench_bytes sent, received; /* the session's, over all connections */
    uint64_t deadline_ms;              /* of the last tick */
};

/* A disk with CHAP off, one portal, one attempt; tests change `config` and `target.config` before
 * bench_start. */
void bench_init(struct bench *bench, const struct target_config *target);
/* With CHAP: names and secrets fitting on both sides. `mutual`: both ways. */
void bench_chap(struct bench *bench, bool mutual);
/* session_init and session_open. */
void bench_start(struct bench *bench);
void bench_done(struct bench *bench);

/* Until nothing moves, without moving the clock. */
void bench_settle(struct bench *bench);
/* The clock moves by so much, with every deadline on the way. */
void bench_pass(struct bench *bench, uint64_t ms);
/* Until the session is in this state, at most limit_ms of virtual time. False: not reached. */
bool bench_until(struct bench *bench, enum session_state state, uint64_t limit_ms);
/* Until the task is done. */
bool bench_finish(struct bench *bench, const struct task *task, uint64_t limit_ms);

/* bench_start, and READY, or the test fails. */
void bench_ready(struct bench *bench);

/* Commands: only filled in. */
void bench_read(struct task *task, uint32_t lba, uint16_t blocks, uint8_t *data);
void bench_write(struct task *task, uint32_t lba, uint16_t blocks, const uint8_t *data);
void bench_unit_ready(struct task *task);
/* A read of these blocks, done and right, or the test fails. */
void bench_check_read(struct bench *bench, uint32_t lba, uint16_t blocks);
/* The test fails if the target has a complaint. */
void bench_no_complaint(const struct bench *bench);
unsigned bench_count_actions(const struct bench *bench, enum session_action_kind kind);

#endif
