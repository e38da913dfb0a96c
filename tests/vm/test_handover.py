# SPDX-License-Identifier: BSD-2-Clause
"""What happens when the machine passes to an operating system, or back to the firmware."""

import pytest
from lab import CHAP, NEWER, STRICT_NX, pairs
from lbvm import capture

NEEDS_NEWER = pytest.mark.skipif(not NEWER.exists(), reason="the newer OVMF is not fetched")


@pytest.mark.parametrize("firmware", [
    pytest.param({}, id="ovmf"), pytest.param(STRICT_NX, id="strict-nx", marks=NEEDS_NEWER),
])
def test_req_255_335_logout_and_then_silence(lab, firmware):
    target = lab.target(lab.marker_lun(end="exit", watch="yes"), chap=CHAP)
    guest = lab.boot(lab.config(target), **firmware)
    guest.marker("lun")
    guest.wait_for("MARKER-LEFT-BOOT-SERVICES")
    guest.wait_exit()
    found = pairs(guest.text)
    # At the first attempt: the Logout left the memory map as the loader had read it.
    assert (found["exit-boot-services"], found["exit-attempts"]) == ("0", "1")
    assert int(found["calls.before"]) > 0 and found["calls.in-exit"] == "0"
    pdus = capture.pdus(lab.folder / "nic0.pcap", target.port)
    sent = [pdu.name for pdu in pdus if pdu.out]
    assert sent[0] == "Login" and sent[-1] == "Logout" and sent.count("Logout") == 1
    assert pdus[-1].name == "Logout Response"
    assert target.sessions() == []


def test_req_255_logout_when_control_goes_back(lab):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    guest = lab.boot(lab.config(target))
    guest.back_in_firmware()
    names = [pdu.name for pdu in capture.pdus(lab.folder / "nic0.pcap", target.port)]
    assert names[-2:] == ["Logout", "Logout Response"]


def test_req_334_nothing_of_ours_is_called_after_the_end(lab):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    guest = lab.boot(lab.config(target), memory=256, after={"fill": "yes", "stall": 1, "end": "exit"})
    guest.marker("lun")
    guest.back_in_firmware()
    assert pairs(guest.text)["exit-boot-services"] == "0"
