/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a list of portals to a session that is ready: names, addresses, connections, logins, redirections, and
 * what a failure leads to. Every end of a connection passes here too.
 */
#include <string.h>

#include "session_parts.h"

/* --- What a failed attempt leads to (sections 10.3 and 11.13.5; REQ-117 to REQ-136) --- */

enum verdict {
    FINAL,      /* no other attempt can mend it */
    NEXT,       /* the next address, portal or round, after a pause */
    SKIP,       /* not this portal again, but the others */
    WAIT_ONCE,  /* once again here, after Time2Wait */
    AGAIN_ONCE, /* once again here */
};

#define ANY_DETAIL 0xff

static const struct status_row {
    uint8_t class, detail;
    enum verdict verdict;
} status_rows[] = {
    {2, 0x03, SKIP},       /* not found at this portal */
    {2, 0x06, WAIT_ONCE},  /* too many connections: the old session may linger */
    {2, 0x08, AGAIN_ONCE}, /* cannot be included in the session: ask for a new one */
    {2, 0x0a, AGAIN_ONCE}, /* the session does not exist: ask for a new one */
    {2, ANY_DETAIL, FINAL}, {3, ANY_DETAIL, NEXT},
};

static const struct code_row {
    enum fault_code first, last;
    enum verdict verdict;
} code_rows[] = {
    {FAULT_BAD_CONFIG, FAULT_BAD_CONFIG, FINAL},
    {FAULT_DNS, FAULT_SILENT, NEXT},
    {FAULT_LOGIN_TIMEOUT, FAULT_LOGIN_TIMEOUT, NEXT},
    {FAULT_AUTH_METHOD, FAULT_AUTH_NO_RANDOM, FINAL}, /* a locked account helps nobody (REQ-177) */
};

static enum verdict judge_status(const struct fault *fault)
{
    for (size_t i = 0; i < sizeof(status_rows) / sizeof(status_rows[0]); i++) {
        const struct status_row *row = &status_rows[i];

        if (row->class == fault->login_class &&
            (row->detail == fault->login_detail || row->detail == ANY_DETAIL))
            return row->verdict;
    }
    return FINAL;
}

static enum verdict judge(const struct fault *fault)
{
    if (fault->code == FAULT_LOGIN_STATUS)
        return judge_status(fault);
    for (size_t i = 0; i < sizeof(code_rows) / sizeof(code_rows[0]); i++) {
        if (fault->code >= code_rows[i].first && fault->code <= code_rows[i].last)
            return code_rows[i].verdict;
    }
    return SKIP; /* a peer that breaks the protocol does so again */
}

/* --- The caller's actions --- */

static void want(struct session *session, enum session_action_kind kind)
{
    session->wire.connection++;
    session->wire.start = kind;
}

void session_let_go(struct session *session, enum session_action_kind how)
{
    struct session_wire *wire = &session->wire;

    if (wire->held) {
        wire->end = how;
        wire->end_connection = wire->connection;
    } else if (wire->end != SESSION_DO_NOTHING && how == SESSION_ABORT) {
        wire->end = how; /* the CLOSE was not fetched yet */
    }
    wire->start = SESSION_DO_NOTHING;
    wire->held = wire->open = false;
    wire->connection++;
    session_transmit_start(session);
}

struct session_action session_next_action(struct session *session)
{
    struct session_wire *wire = &session->wire;
    const struct session_route *route = &session->route;
    struct session_action action = {.kind = SESSION_DO_NOTHING};

    if (wire->end != SESSION_DO_NOTHING) {
        action.kind = wire->end;
        action.connection = wire->end_connection;
        wire->end = SESSION_DO_NOTHING;
        return action;
    }
    action.kind = wire->start;
    action.connection = wire->connection;
    if (action.kind == SESSION_RESOLVE)
        action.host = route->current.host;
    if (action.kind == SESSION_CONNECT) {
        action.address = route->addresses[route->address];
        action.port = route->current.port;
    }
    wire->held |= action.kind != SESSION_DO_NOTHING;
    wire->start = SESSION_DO_NOTHING;
    return action;
}

/* --- Attempts --- */

static size_t host_length(const struct portal *portal)
{
    size_t length = 0;

    while (length < ADDRESS_HOST_MAX && portal->host[length] != '\0')
        length++;
    return length;
}

