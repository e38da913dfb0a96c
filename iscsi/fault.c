/* SPDX-License-Identifier: BSD-2-Clause */
#include "fault.h"

#include <stddef.h>

struct fault_row {
    const char *name;
    const char *text;
};

static const struct fault_row rows[FAULT_COUNT] = {
#define X(code, words) [FAULT_##code] = {.name = #code, .text = (words)},
    FAULT_LIST(X)
#undef X
};

const char *fault_name(enum fault_code code)
{
    return (unsigned)code < FAULT_COUNT ? rows[code].name : "?";
}

const char *fault_text(enum fault_code code)
{
    return (unsigned)code < FAULT_COUNT ? rows[code].text : "an unknown failure";
}

/* Section 11.13.5: class 3 passes, class 2 is final but for three details that speak of sessions, not of us.
 */
static bool login_status_is_transient(uint8_t class, uint8_t detail)
{
    if (class == 3)
        return true;
    return class == 2 && (detail == 0x06 || detail == 0x08 || detail == 0x0a);
}

bool fault_is_transient(const struct fault *fault)
{
    switch (fault->code) {
    case FAULT_BUSY:
    case FAULT_DNS_TIMEOUT:
    case FAULT_TCP_REFUSED:
    case FAULT_TCP_TIMEOUT:
    case FAULT_TCP_UNREACHABLE:
    case FAULT_TCP_RESET:
    case FAULT_TCP_LOCAL:
    case FAULT_TCP_CLOSED:
    case FAULT_SILENT:
    case FAULT_LOGIN_TIMEOUT:
    case FAULT_COMMAND_TIMEOUT:
    case FAULT_SESSION_LOST:
    case FAULT_TARGET_LOGOUT:
    case FAULT_NOT_READY:
        return true;
    case FAULT_LOGIN_STATUS:
        return login_status_is_transient(fault->login_class, fault->login_detail);
    default:
        return false;
    }
}

bool fault_may_pass(const struct fault *fault)
{
    if (fault->code == FAULT_LOGIN_STATUS && fault->login_class == 2)
        return fault_is_transient(fault) || fault->login_detail == 0x02 || fault->login_detail == 0x03;
    if (fault->code >= FAULT_AUTH_METHOD && fault->code <= FAULT_AUTH_NO_RANDOM)
        return false;
    return fault->code != FAULT_BAD_CONFIG;
}
