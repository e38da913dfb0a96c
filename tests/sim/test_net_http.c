/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file from a web server: answers in every cut, of every kind, and from servers that are slow, confused or
 * hostile. The server's TCP is the second lwIP's, what it says is the test's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/fetch.h"
#include "net/http_head.h"
#include "net/net.h"
#include "net/stream.h"
#include "tests/peer/peer.h"
#include "tests/world/fetching.h"
#include "tests/world/packet.h"
#include "tests/world/world.h"

#define OK         "HTTP/1.1 200 OK\r\n"
#define HELLO      OK "Content-Length: 5\r\n\r\nhello"
#define ANSWER_MAX 100000u
#define SYN        2u

static const struct fetch_request usual = {.scheme = FETCH_HTTP,
                                           .address = {.family = 4, .bytes = {10, 0, 0, 1}},
                                           .port = 80,
                                           .host = "boot.example",
                                           .path = "/lunboot.conf",
                                           .limit_ms = 60000};

/* ---- the server ---- */

static struct site {
    struct peer_connection *connection; /* NULL: none, or no more */
    char request[2000];
    size_t request_length;
    const uint8_t *answer;
    size_t length, sent;
    size_t piece;      /* of the answer at once; 0: all */
    unsigned pause_ms; /* before each piece */
    uint64_t next_ms;
    enum { CLOSES, KEEPS, RESETS } end;
    bool eager; /* does not wait for the request */
} site;

static bool is_asked(void)
{
    return site.eager ||
           (site.request_length >= 4 && memcmp(site.request + site.request_length - 4, "\r\n\r\n", 4) == 0);
}

static void end_answer(void)
{
    if (site.end == CLOSES) {
        peer_shut(site.connection);
    } else if (site.end == RESETS) {
        peer_abort(site.connection);
    }
    site.connection = site.end == KEEPS ? site.connection : NULL;
}

static void send_piece(void)
{
    size_t n = site.length - site.sent;

    n = site.piece != 0 && n > site.piece ? site.piece : n;
    site.sent += peer_send(site.connection, site.answer + site.sent, n);
    site.next_ms = world_now() + site.pause_ms;
    if (site.sent == site.length) {
        end_answer();
    }
}

static void serve(void)
{
    if (site.connection == NULL) {
        site.connection = peer_accept();
        if (site.connection == NULL) {
            return;
        }
        site.sent = site.request_length = 0;
        site.next_ms = world_now() + site.pause_ms;
    }
    site.request_length += peer_receive(site.connection, site.request + site.request_length,
                                        sizeof site.request - 1 - site.request_length);
    if (is_asked() && site.sent < site.length && world_now() >= site.next_ms) {
        send_piece();
    } else if (peer_state(site.connection) != PEER_OPEN) {
        peer_shut(site.connection); /* the other side has ended it */
        site.connection = NULL;
    }
}

static bool serve_until_ended(void *arg)
{
    serve();
    return fetching_ended(arg);
}

static void begin_with(const struct world_config *config)
{
    fetching_begin(config);
    assert_true(peer_listen(80));
}

static void begin(void)
{
    begin_with(&(struct world_config){.seed = 11, .delay_ms = 1, .with_peer = true});
}

static void end(void)
{
    if (site.connection != NULL) {
        peer_vanish(site.connection);
    }
    memset(&site, 0, sizeof site);
    fetching_end();
}

static void say(const void *answer, size_t length)
{
    site.answer = answer;
    site.length = length;
}

static enum fetch_state wait(void)
{
    assert_true(world_until(serve_until_ended, NULL, 1000000));
    return fetch_poll(&fetching.length);
}

static enum fetch_state fetch_answer(const void *answer, size_t length)
{
    say(answer, length);
    fetching_start(&usual, FETCHING_ROOM);
    return wait();
}

static enum fetch_state fetch_text(const char *answer)
{
    return fetch_answer(answer, strlen(answer));
}

/* A world for one answer. */
static enum fetch_state try_text(const char *answer)
{
    begin();
    return fetch_text(answer);
}

/* ---- asking ---- */

