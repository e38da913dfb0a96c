/* SPDX-License-Identifier: BSD-2-Clause */
/* `lunctl last-failure`: why lunboot could not boot, or read its disk, since the machine was last reset. */
#ifndef LUNBOOT_TOOLS_LUNCTL_LASTFAILURE_H
#define LUNBOOT_TOOLS_LUNCTL_LASTFAILURE_H

#include "lunctl_options.h"

int lunctl_lastfailure_run(const struct options *options);

#endif
