/* SPDX-License-Identifier: BSD-2-Clause */
#include "pdu.h"

#include <stddef.h>
#include <string.h>

#include "bytes.h"

#define OPCODE_MASK 0x3fu
#define IMMEDIATE   0x40u
#define FINAL       0x80u /* F; T in login PDUs */
#define CONTINUE    0x40u /* C of login and text PDUs; A of Data-In */
#define OVERFLOW    0x04u
#define UNDERFLOW   0x02u
#define HAS_STATUS  0x01u /* S of Data-In */

/* Offsets that are the same in every header that has the field (section 11). */
enum offset {
    AT_FLAGS = 1,
    AT_RESPONSE = 2,
    AT_STATUS = 3,
    AT_AHS_LENGTH = 4,
    AT_DATA_LENGTH = 5,
    AT_LUN = 8,
    AT_ISID = 8,
    AT_TSIH = 14,
    AT_ITT = 16,
    AT_TTT = 20,
    AT_EXPECTED_LENGTH = 20,
    AT_CID = 20,
    AT_REFERENCED_TAG = 20,
    AT_STAT_SN = 24,
    AT_CMD_SN = 24,
    AT_EXP_CMD_SN = 28,
    AT_EXP_STAT_SN = 28,
    AT_MAX_CMD_SN = 32,
    AT_CDB = 32,
    AT_REFERENCED_SN = 32,
    AT_LOGIN_STATUS = 36,
    AT_EVENT = 36,
    AT_DATA_SN = 36,
    AT_ASYNC_PARAMETERS = 38,
    AT_BUFFER_OFFSET = 40,
    AT_TIMES = 40,
    AT_RESIDUAL = 44,
    AT_DESIRED_LENGTH = 44,
};

/* What a header from a target has, beyond the fields that all have. */
enum has {
    FROM_TARGET = 1u << 0,
    LUN = 1u << 1,
    TTT = 1u << 2,
    RESPONSE = 1u << 3,
    DATA_SN = 1u << 4,
    OFFSET = 1u << 5,
    STATUS = 1u << 6,
    DESIRED = 1u << 7,
    MORE = 1u << 8,
};

struct opcode_row {
    uint8_t opcode;
    uint16_t has;
    const char *name;
};

static const struct opcode_row opcodes[] = {
    {PDU_NOP_OUT, 0, "NOP-Out"},
    {PDU_SCSI_COMMAND, 0, "SCSI Command"},
    {PDU_TASK_REQUEST, 0, "Task Management Request"},
    {PDU_LOGIN_REQUEST, 0, "Login Request"},
    {PDU_TEXT_REQUEST, 0, "Text Request"},
    {PDU_DATA_OUT, 0, "SCSI Data-Out"},
    {PDU_LOGOUT_REQUEST, 0, "Logout Request"},
    {PDU_NOP_IN, FROM_TARGET | LUN | TTT, "NOP-In"},
    {PDU_SCSI_RESPONSE, FROM_TARGET | RESPONSE | STATUS | DATA_SN, "SCSI Response"},
    {PDU_TASK_RESPONSE, FROM_TARGET | RESPONSE, "Task Management Response"},
    {PDU_LOGIN_RESPONSE, FROM_TARGET | MORE, "Login Response"},
    {PDU_TEXT_RESPONSE, FROM_TARGET | LUN | TTT | MORE, "Text Response"},
    {PDU_DATA_IN, FROM_TARGET | LUN | TTT | DATA_SN | OFFSET | STATUS, "SCSI Data-In"},
    {PDU_LOGOUT_RESPONSE, FROM_TARGET | RESPONSE, "Logout Response"},
    {PDU_R2T, FROM_TARGET | LUN | TTT | DATA_SN | OFFSET | DESIRED, "Ready To Transfer"},
    {PDU_ASYNC, FROM_TARGET | LUN, "Asynchronous Message"},
    {PDU_REJECT, FROM_TARGET | RESPONSE | DATA_SN, "Reject"},
};

static const struct opcode_row *find_opcode(uint8_t opcode)
{
    for (size_t i = 0; i < sizeof opcodes / sizeof opcodes[0]; i++) {
        if (opcodes[i].opcode == opcode)
            return &opcodes[i];
    }
    return NULL;
}

/*
 * The final part of a command: in a Data-In it stands there only when S is set, and the fields are reserved
 * otherwise, StatSN among them (section 11.7.3).
 */
