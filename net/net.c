/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "lwip/init.h"
#include "lwip/opt.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/stats.h"
#include "lwip/timeouts.h"
#include "dhcp.h"
#include "dns.h"
#include "fetches.h"
#include "iface.h"
#include "isn.h"
#include "net.h"
#include "streams.h"

#define WINDOW_DEFAULT (1024u * 1024u)
#define FRAMES_A_POLL  64u

static struct {
    bool ready; /* lwIP was initialised: once in a program */
    enum net_state state;
    struct net_lease lease;
    uint8_t dns[2][4]; /* configured ones go before a lease's */
} net;

static void set_window(uint32_t bytes)
{
    uint32_t window = bytes == 0 ? WINDOW_DEFAULT : bytes;

    if (window < LWIP_PORT_WINDOW_MIN) {
        window = LWIP_PORT_WINDOW_MIN;
    }
    if (window > LWIP_PORT_WINDOW_MAX) {
        window = LWIP_PORT_WINDOW_MAX;
    }
    lwip_port_window_extra = window - LWIP_PORT_WINDOW_MIN;
}

bool net_open(struct nic *nic, const struct net_config *config)
{
    if (net.state != NET_CLOSED) {
        net_log("net: another interface is open");
        return false;
    }
    if (!net.ready) {
        lwip_init();
        net.ready = true;
    }
    set_window(config->tcp_window);
    isn_rekey();
    if (!iface_open(nic)) {
        net_log("net: no room for the interface");
        return false;
    }
    memset(&net.lease, 0, sizeof net.lease);
    memcpy(net.dns, config->dns, sizeof net.dns);
    dhcp_init(nic, config);
    net.state = NET_UP;
    return true;
}

/* What no stream points to any more: connections in TIME_WAIT, or that lwIP closes by itself. */
static void abort_leftovers(void)
{
    while (tcp_tw_pcbs != NULL) {
        tcp_abort(tcp_tw_pcbs);
    }
    while (tcp_active_pcbs != NULL) {
        tcp_abort(tcp_active_pcbs);
    }
}

void net_close(void)
{
    if (net.state == NET_CLOSED) {
        return;
    }
    dhcp_stop();
    dns_stop();
    fetch_stop();
    streams_fail();
    abort_leftovers();
    iface_close();
    net.state = NET_CLOSED;
    if (iface_lent() != 0) {
        net_log("net: frames were still held at the close");
    }
}

/* The address that they have is not ours any more. */
static void fail_connections(void)
{
    fetches_fail();
    streams_fail();
}

static void fail(void)
{
    net_log("net: the network device stopped working");
    dhcp_stop();
    dns_stop();
    fail_connections();
    net.state = NET_FAILED;
}

static bool is_set(const uint8_t address[4])
{
    return (address[0] | address[1] | address[2] | address[3]) != 0;
}

/* The lease that DHCP holds became ours, changed, or ended. */
static void follow_dhcp(void)
{
    struct net_lease lease;
    bool bound;

    if (!dhcp_changed(&bound, &lease)) {
        return;
    }
    if (memcmp(lease.address, net.lease.address, 4) != 0) {
        fail_connections();
    }
    net.lease = lease;
    if (is_set(net.dns[0])) {
        memcpy(net.lease.dns, net.dns, sizeof net.lease.dns);
    }
    iface_configure(&net.lease);
    net.state = bound ? NET_CONFIGURED : NET_DISCOVERING;
}

bool net_poll(void)
{
    unsigned count;

    if (net.state == NET_CLOSED || net.state == NET_FAILED) {
        return false;
    }
    count = iface_drain(FRAMES_A_POLL);
    streams_poll();
    sys_check_timeouts();
    dhcp_poll();
    follow_dhcp();
    dns_poll();
    fetches_poll();
    if (iface_take_blocked()) {
        streams_output();
    }
    if (iface_failed()) {
        fail();
    }
    return count > 0;
}

bool net_quiet(void)
{
    return streams_quiet();
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t net_next_ms(void)
{
    uint64_t next = UINT64_MAX;
    u32_t sleep;

    if (net.state == NET_CLOSED || net.state == NET_FAILED) {
        return next;
    }
    sleep = sys_timeouts_sleeptime();
    if (sleep != SYS_TIMEOUTS_SLEEPTIME_INFINITE) {
        next = net_milliseconds() + sleep;
    }
    next = earlier(earlier(next, streams_next_ms()), earlier(dhcp_next_ms(), dns_next_ms()));
    return earlier(next, fetches_next_ms());
}

enum net_state net_state(void)
{
    return net.state;
}

void net_set_static(const struct net_lease *lease)
{
    if (net.state == NET_CLOSED || net.state == NET_FAILED) {
        return;
    }
    dhcp_stop();
    if (memcmp(lease->address, net.lease.address, 4) != 0) {
        fail_connections();
    }
    net.lease = *lease;
    iface_configure(&net.lease);
    net.state = NET_CONFIGURED;
}

void net_dhcp_start(void)
{
    static const struct net_lease none;

    if (net.state == NET_CLOSED || net.state == NET_FAILED) {
        return;
    }
    fail_connections();
    net.lease = none;
    iface_configure(&none);
    net.state = dhcp_start() ? NET_DISCOVERING : NET_UP;
}

bool net_dhcp_adopt(const uint8_t *ack, size_t length)
{
    if (net.state == NET_CLOSED || net.state == NET_FAILED || !dhcp_adopt(ack, length)) {
        return false;
    }
    follow_dhcp();
    return true;
}

void net_dhcp_progress(unsigned *ret_discovers, unsigned *ret_offers)
{
    dhcp_progress(ret_discovers, ret_offers);
}

void net_get_lease(struct net_lease *ret_lease)
{
    *ret_lease = net.lease;
}

void net_resolve_start(const char *host)
{
    dns_start(host, net.state == NET_CONFIGURED ? &net.lease : NULL);
}

enum net_resolve_state net_resolve_poll(struct net_address *ret_addresses, unsigned *ret_count)
{
    return dns_result(ret_addresses, ret_count);
}

void net_get_counters(struct net_counters *ret_counters)
{
    iface_count(ret_counters);
    ret_counters->pcbs =
        net.ready ? lwip_stats.memp[MEMP_TCP_PCB]->used + lwip_stats.memp[MEMP_UDP_PCB]->used : 0;
    ret_counters->buffers = net.ready ? iface_lent() + lwip_stats.memp[MEMP_TCP_SEG]->used : 0;
}
