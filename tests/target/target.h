/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An iSCSI target for tests, without I/O: bytes in, bytes out. It serves one disk in memory. By default it is
 * honest and pedantic: whatever the initiator does that RFC 7143 forbids becomes a complaint. Tests make it
 * lie: by name from a table of changes to outgoing PDUs (target_lies.c), or with the switches below. It
 * shares no code with iscsi/ but the hashes and the byte order helpers, so that a mistake there is not made
 * twice.
 */
#ifndef LUNBOOT_TESTS_TARGET_H
#define LUNBOOT_TESTS_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TARGET_TASKS   128
#define TARGET_LOG     4096
#define TARGET_TEXT    131072
#define TARGET_R2TS    8
#define TARGET_SCRIPTS 8
#define TARGET_NOT_SET 0xffffffffu

/* What the target is; the strings are the test's. */
struct target_config {
    const char *name;      /* TargetName it serves */
    const char *chap_name; /* NULL: no authentication, AuthMethod=None */
    const uint8_t *chap_secret;
    size_t chap_secret_length;
    const char *mutual_name; /* NULL: cannot prove itself */
    const uint8_t *mutual_secret;
    size_t mutual_secret_length;
    uint8_t chap_algorithms[4]; /* that it knows, 0: none */
    unsigned chap_challenge_length;
    bool chap_base64;
    bool chap_list_refused;  /* like old targets: a list of more than one algorithm is answered with 0201 */
    bool chap_list_closed;   /* the same, with a close */
    bool chap_seven_is_sha1; /* like tgtd: takes 7 for SHA-1, and then says 0200 */
    bool header_digest, data_digest; /* CRC32C where the initiator offers it */
    bool initial_r2t, immediate_data;
    uint32_t max_recv; /* our MaxRecvDataSegmentLength */
    uint32_t max_burst, first_burst;
    uint32_t max_outstanding_r2t;
    uint32_t time2wait;
    uint32_t first_stat_sn;
    uint32_t window;      /* commands; 0: shut */
    uint32_t segment;     /* largest Data-In, 0: the initiator's limit */
    bool separate_status; /* SCSI Response instead of S in the last Data-In */
    bool interleave;      /* Data-In of several reads in turn */
    uint8_t lun[8];
    uint32_t block_size;
    uint32_t blocks;
    const char *address; /* where it listens, for the lies that name it */
    const char *targets; /* SendTargets text, with | for NUL */
    unsigned text_piece; /* bytes of SendTargets text per response, 0: all */
    bool text_continue;  /* pieces are cut with C, at any byte */
    unsigned attentions; /* UNIT ATTENTION 29h/00h for so many commands of each new session */
};

struct target_burst {
    uint32_t ttt, at, end, data_sn;
};

/* A SCSI command under way. */
struct target_task {
    bool used, write, read, held;
    bool unsolicited; /* WRITE: unsolicited data is to come; READ: data is being sent */
    uint32_t itt, cmd_sn, edtl;
    uint8_t lun[8], cdb[16];
    uint8_t *data;                    /* edtl bytes and more: what is sent or was received */
    uint32_t length;                  /* READ: bytes there are to send, at most edtl */
    uint32_t available;               /* READ: bytes that the command yields, for residuals */
    uint32_t sent, data_sn, sequence; /* READ */
    uint32_t received, asked, r2t_sn; /* WRITE */
    struct target_burst bursts[TARGET_R2TS];
    unsigned burst_count;
    uint32_t unsolicited_sn;
    uint8_t status;
    uint8_t sense[18];
    bool has_sense;
    const char *sense_text; /* a lie's, in place of `sense` */
    uint32_t sense_length;
};

/* One received PDU, for tests that look at what the initiator did. */
struct target_seen {
    uint8_t header[48];
    uint32_t data_length;
    uint8_t data[64]; /* its first bytes */
};

struct target_lie;
struct target_script {
    const struct target_lie *lie;
    unsigned skip;
    bool always;
};

struct target {
    struct target_config config;
    uint8_t *disk;

    /* bytes */
    uint8_t *in, *out;
    size_t in_length, in_room, out_length, out_room, out_at;
    bool close_wanted, reset_wanted; /* after what is in `out` */
    bool deaf;                       /* takes bytes, does nothing */

    /* the session */
    bool full_feature, discovery, logged_out;
    uint8_t isid[6];
    uint16_t tsih, next_tsih;
    uint32_t stat_sn, exp_cmd_sn, max_cmd_sn;
    uint32_t acknowledged; /* the initiator's last ExpStatSN */
    bool stat_sn_known, acknowledged_known;

    /* login */
    unsigned login_step; /* responses so far on this connection */
    uint8_t stage;
    uint32_t login_itt, login_cmd_sn;
    bool authenticated, names_seen;
    unsigned chap_algorithm;
    uint8_t chap_identifier, chap_challenge[1024];
    char login_in[TARGET_TEXT];
    size_t login_in_length;
    char login_out[TARGET_TEXT];
    size_t login_out_length, login_out_sent;
    bool login_out_transit;
    uint32_t keys_recv; /* the initiator's MaxRecvDataSegmentLength */
    uint32_t keys_first_burst, keys_max_burst, keys_r2ts;
    bool keys_initial_r2t, keys_immediate;
    bool keys_header_digest, keys_data_digest; /* agreed */
    bool digests_on;                           /* both sides are past the login */

    /* login switches */
    uint8_t login_class, login_detail; /* answered at login_at */
    const char *login_address;         /* TargetAddress with it */
    unsigned login_at;                 /* the step at which the following happen; TARGET_NOT_SET: never */
    const char *login_text;            /* put in place of our text, | for NUL */
    const char *login_more_text;       /* added to our text */
    bool login_silent, login_close, login_reset, login_forever;
    unsigned login_piece;  /* our text is cut with C after so many bytes, 0: not */
    bool login_piece_once; /* only the first piece has that size */

