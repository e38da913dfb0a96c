/* SPDX-License-Identifier: BSD-2-Clause */
#include "dhcp_options.h"

#include <string.h>

#define SNAME      44u
#define SNAME_SIZE 64u
#define FILE_NAME  108u
#define FILE_SIZE  128u

#define PAD       0u
#define OVERLOAD  52u
#define BOOT_FILE 67u
#define END       255u

/* Bits of option 52 (RFC 2132 section 9.3). */
#define IN_FILE  1u
#define IN_SNAME 2u

static void join(struct dhcp_option *options, unsigned count, uint8_t code, const uint8_t *bytes,
                 size_t length)
{
    for (unsigned i = 0; i < count; i++) {
        struct dhcp_option *option = &options[i];

        if (option->code == code) {
            size_t room = option->length < option->capacity ? option->capacity - option->length : 0;

            if (option->first == NULL) {
                option->first = bytes;
            }
            memcpy(option->bytes + (option->capacity - room), bytes, length < room ? length : room);
            option->length += length;
            return;
        }
    }
}

/* RFC 2132 section 2. An area may end without END: some servers fill it to the last byte. */
static bool read_area(struct dhcp_option *options, unsigned count, const uint8_t *area, size_t length)
{
    size_t at = 0, size;

    while (at < length && area[at] != END) {
        if (area[at] == PAD) {
            at++;
            continue;
        }
        if (length - at < 2 || area[at + 1] > length - at - 2) {
            return false;
        }
        size = area[at + 1];
        join(options, count, area[at], area + at + 2, size);
        at += 2 + size;
    }
    return true;
}

/* Option 52 counts in the options field alone, so it can send us round once at most. */
static bool find_overload(const uint8_t *message, size_t length, unsigned *ret_which)
{
    uint8_t byte = 0;
    struct dhcp_option overload = {.code = OVERLOAD, .bytes = &byte, .capacity = 1};

    if (!read_area(&overload, 1, message + DHCP_OPTIONS, length - DHCP_OPTIONS)) {
        return false;
    }
    *ret_which = byte;
    return overload.length == 0 || (overload.length == 1 && byte >= 1 && byte <= (IN_FILE | IN_SNAME));
}

/* RFC 2131 section 4.1: file first. */
bool dhcp_options_read(const uint8_t *message, size_t length, struct dhcp_option *options, unsigned count)
{
    unsigned which;

    if (!find_overload(message, length, &which) ||
        !read_area(options, count, message + DHCP_OPTIONS, length - DHCP_OPTIONS)) {
        return false;
    }
    return ((which & IN_FILE) == 0 || read_area(options, count, message + FILE_NAME, FILE_SIZE)) &&
           ((which & IN_SNAME) == 0 || read_area(options, count, message + SNAME, SNAME_SIZE));
}

static size_t end_of_area(size_t at, size_t length)
{
    return at >= DHCP_OPTIONS ? length : at >= FILE_NAME ? FILE_NAME + FILE_SIZE : SNAME + SNAME_SIZE;
}

/* Then the NUL stands over the END, or is the server's own. */
static bool only_padding(const uint8_t *message, size_t at, size_t end)
{
    while (at < end && message[at] == PAD) {
        at++;
    }
    return at == end || message[at] == END;
}

bool dhcp_options_kept_whole(const uint8_t *message, size_t length)
{
    uint8_t byte;
    struct dhcp_option file = {.code = BOOT_FILE, .bytes = &byte, .capacity = 1};
    size_t at, end;

    if (!dhcp_options_read(message, length, &file, 1)) {
        return false;
    }
    if (file.first == NULL) {
        return true;
    }
    at = (size_t)(file.first - message);
    end = end_of_area(at, length);
    at += file.first[-1];
    return message[at - 1] == 0 || at == end || message[at] != PAD || only_padding(message, at, end);
}

bool dhcp_options_file_is_a_name(const uint8_t *message, size_t length)
{
    unsigned which;

    return find_overload(message, length, &which) && (which & IN_FILE) == 0;
}
