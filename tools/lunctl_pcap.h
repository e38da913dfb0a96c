/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A capture of what passed through our sockets, for tshark: the bytes, the order and the times are true, the
 * IP and TCP headers around them are made up (a user's program does not see the real ones). No root is needed
 * for it.
 */
#ifndef LUNBOOT_TOOLS_LUNCTL_PCAP_H
#define LUNBOOT_TOOLS_LUNCTL_PCAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

struct capture_end {
    uint8_t address[16]; /* IPv4: the first four */
    uint16_t port;
    uint32_t sequence; /* of the next byte it sends */
};

#define LUNCTL_PCAP_PIECE 16384u /* bytes in one packet */

struct capture {
    FILE *file;
    bool failed; /* something could not be written: errno was kept */
    int error;
    bool ipv6;
    struct capture_end ends[2]; /* ours, the target's */
    unsigned from;              /* whose bytes wait to become a packet */
    size_t waiting;
    struct timespec since; /* the time of the first of them */
    uint8_t bytes[LUNCTL_PCAP_PIECE];
};

/* Create the file and write its header. False: errno says why. */
bool lunctl_pcap_create(struct capture *capture, const char *path);
/* A connection was made: its handshake. */
void lunctl_pcap_open(struct capture *capture, int socket);
/* Bytes that were sent or received. */
void lunctl_pcap_bytes(struct capture *capture, bool sent, const uint8_t *bytes, size_t length);
/* The connection is over. */
void lunctl_pcap_close(struct capture *capture);
/* Close the file. False when not all was written: errno says why. */
bool lunctl_pcap_finish(struct capture *capture);

#endif
