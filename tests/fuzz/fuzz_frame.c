/* SPDX-License-Identifier: BSD-2-Clause */
/* Stream to PDUs (iscsi/frame.c, iscsi/pdu.c): the first bytes choose digests, limit, cuts and places. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "iscsi/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct frame_receiver frame;
    static uint8_t place[64 + 16];
    uint8_t flags = fuzz_byte(&bytes, &length), cut = fuzz_byte(&bytes, &length);
    enum frame_event event = FRAME_MORE;

    memset(place, 0x5a, sizeof place);
    frame_receiver_init(&frame, flags & 4 ? 262144 : 8192);
    frame_receiver_check(&frame, (struct frame_digests){.header = flags & 1, .data = flags & 2});
    while (length > 0 && event != FRAME_FAILED) {
        uint8_t *window;
        size_t n = frame_space(&frame, &window);

        PROMISE(n > 0 && window != NULL);
        n = n > length ? length : n;
        n = n > cut % 61u + 1 ? cut % 61u + 1 : n;
        memcpy(window, bytes, n);
        bytes += n;
        length -= n;
        event = frame_done(&frame, n);
        if (event == FRAME_HEADER) {
            PROMISE(frame.pdu.data_length > 0 && frame.pdu.data_length <= frame.data_limit);
            frame_place(&frame, flags & 8 ? place : NULL, 64);
        }
        if (flags & 16 && n == 7)
            frame_forget(&frame);
    }
    for (size_t i = 64; i < sizeof place; i++)
        PROMISE(place[i] == 0x5a);
    return 0;
}
