/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the target says unasked: Asynchronous Messages (RFC 7143 section 11.9) and Rejects (section 11.17).
 */
#include <string.h>

#include "bytes.h"
#include "session_parts.h"

#define OUR_CID 0u

enum async_event {
    ASYNC_SCSI = 0,
    ASYNC_LOGOUT = 1,
    ASYNC_DROP_CONNECTION = 2,
    ASYNC_DROP_ALL = 3,
    ASYNC_NEGOTIATE = 4,
    ASYNC_TASKS_ENDED = 5,
};

/* Event 0: kept for whoever owns the logical unit; bad lengths are ignored (REQ-244). */
static void take_scsi_event(struct session *session, const struct pdu *pdu)
{
    struct session_notices *notices = &session->notices;
    struct bytes_reader reader =
        bytes_reader(session->inbox, session_least(pdu->data_length, sizeof(session->inbox)));
    uint32_t claimed = bytes_take16(&reader);

    if (reader.bad || claimed == 0 || claimed > reader.left || claimed > TASK_SENSE_MAX) {
        notices->ignored++;
        return;
    }
    memcpy(notices->sense, reader.at, claimed);
    notices->sense_length = (uint16_t)claimed;
    notices->attentions++;
}

/* Events 2 and 3: the connection is as good as gone; Parameter2 is Time2Wait in seconds (REQ-246). */
static void take_drop(struct session *session, const struct pdu *pdu)
{
    struct fault fault = {.code = FAULT_TARGET_LOGOUT, .opcode = pdu->opcode, .reason = pdu->response};

    session_lose(session, fault, pdu->parameter[1], SESSION_ABORT);
}

void session_notice_take_async(struct session *session, const struct pdu *pdu)
{
    if (!session_fruitless(session, pdu->opcode) || session->state != SESSION_READY)
        return;
    switch (pdu->response) {
    case ASYNC_SCSI:
        take_scsi_event(session, pdu);
        break;
    case ASYNC_LOGOUT:
        session_logout_asked(session, pdu->parameter[2]);
        break;
    case ASYNC_DROP_CONNECTION:
        if (pdu->parameter[0] == OUR_CID)
            take_drop(session, pdu);
        break;
    case ASYNC_DROP_ALL:
        take_drop(session, pdu);
        break;
    case ASYNC_NEGOTIATE:
        session_text_negotiate(session);
        break;
    case ASYNC_TASKS_ENDED: /* we never agreed to this form of it (REQ-248) */
        session_fail(
            session,
            (struct fault){.code = FAULT_TARGET_LOGOUT, .opcode = pdu->opcode, .reason = pdu->response});
        break;
    default:
        session->notices.ignored++;
        break;
    }
}

/* At error recovery level 0 a Reject ends the session; the header in it tells which of our PDUs it was
 * (REQ-251). */
void session_notice_take_reject(struct session *session, const struct pdu *pdu)
{
    struct fault fault = {.code = FAULT_REJECTED, .opcode = 0xff, .reason = pdu->response};

    if (pdu->data_length < PDU_HEADER_SIZE)
        fault = (struct fault){.code = FAULT_FORMAT_FIELD,
                               .opcode = pdu->opcode,
                               .reason = pdu->response,
                               .detail = "a Reject without the header that it rejects"};
    else
        fault.opcode = session->inbox[0] & 0x3f;
    session_fail(session, fault);
}