/* Try the present address of the present portal, or look its name up first. */
static void attempt(struct session *session)
{
    struct session_route *route = &session->route;
    const struct session_config *config = session->config;

    if (route->address_count == 0) {
        route->address = 0;
        if (address_parse(route->current.host, host_length(&route->current), &route->addresses[0]))
            route->address_count = 1;
    }
    if (route->address_count == 0) {
        session->times.phase = session->now_ms + session_bound(config->resolve_ms, 10000);
        session_enter(session, SESSION_RESOLVING);
        want(session, SESSION_RESOLVE);
        return;
    }
    session->times.phase = session->now_ms + session_bound(config->connect_ms, 5000);
    session_enter(session, SESSION_CONNECTING);
    want(session, SESSION_CONNECT);
}

static void take_portal(struct session *session, const struct portal *portal, bool redirected)
{
    session->route.current = *portal;
    session->route.redirected = redirected;
    session->route.address_count = 0;
    session->route.address = 0;
}

static void pause_until(struct session *session, uint64_t at_ms)
{
    session->times.phase = at_ms;
    session_enter(session, SESSION_PAUSING);
}

void session_connection_begin(struct session *session)
{
    const struct session_config *config = session->config;
    struct session_route *route = &session->route;

    memset(route, 0, sizeof(*route));
    route->pause_ms = session_bound(config->pause_ms, 1000);
    take_portal(session, &config->portals[0], false);
    session->times.establish = session->now_ms + session_bound(config->establish_ms, 60000);
    if (session->times.not_before > session->now_ms)
        pause_until(session, session->times.not_before);
    else
        attempt(session);
}

static void give_up(struct session *session, const struct fault *fault)
{
    session->fault = *fault;
    session->times.phase = session->times.establish = SESSION_NEVER;
    session_enter(session, SESSION_FAILED);
}

uint64_t session_jitter(struct session *session, uint64_t pause_ms)
{
    return pause_ms / 2 + hash_random_32(&session->random) % (pause_ms + 1);
}

static uint64_t draw_pause(struct session *session)
{
    struct session_route *route = &session->route;
    uint64_t base = session_bound(session->config->pause_ms, 1000);
    uint64_t pause = session_jitter(session, route->pause_ms);

    route->pause_ms *= 2;
    if (route->pause_ms > 8 * base)
        route->pause_ms = 8 * base;
    return pause;
}

static bool all_skipped(const struct session *session)
{
    uint32_t all = (1u << session->config->portal_count) - 1;

    return (session->route.skipped & all) == all;
}

/* The next portal that was not given up; true when that began another round. */
static bool next_portal(struct session *session)
{
    struct session_route *route = &session->route;
    bool wrapped = false;

    do {
        if (++route->portal >= session->config->portal_count) {
            route->portal = 0;
            wrapped = true;
        }
    } while (route->skipped & 1u << route->portal);
    take_portal(session, &session->config->portals[route->portal], false);
    route->hops = 0;
    return wrapped;
}

static void go_on(struct session *session, const struct fault *fault, bool skip)
{
    struct session_route *route = &session->route;

    if (skip)
        route->skipped |= 1u << route->portal;
    if (all_skipped(session)) {
        give_up(session, fault);
        return;
    }
    if (!skip && !route->redirected && route->address + 1 < route->address_count) {
        route->address++;
        attempt(session);
        return;
    }
    if (!next_portal(session)) {
        attempt(session);
        return;
    }
    if (++route->round >= session_bound(session->config->attempts, 4)) {
        give_up(session, &session->fault);
        return;
    }
    pause_until(session, session->now_ms + draw_pause(session));
}

/* REQ-126, REQ-128, REQ-130: once more at the same place; a second time it is final. */
static void once_more(struct session *session, const struct fault *fault, bool wait)
{
    bool *spent = wait ? &session->route.limit_retried : &session->route.new_retried;

    if (*spent) {
        give_up(session, fault);
        return;
    }
    *spent = true;
    if (wait)
        pause_until(session,
                    session->now_ms + 1000u * (uint64_t)session->login.keys.result.default_time2wait);
    else
        attempt(session);
}

/* REQ-152: the one second login, after a refusal or a close by the peer, but not after silence. */
static bool md5_is_due(const struct session *session, const struct fault *fault)
{
    bool by_peer = fault->code == FAULT_TCP_CLOSED || fault->code == FAULT_TCP_RESET ||
                   fault->code == FAULT_REJECTED || session->login.state == LOGIN_FAILED;

    return session->state == SESSION_LOGIN && by_peer && !session->route.md5_used &&
           login_md5_may_help(&session->login);
}

static void note_attempt(struct session *session, const struct fault *fault)
{
    const struct session_route *route = &session->route;
    struct session_attempt *note = &session->attempt;

    note->number++;
    note->portal = route->current;
    note->address = (struct address){.family = ADDRESS_NONE};
    if (route->address < route->address_count)
        note->address = route->addresses[route->address];
    note->fault = *fault;
    note->md5_next = md5_is_due(session, fault);
}

