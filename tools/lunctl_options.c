/* SPDX-License-Identifier: BSD-2-Clause */
#include "lunctl_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firmware/words.h"
#include "iscsi/bytes.h"
#include "lunctl_esp.h"
#include "lunctl_file.h"
#include "lunctl_url.h"

#define SECRETS_FILE_MAX 65536u
#define TIMEOUT_MAX      86400u /* seconds */
#define USAGE            2

static const char help[] =
    "usage: lunctl COMMAND URL... [options]\n"
    "\n"
    "Tries from Linux what lunboot will do when the machine starts.\n"
    "\n"
    "  lunctl discover URL        list the targets of a portal: iscsi://host[:port]\n"
    "  lunctl info URL...         log in and show what was agreed, the disk, and the lunboot.conf that fits\n"
    "  lunctl read URL...         copy blocks of the disk to --output, or to standard output\n"
    "  lunctl write URL...        copy --input to the disk, and flush its cache\n"
    "  lunctl ping URL...         log in and measure the time of an answer\n"
    "  lunctl ibft [FILE]         decode an iBFT: that of this machine, or of a file\n"
    "  lunctl last-failure [FILE] why lunboot last failed on this machine, since it was reset\n"
    "  lunctl settings            what can be set in lunboot.conf and elsewhere, and to what\n"
    "  lunctl enrol KEY=VALUE...  leave settings for lunboot's UEFI variables, which its next start stores\n"
    "                             (--file FILE; chap-secret without a value is asked for)\n"
    "\n"
    "URL: iscsi://host[:port]/target-name/lun; several are portals of one LUN, tried in order.\n"
    "\n"
    "  --initiator NAME           our iSCSI name (else /etc/iscsi/initiatorname.iscsi, else from the "
    "machine's UUID)\n"
    "  --secrets FILE             lines chap-name = ..., chap-secret, mutual-chap-name, mutual-chap-secret\n"
    "  --auth any|chap|mutual     what is demanded; without it, what the secrets allow\n"
    "  --digests off|prefer|require  CRC32C over headers and data; without it prefer\n"
    "  --offset BYTES             where to begin on the disk; K, M, G and T are understood\n"
    "  --length BYTES             how much; without it all the rest, or all of --input\n"
    "  --output FILE              read: written under another name and renamed when it is whole\n"
    "  --input FILE               write: '-' is standard input, and needs --length\n"
    "  --queue-depth N            commands in flight, 1 to 64 (32)\n"
    "  --timeout SECONDS          for the whole command\n"
    "  --json                     the result as one JSON object\n"
    "  --markdown                 settings: as a page of documentation\n"
    "  --esp DIR                  enrol: where the EFI system partition is mounted (" LUNCTL_ESP ")\n"
    "  --folder EFI/NAME          enrol: where lunboot.efi is there; without it, the only folder that has "
    "it\n"
    "  --file FILE                enrol: settings as in lunboot.conf\n"
    "  --trace                    the header of each PDU on standard error\n"
    "  --pcap FILE                all bytes as a capture (with made-up TCP headers); CHAP answers are in it\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 not understood.\n";

static const struct command_row {
    const char *name;
    enum command command;
} commands[] = {
    {"discover", COMMAND_DISCOVER},
    {"info", COMMAND_INFO},
    {"read", COMMAND_READ},
    {"write", COMMAND_WRITE},
    {"ping", COMMAND_PING},
    {"ibft", COMMAND_IBFT},
    {"last-failure", COMMAND_LAST_FAILURE},
    {"settings", COMMAND_SETTINGS},
    {"enrol", COMMAND_ENROL},
};

enum option_id {
    OPTION_HELP = 256,
    OPTION_VERSION,
    OPTION_INITIATOR,
    OPTION_SECRETS,
    OPTION_AUTH,
    OPTION_DIGESTS,
    OPTION_OFFSET,
    OPTION_LENGTH,
    OPTION_OUTPUT,
    OPTION_INPUT,
    OPTION_QUEUE_DEPTH,
    OPTION_TIMEOUT,
    OPTION_JSON,
    OPTION_MARKDOWN,
    OPTION_ESP,
    OPTION_FOLDER,
    OPTION_FILE,
    OPTION_TRACE,
    OPTION_PCAP,
};

