/* SPDX-License-Identifier: BSD-2-Clause */
#include "lunctl_show.h"

#include <stdio.h>
#include <string.h>

#include "firmware/rootpath.h"
#include "firmware/words.h"
#include "lunctl_json.h"

const char *lunctl_show_size(uint64_t bytes)
{
    static char text[32];
    struct fmt fmt;

    fmt_init(&fmt, text, sizeof text);
    fmt_size(&fmt, bytes);
    return text;
}

const char *lunctl_show_lun(const uint8_t lun[8])
{
    static char text[64];
    struct fmt fmt;

    fmt_init(&fmt, text, sizeof text);
    words_lun(lun, &fmt);
    return text;
}

const char *lunctl_show_portal(const char *host, uint16_t port)
{
    static char text[ADDRESS_HOST_MAX + 16];
    bool bracket = strchr(host, ':') != NULL;

    snprintf(text, sizeof text, "%s%s%s:%u", bracket ? "[" : "", host, bracket ? "]" : "", port);
    return text;
}

/* --- info --- */

/* The negotiated keys in the order of RFC 7143 section 13. */
static const struct key_row {
    const char *name;
    size_t offset; /* in struct keys_values */
    enum { KEY_NUMBER, KEY_YES_NO, KEY_DIGEST } kind;
} key_rows[] = {
#define ROW(name, field, kind)                                                                               \
    {                                                                                                        \
        name, offsetof(struct keys_values, field), kind                                                      \
    }
    ROW("HeaderDigest", header_digest, KEY_DIGEST),
    ROW("DataDigest", data_digest, KEY_DIGEST),
    ROW("MaxConnections", max_connections, KEY_NUMBER),
    ROW("TargetPortalGroupTag", target_portal_group_tag, KEY_NUMBER),
    ROW("InitialR2T", initial_r2t, KEY_YES_NO),
    ROW("ImmediateData", immediate_data, KEY_YES_NO),
    ROW("MaxRecvDataSegmentLength", max_recv_data_length, KEY_NUMBER),
    ROW("TargetMaxRecvDataSegmentLength", target_max_recv_data_length, KEY_NUMBER),
    ROW("MaxBurstLength", max_burst_length, KEY_NUMBER),
    ROW("FirstBurstLength", first_burst_length, KEY_NUMBER),
    ROW("DefaultTime2Wait", default_time2wait, KEY_NUMBER),
    ROW("DefaultTime2Retain", default_time2retain, KEY_NUMBER),
    ROW("MaxOutstandingR2T", max_outstanding_r2t, KEY_NUMBER),
    ROW("DataPDUInOrder", data_pdu_in_order, KEY_YES_NO),
    ROW("DataSequenceInOrder", data_sequence_in_order, KEY_YES_NO),
    ROW("ErrorRecoveryLevel", error_recovery_level, KEY_NUMBER),
    ROW("iSCSIProtocolLevel", protocol_level, KEY_NUMBER),
#undef ROW
};

#define KEY_ROWS (sizeof key_rows / sizeof key_rows[0])

static uint32_t key_value(const struct keys_values *keys, const struct key_row *row)
{
    uint32_t value;

    memcpy(&value, (const uint8_t *)keys + row->offset, sizeof value);
    return value;
}

static const char *authentication(const struct session_info *info)
{
    return info->mutual ? "mutual CHAP" : info->authenticated ? "CHAP" : "none";
}

static uint64_t disk_bytes(const struct lun_info *disk)
{
    return (disk->capacity.last_lba + 1) * disk->capacity.block_size;
}

/* The portal to be written down: a target that has moved for good is asked for at its new place. */
static const struct portal *lasting_portal(const struct client *client)
{
    const struct session_info *info = session_info(&client->session);

    return info->moved_permanently ? &info->portal : &client->options->portals[0];
}

static void root_path(const struct client *client, char ret_text[ROOTPATH_TEXT_MAX])
{
    struct rootpath path = {.portal = *lasting_portal(client)};

    memcpy(path.lun, client->options->lun, sizeof path.lun);
    memcpy(path.target, client->options->target, sizeof path.target);
    rootpath_format(&path, ret_text);
}

