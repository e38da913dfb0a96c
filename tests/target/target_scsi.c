/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The target's disk: commands, Data-In, R2T and Data-Out, ABORT TASK.
 */
#include <stdlib.h>
#include <string.h>

#include "iscsi/bytes.h"
#include "tests/target/target.h"

#define RESERVED 0xffffffffu

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* --- The disk --- */

static void sense(struct target_task *task, uint8_t key, uint8_t asc, uint8_t ascq)
{
    memset(task->sense, 0, sizeof(task->sense));
    task->sense[0] = 0x70;
    task->sense[2] = key;
    task->sense[7] = 10;
    task->sense[12] = asc;
    task->sense[13] = ascq;
    task->has_sense = true;
    task->status = 0x02;
}

/* What the command yields: as much as was asked for and as there is. */
static void yield(struct target_task *task, const void *bytes, uint32_t length, uint32_t asked)
{
    task->available = least(length, asked);
    task->length = least(task->available, task->edtl);
    memcpy(task->data, bytes, task->length);
}

static void inquiry(struct target *target, struct target_task *task, bool there)
{
    static const uint8_t pages[] = {0, 0, 0, 5, 0x00, 0x80, 0x83, 0xb0, 0xb1};
    static const uint8_t serial[] = {0, 0x80, 0, 8, 'S', 'E', 'R', 'I', 'A', 'L', '0', '1'};
    static const char identity[] = "EXAMPLE MEMORY DISK     0001";
    static const uint8_t naa[] = {0, 0x83, 0, 12, 1, 3, 0, 8, 0x60, 1, 2, 3, 4, 5, 6, 7};
    uint8_t limits[64] = {0, 0xb0, 0, 60}, plain[36] = {0, 0, 5, 2, 31};
    uint32_t asked = target_get(task->cdb, 3, 2);

    bytes_put32(limits + 8, 2048);
    bytes_put32(limits + 12, 128);
    memcpy(plain + 8, identity, sizeof(identity) - 1);
    if (!there)
        plain[0] = 0x7f;
    (void)target;
    if (!(task->cdb[1] & 1))
        yield(task, plain, sizeof(plain), asked);
    else if (task->cdb[2] == 0x00)
        yield(task, pages, sizeof(pages), asked);
    else if (task->cdb[2] == 0x80)
        yield(task, serial, sizeof(serial), asked);
    else if (task->cdb[2] == 0x83)
        yield(task, naa, sizeof(naa), asked);
    else if (task->cdb[2] == 0xb0)
        yield(task, limits, sizeof(limits), asked);
    else
        sense(task, 5, 0x24, 0);
}

static void capacity(struct target *target, struct target_task *task, bool wide)
{
    uint8_t data[32] = {0};

    if (wide) {
        bytes_put64(data, target->config.blocks - 1);
        bytes_put32(data + 8, target->config.block_size);
        yield(task, data, 32, target_get(task->cdb, 10, 4));
    } else {
        bytes_put32(data, target->config.blocks - 1);
        bytes_put32(data + 4, target->config.block_size);
        yield(task, data, 8, 8);
    }
}

/* READ and WRITE, ten and sixteen bytes. False when beyond the end. */
static bool range(const struct target *target, struct target_task *task, uint64_t *ret_at,
                  uint32_t *ret_length)
{
    bool wide = task->cdb[0] >= 0x80;
    uint64_t lba = wide ? bytes_get64(task->cdb + 2) : bytes_get32(task->cdb + 2);
    uint32_t count = wide ? bytes_get32(task->cdb + 10) : bytes_get16(task->cdb + 7);

    if (lba > target->config.blocks || count > target->config.blocks - lba) {
        sense(task, 5, 0x21, 0);
        return false;
    }
    *ret_at = lba * target->config.block_size;
    *ret_length = count * target->config.block_size;
    return true;
}

