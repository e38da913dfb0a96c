/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every setting of lunboot in one table: its name, type, default, who may set it and what it means. Values
 * from all sources are merged here; each remembers where it came from and can be printed with that (secrets
 * as dots). A value of a higher source replaces one of a lower source, never the other way round (REQ-020).
 */
#ifndef LUNBOOT_FIRMWARE_PARAMS_H
#define LUNBOOT_FIRMWARE_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fmt.h"
#include "iscsi/address.h"
#include "iscsi/chap.h"
#include "iscsi/login.h"
#include "iscsi/name.h"
#include "rootpath.h"

/* In order of precedence, lowest first. */
enum param_source {
    PARAM_UNSET,
    PARAM_DEFAULT,
    PARAM_DHCP,
    PARAM_IBFT,
    PARAM_SERVER,   /* files from the server that lunboot came from */
    PARAM_FILE,     /* lunboot.conf beside the program */
    PARAM_VARIABLE, /* of the firmware, which only programs before the operating system can write */
    PARAM_OPTION,   /* the command line */
};

enum param_type {
    PARAM_TEXT,
    PARAM_NAME,       /* an iSCSI name, normalised */
    PARAM_ROOT_PATH,  /* RFC 4173; several with blanks between them */
    PARAM_PORTAL,     /* host[:port]; several with commas between them */
    PARAM_LUN,        /* decimal, or four dashed hexadecimal groups */
    PARAM_SECRET,     /* text, 0x hexadecimal or 0b base64; 12 to 255 bytes; of local sources */
    PARAM_NUMBER,     /* decimal, with a range; "forever" where that is in it */
    PARAM_SIZE,       /* bytes, with the suffixes K and M */
    PARAM_DURATION,   /* "10s", "500ms", "2m", "0", "forever" */
    PARAM_CHOICE,     /* one of a list of words */
    PARAM_IPV4,       /* dotted */
    PARAM_IPV4_NET,   /* dotted/prefix */
    PARAM_ALGORITHMS, /* list of md5, sha1, sha256, sha3-256 */
    PARAM_DNS_NAME,   /* a host name (RFC 1123) */
    PARAM_NIC_ID,     /* auto, a MAC, a PCI address, or a device path's text */
    PARAM_FAULTS,     /* five decimal numbers */
    PARAM_BOOT,       /* yes, no, next, shell, Boot0001, or the path of a file */
    PARAM_URL,        /* auto, off, or where a server keeps its files */
};

/* The number of a PARAM_BOOT. */
enum params_boot {
    PARAMS_BOOT_NO,    /* attach, print the disk, tear down, return (a dry run) */
    PARAMS_BOOT_DISK,  /* yes: the loader on the disk */
    PARAMS_BOOT_NEXT,  /* the entries of BootOrder after our own */
    PARAMS_BOOT_SHELL, /* the UEFI Shell */
    PARAMS_BOOT_ENTRY, /* Boot####: params_boot_entry has the number */
    PARAMS_BOOT_FILE,  /* a file on a local volume: the text is its path */
};

