/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A failure as the one sentence that a person can act on: what failed, against whom, why, and what to try.
 * One table, from the codes of iscsi/fault.h, the login statuses of section H of the requirements and sense
 * data. Used by the firmware's failure screen and by lunctl.
 */
#ifndef LUNBOOT_FIRMWARE_WORDS_H
#define LUNBOOT_FIRMWARE_WORDS_H

#include <stdint.h>

#include "fmt.h"
#include "iscsi/address.h"
#include "iscsi/fault.h"
#include "iscsi/lun.h"
#include "targets.h"

/* Whom it was about; NULL or zero where it does not apply. */
struct words_context {
    const char *initiator_name;
    const char *target_name; /* NULL or empty: targets were asked for */
    const struct portal *portal;
    const struct address *address; /* the one that was tried */
    const char *chap_name;
    const uint8_t *lun;            /* 8 bytes */
    const struct lun *disk;        /* for the list of LUNs that are there */
    const struct targets *targets; /* for the list of targets, where one must be chosen */
};

#define WORDS_MAX 700u

/* Append the sentence. Class and detail stand in hexadecimal, sense as key/asc/ascq; no secret ever. */
void words_fault(const struct fault *fault, const struct words_context *context, struct fmt *fmt);

/* The remedy alone, a static text; never NULL. Tests walk all rows with it. */
const char *words_remedy(const struct fault *fault);

/* "LUN 1 (0001-0000-0000-0000)": decimal where it has one, and always the hexadecimal groups. */
void words_lun(const uint8_t lun[8], struct fmt *fmt);

#endif
