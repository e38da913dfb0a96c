/* SPDX-License-Identifier: BSD-2-Clause */
#include "lunctl_settings.h"

#include <stdio.h>
#include <string.h>

#include "firmware/params_table.h"
#include "lunctl_json.h"

#define CHOICES_MAX 10u /* a number of a choice is one digit */

/* What a value is, before its range. NULL: its choices say it. */
static const char *const types[] = {
    [PARAM_TEXT] = "text",
    [PARAM_NAME] = "an iSCSI name (iqn., eui. or naa.)",
    [PARAM_ROOT_PATH] = "a root path, or up to four with blanks between them",
    [PARAM_PORTAL] = "an address or a name, with or without :port, or up to four with commas between them",
    [PARAM_LUN] = "a decimal number up to 16383, or four dashed groups of four hexadecimal digits",
    [PARAM_SECRET] = "a secret (text, 0x and hexadecimal digits, or 0b and base64)",
    [PARAM_NUMBER] = "a number",
    [PARAM_SIZE] = "bytes, with or without K or M",
    [PARAM_DURATION] = "a time with its unit (ms, s, m or h)",
    [PARAM_CHOICE] = NULL,
    [PARAM_IPV4] = "an IPv4 address",
    [PARAM_IPV4_NET] = "dhcp, or an IPv4 address with its prefix length",
    [PARAM_ALGORITHMS] = "a list of some of md5, sha1, sha256 and sha3-256",
    [PARAM_DNS_NAME] = "a host name",
    [PARAM_NIC_ID] = "auto, a MAC, a PCI address, or the text of a device path",
    [PARAM_FAULTS] = "five numbers with commas between them",
    [PARAM_BOOT] = "yes, no, next, shell, Boot and four hexadecimal digits, or the path of a file",
    [PARAM_URL] = "auto, off, or a tftp: or http: URL that ends with a slash",
};

/* In order of precedence, highest first. */
static const struct {
    enum param_source source;
    const char *name;
} sources[] = {
    {PARAM_OPTION, "load options"}, {PARAM_VARIABLE, "UEFI variable"},
    {PARAM_FILE, "lunboot.conf"},   {PARAM_SERVER, "server's file"},
    {PARAM_IBFT, "iBFT"},           {PARAM_DHCP, "DHCP"},
};

static void print_choices(const struct param_row *row, struct fmt *fmt)
{
    const char *between = "one of ";
    size_t length;

    for (uint64_t number = 0; number < CHOICES_MAX; number++) {
        const char *word = params_choice_word(row, number, &length);

        if (word == NULL)
            continue;
        fmt_print(fmt, "%s%.*s", between, (int)length, word);
        between = ", ";
    }
}

/* The range in the unit of the type. */
static void print_range(const struct param_row *row, struct fmt *fmt)
{
    fmt_print(fmt, ", ");
    params_print_limit(row, row->low, fmt);
    fmt_print(fmt, " to ");
    params_print_limit(row, row->high, fmt);
}

static void print_type(const struct param_row *row, struct fmt *fmt)
{
    if (types[row->type] == NULL) {
        print_choices(row, fmt);
        return;
    }
    fmt_print(fmt, "%s", types[row->type]);
    switch (row->type) {
    case PARAM_TEXT:
    case PARAM_SECRET:
        print_range(row, fmt);
        fmt_print(fmt, " bytes");
        break;
    case PARAM_NUMBER:
    case PARAM_SIZE:
    case PARAM_DURATION:
        print_range(row, fmt);
        break;
    case PARAM_IPV4:
        if (row->high > 1)
            fmt_print(fmt, ", or %u with commas between them", (unsigned)row->high);
        break;
    default:
        break;
    }
}

static void print_sources(const struct param_row *row, struct fmt *fmt)
{
    const char *between = "";

    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++)
        if (row->sources & PARAM_BIT(sources[i].source)) {
            fmt_print(fmt, "%s%s", between, sources[i].name);
            between = ", ";
        }
}

static const char *type_text(const struct param_row *row)
{
    static char text[160];
    struct fmt fmt;

    fmt_init(&fmt, text, sizeof text);
    print_type(row, &fmt);
    return text;
}

static const char *sources_text(const struct param_row *row)
{
    static char text[160];
    struct fmt fmt;

    fmt_init(&fmt, text, sizeof text);
    print_sources(row, &fmt);
    return text;
}

/* A secret that stands in a manual would be used as it is. */
static const char *example_text(const struct param_row *row)
{
    return row->type == PARAM_SECRET ? "0x, and what openssl rand -hex 16 prints" : row->example;
}

/* --- The three forms --- */

static void print_row(const struct param_row *row)
{
    printf("%s\n  %s\n", row->name, row->meaning);
    printf("  value:   %s\n", type_text(row));
    printf("  default: %s\n", row->default_value ? row->default_value : "not set");
    printf("  set by:  %s\n", sources_text(row));
    printf("  example: %s = %s\n\n", row->name, example_text(row));
}

/* As it stands, where Markdown would see signs of its own. */
static void print_markdown_text(const char *text)
{
    for (; *text != '\0'; text++) {
        if (strchr("\\*_<|#", *text) != NULL)
            putchar('\\');
        putchar(*text);
    }
}

static void print_section(const struct param_row *row)
{
    printf("\n### %s\n\n", row->name);
    print_markdown_text(row->meaning);
    printf("\n\n- value: %s\n", type_text(row));
    if (row->default_value)
        printf("- default: `%s`\n", row->default_value);
    else
        puts("- default: not set");
    printf("- set by: %s\n", sources_text(row));
    printf("- example: `%s = %s`\n", row->name, example_text(row));
}

static void print_object(struct json *json, const struct param_row *row)
{
    lunctl_json_object(json, NULL);
    lunctl_json_text(json, "key", row->name);
    lunctl_json_text(json, "value", type_text(row));
    if (row->default_value)
        lunctl_json_text(json, "default", row->default_value);
    lunctl_json_text(json, "set-by", sources_text(row));
    lunctl_json_text(json, "meaning", row->meaning);
    lunctl_json_text(json, "example", example_text(row));
    lunctl_json_end(json, '}');
}

static void print_json(void)
{
    struct json json = {0};

    lunctl_json_object(&json, NULL);
    lunctl_json_list(&json, "settings");
    for (unsigned id = 0; id < PARAM_COUNT; id++)
        print_object(&json, &params_table[id]);
    lunctl_json_end(&json, ']');
    lunctl_json_end(&json, '}');
}

int lunctl_settings_run(const struct options *options)
{
    if (options->json) {
        print_json();
        return 0;
    }
    for (unsigned id = 0; id < PARAM_COUNT; id++)
        if (options->markdown)
            print_section(&params_table[id]);
        else
            print_row(&params_table[id]);
    return 0;
}
