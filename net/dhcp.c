/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "lwip/ip.h"
#include "lwip/netif.h"
#include "lwip/opt.h"
#include "lwip/udp.h"
#include "dhcp.h"
#include "dhcp_message.h"
#include "iface.h"

#define PORT_CLIENT 68u
#define PORT_SERVER 67u

#define OFFER_WAIT_DEFAULT_MS 1000u

/*
 * RFC 2131 section 4.1 wants a doubling interval with some randomness. It starts shorter here, for somebody
 * waits, and is up to half longer or shorter: machines that were switched on together ask together, and a
 * server may offer one address to several of them (dnsmasq does) and refuse it to all but one. If these came
 * together again, one in each round would be served.
 */
#define RETRY_FIRST_MS 1000u
#define RETRY_LAST_MS  8000u
#define REQUESTS_MAX   4u /* then the server that made the offer is given up */

#define RENEW_RETRY_MIN_MS 60000u /* RFC 2131 section 4.4.5 */
#define LEASE_MIN_SECONDS  10u
#define ADOPTED_RENEW_MS   60000u
#define NO_LIMIT           0xffffffffu

enum state {
    OFF,
    SELECTING,  /* DISCOVER was sent; offers are collected */
    REQUESTING, /* one was chosen */
    BOUND,
    RENEWING,  /* asks the server that gave the lease */
    REBINDING, /* asks any */
};

static struct {
    uint8_t mac[6];
    uint16_t mtu;
    uint32_t offer_wait_ms;
    struct net_identity identity;
    char hostname[NET_HOST_MAX + 1];
    uint8_t client_id[UINT8_MAX];

    struct udp_pcb *pcb;
    enum state state;
    uint32_t xid;
    uint64_t started_ms, retry_ms, interval_ms;
    unsigned tries;
    uint64_t nak_wait_ms; /* grows with each refusal */
    uint64_t choose_ms;   /* when the collection of offers ends */
    bool has_offer;
    uint64_t renew_ms, rebind_ms, expire_ms; /* of the lease */
    unsigned discovers, offers;
    bool changed;
    struct dhcp_reply best;    /* the offer that is wanted */
    struct net_lease lease;    /* BOUND and later */
    struct dhcp_reply arrived; /* scratch */
} dhcp;

static bool has_lease(void)
{
    return dhcp.state >= BOUND;
}

static void keep_client_id(const struct net_identity *identity)
{
    if (identity->client_id != NULL) {
        memcpy(dhcp.client_id, identity->client_id, identity->client_id_length);
        dhcp.identity.client_id = dhcp.client_id;
    }
}

void dhcp_init(const struct nic *nic, const struct net_config *config)
{
    size_t length = 0;

    memset(&dhcp, 0, sizeof dhcp);
    memcpy(dhcp.mac, nic->mac, 6);
    dhcp.mtu = nic->mtu;
    dhcp.offer_wait_ms = config->offer_wait_ms == 0 ? OFFER_WAIT_DEFAULT_MS : config->offer_wait_ms;
    dhcp.identity = config->identity;
    dhcp.identity.hostname = NULL;
    if (config->identity.hostname != NULL) {
        length = strlen(config->identity.hostname);
    }
    if (length > 0 && length <= NET_HOST_MAX) {
        memcpy(dhcp.hostname, config->identity.hostname, length);
        dhcp.identity.hostname = dhcp.hostname;
    }
    keep_client_id(&config->identity);
}

/* ---- sending ---- */

