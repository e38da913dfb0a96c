/* SPDX-License-Identifier: BSD-2-Clause */
/* The PDU trace as log lines, and the packet capture as a file (both by option; never data of CHAP, REQ-172).
 */
#ifndef LUNBOOT_FIRMWARE_TRACE_H
#define LUNBOOT_FIRMWARE_TRACE_H

struct nic;

/* Log the PDU headers that the session kept since the last call, when the log level is LOG_TRACE. */
void trace_drain(void);

/* Start over with a new session. */
void trace_restart(void);

/* Record on `nic`, when the configuration says so, behind what earlier NICs and attempts left in the capture:
 * one file tells the whole start. Returns the nic to be used: `nic` itself where nothing is recorded. */
struct nic *trace_start_capture(struct nic *nic);
/* Write what was captured so far, if anything, to the file that the configuration names. */
void trace_write_capture(void);
/* Give the capture's memory back; no nic records any more. */
void trace_end_capture(void);

#endif
