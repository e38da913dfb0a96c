/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A logical unit over a session that is played here: a disk in memory that answers commands one at a time, in
 * the order that the test wants, and with the status that the test wants. What lun.c makes of it is what a
 * caller sees: requests that end, with which fault, when, and which commands the disk was given. The real
 * session is in tests/sim.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "iscsi/bytes.h"
#include "iscsi/lun.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define INQUIRY     0x12
#define MODE_SENSE  0x1a
#define START_STOP  0x1b
#define CAPACITY_10 0x25
#define READ_10     0x28
#define SYNC_CACHE  0x35
#define READ_16     0x88
#define WRITE_16    0x8a
#define CAPACITY_16 0x9e
#define REPORT_LUNS 0xa0

#define BLOCKS_MAX 8192u

/* The next `times` commands with this opcode, after `skip` of them, end like this. */
struct rule {
    uint8_t opcode, status, key, asc, ascq;
    unsigned skip, times;
    enum fault_code transport; /* instead of a status */
    uint32_t missing;          /* bytes that a good status leaves out */
    bool deferred;
};

static struct disk {
    uint32_t block_size, blocks;
    uint64_t claimed_last; /* 0: blocks - 1 */
    uint8_t first_byte;    /* of INQUIRY: qualifier and type */
    uint8_t identity;      /* fills the NAA designator */
    uint8_t pages[8];      /* VPD pages that are there */
    unsigned page_count;
    uint32_t max_blocks;
    bool protected, cache, no_cache_page, no_mode_sense;
    uint8_t data[BLOCKS_MAX * 512];
} disk;

static struct session fake_session;
static struct lun lun;
static uint64_t now;

static struct fake {
    enum session_state state;
    struct session_info info;
    unsigned opens;
    struct fault fault;
    unsigned epoch, aborting, attentions;
    uint8_t sense[18];
    struct task *queue[256];
    unsigned queued, most_queued;
    unsigned room;
    struct rule rules[16];
    unsigned rule_count;
    char log[8192]; /* opcodes in the order of submission: "12 00 25 " */
    unsigned commands;
    struct task *cancelled[64];
    unsigned cancelled_count;
} fake;

/* --- The session's functions that lun.c calls --- */

enum session_state session_state(const struct session *session)
{
    (void)session;
    return fake.state;
}

const struct fault *session_fault(const struct session *session)
{
    (void)session;
    return &fake.fault;
}

const struct session_info *session_info(const struct session *session)
{
    (void)session;
    return &fake.info;
}

void session_open(struct session *session)
{
    (void)session;
    fake.opens++;
    fake.state = SESSION_CONNECTING;
}

uint64_t session_jitter(struct session *session, uint64_t pause_ms)
{
    (void)session;
    return pause_ms;
}

unsigned session_epoch(const struct session *session)
{
    (void)session;
    return fake.epoch;
}

unsigned session_aborting(const struct session *session)
{
    (void)session;
    return fake.aborting;
}

unsigned session_attentions(const struct session *session, const uint8_t **ret_sense, size_t *ret_length)
{
    (void)session;
    *ret_sense = fake.sense;
    *ret_length = sizeof fake.sense;
    return fake.attentions;
}

bool session_submit(struct session *session, struct task *task)
{
    (void)session;
    assert_true(task->state == TASK_IDLE || task->state == TASK_DONE);
    if (fake.state != SESSION_READY || fake.queued == fake.room) {
        task->fault.code = fake.state == SESSION_READY ? FAULT_BUSY : FAULT_SESSION_LOST;
        return false;
    }
    task->state = TASK_ACTIVE;
    fake.queue[fake.queued++] = task;
    if (fake.queued > fake.most_queued)
        fake.most_queued = fake.queued;
    if (strlen(fake.log) + 4 < sizeof fake.log)
        snprintf(fake.log + strlen(fake.log), 4, "%02x ", task->cdb[0]);
    fake.commands++;
    return true;
}

static void drop(unsigned index)
{
    fake.queued--;
    memmove(&fake.queue[index], &fake.queue[index + 1], (fake.queued - index) * sizeof(struct task *));
}

void session_cancel(struct session *session, struct task *task)
{
    (void)session;
    for (unsigned i = 0; i < fake.queued; i++) {
        if (fake.queue[i] == task) {
            drop(i);
            fake.cancelled[fake.cancelled_count++ % COUNT(fake.cancelled)] = task;
        }
    }
    task->state = TASK_DONE;
    task->fault.code = FAULT_CANCELLED;
}

/* --- The disk --- */

static void answer(struct task *task, const uint8_t *bytes, size_t length)
{
    uint32_t n = length < task->length ? (uint32_t)length : task->length;

    memcpy(task->in, bytes, n);
    task->transferred = n;
    task->underflow = n < task->length;
    task->residual = task->length - n;
}

static void check_condition(struct task *task, bool deferred, uint8_t key, uint8_t asc, uint8_t ascq)
{
    task->status = SCSI_CHECK_CONDITION;
    task->sense_length = 18;
    memset(task->sense, 0, 18);
    task->sense[0] = deferred ? 0x71 : 0x70;
    task->sense[2] = key;
    task->sense[7] = 10;
    task->sense[12] = asc;
    task->sense[13] = ascq;
}

static void serve_page(struct task *task, uint8_t page)
{
    static const uint8_t serial[] = {'S', '1', '2', '3'};
    uint8_t bytes[64] = {disk.first_byte, page};
    bool there = false;

    for (unsigned i = 0; i < disk.page_count; i++)
        there |= disk.pages[i] == page;
    if (!there) {
        check_condition(task, false, 5, 0x24, 0);
        return;
    }
    if (page == 0x00) {
        bytes[3] = (uint8_t)disk.page_count;
        memcpy(bytes + 4, disk.pages, disk.page_count);
        answer(task, bytes, 4 + disk.page_count);
    } else if (page == 0x80) {
        bytes[3] = 4;
        memcpy(bytes + 4, serial, sizeof serial);
        answer(task, bytes, 8);
    } else if (page == 0x83) {
        bytes[3] = 12;
        bytes[4] = 1;
        bytes[5] = 3;
        bytes[7] = 8;
        memset(bytes + 8, disk.identity, 8);
        answer(task, bytes, 16);
    } else {
        bytes[3] = 60;
        bytes_put32(bytes + 8, disk.max_blocks);
        answer(task, bytes, 64);
    }
}

static void serve_inquiry(struct task *task)
{
    static const char names[] = "LUNBOOT MEMORY DISK     1.0 ";
    uint8_t bytes[36] = {disk.first_byte, 0, 6, 0x12, 31};

    memcpy(bytes + 8, names, sizeof names - 1);
    if (task->cdb[1] & 1)
        serve_page(task, task->cdb[2]);
    else
        answer(task, bytes, sizeof bytes);
}

static uint64_t last_lba(void)
{
    return disk.claimed_last ? disk.claimed_last : disk.blocks - 1;
}

