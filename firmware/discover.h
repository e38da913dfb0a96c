/* SPDX-License-Identifier: BSD-2-Clause */
/* From a portal alone to its target: a discovery session, when nobody named one (REQ-023). */
#ifndef LUNBOOT_FIRMWARE_DISCOVER_H
#define LUNBOOT_FIRMWARE_DISCOVER_H

#include "attach.h"

/*
 * Ask the portal of machine.session_config for its targets, and log out. ATTACH_READY: there is one, and it
 * stands in machine.target and machine.session_config as if it had been configured. ATTACH_FAILED:
 * machine.failure has the sentence.
 */
enum attach_result discover_target(void);

#endif
