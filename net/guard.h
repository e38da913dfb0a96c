/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lwIP 2.2.1 does not check itself, checked before it sees the bytes, without touching its source:
 * lengths inside TCP's options, segments that reach beyond the receive window, and ICMP's news of an
 * unreachable host, which lwIP drops. Called by the hooks in lwip/hooks.h; REQ-036, REQ-345.
 */
#ifndef LUNBOOT_NET_GUARD_H
#define LUNBOOT_NET_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * TCP's options (RFC 9293 section 3.1): each has a length of at least 2 that stays inside, a known option its
 * own length. A maximum segment size below 64 is refused too: it would make each byte a packet; and one that
 * does not come with the answer to our SYN (section 3.2), because lwIP takes it at any time and falls over
 * the segments that it has made already. Padding after EOL is not looked at.
 */
bool guard_options_valid(const uint8_t *options, size_t length, bool in_syn);

#endif
