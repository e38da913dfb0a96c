/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Framing: a stream in any pieces gives the same PDUs, lengths are judged before a byte of data is taken,
 * data lands in its place and nowhere else, and what is sent is whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "iscsi/bytes.h"
#include "iscsi/frame.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define LIMIT 1000u

/* A stream of PDUs under construction. */
struct stream {
    uint8_t bytes[16384];
    size_t length;
};

static uint8_t data_byte(uint32_t itt, size_t i)
{
    return (uint8_t)(itt * 31 + i * 7 + 1);
}

/* A NOP-In with `ahs` words of additional header and `data` bytes; AHS and padding are filled with noise. */
static void add_pdu(struct stream *stream, uint32_t itt, uint8_t ahs, uint32_t data)
{
    uint8_t *at = stream->bytes + stream->length;
    size_t pad = (4 - data % 4) % 4;

    assert_true(PDU_HEADER_SIZE + 4u * ahs + data + pad <= sizeof stream->bytes - stream->length);
    memset(at, 0, PDU_HEADER_SIZE);
    at[0] = PDU_NOP_IN;
    at[1] = 0x80;
    at[4] = ahs;
    bytes_put24(at + 5, data);
    bytes_put32(at + 16, itt);
    memset(at + PDU_HEADER_SIZE, 0xee, 4u * ahs);
    at += PDU_HEADER_SIZE + 4u * ahs;
    for (size_t i = 0; i < data; i++)
        at[i] = data_byte(itt, i);
    memset(at + data, 0xcc, pad);
    stream->length += PDU_HEADER_SIZE + 4u * ahs + data + pad;
}

/* An owner that keeps the first `room` bytes of each data segment, and what it saw. */
struct owner {
    struct frame_receiver frame;
    uint32_t room;
    uint8_t *data;
    uint32_t itts[64];
    unsigned pdus;
    unsigned headers;
    bool failed;
    bool noise; /* the data is random: there is nothing to compare it with */
};

static void start(struct owner *owner, uint32_t room)
{
    memset(owner, 0, sizeof *owner);
    owner->room = room;
    frame_receiver_init(&owner->frame, LIMIT);
}

static void check_data(const struct owner *owner)
{
    uint32_t placed = owner->frame.pdu.data_length < owner->room ? owner->frame.pdu.data_length : owner->room;

    for (uint32_t i = 0; owner->data && !owner->noise && i < placed; i++)
        assert_int_equal(owner->data[i], data_byte(owner->frame.pdu.itt, i));
}

static void take_event(struct owner *owner, enum frame_event event)
{
    uint8_t *window;

    if (event == FRAME_HEADER) {
        assert_int_equal(frame_space(&owner->frame, &window), 0); /* frame_place is owed */
        owner->headers++;
        owner->data = owner->room > 0 ? malloc(owner->room) : NULL;
        frame_place(&owner->frame, owner->data, owner->room);
    } else if (event == FRAME_PDU) {
        check_data(owner);
        free(owner->data);
        owner->data = NULL;
        assert_true(owner->pdus < COUNT(owner->itts));
        owner->itts[owner->pdus++] = owner->frame.pdu.itt;
    } else if (event == FRAME_FAILED) {
        owner->failed = true;
    }
}

/* Give the bytes as the window allows, at most `piece` at a time. */
static void feed(struct owner *owner, const uint8_t *bytes, size_t length, size_t piece)
{
    while (length > 0 && !owner->failed) {
        uint8_t *window = NULL;
        size_t n = frame_space(&owner->frame, &window);

        assert_true(n > 0);
        assert_non_null(window);
        n = n < length ? n : length;
        n = n < piece ? n : piece;
        memcpy(window, bytes, n);
        take_event(owner, frame_done(&owner->frame, n));
        bytes += n;
        length -= n;
    }
}

static void finish(struct owner *owner)
{
    free(owner->data);
}

