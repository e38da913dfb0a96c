/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A fetch (net/fetch.c with lwIP's clients behind it) from a server that does what the input says: blocks and
 * errors of TFTP in and out of turn, from others too, or the bytes of a web server in any cut. A file that is
 * whole has only what the server sent; nothing is written beyond the buffer, and nothing is left.
 */
#include <string.h>

#include "lwip/opt.h"
#include "lwip/stats.h"
#include "lwip/timeouts.h"
#include "net/fetch.h"
#include "net/http_head.h"
#include "net/net.h"
#include "tests/fuzz/fuzz.h"
#include "tests/world/packet.h"

#define MTU        1500u
#define STEPS      300u /* of one input */
#define BLOCK      512u
#define STREAM_MAX 8192u

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };
enum { REQUEST = 1, DATA = 3, ERROR = 5 };

static const uint8_t their_mac[6] = {2, 0, 0, 0, 0, 1}, our_mac[6] = {2, 0, 0, 0, 0, 2};

static struct {
    const uint8_t *bytes; /* of the input, not used yet */
    size_t length;
    uint64_t now_ms, random;
    uint8_t frame[MTU + NIC_FRAME_HEADER];
    size_t frame_length; /* 0: nothing arrives */
    unsigned held;
    struct packet_end we, they; /* their port: 69 or 80, and then what the transfer has */
    uint8_t sent[28];           /* the head of what we sent last, for ICMP */
    uint32_t next, acked;       /* of the connection: what we expect, and what we sent */
    uint16_t block;             /* acknowledged */
    bool free_text;             /* the server said something that is not the file below */
    uint8_t stream[STREAM_MAX]; /* all that the web server said */
    size_t stream_length;
    uint8_t *buffer;
    size_t capacity;
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

/* Connections of earlier fetches may still end. */
static void see_segment(const uint8_t *tcp, size_t length)
{
    if ((tcp[13] & SYN) != 0)
        f.we.port = packet_get16(tcp);
    if (packet_get16(tcp) != f.we.port)
        return;
    f.acked = packet_get32(tcp + 4) + (uint32_t)(length - (tcp[12] >> 4) * 4u) + ((tcp[13] & SYN) != 0);
    if ((tcp[13] & ACK) != 0)
        f.next = packet_get32(tcp + 8);
}

static void see_datagram(const uint8_t *bytes, size_t length, const struct packet_end *from)
{
    if (length >= 4 && packet_get16(bytes) == REQUEST)
        f.we.port = from->port;
    if (length >= 4 && packet_get16(bytes) == 4)
        f.block = packet_get16(bytes + 2);
}

static enum nic_status take_sent(struct nic *nic, const void *frame, uint32_t length)
{
    uint8_t copy[MTU + NIC_FRAME_HEADER] = {0};
    struct packet_end from, to;
    const uint8_t *tcp, *udp;
    size_t size;