/* The ids. What each one means, its default, range and who may set it is the table in params_table.c. */
enum param_id {
    PARAM_INITIATOR_NAME,     /* initiator-name: NAME */
    PARAM_ROOT_PATH_KEY,      /* root-path: ROOT_PATH */
    PARAM_PORTAL_KEY,         /* portal: host[:port] */
    PARAM_TARGET,             /* target: NAME */
    PARAM_LUN_KEY,            /* lun: LUN */
    PARAM_AUTH,               /* auth: any | none | chap | mutual; default any when chap-name is set */
    PARAM_CHAP_NAME,          /* chap-name: TEXT 1..255 */
    PARAM_CHAP_SECRET,        /* chap-secret */
    PARAM_MUTUAL_CHAP_NAME,   /* mutual-chap-name */
    PARAM_MUTUAL_CHAP_SECRET, /* mutual-chap-secret */
    PARAM_DIGESTS,            /* digests: off | prefer | require, default prefer */
    PARAM_CHAP_ALGORITHMS,    /* chap-algorithms: default "sha3-256,sha256,sha1,md5" */
    PARAM_NIC,                /* nic: auto | MAC | PCI address (ssss:bb:dd.f or bb:dd.f) | device path text */
    PARAM_LINK_WAIT,          /* link-wait: DURATION, in all, default 15s */
    PARAM_DHCP_WAIT,          /* dhcp-wait: DURATION for a lease on one NIC, default 45s */
    PARAM_OFFER_WAIT,         /* offer-wait: DURATION offers are collected after the first, default 1s */
    PARAM_IP,                 /* ip: dhcp | a.b.c.d/prefix (TEXT with that rule); default dhcp */
    PARAM_GATEWAY,            /* gateway: IPV4 */
    PARAM_DNS,                /* dns: IPV4[,IPV4] */
    PARAM_HOSTNAME,           /* hostname: TEXT */
    PARAM_BOOT_FILE,          /* boot-file: path on the disk, backslashes or slashes */
    PARAM_BOOT_ARGS,          /* boot-args: TEXT handed to the loader */
    PARAM_IBFT_SECRETS,       /* ibft-secrets: yes | no, default yes */
    PARAM_PAUSE_ON_FAILURE,   /* pause-on-failure: DURATION, default 10s, 0, forever */
    PARAM_CONNECT_TIMEOUT,    /* connect-timeout: DURATION 5s */
    PARAM_LOGIN_TIMEOUT,      /* login-timeout: DURATION 15s */
    PARAM_COMMAND_TIMEOUT,    /* command-timeout: DURATION 30s */
    PARAM_ATTACH_TIMEOUT, /* attach-timeout: DURATION 60s, from the first packet of a session to a ready disk
                           */
    PARAM_RETRIES,        /* retries: NUMBER or forever; how often a boot that may yet come is tried again */
    PARAM_RETRY_PAUSE,    /* retry-pause: DURATION between two tries, with jitter */
    PARAM_LUN_RESET,      /* lun-reset: yes | no, default no; see session_config.lun_reset (REQ-261) */
    PARAM_DISK_TIMEOUT, /* disk-timeout: DURATION 180s, one read or write in all, session recovery included */
    PARAM_QUEUE_DEPTH,  /* queue-depth: NUMBER 1..64, default 32 */
    PARAM_TCP_WINDOW,   /* tcp-window: SIZE 64K..4M, default 1M */
    PARAM_LOG_LEVEL,    /* log: quiet | normal | debug | trace */
    PARAM_CAPTURE,      /* capture: file name beside the program for a packet capture */
    PARAM_LOSSY,        /* lossy: "seed,lose,repeat,reorder,damage" for tests: out of 65536 */
    PARAM_AFTER_ATTACH, /* boot: see enum params_boot */
    PARAM_CONFIG_FROM,  /* config-from: auto | off | URL of the folder with the server's files */
    PARAM_CONFIG_TIMEOUT,      /* config-timeout: DURATION for all of them together */
    PARAM_SECRETS_FROM_SERVER, /* secrets-from-server: yes | no, default no */
    PARAM_DHCP_REUSE,          /* dhcp-reuse: yes | no, default yes; the lease that the firmware's PXE got */
    PARAM_COUNT
};

#define PARAM_TEXT_MAX 2047u

struct param_value {
    enum param_source source;
    unsigned line;                 /* of the file; 0: does not apply */
    uint8_t file;                  /* which of params.files, from 1; 0: none */
    uint16_t length;               /* bytes of text */
    char text[PARAM_TEXT_MAX + 1]; /* as given; for secrets the decoded bytes (may hold zeros); NUL-ended */
    uint64_t number; /* NUMBER, SIZE (bytes), DURATION (ms; UINT64_MAX: forever), CHOICE (index) */
};

#define PARAMS_FILES_MAX     18u /* lunboot.conf, what iPXE hands over, and SERVERFILES_MAX */
#define PARAMS_FILE_NAME_MAX 160u

