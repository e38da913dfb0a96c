/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lwIP's web client on a connection layer (altcp) of our own over stream.c. The client gathers a head of any
 * size, searches it for words wherever they stand, and waits for the server to close; so the layer reads the
 * head itself (http_head.c), gives the client one that it understands, and tells it where the content ends.
 */
#include <stdio.h>
#include <string.h>

#include "lwip/altcp.h"
#include "lwip/apps/http_client.h"
#include "lwip/opt.h"
#include "lwip/priv/altcp_priv.h"
#include "fetches.h"
#include "hooks.h"
#include "http_head.h"
#include "stream.h"

#define HEAD_MAX    8192u
#define HOST_MAX    (NET_HOST_MAX + sizeof ":65535")
#define REQUEST_MAX (FETCH_PATH_MAX + HOST_MAX + 256u)
#define PIECE_MAX   0xffffu /* a pbuf's */
#define HTTP_PORT   80u
#define SWITCHED    101u /* to a protocol that we did not ask for */

/* lwIP's client gives up at the 30th call of its poll function without content: after 15 s. */
#define POLL_MS 500u

static const char version[] = "HTTP/";

static struct {
    struct altcp_pcb *conn; /* lwIP's client holds it; NULL: the client is gone */
    struct stream *stream;
    ip_addr_t server;
    uint64_t tick_ms;
    bool asked, in_content;
    bool has_length;
    uint64_t left; /* of the content, with has_length */
    uint8_t head[HEAD_MAX];
    size_t head_length;
} http;

/* ---- what lwIP's client calls ---- */

/* It has a name, for the Host field; its address was found before. */
err_t dns_gethostbyname(const char *name, ip_addr_t *ret_address,
                        void (*found)(const char *name, const ip_addr_t *address, void *arg), void *arg)
{
    LWIP_UNUSED_ARG(name);
    LWIP_UNUSED_ARG(found);
    LWIP_UNUSED_ARG(arg);
    *ret_address = http.server;
    return ERR_OK;
}

static err_t layer_connect(struct altcp_pcb *conn, const ip_addr_t *address, u16_t port,
                           altcp_connected_fn connected)
{
    struct net_address server = {.family = 4};

    memcpy(server.bytes, &ip_2_ip4(address)->addr, 4);
    conn->connected = connected;
    http.stream = stream_connect(&server, port);
    return http.stream != NULL ? ERR_OK : ERR_MEM;
}

static err_t layer_write(struct altcp_pcb *conn, const void *bytes, u16_t length, u8_t flags)
{
    LWIP_UNUSED_ARG(conn);
    LWIP_UNUSED_ARG(flags); /* a commit copies */
    return stream_commit(http.stream, bytes, length) == length ? ERR_OK : ERR_MEM;
}

static err_t layer_output(struct altcp_pcb *conn)
{
    LWIP_UNUSED_ARG(conn);
    stream_flush(http.stream);
    return ERR_OK;
}

static err_t layer_close(struct altcp_pcb *conn)
{
    if (http.stream != NULL) {
        stream_close(http.stream);
    }
    http.stream = NULL;
    http.conn = NULL;
    altcp_free(conn);
    return ERR_OK;
}

static struct altcp_pcb *layer_new(void *arg, u8_t ip_type)
{
    static const struct altcp_functions functions = {
        .connect = layer_connect, .write = layer_write, .output = layer_output, .close = layer_close};

    LWIP_UNUSED_ARG(arg);
    LWIP_UNUSED_ARG(ip_type);
    http.conn = altcp_alloc();
    if (http.conn != NULL) {
        http.conn->fns = &functions;
    }
    return http.conn;
}

static err_t on_content(void *arg, struct altcp_pcb *conn, struct pbuf *p, err_t err)
{
    LWIP_UNUSED_ARG(arg);
    LWIP_UNUSED_ARG(conn);
    LWIP_UNUSED_ARG(err);
    fetch_put(p);
    pbuf_free(p);
    return ERR_OK;
}

