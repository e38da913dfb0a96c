/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "dhcp_message.h"
#include "dhcp_options.h"

/* RFC 2131 figure 1 */
#define OP            0u
#define HARDWARE      1u
#define HARDWARE_SIZE 2u
#define XID           4u
#define SECONDS       8u
#define CLIENT        12u
#define YOURS         16u
#define CHADDR        28u
#define COOKIE        236u
#define OPTIONS       DHCP_OPTIONS
#define MESSAGE_MIN   300u /* RFC 1542 section 2.1: what old relays expect at least */

#define BOOT_REQUEST 1u
#define BOOT_REPLY   2u
#define ETHERNET     1u

#define NO_LIMIT 0xffffffffu

static const uint8_t cookie[4] = {99, 130, 83, 99};

/* RFC 2132, 4578, 3004 */
enum option {
    NETMASK = 1,
    ROUTER = 3,
    DNS = 6,
    HOST_NAME = 12,
    ROOT_PATH = 17,
    MTU = 26,
    VENDOR = 43,
    REQUESTED = 50,
    LEASE = 51,
    TYPE = 53,
    SERVER = 54,
    PARAMETERS = 55,
    MAX_SIZE = 57,
    RENEWAL = 58,
    REBINDING = 59,
    VENDOR_CLASS = 60,
    CLIENT_ID = 61,
    USER_CLASS = 77,
    ARCHITECTURE = 93,
    MACHINE_ID = 97,
    INITIATOR_NAME = 203,
    END = 255,
};

static const uint8_t wanted[] = {NETMASK, ROUTER, DNS,   HOST_NAME, ROOT_PATH,
                                 MTU,     VENDOR, LEASE, SERVER,    INITIATOR_NAME};

/* ---- parsing ---- */

enum slot {
    S_TYPE,
    S_SERVER,
    S_NETMASK,
    S_ROUTER,
    S_DNS,
    S_MTU,
    S_LEASE,
    S_RENEWAL,
    S_REBINDING,
    S_HOST,
    S_ROOT,
    S_NAME,
    S_VENDOR, /* the last: it can be left out */
    SLOTS
};

struct parser {
    uint8_t fixed[S_HOST][8];
    struct dhcp_option slots[SLOTS];
};

static void init_parser(struct parser *parser, struct net_lease *lease)
{
    static const uint8_t codes[SLOTS] = {TYPE,      SERVER,         NETMASK, ROUTER,    DNS,
                                         MTU,       LEASE,          RENEWAL, REBINDING, HOST_NAME,
                                         ROOT_PATH, INITIATOR_NAME, VENDOR};

    memset(parser, 0, sizeof *parser);
    for (unsigned i = 0; i < SLOTS; i++) {
        parser->slots[i].code = codes[i];
        if (i < S_HOST) {
            parser->slots[i].bytes = parser->fixed[i];
            parser->slots[i].capacity = sizeof parser->fixed[i];
        }
    }
    parser->slots[S_HOST].bytes = (uint8_t *)lease->hostname;
    parser->slots[S_HOST].capacity = NET_HOST_MAX;
    parser->slots[S_ROOT].bytes = lease->root_path;
    parser->slots[S_NAME].bytes = lease->initiator_name;
    parser->slots[S_VENDOR].bytes = lease->vendor;
    for (unsigned i = S_ROOT; i < SLOTS; i++) {
        parser->slots[i].capacity = NET_OPTION_MAX;
    }
}

static uint32_t load(const uint8_t *at, unsigned size)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < size; i++) {
        value = value << 8 | at[i];
    }
    return value;
}

/* An option of exactly `size` bytes, or none at all. */
static bool number(const struct dhcp_option *slot, unsigned size, uint32_t *ret_value)
{
    if (slot->length != 0 && slot->length != size) {
        return false;
    }
    *ret_value = slot->length == 0 ? 0 : load(slot->bytes, size);
    return true;
}

static bool is_unicast(const uint8_t address[4])
{
    return address[0] != 0 && address[0] != 127 && address[0] < 224;
}

/* One bits, then zero bits; without the option, what its class says. */
static bool take_netmask(const struct dhcp_option *slot, struct net_lease *lease)
{
    uint32_t mask, hosts;

    if (!number(slot, 4, &mask)) {
        return false;
    }
    if (slot->length == 0) {
        mask = lease->address[0] < 128 ? 0xff000000u : lease->address[0] < 192 ? 0xffff0000u : 0xffffff00u;
    }
    hosts = ~mask;
    if (mask == 0 || (hosts & (hosts + 1)) != 0) {
        return false;
    }
    for (unsigned i = 0; i < 4; i++) {
        lease->netmask[i] = (uint8_t)(mask >> (24 - 8 * i));
    }
    return true;
}

