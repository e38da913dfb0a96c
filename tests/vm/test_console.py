# SPDX-License-Identifier: BSD-2-Clause
"""What the person at the console sees and can do. The pictures stay in the test's folder."""

import os
import subprocess

from lab import CHAP
from lbvm import capture
from lbvm.vm import Nic


def test_good_boot_is_told_in_order(lab):
    target = lab.target(lab.marker_lun(stall=2), chap=CHAP)
    guest = lab.boot(lab.config(target), vga=True)
    for step in (r"NIC\s+52:54:00:4c:55:01\s+\(PCI\s+0000:00:08\.0\)", r"address\s+10\.0\.2\.\d+/24.*\s+from",
                 r"target\s+" + target.iqn + r"\s+at\s+10\.0\.2\.2:" + str(target.port),
                 r"logged\s+in\s+to\s+" + target.iqn, r"disk\s+LUN\s+1\s+\(0001-0000-0000-0000\):\s+IET",
                 r"starting\s+\S*BOOTX64\.EFI"):
        guest.wait_for(step)
    guest.wait_for("MARKER-BEGIN lun")
    picture = guest.screenshot(lab.folder / "good-boot.png")
    assert picture.stat().st_size > 2000
    guest.back_in_firmware()


def test_failure_screen_waits_for_keys(lab):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    config = lab.config(target, chap_secret="not-the-secret-99", pause_on_failure="forever")
    guest = lab.boot(config, vga=True)
    guest.lunboot_failed()
    guest.wait_for(r"R:\s+try\s+again")
    guest.screenshot(lab.folder / "refused-login.png")
    guest.send("r")
    guest.lunboot_failed()
    guest.wait_for(r"R:\s+try\s+again")
    guest.send("\x1b")
    guest.back_in_firmware()


def test_esc_ends_a_wait(lab):
    net = lab.network()
    net.segment()
    guest = lab.boot(lab.config(dhcp_wait="10m"), [Nic(tap=net.tap())], net)
    guest.wait_for(r"DHCP")
    guest.send("\x1b")
    guest.lunboot_failed()
    guest.back_in_firmware()


def test_p_holds_the_failure_screen(lab):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    guest = lab.boot(lab.config(target, chap_secret="not-the-secret-99", pause_on_failure="10m"))
    guest.wait_for(r"P:\s+hold\s+this\s+screen\s+\(leaving\s+in\s+\d+\s+s\)")
    guest.send("p")
    guest.wait_for(r"\(waiting\s+for\s+a\s+key\)")
    guest.send("\x1b")
    guest.back_in_firmware()


def test_capture_has_what_went_over_the_wire(lab):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    guest = lab.boot(lab.config(target, capture="boot.pcap"))
    guest.wait_for(r"packet\s+capture:\s+\d+\s+bytes\s+in\s+boot\.pcap")
    guest.back_in_firmware()
    written = lab.folder / "boot.pcap"
    subprocess.run(["mcopy", "-i", lab.folder / "esp.img", "::/EFI/BOOT/boot.pcap", written], check=True,
                   env=dict(os.environ, MTOOLS_SKIP_CHECK="1"))
    ours, wire = ([(pdu.out, pdu.header, pdu.data) for pdu in capture.pdus(file, target.port)]
                  for file in (written, lab.folder / "nic0.pcap"))
    names = [pdu.name for pdu in capture.pdus(written, target.port)]
    assert names[0] == "Login" and names[-1] == "Logout Response"
    assert ours == wire
