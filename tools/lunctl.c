/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lunctl: what an administrator runs on Linux before a server is rebooted. The same iSCSI as in the firmware,
 * over Linux' sockets: when lunctl reads the disk, lunboot will boot from it, and when it does not, it says
 * the same sentence.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "iscsi/discovery.h"
#include "lunctl_client.h"
#include "lunctl_copy.h"
#include "lunctl_enrol.h"
#include "lunctl_ibft.h"
#include "lunctl_lastfailure.h"
#include "lunctl_json.h"
#include "lunctl_settings.h"
#include "lunctl_show.h"

#define PINGS 3u

/* --- discover --- */

static void print_record(struct json *json, const struct discovery_record *record)
{
    const char *portal =
        record->has_address ? lunctl_show_portal(record->portal.host, record->portal.port) : NULL;

    if (json == NULL) {
        printf("%s %s", record->name, portal ? portal : "(this portal)");
        if (record->has_address && record->portal.has_tag)
            printf(",%u", record->portal.tag);
        putchar('\n');
        return;
    }
    lunctl_json_object(json, NULL);
    lunctl_json_text(json, "target", record->name);
    if (portal != NULL)
        lunctl_json_text(json, "portal", portal);
    if (record->has_address && record->portal.has_tag)
        lunctl_json_number(json, "group", record->portal.tag);
    lunctl_json_end(json, '}');
}

static void print_targets(struct client *client, const char *text, size_t length)
{
    struct discovery discovery;
    struct discovery_record record;
    struct fault fault = {.code = FAULT_NONE, .opcode = 0xff};
    struct json json = {0}, *out = client->options->json ? &json : NULL;
    unsigned count = 0;

    discovery_init(&discovery, text, length);
    if (out != NULL) {
        lunctl_json_object(out, NULL);
        lunctl_json_list(out, "targets");
    }
    while (discovery_next(&discovery, &record, &fault.code)) {
        print_record(out, &record);
        count++;
    }
    if (out != NULL) {
        lunctl_json_end(out, ']');
        lunctl_json_number(out, "skipped", discovery.skipped);
        lunctl_json_end(out, '}');
    }
    if (fault.code == FAULT_NONE && count == 0)
        fault.code = FAULT_DISCOVERY_EMPTY;
    if (fault.code != FAULT_NONE)
        lunctl_client_fail(client, &fault);
}

static void discover(struct client *client)
{
    struct fault busy = {.code = FAULT_BUSY, .opcode = 0xff};
    const char *text;
    size_t length;

    if (!session_send_targets(&client->session)) {
        lunctl_client_fail(client, &busy);
        return;
    }
    while ((text = session_targets_text(&client->session, &length)) == NULL)
        if (!lunctl_client_turn(client, -1, 0))
            return;
    print_targets(client, text, length);
}

/* --- ping --- */

static bool ping_once(struct client *client, uint64_t *ret_ms)
{
    unsigned before = session_pings(&client->session, ret_ms);

    while (!session_ping(&client->session))
        if (!lunctl_client_turn(client, -1, 0))
            return false;
    while (session_pings(&client->session, ret_ms) == before)
        if (!lunctl_client_turn(client, -1, 0))
            return false;
    return true;
}

static void ping(struct client *client)
{
    const struct session_info *info = session_info(&client->session);
    const char *portal = lunctl_show_portal(info->portal.host, info->portal.port);
    struct json json = {0};
    uint64_t times[PINGS];

    for (unsigned i = 0; i < PINGS; i++)
        if (!ping_once(client, &times[i]))
            return;
    if (!client->options->json) {
        for (unsigned i = 0; i < PINGS; i++)
            printf("answer from %s in %llu ms\n", portal, (unsigned long long)times[i]);
        return;
    }
    lunctl_json_object(&json, NULL);
    lunctl_json_text(&json, "portal", portal);
    lunctl_json_list(&json, "milliseconds");
    for (unsigned i = 0; i < PINGS; i++)
        lunctl_json_number(&json, NULL, times[i]);
    lunctl_json_end(&json, ']');
    lunctl_json_end(&json, '}');
}

/* --- The program --- */

static void run(struct client *client)
{
    switch (client->options->command) {
    case COMMAND_DISCOVER:
        discover(client);
        break;
    case COMMAND_INFO:
        lunctl_show_info(client);
        break;
    case COMMAND_READ:
        lunctl_copy_read(client);
        break;
    case COMMAND_WRITE:
        lunctl_copy_write(client);
        break;
    case COMMAND_PING:
        ping(client);
        break;
    case COMMAND_IBFT:
    case COMMAND_LAST_FAILURE:
    case COMMAND_SETTINGS:
    case COMMAND_ENROL:
        break; /* needs no target */
    }
}

/* Output that could not be written is a failure, even when it is noticed only now. */
static int check_output(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    if (status == 0)
        perror("lunctl: standard output");
    return status ? status : 1;
}

int main(int count, char **words)
{
    static struct options options;
    static struct client client;
    int status = lunctl_options_read(count, words, &options);

    if (status >= 0)
        return check_output(status);
    if (options.command == COMMAND_IBFT)
        return check_output(lunctl_ibft_run(&options));
    if (options.command == COMMAND_LAST_FAILURE)
        return check_output(lunctl_lastfailure_run(&options));
    if (options.command == COMMAND_ENROL)
        return check_output(lunctl_enrol_run(&options));
    if (options.command == COMMAND_SETTINGS)
        return check_output(lunctl_settings_run(&options));
    lunctl_pump_catch_signals();
    if (lunctl_client_open(&client, &options))
        run(&client);
    status = lunctl_client_close(&client);
    lunctl_options_wipe(&options);
    return check_output(status);
}
