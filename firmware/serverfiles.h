/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which files a server is asked for, and in which order: the machine's own (by UUID, else serial number, else
 * MAC), what it includes, the common one, what that includes. The first that sets a key counts, so the order
 * is from the special to the general. No file is read twice, which also ends circles.
 */
#ifndef LUNBOOT_FIRMWARE_SERVERFILES_H
#define LUNBOOT_FIRMWARE_SERVERFILES_H

#include <stdbool.h>

#include "params.h"
#include "url.h"

#define SERVERFILES_MAX 16u /* that are asked for in all */

enum serverfiles_role {
    SERVERFILES_MACHINE, /* one of three names: the first that is there counts, and none need be */
    SERVERFILES_COMMON,  /* need not be there */
    SERVERFILES_INCLUDE, /* must be there */
};

struct serverfile {
    struct url url;
    enum serverfiles_role role;
    bool absent; /* it was asked for, and is not there */
};

struct serverfiles {
    struct serverfile files[SERVERFILES_MAX];
    unsigned count;
    unsigned at; /* the one in work */
};

/*
 * `base` is a file or a folder of the server: lunboot/uuid-UUID.conf, lunboot/serial-SERIAL.conf,
 * lunboot/mac-MAC.conf and lunboot.conf are looked for in that folder. Facts that are NULL are left out.
 */
void serverfiles_init(struct serverfiles *files, const struct url *base, const struct params_facts *facts);

/* The one to ask for now; NULL: all were. */
const struct serverfile *serverfiles_current(const struct serverfiles *files);

/* It is not there: go on to the next. */
void serverfiles_absent(struct serverfiles *files);

/*
 * It was read, and these are what it includes: they come next. NULL, or a clause that says why the path at
 * *ret_index cannot be followed.
 */
const char *serverfiles_found(struct serverfiles *files, const struct params_includes *includes,
                              unsigned *ret_index);

/* A serial number as part of a file's name: letters, digits, '-', '_' and '.', anything else as '_'. Nothing
 * (empty) where it has no letter and no digit. `ret_name` may be the same memory as `serial`. */
void serverfiles_serial(const char *serial, char *ret_name, size_t capacity);

#endif
