# SPDX-License-Identifier: BSD-2-Clause
"""Whole boots of the Debian image: the system finds its disk again through the iBFT. Each takes half a minute."""

import json
import re

from lab import CHAP, HERE, MUTUAL, REPORT_ARGS, check_session, read_root_file
from lbvm import capture
from lbvm.vm import Nic, e1000e


def test_grub_and_debian_with_one_way_chap(lab, debian):
    target = lab.target(lab.debian_lun(debian), chap=CHAP)
    guest = lab.boot(lab.config(target), memory=1024)
    found = guest.report()
    check_session(found, target, "10.0.2.2")
    assert found["ibft/target0/chap-type"] == "1"
    assert found["ibft/target0/chap-name"] == CHAP.name
    assert found["ibft/target0/chap-secret"] == f"set, length {len(CHAP.secret)}"
    assert found["ibft/target0/flags"] == "3" and found["ibft/initiator/flags"] == "3"
    assert found["ibft/ethernet0/flags"] == "3"
    assert found["ibft/ethernet0/mac"] == "52:54:00:4c:55:01"
    assert found["ibft/ethernet0/device"].endswith("/0000:00:08.0")
    assert found["ibft/ethernet0/ip-addr"] == "10.0.2.15"
    assert found["ibft/ethernet0/subnet-mask"] == "255.255.255.0"
    assert found["ibft/ethernet0/gateway"] == "10.0.2.2"
    assert found["ibft/ethernet0/origin"] == "3" and found["ibft/ethernet0/dhcp"] == "10.0.2.2"
    assert found["iscsi_session/session1/username"] == CHAP.name
    check_handover(lab, target)


def check_handover(lab, target):
    """Our session has said goodbye before the system's own begins."""
    pdus = [pdu for pdu in capture.pdus(lab.folder / "nic0.pcap", target.port) if pdu.out]
    system = max(pdu.connection for pdu in pdus)
    ours = [pdu for pdu in pdus if pdu.connection < system]
    theirs = [pdu for pdu in pdus if pdu.connection == system]
    assert [pdu.name for pdu in ours].count("Logout") == 1
    assert ours[-1].name == "Logout" and ours[-1].packet < theirs[0].packet
    events = re.findall(r"session_create: |session 0x", (lab.folder / "tgtd.log").read_text())
    assert events[:3] == ["session_create: ", "session 0x", "session_create: "]  # made, gone, and the system's made


def test_e1000e_with_mutual_chap_and_blocks_of_4096_bytes(lab, debian):
    lun = lab.debian_lun(debian, block=4096)
    target = lab.target(lun, block=4096, chap=CHAP, mutual=MUTUAL, digests="CRC32C,None")
    guest = lab.boot(lab.config(target, auth="mutual", digests="require"), [e1000e()], memory=1024)
    found = guest.report()
    check_session(found, target, "10.0.2.2")
    assert found["root.logical_block_size"] == "4096"
    assert found["ibft/target0/chap-type"] == "2"
    assert found["ibft/target0/rev-chap-name"] == MUTUAL.name
    assert found["ibft/target0/rev-chap-name-secret"] == f"set, length {len(MUTUAL.secret)}"
    assert found["iscsi_session/session1/username_in"] == MUTUAL.name


def test_kernel_started_directly_with_boot_args(lab, debian):
    facts = json.loads((debian / "image.json").read_text())
    arguments = facts["kernel_args"] + r" initrd=\EFI\Linux\initrd.img lunboot.report " \
        "init=/usr/local/sbin/lunboot-report no-grub=1"
    target = lab.target(lab.debian_lun(debian), chap=CHAP)
    config = lab.config(target, boot_file=r"\EFI\Linux\vmlinuz.efi", boot_args=f'"{arguments}"')
    guest = lab.boot(config, memory=1024)
    found = guest.report()
    check_session(found, target, "10.0.2.2")
    assert "no-grub=1" in found["cmdline"] and "BOOT_IMAGE" not in found["cmdline"]
    assert "GRUB" not in guest.text


def test_root_path_by_dhcp_two_faults_and_a_write(lab, debian):
    """While GRUB loads the kernel and the initrd, the target is started anew and the cable is out."""
    net = lab.network()
    net.segment("lan", HERE)
    lun = lab.debian_lun(debian, args=REPORT_ARGS + " lunboot.write=written-4711")
    target = lab.target(lun, net=net, address=HERE, chap=CHAP)
    net.dhcp(options={17: target.root_path()})
    guest = lab.boot(lab.config(target, root_path=None), [Nic(tap=net.tap())], net, memory=1024)
    guest.wait_for("GRUB: loading the kernel")
    target.crash()
    guest.wait_for(r"was\s+lost\s+\(")
    target.start()
    guest.wait_for(r"target\s+is\s+back")
    guest.pull_cable()
    found = guest.report()
    check_session(found, target, HERE)
    assert found["ibft/ethernet0/dhcp"] == "192.168.60.2"
    assert found["written"] == "written-4711"
    assert read_root_file(lun, "/root.word") == "written-4711\n"
