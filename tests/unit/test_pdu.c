/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Headers: each field of each opcode at its place, in both directions, and reserved bits that nobody looks
 * at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "iscsi/bytes.h"
#include "iscsi/pdu.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Every byte of a header is different, so that a field read at a wrong place has a wrong value. */
static void fill(uint8_t header[PDU_HEADER_SIZE], uint8_t opcode, uint8_t flags)
{
    for (unsigned i = 0; i < PDU_HEADER_SIZE; i++)
        header[i] = (uint8_t)(0x80 + i);
    header[0] = opcode;
    header[1] = flags;
}

static struct pdu parse(const uint8_t header[PDU_HEADER_SIZE])
{
    struct pdu pdu;

    memset(&pdu, 0xa5, sizeof pdu);
    assert_int_equal(pdu_parse(header, &pdu), FAULT_NONE);
    return pdu;
}

static struct pdu parse_filled(uint8_t opcode, uint8_t flags)
{
    uint8_t header[PDU_HEADER_SIZE];

    fill(header, opcode, flags);
    return parse(header);
}

static const uint8_t from_target[] = {0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x31, 0x32, 0x3f};

static void test_req_042_only_what_a_target_may_send_is_taken(void **state)
{
    (void)state;
    for (unsigned opcode = 0; opcode < 64; opcode++) {
        uint8_t header[PDU_HEADER_SIZE];
        struct pdu pdu = {.opcode = 0xee};
        bool legal = false;

        for (size_t i = 0; i < COUNT(from_target); i++)
            legal = legal || from_target[i] == opcode;
        fill(header, (uint8_t)opcode, 0x80);
        assert_int_equal(pdu_parse(header, &pdu), legal ? FAULT_NONE : FAULT_FORMAT_OPCODE);
        assert_int_equal(pdu.opcode, legal ? opcode : 0xee);
    }
}

static void test_req_037_lengths_count_words_of_ahs_and_bytes_of_data(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(from_target); i++) {
        struct pdu pdu = parse_filled(from_target[i], 0x80);

        assert_int_equal(pdu.opcode, from_target[i]);
        assert_int_equal(pdu.ahs_length, 0x84 * 4);
        assert_int_equal(pdu.data_length, 0x858687);
    }
}

static void test_req_039_the_largest_lengths_are_read_whole(void **state)
{
    uint8_t header[PDU_HEADER_SIZE] = {PDU_NOP_IN, 0x80, 0, 0, 0xff, 0xff, 0xff, 0xff};
    struct pdu pdu;

    (void)state;
    pdu = parse(header);
    assert_int_equal(pdu.ahs_length, 1020);
    assert_int_equal(pdu.data_length, PDU_DATA_MAX);
}

/* Bits 7 and 6 of the first byte are reserved in what a target sends. */
static void test_req_041_reserved_bits_beside_the_opcode_are_ignored(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(from_target); i++) {
        struct pdu plain = parse_filled(from_target[i], 0x80);
        struct pdu marked = parse_filled(from_target[i] | 0xc0, 0x80);

        assert_memory_equal(&plain, &marked, sizeof plain);
    }
}

/* A field that an opcode does not have reads as zero, whatever its bytes hold. */
static void test_req_041_fields_of_other_opcodes_read_as_zero(void **state)
{
    struct pdu pdu;
    static const uint8_t no_lun[8];

    (void)state;
    pdu = parse_filled(PDU_TASK_RESPONSE, 0xff);
    assert_memory_equal(pdu.lun, no_lun, 8);
    assert_int_equal(pdu.ttt, 0);
    assert_int_equal(pdu.data_sn, 0);
    assert_int_equal(pdu.buffer_offset, 0);
    assert_int_equal(pdu.residual, 0);
    assert_false(pdu.has_status || pdu.overflow || pdu.underflow || pdu.more || pdu.acknowledge);
    assert_int_equal(pdu.status, 0);
    assert_int_equal(pdu.tsih, 0);
    assert_int_equal(pdu.parameter[0], 0);
    pdu = parse_filled(PDU_SCSI_RESPONSE, 0xff);
    assert_memory_equal(pdu.lun, no_lun, 8);
    assert_int_equal(pdu.ttt, 0);
    assert_int_equal(pdu.buffer_offset, 0);
    assert_int_equal(pdu.desired_length, 0);
    assert_false(pdu.more || pdu.acknowledge);
    pdu = parse_filled(PDU_NOP_IN, 0xff);
    assert_int_equal(pdu.response, 0);
    assert_false(pdu.has_status || pdu.more);
}

