/* SPDX-License-Identifier: BSD-2-Clause */
#include "lunctl_copy.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lunctl_file.h"
#include "lunctl_json.h"
#include "lunctl_show.h"

#define PIECE 262144u /* bytes of one request: a multiple of every block size */

struct piece {
    struct lun_request request;
    size_t length, moved; /* bytes; those read from or written to the file */
    uint8_t bytes[PIECE];
};

/* A ring of pieces: first, first + 1, ... next - 1 are under way. */
struct copy {
    struct client *client;
    struct file file;
    struct piece *pieces;
    unsigned count;
    uint64_t first, next;
    uint64_t offset, length; /* on the disk, bytes */
    uint64_t begun, done;    /* bytes of the length */
    uint64_t start_ms;
};

static void failed_file(struct copy *copy)
{
    lunctl_client_say(copy->client, 1, copy->file.path ? copy->file.path : "standard input or output",
                      strerror(errno));
}

static struct piece *at(struct copy *copy, uint64_t index)
{
    return &copy->pieces[index % copy->count];
}

static uint32_t block_size(const struct copy *copy)
{
    return copy->client->lun.info.capacity.block_size;
}

/* What of the disk is meant; whole blocks inside of it. */
static bool choose_range(struct copy *copy, bool has_length, uint64_t length)
{
    const struct lun_info *disk = &copy->client->lun.info;
    uint64_t size = (disk->capacity.last_lba + 1) * disk->capacity.block_size;
    char reason[120];

    copy->offset = copy->client->options->offset;
    if (copy->offset > size || (has_length && length > size - copy->offset)) {
        snprintf(reason, sizeof reason, "beyond the end of the disk, which has %llu bytes",
                 (unsigned long long)size);
        lunctl_client_say(copy->client, 2, "offset and length", reason);
        return false;
    }
    copy->length = has_length ? length : size - copy->offset;
    if (copy->offset % disk->capacity.block_size == 0 && copy->length % disk->capacity.block_size == 0)
        return true;
    snprintf(reason, sizeof reason, "not whole blocks of %u bytes", (unsigned)disk->capacity.block_size);
    lunctl_client_say(copy->client, 2, "offset and length", reason);
    return false;
}

static bool begin(struct copy *copy)
{
    copy->count = (unsigned)params_number(&copy->client->options->params, PARAM_QUEUE_DEPTH);
    copy->pieces = calloc(copy->count, sizeof *copy->pieces);
    copy->start_ms = lunctl_pump_clock();
    if (copy->pieces == NULL)
        lunctl_client_say(copy->client, 1, "", strerror(ENOMEM));
    return copy->pieces != NULL;
}

static void end(struct copy *copy)
{
    lun_cancel_all(&copy->client->lun);
    lunctl_file_close(&copy->file);
    free(copy->pieces);
}

/* The next piece of the range, not yet handed over; NULL: all are under way or it is all begun. */
static struct piece *next_piece(struct copy *copy)
{
    uint64_t left = copy->length - copy->begun;
    struct piece *piece = at(copy, copy->next);

    if (copy->next - copy->first == copy->count || left == 0)
        return NULL;
    if (piece->length == 0) {
        piece->length = left < PIECE ? (size_t)left : PIECE;
        piece->moved = 0;
    }
    return piece;
}

static void submit(struct copy *copy, struct piece *piece, enum lun_operation operation)
{
    piece->request = (struct lun_request){
        .operation = operation,
        .lba = (copy->offset + copy->begun) / block_size(copy),
        .blocks = piece->length / block_size(copy),
        .in = piece->bytes,
        .out = piece->bytes,
    };
    copy->begun += piece->length;
    copy->next++;
    lun_submit(&copy->client->lun, &piece->request);
}

/* The oldest piece, when the disk is done with it. */
static struct piece *finished_piece(struct copy *copy)
{
    struct piece *piece = at(copy, copy->first);

    return copy->first < copy->next && piece->request.state == LUN_REQUEST_DONE ? piece : NULL;
}

/* All is done, or a request that was just submitted ended at once. */
static bool nothing_to_wait_for(struct copy *copy)
{
    return copy->done == copy->length || finished_piece(copy) != NULL;
}

static void retire(struct copy *copy, struct piece *piece)
{
    copy->done += piece->length;
    copy->first++;
    piece->length = 0;
}

static void report(const struct copy *copy, const char *verb, const char *preposition)
{
    uint64_t ms = lunctl_pump_clock() - copy->start_ms;
    struct json json = {0};

    if (copy->client->options->json) {
        lunctl_json_object(&json, NULL);
        lunctl_json_number(&json, "offset", copy->offset);
        lunctl_json_number(&json, "bytes", copy->length);
        lunctl_json_number(&json, "milliseconds", ms);
        lunctl_json_end(&json, '}');
        return;
    }
    printf("%s %llu bytes %s offset %llu in %llu.%03llu s", verb, (unsigned long long)copy->length,
           preposition, (unsigned long long)copy->offset, (unsigned long long)(ms / 1000),
           (unsigned long long)(ms % 1000));
    printf(": %s/s\n", lunctl_show_size(copy->length * 1000 / (ms > 0 ? ms : 1)));
}

