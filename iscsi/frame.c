/* SPDX-License-Identifier: BSD-2-Clause */
#include "frame.h"

#include <string.h>

/* In the order of the stream (section 11.1). The stages of which nothing is wanted are passed over. */
enum stage {
    STAGE_HEADER,
    STAGE_AHS, /* to scratch: a target has no additional header that we know (REQ-045) */
    STAGE_HEADER_DIGEST,
    STAGE_PLACE,   /* frame_place is owed */
    STAGE_DATA,    /* to the owner's buffer */
    STAGE_DISCARD, /* to scratch: what found no room */
    STAGE_PAD,     /* to scratch, never looked at (REQ-040) */
    STAGE_DATA_DIGEST,
    STAGE_FAILED,
};

static void enter(struct frame_receiver *frame, enum stage stage, uint32_t wanted)
{
    frame->stage = (uint8_t)stage;
    frame->wanted = wanted;
    frame->have = 0;
}

void frame_receiver_init(struct frame_receiver *frame, uint32_t data_limit)
{
    memset(frame, 0, sizeof *frame);
    frame->data_limit = data_limit;
    enter(frame, STAGE_HEADER, PDU_HEADER_SIZE);
}

void frame_receiver_check(struct frame_receiver *frame, struct frame_digests digests)
{
    frame->digests = digests;
}

size_t frame_space(struct frame_receiver *frame, uint8_t **ret_window)
{
    uint32_t left = frame->wanted - frame->have;

    switch (frame->stage) {
    case STAGE_HEADER:
        *ret_window = frame->header + frame->have;
        return left;
    case STAGE_DATA:
        *ret_window = frame->data + frame->have;
        return left;
    case STAGE_HEADER_DIGEST:
    case STAGE_DATA_DIGEST:
        *ret_window = frame->digest + frame->have;
        return left;
    case STAGE_AHS:
    case STAGE_DISCARD:
    case STAGE_PAD:
        *ret_window = frame->scratch;
        return left < sizeof frame->scratch ? left : sizeof frame->scratch;
    default:
        *ret_window = NULL;
        return 0;
    }
}

static uint32_t pad_length(uint32_t data_length)
{
    return (0u - data_length) & 3u;
}

static enum frame_event fail(struct frame_receiver *frame, enum fault_code fault)
{
    frame->fault = fault;
    frame->data = NULL;
    enter(frame, STAGE_FAILED, 0);
    return FRAME_FAILED;
}

static enum frame_event whole(struct frame_receiver *frame)
{
    frame->crc = 0;
    enter(frame, STAGE_HEADER, PDU_HEADER_SIZE);
    return FRAME_PDU;
}

static bool digest_is_right(const struct frame_receiver *frame)
{
    uint8_t expected[CRC32C_SIZE];

    crc32c_put(frame->crc, expected);
    return memcmp(expected, frame->digest, CRC32C_SIZE) == 0;
}

/*
 * The one place where the lengths of a PDU are checked: nothing is read or kept before (REQ-038, REQ-039).
 * False: the stream has failed.
 */
static bool accept(struct frame_receiver *frame)
{
    enum fault_code fault = pdu_parse(frame->header, &frame->pdu);

    frame->data = NULL;
    frame->room = 0;
    if (fault == FAULT_NONE && frame->pdu.data_length > frame->data_limit)
        fault = FAULT_FORMAT_LENGTH;
    if (fault != FAULT_NONE)
        fail(frame, fault);
    return fault == FAULT_NONE;
}

/* The headers are accepted: is there data? */
static enum frame_event headers_accepted(struct frame_receiver *frame)
{
    frame->crc = 0;
    if (frame->pdu.data_length == 0)
        return whole(frame);
    enter(frame, STAGE_PLACE, 0);
    return FRAME_HEADER;
}

static enum frame_event headers_done(struct frame_receiver *frame)
{
    if (!frame->digests.header)
        return headers_accepted(frame);
    enter(frame, STAGE_HEADER_DIGEST, CRC32C_SIZE);
    return FRAME_MORE;
}

static enum frame_event header_digest_done(struct frame_receiver *frame)
{
    if (!digest_is_right(frame))
        return fail(frame, FAULT_DIGEST_HEADER);
    return accept(frame) ? headers_accepted(frame) : FRAME_FAILED;
}

/* Where the digest is, only TotalAHSLength can tell: at most 1020 bytes on, whatever it says
 * (section 11.2.1.5). */
static enum frame_event header_done(struct frame_receiver *frame)
{
    if (!frame->digests.header && !accept(frame))
        return FRAME_FAILED;
    if (frame->header[4] > 0) {
        enter(frame, STAGE_AHS, frame->header[4] * 4u);
        return FRAME_MORE;
    }
    return headers_done(frame);
}

static enum frame_event padded(struct frame_receiver *frame)
{
    if (!frame->digests.data)
        return whole(frame);
    enter(frame, STAGE_DATA_DIGEST, CRC32C_SIZE);
    return FRAME_MORE;
}

/* All data is here, wherever it went. */
static enum frame_event data_done(struct frame_receiver *frame)
{
    uint32_t pad = pad_length(frame->pdu.data_length);

    if (pad == 0)
        return padded(frame);
    enter(frame, STAGE_PAD, pad);
    return FRAME_MORE;
}

static enum frame_event placed_done(struct frame_receiver *frame)
{
    uint32_t rest = frame->pdu.data_length - frame->room;

