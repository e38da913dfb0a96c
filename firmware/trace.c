/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace.h"

#include "efi/file.h"
#include "iscsi/bytes.h"
#include "log.h"
#include "machine.h"

#define CAPTURE_BYTES (16u << 20)
#define CAPTURE_SNAP  2048u /* a whole frame, unless it is a jumbo */

static uint64_t cursor;

void trace_restart(void)
{
    cursor = 0;
}

void trace_drain(void)
{
    struct session_trace line;
    uint64_t lost;

    if (log_level() < LOG_TRACE || !machine.pumping)
        return;
    while (session_trace_next(&machine.session, &cursor, &line, &lost)) {
        if (lost)
            log_print(LOG_TRACE, "%llu PDUs not shown", (unsigned long long)lost);
        log_print(LOG_TRACE, "%s %s flags %02x length %u itt %08x", line.out ? "->" : "<-",
                  pdu_name(line.header[0] & 0x3f), line.header[1], (unsigned)bytes_get24(line.header + 5),
                  (unsigned)bytes_get32(line.header + 16));
    }
}

struct nic *trace_start_capture(struct nic *nic)
{
    size_t length = machine.pcap.length;
    uint64_t lost = machine.pcap.lost;

    if (!params_is_set(&machine.configured, PARAM_CAPTURE))
        return nic;
    if (!machine.capture)
        machine.capture = uefi_alloc(CAPTURE_BYTES);
    if (!machine.capture) {
        log_print(LOG_ERROR, "no memory for the packet capture");
        return nic;
    }
    pcap_init(&machine.pcap, nic, machine.capture, CAPTURE_BYTES, CAPTURE_SNAP);
    if (length > 0) {
        machine.pcap.length = length;
        machine.pcap.lost = lost;
    }
    return &machine.pcap.nic;
}

void trace_write_capture(void)
{
    const char *name = params_text(&machine.configured, PARAM_CAPTURE);
    EFI_STATUS status;

    if (!machine.capture)
        return;
    status = file_write_beside(name, machine.capture, machine.pcap.length);
    if (EFI_ERROR(status))
        log_print(LOG_ERROR, "the packet capture could not be written to %s: %s", name,
                  uefi_status_name(status));
    else
        log_print(LOG_INFO, "packet capture: %u bytes in %s, %u frames had no room",
                  (unsigned)machine.pcap.length, name, (unsigned)machine.pcap.lost);
}

void trace_end_capture(void)
{
    uefi_free(machine.capture);
    machine.capture = NULL;
    machine.pcap.length = machine.pcap.capacity = 0;
}