static void transmit(const struct dhcp_request *request, const uint8_t to[4], bool with_address)
{
    ip_addr_t destination = *IP_ADDR_BROADCAST;
    const ip_addr_t *source = with_address ? netif_ip_addr4(iface_netif()) : IP4_ADDR_ANY;
    struct pbuf *p = pbuf_alloc(PBUF_TRANSPORT, DHCP_MESSAGE_MAX, PBUF_RAM);

    if (p == NULL) {
        return; /* the next try may find room */
    }
    if (to != NULL) {
        memcpy(&ip_2_ip4(&destination)->addr, to, 4);
    }
    pbuf_realloc(p, (u16_t)dhcp_message_build(request, p->payload));
    udp_sendto_if_src(dhcp.pcb, p, &destination, PORT_SERVER, iface_netif(), source);
    pbuf_free(p);
}

static void send_message(void)
{
    struct dhcp_request request = {.type = dhcp.state == SELECTING ? DHCP_DISCOVER : DHCP_REQUEST,
                                   .xid = dhcp.xid,
                                   .mtu = dhcp.mtu,
                                   .identity = &dhcp.identity};
    uint64_t seconds = (net_milliseconds() - dhcp.started_ms) / 1000;

    request.seconds = seconds > 0xffff ? 0xffff : (uint16_t)seconds;
    memcpy(request.mac, dhcp.mac, 6);
    if (dhcp.state == REQUESTING) {
        memcpy(request.requested, dhcp.best.lease.address, 4);
        memcpy(request.server, dhcp.best.lease.server, 4);
    } else if (has_lease()) {
        memcpy(request.client, dhcp.lease.address, 4);
    }
    if (dhcp.state == SELECTING) {
        dhcp.discovers++;
    }
    transmit(&request, dhcp.state == RENEWING ? dhcp.lease.server : NULL, has_lease());
}

/* ---- states ---- */

static void set_retry(uint64_t interval_ms)
{
    uint32_t random;

    net_random(&random, sizeof random);
    dhcp.interval_ms = interval_ms;
    dhcp.retry_ms = net_milliseconds() + interval_ms / 2 + random % (interval_ms + 1);
}

static uint64_t doubled(uint64_t interval_ms)
{
    return interval_ms * 2 < RETRY_LAST_MS ? interval_ms * 2 : RETRY_LAST_MS;
}

static void new_transaction(void)
{
    net_random(&dhcp.xid, sizeof dhcp.xid);
    dhcp.started_ms = net_milliseconds();
    dhcp.tries = 1;
}

static void discover(void)
{
    dhcp.state = SELECTING;
    dhcp.has_offer = false;
    new_transaction();
    send_message();
    set_retry(RETRY_FIRST_MS);
}

static void request(void)
{
    dhcp.state = REQUESTING;
    dhcp.tries = 1;
    send_message();
    set_retry(RETRY_FIRST_MS);
}

static void lose_lease(const char *why)
{
    net_log(why);
    memset(&dhcp.lease, 0, sizeof dhcp.lease);
    dhcp.changed = true;
}

/* T1 and T2 where the server gave sensible ones, else RFC 2131 section 4.4.5's half and seven eighths. */
static void set_lease_times(const struct dhcp_reply *ack)
{
    uint64_t now = net_milliseconds(), lease = ack->lease.lease_seconds, renew = ack->renew_seconds,
             rebind = ack->rebind_seconds;

    dhcp.renew_ms = dhcp.rebind_ms = dhcp.expire_ms = UINT64_MAX;
    if (lease == NO_LIMIT) {
        return;
    }
    if (lease < LEASE_MIN_SECONDS) {
        lease = LEASE_MIN_SECONDS;
    }
    if (renew == 0 || rebind == 0 || renew >= rebind || rebind >= lease) {
        renew = lease / 2;
        rebind = lease * 7 / 8;
    }
    dhcp.renew_ms = now + renew * 1000;
    dhcp.rebind_ms = now + rebind * 1000;
    dhcp.expire_ms = now + lease * 1000;
}

static void bind_lease(const struct dhcp_reply *ack)
{
    dhcp.state = BOUND;
    dhcp.lease = ack->lease;
    dhcp.changed = true;
    dhcp.nak_wait_ms = RETRY_FIRST_MS;
    set_lease_times(ack);
}

