/* SPDX-License-Identifier: BSD-2-Clause */
/* A network card for net/ on this host: the far end of a TAP device that is there already, named. */
#ifndef LUNBOOT_TOOLS_STORM_TAP_H
#define LUNBOOT_TOOLS_STORM_TAP_H

#include <stdbool.h>
#include <stdint.h>

#include "net/nic.h"

struct tap {
    struct nic nic;
    int descriptor; /* readable when a frame has come */
};

/* False with errno. nic_close closes it; the device stays its owner's. */
bool tap_open(struct tap *tap, const char *name, const uint8_t mac[6]);

/* Drop what has come and was not taken: a card that is switched off hears nothing. */
void tap_drain(struct tap *tap);

#endif
