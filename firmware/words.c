/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sentences. Each is: opening, what was seen, in brackets what says more, and what to try. In openings
 * and in remedies nothing comes from outside; names and addresses are put in by print_opening() and
 * print_remedy(), escaped and bounded, so that the whole stays under WORDS_MAX.
 */
#include "words.h"

#include <string.h>

#include "iscsi/scsi.h"

#define ANY 0x100u

/* How much of each name is shown, in characters after escaping; iSCSI names in the field have about 50. */
#define SHOW_TARGET    90u
#define SHOW_INITIATOR 90u
#define SHOW_HOST      60u
#define SHOW_CHAP_NAME 40u
#define SHOW_DETAIL    80u
#define SHOW_PRESENT   80u  /* no further LUN is begun behind these */
#define SHOW_TARGETS   200u /* no further target either */

/* What a sentence says besides. */
#define TELL_INITIATOR 1u
#define TELL_CHAP      2u
#define TELL_PRESENT   4u
#define TELL_OPCODE    8u
#define TELL_REASON    16u
#define TELL_TARGETS   32u
#define TELL_ACCOUNT   64u

/* %T the target, %A " at" its portal, %L the logical unit. */
static const char not_tried[] = "Login to %T%A was not tried";
static const char reach[] = "Cannot reach %T%A";
static const char connection[] = "The connection to %T%A failed";
static const char login[] = "Login to %T%A failed";
static const char session[] = "The session with %T%A failed";
static const char listing[] = "Asking%A for targets failed";
static const char choice[] = "No target is chosen%A";
static const char command[] = "A command to %L of %T%A failed";
static const char disk[] = "%L of %T%A cannot be used";

#define UPDATE                                                                                               \
    "the target breaks the protocol: look for an update of its software, and report this with a packet "     \
    "capture"
#define DAMAGE                                                                                               \
    "check cables, NICs and switches on the way: something damages packets, and TCP's checksum lets it pass"
#define ACCOUNT "check chap-name and chap-secret against the target's account for this initiator"

struct row {
    const char *opening;
    const char *remedy;
    unsigned tell;
};