static void attempt_failed(struct session *session, const struct fault *fault)
{
    struct session_route *route = &session->route;
    bool md5;

    note_attempt(session, fault);
    md5 = session->attempt.md5_next;
    if (session->fault.code == FAULT_NONE)
        session->fault = *fault;
    session_let_go(session, SESSION_ABORT);
    login_done(&session->login);
    route->md5_only = md5;
    if (md5) {
        route->md5_used = true;
        attempt(session);
        return;
    }
    switch (judge(fault)) {
    case FINAL:
        give_up(session, fault);
        break;
    case NEXT:
    case SKIP:
        go_on(session, fault, judge(fault) == SKIP);
        break;
    case WAIT_ONCE:
    case AGAIN_ONCE:
        once_more(session, fault, judge(fault) == WAIT_ONCE);
        break;
    }
}

/* --- The end of a connection --- */

void session_lose(struct session *session, struct fault fault, uint32_t wait_s, enum session_action_kind how)
{
    uint64_t not_before = session->now_ms + 1000u * (uint64_t)wait_s;

    note_attempt(session, &fault);
    session_let_go(session, how);
    session_task_end_all(session, FAULT_SESSION_LOST);
    session->times.drain = SESSION_NEVER;
    if (not_before > session->times.not_before)
        session->times.not_before = not_before;
    give_up(session, &fault);
}

void session_fail(struct session *session, struct fault fault)
{
    switch (session->state) {
    case SESSION_RESOLVING:
    case SESSION_CONNECTING:
    case SESSION_LOGIN:
        attempt_failed(session, &fault);
        break;
    case SESSION_READY:
        session_lose(session, fault, session->info.keys.default_time2wait, SESSION_ABORT);
        break;
    case SESSION_LOGOUT:
        session_logout_over(session, fault);
        break;
    default:
        break;
    }
}

void session_fail_code(struct session *session, enum fault_code code, uint8_t opcode)
{
    session_fail(session, (struct fault){.code = code, .opcode = opcode});
}

/* --- What the caller reports --- */

void session_resolved(struct session *session, uint32_t connection, const struct address *addresses,
                      unsigned count, enum fault_code why)
{
    struct session_route *route = &session->route;

    if (connection != session->wire.connection || session->state != SESSION_RESOLVING)
        return;
    session->wire.held = false; /* the look-up is over: nothing to give back */
    route->address_count = 0;
    for (unsigned i = 0; i < count && route->address_count < SESSION_ADDRESSES_MAX; i++) {
        if (addresses[i].family != ADDRESS_NONE)
            route->addresses[route->address_count++] = addresses[i];
    }
    if (route->address_count == 0)
        session_fail_code(session, why == FAULT_DNS_TIMEOUT ? FAULT_DNS_TIMEOUT : FAULT_DNS, 0xff);
    else
        attempt(session);
}

void session_connected(struct session *session, uint32_t connection)
{
    uint32_t tag;

    if (connection != session->wire.connection || session->state != SESSION_CONNECTING)
        return;
    session->wire.open = session->wire.first_header = true;
    session->times.phase = session->now_ms + session_bound(session->config->login_ms, 15000);
    session_receive_start(session, LOGIN_REQUEST_MAX);
    session_transmit_start(session);
    session->numbers.window_known = false;
    session->numbers.exp_stat_sn = 0;
    session_enter(session, SESSION_LOGIN);
    tag = session_tag_new(session, SESSION_TAG_LOGIN);
    login_start(&session->login, &session->config->login, session->numbers.cmd_sn, tag,
                session->route.md5_only, &session->random);
    if (session->login.state == LOGIN_FAILED)
        session_fail(session, session->login.fault);
}

static enum fault_code why_closed(enum session_close_reason reason, bool was_open)
{
    static const enum fault_code codes[][2] = {
        [SESSION_FIN] = {FAULT_TCP_CLOSED, FAULT_TCP_CLOSED},
        [SESSION_RST] = {FAULT_TCP_RESET, FAULT_TCP_RESET},
        [SESSION_REFUSED] = {FAULT_TCP_REFUSED, FAULT_TCP_REFUSED},
        [SESSION_TIMEOUT] = {FAULT_TCP_TIMEOUT, FAULT_SILENT},
        [SESSION_UNREACHABLE] = {FAULT_TCP_UNREACHABLE, FAULT_TCP_UNREACHABLE},
        [SESSION_LOCAL] = {FAULT_TCP_LOCAL, FAULT_TCP_LOCAL},
    };

    return (unsigned)reason <= SESSION_LOCAL ? codes[reason][was_open] : FAULT_TCP_LOCAL;
}