static void test_the_numbers_stand_at_their_places(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(from_target); i++) {
        struct pdu pdu = parse_filled(from_target[i], 0x81);

        assert_true(pdu.final);
        assert_int_equal(pdu.itt, 0x90919293);
        assert_int_equal(pdu.stat_sn, 0x98999a9b);
        assert_int_equal(pdu.exp_cmd_sn, 0x9c9d9e9f);
        assert_int_equal(pdu.max_cmd_sn, 0xa0a1a2a3);
        assert_false(parse_filled(from_target[i], 0x7f).final);
    }
}

static void test_nop_in_and_text_response_are_read(void **state)
{
    struct pdu pdu = parse_filled(PDU_NOP_IN, 0x80);

    (void)state;
    assert_memory_equal(pdu.lun, "\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f", 8);
    assert_int_equal(pdu.ttt, 0x94959697);
    pdu = parse_filled(PDU_TEXT_RESPONSE, 0x40);
    assert_true(pdu.more && !pdu.final);
    assert_memory_equal(pdu.lun, "\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f", 8);
    assert_int_equal(pdu.ttt, 0x94959697);
    pdu = parse_filled(PDU_TEXT_RESPONSE, 0x80);
    assert_true(!pdu.more && pdu.final);
}

static void test_scsi_response_is_read(void **state)
{
    struct pdu pdu = parse_filled(PDU_SCSI_RESPONSE, 0x84);

    (void)state;
    assert_int_equal(pdu.response, 0x82);
    assert_true(pdu.has_status);
    assert_int_equal(pdu.status, 0x83);
    assert_true(pdu.overflow && !pdu.underflow);
    assert_int_equal(pdu.data_sn, 0xa4a5a6a7);
    assert_int_equal(pdu.residual, 0xacadaeaf);
    pdu = parse_filled(PDU_SCSI_RESPONSE, 0x82);
    assert_true(!pdu.overflow && pdu.underflow);
    pdu = parse_filled(PDU_SCSI_RESPONSE, 0x98); /* the bits of bidirectional commands */
    assert_true(!pdu.overflow && !pdu.underflow);
}

static void test_data_in_has_a_status_only_with_its_s_bit(void **state)
{
    struct pdu pdu = parse_filled(PDU_DATA_IN, 0xc7);

    (void)state;
    assert_true(pdu.final && pdu.acknowledge && pdu.has_status && pdu.overflow && pdu.underflow);
    assert_memory_equal(pdu.lun, "\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f", 8);
    assert_int_equal(pdu.ttt, 0x94959697);
    assert_int_equal(pdu.status, 0x83);
    assert_int_equal(pdu.stat_sn, 0x98999a9b);
    assert_int_equal(pdu.data_sn, 0xa4a5a6a7);
    assert_int_equal(pdu.buffer_offset, 0xa8a9aaab);
    assert_int_equal(pdu.residual, 0xacadaeaf);
    pdu = parse_filled(PDU_DATA_IN, 0xc6);
    assert_true(pdu.final && pdu.acknowledge);
    assert_false(pdu.has_status || pdu.overflow || pdu.underflow);
    assert_int_equal(pdu.status, 0);
    assert_int_equal(pdu.stat_sn, 0);
    assert_int_equal(pdu.residual, 0);
    assert_int_equal(pdu.buffer_offset, 0xa8a9aaab);
}

static void test_login_response_is_read(void **state)
{
    struct pdu pdu = parse_filled(PDU_LOGIN_RESPONSE, 0x87);

    (void)state;
    assert_true(pdu.final && !pdu.more);
    assert_int_equal(pdu.csg, 1);
    assert_int_equal(pdu.nsg, 3);
    assert_int_equal(pdu.version_max, 0x82);
    assert_int_equal(pdu.version_active, 0x83);
    assert_memory_equal(pdu.isid, "\x88\x89\x8a\x8b\x8c\x8d", 6);
    assert_int_equal(pdu.tsih, 0x8e8f);
    assert_int_equal(pdu.status_class, 0xa4);
    assert_int_equal(pdu.status_detail, 0xa5);
    pdu = parse_filled(PDU_LOGIN_RESPONSE, 0x78); /* C, two reserved bits, CSG 2 */
    assert_true(!pdu.final && pdu.more);
    assert_int_equal(pdu.csg, 2);
    assert_int_equal(pdu.nsg, 0);
}