static void test_request_is_as_it_should_be(void **state)
{
    struct fetch_request request = usual;

    (void)state;
    begin();
    assert_int_equal(fetch_text(HELLO), FETCH_DONE);
    assert_string_equal(site.request, "GET /lunboot.conf HTTP/1.1\r\nUser-Agent: lunboot/" LUNBOOT_VERSION
                                      "\r\nAccept: */*\r\nHost: boot.example\r\nConnection: Close\r\n\r\n");
    end();
    begin();
    assert_true(peer_listen(8080));
    request.port = 8080;
    request.path = "/a%20b/%s%n?x=1&y=%d";
    say(HELLO, strlen(HELLO));
    fetching_start(&request, FETCHING_ROOM);
    assert_int_equal(wait(), FETCH_DONE);
    assert_string_equal(site.request,
                        "GET /a%20b/%s%n?x=1&y=%d HTTP/1.1\r\nUser-Agent: lunboot/" LUNBOOT_VERSION
                        "\r\nAccept: */*\r\nHost: boot.example:8080\r\nConnection: Close\r\n\r\n");
    end();
}

static void test_wrong_requests_are_refused(void **state)
{
    static const char *const paths[] = {"",      "no-slash",    "/two words", "/line\r\nHost: x",
                                        "/\x7f", "/caf\xc3\xa9"};
    static const char *const hosts[] = {"", "two words", "a\r\nX: y", "caf\xc3\xa9.example"};
    static char longest[600];
    struct fetch_request request = usual;

    (void)state;
    begin();
    say(HELLO, strlen(HELLO));
    fetching_start(&usual, FETCHING_ROOM); /* what cannot be sent leaves this alone */
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        request.path = paths[i];
        assert_false(fetch_start(&request, longest, sizeof longest));
    }
    request = usual;
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        request.host = hosts[i];
        assert_false(fetch_start(&request, longest, sizeof longest));
    }
    memset(longest, '/', FETCH_PATH_MAX + 1);
    request = usual;
    request.path = longest;
    assert_false(fetch_start(&request, longest, sizeof longest));
    request.path = usual.path;
    request.host = longest + FETCH_PATH_MAX + 1 - (NET_HOST_MAX + 1);
    assert_false(fetch_start(&request, longest, sizeof longest));
    assert_int_equal(wait(), FETCH_DONE);
    fetching_check("hello", 5);

    request.path = longest + 1; /* the longest of both */
    request.host = longest + FETCH_PATH_MAX + 1 - NET_HOST_MAX;
    fetching_start(&request, FETCHING_ROOM);
    assert_int_equal(wait(), FETCH_DONE);
    assert_true(site.request_length > FETCH_PATH_MAX + NET_HOST_MAX);
    end();
}

struct ports {
    unsigned count;
    uint16_t ports[8];
};

static bool note_port(void *arg, const uint8_t *frame, size_t length)
{
    struct ports *seen = arg;
    size_t size;
    const uint8_t *tcp = packet_tcp((uint8_t *)(uintptr_t)frame, length, &size);

    if (tcp != NULL && (tcp[13] & SYN) != 0) {
        seen->ports[seen->count++ % 8] = packet_get16(tcp);
    }
    return false;
}

static void test_ports_are_random(void **state)
{
    struct ports seen = {0};

    (void)state;
    begin();
    world_add_station(note_port, &seen);
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(fetch_text(HELLO), FETCH_DONE);
    }
    assert_int_equal(seen.count, 8);
    for (unsigned i = 0; i < 8; i++) {
        assert_true(seen.ports[i] >= 49152);
        for (unsigned k = 0; k < i; k++) {
            assert_true(seen.ports[i] > seen.ports[k] + 1 || seen.ports[k] > seen.ports[i] + 1);
        }
    }
    end();
}

/* ---- whole files ---- */

static void test_file_comes_in_any_cut(void **state)
{
    static const char *const answers[] = {
        HELLO,
        OK "\r\nhello",
        OK "Server: x\r\ncontent-LENGTH:\t5  \r\nX-Content-Length: 77\r\n\r\nhello",
        "HTTP/1.0 200\r\nContent-Length: 00000000000000000000000000000000000005\r\n\r\nhello",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" HELLO,
        OK "Content-Length: 5\r\nContent-Length: 5\r\nContent-Encoding: Identity\r\n\r\nhello",
        OK "X: Content-Length: 3\r\n  and so on\r\n\tContent-Length: 4\r\nContent-Length: 5\r\n\r\nhello",
    };

    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        for (size_t piece = 0; piece < strlen(answers[i]); piece++) {
            begin();
            site.piece = piece;
            if (fetch_text(answers[i]) != FETCH_DONE) {
                fail_msg("answer %zu in pieces of %zu", i, piece);
            }
            fetching_check("hello", 5);
            assert_int_equal(fetch_code(), 200);
            end();
        }
    }
}

