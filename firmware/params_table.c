/* SPDX-License-Identifier: BSD-2-Clause */
#include "params_table.h"

#define DHCP   PARAM_BIT(PARAM_DHCP)
#define IBFT   PARAM_BIT(PARAM_IBFT)
#define SERVER PARAM_BIT(PARAM_SERVER)
#define STORED (PARAM_BIT(PARAM_FILE) | PARAM_BIT(PARAM_VARIABLE))
#define LOCAL  (STORED | PARAM_BIT(PARAM_OPTION))
/*
 * A server's file sets what is needed once there is a network, and cannot lower what must be proven: `auth`
 * is not among it. DHCP says where the disk is and how patient to be: nothing that is started, and no policy.
 */
#define FETCHED (LOCAL | SERVER)
#define ANYONE  (LOCAL | SERVER | DHCP)

#define SECOND UINT64_C(1000)
#define MINUTE (60 * SECOND)
#define KIB    UINT64_C(1024)
#define MIB    (1024 * KIB)
#define YES_NO "no|yes"

/*
 * X(id, name, type, sources, default, choices, low, high, meaning, example).
 * auth's words stand in the order of enum login_policy, log's numbers are those of enum log_level.
 */
#define TABLE(X)                                                                                             \
    X(INITIATOR_NAME, "initiator-name", NAME, ANYONE | IBFT, NULL, NULL, 0, 0,                               \
      "The iSCSI name of this machine; without one it is derived from the machine's UUID.",                  \
      "iqn.2026-11.com.example:host1")                                                                       \
    X(ROOT_PATH_KEY, "root-path", ROOT_PATH, ANYONE, NULL, NULL, 0, 0,                                       \
      "Portal, LUN (hexadecimal) and target in one, as in RFC 4173 and in DHCP option 17; up to four with "  \
      "blanks between them are tried in order.",                                                             \
      "iscsi:10.0.2.2:::1:iqn.2026-11.com.example:disk1")                                                    \
    X(PORTAL_KEY, "portal", PORTAL, ANYONE | IBFT, NULL, NULL, 0, 0,                                         \
      "Where the target listens: an address or a name, and a port if it is not 3260; up to four with "       \
      "commas between them are tried in order.",                                                             \
      "10.0.2.2:3260")                                                                                       \
    X(TARGET, "target", NAME, ANYONE | IBFT, NULL, NULL, 0, 0,                                               \
      "The iSCSI name of the target; without one the portal is asked, and its only target is used.",         \
      "iqn.2026-11.com.example:disk1")                                                                       \
    X(LUN_KEY, "lun", LUN, ANYONE | IBFT, "0", NULL, 0, 0,                                                   \
      "The logical unit: decimal, or four groups of four hexadecimal digits joined by dashes.", "1")         \
    X(AUTH, "auth", CHOICE, LOCAL, NULL, "none|any|chap|mutual", 0, 0,                                       \
      "What must be proven at login; unless set, what the credentials allow: mutual, chap or none. "         \
      "any: the target may do without.",                                                                     \
      "mutual")                                                                                              \
    X(CHAP_NAME, "chap-name", TEXT, FETCHED | IBFT, NULL, NULL, 1, CHAP_NAME_MAX,                            \
      "The CHAP name that this machine logs in with.", "host1")                                              \
    X(CHAP_SECRET, "chap-secret", SECRET, STORED | SERVER | IBFT, NULL, NULL, CHAP_SECRET_MIN,               \
      CHAP_SECRET_MAX,                                                                                       \
      "The secret of chap-name: text, 0x and hexadecimal digits, or 0b and base64; 12 to 255 bytes.",        \
      "0x000102030405060708090a0b0c0d0e0f")                                                                  \
    X(MUTUAL_CHAP_NAME, "mutual-chap-name", TEXT, FETCHED | IBFT, NULL, NULL, 1, CHAP_NAME_MAX,              \
      "The CHAP name with which the target must prove itself.", "storage1")                                  \
    X(MUTUAL_CHAP_SECRET, "mutual-chap-secret", SECRET, STORED | SERVER | IBFT, NULL, NULL, CHAP_SECRET_MIN, \
      CHAP_SECRET_MAX, "The secret of mutual-chap-name; it must differ from chap-secret.",                   \
      "0x101112131415161718191a1b1c1d1e1f")                                                                  \
    X(CHAP_ALGORITHMS, "chap-algorithms", ALGORITHMS, FETCHED, "sha3-256,sha256,sha1,md5", NULL, 1,          \
      CHAP_ALGORITHMS,                                                                                       \
      "The CHAP algorithms offered, best first. With md5 in the list, one second login with MD5 alone is "   \
      "tried "                                                                                               \
      "where the first fails; an attacker on the path can force that step.",                                 \
      "sha256,md5")                                                                                          \
    X(DIGESTS, "digests", CHOICE, FETCHED, "prefer", "off|require|prefer", 0, 0,                             \
      "CRC32C digests over headers and data, which find what TCP's checksum lets pass by accident; prefer: " \
      "where the target has them.",                                                                          \
      "require")                                                                                             \
    X(NIC, "nic", NIC_ID, LOCAL | IBFT, "auto", NULL, 1, 255,                                                \
      "Which network interface: auto, a MAC, a PCI address, or the text of its device path.",                \
      "52:54:00:12:34:56")                                                                                   \
    X(LINK_WAIT, "link-wait", DURATION, LOCAL, "15s", NULL, 0, 10 * MINUTE,                                  \
      "How long to wait for a link, all interfaces together.", "15s")                                        \
    X(DHCP_WAIT, "dhcp-wait", DURATION, LOCAL, "45s", NULL, SECOND, 10 * MINUTE,                             \
      "How long to wait for an address on one interface.", "45s")                                            \
    X(OFFER_WAIT, "offer-wait", DURATION, LOCAL, "1s", NULL, 0, 30 * SECOND,                                 \
      "How long offers are collected after the first; one with a root path wins.", "1s")                     \
    X(IP, "ip", IPV4_NET, LOCAL | IBFT, "dhcp", NULL, 0, 0,                                                  \
      "dhcp, or a static address with its prefix length.", "10.0.2.15/24")                                   \
    X(GATEWAY, "gateway", IPV4, LOCAL | IBFT, NULL, NULL, 1, 1, "The router of a static address.",           \
      "10.0.2.1")                                                                                            \
    X(DNS, "dns", IPV4, LOCAL | IBFT, NULL, NULL, 1, 2, "One or two name servers, separated by a comma.",    \
      "10.0.2.3,10.0.2.4")                                                                                   \
    X(HOSTNAME, "hostname", DNS_NAME, FETCHED | IBFT, NULL, NULL, 0, 0,                                      \
      "The host name told to the DHCP server and, by the iBFT, to the operating system.", "host1")           \
    X(BOOT_FILE, "boot-file", TEXT, FETCHED, NULL, NULL, 1, 255,                                             \
      "The loader on the disk; without it \\EFI\\BOOT\\BOOTX64.EFI and then known loaders are tried.",       \
      "\\EFI\\debian\\grubx64.efi")                                                                          \
    X(BOOT_ARGS, "boot-args", TEXT, FETCHED, NULL, NULL, 0, PARAM_TEXT_MAX,                                  \
      "The command line of the loader, or of the shell or the file that boot names.", "root=/dev/sda2 ro")   \
    X(IBFT_SECRETS, "ibft-secrets", CHOICE, FETCHED, "yes", YES_NO, 0, 0,                                    \
      "Whether the iBFT carries the CHAP secrets to the operating system.", "no")                            \
    X(PAUSE_ON_FAILURE, "pause-on-failure", DURATION, ANYONE, "10s", NULL, 0, UINT64_MAX,                    \
      "How long the failure stays on the screen: a duration, 0 or forever.", "forever")                      \
    X(CONNECT_TIMEOUT, "connect-timeout", DURATION, ANYONE, "5s", NULL, 100, 5 * MINUTE,                     \
      "For one TCP connection.", "5s")                                                                       \
    X(LOGIN_TIMEOUT, "login-timeout", DURATION, ANYONE, "15s", NULL, SECOND, 10 * MINUTE, "For one login.",  \
      "15s")                                                                                                 \
    X(COMMAND_TIMEOUT, "command-timeout", DURATION, ANYONE, "30s", NULL, SECOND, 10 * MINUTE,                \
      "For one SCSI command.", "30s")                                                                        \
    X(ATTACH_TIMEOUT, "attach-timeout", DURATION, ANYONE, "60s", NULL, SECOND, 60 * MINUTE,                  \
      "The longest time from the first packet to the target to a disk that is ready. A target that is "      \
      "refused or lost four times in a row is given up earlier; retries tries again.",                       \
      "2m")                                                                                                  \
    X(RETRIES, "retries", NUMBER, ANYONE, "3", NULL, 0, UINT64_MAX,                                          \
      "How often a boot that failed for want of a link, an address, or a target that answers is tried "      \
      "again: a number, or forever.",                                                                        \
      "forever")                                                                                             \
    X(RETRY_PAUSE, "retry-pause", DURATION, ANYONE, "10s", NULL, SECOND, 10 * MINUTE,                        \
      "The pause before that; each one is up to half longer or shorter, so that a room of machines does "    \
      "not come all at once.",                                                                               \
      "30s")                                                                                                 \
    X(DISK_TIMEOUT, "disk-timeout", DURATION, ANYONE, "180s", NULL, 10 * SECOND, 60 * MINUTE,                \
      "The longest that one read or write waits, recovery of the connection included; and 1 s more for "     \
      "each 64 KB. An outage is waited for once: after that each waits 5 s.",                                \
      "5m")                                                                                                  \
    X(LUN_RESET, "lun-reset", CHOICE, FETCHED, "no", YES_NO, 0, 0,                                           \
      "Whether a disk that neither carries out nor aborts a command is reset before the session is opened "  \
      "again; that also hits every other host that uses it.",                                                \
      "yes")                                                                                                 \
    X(QUEUE_DEPTH, "queue-depth", NUMBER, ANYONE, "32", NULL, 1, 64, "SCSI commands in flight.", "32")       \
    X(TCP_WINDOW, "tcp-window", SIZE, LOCAL, "1M", NULL, 64 * KIB, 4 * MIB, "The receive window of TCP.",    \
      "256K")                                                                                                \
    X(LOG_LEVEL, "log", CHOICE, FETCHED, "normal", "quiet=1|normal=2|debug=3|trace=4", 0, 0,                 \
      "How much is told; quiet: errors alone.", "debug")                                                     \
    X(CAPTURE, "capture", TEXT, LOCAL, NULL, NULL, 1, 255,                                                   \
      "The file beside the program into which the packets are written; its name ends in .pcap.",             \
      "lunboot.pcap")                                                                                        \
    X(LOSSY, "lossy", FAULTS, LOCAL, NULL, NULL, 0, 0,                                                       \
      "For tests: a seed, and how many of 65536 frames are lost, repeated, reordered and damaged.",          \
      "1,600,600,600,600")                                                                                   \
    X(AFTER_ATTACH, "boot", BOOT, FETCHED, "yes", NULL, 0, 255,                                              \
      "What is started once the disk is there. yes: its loader. no: nothing, the disk is printed and given " \
      "back. next, shell, Boot0001, or a file on a local volume (\\EFI\\...): the firmware's next boot "     \
      "entry, the UEFI Shell, that entry or that file, with the disk attached and the iBFT published.",      \
      "next")                                                                                                \
    X(CONFIG_FROM, "config-from", URL, LOCAL, "auto", NULL, 1, 400,                                          \
      "Where a server has settings for this machine: auto (where lunboot came from, if that was over the "   \
      "network), off, or the tftp: or http: URL of a folder, with a slash at its end.",                      \
      "http://192.0.2.10/boot/")                                                                             \
    X(CONFIG_TIMEOUT, "config-timeout", DURATION, LOCAL, "20s", NULL, SECOND, 10 * MINUTE,                   \
      "For all files from the server together.", "20s")                                                      \
    X(SECRETS_FROM_SERVER, "secrets-from-server", CHOICE, LOCAL, "no", YES_NO, 0, 0,                         \
      "Whether CHAP secrets are taken from a server's files; whoever can read the network or ask the "       \
      "server can then read them.",                                                                          \
      "yes")                                                                                                 \
    X(DHCP_REUSE, "dhcp-reuse", CHOICE, LOCAL, "yes", YES_NO, 0, 0,                                          \
      "Whether the address that the firmware's PXE got over this interface is taken over; no: DHCP is "      \
      "always asked anew.",                                                                                  \
      "no")

const struct param_row params_table[PARAM_COUNT] = {
#define X(id, key, kind, from, preset, words, least, most, text, sample)                                     \
    [PARAM_##id] = {.name = (key),                                                                           \
                    .type = PARAM_##kind,                                                                    \
                    .sources = (from),                                                                       \
                    .default_value = (preset),                                                               \
                    .choices = (words),                                                                      \
                    .low = (least),                                                                          \
                    .high = (most),                                                                          \
                    .meaning = (text),                                                                       \
                    .example = (sample)},
    TABLE(X)
#undef X
};
