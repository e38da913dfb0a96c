/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/ with lwIP behind it (iface.c, guard.c, stream.c, dhcp.c, dns.c) against hosts that do what the input
 * says: frames, segments that almost fit an open connection, replies to DHCP and DNS, reads, writes, time.
 * Checksums and ids that would only hide what is behind them are put right.
 */
#include <string.h>

#include "net/net.h"
#include "net/stream.h"
#include "tests/fuzz/fuzz.h"
#include "tests/world/packet.h"

#define MTU   1500u
#define PORT  3260u
#define STEPS 300u /* of one input */

enum { SYN = 2, ACK = 16 };

static const struct packet_end they = {{2, 0, 0, 0, 0, 1}, {10, 0, 0, 1}, PORT};
static struct packet_end we = {{2, 0, 0, 0, 0, 2}, {10, 0, 0, 2}, 0};

static struct {
    const uint8_t *bytes; /* of the input, not used yet */
    size_t length;
    uint64_t now_ms, random;
    uint8_t frame[MTU + 600];
    size_t frame_length; /* 0: nothing arrives */
    unsigned held;
    uint32_t next, acknowledged; /* of the connection: what we expect, and what we sent */
    uint16_t dns_port;
    uint8_t xid[4], dns_id[2];
} f;

/* ---- what net/ needs ---- */

uint64_t net_milliseconds(void)
{
    return f.now_ms;
}

void net_random(void *ret_bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        ((uint8_t *)ret_bytes)[i] = (uint8_t)((f.random = f.random * 6364136223846793005u + 1) >> 56);
}

void net_log(const char *line)
{
    PROMISE(strlen(line) < 1000);
}

/* ---- the nic ---- */

/* What has to be known for an answer that gets through the first checks. */
static enum nic_status take_sent(struct nic *nic, const void *frame, uint32_t length)
{
    uint8_t copy[MTU + NIC_FRAME_HEADER];
    struct packet_end from, to;
    const uint8_t *tcp, *udp;
    size_t size;

    (void)nic;
    PROMISE(length >= NIC_FRAME_HEADER && length <= sizeof copy);
    memcpy(copy, frame, length);
    tcp = packet_tcp(copy, length, &size);
    if (tcp != NULL) {
        we.port = packet_get16(tcp);
        f.acknowledged =
            packet_get32(tcp + 4) + (uint32_t)(size - (tcp[12] >> 4) * 4u) + ((tcp[13] & SYN) != 0);
        if ((tcp[13] & ACK) != 0)
            f.next = packet_get32(tcp + 8);
        return NIC_OK;
    }
    udp = packet_udp_payload(copy, length, &from, &to, &size);
    if (udp != NULL && to.port == 67 && size >= 8)
        memcpy(f.xid, udp + 4, 4);
    if (udp != NULL && to.port == 53 && size >= 2) {
        f.dns_port = from.port;
        memcpy(f.dns_id, udp, 2);
    }
    return NIC_OK;
}

/* Memory of exactly its size for each, so that a byte too far is seen. */
static enum nic_status give_frame(struct nic *nic, struct nic_frame *ret_frame)
{
    if (f.frame_length == 0)
        return NIC_BUSY;
    *ret_frame = (struct nic_frame){.nic = nic, .length = (uint32_t)f.frame_length};
    ret_frame->data = ret_frame->driver = malloc(f.frame_length);
    memcpy(ret_frame->data, f.frame, f.frame_length);
    f.frame_length = 0;
    f.held++;
    return NIC_OK;
}

static void release(struct nic *nic, struct nic_frame *frame)
{
    (void)nic;
    PROMISE(f.held > 0);
    f.held--;
    free(frame->driver);
}

static bool link_up(struct nic *nic)
{
    (void)nic;
    return true;
}

static void close_nic(struct nic *nic)
{
    (void)nic;
}

static const struct nic_ops ops = {take_sent, give_frame, release, link_up, close_nic};
static struct nic nic = {.ops = &ops, .mac = {2, 0, 0, 0, 0, 2}, .mtu = MTU};

/* ---- what arrives ---- */

static uint8_t byte(void)
{
    return fuzz_byte(&f.bytes, &f.length);
}

static size_t fill(uint8_t *to, size_t most)
{
    size_t length = byte() * 8u;

    length = length < most ? length : most;
    for (size_t i = 0; i < length; i++)
        to[i] = byte();
    return length;
}

static void arrive(size_t length, bool fixed)
{
    if (fixed)
        packet_fix(f.frame, length);
    f.frame_length = length;
    net_poll();
    PROMISE(f.frame_length == 0 && f.held <= NIC_LENT_MAX);
}

static void send_frame(void)
{
    size_t length = fill(f.frame + 12, MTU + 500);

    memcpy(f.frame, we.mac, 6);
    memcpy(f.frame + 6, they.mac, 6);
    arrive(12 + length, byte() % 4 != 0);
}

static void send_arp(void)
{
    static const uint8_t head[] = {8, 6, 0, 1, 8, 0, 6, 4, 0};
    uint8_t size = byte();

    memset(f.frame, 0, 60);
    memcpy(f.frame, we.mac, 6);
    memcpy(f.frame + 6, they.mac, 6);
    memcpy(f.frame + 12, head, sizeof head);
    f.frame[21] = 2;
    memcpy(f.frame + 22, they.mac, 6);
    memcpy(f.frame + 28, they.address, 4);
    memcpy(f.frame + 32, we.mac, 6);
    memcpy(f.frame + 38, we.address, 4);
    arrive(size >= 14 && size < 60 ? size : 60, false);
}

