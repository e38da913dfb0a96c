/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "bytes.h"
#include "lun_own.h"

#define TRANSFER_BYTES    262144u
#define COMMAND_BLOCKS    65535u /* so that the ten-byte form always remains possible (REQ-287) */
#define INQUIRY_LENGTH    255u
#define MODE_LENGTH       192u /* what hosts commonly ask for: some disks answer no other length */
#define MODE_PAGE_CACHING 0x08u
#define MODE_PAGE_ALL     0x3fu
#define NARROW_LAST_LBA   0xffffffffu /* READ CAPACITY(10): the disk is larger than it can say */

#define TYPE_DISK    0x00u
#define TYPE_OPTICAL 0x07u
#define TYPE_NONE    0x1fu

#define SENSE_ILLEGAL_REQUEST 0x5u

#define NOT_A_FAULT ((struct fault){.code = FAULT_NONE})

/* The questions in the order of REQ-277. */
enum phase {
    PHASE_NONE,
    PHASE_START,
    PHASE_INQUIRY,
    PHASE_PAGES,
    PHASE_SERIAL,
    PHASE_DESIGNATOR,
    PHASE_LIMITS,
    PHASE_READY,
    PHASE_CAPACITY_10,
    PHASE_CAPACITY_16,
    PHASE_MODE_CACHE,
    PHASE_MODE_ALL,
    PHASE_DONE,
    PHASE_LIST, /* the list of logical units, when ours is no disk */
};

/* Which VPD pages are listed: bits of lun->pages. */
#define HAS_SERIAL     1u
#define HAS_DESIGNATOR 2u
#define HAS_LIMITS     4u

static void build_start(struct lun *lun, struct task *task)
{
    (void)lun;
    scsi_start_unit(task);
}

static void build_inquiry(struct lun *lun, struct task *task)
{
    scsi_inquiry(task, lun->scratch, INQUIRY_LENGTH);
}

static void build_pages(struct lun *lun, struct task *task)
{
    scsi_inquiry_page(task, 0x00, lun->scratch, INQUIRY_LENGTH);
}

static void build_serial(struct lun *lun, struct task *task)
{
    scsi_inquiry_page(task, 0x80, lun->scratch, INQUIRY_LENGTH);
}

static void build_designator(struct lun *lun, struct task *task)
{
    scsi_inquiry_page(task, 0x83, lun->scratch, sizeof lun->scratch);
}

static void build_limits(struct lun *lun, struct task *task)
{
    scsi_inquiry_page(task, 0xb0, lun->scratch, INQUIRY_LENGTH);
}

static void build_ready(struct lun *lun, struct task *task)
{
    (void)lun;
    scsi_test_unit_ready(task);
}

static void build_capacity_10(struct lun *lun, struct task *task)
{
    scsi_read_capacity_10(task, lun->scratch);
}

static void build_capacity_16(struct lun *lun, struct task *task)
{
    scsi_read_capacity_16(task, lun->scratch);
}

static void build_mode_cache(struct lun *lun, struct task *task)
{
    scsi_mode_sense_6(task, MODE_PAGE_CACHING, lun->scratch, MODE_LENGTH);
}

static void build_mode_all(struct lun *lun, struct task *task)
{
    scsi_mode_sense_6(task, MODE_PAGE_ALL, lun->scratch, MODE_LENGTH);
}

static void build_list(struct lun *lun, struct task *task)
{
    scsi_report_luns(task, lun->scratch, sizeof lun->scratch);
    memset(task->lun, 0, sizeof task->lun); /* LUN 0 answers for all, whether there is a unit or not */
}

static struct fault fault_of(enum fault_code code, const char *detail)
{
    return (struct fault){.code = code, .opcode = 0xff, .detail = detail};
}

/* What stands there instead of a disk, for the sentence (SPC, peripheral device types). */
static const char *device_name(uint8_t type)
{
    static const struct {
        uint8_t type;
        const char *name;
    } rows[] = {
        {0x01, "it is a tape drive"},          {0x03, "it is a processor"},
        {0x05, "it is a CD or DVD drive"},     {0x08, "it is a media changer"},
        {0x0c, "it is an array's controller"}, {0x0d, "it is an enclosure"},
        {0x0e, "it is a simplified disk"},     {0x11, "it is an object storage"},
        {0x14, "it is a zoned disk"},          {0x1e, "it is a well-known logical unit"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].type == type)
            return rows[i].name;
    return NULL;
}