static void test_r2t_task_logout_async_and_reject_are_read(void **state)
{
    struct pdu pdu = parse_filled(PDU_R2T, 0x80);

    (void)state;
    assert_int_equal(pdu.ttt, 0x94959697);
    assert_int_equal(pdu.data_sn, 0xa4a5a6a7);
    assert_int_equal(pdu.buffer_offset, 0xa8a9aaab);
    assert_int_equal(pdu.desired_length, 0xacadaeaf);
    assert_int_equal(pdu.residual, 0);
    assert_int_equal(parse_filled(PDU_TASK_RESPONSE, 0x80).response, 0x82);
    pdu = parse_filled(PDU_LOGOUT_RESPONSE, 0x80);
    assert_int_equal(pdu.response, 0x82);
    assert_int_equal(pdu.parameter[0], 0xa8a9);
    assert_int_equal(pdu.parameter[1], 0xaaab);
    pdu = parse_filled(PDU_ASYNC, 0x80);
    assert_int_equal(pdu.response, 0xa4);
    assert_int_equal(pdu.vendor_code, 0xa5);
    assert_int_equal(pdu.parameter[0], 0xa6a7);
    assert_int_equal(pdu.parameter[1], 0xa8a9);
    assert_int_equal(pdu.parameter[2], 0xaaab);
    assert_memory_equal(pdu.lun, "\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f", 8);
    pdu = parse_filled(PDU_REJECT, 0x80);
    assert_int_equal(pdu.response, 0x82);
    assert_int_equal(pdu.data_sn, 0xa4a5a6a7);
}

/* What is written, as hexadecimal groups of four bytes. */
static void assert_header(const uint8_t header[PDU_HEADER_SIZE], const char *expected)
{
    char text[2 * PDU_HEADER_SIZE + 12];
    size_t used = 0;

    for (unsigned i = 0; i < PDU_HEADER_SIZE; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%02x", i > 0 && i % 4 == 0 ? " " : "",
                                 header[i]);
    assert_string_equal(text, expected);
}

static const struct pdu_numbers numbers = {.cmd_sn = 0xc1c2c3c4, .exp_stat_sn = 0xe1e2e3e4};
static const uint8_t lun[8] = {0x40, 0x01, 0, 0, 0, 0, 0, 9};

/* Each writer starts from a dirty header: all 48 bytes are its own, and reserved ones are zero. */
static void dirty(uint8_t header[PDU_HEADER_SIZE])
{
    memset(header, 0xdd, PDU_HEADER_SIZE);
}

static void test_req_041_055_058_login_request_is_immediate_and_reserved_bytes_are_zero(void **state)
{
    uint8_t header[PDU_HEADER_SIZE];
    struct pdu_login login = {.transit = true,
                              .csg = PDU_STAGE_OPERATIONAL,
                              .nsg = PDU_STAGE_FULL_FEATURE,
                              .isid = {0x80, 1, 2, 3, 4, 5},
                              .tsih = 0x0607,
                              .itt = 0xa1a2a3a4,
                              .cid = 0x0809,
                              .data_length = 0x010203};

    (void)state;
    dirty(header);
    pdu_emit_login(&login, numbers, header);
    assert_header(header,
                  "43870000 00010203 80010203 04050607 a1a2a3a4 08090000 c1c2c3c4 e1e2e3e4 00000000 00000000 "
                  "00000000 00000000");
}

static void test_req_060_nsg_is_zero_while_t_is_zero(void **state)
{
    uint8_t header[PDU_HEADER_SIZE];
    struct pdu_login login = {.csg = PDU_STAGE_SECURITY, .nsg = PDU_STAGE_FULL_FEATURE};

    (void)state;
    pdu_emit_login(&login, numbers, header);
    assert_int_equal(header[1], 0x00);
    login.more = true;
    login.csg = PDU_STAGE_OPERATIONAL;
    pdu_emit_login(&login, numbers, header);
    assert_int_equal(header[1], 0x44);
}