static const struct row rows[FAULT_COUNT] = {
    [FAULT_NONE] = {command, "there is nothing to do", 0},
    [FAULT_BAD_CONFIG] = {not_tried, "correct the configuration", 0},
    [FAULT_BAD_REQUEST] = {command, "stay within the disk and its block size", 0},
    [FAULT_CANCELLED] = {command, "start again when it is still wanted", 0},
    [FAULT_BUSY] = {command, "wait until other commands are done, or raise queue-depth", 0},
    [FAULT_DNS] = {reach, "check the portal's name and the name server (dns), or use an address instead", 0},
    [FAULT_DNS_TIMEOUT] = {reach, "check the name server (dns) and the way to it, or use an address instead",
                           0},
    [FAULT_TCP_REFUSED] = {reach,
                           "check the port, and that the target's service is running and listens there", 0},
    [FAULT_TCP_TIMEOUT] = {reach,
                           "check the address, firewalls on the way, and that the target is switched on", 0},
    [FAULT_TCP_UNREACHABLE] = {reach, "check the address, the prefix length and the gateway", 0},
    [FAULT_TCP_RESET] = {connection,
                         "look in the target's log; it may have been restarted, or refuse this address", 0},
    [FAULT_TCP_LOCAL] = {connection,
                         "try again; if that does not help, check the network interface and its address", 0},
    [FAULT_TCP_CLOSED] = {connection, "look in the target's log for the reason", 0},
    [FAULT_SILENT] = {connection,
                      "check that the target is up, and that all switches on the way carry frames as large "
                      "as the NIC's MTU",
                      0},
    [FAULT_NOT_ISCSI] = {connection, "check the port: iSCSI usually has 3260", 0},
    [FAULT_FORMAT_OPCODE] = {session, UPDATE, TELL_OPCODE},
    [FAULT_FORMAT_LENGTH] = {session, UPDATE, TELL_OPCODE},
    [FAULT_FORMAT_FIELD] = {session, UPDATE, TELL_OPCODE},
    [FAULT_FORMAT_TEXT] = {session, UPDATE, TELL_OPCODE},
    [FAULT_DIGEST_HEADER] = {connection, DAMAGE, 0},
    [FAULT_DIGEST_DATA] = {connection, DAMAGE, 0},
    [FAULT_PROTOCOL_PHASE] = {session, UPDATE, TELL_OPCODE},
    [FAULT_PROTOCOL_TAG] = {session, UPDATE, TELL_OPCODE},
    [FAULT_PROTOCOL_TYPE] = {session, UPDATE, TELL_OPCODE},
    [FAULT_PROTOCOL_STATSN] = {session, UPDATE, TELL_OPCODE},
    [FAULT_PROTOCOL_DATASN] = {session, UPDATE, TELL_OPCODE},
    [FAULT_PROTOCOL_OFFSET] = {session, UPDATE, TELL_OPCODE},
    [FAULT_PROTOCOL_R2T] = {session, UPDATE, TELL_OPCODE},
    [FAULT_PROTOCOL_RESIDUAL] = {session, UPDATE, TELL_OPCODE},
    [FAULT_PROTOCOL_STATUS] = {session, UPDATE, TELL_OPCODE},
    [FAULT_PROTOCOL_TEXT] = {session, UPDATE, TELL_OPCODE},
    [FAULT_PROTOCOL_FLOOD] = {session, UPDATE, TELL_OPCODE},
    [FAULT_REJECTED] = {session, "look in the target's log, and report this with a packet capture",
                        TELL_REASON},
    [FAULT_LOGIN_TIMEOUT] = {login, "check the load and the log of the target, or raise login-timeout", 0},
    [FAULT_LOGIN_STATUS] = {login, "look in the target's log", 0}, /* see statuses[] */
    [FAULT_LOGIN_STAGE] = {login, UPDATE, 0},
    [FAULT_LOGIN_VERSION] = {login, UPDATE, 0},
    [FAULT_LOGIN_IDENTITY] = {login, UPDATE, 0},
    [FAULT_LOGIN_ROUNDS] = {login, UPDATE, 0},
    [FAULT_LOGIN_TEXT_SIZE] = {login, UPDATE, 0},
    [FAULT_REDIRECT_ADDRESS] = {login,
                                "correct the address that the target redirects to, or set portal to it", 0},
    [FAULT_REDIRECT_LOOP] = {login, "correct the target's redirections: they lead in a circle", 0},
    [FAULT_KEY_DUPLICATE] = {login, UPDATE, 0},
    [FAULT_KEY_VALUE] = {login, UPDATE, 0},
    [FAULT_KEY_REJECTED] = {login, "check what the target allows for this key, and report this", 0},
    [FAULT_KEY_STAGE] = {login, UPDATE, 0},
    [FAULT_KEY_MISSING] = {login, UPDATE, 0},
    [FAULT_AUTH_METHOD] =
        {login, "set chap-name and chap-secret if the target wants CHAP, or allow CHAP at the target",
         TELL_INITIATOR | TELL_ACCOUNT},
    [FAULT_AUTH_SKIPPED] = {login,
                            "switch CHAP on at the target for this initiator; lunboot does not do without it",
                            TELL_INITIATOR | TELL_ACCOUNT},
    [FAULT_AUTH_ALGORITHM] = {login, "add an algorithm that the target knows to chap-algorithms", 0},
    [FAULT_AUTH_ORDER] = {login, UPDATE, 0},
    [FAULT_AUTH_VALUE] = {login, UPDATE, 0},
    [FAULT_AUTH_REFLECTION] = {login,
                               "somebody may stand between: check that the address is the target's own, and "
                               "that the secrets of the two directions differ",
                               0},
    [FAULT_AUTH_TARGET] =
        {login,
         "check mutual-chap-secret against the target's own secret, and that the address is "
         "the target's",
         0},
    [FAULT_AUTH_TARGET_NAME] = {login, "check mutual-chap-name against the name that the target sends", 0},
    [FAULT_AUTH_NO_RANDOM] =
        {login,
         "mutual CHAP needs a random number generator: use one-way CHAP here, or firmware "
         "or a processor that has one",
         0},
    [FAULT_COMMAND_TIMEOUT] = {command,
                               "check the load and the disks of the target, or raise command-timeout", 0},
    [FAULT_TASK_MANAGEMENT] = {session, "look in the target's log, and start again", TELL_REASON},
    [FAULT_SESSION_LOST] = {command, "check the network and the target, and start again", 0},
    [FAULT_LOGOUT_TIMEOUT] = {session, "nothing is lost, but the target may keep the session for a while", 0},
    [FAULT_TARGET_LOGOUT] = {session, "the target is perhaps being maintained: try again later", 0},
    [FAULT_DISCOVERY_EMPTY] = {listing, "check the target's access list", TELL_INITIATOR},
    [FAULT_DISCOVERY_SEVERAL] = {choice, "set target to the one to boot from", TELL_TARGETS},
    [FAULT_DISCOVERY_SIZE] = {listing, "set target, so that no list is needed", 0},
    [FAULT_ISCSI_RESPONSE] = {command, "look in the target's log", TELL_REASON},
    [FAULT_SCSI_STATUS] = {command, "look in the target's log", 0}, /* see scsi_statuses[] */
    [FAULT_SCSI_SENSE] = {command, "look in the target's log", 0},  /* see senses[] */
    [FAULT_SHORT_DATA] = {command, UPDATE, 0},
    [FAULT_NO_LUN] = {disk, "set lun to one that is there, or map the disk for this initiator at the target",
                      TELL_PRESENT | TELL_INITIATOR},
    [FAULT_NOT_A_DISK] = {disk, "set lun to a disk", TELL_PRESENT},
    [FAULT_NOT_READY] = {disk, "check the state of the disk at the target, or raise attach-timeout", 0},
    [FAULT_BAD_CAPACITY] = {disk, "use a disk with blocks of 512 or 4096 bytes, and not an empty one", 0},
    [FAULT_WRITE_PROTECTED] = {command, "allow writing at the target, or boot a system that does not write",
                               0},
    [FAULT_LUN_CHANGED] = {disk, "check which disk the target maps to this LUN, and start again", 0},
};