struct params {
    struct param_value values[PARAM_COUNT];
    char files[PARAMS_FILES_MAX][PARAMS_FILE_NAME_MAX]; /* that were read, for messages; NUL-ended */
    uint8_t file_count;
    uint8_t reading; /* private: the file that is being read, as in param_value.file */
    /* private: where each source gave each key, for the message about a second time; line + 1, 0: not given
     */
    uint32_t given[PARAM_COUNT][PARAM_OPTION + 1];
};

/* What was wrong with an input, for the one sentence. */
struct params_error {
    enum param_source source;
    unsigned line;                   /* 1-based; 0: does not apply */
    char file[PARAMS_FILE_NAME_MAX]; /* empty: does not apply */
    char key[64];                    /* escaped, cut */
    char reason[320];
};

/* All defaults. */
void params_init(struct params *params);

/*
 * Set one key (explicit lengths). False with *ret_error for an unknown key, a value that its type refuses, a
 * secret from a source that must not carry one, or a key given twice by the same source (a file,
 * a variable or PARAM_OPTION: what people write; DHCP and an iBFT replace their own value). A value of a
 * lower source than the present one is checked and then ignored.
 */
bool params_set(struct params *params, const char *key, size_t key_length, const char *value,
                size_t value_length, enum param_source source, unsigned line, struct params_error *ret_error);

/* The same for a known key. */
bool params_set_id(struct params *params, enum param_id id, const char *value, size_t value_length,
                   enum param_source source, unsigned line, struct params_error *ret_error);

static inline bool params_is_set(const struct params *params, enum param_id id)
{
    return params->values[id].source > PARAM_DEFAULT;
}

static inline const char *params_text(const struct params *params, enum param_id id)
{
    return params->values[id].text;
}

static inline uint64_t params_number(const struct params *params, enum param_id id)
{
    return params->values[id].number;
}

const char *params_key(enum param_id id);
const char *
params_source_name(enum param_source source); /* "lunboot.conf", "DHCP", "the command line", ... */

/* What ${mac} and the like stand for in a server's file; NULL: not known on this machine. */
struct params_facts {
    const char *mac, *uuid, *serial, *hostname, *ip;
};

struct params_file {
    const char *name;                 /* for messages; cut to PARAMS_FILE_NAME_MAX */
    enum param_source source;         /* PARAM_FILE or PARAM_SERVER */
    const struct params_facts *facts; /* NULL: values are taken as they are */
};

/* The files that a file wants read after it, in its order. */
#define PARAMS_INCLUDES_MAX 8u
#define PARAMS_INCLUDE_MAX  255u
struct params_includes {
    unsigned count;
    char paths[PARAMS_INCLUDES_MAX][PARAMS_INCLUDE_MAX + 1];
};

/*
 * A file of settings: lines `key = value`; `#` at the start of a line or after white space begins a comment,
 * unless inside double quotes; a value may stand in double quotes; CRLF and a UTF-8 byte order mark are
 * tolerated; NUL bytes, lines over 2047 bytes and lines without '=' are errors. Stops at the first bad line.
 *
 * Of several files of one source the one that was read first counts, so they are read from the machine's own
 * to the common one. `include = path` is collected in ret_includes (which is set to what this file has);
 * where that is NULL it is an error. With facts, ${name} is replaced and $${ stands for ${.
 */
bool params_read_file(struct params *params, const struct params_file *file, const char *text, size_t length,
                      struct params_includes *ret_includes, struct params_error *ret_error);

/*
 * Load options: `key=value` words separated by blanks, values with blanks in double quotes. A first word
 * without
 * '=' is the program's name, as the UEFI Shell passes it. Secrets are refused here. `text` is UTF-8 (the
 * caller converts from UCS-2).
 */
bool params_read_options(struct params *params, const char *text, size_t length,
                         struct params_error *ret_error);

/*
 * The same from a program that came over the network itself or has its script from there (iPXE): these count
 * as the first of the server's files.
 */
bool params_read_handed(struct params *params, const char *text, size_t length,
                        struct params_error *ret_error);

/*
 * DHCP option 43, as a server answers our own vendor class: encapsulated options (RFC 2132 section 8.4), each
 * of them a text `key=value`; of a key that stands twice the last one counts. Reads on from *at, 0 at first.
 * False with *ret_error for one that is wrong: *at is then behind it, and another call takes the rest.
 */