    if (rest == 0)
        return data_done(frame);
    enter(frame, STAGE_DISCARD, rest);
    return FRAME_MORE;
}

static void add_to_digest(struct frame_receiver *frame, const uint8_t *bytes, size_t n)
{
    bool of_header = frame->stage == STAGE_HEADER || frame->stage == STAGE_AHS;
    bool of_digest = frame->stage == STAGE_HEADER_DIGEST || frame->stage == STAGE_DATA_DIGEST;

    if (!of_digest && (of_header ? frame->digests.header : frame->digests.data))
        frame->crc = crc32c(frame->crc, bytes, n, frame->digests.use_instruction);
}

static enum frame_event stage_done(struct frame_receiver *frame)
{
    switch (frame->stage) {
    case STAGE_HEADER:
        return header_done(frame);
    case STAGE_AHS:
        return headers_done(frame);
    case STAGE_HEADER_DIGEST:
        return header_digest_done(frame);
    case STAGE_DATA:
        return placed_done(frame);
    case STAGE_DISCARD:
        return data_done(frame);
    case STAGE_PAD:
        return padded(frame);
    default:
        return digest_is_right(frame) ? whole(frame) : fail(frame, FAULT_DIGEST_DATA);
    }
}

enum frame_event frame_done(struct frame_receiver *frame, size_t n)
{
    uint8_t *window;

    if (frame->stage == STAGE_FAILED)
        return FRAME_FAILED;
    if (n > frame_space(frame, &window))
        return fail(frame,
                    FAULT_FORMAT_LENGTH); /* the caller's mistake: the stream can no longer be trusted */
    if (n > 0)
        add_to_digest(frame, window, n);
    frame->have += (uint32_t)n;
    return frame->stage == STAGE_PLACE || frame->have < frame->wanted ? FRAME_MORE : stage_done(frame);
}

void frame_place(struct frame_receiver *frame, uint8_t *data, uint32_t room)
{
    if (frame->stage != STAGE_PLACE)
        return;
    if (!data)
        room = 0;
    if (room > frame->pdu.data_length)
        room = frame->pdu.data_length;
    frame->data = room > 0 ? data : NULL;
    frame->room = room;
    if (room > 0)
        enter(frame, STAGE_DATA, room);
    else
        enter(frame, STAGE_DISCARD, frame->pdu.data_length);
}

void frame_forget(struct frame_receiver *frame)
{
    if (frame->stage == STAGE_DATA)
        enter(frame, STAGE_DISCARD, frame->pdu.data_length - frame->have);
    frame->data = NULL;
    frame->room = 0;
}

/* --- Sending --- */

/* Padding and digest of the data. */
static void make_tail(struct frame_sender *frame)
{
    static const uint8_t zeros[3];
    uint32_t pad = pad_length(frame->data_length);
    uint32_t crc;

    memcpy(frame->tail, zeros, sizeof zeros);
    frame->tail_length = pad;
    if (!frame->digests.data || frame->data_length == 0)
        return;
    crc = crc32c(0, frame->data, frame->data_length, frame->digests.use_instruction);
    crc = crc32c(crc, zeros, pad, frame->digests.use_instruction);
    crc32c_put(crc, frame->tail + pad);
    frame->tail_length += CRC32C_SIZE;
}

void frame_send(struct frame_sender *frame, const uint8_t *data, uint32_t data_length)
{
    frame->data = data;
    frame->data_length = data_length;
    frame->sent = 0;
    memcpy(frame->head, frame->header, PDU_HEADER_SIZE);
    frame->head_length = PDU_HEADER_SIZE;
    if (frame->digests.header) {
        crc32c_put(crc32c(0, frame->header, PDU_HEADER_SIZE, frame->digests.use_instruction),
                   frame->head + PDU_HEADER_SIZE);
        frame->head_length += CRC32C_SIZE;
    }
    make_tail(frame);
}

static uint32_t total(const struct frame_sender *frame)
{
    return frame->head_length + frame->data_length + frame->tail_length;
}

size_t frame_peek(const struct frame_sender *frame, const uint8_t **ret_piece)
{
    uint32_t data_end = frame->head_length + frame->data_length;

    if (frame->sent < frame->head_length) {
        *ret_piece = frame->head + frame->sent;
        return frame->head_length - frame->sent;
    }
    if (frame->sent < data_end) {
        *ret_piece = frame->data + (frame->sent - frame->head_length);
        return data_end - frame->sent;
    }
    *ret_piece = frame->tail + (frame->sent - data_end);
    return total(frame) - frame->sent;
}

void frame_take(struct frame_sender *frame, size_t n)
{
    uint32_t left = total(frame) - frame->sent;

    frame->sent += n < left ? (uint32_t)n : left;
}

bool frame_sent_all(const struct frame_sender *frame)
{
    return frame->sent == total(frame);
}

void frame_detach(struct frame_sender *frame, uint8_t copy[FRAME_SEND_MAX])
{
    uint32_t offset = frame->sent > frame->head_length ? frame->sent - frame->head_length : 0;

    if (offset >= frame->data_length || frame->data == copy)
        return;
    if (frame->data_length > FRAME_SEND_MAX) {
        frame->sent =
            total(frame); /* against the contract: better a PDU without its end than foreign bytes */
        return;
    }
    memcpy(copy + offset, frame->data + offset, frame->data_length - offset);
    frame->data = copy;
}
