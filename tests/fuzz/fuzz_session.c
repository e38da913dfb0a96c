/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A whole session with a disk on top, against the scripted target. The input is read by two: the wire takes
 * from it how many bytes of the target pass untouched and what the next is changed by; the rest are
 * operations: the connection cut, time passing, switches and lies of the target, requests submitted and
 * cancelled.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "tests/target/diskbench.h"

#define REQUESTS 4u
#define BLOCKS   9u
#define GUARD    64u

static struct diskbench disk;
static struct lun_request requests[REQUESTS];
static uint8_t data[REQUESTS][BLOCKS * 512 + GUARD];
static const uint8_t *input;
static size_t left;
static unsigned untouched;
static bool digests;

/* The wire: once the untouched bytes have passed, one is changed. */
static void wire(uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (untouched > 0) {
            untouched--;
        } else if (left > 1) {
            bytes[i] ^= fuzz_byte(&input, &left);
            untouched = fuzz_byte(&input, &left);
            untouched = untouched * untouched;
        }
    }
}

static void check(unsigned i)
{
    struct lun_request *request = &requests[i];

    for (unsigned at = 0; at < GUARD; at++)
        PROMISE(data[i][BLOCKS * 512 + at] == 0xa5);
    /* Without digests changed data cannot be told from data; with them no such byte may count as read. */
    if (request->state == LUN_REQUEST_DONE && request->fault.code == FAULT_NONE && digests &&
        request->operation == LUN_READ)
        PROMISE(diskbench_differences(data[i], request->lba, BLOCKS, 0) == 0);
}

static void submit(uint8_t choice)
{
    unsigned i = choice % REQUESTS;

    if (requests[i].state == LUN_REQUEST_PENDING)
        return;
    memset(data[i], 0xa5, sizeof data[i]);
    requests[i] = (struct lun_request){.operation = (enum lun_operation)(choice >> 6),
                                       .lba = choice >> 2 & 15,
                                       .blocks = BLOCKS,
                                       .in = data[i],
                                       .out = data[i]};
    if (requests[i].operation == LUN_WRITE)
        requests[i].lba += 32; /* what is read stays as it was */
    diskbench_submit(&disk, &requests[i]);
}

static void tell(unsigned lie)
{
    if (target_lie_name(lie) != NULL)
        target_lie(&disk.bench.target, target_lie_name(lie), 0);
}

static void operate(void)
{
    uint8_t operation = fuzz_byte(&input, &left), value = fuzz_byte(&input, &left);

    switch (operation % 10) {
    case 0:
        disk.bench.cut = (enum bench_cut)(value % 4);
        disk.bench.cut_rx = disk.bench.rx_total + value;
        break;
    case 1:
        diskbench_pass(&disk, value * 100u);
        break;
    case 2:
        disk.bench.target.hold = value & 1;
        if (!(value & 1))
            target_release(&disk.bench.target);
        break;
    case 3:
        target_send_async(&disk.bench.target, value % 6, 0, value, value >> 4, NULL, 0);
        break;
    case 4:
        target_send_nop_in(&disk.bench.target, 0xffffffff, value, (const uint8_t[8]){0});
        break;
    case 5:
        disk.bench.target.next_status_set = true;
        disk.bench.target.next_status = value;
        break;
    case 6:
        tell(value == 255 ? 255u + fuzz_byte(&input, &left) : value); /* there are more lies than bytes */
        break;
    case 7:
        if (requests[value % REQUESTS].state == LUN_REQUEST_PENDING)
            lun_cancel(&disk.lun, &requests[value % REQUESTS]);
        break;
    case 8:
        disk.bench.target.mute_abort = value & 1;
        disk.bench.target.mute_nop = value & 2;
        break;
    default:
        submit(value);
        break;
    }
}

/* Everything ends within its bound, whatever the target did. */
static void end(void)
{
    disk.bench.target.hold = false;
    for (unsigned i = 0; i < REQUESTS; i++) {
        uint64_t bound = disk.bench.now_ms + 200000;

        diskbench_settle(&disk);
        while (requests[i].state == LUN_REQUEST_PENDING && diskbench_next(&disk, bound))
            ;
        PROMISE(requests[i].state != LUN_REQUEST_PENDING);
        check(i);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct keys keys;
    uint8_t flags = fuzz_byte(&bytes, &length);

    diskbench_init_sized(&disk, 64);
    memset(requests, 0, sizeof requests);
    memset(data, 0xa5, sizeof data);
    input = bytes;
    left = length;
    untouched = flags & 1 ? 0 : 2000;
    digests = flags & 2;
    keys_init(&keys, NULL, false);
    keys.offer.header_digest = keys.offer.data_digest = digests ? KEYS_DIGEST_CRC32C : KEYS_DIGEST_NONE;
    disk.bench.config.login.offer = &keys.offer;
    disk.bench.target.config.header_digest = disk.bench.target.config.data_digest = true;
    disk.bench.target.config.segment = flags & 4 ? 512 : 0;
    disk.bench.target.stray_ok = true;
    if (flags & 8)
        bench_chap(&disk.bench, flags & 16);
    disk.bench.target.config.initial_r2t = flags & 32; /* data waits for R2T, else much of it goes unasked */
    disk.bench.target.config.immediate_data = !(flags & 32);
    disk.bench.target.config.max_recv = flags & 64 ? 512 : disk.bench.target.config.max_recv;
    disk.bench.config.lun_reset = disk.bench.target.reset_ok = flags & 128;
    disk.bench.wire = wire;
    disk.config.ready_ms = 20000;
    bench_start(&disk.bench);
    lun_init(&disk.lun, disk.bench.session, &disk.config);
    lun_open(&disk.lun);
    diskbench_settle(&disk);
    for (unsigned i = 0; left > 0 && i < 64; i++)
        operate();
    left = 0;
    end();
    diskbench_done(&disk);
    return 0;
}
