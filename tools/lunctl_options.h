/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lunctl was asked to do: the command line, the secrets file and the initiator's name. Everything that
 * can be found wrong without a packet is found here.
 */
#ifndef LUNBOOT_TOOLS_LUNCTL_OPTIONS_H
#define LUNBOOT_TOOLS_LUNCTL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "firmware/params.h"
#include "iscsi/address.h"
#include "iscsi/name.h"
#include "iscsi/session.h"

enum command {
    COMMAND_DISCOVER,
    COMMAND_INFO,
    COMMAND_READ,
    COMMAND_WRITE,
    COMMAND_PING,
    COMMAND_IBFT,
    COMMAND_LAST_FAILURE,
    COMMAND_SETTINGS,
    COMMAND_ENROL
};

struct options {
    enum command command;
    struct portal portals[SESSION_PORTALS_MAX];
    unsigned portal_count;
    char target[NAME_MAX_BYTES + 1]; /* empty: discovery */
    uint8_t lun[8];
    char initiator[NAME_MAX_BYTES + 1];
    struct params params; /* credentials, --auth and --queue-depth */
    const char *file;     /* ibft and last-failure: the file */
    struct {
        const char *esp, *folder, *file;
        char **words; /* key=value, or the key of a secret */
        int word_count;
    } enrol;
    bool has_offset, has_length;
    uint64_t offset, length; /* bytes */
    const char *output, *input;
    uint64_t timeout_ms; /* 0: none but those of each step */
    bool json, trace, markdown;
    const char *pcap;
};

/*
 * Fill `ret_options`. Returns -1 when the command is to be carried out, else the exit status: help or a
 * sentence has been printed. Secrets live in ret_options->params until lunctl_options_wipe.
 */
int lunctl_options_read(int count, char **words, struct options *ret_options);
void lunctl_options_wipe(struct options *options);

#endif
