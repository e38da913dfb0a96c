/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device paths as bytes (UEFI 2.10 section 10.2): a row of nodes, each type, subtype, length (little-endian,
 * header included), ended by an end node. Pure, so that the host can test the layouts. Paths come from the
 * firmware and are trusted to end, but a node shorter than its header ends a path here, so that no walk
 * stands still.
 */
#ifndef LUNBOOT_EFI_PATHBYTES_H
#define LUNBOOT_EFI_PATHBYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PATHBYTES_HEADER 4u

/* The last two nodes of our disk's path; what efi/devpath.h takes. */
struct devpath_iscsi {
    uint8_t local[4], remote[4], gateway[4], netmask[4]; /* IPv4 node (10.3.4.12) */
    uint16_t local_port, remote_port;
    bool is_static;
    uint8_t lun[8];
    uint16_t portal_group;
    bool chap, mutual; /* login options (10.3.4.21) */
    bool header_digest, data_digest;
    const char *target_name;
};

/* A node's type and subtype in one number, and the ones that matter here. */
#define PATHBYTES_KIND(type, subtype) ((type) << 8 | (subtype))
enum {
    PATHBYTES_MAC = PATHBYTES_KIND(3, 11),       /* 10.3.4.11 */
    PATHBYTES_IPV4 = PATHBYTES_KIND(3, 12),      /* 10.3.4.12 */
    PATHBYTES_IPV6 = PATHBYTES_KIND(3, 13),      /* 10.3.4.13 */
    PATHBYTES_USB_CLASS = PATHBYTES_KIND(3, 15), /* 10.3.4.9 */
    PATHBYTES_USB_WWID = PATHBYTES_KIND(3, 16),  /* 10.3.4.8 */
    PATHBYTES_ISCSI = PATHBYTES_KIND(3, 19),     /* 10.3.4.21 */
    PATHBYTES_URI = PATHBYTES_KIND(3, 24),       /* 10.3.4.23 */
    PATHBYTES_HARD_DRIVE = PATHBYTES_KIND(4, 1), /* 10.3.5.1 */
    PATHBYTES_FILE = PATHBYTES_KIND(4, 4),       /* 10.3.5.4 */
};

unsigned pathbytes_kind(const uint8_t *node);
/* The node's length, header included; at least PATHBYTES_HEADER. */
size_t pathbytes_length(const uint8_t *node);
/* The end node, or one that cannot be walked over. */
bool pathbytes_is_end(const uint8_t *node);
const uint8_t *pathbytes_next(const uint8_t *node);
/* The first node of this kind, NULL when there is none. */
const uint8_t *pathbytes_find(const uint8_t *path, unsigned kind);

/* NULL for a path of an end node alone. */
const uint8_t *pathbytes_last(const uint8_t *path);

/*
 * Of bytes that nobody vouches for: does each node lie within them, and an end node too? Then they may be
 * walked over as a path.
 */
bool pathbytes_is_whole(const uint8_t *bytes, size_t length);

/* All bytes before the end node. */
size_t pathbytes_body(const uint8_t *path);
/* The body and an end node: pathbytes_body + PATHBYTES_HEADER bytes, which are returned. */
size_t pathbytes_copy(const uint8_t *path, uint8_t *ret_bytes);
/* Is `prefix` (without its end node) the beginning of `path`, node by node? */
bool pathbytes_is_prefix(const uint8_t *prefix, const uint8_t *path);

/*
 * Write IPv4, iSCSI and end node; returns their bytes, 0 when `capacity` is too small or the name too long
 * for a node (65535 bytes). NULL and 0 to ask for the size.
 */
size_t pathbytes_put_iscsi(const struct devpath_iscsi *iscsi, uint8_t *ret_bytes, size_t capacity);
/* Write a file path node with this name (10.3.5.4) and the end node; as above. */
size_t pathbytes_put_file(const uint16_t *name, size_t characters, uint8_t *ret_bytes, size_t capacity);
/*
 * The file path nodes of a path, joined with backslashes: a name may be cut into several (10.3.5.4). Returns
 * the characters without the NUL; a longer name is cut to fit.
 */
size_t pathbytes_get_file(const uint8_t *path, uint16_t *ret_name, size_t capacity);
/* Do two hard drive nodes name the same partition, wherever its disk is now (10.3.5.1)? */
bool pathbytes_is_same_partition(const uint8_t *node, const uint8_t *other);
/* As nodes of hexadecimal, "Path(3,11,525400...)/...", for firmware that has no texts (10.6.1.6). NUL-ended,
 * cut to fit. */
void pathbytes_text(const uint8_t *path, char *ret_text, size_t capacity);
/* Write an end node. */
size_t pathbytes_put_end(uint8_t *ret_bytes);

#endif
