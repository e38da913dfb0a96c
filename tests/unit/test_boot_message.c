/* SPDX-License-Identifier: BSD-2-Clause */
/* What the messages of the firmware's PXE say: the file and its server, and the client's identifier. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/net.h"

enum { OFFER = 2, ACK = 5, NAK = 6 };

/* ---- messages ---- */

static struct {
    uint8_t bytes[1472];
    size_t length;
} message;

static void begin(uint8_t op)
{
    memset(&message, 0, sizeof message);
    memcpy(message.bytes, (uint8_t[]){op, 1, 6}, 3);
    memcpy(message.bytes + 236, (uint8_t[]){99, 130, 83, 99}, 4);
    message.length = 240;
}

static void option(uint8_t code, const void *data, size_t length)
{
    message.bytes[message.length++] = code;
    message.bytes[message.length++] = (uint8_t)length;
    memcpy(message.bytes + message.length, data, length);
    message.length += length;
}

static void text_option(uint8_t code, const char *text)
{
    option(code, text, strlen(text));
}

static void end(void)
{
    message.bytes[message.length++] = 255;
}

static void begin_reply(uint8_t type)
{
    begin(2);
    option(53, &type, 1);
}

static void next_server(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
    memcpy(message.bytes + 20, (uint8_t[]){a, b, c, d}, 4);
}

static void file_field(const char *name)
{
    memcpy(message.bytes + 108, name, strlen(name));
}

/* ---- what is said of the file ---- */

static struct net_boot_file said;

/* Memory of exactly its size, so that the sanitizer sees any byte read beyond it; a refusal writes nothing.
 */
static bool ask(size_t length)
{
    uint8_t *copy = malloc(length > 0 ? length : 1);
    struct net_boot_file before;
    bool named;

    memcpy(copy, message.bytes, length);
    memset(&said, 0x5a, sizeof said);
    before = said;
    named = net_boot_file(copy, length, &said);
    free(copy);
    if (!named) {
        assert_memory_equal(&said, &before, sizeof said);
    }
    return named;
}

static void check_said(const uint8_t server[4], const char *file)
{
    assert_true(ask(message.length));
    assert_memory_equal(said.server, server, 4);
    assert_string_equal(said.file, file);
}

#define CHECK_SAID(a, b, c, d, file) check_said((const uint8_t[]){a, b, c, d}, file)

static void test_file_field_and_next_server(void **state)
{
    (void)state;
    begin_reply(ACK);
    option(54, "\x0a\0\0\x01", 4);
    next_server(10, 0, 0, 7);
    file_field("boot/lunboot.efi");
    end();
    CHECK_SAID(10, 0, 0, 7, "boot/lunboot.efi");
}

static void test_option_goes_before_the_file_field(void **state)
{
    (void)state;
    begin_reply(ACK);
    next_server(10, 0, 0, 7);
    file_field("field.efi");
    text_option(67, "option.efi");
    end();
    CHECK_SAID(10, 0, 0, 7, "option.efi");
}

static void test_empty_option_leaves_the_file_field(void **state)
{
    (void)state;
    for (size_t length = 0; length < 3; length++) {
        begin_reply(ACK);
        next_server(10, 0, 0, 7);
        file_field("field.efi");
        option(67, "\0\0", length);
        end();
        CHECK_SAID(10, 0, 0, 7, "field.efi");
    }
}

static void test_name_ends_at_the_first_nul(void **state)
{
    (void)state;
    begin_reply(ACK);
    next_server(10, 0, 0, 7);
    option(67, "a.efi\0\xff\xff", 8);
    end();
    CHECK_SAID(10, 0, 0, 7, "a.efi");
    begin_reply(ACK);
    next_server(10, 0, 0, 7);
    memcpy(message.bytes + 108, "b.efi\0 \xff", 8);
    end();
    CHECK_SAID(10, 0, 0, 7, "b.efi");
}

static void test_name_in_parts_is_joined(void **state)
{
    (void)state;
    begin_reply(ACK);
    text_option(67, "boot/");
    next_server(10, 0, 0, 7);
    option(54, "\x0a\0\0\x01", 4);
    option(67, "", 0);
    text_option(67, "lun");
    message.length += 3; /* PAD */
    text_option(67, "boot.efi");
    end();
    CHECK_SAID(10, 0, 0, 7, "boot/lunboot.efi");
}

