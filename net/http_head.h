/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The head of a web server's answer (RFC 9112 sections 4 and 5) as values: nothing here sends, waits or keeps
 * state. What is parsed is untrusted; what does not hold together is refused whole. For net/ alone.
 */
#ifndef LUNBOOT_NET_HTTP_HEAD_H
#define LUNBOOT_NET_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the head; may have blanks and bytes beyond ASCII, and be empty. */
struct http_text {
    const uint8_t *bytes;
    size_t length;
};

struct http_head {
    unsigned status; /* 100 to 999 */
    struct http_text reason, location;
    struct http_text coding; /* a transfer coding, or a content coding other than identity */
    bool has_length;
    uint64_t length; /* of the content; what is beyond 64 bits is all ones */
    struct http_text length_text;
};

/*
 * `bytes` are a status line and field lines, the empty line at the end included. False: it is no HTTP/1, a
 * line is none, has control characters or an end other than CRLF, or the length of the content is no number
 * or is given twice and differs (RFC 9112 section 6.3).
 */
bool http_head_parse(const uint8_t *bytes, size_t length, struct http_head *ret_head);

#endif