static uint8_t long_answer[ANSWER_MAX];

static void put(size_t at, const void *bytes, size_t length)
{
    memcpy(long_answer + at, bytes, length);
}

static size_t make_answer(const char *head, size_t content)
{
    size_t length = strlen(head);

    put(0, head, length);
    for (size_t i = 0; i < content; i++) {
        long_answer[length + i] = (uint8_t)(i * 7 + i / 256);
    }
    return length + content;
}

static void test_file_that_just_fits_comes_and_a_larger_one_does_not(void **state)
{
    static const size_t sizes[] = {1, 1460, 5000, 65536};
    char head[100];

    (void)state;
    for (size_t i = 0; i < 2 * sizeof sizes / sizeof sizes[0]; i++) {
        size_t size = sizes[i / 2], length;

        snprintf(head, sizeof head, i % 2 == 0 ? OK "Content-Length: %zu\r\n\r\n" : OK "\r\n", size);
        length = make_answer(head, size);
        for (unsigned less = 0; less < 2; less++) {
            begin();
            say(long_answer, length);
            fetching_start(&usual, size - less);
            assert_int_equal(wait(), less == 0 ? FETCH_DONE : FETCH_TOO_LARGE);
            if (less == 0) {
                fetching_check(long_answer + length - size, size);
            } else if (i % 2 == 0) {
                snprintf(head, sizeof head, "%zu", size);
                assert_string_equal(fetch_detail(), head);
            }
            end();
        }
    }
}

static void test_empty_file_is_a_file(void **state)
{
    (void)state;
    assert_int_equal(try_text(OK "Content-Length: 0\r\n\r\n"), FETCH_DONE);
    assert_int_equal(fetching.length, 0);
    end();
    assert_int_equal(try_text(OK "\r\n"), FETCH_DONE);
    assert_int_equal(fetching.length, 0);
    end();
}

/* RFC 9112 section 6.3: the length ends the content, not the connection. */
static void test_server_that_does_not_close_is_not_waited_for(void **state)
{
    uint64_t start;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        begin();
        site.end = KEEPS;
        start = world_now();
        assert_int_equal(fetch_text(i == 0 ? HELLO : OK "Content-Length: 0\r\n\r\n"), FETCH_DONE);
        assert_in_range(world_now() - start, 0, 1000);
        fetching_check("hello", i == 0 ? 5 : 0);
        end();
    }
}

static void test_more_than_was_announced_is_left(void **state)
{
    (void)state;
    for (size_t piece = 0; piece < 60; piece++) {
        begin();
        site.piece = piece;
        assert_int_equal(fetch_text(OK "Content-Length: 5\r\n\r\nhello and goodbye" HELLO), FETCH_DONE);
        fetching_check("hello", 5);
        end();
    }
}

static void fetch_over_bad_wire(uint64_t seed)
{
    size_t length = make_answer(OK "Content-Length: 60000\r\n\r\n", 60000);

    begin_with(&(struct world_config){
        .seed = seed,
        .delay_ms = 1,
        .with_peer = true,
        .faults = {.lose = 2000, .repeat = 4000, .reorder = 4000, .damage = 1000},
    });
    assert_int_equal(fetch_answer(long_answer, length), FETCH_DONE);
    fetching_check(long_answer + length - 60000, 60000);
    end();
}

static void test_bad_wires_give_the_whole_file(void **state)
{
    (void)state;
    world_each_seed(300, world_seeds(20), fetch_over_bad_wire);
}

/* ---- files that are not whole ---- */

static void test_file_that_breaks_off_is_none(void **state)
{
    static const char with_length[] = HELLO, without[] = OK "\r\nhello";

    (void)state;
    for (size_t length = 0; length < sizeof with_length - 1; length++) {
        for (unsigned how = 0; how < 2; how++) {
            begin();
            site.end = how == 0 ? CLOSES : RESETS;
            say(with_length, length);
            site.eager =
                length == 0; /* there is nothing to be sent: it ends on the first byte of the request */
            fetching_start(&usual, FETCHING_ROOM);
            if (length == 0) {
                world_run(10);
                serve();
                end_answer();
            }
            assert_int_equal(wait(), FETCH_SHORT);
            end();
        }
    }
    for (size_t length = 1; length < sizeof without; length++) {
        begin();
        site.end = RESETS;
        assert_int_equal(fetch_answer(without, length), FETCH_SHORT);
        end();
    }
}

