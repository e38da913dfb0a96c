/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starts \EFI\BOOT\lunboot.efi from its own volume some times, and prints after each what it left behind in
 * the firmware: handles, protocols, who has them open, memory. Events cannot be listed, so the services that
 * make and close them are watched, and those that allocate: what lunboot's image itself calls is counted,
 * known by the return address. (Blocks that a service returns are counted where lunboot uses such a service.)
 */
#include "serial.h"

#define STARTS 3u

static EFI_BOOT_SERVICES *bs;
static EFI_BOOT_SERVICES real; /* as the firmware has them */
static EFI_GUID device_path_guid = EFI_DEVICE_PATH_PROTOCOL_GUID;
static EFI_GUID loaded_image_guid = EFI_LOADED_IMAGE_PROTOCOL_GUID;
static EFI_GUID path_to_text_guid = EFI_DEVICE_PATH_TO_TEXT_PROTOCOL_GUID;
static const CHAR16 program[] = L"\\EFI\\BOOT\\lunboot.efi";

static uintptr_t watched; /* where the image is; 0: none */
static uint64_t watched_size;
static struct {
    uint64_t events_made, events_closed, pool_taken, pool_freed, pages_taken, pages_freed;
} count;

/* Was the service called by the image that is watched? */
#define FROM_IT(status) (!EFI_ERROR(status) && is_in_image((uintptr_t)__builtin_return_address(0)))

static bool is_in_image(uintptr_t address)
{
    return watched != 0 && address - watched < watched_size;
}

static EFI_STATUS EFIAPI create_event(UINT32 type, EFI_TPL level, EFI_EVENT_NOTIFY notify, void *context,
                                      EFI_EVENT *event)
{
    EFI_STATUS status = real.CreateEvent(type, level, notify, context, event);
    count.events_made += FROM_IT(status);
    return status;
}

static EFI_STATUS EFIAPI create_event_ex(UINT32 type, EFI_TPL level, EFI_EVENT_NOTIFY notify,
                                         const void *context, const EFI_GUID *group, EFI_EVENT *event)
{
    EFI_STATUS status = real.CreateEventEx(type, level, notify, context, group, event);
    count.events_made += FROM_IT(status);
    return status;
}

static EFI_STATUS EFIAPI close_event(EFI_EVENT event)
{
    EFI_STATUS status = real.CloseEvent(event);
    count.events_closed += FROM_IT(status);
    return status;
}

static EFI_STATUS EFIAPI allocate_pool(EFI_MEMORY_TYPE type, UINTN size, void **memory)
{
    EFI_STATUS status = real.AllocatePool(type, size, memory);
    count.pool_taken += FROM_IT(status);
    return status;
}

static EFI_STATUS EFIAPI free_pool(void *memory)
{
    EFI_STATUS status = real.FreePool(memory);
    count.pool_freed += FROM_IT(status);
    return status;
}

static EFI_STATUS EFIAPI allocate_pages(EFI_ALLOCATE_TYPE how, EFI_MEMORY_TYPE type, UINTN pages,
                                        EFI_PHYSICAL_ADDRESS *address)
{
    EFI_STATUS status = real.AllocatePages(how, type, pages, address);
    count.pages_taken += FROM_IT(status) ? pages : 0;
    return status;
}

static EFI_STATUS EFIAPI free_pages(EFI_PHYSICAL_ADDRESS address, UINTN pages)
{
    EFI_STATUS status = real.FreePages(address, pages);
    count.pages_freed += FROM_IT(status) ? pages : 0;
    return status;
}

static EFI_STATUS EFIAPI locate_handle_buffer(EFI_LOCATE_SEARCH_TYPE how, EFI_GUID *protocol, void *key,
                                              UINTN *handle_count, EFI_HANDLE **handles)
{
    EFI_STATUS status = real.LocateHandleBuffer(how, protocol, key, handle_count, handles);
    count.pool_taken += FROM_IT(status);
    return status;
}

static EFI_STATUS EFIAPI open_protocol_information(EFI_HANDLE handle, EFI_GUID *protocol,
                                                   EFI_OPEN_PROTOCOL_INFORMATION_ENTRY **entries,
                                                   UINTN *entry_count)
{
    EFI_STATUS status = real.OpenProtocolInformation(handle, protocol, entries, entry_count);
    count.pool_taken += FROM_IT(status) && *entries != NULL;
    return status;
}

static EFI_DEVICE_PATH_TO_TEXT_PROTOCOL *real_path_to_text;

static CHAR16 *EFIAPI convert_path(const EFI_DEVICE_PATH *path, BOOLEAN display, BOOLEAN shortcuts)
{
    CHAR16 *text = real_path_to_text->ConvertDevicePathToText(path, display, shortcuts);
    count.pool_taken += FROM_IT(EFI_SUCCESS) && text != NULL;
    return text;
}

/* The one protocol with functions that return pool memory which lunboot uses. */
static EFI_STATUS EFIAPI locate_protocol(EFI_GUID *protocol, void *registration, void **interface)
{
    static EFI_DEVICE_PATH_TO_TEXT_PROTOCOL counting;
    EFI_STATUS status = real.LocateProtocol(protocol, registration, interface);
    if (FROM_IT(status) && same_guid(protocol, &path_to_text_guid)) {
        real_path_to_text = *interface;
        counting = *real_path_to_text;
        counting.ConvertDevicePathToText = convert_path;
        *interface = &counting;
    }
    return status;
}

