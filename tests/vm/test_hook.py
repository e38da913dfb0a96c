# SPDX-License-Identifier: BSD-2-Clause
"""Hook and continue: something else than the LUN's loader is started, with the LUN attached and the iBFT published."""

import re
import shutil
import struct
import subprocess

import pytest
from lab import CHAP, check_session
from lbvm import capture, disk, efivars
from lbvm.vm import Nic
from liar import Liar

LUNBOOT = efivars.boot_entry("lunboot", efivars.pci(3))
HOOKED = efivars.boot_entry("hooked", efivars.pci(4))
NEXT = efivars.boot_entry("next", efivars.pci(5))
# The entry that OVMF makes for itself where there is none like it, at the end of BootOrder.
SHELL = efivars.boot_entry("EFI Internal Shell", efivars.node(4, 7, bytes.fromhex("c9bdb87cebf8344faaea3ee4af6516a1"))
                           + efivars.node(4, 6, bytes.fromhex("83a5047c3e9e1c4fad65e05268d0b4d1")))
PATTERN = bytes((i * 7 + 7 + 1) & 0xFF for i in range(512))  # of marker.c for block 7


def empty_lun(lab):
    lun = lab.folder / "lun.img"
    lun.touch()
    with open(lun, "r+b") as file:
        file.truncate(8 * disk.MIB)
    return lun


def hook(lab, target, entries, boot="next", end="fail", more=None, **settings):
    """lunboot in slot 3; the marker that it is to start in slot 4; the one that is after both in slot 5."""
    hooked = lab.marker_volume("hooked", disk="lun", end=end, **settings)
    volumes = [hooked, lab.marker_volume("next", end="off")]
    return lab.boot_entries(lab.config(target, boot=boot, **(more or {})), volumes, entries)


def has_the_disk(found):
    assert found["iscsi-handles"] == "1" and found["ibft-tables"] == "1" and found["ibft-oem-id"] == "LUNBT "
    assert found["disk.blocks"] == "16384"


def test_the_next_entry_finds_the_disk_and_everything_is_given_back(lab):
    target = lab.target(empty_lun(lab), chap=CHAP)
    guest = hook(lab, target, [LUNBOOT, HOOKED, NEXT], write=7)
    guest.wait_for(r"LUN 1 .*stays\s+attached")
    guest.wait_for(r'starting\s+Boot0001\s+"hooked"')
    found = guest.marker("hooked")
    has_the_disk(found)
    assert found["write.status"] == found["flush.status"] == found["read.status"] == "0"
    told = guest.lunboot_failed()
    assert 'Boot0001 "hooked"' in told and "ended with EFI_ABORTED" in told
    # The firmware goes on with what follows: the same program, without the disk.
    again = guest.marker("hooked")
    assert again["disk"] == "none" and again["iscsi-handles"] == again["ibft-tables"] == "0"
    guest.back_in_firmware()
    assert target.luns[0].read_bytes()[7 * 512 : 8 * 512] == PATTERN
    assert target.sessions() == []
    logouts = [pdu for pdu in capture.pdus(lab.folder / "nic0.pcap", target.port) if pdu.name == "Logout"]
    assert len(logouts) == 1


def test_a_disk_that_somebody_kept_comes_back_in_the_next_try(lab):
    """Its handle is on our NIC still, and is no other iSCSI driver's."""
    target = lab.target(empty_lun(lab), chap=CHAP)
    guest = hook(lab, target, [LUNBOOT, HOOKED, NEXT], more={"pause_on_failure": "forever"}, hold="yes", write=7)
    assert guest.marker("hooked")["hold.status"] == "0"
    guest.wait_for(r"the\s+firmware\s+keeps\s+the\s+disk's\s+handle")
    guest.wait_for(r"R:\s+try\s+again")
    guest.send("r")
    found = guest.marker("hooked")
    has_the_disk(found)
    assert found["write.status"] == "0"
    assert "ended with EFI_ABORTED" in guest.lunboot_failed()
    guest.wait_for(r"R:\s+try\s+again")
    guest.send("\x1b")
    assert guest.marker("hooked")["read.status"] == "12"  # EFI_NO_MEDIA
    assert target.sessions() == []


