# SPDX-License-Identifier: BSD-2-Clause
"""Several targets and portals, and a storage that is switched on later than its machines."""

import time

import pytest
from lab import CHAP, WRONG
from lbvm.target import free_port
from lbvm.vm import Nic

GONE = "iqn.2024-01.org.example:gone"
AGAIN = r"trying\s+again\s+in"


def closed():
    """A root path that leads to a port where nobody listens."""
    return f"iscsi:10.0.2.2::{free_port()}:1:{GONE}"


def later(lab, **more):
    """A target that is not running yet."""
    target = lab.target(lab.marker_lun(), chap=CHAP, **more)
    target.crash()
    return target


def test_req_024_the_second_target_is_booted_where_the_first_is_not_there(lab):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    guest = lab.boot(lab.config(target, root_path=f"{closed()} {target.root_path()}", attach_timeout="3s"))
    told = guest.wait_for(r"target\s+1\s+of\s+2:((?:.|\n)*?)Trying\s+the\s+next")
    assert GONE in told[1] and "refused" in told[1]
    guest.marker("lun")
    guest.back_in_firmware()


def test_req_024_each_target_has_its_own_result(lab):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    other = target.root_path().replace(target.iqn, "iqn.2024-01.org.example:other")
    guest = lab.boot(lab.config(target, root_path=f"{closed()} {other}", attach_timeout="3s"))
    guest.wait_for(r"target\s+1\s+of\s+2:(?:.|\n)*?" + GONE)
    guest.wait_for(r"target\s+2\s+of\s+2:(?:.|\n)*?example:other")
    assert "0203" in guest.lunboot_failed()  # what came furthest
    guest.back_in_firmware()


def test_portals_are_tried_in_order(lab):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    portals = f"10.0.2.2:{free_port()}, 10.0.2.2:{target.port}"
    guest = lab.boot(lab.config(target, root_path=None, portal=portals, target=target.iqn, lun="1"))
    guest.wait_for(r"attempt\s+1\s+at\s+10\.0\.2\.2:\d+:\s+the\s+connection\s+was\s+refused")
    guest.marker("lun")
    guest.back_in_firmware()


def test_a_target_that_is_started_later_is_booted_from(lab):
    target = later(lab)
    guest = lab.boot(lab.config(target, retries="forever", retry_pause="1s", attach_timeout="2s"))
    guest.wait_for(r"not\s+booted\s+yet:\s+Cannot\s+reach")
    guest.wait_for(AGAIN)
    target.start()
    guest.marker("lun")
    guest.back_in_firmware()


def test_a_target_that_never_comes_ends_in_the_sentence_and_the_next_option(lab):
    guest = lab.boot(lab.config(root_path=closed(), retries="2", retry_pause="1s", attach_timeout="2s"), vga=True)
    guest.wait_for(AGAIN + r"\s+\d+\s+s\s+\(1\s+of\s+2;")
    guest.wait_for(AGAIN + r"\s+\d+\s+s\s+\(2\s+of\s+2;")
    guest.screenshot(lab.folder / "trying-again.png")
    assert "refused" in guest.lunboot_failed()
    guest.back_in_firmware()


@pytest.mark.soak
def test_soak_a_dhcp_server_that_is_started_later(lab):
    net = lab.network()
    net.segment("lan", "192.168.60.1")
    target = lab.target(lab.marker_lun(), net=net, address="192.168.60.1", chap=CHAP)
    guest = lab.boot(lab.config(target, retries="forever", retry_pause="1s", dhcp_wait="2s"), [Nic(tap=net.tap())], net)
    guest.wait_for(r"no\s+DHCP\s+server\s+answered")
    guest.wait_for(AGAIN)
    net.dhcp()
    guest.marker("lun")
    guest.back_in_firmware()


def test_a_pause_is_drawn_anew_also_where_nothing_was_sent_yet(lab):
    """Machines that were switched on together wait for the link of one switch."""
    config = lab.config(link_wait="1s", retries="1", retry_pause="10m")
    guest = lab.script(config, ["lunboot.efi"] * 3, nics=[Nic(link=False)])
    pauses = set()
    for _ in range(3):
        pauses.add(guest.wait_for(AGAIN + r"\s+(\d+)\s+s")[1])
        guest.wait_for(r"waiting\s+for\s+the\s+next\s+try")
        guest.send("\x1b")
        guest.lunboot_failed()
    guest.wait_exit()
    assert len(pauses) > 1


def test_req_177_a_refused_login_is_not_tried_again(lab):
    """An account that locks itself after some wrong answers must not be locked by a machine that waits."""
    target = lab.target(lab.marker_lun(), chap=CHAP)
    guest = lab.boot(lab.config(target, chap_secret=WRONG, retries="forever", retry_pause="1s"))
    assert "0201" in guest.lunboot_failed()
    guest.back_in_firmware()
    assert "trying again" not in " ".join(guest.text.split())


def test_esc_ends_the_retries(lab):
    guest = lab.boot(lab.config(root_path=closed(), retries="forever", retry_pause="10m", attach_timeout="2s"))
    guest.wait_for(AGAIN)
    guest.wait_for(r"waiting\s+for\s+the\s+next\s+try")
    guest.send("\x1b")
    assert "refused" in guest.lunboot_failed()
    guest.back_in_firmware()


def comes_after(lab, seconds, **settings):
    """A boot by itself from a storage that comes that long after the machine."""
    target = later(lab)
    guest = lab.boot(lab.config(target, **settings))
    guest.wait_for(r"lunboot\s+0\.")
    start = time.monotonic()
    while time.monotonic() - start < seconds:
        guest.wait_for(r"waiting\s+for\s")
    target.start()
    guest.marker("lun")
    guest.back_in_firmware()
    return guest


@pytest.mark.soak
def test_soak_the_storage_comes_half_a_minute_later(lab):
    """With nothing but defaults."""
    comes_after(lab, 30, retries=None)


@pytest.mark.soak
def test_soak_the_watchdog_lets_a_machine_wait_for_ten_minutes(lab):
    """The firmware's boot manager winds its watchdog up for five minutes. A reset would show a second first line."""
    guest = comes_after(lab, 620, retries="forever")
    assert guest.text.count("lunboot 0.") == 1