static void watch(void)
{
    memcpy(&real, bs, sizeof(real));
    bs->CreateEvent = create_event;
    bs->CreateEventEx = create_event_ex;
    bs->CloseEvent = close_event;
    bs->AllocatePool = allocate_pool;
    bs->FreePool = free_pool;
    bs->AllocatePages = allocate_pages;
    bs->FreePages = free_pages;
    bs->LocateHandleBuffer = locate_handle_buffer;
    bs->OpenProtocolInformation = open_protocol_information;
    bs->LocateProtocol = locate_protocol;
}

static uint64_t opens_of(EFI_HANDLE handle, EFI_GUID *protocol)
{
    EFI_OPEN_PROTOCOL_INFORMATION_ENTRY *entries = NULL;
    UINTN opens = 0;
    if (EFI_ERROR(bs->OpenProtocolInformation(handle, protocol, &entries, &opens))) {
        return 0;
    }
    bs->FreePool(entries);
    return opens;
}

static void say_handles(void)
{
    EFI_HANDLE *handles;
    UINTN handle_count = 0;
    uint64_t protocols = 0, opens = 0;
    bs->LocateHandleBuffer(AllHandles, NULL, NULL, &handle_count, &handles);
    for (UINTN i = 0; i < handle_count; i++) {
        EFI_GUID **there;
        UINTN there_count = 0;
        if (EFI_ERROR(bs->ProtocolsPerHandle(handles[i], &there, &there_count))) {
            continue;
        }
        protocols += there_count;
        for (UINTN j = 0; j < there_count; j++) {
            opens += opens_of(handles[i], there[j]);
        }
        bs->FreePool(there);
    }
    bs->FreePool(handles);
    say_pair("handles", handle_count);
    say_pair("protocols", protocols);
    say_pair("opens", opens);
}

/* Pages of each type that lasts until ExitBootServices. */
static void say_memory(void)
{
    static const char *const names[] = {[EfiLoaderCode] = "pages.loader-code",
                                        [EfiLoaderData] = "pages.loader-data",
                                        [EfiBootServicesCode] = "pages.boot-code",
                                        [EfiBootServicesData] = "pages.boot-data"};
    static uint8_t map[65536];
    uint64_t pages[EfiMaxMemoryType] = {0};
    UINTN size = sizeof(map), key, step;
    UINT32 version;
    if (EFI_ERROR(bs->GetMemoryMap(&size, (EFI_MEMORY_DESCRIPTOR *)map, &key, &step, &version))) {
        return;
    }
    for (UINTN at = 0; at < size; at += step) {
        const EFI_MEMORY_DESCRIPTOR *part = (const EFI_MEMORY_DESCRIPTOR *)(map + at);
        pages[part->Type < EfiMaxMemoryType ? part->Type : 0] += part->NumberOfPages;
    }
    for (unsigned type = EfiLoaderCode; type <= EfiBootServicesData; type++) {
        say_pair(names[type], pages[type]);
    }
}

static void say_count(void)
{
    say_pair("events.made", count.events_made);
    say_pair("events.closed", count.events_closed);
    say_pair("pool.taken", count.pool_taken);
    say_pair("pool.freed", count.pool_freed);
    say_pair("pages.taken", count.pages_taken);
    say_pair("pages.freed", count.pages_freed);
    say_pair("exit-boot-services.replaced", bs->ExitBootServices != real.ExitBootServices);
}

/* The path of the volume with the program's file behind it. */
static EFI_DEVICE_PATH *program_path(EFI_HANDLE volume)
{
    static uint8_t path[1024];
    EFI_DEVICE_PATH *node;
    size_t length = 0, size = 4 + sizeof(program);
    if (EFI_ERROR(bs->HandleProtocol(volume, &device_path_guid, (void **)&node))) {
        return NULL;
    }
    for (; DevicePathType(node) != END_DEVICE_PATH_TYPE; node = NextDevicePathNode(node)) {
        memcpy(path + length, node, (size_t)DevicePathNodeLength(node));
        length += (size_t)DevicePathNodeLength(node);
    }
    memcpy(path + length, (uint8_t[]){MEDIA_DEVICE_PATH, MEDIA_FILEPATH_DP, (uint8_t)size, 0}, 4);
    memcpy(path + length + 4, program, sizeof(program));
    memcpy(path + length + size, (uint8_t[]){END_DEVICE_PATH_TYPE, END_ENTIRE_DEVICE_PATH_SUBTYPE, 4, 0}, 4);
    return (EFI_DEVICE_PATH *)path;
}

static EFI_STATUS start(EFI_HANDLE self, EFI_HANDLE volume)
{
    EFI_HANDLE image;
    EFI_LOADED_IMAGE *loaded;
    EFI_STATUS status = bs->LoadImage(FALSE, self, program_path(volume), NULL, 0, &image);
    if (EFI_ERROR(status)) {
        return status;
    }
    memset(&count, 0, sizeof(count));
    bs->HandleProtocol(image, &loaded_image_guid, (void **)&loaded);
    watched = (uintptr_t)loaded->ImageBase;
    watched_size = loaded->ImageSize;
    status = bs->StartImage(image, NULL, NULL);
    watched = 0;
    return status;
}

EFI_STATUS EFIAPI efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
    EFI_LOADED_IMAGE *loaded;
    bs = system->BootServices;
    if (EFI_ERROR(bs->HandleProtocol(image, &loaded_image_guid, (void **)&loaded))) {
        return EFI_UNSUPPORTED;
    }
    watch();
    for (unsigned i = 0; i < STARTS; i++) {
        EFI_STATUS status = start(image, loaded->DeviceHandle);
        say("\r\nMARKER-BEGIN started\r\n");
        say_status("status", status);
        say_handles();
        say_memory();
        say_count();
        say("MARKER-END started\r\n");
    }
    system->RuntimeServices->ResetSystem(EfiResetShutdown, EFI_SUCCESS, 0, NULL);
    return EFI_SUCCESS;
}
