/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "lwip/opt.h"
#include "lwip/pbuf.h"
#include "fetch.h"
#include "fetches.h"
#include "iface.h"

/* RFC 2347: a request of TFTP has 512 bytes at most; around the name are an opcode, two NULs and "octet". */
#define TFTP_NAME_MAX (512u - 2 - 1 - sizeof "octet")

static struct {
    enum fetch_state state;
    const struct fetch_client *client; /* NULL: nothing is held */
    uint8_t *buffer;
    size_t capacity, length;
    uint64_t deadline_ms;
    unsigned code;
    char detail[FETCH_DETAIL_MAX + 1];
} fetch;

/* ---- what a client says ---- */

bool fetch_is_running(void)
{
    return fetch.state == FETCH_RUNNING;
}

bool fetch_exceeds(uint64_t length)
{
    return length > fetch.capacity - fetch.length;
}

bool fetch_put(const struct pbuf *p)
{
    if (!fetch_is_running()) {
        return false;
    }
    if (fetch_exceeds(p->tot_len)) {
        fetch_end(FETCH_TOO_LARGE);
        return false;
    }
    fetch.length += pbuf_copy_partial(p, fetch.buffer + fetch.length, p->tot_len, 0);
    return true;
}

void fetch_end(enum fetch_state state)
{
    if (fetch_is_running()) {
        fetch.state = state;
    }
}

void fetch_quote(unsigned code, const void *text, size_t length)
{
    const char *from = text;
    size_t n = 0;

    while (n < length && n < FETCH_DETAIL_MAX && from[n] != '\0') {
        fetch.detail[n] = from[n];
        n++;
    }
    fetch.detail[n] = '\0';
    fetch.code = code;
}

/* ---- for the rest of net/ ---- */

static void give_back(void)
{
    if (fetch.client != NULL && !fetch_is_running()) {
        fetch.client->stop();
        fetch.client = NULL;
    }
}

void fetches_poll(void)
{
    uint64_t now = net_milliseconds();

    if (fetch_is_running()) {
        fetch.client->poll(now);
        if (now >= fetch.deadline_ms) {
            fetch_end(FETCH_TIMEOUT);
        }
    }
    give_back();
}

uint64_t fetches_next_ms(void)
{
    uint64_t next;

    if (fetch.client == NULL) {
        return UINT64_MAX;
    }
    next = fetch.client->next_ms();
    return next < fetch.deadline_ms ? next : fetch.deadline_ms;
}

void fetches_fail(void)
{
    fetch_end(FETCH_FAILED);
    give_back();
}

/* ---- for the caller ---- */

/* Printable ASCII without blanks, and for TFTP, whose names are bytes, what is beyond ASCII. */
static bool has_only(const char *text, size_t least, size_t most, uint8_t last)
{
    size_t length = 0;

    for (; text[length] != '\0'; length++) {
        uint8_t c = (uint8_t)text[length];

        if (length == most || c <= ' ' || c == 0x7f || c > last) {
            return false;
        }
    }
    return length >= least;
}

static bool is_sendable(const struct fetch_request *request)
{
    if (request->port == 0) {
        return false;
    }
    if (request->scheme == FETCH_TFTP) {
        return has_only(request->path, 1, TFTP_NAME_MAX, 0xff);
    }
    return request->path[0] == '/' && has_only(request->path, 1, FETCH_PATH_MAX, '~') &&
           has_only(request->host, 1, NET_HOST_MAX, '~');
}

static void begin(const struct fetch_request *request)
{
    ip_addr_t server;

    if (net_state() != NET_CONFIGURED) {
        fetch_end(FETCH_FAILED);
        return;
    }
    memcpy(&ip_2_ip4(&server)->addr, request->address.bytes, 4);
    if (request->address.family != 4 || !iface_has_route(ip_2_ip4(&server))) {
        fetch_end(FETCH_UNREACHABLE);
        return;
    }
    fetch.client = request->scheme == FETCH_TFTP ? &fetch_tftp : &fetch_http;
    fetch.client->start(&server, request);
    give_back();
}

bool fetch_start(const struct fetch_request *request, void *buffer, size_t capacity)
{
    if (!is_sendable(request)) {
        return false;
    }
    fetch_stop();
    memset(&fetch, 0, sizeof fetch);
    fetch.state = FETCH_RUNNING;
    fetch.buffer = buffer;
    fetch.capacity = capacity < INT32_MAX ? capacity : INT32_MAX; /* lwIP's client counts in an int */
    fetch.deadline_ms = net_milliseconds() + request->limit_ms;
    begin(request);
    return true;
}

enum fetch_state fetch_poll(size_t *ret_length)
{
    if (fetch.state == FETCH_DONE) {
        *ret_length = fetch.length;
    }
    return fetch.state;
}

const char *fetch_detail(void)
{
    return fetch.detail;
}

unsigned fetch_code(void)
{
    return fetch.code;
}

void fetch_stop(void)
{
    fetch_end(FETCH_IDLE);
    give_back();
}