/* ---- replies ---- */

/* One with a root path wins at once; else the first one, when the time is over. */
static void take_offer(const struct dhcp_reply *offer)
{
    bool boots = offer->lease.root_path_length > 0;

    dhcp.offers++;
    if (!dhcp.has_offer) {
        dhcp.choose_ms = net_milliseconds() + dhcp.offer_wait_ms;
    }
    if (!dhcp.has_offer || boots) {
        dhcp.best = *offer;
        dhcp.has_offer = true;
    }
    if (boots) {
        request();
    }
}

static bool same_server(const struct dhcp_reply *reply, const struct net_lease *lease)
{
    return memcmp(reply->lease.server, lease->server, 4) == 0;
}

static void take_ack(const struct dhcp_reply *ack)
{
    if ((dhcp.state == REQUESTING && same_server(ack, &dhcp.best.lease)) ||
        (dhcp.state == RENEWING && same_server(ack, &dhcp.lease)) || dhcp.state == REBINDING) {
        bind_lease(ack);
    }
}

static void take_nak(const struct dhcp_reply *nak)
{
    if (dhcp.state == REQUESTING && same_server(nak, &dhcp.best.lease)) {
        net_log("dhcp: the server refused its own offer");
    } else if ((dhcp.state == RENEWING && same_server(nak, &dhcp.lease)) || dhcp.state == REBINDING) {
        lose_lease("dhcp: the server refused to renew the lease");
    } else {
        return;
    }
    dhcp.state = SELECTING;
    dhcp.has_offer = false;
    new_transaction();
    set_retry(dhcp.nak_wait_ms);
    dhcp.nak_wait_ms = doubled(dhcp.nak_wait_ms);
}

static void on_reply(void *arg, struct udp_pcb *pcb, struct pbuf *p, const ip_addr_t *from, u16_t port)
{
    struct dhcp_reply *reply = &dhcp.arrived;
    bool good = p->len == p->tot_len && port == PORT_SERVER &&
                dhcp_message_parse(p->payload, p->len, dhcp.xid, dhcp.mac, reply);

    LWIP_UNUSED_ARG(arg);
    LWIP_UNUSED_ARG(pcb);
    LWIP_UNUSED_ARG(from);
    pbuf_free(p);
    if (!good) {
        return;
    }
    if (reply->type == DHCP_OFFER && dhcp.state == SELECTING) {
        take_offer(reply);
    } else if (reply->type == DHCP_ACK) {
        take_ack(reply);
    } else if (reply->type == DHCP_NAK) {
        take_nak(reply);
    }
}

/* ---- from net.c ---- */

/* The one that is open already serves as well. */
static bool open_socket(void)
{
    if (dhcp.pcb != NULL) {
        return true;
    }
    dhcp.pcb = udp_new_ip_type(IPADDR_TYPE_V4);
    if (dhcp.pcb == NULL) {
        return false;
    }
    ip_set_option(dhcp.pcb, SOF_BROADCAST);
    if (udp_bind(dhcp.pcb, IP4_ADDR_ANY, PORT_CLIENT) != ERR_OK) {
        dhcp_stop();
        return false;
    }
    udp_recv(dhcp.pcb, on_reply, NULL);
    return true;
}

static void begin_anew(void)
{
    dhcp.discovers = dhcp.offers = 0;
    dhcp.nak_wait_ms = RETRY_FIRST_MS;
}

bool dhcp_start(void)
{
    dhcp_stop();
    if (!open_socket()) {
        return false;
    }
    begin_anew();
    discover();
    return true;
}

/* Nobody says how much of the lease has passed: firmware's menus may have been open for long. A lease without
 * an end needs no renewal, and a server that wants one sooner gets it. */
