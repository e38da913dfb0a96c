/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Basic header segments (RFC 7143 section 11): 48 bytes to a representation and back. A header is checked
 * here once; whoever gets a `struct pdu` can rely on its opcode, on reserved fields being ignored and on
 * lengths that cannot overflow. What depends on the state of a session is not checked here.
 */
#ifndef LUNBOOT_ISCSI_PDU_H
#define LUNBOOT_ISCSI_PDU_H

#include <stdbool.h>
#include <stdint.h>

#include "fault.h"

#define PDU_HEADER_SIZE  48u
#define PDU_RESERVED_TAG 0xffffffffu
#define PDU_DATA_MAX     0xffffffu /* DataSegmentLength has 24 bits */

enum pdu_opcode {
    PDU_NOP_OUT = 0x00,
    PDU_SCSI_COMMAND = 0x01,
    PDU_TASK_REQUEST = 0x02,
    PDU_LOGIN_REQUEST = 0x03,
    PDU_TEXT_REQUEST = 0x04,
    PDU_DATA_OUT = 0x05,
    PDU_LOGOUT_REQUEST = 0x06,
    PDU_NOP_IN = 0x20,
    PDU_SCSI_RESPONSE = 0x21,
    PDU_TASK_RESPONSE = 0x22,
    PDU_LOGIN_RESPONSE = 0x23,
    PDU_TEXT_RESPONSE = 0x24,
    PDU_DATA_IN = 0x25,
    PDU_LOGOUT_RESPONSE = 0x26,
    PDU_R2T = 0x31,
    PDU_ASYNC = 0x32,
    PDU_REJECT = 0x3f,
};

/* Login stages (section 11.12.3). */
enum pdu_stage { PDU_STAGE_SECURITY = 0, PDU_STAGE_OPERATIONAL = 1, PDU_STAGE_FULL_FEATURE = 3 };

/* A PDU from a target. Fields that the opcode does not have are zero. */
struct pdu {
    uint8_t opcode;
    bool final;           /* F; T in a Login Response */
    uint16_t ahs_length;  /* bytes, 0 to 1020 */
    uint32_t data_length; /* bytes without padding */
    uint8_t lun[8];
    uint32_t itt;
    uint32_t ttt;
    uint32_t stat_sn;
    uint32_t exp_cmd_sn;
    uint32_t max_cmd_sn;
    uint8_t response; /* SCSI, task, logout response; reject reason; async event */
    uint8_t status;   /* SCSI status (SCSI Response, Data-In with S) */
    bool has_status;  /* S in Data-In; always in SCSI Response */
    bool acknowledge; /* A in Data-In */
    bool overflow;    /* O */
    bool underflow;   /* U */
    uint32_t residual;
    uint32_t data_sn;        /* DataSN, R2TSN, ExpDataSN */
    uint32_t buffer_offset;  /* Data-In, R2T */
    uint32_t desired_length; /* R2T */
    bool more;               /* C in Login and Text Responses */
    uint8_t csg, nsg;        /* login stages */
    uint8_t version_max, version_active;
    uint8_t isid[6];
    uint16_t tsih;
    uint8_t status_class, status_detail;
    uint16_t parameter[3]; /* async; logout: Time2Wait, Time2Retain in the first two (seconds) */
    uint8_t vendor_code;   /* async */
};

/*
 * Read a header. FAULT_NOT_ISCSI is never returned here (only the login knows whether this is the first
 * header); FAULT_FORMAT_OPCODE for an opcode that a target may not send; else FAULT_NONE (section 11.2).
 */
enum fault_code pdu_parse(const uint8_t header[PDU_HEADER_SIZE], struct pdu *ret_pdu);

/* A name for traces, as in "SCSI Response"; static storage; "?" for an unknown opcode. */
const char *pdu_name(uint8_t opcode);

/* Numbers that stand in every request of an initiator. */
struct pdu_numbers {
    uint32_t cmd_sn;
    uint32_t exp_stat_sn;
};

/* The writers fill all 48 bytes, reserved ones with zero (REQ-041), and set DataSegmentLength. */

struct pdu_login {
    bool transit, more;
    uint8_t csg, nsg;
    uint8_t isid[6];
    uint16_t tsih;
    uint32_t itt;
    uint16_t cid;
    uint32_t data_length;
};
void pdu_emit_login(const struct pdu_login *login, struct pdu_numbers numbers,
                    uint8_t ret_header[PDU_HEADER_SIZE]);

struct pdu_command {
    bool final, read, write;
    uint8_t lun[8];
    uint32_t itt;
    uint32_t expected_length; /* Expected Data Transfer Length */
    uint8_t cdb[16];
    uint32_t data_length; /* immediate data */
};
void pdu_emit_command(const struct pdu_command *command, struct pdu_numbers numbers,
                      uint8_t ret_header[PDU_HEADER_SIZE]);

struct pdu_data_out {
    bool final;
    uint8_t lun[8];
    uint32_t itt, ttt, data_sn, buffer_offset, data_length;
};
void pdu_emit_data_out(const struct pdu_data_out *data, uint32_t exp_stat_sn,
                       uint8_t ret_header[PDU_HEADER_SIZE]);

/* Always immediate. An answer to a NOP-In has itt PDU_RESERVED_TAG; our own ping has ttt PDU_RESERVED_TAG. */
struct pdu_nop_out {
    uint8_t lun[8];
    uint32_t itt, ttt, data_length;
};
void pdu_emit_nop_out(const struct pdu_nop_out *nop, struct pdu_numbers numbers,
                      uint8_t ret_header[PDU_HEADER_SIZE]);

struct pdu_text {
    bool immediate, final, more;
    uint32_t itt, ttt, data_length;
};
void pdu_emit_text(const struct pdu_text *text, struct pdu_numbers numbers,
                   uint8_t ret_header[PDU_HEADER_SIZE]);

enum pdu_logout_reason { PDU_LOGOUT_SESSION = 0, PDU_LOGOUT_CONNECTION = 1, PDU_LOGOUT_RECOVERY = 2 };

/* Always immediate. */
void pdu_emit_logout(enum pdu_logout_reason reason, uint32_t itt, uint16_t cid, struct pdu_numbers numbers,
                     uint8_t ret_header[PDU_HEADER_SIZE]);

enum pdu_task_function { PDU_ABORT_TASK = 1, PDU_LOGICAL_UNIT_RESET = 5 };

/* Always immediate (section 11.5). */
struct pdu_task_request {
    enum pdu_task_function function;
    uint8_t lun[8];
    uint32_t itt, referenced_itt, referenced_cmd_sn;
};
void pdu_emit_task_request(const struct pdu_task_request *request, struct pdu_numbers numbers,
                           uint8_t ret_header[PDU_HEADER_SIZE]);

/* Serial number arithmetic of RFC 1982 with 32 bits (REQ-194): a < b, and a <= b. */
static inline bool pdu_serial_before(uint32_t a, uint32_t b)
{
    return a != b && (uint32_t)(b - a) < 0x80000000u;
}

static inline bool pdu_serial_not_after(uint32_t a, uint32_t b)
{
    return (uint32_t)(b - a) < 0x80000000u;
}

#endif