static void test_names_as_long_as_they_can_be(void **state)
{
    char name[256] = {0};

    (void)state;
    memset(name, 'n', 255);
    begin_reply(ACK);
    next_server(10, 0, 0, 7);
    text_option(67, name);
    end();
    CHECK_SAID(10, 0, 0, 7, name);
    option(67, "", 0);
    message.bytes[message.length - 3] = 67; /* in place of the END: one byte more */
    message.bytes[message.length - 2] = 1;
    message.bytes[message.length - 1] = 'n';
    end();
    assert_false(ask(message.length));

    /* The field has no NUL where it is full. */
    name[128] = '\0';
    begin_reply(ACK);
    next_server(10, 0, 0, 7);
    file_field(name);
    memset(message.bytes + 44, 'x', 64);
    end();
    CHECK_SAID(10, 0, 0, 7, name);
}

static void test_fields_that_hold_options_name_no_file(void **state)
{
    (void)state;
    begin_reply(ACK);
    next_server(10, 0, 0, 7);
    option(52, "\x01", 1);
    file_field("!!an-option-of-thirty-three-letters");
    end();
    assert_false(ask(message.length));

    begin_reply(ACK);
    next_server(10, 0, 0, 7);
    option(52, "\x03", 1);
    text_option(67, "in-");
    file_field("\x43\x04the-\xff");
    memcpy(message.bytes + 44, "\0\x43\x05order\xff", 9);
    end();
    CHECK_SAID(10, 0, 0, 7, "in-the-order");

    /* sname alone: the file field is a name. */
    begin_reply(ACK);
    next_server(10, 0, 0, 7);
    option(52, "\x02", 1);
    file_field("field.efi");
    memcpy(message.bytes + 44, "\x0c\x01h\xff", 4);
    end();
    CHECK_SAID(10, 0, 0, 7, "field.efi");
}

static void test_server_is_the_next_one_then_option_66_then_the_identifier(void **state)
{
    (void)state;
    begin_reply(ACK);
    text_option(66, "10.0.0.66");
    option(54, "\x0a\0\0\x36", 4);
    file_field("a.efi");
    next_server(10, 0, 0, 20);
    end();
    CHECK_SAID(10, 0, 0, 20, "a.efi");
    next_server(0, 0, 0, 0);
    CHECK_SAID(10, 0, 0, 66, "a.efi");
    message.bytes[243] = 200; /* another option in place of 66 */
    CHECK_SAID(10, 0, 0, 54, "a.efi");
    message.bytes[254] = 200; /* and of 54 */
    assert_false(ask(message.length));
}

static void test_option_66_counts_as_a_dotted_address_alone(void **state)
{
    static const struct {
        const char *text;
        size_t length;
        bool counts;
    } cases[] = {
        {"10.0.0.66", 9, true},
        {"10.0.0.66\0", 10, true},
        {"255.255.255.255", 15, false},
        {"223.255.255.255", 15, true},
        {"223.255.255.255\0", 16, true},
        {"boot.example", 12, false},
        {"10.0.0.066", 10, false},
        {"10.0.66", 7, false},
        {"0x0a000042", 10, false},
        {"10.0.0.66:69", 12, false},
        {" 10.0.0.66", 10, false},
        {"10.0.0.256", 10, false},
        {"0.0.0.0", 7, false},
        {"127.0.0.1", 9, false},
        {"223.255.255.255 ", 16, false},
        {"223.255.255.2551", 16, false},
        {"223.255.255.255.1", 17, false},
        {"", 0, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("%s\n", cases[i].text);
        begin_reply(ACK);
        option(66, cases[i].text, cases[i].length);
        option(54, "\x0a\0\0\x36", 4);
        file_field("a.efi");
        end();
        assert_true(ask(message.length));
        assert_int_equal(memcmp(said.server, "\x0a\0\0\x36", 4) != 0, cases[i].counts);
    }
}

static void test_server_name_field_is_not_used(void **state)
{
    (void)state;
    begin_reply(ACK);
    memcpy(message.bytes + 44, "10.0.0.44", 9);
    file_field("a.efi");
    end();
    assert_false(ask(message.length));
}

static void test_server_that_no_host_can_be_is_none(void **state)
{
    static const uint8_t servers[][4] = {{255, 255, 255, 255}, {224, 0, 0, 1}, {127, 0, 0, 1}, {0, 0, 0, 9}};

    (void)state;
    for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++) {
        begin_reply(ACK);
        memcpy(message.bytes + 20, servers[i], 4);
        option(54, servers[i], 4);
        file_field("a.efi");
        end();
        assert_false(ask(message.length));
    }
}

