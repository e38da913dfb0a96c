/* SPDX-License-Identifier: BSD-2-Clause */
/* `lunboot.efi config ...`: what is asked for, and what is wrong with it; and values as variables hold them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/configline.h"
#include "firmware/params_table.h"

static struct configline line;
static struct params_error problem;

/* Handed over as an exact copy, so that the sanitizer sees any byte read beyond it. */
static bool read_text(const char *text)
{
    size_t length = strlen(text);
    char *copy = malloc(length > 0 ? length : 1);
    bool good;

    for (size_t i = 0; i < length; i++)
        copy[i] = text[i];
    good = configline_read(copy, length, &line, &problem);
    free(copy);
    return good;
}

static void expect(const char *text, enum configline_verb verb)
{
    if (!read_text(text) || line.verb != verb)
        fail_msg("%s: %s", text, problem.reason);
}

static const char *refused(const char *text)
{
    static char sentence[700];
    struct fmt fmt;

    if (read_text(text))
        fail_msg("%s was taken", text);
    fmt_init(&fmt, sentence, sizeof sentence);
    params_error_text(&problem, &fmt);
    return sentence;
}

static void bad(const char *text, const char *words)
{
    const char *sentence = refused(text);

    if (!strstr(sentence, words))
        fail_msg("\"%s\" does not speak of \"%s\"", sentence, words);
}

static bool holds(const void *memory, size_t size, const char *text)
{
    size_t length = strlen(text);

    for (size_t i = 0; i + length <= size; i++)
        if (memcmp((const char *)memory + i, text, length) == 0)
            return true;
    return false;
}

static void test_other_load_options_are_a_boot(void **state)
{
    static const char *const texts[] = {
        "",
        "lunboot.efi",
        "log=debug",
        "lunboot.efi log=debug boot=no",
        "hostname=config",
        "config=",
        "log=debug config",
        "configure show",
        "\"config",
        "lunboot.efi \"config show\"",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        expect(texts[i], CONFIGLINE_NONE);
}

static void test_the_programs_name_may_stand_before_it(void **state)
{
    (void)state;
    expect("config show", CONFIGLINE_SHOW);
    expect("lunboot.efi config show", CONFIGLINE_SHOW);
    expect("\"FS0:\\two words\\lunboot.efi\"   config  show", CONFIGLINE_SHOW);
}

static void test_set_takes_every_key_and_secrets(void **state)
{
    (void)state;
    expect("config set lun=7 boot-args=\"a b\" chap-secret=one-way-secret-1", CONFIGLINE_SET);
    assert_int_equal(params_number(&line.wanted, PARAM_LUN_KEY), UINT64_C(7) << 48);
    assert_string_equal(params_text(&line.wanted, PARAM_BOOT_ARGS), "a b");
    assert_string_equal(params_text(&line.wanted, PARAM_CHAP_SECRET), "one-way-secret-1");
    assert_int_equal(line.wanted.values[PARAM_CHAP_SECRET].source, PARAM_VARIABLE);
    assert_false(params_is_set(&line.wanted, PARAM_TARGET));
}

static void test_a_secret_without_a_value_is_asked_for(void **state)
{
    (void)state;
    expect("config set chap-secret chap-name=host1", CONFIGLINE_SET);
    assert_true(line.ask[PARAM_CHAP_SECRET]);
    assert_false(line.ask[PARAM_MUTUAL_CHAP_SECRET]);
    assert_false(params_is_set(&line.wanted, PARAM_CHAP_SECRET));
    assert_true(params_is_set(&line.wanted, PARAM_CHAP_NAME));
}

static void test_what_set_refuses(void **state)
{
    (void)state;
    bad("config set", "one or more");
    bad("config set lun", "without '='");
    bad("config set =7", "before the '='");
    bad("config set lun=x", "lun: ");
    bad("config set lum=1", "is lun meant?");
    bad("config set lun=1 lun=2", "lun: given twice");
    bad("config set boot-args=", "boot-args: a UEFI variable cannot be empty");
    bad("config set boot-args=\"a b", "opened and not closed");
    assert_null(strstr(refused("config set chap-secret=short"), "short:"));
    assert_int_equal(line.wanted.values[PARAM_CHAP_SECRET].length, 0);
}

static void test_a_secret_is_wiped_when_another_word_is_wrong(void **state)
{
    (void)state;
    bad("config set chap-secret=one-way-secret-1 lun=x", "lun: ");
    assert_false(holds(&line, sizeof line, "one-way-secret-1"));
}

static void test_delete_takes_names_or_all(void **state)
{
    (void)state;
    expect("config delete lun chap-sekret", CONFIGLINE_DELETE);
    assert_int_equal(line.name_count, 2);
    assert_string_equal(line.names[1], "chap-sekret");
    assert_false(line.all);
    expect("config delete all", CONFIGLINE_DELETE);
    assert_true(line.all);
    bad("config delete", "or the word all");
    bad("config delete all lun", "or the word all");
    bad("config delete lun=1", "keys alone");
    bad("config delete \"\"", "keys alone");
    bad("config delete a b c d e f g h i j k l m n o p q", "at most 16");
}

static void test_show_and_help(void **state)
{
    (void)state;
    expect("config show", CONFIGLINE_SHOW);
    assert_false(line.all);
    expect("config show all", CONFIGLINE_SHOW);
    assert_true(line.all);
    expect("config", CONFIGLINE_HELP);
    expect("config help", CONFIGLINE_HELP);
    bad("config show lun", "or the word all");
    bad("config frob", "set, show, delete or help");
}

static void test_words_of_any_length_are_survived(void **state)
{
    char text[5000];

    (void)state;
    for (size_t length = 1; length < sizeof text - 20; length += 97) {
        memset(text, 'k', sizeof text);
        memcpy(text, "config set boot-args=", 21);
        text[20 + length] = '\0';
        assert_true(read_text(text) == (length > 1 && length - 1 <= PARAM_TEXT_MAX));
        memcpy(text, "config delete kkkkkkk", 21);
        assert_true(read_text(text) == (length + 6 <= CONFIGLINE_NAME_MAX));
    }
}

static void test_a_variable_is_read_as_it_was_written(void **state)
{
    static struct params params, again;
    char text[PARAM_TEXT_MAX + 1];
    struct params_error error;
    struct fmt fmt;

    (void)state;
    for (unsigned id = 0; id < PARAM_COUNT; id++) {
        const char *example = params_table[id].example;

        params_init(&params);
        params_init(&again);
        assert_true(params_set_id(&params, id, example, strlen(example), PARAM_VARIABLE, 0, &error));
        fmt_init(&fmt, text, sizeof text);
        params_emit(&params, id, &fmt);
        assert_false(fmt.cut);
        assert_true(params_set_id(&again, id, text, fmt.length, PARAM_VARIABLE, 0, &error));
        assert_memory_equal(&again.values[id], &params.values[id], sizeof again.values[id]);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test(name)
    static const struct CMUnitTest tests[] = {
        T(test_other_load_options_are_a_boot),
        T(test_the_programs_name_may_stand_before_it),
        T(test_set_takes_every_key_and_secrets),
        T(test_a_secret_without_a_value_is_asked_for),
        T(test_what_set_refuses),
        T(test_a_secret_is_wiped_when_another_word_is_wrong),
        T(test_delete_takes_names_or_all),
        T(test_show_and_help),
        T(test_words_of_any_length_are_survived),
        T(test_a_variable_is_read_as_it_was_written),
    };
#undef T

    return cmocka_run_group_tests_name("configline", tests, NULL, NULL);
}