static void transfer(struct target *target, struct target_task *task)
{
    uint64_t at;
    uint32_t length;

    if (!range(target, task, &at, &length))
        return;
    if (length != task->edtl)
        target_complain(target, "the transfer of the CDB is %u bytes, EDTL %u", length, task->edtl);
    if (task->read)
        yield(task, target->disk + at, length, length);
    else if (task->received == task->edtl && length == task->edtl)
        memcpy(target->disk + at, task->data, length);
}

/* SAM: INQUIRY, REPORT LUNS and REQUEST SENSE leave it for the next command. */
static bool tell_attention(struct target *target, struct target_task *task)
{
    uint8_t opcode = task->cdb[0];

    if (target->attentions_left == 0 || opcode == 0x12 || opcode == 0xa0 || opcode == 0x03)
        return false;
    target->attentions_left--;
    sense(task, 6, 0x29, 0);
    return true;
}

static void run(struct target *target, struct target_task *task)
{
    bool there = memcmp(task->lun, target->config.lun, 8) == 0;
    uint8_t luns[16] = {0, 0, 0, 8}, modes[4] = {3, 0, 0, 0};

    memcpy(luns + 8, target->config.lun, 8);
    switch (task->cdb[0]) {
    case 0x12:
        inquiry(target, task, there);
        return;
    case 0xa0:
        yield(task, luns, sizeof(luns), target_get(task->cdb, 6, 4));
        return;
    }
    if (!there) {
        sense(task, 5, 0x25, 0);
        return;
    }
    if (tell_attention(target, task))
        return;
    switch (task->cdb[0]) {
    case 0x00: /* TEST UNIT READY */
    case 0x1b: /* START STOP UNIT */
    case 0x35: /* SYNCHRONIZE CACHE */
    case 0x91:
        return;
    case 0x1a:
        yield(task, modes, sizeof(modes), task->cdb[4]);
        return;
    case 0x25:
        capacity(target, task, false);
        return;
    case 0x9e:
        capacity(target, task, true);
        return;
    case 0x28:
    case 0x88:
    case 0x2a:
    case 0x8a:
        transfer(target, task);
        return;
    default:
        sense(task, 5, 0x20, 0);
    }
}

/* --- Answers --- */

static void end(struct target_task *task)
{
    free(task->data);
    *task = (struct target_task){.used = false};
}

static void put_residual(const struct target_task *task, uint8_t *header)
{
    uint32_t moved = task->read ? task->available : task->received;

    if (task->read && task->available > task->edtl) {
        header[1] |= 0x04;
        target_put(header, 44, 4, task->available - task->edtl);
    } else if (moved < task->edtl) {
        header[1] |= 0x02;
        target_put(header, 44, 4, task->edtl - moved);
    }
}

static void respond(struct target *target, struct target_task *task)
{
    uint8_t header[48] = {0x21, 0x80, target->next_response, task->status};
    uint8_t data[20] = {0, 18};

    target_put(header, 16, 4, task->itt);
    put_residual(task, header);
    target_put(header, 36, 4, task->write ? task->r2t_sn : task->data_sn);
    if (target->next_response != 0) {
        header[3] = 0;
        target_put(header, 36, 4, 0);
    }
    target->next_response = 0;
    memcpy(data + 2, task->sense, 18);
    if (task->sense_text != NULL)
        target_send(target, header, task->sense_text, task->sense_length, true);
    else
        target_send(target, header, data, task->has_sense ? 20 : 0, true);
    end(task);
}

/* One Data-In of this task; the last one carries the status, or a SCSI Response follows. */
static void send_data_in(struct target *target, struct target_task *task)
{
    uint32_t limit =
        target->config.segment != 0 ? least(target->config.segment, target->keys_recv) : target->keys_recv;
    uint32_t n = least(least(task->length - task->sent, limit), target->keys_max_burst - task->sequence);
    uint8_t header[48] = {0x25};
    bool last = task->sent + n == task->length;
    bool status = last && !target->config.separate_status && task->status == 0;

    task->sequence += n;
    if (last || task->sequence == target->keys_max_burst) {
        header[1] |= 0x80;
        task->sequence = 0;
    }
    target_put(header, 16, 4, task->itt);
    target_put(header, 20, 4, RESERVED);
    target_put(header, 36, 4, task->data_sn++);
    target_put(header, 40, 4, task->sent);
    if (status) {
        header[1] |= 0x01;
        put_residual(task, header);
    }
    target_send(target, header, task->data + task->sent, n, status);
    task->sent += n;
    if (status)
        end(task);
    else if (last)
        respond(target, task);
}

