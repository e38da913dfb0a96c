/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The target's frame: bytes to PDUs, numbers, the PDUs that are neither login nor SCSI, and what tests can
 * ask for.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "iscsi/bytes.h"
#include "tests/target/target.h"

#define RESERVED 0xffffffffu

void target_complain(struct target *target, const char *format, ...)
{
    va_list args;

    if (target->complaint != NULL)
        return;
    va_start(args, format);
    vsnprintf(target->complaint_text, sizeof(target->complaint_text), format, args);
    va_end(args);
    target->complaint = target->complaint_text;
}

uint32_t target_get(const uint8_t *header, unsigned offset, unsigned width)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < width; i++)
        value = value << 8 | header[offset + i];
    return value;
}

void target_put(uint8_t *header, unsigned offset, unsigned width, uint32_t value)
{
    for (unsigned i = width; i > 0; i--, value >>= 8)
        header[offset + i - 1] = (uint8_t)value;
}

static bool before(uint32_t a, uint32_t b)
{
    return a != b && b - a < 0x80000000u;
}

/* --- Life --- */

void target_default(struct target_config *config)
{
    *config = (struct target_config){
        .name = "iqn.2024-01.org.example:disk",
        .chap_algorithms = {5, 6, 7, 8},
        .chap_challenge_length = 16,
        .initial_r2t = false,
        .immediate_data = true,
        .max_recv = 8192,
        .max_burst = 65536,
        .first_burst = 16384,
        .max_outstanding_r2t = 1,
        .time2wait = 2,
        .first_stat_sn = 0x1000,
        .window = 32,
        .lun = {0, 1},
        .block_size = 512,
        .blocks = 4096,
        .address = "192.0.2.1:3260",
        .targets = "TargetName=iqn.2024-01.org.example:disk|TargetAddress=192.0.2.1:3260,1|",
    };
}

void target_init(struct target *target, const struct target_config *config)
{
    memset(target, 0, sizeof(*target));
    target->config = *config;
    target->disk = malloc((size_t)config->block_size * config->blocks);
    for (size_t i = 0; i < (size_t)config->block_size * config->blocks; i++)
        target->disk[i] = (uint8_t)(i * 7 + (i >> 9) * 13 + (i >> 17));
    target->login_at = TARGET_NOT_SET;
    target->login_detail = 0;
    target->next_tsih = 1;
    target_connect(target);
}

void target_drop_tasks(struct target *target)
{
    for (unsigned i = 0; i < TARGET_TASKS; i++) {
        free(target->tasks[i].data);
        target->tasks[i] = (struct target_task){.used = false};
    }
}

void target_done(struct target *target)
{
    target_drop_tasks(target);
    free(target->disk);
    free(target->in);
    free(target->out);
    memset(target, 0, sizeof(*target));
}

void target_connect(struct target *target)
{
    target_drop_tasks(target);
    target->in_length = target->out_length = target->out_at = 0;
    target->close_wanted = target->reset_wanted = target->deaf = false;
    target->full_feature = target->discovery = target->logged_out = false;
    target->stat_sn = target->config.first_stat_sn;
    target->stat_sn_known = target->acknowledged_known = false;
    target->login_step = 0;
    target->stage = 0;
    target->authenticated = target->names_seen = false;
    target->chap_algorithm = 0;
    target->login_in_length = target->login_out_length = target->login_out_sent = 0;
    target->keys_recv = 8192;
    target->keys_first_burst = 65536;
    target->keys_max_burst = 262144;
    target->keys_r2ts = 1;
    target->keys_initial_r2t = target->keys_immediate = true;
    target->keys_header_digest = target->keys_data_digest = target->digests_on = false;
}

/* --- Out --- */

static void append(uint8_t **buffer, size_t *length, size_t *room, const void *bytes, size_t n)
{
    if (n > *room - *length) {
        *room = (*length + n) * 2;
        *buffer = realloc(*buffer, *room);
    }
    if (n != 0)
        memcpy(*buffer + *length, bytes, n);
    *length += n;
}

/* Bit by bit, on purpose: no code is shared with what is tested. Section 13.1 of RFC 7143, and its appendix
 * A.4. */
static uint32_t crc_of(const uint8_t *bytes, size_t length)
{
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < length * 8; i++) {
        uint32_t bit = (crc ^ (uint32_t)(bytes[i / 8] >> i % 8)) & 1;

        crc = crc >> 1 ^ (bit ? 0x82f63b78u : 0);
    }
    return ~crc;
}

