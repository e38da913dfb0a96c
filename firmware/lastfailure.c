/* SPDX-License-Identifier: BSD-2-Clause */
#include "lastfailure.h"

#include <string.h>

#include "efi/variable.h"
#include "log.h"

static const CHAR16 name[] = L"" LASTFAILURE_NAME;
static const EFI_GUID vendor = {0x6d1f5e0a, 0x3c57, 0x4b1e, {0x9a, 0x52, 0x7f, 0x0b, 0x4c, 0x2d, 0x8e, 0x61}};

void lastfailure_store(const char *sentence)
{
    EFI_STATUS status = variable_set_volatile(name, &vendor, sentence, strlen(sentence));

    if (EFI_ERROR(status))
        log_print(LOG_DEBUG, "the failure could not be kept in a variable: %s", uefi_status_name(status));
}

void lastfailure_show(void)
{
    char kept[LASTFAILURE_MAX], line[LOG_LINE_MAX];
    size_t length;
    struct fmt fmt;

    if (!variable_get(name, &vendor, kept, sizeof kept, &length))
        return;
    fmt_init(&fmt, line, sizeof line);
    fmt_escaped(&fmt, kept, length);
    log_print(LOG_INFO, "the last start failed: %s", line);
}
