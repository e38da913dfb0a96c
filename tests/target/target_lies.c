/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lies by name: what is done to an outgoing PDU after it was honestly made. Offsets are those of RFC 7143
 * section 11. Every row is also run by the property test, with every small `skip`.
 */
#include <string.h>

#include "tests/target/target.h"

enum act { ADD, SET, OR, AND, DROP, TWICE, CLOSE, RESET };

struct target_lie {
    const char *name;
    uint8_t opcode; /* 0xff: any */
    uint8_t offset, width;
    enum act act;
    uint32_t value;
};

static const struct target_lie lies[] = {
    /* any PDU */
    {"opcode-unknown", 0xff, 0, 1, SET, 0x2a},
    {"opcode-of-initiator", 0xff, 0, 1, SET, 0x01},
    {"opcode-nop-out", 0xff, 0, 1, SET, 0x00},
    {"drop-any", 0xff, 0, 0, DROP, 0},
    {"twice-any", 0xff, 0, 0, TWICE, 0},
    {"close-any", 0xff, 0, 0, CLOSE, 0},
    {"reset-any", 0xff, 0, 0, RESET, 0},
    {"ahs", 0xff, 4, 1, SET, 1},
    {"longest-segment", 0xff, 5, 3, SET, 0xffffff},
    {"longer-segment", 0xff, 5, 3, ADD, 4},
    {"other-itt", 0xff, 16, 4, ADD, 0x100},
    {"zero-itt", 0xff, 16, 4, SET, 0},
    {"reserved-itt", 0xff, 16, 4, SET, 0xffffffff},
    {"window-nonsense", 0xff, 32, 4, ADD, 0x80000000},
    {"window-zero", 0xff, 32, 4, SET, 0},
    {"exp-cmd-sn-back", 0xff, 28, 4, ADD, 0xffffff00},
    /* login */
    {"login-itt", 0x23, 16, 4, ADD, 1},
    {"login-isid", 0x23, 8, 1, ADD, 1},
    {"login-isid-end", 0x23, 13, 1, ADD, 1},
    {"login-tsih-zero", 0x23, 14, 2, SET, 0},
    {"login-version-active", 0x23, 3, 1, SET, 1},
    {"login-version-low", 0x23, 2, 2, SET, 0x0001},
    {"login-stat-sn-gap", 0x23, 24, 4, ADD, 1},
    {"login-stat-sn-repeat", 0x23, 24, 4, ADD, 0xffffffff},
    {"login-c-and-t", 0x23, 1, 1, OR, 0xc0},
    {"login-transit-unasked", 0x23, 1, 1, OR, 0x81},
    {"login-transit-to-full", 0x23, 1, 1, OR, 0x83},
    {"login-no-transit", 0x23, 1, 1, AND, 0x0c},
    {"login-stage-up", 0x23, 1, 1, OR, 0x04},
    {"login-stage-two", 0x23, 1, 1, OR, 0x08},
    {"login-nsg-two", 0x23, 1, 1, AND, 0xfe},
    {"login-class-9", 0x23, 36, 1, SET, 9},
    {"drop-login", 0x23, 0, 0, DROP, 0},
    {"twice-login", 0x23, 0, 0, TWICE, 0},
    {"close-login", 0x23, 0, 0, CLOSE, 0},
    /* SCSI Response */
    {"response-itt", 0x21, 16, 4, ADD, 0x100},
    {"response-slot", 0x21, 16, 4, ADD, 1},
    {"response-code", 0x21, 2, 1, SET, 1},
    {"response-stat-sn-gap", 0x21, 24, 4, ADD, 1},
    {"response-stat-sn-repeat", 0x21, 24, 4, ADD, 0xffffffff},
    {"response-data-sn", 0x21, 36, 4, ADD, 7},
    {"response-overflow-and-underflow", 0x21, 1, 1, OR, 0x06},
    {"response-underflow-untrue", 0x21, 1, 1, OR, 0x02},
    {"response-residual-huge", 0x21, 44, 4, SET, 0xfffffff0},
    {"response-underflow", 0x21, 1, 1, SET, 0x82},
    {"response-as-abort", 0x21, 0, 1, SET, 0x22},
    {"response-as-text", 0x21, 0, 1, SET, 0x24},
    {"response-as-login", 0x21, 0, 1, SET, 0x23},
    {"response-as-logout", 0x21, 0, 1, SET, 0x26},
    {"drop-response", 0x21, 0, 0, DROP, 0},
    {"twice-response", 0x21, 0, 0, TWICE, 0},
    {"close-response", 0x21, 0, 0, CLOSE, 0},
    /* Data-In */
    {"data-in-itt", 0x25, 16, 4, ADD, 0x100},
    {"data-in-sn-gap", 0x25, 36, 4, ADD, 1},
    {"data-in-sn-repeat", 0x25, 36, 4, ADD, 0xffffffff},
    {"data-in-offset-gap", 0x25, 40, 4, ADD, 512},
    {"data-in-offset-back", 0x25, 40, 4, ADD, 0xfffffe00},
    {"data-in-offset-huge", 0x25, 40, 4, SET, 0xffffffff},
    {"data-in-offset-zero", 0x25, 40, 4, SET, 0},
    {"data-in-status-early", 0x25, 1, 1, OR, 0x81},
    {"data-in-status-not-final", 0x25, 1, 1, SET, 0x01},
    {"data-in-check-condition", 0x25, 3, 1, SET, 0x02},
    {"data-in-no-status", 0x25, 1, 1, AND, 0xfe},
    {"data-in-acknowledge", 0x25, 1, 1, OR, 0x40},
    {"data-in-residual-lie", 0x25, 44, 4, SET, 100},
    {"data-in-underflow-lie", 0x25, 1, 1, OR, 0x02},
    {"data-in-overflow-lie", 0x25, 1, 1, OR, 0x04},
    {"data-in-stat-sn-gap", 0x25, 24, 4, ADD, 1},
    {"drop-data-in", 0x25, 0, 0, DROP, 0},
    {"twice-data-in", 0x25, 0, 0, TWICE, 0},
    {"close-data-in", 0x25, 0, 0, CLOSE, 0},
    /* R2T */
    {"r2t-itt", 0x31, 16, 4, ADD, 0x100},
    {"r2t-ttt-reserved", 0x31, 20, 4, SET, 0xffffffff},
    {"r2t-sn-gap", 0x31, 36, 4, ADD, 1},
    {"r2t-offset-beyond", 0x31, 40, 4, ADD, 0x10000000},
    {"r2t-offset-wraps", 0x31, 40, 4, SET, 0xffffff00},
    {"r2t-offset-back", 0x31, 40, 4, SET, 0},
    {"r2t-length-zero", 0x31, 44, 4, SET, 0},
    {"r2t-length-beyond", 0x31, 44, 4, ADD, 0x10000},
    {"r2t-length-huge", 0x31, 44, 4, SET, 0xffffffff},
    {"r2t-with-data", 0x31, 5, 3, SET, 4},
    {"twice-r2t", 0x31, 0, 0, TWICE, 0},
    {"drop-r2t", 0x31, 0, 0, DROP, 0},
    /* others */
    {"abort-response-itt", 0x22, 16, 4, ADD, 0x100},
    {"drop-abort-response", 0x22, 0, 0, DROP, 0},
    {"nop-in-itt", 0x20, 16, 4, ADD, 0x100},
    {"drop-nop-in", 0x20, 0, 0, DROP, 0},
    {"text-itt", 0x24, 16, 4, ADD, 0x100},
    {"text-ttt", 0x24, 20, 4, SET, 0x1234},
    {"text-c-and-f", 0x24, 1, 1, OR, 0xc0},
    {"text-not-final", 0x24, 1, 1, SET, 0},
    {"drop-text", 0x24, 0, 0, DROP, 0},
    {"logout-itt", 0x26, 16, 4, ADD, 0x100},
    {"drop-logout", 0x26, 0, 0, DROP, 0},
};

