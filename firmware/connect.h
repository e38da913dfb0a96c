/* SPDX-License-Identifier: BSD-2-Clause */
/* What the sessions of a boot have in common: how one is begun, waited for, and judged when it failed. */
#ifndef LUNBOOT_FIRMWARE_CONNECT_H
#define LUNBOOT_FIRMWARE_CONNECT_H

#include "machine.h"
#include "wait.h"

/*
 * Begin a session by machine.session_config, with machine.lun on top or, where `lun` is NULL, to ask for
 * targets. False: machine.failure has the sentence, nothing is open.
 */
bool connect_start(struct lun *lun);

/* Turn the machine until `done` or the session has failed; what the session tries is told. */
enum wait_end connect_wait(uint64_t limit_ms, bool (*done)(void));

/* How far a session came that failed with this before there was a disk. */
enum failure_stage connect_stage(const struct fault *fault);

#endif
