/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A nic over the firmware's Simple Network Protocol. Frames are received straight into buffers of a static
 * pool that the receiver holds until it releases them. Sent frames are copied into buffers of ours, which the
 * driver owns until GetStatus hands them back; that call may cost a trip out of a virtual machine, so it is
 * made only when buffers run short.
 */
#include "snp.h"

#include <string.h>

#include "clock.h"
#include "snp_own.h"

/*
 * Behind the largest frame: a VLAN tag, the FCS that some drivers deliver, and what others ask for without
 * using it (with an exact fit they drop full-sized frames silently).
 */
#define FRAME_SLACK   16u
#define MTU_DEFAULT   1500u
#define MTU_MIN       576u
#define MTU_MAX       9000u
#define FRAME_MIN     60u /* without FCS, IEEE 802.3 section 4A.4.2; hardware does not always pad */
#define SLOT_ALIGN    64u
#define RECEIVE_SLOTS 1024u
#define RECEIVE_BYTES (RECEIVE_SLOTS * 1536u)
#define SEND_SLOTS    32u /* half of what EDK2's virtio-net driver takes */
#define SEND_BYTES    (SEND_SLOTS * 1536u * 3)
#define SEND_LAZY     8u    /* buffers that may be out before we ask for them */
#define SEND_LOST_MS  2000u /* a driver that has not given back anything for so long never will */
#define ERRORS_MAX    200u  /* in a row, then the device counts as dead */
#define STALE_MAX     64u
#define RELINK_MS     6000u /* longer than a negotiation of the link's speed */

struct snp {
    struct nic nic;
    EFI_SIMPLE_NETWORK *network;
    EFI_HANDLE handle; /* NULL: closed */
    struct snp_counters counters;
    uint32_t slot_size;
    unsigned receive_slots, free_count;
    uint8_t *free_slot[RECEIVE_SLOTS];
    unsigned send_slots, out_first, out_count; /* slots out_first.. are the driver's, oldest first */
    unsigned order[SEND_SLOTS];                /* a ring of slot numbers: the driver's, then the free ones */
    uint64_t sent_ms;                          /* when a send buffer last came back, or the first went out */
    uint64_t relink_ms;
    unsigned errors;
    bool had_driver; /* the firmware's stack was on it when we took it */
};

static struct snp the_snp;
static uint8_t receive_memory[RECEIVE_BYTES] __attribute__((aligned(SLOT_ALIGN)));
static uint8_t send_memory[SEND_BYTES] __attribute__((aligned(SLOT_ALIGN)));

static struct snp *snp_of(struct nic *nic)
{
    return (struct snp *)((uint8_t *)nic - offsetof(struct snp, nic));
}

bool snp_is_open(EFI_HANDLE handle)
{
    return the_snp.handle != NULL && the_snp.handle == handle;
}

void snp_get_counters(struct snp_counters *ret_counters)
{
    *ret_counters = the_snp.counters;
}

/* --- Sending
 * ------------------------------------------------------------------------------------------------- */

static uint8_t *send_slot(const struct snp *snp, unsigned number)
{
    return send_memory + (size_t)number * snp->slot_size;
}

static void forget_sent(struct snp *snp)
{
    snp->out_first = 0;
    snp->out_count = 0;
    for (unsigned i = 0; i < snp->send_slots; i++) {
        snp->order[i] = i;
    }
}

/* The driver is done with `buffer`. One that we do not know (some drivers give a bus address) means the
 * oldest. */
static void take_back(struct snp *snp, const void *buffer)
{
    unsigned at = 0;

    if (snp->out_count == 0) {
        return;
    }
    for (unsigned i = 0; i < snp->out_count; i++) {
        if (send_slot(snp, snp->order[(snp->out_first + i) % snp->send_slots]) == buffer) {
            at = i;
            break;
        }
    }
    unsigned number = snp->order[(snp->out_first + at) % snp->send_slots];
    for (; at > 0; at--) { /* the older ones move up, so that the free ones stay together */
        snp->order[(snp->out_first + at) % snp->send_slots] =
            snp->order[(snp->out_first + at - 1) % snp->send_slots];
    }
    snp->order[snp->out_first] = number;
    snp->out_first = (snp->out_first + 1) % snp->send_slots;
    snp->out_count--;
    snp->sent_ms = clock_ms();
}

