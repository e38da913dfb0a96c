/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stand-in for an OS loader, and for the boot option after lunboot's. It prints what it finds in the
 * machine on the serial port, as lines "key=value" between two marker lines, and then ends as its file says.
 * `marker.txt` beside it holds words `key=value`:
 *
 *   name=TEXT      printed in the marker lines
 *   disk=lun       what follows is about the first iSCSI disk, not about the one that the marker is on
 *   write=LBA      write a pattern to that block of the whole disk, flush it, read it back, reset the disk
 *   scan=ROUNDS    read the whole disk so many times: reads that failed and CRC-32 of each round
 *   fill=yes       overwrite all free memory first, so that whoever is still called there stops the machine
 *   hold=yes       open the disk as a driver does that does not let go of it, even when we are gone
 *   stall=SECONDS  compute for so long, without a call to the firmware's disk
 *   end=return     return EFI_SUCCESS (the default)
 *   end=fail       return EFI_ABORTED
 *   end=off        switch the machine off
 *   end=exit       ExitBootServices, as an OS does, and then switch off through the chipset
 *   watch=yes      with end=exit: count what the program that started us calls of the boot services and NICs,
 *                  before the events of ExitBootServices and from there on
 *   variables=yes  with end=exit: count lunboot's settings in UEFI variables, before ExitBootServices and
 * after it
 */
#include "serial.h"

#define ACPI_PM1_CONTROL 0x604u /* QEMU's q35 */
#define TEXT_MAX         512u
#define BLOCK_MAX        4096u
#define FILL_MAX         1024u
#define PAGE             4096u
#define WATCHED_MAX      128u
#define THUNK_SIZE       64u
#define SNP_FUNCTIONS    13u /* from Start to Receive: UEFI 2.10 section 24.1.2 */
#define NODE_MAC         11u /* UEFI 2.10 section 10.3.4.10 */
#define NODE_ISCSI       19u /* 10.3.4.21 */

static EFI_SYSTEM_TABLE *st;
static EFI_BOOT_SERVICES *bs;
static EFI_GUID block_io_guid = EFI_BLOCK_IO_PROTOCOL_GUID;
static EFI_GUID device_path_guid = EFI_DEVICE_PATH_PROTOCOL_GUID;
static EFI_GUID loaded_image_guid = EFI_LOADED_IMAGE_PROTOCOL_GUID;
static EFI_GUID file_system_guid = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
static EFI_GUID snp_guid = EFI_SIMPLE_NETWORK_PROTOCOL_GUID;
static EFI_GUID acpi_guid = ACPI_20_TABLE_GUID;
static EFI_GUID exit_guid = {0x27abf055, 0xb1b8, 0x4c26, {0x80, 0x48, 0x74, 0x8f, 0x37, 0xba, 0xa2, 0xdf}};
static EFI_GUID settings_guid = {
    0x9d65451d, 0x1dc9, 0x481c, {0x85, 0x86, 0xd1, 0x25, 0xb1, 0xd7, 0x01, 0xca}};
static EFI_GUID path_to_text_guid = {
    0x8b843e20, 0x8132, 0x4852, {0x90, 0xcc, 0x55, 0x1a, 0x4e, 0x4a, 0x7f, 0x1c}};

/* As in UEFI 2.10 section 10.6.2; GNU-EFI has no type for it. */
struct path_to_text {
    void *node;
    CHAR16 *(EFIAPI *path)(const EFI_DEVICE_PATH *path, BOOLEAN display, BOOLEAN shortcuts);
};

struct settings {
    char name[64], disk[16], write[32], scan[16], fill[16], hold[16], stall[16], end[16], watch[16],
        variables[16];
};

static void say16(const CHAR16 *text, size_t characters)
{
    for (; characters > 0 && *text; characters--, text++) {
        put(*text < 0x20 || *text > 0x7e ? '?' : (char)*text);
    }
}

