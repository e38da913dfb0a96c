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

#define FETCH_PATH_MAX   511u /* bytes of a path; TFTP clients and servers agree on less */
#define FETCH_DETAIL_MAX 160u

enum fetch_scheme { FETCH_TFTP, FETCH_HTTP };

struct fetch_request {
    enum fetch_scheme scheme;
    struct net_address address; /* IPv4 */
    uint16_t port;              /* 69 and 80 where the URL has none */
    const char *host;           /* HTTP: the Host field, as the URL has it; copied */
    const char *path;  /* HTTP: with its leading slash, percent-encoded; TFTP: the name as it is; copied */
    uint32_t limit_ms; /* for the whole fetch */
};

enum fetch_state {
    FETCH_IDLE, /* none was begun */
    FETCH_RUNNING,
    FETCH_DONE,        /* whole: all bytes that the server announced, or up to the protocol's own end */
    FETCH_ABSENT,      /* there is no such file: TFTP error 1, HTTP 404 and 410 */
    FETCH_DENIED,      /* TFTP error 2, HTTP 401 and 403 */
    FETCH_MOVED,       /* HTTP 3xx: the detail is where to, as the server says it */
    FETCH_ENCODED,     /* HTTP: a transfer or content coding that we did not ask for; the detail names it */
    FETCH_ANSWER,      /* any other answer that is no file; the detail quotes it */
    FETCH_TOO_LARGE,   /* than the buffer; the detail has the announced size, if any */
    FETCH_SHORT,       /* the connection ended before the announced size */
    FETCH_TIMEOUT,     /* limit_ms passed, or the server fell silent for good */
    FETCH_REFUSED,     /* RST; an ICMP "port unreachable" for TFTP where it can be told */
    FETCH_UNREACHABLE, /* no route */
    FETCH_MALFORMED,   /* not TFTP or HTTP */
    FETCH_FAILED,      /* no memory, interface gone */
};

/*
 * Begin; replaces a fetch under way. `buffer` is the caller's until the state is no longer FETCH_RUNNING or
 * fetch_stop was called; what is in it counts at FETCH_DONE alone. False: the request cannot be sent as it is
 * (a path that is too long or has control characters or blanks).
 */
bool fetch_start(const struct fetch_request *request, void *buffer, size_t capacity);

/* How it stands; FETCH_DONE: the bytes of the file. */
enum fetch_state fetch_poll(size_t *ret_length);

/* Something of the server's own words for the sentence (a TFTP error's text, a Location): NUL-ended, bounded,
 * hostile, to be escaped before it is printed; empty where there is none. Valid until the next fetch_start.
 */
const char *fetch_detail(void);
/* The TFTP error code or the HTTP status; 0: none. */
unsigned fetch_code(void);

/* Give up; the buffer is the caller's again. Also done by net_close. */
void fetch_stop(void);

#endif