    (void)nic;
    PROMISE(length >= NIC_FRAME_HEADER && length <= sizeof copy);
    memcpy(copy, frame, length);
    if (packet_get16(copy + 12) == 0x0800)
        memcpy(f.sent, copy + NIC_FRAME_HEADER, sizeof f.sent);
    tcp = packet_tcp(copy, length, &size);
    if (tcp != NULL)
        see_segment(tcp, size);
    udp = packet_udp_payload(copy, length, &from, &to, &size);
    if (udp != NULL)
        see_datagram(udp, size, &from);
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

static void arrive(size_t length)
{
    f.frame_length = length;
    net_poll();
    PROMISE(f.frame_length == 0);
}

static void send_arp(void)
{
    static const uint8_t head[] = {8, 6, 0, 1, 8, 0, 6, 4, 0, 2};

    memset(f.frame, 0, 60);
    memcpy(f.frame, our_mac, 6);
    memcpy(f.frame + 6, their_mac, 6);
    memcpy(f.frame + 12, head, sizeof head);
    memcpy(f.frame + 22, their_mac, 6);
    memcpy(f.frame + 28, f.they.address, 4);
    memcpy(f.frame + 32, our_mac, 6);
    memcpy(f.frame + 38, f.we.address, 4);
    arrive(60);
}

/* "Unreachable", about what we sent last or something that looks like it. */
static void send_icmp(void)
{
    uint8_t icmp[8 + sizeof f.sent] = {3};
    uint8_t wrong_at = byte();
    size_t length;

    icmp[1] = byte() % 8;
    memcpy(icmp + 8, f.sent, sizeof f.sent);
    if (wrong_at < sizeof f.sent)
        icmp[8 + wrong_at] ^= byte();
    length = packet_ip(f.frame, &f.they, &f.we, 1, icmp, sizeof icmp - byte() % 16);
    packet_fix(f.frame, length);
    arrive(length);
}

static void pass(void)
{
    f.now_ms += byte() * 40u;
    net_poll();
}

/* ---- a TFTP server ---- */

/* The content of the file says which byte it is; what is not of it has 0xee in it. */
static void send_block(struct packet_end from, uint16_t block, bool right)
{
    uint8_t packet[4 + BLOCK];
    size_t length = byte() % 8 == 0 ? byte() * 2u : BLOCK;

    packet_put16(packet, DATA);
    packet_put16(packet + 2, block);
    memset(packet + 4, right ? block & 0x7f : 0xee, sizeof packet - 4);
    arrive(packet_udp(f.frame, &from, &f.we, packet, 4 + length));
}

static void send_next_block(void)
{
    send_block(f.they, (uint16_t)(f.block + 1), true);
}

/* A copy of a block that came, or one that is not in turn, or one of somebody else. */
static void send_wrong_block(void)
{
    struct packet_end from = f.they;
    uint8_t how = byte();

    from.address[3] ^= how & 1;
    from.port ^= f.block > 0 && (how & 2) != 0 ? 1 : 0;
    if (from.address[3] == f.they.address[3] && from.port == f.they.port) {
        uint16_t off = 2 + (how >> 2);

        send_block(from, (uint16_t)(f.block + (how & 128 ? off : -off + 2)), false);
    } else {
        send_block(from, (uint16_t)(f.block + 1), false);
    }
}

static void send_datagram(void)
{
    struct packet_end from = f.they;
    uint8_t packet[1400], how = byte();
    size_t length = fill(packet, sizeof packet - 3) + how % 4;

    f.free_text = true;
    from.address[3] ^= (how & 0x70) == 0x10;
    from.port ^= (how & 0x70) == 0x20;
    if (length >= 4 && how & 128)
        packet_put16(packet, how & 4 ? DATA : ERROR);
    arrive(packet_udp(f.frame, &from, &f.we, packet, length));
}

/* ---- a web server ---- */

static void send_segment(unsigned flags, uint32_t ahead, const uint8_t *data, size_t length)
{
    uint8_t tcp[20 + MTU] = {0};

    packet_put16(tcp, f.they.port);
    packet_put16(tcp + 2, f.we.port);
    packet_put32(tcp + 4, f.next + ahead);
    packet_put32(tcp + 8, f.acked);
    tcp[12] = 5 << 4;
    tcp[13] = (uint8_t)flags;
    packet_put16(tcp + 14, 8192);
    if (length > 0)
        memcpy(tcp + 20, data, length);
    length = packet_ip(f.frame, &f.they, &f.we, 6, tcp, 20 + length);
    packet_fix(f.frame, length);
    arrive(length);
}

static void accept(void)
{
    send_segment(SYN | ACK, 0, NULL, 0);
    net_poll();
}

/* In the order of the stream; what lwIP did not take is said again, as TCP would. */
static void say(const void *text, size_t length)
{
    uint32_t before = f.next;

    length = length < sizeof f.stream - f.stream_length ? length : sizeof f.stream - f.stream_length;
    send_segment(ACK, 0, text, length);
    f.now_ms += 300; /* so that it is acknowledged */
    net_poll();
    if (f.next - before == length) {
        memcpy(f.stream + f.stream_length, text, length);
        f.stream_length += length;
    }
}

static void say_words(void)
{
    static const char *const words[] = {
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.0 404 Not Found\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "Content-Length: ",
        "Transfer-Encoding: chunked",
        "Content-Encoding: gzip",
        "Location: /x",
        "\r\n",
        "\r\n\r\n",
        "\r\n ",
        "HTTP/1.1 302 Found\r\n",
        "7",
    };
    const char *word = words[byte() % (sizeof words / sizeof words[0])];

    say(word, strlen(word));
}

static void say_bytes(void)
{
    uint8_t bytes[1400];
    size_t length = byte();

    for (size_t i = 0; i < length; i++)
        bytes[i] = byte();
    say(bytes, length);
}

static void say_much(void)
{
    uint8_t bytes[1400];

    memset(bytes, byte(), sizeof bytes);
    say(bytes, byte() * 5u);
}

static void end_stream(void)
{
    uint8_t how = byte();

    send_segment(how & 1 ? FIN | ACK : RST | ACK, 0, NULL, 0);
    f.free_text = f.free_text || how == 255;
}

/* ---- a run ---- */

static void start(enum fetch_scheme scheme)
{
    struct fetch_request request = {.scheme = scheme,
                                    .address = {.family = 4, .bytes = {10, 0, 0, 1}},
                                    .host = "boot.example",
                                    .path = "/lunboot.conf",
                                    .limit_ms = 120000};

    request.port = scheme == FETCH_TFTP ? 69 : 80;
    f.they = (struct packet_end){{2, 0, 0, 0, 0, 1}, {10, 0, 0, 1}, scheme == FETCH_TFTP ? 4711 : 80};
    f.block = 0;
    f.stream_length = 0;
    f.free_text = false;
    fetch_stop();
    free(f.buffer);
    f.capacity = byte() * 32u;
    f.buffer = malloc(f.capacity + (f.capacity == 0));
    PROMISE(fetch_start(&request, f.buffer, f.capacity));
    send_arp();
    if (scheme == FETCH_HTTP)
        accept();
}

static bool is_said(size_t length)
{
    for (size_t at = 0; length <= f.stream_length && at <= f.stream_length - length; at++)
        if (memcmp(f.stream + at, f.buffer, length) == 0)
            return true;
    return false;
}

static void check(enum fetch_scheme scheme)
{
    size_t length = 0;
    enum fetch_state state = fetch_poll(&length);

    PROMISE(state <= FETCH_FAILED && strlen(fetch_detail()) <= FETCH_DETAIL_MAX);
    if (state != FETCH_DONE)
        return;
    PROMISE(length <= f.capacity);
    if (scheme == FETCH_HTTP)
        PROMISE(is_said(length));
    for (size_t i = 0; scheme == FETCH_TFTP && !f.free_text && i < length; i++)
        PROMISE(f.buffer[i] == ((i / BLOCK + 1) & 0x7f));
}

static void run(enum fetch_scheme scheme)
{
    static void (*const by_tftp[])(void) = {send_next_block,
                                            send_next_block,
                                            send_next_block,
                                            send_wrong_block,
                                            send_datagram,
                                            send_icmp,
                                            pass,
                                            pass};
    static void (*const by_http[])(void) = {say_words, say_words,  say_bytes, say_bytes,
                                            say_much,  end_stream, send_icmp, pass};

    start(scheme);
    for (unsigned i = 0; i < STEPS && f.length > 0; i++) {
        uint8_t what = byte();

        if (what == 255)
            start(scheme);
        else if (what == 254)
            fetch_stop();
        else
            (scheme == FETCH_TFTP ? by_tftp : by_http)[what % 8]();
        check(scheme);
    }
}

static void parse(void)
{
    uint8_t *bytes = malloc(f.length + 1);
    struct http_head head;

    memcpy(bytes, f.bytes, f.length);
    if (http_head_parse(bytes, f.length, &head))
        PROMISE(head.status >= 100 && head.status <= 999);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct net_config config = {0};
    struct net_lease lease = {.address = {10, 0, 0, 2}, .netmask = {255, 255, 255, 0}};
    struct net_counters counters;
    size_t heap = lwip_stats.mem.used;
    uint8_t what;

    memset(&f, 0, sizeof f);
    f.bytes = bytes;
    f.length = length;
    f.now_ms = 1000000;
    f.we = (struct packet_end){{2, 0, 0, 0, 0, 2}, {10, 0, 0, 2}, 0};
    what = byte() % 3;
    if (what == 2) {
        parse();
        return 0;
    }
    sys_restart_timeouts(); /* the clock of the last input is another's */
    PROMISE(net_open(&nic, &config));
    net_set_static(&lease);
    run(what == 0 ? FETCH_TFTP : FETCH_HTTP);
    net_close();
    free(f.buffer);
    net_get_counters(&counters);
    PROMISE(f.held == 0 && counters.pcbs == 0 && counters.buffers == 0 && lwip_stats.mem.used == heap);
    PROMISE(lwip_stats.memp[MEMP_ALTCP_PCB]->used == 0);
    return 0;
}