static struct fault take_nothing(struct lun *lun, size_t length)
{
    (void)lun;
    (void)length;
    return NOT_A_FAULT;
}

/* Only a connected disk or optical memory device will do (REQ-281). */
static struct fault take_inquiry(struct lun *lun, size_t length)
{
    struct scsi_identity *identity = &lun->found.identity;

    if (!scsi_parse_inquiry(lun->scratch, length, identity))
        return fault_of(FAULT_SHORT_DATA, "the answer to INQUIRY is too short");
    if (identity->qualifier != 0 || identity->type == TYPE_NONE)
        return fault_of(FAULT_NO_LUN, NULL);
    if (identity->type != TYPE_DISK && identity->type != TYPE_OPTICAL)
        return fault_of(FAULT_NOT_A_DISK, device_name(identity->type));
    return NOT_A_FAULT;
}

static struct fault take_pages(struct lun *lun, size_t length)
{
    static const struct {
        uint8_t page, bit;
    } rows[] = {{0x80, HAS_SERIAL}, {0x83, HAS_DESIGNATOR}, {0xb0, HAS_LIMITS}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (scsi_page_listed(lun->scratch, length, rows[i].page))
            lun->pages |= rows[i].bit;
    return NOT_A_FAULT;
}

static struct fault take_serial(struct lun *lun, size_t length)
{
    scsi_parse_serial(lun->scratch, length, lun->found.serial, sizeof lun->found.serial);
    return NOT_A_FAULT;
}

static struct fault take_designator(struct lun *lun, size_t length)
{
    scsi_parse_designator(lun->scratch, length, &lun->found.designator);
    return NOT_A_FAULT;
}

static struct fault take_limits(struct lun *lun, size_t length)
{
    scsi_parse_block_limits(lun->scratch, length, &lun->found.max_blocks, &lun->found.optimal_blocks);
    return NOT_A_FAULT;
}

static struct fault capacity_fault(enum fault_code code)
{
    if (code == FAULT_SHORT_DATA)
        return fault_of(code, "the answer to READ CAPACITY is too short");
    return fault_of(code, NULL);
}

static struct fault take_capacity_10(struct lun *lun, size_t length)
{
    return capacity_fault(scsi_parse_capacity_10(lun->scratch, length, &lun->found.capacity));
}

static struct fault take_capacity_16(struct lun *lun, size_t length)
{
    return capacity_fault(scsi_parse_capacity_16(lun->scratch, length, &lun->found.capacity));
}

static struct fault take_mode(struct lun *lun, size_t length)
{
    bool protected;
    int cache;

    if (scsi_parse_mode_sense(lun->scratch, length, &protected, &cache)) {
        lun->found.write_protected = protected;
        lun->found.write_cache = cache != 0;
    }
    return NOT_A_FAULT;
}

static struct fault take_list(struct lun *lun, size_t length)
{
    uint8_t entry[8];
    unsigned count = 0;