static void test_reset_after_the_last_byte_is_too_late(void **state)
{
    (void)state;
    begin();
    site.end = RESETS;
    assert_int_equal(fetch_text(HELLO), FETCH_DONE);
    fetching_check("hello", 5);
    end();
}

/* ---- answers that are no file ---- */

static void test_answers_are_told_apart(void **state)
{
    static const struct {
        const char *answer;
        enum fetch_state state;
        unsigned code;
        const char *detail;
    } cases[] = {
        {"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nnot found", FETCH_ABSENT, 404, "Not Found"},
        {"HTTP/1.1 410 Gone\r\n\r\n", FETCH_ABSENT, 410, "Gone"},
        {"HTTP/1.1 401 Unauthorized\r\n\r\n", FETCH_DENIED, 401, "Unauthorized"},
        {"HTTP/1.0 403 \r\n\r\n", FETCH_DENIED, 403, ""},
        {"HTTP/1.1 301 Moved Permanently\r\nLocation: https://boot.example/x\r\n\r\n", FETCH_MOVED, 301,
         "https://boot.example/x"},
        {"HTTP/1.1 302 Found\r\nlocation:/y\r\nContent-Length: 0\r\n\r\n", FETCH_MOVED, 302, "/y"},
        {"HTTP/1.1 307\r\nLocation: \t a b \t\r\n\r\n", FETCH_MOVED, 307, "a b"},
        {"HTTP/1.1 304 Not Modified\r\n\r\n", FETCH_ANSWER, 304, "Not Modified"},
        {"HTTP/1.1 302 Found\r\nLocation:\r\n\r\n", FETCH_ANSWER, 302, "Found"},
        {"HTTP/1.1 204 No Content\r\n\r\n", FETCH_ANSWER, 204, "No Content"},
        {"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-4/9\r\nContent-Length: 5\r\n\r\nhello",
         FETCH_ANSWER, 206, "Partial Content"},
        {"HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello", FETCH_ANSWER, 201, "Created"},
        {"HTTP/1.1 101 Switching Protocols\r\n\r\nx", FETCH_ANSWER, 101, "Switching Protocols"},
        {"HTTP/1.1 500 Internal Server Error\r\n\r\n", FETCH_ANSWER, 500, "Internal Server Error"},
        {"HTTP/1.1 999 \xff\xfe\r\n\r\n", FETCH_ANSWER, 999, "\xff\xfe"},
        {OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", FETCH_ENCODED, 200, "chunked"},
        {OK "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello", FETCH_ENCODED, 200, "chunked"},
        {OK "transfer-encoding: identity\r\nContent-Length: 5\r\n\r\nhello", FETCH_ENCODED, 200, "identity"},
        {OK "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", FETCH_ENCODED, 200, "gzip"},
        {OK "Content-Encoding: identity, br\r\n\r\nhello", FETCH_ENCODED, 200, "identity, br"},
        {OK "Content-Length: 65537\r\n\r\n", FETCH_TOO_LARGE, 200, "65537"},
        {OK "Content-Length: 4294967295\r\n\r\n", FETCH_TOO_LARGE, 200, "4294967295"},
        {OK "Content-Length: 4294967301\r\n\r\nhello", FETCH_TOO_LARGE, 200, "4294967301"},
        {OK "Content-Length: 18446744073709551621\r\n\r\nhello", FETCH_TOO_LARGE, 200,
         "18446744073709551621"},
    };

    (void)state;
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        unsigned k = (unsigned)i / 2;

        begin();
        site.end = i % 2 == 0 ? CLOSES : KEEPS;
        if (fetch_text(cases[k].answer) != cases[k].state) {
            fail_msg("%s", cases[k].answer);
        }
        assert_int_equal(fetch_code(), cases[k].code);
        assert_string_equal(fetch_detail(), cases[k].detail);
        end();
    }
}