/* PDUs of all kinds of lengths, one after the other without a gap. */
static void mixed_stream(struct stream *stream)
{
    static const uint32_t lengths[] = {0, 1, 2, 3, 4, 5, 0, 47, 48, 49, 511, 512, 513, LIMIT};

    stream->length = 0;
    for (unsigned i = 0; i < COUNT(lengths); i++)
        add_pdu(stream, i + 1, (uint8_t)(i % 3 == 0 ? 0 : i * 18), lengths[i]);
}

static void assert_mixed(const struct owner *owner)
{
    assert_false(owner->failed);
    assert_int_equal(owner->pdus, 14);
    assert_int_equal(owner->headers, 12);
    for (unsigned i = 0; i < owner->pdus; i++)
        assert_int_equal(owner->itts[i], i + 1);
}

static void test_req_027_any_size_of_piece_gives_the_same_pdus(void **state)
{
    static struct stream stream;
    static const size_t pieces[] = {1, 2, 3, 5, 47, 48, 49, 512, 1460, SIZE_MAX};
    static const uint32_t rooms[] = {0, 1, 48, 512, 513, LIMIT, 4096};

    (void)state;
    mixed_stream(&stream);
    for (size_t i = 0; i < COUNT(pieces); i++) {
        for (size_t j = 0; j < COUNT(rooms); j++) {
            struct owner owner;

            start(&owner, rooms[j]);
            feed(&owner, stream.bytes, stream.length, pieces[i]);
            assert_mixed(&owner);
            finish(&owner);
        }
    }
}

static void test_req_027_a_cut_at_every_offset_gives_the_same_pdus(void **state)
{
    static struct stream stream;

    (void)state;
    mixed_stream(&stream);
    for (size_t cut = 0; cut <= stream.length; cut++) {
        struct owner owner;

        start(&owner, LIMIT);
        feed(&owner, stream.bytes, cut, SIZE_MAX);
        feed(&owner, stream.bytes + cut, stream.length - cut, SIZE_MAX);
        assert_mixed(&owner);
        finish(&owner);
    }
}

/* Wherever the old connection broke off, the new one starts at the first byte of a header. */
static void test_req_028_a_new_connection_starts_from_nothing(void **state)
{
    static struct stream stream;
    struct stream one = {.length = 0};

    (void)state;
    mixed_stream(&stream);
    add_pdu(&one, 77, 2, 9);
    for (size_t cut = 0; cut <= stream.length; cut += 7) {
        struct owner owner, fresh;

        start(&owner, LIMIT);
        feed(&owner, stream.bytes, cut, SIZE_MAX);
        finish(&owner);
        start(&fresh, LIMIT);
        fresh.frame = owner.frame;
        frame_receiver_init(&fresh.frame, LIMIT);
        feed(&fresh, one.bytes, one.length, SIZE_MAX);
        assert_false(fresh.failed);
        assert_int_equal(fresh.pdus, 1);
        assert_int_equal(fresh.itts[0], 77);
        finish(&fresh);
    }
}

static void test_req_038_the_limit_is_taken_and_one_byte_more_is_refused_at_the_header(void **state)
{
    static struct stream stream;
    struct owner owner;
    uint8_t *window;

    (void)state;
    stream.length = 0;
    add_pdu(&stream, 1, 0, LIMIT);
    start(&owner, LIMIT);
    feed(&owner, stream.bytes, stream.length, SIZE_MAX);
    assert_int_equal(owner.pdus, 1);
    stream.length = 0;
    add_pdu(&stream, 2, 0, LIMIT + 1);
    feed(&owner, stream.bytes, PDU_HEADER_SIZE - 1, SIZE_MAX);
    assert_false(owner.failed);
    feed(&owner, stream.bytes + PDU_HEADER_SIZE - 1, 1, SIZE_MAX);
    assert_true(owner.failed);
    assert_int_equal(owner.frame.fault, FAULT_FORMAT_LENGTH);
    assert_int_equal(owner.headers, 1); /* nobody was asked for a place */
    assert_int_equal(frame_space(&owner.frame, &window), 0);
}