/* Lists of addresses: the first ones are used, as many as there is room for. */
static bool take_addresses(const struct dhcp_option *slot, uint8_t (*to)[4], unsigned room)
{
    if (slot->length % 4 != 0) {
        return false;
    }
    for (unsigned i = 0; i < room && slot->length >= 4 * (i + 1); i++) {
        memcpy(to[i], slot->bytes + 4 * i, 4);
    }
    return true;
}

/* RFC 2132 section 2: NULs after a text are to be deleted. */
static size_t text_length(const struct dhcp_option *slot, size_t length)
{
    while (length > 0 && slot->bytes[length - 1] == 0) {
        length--;
    }
    return length;
}

/* A host name is for printing and for sending on: one that cannot be a name is as good as none. */
static void take_hostname(const struct dhcp_option *slot, struct net_lease *lease)
{
    size_t length = slot->length <= NET_HOST_MAX ? slot->length : 0;

    length = text_length(slot, length);
    for (size_t i = 0; i < length; i++) {
        if (lease->hostname[i] <= ' ' || lease->hostname[i] > '~') {
            length = 0;
        }
    }
    memset(lease->hostname + length, 0, sizeof lease->hostname - length);
}

static size_t take_long(const struct dhcp_option *slot, struct net_lease *lease)
{
    if (slot->length <= slot->capacity) {
        return slot->code == VENDOR ? slot->length : text_length(slot, slot->length);
    }
    memset(slot->bytes, 0, slot->capacity);
    lease->too_long = true;
    return 0;
}

static bool take_lease(const struct parser *parser, struct dhcp_reply *reply)
{
    struct net_lease *lease = &reply->lease;
    const struct dhcp_option *slots = parser->slots;
    uint32_t mtu, seconds;

    if (!is_unicast(lease->address) || !take_netmask(&slots[S_NETMASK], lease) ||
        !take_addresses(&slots[S_ROUTER], &lease->gateway, 1) ||
        !take_addresses(&slots[S_DNS], lease->dns, 2) || !number(&slots[S_MTU], 2, &mtu) ||
        !number(&slots[S_LEASE], 4, &seconds) || !number(&slots[S_RENEWAL], 4, &reply->renew_seconds) ||
        !number(&slots[S_REBINDING], 4, &reply->rebind_seconds)) {
        return false;
    }
    lease->mtu = (uint16_t)mtu;
    lease->lease_seconds = slots[S_LEASE].length == 0 ? NO_LIMIT : seconds;
    take_hostname(&slots[S_HOST], lease);
    lease->root_path_length = take_long(&slots[S_ROOT], lease);
    lease->initiator_name_length = take_long(&slots[S_NAME], lease);
    lease->vendor_length = take_long(&slots[S_VENDOR], lease);
    return true;
}

static bool is_for(const uint8_t *bytes, size_t length, const uint8_t mac[6])
{
    return length >= OPTIONS && bytes[OP] == BOOT_REPLY && bytes[HARDWARE] == ETHERNET &&
           bytes[HARDWARE_SIZE] == 6 && memcmp(bytes + CHADDR, mac, 6) == 0 &&
           memcmp(bytes + COOKIE, cookie, 4) == 0;
}

static bool parse(const uint8_t *bytes, size_t length, const uint8_t mac[6], unsigned slots,
                  struct dhcp_reply *ret_reply)
{
    static struct dhcp_reply reply; /* some 4 KiB, more than a firmware's stack should carry */
    struct parser parser;
    uint32_t type, server;

    if (!is_for(bytes, length, mac)) {
        return false;
    }
    memset(&reply, 0, sizeof reply);
    init_parser(&parser, &reply.lease);
    if (!dhcp_options_read(bytes, length, parser.slots, slots) || !number(&parser.slots[S_TYPE], 1, &type) ||
        !number(&parser.slots[S_SERVER], 4, &server) || server == 0) {
        return false;
    }
    reply.type = (enum dhcp_type)type;
    memcpy(reply.lease.server, parser.slots[S_SERVER].bytes, 4);
    if (type == DHCP_NAK) {
        *ret_reply = reply;
        return true;
    }
    memcpy(reply.lease.address, bytes + YOURS, 4);
    if ((type != DHCP_OFFER && type != DHCP_ACK) || !take_lease(&parser, &reply)) {
        return false;
    }
    *ret_reply = reply;
    return true;
}

bool dhcp_message_parse(const uint8_t *bytes, size_t length, uint32_t xid, const uint8_t mac[6],
                        struct dhcp_reply *ret_reply)
{
    return length >= OPTIONS && load(bytes + XID, 4) == xid && parse(bytes, length, mac, SLOTS, ret_reply);
}

