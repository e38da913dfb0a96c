/* SPDX-License-Identifier: BSD-2-Clause */
#include "lunctl_pump.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lunctl_trace.h"

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

void lunctl_pump_catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool lunctl_pump_interrupted(void)
{
    return interrupted != 0;
}

uint64_t lunctl_pump_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void lunctl_pump_init(struct lunctl_pump *pump, struct session *session, struct lun *lun,
                      struct capture *capture, bool trace)
{
    memset(pump, 0, sizeof *pump);
    pump->session = session;
    pump->lun = lun;
    pump->capture = capture;
    pump->trace = trace;
    pump->socket = pump->answer = -1;
    pump->start_ms = lunctl_pump_clock();
}

/* --- Names --- */

/* What the child writes to its pipe. */
struct names {
    enum fault_code why;
    unsigned count;
    struct address addresses[SESSION_ADDRESSES_MAX];
};

static bool from_socket_address(const struct sockaddr *from, struct address *ret_address)
{
    struct address address = {0};

    if (from->sa_family == AF_INET) {
        struct sockaddr_in in;

        memcpy(&in, from, sizeof in);
        address.family = ADDRESS_IPV4;
        memcpy(address.bytes, &in.sin_addr, 4);
    } else if (from->sa_family == AF_INET6) {
        struct sockaddr_in6 in;

        memcpy(&in, from, sizeof in);
        address.family = ADDRESS_IPV6;
        memcpy(address.bytes, &in.sin6_addr, 16);
    } else {
        return false;
    }
    *ret_address = address;
    return true;
}

static void look_up(const char *host, struct names *ret_names)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *list = NULL;
    int error = getaddrinfo(host, NULL, &hints, &list);

    memset(ret_names, 0, sizeof *ret_names);
    ret_names->why = error == EAI_AGAIN ? FAULT_DNS_TIMEOUT : FAULT_DNS;
    for (struct addrinfo *at = list; error == 0 && at != NULL && ret_names->count < SESSION_ADDRESSES_MAX;
         at = at->ai_next)
        ret_names->count += from_socket_address(at->ai_addr, &ret_names->addresses[ret_names->count]);
}

static void stop_resolver(struct lunctl_pump *pump)
{
    if (pump->resolver == 0)
        return;
    kill(pump->resolver, SIGKILL);
    waitpid(pump->resolver, NULL, 0);
    close(pump->answer);
    pump->resolver = 0;
    pump->answer = -1;
}

static void start_resolver(struct lunctl_pump *pump, const struct session_action *action)
{
    struct names names = {.why = FAULT_DNS};
    int ends[2];

    stop_resolver(pump);
    if (pipe(ends) != 0) {
        session_resolved(pump->session, action->connection, NULL, 0, FAULT_DNS);
        return;
    }
    pump->resolver = fork();
    if (pump->resolver == 0) {
        look_up(action->host, &names);
        _exit(write(ends[1], &names, sizeof names) == (ssize_t)sizeof names ? 0 : 1);
    }
    close(ends[1]);
    pump->answer = ends[0];
    pump->resolving = action->connection;
    if (pump->resolver < 0) {
        close(ends[0]);
        pump->resolver = 0;
        pump->answer = -1;
        session_resolved(pump->session, action->connection, NULL, 0, FAULT_DNS);
    }
}

static void take_names(struct lunctl_pump *pump)
{
    struct names names;
    ssize_t n = read(pump->answer, &names, sizeof names);

    if (n != (ssize_t)sizeof names)
        names = (struct names){.why = FAULT_DNS};
    stop_resolver(pump);
    session_resolved(pump->session, pump->resolving, names.addresses, names.count, names.why);
}

/* --- The connection --- */

static enum session_close_reason reason_of(int error)
{
    switch (error) {
    case ECONNREFUSED:
        return SESSION_REFUSED;
    case ECONNRESET:
    case EPIPE:
        return SESSION_RST;
    case ETIMEDOUT:
        return SESSION_TIMEOUT;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
        return SESSION_UNREACHABLE;
    default:
        return SESSION_LOCAL;
    }
}

