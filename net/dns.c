/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "lwip/opt.h"
#include "lwip/udp.h"
#include "dns.h"
#include "dns_message.h"

#define PORT       53u
#define SERVERS    2u
#define PORT_TRIES 16u

/* When the next question is sent after each one, server after server; the last is the end. 10 s in all. */
static const uint16_t waits_ms[] = {1000, 1000, 2000, 2000, 4000};

static struct {
    enum net_resolve_state state;
    struct udp_pcb *pcb; /* NULL: nothing under way */
    struct dns_name name;
    uint16_t id;
    ip_addr_t servers[SERVERS];
    unsigned server_count, tries;
    uint64_t retry_ms;
    struct net_address addresses[NET_NAMES_MAX];
    unsigned count;
} dns = {.state = NET_NO_SERVER};

static void finish(enum net_resolve_state state)
{
    dns_stop();
    dns.state = state;
}

static void send_query(void)
{
    struct pbuf *p = pbuf_alloc(PBUF_TRANSPORT, DNS_QUERY_MAX, PBUF_RAM);
    const ip_addr_t *server = &dns.servers[dns.tries % dns.server_count];

    dns.retry_ms = net_milliseconds() + waits_ms[dns.tries];
    dns.tries++;
    if (p == NULL) {
        return;
    }
    pbuf_realloc(p, (u16_t)dns_query_build(dns.id, &dns.name, p->payload));
    /* Connected: lwIP then takes answers from this server's port 53 alone. */
    if (udp_connect(dns.pcb, server, PORT) == ERR_OK) {
        udp_send(dns.pcb, p);
    }
    pbuf_free(p);
}

static void next_try(void)
{
    if (dns.tries == LWIP_ARRAYSIZE(waits_ms)) {
        finish(NET_NAME_TIMEOUT);
    } else {
        send_query();
    }
}

static void on_answer(void *arg, struct udp_pcb *pcb, struct pbuf *p, const ip_addr_t *from, u16_t port)
{
    enum dns_verdict verdict = DNS_NOT_OURS;

    LWIP_UNUSED_ARG(arg);
    LWIP_UNUSED_ARG(pcb);
    LWIP_UNUSED_ARG(from);
    if (p->len == p->tot_len && port == PORT) {
        verdict = dns_answer_parse(p->payload, p->len, dns.id, &dns.name, dns.addresses, &dns.count);
    }
    pbuf_free(p);
    switch (verdict) {
    case DNS_ANSWERED:
        finish(NET_RESOLVED);
        break;
    case DNS_NO_NAME:
        finish(NET_NO_SUCH_NAME);
        break;
    case DNS_TRY_OTHER:
        next_try();
        break;
    case DNS_NOT_OURS:
        break;
    }
}

/* No top-level domain is a number (RFC 3696 section 2), so this was meant as an address and is not one. */
static bool ends_in_number(const char *host)
{
    size_t length = strlen(host), digits = 0;

    length -= length > 0 && host[length - 1] == '.';
    while (digits < length && host[length - digits - 1] >= '0' && host[length - digits - 1] <= '9') {
        digits++;
    }
    return digits > 0 && (digits == length || host[length - digits - 1] == '.');
}

static void take_servers(const struct net_lease *lease)
{
    static const uint8_t none[4];

    dns.server_count = 0;
    for (unsigned i = 0; lease != NULL && i < SERVERS; i++) {
        if (memcmp(lease->dns[i], none, 4) != 0) {
            ip_addr_t *server = &dns.servers[dns.server_count++];

            memset(server, 0, sizeof *server);
            memcpy(&ip_2_ip4(server)->addr, lease->dns[i], 4);
        }
    }
}

/* A random port and a random id: 30 bits for an outsider to guess (RFC 5452 section 9.2). */
static bool open_port(void)
{
    err_t err = ERR_USE;

    dns.pcb = udp_new_ip_type(IPADDR_TYPE_V4);
    if (dns.pcb == NULL) {
        return false;
    }
    for (unsigned i = 0; i < PORT_TRIES && err == ERR_USE; i++) {
        err = udp_bind(dns.pcb, IP4_ADDR_ANY, lwip_port_any());
    }
    udp_recv(dns.pcb, on_answer, NULL);
    return err == ERR_OK;
}

void dns_start(const char *host, const struct net_lease *lease)
{
    uint8_t literal[4];

    dns_stop();
    dns.count = 0;
    if (dns_literal_parse(host, literal)) {
        memset(&dns.addresses[0], 0, sizeof dns.addresses[0]);
        dns.addresses[0].family = 4;
        memcpy(dns.addresses[0].bytes, literal, 4);
        dns.count = 1;
        dns.state = NET_RESOLVED;
        return;
    }
    if (ends_in_number(host) || !dns_name_from_text(host, &dns.name)) {
        dns.state = NET_NO_SUCH_NAME;
        return;
    }
    take_servers(lease);
    if (dns.server_count == 0 || !open_port()) {
        finish(NET_NO_SERVER);
        return;
    }
    net_random(&dns.id, sizeof dns.id);
    dns.state = NET_RESOLVING;
    dns.tries = 0;
    send_query();
}

void dns_stop(void)
{
    if (dns.pcb != NULL) {
        udp_remove(dns.pcb);
        dns.pcb = NULL;
    }
    if (dns.state == NET_RESOLVING) {
        dns.state = NET_NO_SERVER;
    }
}

void dns_poll(void)
{
    if (dns.pcb != NULL && net_milliseconds() >= dns.retry_ms) {
        next_try();
    }
}

uint64_t dns_next_ms(void)
{
    return dns.pcb != NULL ? dns.retry_ms : UINT64_MAX;
}

enum net_resolve_state dns_result(struct net_address *ret_addresses, unsigned *ret_count)
{
    if (dns.state == NET_RESOLVED) {
        memcpy(ret_addresses, dns.addresses, dns.count * sizeof dns.addresses[0]);
        *ret_count = dns.count;
    }
    return dns.state;
}