static void find_word(const char *text, const char *key, char *ret_value, size_t capacity)
{
    for (const char *at = text; *at; at++) {
        const char *k = key, *v = at;
        while (*k && *v == *k) {
            k++;
            v++;
        }
        if (*k || *v != '=' || (at != text && at[-1] > ' ')) {
            continue;
        }
        size_t length = 0;
        for (v++; *v > ' ' && length < capacity - 1; v++) {
            ret_value[length++] = *v;
        }
        ret_value[length] = 0;
        return;
    }
}

static bool same(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

static uint64_t number(const char *text)
{
    uint64_t value = 0;
    while (*text >= '0' && *text <= '9') {
        value = value * 10 + (uint64_t)(*text++ - '0');
    }
    return value;
}

static void read_settings(EFI_HANDLE device, struct settings *settings)
{
    EFI_FILE_IO_INTERFACE *volume;
    EFI_FILE *root, *file;
    char text[TEXT_MAX + 1] = {0};
    UINTN size = TEXT_MAX;
    if (EFI_ERROR(bs->HandleProtocol(device, &file_system_guid, (void **)&volume)) ||
        EFI_ERROR(volume->OpenVolume(volume, &root))) {
        return;
    }
    if (!EFI_ERROR(root->Open(root, &file, (CHAR16 *)L"\\EFI\\BOOT\\marker.txt", EFI_FILE_MODE_READ, 0))) {
        if (!EFI_ERROR(file->Read(file, &size, text))) {
            find_word(text, "name", settings->name, sizeof(settings->name));
            find_word(text, "disk", settings->disk, sizeof(settings->disk));
            find_word(text, "write", settings->write, sizeof(settings->write));
            find_word(text, "scan", settings->scan, sizeof(settings->scan));
            find_word(text, "fill", settings->fill, sizeof(settings->fill));
            find_word(text, "hold", settings->hold, sizeof(settings->hold));
            find_word(text, "stall", settings->stall, sizeof(settings->stall));
            find_word(text, "end", settings->end, sizeof(settings->end));
            find_word(text, "watch", settings->watch, sizeof(settings->watch));
            find_word(text, "variables", settings->variables, sizeof(settings->variables));
        }
        file->Close(file);
    }
    root->Close(root);
}

static void say_path(EFI_HANDLE device)
{
    struct path_to_text *convert;
    EFI_DEVICE_PATH *path;
    say("device=");
    if (!EFI_ERROR(bs->HandleProtocol(device, &device_path_guid, (void **)&path)) &&
        !EFI_ERROR(bs->LocateProtocol(&path_to_text_guid, NULL, (void **)&convert))) {
        CHAR16 *text = convert->path(path, FALSE, FALSE);
        if (text) {
            say16(text, 1000);
            bs->FreePool(text);
        }
    }
    say("\r\n");
}

/* The whole disk below a partition: the path up to its hard drive node. */
static EFI_HANDLE whole_disk(EFI_HANDLE device)
{
    static uint8_t copy[1024];
    EFI_DEVICE_PATH *path, *node, *rest = (EFI_DEVICE_PATH *)copy;
    EFI_HANDLE disk = NULL;
    if (EFI_ERROR(bs->HandleProtocol(device, &device_path_guid, (void **)&path))) {
        return device;
    }
    size_t length = 0;
    for (node = path; DevicePathType(node) != END_DEVICE_PATH_TYPE; node = NextDevicePathNode(node)) {
        size_t size = (size_t)DevicePathNodeLength(node);
        if ((DevicePathType(node) == MEDIA_DEVICE_PATH && node->SubType == MEDIA_HARDDRIVE_DP) ||
            size > sizeof(copy) - 4 - length) {
            break;
        }
        memcpy(copy + length, node, size);
        length += size;
    }
    memcpy(copy + length, (const uint8_t[]){END_DEVICE_PATH_TYPE, END_ENTIRE_DEVICE_PATH_SUBTYPE, 4, 0}, 4);
    return EFI_ERROR(bs->LocateDevicePath(&block_io_guid, &rest, &disk)) ? device : disk;
}

static void write_and_read_back(EFI_BLOCK_IO *block, uint64_t lba)
{
    static uint8_t wrote[BLOCK_MAX], read[BLOCK_MAX];
    UINTN size = block->Media->BlockSize;
    for (UINTN i = 0; i < size; i++) {
        wrote[i] = (uint8_t)(i * 7 + lba + 1);
    }
    say_status("write.status", block->WriteBlocks(block, block->Media->MediaId, lba, size, wrote));
    say_status("flush.status", block->FlushBlocks(block));
    say_status("read.status", block->ReadBlocks(block, block->Media->MediaId, lba, size, read));
    uint64_t different = 0;
    for (UINTN i = 0; i < size; i++) {
        different += wrote[i] != read[i];
    }
    say_pair("read.different", different);
    say_status("reset.status", block->Reset(block, TRUE));
}

/* The CRC-32 of zlib, bits reversed. */
static uint32_t crc32_add(uint32_t crc, const uint8_t *bytes, size_t length)
{
    static uint32_t table[256];
    for (uint32_t i = 0; !table[255] && i < 256; i++) {
        table[i] = i;
        for (unsigned bit = 0; bit < 8; bit++) {
            table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320u : 0);
        }
    }
    for (crc = ~crc; length > 0; length--) {
        crc = table[(crc ^ *bytes++) & 0xff] ^ crc >> 8;
    }
    return ~crc;
}