static void parse_status(const uint8_t *header, struct pdu *pdu)
{
    uint8_t flags = header[AT_FLAGS];

    if (pdu->opcode == PDU_DATA_IN) {
        pdu->acknowledge = (flags & CONTINUE) != 0;
        pdu->has_status = (flags & HAS_STATUS) != 0;
        if (!pdu->has_status) {
            pdu->stat_sn = 0;
            return;
        }
    }
    pdu->has_status = true;
    pdu->status = header[AT_STATUS];
    pdu->overflow = (flags & OVERFLOW) != 0;
    pdu->underflow = (flags & UNDERFLOW) != 0;
    pdu->residual = bytes_get32(header + AT_RESIDUAL);
}

/* Section 11.13. */
static void parse_login(const uint8_t *header, struct pdu *pdu)
{
    pdu->csg = (uint8_t)(header[AT_FLAGS] >> 2 & 3u);
    pdu->nsg = (uint8_t)(header[AT_FLAGS] & 3u);
    pdu->version_max = header[2];
    pdu->version_active = header[3];
    memcpy(pdu->isid, header + AT_ISID, sizeof pdu->isid);
    pdu->tsih = bytes_get16(header + AT_TSIH);
    pdu->status_class = header[AT_LOGIN_STATUS];
    pdu->status_detail = header[AT_LOGIN_STATUS + 1];
}

/* Section 11.9. */
static void parse_async(const uint8_t *header, struct pdu *pdu)
{
    pdu->response = header[AT_EVENT];
    pdu->vendor_code = header[AT_EVENT + 1];
    for (size_t i = 0; i < 3; i++)
        pdu->parameter[i] = bytes_get16(header + AT_ASYNC_PARAMETERS + 2 * i);
}

/* The fields that the opcode's row names. */
static void parse_fields(const uint8_t *header, unsigned has, struct pdu *pdu)
{
    if (has & LUN)
        memcpy(pdu->lun, header + AT_LUN, sizeof pdu->lun);
    if (has & TTT)
        pdu->ttt = bytes_get32(header + AT_TTT);
    if (has & RESPONSE)
        pdu->response = header[AT_RESPONSE];
    if (has & DATA_SN)
        pdu->data_sn = bytes_get32(header + AT_DATA_SN);
    if (has & OFFSET)
        pdu->buffer_offset = bytes_get32(header + AT_BUFFER_OFFSET);
    if (has & DESIRED)
        pdu->desired_length = bytes_get32(header + AT_DESIRED_LENGTH);
    if (has & MORE)
        pdu->more = (header[AT_FLAGS] & CONTINUE) != 0;
    if (has & STATUS)
        parse_status(header, pdu);
}

enum fault_code pdu_parse(const uint8_t header[PDU_HEADER_SIZE], struct pdu *ret_pdu)
{
    const struct opcode_row *row = find_opcode(header[0] & OPCODE_MASK);
    struct pdu pdu = {0};

    if (!row || !(row->has & FROM_TARGET))
        return FAULT_FORMAT_OPCODE;
    pdu.opcode = row->opcode;
    pdu.final = (header[AT_FLAGS] & FINAL) != 0;
    pdu.ahs_length = (uint16_t)(header[AT_AHS_LENGTH] * 4u); /* it counts words (section 11.2.1.5) */
    pdu.data_length = bytes_get24(header + AT_DATA_LENGTH);
    pdu.itt = bytes_get32(header + AT_ITT);
    pdu.stat_sn = bytes_get32(header + AT_STAT_SN);
    pdu.exp_cmd_sn = bytes_get32(header + AT_EXP_CMD_SN);
    pdu.max_cmd_sn = bytes_get32(header + AT_MAX_CMD_SN);
    parse_fields(header, row->has, &pdu);
    if (pdu.opcode == PDU_LOGIN_RESPONSE)
        parse_login(header, &pdu);
    if (pdu.opcode == PDU_ASYNC)
        parse_async(header, &pdu);
    if (pdu.opcode == PDU_LOGOUT_RESPONSE) {
        pdu.parameter[0] = bytes_get16(header + AT_TIMES);
        pdu.parameter[1] = bytes_get16(header + AT_TIMES + 2);
    }
    *ret_pdu = pdu;
    return FAULT_NONE;
}

const char *pdu_name(uint8_t opcode)
{
    const struct opcode_row *row = find_opcode(opcode);

    return row ? row->name : "?";
}

/* Everything is zero unless it is written: reserved fields stay so (REQ-041). */
static void emit_start(uint8_t *header, unsigned first, unsigned flags, uint32_t itt, uint32_t data_length)
{
    memset(header, 0, PDU_HEADER_SIZE);
    header[0] = (uint8_t)first;
    header[AT_FLAGS] = (uint8_t)flags;
    bytes_put24(header + AT_DATA_LENGTH, data_length);
    bytes_put32(header + AT_ITT, itt);
}