static void serve_capacity(struct task *task)
{
    uint8_t bytes[32] = {0};

    if (task->cdb[0] == CAPACITY_10) {
        bytes_put32(bytes, last_lba() > UINT32_MAX ? UINT32_MAX : (uint32_t)last_lba());
        bytes_put32(bytes + 4, disk.block_size);
        answer(task, bytes, 8);
    } else {
        bytes_put64(bytes, last_lba());
        bytes_put32(bytes + 8, disk.block_size);
        bytes[13] = 3;
        answer(task, bytes, 32);
    }
}

static void serve_mode_sense(struct task *task)
{
    uint8_t bytes[24] = {23, 0, disk.protected ? 0x80 : 0, 0, 0x08, 18, disk.cache ? 0x04 : 0};

    if (disk.no_mode_sense || (disk.no_cache_page && task->cdb[2] == 8)) {
        check_condition(task, false, 5, 0x24, 0);
        return;
    }
    if (disk.no_cache_page)
        bytes[0] = 3;
    answer(task, bytes, bytes[0] + 1u);
}

static void serve_luns(struct task *task)
{
    uint8_t bytes[8 + 8 * 20] = {0, 0, 0, 160};
    static const uint8_t zeros[8];

    assert_memory_equal(task->lun, zeros, 8);
    for (unsigned i = 0; i < 20; i++)
        bytes[8 + 8 * i + 1] = (uint8_t)(i + 1);
    answer(task, bytes, sizeof bytes);
}

static void serve_blocks(struct task *task)
{
    bool wide = task->cdb[0] >= 0x80;
    uint64_t lba = wide ? bytes_get64(task->cdb + 2) : bytes_get32(task->cdb + 2);
    uint32_t count = wide ? bytes_get32(task->cdb + 10) : bytes_get16(task->cdb + 7);

    assert_true(lba <= last_lba() && count <= last_lba() + 1 - lba);
    assert_int_equal(task->length, count * disk.block_size);
    if (disk.max_blocks)
        assert_true(count <= disk.max_blocks);
    task->transferred = task->length;
    if (disk.claimed_last)
        return; /* larger than our memory: only the commands count */
    if (task->direction == TASK_READ)
        memcpy(task->in, disk.data + lba * disk.block_size, task->length);
    else
        memcpy(disk.data + lba * disk.block_size, task->out, task->length);
}

static const struct rule *rule_for(const struct task *task)
{
    for (unsigned i = 0; i < fake.rule_count; i++) {
        struct rule *rule = &fake.rules[i];

        if (rule->opcode != task->cdb[0] || rule->times == 0)
            continue;
        if (rule->skip > 0) {
            rule->skip--;
            return NULL; /* rules for one opcode follow each other */
        }
        rule->times--;
        return rule;
    }
    return NULL;
}

static void execute(struct task *task)
{
    const struct rule *rule = rule_for(task);

    task->state = TASK_DONE;
    task->status = SCSI_GOOD;
    if (rule && rule->transport) {
        task->fault.code = rule->transport;
        return;
    }
    if (rule && rule->status == SCSI_CHECK_CONDITION) {
        check_condition(task, rule->deferred, rule->key, rule->asc, rule->ascq);
        return;
    }
    if (rule && rule->status != SCSI_GOOD) {
        task->status = rule->status;
        return;
    }
    switch (task->cdb[0]) {
    case INQUIRY:
        serve_inquiry(task);
        break;
    case CAPACITY_10:
    case CAPACITY_16:
        serve_capacity(task);
        break;
    case MODE_SENSE:
        serve_mode_sense(task);
        break;
    case REPORT_LUNS:
        serve_luns(task);
        break;
    case READ_10:
    case READ_16:
    case 0x2a:
    case WRITE_16:
        serve_blocks(task);
        break;
    default:
        break;
    }
    if (rule)
        task->transferred -= rule->missing;
}

/* The disk does one command: the index-th of those that wait. */
static void serve(unsigned index)
{
    struct task *task;

    assert_true(index < fake.queued);
    task = fake.queue[index];
    drop(index);
    execute(task);
}

/* --- The test's hands --- */

static int setup(void **state)
{
    (void)state;
    memset(&fake, 0, sizeof fake);
    memset(&disk, 0, sizeof disk);
    fake.state = SESSION_READY;
    fake.epoch = 1;
    fake.room = SESSION_TASKS_MAX;
    disk.block_size = 512;
    disk.blocks = BLOCKS_MAX;
    disk.identity = 0x5a;
    disk.cache = true;
    memcpy(disk.pages, "\x00\x80\x83\xb0", 4);
    disk.page_count = 4;
    for (size_t i = 0; i < sizeof disk.data; i++)
        disk.data[i] = (uint8_t)(i * 7 + i / 512);
    now = 1000;
    lun_init(&lun, &fake_session, &(struct lun_config){.lun = {0, 1}});
    return 0;
}

static void add_rule(struct rule rule)
{
    assert_true(fake.rule_count < COUNT(fake.rules));
    fake.rules[fake.rule_count++] = rule;
}

static void sense_rule(uint8_t opcode, unsigned times, uint8_t key, uint8_t asc, uint8_t ascq)
{
    add_rule((struct rule){.opcode = opcode,
                           .times = times,
                           .status = SCSI_CHECK_CONDITION,
                           .key = key,
                           .asc = asc,
                           .ascq = ascq});
}

/* Let disk and clock go on until nothing is left to do; a pause is passed over by moving the clock. */
static void settle(void)
{
    for (unsigned turns = 0; turns < 100000; turns++) {
        uint64_t next = lun_step(&lun, now);

        if (fake.queued > 0) {
            serve(0);
        } else if (next != UINT64_MAX && (lun.state == LUN_OPENING || lun.requests)) {
            assert_true(next > now);
            now = next;
        } else {
            return;
        }
    }
    fail_msg("it does not come to an end");
}

static void open_lun(void)
{
    lun_open(&lun);
    settle();
    assert_int_equal(lun.state, LUN_READY);
    fake.log[0] = '\0';
    fake.commands = 0;
    fake.most_queued = 0;
}

static enum fault_code failed_open(void)
{
    lun_open(&lun);
    settle();
    assert_int_equal(lun.state, LUN_FAILED);
    return lun.fault.code;
}

static uint8_t buffer[BLOCKS_MAX * 512];

static struct lun_request read_request(uint64_t lba, uint64_t blocks)
{
    return (struct lun_request){.operation = LUN_READ, .lba = lba, .blocks = blocks, .in = buffer};
}

static struct lun_request write_request(uint64_t lba, uint64_t blocks, const uint8_t *out)
{
    return (struct lun_request){.operation = LUN_WRITE, .lba = lba, .blocks = blocks, .out = out};
}

static enum fault_code run(struct lun_request *request)
{
    lun_step(&lun, now);
    lun_submit(&lun, request);
    settle();
    assert_int_equal(request->state, LUN_REQUEST_DONE);
    assert_null(lun.requests);
    return request->fault.code;
}