/* Also renews Mode->MediaPresent. */
static void get_status(struct snp *snp)
{
    for (unsigned i = 0; i < SEND_SLOTS; i++) {
        void *buffer = NULL;
        snp->counters.status_calls++;
        if (EFI_ERROR(snp->network->GetStatus(snp->network, NULL, &buffer)) || buffer == NULL) {
            return;
        }
        take_back(snp, buffer);
    }
}

static bool has_room(struct snp *snp)
{
    if (snp->out_count >= SEND_LAZY || snp->out_count == snp->send_slots) {
        get_status(snp);
    }
    if (snp->out_count == snp->send_slots && clock_ms() - snp->sent_ms >= SEND_LOST_MS) {
        take_back(snp, NULL);
    }
    return snp->out_count < snp->send_slots;
}

static enum nic_status count_error(struct snp *snp)
{
    snp->errors++;
    return snp->errors >= ERRORS_MAX ? NIC_FAILED : NIC_BUSY;
}

static enum nic_status snp_send(struct nic *nic, const void *frame, uint32_t length)
{
    struct snp *snp = snp_of(nic);

    if (length > nic->mtu + NIC_FRAME_HEADER) {
        snp->counters.send_failed++;
        return NIC_OK; /* lost, as on a wire that cannot carry it */
    }
    if (!has_room(snp)) {
        return NIC_BUSY;
    }
    unsigned at = (snp->out_first + snp->out_count) % snp->send_slots;
    uint8_t *slot = send_slot(snp, snp->order[at]);
    uint32_t padded = length < FRAME_MIN ? FRAME_MIN : length;
    memcpy(slot, frame, length);
    memset(slot + length, 0, padded - length);
    EFI_STATUS status = snp->network->Transmit(snp->network, 0, padded, slot, NULL, NULL, NULL);
    if (status == EFI_NOT_READY) {
        get_status(snp);
        /* The ring may have turned, but the first free slot is still this one. */
        status = snp->network->Transmit(snp->network, 0, padded, slot, NULL, NULL, NULL);
    }
    if (EFI_ERROR(status)) {
        snp->counters.send_failed++;
        return status == EFI_NOT_READY ? NIC_BUSY : count_error(snp);
    }
    if (snp->out_count == 0) {
        snp->sent_ms = clock_ms();
    }
    snp->errors = 0;
    snp->out_count++;
    snp->counters.sent++;
    return NIC_OK;
}

/* --- Receiving
 * ----------------------------------------------------------------------------------------------- */

static enum nic_status snp_receive(struct nic *nic, struct nic_frame *ret_frame)
{
    struct snp *snp = snp_of(nic);

    if (snp->free_count == 0) {
        return NIC_BUSY;
    }
    uint8_t *slot = snp->free_slot[snp->free_count - 1];
    UINTN length = snp->slot_size;
    EFI_STATUS status = snp->network->Receive(snp->network, NULL, &length, slot, NULL, NULL, NULL);
    snp->counters.received++;
    if (EFI_ERROR(status)) {
        snp->counters.empty++;
        if (status == EFI_NOT_READY || status == EFI_BUFFER_TOO_SMALL) {
            return NIC_BUSY; /* nothing there, or an oversized frame that the driver dropped */
        }
        return count_error(snp);
    }
    snp->errors = 0;
    if (length < NIC_FRAME_HEADER || length > snp->slot_size) {
        return NIC_BUSY;
    }
    snp->free_count--;
    *ret_frame = (struct nic_frame){.nic = nic, .data = slot, .length = (uint32_t)length, .driver = slot};
    return NIC_OK;
}

static void snp_release(struct nic *nic, struct nic_frame *frame)
{
    struct snp *snp = snp_of(nic);

    if (frame->driver != NULL && snp->free_count < snp->receive_slots) {
        snp->free_slot[snp->free_count++] = frame->driver;
    }
    frame->driver = NULL;
}