const char *target_lie_name(unsigned index)
{
    return index < sizeof(lies) / sizeof(lies[0]) ? lies[index].name : NULL;
}

bool target_lie(struct target *target, const char *name, unsigned skip)
{
    for (unsigned i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        if (strcmp(lies[i].name, name) == 0 && target->script_count < 8) {
            target->scripts[target->script_count++] = (struct target_script){.lie = &lies[i], .skip = skip};
            return true;
        }
    }
    return false;
}

static bool edit(struct target *target, const struct target_lie *lie, uint8_t *header, bool *twice)
{
    uint32_t value = lie->width != 0 ? target_get(header, lie->offset, lie->width) : 0;

    switch (lie->act) {
    case ADD:
        value += lie->value;
        break;
    case SET:
        value = lie->value;
        break;
    case OR:
        value |= lie->value;
        break;
    case AND:
        value &= lie->value;
        break;
    case DROP:
        return false;
    case TWICE:
        *twice = true;
        return true;
    case CLOSE:
        target->close_wanted = true;
        return false;
    case RESET:
        target->reset_wanted = true;
        return false;
    }
    target_put(header, lie->offset, lie->width, value);
    return true;
}

bool target_apply_lies(struct target *target, uint8_t header[48], bool *twice)
{
    for (unsigned i = 0; i < target->script_count; i++) {
        struct target_script *script = &target->scripts[i];

        if (script->lie == NULL || (script->lie->opcode != 0xff && script->lie->opcode != (header[0] & 0x3f)))
            continue;
        if (script->skip > 0) {
            script->skip--;
            continue;
        }
        const struct target_lie *lie = script->lie;
        if (!script->always)
            script->lie = NULL;
        target->lies_told++;
        if (!edit(target, lie, header, twice))
            return false;
    }
    return true;
}
