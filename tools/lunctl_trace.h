/* SPDX-License-Identifier: BSD-2-Clause */
/* One line for each PDU on standard error: headers alone, so no data and no secret. */
#ifndef LUNBOOT_TOOLS_LUNCTL_TRACE_H
#define LUNBOOT_TOOLS_LUNCTL_TRACE_H

#include "iscsi/session.h"

/* Print the lines that are new since `*cursor`; times are shown since `start_ms`. */
void lunctl_trace_drain(const struct session *session, uint64_t *cursor, uint64_t start_ms);

#endif