static enum fault_code run_read(uint64_t lba, uint64_t blocks)
{
    struct lun_request request = read_request(lba, blocks);

    memset(buffer, 0xee, sizeof buffer);
    return run(&request);
}

static enum fault_code run_operation(enum lun_operation operation)
{
    struct lun_request request = {.operation = operation};

    return run(&request);
}

/* --- Identification --- */

static void test_req_277_order_of_the_questions(void **state)
{
    (void)state;
    lun_open(&lun);
    settle();
    assert_int_equal(lun.state, LUN_READY);
    assert_string_equal(fake.log, "12 12 12 12 12 00 25 9e 1a ");
    assert_string_equal(lun.info.identity.vendor, "LUNBOOT");
    assert_string_equal(lun.info.serial, "S123");
    assert_int_equal(lun.info.designator.type, 3);
    assert_int_equal(lun.info.capacity.last_lba, BLOCKS_MAX - 1);
    assert_int_equal(lun.info.capacity.block_size, 512);
    assert_int_equal(lun.info.capacity.physical_exponent, 3); /* READ CAPACITY(16) was heard */
    assert_int_equal(lun.info.max_blocks, 512);
    assert_false(lun.info.write_protected);
    assert_true(lun.info.write_cache);
}

static void test_identification_waits_for_the_session(void **state)
{
    (void)state;
    fake.epoch = 0;
    fake.state = SESSION_LOGIN;
    lun_open(&lun);
    assert_true(lun_step(&lun, now) == UINT64_MAX);
    assert_int_equal(fake.commands, 0);
    assert_int_equal(lun.state, LUN_OPENING);
    fake.state = SESSION_FAILED;
    fake.fault.code = FAULT_LOGIN_STATUS;
    lun_step(&lun, now);
    assert_int_equal(lun.state, LUN_FAILED);
    assert_int_equal(lun.fault.code, FAULT_LOGIN_STATUS);
    assert_int_equal(fake.opens, 0); /* the session has made all the attempts that it may */
    fake.state = SESSION_READY;
    fake.epoch = 1;
    open_lun();
}

static void test_req_278_the_configured_lun_is_sent_unchanged(void **state)
{
    static const uint8_t odd[8] = {0x47, 0x52, 0x3a, 0x4f, 0x6b, 0x7e, 0x2f, 0x99};

    (void)state;
    lun_init(&lun, &fake_session,
             &(struct lun_config){.lun = {0x47, 0x52, 0x3a, 0x4f, 0x6b, 0x7e, 0x2f, 0x99}});
    lun_open(&lun);
    while (lun.state == LUN_OPENING) {
        lun_step(&lun, now);
        if (fake.queued > 0) {
            assert_memory_equal(fake.queue[0]->lun, odd, 8);
            serve(0);
        }
    }
    assert_int_equal(lun.state, LUN_READY);
}

static void test_req_281_only_connected_disks(void **state)
{
    static const struct {
        uint8_t first_byte;
        enum fault_code code;
    } rows[] = {
        {0x00, FAULT_NONE},       {0x07, FAULT_NONE},       {0x20, FAULT_NO_LUN},
        {0x60, FAULT_NO_LUN},     {0x7f, FAULT_NO_LUN},     {0x1f, FAULT_NO_LUN},
        {0x05, FAULT_NOT_A_DISK}, {0x01, FAULT_NOT_A_DISK}, {0x0c, FAULT_NOT_A_DISK},
        {0x0d, FAULT_NOT_A_DISK},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        setup(state);
        disk.first_byte = rows[i].first_byte;
        if (rows[i].code == FAULT_NONE)
            open_lun();
        else
            assert_int_equal(failed_open(), rows[i].code);
    }
}

static void test_a_missing_lun_lists_those_that_are_there(void **state)
{
    (void)state;
    disk.first_byte = 0x7f;
    assert_int_equal(failed_open(), FAULT_NO_LUN);
    assert_string_equal(fake.log, "12 a0 ");
    assert_int_equal(lun.present_count, LUN_PRESENT_MAX);
    assert_int_equal(lun.present[15][1], 16);
    assert_true(lun.present_more); /* the disk lists 20 */
    /* a target that answers with sense data instead */
    setup(state);
    sense_rule(INQUIRY, 1, 5, 0x25, 0);
    assert_int_equal(failed_open(), FAULT_NO_LUN);
    assert_int_equal(lun.present_count, LUN_PRESENT_MAX);
    /* and one that does not even list */
    setup(state);
    disk.first_byte = 0x7f;
    sense_rule(REPORT_LUNS, 1, 5, 0x20, 0);
    assert_int_equal(failed_open(), FAULT_NO_LUN);
    assert_int_equal(lun.present_count, 0);
}

static void test_req_283_missing_pages_do_not_matter(void **state)
{
    (void)state;
    disk.page_count = 0; /* not even the list of pages */
    disk.no_mode_sense = true;
    open_lun();
    assert_string_equal(lun.info.serial, "");
    assert_int_equal(lun.info.designator.type, 0);
    assert_true(lun.info.write_cache); /* not known: flush to be sure */
    setup(state);
    disk.page_count = 2; /* 00 and 80 alone: the others are not asked for */
    lun_open(&lun);
    settle();
    assert_int_equal(lun.state, LUN_READY);
    assert_string_equal(fake.log, "12 12 12 00 25 9e 1a ");
    setup(state);
    sense_rule(INQUIRY, 4, 5, 0x24, 0); /* INQUIRY itself is refused */
    assert_int_equal(failed_open(), FAULT_SCSI_SENSE);
    setup(state);
    add_rule((struct rule){
        .opcode = INQUIRY, .skip = 2, .times = 3, .status = SCSI_CHECK_CONDITION, .key = 5, .asc = 0x24});
    open_lun(); /* listed, but refused */
    assert_string_equal(lun.info.serial, "");
}

static void test_req_277_test_unit_ready_until_clear(void **state)
{
    (void)state;
    sense_rule(0x00, 3, 6, 0x29, 0); /* several unit attentions in a row */
    sense_rule(0x00, 2, 2, 0x04, 1);
    lun_open(&lun);
    settle();
    assert_int_equal(lun.state, LUN_READY);
    assert_string_equal(fake.log, "12 12 12 12 12 00 00 00 00 00 00 25 9e 1a ");
}

static void test_req_298_unit_attentions_without_end_are_bounded(void **state)
{
    (void)state;
    sense_rule(0x00, 1000, 6, 0x29, 0);
    assert_int_equal(failed_open(), FAULT_SCSI_SENSE);
    assert_int_equal(lun.fault.sense_key, 6);
    assert_true(fake.commands < 30);
}

