/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why something failed. The cause is stored once, where it was seen, as a code with the numbers that belong
 * to it; the value travels up unchanged and is translated at the border only: to an EFI_STATUS in efi/, to a
 * person's sentence in firmware/words.c. One list yields the enum, the names and the short texts.
 */
#ifndef LUNBOOT_ISCSI_FAULT_H
#define LUNBOOT_ISCSI_FAULT_H

#include <stdbool.h>
#include <stdint.h>

/* X(code, short text). The text says what was seen, without a name, an address or a remedy. */
#define FAULT_LIST(X)                                                                                        \
    X(NONE, "no failure")                                                                                    \
    /* what the caller asked for */                                                                          \
    X(BAD_CONFIG, "the configuration cannot be used")                                                        \
    X(BAD_REQUEST, "the request lies outside the disk or is malformed")                                      \
    X(CANCELLED, "cancelled by the caller")                                                                  \
    X(BUSY, "no room for another command")                                                                   \
    /* name resolution and TCP */                                                                            \
    X(DNS, "the name could not be resolved")                                                                 \
    X(DNS_TIMEOUT, "no answer from the name server")                                                         \
    X(TCP_REFUSED, "the connection was refused")                                                             \
    X(TCP_TIMEOUT, "no answer to the connection request")                                                    \
    X(TCP_UNREACHABLE, "the address cannot be reached")                                                      \
    X(TCP_RESET, "the connection was reset by the peer")                                                     \
    X(TCP_LOCAL, "no memory or no working interface for the connection")                                     \
    X(TCP_CLOSED, "the connection was closed by the peer")                                                   \
    X(SILENT, "the peer stopped answering")                                                                  \
    /* framing (RFC 7143 section 7.7) */                                                                     \
    X(NOT_ISCSI, "the peer does not speak iSCSI")                                                            \
    X(FORMAT_OPCODE, "a PDU with an opcode that a target may not send")                                      \
    X(FORMAT_LENGTH, "a PDU longer than what was declared")                                                  \
    X(FORMAT_FIELD, "a PDU with a field that is not allowed")                                                \
    X(FORMAT_TEXT, "a text segment that is not key=value")                                                   \
    X(DIGEST_HEADER, "a header that was damaged on its way")                                                 \
    X(DIGEST_DATA, "data that was damaged on its way")                                                       \
    /* sequence and protocol (sections 7.9, 7.13) */                                                         \
    X(PROTOCOL_PHASE, "a PDU that is not allowed in this phase")                                             \
    X(PROTOCOL_TAG, "an answer to a task that does not exist")                                               \
    X(PROTOCOL_TYPE, "an answer that does not fit the task")                                                 \
    X(PROTOCOL_STATSN, "a gap or a repeat in StatSN")                                                        \
    X(PROTOCOL_DATASN, "a gap or a repeat in DataSN or R2TSN")                                               \
    X(PROTOCOL_OFFSET, "data outside of the command's transfer or out of order")                             \
    X(PROTOCOL_R2T, "an R2T that does not fit the command")                                                  \
    X(PROTOCOL_RESIDUAL, "residual counts that contradict the data")                                         \
    X(PROTOCOL_STATUS, "a status that is not allowed here")                                                  \
    X(PROTOCOL_TEXT, "a Text Response that does not fit the exchange")                                       \
    X(PROTOCOL_FLOOD, "too many PDUs without progress")                                                      \
    X(REJECTED, "the target rejected a PDU")                                                                 \
    /* login (section 6) */                                                                                  \
    X(LOGIN_TIMEOUT, "the login was not finished in time")                                                   \
    X(LOGIN_STATUS, "the target refused the login")                                                          \
    X(LOGIN_STAGE, "a login stage or flag that is not allowed")                                              \
    X(LOGIN_VERSION, "a protocol version that was not offered")                                              \
    X(LOGIN_IDENTITY, "ISID, TSIH or tag contradict the request")                                            \
    X(LOGIN_ROUNDS, "the login negotiation does not end")                                                    \
    X(LOGIN_TEXT_SIZE, "more login text than can be taken")                                                  \
    X(REDIRECT_ADDRESS, "a redirection without a usable address")                                            \
    X(REDIRECT_LOOP, "too many redirections")                                                                \
    /* negotiation (section 6.2) */                                                                          \
    X(KEY_DUPLICATE, "a key sent twice")                                                                     \
    X(KEY_VALUE, "a key with a value that is not allowed")                                                   \
    X(KEY_REJECTED, "a key of ours was rejected")                                                            \
    X(KEY_STAGE, "a key that is not allowed in this stage")                                                  \
    X(KEY_MISSING, "a required key is missing")                                                              \
    /* authentication (section 12.1) */                                                                      \
    X(AUTH_METHOD, "no common authentication method")                                                        \
    X(AUTH_SKIPPED, "the target left out the authentication that is required")                               \
    X(AUTH_ALGORITHM, "no common CHAP algorithm")                                                            \
    X(AUTH_ORDER, "a CHAP key is missing or out of order")                                                   \
    X(AUTH_VALUE, "a CHAP key with a bad value")                                                             \
    X(AUTH_REFLECTION, "the target sent our own challenge or answer back")                                   \
    X(AUTH_TARGET, "the target could not prove that it knows the mutual secret")                             \
    X(AUTH_TARGET_NAME, "the target's CHAP name is not the expected one")                                    \
    X(AUTH_NO_RANDOM, "no random numbers for a challenge")                                                   \
    /* full feature phase */                                                                                 \
    X(COMMAND_TIMEOUT, "a command was not answered in time")                                                 \
    X(TASK_MANAGEMENT, "a command could not be aborted")                                                     \
    X(SESSION_LOST, "the session ended before the command did")                                              \
    X(LOGOUT_TIMEOUT, "no answer to the logout")                                                             \
    X(TARGET_LOGOUT, "the target asked for the session to end")                                              \
    X(DISCOVERY_EMPTY, "the portal lists no target for this initiator")                                      \
    X(DISCOVERY_SEVERAL, "the portal lists several targets")                                                 \
    X(DISCOVERY_SIZE, "the portal's list of targets does not end")                                           \
    /* SCSI */                                                                                               \
    X(ISCSI_RESPONSE, "the target could not carry out the command")                                          \
    X(SCSI_STATUS, "a SCSI status other than GOOD")                                                          \
    X(SCSI_SENSE, "the disk reported an error")                                                              \
    X(SHORT_DATA, "less data than was asked for")                                                            \
    X(NO_LUN, "there is no such logical unit")                                                               \
    X(NOT_A_DISK, "the logical unit is not a disk")                                                          \
    X(NOT_READY, "the disk did not become ready")                                                            \
    X(BAD_CAPACITY, "a block size or capacity that cannot be used")                                          \
    X(WRITE_PROTECTED, "the disk is write protected")                                                        \
    X(LUN_CHANGED, "the disk is not the one it was before")