    /* full feature switches */
    bool hold;       /* commands are kept, not answered, until target_release */
    bool mute_abort; /* no answer to ABORT TASK */
    uint8_t abort_response;
    bool reset_ok;   /* LOGICAL UNIT RESET is no complaint; without it it is one, as any other function */
    bool mute_reset; /* and is not answered */
    uint8_t reset_response;
    uint8_t next_status; /* of the next command, with sense when it is CHECK CONDITION */
    bool next_status_set;
    uint8_t next_response; /* iSCSI response of the next command */
    uint32_t short_by;     /* the next read yields so many bytes less */
    bool short_honest;     /* and says so */
    bool mute_nop;
    uint8_t logout_response;
    bool mute_logout, close_at_logout;
    uint32_t r2t_size;               /* largest R2T, 0: MaxBurstLength */
    bool damage_header, damage_data; /* one bit of the next such part that has a digest is turned over */
    bool damage_always;              /* and of each one after it */
    uint8_t damage_opcode;           /* of that PDU; 0: any */
    uint8_t deadly_opcode;           /* a command with this operation code resets the connection; 0: none */
    bool stray_ok;                   /* PDUs for tasks that are over are no complaint */
    struct target_script scripts[TARGET_SCRIPTS];
    unsigned script_count, lies_told;

    /* what was seen */
    const char *complaint; /* the first one, NULL: none */
    char complaint_text[200];
    unsigned count[64]; /* received PDUs by opcode */
    struct target_seen seen[TARGET_LOG];
    unsigned seen_count;
    unsigned logins; /* full feature phase was reached */
    unsigned attentions_left;
    uint32_t last_pong_ttt;
    uint8_t last_pong_lun[8];
    struct target_task tasks[TARGET_TASKS];
    uint32_t next_ttt;
    unsigned reads_turn;
};

void target_default(struct target_config *config);
void target_init(struct target *target, const struct target_config *config);
void target_done(struct target *target);

/* A new connection: everything but the disk, the switches and what was seen starts anew. */
void target_connect(struct target *target);
void target_input(struct target *target, const uint8_t *bytes, size_t length);
/* What it wants to send. */
size_t target_output(const struct target *target, const uint8_t **ret_bytes);
void target_sent(struct target *target, size_t length);

/* Answer what was held, in the order in which it came, or backwards. */
void target_release(struct target *target);
void target_release_backwards(struct target *target);
/* Open or shut the window; told with the next PDU. */
void target_window(struct target *target, uint32_t window);

/* Unasked PDUs. */
void target_send_nop_in(struct target *target, uint32_t itt, uint32_t ttt, const uint8_t *lun);
void target_send_async(struct target *target, uint8_t event, uint16_t p1, uint16_t p2, uint16_t p3,
                       const void *data, uint32_t length);
void target_send_reject(struct target *target, uint8_t reason, const uint8_t *bad, uint32_t length);
/* Any header and data, with StatSN, ExpCmdSN and MaxCmdSN filled in when `numbers`. */
void target_send_raw(struct target *target, const uint8_t header[48], const void *data, uint32_t length,
                     bool numbers);

/* What may come of a lie that is told always. Told once, right data may come of each. */
enum target_outcome {
    TARGET_RIGHT = 1, /* right data: it does no harm, or there is a way around it */
    TARGET_FAULT = 2,
    TARGET_MISLED =
        4, /* the target itself then means something else than it said: its complaints do not count */
};

/* Lies by name. `skip`: that many matching PDUs pass first. False when there is no such lie. */
bool target_lie(struct target *target, const char *name, unsigned skip);
bool target_lie_always(struct target *target, const char *name, unsigned skip);
/* The table: NULL at the end; the numbers of the requirements that it attacks; enum target_outcome; the
 * opcode of the PDU that lies, ffh any, 01h the end of a command. */
const char *target_lie_name(unsigned index);
const char *target_lie_requirements(unsigned index);
unsigned target_lie_outcome(unsigned index);
uint8_t target_lie_opcode(unsigned index);

/* --- between the target's own files --- */
void target_complain(struct target *target, const char *format, ...) __attribute__((format(printf, 2, 3)));
void target_send(struct target *target, uint8_t header[48], const void *data, uint32_t length, bool counts);
/* The lies that are told with one outgoing PDU: what comes before it, then what becomes of it. */
struct target_lying {
    const struct target_lie *lies[TARGET_SCRIPTS];
    unsigned count;
    uint8_t *copy; /* of the data segment, NULL: no lie is armed; the caller frees it */
    uint32_t length;
    unsigned times; /* that it is sent */
    bool half;      /* no more than its first half is */
};
void target_lying_begin(struct target *target, uint8_t *header, const void *data, uint32_t length,
                        struct target_lying *lying);
void target_lying_change(struct target *target, uint8_t *header, struct target_lying *lying);
void target_lie_to_command(struct target *target, struct target_task *task);
void target_take_login(struct target *target, const uint8_t *header, const uint8_t *data, uint32_t length);
void target_take_command(struct target *target, const uint8_t *header, const uint8_t *data, uint32_t length);
void target_take_data_out(struct target *target, const uint8_t *header, const uint8_t *data, uint32_t length);
void target_take_abort(struct target *target, const uint8_t *header);
void target_execute(struct target *target, struct target_task *task);
void target_work(struct target *target); /* Data-In of reads under way */
void target_drop_tasks(struct target *target);
uint32_t target_get(const uint8_t *header, unsigned offset, unsigned width);
void target_put(uint8_t *header, unsigned offset, unsigned width, uint32_t value);

#endif
