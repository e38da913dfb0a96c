# SPDX-License-Identifier: BSD-2-Clause
"""The files of efi/ by themselves in real firmware: tests/efi/selftest.c says what it checks."""

import re
import shutil

import pytest
from lab import BUILD, IPXE, NEWER, STRICT_NX
from lbvm import disk
from lbvm.vm import Disk, Machine, Nic, Vm, e1000e, make_esp

UUID = "6f1b5f3a-9c1e-4d0b-8a77-0123456789ab"
SELFTEST = BUILD / "x86_64/selftest.efi"


def prepare(name):
    if not SELFTEST.exists():
        pytest.skip(f"{SELFTEST} is not built: make efi-selftest")
    folder = BUILD.resolve() / "vm-tests" / f"test_efi-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def start(folder, machine, least):
    with Vm(machine, folder) as guest:
        guest.wait_for("^selftest ends$")
        text = guest.wait_exit()
    results = re.findall(r"^check (.*) (ok|FAILED)(.*)$", text, re.M)
    assert [line for line in results if line[1] != "ok"] == [], text
    assert len(results) >= least, text
    return text


def run(name, nics, extra=(), **more):
    folder = prepare(name)
    ramdisk = disk.fat_disk(folder / "ramdisk.img", 512, {"EFI/BOOT/BOOTX64.EFI": SELFTEST}, size=4 * disk.MIB)
    esp = make_esp(folder / "esp.img", SELFTEST, more={"EFI/BOOT/ramdisk.img": ramdisk})
    identity = ["-uuid", UUID, "-smbios", "type=1,serial=LB-0042"]
    return start(folder, Machine(disks=[Disk(esp, bootindex=0)], nics=nics, extra=[*identity, *extra], **more),
                 least=75)


def test_req_338_virtio_net_with_the_firmwares_own_driver(request):
    text = run(request.node.name, [Nic(mac="52:54:00:12:34:56")])
    assert "mac=52:54:00:12:34:56 pci=1 0000:00:08.0 loaded-from=0 media=1,1 iscsi=0" in text
    assert f"uuid={UUID.replace('-', '')} serial=LB-0042" in text
    assert "randomness: the firmware's generator" in text
    assert "origin network=0 url=\n" in text and "origin ack: 0 bytes" in text


def test_e1000e_with_the_driver_of_its_rom(request):
    run(request.node.name, [e1000e()])


def test_three_nics_in_turn(request):
    text = run(request.node.name, [Nic(), e1000e(), Nic()])
    assert "nics=3" in text


def test_loaded_over_the_second_nic(request):
    """The firmware's PXE holds it, and has put copies of the protocol on child handles."""
    folder = prepare(request.node.name)
    shutil.copy(SELFTEST, folder / "selftest.efi")
    boot = Nic(mac="52:54:00:12:34:57", user=f"tftp={folder},bootfile=selftest.efi", options="bootindex=0")
    text = start(folder, Machine(nics=[Nic(mac="52:54:00:12:34:56"), boot]), least=50)
    nics = re.findall("^nic .* mac=(.*) pci=.* loaded-from=([01]) ", text, re.M)
    assert nics == [("52:54:00:12:34:57", "1"), ("52:54:00:12:34:56", "0")]
    check_packets(text, "52:54:00:12:34:57")


def check_packets(text, mac):
    """What the firmware sent and got is there: BOOTREQUEST and BOOTREPLY (RFC 951), of that NIC."""
    assert f"origin network=1 url=\norigin's NIC {mac}\n" in text
    assert f"origin discover: 1472 bytes, operation 1\norigin's client {mac}\n" in text
    assert f"origin ack: 1472 bytes, operation 2\norigin's client {mac}\n" in text
    assert "origin proxy: 0 bytes" in text


@pytest.mark.skipif(not IPXE.exists(), reason="iPXE is not fetched")
@pytest.mark.parametrize("build", ["snponly", "ipxe"])
def test_loaded_by_ipxe(request, build):
    """It sits on the firmware's driver and shows the NIC once more: there is one, which goes back to iPXE."""
    folder = prepare(request.node.name)
    shutil.copy(SELFTEST, folder / "selftest.efi")
    shutil.copy(IPXE / f"{build}.efi", folder)
    (folder / "autoexec.ipxe").write_text("#!ipxe\ndhcp\nchain selftest.efi\n")
    nic = Nic(user=f"tftp={folder},bootfile={build}.efi", options="bootindex=0")
    text = start(folder, Machine(nics=[nic]), least=50)
    nics = re.findall("^nic .* mac=(.*) pci=(.*) loaded-from=([01]) ", text, re.M)
    assert nics == [("52:54:00:4c:55:01", "1 0000:00:08.0", "1")]
    check_packets(text, "52:54:00:4c:55:01")


def test_req_350_a_stack_that_is_written_over_ends_the_program(request):
    folder = prepare(request.node.name)
    esp = make_esp(folder / "esp.img", SELFTEST, more={"EFI/BOOT/overflow": b"please"})
    with Vm(Machine(disks=[Disk(esp, bootindex=0)]), folder) as guest:
        guest.wait_for("^overflow begins$")
        guest.wait_for("Exception Type - 06")  # the trap of efi/stackguard.c, and not where the text has led to
        assert "overflow came back" not in guest.text


@pytest.mark.skipif(not NEWER.exists(), reason="the newer OVMF is not fetched")
def test_newer_firmware(request):
    run(request.node.name, [Nic()], code=str(NEWER / "OVMF_CODE_4M.fd"), variables=str(NEWER / "OVMF_VARS_4M.fd"))


@pytest.mark.skipif(not NEWER.exists(), reason="the newer OVMF is not fetched")
def test_firmware_that_enforces_memory_permissions(request):
    """What answers for a disk that a driver keeps must be executable, and nothing else of ours."""
    run(request.node.name, [Nic()], **STRICT_NX)