static void test_what_is_no_http_is_told(void **state)
{
    static const struct {
        const char *answer;
        size_t length;
    } cases[] = {
#define CASE(text) {text, sizeof(text) - 1}
        CASE("SSH-2.0-OpenSSH_9.2\r\n"),
        CASE("\x15\x03\x01\x00\x02\x02\x46"),
        CASE("hello"),
        CASE("H\0"),
        CASE("HTTP/0.9 200 OK\r\n\r\n"),
        CASE("HTTP/2 200\r\n\r\n"),
        CASE("HTTP/1.x 200 OK\r\n\r\n"),
        CASE("HTTP/1.1  200 OK\r\n\r\n"),
        CASE("HTTP/1.1 20 OK\r\n\r\n"),
        CASE("HTTP/1.1 2000 OK\r\n\r\n"),
        CASE("HTTP/1.1 020 OK\r\n\r\n"),
        CASE("HTTP/1.1 -20 OK\r\n\r\n"),
        CASE("HTTP/1.1 200OK\r\n\r\n"),
        CASE("HTTP/1.1\r\n\r\n"),
        CASE("HTTP/1.1 200 O\0K\r\n\r\n"),
        CASE(OK "no colon\r\n\r\n"),
        CASE(OK ": no name\r\n\r\n"),
        CASE(OK "Content-Length : 5\r\n\r\nhello"),
        CASE(OK "Con tent: 5\r\n\r\nhello"),
        CASE(OK "X: \0\r\n\r\nhello"),
        CASE(OK "X: a\rb\r\n\r\nhello"),
        CASE(OK "X: a\nContent-Length: 5\r\n\r\nhello"),
        CASE(OK "Content-Length: -1\r\n\r\nhello"),
        CASE(OK "Content-Length: +5\r\n\r\nhello"),
        CASE(OK "Content-Length: 0x5\r\n\r\nhello"),
        CASE(OK "Content-Length: 5 5\r\n\r\nhello"),
        CASE(OK "Content-Length: 5, 5\r\n\r\nhello"),
        CASE(OK "Content-Length: 5\r\n 5\r\n\r\nhello"),
        CASE(OK "Content-Length: \r\n\r\nhello"),
        CASE(OK "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
        CASE(OK "Content-Length: 5\r\nServer: x\r\ncontent-length: 4\r\n\r\nhello"),
        CASE(OK "Transfer-Encoding:\r\n\r\nhello"),
#undef CASE
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin();
        site.end = KEEPS;
        if (fetch_answer(cases[i].answer, cases[i].length) != FETCH_MALFORMED) {
            fail_msg("%s", cases[i].answer);
        }
        end();
    }
}

static void test_long_heads_have_an_end(void **state)
{
    static const char line[] = "X-Padding: abcdefghijklmnopqrstuvwxyz\r\n";
    size_t length;

    (void)state;
    for (size_t want = 8186; want < 8192; want++) { /* 8192 bytes are the most, with the empty line */
        length = make_answer(OK, 0);
        while (length + sizeof line - 1 + 4 <= want) {
            put(length, line, sizeof line - 1);
            length += sizeof line - 1;
        }
        put(length, "Y:", 2);
        memset(long_answer + length + 2, 'y', want - length - 2);
        put(want, "\r\n\r\nhello", 9);
        begin();
        assert_int_equal(fetch_answer(long_answer, want + 9),
                         want + 4 <= 8192 ? FETCH_DONE : FETCH_MALFORMED);
        end();
    }
    begin(); /* no end at all */
    length = make_answer(OK, 0);
    memset(long_answer + length, 'x', sizeof long_answer - length);
    assert_int_equal(fetch_answer(long_answer, sizeof long_answer), FETCH_MALFORMED);
    end();
}

static void test_detail_is_bounded(void **state)
{
    size_t length = make_answer("HTTP/1.1 500 ", 0);

    (void)state;
    memset(long_answer + length, 'r', 5000);
    put(length + 5000, "\r\n\r\n", 4);
    begin();
    assert_int_equal(fetch_answer(long_answer, length + 5004), FETCH_ANSWER);
    assert_int_equal(strlen(fetch_detail()), FETCH_DETAIL_MAX);
    end();
}

/* ---- time ---- */

static void test_silence_ends_within_a_bound(void **state)
{
    static const char *const answers[] = {"", "HTTP/1.1 200 O", OK "Content-Length: 5\r\n\r\nhell",
                                          OK "\r\nhello"};
    uint64_t start;

    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        begin();
        site.end = KEEPS;
        start = world_now();
        assert_int_equal(fetch_text(answers[i]), FETCH_TIMEOUT);
        assert_in_range(world_now() - start, 14000, 16100);
        end();
    }
    begin();
    world_cut(true);
    start = world_now();
    assert_int_equal(fetch_text(HELLO), FETCH_TIMEOUT);
    assert_in_range(world_now() - start, 10000, 16100);
    end();
}

