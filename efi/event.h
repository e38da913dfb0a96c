/* SPDX-License-Identifier: BSD-2-Clause */
/* The two events of the program: a periodic timer, and the moment before ExitBootServices (UEFI 2.10
 * section 7.1). */
#ifndef LUNBOOT_EFI_EVENT_H
#define LUNBOOT_EFI_EVENT_H

#include "uefi.h"

typedef void (*event_function)(void *context);

/* Call `function` at TPL_CALLBACK every period_ms. One timer. */
EFI_STATUS event_timer_start(unsigned period_ms, event_function function, void *context);
void event_timer_stop(void);

/*
 * Call `before` once at TPL_CALLBACK when ExitBootServices is called: by the Before-ExitBootServices group,
 * or, as many firmwares never signal that group, by a hook of the service itself, whichever comes first. Call
 * `at_exit` at TPL_NOTIFY in ExitBootServices proper, where no boot service may be used (REQ-335). To be made
 * after the NIC was opened, so that it runs before the NIC's own. `before` is not called where the TPL
 * forbids the network.
 */
EFI_STATUS event_exit_watch(event_function before, event_function at_exit, void *context);
void event_exit_unwatch(void);

#endif