static void test_req_039_the_largest_lengths_do_not_wrap(void **state)
{
    uint8_t header[PDU_HEADER_SIZE] = {PDU_DATA_IN, 0x80, 0, 0, 0xff, 0xff, 0xff, 0xff};
    struct frame_receiver frame;
    uint8_t *window;
    size_t taken = 0, n;

    (void)state;
    frame_receiver_init(&frame, PDU_DATA_MAX - 1);
    assert_int_equal(frame_space(&frame, &window), PDU_HEADER_SIZE);
    memcpy(window, header, sizeof header);
    assert_int_equal(frame_done(&frame, sizeof header), FRAME_FAILED);
    frame_receiver_init(&frame, PDU_DATA_MAX);
    (void)frame_space(&frame, &window);
    memcpy(window, header, sizeof header);
    assert_int_equal(frame_done(&frame, sizeof header), FRAME_MORE);
    for (enum frame_event event = FRAME_MORE; event == FRAME_MORE; taken += n) {
        n = frame_space(&frame, &window);
        event = frame_done(&frame, n);
        assert_true(event == FRAME_MORE || event == FRAME_HEADER);
    }
    assert_int_equal(taken, 1020);
    frame_place(&frame, NULL, 0);
    for (taken = 0;;) {
        enum frame_event event;

        n = frame_space(&frame, &window);
        assert_true(n > 0 && n <= 512);
        event = frame_done(&frame, n);
        taken += n;
        if (event == FRAME_PDU)
            break;
        assert_int_equal(event, FRAME_MORE);
    }
    assert_int_equal(taken, PDU_DATA_MAX + 1u); /* one byte of padding */
}

static void test_req_042_044_a_bad_opcode_ends_the_stream_for_good(void **state)
{
    struct stream stream = {.length = 0};
    struct owner owner;
    uint8_t *window;

    (void)state;
    add_pdu(&stream, 1, 0, 0);
    add_pdu(&stream, 2, 0, 0);
    stream.bytes[0] = PDU_SCSI_COMMAND;
    start(&owner, LIMIT);
    feed(&owner, stream.bytes, stream.length, SIZE_MAX);
    assert_true(owner.failed);
    assert_int_equal(owner.pdus, 0);
    assert_int_equal(owner.frame.fault, FAULT_FORMAT_OPCODE);
    assert_int_equal(frame_space(&owner.frame, &window), 0);
    assert_null(window);
    assert_int_equal(frame_done(&owner.frame, 0), FRAME_FAILED);
    assert_int_equal(frame_done(&owner.frame, 48), FRAME_FAILED);
}

static void test_req_045_the_longest_ahs_is_skipped_within_bounds(void **state)
{
    static struct stream stream;
    struct owner owner;

    (void)state;
    stream.length = 0;
    for (unsigned i = 0; i < 4; i++)
        add_pdu(&stream, i, 0xff, i);
    for (size_t piece = 1; piece < 2000; piece = piece * 3 + 1) {
        start(&owner, LIMIT);
        feed(&owner, stream.bytes, stream.length, piece);
        assert_false(owner.failed);
        assert_int_equal(owner.pdus, 4);
        finish(&owner);
    }
}

/* The stream's noise in the padding is neither data nor the next header; see add_pdu. */
static void test_req_040_received_padding_is_not_looked_at(void **state)
{
    (void)state;
    for (uint32_t length = 1; length <= 8; length++) {
        struct stream stream = {.length = 0};
        struct owner owner;

        add_pdu(&stream, 1, 0, length);
        assert_int_equal(stream.length % 4, 0);
        add_pdu(&stream, 2, 0, 0);
        start(&owner, 64);
        feed(&owner, stream.bytes, stream.length, SIZE_MAX);
        assert_false(owner.failed);
        assert_int_equal(owner.pdus, 2);
        assert_int_equal(owner.itts[1], 2);
        finish(&owner);
    }
}