static void test_slow_server_is_waited_for_up_to_the_limit(void **state)
{
    struct fetch_request request = usual;
    uint64_t start;

    (void)state;
    begin();
    site.pause_ms = 12000;
    site.piece = strlen(HELLO) - 4;
    assert_int_equal(fetch_text(HELLO), FETCH_DONE);
    end();

    begin(); /* a byte now and then, for ever */
    site.pause_ms = 10000;
    site.piece = 1;
    say(long_answer, make_answer(OK "\r\n", 1000));
    site.sent = 0;
    start = world_now();
    request.limit_ms = 300000;
    fetching_start(&request, FETCHING_ROOM);
    assert_int_equal(wait(), FETCH_TIMEOUT);
    assert_in_range(world_now() - start, 14000, 16100); /* the head must come in that time */
    end();

    begin();
    site.pause_ms = 10000;
    site.piece = strlen(OK) + 3;
    say(long_answer, make_answer(OK "\r\n", 60000));
    start = world_now();
    fetching_start(&request, FETCHING_ROOM);
    assert_int_equal(wait(), FETCH_TIMEOUT);
    assert_in_range(world_now() - start, 300000, 311000);
    end();
}

/* ---- the connection ---- */

static void test_refused_and_unreachable_are_told_apart(void **state)
{
    struct net_lease lease = {.address = {10, 0, 0, 2}, .netmask = {255, 255, 255, 0}};
    struct fetch_request request = usual;

    (void)state;
    begin();
    request.port = 81;
    fetching_start(&request, FETCHING_ROOM);
    assert_int_equal(wait(), FETCH_REFUSED);
    net_set_static(&lease);
    request.address.bytes[2] = 99;
    fetching_start(&request, FETCHING_ROOM);
    assert_int_equal(wait(), FETCH_UNREACHABLE);
    end();
}

struct seen_syn {
    bool seen;
    struct packet_end from;
    uint8_t ip[28];
};

static bool eat_syn(void *arg, const uint8_t *frame, size_t length)
{
    struct seen_syn *syn = arg;
    size_t size;
    const uint8_t *tcp = packet_tcp((uint8_t *)(uintptr_t)frame, length, &size);

    if (tcp == NULL) {
        return false;
    }
    syn->seen = true;
    memcpy(syn->ip, frame + 14, sizeof syn->ip);
    return true;
}

static bool is_syn_seen(void *arg)
{
    return ((struct seen_syn *)arg)->seen;
}

static void test_icmp_ends_the_attempt(void **state)
{
    struct packet_end from = {.address = {10, 0, 0, 254}}, to = {0};
    uint8_t frame[128], icmp[8 + 28] = {3, 1};
    struct seen_syn syn = {0};
    size_t length;

    (void)state;
    begin();
    world_add_station(eat_syn, &syn);
    fetching_start(&usual, FETCHING_ROOM);
    assert_true(world_until(is_syn_seen, &syn, 1000));
    memcpy(from.mac, WORLD_PEER_MAC, 6);
    memcpy(to.mac, WORLD_MAC, 6);
    memcpy(to.address, WORLD_ADDRESS, 4);
    memcpy(icmp + 8, syn.ip, sizeof syn.ip);
    length = packet_ip(frame, &from, &to, 1, icmp, sizeof icmp);
    packet_fix(frame, length);
    world_send(frame, length, 0);
    assert_int_equal(wait(), FETCH_UNREACHABLE);
    end();
}

static void test_too_many_streams_fail_it(void **state)
{
    struct net_address address = usual.address;
    struct stream *streams[STREAMS_MAX];

    (void)state;
    begin();
    for (unsigned i = 0; i < STREAMS_MAX; i++) {
        streams[i] = stream_connect(&address, 80);
        assert_non_null(streams[i]);
    }
    fetching_start(&usual, FETCHING_ROOM);
    assert_int_equal(fetching_wait(), FETCH_FAILED);
    for (unsigned i = 0; i < STREAMS_MAX; i++) {
        stream_abort(streams[i]);
    }
    end();
}

