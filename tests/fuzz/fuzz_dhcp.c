/* SPDX-License-Identifier: BSD-2-Clause */
/* DHCP, PXE and DNS answers (net/dhcp_message.c, net/boot_message.c, net/dns_message.c). */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "net/dhcp_message.h"
#include "net/dns_message.h"

static void look_at_replies(const uint8_t *message, size_t length)
{
    static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
    static struct dhcp_reply reply;
    struct net_boot_file file;
    size_t end;

    if (dhcp_message_parse(message, length, 7, mac, &reply))
        PROMISE(reply.lease.vendor_length <= NET_OPTION_MAX &&
                reply.lease.root_path_length <= NET_OPTION_MAX);
    if (dhcp_message_parse_other(message, length, mac, &reply))
        PROMISE(reply.lease.vendor_length == 0);
    if (!net_boot_file(message, length, &file))
        return;
    end = strnlen(file.file, sizeof file.file);
    PROMISE(end > 0 && end < sizeof file.file && file.server[0] != 0 && file.server[0] < 224);
    for (size_t i = 0; i < end; i++)
        PROMISE(file.file[i] > ' ' && file.file[i] < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct net_address addresses[NET_NAMES_MAX];
    uint8_t *message = malloc(length > 0 ? length : 1);
    unsigned count = 0;
    struct dns_name name;
    const uint8_t *id;
    uint8_t id_length;

    memcpy(message, bytes, length);
    if (dns_name_from_text("host.example", &name) &&
        dns_answer_parse(message, length, 0x1234, &name, addresses, &count) == DNS_ANSWERED)
        PROMISE(count <= NET_NAMES_MAX);
    if (length >= 240) { /* the fixed part fits, so that the options are looked at */
        memcpy(message, (const uint8_t[]){2, 1, 6, 0, 0, 0, 0, 7}, 8);
        memcpy(message + 28, (const uint8_t[]){2, 0, 0, 0, 0, 1}, 6);
        memcpy(message + 236, (const uint8_t[]){99, 130, 83, 99}, 4);
    }
    look_at_replies(message, length);
    if (length >= 240)
        message[0] = 1;
    if (net_client_id(message, length, &id, &id_length))
        PROMISE(id_length > 0);
    free(message);
    return 0;
}
