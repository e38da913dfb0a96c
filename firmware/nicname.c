/* SPDX-License-Identifier: BSD-2-Clause */
#include "nicname.h"

#include <string.h>

#include "iscsi/text.h"

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One to four hexadecimal digits at *at, which moves on behind them. */
static bool take_hex(const char **at, unsigned *ret_value)
{
    unsigned value = 0, digits = 0;

    while (digits < 4 && digit(**at) >= 0) {
        value = value << 4 | (unsigned)digit(*(*at)++);
        digits++;
    }
    *ret_value = value;
    return digits > 0;
}

static bool matches_mac(const struct nicname *nic, const char *at)
{
    for (unsigned i = 0; i < 6; i++) {
        unsigned value;

        if (i && *at != ':' && *at != '-')
            return false;
        at += i ? 1 : 0;
        if (!take_hex(&at, &value) || value != nic->mac[i])
            return false;
    }
    return *at == '\0';
}

static bool matches_pci(const struct nicname *nic, const char *at)
{
    unsigned parts[4] = {0};
    unsigned count = 0;

    for (;;) {
        if (count == 4 || !take_hex(&at, &parts[count++]))
            return false;
        if (*at == '.')
            break;
        if (*at++ != ':')
            return false;
    }
    at++;
    if (count < 2 || count > 3 || !take_hex(&at, &parts[count]) || *at != '\0')
        return false;
    if (count == 2)
        return nic->has_pci && nic->segment == 0 && nic->bus == parts[0] && nic->device == parts[1] &&
               nic->function == parts[2];
    return nic->has_pci && nic->segment == parts[0] && nic->bus == parts[1] && nic->device == parts[2] &&
           nic->function == parts[3];
}

bool nicname_matches(const struct nicname *nic, const char *wanted)
{
    return matches_mac(nic, wanted) || matches_pci(nic, wanted);
}

unsigned nicname_prefix(const uint8_t netmask[4])
{
    unsigned prefix = 0;

    while (prefix < 32 && (netmask[prefix / 8] & (0x80 >> (prefix % 8))))
        prefix++;
    return prefix;
}

static void copy_ipv4(const char *text, size_t length, uint8_t ret_bytes[4])
{
    struct address address;

    if (address_parse(text, length, &address) && address.family == ADDRESS_IPV4)
        memcpy(ret_bytes, address.bytes, 4);
}

static size_t length_before(const char *text, char end)
{
    size_t length = 0;

    while (text[length] && text[length] != end)
        length++;
    return length;
}

void nicname_static_lease(const struct params *params, struct net_lease *ret_lease)
{
    const char *ip = params_text(params, PARAM_IP), *dns = params_text(params, PARAM_DNS);
    const char *hostname = params_text(params, PARAM_HOSTNAME);
    size_t before = length_before(ip, '/'), first = length_before(dns, ',');
    uint64_t prefix = 0;

    memset(ret_lease, 0, sizeof *ret_lease);
    copy_ipv4(ip, before, ret_lease->address);
    if (ip[before] == '/')
        text_number(ip + before + 1, strlen(ip) - before - 1, &prefix);
    for (unsigned i = 0; i < prefix && i < 32; i++)
        ret_lease->netmask[i / 8] = (uint8_t)(ret_lease->netmask[i / 8] | 0x80 >> (i % 8));
    copy_ipv4(params_text(params, PARAM_GATEWAY), strlen(params_text(params, PARAM_GATEWAY)),
              ret_lease->gateway);
    copy_ipv4(dns, first, ret_lease->dns[0]);
    if (dns[first] == ',')
        copy_ipv4(dns + first + 1, strlen(dns) - first - 1, ret_lease->dns[1]);
    memcpy(ret_lease->hostname, hostname, strlen(hostname) <= NET_HOST_MAX ? strlen(hostname) : 0);
}

bool nicname_parse_lossy(const char *text, struct lossy_config *ret_config)
{
    uint64_t numbers[5];
    const char *element;
    size_t left = strlen(text), length;
    bool bad = false;
    unsigned count = 0;

    while (text_list_next(&text, &left, &element, &length, &bad)) {
        if (bad || count == 5 || !text_number(element, length, &numbers[count]) ||
            (count > 0 && numbers[count] > 65535))
            return false;
        count++;
    }
    if (bad || count != 5)
        return false;
    *ret_config = (struct lossy_config){.seed = numbers[0],
                                        .lose = (uint16_t)numbers[1],
                                        .repeat = (uint16_t)numbers[2],
                                        .reorder = (uint16_t)numbers[3],
                                        .damage = (uint16_t)numbers[4]};
    return true;
}