/* fetching_end looks for what is left. */
static void test_it_can_be_given_up_at_any_moment(void **state)
{
    size_t answer = make_answer(OK "Content-Length: 20000\r\n\r\n", 20000), length;
    unsigned seen[FETCH_FAILED + 1] = {0};
    uint64_t stop_ms;

    (void)state;
    for (unsigned ms = 0; ms < 60; ms++) {
        for (unsigned way = 0; way < 3; way++) {
            begin();
            site.piece = 1000;
            site.pause_ms = 1;
            say(long_answer, answer);
            fetching_start(&usual, FETCHING_ROOM);
            for (stop_ms = world_now() + ms; world_now() < stop_ms; world_step(world_now() + 1)) {
                serve();
            }
            if (way == 0) {
                fetch_stop();
                seen[fetch_poll(&length)]++;
            } else if (way == 1) {
                site.pause_ms = 0;
                site.piece = 0;
                assert_int_equal(fetch_text(HELLO), FETCH_DONE);
                fetching_check("hello", 5);
            }
            end();
        }
    }
    assert_in_range(seen[FETCH_DONE], 10, 50);
    assert_int_equal(seen[FETCH_IDLE] + seen[FETCH_DONE], 60);
}

static void test_lost_device_and_changed_address_end_it(void **state)
{
    struct net_lease lease = {.address = {10, 0, 0, 3}, .netmask = {255, 255, 255, 0}};

    (void)state;
    for (unsigned ms = 0; ms < 10; ms++) {
        begin();
        fetching_start(&usual, FETCHING_ROOM);
        world_run(ms);
        net_set_static(&lease);
        assert_int_equal(wait(), FETCH_FAILED);
        end();
        begin();
        fetching_start(&usual, FETCHING_ROOM);
        world_run(ms);
        world_break();
        assert_int_equal(wait(), FETCH_FAILED);
        end();
    }
}

/* ---- the head alone ---- */

static void test_damaged_heads_do_no_harm(void **state)
{
    static const char whole[] = "HTTP/1.1 302 Found\r\nContent-Length: 5\r\nTransfer-Encoding: x\r\n"
                                "Content-Encoding: y\r\nLocation: z\r\n z\r\n\r\n";
    struct http_head head;

    (void)state;
    for (size_t at = 0; at < sizeof whole - 1; at++) {
        for (unsigned change = 0; change < 256; change++) {
            /* Memory of exactly that size: the sanitizer sees a byte too far. */
            size_t length = change == 0 ? at : sizeof whole - 1;
            uint8_t *bytes = malloc(length + (length == 0));

            memcpy(bytes, whole, length);
            if (change != 0) {
                bytes[at] ^= (uint8_t)change;
            }
            if (http_head_parse(bytes, length, &head)) {
                assert_in_range(head.status, 100, 999);
            }
            free(bytes);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request_is_as_it_should_be),
        cmocka_unit_test(test_wrong_requests_are_refused),
        cmocka_unit_test(test_ports_are_random),
        cmocka_unit_test(test_file_comes_in_any_cut),
        cmocka_unit_test(test_file_that_just_fits_comes_and_a_larger_one_does_not),
        cmocka_unit_test(test_empty_file_is_a_file),
        cmocka_unit_test(test_server_that_does_not_close_is_not_waited_for),
        cmocka_unit_test(test_more_than_was_announced_is_left),
        cmocka_unit_test(test_bad_wires_give_the_whole_file),
        cmocka_unit_test(test_file_that_breaks_off_is_none),
        cmocka_unit_test(test_reset_after_the_last_byte_is_too_late),
        cmocka_unit_test(test_answers_are_told_apart),
        cmocka_unit_test(test_what_is_no_http_is_told),
        cmocka_unit_test(test_long_heads_have_an_end),
        cmocka_unit_test(test_detail_is_bounded),
        cmocka_unit_test(test_silence_ends_within_a_bound),
        cmocka_unit_test(test_slow_server_is_waited_for_up_to_the_limit),
        cmocka_unit_test(test_refused_and_unreachable_are_told_apart),
        cmocka_unit_test(test_icmp_ends_the_attempt),
        cmocka_unit_test(test_too_many_streams_fail_it),
        cmocka_unit_test(test_it_can_be_given_up_at_any_moment),
        cmocka_unit_test(test_lost_device_and_changed_address_end_it),
        cmocka_unit_test(test_damaged_heads_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
