/* SPDX-License-Identifier: BSD-2-Clause */
/* Levels, sinks and the ring of the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/log.h"

static uint64_t clock_now;

static uint64_t now_ms(void)
{
    return clock_now;
}

struct heard {
    unsigned lines;
    enum log_level level;
    char last[LOG_LINE_MAX + 1];
};

static void hear(void *context, enum log_level level, const char *line)
{
    struct heard *heard = context;

    heard->lines++;
    heard->level = level;
    assert_true(strlen(line) < LOG_LINE_MAX);
    strcpy(heard->last, line);
}

static void test_a_line_carries_the_time_since_the_start(void **state)
{
    struct heard heard = {0};

    (void)state;
    log_init(now_ms);
    log_add_sink(hear, &heard);
    clock_now = 12345;
    log_print(LOG_INFO, "link %s after %u s", "up", 3u);
    assert_int_equal(heard.lines, 1);
    assert_int_equal(heard.level, LOG_INFO);
    assert_string_equal(heard.last, "  12.345 link up after 3 s");
    assert_string_equal(log_ring(), "  12.345 link up after 3 s\n");
}

static void test_a_log_without_a_clock_counts_from_zero(void **state)
{
    struct heard heard = {0};

    (void)state;
    log_init(NULL);
    log_add_sink(hear, &heard);
    log_print(LOG_ERROR, "x");
    assert_string_equal(heard.last, "   0.000 x");
}

/* For each level set, exactly the lines up to it reach the sinks. */
static void test_sinks_get_lines_up_to_the_level(void **state)
{
    (void)state;
    for (unsigned set = LOG_QUIET; set <= LOG_TRACE; set++) {
        struct heard heard = {0};

        log_init(NULL);
        log_add_sink(hear, &heard);
        log_set_level((enum log_level)set);
        assert_int_equal(log_level(), set);
        for (unsigned line = LOG_QUIET; line <= LOG_TRACE; line++)
            log_print((enum log_level)line, "level %u", line);
        assert_int_equal(heard.lines, set + 1);
        assert_int_equal(heard.level, set);
    }
}

static void test_two_sinks_hear_and_a_third_is_not_taken(void **state)
{
    struct heard heard[3] = {{0}};

    (void)state;
    log_init(NULL);
    for (unsigned i = 0; i < 3; i++)
        log_add_sink(hear, &heard[i]);
    log_print(LOG_INFO, "x");
    assert_int_equal(heard[0].lines, 1);
    assert_int_equal(heard[1].lines, 1);
    assert_int_equal(heard[2].lines, 0);
}

/* A quiet boot that fails can still be looked into. */
static void test_the_ring_keeps_what_a_quiet_console_does_not_show(void **state)
{
    struct heard heard = {0};

    (void)state;
    log_init(NULL);
    log_add_sink(hear, &heard);
    log_set_level(LOG_ERROR);
    log_print(LOG_INFO, "an address");
    log_print(LOG_DEBUG, "a detail");
    assert_int_equal(heard.lines, 0);
    assert_string_equal(log_ring(), "   0.000 an address\n");
}

static void test_the_ring_keeps_the_last_whole_lines(void **state)
{
    char line[64];
    size_t length, rows;

    (void)state;
    log_init(NULL);
    for (unsigned i = 0; i < 5000; i++) {
        log_print(LOG_INFO, "line %u %.*s", i, (int)(i % 40), "........................................");
        length = strlen(log_ring());
        assert_true(length < LOG_RING);
        assert_int_equal(log_ring()[length - 1], '\n');
        assert_memory_equal(log_ring(), "   0.000 line ", 14);
    }
    snprintf(line, sizeof line, "line %u ", 4999u);
    assert_non_null(strstr(log_ring(), line));
    rows = 0;
    for (const char *at = log_ring(); *at; at++)
        rows += *at == '\n';
    assert_true(rows > 300);
    assert_null(strstr(log_ring(), "line 0 "));
}

static void test_one_call_is_one_line(void **state)
{
    struct heard heard = {0};

    (void)state;
    log_init(NULL);
    log_add_sink(hear, &heard);
    log_print(LOG_INFO, "a%sb", "\r\n\x1b[2J\x7f");
    assert_string_equal(heard.last, "   0.000 a   [2J b");
}

static void test_a_line_that_is_too_long_is_cut(void **state)
{
    char text[3 * LOG_LINE_MAX];
    struct heard heard = {0};

    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    log_init(NULL);
    log_add_sink(hear, &heard);
    log_print(LOG_INFO, "%s", text);
    assert_int_equal(strlen(heard.last), LOG_LINE_MAX - 1);
    assert_int_equal(strlen(log_ring()), LOG_LINE_MAX);
}

/* The timer may log while a line is being written to a sink. */
static void log_again(void *context, enum log_level level, const char *line)
{
    unsigned *left = context;

    (void)line;
    if (*left > 0) {
        --*left;
        log_print(level, "inner");
    }
}

static void test_a_sink_may_log(void **state)
{
    unsigned left = 1;

    (void)state;
    log_init(NULL);
    log_add_sink(log_again, &left);
    log_print(LOG_INFO, "outer");
    assert_int_equal(left, 0);
    assert_string_equal(log_ring(), "   0.000 outer\n   0.000 inner\n");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_carries_the_time_since_the_start),
        cmocka_unit_test(test_a_log_without_a_clock_counts_from_zero),
        cmocka_unit_test(test_sinks_get_lines_up_to_the_level),
        cmocka_unit_test(test_two_sinks_hear_and_a_third_is_not_taken),
        cmocka_unit_test(test_the_ring_keeps_what_a_quiet_console_does_not_show),
        cmocka_unit_test(test_the_ring_keeps_the_last_whole_lines),
        cmocka_unit_test(test_one_call_is_one_line),
        cmocka_unit_test(test_a_line_that_is_too_long_is_cut),
        cmocka_unit_test(test_a_sink_may_log),
    };

    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
