/* SPDX-License-Identifier: BSD-2-Clause */
/* lunctl ibft: the iSCSI boot table that the firmware left for this machine, or one from a file. */
#ifndef LUNBOOT_TOOLS_LUNCTL_IBFT_H
#define LUNBOOT_TOOLS_LUNCTL_IBFT_H

#include "lunctl_options.h"

/* Returns the exit status. */
int lunctl_ibft_run(const struct options *options);

#endif