/* A read that lost its end: honest targets say so. */
static void shorten(struct target *target, struct target_task *task)
{
    uint32_t by = least(target->short_by, task->length);

    target->short_by = 0;
    task->length -= by;
    if (target->short_honest)
        task->available -= by;
}

void target_execute(struct target *target, struct target_task *task)
{
    run(target, task);
    if (target->next_status_set) {
        target->next_status_set = false;
        task->status = target->next_status;
        if (task->status == 0x02)
            sense(task, 6, 0x29, 0);
        if (task->status != 0)
            task->length = task->available = 0;
    }
    if (target->next_response != 0)
        task->length = task->available = 0;
    target_lie_to_command(target, task);
    if (task->read && target->short_by != 0)
        shorten(target, task);
    if (!task->read || task->length == 0) {
        respond(target, task);
        return;
    }
    task->held = false;
    task->sent = 0;           /* target_work sends it */
    task->unsolicited = true; /* marks a read that runs */
}

void target_work(struct target *target)
{
    for (bool more = true; more;) {
        more = false;
        for (unsigned i = 0; i < TARGET_TASKS; i++) {
            struct target_task *task = &target->tasks[i];

            while (task->used && task->read && task->unsolicited) {
                send_data_in(target, task);
                if (target->config.interleave)
                    break;
            }
            more |= task->used && task->read && task->unsolicited;
        }
    }
}

/* --- Writes --- */

static void ready(struct target *target, struct target_task *task)
{
    if (target->hold)
        task->held = true;
    else
        target_execute(target, task);
}

/* Ask for what is missing, as many bursts at once as was agreed. */
static void ask(struct target *target, struct target_task *task)
{
    uint32_t size =
        target->r2t_size != 0 ? least(target->r2t_size, target->keys_max_burst) : target->keys_max_burst;

    while (task->burst_count < least(target->keys_r2ts, TARGET_R2TS) && task->asked < task->edtl) {
        struct target_burst *burst = &task->bursts[task->burst_count++];
        uint8_t header[48] = {0x31, 0x80};

        *burst = (struct target_burst){.ttt = 0x7a000000u + target->next_ttt++, .at = task->asked};
        burst->end = burst->at + least(size, task->edtl - task->asked);
        task->asked = burst->end;
        memcpy(header + 8, task->lun, 8);
        target_put(header, 16, 4, task->itt);
        target_put(header, 20, 4, burst->ttt);
        target_put(header, 36, 4, task->r2t_sn++);
        target_put(header, 40, 4, burst->at);
        target_put(header, 44, 4, burst->end - burst->at);
        target_send(target, header, NULL, 0, false);
    }
}

static void go_on(struct target *target, struct target_task *task)
{
    if (task->unsolicited)
        return;
    if (task->received == task->edtl)
        ready(target, task);
    else
        ask(target, task);
}

static struct target_task *find(struct target *target, uint32_t itt)
{
    for (unsigned i = 0; i < TARGET_TASKS; i++) {
        if (target->tasks[i].used && target->tasks[i].itt == itt)
            return &target->tasks[i];
    }
    return NULL;
}

static bool data_out_fits(struct target *target, struct target_task *task, const uint8_t *header,
                          uint32_t length, struct target_burst *burst)
{
    uint32_t offset = target_get(header, 40, 4), sn = target_get(header, 36, 4);
    bool final = header[1] & 0x80;

    if (sn != burst->data_sn || offset != burst->at || length == 0 || length > burst->end - burst->at) {
        target_complain(target, "Data-Out %u at %u, %u bytes: expected %u at %u, at most %u", sn, offset,
                        length, burst->data_sn, burst->at, burst->end - burst->at);
        return false;
    }
    if (final != (offset + length == burst->end))
        target_complain(target, "Data-Out with F %d at %u of %u", final, offset + length, burst->end);
    if (task->received != offset)
        target_complain(target, "Data-Out at %u after %u", offset, task->received);
    return true;
}

