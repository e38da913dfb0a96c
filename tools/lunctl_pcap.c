/* SPDX-License-Identifier: BSD-2-Clause */
#include "lunctl_pcap.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "iscsi/bytes.h"

#define MAGIC        0xa1b2c3d4u /* microseconds; the reader finds our byte order by it */
#define LINKTYPE_RAW 101u        /* packets begin with their IP header */
#define TCP_FIN      0x01u
#define TCP_SYN      0x02u
#define TCP_PUSH     0x08u
#define TCP_ACK      0x10u

static void put(struct capture *capture, const void *bytes, size_t length)
{
    if (length > 0 && !capture->failed && fwrite(bytes, 1, length, capture->file) != length) {
        capture->failed = true;
        capture->error = errno;
    }
}

bool lunctl_pcap_create(struct capture *capture, const char *path)
{
    struct {
        uint32_t magic;
        uint16_t major, minor;
        uint32_t zone, accuracy, snap, link;
    } header = {MAGIC, 2, 4, 0, 0, 262144, LINKTYPE_RAW};

    memset(capture, 0, sizeof *capture);
    capture->file = fopen(path, "wb");
    if (capture->file == NULL)
        return false;
    put(capture, &header, sizeof header);
    return true;
}

static uint16_t checksum(const uint8_t *header, size_t length)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < length; i += 2)
        sum += bytes_get16(header + i);
    sum = (sum & 0xffffu) + (sum >> 16);
    return (uint16_t) ~(sum + (sum >> 16));
}

static size_t put_ip(uint8_t *packet, const struct capture *capture, unsigned from, size_t payload)
{
    if (capture->ipv6) {
        packet[0] = 0x60;
        bytes_put16(packet + 4, (uint16_t)payload);
        packet[6] = IPPROTO_TCP;
        packet[7] = 64;
        memcpy(packet + 8, capture->ends[from].address, 16);
        memcpy(packet + 24, capture->ends[!from].address, 16);
        return 40;
    }
    packet[0] = 0x45;
    bytes_put16(packet + 2, (uint16_t)(20 + payload));
    packet[8] = 64;
    packet[9] = IPPROTO_TCP;
    memcpy(packet + 12, capture->ends[from].address, 4);
    memcpy(packet + 16, capture->ends[!from].address, 4);
    bytes_put16(packet + 10, checksum(packet, 20));
    return 20;
}

/* One packet; `from` 0 is us. Its TCP checksum stays zero: nothing here was on a wire. */
static void put_packet(struct capture *capture, unsigned from, unsigned flags, const uint8_t *bytes,
                       size_t length)
{
    uint8_t packet[40 + 20] = {0};
    size_t at = put_ip(packet, capture, from, 20 + length);
    uint8_t *tcp = packet + at;
    uint32_t record[4];

    bytes_put16(tcp, capture->ends[from].port);
    bytes_put16(tcp + 2, capture->ends[!from].port);
    bytes_put32(tcp + 4, capture->ends[from].sequence);
    if (flags & TCP_ACK)
        bytes_put32(tcp + 8, capture->ends[!from].sequence);
    tcp[12] = 5 << 4;
    tcp[13] = (uint8_t)flags;
    bytes_put16(tcp + 14, 0xffff);
    capture->ends[from].sequence += (uint32_t)length + ((flags & (TCP_SYN | TCP_FIN)) != 0);

    if (length == 0)
        clock_gettime(CLOCK_REALTIME, &capture->since);
    record[0] = (uint32_t)capture->since.tv_sec;
    record[1] = (uint32_t)(capture->since.tv_nsec / 1000);
    record[2] = record[3] = (uint32_t)(at + 20 + length);
    put(capture, record, sizeof record);
    put(capture, packet, at + 20);
    put(capture, bytes, length);
}

static void take_end(struct capture *capture, struct capture_end *end, const struct sockaddr_storage *from)
{
    memset(end, 0, sizeof *end);
    capture->ipv6 = from->ss_family == AF_INET6;
    if (capture->ipv6) {
        struct sockaddr_in6 in;

        memcpy(&in, from, sizeof in);
        memcpy(end->address, &in.sin6_addr, 16);
        end->port = ntohs(in.sin6_port);
    } else {
        struct sockaddr_in in;

        memcpy(&in, from, sizeof in);
        memcpy(end->address, &in.sin_addr, 4);
        end->port = ntohs(in.sin_port);
    }
}

void lunctl_pcap_open(struct capture *capture, int socket)
{
    struct sockaddr_storage ours = {0}, theirs = {0};
    socklen_t ours_length = sizeof ours, theirs_length = sizeof theirs;

    getsockname(socket, (struct sockaddr *)&ours, &ours_length);
    getpeername(socket, (struct sockaddr *)&theirs, &theirs_length);
    take_end(capture, &capture->ends[0], &ours);
    take_end(capture, &capture->ends[1], &theirs);
    put_packet(capture, 0, TCP_SYN, NULL, 0);
    put_packet(capture, 1, TCP_SYN | TCP_ACK, NULL, 0);
    put_packet(capture, 0, TCP_ACK, NULL, 0);
}

static void flush(struct capture *capture)
{
    if (capture->waiting > 0)
        put_packet(capture, capture->from, TCP_PUSH | TCP_ACK, capture->bytes, capture->waiting);
    capture->waiting = 0;
}

/* What goes the same way without anything between stands in one packet, as a PDU of several pieces would. */
void lunctl_pcap_bytes(struct capture *capture, bool sent, const uint8_t *bytes, size_t length)
{
    unsigned from = sent ? 0 : 1;

    if (capture->from != from)
        flush(capture);
    capture->from = from;
    while (length > 0) {
        size_t room = sizeof capture->bytes - capture->waiting;
        size_t n = length < room ? length : room;

        if (capture->waiting == 0)
            clock_gettime(CLOCK_REALTIME, &capture->since);
        memcpy(capture->bytes + capture->waiting, bytes, n);
        capture->waiting += n;
        bytes += n;
        length -= n;
        if (capture->waiting == sizeof capture->bytes)
            flush(capture);
    }
}

void lunctl_pcap_close(struct capture *capture)
{
    if (capture->ends[1].port == 0)
        return; /* it was never open */
    flush(capture);
    put_packet(capture, 0, TCP_FIN | TCP_ACK, NULL, 0);
    put_packet(capture, 1, TCP_FIN | TCP_ACK, NULL, 0);
    memset(capture->ends, 0, sizeof capture->ends);
}

bool lunctl_pcap_finish(struct capture *capture)
{
    bool good = fclose(capture->file) == 0;

    if (capture->failed)
        errno = capture->error;
    return good && !capture->failed;
}
