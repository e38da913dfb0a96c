/* SPDX-License-Identifier: BSD-2-Clause */
#include "blockio.h"

#include "blockrules.h"
#include "devpath.h"
#include "orphan.h"
#include "tpl.h"

#define IO_ALIGN 1u /* the data is copied out of packets: any address will do */

/* What the firmware's drivers hold pointers to: pool memory, because it may have to outlive us. */
struct shown {
    EFI_BLOCK_IO_PROTOCOL io;
    EFI_BLOCK_IO_MEDIA media;
};

static struct blockrules rules;
static struct shown *shown; /* NULL: no disk is installed */
static EFI_DEVICE_PATH *shown_path;
static EFI_HANDLE shown_handle;

static const EFI_STATUS statuses[] = {
    [BLOCKRULES_OK] = EFI_SUCCESS,
    [BLOCKRULES_NO_MEDIA] = EFI_NO_MEDIA,
    [BLOCKRULES_MEDIA_CHANGED] = EFI_MEDIA_CHANGED,
    [BLOCKRULES_WRITE_PROTECTED] = EFI_WRITE_PROTECTED,
    [BLOCKRULES_INVALID] = EFI_INVALID_PARAMETER,
    [BLOCKRULES_BAD_SIZE] = EFI_BAD_BUFFER_SIZE,
    [BLOCKRULES_DEVICE_ERROR] = EFI_DEVICE_ERROR,
    [BLOCKRULES_TIMEOUT] = EFI_TIMEOUT,
};

/* The medium as the drivers see it, from the rules' state. */
static void show_media(void)
{
    EFI_BLOCK_IO_MEDIA *media = &shown->media;

    media->MediaId = rules.media_id;
    media->MediaPresent = blockrules_is_present(&rules);
    if (rules.dev == NULL) {
        return;
    }
    const struct blkdev_geometry *geometry = &rules.dev->geometry;
    media->ReadOnly = geometry->read_only;
    media->WriteCaching = geometry->write_caching;
    media->BlockSize = geometry->block_size;
    media->IoAlign = rules.io_align;
    media->LastBlock = geometry->last_block;
    media->LowestAlignedLba = geometry->lowest_aligned;
    media->LogicalBlocksPerPhysicalBlock = geometry->blocks_per_physical;
    media->OptimalTransferLengthGranularity = geometry->optimal_blocks;
}

static EFI_STATUS finish(enum blockrules_status status)
{
    if (rules.media_id != shown->media.MediaId) {
        show_media();
    }
    return statuses[status];
}

static EFI_STATUS EFIAPI reset(EFI_BLOCK_IO_PROTOCOL *self, BOOLEAN extended)
{
    (void)self;
    return finish(blockrules_reset(&rules, tpl_allows_network(), extended));
}

static EFI_STATUS EFIAPI read_blocks(EFI_BLOCK_IO_PROTOCOL *self, UINT32 media_id, EFI_LBA lba, UINTN size,
                                     void *buffer)
{
    (void)self;
    return finish(blockrules_read(&rules, tpl_allows_network(), media_id, lba, size, buffer));
}

static EFI_STATUS EFIAPI write_blocks(EFI_BLOCK_IO_PROTOCOL *self, UINT32 media_id, EFI_LBA lba, UINTN size,
                                      void *buffer)
{
    (void)self;
    return finish(blockrules_write(&rules, tpl_allows_network(), media_id, lba, size, buffer));
}

static EFI_STATUS EFIAPI flush_blocks(EFI_BLOCK_IO_PROTOCOL *self)
{
    (void)self;
    return finish(blockrules_flush(&rules, tpl_allows_network()));
}

static void forget(void)
{
    uefi_free(shown);
    uefi_free(shown_path);
    shown = NULL;
    shown_path = NULL;
    shown_handle = NULL;
    rules.dev = NULL;
}

/*
 * The handle of an earlier attempt that a driver kept: a path may be installed once only, and he who holds
 * the handle would refuse a reinstallation too. Its memory has the layout of ours if our release made it.
 */