/* What PXE knows beside DHCP's own answers: offers of a ProxyDHCP, replies of a boot server, and BOOTP. */
static void test_messages_without_a_server_identifier_are_taken(void **state)
{
    (void)state;
    begin_reply(OFFER);
    text_option(60, "PXEClient");
    option(43, "\x06\x01\x08\xff", 4);
    next_server(10, 0, 0, 7);
    file_field("proxy.efi");
    end();
    CHECK_SAID(10, 0, 0, 7, "proxy.efi");
    begin_reply(ACK);
    option(43, "\x47\x04\x80\0\0\0\xff", 7);
    next_server(10, 0, 0, 7);
    file_field("server.efi");
    end();
    CHECK_SAID(10, 0, 0, 7, "server.efi");
    begin(2);
    next_server(10, 0, 0, 7);
    file_field("bootp.efi");
    CHECK_SAID(10, 0, 0, 7, "bootp.efi");
}

static void test_message_as_the_firmware_keeps_it(void **state)
{
    (void)state;
    begin_reply(ACK);
    next_server(10, 0, 0, 7);
    file_field("a.efi");
    end();
    message.length = sizeof message.bytes;
    CHECK_SAID(10, 0, 0, 7, "a.efi");
}

static void test_name_that_could_mislead_is_refused(void **state)
{
    static const char *const names[] = {"two words", " a",           "a ",   "line\nbreak",
                                        "\x1b[2J",   "\xc3\xa4.efi", "a\x7f"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        begin_reply(ACK);
        next_server(10, 0, 0, 7);
        file_field(names[i]);
        end();
        assert_false(ask(message.length));
        begin_reply(ACK);
        next_server(10, 0, 0, 7);
        file_field("good.efi");
        text_option(67, names[i]);
        end();
        assert_false(ask(message.length));
    }
}