/* RFC 7143 section 11.13.5. The first row that fits counts; ANY stands for details that are not known. */
static const struct status_row {
    uint8_t class;
    uint16_t detail;
    const char *text;
    const char *remedy;
    unsigned tell;
} statuses[] = {
    {0, 0x00, "it was accepted, but the answer contradicts itself", UPDATE, 0},
    {0, ANY, "it was accepted with a detail that is not known", UPDATE, 0},
    {1, 0x01, "the target has moved for now", "set portal to the new address if the target stays there", 0},
    {1, 0x02, "the target has moved for good", "set portal to the target's new address", 0},
    {1, ANY, "the target has moved in a way that is not known",
     "set portal to the address where the target is now", 0},
    {2, 0x00, "the target does not say why, or found the login malformed",
     "check initiator-name and the CHAP settings, and report this with what log = trace prints",
     TELL_INITIATOR},
    {2, 0x01, "authentication failed", ACCOUNT ", and whether it wants CHAP, one-way or mutual",
     TELL_INITIATOR | TELL_CHAP | TELL_ACCOUNT},
    {2, 0x02, "this initiator has no access to this target",
     "add the initiator's name to the target's access list", TELL_INITIATOR},
    {2, 0x03, "there is no such target at this portal", "check the target's name and the portal's address",
     0},
    {2, 0x04, "the target was removed and left no new address",
     "ask for the target that took its place, and set that", 0},
    {2, 0x05, "the target speaks no version of iSCSI that we do",
     "look for an update of the target's software", 0},
    {2, 0x06, "the target takes no further connection for this session",
     "wait until the target has forgotten an old session, or raise its limit", TELL_INITIATOR},
    {2, 0x07, "a parameter that the target needs was missing",
     "check the names of target and initiator, and report this with what log = trace prints", TELL_INITIATOR},
    {2, 0x08, "this connection cannot join that session", "start again, so that a new session is made", 0},
    {2, 0x09, "the target does not offer this type of session",
     "allow sessions of this initiator at the target; where it is discovery that it refuses, set target",
     TELL_INITIATOR},
    {2, 0x0a, "the session that we tried to join is gone", "start again, so that a new session is made", 0},
    {2, 0x0b, "the target found a request that is not valid during login", UPDATE, 0},
    {2, ANY, "the target gives a reason that is not known", "look in the target's log for the reason",
     TELL_INITIATOR},
    {3, 0x00, "the target had an error of its own", "look in the target's log, and try again", 0},
    {3, 0x01, "the target or this portal is not in service now", "start the target's service, and try again",
     0},
    {3, 0x02, "the target lacks resources",
     "end unused sessions at the target or give it memory, and try again", 0},
    {3, ANY, "the target has a trouble that is not known", "look in the target's log, and try again", 0},
};

static const struct status_row unknown_class = {
    0, ANY, "the target answered with a class of status that is not known", UPDATE, 0};