static void drop_socket(struct lunctl_pump *pump, bool politely)
{
    struct linger reset = {.l_onoff = 1, .l_linger = 0};

    if (pump->socket < 0)
        return;
    if (politely) {
        /* Unread bytes would turn the close into a reset, and that could overtake what was sent last. */
        shutdown(pump->socket, SHUT_WR);
        while (recv(pump->socket, pump->buffer, sizeof pump->buffer, MSG_DONTWAIT) > 0)
            ;
    } else {
        setsockopt(pump->socket, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    }
    close(pump->socket);
    if (pump->capture != NULL)
        lunctl_pcap_close(pump->capture);
    pump->socket = -1;
    pump->connecting = pump->ended = false;
    pump->have = pump->taken = 0;
}

static void report_closed(struct lunctl_pump *pump, enum session_close_reason reason)
{
    drop_socket(pump, reason == SESSION_FIN);
    session_closed(pump->session, pump->connection, reason);
}

static socklen_t socket_address(const struct session_action *action, struct sockaddr_storage *ret_to)
{
    memset(ret_to, 0, sizeof *ret_to);
    if (action->address.family == ADDRESS_IPV6) {
        struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_port = htons(action->port)};

        memcpy(&in.sin6_addr, action->address.bytes, 16);
        memcpy(ret_to, &in, sizeof in);
        return sizeof in;
    }
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(action->port)};

    memcpy(&in.sin_addr, action->address.bytes, 4);
    memcpy(ret_to, &in, sizeof in);
    return sizeof in;
}

