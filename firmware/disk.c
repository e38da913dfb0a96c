/* SPDX-License-Identifier: BSD-2-Clause */
#include "disk.h"

#include "diskstatus.h"
#include "efi/clock.h"
#include "efi/console.h"
#include "efi/tpl.h"
#include "lastfailure.h"
#include "log.h"
#include "machine.h"
#include "trace.h"

#define QUIET_MS    3000u /* a request that lasts longer shows on the console */
#define WATCHDOG_S  300u
#define EACH_SECOND 1000u

/*
 * A long wait is told, at TPL_CALLBACK too: the firmware's FAT driver calls from there (text may be put up to
 * TPL_NOTIFY, UEFI 2.10 table 7.3; keys may not be read). The watchdog is wound up only until a loader runs:
 * one that has stopped it does not expect it back.
 */
static void show_wait(uint64_t passed_ms, uint64_t *shown_s)
{
    const struct lun_recovery *recovery = &machine.lun.recovery;
    char line[200];
    struct fmt fmt;

    if (passed_ms < QUIET_MS || passed_ms / EACH_SECOND == *shown_s)
        return;
    *shown_s = passed_ms / EACH_SECOND;
    if (!machine.loader_runs)
        console_watchdog(WATCHDOG_S);
    fmt_init(&fmt, line, sizeof line);
    if (recovery->active)
        fmt_print(&fmt, "lunboot: connecting to the target again, %llu s of %llu s (%s)",
                  (unsigned long long)*shown_s,
                  (unsigned long long)(machine.lun_config.request_ms / EACH_SECOND),
                  fault_text(recovery->cause.code));
    else
        fmt_print(&fmt, "lunboot: waiting for the disk, %llu s", (unsigned long long)*shown_s);
    console_progress(line);
}

/* A loss and its end, once each; also of one that came and went while nothing was asked for. */
static void tell_recovery(struct disk *disk)
{
    const struct lun_recovery *recovery = &disk->lun->recovery;

    if (disk->losses_told != recovery->losses) {
        disk->losses_told = recovery->losses;
        disk->is_lost = true;
        log_print(LOG_INFO, "the connection to the target was lost (%s); connecting again",
                  fault_text(recovery->cause.code));
    }
    if (!recovery->active && disk->is_lost && disk->lun->state == LUN_READY) {
        disk->is_lost = false;
        log_print(LOG_INFO, "the target is back after %llu s, in attempt %u, with the same disk",
                  (unsigned long long)(recovery->took_ms / EACH_SECOND), recovery->attempts);
    }
}

/* One line for each kind of failure until something succeeds: a loader may try thousands of blocks. */
static void tell_failure(struct disk *disk, const struct lun_request *request)
{
    static const char *const verbs[] = {"reading", "writing", "flushing", "probing"};
    const struct fault *fault = &request->fault;
    bool is_news = fault->code != disk->fault.code;

    disk->fault = *fault;
    if (!is_news || fault->code == FAULT_WRITE_PROTECTED || fault->code == FAULT_BAD_REQUEST ||
        fault->code == FAULT_CANCELLED)
        return;
    if (fault->code == FAULT_SESSION_LOST && session_fault(&machine.session)->code != FAULT_NONE)
        fault = session_fault(&machine.session); /* why it was lost */
    machine_fail_fault(FAILURE_DISK, fault);
    log_print(LOG_ERROR, "%s %llu blocks at LBA %llu failed: %s", verbs[request->operation],
              (unsigned long long)request->blocks, (unsigned long long)request->lba, machine.latest);
    lastfailure_store(machine.latest); /* a system may start without what it could not read */
}

static enum blkdev_status run(struct disk *disk, struct lun_request *request)
{
    uint64_t start = clock_ms(), shown_s = 0;
    EFI_TPL old;

    if (!machine.pumping)
        return BLKDEV_NO_MEDIA;
    old = tpl_raise();
    machine.busy++;
    pump_submit(&machine.pump, request);
    tpl_restore(old);
    while (request->state != LUN_REQUEST_DONE) {
        machine_turn();
        trace_drain();
        tell_recovery(disk);
        show_wait(clock_ms() - start, &shown_s);
    }
    if (shown_s)
        console_progress_end();
    if (request->fault.code != FAULT_NONE)
        tell_failure(disk, request);
    else
        disk->fault = request->fault;
    machine.busy--;
    return diskstatus_of(&request->fault);
}

static enum blkdev_status disk_read(struct blkdev *dev, uint64_t lba, uint64_t blocks, void *buffer)
{
    struct disk *disk = dev->context;
    struct lun_request request = {.operation = LUN_READ, .lba = lba, .blocks = blocks, .in = buffer};

    disk->reads++;
    disk->bytes_read += blocks * dev->geometry.block_size;
    return run(disk, &request);
}

static enum blkdev_status disk_flush(struct blkdev *dev)
{
    struct lun_request request = {.operation = LUN_FLUSH};

    return run(dev->context, &request);
}

/* Nothing is kept here: when the call returns, the target has the data and has said so. */
static enum blkdev_status disk_write(struct blkdev *dev, uint64_t lba, uint64_t blocks, const void *buffer)
{
    struct disk *disk = dev->context;
    struct lun_request request = {.operation = LUN_WRITE, .lba = lba, .blocks = blocks, .out = buffer};

    disk->writes++;
    disk->bytes_written += blocks * dev->geometry.block_size;
    return run(disk, &request);
}

static enum blkdev_status disk_reset(struct blkdev *dev, bool extended)
{
    struct disk *disk = dev->context;
    struct lun_request request = {.operation = LUN_PROBE};
    EFI_TPL old = tpl_raise();

    lun_cancel_all(disk->lun);
    tpl_restore(old);
    return extended ? run(disk, &request) : BLKDEV_OK;
}

void disk_init(struct disk *disk, struct lun *lun)
{
    const struct scsi_capacity *capacity = &lun->info.capacity;

    *disk = (struct disk){
        .lun = lun,
        .blkdev = {.geometry = {.block_size = capacity->block_size,
                                .last_block = capacity->last_lba,
                                .lowest_aligned = capacity->lowest_aligned,
                                .blocks_per_physical = 1u << (capacity->physical_exponent & 15),
                                .optimal_blocks = lun->info.optimal_blocks,
                                .read_only = lun->info.write_protected,
                                .write_caching = lun->info.write_cache},
                   .read = disk_read,
                   .write = disk_write,
                   .flush = disk_flush,
                   .reset = disk_reset},
    };
    disk->blkdev.context = disk;
}
