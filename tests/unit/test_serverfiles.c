/* SPDX-License-Identifier: BSD-2-Clause */
/* Which files a server is asked for, in which order, and when it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/serverfiles.h"

static struct serverfiles files;
static struct params_includes includes;

static void start(const char *base, const char *serial)
{
    const struct params_facts facts = {.mac = "52-54-00-4c-55-01", .uuid = "4c4c4544-0042", .serial = serial};
    struct url url;

    assert_null(url_parse(base, strlen(base), &url));
    serverfiles_init(&files, &url, &facts);
}

static void assert_asks_for(const char *text)
{
    const struct serverfile *file = serverfiles_current(&files);
    char formatted[URL_TEXT_MAX];

    assert_non_null(file);
    url_format(&file->url, formatted);
    assert_string_equal(formatted, text);
}

static const char *found(const char *first, const char *second)
{
    const char *const paths[] = {first, second};
    unsigned index = 9;
    const char *wrong;

    includes.count = 0;
    for (unsigned i = 0; i < 2; i++)
        if (paths[i])
            strcpy(includes.paths[includes.count++], paths[i]);
    wrong = serverfiles_found(&files, &includes, &index);
    if (wrong)
        assert_true(index < includes.count);
    return wrong;
}

static void test_the_machines_own_names_come_first(void **state)
{
    static const char *const expected[] = {
        "tftp://192.0.2.1/boot/lunboot/uuid-4c4c4544-0042.conf",
        "tftp://192.0.2.1/boot/lunboot/serial-AB12.conf",
        "tftp://192.0.2.1/boot/lunboot/mac-52-54-00-4c-55-01.conf",
        "tftp://192.0.2.1/boot/lunboot.conf",
    };

    (void)state;
    start("tftp://192.0.2.1/boot/lunboot.efi", "AB12");
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_asks_for(expected[i]);
        serverfiles_absent(&files);
    }
    assert_null(serverfiles_current(&files));
}

static void test_one_of_the_machines_names_is_enough(void **state)
{
    (void)state;
    start("http://192.0.2.1/", NULL);
    serverfiles_absent(&files);
    assert_asks_for("http://192.0.2.1/lunboot/mac-52-54-00-4c-55-01.conf");
    assert_null(found(NULL, NULL));
    assert_asks_for("http://192.0.2.1/lunboot.conf");
    start("http://192.0.2.1/", "AB12");
    assert_null(found(NULL, NULL));
    assert_asks_for("http://192.0.2.1/lunboot.conf");
    assert_null(found(NULL, NULL));
    assert_null(serverfiles_current(&files));
}

/* What a file includes is more general than it, and more special than the common file. */
static void test_includes_come_next_and_are_relative_to_their_file(void **state)
{
    (void)state;
    start("http://192.0.2.1/a/", NULL);
    assert_null(found("room.conf", "/all.conf"));
    assert_asks_for("http://192.0.2.1/a/lunboot/room.conf");
    assert_int_equal(serverfiles_current(&files)->role, SERVERFILES_INCLUDE);
    assert_null(found("deeper/x.conf", NULL));
    assert_asks_for("http://192.0.2.1/a/lunboot/deeper/x.conf");
    assert_null(found(NULL, NULL));
    assert_asks_for("http://192.0.2.1/all.conf");
    assert_null(found(NULL, NULL));
    assert_asks_for("http://192.0.2.1/a/lunboot.conf");
}

static void test_no_file_is_read_twice(void **state)
{
    (void)state;
    start("http://192.0.2.1/", NULL);
    assert_null(found("uuid-4c4c4544-0042.conf", "/lunboot.conf"));
    assert_asks_for("http://192.0.2.1/lunboot.conf");
    assert_int_equal(serverfiles_current(&files)->role, SERVERFILES_COMMON);
    assert_null(found("lunboot.conf", NULL));
    assert_null(serverfiles_current(&files));
}

/* What a person names must be there, also where it was looked for before. */
static void test_an_include_that_was_absent_before_is_told(void **state)
{
    (void)state;
    start("http://192.0.2.1/", NULL);
    serverfiles_absent(&files);
    assert_null(found(NULL, NULL));
    assert_string_equal(found("lunboot/uuid-4c4c4544-0042.conf", NULL), "there is no such file");
}

static void test_includes_end(void **state)
{
    char name[20], other[20];
    const char *wrong = NULL;
    unsigned i;

    (void)state;
    start("http://192.0.2.1/", NULL);
    for (i = 0; !wrong && i < 30; i++) {
        snprintf(name, sizeof name, "%u.conf", 2 * i);
        snprintf(other, sizeof other, "%u.conf", 2 * i + 1);
        wrong = found(name, other);
    }
    assert_non_null(wrong);
    assert_non_null(strstr(wrong, "more than 16 files"));
    assert_true(files.count <= SERVERFILES_MAX);
}

static void test_an_include_cannot_leave_the_server(void **state)
{
    (void)state;
    start("http://192.0.2.1/", NULL);
    assert_non_null(found("room.conf", "http://192.0.2.66/evil.conf"));
    start("http://192.0.2.1/", NULL);
    assert_non_null(found("../../etc/shadow", NULL));
}

static void test_a_serial_number_becomes_a_plain_name(void **state)
{
    static const struct {
        const char *serial, *name;
    } cases[] = {{"AB-12.3", "AB-12.3"},
                 {"../../x y", ".._.._x_y"},
                 {"", ""},
                 {" .. ", ""},
                 {"\xc3\xa4"
                  "1",
                  "__1"},
                 {"0123456789", "0123456"}};
    char name[8];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char longer[64];

        serverfiles_serial(cases[i].serial, i == 5 ? name : longer, i == 5 ? sizeof name : sizeof longer);
        assert_string_equal(i == 5 ? name : longer, cases[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_machines_own_names_come_first),
        cmocka_unit_test(test_one_of_the_machines_names_is_enough),
        cmocka_unit_test(test_includes_come_next_and_are_relative_to_their_file),
        cmocka_unit_test(test_no_file_is_read_twice),
        cmocka_unit_test(test_an_include_that_was_absent_before_is_told),
        cmocka_unit_test(test_includes_end),
        cmocka_unit_test(test_an_include_cannot_leave_the_server),
        cmocka_unit_test(test_a_serial_number_becomes_a_plain_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