static void test_req_041_scsi_command_and_data_out_are_laid_out(void **state)
{
    uint8_t header[PDU_HEADER_SIZE];
    struct pdu_command command = {.final = true,
                                  .write = true,
                                  .itt = 0xa1a2a3a4,
                                  .expected_length = 0x00100000,
                                  .cdb = {0x8a, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
                                  .data_length = 0x2000};
    struct pdu_data_out data = {.final = true,
                                .itt = 0xa1a2a3a4,
                                .ttt = 0xb1b2b3b4,
                                .data_sn = 0xd1d2d3d4,
                                .buffer_offset = 0xf1f2f3f4,
                                .data_length = 0x40000};

    (void)state;
    memcpy(command.lun, lun, 8);
    memcpy(data.lun, lun, 8);
    dirty(header);
    pdu_emit_command(&command, numbers, header);
    assert_header(header,
                  "01a10000 00002000 40010000 00000009 a1a2a3a4 00100000 c1c2c3c4 e1e2e3e4 8a010203 04050607 "
                  "08090a0b 0c0d0e0f");
    command.write = command.final = false;
    command.read = true;
    pdu_emit_command(&command, numbers, header);
    assert_int_equal(header[1], 0x41);
    dirty(header);
    pdu_emit_data_out(&data, 0xe1e2e3e4, header);
    assert_header(header,
                  "05800000 00040000 40010000 00000009 a1a2a3a4 b1b2b3b4 00000000 e1e2e3e4 00000000 d1d2d3d4 "
                  "f1f2f3f4 00000000");
    data.final = false;
    pdu_emit_data_out(&data, 0, header);
    assert_int_equal(header[1], 0);
}

static void test_req_041_nop_text_logout_and_task_requests_are_laid_out(void **state)
{
    uint8_t header[PDU_HEADER_SIZE];
    struct pdu_nop_out nop = {.itt = PDU_RESERVED_TAG, .ttt = 0xb1b2b3b4, .data_length = 4};
    struct pdu_text text = {.final = true, .itt = 0xa1a2a3a4, .ttt = PDU_RESERVED_TAG, .data_length = 16};
    struct pdu_task_request task = {.function = PDU_ABORT_TASK,
                                    .itt = 0xa1a2a3a4,
                                    .referenced_itt = 0xb1b2b3b4,
                                    .referenced_cmd_sn = 0xd1d2d3d4};

    (void)state;
    memcpy(nop.lun, lun, 8);
    memcpy(task.lun, lun, 8);
    dirty(header);
    pdu_emit_nop_out(&nop, numbers, header);
    assert_header(header,
                  "40800000 00000004 40010000 00000009 ffffffff b1b2b3b4 c1c2c3c4 e1e2e3e4 00000000 00000000 "
                  "00000000 00000000");
    dirty(header);
    pdu_emit_text(&text, numbers, header);
    assert_header(header,
                  "04800000 00000010 00000000 00000000 a1a2a3a4 ffffffff c1c2c3c4 e1e2e3e4 00000000 00000000 "
                  "00000000 00000000");
    text.immediate = text.more = true;
    text.final = false;
    pdu_emit_text(&text, numbers, header);
    assert_int_equal(header[0], 0x44);
    assert_int_equal(header[1], 0x40);
    dirty(header);
    pdu_emit_logout(PDU_LOGOUT_CONNECTION, 0xa1a2a3a4, 0x0809, numbers, header);
    assert_header(header,
                  "46810000 00000000 00000000 00000000 a1a2a3a4 08090000 c1c2c3c4 e1e2e3e4 00000000 00000000 "
                  "00000000 00000000");
    dirty(header);
    pdu_emit_task_request(&task, numbers, header);
    assert_header(header,
                  "42810000 00000000 40010000 00000009 a1a2a3a4 b1b2b3b4 c1c2c3c4 e1e2e3e4 d1d2d3d4 00000000 "
                  "00000000 00000000");
}

/* Whatever is asked, TotalAHSLength stays zero and the length of data is the one given. */
static void test_req_046_047_no_request_has_an_ahs(void **state)
{
    uint8_t headers[7][PDU_HEADER_SIZE];

    (void)state;
    memset(headers, 0xdd, sizeof headers);
    pdu_emit_login(&(struct pdu_login){.data_length = PDU_DATA_MAX}, numbers, headers[0]);
    pdu_emit_command(&(struct pdu_command){.data_length = PDU_DATA_MAX}, numbers, headers[1]);
    pdu_emit_data_out(&(struct pdu_data_out){.data_length = PDU_DATA_MAX}, 0, headers[2]);
    pdu_emit_nop_out(&(struct pdu_nop_out){.data_length = PDU_DATA_MAX}, numbers, headers[3]);
    pdu_emit_text(&(struct pdu_text){.data_length = PDU_DATA_MAX}, numbers, headers[4]);
    pdu_emit_logout(PDU_LOGOUT_SESSION, 1, 0, numbers, headers[5]);
    pdu_emit_task_request(&(struct pdu_task_request){.itt = 1}, numbers, headers[6]);
    for (size_t i = 0; i < COUNT(headers); i++) {
        assert_int_equal(headers[i][4], 0);
        assert_int_equal(bytes_get24(headers[i] + 5), i < 5 ? PDU_DATA_MAX : 0);
    }
}

static void test_each_opcode_has_a_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(from_target); i++)
        assert_string_not_equal(pdu_name(from_target[i]), "?");
    for (uint8_t opcode = 0; opcode <= 6; opcode++)
        assert_string_not_equal(pdu_name(opcode), "?");
    assert_string_equal(pdu_name(PDU_SCSI_RESPONSE), "SCSI Response");
    assert_string_equal(pdu_name(0x07), "?");
    assert_string_equal(pdu_name(0x30), "?");
    assert_string_equal(pdu_name(0xff), "?");
}