void session_closed(struct session *session, uint32_t connection, enum session_close_reason reason)
{
    if (connection != session->wire.connection || !session->wire.held || session->state == SESSION_RESOLVING)
        return;
    session_fail_code(session, why_closed(reason, session->wire.open), 0xff);
}

/* --- Login --- */

static void fill_info(struct session *session)
{
    const struct session_route *route = &session->route;
    const struct login *login = &session->login;

    session->info = (struct session_info){
        .keys = login->keys.result,
        .portal = route->current,
        .address = route->addresses[route->address],
        .tsih = login->tsih,
        .chap_algorithm = login->authenticated ? login->chap.algorithm : 0,
        .authenticated = login->authenticated,
        .mutual = login->mutual,
        .weak_challenge = login->authenticated && login->chap.weak_challenge,
        .repeated_challenge = login->authenticated && login->chap.repeated_challenge,
        .md5_retried = route->md5_used,
        .moved_permanently = route->moved_permanently,
    };
}

static void start_digests(struct session *session)
{
    const struct keys_values *keys = &session->info.keys;
    const struct frame_digests digests = {.header = keys->header_digest != KEYS_DIGEST_NONE,
                                          .data = keys->data_digest != KEYS_DIGEST_NONE,
                                          .use_instruction = session->has_crc_instruction};

    frame_receiver_check(&session->receiver, digests);
    session->transmit.sender.digests = digests;
}

/* Everything of the session before is dropped, and what was agreed is in force from the next byte (REQ-072,
 * REQ-265). */
static void become_ready(struct session *session)
{
    fill_info(session);
    login_done(&session->login);
    session->numbers.exp_stat_sn = session->login.exp_stat_sn;
    session->numbers.fruitless = 0;
    session->fault = (struct fault){.code = FAULT_NONE};
    session->times = (struct session_times){
        .phase = SESSION_NEVER, .establish = SESSION_NEVER, .drain = SESSION_NEVER, .heard = session->now_ms};
    session_task_reset(session);
    session_reset_clear(session);
    session_nop_reset(session);
    session_text_reset(session);
    session_logout_reset(session);
    session_receive_start(session, session->info.keys.max_recv_data_length);
    start_digests(session);
    session->epoch++;
    session_enter(session, SESSION_READY);
}

/* Sections 11.13.5 and 13.8: the login starts afresh at another address. */
static void follow_redirection(struct session *session)
{
    struct session_route *route = &session->route;

    if (route->hops >= SESSION_REDIRECTS_MAX) {
        session_fail_code(session, FAULT_REDIRECT_LOOP, PDU_LOGIN_RESPONSE);
        return;
    }
    route->hops++;
    route->moved_permanently |= session->login.redirect_permanent;
    take_portal(session, &session->login.redirect, true);
    session_let_go(session, SESSION_CLOSE);
    login_done(&session->login);
    attempt(session);
}

void session_connection_login(struct session *session)
{
    switch (session->login.state) {
    case LOGIN_DONE:
        become_ready(session);
        break;
    case LOGIN_REDIRECTED:
        follow_redirection(session);
        break;
    case LOGIN_FAILED:
        session_fail(session, session->login.fault);
        break;
    default:
        break;
    }
}

/* --- Time --- */

/* What is missing when a state lasts too long. */
static enum fault_code why_late(enum session_state state)
{
    switch (state) {
    case SESSION_RESOLVING:
        return FAULT_DNS_TIMEOUT;
    case SESSION_CONNECTING:
        return FAULT_TCP_TIMEOUT;
    case SESSION_LOGIN:
        return FAULT_LOGIN_TIMEOUT;
    default:
        return FAULT_NONE;
    }
}

/* The time for all attempts is over (REQ-136). */
static void establish_over(struct session *session)
{
    struct fault fault = {.code = why_late(session->state), .opcode = 0xff};

    if (fault.code == FAULT_NONE) /* in a pause: there was a failure, or the target's own wait is too long */
        fault.code = FAULT_TARGET_LOGOUT;
    else
        note_attempt(session, &fault);
    session_let_go(session, SESSION_ABORT);
    login_done(&session->login);
    give_up(session, session->fault.code != FAULT_NONE ? &session->fault : &fault);
}

void session_connection_tick(struct session *session)
{
    if (session->now_ms >= session->times.establish) {
        establish_over(session);
        return;
    }
    if (session->now_ms < session->times.phase)
        return;
    if (session->state == SESSION_PAUSING)
        attempt(session);
    else if (why_late(session->state) != FAULT_NONE)
        session_fail_code(session, why_late(session->state), 0xff);
}

uint64_t session_connection_deadline(const struct session *session)
{
    uint64_t at = session->times.phase;

    session_earliest(&at, session->times.establish);
    return at;
}