static void take_unsolicited(struct target *target, struct target_task *task, const uint8_t *header,
                             const uint8_t *data, uint32_t length)
{
    static const uint8_t zero[8];
    struct target_burst burst = {.at = task->received, .end = task->asked, .data_sn = task->unsolicited_sn};

    if (!task->unsolicited || memcmp(header + 8, zero, 8) != 0)
        target_complain(target, "unsolicited Data-Out that may not be");
    for (unsigned i = 0; i < TARGET_TASKS; i++) {
        struct target_task *other = &target->tasks[i];
        if (other->used && other->unsolicited && other->write && other->cmd_sn - task->cmd_sn > 0x80000000u)
            target_complain(target, "unsolicited data out of command order");
    }
    if (!data_out_fits(target, task, header, length, &burst))
        return;
    memcpy(task->data + task->received, data, length);
    task->received += length;
    task->unsolicited_sn++;
    if (header[1] & 0x80)
        task->unsolicited = false;
    go_on(target, task);
}

static void take_solicited(struct target *target, struct target_task *task, const uint8_t *header,
                           const uint8_t *data, uint32_t length)
{
    struct target_burst *burst = &task->bursts[0];

    if (task->burst_count == 0 || burst->ttt != target_get(header, 20, 4) ||
        memcmp(header + 8, task->lun, 8) != 0) {
        target_complain(target, "Data-Out that no R2T asked for");
        return;
    }
    if (!data_out_fits(target, task, header, length, burst))
        return;
    memcpy(task->data + burst->at, data, length);
    task->received += length;
    burst->at += length;
    burst->data_sn++;
    if (burst->at == burst->end) {
        task->burst_count--;
        memmove(&task->bursts[0], &task->bursts[1], task->burst_count * sizeof(task->bursts[0]));
    }
    if (task->received == task->edtl || task->burst_count < target->keys_r2ts)
        go_on(target, task);
}

void target_take_data_out(struct target *target, const uint8_t *header, const uint8_t *data, uint32_t length)
{
    struct target_task *task = find(target, target_get(header, 16, 4));

    if (task == NULL || !task->write) {
        if (!target->stray_ok)
            target_complain(target, "Data-Out for no task");
        return;
    }
    if (target_get(header, 20, 4) == RESERVED)
        take_unsolicited(target, task, header, data, length);
    else
        take_solicited(target, task, header, data, length);
}

/* --- Commands --- */

/* Sections 11.3 and 13.10 to 13.14. */
static void check_command(struct target *target, const uint8_t *header, uint32_t edtl, uint32_t length)
{
    bool final = header[1] & 0x80, read = header[1] & 0x40, write = header[1] & 0x20;
    uint32_t first = least(target->keys_first_burst, edtl);

    if ((header[1] & 0x07) != 1)
        target_complain(target, "ATTR is not simple");
    if (header[0] & 0x40)
        target_complain(target, "an immediate SCSI command");
    if (read && write)
        target_complain(target, "R and W");
    if (!read && !write && edtl != 0)
        target_complain(target, "EDTL without a direction");
    if (length != 0 &&
        (!write || !target->keys_immediate || length > first || length > target->config.max_recv))
        target_complain(target, "immediate data of %u bytes", length);
    if (!final && (!write || target->keys_initial_r2t || length >= first))
        target_complain(target, "F=0 where no unsolicited data may follow");
}