/* Not a byte is written behind the room that was given. */
static void test_data_beyond_the_room_is_thrown_away(void **state)
{
    (void)state;
    for (uint32_t room = 0; room <= 20; room++) {
        struct stream stream = {.length = 0};
        struct owner owner;

        add_pdu(&stream, 1, 0, 17);
        add_pdu(&stream, 2, 0, 17);
        start(&owner, room); /* the place is allocated with exactly this size */
        feed(&owner, stream.bytes, stream.length, SIZE_MAX);
        assert_int_equal(owner.pdus, 2);
        finish(&owner);
    }
}

static void test_the_window_of_data_is_the_owners_buffer(void **state)
{
    struct stream stream = {.length = 0};
    struct frame_receiver frame;
    uint8_t data[100];
    uint8_t *window;

    (void)state;
    add_pdu(&stream, 1, 0, 100);
    frame_receiver_init(&frame, LIMIT);
    (void)frame_space(&frame, &window);
    memcpy(window, stream.bytes, PDU_HEADER_SIZE);
    assert_int_equal(frame_done(&frame, PDU_HEADER_SIZE), FRAME_HEADER);
    frame_place(&frame, data, sizeof data);
    assert_int_equal(frame_space(&frame, &window), 100);
    assert_ptr_equal(window, data);
    assert_int_equal(frame_done(&frame, 30), FRAME_MORE);
    assert_int_equal(frame_space(&frame, &window), 70);
    assert_ptr_equal(window, data + 30);
    assert_int_equal(frame_done(&frame, 70), FRAME_PDU);
}

/* A command is cancelled at any point of its data: its memory is freed, and the stream goes on. */
static void test_a_place_taken_back_is_never_written_again(void **state)
{
    static const uint32_t rooms[] = {601, 300};
    struct stream stream = {.length = 0};

    (void)state;
    add_pdu(&stream, 1, 0, 601);
    add_pdu(&stream, 2, 0, 5);
    for (size_t i = 0; i < COUNT(rooms); i++) {
        for (size_t cut = PDU_HEADER_SIZE; cut < stream.length; cut++) {
            struct owner owner;

            start(&owner, rooms[i]);
            feed(&owner, stream.bytes, cut, SIZE_MAX);
            frame_forget(&owner.frame);
            free(owner.data);
            owner.data = NULL;
            feed(&owner, stream.bytes + cut, stream.length - cut, SIZE_MAX);
            assert_false(owner.failed);
            assert_int_equal(owner.pdus, 2);
            assert_int_equal(owner.itts[1], 2);
            finish(&owner);
        }
    }
}

/* All that a sender gives out, in pieces of at most `piece` bytes. */
static size_t drain(struct frame_sender *frame, uint8_t *out, size_t piece)
{
    size_t length = 0;
    const uint8_t *at;
    size_t n;

    while ((n = frame_peek(frame, &at)) > 0) {
        assert_false(frame_sent_all(frame));
        n = n < piece ? n : piece;
        memcpy(out + length, at, n);
        frame_take(frame, n);
        length += n;
    }
    assert_true(frame_sent_all(frame));
    return length;
}

static void test_req_040_what_is_sent_is_padded_with_zeros(void **state)
{
    uint8_t data[600], out[700];

    (void)state;
    memset(data, 0xab, sizeof data);
    for (uint32_t length = 0; length < 600; length += length < 10 ? 1 : 59) {
        for (size_t piece = 1; piece < 1000; piece = piece * 4 + 3) {
            struct frame_sender frame = {.sent = 0};
            size_t padded = (length + 3) / 4 * 4;

            memset(frame.header, 0x11, sizeof frame.header);
            frame_send(&frame, data, length);
            memset(out, 0xee, sizeof out);
            assert_int_equal(drain(&frame, out, piece), PDU_HEADER_SIZE + padded);
            for (size_t i = 0; i < PDU_HEADER_SIZE + padded; i++)
                assert_int_equal(out[i], i < 48 ? 0x11 : i < 48 + length ? 0xab : 0);
        }
    }
}

/* A write is cancelled while its PDU is half sent: its memory is freed, and the PDU still ends with its
 * bytes. */
