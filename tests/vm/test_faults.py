# SPDX-License-Identifier: BSD-2-Clause
"""The target and the network fail while a loader reads: it gets every byte right, or an error in time."""

import random
import re
import zlib

import pytest
from lab import CHAP
from lbvm import disk

MIB = 1 << 20


def scanned(lab, rounds):
    """A LUN full of data, and what a marker that reads all of it some times must find."""
    files = lab.marker_files(name="lun", scan=rounds)
    files["filling.bin"] = random.Random(11).randbytes(12 * MIB)
    return disk.fat_disk(lab.folder / "lun.img", 512, files, size=16 * MIB)


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
    guest.pull_cable()
    guest.wait_for("scan.round=")


def despair(guest, target):
    """The target is away until a read has failed, which takes disk-timeout."""
    target.crash()
    guest.wait_for(r"reading\s+\d+\s+blocks\s+at\s+LBA\s+\d+\s+failed")
    target.start()
    guest.wait_for("scan.round=")


def scans(lab, guest, target, faults):
    """Does the faults one after another while the marker reads; how many of its rounds were right, ended with errors,
    were wrong without an error."""
    expected = zlib.crc32(target.luns[0].read_bytes())
    guest.wait_for("MARKER-BEGIN lun$")
    start = guest.searched
    for fault in faults:
        fault(guest, target)
    guest.wait_for("MARKER-END lun$")
    rounds = re.findall(r"^scan\.errors=(\d+)\nscan\.crc=(\d+)$", guest.text[start : guest.searched], re.M)
    guest.back_in_firmware()
    right = [int(crc) == expected for errors, crc in rounds if errors == "0"]
    return {"right": right.count(True), "with errors": len(rounds) - len(right), "wrong": right.count(False)}


def count(record_property, faults, told):
    """For the line of totals at the end of a run."""
    record_property("faults", faults)
    for kind, number in told.items():
        record_property(f"scans {kind}", number)


def test_a_loader_reads_right_through_every_fault(lab):
    target = lab.target(scanned(lab, 6), chap=CHAP)
    guest = lab.boot(lab.config(target, digests="off"))
    told = scans(lab, guest, target, [crash, freeze, unplug, crash, away, hang])
    assert told == {"right": 6, "with errors": 0, "wrong": 0}


BOOT = [r"lunboot\s+0\.", r"address\s+\d", r"logged\s+in", r"starting\s"]  # moments of a boot, in their order


@pytest.mark.soak
@pytest.mark.parametrize("order", range(10))
def test_soak_ten_faults_in_any_order(lab, record_property, order):
    """Two while lunboot boots, eight while the loader reads."""
    chance = random.Random(order)
    target = lab.target(scanned(lab, 10), chap=CHAP)
    guest = lab.boot(lab.config(target))
    for moment in sorted(chance.sample(BOOT, 2), key=BOOT.index):
        guest.wait_for(moment)
        guest.pull_cable()
    told = scans(lab, guest, target, chance.choices([crash, freeze, unplug, away, hang], [4, 3, 3, 1, 1], k=8))
    count(record_property, 10, told)
    assert told == {"right": 10, "with errors": 0, "wrong": 0}


@pytest.mark.soak
@pytest.mark.parametrize("order", range(4))
def test_soak_errors_where_patience_ends(lab, record_property, order):
    """disk-timeout is shorter than some of the faults: then a read fails, and the next ones are right again."""
    target = lab.target(scanned(lab, 10), chap=CHAP)
    guest = lab.boot(lab.config(target, disk_timeout="10s"))
    faults = [despair, *random.Random(order).choices([crash, freeze, unplug, despair], k=4)]
    told = scans(lab, guest, target, faults)
    count(record_property, 5, told)
    assert told["wrong"] == 0 and told["right"] + told["with errors"] == 10
    assert told["with errors"] >= 1 and told["right"] >= 4
