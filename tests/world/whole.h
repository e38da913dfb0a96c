/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything but UEFI in one world: the pump, a session and a disk over lwIP and the wire, the peer's lwIP,
 * and the scripted target behind it, all in virtual time. The test begins the world and the network, then
 * the target, then ourselves.
 */
#ifndef LUNBOOT_TESTS_WHOLE_H
#define LUNBOOT_TESTS_WHOLE_H

#include "firmware/pump.h"
#include "iscsi/lun.h"
#include "iscsi/session.h"
#include "tests/peer/peer.h"
#include "tests/target/target.h"
#include "tests/world/world.h"

#define WHOLE_PORT 3260u

enum whole_cut { WHOLE_UNCUT, WHOLE_CUT_FIN, WHOLE_CUT_RST };

struct whole {
    uint64_t seed;
    /* the far end */
    struct target target;
    struct peer_connection *connection; /* the one that the target serves, or NULL */
    unsigned connections;               /* so far */
    bool frozen;                        /* the target's program stands still; its host's TCP does not */
    enum whole_cut cut;                 /* of the connection, after so many more bytes: */
    size_t cut_after;
    void (*wire)(struct whole *whole, uint8_t *bytes, size_t n); /* changes what the target says, or NULL */
    /* ourselves */
    struct chap_config chap;
    struct session_config config;
    struct lun_config lun_config;
    struct session *session;
    struct lun *lun;
    struct pump pump;
    enum session_state told; /* of both, the last one in the log */
    enum lun_state lun_told;
    /* What else happens in each turn, or NULL: returns when it wants to be asked again at the latest. */
    uint64_t (*attend)(struct whole *whole);
};

/* A number below `count`, of the world's own. */
unsigned whole_pick(unsigned count);

/* An honest target as the seed draws it, with a disk of so many bytes. */
void whole_draw_target(struct target_config *ret_config, uint32_t disk_bytes);
/* The target listens. `config` of ours fits it, and may be changed until whole_start. */
void whole_begin(struct whole *whole, uint64_t seed, const struct target_config *config);
/* Session and disk are opened. */
void whole_start(struct whole *whole);

/* The target's host gives the connection up. */
void whole_drop(struct whole *whole, enum whole_cut how);

/* One turn of everything; the clock goes no further than to end_ms. */
void whole_turn(struct whole *whole, uint64_t end_ms);
/* Turns until the condition holds. False: it does not within so much virtual time. */
bool whole_until(struct whole *whole, bool (*condition)(struct whole *whole), uint64_t limit_ms);
bool whole_is_ended(struct whole *whole); /* the session, and every closed stream */

/* The test fails, with the seed and how things stand. */
void whole_fail(const struct whole *whole, const char *what);

/* Takes everything down, the world too. */
void whole_end(struct whole *whole);

#endif