static void test_req_301_becoming_ready_is_waited_for_within_the_budget(void **state)
{
    uint64_t start;

    (void)state;
    sense_rule(0x00, 100000, 2, 0x04, 1);
    start = now;
    assert_int_equal(failed_open(), FAULT_NOT_READY);
    assert_true(now - start >= 60000 && now - start < 70000);
    assert_true(fake.commands < 60); /* pauses grow */
    setup(state);
    lun_init(&lun, &fake_session, &(struct lun_config){.lun = {0, 1}, .ready_ms = 5000});
    sense_rule(0x00, 100000, 2, 0x04, 0x0a);
    start = now;
    assert_int_equal(failed_open(), FAULT_NOT_READY);
    assert_true(now - start >= 5000 && now - start < 10000);
    assert_int_equal(lun.fault.asc, 0x04);
    assert_int_equal(lun.fault.ascq, 0x0a);
}

static void test_req_301_final_causes_are_not_waited_for(void **state)
{
    static const uint8_t rows[][2] = {{0x04, 0x03}, {0x3a, 0x00}, {0x04, 0x0b}, {0x04, 0x0c}};
    uint64_t start;

    for (size_t i = 0; i < COUNT(rows); i++) {
        setup(state);
        sense_rule(0x00, 100000, 2, rows[i][0], rows[i][1]);
        start = now;
        assert_int_equal(failed_open(), FAULT_NOT_READY);
        assert_int_equal(now, start);
    }
}

static unsigned times_logged(const char *opcode)
{
    unsigned count = 0;

    for (const char *at = fake.log; (at = strstr(at, opcode)) != NULL; at += strlen(opcode))
        count++;
    return count;
}

static void test_req_301_start_unit_is_tried_once(void **state)
{
    (void)state;
    sense_rule(0x00, 1, 2, 0x04, 2);
    sense_rule(0x00, 3, 2, 0x04, 1); /* then it spins up */
    lun_open(&lun);
    settle();
    assert_int_equal(lun.state, LUN_READY);
    assert_int_equal(times_logged("1b "), 1);
    setup(state);
    sense_rule(0x00, 100000, 2, 0x04, 2); /* it never does */
    assert_int_equal(failed_open(), FAULT_NOT_READY);
    assert_int_equal(times_logged("1b "), 1);
}

static void test_req_299_busy_during_identification(void **state)
{
    uint64_t start = now;

    (void)state;
    add_rule((struct rule){.opcode = CAPACITY_10, .times = 4, .status = SCSI_BUSY});
    open_lun();
    assert_true(now - start >= 100 + 200 + 400 + 800);
    setup(state);
    start = now;
    add_rule((struct rule){.opcode = CAPACITY_10, .times = 1000000, .status = SCSI_BUSY});
    assert_int_equal(failed_open(), FAULT_SCSI_STATUS);
    assert_int_equal(lun.fault.scsi_status, SCSI_BUSY);
    assert_true(now - start < 70000);
}

static void test_req_300_reservation_conflict_ends_at_once(void **state)
{
    (void)state;
    add_rule((struct rule){.opcode = 0x00, .times = 1000, .status = SCSI_RESERVATION_CONFLICT});
    assert_int_equal(failed_open(), FAULT_SCSI_STATUS);
    assert_int_equal(lun.fault.scsi_status, SCSI_RESERVATION_CONFLICT);
    assert_int_equal(times_logged("00 "), 1);
}

static void test_req_288_capacity_by_the_form_that_is_known(void **state)
{
    (void)state;
    sense_rule(CAPACITY_16, 1, 5, 0x20, 0);
    open_lun();
    assert_int_equal(lun.info.capacity.last_lba, BLOCKS_MAX - 1);
    setup(state);
    sense_rule(CAPACITY_16, 1, 5, 0x24, 0); /* the service action is not known */
    open_lun();
    setup(state);
    sense_rule(CAPACITY_10, 1, 5, 0x20, 0);
    open_lun();
    assert_int_equal(lun.info.capacity.last_lba, BLOCKS_MAX - 1);
    setup(state);
    sense_rule(CAPACITY_10, 1, 5, 0x20, 0);
    sense_rule(CAPACITY_16, 1, 5, 0x20, 0);
    assert_int_equal(failed_open(), FAULT_BAD_CAPACITY);
    setup(state);
    disk.claimed_last = 0x100000000u; /* too large for ten bytes, and sixteen are refused */
    sense_rule(CAPACITY_16, 1, 5, 0x20, 0);
    assert_int_equal(failed_open(), FAULT_BAD_CAPACITY);
    setup(state);
    sense_rule(CAPACITY_16, 1, 3, 0x11, 0); /* another error is no reason to guess */
    assert_int_equal(failed_open(), FAULT_SCSI_SENSE);
}

static void test_req_289_short_capacity_fails(void **state)
{
    (void)state;
    add_rule((struct rule){.opcode = CAPACITY_10, .times = 1, .missing = 1});
    assert_int_equal(failed_open(), FAULT_SHORT_DATA);
    setup(state);
    add_rule((struct rule){.opcode = CAPACITY_16, .times = 1, .missing = 21});
    assert_int_equal(failed_open(), FAULT_SHORT_DATA);
}

static void test_req_285_unusable_block_sizes_fail(void **state)
{
    static const uint32_t sizes[] = {0, 3, 520, 0x80000000u};

    for (size_t i = 0; i < COUNT(sizes); i++) {
        setup(state);
        disk.block_size = sizes[i];
        assert_int_equal(failed_open(), FAULT_BAD_CAPACITY);
    }
}

static void test_req_284_332_transfer_limits(void **state)
{
    static const struct {
        uint32_t configured, page, block_size, expected;
    } rows[] = {
        {0, 0, 512, 512},     {0, 0, 4096, 64},          {0, 100, 512, 100},
        {0, 1, 512, 1},       {0, 0xffffffff, 512, 512}, {1, 0, 512, 1},
        {65536, 0, 512, 128}, {65536, 1000, 4096, 16},   {0x80000000u, 0, 512, 65535},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        setup(state);
        disk.max_blocks = rows[i].page;
        disk.block_size = rows[i].block_size;
        disk.blocks = 1000;
        lun_init(&lun, &fake_session,
                 &(struct lun_config){.lun = {0, 1}, .max_transfer = rows[i].configured});
        open_lun();
        assert_int_equal(lun.info.max_blocks, rows[i].expected);
        assert_int_equal(run_read(0, 1000), FAULT_NONE);
        assert_memory_equal(buffer, disk.data, 1000 * rows[i].block_size);
        assert_int_equal(fake.commands, (1000 + rows[i].expected - 1) / rows[i].expected);
    }
}

static void test_req_293_write_protection_refuses_writes(void **state)
{
    struct lun_request request = write_request(0, 1, buffer);

    (void)state;
    disk.protected = true;
    open_lun();
    assert_true(lun.info.write_protected);
    assert_int_equal(run(&request), FAULT_WRITE_PROTECTED);
    assert_int_equal(fake.commands, 0);
    assert_int_equal(run_read(0, 1), FAULT_NONE);
    setup(state);
    disk.protected = true;
    disk.no_cache_page = true; /* the bit is found in the answer for all pages */
    open_lun();
    assert_true(lun.info.write_protected);
    assert_true(lun.info.write_cache);
}