static void start_connection(struct lunctl_pump *pump, const struct session_action *action)
{
    struct sockaddr_storage to;
    socklen_t length = socket_address(action, &to);
    int yes = 1;

    drop_socket(pump, false);
    pump->connection = action->connection;
    pump->socket = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (pump->socket < 0) {
        report_closed(pump, reason_of(errno));
        return;
    }
    setsockopt(pump->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    pump->connecting = true;
    if (connect(pump->socket, (const struct sockaddr *)&to, length) != 0 && errno != EINPROGRESS)
        report_closed(pump, reason_of(errno));
}

static void watch_connecting(struct lunctl_pump *pump)
{
    int error = 0;
    socklen_t length = sizeof error;

    if (getsockopt(pump->socket, SOL_SOCKET, SO_ERROR, &error, &length) != 0)
        error = errno;
    if (error != 0) {
        report_closed(pump, reason_of(error));
        return;
    }
    pump->connecting = false;
    if (pump->capture != NULL)
        lunctl_pcap_open(pump->capture, pump->socket);
    session_connected(pump->session, pump->connection);
}

static bool do_actions(struct lunctl_pump *pump)
{
    bool moved = false;

    for (;;) {
        struct session_action action = session_next_action(pump->session);

        switch (action.kind) {
        case SESSION_DO_NOTHING:
            return moved;
        case SESSION_RESOLVE:
            start_resolver(pump, &action);
            break;
        case SESSION_CONNECT:
            stop_resolver(pump);
            start_connection(pump, &action);
            break;
        case SESSION_CLOSE:
        case SESSION_ABORT:
            stop_resolver(pump);
            drop_socket(pump, action.kind == SESSION_CLOSE);
            break;
        }
        moved = true;
    }
}

/* --- Bytes --- */

static bool connected(const struct lunctl_pump *pump)
{
    return pump->socket >= 0 && !pump->connecting;
}

static void receive(struct lunctl_pump *pump)
{
    ssize_t n;

    if (!connected(pump) || pump->ended || pump->taken < pump->have)
        return;
    n = recv(pump->socket, pump->buffer, sizeof pump->buffer, 0);
    if (n > 0) {
        pump->have = (size_t)n;
        pump->taken = 0;
        if (pump->capture != NULL)
            lunctl_pcap_bytes(pump->capture, false, pump->buffer, pump->have);
    } else if (n == 0) {
        pump->ended = true;
    } else if (errno != EAGAIN && errno != EINTR) {
        report_closed(pump, reason_of(errno));
    }
}

/* From the buffer to where the session wants it. */
static bool deliver(struct lunctl_pump *pump)
{
    bool moved = false;

    while (pump->taken < pump->have) {
        uint8_t *window;
        size_t n = session_rx_space(pump->session, &window);

        if (n > pump->have - pump->taken)
            n = pump->have - pump->taken;
        if (n == 0)
            break;
        memcpy(window, pump->buffer + pump->taken, n);
        pump->taken += n;
        session_rx_done(pump->session, n);
        if (pump->trace)
            lunctl_trace_drain(pump->session, &pump->trace_cursor, pump->start_ms);
        moved = true;
    }
    return moved;
}

/* Returns false when the socket is full. */
static bool transmit(struct lunctl_pump *pump, bool *moved)
{
    const uint8_t *bytes;
    size_t length;

    while (connected(pump) && (length = session_tx_peek(pump->session, &bytes)) > 0) {
        ssize_t n = send(pump->socket, bytes, length, MSG_NOSIGNAL | MSG_MORE);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return false;
        if (n < 0) {
            report_closed(pump, reason_of(errno));
            return true;
        }
        if (pump->capture != NULL)
            lunctl_pcap_bytes(pump->capture, true, bytes, (size_t)n);
        session_tx_done(pump->session, (size_t)n);
        if (pump->trace)
            lunctl_trace_drain(pump->session, &pump->trace_cursor, pump->start_ms);
        *moved = true;
    }
    return true;
}

/* Headers, data and padding were held back to leave together: setting the option again lets them go. */
static void push(struct lunctl_pump *pump)
{
    int yes = 1;

    if (connected(pump))
        setsockopt(pump->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

/* Everything that can be done without waiting; the next time at which something is due. */
static uint64_t work(struct lunctl_pump *pump, bool *ret_moved, bool *ret_full)
{
    uint64_t now = lunctl_pump_clock(), next, lun_next = UINT64_MAX;
    bool moved, sent = false;

    session_tick(pump->session, now);
    moved = do_actions(pump);
    moved |= deliver(pump);
    if (pump->ended && pump->taken == pump->have) {
        report_closed(pump, SESSION_FIN);
        moved = true;
    }
    if (pump->lun != NULL)
        lun_next = lun_step(pump->lun, now);
    moved |= do_actions(pump);
    *ret_full = !transmit(pump, &sent);
    if (sent)
        push(pump);
    /* What moved may have brought it nearer: a session that is opened again, and waits first. */
    next = session_tick(pump->session, now);
    moved |= sent;
    moved |= do_actions(pump);
    if (pump->trace)
        lunctl_trace_drain(pump->session, &pump->trace_cursor, pump->start_ms);
    *ret_moved = moved;
    return lun_next < next ? lun_next : next;
}

static int milliseconds_until(uint64_t at)
{
    uint64_t now = lunctl_pump_clock();

    if (at <= now)
        return 0;
    return at - now < INT_MAX ? (int)(at - now) : INT_MAX;
}

void lunctl_pump_turn(struct lunctl_pump *pump, uint64_t until_ms, int watched, short events)
{
    bool moved, full;
    uint64_t next = work(pump, &moved, &full);
    struct pollfd fds[3] = {
        {.fd = pump->socket, .events = (short)(pump->connecting || full ? POLLOUT : 0)},
        {.fd = pump->answer, .events = POLLIN},
        {.fd = watched, .events = events},
    };

    if (connected(pump) && !pump->ended && pump->taken == pump->have)
        fds[0].events |= POLLIN;
    if (fds[0].events == 0)
        fds[0].fd = -1;
    if (poll(fds, 3, moved ? 0 : milliseconds_until(next < until_ms ? next : until_ms)) <= 0)
        return;
    session_tick(pump->session, lunctl_pump_clock());
    if (fds[1].revents != 0)
        take_names(pump);
    if (fds[0].revents != 0 && pump->connecting)
        watch_connecting(pump);
    else if (fds[0].revents & (POLLIN | POLLERR | POLLHUP))
        receive(pump);
}

void lunctl_pump_done(struct lunctl_pump *pump)
{
    stop_resolver(pump);
    drop_socket(pump, false);
}
