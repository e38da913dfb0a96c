/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lwIP's TFTP client, and before it a guard that sees each datagram first: the client takes packets of any
 * length from anybody, and answers an old block with an ERROR that ends the transfer at the server. It also
 * asks once and then waits for ever, so asking again and giving up are done here.
 */
#include <string.h>

#include "lwip/apps/tftp_client.h"
#include "lwip/opt.h"
#include "lwip/udp.h"
#include "fetches.h"

#define PORT_TRIES 16u

/* RFC 1350 section 5 */
#define HEADER    4u
#define BLOCK     512u
#define DATA      3u
#define ERROR     5u
#define NO_FILE   1u
#define NO_ACCESS 2u

/* How long the server may say nothing new: in the transfer it is the server that sends again. */
#define SILENT_MS 15000u

/* When the request is sent again after each one, as long as there is no answer; the last is the end:
 * SILENT_MS. */
static const uint16_t waits_ms[] = {1000, 2000, 4000, 8000};

static struct {
    struct udp_pcb *pcb; /* lwIP's client's; NULL: nothing under way */
    udp_recv_fn lwip_receive;
    ip_addr_t server;
    uint16_t request_port, port; /* port 0: not known yet (RFC 1350 section 4: the server chooses one) */
    uint32_t blocks;             /* received */
    bool last;                   /* ... the one that ends the file among them */
    unsigned tries;
    uint64_t wake_ms;
    char name[FETCH_PATH_MAX + 1];
} tftp;

/* ---- what lwIP's client calls ---- */

static int on_write(void *handle, struct pbuf *p)
{
    LWIP_UNUSED_ARG(handle);
    if (!fetch_put(p)) {
        return -1; /* the client then tells the server and ends */
    }
    tftp.blocks++;
    tftp.last = p->tot_len < BLOCK;
    tftp.wake_ms = net_milliseconds() + SILENT_MS;
    return 0;
}

static void on_error(void *handle, int code, const char *text, int length)
{
    unsigned said = lwip_ntohs((u16_t)code); /* as it is in the packet */

    LWIP_UNUSED_ARG(handle);
    fetch_quote(said, text, (size_t)length);
    fetch_end(said == NO_FILE ? FETCH_ABSENT : said == NO_ACCESS ? FETCH_DENIED : FETCH_ANSWER);
}

/* The last block was acknowledged; or it ends for another reason, which was said before. */
static void on_close(void *handle)
{
    LWIP_UNUSED_ARG(handle);
    if (tftp.last) {
        fetch_end(FETCH_DONE);
    }
}

/* ---- the guard ---- */

/* RFC 1350 section 4: to a packet of another transfer, say by an answer to a request that was sent twice. */
static void refuse_transfer(const ip_addr_t *to, uint16_t port)
{
    static const char refusal[] = "\0\5\0\5another transfer";
    struct pbuf *p = pbuf_alloc(PBUF_TRANSPORT, sizeof refusal, PBUF_RAM);

    if (p != NULL) {
        pbuf_take(p, refusal, sizeof refusal);
        udp_sendto(tftp.pcb, p, to, port);
        pbuf_free(p);
    }
}

static unsigned word(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

/*
 * The block that is expected, or the one before it, whose acknowledgement was lost. Others are late copies.
 * Block numbers go on from 65535 to 0.
 */
static bool is_in_turn(unsigned block)
{
    uint16_t before = (uint16_t)tftp.blocks;

    return block == (uint16_t)(before + 1u) || (tftp.blocks > 0 && block == before);
}

/* Whether lwIP's client may see what the server sent. */
static bool is_fit(const uint8_t *bytes, size_t length, uint16_t port)
{
    unsigned opcode = length < HEADER ? 0 : word(bytes);

    if (opcode == ERROR) {
        return true;
    }
    if (opcode != DATA || length > HEADER + BLOCK) { /* no option was asked for: RFC 2347 section 2 */
        fetch_end(FETCH_MALFORMED);
        return false;
    }
    if (!is_in_turn(word(bytes + 2))) {
        return false;
    }
    tftp.port = port;
    return true;
}

static void on_datagram(void *arg, struct udp_pcb *pcb, struct pbuf *p, const ip_addr_t *from, u16_t port)
{
    const uint8_t *bytes = p->payload;

    if (!fetch_is_running() || !ip_addr_eq(from, &tftp.server) || p->len != p->tot_len) {
        pbuf_free(p);
        return;
    }
    if (tftp.port != 0 && port != tftp.port) {
        if (p->len >= HEADER && word(bytes) == DATA) {
            refuse_transfer(from, port);
        }
        pbuf_free(p);
        return;
    }
    if (is_fit(bytes, p->len, port)) {
        tftp.lwip_receive(arg, pcb, p, from, port);
    } else {
        pbuf_free(p);
    }
}

void fetch_tftp_unreachable(const ip4_addr_t *remote, uint16_t remote_port, uint16_t local_port, bool port)
{
    uint16_t asked = tftp.port != 0 ? tftp.port : tftp.request_port;

    if (tftp.pcb != NULL && local_port == tftp.pcb->local_port && remote_port == asked &&
        ip4_addr_eq(remote, ip_2_ip4(&tftp.server))) {
        fetch_end(port ? FETCH_REFUSED : FETCH_UNREACHABLE);
    }
}

/* ---- the client ---- */

/* lwIP keeps the pcb to itself, but its port is the one that we gave it. */
static bool open_client(void)
{
    static const struct tftp_context context = {.write = on_write, .error = on_error, .close = on_close};
    err_t err = ERR_USE;

    for (unsigned i = 0; i < PORT_TRIES && err == ERR_USE; i++) {
        lwip_port_tftp = lwip_port_any();
        err = tftp_init_client(&context);
    }
    if (err != ERR_OK) {
        return false;
    }
    tftp.pcb = udp_pcbs;
    while (tftp.pcb->local_port != lwip_port_tftp) {
        tftp.pcb = tftp.pcb->next;
    }
    tftp.lwip_receive = tftp.pcb->recv;
    udp_recv(tftp.pcb, on_datagram, tftp.pcb->recv_arg);
    return true;
}

/* When it cannot be sent now, it is tried again in its turn. */
static void ask(uint64_t now_ms)
{
    tftp_get(&tftp, &tftp.server, tftp.request_port, tftp.name, TFTP_MODE_OCTET);
    tftp.wake_ms = now_ms + waits_ms[tftp.tries++];
}

static void start(const ip_addr_t *server, const struct fetch_request *request)
{
    memset(&tftp, 0, sizeof tftp);
    tftp.server = *server;
    tftp.request_port = request->port;
    memcpy(tftp.name, request->path, strlen(request->path) + 1);
    if (!open_client()) {
        fetch_end(FETCH_FAILED);
        return;
    }
    ask(net_milliseconds());
}

static void poll(uint64_t now_ms)
{
    if (now_ms < tftp.wake_ms) {
        return;
    }
    if (tftp.blocks == 0 && tftp.tries < LWIP_ARRAYSIZE(waits_ms)) {
        ask(now_ms);
    } else {
        fetch_end(FETCH_TIMEOUT);
    }
}

static uint64_t next_ms(void)
{
    return tftp.wake_ms;
}

static void stop(void)
{
    if (tftp.pcb != NULL) {
        tftp_cleanup();
        tftp.pcb = NULL;
    }
}

const struct fetch_client fetch_tftp = {start, poll, next_ms, stop};