/* --- Reading and writing --- */

static void test_reads_of_every_place_and_size(void **state)
{
    static const uint64_t rows[][2] = {{0, 1},    {0, 512},     {0, 513},       {1, 1024},
                                       {8191, 1}, {7000, 1192}, {0, BLOCKS_MAX}};

    (void)state;
    open_lun();
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(run_read(rows[i][0], rows[i][1]), FAULT_NONE);
        assert_memory_equal(buffer, disk.data + rows[i][0] * 512, rows[i][1] * 512);
        assert_int_equal(buffer[rows[i][1] * 512 % sizeof buffer],
                         rows[i][1] == BLOCKS_MAX ? disk.data[0] : 0xee);
    }
}

static void test_req_290_tiny_disks_and_the_last_block(void **state)
{
    (void)state;
    disk.blocks = 1;
    open_lun();
    assert_int_equal(run_read(0, 1), FAULT_NONE);
    assert_int_equal(run_read(1, 1), FAULT_BAD_REQUEST);
    assert_int_equal(run_read(0, 2), FAULT_BAD_REQUEST);
    setup(state);
    disk.blocks = 3;
    open_lun();
    assert_int_equal(run_read(0, 3), FAULT_NONE);
    assert_int_equal(run_read(2, 1), FAULT_NONE);
    assert_memory_equal(buffer, disk.data + 1024, 512);
}

static void test_requests_outside_the_disk_send_nothing(void **state)
{
    static const uint64_t rows[][2] = {{BLOCKS_MAX, 1}, {BLOCKS_MAX - 1, 2},      {UINT64_MAX, 1},
                                       {1, UINT64_MAX}, {UINT64_MAX, UINT64_MAX}, {BLOCKS_MAX + 1, 0}};

    (void)state;
    open_lun();
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(run_read(rows[i][0], rows[i][1]), FAULT_BAD_REQUEST);
    assert_int_equal(run_read(5, 0), FAULT_NONE);
    assert_int_equal(run_read(BLOCKS_MAX, 0), FAULT_NONE);
    assert_int_equal(fake.commands, 0);
}

static void test_req_287_large_disks_use_long_commands(void **state)
{
    (void)state;
    disk.claimed_last = 0x2000000000u;
    open_lun();
    assert_int_equal(run_read(0x100000000u, 1), FAULT_NONE);
    assert_int_equal(run_read(0x2000000000u, 1), FAULT_NONE);
    assert_string_equal(fake.log, "88 88 ");
    sense_rule(READ_16, 1000, 5, 0x20, 0); /* there is no other form that would do */
    assert_int_equal(run_read(0, 1), FAULT_SCSI_SENSE);
}

static void test_req_288_reads_fall_back_to_ten_bytes(void **state)
{
    (void)state;
    open_lun();
    sense_rule(READ_16, 1000, 5, 0x20, 0);
    assert_int_equal(run_read(100, 2000), FAULT_NONE);
    assert_memory_equal(buffer, disk.data + 100 * 512, 2000 * 512);
    fake.log[0] = '\0';
    assert_int_equal(run_read(0, 1), FAULT_NONE);
    assert_string_equal(fake.log, "28 "); /* it is remembered */
    sense_rule(READ_10, 1000, 5, 0x20, 0);
    assert_int_equal(run_read(0, 1), FAULT_SCSI_SENSE);
}

static void test_req_214_a_short_read_is_never_success(void **state)
{
    (void)state;
    open_lun();
    add_rule((struct rule){.opcode = READ_16, .skip = 1, .times = 1, .missing = 512});
    assert_int_equal(run_read(0, 2000), FAULT_SHORT_DATA);
    assert_int_equal(run_read(0, 2000), FAULT_NONE);
}

static void test_several_commands_in_flight_and_any_order_of_answers(void **state)
{
    struct lun_request request = read_request(0, 4096);

    (void)state;
    open_lun();
    memset(buffer, 0xee, sizeof buffer);
    lun_submit(&lun, &request);
    assert_int_equal(fake.queued, 8);
    while (fake.queued > 0) {
        serve(fake.queued - 1);
        lun_step(&lun, now);
        assert_int_equal(request.state == LUN_REQUEST_DONE, fake.queued == 0);
    }
    assert_int_equal(request.fault.code, FAULT_NONE);
    assert_memory_equal(buffer, disk.data, 4096 * 512);
}

static void test_queue_depth_is_kept(void **state)
{
    struct lun_request request = read_request(0, BLOCKS_MAX);

    (void)state;
    lun_init(&lun, &fake_session,
             &(struct lun_config){.lun = {0, 1}, .max_transfer = 4096, .queue_depth = 5});
    open_lun();
    assert_int_equal(run(&request), FAULT_NONE);
    assert_int_equal(fake.most_queued, 5);
    assert_int_equal(fake.commands, BLOCKS_MAX / 8);
    /* a session with less room than that */
    fake.room = 2;
    fake.most_queued = 0;
    assert_int_equal(run_read(0, BLOCKS_MAX), FAULT_NONE);
    assert_int_equal(fake.most_queued, 2);
    assert_memory_equal(buffer, disk.data, sizeof buffer);
}

static void test_req_237_writes_and_reads_of_the_same_blocks_keep_their_order(void **state)
{
    static uint8_t ones[1024 * 512], twos[1024 * 512], seen[1024 * 512];
    struct lun_request first = write_request(0, 1024, ones), read = read_request(1023, 1);
    struct lun_request second = write_request(512, 1024, twos), other = read_request(4000, 1);

    (void)state;
    open_lun();
    memset(ones, 1, sizeof ones);
    memset(twos, 2, sizeof twos);
    lun_submit(&lun, &first);
    assert_int_equal(fake.queued, 2);
    lun_submit(&lun, &read); /* must see what `first` writes, and not what `second` does */
    lun_submit(&lun, &second);
    assert_int_equal(fake.queued, 2);
    other.in = seen;
    lun_submit(&lun, &other); /* touches none of them */
    assert_int_equal(fake.queued, 3);
    serve(2);
    serve(1);
    lun_step(&lun, now);
    assert_int_equal(other.state, LUN_REQUEST_DONE);
    assert_int_equal(fake.queued, 1); /* the first write is not whole yet */
    serve(0);
    lun_step(&lun, now);
    assert_int_equal(first.state, LUN_REQUEST_DONE);
    assert_int_equal(fake.queued, 1);
    serve(0);
    lun_step(&lun, now);
    assert_int_equal(read.state, LUN_REQUEST_DONE);
    assert_int_equal(buffer[0], 1);
    settle();
    assert_int_equal(second.fault.code, FAULT_NONE);
    assert_int_equal(disk.data[511 * 512], 1);
    assert_int_equal(disk.data[1023 * 512], 2);
    assert_int_equal(disk.data[1535 * 512], 2);
}

