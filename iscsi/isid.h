/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Initiator session identifiers (RFC 7143 section 11.12.5): with the initiator's name they say which session
 * this is. The same one after every start lets a session that a crash left behind be reinstated; different
 * ones keep sessions apart (REQ-008 to REQ-010).
 */
#ifndef LUNBOOT_ISCSI_ISID_H
#define LUNBOOT_ISCSI_ISID_H

#include <stdint.h>

#include "hash.h"

/*
 * Type 00b: the OUI and the serial part of a NIC's MAC, so that each NIC of a machine has its own and keeps
 * it. The group and local bits of the MAC have no place in it.
 */
void isid_from_mac(const uint8_t mac[6], uint8_t ret_isid[6]);

/* Type 10b: random, qualifier 0; for programs that may run several times at once. */
void isid_random(struct hash_random *random, uint8_t ret_isid[6]);

#endif