def test_a_program_that_succeeds_leads_to_the_firmwares_menu(lab):
    """As when the firmware had started it (UEFI 2.10 section 3.1.1)."""
    target = lab.target(empty_lun(lab), chap=CHAP)
    guest = hook(lab, target, [LUNBOOT, HOOKED, NEXT], end="return")
    has_the_disk(guest.marker("hooked"))
    guest.wait_for(r"back\s+to\s+the\s+firmware:\s+EFI_SUCCESS")
    guest.wait_for("UiApp")
    assert "could not boot" not in guest.text and "MARKER-BEGIN next" not in guest.text
    assert target.sessions() == []


def test_a_program_that_lives_with_a_bad_block_succeeds_too(lab):
    """What could not be read was told then; it is no failure of ours once the program is content."""
    target = lab.keep(Liar("medium-error:40", file=empty_lun(lab), chap=CHAP, host="10.0.2.2")).start()
    guest = hook(lab, target, [LUNBOOT, HOOKED, NEXT], end="return", scan=1)
    assert guest.marker("hooked")["scan.errors"] == "1"
    assert guest.wait_for(r"back\s+to\s+the\s+firmware:\s+(\w+)\n")[1] == "EFI_SUCCESS"
    assert re.search(r"reading\s+\d+\s+blocks\s+at\s+LBA\s+\d+\s+failed", guest.text)
    assert "could not boot" not in guest.text
    target.stop()
    assert target.told == 1


def test_the_session_ends_before_a_hooked_system_takes_over(lab):
    target = lab.target(empty_lun(lab), chap=CHAP)
    guest = hook(lab, target, [LUNBOOT, HOOKED], end="exit")
    has_the_disk(guest.marker("hooked"))
    guest.wait_for("MARKER-LEFT-BOOT-SERVICES")
    guest.wait_exit()
    assert target.sessions() == []
    assert capture.pdus(lab.folder / "nic0.pcap", target.port)[-2].name == "Logout"


def test_entries_that_cannot_be_meant_are_passed_over(lab):
    """Our own once more, one that is switched off, an application, one over our NIC, one that leads nowhere: none is
    started, and each is told."""
    target = lab.target(empty_lun(lab), chap=CHAP)
    network = efivars.pci(8) + efivars.mac("52:54:00:4c:55:01")
    entries = [
        HOOKED, LUNBOOT,
        efivars.boot_entry("ourselves", efivars.pci(3) + efivars.file(r"\efi\boot\bootx64.efi")),
        efivars.boot_entry("off", efivars.pci(5), attributes=0),
        efivars.boot_entry("setup", efivars.pci(5), attributes=efivars.ACTIVE | efivars.APPLICATION),
        efivars.boot_entry("network", network),
        efivars.boot_entry("gone", efivars.pci(9) + efivars.file(r"\x.efi")),
        efivars.boot_entry("hooked again", efivars.pci(4) + efivars.file(r"\EFI\BOOT\BOOTX64.EFI")),
    ]
    hooked = lab.marker_volume("hooked", disk="lun", end="off")
    config = lab.config(target, boot="next")
    guest = lab.boot_entries(config, [hooked, lab.marker_volume("next", end="off")], entries, following=1)
    for number, why in ((2, r'"ourselves":\s+it\s+is\s+lunboot\s+itself'), (3, r'"off":\s+not\s+active'),
                        (4, r'"setup":\s+an\s+application'), (5, r'"network":\s+it\s+needs\s+the\s+NIC'),
                        (6, r'"gone":\s+EFI_NOT_FOUND')):
        guest.wait_for(rf"Boot000{number}\s*{why}")
    guest.wait_for(r'starting\s+Boot0007\s+"hooked\s+again"')
    has_the_disk(guest.marker("hooked"))
    guest.wait_exit()


def test_nothing_to_go_on_to_is_told(lab):
    target = lab.target(empty_lun(lab), chap=CHAP)
    guest = lab.boot_entries(lab.config(target, boot="next"), [], [SHELL, LUNBOOT], following=1)
    told = guest.lunboot_failed()
    assert "no boot entry after lunboot's own could be started" in told
    assert "it is lunboot itself" in told and "it needs the NIC" in told
    guest.wait_for("UEFI Interactive Shell")  # the firmware's BootOrder, from its start
    assert target.sessions() == []


def partition_node(lun):
    """HD() of the first partition of a disk that lbvm made."""
    with open(lun, "rb") as file:
        file.seek(1024)
        entry = file.read(128)
    first, last = struct.unpack_from("<QQ", entry, 32)
    return efivars.hard_drive(1, first, last - first + 1, entry[16:32])


