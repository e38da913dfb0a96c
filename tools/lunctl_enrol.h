/* SPDX-License-Identifier: BSD-2-Clause */
/* `lunctl enrol`: settings for lunboot's UEFI variables, left beside lunboot.efi for its next start. */
#ifndef LUNBOOT_TOOLS_LUNCTL_ENROL_H
#define LUNBOOT_TOOLS_LUNCTL_ENROL_H

#include "lunctl_options.h"

int lunctl_enrol_run(const struct options *options);

#endif