static void scan(EFI_BLOCK_IO *block, uint64_t rounds)
{
    static uint8_t data[65536];
    uint64_t step = sizeof(data) / block->Media->BlockSize, last = block->Media->LastBlock;
    for (uint64_t round = 0; round < rounds; round++) {
        uint64_t errors = 0;
        uint32_t crc = 0;
        for (EFI_LBA lba = 0; lba <= last; lba += step) {
            UINTN size = (UINTN)(last - lba + 1 < step ? last - lba + 1 : step) * block->Media->BlockSize;
            errors += EFI_ERROR(block->ReadBlocks(block, block->Media->MediaId, lba, size, data));
            crc = crc32_add(crc, data, size);
        }
        say("\r\n");
        say_pair("scan.round", round);
        say_pair("scan.errors", errors);
        say_pair("scan.crc", crc);
    }
}

static uint64_t handles_with(EFI_GUID *guid, EFI_HANDLE **ret_handles)
{
    UINTN count = 0;
    *ret_handles = NULL;
    return EFI_ERROR(bs->LocateHandleBuffer(ByProtocol, guid, NULL, &count, ret_handles)) ? 0 : count;
}

/* Is there a messaging node of that kind in the handle's path, as the last node or anywhere? */
static bool has_node(EFI_HANDLE handle, uint8_t subtype, bool last)
{
    EFI_DEVICE_PATH *node;
    if (EFI_ERROR(bs->HandleProtocol(handle, &device_path_guid, (void **)&node))) {
        return false;
    }
    for (; DevicePathType(node) != END_DEVICE_PATH_TYPE; node = NextDevicePathNode(node)) {
        if (DevicePathType(node) == MESSAGING_DEVICE_PATH && node->SubType == subtype &&
            (!last || DevicePathType(NextDevicePathNode(node)) == END_DEVICE_PATH_TYPE)) {
            return true;
        }
    }
    return false;
}

static EFI_HANDLE iscsi_disk(void)
{
    EFI_HANDLE *handles;
    uint64_t count = handles_with(&block_io_guid, &handles);
    for (uint64_t i = 0; i < count; i++) {
        if (has_node(handles[i], NODE_ISCSI, false)) {
            return handles[i];
        }
    }
    return NULL;
}

/* In the name of another handle, because what an image has open ends with it. */
static void hold(EFI_HANDLE device, EFI_HANDLE parent)
{
    EFI_LOADED_IMAGE *loaded;
    void *block;
    bs->DisconnectController(device, NULL, NULL);
    bs->HandleProtocol(parent, &loaded_image_guid, (void **)&loaded);
    say_status("hold.status", bs->OpenProtocol(device, &block_io_guid, &block, loaded->DeviceHandle, device,
                                               EFI_OPEN_PROTOCOL_BY_DRIVER));
}