static bool find_orphan(EFI_DEVICE_PATH *path)
{
    EFI_DEVICE_PATH *rest = path;
    EFI_HANDLE handle = NULL;

    if (EFI_ERROR(uefi_bs->LocateDevicePath(&uefi_guid_block_io, &rest, &handle)) ||
        !pathbytes_is_end((const uint8_t *)rest)) {
        return false;
    }
    EFI_BLOCK_IO_PROTOCOL *io = uefi_interface(handle, &uefi_guid_block_io);
    if (io == NULL || !orphan_is(io) || io->Media != &((struct shown *)io)->media) {
        return false;
    }
    shown = (struct shown *)io;
    shown_path = uefi_interface(handle, &uefi_guid_device_path);
    shown_handle = handle;
    /* What was found on the medium that is gone; who does not let go keeps what he has. */
    uefi_bs->DisconnectController(handle, NULL, NULL);
    return true;
}

/* The memory that the handle's protocols live in. */
static EFI_STATUS allocate(EFI_DEVICE_PATH *path)
{
    shown = uefi_alloc(sizeof *shown);
    shown_path = devpath_copy(path);
    if (shown == NULL || shown_path == NULL) {
        forget();
        return EFI_OUT_OF_RESOURCES;
    }
    return EFI_SUCCESS;
}

/* After an earlier medium, the next id: who read that one is told. */
static void bring_to_life(struct blkdev *dev)
{
    blockrules_init(&rules, dev, IO_ALIGN);
    rules.media_id = shown->media.MediaId + 1;
    shown->io = (EFI_BLOCK_IO_PROTOCOL){
        .Revision = EFI_BLOCK_IO_PROTOCOL_REVISION3,
        .Media = &shown->media,
        .Reset = reset,
        .ReadBlocks = read_blocks,
        .WriteBlocks = write_blocks,
        .FlushBlocks = flush_blocks,
    };
    show_media();
}

static EFI_STATUS install_new(struct blkdev *dev, EFI_DEVICE_PATH *path)
{
    EFI_STATUS status = allocate(path);

    if (EFI_ERROR(status)) {
        return status;
    }
    bring_to_life(dev);
    status = uefi_bs->InstallMultipleProtocolInterfaces(&shown_handle, &uefi_guid_device_path, shown_path,
                                                        &uefi_guid_block_io, &shown->io, NULL);
    if (EFI_ERROR(status)) {
        forget();
    }
    return status;
}

EFI_STATUS blockio_install(struct blkdev *dev, EFI_DEVICE_PATH *path, EFI_HANDLE *ret_handle)
{
    if (shown != NULL) {
        return EFI_ALREADY_STARTED;
    }
    EFI_STATUS status = orphan_prepare();
    if (EFI_ERROR(status)) {
        return status;
    }
    if (find_orphan(path)) {
        bring_to_life(dev);
    } else {
        status = install_new(dev, path);
    }
    if (EFI_ERROR(status)) {
        orphan_discard();
        return status;
    }
    /* Not found means that no driver wanted it: an empty disk is no error. */
    uefi_bs->ConnectController(shown_handle, NULL, NULL, TRUE);
    *ret_handle = shown_handle;
    return EFI_SUCCESS;
}

void blockio_media_gone(void)
{
    rules.dev = NULL;
    if (shown != NULL) {
        shown->media.MediaPresent = FALSE;
    }
}

EFI_STATUS blockio_uninstall(void)
{
    if (shown == NULL) {
        return EFI_SUCCESS;
    }
    uefi_bs->DisconnectController(shown_handle, NULL, NULL);
    EFI_STATUS status = uefi_bs->UninstallMultipleProtocolInterfaces(
        shown_handle, &uefi_guid_device_path, shown_path, &uefi_guid_block_io, &shown->io, NULL);
    if (!EFI_ERROR(status)) {
        forget();
        orphan_discard();
        return status;
    }
    /* Left to whoever holds it: neither freed nor ours any more. */
    blockio_media_gone();
    orphan_leave(&shown->io);
    shown = NULL;
    shown_path = NULL;
    shown_handle = NULL;
    return status;
}
