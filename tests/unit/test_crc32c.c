/* SPDX-License-Identifier: BSD-2-Clause */
/* Against the examples of RFC 7143 appendix A.4, and both ways of computing against each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "iscsi/crc32c.h"

static void check(const uint8_t *bytes, size_t length, const char *digest)
{
    uint8_t found[CRC32C_SIZE];

    for (unsigned instruction = 0; instruction <= crc32c_has_instruction(); instruction++) {
        crc32c_put(crc32c(0, bytes, length, instruction), found);
        assert_memory_equal(found, digest, CRC32C_SIZE);
    }
}

static void test_req_098_examples_of_the_standard(void **state)
{
    static const uint8_t read[48] = {0x01, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0, 0, 0, 0,
                                     0x14, 0,    0, 0, 0, 0, 4, 0, 0, 0, 0, 0x14, 0, 0, 0, 0x18,
                                     0x28, 0,    0, 0, 0, 0, 0, 0, 2, 0, 0, 0,    0, 0, 0, 0};
    uint8_t bytes[32] = {0};

    (void)state;
    check(bytes, 32, "\xaa\x36\x91\x8a");
    memset(bytes, 0xff, 32);
    check(bytes, 32, "\x43\xab\xa8\x62");
    for (uint8_t i = 0; i < 32; i++)
        bytes[i] = i;
    check(bytes, 32, "\x4e\x79\xdd\x46");
    for (uint8_t i = 0; i < 32; i++)
        bytes[i] = 31 - i;
    check(bytes, 32, "\x5c\xdb\x3f\x11");
    check(read, 48, "\x56\x3a\x96\xd9");
}

static void test_any_cut_gives_the_same_digest(void **state)
{
    uint8_t bytes[300];
    uint32_t whole;

    (void)state;
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 37 ^ i >> 3);
    for (unsigned from = 0; from < 9; from++) {
        whole = crc32c(0, bytes + from, sizeof bytes - from, false);
        for (unsigned cut = from; cut <= sizeof bytes; cut++) {
            uint32_t first = crc32c(0, bytes + from, cut - from, crc32c_has_instruction());

            assert_int_equal(crc32c(first, bytes + cut, sizeof bytes - cut, crc32c_has_instruction()), whole);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_098_examples_of_the_standard),
        cmocka_unit_test(test_any_cut_gives_the_same_digest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
