/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole sessions recorded against the target and replayed without it: whole, byte by byte, and cut at every
 * offset. Same configuration, bytes and ticks give the same output (architecture: the core's contract;
 * REQ-027, REQ-276).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/target/bench.h"

#define TASKS  6
#define BLOCKS 16

static struct bench bench;

/* The story of each session: CHAP, reads and writes in flight at once, logout. */
struct story {
    struct task tasks[TASKS];
    uint8_t buffers[TASKS][BLOCKS * 512];
    bool submitted, logged_out;
};

static struct story story;

static void begin(struct story *it)
{
    memset(it, 0, sizeof(*it));
    for (unsigned i = 0; i < TASKS; i++) {
        uint16_t blocks = (uint16_t)(1 + i * 3);
        for (unsigned k = 0; k < sizeof(it->buffers[i]); k++)
            it->buffers[i][k] = (uint8_t)(k * (i + 3));
        if (i % 2)
            bench_write(&it->tasks[i], 1000 + i * 64, blocks, it->buffers[i]);
        else
            bench_read(&it->tasks[i], i * 64, blocks, it->buffers[i]);
    }
}

/* What the caller does as the session goes on; depends on its state alone. */
static void act(struct session *session, struct story *it)
{
    bool all = it->submitted;

    if (session_state(session) == SESSION_READY && !it->submitted) {
        for (unsigned i = 0; i < TASKS; i++)
            assert_true(session_submit(session, &it->tasks[i]));
        it->submitted = true;
    }
    for (unsigned i = 0; i < TASKS; i++)
        all = all && it->tasks[i].state == TASK_DONE;
    if (all && !it->logged_out) {
        session_logout(session, 0);
        it->logged_out = true;
    }
}

/* A disk just large enough: it is made some thousand times. */
static void bench_small(void)
{
    struct target_config config;

    target_default(&config);
    config.blocks = 1400;
    bench_init(&bench, &config);
}

struct recording {
    uint8_t *sent, *received;
    size_t sent_length, received_length;
};

static struct recording record;

/* The target answers each piece that was sent before anything else happens, so one turn is one exchange. */
static void make_recording(bool mutual, bool r2t)
{
    bench_small();
    bench_chap(&bench, mutual);
    bench.target.config.initial_r2t = r2t;
    bench.target.config.segment = 3000;
    bench.target.config.first_burst = 4096;
    bench.target.config.max_burst = 8192;
    bench.target.config.window = 4;
    bench.tx_first = true;
    begin(&story);
    bench_start(&bench);
    memset(&record, 0, sizeof(record));
    for (unsigned turns = 0; session_state(bench.session) != SESSION_CLOSED && turns < 100; turns++) {
        bench_settle(&bench);
        act(bench.session, &story);
    }
    assert_int_equal(session_state(bench.session), SESSION_CLOSED);
    bench_no_complaint(&bench);
    for (unsigned i = 0; i < TASKS; i++) {
        assert_int_equal(story.tasks[i].fault.code, FAULT_NONE);
        assert_int_equal(story.tasks[i].transferred, story.tasks[i].length);
    }
    record.sent = malloc(bench.sent.length);
    record.received = malloc(bench.received.length);
    memcpy(record.sent, bench.sent.bytes, record.sent_length = bench.sent.length);
    memcpy(record.received, bench.received.bytes, record.received_length = bench.received.length);
}

/*
 * The golden files hold what went over the wire, both ways, in hexadecimal. A change of the bytes that we
 * send is a change that somebody has to look at: LUNBOOT_RECORD=1 then writes the files anew.
 */
static void write_hex(FILE *file, const char *title, const uint8_t *bytes, size_t length)
{
    fprintf(file, "%s %zu", title, length);
    for (size_t i = 0; i < length; i++)
        fprintf(file, "%s%02x", i % 48 == 0 ? "\n" : "", bytes[i]);
    fprintf(file, "\n");
}

