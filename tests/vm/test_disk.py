# SPDX-License-Identifier: BSD-2-Clause
"""Block I/O as a loader uses it, checked from the other side: in the LUN's file on the host."""

import pytest
from lab import CHAP
from lbvm import capture

TEST_UNIT_READY, SYNCHRONIZE_CACHE, WRITES = 0x00, 0x35, (0x2A, 0x8A)


@pytest.mark.parametrize("block", [512, 4096])
def test_write_is_found_in_the_luns_file(lab, block):
    lba = 1 + 41 * 1024 * 1024 // block
    lun = lab.marker_lun(block, write=lba)
    target = lab.target(lun, block=block, chap=CHAP)
    guest = lab.boot(lab.config(target))
    found = guest.marker("lun")
    assert found["disk.block-size"] == str(block)
    assert found["disk.blocks"] == str(lun.stat().st_size // block)
    assert (found["write.status"], found["flush.status"], found["read.status"]) == ("0", "0", "0")
    assert found["read.different"] == "0" and found["reset.status"] == "0"
    with open(lun, "rb") as file:
        file.seek(lba * block)
        assert file.read(block) == bytes((i * 7 + lba + 1) % 256 for i in range(block))
    guest.back_in_firmware()
    check_commands([pdu.header[32] for pdu in capture.pdus(lab.folder / "nic0.pcap", target.port)
                    if pdu.name == "Command"])


def check_commands(opcodes):
    """FlushBlocks reaches the target's cache, and an extended Reset asks whether the disk is ready."""
    write = next(at for at, opcode in enumerate(opcodes) if opcode in WRITES)
    assert SYNCHRONIZE_CACHE in opcodes[write:]
    assert TEST_UNIT_READY in opcodes[write:]


def test_write_protected_lun(lab):
    target = lab.target(lab.marker_lun(write=8), chap=CHAP, read_only=True)
    guest = lab.boot(lab.config(target))
    guest.wait_for(r"write\s+protected")
    found = guest.marker("lun")
    assert found["disk.read-only"] == "1"
    assert found["write.status"] == "8"  # EFI_WRITE_PROTECTED
    guest.back_in_firmware()


def test_session_lives_while_a_loader_computes(lab):
    """The target drops an initiator that leaves two pings of a second each unanswered; the loader takes eight."""
    target = lab.target(lab.marker_lun(stall=8, write=2048), chap=CHAP, options="nop_interval=1,nop_count=2")
    guest = lab.boot(lab.config(target))
    found = guest.marker("lun")
    assert found["read.status"] == "0" and found["read.different"] == "0"
    guest.back_in_firmware()
    told = guest.text.split("What lunboot said before:")[0]  # where the log is repeated
    logins = [line for line in told.splitlines() if "logged in to" in line]
    assert len(logins) == 1
