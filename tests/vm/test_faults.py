# SPDX-License-Identifier: BSD-2-Clause
"""The target and the network fail while a loader reads: it gets every byte right, or an error in time."""

import random
import zlib

import pytest
from lab import CHAP

MIB = 1 << 20


def scanned(lab, rounds):
    """A LUN full of data, and what a marker that reads all of it some times must find."""
    files = lab.marker_files(name="lun", scan=rounds)
    files["filling.bin"] = random.Random(11).randbytes(24 * MIB)
    return lab.marker_lun(files=files)


def crash(guest, target):
    """The target is gone, and started again once the guest has noticed."""
    target.crash()
    guest.wait_for(r"was\s+lost\s+\(")
    target.start()
    guest.wait_for(r"target\s+is\s+back")


def away(guest, target):
    """The same, for longer than one attempt takes."""
    target.crash()
    guest.wait_for(r"again,\s+1\ds\s*of|again,\s+1\d\s+s\s+of")
    target.start()
    guest.wait_for(r"target\s+is\s+back")


def freeze(guest, target):
    """The target hangs for some seconds; nothing is lost."""
    target.freeze()
    guest.wait_for(r"waiting\s+for\s+the\s+disk")
    target.thaw()
    guest.wait_for("scan.round=")


def hang(guest, target):
    """The target hangs until the guest gives the connection up."""
    target.freeze()
    guest.wait_for(r"was\s+lost\s+\(")
    target.thaw()
    guest.wait_for(r"target\s+is\s+back")


def unplug(guest, target):
    """The cable is out for some seconds."""
    guest.set_link(0, False)
    guest.wait_for(r"waiting\s+for\s+the\s+disk")
    guest.set_link(0, True)
    guest.wait_for("scan.round=")


def check(lab, guest, target, faults, rounds):
    expected = str(zlib.crc32(target.luns[0].read_bytes()))
    guest.wait_for("MARKER-BEGIN lun$")
    start = guest.searched
    for fault in faults:
        fault(guest, target)
    guest.wait_for("MARKER-END lun$")
    told = guest.text[start : guest.searched]
    assert told.count(f"scan.crc={expected}\n") == rounds
    assert "scan.errors=0" in told
    guest.back_in_firmware()


def test_a_loader_reads_right_through_every_fault(lab):
    target = lab.target(scanned(lab, 6), chap=CHAP)
    guest = lab.boot(lab.config(target, digests="off"))
    check(lab, guest, target, [crash, freeze, unplug, crash, away, hang], 6)


@pytest.mark.soak
@pytest.mark.parametrize("order", range(10))
def test_soak_ten_faults_in_any_order(lab, order):
    target = lab.target(scanned(lab, 14), chap=CHAP)
    guest = lab.boot(lab.config(target))
    faults = random.Random(order).choices([crash, freeze, unplug, away, hang], [4, 3, 3, 1, 1], k=10)
    check(lab, guest, target, faults, 14)