static void test_a_detached_pdu_is_completed_with_the_right_bytes(void **state)
{
    static uint8_t copy[FRAME_SEND_MAX];
    uint8_t out[200];

    (void)state;
    for (size_t cut = 0; cut <= PDU_HEADER_SIZE + 104; cut++) {
        struct frame_sender frame = {.sent = 0};
        uint8_t *data = malloc(101);
        size_t length;

        assert_non_null(data);
        for (size_t i = 0; i < 101; i++)
            data[i] = data_byte(5, i);
        memset(frame.header, 0x11, sizeof frame.header);
        memset(copy, 0xee, sizeof copy);
        memset(out, 0x11, sizeof out);
        frame_send(&frame, data, 101);
        for (size_t i = 0; i < cut; i++) {
            const uint8_t *at;

            assert_true(frame_peek(&frame, &at) > 0);
            out[i] = *at;
            frame_take(&frame, 1);
        }
        frame_detach(&frame, copy);
        memset(data, 0xdd, 101);
        free(data);
        length = drain(&frame, out + cut, SIZE_MAX);
        assert_int_equal(cut + length, PDU_HEADER_SIZE + 104);
        for (size_t i = 0; i < 101; i++)
            assert_int_equal(out[PDU_HEADER_SIZE + i], data_byte(5, i));
    }
}

static void test_a_sender_takes_no_more_than_it_has(void **state)
{
    struct frame_sender frame = {.sent = 0};
    const uint8_t *at;

    (void)state;
    memset(frame.header, 0, sizeof frame.header);
    frame_send(&frame, NULL, 0);
    frame_take(&frame, SIZE_MAX);
    assert_true(frame_sent_all(&frame));
    assert_int_equal(frame_peek(&frame, &at), 0);
}

/* Random bytes behind a good first byte: PDUs or a failure, never a stop and never a write outside. */
static void test_req_053_any_stream_ends_in_pdus_or_a_failure(void **state)
{
    uint32_t seed = 11;

    (void)state;
    for (unsigned round = 0; round < 300; round++) {
        struct owner owner;

        start(&owner, round % 64);
        owner.noise = true;
        for (unsigned i = 0; i < 4000 && !owner.failed && owner.pdus < COUNT(owner.itts); i++) {
            uint8_t byte;

            seed = seed * 1664525u + 1013904223u;
            byte = (uint8_t)(seed >> 24);
            if (owner.frame.wanted ==
                PDU_HEADER_SIZE) { /* keep headers plausible, so that more than one is read */
                if (owner.frame.have == 0)
                    byte = 0x20 | (byte & 0x7);
                if (owner.frame.have == 5 || owner.frame.have == 6)
                    byte = byte > 250 ? 3 : 0;
            }
            feed(&owner, &byte, 1, 1);
        }
        assert_true(owner.failed || owner.pdus > 0 || owner.headers > 0);
        finish(&owner);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_027_any_size_of_piece_gives_the_same_pdus),
        cmocka_unit_test(test_req_027_a_cut_at_every_offset_gives_the_same_pdus),
        cmocka_unit_test(test_req_028_a_new_connection_starts_from_nothing),
        cmocka_unit_test(test_req_038_the_limit_is_taken_and_one_byte_more_is_refused_at_the_header),
        cmocka_unit_test(test_req_039_the_largest_lengths_do_not_wrap),
        cmocka_unit_test(test_req_042_044_a_bad_opcode_ends_the_stream_for_good),
        cmocka_unit_test(test_req_045_the_longest_ahs_is_skipped_within_bounds),
        cmocka_unit_test(test_req_040_received_padding_is_not_looked_at),
        cmocka_unit_test(test_data_beyond_the_room_is_thrown_away),
        cmocka_unit_test(test_the_window_of_data_is_the_owners_buffer),
        cmocka_unit_test(test_a_place_taken_back_is_never_written_again),
        cmocka_unit_test(test_req_040_what_is_sent_is_padded_with_zeros),
        cmocka_unit_test(test_a_detached_pdu_is_completed_with_the_right_bytes),
        cmocka_unit_test(test_a_sender_takes_no_more_than_it_has),
        cmocka_unit_test(test_req_053_any_stream_ends_in_pdus_or_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