static void test_req_344_messages_that_do_not_hold_together_are_refused(void **state)
{
    static const struct {
        const char *what;
        size_t at;
        uint8_t value;
        bool taken;
    } cases[] = {
        {"as it is", 0, 2, true},
        {"a client's", 0, 1, false},
        {"no cookie", 239, 98, false},
        {"a refusal", 242, NAK, false},
        {"a client's type", 242, 3, false},
        {"no such type", 242, 200, false},
        {"a type of two bytes", 241, 2, false},
        {"a server identifier of three bytes", 244, 3, false},
        {"overload 4", 251, 4, false},
        {"overload 0", 251, 0, false},
        {"overload of two bytes", 250, 2, false},
        {"a length past the end", 253, 200, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("%s\n", cases[i].what);
        begin_reply(ACK);
        option(54, "\x0a\0\0\x36", 4);
        option(52, "\x02", 1);
        text_option(67, "a.efi");
        end();
        message.bytes[cases[i].at] = cases[i].value;
        assert_int_equal(ask(message.length), cases[i].taken);
    }
}

static void test_req_344_every_piece_is_refused(void **state)
{
    (void)state;
    begin_reply(ACK);
    next_server(10, 0, 0, 7);
    text_option(67, "a.efi"); /* the last: without it there is no file */
    end();
    for (size_t cut = 0; cut < message.length - 1; cut++) {
        assert_false(ask(cut));
    }
    assert_true(ask(message.length - 1));
}

/* ---- who the client was ---- */

/* The message is gone when the identifier is looked at. */
static const uint8_t *find(size_t length, uint8_t *ret_length)
{
    const uint8_t *id = message.bytes;
    uint8_t *copy = malloc(length > 0 ? length : 1), id_length = 77;
    bool found;

    memcpy(copy, message.bytes, length);
    found = net_client_id(copy, length, &id, &id_length);
    free(copy);
    if (!found) {
        assert_ptr_equal(id, message.bytes);
        assert_int_equal(id_length, 77);
        return NULL;
    }
    *ret_length = id_length;
    return id;
}

static void check_found(const void *bytes, uint8_t length)
{
    uint8_t got_length = 0;
    const uint8_t *got = find(message.length, &got_length);

    assert_non_null(got);
    assert_int_equal(got_length, length);
    assert_memory_equal(got, bytes, length);
}

static void check_none(size_t length)
{
    uint8_t got_length;

    assert_null(find(length, &got_length));
}

static void begin_discover(void)
{
    begin(1);
    option(53, "\x01", 1);
    option(57, "\x05\xc0", 2);
}

static void test_identifier_is_found_whatever_its_length(void **state)
{
    static const uint8_t lengths[] = {1, 2, 7, 17, 254, 255};
    uint8_t id[255];

    (void)state;
    for (size_t i = 0; i < sizeof id; i++) {
        id[i] = (uint8_t)(i ^ 0x55); /* END and PAD are among them */
    }
    for (size_t i = 0; i < sizeof lengths; i++) {
        begin_discover();
        option(61, id, lengths[i]);
        end();
        check_found(id, lengths[i]);
        message.length = sizeof message.bytes;
        check_found(id, lengths[i]);
    }
}

static void test_identifier_is_found_in_the_file_field(void **state)
{
    (void)state;
    begin_discover();
    option(52, "\x01", 1);
    file_field("\x3d\x03\x01xy\xff");
    end();
    check_found("\x01xy", 3);
}

static void test_client_without_an_identifier_has_none(void **state)
{
    (void)state;
    begin_discover();
    end();
    check_none(message.length);
    begin_discover();
    option(61, "", 0);
    end();
    check_none(message.length);
    begin_discover();
    end();
    option(61, "\x01xy", 3); /* after the END */
    check_none(message.length);
}

static void test_identifier_in_parts_is_joined(void **state)
{
    uint8_t id[256];

    (void)state;
    begin_discover();
    option(61, "", 0);
    option(61, "\x01x", 2);
    text_option(12, "host");
    option(61, "y", 1);
    end();
    check_found("\x01xy", 3);
    for (size_t i = 0; i < sizeof id; i++) {
        id[i] = (uint8_t)i;
    }
    begin_discover();
    option(61, id, 200);
    option(61, id + 200, 55);
    end();
    check_found(id, 255);
    begin_discover();
    option(61, id, 200);
    option(61, id + 200, 56); /* more than one message of ours can say */
    end();
    check_none(message.length);
}

static void test_req_344_identifier_of_a_message_that_does_not_hold_together_is_not_taken(void **state)
{
    (void)state;
    begin_discover();
    option(61, "\x01\x02\x03\x04\x05\x06\x07", 7);
    end();
    for (size_t cut = 0; cut < message.length - 1; cut++) {
        check_none(cut);
    }
    message.bytes[0] = 2; /* a server's */
    check_none(message.length);
    message.bytes[0] = 1;
    message.bytes[236] = 0; /* no DHCP */
    check_none(message.length);
    message.bytes[236] = 99;
    check_found("\x01\x02\x03\x04\x05\x06\x07", 7);
    message.bytes[248] = 8; /* more than there is, but for the END: that is its last byte then */
    check_found("\x01\x02\x03\x04\x05\x06\x07\xff", 8);
    message.bytes[248] = 9;
    check_none(message.length);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file_field_and_next_server),
        cmocka_unit_test(test_option_goes_before_the_file_field),
        cmocka_unit_test(test_empty_option_leaves_the_file_field),
        cmocka_unit_test(test_name_ends_at_the_first_nul),
        cmocka_unit_test(test_name_in_parts_is_joined),
        cmocka_unit_test(test_names_as_long_as_they_can_be),
        cmocka_unit_test(test_fields_that_hold_options_name_no_file),
        cmocka_unit_test(test_server_is_the_next_one_then_option_66_then_the_identifier),
        cmocka_unit_test(test_option_66_counts_as_a_dotted_address_alone),
        cmocka_unit_test(test_server_name_field_is_not_used),
        cmocka_unit_test(test_server_that_no_host_can_be_is_none),
        cmocka_unit_test(test_messages_without_a_server_identifier_are_taken),
        cmocka_unit_test(test_message_as_the_firmware_keeps_it),
        cmocka_unit_test(test_name_that_could_mislead_is_refused),
        cmocka_unit_test(test_req_344_messages_that_do_not_hold_together_are_refused),
        cmocka_unit_test(test_req_344_every_piece_is_refused),
        cmocka_unit_test(test_identifier_is_found_whatever_its_length),
        cmocka_unit_test(test_identifier_is_found_in_the_file_field),
        cmocka_unit_test(test_client_without_an_identifier_has_none),
        cmocka_unit_test(test_identifier_in_parts_is_joined),
        cmocka_unit_test(test_req_344_identifier_of_a_message_that_does_not_hold_together_is_not_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
