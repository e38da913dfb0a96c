/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the target lies: a PDU is made honestly, and each armed lie that is about such a PDU changes it before
 * it is sent.
 */
#include "tests/target/target_lie.h"

#include <stdlib.h>
#include <string.h>

#define RESERVED 0xffffffffu
#define ROOM     20000u /* that a lie may add to a data segment */

/* --- Arming --- */

const char *target_lie_name(unsigned index)
{
    return target_lie_row(index) != NULL ? target_lie_row(index)->name : NULL;
}

const char *target_lie_requirements(unsigned index)
{
    return target_lie_row(index)->requirements;
}

unsigned target_lie_outcome(unsigned index)
{
    return target_lie_row(index)->outcome;
}

uint8_t target_lie_opcode(unsigned index)
{
    return target_lie_row(index)->opcode;
}

static bool arm(struct target *target, const char *name, unsigned skip, bool always)
{
    for (unsigned i = 0; target_lie_row(i) != NULL; i++) {
        if (strcmp(target_lie_name(i), name) == 0 && target->script_count < TARGET_SCRIPTS) {
            target->scripts[target->script_count++] =
                (struct target_script){.lie = target_lie_row(i), .skip = skip, .always = always};
            return true;
        }
    }
    return false;
}

bool target_lie(struct target *target, const char *name, unsigned skip)
{
    return arm(target, name, skip, false);
}

bool target_lie_always(struct target *target, const char *name, unsigned skip)
{
    return arm(target, name, skip, true);
}

/* --- Is it about this PDU? --- */

/* Where an item of this key begins, and its length with the NUL. */
static char *find_item(const char *text, size_t length, const char *key, size_t *ret_length)
{
    size_t n = strlen(key);

    for (size_t at = 0; at < length;) {
        const char *end = memchr(text + at, '\0', length - at);
        size_t item = end != NULL ? (size_t)(end - text) + 1 - at : length - at;

        if (item > n && memcmp(text + at, key, n) == 0 && text[at + n] == '=') {
            *ret_length = item;
            return (char *)text + at;
        }
        at += item;
    }
    return NULL;
}

static unsigned command_of(const struct target_task *task)
{
    return task->cdb[0] == 0x12 && (task->cdb[1] & 1) ? 0x1200u | task->cdb[2] : task->cdb[0];
}

static struct target_task *task_of(struct target *target, const uint8_t *header)
{
    uint32_t itt = target_get(header, 16, 4);

    for (unsigned i = 0; i < TARGET_TASKS; i++) {
        if (target->tasks[i].used && target->tasks[i].itt == itt)
            return &target->tasks[i];
    }
    return NULL;
}

static bool concerns(struct target *target, const struct target_lie *lie, const uint8_t *header,
                     const void *data, uint32_t length)
{
    const struct target_task *task = lie->command != 0 ? task_of(target, header) : NULL;
    size_t item;

    if (lie->opcode != LIE_ANY && lie->opcode != (header[0] & 0x3f))
        return false;
    if (lie->command != 0 && (task == NULL || command_of(task) != lie->command))
        return false;
    return lie->with == NULL || (length != 0 && find_item(data, length, lie->with, &item) != NULL);
}

/* Whether it is told now: not while others are to pass first, and once unless it is told always. */
static bool due(struct target *target, struct target_script *script)
{
    if (script->skip > 0) {
        script->skip--;
        return false;
    }
    if (!script->always)
        script->lie = NULL;
    target->lies_told++;
    return true;
}

/* --- Before the PDU --- */

/* They have DataSNs too: those of the PDUs behind them move on. */
static void send_empty(struct target *target, uint8_t *next, uint32_t count)
{
    uint8_t header[48] = {0x25};
    struct target_task *task = task_of(target, next);

    memcpy(header + 16, next + 16, 8);
    memcpy(header + 40, next + 40, 4);
    for (uint32_t i = 0; i < count; i++) {
        memcpy(header + 36, next + 36, 4);
        target_send_raw(target, header, NULL, 0, true);
        target_put(next, 36, 4, target_get(next, 36, 4) + 1);
    }
    if (task != NULL)
        task->data_sn += count;
}

static void before(struct target *target, const struct lie_change *change, uint8_t *header)
{
    static const uint8_t lun[8];

    switch (change->act) {
    case LIE_NOPS:
        for (uint32_t i = 0; i < change->value; i++)
            target_send_nop_in(target, RESERVED, change->offset != 0 ? change->offset : RESERVED, lun);
        break;
    case LIE_ASYNC:
        target_send_async(target, (uint8_t)change->value, 0, 1, 5, change->text, change->width);
        break;
    case LIE_REJECT:
        target_send_reject(target, (uint8_t)change->value,
                           target->seen[(target->seen_count - 1) % TARGET_LOG].header, change->width);
        break;
    case LIE_EMPTY:
        send_empty(target, header, change->value);
        break;
    case LIE_WINDOW:
        target_window(target, change->value);
        break;
    case LIE_SEGMENT:
        target->config.segment = change->value;
        break;
    default:
        break;
    }
}

void target_lying_begin(struct target *target, uint8_t *header, const void *data, uint32_t length,
                        struct target_lying *lying)
{
    *lying = (struct target_lying){.length = length, .times = 1};
    if (target->script_count == 0)
        return;
    lying->copy = malloc(length + ROOM);
    if (length != 0)
        memcpy(lying->copy, data, length);
    for (unsigned i = 0; i < target->script_count; i++) {
        const struct target_lie *lie = target->scripts[i].lie;

        if (lie == NULL || !concerns(target, lie, header, data, length) || !due(target, &target->scripts[i]))
            continue;
        lying->lies[lying->count++] = lie;
        for (unsigned k = 0; k < 2; k++)
            before(target, &lie->changes[k], header);
    }
}