bool dhcp_message_parse_other(const uint8_t *bytes, size_t length, const uint8_t mac[6],
                              struct dhcp_reply *ret_reply)
{
    return length >= OPTIONS && dhcp_options_kept_whole(bytes, length) &&
           parse(bytes, length, mac, S_VENDOR, ret_reply);
}

/* ---- building ---- */

struct writer {
    uint8_t *bytes;
    size_t at;
};

#define HOSTNAME_SENT_MAX 63u

/* What finds no room is left out: see put_identity. A byte is kept for END. */
static void put(struct writer *w, enum option code, const void *bytes, size_t length)
{
    if (length + 2 > DHCP_MESSAGE_MAX - 1 - w->at) {
        return;
    }
    w->bytes[w->at] = (uint8_t)code;
    w->bytes[w->at + 1] = (uint8_t)length;
    memcpy(w->bytes + w->at + 2, bytes, length);
    w->at += 2 + length;
}

static void put_address(struct writer *w, enum option code, const uint8_t address[4])
{
    static const uint8_t none[4];

    if (memcmp(address, none, 4) != 0) {
        put(w, code, address, 4);
    }
}

static void put_hostname(struct writer *w, const char *hostname)
{
    size_t length = hostname == NULL ? 0 : strlen(hostname);

    if (length > 0 && length <= HOSTNAME_SENT_MAX) {
        put(w, HOST_NAME, hostname, length);
    }
}

/* RFC 4578 section 2: the machine's UUID after a type of 0. */
static void write_machine_id(const struct net_identity *identity, uint8_t ret_id[17])
{
    ret_id[0] = 0;
    memcpy(ret_id + 1, identity->uuid, 16);
}

/* As another client of this machine has it, so that the server knows us again; else the machine's, or without
 * a UUID RFC 2132 section 9.14's hardware address. */
static void put_client_id(struct writer *w, const struct dhcp_request *request)
{
    const struct net_identity *identity = request->identity;
    uint8_t id[17];

    if (identity->client_id != NULL) {
        if (identity->client_id_length > 0) {
            put(w, CLIENT_ID, identity->client_id, identity->client_id_length);
        }
    } else if (identity->has_uuid) {
        write_machine_id(identity, id);
        put(w, CLIENT_ID, id, 17);
    } else {
        id[0] = ETHERNET;
        memcpy(id + 1, request->mac, 6);
        put(w, CLIENT_ID, id, 7);
    }
}

/*
 * What a server goes by comes first: with the longest client identifier, all up to the architecture takes 542
 * bytes and always fits. What only tells more of us comes last: where an identifier has more than 167 bytes
 * (none that PXE or RFC 4361 makes), the host name, then the machine's and the user class give way.
 */
static void put_identity(struct writer *w, const struct dhcp_request *request)
{
    static const uint8_t user_class[] = {7, 'l', 'u', 'n', 'b', 'o', 'o', 't'}; /* RFC 3004 section 4 */
    const struct net_identity *identity = request->identity;
    uint8_t id[17],
        architecture[2] = {(uint8_t)(identity->architecture >> 8), (uint8_t)identity->architecture};

    put_client_id(w, request);
    put(w, VENDOR_CLASS, "lunboot", 7);
    put(w, ARCHITECTURE, architecture, 2);
    put(w, USER_CLASS, user_class, sizeof user_class);
    if (identity->has_uuid) {
        write_machine_id(identity, id);
        put(w, MACHINE_ID, id, 17);
    }
    put_hostname(w, identity->hostname);
}

static void store(uint8_t *at, uint32_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        at[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
    }
}

size_t dhcp_message_build(const struct dhcp_request *request, uint8_t ret_bytes[DHCP_MESSAGE_MAX])
{
    struct writer w = {ret_bytes, OPTIONS};
    uint8_t type = (uint8_t)request->type, size[2];

    memset(ret_bytes, 0, DHCP_MESSAGE_MAX);
    ret_bytes[OP] = BOOT_REQUEST;
    ret_bytes[HARDWARE] = ETHERNET;
    ret_bytes[HARDWARE_SIZE] = 6;
    store(ret_bytes + XID, request->xid, 4);
    store(ret_bytes + SECONDS, request->seconds, 2);
    memcpy(ret_bytes + CLIENT, request->client, 4);
    memcpy(ret_bytes + CHADDR, request->mac, 6);
    memcpy(ret_bytes + COOKIE, cookie, 4);
    put(&w, TYPE, &type, 1);
    store(size, request->mtu, 2);
    put(&w, MAX_SIZE, size, 2);
    put_address(&w, REQUESTED, request->requested);
    put_address(&w, SERVER, request->server);
    put(&w, PARAMETERS, wanted, sizeof wanted);
    put_identity(&w, request);
    ret_bytes[w.at++] = END;
    return w.at < MESSAGE_MIN ? MESSAGE_MIN : w.at;
}
