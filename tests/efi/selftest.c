/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files of efi/ in real firmware, without the rest of lunboot: tests/vm/test_efi.py boots this program
 * and reads its lines "check NAME ok" or "check NAME FAILED" on the serial port, to which it writes itself.
 * It expects a gateway 10.0.2.2 that answers ARP and ping on each NIC, and, if it came from a volume, beside
 * it ramdisk.img: a FAT file system with this program as EFI/BOOT/BOOTX64.EFI. Started from there, its load
 * options say so, and it is the child.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "efi/acpi.h"
#include "efi/blockio.h"
#include "efi/clock.h"
#include "efi/console.h"
#include "efi/devpath.h"
#include "efi/entropy.h"
#include "efi/event.h"
#include "efi/file.h"
#include "efi/loader.h"
#include "efi/origin.h"
#include "efi/smbios.h"
#include "efi/snp.h"
#include "efi/stackguard.h"
#include "efi/tpl.h"
#include "efi/variable.h"

EFI_STATUS EFIAPI efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

#define COM1             0x3f8u
#define ACPI_PM1_CONTROL 0x604u /* QEMU's q35 */
#define RAMDISK_MAX      (64u << 20)
#define BLOCK            512u
#define PINGS            200u
#define WAIT_MS          5000u
#define CHILD_STATUS     EFI_ABORTED
#define CHILD_OPTIONS    "child h\xc3\xa4llo"

/* --- Output --- */