static void test_req_194_serial_numbers_wrap(void **state)
{
    (void)state;
    assert_true(pdu_serial_before(1, 2));
    assert_true(pdu_serial_before(0xffffffff, 0));
    assert_true(pdu_serial_before(0xfffffff0, 0x10));
    assert_false(pdu_serial_before(2, 1));
    assert_false(pdu_serial_before(0, 0xffffffff));
    assert_false(pdu_serial_before(7, 7));
    assert_true(pdu_serial_not_after(7, 7));
    assert_true(pdu_serial_not_after(0xffffffff, 3));
    assert_false(pdu_serial_not_after(3, 0xffffffff));
    assert_true(pdu_serial_before(0, 0x7fffffff));
    assert_false(pdu_serial_before(0, 0x80000001));
}

/* Any 48 bytes: a legal opcode and lengths in their bounds, or a fault; never a stop. */
static void test_req_053_348_any_header_is_read_or_refused(void **state)
{
    uint32_t seed = 3;

    (void)state;
    for (unsigned round = 0; round < 50000; round++) {
        uint8_t *header = malloc(PDU_HEADER_SIZE);
        struct pdu pdu;
        enum fault_code fault;

        assert_non_null(header);
        for (unsigned i = 0; i < PDU_HEADER_SIZE; i++) {
            seed = seed * 1664525u + 1013904223u;
            header[i] = (uint8_t)(seed >> 24);
        }
        fault = pdu_parse(header, &pdu);
        if (fault == FAULT_NONE) {
            assert_true(pdu.ahs_length <= 1020 && pdu.ahs_length % 4 == 0);
            assert_true(pdu.data_length <= PDU_DATA_MAX);
            assert_true(pdu.csg < 4 && pdu.nsg < 4);
            assert_string_not_equal(pdu_name(pdu.opcode), "?");
        } else {
            assert_int_equal(fault, FAULT_FORMAT_OPCODE);
        }
        free(header);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_042_only_what_a_target_may_send_is_taken),
        cmocka_unit_test(test_req_037_lengths_count_words_of_ahs_and_bytes_of_data),
        cmocka_unit_test(test_req_039_the_largest_lengths_are_read_whole),
        cmocka_unit_test(test_req_041_reserved_bits_beside_the_opcode_are_ignored),
        cmocka_unit_test(test_req_041_fields_of_other_opcodes_read_as_zero),
        cmocka_unit_test(test_the_numbers_stand_at_their_places),
        cmocka_unit_test(test_nop_in_and_text_response_are_read),
        cmocka_unit_test(test_scsi_response_is_read),
        cmocka_unit_test(test_data_in_has_a_status_only_with_its_s_bit),
        cmocka_unit_test(test_login_response_is_read),
        cmocka_unit_test(test_r2t_task_logout_async_and_reject_are_read),
        cmocka_unit_test(test_req_041_055_058_login_request_is_immediate_and_reserved_bytes_are_zero),
        cmocka_unit_test(test_req_060_nsg_is_zero_while_t_is_zero),
        cmocka_unit_test(test_req_041_scsi_command_and_data_out_are_laid_out),
        cmocka_unit_test(test_req_041_nop_text_logout_and_task_requests_are_laid_out),
        cmocka_unit_test(test_req_046_047_no_request_has_an_ahs),
        cmocka_unit_test(test_each_opcode_has_a_name),
        cmocka_unit_test(test_req_194_serial_numbers_wrap),
        cmocka_unit_test(test_req_053_348_any_header_is_read_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