static const struct option long_options[] = {
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"initiator", required_argument, NULL, OPTION_INITIATOR},
    {"secrets", required_argument, NULL, OPTION_SECRETS},
    {"auth", required_argument, NULL, OPTION_AUTH},
    {"digests", required_argument, NULL, OPTION_DIGESTS},
    {"offset", required_argument, NULL, OPTION_OFFSET},
    {"length", required_argument, NULL, OPTION_LENGTH},
    {"output", required_argument, NULL, OPTION_OUTPUT},
    {"input", required_argument, NULL, OPTION_INPUT},
    {"queue-depth", required_argument, NULL, OPTION_QUEUE_DEPTH},
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"json", no_argument, NULL, OPTION_JSON},
    {"markdown", no_argument, NULL, OPTION_MARKDOWN},
    {"esp", required_argument, NULL, OPTION_ESP},
    {"folder", required_argument, NULL, OPTION_FOLDER},
    {"file", required_argument, NULL, OPTION_FILE},
    {"trace", no_argument, NULL, OPTION_TRACE},
    {"pcap", required_argument, NULL, OPTION_PCAP},
    {NULL, 0, NULL, 0},
};

static int misused(const char *subject, const char *reason)
{
    fprintf(stderr, "lunctl: %s%s%s\n", subject, *subject ? ": " : "", reason);
    return USAGE;
}

static int bad_param(const char *file, const struct params_error *error)
{
    if (file != NULL)
        fprintf(stderr, "lunctl: %s line %u, %s: %s\n", file, error->line, error->key, error->reason);
    else
        fprintf(stderr, "lunctl: --%s: %s\n", error->key, error->reason);
    return USAGE;
}

/* --- Values --- */

static bool parse_number(const char *text, uint64_t *ret_value, const char **ret_end)
{
    uint64_t value = 0;
    const char *at = text;

    for (; *at >= '0' && *at <= '9'; at++) {
        if (value > (UINT64_MAX - 9) / 10)
            return false;
        value = value * 10 + (uint64_t)(*at - '0');
    }
    *ret_value = value;
    *ret_end = at;
    return at != text;
}

/* Bytes, with K, M, G or T for powers of 1024. */
static bool parse_bytes(const char *text, uint64_t *ret_value)
{
    static const char suffixes[] = "KMGT";
    const char *end, *suffix;
    uint64_t value;
    unsigned shift = 0;

    if (!parse_number(text, &value, &end))
        return false;
    if (*end != '\0') {
        suffix = strchr(suffixes, *end);
        if (suffix == NULL || end[1] != '\0')
            return false;
        shift = 10u * (unsigned)(suffix - suffixes + 1);
    }
    if (value > UINT64_MAX >> shift)
        return false;
    *ret_value = value << shift;
    return true;
}

static int set_param(struct options *options, enum param_id id, const char *text)
{
    struct params_error error;

    if (params_set_id(&options->params, id, text, strlen(text), PARAM_OPTION, 0, &error))
        return -1;
    return bad_param(NULL, &error);
}

static int set_bytes(const char *name, const char *text, uint64_t *ret_value, bool *ret_given)
{
    if (!parse_bytes(text, ret_value))
        return misused(name, "a number of bytes, with K, M, G or T if you like");
    *ret_given = true;
    return -1;
}

static int set_timeout(struct options *options, const char *text)
{
    uint64_t seconds;
    const char *end;

    if (!parse_number(text, &seconds, &end) || *end != '\0' || seconds == 0 || seconds > TIMEOUT_MAX)
        return misused("--timeout", "seconds, from 1 to 86400");
    options->timeout_ms = seconds * 1000;
    return -1;
}

static int set_initiator(struct options *options, const char *text)
{
    const char *wrong = name_normalise(text, strlen(text), options->initiator);

    return wrong != NULL ? misused("--initiator", wrong) : -1;
}

static int set_auth(struct options *options, const char *text)
{
    if (strcmp(text, "any") != 0 && strcmp(text, "chap") != 0 && strcmp(text, "mutual") != 0)
        return misused("--auth", "one of any, chap, mutual");
    return set_param(options, PARAM_AUTH, text);
}

static int set_digests(struct options *options, const char *text)
{
    if (strcmp(text, "off") != 0 && strcmp(text, "prefer") != 0 && strcmp(text, "require") != 0)
        return misused("--digests", "one of off, prefer, require");
    return set_param(options, PARAM_DIGESTS, text);
}

static int set_flag(bool *flag)
{
    *flag = true;
    return -1;
}

static int set_text(const char **place, const char *text)
{
    *place = text;
    return -1;
}