static void test_reads_of_the_same_blocks_go_together(void **state)
{
    static uint8_t other[512];
    struct lun_request one = read_request(7, 1), two = read_request(7, 1);

    (void)state;
    open_lun();
    two.in = other;
    lun_submit(&lun, &one);
    lun_submit(&lun, &two);
    assert_int_equal(fake.queued, 2);
    settle();
    assert_memory_equal(other, buffer, 512);
}

static void test_req_237_a_write_waits_for_aborts_that_are_not_answered(void **state)
{
    static uint8_t ones[512], twos[512];
    struct lun_request first = write_request(9, 1, ones), second = write_request(9, 1, twos);
    struct lun_request read = read_request(0, 1);

    (void)state;
    open_lun();
    memset(twos, 2, sizeof twos);
    lun_submit(&lun, &first);
    lun_cancel(&lun, &first);
    assert_int_equal(first.fault.code, FAULT_CANCELLED);
    assert_int_equal(fake.cancelled_count, 1);
    fake.aborting = 1;
    lun_submit(&lun, &second);
    lun_step(&lun, now);
    assert_int_equal(fake.queued, 0);
    lun_submit(&lun, &read);
    assert_int_equal(fake.queued, 1);
    fake.aborting = 0;
    settle();
    assert_int_equal(second.fault.code, FAULT_NONE);
    assert_int_equal(disk.data[9 * 512], 2);
}

static void test_cancelled_requests_are_never_touched_again(void **state)
{
    struct lun_request request = read_request(0, 2048), other = read_request(0, 1);
    struct lun_request copy;

    (void)state;
    open_lun();
    lun_submit(&lun, &request);
    serve(0);
    lun_step(&lun, now);
    assert_int_equal(fake.queued, 3);
    lun_cancel(&lun, &request);
    assert_int_equal(request.state, LUN_REQUEST_DONE);
    assert_int_equal(request.fault.code, FAULT_CANCELLED);
    assert_int_equal(fake.queued, 0);
    copy = request;
    assert_int_equal(run(&other), FAULT_NONE);
    assert_memory_equal(&copy, &request, sizeof copy);
    lun_cancel(&lun, &other); /* a request that was done stays as it is */
    assert_int_equal(other.fault.code, FAULT_NONE);
}

static void test_cancel_all_takes_back_everything(void **state)
{
    struct lun_request requests[20];

    (void)state;
    open_lun();
    for (size_t i = 0; i < COUNT(requests); i++) {
        requests[i] = read_request(i * 8, 700);
        lun_submit(&lun, &requests[i]);
    }
    lun_cancel_all(&lun);
    assert_int_equal(fake.queued, 0);
    for (size_t i = 0; i < COUNT(requests); i++)
        assert_int_equal(requests[i].fault.code, FAULT_CANCELLED);
    assert_int_equal(run_operation(LUN_PROBE), FAULT_NONE);
}

/* --- Retries --- */

static void test_req_303_aborted_commands_are_tried_a_few_times(void **state)
{
    (void)state;
    open_lun();
    sense_rule(READ_16, 3, 0xb, 0x47, 0);
    assert_int_equal(run_read(0, 8), FAULT_NONE);
    assert_memory_equal(buffer, disk.data, 8 * 512);
    assert_int_equal(fake.commands, 4);
    add_rule((struct rule){.opcode = READ_16, .times = 1000, .status = SCSI_TASK_ABORTED});
    assert_int_equal(run_read(0, 8), FAULT_SCSI_STATUS);
    assert_true(fake.commands < 4 + 20);
}

static void test_req_302_332_medium_errors_end_the_request_and_nothing_else(void **state)
{
    static uint8_t other[512];
    struct lun_request bad = read_request(0, 2048), good = read_request(4000, 1);

    (void)state;
    open_lun();
    good.in = other;
    add_rule((struct rule){
        .opcode = READ_16, .skip = 1, .times = 1, .status = SCSI_CHECK_CONDITION, .key = 3, .asc = 0x11});
    lun_submit(&lun, &bad);
    lun_submit(&lun, &good);
    settle();
    assert_int_equal(bad.fault.code, FAULT_SCSI_SENSE);
    assert_int_equal(bad.fault.sense_key, 3);
    assert_int_equal(bad.fault.asc, 0x11);
    assert_int_equal(fake.cancelled_count, 2); /* its other pieces */
    assert_int_equal(good.fault.code, FAULT_NONE);
    assert_memory_equal(other, disk.data + 4000 * 512, 512);
    assert_int_equal(lun.state, LUN_READY);
}

static void test_req_304_recovered_errors_are_success_and_counted(void **state)
{
    (void)state;
    open_lun();
    add_rule(
        (struct rule){.opcode = READ_16, .times = 1, .status = SCSI_CHECK_CONDITION, .key = 1, .asc = 0x17});
    /* the rule's check condition comes without data: then it is no success */
    assert_int_equal(run_read(0, 1), FAULT_SHORT_DATA);
    assert_int_equal(lun.notes, 0);
    sense_rule(0x00, 1, 1, 0x5d, 0);
    assert_int_equal(run_operation(LUN_PROBE), FAULT_NONE);
    assert_int_equal(lun.notes, 1);
}

static void test_req_299_task_set_full_lowers_the_depth(void **state)
{
    struct lun_request request = read_request(0, 4096);
    uint64_t start = now;

    (void)state;
    lun_init(&lun, &fake_session, &(struct lun_config){.lun = {0, 1}, .max_transfer = 4096});
    open_lun();
    lun_submit(&lun, &request);
    assert_int_equal(fake.queued, 32);
    add_rule((struct rule){.opcode = READ_16, .times = 1, .status = SCSI_TASK_SET_FULL});
    serve(31);
    lun_step(&lun, now);
    while (fake.queued > 0)
        serve(0);
    lun_step(&lun, now);
    assert_in_range(fake.queued, 1, 16);
    settle();
    assert_int_equal(request.fault.code, FAULT_NONE);
    assert_memory_equal(buffer, disk.data, 4096 * 512);
    assert_true(now > start); /* the refused one had its pause */
    /* it comes back in time */
    fake.most_queued = 0;
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(run_read(0, BLOCKS_MAX), FAULT_NONE);
    assert_int_equal(fake.most_queued, 32);
}

static void test_req_299_busy_has_growing_pauses_and_an_end(void **state)
{
    uint64_t start = now;

    (void)state;
    open_lun();
    add_rule((struct rule){.opcode = READ_16, .times = 5, .status = SCSI_BUSY});
    assert_int_equal(run_read(0, 1), FAULT_NONE);
    assert_int_equal(now - start, 100 + 200 + 400 + 800 + 1600);
    start = now;
    add_rule((struct rule){.opcode = READ_16, .times = 100000, .status = SCSI_BUSY});
    assert_int_equal(run_read(0, 1), FAULT_SCSI_STATUS);
    assert_true(now - start >= 55000 && now - start <= 65000);
    assert_true(fake.commands < 60);
}

