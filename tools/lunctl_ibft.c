/* SPDX-License-Identifier: BSD-2-Clause */
#include "lunctl_ibft.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "firmware/ibft.h"
#include "firmware/words.h"
#include "iscsi/bytes.h"
#include "lunctl_json.h"
#include "lunctl_show.h"

#define TABLE_MAX 65536u

static const char *const own_tables[] = {"/sys/firmware/acpi/tables/iBFT", "/sys/firmware/acpi/tables/IBFT"};

static bool absent(const uint8_t address[16])
{
    static const uint8_t zeros[16];

    return memcmp(address, zeros, 16) == 0;
}

static const char *text_of(const uint8_t bytes[16])
{
    static char text[ADDRESS_TEXT_MAX];
    struct address address = {.family = ADDRESS_IPV4};

    if (!ibft_get_ipv4(bytes, address.bytes)) {
        address.family = ADDRESS_IPV6;
        memcpy(address.bytes, bytes, 16);
    }
    address_format(&address, text);
    return absent(bytes) ? "" : text;
}

static const char *origin_name(uint8_t origin)
{
    static const char *const names[] = {"another source", "the configuration", "a well-known address",
                                        "DHCP"};

    return origin < 4 ? names[origin] : "an unknown source";
}

static const char *chap_name(uint8_t chap)
{
    static const char *const names[] = {"none", "CHAP", "mutual CHAP"};

    return chap < 3 ? names[chap] : "unknown";
}

/* Names come from a table that somebody else wrote. */
static const char *escaped(const char *text)
{
    static char out[4 * NAME_MAX_BYTES + 4 * IBFT_HOST_MAX];
    struct fmt fmt;

    fmt_init(&fmt, out, sizeof out);
    fmt_escaped(&fmt, text, strlen(text));
    return out;
}

/* --- For people --- */

static void line(const char *name, const char *value)
{
    if (value[0] != '\0')
        printf("  %-14s %s\n", name, value);
}

static void print_nic(unsigned index, const struct ibft_nic *nic)
{
    const uint8_t *mac = nic->mac;

    printf("\nNIC %u%s\n", index, nic->selected ? ", booted from" : "");
    printf("  %-14s %02x:%02x:%02x:%02x:%02x:%02x\n", "MAC", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
    printf("  %-14s %02x:%02x.%x\n", "PCI", nic->pci >> 8, nic->pci >> 3 & 31, nic->pci & 7);
    printf("  %-14s %s/%u from %s\n", "address", text_of(nic->address), nic->prefix_length,
           origin_name(nic->origin));
    line("gateway", text_of(nic->gateway));
    line("DNS", text_of(nic->dns[0]));
    line("DNS", text_of(nic->dns[1]));
    line("DHCP server", text_of(nic->dhcp));
    if (nic->vlan != 0)
        printf("  %-14s %u\n", "VLAN", nic->vlan);
    line("host name", escaped(nic->hostname));
}

static void print_secret(const char *name, unsigned length)
{
    if (length > 0)
        printf("  %-14s %u bytes, not shown\n", name, length);
}

static void print_target(unsigned index, const struct ibft_target *target)
{
    printf("\ntarget %u%s\n", index, target->selected ? ", booted from" : "");
    line("name", escaped(target->name));
    printf("  %-14s %s\n", "portal", lunctl_show_portal(text_of(target->address), target->port));
    printf("  %-14s %s\n", "LUN", lunctl_show_lun(target->lun));
    printf("  %-14s %u\n", "through NIC", target->nic);
    line("authentication", chap_name(target->chap));
    line("CHAP name", escaped(target->chap_name));
    print_secret("CHAP secret", target->chap_secret_length);
    line("mutual name", escaped(target->reverse_name));
    print_secret("mutual secret", target->reverse_secret_length);
}

static void print_table(const struct ibft *ibft)
{
    printf("initiator %s\n", escaped(ibft->initiator));
    for (unsigned i = 0; i < IBFT_PAIRS_MAX; i++)
        if (ibft->nics[i].valid)
            print_nic(i, &ibft->nics[i]);
    for (unsigned i = 0; i < IBFT_PAIRS_MAX; i++)
        if (ibft->targets[i].valid)
            print_target(i, &ibft->targets[i]);
}

/* --- For programs --- */

static void json_nic(struct json *json, unsigned index, const struct ibft_nic *nic)
{
    char text[32];

    lunctl_json_object(json, NULL);
    lunctl_json_number(json, "index", index);
    lunctl_json_bool(json, "selected", nic->selected);
    snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", nic->mac[0], nic->mac[1], nic->mac[2],
             nic->mac[3], nic->mac[4], nic->mac[5]);
    lunctl_json_text(json, "mac", text);
    snprintf(text, sizeof text, "%02x:%02x.%x", nic->pci >> 8, nic->pci >> 3 & 31, nic->pci & 7);
    lunctl_json_text(json, "pci", text);
    lunctl_json_text(json, "address", text_of(nic->address));
    lunctl_json_number(json, "prefix-length", nic->prefix_length);
    lunctl_json_number(json, "origin", nic->origin);
    lunctl_json_text(json, "gateway", text_of(nic->gateway));
    lunctl_json_text(json, "dns-1", text_of(nic->dns[0]));
    lunctl_json_text(json, "dns-2", text_of(nic->dns[1]));
    lunctl_json_text(json, "dhcp", text_of(nic->dhcp));
    lunctl_json_number(json, "vlan", nic->vlan);
    lunctl_json_text(json, "host-name", escaped(nic->hostname));
    lunctl_json_end(json, '}');
}