/* The verb for each class. */
static const char *const login_openings[] = {
    "Login to %T%A failed (status ",
    "Login to %T%A was redirected (status ",
    "Login to %T%A was refused (status ",
    "Login to %T%A failed (status ",
};

static const struct scsi_row {
    uint8_t status;
    const char *remedy;
} scsi_statuses[] = {
    {SCSI_BUSY, "check the load of the target, and try again"},
    {SCSI_RESERVATION_CONFLICT,
     "another machine has reserved the disk: release the reservation there or at the target"},
    {SCSI_TASK_SET_FULL, "lower queue-depth, or check the load of the target"},
    {SCSI_ACA_ACTIVE, "another initiator left the disk in an error state: clear it at the target"},
    {SCSI_TASK_ABORTED, "another initiator or the target ended the command: try again"},
    {SCSI_CHECK_CONDITION, "look in the target's log: it reported an error and not which one"},
};

/* By sense key, additional code and qualifier, special cases first. */
static const struct sense_row {
    uint8_t key;
    uint16_t asc, ascq;
    const char *remedy;
} senses[] = {
    {0x1, ANY, ANY, "check the health of the target's disks: they had to recover the data"},
    {0x2, 0x04, 0x01, "wait until the disk is ready, and try again"},
    {0x2, 0x04, 0x02, "start the disk at the target"},
    {0x2, 0x04, 0x03, "look at the storage: somebody has to attend to it"},
    {0x2, 0x04, 0x0a, "wait until the storage has changed over, and try again"},
    {0x2, 0x04, 0x0b, "set portal to the controller of the storage that serves this disk now"},
    {0x2, 0x04, 0x0c, "set portal to the controller of the storage that serves this disk now"},
    {0x2, 0x04, 0x12, "bring the disk online at the target"},
    {0x2, 0x3a, ANY, "attach the medium or backing file at the target"},
    {0x2, ANY, ANY, "check the state of the disk at the target"},
    {0x3, ANY, ANY, "the data cannot be read or written: check the target's disks and restore from a backup"},
    {0x4, ANY, ANY, "check the hardware of the target"},
    {0x5, 0x20, 0x00,
     "the target does not support this command: look for an update of its software, and report this"},
    {0x5, 0x20, ANY, "give this initiator access to the disk at the target"},
    {0x5, 0x21, ANY, "the disk is smaller than it was: check its size at the target, and start again"},
    {0x5, 0x25, ANY, "set lun to one that is there, or map the disk for this initiator at the target"},
    {0x5, ANY, ANY,
     "the target refuses a command that it should know: look for an update of its software, and report this"},
    {0x6, ANY, ANY, "the disk was changed or reset: start again"},
    {0x7, 0x27, 0x07, "the pool behind this thin disk is full: give it space at the target"},
    {0x7, ANY, ANY, "allow writing at the target, or boot a system that does not write"},
    {0xb, ANY, ANY, "look in the target's log, and try again"},
    {0xd, ANY, ANY, "give the disk space at the target"},
};

static const struct status_row *find_status(const struct fault *fault)
{
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        if (statuses[i].class == fault->login_class &&
            (statuses[i].detail == ANY || statuses[i].detail == fault->login_detail))
            return &statuses[i];
    return &unknown_class;
}

static const char *find_scsi(uint8_t status)
{
    for (size_t i = 0; i < sizeof scsi_statuses / sizeof scsi_statuses[0]; i++)
        if (scsi_statuses[i].status == status)
            return scsi_statuses[i].remedy;
    return rows[FAULT_SCSI_STATUS].remedy;
}

static const char *find_sense(const struct fault *fault)
{
    for (size_t i = 0; i < sizeof senses / sizeof senses[0]; i++)
        if (senses[i].key == fault->sense_key && (senses[i].asc == ANY || senses[i].asc == fault->asc) &&
            (senses[i].ascq == ANY || senses[i].ascq == fault->ascq))
            return senses[i].remedy;
    return rows[FAULT_SCSI_SENSE].remedy;
}

static const struct row *find_row(const struct fault *fault)
{
    static const struct row unknown = {session, "report this", 0};

    return (unsigned)fault->code < FAULT_COUNT && rows[fault->code].remedy ? &rows[fault->code] : &unknown;
}

const char *words_remedy(const struct fault *fault)
{
    switch (fault->code) {
    case FAULT_LOGIN_STATUS:
        return find_status(fault)->remedy;
    case FAULT_SCSI_STATUS:
        return find_scsi(fault->scsi_status);
    case FAULT_SCSI_SENSE:
        return find_sense(fault);
    default:
        return find_row(fault)->remedy;
    }
}

