/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EFI_LOAD_OPTION as bytes (UEFI 2.10 section 3.1.3): what a variable Boot#### holds. Pure, so that the host
 * can break every length of it.
 */
#ifndef LUNBOOT_EFI_LOADOPTION_H
#define LUNBOOT_EFI_LOADOPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOADOPTION_TEXT_MAX 64u /* characters of a description that are kept */

/* Path and data point into the bytes that were parsed; neither need be aligned. */
struct loadoption {
    bool active;                               /* the boot manager may start it by itself */
    bool on_request;                           /* an application, or of a reserved category: not by itself */
    uint16_t description[LOADOPTION_TEXT_MAX]; /* NUL-ended, cut to fit */
    const uint8_t *path;                       /* the first of the list; its end node lies within the bytes */
    const uint8_t *data;                       /* OptionalData: the load options */
    size_t data_length;
};

/*
 * False when a length leads out of the bytes, the description has no end, or the path has no end node within
 * its list.
 */
bool loadoption_parse(const uint8_t *bytes, size_t length, struct loadoption *ret_option);

#endif
