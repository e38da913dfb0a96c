/* SPDX-License-Identifier: BSD-2-Clause */
#include "pump.h"

#include <string.h>

/* How often one turn goes round before it returns, so that a fast peer cannot keep us inside. */
#define PUMP_ROUNDS 8u

void pump_init(struct pump *pump, struct session *session, struct lun *lun)
{
    *pump = (struct pump){.session = session, .lun = lun};
}

static struct net_address to_net(const struct address *address)
{
    struct net_address out = {.family = (uint8_t)address->family};

    memcpy(out.bytes, address->bytes, sizeof out.bytes);
    return out;
}

static enum session_close_reason close_reason(enum stream_state state)
{
    static const struct {
        enum stream_state state;
        enum session_close_reason reason;
    } table[] = {
        {STREAM_PEER_CLOSED, SESSION_FIN},         {STREAM_RESET, SESSION_RST},
        {STREAM_REFUSED, SESSION_REFUSED},         {STREAM_TIMEOUT, SESSION_TIMEOUT},
        {STREAM_UNREACHABLE, SESSION_UNREACHABLE},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].state == state)
            return table[i].reason;
    return SESSION_LOCAL;
}

/* Give the stream back: politely, or at once. */
static void drop_stream(struct pump *pump, bool polite)
{
    if (!pump->stream)
        return;
    if (polite)
        stream_close(pump->stream);
    else
        stream_abort(pump->stream);
    pump->stream = NULL;
    pump->connecting = false;
}

static void report_closed(struct pump *pump, enum session_close_reason reason)
{
    uint32_t connection = pump->connection;

    drop_stream(pump, reason == SESSION_FIN);
    session_closed(pump->session, connection, reason);
}

static void connect_stream(struct pump *pump, const struct session_action *action)
{
    struct net_address address = to_net(&action->address);

    drop_stream(pump, false);
    pump->connection = action->connection;
    pump->stream = stream_connect(&address, action->port);
    pump->connecting = pump->stream != NULL;
    if (!pump->stream)
        report_closed(pump, SESSION_UNREACHABLE);
}

static void start_resolving(struct pump *pump, const struct session_action *action)
{
    pump->connection = action->connection;
    pump->resolving = true;
    net_resolve_start(action->host);
}

/* Everything that the session wants done, in its order. */
static bool do_actions(struct pump *pump)
{
    bool moved = false;

    for (;;) {
        struct session_action action = session_next_action(pump->session);

        switch (action.kind) {
        case SESSION_DO_NOTHING:
            return moved;
        case SESSION_RESOLVE:
            start_resolving(pump, &action);
            break;
        case SESSION_CONNECT:
            pump->resolving = false;
            connect_stream(pump, &action);
            break;
        case SESSION_CLOSE:
        case SESSION_ABORT:
            pump->resolving = false;
            drop_stream(pump, action.kind == SESSION_CLOSE);
            break;
        }
        moved = true;
    }
}

static void watch_name(struct pump *pump)
{
    struct net_address found[NET_NAMES_MAX];
    struct address addresses[NET_NAMES_MAX] = {0};
    unsigned count = 0;
    enum net_resolve_state state;

    if (!pump->resolving)
        return;
    state = net_resolve_poll(found, &count);
    if (state == NET_RESOLVING)
        return;
    pump->resolving = false;
    for (unsigned i = 0; state == NET_RESOLVED && i < count; i++) {
        addresses[i].family = (enum address_family)found[i].family;
        memcpy(addresses[i].bytes, found[i].bytes, sizeof addresses[i].bytes);
    }
    session_resolved(pump->session, pump->connection, addresses, state == NET_RESOLVED ? count : 0,
                     state == NET_NAME_TIMEOUT ? FAULT_DNS_TIMEOUT : FAULT_DNS);
}

static bool move_received(struct pump *pump)
{
    bool moved = false;

    while (pump->stream) {
        const uint8_t *bytes;
        uint8_t *window;
        size_t have = stream_peek(pump->stream, &bytes);
        size_t room = have ? session_rx_space(pump->session, &window) : 0;
        size_t n = room < have ? room : have;

        if (!n)
            break;
        memcpy(window, bytes, n);
        stream_consume(pump->stream, n);
        session_rx_done(pump->session, n);
        moved = true;
    }
    return moved;
}

static bool move_sent(struct pump *pump)
{
    bool moved = false;

    while (pump->stream) {
        const uint8_t *bytes;
        size_t have = session_tx_peek(pump->session, &bytes);
        size_t room = have ? stream_space(pump->stream) : 0;
        size_t n = room < have ? room : have;

        n = n ? stream_commit(pump->stream, bytes, n) : 0;
        if (!n)
            break;
        session_tx_done(pump->session, n);
        moved = true;
    }
    if (moved)
        stream_flush(pump->stream);
    return moved;
}

/* What became of the connection since the last look. FIN counts only when nothing is left to be read. */
static void watch_stream(struct pump *pump)
{
    const uint8_t *bytes;
    enum stream_state state;

    if (!pump->stream)
        return;
    state = stream_state(pump->stream);
    if (state == STREAM_CONNECTING)
        return;
    if (pump->connecting && (state == STREAM_OPEN || state == STREAM_PEER_CLOSED)) {
        pump->connecting = false;
        session_connected(pump->session, pump->connection);
    }
    if (state == STREAM_OPEN || (state == STREAM_PEER_CLOSED && stream_peek(pump->stream, &bytes) > 0))
        return;
    report_closed(pump, close_reason(state));
}

void pump_turn(struct pump *pump)
{
    bool moved = true;

    net_poll();
    for (unsigned round = 0; moved && round < PUMP_ROUNDS; round++) {
        uint64_t now = net_milliseconds();

        session_tick(pump->session, now);
        moved = do_actions(pump);
        watch_name(pump);
        watch_stream(pump);
        moved |= move_received(pump);
        if (pump->lun)
            lun_step(pump->lun, now);
        moved |= do_actions(pump);
        moved |= move_sent(pump);
    }
}

void pump_submit(struct pump *pump, struct lun_request *request)
{
    uint64_t now = net_milliseconds();

    session_tick(pump->session, now);
    lun_step(pump->lun, now);
    lun_submit(pump->lun, request);
}

void pump_done(struct pump *pump)
{
    drop_stream(pump, false);
    pump->resolving = false;
}
