# SPDX-License-Identifier: BSD-2-Clause
"""What lunboot.efi takes of the firmware it gives back, however it ends: starter.c starts it three times in one boot,
and counts. The first start may change the firmware for good (drivers are connected), the second and third may not.
What our image takes is counted call by call; the pages behind the firmware's own pool say nothing of us: they grow now
and then by themselves.
"""

import re

import pytest
from lab import CHAP, NEWER, STRICT_NX, WRONG
from lbvm.target import free_port

STARTS = 3


def starts(lab, starter, config, keys="r\x1b", **more):
    """Each start fails, is tried again from the failure screen, fails and is left; what was counted after each."""
    guest = lab.boot(config, starter=starter, **more)
    found = []
    for _ in range(STARTS):
        for key in keys:
            guest.lunboot_failed()
            guest.wait_for(r"R:\s+try\s+again")
            guest.send(key)
        found.append({key: int(value) for key, value in guest.marker("started").items()})
    guest.wait_exit()
    return found


def check(found):
    for counted in found:
        assert counted["events.made"] == counted["events.closed"]
        assert counted["pool.taken"] == counted["pool.freed"] > 0
        assert counted["pages.taken"] == counted["pages.freed"]
        assert counted["exit-boot-services.replaced"] == 0
        del counted["pages.boot-data"]
    assert found[2] == found[1]


def test_nothing_is_left_after_a_loader_that_returned(lab, starter):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    found = starts(lab, starter, lab.config(target, pause_on_failure="forever"))
    assert found[0]["events.made"] > 0 and found[0]["pages.taken"] > 0
    check(found)
    assert target.sessions() == []


def test_nothing_is_left_after_a_failed_login(lab, starter):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    check(starts(lab, starter, lab.config(target, pause_on_failure="forever", chap_secret=WRONG)))


def test_nothing_is_left_after_tries_by_itself(lab, starter):
    """The NIC goes back to the firmware and is taken anew in each."""
    config = lab.config(root_path=f"iscsi:10.0.2.2::{free_port()}:1:iqn.2024-01.org.example:gone", retries="2",
                        retry_pause="1s", attach_timeout="1s", pause_on_failure="forever")
    check(starts(lab, starter, config, keys="\x1b"))
    assert len(re.findall(r"trying\s+again\s+in", lab.guest.text)) == 2 * STARTS


def test_nothing_is_left_after_a_hooked_program_that_returned(lab, starter):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    config = lab.config(target, pause_on_failure="forever", boot="next")
    check(starts(lab, starter, config, after={"end": "fail"}))
    assert lab.guest.text.count("MARKER-BEGIN next") == 2 * STARTS
    assert target.sessions() == []


@pytest.mark.skipif(not NEWER.exists(), reason="the newer OVMF is not fetched")
def test_nothing_is_left_in_firmware_that_enforces_memory_permissions(lab, starter):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    check(starts(lab, starter, lab.config(target, pause_on_failure="forever"), **STRICT_NX))