/* The next hexadecimal digit, whatever white space is before it. */
static unsigned next_digit(FILE *file)
{
    static const char digits[] = "0123456789abcdef";
    const char *at;
    int c;

    do {
        c = fgetc(file);
    } while (c == '\n' || c == ' ');
    at = c == EOF || c == 0 ? NULL : strchr(digits, c);
    if (at == NULL)
        fail_msg("the golden file ends early or holds another character");
    return at == NULL ? 0 : (unsigned)(at - digits);
}

static void check_hex(FILE *file, const char *name, const char *title, const uint8_t *bytes, size_t length)
{
    char line[64] = "", *end = NULL;
    size_t n;

    while (line[0] == '\n' || line[0] == '#' || line[0] == '\0')
        assert_non_null(fgets(line, sizeof(line), file));
    assert_memory_equal(line, title, strlen(title));
    n = strtoul(line + strlen(title), &end, 10);
    for (size_t i = 0; i < n && i < length; i++) {
        unsigned value = next_digit(file) << 4;
        value |= next_digit(file);
        if (value != bytes[i])
            fail_msg("%s: byte %zu of what was %s is %02x, not %02x", name, i, title, bytes[i], value);
    }
    assert_int_equal(n, length);
}

static void check_golden(const char *name)
{
    char path[200];
    FILE *file;

    snprintf(path, sizeof(path), "tests/transcripts/%s.txt", name);
    if (getenv("LUNBOOT_RECORD") != NULL) {
        file = fopen(path, "w");
        assert_non_null(file);
        fprintf(file, "# SPDX-License-Identifier: BSD-2-Clause\n");
        write_hex(file, "sent", record.sent, record.sent_length);
        write_hex(file, "received", record.received, record.received_length);
        fclose(file);
    }
    file = fopen(path, "r");
    assert_non_null(file);
    check_hex(file, name, "sent", record.sent, record.sent_length);
    check_hex(file, name, "received", record.received, record.received_length);
    fclose(file);
}

static void drop_recording(void)
{
    free(record.sent);
    free(record.received);
    bench_done(&bench);
}

/* --- Replay --- */

struct replay {
    struct session *session;
    struct story story;
    uint8_t *sent;
    size_t sent_length, at;
    uint32_t connection;
    bool connected, closed;
};

static void start_replay(struct replay *replay)
{
    memset(replay, 0, sizeof(*replay));
    replay->session = calloc(1, sizeof(*replay->session));
    replay->sent = malloc(record.sent_length + 1);
    begin(&replay->story);
    assert_null(session_init(replay->session, &bench.config, bench.seed, 1000));
    session_open(replay->session);
}

static void end_replay(struct replay *replay)
{
    session_done(replay->session);
    free(replay->session);
    free(replay->sent);
}

/* Everything but receiving. */
static void turn(struct replay *replay)
{
    struct session_action action;
    const uint8_t *bytes;
    size_t n;

    session_tick(replay->session, 1000);
    act(replay->session, &replay->story);
    while ((action = session_next_action(replay->session)).kind != SESSION_DO_NOTHING) {
        if (action.kind == SESSION_CONNECT) {
            replay->connection = action.connection;
            replay->connected = true;
            session_connected(replay->session, action.connection);
        } else {
            replay->connected = false;
            replay->closed = true;
        }
    }
    while ((n = session_tx_peek(replay->session, &bytes)) > 0) {
        assert_true(n <= record.sent_length - replay->sent_length);
        memcpy(replay->sent + replay->sent_length, bytes, n);
        replay->sent_length += n;
        session_tx_done(replay->session, n);
    }
}

/* Feed received bytes up to `end`, at most `piece` at once; the rest of the world moves between pieces. */
static void feed(struct replay *replay, size_t end, size_t piece)
{
    turn(replay);
    while (replay->at < end && replay->connected) {
        uint8_t *window;
        size_t n = session_rx_space(replay->session, &window);

        if (n == 0)
            break;
        n = n > end - replay->at ? end - replay->at : n;
        n = n > piece ? piece : n;
        memcpy(window, record.received + replay->at, n);
        replay->at += n;
        session_rx_done(replay->session, n);
        turn(replay);
    }
}

