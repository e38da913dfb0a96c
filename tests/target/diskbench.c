/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/target/diskbench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define BLOCK 512u

uint8_t diskbench_byte(uint64_t lba, unsigned offset, unsigned writer)
{
    return (uint8_t)(lba * 7 + offset * 13 + (offset >> 8) + (lba >> 8) * 31 + writer * 101);
}

void diskbench_fill(uint8_t *data, uint64_t lba, uint64_t blocks, unsigned writer)
{
    for (uint64_t i = 0; i < blocks * BLOCK; i++)
        data[i] = diskbench_byte(lba + i / BLOCK, i % BLOCK, writer);
}

uint64_t diskbench_differences(const uint8_t *data, uint64_t lba, uint64_t blocks, unsigned writer)
{
    uint64_t different = 0;

    for (uint64_t i = 0; i < blocks * BLOCK; i++)
        different += data[i] != diskbench_byte(lba + i / BLOCK, i % BLOCK, writer);
    return different;
}

void diskbench_init(struct diskbench *disk)
{
    diskbench_init_sized(disk, 0);
}

void diskbench_init_sized(struct diskbench *disk, uint32_t blocks)
{
    struct target_config config;

    memset(&disk->lun, 0, sizeof disk->lun);
    target_default(&config);
    config.blocks = blocks != 0 ? blocks : config.blocks;
    bench_init(&disk->bench, &config);
    disk->config = (struct lun_config){.lun = {0, 1}};
    diskbench_fill(disk->bench.target.disk, 0, disk->bench.target.config.blocks, 0);
}

void diskbench_done(struct diskbench *disk)
{
    bench_done(&disk->bench);
}

void diskbench_settle(struct diskbench *disk)
{
    unsigned before;

    do {
        bench_settle(&disk->bench);
        before = disk->bench.target.seen_count + disk->bench.action_count;
        disk->deadline_ms = lun_step(&disk->lun, disk->bench.now_ms);
        bench_settle(&disk->bench);
    } while (disk->bench.target.seen_count + disk->bench.action_count != before);
    disk->deadline_ms = lun_step(&disk->lun, disk->bench.now_ms);
}

bool diskbench_next(struct diskbench *disk, uint64_t end_ms)
{
    struct bench *bench = &disk->bench;
    uint64_t next = bench->deadline_ms < disk->deadline_ms ? bench->deadline_ms : disk->deadline_ms;

    if (next > end_ms)
        next = end_ms;
    if (next == UINT64_MAX || bench->now_ms >= end_ms)
        return false;
    if (next > bench->now_ms)
        bench_pass(bench, next - bench->now_ms);
    diskbench_settle(disk);
    return true;
}

void diskbench_pass(struct diskbench *disk, uint64_t ms)
{
    uint64_t end = disk->bench.now_ms + ms;

    while (diskbench_next(disk, end))
        ;
}

void diskbench_open(struct diskbench *disk)
{
    bench_start(&disk->bench);
    lun_init(&disk->lun, disk->bench.session, &disk->config);
    lun_open(&disk->lun);
    diskbench_settle(disk);
    while (disk->lun.state == LUN_OPENING && diskbench_next(disk, UINT64_MAX))
        ;
    assert_int_equal(disk->lun.state, LUN_READY);
}

void diskbench_submit(struct diskbench *disk, struct lun_request *request)
{
    session_tick(disk->bench.session, disk->bench.now_ms);
    lun_step(&disk->lun, disk->bench.now_ms);
    lun_submit(&disk->lun, request);
}

enum fault_code diskbench_finish(struct diskbench *disk, struct lun_request *request, uint64_t limit_ms)
{
    uint64_t end = disk->bench.now_ms + limit_ms;

    diskbench_settle(disk);
    while (request->state != LUN_REQUEST_DONE && diskbench_next(disk, end))
        ;
    assert_int_equal(request->state, LUN_REQUEST_DONE);
    return request->fault.code;
}
