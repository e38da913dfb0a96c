/* SPDX-License-Identifier: BSD-2-Clause */
/* Settings from a server: found, fetched over the NIC in work, read and merged into machine.params. */
#ifndef LUNBOOT_FIRMWARE_SERVED_H
#define LUNBOOT_FIRMWARE_SERVED_H

#include <stdbool.h>
#include <stddef.h>

enum served_result {
    SERVED_DONE,   /* read, or there is no server, or it has nothing for us */
    SERVED_FAILED, /* machine.failure says why; the boot must not go on without its settings */
    SERVED_ESC,
};

/*
 * The files of config-from, over the NIC in work once it has its address; the whole is bounded by
 * config-timeout. Above DHCP and an iBFT, below everything local; checked together with them at the end.
 */
enum served_result served_read(void);

/*
 * A file beside the program where the program came over the network (iPXE shows what it fetched as such a
 * volume): it counts as the first of the server's files. Takes the text over, which is pool memory.
 */
void served_keep(char *text, size_t length);
/* Wipe and give back what served_keep took. */
void served_forget(void);

#endif
