/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one boot in work: its settings, the NIC, the session and the disk. There is one machine in the program,
 * in static memory, because lwIP and the firmware's protocols have one of each too; the functions here move
 * it on and take it down.
 */
#ifndef LUNBOOT_FIRMWARE_MACHINE_H
#define LUNBOOT_FIRMWARE_MACHINE_H

#include "disk.h"
#include "efi/entropy.h"
#include "efi/snp.h"
#include "fmt.h"
#include "iscsi/lun.h"
#include "iscsi/session.h"
#include "net/lossy.h"
#include "net/net.h"
#include "net/pcap.h"
#include "params.h"
#include "pump.h"
#include "targets.h"
#include "words.h"

/* Why a NIC or the whole boot failed; of several the one that came furthest is told. */
enum failure_stage {
    FAILURE_NONE,
    FAILURE_NO_NIC,
    FAILURE_LINK,
    FAILURE_ADDRESS,
    FAILURE_SERVED,
    FAILURE_NO_TARGET,
    FAILURE_CONNECT,
    FAILURE_LOGIN,
    FAILURE_LOADER,
    FAILURE_DISK, /* after LOADER: why a loader gave up is more often the disk than the loader */
    FAILURE_CONFIG,
    FAILURE_ABORTED,
};

struct failure {
    enum failure_stage stage;
    EFI_STATUS status; /* what the program returns */
    bool may_pass;     /* what was missing may come by itself: worth another try later */
    char sentence[WORDS_MAX];
};

struct machine {
    struct params configured; /* everything but DHCP */
    struct params params;     /* in force on the NIC in work: with what its DHCP server said */
    uint8_t uuid[16];
    bool has_uuid;
    enum entropy_source entropy;
    uint8_t seed[HASH_SEED];
    struct hash_random network_random; /* it outlives the seed: a pause comes after an attempt */

    struct snp_entry nics[SNP_LIST_MAX];
    unsigned nic_count;
    uint8_t name_mac[6]; /* the lowest MAC of all NICs, whatever `nic` says and over which we were loaded */
    const struct snp_entry *nic_entry; /* the one in work, NULL: none is taken */
    EFI_DEVICE_PATH *nic_path;         /* our copy of its path */
    struct nic *nic;                   /* as taken from the firmware */
    struct lossy lossy;
    struct pcap pcap;
    uint8_t *capture; /* pool memory of the capture, or NULL */
    struct net_lease lease;
    bool adopted;                 /* that lease is the one which the firmware's PXE got */
    bool adopted_before;          /* in this or an earlier attempt */
    char lease_reason[WORDS_MAX]; /* why its root path cannot be used; empty: it can, or there is none */
    bool net_open;

    char initiator_name[NAME_MAX_BYTES + 1];
    struct params_target target;
    struct targets targets; /* that the portal lists, where it had to be asked */
    struct session_config session_config;
    struct lun_config lun_config;
    struct session session;
    struct lun lun;
    struct pump pump;
    bool pumping;     /* session, lun and pump are in use */
    unsigned busy;    /* a foreground loop moves the machine: the timer keeps out */
    bool leaving;     /* ExitBootServices was called: not another packet, and nothing on the console */
    bool loader_ran;  /* in this attempt */
    bool loader_runs; /* the keyboard and the watchdog are the loader's */

    struct disk disk;
    EFI_DEVICE_PATH *disk_path;
    EFI_HANDLE disk_handle;
    bool disk_installed;
    bool table_installed;
    UINTN table_key;

    struct failure failure;
    char latest[WORDS_MAX]; /* the sentence of the last failure, also when it did not come so far */
};

extern struct machine machine;

/* One turn of everything at TPL_CALLBACK; bounded. */
void machine_turn(void);

/* Keep the failure if it came further than the one that is kept; false: it did not. The sentence is ended and
 * logged by the caller. */
bool machine_fail(enum failure_stage stage, EFI_STATUS status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same from a fault of the session or the disk, in words. */
void machine_fail_fault(enum failure_stage stage, const struct fault *fault);

/* The background: a timer that keeps the session alive, and the Logout before ExitBootServices. */
void machine_watch(void);
void machine_unwatch(void);

/* Log out and give up the session, bounded; safe when there is none. */
void machine_end_session(void);

/* Overwrite every secret that the program holds; settings must be read anew afterwards. No boot service. */
void machine_forget_secrets(void);

#endif
