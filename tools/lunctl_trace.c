/* SPDX-License-Identifier: BSD-2-Clause */
#include "lunctl_trace.h"

#include <stdio.h>

#include "iscsi/bytes.h"
#include "iscsi/pdu.h"

static void print_cdb(const uint8_t *header)
{
    fputs(" cdb", stderr);
    for (unsigned i = 32; i < 48; i++)
        fprintf(stderr, " %02x", header[i]);
}

/* The words of the header by their places (RFC 7143 section 11); what the opcode does not use is left out. */
static void print_line(const struct session_trace *line, uint64_t start_ms)
{
    const uint8_t *h = line->header;
    uint8_t opcode = h[0] & 0x3fu;
    uint64_t ms = line->at_ms > start_ms ? line->at_ms - start_ms : 0;

    fprintf(stderr, "%4llu.%03llu %s %-16s flags %02x length %-6u itt %08x", (unsigned long long)(ms / 1000),
            (unsigned long long)(ms % 1000), line->out ? "->" : "<-", pdu_name(opcode), h[1],
            (unsigned)bytes_get24(h + 5), (unsigned)bytes_get32(h + 16));
    if (opcode == PDU_SCSI_COMMAND)
        fprintf(stderr, " expect %u", (unsigned)bytes_get32(h + 20));
    else if (opcode == PDU_DATA_OUT || opcode == PDU_DATA_IN || opcode == PDU_R2T)
        fprintf(stderr, " ttt %08x sn %u offset %u", (unsigned)bytes_get32(h + 20),
                (unsigned)bytes_get32(h + 36), (unsigned)bytes_get32(h + 40));
    if (!line->out)
        fprintf(stderr, " statsn %u window %u..%u", (unsigned)bytes_get32(h + 24),
                (unsigned)bytes_get32(h + 28), (unsigned)bytes_get32(h + 32));
    else if (opcode != PDU_DATA_OUT)
        fprintf(stderr, " cmdsn %u expstatsn %u", (unsigned)bytes_get32(h + 24),
                (unsigned)bytes_get32(h + 28));
    if (opcode == PDU_SCSI_COMMAND)
        print_cdb(h);
    if (opcode == PDU_SCSI_RESPONSE)
        fprintf(stderr, " response %02x status %02x", h[2], h[3]);
    if (opcode == PDU_LOGIN_RESPONSE)
        fprintf(stderr, " login %02x%02x", h[36], h[37]);
    fputc('\n', stderr);
}

void lunctl_trace_drain(const struct session *session, uint64_t *cursor, uint64_t start_ms)
{
    struct session_trace line;
    uint64_t lost;

    while (session_trace_next(session, cursor, &line, &lost)) {
        if (lost > 0)
            fprintf(stderr, "         %llu PDUs not shown\n", (unsigned long long)lost);
        print_line(&line, start_ms);
    }
}