/* Of what stands in the output from `start` on; least byte first. */
static void append_digest(struct target *target, size_t start)
{
    uint32_t crc = crc_of(target->out + start, target->out_length - start);
    uint8_t bytes[4] = {(uint8_t)crc, (uint8_t)(crc >> 8), (uint8_t)(crc >> 16), (uint8_t)(crc >> 24)};

    append(&target->out, &target->out_length, &target->out_room, bytes, 4);
}

static void damage(struct target *target, bool *wanted, bool meant, size_t at)
{
    if (!*wanted || !meant)
        return;
    *wanted = target->damage_always;
    target->out[at] ^= 0x10;
}

static void emit(struct target *target, const uint8_t header[48], const void *data, uint32_t length)
{
    static const uint8_t pad[4] = {0xee, 0xee, 0xee,
                                   0xee}; /* not zero: receivers do not look (section 11.1) */

    size_t start = target->out_length, of_data;
    bool meant = target->damage_opcode == 0 || (header[0] & 0x3f) == target->damage_opcode;

    append(&target->out, &target->out_length, &target->out_room, header, 48);
    if (target->digests_on && target->keys_header_digest) {
        append_digest(target, start);
        damage(target, &target->damage_header, meant, start + 9);
    }
    of_data = target->out_length;
    append(&target->out, &target->out_length, &target->out_room, data, length);
    append(&target->out, &target->out_length, &target->out_room, pad, -length & 3);
    if (target->digests_on && target->keys_data_digest && length > 0) {
        append_digest(target, of_data);
        damage(target, &target->damage_data, meant, of_data + length / 2);
    }
}

void target_window(struct target *target, uint32_t window)
{
    target->config.window = window;
}

/* Section 4.2.2.1: MaxCmdSN never goes back. */
static void put_window(struct target *target, uint8_t *header)
{
    uint32_t max = target->exp_cmd_sn + target->config.window - 1;

    if (target->max_cmd_sn - max >= 0x80000000u)
        target->max_cmd_sn = max;
    target_put(header, 28, 4, target->exp_cmd_sn);
    target_put(header, 32, 4, target->max_cmd_sn);
}

/* `counts`: StatSN is used up. Data-In without S leaves StatSN reserved. */
void target_send(struct target *target, uint8_t header[48], const void *data, uint32_t length, bool counts)
{
    struct target_lying lying;
    bool plain_data_in = header[0] == 0x25 && !(header[1] & 0x01);

    if (target->close_wanted || target->reset_wanted)
        return;
    target_lying_begin(target, header, data, length, &lying);
    target_put(header, 5, 3, length);
    if (!plain_data_in)
        target_put(header, 24, 4, target->stat_sn);
    if (counts)
        target->stat_sn++;
    put_window(target, header);
    target_lying_change(target, header, &lying);
    for (unsigned i = 0; i < lying.times; i++)
        emit(target, header, lying.copy != NULL ? lying.copy : data, lying.length);
    if (lying.half)
        target->out_length -= (48 + lying.length) / 2;
    free(lying.copy);
}

size_t target_output(const struct target *target, const uint8_t **ret_bytes)
{
    *ret_bytes = target->out != NULL ? target->out + target->out_at : NULL;
    return target->out_length - target->out_at;
}

void target_sent(struct target *target, size_t length)
{
    target->out_at += length;
    if (target->out_at == target->out_length)
        target->out_at = target->out_length = 0;
}

void target_send_raw(struct target *target, const uint8_t header[48], const void *data, uint32_t length,
                     bool numbers)
{
    uint8_t copy[48];

    memcpy(copy, header, 48);
    if (numbers) {
        target_put(copy, 24, 4, target->stat_sn);
        target_put(copy, 28, 4, target->exp_cmd_sn);
        target_put(copy, 32, 4, target->max_cmd_sn);
    }
    emit(target, copy, data, length);
}

void target_send_nop_in(struct target *target, uint32_t itt, uint32_t ttt, const uint8_t *lun)
{
    uint8_t header[48] = {0x20, 0x80};

    if (lun != NULL)
        memcpy(header + 8, lun, 8);
    target_put(header, 16, 4, itt);
    target_put(header, 20, 4, ttt);
    target_send(target, header, NULL, 0, itt != RESERVED);
}

void target_send_async(struct target *target, uint8_t event, uint16_t p1, uint16_t p2, uint16_t p3,
                       const void *data, uint32_t length)
{
    uint8_t header[48] = {0x32, 0x80};

    target_put(header, 16, 4, RESERVED);
    header[36] = event;
    target_put(header, 38, 2, p1);
    target_put(header, 40, 2, p2);
    target_put(header, 42, 2, p3);
    target_send(target, header, data, length, true);
}