/* --- The PDU --- */

static void edit(uint8_t *bytes, const struct lie_change *change)
{
    uint32_t value = target_get(bytes, change->offset, change->width);

    switch (change->act) {
    case LIE_ADD:
        value += change->value;
        break;
    case LIE_OR:
        value |= change->value;
        break;
    case LIE_AND:
        value &= change->value;
        break;
    default:
        value = change->value;
        break;
    }
    target_put(bytes, change->offset, change->width, value);
}

static void set_length(struct target_lying *lying, uint32_t length)
{
    for (uint32_t i = lying->length; i < length; i++)
        lying->copy[i] = 0;
    lying->length = length;
}

/* Puts text in the place of `old` bytes at `at`. */
static void put_text(const struct target *target, struct target_lying *lying, size_t at, size_t old,
                     const struct lie_change *change)
{
    char text[ROOM];
    size_t n = 0;

    for (const char *from = change->text; *from != '\0'; from++) {
        size_t times = from[1] == '\0' && change->value != 0 ? change->value : 1;
        const char *piece = *from == '@' ? target->config.address : from;
        size_t length = *from == '@' ? strlen(piece) : 1;

        for (; times > 0 && length < sizeof(text) - n; times--, n += length)
            memcpy(text + n, *from == '|' ? "" : piece, length);
    }
    memmove(lying->copy + at + n, lying->copy + at + old, lying->length - at - old);
    memcpy(lying->copy + at, text, n);
    lying->length = (uint32_t)(lying->length - old + n);
}

static void speak(const struct target *target, struct target_lying *lying, const struct target_lie *lie,
                  const struct lie_change *change)
{
    static const struct lie_change nothing = {.text = ""};
    char *text = (char *)lying->copy;
    size_t key, item = 0;
    char *at = lie->with != NULL ? find_item(text, lying->length, lie->with, &item) : text;

    if (at == NULL)
        return;
    key = lie->with != NULL ? strlen(lie->with) + 1 : 0;
    if (change->act == LIE_SAY) {
        put_text(target, lying, (size_t)(at - text) + key, item - key - 1, change);
    } else if (change->act == LIE_UNSAY) {
        put_text(target, lying, (size_t)(at - text), item, &nothing);
    } else if (change->act == LIE_SAYTWICE) {
        memcpy(text + lying->length, at, item);
        lying->length += (uint32_t)item;
    } else if (change->act == LIE_MORE) {
        put_text(target, lying, lying->length, 0, change);
        text[lying->length++] = '\0';
    } else if (lying->length > 0) {
        lying->length--;
    }
}

static void change_pdu(struct target *target, uint8_t *header, struct target_lying *lying,
                       const struct target_lie *lie, const struct lie_change *change)
{
    switch (change->act) {
    case LIE_DROP:
        lying->times = 0;
        break;
    case LIE_TWICE:
        lying->times = 2;
        break;
    case LIE_CLOSE:
        target->close_wanted = true;
        lying->times = 0;
        break;
    case LIE_RESET:
        target->reset_wanted = true;
        lying->times = 0;
        break;
    case LIE_HALF:
        target->close_wanted = true;
        lying->half = true;
        break;
    case LIE_ADD:
    case LIE_SET:
    case LIE_OR:
    case LIE_AND:
        edit(header, change);
        break;
    case LIE_DATA:
        if (lying->length >= (uint32_t)change->offset + change->width)
            edit(lying->copy, change);
        break;
    case LIE_LENGTH:
        set_length(lying, change->value);
        target_put(header, 5, 3, lying->length);
        break;
    case LIE_SAY:
    case LIE_UNSAY:
    case LIE_SAYTWICE:
    case LIE_MORE:
    case LIE_OPEN:
        speak(target, lying, lie, change);
        target_put(header, 5, 3, lying->length);
        break;
    case LIE_BADHEADER:
        target->damage_header = true;
        break;
    case LIE_BADDATA:
        target->damage_data = true;
        break;
    default:
        break;
    }
}

void target_lying_change(struct target *target, uint8_t *header, struct target_lying *lying)
{
    for (unsigned i = 0; i < lying->count; i++) {
        for (unsigned k = 0; k < 2; k++)
            change_pdu(target, header, lying, lying->lies[i], &lying->lies[i]->changes[k]);
    }
}

/* --- The command --- */

static void end_command(struct target *target, struct target_task *task, const struct lie_change *change)
{
    if (change->act == LIE_SHORT) {
        target->short_by = change->value;
        target->short_honest = true;
    } else if (change->act == LIE_STATUS) {
        task->status = (uint8_t)change->value;
        task->sense_text = change->text;
        task->sense_length = change->width;
        task->length = task->available = 0;
    }
}

void target_lie_to_command(struct target *target, struct target_task *task)
{
    for (unsigned i = 0; i < target->script_count; i++) {
        const struct target_lie *lie = target->scripts[i].lie;

        if (lie != NULL && lie->opcode == LIE_COMMAND &&
            (lie->command == 0 || lie->command == command_of(task)) && due(target, &target->scripts[i]))
            end_command(target, task, &lie->changes[0]);
    }
}