static void emit_numbers(uint8_t *header, struct pdu_numbers numbers)
{
    bytes_put32(header + AT_CMD_SN, numbers.cmd_sn);
    bytes_put32(header + AT_EXP_STAT_SN, numbers.exp_stat_sn);
}

void pdu_emit_login(const struct pdu_login *login, struct pdu_numbers numbers,
                    uint8_t ret_header[PDU_HEADER_SIZE])
{
    unsigned flags = (login->csg & 3u) << 2;

    if (login->transit)
        flags |= FINAL | (login->nsg & 3u); /* NSG is reserved while T is 0 (section 11.12.3) */
    if (login->more)
        flags |= CONTINUE;
    emit_start(ret_header, PDU_LOGIN_REQUEST | IMMEDIATE, flags, login->itt, login->data_length);
    memcpy(ret_header + AT_ISID, login->isid, sizeof login->isid);
    bytes_put16(ret_header + AT_TSIH, login->tsih);
    bytes_put16(ret_header + AT_CID, login->cid);
    emit_numbers(ret_header, numbers);
}

void pdu_emit_command(const struct pdu_command *command, struct pdu_numbers numbers,
                      uint8_t ret_header[PDU_HEADER_SIZE])
{
    unsigned flags = 1; /* task attribute SIMPLE (section 11.3.1) */

    flags |= command->final ? FINAL : 0;
    flags |= command->read ? 0x40u : 0;
    flags |= command->write ? 0x20u : 0;
    emit_start(ret_header, PDU_SCSI_COMMAND, flags, command->itt, command->data_length);
    memcpy(ret_header + AT_LUN, command->lun, sizeof command->lun);
    bytes_put32(ret_header + AT_EXPECTED_LENGTH, command->expected_length);
    emit_numbers(ret_header, numbers);
    memcpy(ret_header + AT_CDB, command->cdb, sizeof command->cdb);
}

void pdu_emit_data_out(const struct pdu_data_out *data, uint32_t exp_stat_sn,
                       uint8_t ret_header[PDU_HEADER_SIZE])
{
    emit_start(ret_header, PDU_DATA_OUT, data->final ? FINAL : 0, data->itt, data->data_length);
    memcpy(ret_header + AT_LUN, data->lun, sizeof data->lun);
    bytes_put32(ret_header + AT_TTT, data->ttt);
    bytes_put32(ret_header + AT_EXP_STAT_SN, exp_stat_sn);
    bytes_put32(ret_header + AT_DATA_SN, data->data_sn);
    bytes_put32(ret_header + AT_BUFFER_OFFSET, data->buffer_offset);
}

void pdu_emit_nop_out(const struct pdu_nop_out *nop, struct pdu_numbers numbers,
                      uint8_t ret_header[PDU_HEADER_SIZE])
{
    emit_start(ret_header, PDU_NOP_OUT | IMMEDIATE, FINAL, nop->itt, nop->data_length);
    memcpy(ret_header + AT_LUN, nop->lun, sizeof nop->lun);
    bytes_put32(ret_header + AT_TTT, nop->ttt);
    emit_numbers(ret_header, numbers);
}

void pdu_emit_text(const struct pdu_text *text, struct pdu_numbers numbers,
                   uint8_t ret_header[PDU_HEADER_SIZE])
{
    unsigned flags = (text->final ? FINAL : 0) | (text->more ? CONTINUE : 0);

    emit_start(ret_header, PDU_TEXT_REQUEST | (text->immediate ? IMMEDIATE : 0), flags, text->itt,
               text->data_length);
    bytes_put32(ret_header + AT_TTT, text->ttt);
    emit_numbers(ret_header, numbers);
}

void pdu_emit_logout(enum pdu_logout_reason reason, uint32_t itt, uint16_t cid, struct pdu_numbers numbers,
                     uint8_t ret_header[PDU_HEADER_SIZE])
{
    emit_start(ret_header, PDU_LOGOUT_REQUEST | IMMEDIATE, FINAL | (unsigned)reason, itt, 0);
    bytes_put16(ret_header + AT_CID, cid);
    emit_numbers(ret_header, numbers);
}

void pdu_emit_task_request(const struct pdu_task_request *request, struct pdu_numbers numbers,
                           uint8_t ret_header[PDU_HEADER_SIZE])
{
    emit_start(ret_header, PDU_TASK_REQUEST | IMMEDIATE, FINAL | (unsigned)request->function, request->itt,
               0);
    memcpy(ret_header + AT_LUN, request->lun, sizeof request->lun);
    bytes_put32(ret_header + AT_REFERENCED_TAG, request->referenced_itt);
    emit_numbers(ret_header, numbers);
    bytes_put32(ret_header + AT_REFERENCED_SN, request->referenced_cmd_sn);
}
