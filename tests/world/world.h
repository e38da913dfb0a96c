/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A world for net/ in virtual time: one nic, a wire with a delay, and stations at its far end that see every
 * frame (a peer's TCP/IP, scripted servers, the test itself). Nothing waits: when there is nothing to do, the
 * clock jumps to the next thing there is. Supplies net_milliseconds, net_random and net_log.
 */
#ifndef LUNBOOT_TESTS_WORLD_H
#define LUNBOOT_TESTS_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/lossy.h"
#include "net/net.h"
#include "net/nic.h"

#define WORLD_FRAME_MAX    9018u
#define WORLD_STATIONS_MAX 8u

struct world_config {
    uint64_t seed;         /* of net_random, the peer and the faults */
    uint32_t delay_ms;     /* of the wire, each way */
    uint32_t bytes_per_ms; /* that the wire carries, each way; 0: no limit */
    uint16_t mtu;          /* 0: 1500 */
    uint32_t frames;       /* that the nic owns, 0: NIC_LENT_MAX and some */
    uint32_t send_room;    /* frames that may be on the wire from us before the nic is busy, 0: no limit */
    struct lossy_config faults; /* its seed is not used */
    bool with_peer;             /* the second lwIP, as WORLD_PEER */
};

/* The hosts of the world. */
extern const uint8_t WORLD_MAC[6], WORLD_ADDRESS[4], WORLD_NETMASK[4];
extern const uint8_t WORLD_PEER_MAC[6], WORLD_PEER[4];

/* Begin and end; the clock goes on from where the last world stopped. The end fails the test when a frame is
 * lost. */
void world_begin(const struct world_config *config);
void world_end(void);

/* Our end: what net_open takes (the lossy one, over the wire's). */
struct nic *world_nic(void);
/* The wire's end of it, without faults. */
struct nic *world_plain_nic(void);

/* net_open with the defaults, and our static address. */
void world_open_static(uint32_t tcp_window);

uint64_t world_now(void);

/* ---- the far end ---- */

/* Sees each frame that we send. Returning true keeps it from the stations after it. */
typedef bool (*world_station)(void *arg, const uint8_t *frame, size_t length);
/* The one added last is asked first. The peer is the last. */
void world_add_station(world_station station, void *arg);
/* Send a frame to us, which arrives after the wire's delay and `later_ms`. */
void world_send(const void *frame, size_t length, uint32_t later_ms);
/* Change or drop (return 0) what the peer sends, before it goes on the wire; NULL: leave it. Returns the
 * length. */
typedef size_t (*world_filter)(void *arg, uint8_t *frame, size_t length);
void world_set_filter(world_filter filter, void *arg);
/* The wire is cut: nothing passes in either direction. */
void world_cut(bool cut);
/* Other faults from now on; all zero: the wire is a good one. */
void world_set_faults(const struct lossy_config *faults);
/* The device stops working, or its link goes. */
void world_break(void);

/* ---- time ---- */

/* One round: frames, both stacks; then to the next event, but at most `limit_ms` ahead. False: nothing is
 * going to happen. */
bool world_step(uint64_t limit_ms);
/* Rounds until the condition holds (true) or the virtual time is over (false). */
bool world_until(bool (*condition)(void *arg), void *arg, uint64_t limit_ms);
void world_run(uint64_t ms);

/* ---- what was seen ---- */

/* A line of the log holds this text. */
bool world_logged(const char *text);
uint64_t world_random(void); /* the world's own numbers, seeded */
/* How many seeds a test tries: `usual`, or what LUNBOOT_SEEDS says. */
unsigned world_seeds(unsigned usual);
/* Run `first` and those after it, or the one that LUNBOOT_SEED names. */
void world_each_seed(uint64_t first, unsigned count, void (*run)(uint64_t seed));
unsigned world_frames_held(void); /* received frames not given back to the nic */

#endif