void target_take_command(struct target *target, const uint8_t *header, const uint8_t *data, uint32_t length)
{
    uint32_t itt = target_get(header, 16, 4), edtl = target_get(header, 20, 4);
    struct target_task *task = NULL;

    check_command(target, header, edtl, length);
    if (target->deadly_opcode != 0 && header[32] == target->deadly_opcode) {
        target->reset_wanted = true;
        return;
    }
    if (find(target, itt) != NULL || itt == RESERVED)
        target_complain(target, "ITT %08x is in use or reserved", itt);
    for (unsigned i = 0; i < TARGET_TASKS && task == NULL; i++)
        task = target->tasks[i].used ? NULL : &target->tasks[i];
    if (task == NULL) {
        target_complain(target, "more commands than there is room for");
        return;
    }
    *task = (struct target_task){.used = true, .itt = itt, .edtl = edtl, .cmd_sn = target_get(header, 24, 4)};
    task->read = header[1] & 0x40;
    task->write = header[1] & 0x20;
    memcpy(task->lun, header + 8, 8);
    memcpy(task->cdb, header + 32, 16);
    task->data = calloc(1, (size_t)edtl + 1);
    if (task->write) {
        memcpy(task->data, data, least(length, edtl));
        task->received = least(length, edtl);
        task->unsolicited = !(header[1] & 0x80);
        task->asked = task->unsolicited ? least(target->keys_first_burst, edtl) : task->received;
        go_on(target, task);
    } else {
        ready(target, task);
    }
}

void target_release(struct target *target)
{
    target->hold = false;
    for (uint32_t sn = target->exp_cmd_sn - TARGET_TASKS * 4; sn != target->exp_cmd_sn; sn++) {
        for (unsigned i = 0; i < TARGET_TASKS; i++) {
            struct target_task *task = &target->tasks[i];
            if (task->used && task->held && task->cmd_sn == sn)
                target_execute(target, task);
        }
    }
    target_work(target);
}

void target_release_backwards(struct target *target)
{
    target->hold = false;
    for (uint32_t sn = target->exp_cmd_sn - 1; sn != target->exp_cmd_sn - TARGET_TASKS * 4; sn--) {
        for (unsigned i = 0; i < TARGET_TASKS; i++) {
            struct target_task *task = &target->tasks[i];
            if (task->used && task->held && task->cmd_sn == sn) {
                target_execute(target, task);
                target_work(target);
            }
        }
    }
}

static void answer_management(struct target *target, const uint8_t *header, uint8_t response)
{
    uint8_t answer[48] = {0x22, 0x80, response};

    memcpy(answer + 16, header + 16, 4);
    target_send(target, answer, NULL, 0, true);
}

static void take_reset(struct target *target, const uint8_t *header)
{
    if (!(header[0] & 0x40) || memcmp(header + 8, target->config.lun, 8) != 0)
        target_complain(target, "a LOGICAL UNIT RESET that is not immediate, or of another unit");
    if (target_get(header, 20, 4) != 0xffffffffu)
        target_complain(target, "a LOGICAL UNIT RESET that refers to a task");
    if (find(target, target_get(header, 16, 4)) != NULL)
        target_complain(target, "ITT of LOGICAL UNIT RESET is in use");
    if (target->mute_reset)
        return;
    if (target->reset_response == 0)
        target_drop_tasks(target);
    answer_management(target, header, target->reset_response);
}

void target_take_abort(struct target *target, const uint8_t *header)
{
    struct target_task *task = find(target, target_get(header, 20, 4));
    uint8_t response;

    if (header[1] == 0x85 && target->reset_ok) {
        take_reset(target, header);
        return;
    }
    if (header[1] != 0x81 || !(header[0] & 0x40))
        target_complain(target, "a task management request that is not an immediate ABORT TASK");
    if (find(target, target_get(header, 16, 4)) != NULL)
        target_complain(target, "ITT of ABORT TASK is in use");
    if (task != NULL && (task->cmd_sn != target_get(header, 32, 4) || memcmp(task->lun, header + 8, 8) != 0))
        target_complain(target, "ABORT TASK with another RefCmdSN or LUN");
    response = target->abort_response != 0 ? target->abort_response : task == NULL;
    if (task != NULL && target->abort_response == 0)
        end(task);
    if (!target->mute_abort)
        answer_management(target, header, response);
}