/* The client is done, and closes its connection next. */
static void on_result(void *arg, httpc_result_t result, u32_t length, u32_t status, err_t err)
{
    LWIP_UNUSED_ARG(arg);
    LWIP_UNUSED_ARG(length);
    LWIP_UNUSED_ARG(status);
    LWIP_UNUSED_ARG(err);
    switch (result) {
    case HTTPC_RESULT_OK:
        fetch_end(FETCH_DONE);
        break;
    case HTTPC_RESULT_ERR_CLOSED:
    case HTTPC_RESULT_ERR_CONTENT_LEN:
        fetch_end(FETCH_SHORT);
        break;
    case HTTPC_RESULT_ERR_TIMEOUT:
        fetch_end(FETCH_TIMEOUT);
        break;
    default:
        fetch_end(FETCH_FAILED);
        break;
    }
}

/* ---- what is told to lwIP's client ---- */

static void give(const void *bytes, size_t length)
{
    struct pbuf *p = pbuf_alloc_reference((void *)(uintptr_t)bytes, (u16_t)length, PBUF_REF);

    if (p == NULL) {
        fetch_end(FETCH_FAILED);
        return;
    }
    http.conn->recv(http.conn->arg, http.conn, p, ERR_OK);
}

/* The client then looks whether it has all that was announced. */
static void give_end(void)
{
    http.conn->recv(http.conn->arg, http.conn, NULL, ERR_OK);
}

/* Only once there is room for the whole request, which the client writes in one go. */
static void give_connected(void)
{
    if (!http.asked && stream_space(http.stream) >= REQUEST_MAX) {
        http.asked = true;
        http.conn->connected(http.conn->arg, http.conn, ERR_OK);
    }
}

static void give_ticks(uint64_t now_ms)
{
    if (now_ms >= http.tick_ms) {
        http.tick_ms = now_ms + POLL_MS;
        http.conn->poll(http.conn->arg, http.conn);
    }
}

/* ---- the head ---- */

/* A 200: FETCH_RUNNING when its content can be taken. */
static enum fetch_state judge_content(const struct http_head *head, struct http_text *ret_detail)
{
    if (head->coding.length > 0) {
        *ret_detail = head->coding;
        return FETCH_ENCODED;
    }
    if (head->has_length && fetch_exceeds(head->length)) {
        *ret_detail = head->length_text;
        return FETCH_TOO_LARGE;
    }
    return FETCH_RUNNING;
}

static enum fetch_state judge(const struct http_head *head, struct http_text *ret_detail)
{
    *ret_detail = head->reason;
    switch (head->status) {
    case 200:
        return judge_content(head, ret_detail);
    case 401:
    case 403:
        return FETCH_DENIED;
    case 404:
    case 410:
        return FETCH_ABSENT;
    default:
        break;
    }
    if (head->status / 100 == 3 && head->location.length > 0) {
        *ret_detail = head->location;
        return FETCH_MOVED;
    }
    return FETCH_ANSWER;
}

/* What the server's head says, in the words that lwIP's client looks for. */
static void give_head(const struct http_head *head)
{
    static const char any[] = "HTTP/1.1 200 OK\r\n\r\n";
    char text[sizeof any + sizeof "Content-Length: 4294967295\r\n"];

    http.in_content = true;
    http.has_length = head->has_length;
    http.left = head->length;
    if (!http.has_length) {
        give(any, sizeof any - 1);
        return;
    }
    give(text, (size_t)snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %u\r\n\r\n",
                                (unsigned)http.left));
    if (http.left == 0) {
        give_end();
    }
}

static void take_whole_head(void)
{
    struct http_head head;
    struct http_text detail;
    enum fetch_state state;

    if (!http_head_parse(http.head, http.head_length, &head)) {
        fetch_end(FETCH_MALFORMED);
        return;
    }
    http.head_length = 0;
    if (head.status / 100 == 1 && head.status != SWITCHED) {
        return; /* the answer is still to come (RFC 9110 section 15.2) */
    }
    state = judge(&head, &detail);
    fetch_quote(head.status, detail.bytes, detail.length);
    if (state == FETCH_RUNNING) {
        give_head(&head);
    } else {
        fetch_end(state);
    }
}

