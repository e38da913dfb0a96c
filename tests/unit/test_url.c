/* SPDX-License-Identifier: BSD-2-Clause */
/* URLs of a server's files, and paths from one file to another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/url.h"

static struct url url;

/* An exact copy, so that the sanitizer sees any byte read beyond it. */
static const char *parse(const char *text)
{
    size_t length = strlen(text);
    char *copy = malloc(length > 0 ? length : 1);
    const char *wrong;

    memcpy(copy, text, length);
    wrong = url_parse(copy, length, &url);
    free(copy);
    return wrong;
}

static const char *resolve(const char *base, const char *reference)
{
    struct url from;
    size_t length = strlen(reference);
    char *copy = malloc(length > 0 ? length : 1);
    const char *wrong;

    assert_null(parse(base));
    from = url;
    memcpy(copy, reference, length);
    wrong = url_resolve(&from, copy, length, &url);
    free(copy);
    return wrong;
}

static void assert_url(const char *text)
{
    char formatted[URL_TEXT_MAX];

    assert_int_equal(url_format(&url, formatted), strlen(text));
    assert_string_equal(formatted, text);
}

static void test_urls_are_read_and_written(void **state)
{
    static const struct {
        const char *text, *host, *path;
        enum url_scheme scheme;
        uint16_t port;
    } good[] = {
        {"tftp://192.0.2.1/lunboot.efi", "192.0.2.1", "/lunboot.efi", URL_TFTP, 69},
        {"http://boot.example/a/b.efi?x=1", "boot.example", "/a/b.efi?x=1", URL_HTTP, 80},
        {"http://192.0.2.1:8080/", "192.0.2.1", "/", URL_HTTP, 8080},
        {"http://[2001:db8::1]:81/a", "2001:db8::1", "/a", URL_HTTP, 81},
        {"http://[2001:db8::1]/a", "2001:db8::1", "/a", URL_HTTP, 80},
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_null(parse(good[i].text));
        assert_int_equal(url.scheme, good[i].scheme);
        assert_string_equal(url.server.host, good[i].host);
        assert_int_equal(url.server.port, good[i].port);
        assert_string_equal(url.path, good[i].path);
        assert_url(good[i].text);
    }
    assert_null(parse("HTTP://boot.example"));
    assert_url("http://boot.example/");
    assert_null(parse("tftp://192.0.2.1//srv/lunboot.efi"));
    assert_string_equal(url_tftp_name(&url), "/srv/lunboot.efi");
}

static void test_what_is_no_url_is_refused_with_its_reason(void **state)
{
    static const struct {
        const char *text, *words;
    } bad[] = {
        {"", "no tftp:// or http:// URL"},
        {"ftp://a/", "no tftp:// or http:// URL"},
        {"http:/a", "no tftp:// or http:// URL"},
        {"https://boot.example/a", "has no TLS"},
        {"http://user:word@boot.example/", "user name or password"},
        {"http:///a", "no address and no name"},
        {"http://192.0.2.1:0/", "no address and no name"},
        {"http://192.0.2.1:99999/", "no address and no name"},
        {"http://192.0.2.1,5/", "no address and no name"},
        {"http://a/b c", "percent-encoded"},
        {"http://a/b\nc", "percent-encoded"},
        {"http://a/b#c", "percent-encoded"},
        {"http://a/b\x80", "percent-encoded"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *wrong = parse(bad[i].text);

        if (!wrong || !strstr(wrong, bad[i].words))
            fail_msg("%s: %s", bad[i].text, wrong ? wrong : "taken");
    }
}

static void test_a_path_has_a_bound(void **state)
{
    char text[20 + URL_PATH_MAX + 2] = "http://a/";

    (void)state;
    memset(text + strlen(text), 'x', URL_PATH_MAX - 1);
    assert_null(parse(text));
    assert_int_equal(strlen(url.path), URL_PATH_MAX);
    strcat(text, "x");
    assert_non_null(parse(text));
    text[strlen(text) - 2] = '\0';
    assert_null(resolve(text, "y"));
    assert_url("http://a/y");
}

static void test_paths_lead_to_other_files_of_the_server(void **state)
{
    static const struct {
        const char *base, *reference, *result;
    } good[] = {
        {"http://a/b/lunboot.efi", "lunboot.conf", "http://a/b/lunboot.conf"},
        {"http://a/b/lunboot.efi", "/lunboot.conf", "http://a/lunboot.conf"},
        {"http://a/b/", "rooms/1.conf", "http://a/b/rooms/1.conf"},
        {"http://a/boot.php?dir=/x/y", "c", "http://a/c"},
        {"tftp://a/lunboot.efi", "lunboot/x.conf", "tftp://a/lunboot/x.conf"},
        {"tftp://a//srv/lunboot.efi", "x", "tftp://a//srv/x"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_null(resolve(good[i].base, good[i].reference));
        assert_url(good[i].result);
    }
}

static void test_no_path_leads_elsewhere(void **state)
{
    static const char *const bad[] = {"",     "//b/c", "http://b/c", "../c",  "a/../../c",
                                      "a/..", "a b",   "a\\b",       "tftp:x"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (!resolve("http://a/b/", bad[i]))
            fail_msg("%s was taken", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urls_are_read_and_written),
        cmocka_unit_test(test_what_is_no_url_is_refused_with_its_reason),
        cmocka_unit_test(test_a_path_has_a_bound),
        cmocka_unit_test(test_paths_lead_to_other_files_of_the_server),
        cmocka_unit_test(test_no_path_leads_elsewhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
