/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One machine of a storm: what lunboot.efi does from the link to the first block of its disk, with the same
 * net/, iscsi/ and settings, over a TAP device. lwIP has one state in a program, so a machine is a process.
 */
#ifndef LUNBOOT_TOOLS_STORM_BOOT_H
#define LUNBOOT_TOOLS_STORM_BOOT_H

#include <stdbool.h>
#include <stdint.h>

#include "firmware/params.h"
#include "firmware/pump.h"
#include "firmware/words.h"
#include "iscsi/lun.h"
#include "iscsi/session.h"
#include "tap.h"

#define BOOT_BLOCK_MAX 4096u

enum boot_stage { BOOT_ADDRESS, BOOT_CONNECT, BOOT_LOGIN, BOOT_READY, BOOT_BLOCK, BOOT_STAGES };

struct boot {
    /* set by the caller */
    struct tap tap;
    struct params configured;
    int leash; /* the reading end of a pipe: when its writer is gone, every wait ends */
    /* what came of it */
    uint64_t at_ms[BOOT_STAGES]; /* CLOCK_MONOTONIC, of the last try; 0: not reached */
    unsigned tries;              /* whole attempts (retries and one) */
    unsigned connections;        /* that came up */
    unsigned failed;             /* connections and logins that came to nothing */
    unsigned md5_logins;         /* second logins that offer MD5 alone (REQ-152) */
    unsigned discovers;          /* of DHCP */
    uint64_t frames_in, frames_out;
    char initiator_name[NAME_MAX_BYTES + 1];
    uint8_t block[BOOT_BLOCK_MAX]; /* the disk's first one */
    uint32_t block_size;
    char failure[WORDS_MAX]; /* of the last try, as lunboot would say it; empty: none */
    /* private */
    struct params params; /* with what DHCP said */
    struct params_target target;
    struct session_config session_config;
    struct lun_config lun_config;
    struct session session;
    struct lun lun;
    struct pump pump;
    enum session_state state; /* at the last look */
    unsigned noted;           /* the number of the last attempt that was counted */
    bool pumping, may_pass, leaving;
};

/* Up to the first block, tried again as often and after such pauses as lunboot does. False: see failure. */
bool boot_run(struct boot *boot);
/* Keep the session alive until the leash is let go. */
void boot_hold(struct boot *boot);
/* Log out, and give up the network. */
void boot_end(struct boot *boot);

#endif
