/* SPDX-License-Identifier: BSD-2-Clause */
/* The PDU trace as log lines, and the packet capture as a file (both by option; never data of CHAP, REQ-172).
 */
#ifndef LUNBOOT_FIRMWARE_TRACE_H
#define LUNBOOT_FIRMWARE_TRACE_H

/* Log the PDU headers that the session kept since the last call, when the log level is LOG_TRACE. */
void trace_drain(void);

/* Start over with a new session. */
void trace_restart(void);

/* Write the capture, if there is one, to the file that the configuration names; then forget it. */
void trace_write_capture(void);

#endif
