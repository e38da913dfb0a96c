/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a lie is made of: the PDU that it is told with, and up to two changes. The table is in target_lies.c;
 * how a change is made, in target_lie.c. Nobody else needs this header: tests name a lie.
 */
#ifndef LUNBOOT_TESTS_TARGET_LIE_H
#define LUNBOOT_TESTS_TARGET_LIE_H

#include "tests/target/target.h"

#define LIE_ANY     0xff /* opcode: any PDU of the target */
#define LIE_COMMAND 0x01 /* opcode: not a PDU of the target, but a command as it is carried out */

enum lie_act {
    LIE_NONE,
    /* the PDU */
    LIE_DROP,
    LIE_TWICE,
    LIE_CLOSE,
    LIE_RESET,
    LIE_HALF, /* its first half, and a close */
    /* a number in its header, or in its data: `value` at `offset`, `width` bytes */
    LIE_ADD,
    LIE_SET,
    LIE_OR,
    LIE_AND,
    LIE_DATA,
    LIE_LENGTH, /* `value` bytes of data, zeros where there were less */
    /* its text, | for NUL and @ for our own address; the last character of `text` `value` times, if not 0 */
    LIE_SAY,      /* the value of the key `with` */
    LIE_UNSAY,    /* not that key */
    LIE_SAYTWICE, /* that key twice */
    LIE_MORE,     /* more items behind the others */
    LIE_OPEN,     /* without the last NUL */
    /* before it */
    LIE_NOPS,   /* so many NOP-Ins with the TTT `offset`, 0: reserved */
    LIE_ASYNC,  /* an Asynchronous Message of the event `value`, with `text` of `width` bytes */
    LIE_REJECT, /* a Reject of the reason `value` with `width` bytes of our last request's header */
    LIE_EMPTY,  /* so many Data-In without data */
    /* from it on */
    LIE_WINDOW,  /* so many commands at once */
    LIE_SEGMENT, /* so many bytes in a Data-In */
    /* its digests */
    LIE_BADHEADER,
    LIE_BADDATA,
    /* the command's end */
    LIE_STATUS, /* the status `value` with `text` of `width` bytes as its sense segment */
    LIE_SHORT,  /* so many bytes less than were asked for, and says so */
};

struct lie_change {
    enum lie_act act;
    uint8_t offset, width;
    uint32_t value;
    const char *text;
};

struct target_lie {
    const char *name;
    const char *requirements; /* that it attacks */
    unsigned outcome;         /* enum target_outcome */
    uint8_t opcode;
    uint16_t command; /* its command's operation code; for a VPD page 12h and the page; 0: any */
    const char *with; /* key that its text has, NULL: any */
    struct lie_change changes[2];
};

/* The table; NULL behind its end. */
const struct target_lie *target_lie_row(unsigned index);

#endif