static void info_login(const struct client *client)
{
    const struct session_info *info = session_info(&client->session);
    char address[ADDRESS_TEXT_MAX];

    address_format(&info->address, address);
    printf("target          %s\n", client->options->target);
    printf("initiator       %s\n", client->options->initiator);
    printf("portal          %s", lunctl_show_portal(info->portal.host, info->portal.port));
    if (strcmp(info->portal.host, address) != 0)
        printf(", which is %s", address);
    printf("\nauthentication  %s%s%s%s\n", authentication(info), info->authenticated ? " with " : "",
           info->authenticated ? params_algorithm_name(info->chap_algorithm) : "",
           info->md5_retried ? ", in a second login that offered MD5 alone" : "");
    if (info->weak_challenge)
        puts("                the target's challenge is short: an eavesdropper may guess the secret");
    if (info->moved_permanently)
        puts("                the target has moved to this portal for good");
    puts("\nnegotiated");
    for (size_t i = 0; i < KEY_ROWS; i++) {
        uint32_t value = key_value(&info->keys, &key_rows[i]);

        if (key_rows[i].kind == KEY_NUMBER)
            printf("  %-31s %u\n", key_rows[i].name, (unsigned)value);
        else
            printf("  %-31s %s\n", key_rows[i].name,
                   key_rows[i].kind == KEY_DIGEST ? (value ? "CRC32C" : "None") : (value ? "Yes" : "No"));
    }
}

static void info_disk(const struct client *client)
{
    static const char *const kinds[] = {"", "T10", "EUI", "NAA"};
    const struct lun_info *disk = &client->lun.info;
    uint64_t blocks = disk->capacity.last_lba + 1, physical = disk->capacity.block_size;

    physical <<= disk->capacity.physical_exponent;
    printf("\ndisk            %s\n", lunctl_show_lun(client->options->lun));
    printf("made by         %s %s %s\n", disk->identity.vendor, disk->identity.product,
           disk->identity.revision);
    if (disk->serial[0] != '\0')
        printf("serial          %s\n", disk->serial);
    if (disk->designator.type != 0) {
        printf("identifier      %s ", kinds[disk->designator.type & 3]);
        for (unsigned i = 0; i < disk->designator.length; i++)
            printf("%02x", disk->designator.bytes[i]);
        putchar('\n');
    }
    printf("size            %s: %llu blocks of %u bytes\n", lunctl_show_size(disk_bytes(disk)),
           (unsigned long long)blocks, (unsigned)disk->capacity.block_size);
    printf("physical block  %llu bytes\n", (unsigned long long)physical);
    printf("transfers       at most %u blocks at a time\n", (unsigned)disk->max_blocks);
    printf("writing         %s\n", disk->write_protected ? "write protected"
                                   : disk->write_cache   ? "allowed, with a cache that is flushed"
                                                         : "allowed, without a cache");
}

/* Secrets are not copied: where they belong is shown. */
#define CONF_MAX 4096u

/* A key that was set, in quotes: a name may hold blanks. */
static void conf_line(const struct params *params, enum param_id id, struct fmt *fmt)
{
    if (params_is_set(params, id))
        fmt_print(fmt, "%s = \"%s\"\n", params_key(id), params_text(params, id));
}

/* The lunboot.conf with which lunboot does what was done here; secrets are left to whoever writes it. */
static void conf_text(const struct client *client, char ret_text[CONF_MAX])
{
    const struct params *params = &client->options->params;
    char path[ROOTPATH_TEXT_MAX];
    struct fmt fmt;

    root_path(client, path);
    fmt_init(&fmt, ret_text, CONF_MAX);
    fmt_print(&fmt, "initiator-name = %s\nroot-path = %s\n", client->options->initiator, path);
    conf_line(params, PARAM_AUTH, &fmt);
    conf_line(params, PARAM_CHAP_ALGORITHMS, &fmt);
    conf_line(params, PARAM_CHAP_NAME, &fmt);
    if (params_is_set(params, PARAM_CHAP_NAME))
        fmt_print(&fmt, "# chap-secret = the one used here\n");
    conf_line(params, PARAM_MUTUAL_CHAP_NAME, &fmt);
    if (params_is_set(params, PARAM_MUTUAL_CHAP_NAME))
        fmt_print(&fmt, "# mutual-chap-secret = the one used here\n");
}

