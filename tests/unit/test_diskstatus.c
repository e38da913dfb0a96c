/* SPDX-License-Identifier: BSD-2-Clause */
/* No fault is ever told to a loader as success. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "firmware/diskstatus.h"

static void test_req_307_only_a_request_without_a_fault_is_a_success(void **state)
{
    (void)state;
    for (unsigned code = 0; code < FAULT_COUNT + 3u; code++) {
        const struct fault fault = {.code = (enum fault_code)code};

        if (code == FAULT_NONE)
            assert_int_equal(diskstatus_of(&fault), BLKDEV_OK);
        else
            assert_int_not_equal(diskstatus_of(&fault), BLKDEV_OK);
    }
}

static void test_req_307_what_uefi_has_a_status_for_keeps_its_own(void **state)
{
    (void)state;
    assert_int_equal(diskstatus_of(&(struct fault){.code = FAULT_WRITE_PROTECTED}), BLKDEV_WRITE_PROTECTED);
    assert_int_equal(diskstatus_of(&(struct fault){.code = FAULT_LUN_CHANGED}), BLKDEV_MEDIA_CHANGED);
    assert_int_equal(diskstatus_of(&(struct fault){.code = FAULT_COMMAND_TIMEOUT}), BLKDEV_TIMEOUT);
    assert_int_equal(diskstatus_of(&(struct fault){.code = FAULT_SHORT_DATA}), BLKDEV_ERROR);
    assert_int_equal(diskstatus_of(&(struct fault){.code = FAULT_SCSI_SENSE}), BLKDEV_ERROR);
    assert_int_equal(diskstatus_of(&(struct fault){.code = FAULT_SESSION_LOST}), BLKDEV_ERROR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_307_only_a_request_without_a_fault_is_a_success),
        cmocka_unit_test(test_req_307_what_uefi_has_a_status_for_keeps_its_own),
    };

    return cmocka_run_group_tests_name("diskstatus", tests, NULL, NULL);
}