/* A segment as if from the peer; the input says how far it is from what is expected. */
static void send_segment(void)
{
    uint8_t tcp[20 + 40 + MTU] = {0}, flags = byte();
    uint32_t ahead = (uint32_t)(int32_t)(int8_t)byte() * (byte() + 1u);
    size_t options = byte() % 11u * 4u, length;

    packet_put16(tcp, they.port);
    packet_put16(tcp + 2, we.port);
    packet_put32(tcp + 4, f.next + ahead);
    packet_put32(tcp + 8, f.acknowledged - (uint32_t)(flags >> 6));
    tcp[12] = (uint8_t)((20 + options) / 4 << 4);
    tcp[13] = flags & 63;
    tcp[14] = byte();
    tcp[19] = byte();
    for (size_t i = 0; i < options; i++)
        tcp[20 + i] = byte();
    length = fill(tcp + 20 + options, MTU - 40 - options);
    arrive(packet_ip(f.frame, &they, &we, 6, tcp, 20 + options + length), true);
}

static void send_dhcp(void)
{
    const struct packet_end from = {{2, 0, 0, 0, 0, 1}, {10, 0, 0, 1}, 67};
    struct packet_end to = we;
    uint8_t message[1400] = {2, 1, 6, 0};
    size_t length;

    to.port = 68;
    memcpy(message + 4, f.xid, 4);
    memcpy(message + 16, we.address, 4);
    memcpy(message + 28, we.mac, 6);
    memcpy(message + 236, (const uint8_t[]){99, 130, 83, 99, 53, 1}, 6);
    message[242] = byte() % 8;
    memcpy(message + 243, (const uint8_t[]){54, 4, 10, 0, 0, 1, 51, 4, 0, 0, 0}, 11);
    message[254] = byte();
    length = 255 + fill(message + 255, sizeof message - 255);
    arrive(packet_udp(f.frame, &from, &to, message, length), true);
}

static void send_dns(void)
{
    const struct packet_end from = {{2, 0, 0, 0, 0, 1}, {10, 0, 0, 1}, 53};
    struct packet_end to = we;
    uint8_t message[600];
    size_t length = 2 + fill(message + 2, sizeof message - 2);

    to.port = f.dns_port;
    memcpy(message, f.dns_id, 2);
    arrive(packet_udp(f.frame, &from, &to, message, length), true);
}

/* ---- what we do ---- */

static void read_stream(struct stream *stream)
{
    const uint8_t *window;
    size_t have = stream_peek(stream, &window), n = byte() * 16u;
    uint8_t sum = 0;

    n = n < have ? n : have;
    for (size_t i = 0; i < n; i++)
        sum ^= window[i];
    f.random += sum;
    stream_consume(stream, n);
}

static void write_stream(struct stream *stream)
{
    static const uint8_t data[4096];
    size_t room = stream_space(stream), n = byte() * 16u;

    stream_commit(stream, data, n < room ? n : room);
    stream_flush(stream);
}

static void pass(void)
{
    f.now_ms += byte() * 20u;
    net_poll();
}

static void resolve(void)
{
    struct net_address addresses[NET_NAMES_MAX];
    unsigned count = 0;

    if (net_resolve_poll(addresses, &count) == NET_RESOLVED)
        PROMISE(count > 0 && count <= NET_NAMES_MAX);
    if (byte() % 4 == 0)
        net_resolve_start("target.example");
}

static void step(struct stream *stream)
{
    static void (*const arrivals[])(void) = {send_segment, send_segment, send_segment, send_frame, send_arp,
                                             send_dhcp,    send_dns,     pass,         resolve};
    unsigned which = byte() % (sizeof arrivals / sizeof arrivals[0] + 2);

    if (which < sizeof arrivals / sizeof arrivals[0])
        arrivals[which]();
    else if (stream != NULL && which % 2 == 0)
        read_stream(stream);
    else if (stream != NULL)
        write_stream(stream);
    net_poll();
}

/* ---- a run ---- */

static void open_network(void)
{
    struct net_config config = {.tcp_window = byte() % 2 ? 16384 : 0, .offer_wait_ms = 20};
    struct net_lease lease = {.netmask = {255, 255, 255, 0}, .dns = {{10, 0, 0, 1}}};

    memcpy(lease.address, we.address, 4);
    PROMISE(net_open(&nic, &config));
    if (byte() % 4 == 0) {
        net_dhcp_start();
        net_poll();
        return;
    }
    net_set_static(&lease);
    net_resolve_start("target.example");
    send_arp();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct net_address peer = {.family = 4, .bytes = {10, 0, 0, 1}};
    struct net_counters counters;
    struct stream *stream;

    memset(&f, 0, sizeof f);
    f.bytes = bytes;
    f.length = length;
    f.now_ms = 1000000;
    open_network();
    stream = stream_connect(&peer, PORT);
    net_poll();
    for (unsigned i = 0; i < STEPS && f.length > 0; i++) {
        if (stream == NULL) /* no address yet */
            stream = stream_connect(&peer, PORT);
        step(stream);
    }
    if (stream != NULL)
        stream_abort(stream);
    net_close();
    net_get_counters(&counters);
    PROMISE(f.held == 0 && counters.pcbs == 0 && counters.buffers == 0);
    return 0;
}
