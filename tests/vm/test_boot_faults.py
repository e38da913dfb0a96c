# SPDX-License-Identifier: BSD-2-Clause
"""Whole boots of Debian while the target and the network fail, at moments swept from lunboot's first line to the root
file system. Until ExitBootServices our recovery must carry a boot, then the system's own initiator.

A fault lasts from one sign of the guest to another, never for a time. GRUB tells the CRC-32 of the kernel and the
initrd as it reads them through us, then loads both (what it has not kept is read once more).
"""

import json
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

import pytest
from lab import CHAP, REPORT_ARGS
from lbvm import disk
from lbvm.proc import HANG_GUARD, Hang, scaled
from lbvm.vm import Nic, e1000e

MODULES = Path("/usr/lib/grub/x86_64-efi")


@dataclass(frozen=True)
class Read:
    """A moment: GRUB has read this share of the two files for their sums."""

    share: float


class Sent:
    """A moment: something has gone over the wire since the fault began."""


FAULTS = {
    "crash": (lambda guest, target: target.crash(), lambda guest, target: target.start()),
    "freeze": (lambda guest, target: target.freeze(), lambda guest, target: target.thaw()),
    "cable": (lambda guest, target: guest.set_link(0, False), lambda guest, target: guest.set_link(0, True)),
}
WAITS = r"waiting\s+for\s+\w+|connecting\s+to\s+\w+|was\s+lost\s+\(|attempt\s+\d+\s+at"
LUNBOOT, ADDRESS, SESSION, LOADER = r"lunboot\s+0\.", r"initiator\s+iqn", r"logged\s+in", r"starting\s+.EFI"
JUMP, LINUX = r"no\s+suitable\s+video\s+mode", r"Linux version"
INTERFACE, DHCP, LOGIN = r"Setting up software interface", r"Waiting up to 180 secs", r"iscsistart: Logging into"
DISK, INIT = r"Attached SCSI disk", r"Running /scripts/init-bottom"

# Each boot: its NIC and its faults in turn, (what, from when, until when; without that it ends at once).
BOOTS = {
    "address": (Nic(), [("cable", LUNBOOT, WAITS), ("freeze", SESSION, WAITS)]),
    "login": (Nic(), [("freeze", ADDRESS, WAITS), ("cable", SESSION, WAITS)]),
    "session": (Nic(), [("crash", SESSION, WAITS), ("freeze", LOADER, WAITS)]),
    "loader": (e1000e(), [("cable", LOADER, WAITS), ("crash", Read(0.5), WAITS)]),
    "crashes": (Nic(), [("crash", Read(0.1), WAITS), ("crash", Read(0.5), WAITS), ("crash", Read(0.9), WAITS)]),
    "freezes": (Nic(), [("freeze", Read(0.1), WAITS), ("freeze", Read(0.5), WAITS), ("freeze", Read(0.9), WAITS)]),
    "cables": (e1000e(), [("cable", Read(0.2), WAITS), ("cable", Read(0.6), WAITS), ("cable", Read(0.9))]),
    "mixture": (Nic(), [("cable", Read(0.3), WAITS), ("crash", Read(0.6), WAITS), ("freeze", Read(0.8), WAITS)]),
    "crash-at-the-jump": (Nic(), [("crash", JUMP, LINUX)]),
    "freeze-at-the-jump": (Nic(), [("freeze", JUMP, LINUX), ("cable", DISK)]),
    "cable-at-the-jump": (e1000e(), [("cable", JUMP, LINUX), ("freeze", INTERFACE, LOGIN)]),
    "crash-under-linux": (Nic(), [("crash", LINUX, INTERFACE), ("cable", INIT)]),
    "cable-under-linux": (Nic(), [("cable", LINUX, DHCP), ("freeze", DISK, Sent())]),
}


class Boot:
    """A guest that boots Debian, and what its GRUB finds on the LUN."""

    def __init__(self, lab, debian, nic, **config):
        self.lab, self.files = lab, [debian / "vmlinuz", debian / "initrd.img"]
        self.target = lab.target(self.checking_lun(debian), chap=CHAP)
        self.guest = lab.boot(lab.config(self.target, **config), [nic], memory=1024)
        self.capture = lab.folder / "nic0.pcap"

    def checking_lun(self, debian):
        uuid = json.loads((debian / "image.json").read_text())["root_uuid"]
        script = ("insmod gcry_crc\ninsmod hashsum\n"
                  f"search --no-floppy --fs-uuid --set=system {uuid}\n"
                  "if ! hashsum --hash crc32 ($system)/vmlinuz ($system)/initrd.img; then exit; fi\n")
        lun = self.lab.debian_lun(debian, grub=script)
        made = {"/EFI", "/EFI/debian"}
        for module in ("crypto", "gcry_crc", "hashsum"):
            disk.fat_put(lun, f"EFI/debian/x86_64-efi/{module}.mod", MODULES / f"{module}.mod", disk.MIB, made)
        return lun

    def wait_for(self, moment):
        if isinstance(moment, Read):
            self.wait_for_bytes(moment.share * sum(file.stat().st_size for file in self.files))
        elif isinstance(moment, Sent):
            self.wait_for_bytes(self.capture.stat().st_size + 1)
        else:
            self.guest.wait_for(moment)

    def wait_for_bytes(self, wanted):
        """Until the capture is that long."""
        end = time.monotonic() + scaled(HANG_GUARD)
        while self.capture.stat().st_size < wanted:
            if self.guest.ended or time.monotonic() > end:
                raise Hang(f"no {wanted} bytes on the wire. Serial port so far:\n{self.guest.text}")
            time.sleep(0.01)

    def suffer(self, what, start, *end, stop=True):
        self.wait_for(start)
        begin, undo = FAULTS[what]
        begin(self.guest, self.target)
        self.guest.searched = len(self.guest.text)  # what was told before is no sign of this fault
        for moment in end:
            self.wait_for(moment)
        if stop:
            undo(self.guest, self.target)

    def check_sums(self):
        """GRUB has told what is in the files."""
        for file in self.files:
            assert f"{zlib.crc32(file.read_bytes()):08x}" in self.guest.text


@pytest.mark.soak
@pytest.mark.parametrize("name", BOOTS)
def test_soak_debian_boots_through(lab, debian, record_property, name):
    nic, faults = BOOTS[name]
    boot = Boot(lab, debian, nic)
    for fault in faults:
        boot.suffer(*fault)
    found = boot.guest.report()
    boot.check_sums()
    assert found["iscsi_session/session1/state"] == "LOGGED_IN"
    assert found["root.fstype"] == "ext4" and "/session1/" in found["root.path"]
    assert "could not boot" not in boot.guest.text
    record_property("faults", len(faults))
    record_property("Debian booted", 1)


@pytest.mark.soak
@pytest.mark.parametrize("moment", [ADDRESS, SESSION, Read(0.5)], ids=["login", "loader", "kernel"])
def test_soak_target_that_never_returns(lab, debian, record_property, moment):
    """GRUB gives up when a read fails; then there is a sentence, and the next boot option."""
    boot = Boot(lab, debian, Nic(), disk_timeout="10s", attach_timeout="10s")
    boot.suffer("crash", moment, stop=False)
    sentence = boot.guest.lunboot_failed()
    boot.guest.back_in_firmware()
    assert f"{boot.target.iqn} at 10.0.2.2:{boot.target.port}" in sentence
    record_property("faults", 1)
    record_property("Debian not booted, with a sentence", 1)