void words_lun(const uint8_t lun[8], struct fmt *fmt)
{
    char groups[20];
    uint32_t number;

    scsi_lun_format(lun, groups);
    if (scsi_lun_number(lun, &number))
        fmt_print(fmt, "LUN %u (%s)", (unsigned)number, groups);
    else
        fmt_print(fmt, "LUN %s", groups);
}

/* --- Putting a sentence together --- */

/* Text from outside, at most `show` characters of it; with dots where it was cut, which is never inside an
 * escape. */
static void print_bounded(struct fmt *fmt, const char *text, size_t show)
{
    char escape[5];
    size_t bytes = 0, used = 0;
    struct fmt part;

    while (text[bytes]) {
        fmt_init(&part, escape, sizeof escape);
        fmt_escaped(&part, &text[bytes], 1);
        if (part.length > show - used)
            break;
        used += part.length;
        bytes++;
    }
    fmt_escaped(fmt, text, bytes);
    if (text[bytes])
        fmt_print(fmt, "...");
}

static void print_portal(struct fmt *fmt, const struct words_context *context)
{
    const struct portal *portal = context->portal;
    char address[ADDRESS_TEXT_MAX] = "";
    bool brackets;

    if (!portal || !portal->host[0])
        return;
    brackets = memchr(portal->host, ':', strlen(portal->host)) != NULL;
    fmt_print(fmt, brackets ? " at [" : " at ");
    print_bounded(fmt, portal->host, SHOW_HOST);
    fmt_print(fmt, brackets ? "]:%u" : ":%u", portal->port);
    if (context->address && context->address->family != ADDRESS_NONE)
        address_format(context->address, address);
    if (address[0] &&
        (strlen(address) != strlen(portal->host) || memcmp(address, portal->host, strlen(address)) != 0))
        fmt_print(fmt, " (%s)", address);
}

/* As long as no target is named, targets are being asked for, and there is no disk. */
static bool names_target(const struct words_context *context)
{
    return context->target_name && context->target_name[0];
}

static void print_opening(struct fmt *fmt, const char *opening, const struct words_context *context)
{
    for (; *opening; opening++) {
        if (*opening != '%') {
            fmt_print(fmt, "%c", *opening);
            continue;
        }
        opening++;
        if (*opening == 'A')
            print_portal(fmt, context);
        else if (*opening == 'L' && context->lun)
            words_lun(context->lun, fmt);
        else if (*opening == 'L')
            fmt_print(fmt, "the disk");
        else if (names_target(context))
            print_bounded(fmt, context->target_name, SHOW_TARGET);
        else
            fmt_print(fmt, "the target");
    }
}

static void print_present(struct fmt *fmt, const struct lun *lun)
{
    size_t limit = fmt->length + SHOW_PRESENT;
    char groups[20];
    uint32_t number;
    unsigned i;

    if (!lun || lun->present_count == 0)
        return;
    fmt_print(fmt, lun->present_count == 1 && !lun->present_more ? "; there is LUN " : "; there are LUN ");
    for (i = 0; i < lun->present_count && i < LUN_PRESENT_MAX && fmt->length < limit; i++) {
        fmt_print(fmt, i > 0 ? ", " : "");
        scsi_lun_format(lun->present[i], groups);
        if (scsi_lun_number(lun->present[i], &number))
            fmt_print(fmt, "%u", (unsigned)number);
        else
            fmt_print(fmt, "%s", groups);
    }
    if (lun->present_more || i < lun->present_count)
        fmt_print(fmt, " and more");
}

static void print_targets(struct fmt *fmt, const struct targets *targets)
{
    size_t limit = fmt->length + SHOW_TARGETS;
    unsigned i;

    if (!targets)
        return;
    for (i = 0; i < targets->count && fmt->length < limit; i++) {
        fmt_print(fmt, i > 0 ? ", " : ": ");
        print_bounded(fmt, targets->names[i], SHOW_TARGET);
    }
    if (targets->more || i < targets->count)
        fmt_print(fmt, " and more");
}

/* One pair of brackets around all that says more. */
struct more {
    struct fmt *fmt;
    bool open;
};

static struct fmt *more(struct more *more)
{
    fmt_print(more->fmt, more->open ? ", " : " (");
    more->open = true;
    return more->fmt;
}