/* The same result, and the same bytes in each task. */
static void same_outcome(struct replay *replay)
{
    assert_int_equal(session_state(replay->session), SESSION_CLOSED);
    assert_int_equal(replay->at, record.received_length);
    for (unsigned i = 0; i < TASKS; i++) {
        const struct task *a = &replay->story.tasks[i], *b = &story.tasks[i];
        assert_int_equal(a->state, b->state);
        assert_int_equal(a->fault.code, b->fault.code);
        assert_int_equal(a->status, b->status);
        assert_int_equal(a->transferred, b->transferred);
        assert_memory_equal(replay->story.buffers[i], story.buffers[i], sizeof(story.buffers[i]));
    }
}

static void replay_with(size_t piece)
{
    static struct replay replay;

    start_replay(&replay);
    feed(&replay, record.received_length, piece);
    same_outcome(&replay);
    assert_int_equal(replay.sent_length, record.sent_length);
    end_replay(&replay);
}

static void test_golden_transcripts(void **state)
{
    (void)state;
    make_recording(false, false);
    check_golden("chap-immediate-data");
    drop_recording();
    make_recording(true, true);
    check_golden("mutual-chap-r2t");
    drop_recording();
}

static void test_req_276_a_session_replays_whole_and_byte_by_byte(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 4; kind++) {
        make_recording(kind & 1, kind & 2);
        replay_with(SIZE_MAX);
        replay_with(1);
        replay_with(7);
        replay_with(1448);
        drop_recording();
    }
}

/* Two runs with the same pieces send the same bytes. */
static void test_req_276_same_input_same_output(void **state)
{
    static struct replay a, b;

    (void)state;
    make_recording(true, true);
    start_replay(&a);
    start_replay(&b);
    feed(&a, record.received_length, 100);
    feed(&b, record.received_length, 100);
    assert_int_equal(a.sent_length, b.sent_length);
    assert_memory_equal(a.sent, b.sent, a.sent_length);
    end_replay(&a);
    end_replay(&b);
    drop_recording();
}

/* The connection ends after each byte: no crash, no task left behind, nothing called right that did not
 * arrive. */
static void test_req_276_a_session_cut_off_at_every_offset(void **state)
{
    static struct replay replay;

    (void)state;
    make_recording(true, true);
    for (size_t cut = 0; cut < record.received_length; cut++) {
        start_replay(&replay);
        feed(&replay, cut, SIZE_MAX);
        if (replay.connected)
            session_closed(replay.session, replay.connection, cut % 2 ? SESSION_RST : SESSION_FIN);
        turn(&replay);
        session_abort(replay.session);
        for (unsigned i = 0; i < TASKS && replay.story.submitted; i++) {
            struct task *task = &replay.story.tasks[i];
            assert_int_equal(task->state, TASK_DONE);
            if (task->fault.code == FAULT_NONE && task->direction == TASK_READ &&
                task->transferred == task->length)
                assert_memory_equal(replay.story.buffers[i], story.buffers[i], task->length);
        }
        end_replay(&replay);
    }
    drop_recording();
}

/* The same, with two pieces and the whole session after the cut: it makes no difference. */
static void test_req_027_a_session_in_two_pieces_at_every_offset(void **state)
{
    static struct replay replay;

    (void)state;
    make_recording(false, false);
    for (size_t cut = 1; cut < record.received_length; cut++) {
        start_replay(&replay);
        feed(&replay, cut, SIZE_MAX);
        feed(&replay, record.received_length, SIZE_MAX);
        same_outcome(&replay);
        end_replay(&replay);
    }
    drop_recording();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_transcripts),
        cmocka_unit_test(test_req_276_a_session_replays_whole_and_byte_by_byte),
        cmocka_unit_test(test_req_276_same_input_same_output),
        cmocka_unit_test(test_req_276_a_session_cut_off_at_every_offset),
        cmocka_unit_test(test_req_027_a_session_in_two_pieces_at_every_offset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
