/* SPDX-License-Identifier: BSD-2-Clause */
/* What each type of setting accepts. The reasons are clauses that follow the key's name. */
#include "params_table.h"

#include <string.h>

#include "iscsi/bytes.h"
#include "iscsi/hash.h"
#include "iscsi/scsi.h"
#include "iscsi/text.h"
#include "url.h"

#define QUOTE_MAX 32u /* bytes of a value that are repeated to the person */

struct span {
    const char *at;
    size_t length;
};

typedef bool (*parser)(const struct param_row *row, struct span text, struct param_value *ret_value,
                       struct fmt *reason);

static void quote(struct fmt *reason, struct span text)
{
    bool cut = text.length > QUOTE_MAX;

    fmt_print(reason, "\"");
    fmt_escaped(reason, text.at, cut ? QUOTE_MAX : text.length);
    fmt_print(reason, cut ? "...\"" : "\"");
}

/* "VALUE" is not WHAT; for example KEY = EXAMPLE */
static bool refuse(const struct param_row *row, struct span text, struct fmt *reason, const char *what)
{
    quote(reason, text);
    fmt_print(reason, " is not %s; for example %s = %s", what, row->name, row->example);
    return false;
}

static bool is_word(struct span text, const char *word)
{
    size_t length = strlen(word);

    return text.length == length && memcmp(text.at, word, length) == 0;
}

static bool has_byte(struct span text, char wanted)
{
    return text.length > 0 && memchr(text.at, wanted, text.length) != NULL;
}

static bool has_control(struct span text)
{
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7f)
            return true;
    return false;
}

static bool keep(struct span text, struct param_value *ret_value)
{
    memcpy(ret_value->text, text.at, text.length);
    ret_value->text[text.length] = '\0';
    ret_value->length = (uint16_t)text.length;
    return true;
}

/* A list is kept without the blanks around its commas. */
static struct span keep_list(struct span text, struct param_value *ret_value)
{
    size_t length = 0;

    for (size_t i = 0; i < text.length; i++)
        if (text.at[i] != ' ' && text.at[i] != '\t')
            ret_value->text[length++] = text.at[i];
    ret_value->text[length] = '\0';
    ret_value->length = (uint16_t)length;
    return (struct span){ret_value->text, length};
}

