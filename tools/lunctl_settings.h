/* SPDX-License-Identifier: BSD-2-Clause */
/* `lunctl settings`: every setting of lunboot, for people, for programs and for docs/settings.md. */
#ifndef LUNBOOT_TOOLS_LUNCTL_SETTINGS_H
#define LUNBOOT_TOOLS_LUNCTL_SETTINGS_H

#include "lunctl_options.h"

int lunctl_settings_run(const struct options *options);

#endif