static void say_disk(EFI_HANDLE device, const struct settings *settings)
{
    EFI_BLOCK_IO *block;
    if (EFI_ERROR(bs->HandleProtocol(whole_disk(device), &block_io_guid, (void **)&block))) {
        say("disk=none\r\n");
        return;
    }
    say_pair("disk.block-size", block->Media->BlockSize);
    say_pair("disk.blocks", block->Media->LastBlock + 1);
    say_pair("disk.read-only", block->Media->ReadOnly);
    say_pair("disk.partition", block->Media->LogicalPartition);
    if (settings->write[0]) {
        write_and_read_back(block, number(settings->write));
    }
    if (settings->scan[0]) {
        scan(block, number(settings->scan));
    }
}

/* Disks, and those of them that are a LUN: none may outlive lunboot. */
static void say_disks(void)
{
    EFI_HANDLE *handles;
    uint64_t count = handles_with(&block_io_guid, &handles), iscsi = 0;
    for (uint64_t i = 0; i < count; i++) {
        iscsi += has_node(handles[i], NODE_ISCSI, false);
    }
    say_pair("block-handles", count);
    say_pair("iscsi-handles", iscsi);
}

/* NICs (the firmware's PXE driver has more such handles, below them), and who has them open. */
static void say_nics(void)
{
    EFI_HANDLE *handles;
    uint64_t count = handles_with(&snp_guid, &handles), nics = 0, held = 0, users = 0;
    for (uint64_t i = 0; i < count; i++) {
        EFI_OPEN_PROTOCOL_INFORMATION_ENTRY *open;
        UINTN opens = 0;
        if (!has_node(handles[i], NODE_MAC, true)) {
            continue;
        }
        nics++;
        if (EFI_ERROR(bs->OpenProtocolInformation(handles[i], &snp_guid, &open, &opens))) {
            continue;
        }
        for (UINTN j = 0; j < opens; j++) {
            held += (open[j].Attributes & EFI_OPEN_PROTOCOL_EXCLUSIVE) != 0;
            users += (open[j].Attributes & EFI_OPEN_PROTOCOL_BY_DRIVER) != 0;
        }
    }
    say_pair("nics", nics);
    say_pair("nic-drivers", users);
    say_pair("nic-exclusive", held);
}

static uint64_t little(const uint8_t *at, unsigned size)
{
    uint64_t value = 0;
    while (size > 0) {
        value = value << 8 | at[--size];
    }
    return value;
}

static bool is_ibft(const uint8_t *table)
{
    return (table[0] | 0x20) == 'i' && (table[1] | 0x20) == 'b' && table[2] == 'F' && table[3] == 'T';
}

static void say_hex(const char *key, const uint8_t *bytes, uint64_t length)
{
    say(key);
    put('=');
    for (uint64_t i = 0; i < length; i++) {
        put("0123456789abcdef"[bytes[i] >> 4]);
        put("0123456789abcdef"[bytes[i] & 15]);
    }
    say("\r\n");
}

/* How many iBFTs a root table names by addresses of that width, and the first. */
static uint64_t count_ibfts(uint64_t root, unsigned width, const uint8_t **ret_first)
{
    const uint8_t *table = (const uint8_t *)(uintptr_t)root;
    uint64_t found = 0, length = root ? little(table + 4, 4) : 0;
    for (uint64_t at = 36; at + width <= length; at += width) {
        const uint8_t *entry = (const uint8_t *)(uintptr_t)little(table + at, width);
        if (is_ibft(entry)) {
            *ret_first = found++ ? *ret_first : entry;
        }
    }
    return found;
}

static const uint8_t *find_rsdp(void)
{
    for (UINTN i = 0; i < st->NumberOfTableEntries; i++) {
        if (same_guid(&st->ConfigurationTable[i].VendorGuid, &acpi_guid)) {
            return st->ConfigurationTable[i].VendorTable;
        }
    }
    return NULL;
}