/* --- Opening, the link, closing
 * ------------------------------------------------------------------------------- */

/* From the least to the most that the NIC may let in; not all drivers know all of these. */
static void set_filters(struct snp *snp)
{
    UINT32 known = snp->network->Mode->ReceiveFilterMask;
    UINT32 least = EFI_SIMPLE_NETWORK_RECEIVE_UNICAST | EFI_SIMPLE_NETWORK_RECEIVE_BROADCAST;
    const UINT32 wanted[] = {
        least & known,
        (least | EFI_SIMPLE_NETWORK_RECEIVE_PROMISCUOUS) & known,
        known & ~(UINT32)EFI_SIMPLE_NETWORK_RECEIVE_MULTICAST,
        EFI_SIMPLE_NETWORK_RECEIVE_UNICAST,
    };

    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        if (!EFI_ERROR(snp->network->ReceiveFilters(snp->network, wanted[i], 0, FALSE, 0, NULL))) {
            return;
        }
    }
    /* Refused altogether: some drivers receive all the same, and DHCP will tell. */
}

static EFI_STATUS initialize(struct snp *snp)
{
    EFI_STATUS status = snp->network->Initialize(snp->network, 0, 0);

    if (!EFI_ERROR(status)) {
        set_filters(snp);
    }
    return status;
}

/* From whatever state its last user left it in (UEFI 2.10 section 24.1.3: stopped, started, initialized). */
static EFI_STATUS start(struct snp *snp)
{
    EFI_SIMPLE_NETWORK *network = snp->network;

    if (network->Mode->State == EfiSimpleNetworkInitialized) {
        network->Shutdown(network);
    }
    if (network->Mode->State == EfiSimpleNetworkStarted) {
        network->Stop(network);
    }
    EFI_STATUS status = network->Start(network);
    if (EFI_ERROR(status) && status != EFI_ALREADY_STARTED) {
        return status;
    }
    return initialize(snp);
}

/* Some drivers look at the cable in Initialize alone. */
static void look_again(struct snp *snp)
{
    if (clock_ms() - snp->relink_ms >= RELINK_MS) {
        snp->network->Shutdown(snp->network);
        forget_sent(snp);
        initialize(snp);
        snp->relink_ms = clock_ms();
    }
}

static bool snp_link_up(struct nic *nic)
{
    struct snp *snp = snp_of(nic);
    EFI_SIMPLE_NETWORK_MODE *mode = snp->network->Mode;

    if (!mode->MediaPresentSupported) {
        return true;
    }
    get_status(snp);
    if (!mode->MediaPresent) {
        look_again(snp);
    } else {
        snp->relink_ms = clock_ms();
    }
    return mode->MediaPresent;
}

static void snp_close(struct nic *nic)
{
    struct snp *snp = snp_of(nic);
    EFI_HANDLE handle = snp->handle;

    if (handle == NULL) {
        return;
    }
    snp->network->Shutdown(snp->network);
    snp->network->Stop(snp->network);
    snp->handle = NULL;
    uefi_bs->CloseProtocol(handle, &uefi_guid_simple_network, uefi_image, handle);
    /* As we found it: where the firmware's own stack was, it comes back, and the next boot option's PXE with
     * it. */
    if (snp->had_driver) {
        uefi_bs->ConnectController(handle, NULL, NULL, TRUE);
    }
}

static const struct nic_ops snp_ops = {
    .send = snp_send,
    .receive = snp_receive,
    .release = snp_release,
    .link_up = snp_link_up,
    .close = snp_close,
};

static uint16_t usable_mtu(uint32_t max_packet)
{
    /* MaxPacketSize is without the header, but some drivers count it in. */
    if (max_packet >= MTU_DEFAULT && max_packet <= MTU_DEFAULT + NIC_FRAME_HEADER + 8) {
        return MTU_DEFAULT;
    }
    if (max_packet < MTU_MIN) {
        return MTU_DEFAULT; /* nonsense: every Ethernet does this much */
    }
    return (uint16_t)(max_packet > MTU_MAX ? MTU_MAX : max_packet);
}