/* --- Reading --- */

/* Hand over what has arrived, in order. False when it has to end. */
static bool drain(struct copy *copy)
{
    struct piece *piece;

    while ((piece = finished_piece(copy)) != NULL) {
        long n;

        if (piece->request.fault.code != FAULT_NONE) {
            lunctl_client_fail(copy->client, &piece->request.fault);
            return false;
        }
        n = lunctl_file_write(&copy->file, piece->bytes + piece->moved, piece->length - piece->moved);
        if (n < 0) {
            failed_file(copy);
            return false;
        }
        piece->moved += (size_t)n;
        if (piece->moved < piece->length)
            return true; /* the pipe is full */
        retire(copy, piece);
    }
    return true;
}

static bool read_all(struct copy *copy)
{
    while (copy->done < copy->length) {
        struct piece *piece;
        bool stuck;

        if (!drain(copy))
            return false;
        stuck = finished_piece(copy) != NULL;
        while ((piece = next_piece(copy)) != NULL)
            submit(copy, piece, LUN_READ);
        if (!stuck && nothing_to_wait_for(copy))
            continue;
        if (!lunctl_client_turn(copy->client, stuck ? copy->file.fd : -1, POLLOUT))
            return false;
    }
    return true;
}

void lunctl_copy_read(struct client *client)
{
    const struct options *options = client->options;
    struct copy copy = {.client = client};

    if (!choose_range(&copy, options->has_length, options->length) || !begin(&copy))
        return;
    if (!lunctl_file_open_output(&copy.file, options->output))
        failed_file(&copy);
    else if (read_all(&copy) && !lunctl_file_keep(&copy.file))
        failed_file(&copy);
    if (client->status == 0 && copy.file.path != NULL)
        report(&copy, "read", "from");
    end(&copy);
}

/* --- Writing --- */

/* Fill pieces from the input and hand them to the disk. False when it has to end. */
static bool feed(struct copy *copy)
{
    struct piece *piece;

    while ((piece = next_piece(copy)) != NULL) {
        bool ended = false;
        long n =
            lunctl_file_read(&copy->file, piece->bytes + piece->moved, piece->length - piece->moved, &ended);

        if (n < 0) {
            failed_file(copy);
            return false;
        }
        if (ended) {
            lunctl_client_say(copy->client, 1, copy->file.path ? copy->file.path : "standard input",
                              "ended before --length: only a part is on the disk");
            return false;
        }
        if (n == 0)
            return true; /* the pipe is empty */
        piece->moved += (size_t)n;
        if (piece->moved == piece->length)
            submit(copy, piece, LUN_WRITE);
    }
    return true;
}

static bool collect(struct copy *copy)
{
    struct piece *piece;

    while ((piece = finished_piece(copy)) != NULL) {
        if (piece->request.fault.code != FAULT_NONE) {
            lunctl_client_fail(copy->client, &piece->request.fault);
            return false;
        }
        retire(copy, piece);
    }
    return true;
}

static bool write_all(struct copy *copy)
{
    while (copy->done < copy->length) {
        bool hungry;

        if (!collect(copy) || !feed(copy))
            return false;
        hungry = next_piece(copy) != NULL;
        if (nothing_to_wait_for(copy))
            continue;
        if (!lunctl_client_turn(copy->client, hungry ? copy->file.fd : -1, POLLIN))
            return false;
    }
    return true;
}

static bool flush(struct copy *copy)
{
    struct lun_request request = {.operation = LUN_FLUSH};

    lun_submit(&copy->client->lun, &request);
    while (request.state != LUN_REQUEST_DONE) {
        if (!lunctl_client_turn(copy->client, -1, 0)) {
            lun_cancel(&copy->client->lun, &request);
            return false;
        }
    }
    if (request.fault.code != FAULT_NONE)
        lunctl_client_fail(copy->client, &request.fault);
    return request.fault.code == FAULT_NONE;
}

static bool open_input(struct copy *copy)
{
    const struct options *options = copy->client->options;
    uint64_t length = options->length;

    if (!lunctl_file_open_input(&copy->file, options->input)) {
        failed_file(copy);
        return false;
    }
    if (!options->has_length && !copy->file.has_size) {
        lunctl_client_say(copy->client, 2, options->input, "its size cannot be known: give --length");
        return false;
    }
    if (!options->has_length)
        length = copy->file.size;
    if (copy->file.has_size && copy->file.size < length) {
        lunctl_client_say(copy->client, 2, options->input, "shorter than --length");
        return false;
    }
    return choose_range(copy, true, length);
}

void lunctl_copy_write(struct client *client)
{
    struct copy copy = {.client = client, .file = {.fd = -1}};

    if (open_input(&copy) && begin(&copy) && write_all(&copy) && flush(&copy))
        report(&copy, "wrote", "to");
    end(&copy);
}
