/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One network interface with an IPv4 stack (lwIP) on it: addresses by DHCP or by hand, names, and a poll that
 * moves everything. lwIP keeps its state in globals, so there is one stack in a program; one interface at a
 * time is open on it.
 *
 * The embedder supplies three functions: net_milliseconds, net_random and net_log.
 */
#ifndef LUNBOOT_NET_NET_H
#define LUNBOOT_NET_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nic.h"

/* ---- supplied by the embedder ---- */

/* Monotonic milliseconds; wraps are the caller's business (64 bits do not wrap). */
uint64_t net_milliseconds(void);
/* Unpredictable bytes for ports, sequence numbers and transaction ids (REQ-035). */
void net_random(void *ret_bytes, size_t length);
/* One line for the debug log, NUL-ended, without a newline. */
void net_log(const char *line);

/* ---- addresses ---- */

#define NET_NAMES_MAX  8u
#define NET_HOST_MAX   255u
#define NET_OPTION_MAX 1024u /* a DHCP option joined from its parts (RFC 3396; REQ-021) */

struct net_address {
    uint8_t family; /* 0: none, 4, 6 */
    uint8_t bytes[16];
};

/* What an interface is set to. */
struct net_lease {
    uint8_t address[4], netmask[4], gateway[4];
    uint8_t dns[2][4];
    uint8_t server[4];               /* DHCP server identifier (option 54), zero when static */
    uint16_t mtu;                    /* option 26, 0: not given; net/ applies it, clamped to 576..nic mtu */
    uint32_t lease_seconds;          /* option 51 */
    char hostname[NET_HOST_MAX + 1]; /* option 12 */
    /*
     * Options that carry boot parameters; lengths 0: not given. Untrusted bytes, not ended by a NUL: those
     * that a server puts behind a text are gone (RFC 2132 section 2), others may be inside.
     */
    uint8_t root_path[NET_OPTION_MAX]; /* 17 */
    size_t root_path_length;
    bool too_long; /* one of these options has more than NET_OPTION_MAX bytes: it is left out (REQ-021) */
    uint8_t initiator_name[NET_OPTION_MAX]; /* 203 */
    size_t initiator_name_length;
    uint8_t vendor[NET_OPTION_MAX]; /* 43 */
    size_t vendor_length;
};

/* How this machine makes itself known to a DHCP server. */
struct net_identity {
    uint8_t uuid[16];      /* SMBIOS, for options 61 and 97 */
    bool has_uuid;         /* false: 61 is made from the MAC, 97 is left out */
    uint16_t architecture; /* option 93: 7 for x64 UEFI (RFC 4578, IANA), 11 for AArch64 */
    const char *hostname;  /* option 12 sent, or NULL */
    /*
     * Option 61 as another client of this machine (the firmware's PXE) sent it, so that the server knows us
     * again and gives the same address; copied. NULL: made from the UUID or the MAC as said above. A length
     * of 0 with a pointer: that client sent none, and neither do we.
     */
    const uint8_t *client_id;
    uint8_t client_id_length;
};

struct net_config {
    uint32_t tcp_window;    /* bytes; 0: 1 MiB */
    uint32_t offer_wait_ms; /* how long offers are collected after the first; 0: 1000 */
    struct net_identity identity;
    uint8_t dns[2][4]; /* name servers to be used in place of a lease's; the first zero: none */
};

enum net_state {
    NET_CLOSED,
    NET_UP,          /* no address yet */
    NET_DISCOVERING, /* DHCP is running */
    NET_CONFIGURED,
    NET_FAILED, /* the device stopped working */
};

/*
 * Bring the interface up on `nic`, which stays the caller's and must outlive net_close. False, with a line in
 * the log, when another interface is open or lwIP has no room.
 */
bool net_open(struct nic *nic, const struct net_config *config);

/*
 * Aborts connections, stops DHCP (without a release), takes the interface down. Streams still held become
 * STREAM_FAILED and must still be given back; every frame is released.
 */
void net_close(void);

/* Move frames, timers and everything else; bounded work. Returns true when at least one frame came in. */
bool net_poll(void);

/* No closed stream has bytes or a FIN that the peer did not acknowledge yet: net_close would cut nothing off.
 */
bool net_quiet(void);

/* The absolute time of the next timer: lwIP's, the look-up's, the collection of offers. */
uint64_t net_next_ms(void);

enum net_state net_state(void);

/* Set addresses by hand. `lease` fields that do not apply are zero. */
void net_set_static(const struct net_lease *lease);

/*
 * Start DHCP. Sends options 60 `lunboot`, 61, 77, 93, 97, asks for 1, 3, 6, 12, 17, 26, 43, 51, 54, 203.
 * Offers are collected for offer_wait_ms after the first one, less when one with a root path arrives; one
 * with a root path wins, else the first. NET_CONFIGURED when the lease is bound.
 */
void net_dhcp_start(void);
/*
 * Take over the lease that another client of this machine (the firmware's PXE) was given: `ack` is the
 * DHCPACK as the firmware kept it, from the op field on. No server is asked now: NET_CONFIGURED at once; the
 * lease is renewed as one of our own, early, as nobody says how old it is. Option 43 in it was said to that
 * client and is left out. False, and nothing is changed: it does not hold together or the firmware spoilt it,
 * it is no DHCPACK for this NIC's address, or it has no address (RFC 2131 section 2); or there is no
 * interface that works, or no room. Hostile like any other message.
 */
bool net_dhcp_adopt(const uint8_t *ack, size_t length);
/* Number of offers seen and of requests sent so far, for the progress line. */
void net_dhcp_progress(unsigned *ret_discovers, unsigned *ret_offers);

/* The present settings; zero when there are none. */
void net_get_lease(struct net_lease *ret_lease);

/* What a message of a DHCP or PXE server (BOOTREPLY, RFC 951, 2131, 2132 options 66 and 67) says of the file
 * that is to be loaded. */
struct net_boot_file {
    uint8_t server[4]; /* siaddr, else an address in option 66, else the server identifier */
    char file[NET_HOST_MAX +
              1]; /* option 67, else the file field; NUL-ended, printable ASCII without blanks */
};
/* False: it does not hold together, or names no file or no server. The bytes are hostile. */
bool net_boot_file(const uint8_t *message, size_t length, struct net_boot_file *ret_file);

/* Option 61 of a message that a client sent. False: it has none, or does not hold together. The bytes are
 * net/'s, until the next call. */
bool net_client_id(const uint8_t *message, size_t length, const uint8_t **ret_id, uint8_t *ret_length);

/* ---- names ---- */

enum net_resolve_state { NET_RESOLVING, NET_RESOLVED, NET_NO_SUCH_NAME, NET_NAME_TIMEOUT, NET_NO_SERVER };

/*
 * Start looking up the IPv4 addresses of `host` (a literal answers at once); replaces a look-up under way. A
 * resolver of our own over UDP, because lwIP's gives one address only (REQ-026): random port and id, answers
 * matched and bounded.
 */
void net_resolve_start(const char *host);
/* How it stands; NET_RESOLVED: up to NET_NAMES_MAX addresses in the server's order. */
enum net_resolve_state net_resolve_poll(struct net_address *ret_addresses, unsigned *ret_count);

/* Counters for the log and for leak tests. */
struct net_counters {
    uint64_t frames_in, frames_out, bytes_in, bytes_out, dropped;
    uint32_t pcbs, buffers; /* in use now */
};
void net_get_counters(struct net_counters *ret_counters);

#endif
