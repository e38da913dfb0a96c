/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One small file from a TFTP server (RFC 1350) or a web server (HTTP/1.1, RFC 9112), by lwIP's own clients,
 * into the caller's memory: a configuration, so a file of some KiB. Everything that a server says is hostile:
 * nothing is written beyond the buffer, a file is whole or it is not there, and its end is bounded in time.
 * One fetch at a time; net_poll moves it.
 */
#ifndef LUNBOOT_NET_FETCH_H
#define LUNBOOT_NET_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net.h"

#define FETCH_PATH_MAX   511u /* bytes of a path; a name of TFTP has 503 at most (RFC 2347) */
#define FETCH_DETAIL_MAX 160u

enum fetch_scheme { FETCH_TFTP, FETCH_HTTP };

struct fetch_request {
    enum fetch_scheme scheme;
    struct net_address address; /* IPv4 */
    uint16_t port;              /* 69 and 80 where the URL has none */
    const char *host;           /* HTTP: the URL's, for the Host field; copied */
    const char *path;  /* HTTP: with its leading slash, percent-encoded; TFTP: the name as it is; copied */
    uint32_t limit_ms; /* for the whole fetch */
};

enum fetch_state {
    FETCH_IDLE, /* none was begun, or it was given up */
    FETCH_RUNNING,
    FETCH_DONE,        /* whole: all bytes that the server announced, or up to the protocol's own end */
    FETCH_ABSENT,      /* there is no such file: TFTP error 1, HTTP 404 and 410 */
    FETCH_DENIED,      /* TFTP error 2, HTTP 401 and 403 */
    FETCH_MOVED,       /* HTTP 3xx with a Location, which is the detail */
    FETCH_ENCODED,     /* HTTP: a transfer or content coding that we did not ask for; the detail names it */
    FETCH_ANSWER,      /* any other answer that is no file; the detail quotes it */
    FETCH_TOO_LARGE,   /* than the buffer; the detail has the announced size, if any */
    FETCH_SHORT,       /* the connection ended before the answer did */
    FETCH_TIMEOUT,     /* limit_ms passed, or nothing new came for 15 s */
    FETCH_REFUSED,     /* nobody listens there: RST, for TFTP an ICMP "port unreachable" */
    FETCH_UNREACHABLE, /* no route, or an ICMP said so */
    FETCH_MALFORMED,   /* not TFTP or HTTP */
    FETCH_FAILED,      /* no memory, interface gone */
};

/*
 * Begin; replaces a fetch under way. `buffer` is the caller's until the state is no longer FETCH_RUNNING or
 * fetch_stop was called; what is in it counts at FETCH_DONE alone. False, and nothing is changed: the request
 * cannot be sent as it is (a path or host that is empty, too long or has control characters or blanks; port
 * 0).
 */
bool fetch_start(const struct fetch_request *request, void *buffer, size_t capacity);

/* How it stands; FETCH_DONE: the bytes of the file. */
enum fetch_state fetch_poll(size_t *ret_length);

/*
 * Something of the server's own words for the sentence (a TFTP error's text, the reason beside a status, a
 * Location): NUL-ended, bounded, hostile, to be escaped before it is printed; empty where there is none.
 * Valid until the next fetch_start.
 */
const char *fetch_detail(void);
/* The TFTP error code (which may be 0) or the HTTP status; 0: none. */
unsigned fetch_code(void);

/* Give up, if it still runs; the buffer is the caller's again. Also done by net_close. */
void fetch_stop(void);

#endif