/* What the XSDT and the RSDT name (ACPI 6.5, section 5.2.5), and the first: who made it, and its bytes. */
static void say_ibft(void)
{
    const uint8_t *first = NULL, *rsdp = find_rsdp();
    uint64_t found_32 = rsdp ? count_ibfts(little(rsdp + 16, 4), 4, &first) : 0;
    uint64_t found = rsdp ? count_ibfts(little(rsdp + 24, 8), 8, &first) : 0;
    say_pair("ibft-tables-32", found_32);
    say_pair("ibft-tables", found);
    if (first) {
        say("ibft-oem-id=");
        for (unsigned i = 10; i < 16; i++) {
            put(first[i] < 0x20 || first[i] > 0x7e ? '?' : (char)first[i]);
        }
        say("\r\n");
        say_hex("ibft-bytes", first, little(first + 4, 4));
    }
}

/* Breakpoints in everything that is free, what a program that ended has left there included. */
static void fill_free_memory(void)
{
    static EFI_PHYSICAL_ADDRESS taken[FILL_MAX];
    static UINTN pages[FILL_MAX];
    unsigned count = 0;
    for (UINTN size = 0x10000; size > 0; size /= 2) {
        while (count < FILL_MAX &&
               !EFI_ERROR(bs->AllocatePages(AllocateAnyPages, EfiLoaderData, size, &taken[count]))) {
            memset((void *)(uintptr_t)taken[count], 0xcc, size * PAGE);
            pages[count++] = size;
        }
    }
    while (count > 0) {
        count--;
        bs->FreePages(taken[count], pages[count]);
    }
}

/*
 * Stand-ins for the boot services and the functions of the NICs: each counts a call that comes from the image
 * between the two bounds, and goes on to the one that it stands for.
 */
uint64_t watch_low, watch_high, watch_calls;
void *watched[WATCHED_MAX];
extern uint8_t watch_thunks[];
__asm__(".text\n"
        ".balign 64\n"
        ".globl watch_thunks\n"
        "watch_thunks:\n"
        ".set thunk, 0\n"
        ".rept 128\n"
        ".balign 64\n"
        "mov (%rsp), %rax\n"
        "cmp watch_low(%rip), %rax\n"
        "jb 1f\n"
        "cmp watch_high(%rip), %rax\n"
        "jae 1f\n"
        "incq watch_calls(%rip)\n"
        "1: jmp *watched + 8 * thunk(%rip)\n"
        ".set thunk, thunk + 1\n"
        ".endr\n");

static uint64_t calls_before_exit;

static void watch_functions(void **functions, UINTN count)
{
    static unsigned used;
    for (UINTN i = 0; i < count && used < WATCHED_MAX; i++) {
        if (functions[i]) {
            watched[used] = functions[i];
            functions[i] = watch_thunks + (size_t)used++ * THUNK_SIZE;
        }
    }
}

static void EFIAPI keep_calls(EFI_EVENT event, void *context)
{
    (void)event;
    (void)context;
    calls_before_exit = watch_calls;
}

/* Our event is the youngest of its group and level, so that EDK2 calls it before the other program's. */
static void watch_parent(EFI_HANDLE parent)
{
    EFI_LOADED_IMAGE *loaded;
    EFI_HANDLE *handles;
    EFI_EVENT event;
    uint64_t count = handles_with(&snp_guid, &handles);
    bs->HandleProtocol(parent, &loaded_image_guid, (void **)&loaded);
    bs->CreateEventEx(EVT_NOTIFY_SIGNAL, TPL_NOTIFY, keep_calls, NULL, &exit_guid, &event);
    watch_low = (uintptr_t)loaded->ImageBase;
    watch_high = watch_low + loaded->ImageSize;
    for (uint64_t i = 0; i < count; i++) {
        EFI_SIMPLE_NETWORK *network;
        if (!EFI_ERROR(bs->HandleProtocol(handles[i], &snp_guid, (void **)&network))) {
            watch_functions((void **)&network->Start, SNP_FUNCTIONS);
        }
    }
    watch_functions((void **)(&bs->Hdr + 1), (bs->Hdr.HeaderSize - sizeof(bs->Hdr)) / sizeof(void *));
}