static void test_req_268_progress_refills_the_budget(void **state)
{
    (void)state;
    lun_init(&lun, &fake_session, &(struct lun_config){.lun = {0, 1}, .max_transfer = 512, .queue_depth = 1});
    open_lun();
    for (unsigned i = 0; i < 8; i++) /* more aborted commands in all than one command may have */
        add_rule((struct rule){.opcode = READ_16, .skip = 1, .times = 3, .status = SCSI_TASK_ABORTED});
    assert_int_equal(run_read(0, 64), FAULT_NONE);
    assert_int_equal(fake.commands, 64 + 24);
    assert_memory_equal(buffer, disk.data, 64 * 512);
}

static void test_req_298_changes_are_looked_at_before_anything_else(void **state)
{
    (void)state;
    open_lun();
    sense_rule(READ_16, 1, 6, 0x2a, 9);
    assert_int_equal(run_read(0, 1), FAULT_NONE);
    assert_string_equal(fake.log, "88 12 12 12 12 12 00 25 9e 1a 88 ");
    fake.log[0] = '\0';
    sense_rule(READ_16, 1, 6, 0x3f, 0x0e); /* the list of units */
    assert_int_equal(run_read(0, 1), FAULT_NONE);
    assert_non_null(strstr(fake.log, "a0 "));
    assert_int_equal(lun.present_count, LUN_PRESENT_MAX);
    fake.log[0] = '\0';
    sense_rule(READ_16, 1, 6, 0x38, 7); /* says nothing about the disk itself */
    assert_int_equal(run_read(0, 1), FAULT_NONE);
    assert_string_equal(fake.log, "88 88 ");
}

static void test_req_013_another_disk_is_refused(void **state)
{
    struct lun_request request = read_request(0, 1);

    (void)state;
    open_lun();
    disk.identity = 0x77;
    sense_rule(READ_16, 1, 6, 0x3f, 3);
    assert_int_equal(run_read(0, 1), FAULT_LUN_CHANGED);
    assert_int_equal(lun.state, LUN_FAILED);
    lun_submit(&lun, &request);
    assert_int_equal(request.state, LUN_REQUEST_DONE);
    assert_int_equal(request.fault.code, FAULT_LUN_CHANGED);
    assert_int_equal(failed_open(), FAULT_LUN_CHANGED); /* opening it again does not make it right */
    disk.identity = 0x5a;
    open_lun();
    setup(state);
    open_lun();
    disk.blocks -= 1; /* another size */
    sense_rule(READ_16, 1, 6, 0x2a, 9);
    assert_int_equal(run_read(0, 1), FAULT_LUN_CHANGED);
}

static void test_req_013_after_a_new_login_the_disk_is_compared(void **state)
{
    (void)state;
    open_lun();
    fake.epoch++;
    assert_int_equal(run_read(0, 1), FAULT_NONE);
    assert_string_equal(fake.log, "12 12 12 12 12 00 25 9e 1a 88 ");
    fake.epoch++;
    disk.identity = 1;
    assert_int_equal(run_read(0, 1), FAULT_LUN_CHANGED);
}

static void test_req_244_asynchronous_attentions_count_too(void **state)
{
    (void)state;
    open_lun();
    memcpy(fake.sense, "\x70\0\6\0\0\0\0\x0a\0\0\0\0\x2a\x09\0\0\0\0", 18);
    fake.attentions = 1;
    disk.blocks /= 2;
    assert_int_equal(run_read(0, 1), FAULT_LUN_CHANGED);
}

static void test_req_297_a_late_write_error_reaches_the_next_write(void **state)
{
    struct lun_request write = write_request(0, 1, buffer);

    (void)state;
    open_lun();
    add_rule((struct rule){.opcode = READ_16,
                           .times = 1,
                           .status = SCSI_CHECK_CONDITION,
                           .key = 3,
                           .asc = 0x0c,
                           .deferred = true});
    assert_int_equal(run_read(0, 1), FAULT_NONE); /* the read itself was only put off */
    assert_int_equal(run_operation(LUN_FLUSH), FAULT_SCSI_SENSE);
    assert_int_equal(run_operation(LUN_FLUSH), FAULT_NONE);
    add_rule((struct rule){.opcode = WRITE_16,
                           .times = 1,
                           .status = SCSI_CHECK_CONDITION,
                           .key = 4,
                           .asc = 0x44,
                           .deferred = true});
    assert_int_equal(run(&write), FAULT_SCSI_SENSE);
}

static void test_command_timeouts_are_tried_once_more(void **state)
{
    (void)state;
    open_lun();
    add_rule((struct rule){.opcode = READ_16, .times = 1, .transport = FAULT_COMMAND_TIMEOUT});
    assert_int_equal(run_read(0, 1), FAULT_NONE);
    add_rule((struct rule){.opcode = READ_16, .times = 2, .transport = FAULT_COMMAND_TIMEOUT});
    assert_int_equal(run_read(0, 1), FAULT_COMMAND_TIMEOUT);
    assert_int_equal(fake.commands, 4);
}

static void test_requests_end_at_their_deadline(void **state)
{
    struct lun_request request = read_request(0, 1024);

    (void)state;
    lun_init(&lun, &fake_session, &(struct lun_config){.lun = {0, 1}, .request_ms = 1000});
    open_lun();
    lun_submit(&lun, &request); /* 512 KiB: 8192 ms more */
    now += 9191;
    assert_true(lun_step(&lun, now) == now + 1);
    assert_int_equal(request.state, LUN_REQUEST_PENDING);
    now++;
    lun_step(&lun, now);
    assert_int_equal(request.state, LUN_REQUEST_DONE);
    assert_int_equal(request.fault.code, FAULT_COMMAND_TIMEOUT);
    assert_int_equal(fake.queued, 0);
}

static void lose_session(enum fault_code code)
{
    for (unsigned i = 0; i < fake.queued; i++) {
        fake.queue[i]->state = TASK_DONE;
        fake.queue[i]->fault.code = FAULT_SESSION_LOST;
    }
    fake.queued = 0;
    fake.state = SESSION_FAILED;
    fake.fault.code = code;
    lun_step(&lun, now);
}

static void test_req_267_a_lost_session_is_opened_again(void **state)
{
    struct lun_request request = read_request(0, 1024), late = read_request(0, 1);

    (void)state;
    open_lun();
    lun_submit(&lun, &request);
    serve(0);
    lose_session(FAULT_TCP_RESET);
    assert_int_equal(fake.opens, 1);
    assert_true(lun.recovery.active);
    assert_int_equal(lun.recovery.cause.code, FAULT_TCP_RESET);
    lun_submit(&lun, &late);
    assert_int_equal(request.state, LUN_REQUEST_PENDING);
    assert_int_equal(late.state, LUN_REQUEST_PENDING);
    fake.state = SESSION_READY;
    fake.epoch++;
    assert_int_equal(run_read(0, 1), FAULT_NONE);
    assert_int_equal(request.fault.code, FAULT_NONE);
    assert_int_equal(late.state, LUN_REQUEST_DONE);
    assert_false(lun.recovery.active);
}

