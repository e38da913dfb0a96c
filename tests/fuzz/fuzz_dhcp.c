/* SPDX-License-Identifier: BSD-2-Clause */
/* DHCP, PXE and DNS answers (net/dhcp_message.c, net/boot_message.c, net/dns_message.c). */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "net/dhcp_message.h"
#include "net/dns_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
    static struct dhcp_reply reply;
    struct net_address addresses[NET_NAMES_MAX];
    uint8_t *message = malloc(length + 1);
    unsigned count = 0;
    struct dns_name name;
    struct net_boot_file file;
    const uint8_t *id;
    uint8_t id_length;

    memcpy(message, bytes, length);
    if (dns_name_from_text("host.example", &name) &&
        dns_answer_parse(message, length, 0x1234, &name, addresses, &count) == DNS_ANSWERED)
        PROMISE(count <= NET_NAMES_MAX);
    if (length >= 240) { /* the fixed part fits, so that the options are looked at */
        memcpy(message, (const uint8_t[]){2, 1, 6, 0, 0, 0, 0, 7}, 8);
        memcpy(message + 28, mac, 6);
        memcpy(message + 236, (const uint8_t[]){99, 130, 83, 99}, 4);
    }
    dhcp_message_parse(message, length, 7, mac, &reply);
    if (net_boot_file(message, length, &file))
        PROMISE(file.file[0] != '\0' && strlen(file.file) <= NET_HOST_MAX && file.server[0] != 0);
    if (length >= 240)
        message[0] = 1;
    if (net_client_id(message, length, &id, &id_length))
        PROMISE(id_length > 0);
    free(message);
    return 0;
}