enum fault_code {
#define X(code, text) FAULT_##code,
    FAULT_LIST(X)
#undef X
        FAULT_COUNT
};

/* A failure with the numbers that belong to it. Fields that do not apply are zero. */
struct fault {
    enum fault_code code;
    uint8_t login_class;  /* LOGIN_STATUS: Status-Class (section 11.13.5) */
    uint8_t login_detail; /* LOGIN_STATUS: Status-Detail */
    uint8_t opcode;       /* the PDU in which it was seen, 0xff when none */
    uint8_t reason;       /* REJECTED: reason; ISCSI_RESPONSE: response; TASK_MANAGEMENT: response */
    uint8_t scsi_status;  /* SCSI_STATUS, SCSI_SENSE: the status byte */
    uint8_t sense_key;    /* SCSI_SENSE */
    uint8_t asc;          /* SCSI_SENSE: additional sense code */
    uint8_t ascq;         /* SCSI_SENSE: its qualifier */
    const char *key;      /* KEY_*, AUTH_*: the text key, a static string, or NULL */
    const char *detail;   /* a static sentence that says more, or NULL */
};

/* The name of a code, as in "LOGIN_STATUS"; static storage; "?" for a number out of range. */
const char *fault_name(enum fault_code code);

/* The short text of a code from FAULT_LIST; static storage; never NULL. */
const char *fault_text(enum fault_code code);

/*
 * True when trying the same again later may help (section 10.3; REQ-133 to REQ-136). How often, and whether
 * another portal is tried, is the session's business.
 */
bool fault_is_transient(const struct fault *fault);

/*
 * True unless trying again is useless or does harm: wider than the above, for whoever waits for a storage
 * that is just being started. It may not know its own targets and access lists yet (0202h, 0203h); a peer
 * that breaks the protocol may be a proxy in front of it. A refused authentication is final: a locked account
 * helps nobody (REQ-177).
 */
bool fault_may_pass(const struct fault *fault);

#endif