static int set_option(struct options *options, int id, const char *value, const char **secrets)
{
    switch (id) {
    case OPTION_HELP:
        fputs(help, stdout);
        return 0;
    case OPTION_VERSION:
        puts("lunctl " LUNBOOT_VERSION);
        return 0;
    case OPTION_INITIATOR:
        return set_initiator(options, value);
    case OPTION_SECRETS:
        return set_text(secrets, value);
    case OPTION_AUTH:
        return set_auth(options, value);
    case OPTION_DIGESTS:
        return set_digests(options, value);
    case OPTION_OFFSET:
        return set_bytes("--offset", value, &options->offset, &options->has_offset);
    case OPTION_LENGTH:
        return set_bytes("--length", value, &options->length, &options->has_length);
    case OPTION_OUTPUT:
        return set_text(&options->output, value);
    case OPTION_INPUT:
        return set_text(&options->input, value);
    case OPTION_QUEUE_DEPTH:
        return set_param(options, PARAM_QUEUE_DEPTH, value);
    case OPTION_TIMEOUT:
        return set_timeout(options, value);
    case OPTION_JSON:
        return set_flag(&options->json);
    case OPTION_MARKDOWN:
        return set_flag(&options->markdown);
    case OPTION_ESP:
        return set_text(&options->enrol.esp, value);
    case OPTION_FOLDER:
        return set_text(&options->enrol.folder, value);
    case OPTION_FILE:
        return set_text(&options->enrol.file, value);
    case OPTION_TRACE:
        return set_flag(&options->trace);
    case OPTION_PCAP:
        return set_text(&options->pcap, value);
    default:
        return USAGE; /* getopt has said it */
    }
}

/* --- Secrets and names --- */

static bool belongs_to_secrets(enum param_id id)
{
    return id == PARAM_CHAP_NAME || id == PARAM_CHAP_SECRET || id == PARAM_MUTUAL_CHAP_NAME ||
           id == PARAM_MUTUAL_CHAP_SECRET || id == PARAM_CHAP_ALGORITHMS;
}

static int read_secrets(struct options *options, const char *path)
{
    static char text[SECRETS_FILE_MAX];
    struct params_error error;
    long length = lunctl_file_read_small(path, text, sizeof text);
    bool good;

    if (length < 0)
        return misused(path, strerror(errno));
    good = params_read_file(&options->params, &(struct params_file){"the secrets file", PARAM_FILE, NULL},
                            text, (size_t)length, NULL, &error);
    bytes_wipe(text, sizeof text);
    if (!good)
        return bad_param(path, &error);
    for (int i = 0; i < PARAM_COUNT; i++) {
        if (options->params.values[i].source == PARAM_FILE && !belongs_to_secrets((enum param_id)i)) {
            fprintf(stderr, "lunctl: %s line %u, %s: only CHAP's names and secrets belong here\n", path,
                    options->params.values[i].line, params_key((enum param_id)i));
            return USAGE;
        }
    }
    return -1;
}

/* InitiatorName= of open-iscsi: who has that file is known to the storage by that name. */
static bool name_of_open_iscsi(char ret_name[NAME_MAX_BYTES + 1])
{
    static const char key[] = "InitiatorName=";
    char text[4096];
    long length = lunctl_file_read_small("/etc/iscsi/initiatorname.iscsi", text, sizeof text - 1);
    char *rest = text;

    if (length < 0)
        return false;
    text[length] = '\0';
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        char *value = line + sizeof key - 1;

        if (strncmp(line, key, sizeof key - 1) == 0)
            return name_normalise(value, strcspn(value, " \t\r"), ret_name) == NULL;
    }
    return false;
}

static bool machine_uuid(uint8_t ret_uuid[16])
{
    static const char path[] = "/sys/class/dmi/id/product_uuid";
    char text[64];
    long length = lunctl_file_read_small(path, text, sizeof text - 1);
    unsigned digits = 0;

    for (long i = 0; i < length && digits < 32; i++) {
        char c = text[i];
        int value = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;

        if (c == '-')
            continue;
        if (value < 0)
            return false;
        ret_uuid[digits / 2] = (uint8_t)(digits % 2 ? ret_uuid[digits / 2] << 4 | value : value);
        digits++;
    }
    return digits == 32;
}

static int choose_initiator(struct options *options)
{
    static const uint8_t no_mac[6];
    uint8_t uuid[16];

    if (options->initiator[0] != '\0' || name_of_open_iscsi(options->initiator))
        return -1;
    if (!machine_uuid(uuid))
        return misused(
            "--initiator",
            "give our iSCSI name: neither open-iscsi's file nor the machine's UUID can be read (root may)");
    params_derive_name(uuid, no_mac, options->initiator);
    return -1;
}

/* --- Rules over several options --- */