static void json_target(struct json *json, unsigned index, const struct ibft_target *target)
{
    char groups[20];

    scsi_lun_format(target->lun, groups);
    lunctl_json_object(json, NULL);
    lunctl_json_number(json, "index", index);
    lunctl_json_bool(json, "selected", target->selected);
    lunctl_json_text(json, "name", escaped(target->name));
    lunctl_json_text(json, "address", text_of(target->address));
    lunctl_json_number(json, "port", target->port);
    lunctl_json_text(json, "lun", groups);
    lunctl_json_number(json, "nic", target->nic);
    lunctl_json_text(json, "authentication", chap_name(target->chap));
    lunctl_json_text(json, "chap-name", escaped(target->chap_name));
    lunctl_json_bool(json, "chap-secret-present", target->chap_secret_length > 0);
    lunctl_json_text(json, "mutual-chap-name", escaped(target->reverse_name));
    lunctl_json_bool(json, "mutual-chap-secret-present", target->reverse_secret_length > 0);
    lunctl_json_end(json, '}');
}

static void json_table(const struct ibft *ibft)
{
    struct json json = {0};

    lunctl_json_object(&json, NULL);
    lunctl_json_text(&json, "initiator", escaped(ibft->initiator));
    lunctl_json_list(&json, "nics");
    for (unsigned i = 0; i < IBFT_PAIRS_MAX; i++)
        if (ibft->nics[i].valid)
            json_nic(&json, i, &ibft->nics[i]);
    lunctl_json_end(&json, ']');
    lunctl_json_list(&json, "targets");
    for (unsigned i = 0; i < IBFT_PAIRS_MAX; i++)
        if (ibft->targets[i].valid)
            json_target(&json, i, &ibft->targets[i]);
    lunctl_json_end(&json, ']');
    lunctl_json_end(&json, '}');
}

/* --- The command --- */

static FILE *open_table(const char *name)
{
    FILE *file = NULL;

    if (name != NULL)
        return fopen(name, "rb");
    for (size_t i = 0; file == NULL && i < sizeof own_tables / sizeof own_tables[0]; i++)
        file = fopen(own_tables[i], "rb");
    return file;
}

int lunctl_ibft_run(const struct options *options)
{
    static uint8_t table[TABLE_MAX];
    static struct ibft ibft;
    const char *name = options->file ? options->file : own_tables[0];
    FILE *file = open_table(options->file);
    const char *wrong = NULL;
    size_t length;

    if (file == NULL) {
        fprintf(stderr, "lunctl: %s: %s%s\n", name, strerror(errno),
                options->file == NULL && errno == ENOENT ? ": this machine was not booted by iSCSI" : "");
        return 1;
    }
    setvbuf(file, NULL, _IONBF, 0);
    length = fread(table, 1, sizeof table, file);
    if (ferror(file))
        wrong = strerror(errno);
    fclose(file);
    if (wrong == NULL)
        wrong = ibft_parse(table, length, &ibft);
    if (wrong != NULL)
        fprintf(stderr, "lunctl: %s: %s\n", name, wrong);
    else if (options->json)
        json_table(&ibft);
    else
        print_table(&ibft);
    bytes_wipe(table, sizeof table);
    bytes_wipe(&ibft, sizeof ibft);
    return wrong != NULL;
}