/* In the order of UEFI 2.10 section 8.2: what an operating system can list and read. */
static void say_variables(const char *count_key, const char *status_key)
{
    static CHAR16 name[1024];
    static uint8_t value[2048];
    EFI_GUID vendor = {0};
    UINTN size = sizeof(name), value_size = sizeof(value);
    uint64_t count = 0;
    name[0] = 0;
    while (!EFI_ERROR(st->RuntimeServices->GetNextVariableName(&size, name, &vendor))) {
        count += same_guid(&vendor, &settings_guid);
        size = sizeof(name);
    }
    say_pair(count_key, count);
    say_status(status_key, st->RuntimeServices->GetVariable((CHAR16 *)L"chap-secret", &settings_guid, NULL,
                                                            &value_size, value));
}

static void end_as_os(EFI_HANDLE image, bool variables)
{
    static uint8_t map[65536];
    UINTN size, key, descriptor;
    UINT32 version;
    EFI_STATUS status = EFI_INVALID_PARAMETER;
    unsigned attempts = 0;
    if (variables) {
        say_variables("variables.before", "secret.before");
    }
    while (EFI_ERROR(status) && attempts < 3) {
        attempts++;
        size = sizeof(map);
        status = bs->GetMemoryMap(&size, (EFI_MEMORY_DESCRIPTOR *)map, &key, &descriptor, &version);
        status = EFI_ERROR(status) ? status : bs->ExitBootServices(image, key);
    }
    say_status("exit-boot-services", status);
    say_pair("exit-attempts", attempts);
    say_pair("calls.before", calls_before_exit);
    say_pair("calls.in-exit", watch_calls - calls_before_exit);
    if (variables) {
        say_variables("variables.after", "secret.after");
    }
    say("MARKER-LEFT-BOOT-SERVICES\r\n");
    __asm__ volatile("outw %0, %1" : : "a"((uint16_t)0x2000), "Nd"((uint16_t)ACPI_PM1_CONTROL));
    for (;;) {
        __asm__ volatile("hlt");
    }
}

EFI_STATUS EFIAPI efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
    struct settings settings = {.name = "unnamed", .end = "return"};
    EFI_LOADED_IMAGE *loaded;
    st = system;
    bs = system->BootServices;
    if (EFI_ERROR(bs->HandleProtocol(image, &loaded_image_guid, (void **)&loaded))) {
        return EFI_UNSUPPORTED;
    }
    read_settings(loaded->DeviceHandle, &settings);
    say("\r\nMARKER-BEGIN ");
    say(settings.name);
    say("\r\n");
    say_path(loaded->DeviceHandle);
    say("options=");
    say16(loaded->LoadOptions, loaded->LoadOptions ? loaded->LoadOptionsSize / 2 : 0);
    say("\r\n");
    if (settings.fill[0]) {
        fill_free_memory();
    }
    for (uint64_t left = number(settings.stall) * 10; left > 0; left--) {
        bs->Stall(100000);
    }
    say_disk(same(settings.disk, "lun") ? iscsi_disk() : loaded->DeviceHandle, &settings);
    if (settings.hold[0]) {
        hold(iscsi_disk(), loaded->ParentHandle);
    }
    say_disks();
    say_nics();
    say_ibft();
    say("MARKER-END ");
    say(settings.name);
    say("\r\n");
    if (same(settings.end, "off")) {
        system->RuntimeServices->ResetSystem(EfiResetShutdown, EFI_SUCCESS, 0, NULL);
    }
    if (settings.watch[0]) {
        watch_parent(loaded->ParentHandle);
    }
    if (same(settings.end, "exit")) {
        end_as_os(image, settings.variables[0] != 0);
    }
    return same(settings.end, "fail") ? EFI_ABORTED : EFI_SUCCESS;
}
