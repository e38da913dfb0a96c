/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A logical unit on a bench: requests over the real session and the scripted target, in virtual time, with a
 * pattern on the disk that tells every block and every writer.
 */
#ifndef LUNBOOT_TESTS_DISKBENCH_H
#define LUNBOOT_TESTS_DISKBENCH_H

#include "iscsi/lun.h"
#include "tests/target/bench.h"

struct diskbench {
    struct bench bench;
    struct lun lun;
    struct lun_config config;
    uint64_t deadline_ms; /* of the last lun_step */
};

/* bench_init with the target's defaults, LUN 1 and a pattern on the disk. Tests change both configurations
 * next. */
void diskbench_init(struct diskbench *disk);
/* The same with a disk of so many blocks; 0: as many as the target has by default. */
void diskbench_init_sized(struct diskbench *disk, uint32_t blocks);
void diskbench_done(struct diskbench *disk);

/* Log in and identify; the test fails when the disk is not LUN_READY afterwards. */
void diskbench_open(struct diskbench *disk);
/* Until nothing moves, without moving the clock. */
void diskbench_settle(struct diskbench *disk);
/* The clock goes on to whatever comes next, and not beyond end_ms. False when nothing comes. */
bool diskbench_next(struct diskbench *disk, uint64_t end_ms);
void diskbench_pass(struct diskbench *disk, uint64_t ms);

void diskbench_submit(struct diskbench *disk, struct lun_request *request);
/* Until it is done; the test fails when nothing leads there within limit_ms. The fault's code. */
enum fault_code diskbench_finish(struct diskbench *disk, struct lun_request *request, uint64_t limit_ms);

/* The byte that the pattern has there; `writer` 0: as the disk came. */
uint8_t diskbench_byte(uint64_t lba, unsigned offset, unsigned writer);
void diskbench_fill(uint8_t *data, uint64_t lba, uint64_t blocks, unsigned writer);
/* How many bytes of `data` are not that pattern. */
uint64_t diskbench_differences(const uint8_t *data, uint64_t lba, uint64_t blocks, unsigned writer);

#endif