static void info_conf(const struct client *client)
{
    char path[ROOTPATH_TEXT_MAX], text[CONF_MAX];

    root_path(client, path);
    conf_text(client, text);
    printf("\nDHCP option 17  %s\n", path);
    puts("\nlunboot.conf that fits:\n");
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
        printf("  %s\n", line);
}

static void json_login(const struct client *client, struct json *json)
{
    const struct session_info *info = session_info(&client->session);
    char address[ADDRESS_TEXT_MAX];

    address_format(&info->address, address);
    lunctl_json_text(json, "target", client->options->target);
    lunctl_json_text(json, "initiator", client->options->initiator);
    lunctl_json_text(json, "portal", lunctl_show_portal(info->portal.host, info->portal.port));
    lunctl_json_text(json, "address", address);
    lunctl_json_object(json, "authentication");
    lunctl_json_text(json, "method", authentication(info));
    if (info->authenticated)
        lunctl_json_text(json, "algorithm", params_algorithm_name(info->chap_algorithm));
    lunctl_json_bool(json, "second-login-with-md5", info->md5_retried);
    lunctl_json_bool(json, "short-challenge", info->weak_challenge);
    lunctl_json_end(json, '}');
    lunctl_json_bool(json, "moved-permanently", info->moved_permanently);
    lunctl_json_object(json, "negotiated");
    for (size_t i = 0; i < KEY_ROWS; i++) {
        uint32_t value = key_value(&info->keys, &key_rows[i]);

        if (key_rows[i].kind == KEY_NUMBER)
            lunctl_json_number(json, key_rows[i].name, value);
        else if (key_rows[i].kind == KEY_YES_NO)
            lunctl_json_bool(json, key_rows[i].name, value != 0);
        else
            lunctl_json_text(json, key_rows[i].name, value ? "CRC32C" : "None");
    }
    lunctl_json_end(json, '}');
}

static void json_disk(const struct client *client, struct json *json)
{
    const struct lun_info *disk = &client->lun.info;
    char groups[20];

    scsi_lun_format(client->options->lun, groups);
    lunctl_json_object(json, "disk");
    lunctl_json_text(json, "lun", groups);
    lunctl_json_text(json, "vendor", disk->identity.vendor);
    lunctl_json_text(json, "product", disk->identity.product);
    lunctl_json_text(json, "revision", disk->identity.revision);
    lunctl_json_text(json, "serial", disk->serial);
    lunctl_json_number(json, "designator-type", disk->designator.type);
    lunctl_json_hex(json, "designator", disk->designator.bytes, disk->designator.length);
    lunctl_json_number(json, "bytes", disk_bytes(disk));
    lunctl_json_number(json, "blocks", disk->capacity.last_lba + 1);
    lunctl_json_number(json, "block-size", disk->capacity.block_size);
    lunctl_json_number(json, "physical-block-size",
                       (uint64_t)disk->capacity.block_size << disk->capacity.physical_exponent);
    lunctl_json_number(json, "max-blocks", disk->max_blocks);
    lunctl_json_bool(json, "write-protected", disk->write_protected);
    lunctl_json_bool(json, "write-cache", disk->write_cache);
    lunctl_json_end(json, '}');
}

static void json_info(const struct client *client)
{
    struct json json = {0};
    char path[ROOTPATH_TEXT_MAX], conf[CONF_MAX];

    root_path(client, path);
    conf_text(client, conf);
    lunctl_json_object(&json, NULL);
    json_login(client, &json);
    json_disk(client, &json);
    lunctl_json_text(&json, "root-path", path);
    lunctl_json_text(&json, "lunboot.conf", conf);
    lunctl_json_end(&json, '}');
}

void lunctl_show_info(const struct client *client)
{
    if (client->options->json) {
        json_info(client);
        return;
    }
    info_login(client);
    info_disk(client);
    info_conf(client);
}
