/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the TCP stream and whole PDUs (RFC 7143 section 4.2.9): where the next bytes belong, padding and
 * digests (section 11.2.3). The receiver knows no session: it stops after each header and asks
 * its owner where the data segment is to land, so that Data-In goes straight into the caller's buffer.
 */
#ifndef LUNBOOT_ISCSI_FRAME_H
#define LUNBOOT_ISCSI_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crc32c.h"
#include "pdu.h"

enum frame_event {
    FRAME_MORE,   /* go on asking for space */
    FRAME_HEADER, /* `pdu` is filled (AHS was skipped) and it has data: frame_place must be called next */
    FRAME_PDU,    /* the PDU is complete; without a data segment this comes instead of FRAME_HEADER */
    FRAME_FAILED, /* `fault` says why; the stream is of no more use */
};

/* Which digests a direction of the stream carries. */
struct frame_digests {
    bool header, data;
    bool use_instruction; /* of the processor, see crc32c.h */
};

struct frame_receiver {
    uint8_t header[PDU_HEADER_SIZE];
    struct pdu pdu;
    uint32_t data_limit; /* largest DataSegmentLength that is taken */
    enum fault_code fault;
    /* private */
    uint8_t stage;
    uint8_t *data; /* where the data segment lands */
    uint32_t room;
    uint32_t wanted; /* bytes of the present stage */
    uint32_t have;
    struct frame_digests digests;
    uint32_t crc;                /* of what came since the last digest */
    uint8_t digest[CRC32C_SIZE]; /* as received */
    uint8_t scratch[512];        /* AHS, padding, and data that nobody wants */
};

/*
 * Start at a PDU's first byte: on a new connection, and again at the PDU boundary after the login, when what
 * was negotiated takes effect (REQ-072). `data_limit` is our MaxRecvDataSegmentLength in force (REQ-038,
 * REQ-028).
 */
void frame_receiver_init(struct frame_receiver *frame, uint32_t data_limit);

/*
 * From the next PDU on (to be called right after frame_receiver_init) digests are there, and are checked: the
 * header's before anybody looks at the header, the data's before FRAME_PDU. A wrong one is
 * FAULT_DIGEST_HEADER or FAULT_DIGEST_DATA (section 7.8, REQ-266); data that landed must then not be used.
 */
void frame_receiver_check(struct frame_receiver *frame, struct frame_digests digests);

/*
 * The window for the next bytes of the stream, at least 1 byte, valid until the next call. Never NULL while
 * the receiver has not failed and no frame_place is owed.
 */
size_t frame_space(struct frame_receiver *frame, uint8_t **ret_window);

/* `n` bytes were written to the window, at most its size. Returns what they completed. */
enum frame_event frame_done(struct frame_receiver *frame, size_t n);

/*
 * After FRAME_HEADER: the first `room` bytes of the data segment go to `data` (valid until FRAME_PDU or
 * frame_forget), what is beyond is thrown away; all of it when `data` is NULL. No effect when none is owed.
 */
void frame_place(struct frame_receiver *frame, uint8_t *data, uint32_t room);

/* The owner takes the place back: the rest of the data segment is thrown away (a task was cancelled). */
void frame_forget(struct frame_receiver *frame);

/* One PDU on its way out: header and its digest, data, padding and the data's digest; contiguous pieces in
 * that order. */
struct frame_sender {
    uint8_t header[PDU_HEADER_SIZE];
    const uint8_t *data;
    uint32_t data_length;
    uint32_t sent;                /* over all pieces */
    struct frame_digests digests; /* the owner's to set, between two PDUs */
    /* private: the header with its digest, and what follows the data */
    uint8_t head[PDU_HEADER_SIZE + CRC32C_SIZE];
    uint8_t tail[3 + CRC32C_SIZE];
    uint32_t head_length, tail_length;
};

/* The header must have been written to `frame->header`; `data` must stay valid, and as it is, until
 * frame_sent_all or frame_detach. */
void frame_send(struct frame_sender *frame, const uint8_t *data, uint32_t data_length);

/* The next contiguous piece, 0 when everything was taken. */
size_t frame_peek(const struct frame_sender *frame, const uint8_t **ret_piece);
void frame_take(struct frame_sender *frame, size_t n);
bool frame_sent_all(const struct frame_sender *frame);

/*
 * The owner of the data takes it back while the PDU is half sent: what is unsent is copied to `copy`, so that
 * the PDU is completed with the right bytes (never with others: the target may write them). Data segments
 * that we send are at most FRAME_SEND_MAX, the size of `copy`.
 */
#define FRAME_SEND_MAX 65536u
void frame_detach(struct frame_sender *frame, uint8_t copy[FRAME_SEND_MAX]);

#endif