static void test_a_session_that_its_owner_ended_is_not_opened_again(void **state)
{
    struct lun_request request = read_request(0, 8);

    (void)state;
    open_lun();
    fake.state = SESSION_CLOSED;
    lun_submit(&lun, &request);
    assert_int_equal(request.state, LUN_REQUEST_DONE);
    assert_int_equal(request.fault.code, FAULT_SESSION_LOST);
    lun_step(&lun, now);
    assert_int_equal(fake.opens, 0);
}

static void test_req_177_a_refused_authentication_ends_the_recovery(void **state)
{
    struct lun_request request = read_request(0, 8);

    (void)state;
    open_lun();
    lun_submit(&lun, &request);
    lose_session(FAULT_TCP_RESET);
    fake.fault = (struct fault){.code = FAULT_LOGIN_STATUS, .login_class = 2, .login_detail = 1};
    fake.state = SESSION_FAILED;
    lun_step(&lun, now);
    assert_int_equal(request.fault.code, FAULT_LOGIN_STATUS);
    assert_int_equal(lun.state, LUN_FAILED);
    assert_int_equal(fake.opens, 1);
}

/* --- Flush and probe --- */

static void test_req_294_flush(void **state)
{
    struct lun_request write = write_request(0, 1, buffer), flush = {.operation = LUN_FLUSH};

    (void)state;
    open_lun();
    assert_int_equal(run_operation(LUN_FLUSH), FAULT_NONE);
    assert_string_equal(fake.log, "35 ");
    sense_rule(SYNC_CACHE, 1, 5, 0x20, 0);
    assert_int_equal(run_operation(LUN_FLUSH), FAULT_NONE); /* a disk that does not know it has no cache */
    sense_rule(SYNC_CACHE, 1, 5, 0x24, 0);
    assert_int_equal(run_operation(LUN_FLUSH), FAULT_NONE);
    sense_rule(SYNC_CACHE, 1, 3, 0x0c, 0);
    assert_int_equal(run_operation(LUN_FLUSH), FAULT_SCSI_SENSE);
    fake.log[0] = '\0';
    lun_submit(&lun, &write);
    lun_submit(&lun, &flush);
    assert_string_equal(fake.log, "8a "); /* after the writes before it */
    settle();
    assert_string_equal(fake.log, "8a 35 ");
    assert_int_equal(flush.fault.code, FAULT_NONE);
    setup(state);
    disk.cache = false;
    open_lun();
    assert_int_equal(run_operation(LUN_FLUSH), FAULT_NONE);
    assert_int_equal(fake.commands, 0);
}

static void test_probe_asks_until_clear(void **state)
{
    (void)state;
    open_lun();
    assert_int_equal(run_operation(LUN_PROBE), FAULT_NONE);
    assert_string_equal(fake.log, "00 ");
    sense_rule(0x00, 2, 6, 0x2f, 0);
    assert_int_equal(run_operation(LUN_PROBE), FAULT_NONE);
    sense_rule(0x00, 1, 2, 0x3a, 0);
    assert_int_equal(run_operation(LUN_PROBE), FAULT_NOT_READY);
}

static void test_req_305_a_full_pool_is_a_write_error(void **state)
{
    struct lun_request write = write_request(0, 8, buffer);

    (void)state;
    open_lun();
    sense_rule(WRITE_16, 1000, 7, 0x27, 7);
    assert_int_equal(run(&write), FAULT_SCSI_SENSE);
    assert_int_equal(write.fault.asc, 0x27);
    assert_int_equal(write.fault.ascq, 7);
    assert_int_equal(fake.commands, 1);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_req_277_order_of_the_questions),
        TEST(test_identification_waits_for_the_session),
        TEST(test_req_278_the_configured_lun_is_sent_unchanged),
        TEST(test_req_281_only_connected_disks),
        TEST(test_a_missing_lun_lists_those_that_are_there),
        TEST(test_req_283_missing_pages_do_not_matter),
        TEST(test_req_277_test_unit_ready_until_clear),
        TEST(test_req_298_unit_attentions_without_end_are_bounded),
        TEST(test_req_301_becoming_ready_is_waited_for_within_the_budget),
        TEST(test_req_301_final_causes_are_not_waited_for),
        TEST(test_req_301_start_unit_is_tried_once),
        TEST(test_req_299_busy_during_identification),
        TEST(test_req_300_reservation_conflict_ends_at_once),
        TEST(test_req_288_capacity_by_the_form_that_is_known),
        TEST(test_req_289_short_capacity_fails),
        TEST(test_req_285_unusable_block_sizes_fail),
        TEST(test_req_284_332_transfer_limits),
        TEST(test_req_293_write_protection_refuses_writes),
        TEST(test_reads_of_every_place_and_size),
        TEST(test_req_290_tiny_disks_and_the_last_block),
        TEST(test_requests_outside_the_disk_send_nothing),
        TEST(test_req_287_large_disks_use_long_commands),
        TEST(test_req_288_reads_fall_back_to_ten_bytes),
        TEST(test_req_214_a_short_read_is_never_success),
        TEST(test_several_commands_in_flight_and_any_order_of_answers),
        TEST(test_queue_depth_is_kept),
        TEST(test_req_237_writes_and_reads_of_the_same_blocks_keep_their_order),
        TEST(test_reads_of_the_same_blocks_go_together),
        TEST(test_req_237_a_write_waits_for_aborts_that_are_not_answered),
        TEST(test_cancelled_requests_are_never_touched_again),
        TEST(test_cancel_all_takes_back_everything),
        TEST(test_req_303_aborted_commands_are_tried_a_few_times),
        TEST(test_req_302_332_medium_errors_end_the_request_and_nothing_else),
        TEST(test_req_304_recovered_errors_are_success_and_counted),
        TEST(test_req_299_task_set_full_lowers_the_depth),
        TEST(test_req_299_busy_has_growing_pauses_and_an_end),
        TEST(test_req_268_progress_refills_the_budget),
        TEST(test_req_298_changes_are_looked_at_before_anything_else),
        TEST(test_req_013_another_disk_is_refused),
        TEST(test_req_013_after_a_new_login_the_disk_is_compared),
        TEST(test_req_244_asynchronous_attentions_count_too),
        TEST(test_req_297_a_late_write_error_reaches_the_next_write),
        TEST(test_command_timeouts_are_tried_once_more),
        TEST(test_requests_end_at_their_deadline),
        TEST(test_req_267_a_lost_session_is_opened_again),
        TEST(test_a_session_that_its_owner_ended_is_not_opened_again),
        TEST(test_req_177_a_refused_authentication_ends_the_recovery),
        TEST(test_req_294_flush),
        TEST(test_probe_asks_until_clear),
        TEST(test_req_305_a_full_pool_is_a_write_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