bool params_parse_decimal(const char *text, size_t length, uint64_t *ret_number)
{
    uint64_t number = 0;

    if (length == 0)
        return false;
    for (size_t i = 0; i < length; i++) {
        unsigned digit = (unsigned)(unsigned char)text[i] - '0';

        if (digit > 9 || number > (UINT64_MAX - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *ret_number = number;
    return true;
}

/* --- Texts and names --- */

static bool parse_text(const struct param_row *row, struct span text, struct param_value *ret_value,
                       struct fmt *reason)
{
    if (text.length < row->low || text.length > row->high) {
        fmt_print(reason, "%u bytes are too %s: it takes %u to %u", (unsigned)text.length,
                  text.length < row->low ? "few" : "many", (unsigned)row->low, (unsigned)row->high);
        return false;
    }
    return keep(text, ret_value);
}

static bool parse_name(const struct param_row *row, struct span text, struct param_value *ret_value,
                       struct fmt *reason)
{
    char name[NAME_MAX_BYTES + 1];
    const char *wrong = name_normalise(text.at, text.length, name);

    if (wrong) {
        quote(reason, text);
        fmt_print(reason, " is not an iSCSI name (%s); for example %s = %s", wrong, row->name, row->example);
        return false;
    }
    return keep((struct span){name, strlen(name)}, ret_value);
}

/* The next of several, with blanks between them. */
static bool next_path(struct span *rest, struct span *ret_path)
{
    while (rest->length > 0 && (*rest->at == ' ' || *rest->at == '\t')) {
        rest->at++;
        rest->length--;
    }
    ret_path->at = rest->at;
    while (rest->length > 0 && *rest->at != ' ' && *rest->at != '\t') {
        rest->at++;
        rest->length--;
    }
    ret_path->length = (size_t)(rest->at - ret_path->at);
    return ret_path->length > 0;
}

unsigned params_root_paths(const char *text, size_t length, unsigned index, struct rootpath *ret_path)
{
    struct span rest = {text, length}, word;
    unsigned count = 0;

    for (; next_path(&rest, &word); count++)
        if (count == index)
            rootpath_parse(word.at, word.length, ret_path);
    return count;
}

static bool parse_root_path(const struct param_row *row, struct span text, struct param_value *ret_value,
                            struct fmt *reason)
{
    struct span rest = text, word;
    struct rootpath path;
    const char *wrong;
    unsigned count = 0;

    while (next_path(&rest, &word)) {
        wrong = ++count > PARAMS_TARGETS_MAX ? "there are more than four of them"
                                             : rootpath_parse(word.at, word.length, &path);
        if (wrong) {
            fmt_print(reason, "%s; for example %s", wrong, row->example);
            return false;
        }
    }
    if (count == 0)
        return refuse(row, text, reason, "a root path");
    return keep(text, ret_value);
}

unsigned params_portals(const char *text, size_t length, struct portal ret_portals[PARAMS_PORTALS_MAX])
{
    struct span list = {text, length}, word;
    unsigned count = 0;
    bool bad = false;

    while (text_list_next(&list.at, &list.length, &word.at, &word.length, &bad)) {
        if (bad || count == PARAMS_PORTALS_MAX ||
            !address_parse_portal(word.at, word.length, &ret_portals[count]))
            return 0;
        count++;
    }
    return bad ? 0 : count;
}

static bool parse_portal(const struct param_row *row, struct span text, struct param_value *ret_value,
                         struct fmt *reason)
{
    struct portal portals[PARAMS_PORTALS_MAX];
    struct span list;

    if (has_byte(text, '@')) {
        fmt_print(reason,
                  "a user name or secret is refused here: set chap-name and chap-secret in lunboot.conf");
        return false;
    }
    list = keep_list(text, ret_value);
    if (params_portals(list.at, list.length, portals) == 0)
        return refuse(
            row, text, reason,
            "an address or a name, with or without :port, or up to four of them with commas between "
            "them");
    return true;
}

static bool parse_lun(const struct param_row *row, struct span text, struct param_value *ret_value,
                      struct fmt *reason)
{
    uint8_t lun[8];

    if (!scsi_lun_parse_decimal(text.at, text.length, lun))
        return refuse(row, text, reason,
                      "a LUN: a decimal number up to 16383, or four groups of four hexadecimal digits joined "
                      "by dashes");
    ret_value->number = bytes_get64(lun);
    return keep(text, ret_value);
}

static bool parse_dns_name(const struct param_row *row, struct span text, struct param_value *ret_value,
                           struct fmt *reason)
{
    if (!address_is_hostname(text.at, text.length))
        return refuse(row, text, reason, "a host name");
    return keep(text, ret_value);
}

/* --- Secrets: the reasons tell lengths, never bytes (REQ-172) --- */

static bool is_encoded(struct span text)
{
    return text.length >= 2 && text.at[0] == '0' &&
           (text.at[1] == 'x' || text.at[1] == 'X' || text.at[1] == 'b' || text.at[1] == 'B');
}

static bool decode_secret(struct span text, struct param_value *ret_value, size_t *ret_length,
                          struct fmt *reason)
{
    if (is_encoded(text)) {
        if (text_binary(text.at, text.length, (uint8_t *)ret_value->text, PARAM_TEXT_MAX, ret_length))
            return true;
        fmt_print(reason, "what follows %.2s is not %s", text.at,
                  text.at[1] == 'x' || text.at[1] == 'X' ? "an even number of hexadecimal digits"
                                                         : "base64 with its padding");
        return false;
    }
    if (has_control(text)) {
        fmt_print(reason,
                  "there is a control character in it: write such a secret as 0x and hexadecimal digits");
        return false;
    }
    memcpy(ret_value->text, text.at, text.length);
    *ret_length = text.length;
    return true;
}

static bool parse_secret(const struct param_row *row, struct span text, struct param_value *ret_value,
                         struct fmt *reason)
{
    size_t length;

    if (!decode_secret(text, ret_value, &length, reason))
        return false;
    if (length < row->low || length > row->high) {
        fmt_print(reason, "%u bytes are too %s: a CHAP secret has %u to %u bytes", (unsigned)length,
                  length < row->low ? "few" : "many", (unsigned)row->low, (unsigned)row->high);
        return false;
    }
    ret_value->text[length] = '\0';
    ret_value->length = (uint16_t)length;
    return true;
}

/* --- Numbers with units: the largest unit that divides a limit tells it to people --- */

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit no_units[] = {{"", 1}, {NULL, 0}};
static const struct unit sizes[] = {{"M", 1048576}, {"K", 1024}, {"", 1}, {NULL, 0}};
static const struct unit times[] = {{"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}, {NULL, 0}};

static const struct unit *units_of(const struct param_row *row)
{
    return row->type == PARAM_SIZE ? sizes : row->type == PARAM_DURATION ? times : no_units;
}

void params_print_limit(const struct param_row *row, uint64_t limit, struct fmt *fmt)
{
    const struct unit *unit = units_of(row);

    if (limit == UINT64_MAX) {
        fmt_print(fmt, "forever");
        return;
    }
    while (limit == 0 ? unit[1].name != NULL : limit % unit->factor != 0)
        unit++;
    fmt_print(fmt, "%llu%s", (unsigned long long)(limit / unit->factor), limit == 0 ? "" : unit->name);
}

static bool check_range(const struct param_row *row, struct span text, uint64_t number, struct fmt *reason)
{
    if (number >= row->low && number <= row->high)
        return true;
    quote(reason, text);
    fmt_print(reason, " is outside of ");
    params_print_limit(row, row->low, reason);
    fmt_print(reason, " to ");
    params_print_limit(row, row->high, reason);
    return false;
}

/* Digits and one of the units; a zero needs none. */
static bool parse_measure(struct span text, const struct unit *units, uint64_t *ret_number)
{
    struct span suffix = text;
    uint64_t number;

    while (suffix.length > 0 && *suffix.at >= '0' && *suffix.at <= '9') {
        suffix.at++;
        suffix.length--;
    }
    if (!params_parse_decimal(text.at, text.length - suffix.length, &number))
        return false;
    *ret_number = 0;
    if (number == 0 && suffix.length == 0)
        return true;
    for (; units->name; units++)
        if (is_word(suffix, units->name)) {
            *ret_number = number * units->factor;
            return number <= UINT64_MAX / units->factor;
        }
    return false;
}

static bool parse_number(const struct param_row *row, struct span text, struct param_value *ret_value,
                         struct fmt *reason)
{
    if (row->high == UINT64_MAX && is_word(text, "forever"))
        ret_value->number = UINT64_MAX;
    else if (!parse_measure(text, no_units, &ret_value->number))
        return refuse(row, text, reason,
                      row->high == UINT64_MAX ? "a decimal number or forever" : "a decimal number");
    return check_range(row, text, ret_value->number, reason) && keep(text, ret_value);
}

static bool parse_size(const struct param_row *row, struct span text, struct param_value *ret_value,
                       struct fmt *reason)
{
    if (!parse_measure(text, sizes, &ret_value->number))
        return refuse(row, text, reason, "a number of bytes, with or without K or M");
    return check_range(row, text, ret_value->number, reason) && keep(text, ret_value);
}

static bool parse_duration(const struct param_row *row, struct span text, struct param_value *ret_value,
                           struct fmt *reason)
{
    if (is_word(text, "forever"))
        ret_value->number = UINT64_MAX;
    else if (!parse_measure(text, times, &ret_value->number))
        return refuse(row, text, reason, "a time with its unit (ms, s, m or h)");
    return check_range(row, text, ret_value->number, reason) && keep(text, ret_value);
}

/* --- Words --- */

/* The next word of "a|b=2|c" and its number; false at the end. */
static bool next_choice(const char **at, struct span *ret_word, uint64_t *number)
{
    const char *p = *at;

    if (*p == '\0')
        return false;
    ret_word->at = p;
    while (*p && *p != '|' && *p != '=')
        p++;
    ret_word->length = (size_t)(p - ret_word->at);
    ++*number;
    if (*p == '=') {
        *number = (uint64_t)(p[1] - '0');
        p += 2;
    }
    *at = *p == '|' ? p + 1 : p;
    return true;
}

static bool parse_choice(const struct param_row *row, struct span text, struct param_value *ret_value,
                         struct fmt *reason)
{
    const char *at = row->choices;
    uint64_t number = UINT64_MAX;
    struct span word;
    bool first = true;

    while (next_choice(&at, &word, &number))
        if (text.length == word.length && memcmp(text.at, word.at, word.length) == 0) {
            ret_value->number = number;
            return keep(text, ret_value);
        }
    quote(reason, text);
    fmt_print(reason, " is not one of ");
    for (at = row->choices; next_choice(&at, &word, &number); first = false)
        fmt_print(reason, "%s%.*s", first ? "" : ", ", (int)word.length, word.at);
    return false;
}

const char *params_choice_word(const struct param_row *row, uint64_t number, size_t *ret_length)
{
    const char *at = row->choices;
    uint64_t each = UINT64_MAX;
    struct span word;

    while (at && next_choice(&at, &word, &each))
        if (each == number) {
            *ret_length = word.length;
            return word.at;
        }
    return NULL;
}

/* --- Lists --- */

static const struct {
    const char *word;
    const char *name;
    uint8_t number;
} algorithms[] = {
    {"md5", "MD5", HASH_MD5},
    {"sha1", "SHA-1", HASH_SHA1},
    {"sha256", "SHA-256", HASH_SHA256},
    {"sha3-256", "SHA3-256", HASH_SHA3_256},
};

static unsigned algorithm_number(struct span word)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++)
        if (is_word(word, algorithms[i].word))
            return algorithms[i].number;
    return 0;
}

const char *params_algorithm_name(unsigned algorithm)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++)
        if (algorithms[i].number == algorithm)
            return algorithms[i].name;
    return "?";
}

/* The list as numbers; 0 when a word is unknown or stands twice. */
static unsigned read_algorithms(struct span list, uint8_t ret_numbers[CHAP_ALGORITHMS])
{
    unsigned count = 0, number;
    struct span word;
    bool bad = false;

    while (text_list_next(&list.at, &list.length, &word.at, &word.length, &bad)) {
        number = bad ? 0 : algorithm_number(word);
        if (number == 0 || count == CHAP_ALGORITHMS)
            return 0;
        for (unsigned i = 0; i < count; i++)
            if (ret_numbers[i] == number)
                return 0;
        ret_numbers[count++] = (uint8_t)number;
    }
    return bad ? 0 : count;
}

unsigned params_algorithms(const struct params *params, uint8_t ret_algorithms[CHAP_ALGORITHMS])
{
    const struct param_value *value = &params->values[PARAM_CHAP_ALGORITHMS];

    return read_algorithms((struct span){value->text, value->length}, ret_algorithms);
}

static bool parse_algorithms(const struct param_row *row, struct span text, struct param_value *ret_value,
                             struct fmt *reason)
{
    uint8_t numbers[CHAP_ALGORITHMS];

    if (read_algorithms(keep_list(text, ret_value), numbers) == 0)
        return refuse(row, text, reason, "a list of some of md5, sha1, sha256 and sha3-256, each once");
    return true;
}

static bool parse_faults(const struct param_row *row, struct span text, struct param_value *ret_value,
                         struct fmt *reason)
{
    struct span list = keep_list(text, ret_value), word;
    unsigned count = 0;
    bool bad = false, good = true;
    uint64_t number;

    while (text_list_next(&list.at, &list.length, &word.at, &word.length, &bad)) {
        good = good && !bad && params_parse_decimal(word.at, word.length, &number) &&
               (count == 0 || number <= UINT16_MAX);
        count++;
    }
    if (bad || !good || count != 5)
        return refuse(row, text, reason,
                      "five decimal numbers with commas between them, the last four below 65536");
    return true;
}

/* --- Addresses --- */

static bool parse_host(struct span text, uint8_t ret_address[4])
{
    struct address address;

    if (!address_parse(text.at, text.length, &address) || !address_is_ipv4_host(&address))
        return false;
    memcpy(ret_address, address.bytes, 4);
    return true;
}

static bool parse_ipv4(const struct param_row *row, struct span text, struct param_value *ret_value,
                       struct fmt *reason)
{
    struct span list = keep_list(text, ret_value), word;
    bool bad = false, good = true;
    uint64_t count = 0;
    uint8_t address[4];

    while (text_list_next(&list.at, &list.length, &word.at, &word.length, &bad)) {
        good = good && !bad && parse_host(word, address);
        count++;
    }
    if (bad || !good || count < row->low || count > row->high)
        return refuse(row, text, reason,
                      row->high == 1 ? "the IPv4 address of a host" : "one or two IPv4 addresses of hosts");
    return true;
}

bool params_parse_network(const char *text, size_t length, uint8_t ret_address[4], unsigned *ret_prefix,
                          struct fmt *reason)
{
    struct span prefix = {text, length};
    uint64_t bits;
    uint32_t host;

    while (prefix.length > 0 && *prefix.at != '/') {
        prefix.at++;
        prefix.length--;
    }
    if (!parse_host((struct span){text, length - prefix.length}, ret_address)) {
        quote(reason, (struct span){text, length});
        fmt_print(reason, " is neither dhcp nor an IPv4 address of a host with its prefix length");
        return false;
    }
    if (prefix.length == 0) {
        fmt_print(reason, "the prefix length is missing");
        return false;
    }
    if (!params_parse_decimal(prefix.at + 1, prefix.length - 1, &bits) || bits < 1 || bits > 32) {
        fmt_print(reason, "the prefix length is not a number from 1 to 32");
        return false;
    }
    host = bytes_get32(ret_address) & (uint32_t)(UINT64_C(0xffffffff) >> bits);
    if (bits <= 30 && (host == 0 || host == UINT64_C(0xffffffff) >> bits)) {
        fmt_print(reason, "this is the address of the network or its broadcast address, not of a host");
        return false;
    }
    *ret_prefix = (unsigned)bits;
    return true;
}

static bool parse_ipv4_net(const struct param_row *row, struct span text, struct param_value *ret_value,
                           struct fmt *reason)
{
    uint8_t address[4];
    unsigned prefix = 0;

    if (!is_word(text, "dhcp") && !params_parse_network(text.at, text.length, address, &prefix, reason)) {
        fmt_print(reason, "; for example %s = %s", row->name, row->example);
        return false;
    }
    ret_value->number = prefix;
    return keep(text, ret_value);
}

/* --- NICs --- */

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/*
 * Groups of hexadecimal digits as a pattern: each digit and separator as it stands, the digits as 'x', so
 * that a MAC and a PCI address are told apart by looking.
 */
static bool matches(struct span text, const char *pattern)
{
    for (; text.length > 0 && *pattern; text.at++, text.length--, pattern++)
        if (*pattern == 'x' ? !is_hex(*text.at) : *pattern != *text.at)
            return false;
    return text.length == 0 && *pattern == '\0';
}

static bool parse_nic(const struct param_row *row, struct span text, struct param_value *ret_value,
                      struct fmt *reason)
{
    static const char *const forms[] = {"auto", "xx:xx:xx:xx:xx:xx", "xx-xx-xx-xx-xx-xx", "xxxx:xx:xx.x",
                                        "xx:xx.x"};

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (matches(text, forms[i]))
            return keep(text, ret_value);
    if (text.length <= row->high && has_byte(text, '(') && has_byte(text, ')'))
        return keep(text, ret_value);
    return refuse(row, text, reason,
                  "auto, a MAC (52:54:00:12:34:56), a PCI address (00:03.0) or the text of a device path");
}

/* --- What is started, and from where settings come --- */

/* Boot0001 with hexadecimal digits in capitals or not (UEFI 2.10 section 3.1.4 writes capitals). */
static bool is_entry(struct span text)
{
    return matches(text, "Bootxxxx");
}

static bool parse_boot(const struct param_row *row, struct span text, struct param_value *ret_value,
                       struct fmt *reason)
{
    static const char *const words[] = {"no", "yes", "next", "shell"}; /* as enum params_boot */

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (is_word(text, words[i])) {
            ret_value->number = i;
            return keep(text, ret_value);
        }
    ret_value->number = is_entry(text) ? PARAMS_BOOT_ENTRY : PARAMS_BOOT_FILE;
    if (ret_value->number == PARAMS_BOOT_FILE &&
        (text.length < 2 || text.length > row->high || (*text.at != '\\' && *text.at != '/')))
        return refuse(row, text, reason,
                      "yes, no, next, shell, Boot and four hexadecimal digits, or the path of a file with a "
                      "backslash or slash before it");
    return keep(text, ret_value);
}

uint16_t params_boot_entry(const struct params *params)
{
    const char *digits = params_text(params, PARAM_AFTER_ATTACH) + strlen("Boot");
    unsigned number = 0;

    for (unsigned i = 0; i < 4; i++)
        number = number << 4 | (unsigned)(digits[i] <= '9' ? digits[i] - '0' : (digits[i] & 7) + 9);
    return (uint16_t)number;
}

static bool parse_url(const struct param_row *row, struct span text, struct param_value *ret_value,
                      struct fmt *reason)
{
    struct url url;
    const char *wrong;

    if (is_word(text, "auto") || is_word(text, "off"))
        return keep(text, ret_value);
    wrong = url_parse(text.at, text.length, &url);
    if (!wrong && text.at[text.length - 1] != '/')
        wrong = "the URL of a folder ends with a slash";
    if (wrong) {
        fmt_print(reason, "%s; for example %s = %s", wrong, row->name, row->example);
        return false;
    }
    return text.length <= row->high ? keep(text, ret_value)
                                    : refuse(row, text, reason, "a URL of that length");
}

static const parser parsers[] = {
    [PARAM_TEXT] = parse_text,
    [PARAM_NAME] = parse_name,
    [PARAM_ROOT_PATH] = parse_root_path,
    [PARAM_PORTAL] = parse_portal,
    [PARAM_LUN] = parse_lun,
    [PARAM_SECRET] = parse_secret,
    [PARAM_NUMBER] = parse_number,
    [PARAM_SIZE] = parse_size,
    [PARAM_DURATION] = parse_duration,
    [PARAM_CHOICE] = parse_choice,
    [PARAM_IPV4] = parse_ipv4,
    [PARAM_IPV4_NET] = parse_ipv4_net,
    [PARAM_ALGORITHMS] = parse_algorithms,
    [PARAM_DNS_NAME] = parse_dns_name,
    [PARAM_NIC_ID] = parse_nic,
    [PARAM_FAULTS] = parse_faults,
    [PARAM_BOOT] = parse_boot,
    [PARAM_URL] = parse_url,
};

bool params_parse_value(const struct param_row *row, const char *text, size_t length,
                        struct param_value *ret_value, struct fmt *reason)
{
    struct span span = {text, length};

    ret_value->number = 0;
    if (length == 0 && !(row->type == PARAM_TEXT && row->low == 0)) {
        fmt_print(reason, "the value is missing");
        if (row->type != PARAM_SECRET) /* an example would be taken for a secret to use */
            fmt_print(reason, "; for example %s = %s", row->name, row->example);
        return false;
    }
    if (length > PARAM_TEXT_MAX) {
        fmt_print(reason, "the value is longer than %u bytes", PARAM_TEXT_MAX);
        return false;
    }
    if (row->type != PARAM_SECRET && row->type != PARAM_ROOT_PATH && has_control(span)) {
        fmt_print(reason, "there is a control character in the value");
        return false;
    }
    return parsers[row->type](row, span, ret_value, reason);
}