void target_send_reject(struct target *target, uint8_t reason, const uint8_t *bad, uint32_t length)
{
    uint8_t header[48] = {0x3f, 0x80, reason};

    target_put(header, 16, 4, RESERVED);
    target_send(target, header, bad, length, true);
}

/* --- In --- */

/* Section 4.2.2.1: in order on one connection; immediate ones carry the next number. */
static void check_cmd_sn(struct target *target, const uint8_t *header)
{
    uint32_t cmd_sn = target_get(header, 24, 4);
    bool immediate = header[0] & 0x40;

    if (cmd_sn != target->exp_cmd_sn)
        target_complain(target, "opcode %02x: CmdSN %08x instead of %08x", header[0], cmd_sn,
                        target->exp_cmd_sn);
    if (immediate)
        return;
    if (before(target->max_cmd_sn, cmd_sn))
        target_complain(target, "opcode %02x: CmdSN %08x beyond MaxCmdSN %08x", header[0], cmd_sn,
                        target->max_cmd_sn);
    target->exp_cmd_sn++;
}

/* Section 4.2.2.2: never back, never beyond what was sent. */
static void check_stat_sn(struct target *target, const uint8_t *header)
{
    uint32_t acknowledged = target_get(header, 28, 4);

    if (before(target->stat_sn, acknowledged))
        target_complain(target, "ExpStatSN %08x beyond %08x", acknowledged, target->stat_sn);
    if (target->acknowledged_known && before(acknowledged, target->acknowledged))
        target_complain(target, "ExpStatSN went back to %08x", acknowledged);
    target->acknowledged = acknowledged;
    target->acknowledged_known = true;
}

static void take_nop_out(struct target *target, const uint8_t *header, const uint8_t *data, uint32_t length)
{
    uint32_t itt = target_get(header, 16, 4), ttt = target_get(header, 20, 4);
    uint8_t answer[48] = {0x20, 0x80};

    if (!(header[0] & 0x40) || !(header[1] & 0x80))
        target_complain(target, "NOP-Out without I or F");
    if (itt == RESERVED) {
        target->last_pong_ttt = ttt;
        memcpy(target->last_pong_lun, header + 8, 8);
        return;
    }
    if (ttt != RESERVED)
        target_complain(target, "NOP-Out with both tags");
    if (target->mute_nop)
        return;
    target_put(answer, 16, 4, itt);
    target_put(answer, 20, 4, RESERVED);
    target_send(target, answer, data, length, true);
}

static void send_targets_piece(struct target *target, uint32_t itt)
{
    static char text[TARGET_TEXT];
    size_t length = strlen(target->config.targets), from = target->login_out_sent;
    size_t piece = target->config.text_piece != 0 ? target->config.text_piece : length;
    uint8_t answer[48] = {0x24};

    memcpy(text, target->config.targets, length);
    for (size_t i = 0; i < length; i++)
        text[i] = text[i] == '|' ? '\0' : text[i];
    if (piece > length - from)
        piece = length - from;
    target->login_out_sent = (uint32_t)(from + piece);
    bool last = target->login_out_sent == length;
    answer[1] = last ? 0x80 : target->config.text_continue ? 0x40 : 0;
    target_put(answer, 16, 4, itt);
    target_put(answer, 20, 4, last ? RESERVED : 0x5eed0000u + target->count[4]);
    target->next_ttt = target_get(answer, 20, 4);
    target_send(target, answer, text + from, (uint32_t)piece, true);
}

static void take_text(struct target *target, const uint8_t *header, const uint8_t *data, uint32_t length)
{
    uint32_t itt = target_get(header, 16, 4), ttt = target_get(header, 20, 4);
    uint8_t answer[48] = {0x24, 0x80};

    if (!(header[1] & 0x80))
        target_complain(target, "Text Request without F");
    if (ttt != RESERVED) {
        if (ttt != target->next_ttt || length != 0)
            target_complain(target, "Text Request does not go on where it should");
        send_targets_piece(target, itt);
        return;
    }
    const char *expected = target->discovery ? "SendTargets=All" : "SendTargets=";
    if (length != 0 && (length != strlen(expected) + 1 || memcmp(data, expected, length) != 0))
        target_complain(target, "SendTargets: another value was expected");
    target->login_out_sent = 0;
    if (length != 0) {
        send_targets_piece(target, itt);
        return;
    }
    target_put(answer, 16, 4, itt);
    target_put(answer, 20, 4, RESERVED);
    target_send(target, answer, NULL, 0, true);
}

