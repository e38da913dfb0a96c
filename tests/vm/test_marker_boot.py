# SPDX-License-Identifier: BSD-2-Clause
"""From power-on to a loader on the LUN, and back into the firmware when the loader returns."""

import pytest
from lab import CHAP, MUTUAL
from lbvm.vm import Nic, e1000e


@pytest.mark.parametrize("nic", [Nic(), e1000e()], ids=["virtio-net-pci", "e1000e"])
def test_loader_starts_from_the_lun(lab, nic):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    guest = lab.boot(lab.config(target), [nic])
    guest.wait_for(r"logged\s+in\s+to\s+" + target.iqn)
    found = guest.marker("lun")
    # UEFI 2.10 section 10.6.1.6: iSCSI(target name, portal group, LUN, digests, authentication, protocol)
    assert f"iSCSI({target.iqn},0x1,0x0001000000000000,None,None,CHAP_UNI,TCP)" in found["device"]
    assert "MAC(525400" in found["device"] and "IPv4(10.0.2.2" in found["device"]
    assert found["disk.block-size"] == "512"
    assert found["disk.blocks"] == str(target.luns[0].stat().st_size // 512)
    assert found["disk.read-only"] == "0" and found["disk.partition"] == "0"
    assert found["ibft-tables"] == "1"
    assert int(found["iscsi-handles"]) >= 1
    guest.back_in_firmware()


def test_loader_that_returns_is_told(lab):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    guest = lab.boot(lab.config(target))
    guest.marker("lun")
    assert "loader" in guest.lunboot_failed()
    again = guest.text.split("What lunboot said before:")[1]
    assert target.iqn in again and "came back" in again  # a loader may have cleared the screen
    guest.back_in_firmware()
    assert target.sessions() == []


def test_mutual_chap(lab):
    target = lab.target(lab.marker_lun(), chap=CHAP, mutual=MUTUAL, digests="CRC32C,None")
    guest = lab.boot(lab.config(target, auth="mutual"))
    guest.wait_for(r"mutual\s+CHAP")
    found = guest.marker("lun")
    assert "CRC32C,CRC32C,CHAP_BI" in found["device"]
    guest.back_in_firmware()


def test_req_340_one_way_chap_needs_no_random_numbers(lab):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    guest = lab.boot(lab.config(target, log="debug"), randomness=False)
    guest.wait_for(r"randomness\s+from\s+timing\s+jitter")
    assert "CHAP_UNI" in guest.marker("lun")["device"]
    guest.back_in_firmware()


def test_target_without_authentication(lab):
    target = lab.target(lab.marker_lun())
    guest = lab.boot(lab.config(target))
    assert ",None,TCP)" in guest.marker("lun")["device"]
    guest.back_in_firmware()


def test_boot_args_reach_the_loader(lab):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    guest = lab.boot(lab.config(target, boot_file=r"\EFI\BOOT\BOOTX64.EFI", boot_args='"one two=3"'))
    assert guest.marker("lun")["options"] == "one two=3"


def test_no_secret_is_printed(lab):
    target = lab.target(lab.marker_lun(), chap=CHAP, mutual=MUTUAL)
    guest = lab.boot(lab.config(target, log="trace"))
    guest.back_in_firmware()
    shown = "".join(guest.text.split())
    assert "mutual-chap-secret=" in shown
    assert CHAP.secret not in shown and MUTUAL.secret not in shown


def test_dry_run_starts_nothing(lab):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    guest = lab.boot(lab.config(target, boot="no"))
    guest.wait_for(r"back\s+to\s+the\s+firmware:\s+\S+")
    # Success stops the firmware in its own menu (UEFI 2.10 section 3.1.1).
    guest.wait_for("UiApp")
    assert "MARKER-BEGIN" not in guest.text
