/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stands between each test program and cmocka (linked with --wrap), so that the test runner can ask a program
 * for its tests and run one alone: LUNBOOT_TEST_LIST set lists the names, LUNBOOT_TEST_ONLY=name runs that
 * one. Output is unbuffered, so that a crash loses no line of what went before it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

int __real__cmocka_run_group_tests(const char *group, const struct CMUnitTest *tests, size_t count,
                                   CMFixtureFunction setup, CMFixtureFunction teardown);
int __wrap__cmocka_run_group_tests(const char *group, const struct CMUnitTest *tests, size_t count,
                                   CMFixtureFunction setup, CMFixtureFunction teardown);

int __wrap__cmocka_run_group_tests(const char *group, const struct CMUnitTest *tests, size_t count,
                                   CMFixtureFunction setup, CMFixtureFunction teardown)
{
    const char *only = getenv("LUNBOOT_TEST_ONLY");

    setvbuf(stdout, NULL, _IONBF, 0);
    if (getenv("LUNBOOT_TEST_LIST") != NULL) {
        for (size_t i = 0; i < count; i++) {
            printf("%s\n", tests[i].name);
        }
        return 0;
    }
    if (only != NULL) {
        cmocka_set_test_filter(only);
    }
    return __real__cmocka_run_group_tests(group, tests, count, setup, teardown);
}
