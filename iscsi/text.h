/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The text format: NUL-ended key=value items (RFC 7143 section 6.1). An iterator that never copies and works
 * on explicit lengths, the value parsers, and a writer with a bound. No function here looks for a NUL beyond
 * the length it was given (REQ-077 to REQ-087, REQ-342).
 */
#ifndef LUNBOOT_ISCSI_TEXT_H
#define LUNBOOT_ISCSI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_KEY_MAX   63u
#define TEXT_VALUE_MAX 255u /* unless the key says otherwise */

struct text_item {
    const char *key;
    size_t key_length;
    const char *value;
    size_t value_length;
};

struct text_reader {
    const char *at;
    size_t left;
    unsigned empty_items; /* tolerated, counted (REQ-079) */
};

enum text_result { TEXT_ITEM, TEXT_END, TEXT_MALFORMED };

/* `text` stays the caller's and must outlive the items. */
void text_reader_init(struct text_reader *reader, const void *text, size_t length);

/*
 * The next item. TEXT_MALFORMED for a last item without its NUL, an item without '=', an empty key or one of
 * more than 63 bytes (REQ-077, REQ-078), now and whenever asked again; value lengths are checked by the key's
 * own rule.
 */
enum text_result text_next(struct text_reader *reader, struct text_item *ret_item);

/* Does `text` (explicit length) equal the NUL-ended constant `literal`? Case matters (REQ-080). */
bool text_is(const char *text, size_t length, const char *literal);

/*
 * Decimal or 0x/0X hexadecimal, all of `text`, no sign; false on any other form or beyond 64 bits (REQ-082).
 * Leading zeros are taken: they change no value.
 */
bool text_number(const char *text, size_t length, uint64_t *ret_value);

/*
 * 0x/0X hexadecimal (even number of digits, at least one byte) or 0b/0B base64 (RFC 4648 with padding) to
 * bytes. False on a bad digit or pad, an empty body, or more than `capacity` bytes; nothing beyond `capacity`
 * is ever written (REQ-083, REQ-341).
 */
bool text_binary(const char *text, size_t length, uint8_t *ret_bytes, size_t capacity, size_t *ret_length);

/*
 * Step through a comma-separated list: false at the end, and with `*ret_bad` set at an empty element
 * (REQ-085); it is not touched otherwise. `*list` is NULL from then on.
 */
bool text_list_next(const char **list, size_t *left, const char **ret_element, size_t *ret_length,
                    bool *ret_bad);

/* A writer into the caller's buffer. `overflow` is set once and stays: items go in whole or not at all. */
struct text_writer {
    char *buffer;
    size_t capacity;
    size_t length;
    bool overflow;
};

void text_writer_init(struct text_writer *writer, void *buffer, size_t capacity);
void text_put(struct text_writer *writer, const char *key, const char *value);
void text_put_number(struct text_writer *writer, const char *key, uint64_t value);
/* Writes 0x and lower-case hexadecimal digits (REQ-084, REQ-174). */
void text_put_binary(struct text_writer *writer, const char *key, const uint8_t *bytes, size_t length);
/* For an answer to a key that arrived: the key is given by its length. */
void text_put_answer(struct text_writer *writer, const char *key, size_t key_length, const char *value);

#endif
