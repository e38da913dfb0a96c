/* SPDX-License-Identifier: BSD-2-Clause */
/* Which NIC, its link and its address: one at a time is taken from the firmware, and given back. */
#ifndef LUNBOOT_FIRMWARE_NICS_H
#define LUNBOOT_FIRMWARE_NICS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Fill machine.nics with the NICs that the `nic` setting allows, in the order in which they are to be tried.
 * False when there is none: machine.failure says why and lists those that there are.
 */
bool nics_choose(void);

enum nics_result { NICS_UP, NICS_SKIP, NICS_ESC };

/*
 * Take NIC `index`, wait for its link (from the budget *link_ms that all of them share, in milliseconds) and
 * its address; machine.params and machine.lease are then those of this NIC. NICS_SKIP: told in one line, the
 * NIC is given back.
 */
enum nics_result nics_bring_up(unsigned index, uint64_t *link_ms);

/*
 * Ask DHCP after all, where nics_bring_up took over the lease of the firmware's PXE: a server may tell us
 * what it does not tell that one. NICS_UP: machine.lease and machine.params have the answer, or no lease was
 * taken over. NICS_SKIP: no answer; the NIC is given back.
 */
enum nics_result nics_ask_again(void);

/* Give the NIC in work back to the firmware; safe when there is none. */
void nics_give_back(void);

#endif