bool params_read_vendor(struct params *params, const uint8_t *bytes, size_t length, size_t *at,
                        struct params_error *ret_error);

/* Where to boot from, after all sources: a root path's parts, each replaced by its own key when that is not
 * lower. */
#define PARAMS_TARGETS_MAX 4u
#define PARAMS_PORTALS_MAX 4u
struct params_target {
    struct portal portals[PARAMS_PORTALS_MAX]; /* in the order to try, at least one */
    unsigned portal_count;
    char target[NAME_MAX_BYTES + 1]; /* empty: nobody names it, the portals are to be asked */
    uint8_t lun[8];
};
/* How many there are to be tried in order: those of root-path, or one; 1 to PARAMS_TARGETS_MAX. */
unsigned params_target_count(const struct params *params);
/* The one at `index`. False when the portal is missing: *ret_error says what to set. */
bool params_target(const struct params *params, unsigned index, struct params_target *ret_target,
                   struct params_error *ret_error);

/* The number of the entry where boot is Boot####. */
uint16_t params_boot_entry(const struct params *params);

/*
 * Rules over several keys, to be asked after all sources: CHAP names and secrets together, equal secrets,
 * mutual without one-way, a policy without its credentials (REQ-022), static addresses.
 */
bool params_check(const struct params *params, struct params_error *ret_error);
/* The same after the local sources: credentials that a server may yet have are not missed. */
bool params_check_local(const struct params *params, struct params_error *ret_error);

/*
 * A table that an earlier stage left, as the source PARAM_IBFT; its secrets are taken too. The boot-selected
 * NIC and target count, else the first valid ones. All of it, or (false) nothing.
 */
struct ibft;
bool params_from_ibft(struct params *params, const struct ibft *ibft, struct params_error *ret_error);

/* The number of `yes` for keys that are yes or no. */
#define PARAMS_YES 1u

/* auth, or what follows from the credentials that are set: none, chap (one-way) or mutual. */
enum login_policy params_login_policy(const struct params *params);

/* Fill in the policy, the credentials (which point into `params`), the algorithms and the digests of a login.
 */
void params_login(const struct params *params, struct login_config *login);
/* Fill in the bounds and depths of a session and of its logical unit. */
struct session_config;
struct lun_config;
void params_session(const struct params *params, struct session_config *config);
void params_lun(const struct params *params, struct lun_config *config);

/* chap-algorithms as numbers (5 to 8), in order; returns how many. */
unsigned params_algorithms(const struct params *params, uint8_t ret_algorithms[CHAP_ALGORITHMS]);
/* "SHA3-256"; static; "?" for another number. */
const char *params_algorithm_name(unsigned algorithm);

/*
 * A name from the machine's UUID (16 bytes in the order of its text form), or from a MAC
 * where it is NULL or one that no machine owns (all zeros or all ones): always the same one (REQ-007).
 */
#define PARAMS_NAME_AUTHORITY "iqn.2026-11.org.lunboot"
void params_derive_name(const uint8_t *uuid, const uint8_t mac[6], char ret_name[NAME_MAX_BYTES + 1]);

/* "auth = chap (lunboot.conf line 4)"; secrets as dots of a fixed number. */
void params_describe(const struct params *params, enum param_id id, struct fmt *fmt);

/* Where the value is from alone: "lunboot.conf line 4". */
void params_describe_place(const struct params *params, enum param_id id, struct fmt *fmt);

/* The value alone, as a UEFI variable and lunboot.conf have it: what it is read from again. A secret is there
 * in hexadecimal, for the caller to wipe. */
void params_emit(const struct params *params, enum param_id id, struct fmt *fmt);

/* "lunboot.conf line 4, chap-secret: too short: ..." */
void params_error_text(const struct params_error *error, struct fmt *fmt);

/* Back to the defaults for everything that this source has set (the source must be above PARAM_DEFAULT). */
void params_forget(struct params *params, enum param_source source);

/* Overwrite every secret. */
void params_wipe(struct params *params);

#endif