/* What answers in another language is seen at once. */
static bool is_http(void)
{
    size_t length = http.head_length < sizeof version - 1 ? http.head_length : sizeof version - 1;

    return memcmp(http.head, version, length) == 0;
}

/* Returns how many were taken. */
static size_t take_head(const uint8_t *bytes, size_t length)
{
    size_t taken = 0;

    while (taken < length && http.head_length < HEAD_MAX) {
        http.head[http.head_length++] = bytes[taken++];
        if (http.head_length >= 4 && memcmp(http.head + http.head_length - 4, "\r\n\r\n", 4) == 0) {
            take_whole_head();
            return taken;
        }
    }
    if (!is_http() || http.head_length == HEAD_MAX) {
        fetch_end(FETCH_MALFORMED);
    }
    return taken;
}

/* ---- the content ---- */

/* Returns how many were taken. With a length it ends there, else where the server closes (RFC 9112 section
 * 6.3). */
static size_t take_content(const uint8_t *bytes, size_t length)
{
    size_t taken = length < PIECE_MAX ? length : PIECE_MAX;

    if (http.has_length && taken > http.left) {
        taken = (size_t)http.left;
    }
    give(bytes, taken);
    http.left -= http.has_length ? taken : 0;
    if (fetch_is_running() && http.has_length && http.left == 0) {
        give_end();
    }
    return taken;
}

/* ---- the connection ---- */

static void take_received(void)
{
    const uint8_t *bytes;
    size_t length, taken;

    while (fetch_is_running() && (length = stream_peek(http.stream, &bytes)) > 0) {
        taken = http.in_content ? take_content(bytes, length) : take_head(bytes, length);
        if (http.stream != NULL) {
            stream_consume(http.stream, taken);
        }
    }
}

/* All that came was read. */
static void take_state(enum stream_state state)
{
    static const enum fetch_state ends[] = {
        [STREAM_RESET] = FETCH_SHORT,     [STREAM_REFUSED] = FETCH_REFUSED,
        [STREAM_TIMEOUT] = FETCH_TIMEOUT, [STREAM_UNREACHABLE] = FETCH_UNREACHABLE,
        [STREAM_FAILED] = FETCH_FAILED,
    };

    if (state == STREAM_PEER_CLOSED) {
        give_end();
    } else if (state != STREAM_CONNECTING && state != STREAM_OPEN) {
        fetch_end(ends[state]);
    }
}

/* While it runs, lwIP's client is there: its end ends the fetch. */
static void poll(uint64_t now_ms)
{
    give_ticks(now_ms);
    if (fetch_is_running()) {
        give_connected();
    }
    take_received();
    if (fetch_is_running()) {
        take_state(stream_state(http.stream));
    }
}

static uint64_t next_ms(void)
{
    return http.tick_ms;
}

static void start(const ip_addr_t *server, const struct fetch_request *request)
{
    static altcp_allocator_t allocator = {.alloc = layer_new};
    static const httpc_connection_t settings = {.altcp_allocator = &allocator, .result_fn = on_result};
    char host[HOST_MAX];

    memset(&http, 0, sizeof http);
    http.server = *server;
    http.tick_ms = net_milliseconds() + POLL_MS;
    snprintf(host, sizeof host, request->port == HTTP_PORT ? "%s" : "%s:%u", request->host, request->port);
    if (httpc_get_file_dns(host, request->port, request->path, &settings, on_content, NULL, NULL) != ERR_OK) {
        fetch_end(FETCH_FAILED);
    }
}

/* lwIP's client cannot be stopped, but it can be told that its connection is gone. */
static void stop(void)
{
    altcp_err_fn told;
    void *arg;

    if (http.conn != NULL) {
        told = http.conn->err;
        arg = http.conn->arg;
        layer_close(http.conn);
        told(arg, ERR_ABRT);
    }
}

const struct fetch_client fetch_http = {start, poll, next_ms, stop};