def test_an_entry_by_the_signature_of_its_partition(lab):
    """The LUN has a copy of the same disk, as after an installation: the local one is started, although the firmware, which
    was told to boot another disk, has no driver on it yet."""
    local = disk.fat_disk(lab.folder / "local.img", 512, lab.marker_files(name="hooked", end="off"))
    target = lab.target(disk.copy_sparse(local, lab.folder / "lun.img"), chap=CHAP)
    path = partition_node(local) + efivars.file(r"\EFI\BOOT\BOOTX64.EFI")
    entry = efivars.boot_entry("installer", path, "one two=3\0".encode("utf-16-le"), attributes=0)
    guest = lab.boot_entries(lab.config(target, boot="Boot0001"), [local], [LUNBOOT, entry], bootindex=0)
    found = guest.marker("hooked")
    assert found["options"] == "one two=3"
    assert found["device"].startswith("PciRoot(0x0)/Pci(0x4,0x0)/HD(1,GPT,")
    assert int(found["iscsi-handles"]) >= 1
    guest.wait_exit()


def test_an_entry_by_the_signature_of_a_partition_that_is_on_the_lun_alone(lab):
    lun = disk.fat_disk(lab.folder / "lun.img", 512, lab.marker_files(name="hooked", end="off"))
    entry = efivars.boot_entry("system", partition_node(lun) + efivars.file(r"\EFI\BOOT\BOOTX64.EFI"))
    guest = lab.boot_entries(lab.config(lab.target(lun, chap=CHAP), boot="next"), [], [LUNBOOT, entry])
    guest.wait_for(r'Boot0001\s+"system"\s+is\s+PciRoot(?:.|\n)*?,\s+which\s+is\s+on\s+the\s+LUN')
    assert "/iSCSI(" in guest.marker("hooked")["device"]
    guest.wait_exit()


def test_an_entry_by_the_serial_number_of_a_usb_stick(lab):
    target = lab.target(empty_lun(lab), chap=CHAP)
    stick = lab.marker_volume("hooked", disk="lun", end="off")
    usb = ["-device", "usb-ehci", "-drive", f"if=none,id=stick,format=raw,file={stick}",
           "-device", "usb-storage,drive=stick,serial=LB4711"]
    entries = [LUNBOOT, efivars.boot_entry("another stick", efivars.usb_wwid(0, 0x46F4, 1, "LB4712")),
               efivars.boot_entry("another maker", efivars.usb_class(0x1234)),
               efivars.boot_entry("stick", efivars.usb_wwid(0, 0x46F4, 1, "LB4711"))]
    guest = lab.boot_entries(lab.config(target, boot="next"), [], entries, extra=usb)
    guest.wait_for(r'starting\s+Boot0003\s+"stick"')
    found = guest.marker("hooked")
    has_the_disk(found)
    assert "USB(" in found["device"]
    guest.wait_exit()


def test_an_entry_over_another_nic(lab):
    """UEFI PXE on the second NIC, while lunboot holds the first."""
    target = lab.target(empty_lun(lab), chap=CHAP)
    served = lab.folder / "served"
    served.mkdir()
    shutil.copy(lab.marker, served / "marker.efi")
    mac = "52:54:00:4c:55:02"
    entry = efivars.boot_entry("network", efivars.pci(9) + efivars.mac(mac) + efivars.node(3, 12, bytes(23)))
    config = lab.config(target, boot="next", nic="52:54:00:4c:55:01")
    nics = [Nic(), Nic(mac=mac, user=f"tftp={served},bootfile=marker.efi")]
    guest = lab.boot_entries(config, [], [LUNBOOT, entry], nics=nics)
    guest.wait_for(r'starting\s+Boot0001\s+"network"')
    found = guest.marker("unnamed")  # its settings would be on a volume
    assert "MAC(5254004C5502,0x1)" in found["device"]
    assert found["iscsi-handles"] == "1" and found["ibft-tables"] == "1"
    guest.wait_for(r"back\s+to\s+the\s+firmware:\s+EFI_SUCCESS")


@pytest.mark.parametrize(("others", "why"), [({}, "EFI_NOT_FOUND"), ({"Boot0ABC": b"\1\0\0\0\xff\xff"},
                                                                    "EFI_COMPROMISED_DATA")], ids=["absent", "broken"])