static void more_end(struct more *more)
{
    if (more->open)
        fmt_print(more->fmt, ")");
}

static void print_scsi(struct more *m, const struct fault *fault)
{
    const char *name = scsi_status_name(fault->scsi_status), *key = scsi_sense_key_name(fault->sense_key);
    const char *text = scsi_sense_text(fault->asc, fault->ascq);

    if (fault->code == FAULT_SCSI_STATUS) {
        fmt_print(more(m), "status %02x", fault->scsi_status);
        fmt_print(m->fmt, name ? " %s" : "%s", name ? name : "");
    } else if (fault->code == FAULT_SCSI_SENSE) {
        fmt_print(more(m), "sense %02x/%02x/%02x", fault->sense_key, fault->asc, fault->ascq);
        fmt_print(m->fmt, key ? " %s" : "%s", key ? key : "");
        fmt_print(m->fmt, text ? ": %s" : "%s", text ? text : "");
    }
}

static void print_more(struct fmt *fmt, const struct fault *fault, unsigned tell)
{
    struct more m = {.fmt = fmt};
    size_t length;

    if (fault->key)
        print_bounded(more(&m), fault->key, SHOW_CHAP_NAME);
    if (tell & TELL_OPCODE && fault->opcode >= 0x20 && fault->opcode < 0x40)
        fmt_print(more(&m), "opcode %02x", fault->opcode);
    if (tell & TELL_REASON)
        fmt_print(more(&m), fault->code == FAULT_REJECTED ? "reason %02x" : "response %02x", fault->reason);
    print_scsi(&m, fault);
    length = fault->detail ? strlen(fault->detail) : 0;
    while (length > 0 && fault->detail[length - 1] == '.')
        length--;
    if (length > 0)
        fmt_print(more(&m), "%.*s", (int)(length < SHOW_DETAIL ? length : SHOW_DETAIL), fault->detail);
    more_end(&m);
}

static void print_remedy(struct fmt *fmt, const char *remedy, unsigned tell,
                         const struct words_context *context)
{
    struct more m = {.fmt = fmt};

    fmt_print(fmt, "; %s", remedy);
    if (tell & TELL_ACCOUNT && !names_target(context))
        fmt_print(fmt, "; or set target, for its list may have an account of its own, or none");
    if (tell & TELL_INITIATOR && context->initiator_name && context->initiator_name[0]) {
        fmt_print(more(&m), "this initiator is ");
        print_bounded(fmt, context->initiator_name, SHOW_INITIATOR);
    }
    if (tell & TELL_CHAP && context->chap_name && context->chap_name[0]) {
        fmt_print(more(&m), "chap-name is ");
        print_bounded(fmt, context->chap_name, SHOW_CHAP_NAME);
    }
    more_end(&m);
    fmt_print(fmt, ".");
}

static void print_status(const struct fault *fault, const struct words_context *context, struct fmt *fmt)
{
    const struct status_row *status = find_status(fault);
    size_t openings = sizeof login_openings / sizeof login_openings[0];

    print_opening(fmt, login_openings[fault->login_class < openings ? fault->login_class : 0], context);
    fmt_print(fmt, "%02X%02X): %s", fault->login_class, fault->login_detail, status->text);
    print_more(fmt, fault, 0);
    print_remedy(fmt, status->remedy, status->tell, context);
}

void words_fault(const struct fault *fault, const struct words_context *context, struct fmt *fmt)
{
    static const struct words_context nobody;
    const struct row *row = find_row(fault);
    char sentence[WORDS_MAX];
    struct fmt part;

    fmt_init(&part, sentence, sizeof sentence);
    if (!context)
        context = &nobody;
    if (fault->code == FAULT_LOGIN_STATUS) {
        print_status(fault, context, &part);
    } else {
        print_opening(&part, row->opening == command && !names_target(context) ? listing : row->opening,
                      context);
        fmt_print(&part, ": %s", fault_text(fault->code));
        print_more(&part, fault, row->tell);
        if (row->tell & TELL_PRESENT)
            print_present(&part, context->disk);
        if (row->tell & TELL_TARGETS)
            print_targets(&part, context->targets);
        print_remedy(&part, words_remedy(fault), row->tell, context);
    }
    if (sentence[0] >= 'a' && sentence[0] <= 'z')
        sentence[0] = (char)(sentence[0] - 'a' + 'A');
    fmt_print(fmt, "%s", sentence);
}
