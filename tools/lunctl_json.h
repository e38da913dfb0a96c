/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON on standard output, written as it comes; NULL as the key inside of lists. */
#ifndef LUNBOOT_TOOLS_LUNCTL_JSON_H
#define LUNBOOT_TOOLS_LUNCTL_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json {
    bool one_line;
    unsigned depth;
    bool begun[8]; /* something stands before in this object or list */
};

void lunctl_json_object(struct json *json, const char *key);
void lunctl_json_list(struct json *json, const char *key);
void lunctl_json_end(struct json *json, char bracket); /* '}' or ']'; a newline after the outermost */
void lunctl_json_text(struct json *json, const char *key, const char *value);
void lunctl_json_number(struct json *json, const char *key, uint64_t value);
void lunctl_json_bool(struct json *json, const char *key, bool value);
void lunctl_json_hex(struct json *json, const char *key, const uint8_t *bytes, size_t length);

#endif