static void renew_early(void)
{
    uint64_t now = net_milliseconds(), quarter = (dhcp.expire_ms - now) / 4,
             renew = now + (quarter < ADOPTED_RENEW_MS ? quarter : ADOPTED_RENEW_MS);

    if (dhcp.expire_ms != UINT64_MAX && renew < dhcp.renew_ms) {
        dhcp.renew_ms = renew;
    }
}

bool dhcp_adopt(const uint8_t *ack, size_t length)
{
    struct dhcp_reply *reply = &dhcp.arrived;

    if (!dhcp_message_parse_other(ack, length, dhcp.mac, reply) || reply->type != DHCP_ACK ||
        !open_socket()) {
        return false;
    }
    begin_anew();
    bind_lease(reply);
    renew_early();
    return true;
}

void dhcp_stop(void)
{
    if (dhcp.pcb != NULL) {
        udp_remove(dhcp.pcb);
        dhcp.pcb = NULL;
    }
    dhcp.state = OFF;
    dhcp.changed = false;
}

static void retry(void)
{
    if (dhcp.state == REQUESTING && dhcp.tries >= REQUESTS_MAX) {
        net_log("dhcp: no answer to the request");
        discover();
        return;
    }
    dhcp.tries++;
    send_message();
    set_retry(doubled(dhcp.interval_ms));
}

/* RFC 2131 section 4.4.5: half of the remaining time, but not more often than each minute. */
static void ask_again(enum state state, uint64_t until_ms)
{
    uint64_t now = net_milliseconds(), wait = until_ms > now ? (until_ms - now) / 2 : 0;

    if (dhcp.state != state) {
        dhcp.state = state;
        new_transaction();
    }
    send_message();
    dhcp.retry_ms = now + (wait < RENEW_RETRY_MIN_MS ? RENEW_RETRY_MIN_MS : wait);
}

static void keep_lease(uint64_t now)
{
    if (now >= dhcp.expire_ms) {
        lose_lease("dhcp: the lease ran out");
        discover();
    } else if (now >= dhcp.rebind_ms && (dhcp.state != REBINDING || now >= dhcp.retry_ms)) {
        ask_again(REBINDING, dhcp.expire_ms);
    } else if (now >= dhcp.renew_ms && now < dhcp.rebind_ms &&
               (dhcp.state != RENEWING || now >= dhcp.retry_ms)) {
        ask_again(RENEWING, dhcp.rebind_ms);
    }
}

void dhcp_poll(void)
{
    uint64_t now = net_milliseconds();

    if (dhcp.state == OFF) {
        return;
    }
    if (has_lease()) {
        keep_lease(now);
    } else if (dhcp.state == SELECTING && dhcp.has_offer) {
        if (now >= dhcp.choose_ms) {
            request();
        }
    } else if (now >= dhcp.retry_ms) {
        retry();
    }
}

static uint64_t next_of_lease(void)
{
    switch (dhcp.state) {
    case BOUND:
        return dhcp.renew_ms;
    case RENEWING:
        return dhcp.retry_ms < dhcp.rebind_ms ? dhcp.retry_ms : dhcp.rebind_ms;
    default:
        return dhcp.retry_ms < dhcp.expire_ms ? dhcp.retry_ms : dhcp.expire_ms;
    }
}

uint64_t dhcp_next_ms(void)
{
    if (dhcp.state == OFF) {
        return UINT64_MAX;
    }
    if (has_lease()) {
        return next_of_lease();
    }
    return dhcp.state == SELECTING && dhcp.has_offer ? dhcp.choose_ms : dhcp.retry_ms;
}

bool dhcp_changed(bool *ret_bound, struct net_lease *ret_lease)
{
    if (!dhcp.changed) {
        return false;
    }
    dhcp.changed = false;
    *ret_bound = has_lease();
    *ret_lease = dhcp.lease;
    return true;
}

void dhcp_progress(unsigned *ret_discovers, unsigned *ret_offers)
{
    *ret_discovers = dhcp.discovers;
    *ret_offers = dhcp.offers;
}