static int add_url(struct options *options, const char *text)
{
    struct url url;
    const char *wrong = lunctl_url_parse(text, &url);
    bool discovery = options->command == COMMAND_DISCOVER;

    if (wrong != NULL)
        return misused("URL", wrong); /* not shown: it may hold a secret */
    if (discovery && url.target[0] != '\0')
        return misused("discover", "takes a portal alone: iscsi://host[:port]");
    if (!discovery && url.target[0] == '\0')
        return misused("URL", "the target and the LUN are missing: iscsi://host[:port]/target/lun");
    if (options->portal_count == SESSION_PORTALS_MAX)
        return misused("URL", "more than 8 portals");
    if (options->portal_count > 0 &&
        (strcmp(url.target, options->target) != 0 || memcmp(url.lun, options->lun, sizeof url.lun) != 0))
        return misused("URL", "several URLs are portals of one LUN: target and LUN must be the same");
    options->portals[options->portal_count++] = url.portal;
    memcpy(options->target, url.target, sizeof url.target);
    memcpy(options->lun, url.lun, sizeof url.lun);
    return -1;
}

static int read_words(struct options *options, int count, char **words)
{
    int status = -1;

    if (count == 0)
        return misused("", "which command? lunctl --help lists them");
    options->command = COMMAND_ENROL + 1;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(words[0], commands[i].name) == 0)
            options->command = commands[i].command;
    if (options->command > COMMAND_ENROL)
        return misused(words[0], "no such command; lunctl --help lists them");
    if (options->command == COMMAND_SETTINGS)
        return count > 1 ? misused(words[0], "takes no more words") : -1;
    if (options->command == COMMAND_ENROL) {
        options->enrol.words = words + 1;
        options->enrol.word_count = count - 1;
        return -1;
    }
    if (options->command >= COMMAND_IBFT) {
        options->file = count > 1 ? words[1] : NULL;
        return count > 2 ? misused(words[0], "takes one file") : -1;
    }
    if (count == 1)
        return misused(words[0], "which one? Give a URL: iscsi://host[:port]/target/lun");
    for (int i = 1; i < count && status < 0; i++)
        status = add_url(options, words[i]);
    return status;
}

static int check_together(const struct options *options)
{
    enum command command = options->command;
    bool copies = command == COMMAND_READ || command == COMMAND_WRITE;
    struct params_error error;

    if (!copies && (options->has_offset || options->has_length))
        return misused("--offset, --length", "for read and write alone");
    if (options->output != NULL && command != COMMAND_READ)
        return misused("--output", "for read alone");
    if (options->input != NULL && command != COMMAND_WRITE)
        return misused("--input", "for write alone");
    if ((options->enrol.esp || options->enrol.folder || options->enrol.file) && command != COMMAND_ENROL)
        return misused("--esp, --folder, --file", "for enrol alone");
    if (command == COMMAND_WRITE && options->input == NULL)
        return misused("write", "give the data: --input FILE");
    if (command == COMMAND_WRITE && strcmp(options->input, "-") == 0 && !options->has_length)
        return misused("--input -", "standard input needs --length");
    if (command == COMMAND_READ && options->json &&
        (options->output == NULL || strcmp(options->output, "-") == 0))
        return misused("--json", "standard output cannot hold both the data and JSON: give --output FILE");
    if (options->markdown && (command != COMMAND_SETTINGS || options->json))
        return misused("--markdown", "for settings alone, and not with --json");
    if (params_is_set(&options->params, PARAM_AUTH) && !params_is_set(&options->params, PARAM_CHAP_NAME))
        return misused("--auth", "needs a name and a secret: --secrets FILE");
    if (!params_check(&options->params, &error))
        return misused(error.key, error.reason);
    return -1;
}

static int read_all(int count, char **words, struct options *options)
{
    const char *secrets = NULL;
    int status = -1;
    int id;

    while (status < 0 && (id = getopt_long(count, words, "h", long_options, NULL)) != -1)
        status = set_option(options, id == 'h' ? OPTION_HELP : id, optarg, &secrets);
    if (status < 0)
        status = read_words(options, count - optind, words + optind);
    if (status < 0 && secrets != NULL)
        status = read_secrets(options, secrets);
    if (status < 0)
        status = check_together(options);
    if (status < 0 && options->command < COMMAND_IBFT)
        status = choose_initiator(options);
    return status;
}

int lunctl_options_read(int count, char **words, struct options *ret_options)
{
    int status;

    memset(ret_options, 0, sizeof *ret_options);
    params_init(&ret_options->params);
    if (count < 2) {
        fputs(help, stdout);
        return USAGE;
    }
    status = read_all(count, words, ret_options);
    if (status >= 0)
        lunctl_options_wipe(ret_options);
    return status;
}

void lunctl_options_wipe(struct options *options)
{
    params_wipe(&options->params);
}
