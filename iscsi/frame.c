/* SPDX-License-Identifier: BSD-2-Clause */
#include "frame.h"

#include <string.h>

/* In the order of the stream (section 11.1). The stages of which nothing is wanted are passed over. */
enum stage {
    STAGE_HEADER,
    STAGE_AHS,     /* to scratch: a target has no additional header that we know (REQ-045) */
    STAGE_PLACE,   /* frame_place is owed */
    STAGE_DATA,    /* to the owner's buffer */
    STAGE_DISCARD, /* to scratch: what found no room */
    STAGE_PAD,     /* to scratch, never looked at (REQ-040) */
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
    frame->fault = FAULT_NONE;
    enter(frame, STAGE_HEADER, PDU_HEADER_SIZE);
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
    enter(frame, STAGE_HEADER, PDU_HEADER_SIZE);
    return FRAME_PDU;
}

/* The headers are here: is there data? */
static enum frame_event headers_done(struct frame_receiver *frame)
{
    if (frame->pdu.data_length == 0)
        return whole(frame);
    enter(frame, STAGE_PLACE, 0);
    return FRAME_HEADER;
}

/* The one place where the lengths of a PDU are checked: nothing is read or kept before (REQ-038, REQ-039). */
static enum frame_event header_done(struct frame_receiver *frame)
{
    enum fault_code fault = pdu_parse(frame->header, &frame->pdu);

    frame->data = NULL;
    frame->room = 0;
    if (fault != FAULT_NONE)
        return fail(frame, fault);
    if (frame->pdu.data_length > frame->data_limit)
        return fail(frame, FAULT_FORMAT_LENGTH);
    if (frame->pdu.ahs_length > 0) {
        enter(frame, STAGE_AHS, frame->pdu.ahs_length);
        return FRAME_MORE;
    }
    return headers_done(frame);
}

/* All data is here, wherever it went. */
static enum frame_event data_done(struct frame_receiver *frame)
{
    uint32_t pad = pad_length(frame->pdu.data_length);

    if (pad == 0)
        return whole(frame);
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

enum frame_event frame_done(struct frame_receiver *frame, size_t n)
{
    uint8_t *window;

    if (frame->stage == STAGE_FAILED)
        return FRAME_FAILED;
    if (n > frame_space(frame, &window))
        return fail(frame,
                    FAULT_FORMAT_LENGTH); /* the caller's mistake: the stream can no longer be trusted */
    frame->have += (uint32_t)n;
    if (frame->stage == STAGE_PLACE || frame->have < frame->wanted)
        return FRAME_MORE;
    switch (frame->stage) {
    case STAGE_HEADER:
        return header_done(frame);
    case STAGE_AHS:
        return headers_done(frame);
    case STAGE_DATA:
        return placed_done(frame);
    case STAGE_DISCARD:
        return data_done(frame);
    default:
        return whole(frame);
    }
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

void frame_send(struct frame_sender *frame, const uint8_t *data, uint32_t data_length)
{
    frame->data = data;
    frame->data_length = data_length;
    frame->sent = 0;
}

static uint32_t total(const struct frame_sender *frame)
{
    return PDU_HEADER_SIZE + frame->data_length + pad_length(frame->data_length);
}

size_t frame_peek(const struct frame_sender *frame, const uint8_t **ret_piece)
{
    static const uint8_t pad[4];
    uint32_t data_end = PDU_HEADER_SIZE + frame->data_length;

    if (frame->sent < PDU_HEADER_SIZE) {
        *ret_piece = frame->header + frame->sent;
        return PDU_HEADER_SIZE - frame->sent;
    }
    if (frame->sent < data_end) {
        *ret_piece = frame->data + (frame->sent - PDU_HEADER_SIZE);
        return data_end - frame->sent;
    }
    *ret_piece = pad;
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
    uint32_t offset = frame->sent > PDU_HEADER_SIZE ? frame->sent - PDU_HEADER_SIZE : 0;

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
