/* SPDX-License-Identifier: BSD-2-Clause */
#include "lunctl_json.h"

#include <stdio.h>

static void quoted(const char *text)
{
    putchar('"');
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    putchar('"');
}

static void new_line(const struct json *json)
{
    if (!json->one_line)
        printf("\n%*s", (int)(2 * json->depth), "");
}

static void before(struct json *json, const char *key)
{
    if (json->depth > 0) {
        if (json->begun[json->depth])
            putchar(',');
        new_line(json);
        json->begun[json->depth] = true;
    }
    if (key != NULL) {
        quoted(key);
        fputs(": ", stdout);
    }
}

static void open_bracket(struct json *json, const char *key, char bracket)
{
    before(json, key);
    putchar(bracket);
    json->begun[++json->depth] = false;
}

void lunctl_json_object(struct json *json, const char *key)
{
    open_bracket(json, key, '{');
}

void lunctl_json_list(struct json *json, const char *key)
{
    open_bracket(json, key, '[');
}

void lunctl_json_end(struct json *json, char bracket)
{
    bool any = json->begun[json->depth--];

    if (any)
        new_line(json);
    putchar(bracket);
    if (json->depth == 0)
        putchar('\n');
}

void lunctl_json_text(struct json *json, const char *key, const char *value)
{
    before(json, key);
    quoted(value);
}

void lunctl_json_number(struct json *json, const char *key, uint64_t value)
{
    before(json, key);
    printf("%llu", (unsigned long long)value);
}

void lunctl_json_bool(struct json *json, const char *key, bool value)
{
    before(json, key);
    fputs(value ? "true" : "false", stdout);
}

void lunctl_json_hex(struct json *json, const char *key, const uint8_t *bytes, size_t length)
{
    before(json, key);
    putchar('"');
    for (size_t i = 0; i < length; i++)
        printf("%02x", bytes[i]);
    putchar('"');
}