    while (count < LUN_PRESENT_MAX &&
           scsi_report_luns_entry(lun->scratch, length, count, lun->present[count]))
        count++;
    lun->present_count = count;
    lun->present_more = scsi_report_luns_entry(lun->scratch, length, count, entry);
    return NOT_A_FAULT;
}

/* How much a refusal by the disk matters. */
enum refusal {
    FATAL,     /* the disk cannot be used */
    NO_MATTER, /* go on without the answer (REQ-283) */
    IF_UNKNOWN /* go on when it is an unknown command or field */
};

static const struct question {
    void (*build)(struct lun *lun, struct task *task);
    struct fault (*take)(struct lun *lun, size_t length); /* the answer lies in lun->scratch */
    enum refusal refusal;
    uint8_t next, refused; /* phases */
    uint8_t needs;         /* bit of lun->pages: else it is passed over */
} questions[] = {
    [PHASE_START] = {build_start, take_nothing, NO_MATTER, PHASE_INQUIRY, PHASE_INQUIRY, 0},
    [PHASE_INQUIRY] = {build_inquiry, take_inquiry, FATAL, PHASE_PAGES, 0, 0},
    [PHASE_PAGES] = {build_pages, take_pages, NO_MATTER, PHASE_SERIAL, PHASE_READY, 0},
    [PHASE_SERIAL] = {build_serial, take_serial, NO_MATTER, PHASE_DESIGNATOR, PHASE_DESIGNATOR, HAS_SERIAL},
    [PHASE_DESIGNATOR] = {build_designator, take_designator, NO_MATTER, PHASE_LIMITS, PHASE_LIMITS,
                          HAS_DESIGNATOR},
    [PHASE_LIMITS] = {build_limits, take_limits, NO_MATTER, PHASE_READY, PHASE_READY, HAS_LIMITS},
    [PHASE_READY] = {build_ready, take_nothing, FATAL, PHASE_CAPACITY_10, 0, 0},
    [PHASE_CAPACITY_10] = {build_capacity_10, take_capacity_10, IF_UNKNOWN, PHASE_CAPACITY_16,
                           PHASE_CAPACITY_16, 0},
    [PHASE_CAPACITY_16] = {build_capacity_16, take_capacity_16, IF_UNKNOWN, PHASE_MODE_CACHE,
                           PHASE_MODE_CACHE, 0},
    [PHASE_MODE_CACHE] = {build_mode_cache, take_mode, NO_MATTER, PHASE_DONE, PHASE_MODE_ALL, 0},
    [PHASE_MODE_ALL] = {build_mode_all, take_mode, NO_MATTER, PHASE_DONE, PHASE_DONE, 0},
    [PHASE_LIST] = {build_list, take_list, NO_MATTER, PHASE_NONE, PHASE_NONE, 0},
};

static void enter(struct lun *lun, uint8_t phase)
{
    while (phase < PHASE_DONE && questions[phase].needs != 0 && (questions[phase].needs & lun->pages) == 0)
        phase = questions[phase].next;
    lun->phase = phase;
    lun->own = (struct lun_task){.used = true, .waiting = true, .retry_at_ms = lun->now_ms};
}

static void start_over(struct lun *lun)
{
    lun->found = (struct lun_info){.write_cache = true};
    lun->fault = NOT_A_FAULT;
    lun->pages = 0;
    lun->list_wanted |= (lun->reread & SCSI_REREAD_LUNS) != 0;
    lun->reread = 0;
    enter(lun, lun->start_wanted ? PHASE_START : PHASE_INQUIRY);
    lun->started |= lun->start_wanted;
    lun->start_wanted = false;
}

void lun_identify_cancel(struct lun *lun)
{
    if (lun->own.used && !lun->own.waiting)
        session_cancel(lun->session, &lun->own.task);
    lun->own.used = false;
    lun->phase = PHASE_NONE;
}

void lun_identify_begin(struct lun *lun)
{
    lun_identify_cancel(lun);
    lun->budget_end_ms = 0;
    start_over(lun);
}

bool lun_identify_active(const struct lun *lun)
{
    return lun->phase != PHASE_NONE;
}

/* The limits of the disk, of the configuration and of the commands together: at least one block (REQ-284). */
static void limit_transfer(struct lun *lun)
{
    uint32_t bytes = lun->config.max_transfer ? lun->config.max_transfer : TRANSFER_BYTES;
    uint32_t blocks = bytes / lun->found.capacity.block_size;

    if (lun->found.max_blocks != 0 && lun->found.max_blocks < blocks)
        blocks = lun->found.max_blocks;
    if (blocks > COMMAND_BLOCKS)
        blocks = COMMAND_BLOCKS;
    lun->found.max_blocks = blocks > 0 ? blocks : 1;
}

/* The strongest name that either has decides (REQ-013). */
static bool same_disk(const struct lun_info *a, const struct lun_info *b)
{
    if (a->identity.type != b->identity.type || a->capacity.block_size != b->capacity.block_size ||
        a->capacity.last_lba != b->capacity.last_lba)
        return false;
    if (a->designator.type != 0 || b->designator.type != 0)
        return a->designator.type == b->designator.type && a->designator.length == b->designator.length &&
               memcmp(a->designator.bytes, b->designator.bytes, sizeof a->designator.bytes) == 0;
    return memcmp(a->serial, b->serial, sizeof a->serial) == 0 &&
           memcmp(a->identity.vendor, b->identity.vendor, sizeof a->identity.vendor) == 0 &&
           memcmp(a->identity.product, b->identity.product, sizeof a->identity.product) == 0;
}

static void finish(struct lun *lun)
{
    bool list = lun->list_wanted;

    limit_transfer(lun);
    if (lun->known && !same_disk(&lun->info, &lun->found)) {
        struct fault changed = fault_of(FAULT_LUN_CHANGED, NULL);

        lun_fail(lun, &changed);
        return;
    }
    lun_identify_cancel(lun);
    lun->info = lun->found;
    lun->known = true;
    lun->state = LUN_READY;
    if (list)
        enter(lun, PHASE_LIST);
    lun->list_wanted = false;
}

/* Whoever set the number is helped by the list of those that are there. */
static void give_up(struct lun *lun, const struct fault *fault)
{
    if (lun_recovery_postpone(lun, fault))
        return;
    if (fault->code == FAULT_NO_LUN || fault->code == FAULT_NOT_A_DISK) {
        lun->fault = *fault;
        enter(lun, PHASE_LIST);
        return;
    }
    lun_fail(lun, fault);
}

/* Where the table says that it goes on; the list is always the last question. */
static void proceed(struct lun *lun, uint8_t next)
{
    struct fault fault = lun->fault;

    if (next == PHASE_DONE)
        finish(lun);
    else if (next != PHASE_NONE)
        enter(lun, next);
    else if (fault.code != FAULT_NONE)
        lun_fail(lun, &fault);
    else
        lun_identify_cancel(lun);
}

static void answered(struct lun *lun)
{
    const struct question *question = &questions[lun->phase];
    const struct task *task = &lun->own.task;
    size_t length = task->transferred;
    struct fault fault;

    /* What the target takes back by its residual count is no answer (REQ-216). */
    if (task->underflow && task->residual <= task->length && length > task->length - task->residual)
        length = task->length - task->residual;
    fault = question->take(lun, length);
    if (fault.code != FAULT_NONE)
        give_up(lun, &fault);
    else
        proceed(lun, question->next);
}

/* Without READ CAPACITY(16) the other one must have said it all (REQ-288). */
static struct fault narrow_capacity_fault(const struct lun *lun)
{
    if (lun->phase != PHASE_CAPACITY_16)
        return NOT_A_FAULT;
    if (lun->found.capacity.block_size == 0)
        return fault_of(FAULT_BAD_CAPACITY, "the disk knows neither form of READ CAPACITY");
    if (lun->found.capacity.last_lba == NARROW_LAST_LBA)
        return fault_of(FAULT_BAD_CAPACITY,
                        "larger than READ CAPACITY(10) can say, and the disk knows no other");
    return NOT_A_FAULT;
}

static void refused(struct lun *lun, const struct fault *why)
{
    const struct question *question = &questions[lun->phase];
    bool by_disk = lun->own.task.fault.code == FAULT_NONE;
    bool unknown = why->code == FAULT_SCSI_SENSE && why->sense_key == SENSE_ILLEGAL_REQUEST;
    struct fault fault = narrow_capacity_fault(lun);

    if (!by_disk || question->refusal == FATAL || (question->refusal == IF_UNKNOWN && !unknown))
        give_up(lun, why);
    else if (fault.code != FAULT_NONE)
        give_up(lun, &fault);
    else
        proceed(lun, question->refused);
}

static bool ask(struct lun *lun)
{
    struct task *task = &lun->own.task;

    if (lun->own.retry_at_ms > lun->now_ms)
        return false;
    *task = (struct task){0};
    memcpy(task->lun, lun->config.lun, sizeof task->lun);
    questions[lun->phase].build(lun, task);
    return lun_send(lun, &lun->own);
}

bool lun_identify_step(struct lun *lun)
{
    struct fault fault;

    if (!lun_identify_active(lun))
        return false;
    if (lun->own.waiting && session_state(lun->session) != SESSION_READY)
        return false;
    if (lun->budget_end_ms == 0)
        lun->budget_end_ms = lun->now_ms + (lun->config.ready_ms ? lun->config.ready_ms : LUN_READY_MS);
    if (lun->own.waiting)
        return ask(lun);
    if (lun->own.task.state != TASK_DONE)
        return false;
    switch (lun_review(lun, &lun->own, lun->budget_end_ms, &fault)) {
    case LUN_GOOD:
        answered(lun);
        break;
    case LUN_AGAIN:
        if (lun->start_wanted)
            start_over(lun);
        break;
    case LUN_OTHER_FORM:
    case LUN_BAD:
        refused(lun, &fault);
        break;
    }
    return true;
}