def test_an_entry_that_cannot_be_read(lab, others, why):
    target = lab.target(empty_lun(lab), chap=CHAP)
    volumes = [lab.marker_volume("next", end="off")]
    entries = [LUNBOOT, efivars.boot_entry("next", efivars.pci(4))]
    guest = lab.boot_entries(lab.config(target, boot="Boot0abc"), volumes, entries, others=others)
    assert f"Boot0ABC ({why})" in guest.lunboot_failed()
    guest.back_in_firmware()


def test_a_file_of_our_own_volume(lab):
    """It is there on other volumes too, the LUN among them."""
    files = {"EFI/tools/next.efi": lab.marker, **lab.marker_files(name="wrong", end="off")}
    target = lab.target(lab.marker_lun(files=files), chap=CHAP)
    other = lab.marker_volume("other", {"EFI/tools/next.efi": lab.marker}, end="off")
    config = lab.config(target, boot="/EFI/tools/next.efi", boot_args='"one two=3"')
    own = {"EFI/tools/next.efi": lab.marker, "EFI/BOOT/marker.txt": b"name=hooked end=off"}
    guest = lab.boot_entries(config, [other], [LUNBOOT, NEXT], files=own)
    found = guest.marker("hooked")
    assert found["options"] == "one two=3"
    assert int(found["iscsi-handles"]) >= 1 and found["ibft-tables"] == "1"
    guest.wait_exit()


def test_a_file_is_not_searched_on_the_lun(lab):
    target = lab.target(lab.marker_lun(files={"EFI/tools/next.efi": lab.marker}), chap=CHAP)
    guest = hook(lab, target, [LUNBOOT, NEXT], boot=r"\EFI\tools\next.efi")
    told = guest.lunboot_failed()
    assert r"\EFI\tools\next.efi (EFI_NOT_FOUND)" in told and "the disk itself is not searched" in told
    guest.back_in_firmware()


def test_the_shell_sees_the_volume_on_the_lun(lab):
    target = lab.target(lab.marker_lun(files={"on-the-lun.txt": b"hello from the LUN\r\n"}), chap=CHAP)
    file = r"FS{0}:\on-the-lun.txt"
    script = "".join(f"if exist {file} then\r\ntype {file}\r\nendif\r\n".format(i) for i in range(3)) + "exit\r\n"
    files = {"startup.nsh": script.encode()}
    guest = lab.boot_entries(lab.config(target, boot="shell"), [], [LUNBOOT], files=files)
    guest.wait_for(r"starting\s+the\s+UEFI\s+Shell")
    guest.wait_for(r"skip\s+startup\.nsh")
    guest.send("\r")
    guest.wait_for("hello from the LUN")
    guest.wait_for(r"the\s+UEFI\s+Shell\s+came\s+back:\s+EFI_SUCCESS")
    guest.wait_for(r"back\s+to\s+the\s+firmware:\s+EFI_SUCCESS")
    assert target.sessions() == []


@pytest.mark.soak
def test_soak_debian_is_installed_onto_an_empty_lun_and_boots_from_it(lab, debian):
    """The installer is Debian on a local disk, started by `boot = next`: it knows the LUN from the iBFT alone. The
    second machine has no disk but lunboot's."""
    installer = lab.debian_lun(debian, args="init=/usr/local/sbin/lunboot-install", name="installer.img")
    lun = lab.folder / "lun.img"
    lun.touch()
    with open(lun, "r+b") as file:
        file.truncate(installer.stat().st_size)
    target = lab.target(lun, chap=CHAP)
    entries = [LUNBOOT, efivars.boot_entry("installer", efivars.pci(4))]
    guest = lab.boot_entries(lab.config(target, boot="next"), [installer], entries, memory=1024)
    guest.wait_for(r'starting\s+Boot0001\s+"installer"')
    guest.wait_for("^installing /dev/vdb onto /dev/sda$")
    guest.wait_for("^copied and read back$")
    assert guest.report() == {"installed": "/dev/sda"}
    assert target.sessions() == []
    # All but the first partition, in which the installer told the copy to report.
    subprocess.run(["cmp", f"--ignore-initial={65 * disk.MIB}", installer, lun], check=True)
    guest.stop()
    found = lab.boot(lab.config(target), memory=1024).report()
    check_session(found, target, "10.0.2.2")