static void out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static uint8_t in8(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static void say(const char *text)
{
    for (; *text != '\0'; text++) {
        while (!(in8(COM1 + 5) & 0x20u)) {
        }
        out8(COM1, (uint8_t)*text);
    }
}

__attribute__((format(printf, 1, 2))) static void sayf(const char *format, ...)
{
    char line[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    say(line);
    say("\r\n");
}

static void check(const char *name, bool good)
{
    sayf("check %s %s", name, good ? "ok" : "FAILED");
}

static void check_status(const char *name, EFI_STATUS status, EFI_STATUS wanted)
{
    sayf("check %s %s (%s)", name, status == wanted ? "ok" : "FAILED", uefi_status_name(status));
}

/* --- Levels, time, randomness --- */

static void try_levels(void)
{
    check("application level", tpl_current() == TPL_APPLICATION);
    EFI_TPL first = tpl_raise();
    check("raised to callback", first == TPL_APPLICATION && tpl_current() == TPL_CALLBACK);
    EFI_TPL second = tpl_raise();
    check("raising again changes nothing", second == TPL_CALLBACK && tpl_current() == TPL_CALLBACK);
    tpl_restore(second);
    check("network allowed at callback", tpl_allows_network());
    tpl_restore(first);
    EFI_TPL third = uefi_bs->RaiseTPL(TPL_NOTIFY);
    EFI_TPL fourth = tpl_raise();
    check("raising never lowers", fourth == TPL_NOTIFY && tpl_current() == TPL_NOTIFY);
    check("network not allowed at notify", !tpl_allows_network());
    tpl_restore(fourth);
    tpl_restore(third);
    check("back at application level", tpl_current() == TPL_APPLICATION);
}

static unsigned ticks;
static EFI_TPL tick_level;

static void tick(void *context)
{
    (*(unsigned *)context)++;
    tick_level = tpl_current();
}

static void try_time(void)
{
    uint64_t before = clock_ms();
    uint64_t before_us = clock_us();
    uefi_bs->Stall(200000);
    uint64_t passed = clock_ms() - before;
    uint64_t passed_us = clock_us() - before_us;
    sayf("a stall of 200 ms took %llu ms, %llu us", (unsigned long long)passed,
         (unsigned long long)passed_us);
    check("clock runs at the firmware's rate", passed >= 190 && passed_us >= 190000);
    EFI_TPL level = uefi_bs->RaiseTPL(TPL_HIGH_LEVEL);
    before = clock_ms();
    uefi_bs->Stall(20000);
    check("clock runs at the highest level", clock_ms() - before >= 18);
    uefi_bs->RestoreTPL(level);
    check_status("timer starts", event_timer_start(10, tick, &ticks), EFI_SUCCESS);
    before = clock_ms();
    while (ticks < 3 && clock_ms() - before < WAIT_MS) {
        uefi_bs->Stall(1000);
    }
    check("timer runs at callback level", ticks >= 3 && tick_level == TPL_CALLBACK);
    event_timer_stop();
    unsigned stopped = ticks;
    uefi_bs->Stall(50000);
    check("timer stops", ticks == stopped);
}

static void try_randomness(void)
{
    uint8_t first[32];
    uint8_t second[32];
    enum entropy_source source = entropy_seed(first);

    entropy_seed(second);
    sayf("randomness: %s", entropy_name(source));
    check("two seeds differ", memcmp(first, second, sizeof first) != 0);
}

/* --- Files, console, identity --- */

static bool file_holds(const char *name, const char *wanted)
{
    char *data = NULL;
    size_t length = 0;

    if (EFI_ERROR(file_read_beside(name, 100, &data, &length))) {
        return false;
    }
    bool same = length == strlen(wanted) && memcmp(data, wanted, length) == 0 && data[length] == '\0';
    uefi_free(data);
    return same;
}

static void try_files(void)
{
    char *data = NULL;
    size_t length = 0;

    check_status("file written", file_write_beside("out.txt", "a longer text", 13), EFI_SUCCESS);
    check("file read back", file_holds("out.txt", "a longer text"));
    check_status("file replaced", file_write_beside("out.txt", "short", 5), EFI_SUCCESS);
    check("nothing of the old file stays", file_holds("out.txt", "short"));
    check_status("file too large", file_read_beside("out.txt", 4, &data, &length), EFI_BUFFER_TOO_SMALL);
    check_status("no such file", file_read_beside("nothing", 4, &data, &length), EFI_NOT_FOUND);
    check_status("writable", file_check_writable_beside("out.txt"), EFI_SUCCESS);
    check_status("erased", file_erase_beside("out.txt"), EFI_SUCCESS);
    check_status("gone", file_read_beside("out.txt", 4, &data, &length), EFI_NOT_FOUND);
    check_status("nothing to erase", file_erase_beside("out.txt"), EFI_NOT_FOUND);
}

static void try_console(void)
{
    console_flush_keys();
    check("no key", console_key() == CONSOLE_NONE);
    console_progress("console: a long progress line");
    console_progress("console: short");
    console_line("console: a line with \xc3\xa4 and \x1b[31mno colour");
    console_watchdog(300);
}

static void try_identity(void)
{
    uint8_t uuid[16] = {0};
    char serial[64] = "none";
    char text[40] = "";

    if (smbios_uuid(uuid)) {
        for (unsigned i = 0; i < 16; i++) {
            snprintf(text + 2 * i, 3, "%02x", uuid[i]);
        }
    }
    smbios_serial(serial, sizeof serial);
    sayf("uuid=%s serial=%s", text, serial);
}

/* --- Where we came from --- */

static void say_mac(const char *name, const uint8_t *mac)
{
    sayf("%s %02x:%02x:%02x:%02x:%02x:%02x", name, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

/* The operation and the client's address, at their places in the message (RFC 2131 section 2). */
static void say_packet(const char *name, const struct origin_packet *packet)
{
    sayf("origin %s: %u bytes, operation %u", name, (unsigned)packet->length, packet->bytes[0]);
    say_mac("origin's client", packet->bytes + 28);
}

static void say_origin(void)
{
    const struct origin *origin = origin_find();

    sayf("origin network=%d url=%s", origin->network, origin->url);
    say_mac("origin's NIC", origin->mac);
    say_packet("discover", &origin->discover);
    say_packet("ack", &origin->ack);
    say_packet("proxy", &origin->proxy);
    say_packet("reply", &origin->reply);
}

/* --- The NIC --- */

static const uint8_t our_ip[4] = {10, 0, 2, 15};
static const uint8_t gateway_ip[4] = {10, 0, 2, 2};

static void put_ethernet(uint8_t *frame, const uint8_t *to, const uint8_t *from, uint16_t type)
{
    memcpy(frame, to, 6);
    memcpy(frame + 6, from, 6);
    frame[12] = (uint8_t)(type >> 8);
    frame[13] = (uint8_t)type;
}

/* RFC 826. */
static uint32_t make_arp(const struct nic *nic, uint8_t *frame)
{
    static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    static const uint8_t fixed[8] = {0, 1, 8, 0, 6, 4, 0, 1};

    memset(frame, 0, 42);
    put_ethernet(frame, everybody, nic->mac, 0x0806);
    memcpy(frame + 14, fixed, sizeof fixed);
    memcpy(frame + 22, nic->mac, 6);
    memcpy(frame + 28, our_ip, 4);
    memcpy(frame + 38, gateway_ip, 4);
    return 42;
}

static void put_sum(const uint8_t *from, size_t length, uint8_t *ret_sum)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < length; i++) {
        sum += i % 2 == 0 ? (uint32_t)from[i] << 8 : from[i];
    }
    sum = (sum & 0xffff) + (sum >> 16);
    sum = ~((sum & 0xffff) + (sum >> 16));
    ret_sum[0] = (uint8_t)(sum >> 8);
    ret_sum[1] = (uint8_t)sum;
}

/* An echo request that fills the frame (RFC 792). */
static uint32_t make_ping(const struct nic *nic, const uint8_t *gateway_mac, uint16_t number, uint8_t *frame)
{
    uint32_t length = nic->mtu + NIC_FRAME_HEADER;
    uint8_t *ip = frame + 14;
    uint8_t *icmp = ip + 20;

    memset(frame, 0x5a, length);
    put_ethernet(frame, gateway_mac, nic->mac, 0x0800);
    memset(ip, 0, 28);
    ip[0] = 0x45;
    ip[2] = (uint8_t)(nic->mtu >> 8);
    ip[3] = (uint8_t)nic->mtu;
    ip[8] = 64;
    ip[9] = 1;
    memcpy(ip + 12, our_ip, 4);
    memcpy(ip + 16, gateway_ip, 4);
    put_sum(ip, 20, ip + 10);
    icmp[0] = 8;
    icmp[6] = (uint8_t)(number >> 8);
    icmp[7] = (uint8_t)number;
    put_sum(icmp, nic->mtu - 20u, icmp + 2);
    return length;
}

static bool is_arp_answer(const struct nic_frame *frame)
{
    return frame->length >= 42 && frame->data[12] == 8 && frame->data[13] == 6 && frame->data[21] == 2 &&
           memcmp(frame->data + 28, gateway_ip, 4) == 0;
}

/* Whole, and of the length that was sent (some drivers deliver padding or the FCS behind it). */
static bool is_ping_answer(const struct nic_frame *frame, uint32_t length)
{
    return frame->length >= length && frame->data[12] == 8 && frame->data[13] == 0 && frame->data[34] == 0 &&
           frame->data[length - 1] == 0x5a;
}

static bool wait_for_gateway(struct nic *nic, uint8_t ret_mac[6])
{
    uint8_t frame[64];
    struct nic_frame got;
    uint64_t start = clock_ms();
    uint64_t sent = 0;

    while (clock_ms() - start < WAIT_MS) {
        if (sent == 0 || clock_ms() - sent > 500) {
            nic_send(nic, frame, make_arp(nic, frame));
            sent = clock_ms();
        }
        while (nic_receive(nic, &got) == NIC_OK) {
            bool answer = is_arp_answer(&got);
            if (answer) {
                memcpy(ret_mac, got.data + 22, 6);
            }
            nic_release(&got);
            if (answer) {
                return true;
            }
        }
    }
    return false;
}

/* Full frames both ways, more than there are buffers of any kind. */
static unsigned ping(struct nic *nic, const uint8_t *gateway_mac)
{
    static uint8_t frame[9100];
    struct nic_frame got;
    unsigned sent = 0;
    unsigned answered = 0;
    uint64_t start = clock_ms();

    while (answered < PINGS && clock_ms() - start < 4 * WAIT_MS) {
        uint32_t length = make_ping(nic, gateway_mac, (uint16_t)sent, frame);
        if (sent - answered < 16 && sent < PINGS + 50 && nic_send(nic, frame, length) == NIC_OK) {
            sent++;
        }
        while (nic_receive(nic, &got) == NIC_OK) {
            answered += is_ping_answer(&got, length);
            nic_release(&got);
        }
    }
    return answered;
}

static UINTN count_openers(EFI_HANDLE handle, UINT32 attribute)
{
    EFI_OPEN_PROTOCOL_INFORMATION_ENTRY *entries = NULL;
    UINTN count = 0;
    UINTN found = 0;

    uefi_bs->OpenProtocolInformation(handle, &uefi_guid_simple_network, &entries, &count);
    for (UINTN i = 0; i < count; i++) {
        found += (entries[i].Attributes & attribute) != 0;
    }
    uefi_free(entries);
    return found;
}

static void try_nic(const struct snp_entry *entry)
{
    EFI_STATUS status = EFI_SUCCESS;
    uint8_t gateway_mac[6];
    UINTN drivers = count_openers(entry->handle, EFI_OPEN_PROTOCOL_BY_DRIVER);
    struct nic *nic = snp_open(entry, &status);

    check_status("NIC opens", status, EFI_SUCCESS);
    if (nic == NULL) {
        return;
    }
    sayf("mtu=%u link=%d drivers-before=%llu", nic->mtu, nic_link_up(nic), (unsigned long long)drivers);
    check("NIC is held exclusively", count_openers(entry->handle, EFI_OPEN_PROTOCOL_EXCLUSIVE) == 1);
    EFI_STATUS second = EFI_SUCCESS;
    check("NIC opens once", snp_open(entry, &second) == NULL && second == EFI_ACCESS_DENIED);
    check("gateway answers ARP", wait_for_gateway(nic, gateway_mac));
    uint64_t start = clock_ms();
    unsigned answered = ping(nic, gateway_mac);
    struct snp_counters counters;
    snp_get_counters(&counters);
    sayf("pings=%u ms=%llu received=%llu empty=%llu sent=%llu failed=%llu status=%llu", answered,
         (unsigned long long)(clock_ms() - start), (unsigned long long)counters.received,
         (unsigned long long)counters.empty, (unsigned long long)counters.sent,
         (unsigned long long)counters.send_failed, (unsigned long long)counters.status_calls);
    check("full frames both ways", answered >= PINGS);
    nic_close(nic);
    check("NIC is given back", count_openers(entry->handle, EFI_OPEN_PROTOCOL_EXCLUSIVE) == 0 &&
                                   count_openers(entry->handle, EFI_OPEN_PROTOCOL_BY_DRIVER) == drivers);
    nic = snp_open(entry, &status);
    check_status("NIC opens again", status, EFI_SUCCESS);
    if (nic != NULL) {
        check("gateway answers again", wait_for_gateway(nic, gateway_mac));
        nic_close(nic);
    }
}

static struct snp_entry entries[SNP_LIST_MAX];

static void try_nics(void)
{
    unsigned count = snp_list(entries, SNP_LIST_MAX);

    sayf("nics=%u", count);
    for (unsigned i = 0; i < count; i++) {
        const struct snp_entry *e = &entries[i];
        sayf("nic %s mac=%02x:%02x:%02x:%02x:%02x:%02x pci=%d %04x:%02x:%02x.%x loaded-from=%d media=%d,%d "
             "iscsi=%d",
             e->path_text, e->mac[0], e->mac[1], e->mac[2], e->mac[3], e->mac[4], e->mac[5], e->has_pci,
             e->pci_segment, e->pci_bus, e->pci_device, e->pci_function, e->loaded_from, e->media_known,
             e->media, e->in_use_by_iscsi);
        check("path matches its own text", devpath_matches_text(e->path, e->path_text));
        try_nic(e);
        /* Once more with the firmware's stack on it. */
        uefi_bs->ConnectController(e->handle, NULL, NULL, TRUE);
        check("firmware's stack is on the NIC", count_openers(e->handle, EFI_OPEN_PROTOCOL_BY_DRIVER) > 0);
        try_nic(e);
    }
}

/* --- The disk --- */

static uint8_t *ramdisk;

static enum blkdev_status ram_read(struct blkdev *dev, uint64_t lba, uint64_t blocks, void *buffer)
{
    (void)dev;
    memcpy(buffer, ramdisk + lba * BLOCK, (size_t)blocks * BLOCK);
    return BLKDEV_OK;
}

static enum blkdev_status ram_write(struct blkdev *dev, uint64_t lba, uint64_t blocks, const void *buffer)
{
    (void)dev;
    memcpy(ramdisk + lba * BLOCK, buffer, (size_t)blocks * BLOCK);
    return BLKDEV_OK;
}

static enum blkdev_status ram_flush(struct blkdev *dev)
{
    (void)dev;
    return BLKDEV_OK;
}

static enum blkdev_status ram_reset(struct blkdev *dev, bool extended)
{
    (void)dev;
    (void)extended;
    return BLKDEV_OK;
}

static struct blkdev disk = {.read = ram_read, .write = ram_write, .flush = ram_flush, .reset = ram_reset};

static EFI_DEVICE_PATH *make_path(void)
{
    static const struct devpath_iscsi node = {
        .local = {10, 0, 2, 15},
        .remote = {10, 0, 2, 2},
        .remote_port = 3260,
        .lun = {0, 1},
        .portal_group = 1,
        .chap = true,
        .target_name = "iqn.2026-01.example:disk",
    };
    return devpath_make_iscsi(entries[0].path, &node);
}

/* The handle that we were loaded from may be gone, and another device have it: not its files are beside us.
 */
static void try_files_of(EFI_HANDLE volume)
{
    EFI_LOADED_IMAGE *own = uefi_interface(uefi_image, &uefi_guid_loaded_image);
    EFI_HANDLE device = own->DeviceHandle;
    size_t length = 0;
    char *data = NULL;

    own->DeviceHandle = volume;
    check_status("files are on our own volume", file_read_beside("ramdisk.img", RAMDISK_MAX, &data, &length),
                 EFI_SUCCESS);
    own->DeviceHandle = device;
    uefi_free(data);
}

static void try_program(EFI_HANDLE handle, const EFI_DEVICE_PATH *path)
{
    struct loader_volume volumes[LOADER_VOLUMES_MAX];
    unsigned count = loader_volumes(handle, path, volumes, LOADER_VOLUMES_MAX);
    EFI_HANDLE image = NULL;

    check("one volume on the disk", count == 1);
    if (count != 1) {
        return;
    }
    try_files_of(volumes[0].handle);
    check("file exists", loader_file_exists(&volumes[0], "/EFI/BOOT/BOOTX64.EFI"));
    check("file does not exist", !loader_file_exists(&volumes[0], "\\EFI\\BOOT\\OTHER.EFI"));
    check("a folder is no file", !loader_file_exists(&volumes[0], "\\EFI\\BOOT"));
    check_status("nothing to load", loader_load_file(&volumes[0], "\\OTHER.EFI", NULL, &image),
                 EFI_NOT_FOUND);
    EFI_STATUS status = loader_load_file(&volumes[0], "EFI/BOOT/BOOTX64.EFI", CHILD_OPTIONS, &image);
    check_status("program loads", status, EFI_SUCCESS);
    if (!EFI_ERROR(status)) {
        check_status("program's status", loader_start(image), CHILD_STATUS);
    }
}

static void try_block_io(EFI_HANDLE handle)
{
    static uint8_t block[BLOCK];
    EFI_BLOCK_IO *io = uefi_interface(handle, &uefi_guid_block_io);
    UINT32 id = io->Media->MediaId;

    check_status("block read", io->ReadBlocks(io, id, 0, BLOCK, block), EFI_SUCCESS);
    check("block is the disk's", memcmp(block, ramdisk, BLOCK) == 0);
    EFI_TPL level = uefi_bs->RaiseTPL(TPL_NOTIFY);
    EFI_STATUS status = io->ReadBlocks(io, id, 0, BLOCK, block);
    uefi_bs->RestoreTPL(level);
    check_status("read above callback level", status, EFI_DEVICE_ERROR);
    disk.generation++;
    check_status("another medium", io->ReadBlocks(io, id, 0, BLOCK, block), EFI_MEDIA_CHANGED);
    check("the medium's id changed", io->Media->MediaId != id);
    check_status("read with the new id", io->ReadBlocks(io, io->Media->MediaId, 0, BLOCK, block),
                 EFI_SUCCESS);
}

static unsigned iscsi_handles(void)
{
    UINTN count = 0;
    unsigned found = 0;
    EFI_HANDLE *handles = uefi_handles(&uefi_guid_block_io, &count);

    for (UINTN i = 0; handles != NULL && i < count; i++) {
        const uint8_t *path = uefi_interface(handles[i], &uefi_guid_device_path);
        found += path != NULL && pathbytes_find(path, PATHBYTES_ISCSI) != NULL;
    }
    uefi_free(handles);
    return found;
}

/* Somebody holds the protocol and does not let go: what stays must answer without us. */
static void try_orphan(EFI_HANDLE handle)
{
    EFI_BLOCK_IO *io = NULL;
    EFI_DEVICE_PATH *path = uefi_interface(handle, &uefi_guid_device_path);
    static uint8_t block[BLOCK];

    uefi_bs->DisconnectController(handle, NULL, NULL);
    EFI_STATUS status = uefi_bs->OpenProtocol(handle, &uefi_guid_block_io, (void **)&io, uefi_image, handle,
                                              EFI_OPEN_PROTOCOL_BY_DRIVER);
    check_status("protocol held", status, EFI_SUCCESS);
    check("uninstalling fails", EFI_ERROR(blockio_uninstall())); /* EDK2 says EFI_INVALID_PARAMETER */
    check("medium gone", !io->Media->MediaPresent);
    check_status("orphan read", io->ReadBlocks(io, io->Media->MediaId, 0, BLOCK, block), EFI_NO_MEDIA);
    check_status("orphan flush", io->FlushBlocks(io), EFI_NO_MEDIA);
    uefi_bs->CloseProtocol(handle, &uefi_guid_block_io, uefi_image, handle);
    uefi_bs->UninstallMultipleProtocolInterfaces(handle, &uefi_guid_block_io, io, &uefi_guid_device_path,
                                                 path, NULL);
}

static void try_disk(void)
{
    size_t length = 0;
    EFI_HANDLE handle = NULL;
    EFI_DEVICE_PATH *path = make_path();
    char text[512];

    check_status("disk's image", file_read_beside("ramdisk.img", RAMDISK_MAX, (char **)&ramdisk, &length),
                 EFI_SUCCESS);
    if (ramdisk == NULL || path == NULL) {
        return;
    }
    disk.geometry = (struct blkdev_geometry){
        .block_size = BLOCK, .last_block = length / BLOCK - 1, .blocks_per_physical = 1};
    devpath_text(path, text, sizeof text);
    sayf("disk %s", text);
    check_status("disk installs", blockio_install(&disk, path, &handle), EFI_SUCCESS);
    check_status("one disk at a time", blockio_install(&disk, path, &handle), EFI_ALREADY_STARTED);
    try_program(handle, path);
    try_block_io(handle);
    /* What the firmware's own iSCSI driver would leave: a disk on a NIC that we do not hold. */
    snp_list(entries, SNP_LIST_MAX);
    check("NIC is seen in use by iSCSI", entries[0].in_use_by_iscsi);
    check_status("disk goes", blockio_uninstall(), EFI_SUCCESS);
    check("no handle stays", iscsi_handles() == 0);
    check_status("disk installs again", blockio_install(&disk, path, &handle), EFI_SUCCESS);
    try_orphan(handle);
    check("no handle stays after all", iscsi_handles() == 0);
    uefi_free(path);
    uefi_free(ramdisk);
}

/* --- ACPI --- */

static void try_acpi(void)
{
    uint8_t table[200];
    uint8_t sum = 0;
    size_t length = 0;
    UINTN key = 0;

    for (unsigned i = 0; i < sizeof table; i++) {
        table[i] = (uint8_t)i;
    }
    memcpy(table, "iBFT\xc8\0\0\0\1\0LUNBOTLUNBOOT ", 24);
    memset(table + 24, 0, 24);
    for (unsigned i = 0; i < sizeof table; i++) {
        sum = (uint8_t)(sum + table[i]);
    }
    table[9] = (uint8_t)-sum;
    check("FADT is there", acpi_find("FACP", 0, &length) != NULL && length >= 116);
    check("no iBFT before", acpi_find("iBFT", 0, &length) == NULL);
    check_status("iBFT installs", acpi_install(table, sizeof table, &key), EFI_SUCCESS);
    uint8_t *installed = acpi_find("iBFT", 0, &length);
    check("iBFT is in the XSDT", installed != NULL && length == sizeof table &&
                                     memcmp(installed + 36, table + 36, sizeof table - 36) == 0);
    check("iBFT is there once", acpi_find("iBFT", 1, &length) == NULL);
    check_status("iBFT goes", acpi_uninstall(key, "iBFT", table, sizeof table), EFI_SUCCESS);
    check("no iBFT after", acpi_find("iBFT", 0, &length) == NULL);
    check_status("no iBFT to remove", acpi_remove("iBFT"), EFI_NOT_FOUND);
    acpi_install(table, sizeof table, &key);
    acpi_install(table, sizeof table, &key);
    check("two iBFTs", acpi_find("iBFT", 1, &length) != NULL);
    check_status("both are removed", acpi_remove("iBFT"), EFI_SUCCESS);
    check("no iBFT at all", acpi_find("iBFT", 0, &length) == NULL);
}

/* --- Variables --- */

static void try_variables(void)
{
    static const CHAR16 name[] = L"LunbootSelftest";
    static const EFI_GUID vendor = {
        0x3a0d3c11, 0x54c8, 0x4d0f, {0x8e, 0x0b, 0x1f, 0x5c, 0x7a, 0x90, 0x42, 0x6d}};
    EFI_GUID mutable_vendor = vendor;
    CHAR16 mutable_name[sizeof name / sizeof name[0]];
    char planted[] = "a long text";
    char text[8];
    size_t length = 0;
    UINT32 attributes = 0;
    UINTN size = sizeof text;

    memcpy(mutable_name, name, sizeof name);
    check("no variable", !variable_get(name, &vendor, text, sizeof text, &length));
    /* As somebody may have left it: lasting, and longer than what is looked for. */
    check_status("another's variable",
                 uefi_st->RuntimeServices->SetVariable(
                     mutable_name, &mutable_vendor,
                     EFI_VARIABLE_NON_VOLATILE | EFI_VARIABLE_BOOTSERVICE_ACCESS, sizeof planted, planted),
                 EFI_SUCCESS);
    check("a variable that is too long is not taken",
          !variable_get(name, &vendor, text, sizeof text, &length));
    check_status("it is replaced", variable_set_volatile(name, &vendor, "short", 5), EFI_SUCCESS);
    check("and read", variable_get(name, &vendor, text, sizeof text, &length) && length == 5 &&
                          memcmp(text, "short", 5) == 0);
    uefi_st->RuntimeServices->GetVariable(mutable_name, &mutable_vendor, &attributes, &size, text);
    check("for the system too, until the reset",
          attributes == (EFI_VARIABLE_BOOTSERVICE_ACCESS | EFI_VARIABLE_RUNTIME_ACCESS));
}

#define LONG_NAME 700u /* characters: longer than the walk begins with */

static unsigned walk_over(const EFI_GUID *vendor, size_t *ret_longest)
{
    struct variable_walk walk = {.vendor = *vendor};
    unsigned count = 0;

    for (*ret_longest = 0; !EFI_ERROR(variable_next(&walk)); count++) {
        size_t length = 0;
        while (walk.name[length] != 0) {
            length++;
        }
        *ret_longest = length > *ret_longest ? length : *ret_longest;
    }
    variable_walk_done(&walk);
    return count;
}

static void try_private_variables(void)
{
    static const EFI_GUID vendor = {
        0xb6f0a3f4, 0x5d0e, 0x4f3a, {0x93, 0x2c, 0x60, 0x11, 0x5e, 0x0b, 0x77, 0x2e}};
    static CHAR16 name[LONG_NAME + 1];
    char text[8];
    size_t length = 0;
    size_t longest;
    UINT32 attributes = 0;

    for (unsigned i = 0; i < LONG_NAME; i++) {
        name[i] = L'n';
    }
    check("none to walk over", walk_over(&vendor, &longest) == 0);
    check_status("none to read", variable_read(L"one", &vendor, text, sizeof text, &attributes, &length),
                 EFI_NOT_FOUND);
    check_status("one is made", variable_set_private(L"one", &vendor, "first", 5), EFI_SUCCESS);
    check_status("one with a long name", variable_set_private(name, &vendor, "second", 6), EFI_SUCCESS);
    check("both are walked over", walk_over(&vendor, &longest) == 2 && longest == LONG_NAME);
    check_status("read", variable_read(L"one", &vendor, text, sizeof text, &attributes, &length),
                 EFI_SUCCESS);
    check("kept, and not for the system",
          attributes == VARIABLE_PRIVATE && length == 5 && memcmp(text, "first", 5) == 0);
    check_status("it does not fit", variable_read(L"one", &vendor, text, 4, &attributes, &length),
                 EFI_BUFFER_TOO_SMALL);
    check_status("deleted", variable_delete(L"one", &vendor), EFI_SUCCESS);
    check_status("deleted too", variable_delete(name, &vendor), EFI_SUCCESS);
    check("none is left", walk_over(&vendor, &longest) == 0);
}

/* --- The end --- */

/* What a copy that knows no bound does to its caller. Not known to the compiler to return. */
static void (*volatile copy_too_far)(char *to);

static void write_over_the_stack(char *to)
{
    for (unsigned i = 0; i < 256; i++) {
        to[i] = 'x';
    }
}

STACKGUARD_OWN static void overflow(void)
{
    char small[16];

    copy_too_far = write_over_the_stack;
    copy_too_far(small);
    sayf("%c", small[0]);
}

/* Only where the test asks for it, by a file beside the program: nothing comes after it. */
static void try_overflow(void)
{
    char *asked = NULL;
    size_t length = 0;

    if (EFI_ERROR(file_read_beside("overflow", 16, &asked, &length))) {
        return;
    }
    uefi_free(asked);
    say("overflow begins\r\n");
    overflow();
    say("overflow came back\r\n");
}

static unsigned before_calls;
static unsigned exit_calls;

static void before(void *context)
{
    (void)context;
    before_calls++;
    check("before the exit at callback level", tpl_current() == TPL_CALLBACK);
}

static void at_exit(void *context)
{
    (void)context;
    exit_calls++;
}

static void leave(EFI_HANDLE image)
{
    static uint8_t map[65536];
    UINTN size = 0;
    UINTN key = 0;
    UINTN descriptor = 0;
    UINT32 version = 0;
    EFI_STATUS status = EFI_INVALID_PARAMETER;

    check_status("exit watched", event_exit_watch(before, at_exit, NULL), EFI_SUCCESS);
    for (unsigned attempt = 0; EFI_ERROR(status) && attempt < 3; attempt++) {
        size = sizeof map;
        status = uefi_bs->GetMemoryMap(&size, (EFI_MEMORY_DESCRIPTOR *)map, &key, &descriptor, &version);
        status = EFI_ERROR(status) ? status : uefi_bs->ExitBootServices(image, key);
    }
    check_status("boot services left", status, EFI_SUCCESS);
    check("before the exit: called once", before_calls == 1);
    check("at the exit: called once", exit_calls == 1);
    say("selftest ends\r\n");
    __asm__ volatile("outw %0, %1" : : "a"((uint16_t)0x2000), "Nd"((uint16_t)ACPI_PM1_CONTROL));
}

STACKGUARD_NONE EFI_STATUS EFIAPI efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
    size_t length = 0;

    uefi_init(image, system);
    stackguard_set();
    char *options = file_load_options(&length);
    if (options != NULL && strncmp(options, "child", 5) == 0) {
        check("child's load options", strcmp(options, CHILD_OPTIONS) == 0);
        uefi_free(options);
        return CHILD_STATUS;
    }
    uefi_free(options);
    say("\r\nselftest begins\r\n");
    clock_init();
    try_levels();
    try_time();
    try_randomness();
    say_origin();
    bool has_files = !origin_find()->network; /* iPXE has a volume, but read-only */
    if (has_files) {
        try_files();
    }
    try_console();
    try_identity();
    try_nics();
    if (has_files) {
        try_disk();
    }
    try_acpi();
    try_variables();
    try_private_variables();
    try_overflow();
    leave(image);
    return EFI_SUCCESS;
}