static void take_logout(struct target *target, const uint8_t *header)
{
    uint8_t answer[48] = {0x26, 0x80, target->logout_response};

    if (!(header[0] & 0x40) || !(header[1] & 0x80))
        target_complain(target, "Logout without I or F");
    target->logged_out = true;
    if (target->close_at_logout)
        target->close_wanted = true;
    if (target->mute_logout)
        return;
    memcpy(answer + 16, header + 16, 4);
    target_put(answer, 40, 2, (uint16_t)target->config.time2wait);
    target_send(target, answer, NULL, 0, true);
}

static void note(struct target *target, const uint8_t *header, const uint8_t *data, uint32_t length)
{
    struct target_seen *seen = &target->seen[target->seen_count % TARGET_LOG];

    target->count[header[0] & 0x3f]++;
    memcpy(seen->header, header, 48);
    seen->data_length = length;
    memcpy(seen->data, data, length < sizeof(seen->data) ? length : sizeof(seen->data));
    target->seen_count++;
}

/* What holds for every request (sections 4.2.2, 11.1, 11.2). */
static void check_header(struct target *target, const uint8_t *header, const uint8_t *data, uint32_t length)
{
    uint8_t opcode = header[0] & 0x3f;

    if (header[0] & 0x80)
        target_complain(target, "reserved bit in the opcode byte");
    if (header[4] != 0)
        target_complain(target, "an AHS");
    if (length > (target->full_feature ? target->config.max_recv : 8192))
        target_complain(target, "opcode %02x: data segment of %u bytes", opcode, length);
    for (uint32_t i = length; i & 3; i++)
        if (data[i] != 0)
            target_complain(target, "padding is not zero");
    if (target->logged_out)
        target_complain(target, "opcode %02x after Logout", opcode);
    if (!target->full_feature || opcode == 0x03)
        return;
    check_stat_sn(target, header);
    if (opcode != 0x05)
        check_cmd_sn(target, header);
}

static void dispatch(struct target *target, const uint8_t *header, const uint8_t *data, uint32_t length)
{
    uint8_t opcode = header[0] & 0x3f;

    note(target, header, data, length);
    check_header(target, header, data, length);
    if (opcode == 0x03) {
        target_take_login(target, header, data, length);
        return;
    }
    if (!target->full_feature || (target->discovery && opcode != 0 && opcode != 4 && opcode != 6)) {
        target_complain(target, "opcode %02x is not for this phase", opcode);
        return;
    }
    switch (opcode) {
    case 0x00:
        take_nop_out(target, header, data, length);
        break;
    case 0x01:
        target_take_command(target, header, data, length);
        break;
    case 0x02:
        target_take_abort(target, header);
        break;
    case 0x04:
        take_text(target, header, data, length);
        break;
    case 0x05:
        target_take_data_out(target, header, data, length);
        break;
    case 0x06:
        take_logout(target, header);
        break;
    default:
        target_complain(target, "opcode %02x is not an initiator's", opcode);
    }
}

static void check_digest(struct target *target, const uint8_t *bytes, size_t length, const char *what)
{
    uint32_t crc = crc_of(bytes, length);

    for (unsigned i = 0; i < 4; i++) {
        if (bytes[length + i] != (uint8_t)(crc >> 8 * i)) {
            target_complain(target, "a wrong digest of the %s", what);
            return;
        }
    }
}

void target_input(struct target *target, const uint8_t *bytes, size_t length)
{
    size_t at = 0;

    append(&target->in, &target->in_length, &target->in_room, bytes, length);
    while (!target->deaf && target->in_length - at >= 48) {
        uint32_t data = target_get(target->in + at, 5, 3);
        size_t padded = ((size_t)data + 3) & ~(size_t)3;
        size_t header_digest = target->digests_on && target->keys_header_digest ? 4 : 0;
        size_t data_digest = target->digests_on && target->keys_data_digest && data > 0 ? 4 : 0;
        size_t whole = 48 + header_digest + padded + data_digest;
        if (target->in_length - at < whole)
            break;
        if (header_digest != 0)
            check_digest(target, target->in + at, 48, "header");
        if (data_digest != 0)
            check_digest(target, target->in + at + 48 + header_digest, padded, "data");
        dispatch(target, target->in + at, target->in + at + 48 + header_digest, data);
        at += whole;
    }
    memmove(target->in, target->in + at, target->in_length - at);
    target->in_length -= at;
    target_work(target);
}
