/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last headers that went by, for a post-mortem (REQ-352): headers alone, so no data and no secret
 * (REQ-172).
 */
#include <string.h>

#include "session_parts.h"

void session_trace_add(struct session *session, bool out, const uint8_t header[PDU_HEADER_SIZE])
{
    struct session_trace *line = &session->trace.lines[session->trace.count % SESSION_TRACE_MAX];

    line->out = out;
    line->at_ms = session->now_ms;
    memcpy(line->header, header, PDU_HEADER_SIZE);
    session->trace.count++;
}

bool session_trace_next(const struct session *session, uint64_t *cursor, struct session_trace *ret_line,
                        uint64_t *ret_lost)
{
    uint64_t count = session->trace.count;
    uint64_t oldest = count > SESSION_TRACE_MAX ? count - SESSION_TRACE_MAX : 0;
    uint64_t at = *cursor > oldest ? *cursor : oldest;

    if (at >= count)
        return false;
    *ret_lost = at - *cursor;
    *ret_line = session->trace.lines[at % SESSION_TRACE_MAX];
    *cursor = at + 1;
    return true;
}