static void divide_memory(struct snp *snp)
{
    uint32_t frame = snp->nic.mtu + NIC_FRAME_HEADER + FRAME_SLACK;
    snp->slot_size = (frame + SLOT_ALIGN - 1) / SLOT_ALIGN * SLOT_ALIGN;
    uint32_t receive = RECEIVE_BYTES / snp->slot_size;
    uint32_t send = SEND_BYTES / snp->slot_size;

    snp->receive_slots = receive < RECEIVE_SLOTS ? receive : RECEIVE_SLOTS;
    snp->send_slots = send < SEND_SLOTS ? send : SEND_SLOTS;
    for (unsigned i = 0; i < snp->receive_slots; i++) {
        snp->free_slot[i] = receive_memory + (size_t)i * snp->slot_size;
    }
    snp->free_count = snp->receive_slots;
    forget_sent(snp);
}

/* Buffers of the last user that the driver still hands out; not ours. */
static void drop_stale(struct snp *snp)
{
    void *buffer = NULL;

    for (unsigned i = 0; i < STALE_MAX; i++) {
        if (EFI_ERROR(snp->network->GetStatus(snp->network, NULL, &buffer)) || buffer == NULL) {
            return;
        }
    }
}

static bool has_driver(EFI_HANDLE handle)
{
    EFI_OPEN_PROTOCOL_INFORMATION_ENTRY *entries = NULL;
    UINTN count = 0;
    bool found = false;

    uefi_bs->OpenProtocolInformation(handle, &uefi_guid_simple_network, &entries, &count);
    for (UINTN i = 0; entries != NULL && i < count; i++) {
        found |= (entries[i].Attributes & EFI_OPEN_PROTOCOL_BY_DRIVER) != 0;
    }
    uefi_free(entries);
    return found;
}

static EFI_STATUS take(EFI_HANDLE handle, bool had_driver, EFI_SIMPLE_NETWORK **ret_network)
{
    const UINT32 how = EFI_OPEN_PROTOCOL_BY_DRIVER | EFI_OPEN_PROTOCOL_EXCLUSIVE;
    void **interface = (void **)ret_network;
    EFI_STATUS status =
        uefi_bs->OpenProtocol(handle, &uefi_guid_simple_network, interface, uefi_image, handle, how);

    if (status == EFI_ACCESS_DENIED) {
        /* A driver that would not stop for the exclusive open may for this; another program will not. */
        uefi_bs->DisconnectController(handle, NULL, NULL);
        status = uefi_bs->OpenProtocol(handle, &uefi_guid_simple_network, interface, uefi_image, handle, how);
        if (EFI_ERROR(status) && had_driver) {
            uefi_bs->ConnectController(handle, NULL, NULL, TRUE);
        }
    }
    return status;
}

struct nic *snp_open(const struct snp_entry *entry, EFI_STATUS *ret_status)
{
    struct snp *snp = &the_snp;
    EFI_HANDLE handle = entry->handle;

    if (snp->handle != NULL || entry->in_use_by_iscsi) {
        *ret_status = EFI_ACCESS_DENIED;
        return NULL;
    }
    *snp = (struct snp){.had_driver = has_driver(handle)};
    *ret_status = take(handle, snp->had_driver, &snp->network);
    if (EFI_ERROR(*ret_status)) {
        return NULL;
    }
    snp->handle = handle;
    snp->nic.ops = &snp_ops;
    *ret_status = start(snp);
    if (EFI_ERROR(*ret_status)) {
        snp_close(&snp->nic);
        return NULL;
    }
    drop_stale(snp);
    memcpy(snp->nic.mac, &snp->network->Mode->CurrentAddress, sizeof snp->nic.mac);
    snp->nic.mtu = usable_mtu(snp->network->Mode->MaxPacketSize);
    divide_memory(snp);
    snp->relink_ms = clock_ms();
    return &snp->nic;
}
