# SPDX-License-Identifier: BSD-2-Clause
"""Each way in which a boot can fail ends with its sentence, and with control back in the firmware."""

import re

import pytest
from lab import CHAP, MUTUAL, WRONG
from lbvm import capture, disk
from lbvm.target import free_port
from lbvm.vm import Nic


def failure(lab, guest):
    """The sentence; the loader on the LUN must not have been started."""
    sentence = guest.lunboot_failed()
    guest.back_in_firmware()
    assert "MARKER-BEGIN lun" not in guest.text
    return sentence


def test_wrong_secret(lab):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    sentence = failure(lab, lab.boot(lab.config(target, chap_secret=WRONG)))
    assert target.iqn in sentence and "0201" in sentence
    assert "secret" in sentence and WRONG not in sentence


def test_wrong_target_name(lab):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    root_path = target.root_path().replace(target.iqn, "iqn.2024-01.org.example:other")
    sentence = failure(lab, lab.boot(lab.config(target, root_path=root_path)))
    assert "iqn.2024-01.org.example:other" in sentence and "0203" in sentence


def test_wrong_lun_lists_those_there(lab):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    sentence = failure(lab, lab.boot(lab.config(target, root_path=target.root_path(lun=7))))
    assert re.search(r"LUN 7\b", sentence)
    assert re.search(r"there (is|are)[^.]*\b1\b", sentence)


def test_target_down(lab):
    port = free_port()
    root_path = f"iscsi:10.0.2.2::{port}:1:iqn.2024-01.org.example:lun"
    sentence = failure(lab, lab.boot(lab.config(root_path=root_path)))
    assert "10.0.2.2" in sentence and str(port) in sentence
    assert "refused" in sentence


def test_target_that_does_not_prove_itself(lab):
    target = lab.target(lab.marker_lun(), chap=CHAP, mutual=MUTUAL)
    sentence = failure(lab, lab.boot(lab.config(target, mutual_chap_secret=WRONG)))
    assert "mutual" in sentence and WRONG not in sentence


def test_no_dhcp_server(lab):
    net = lab.network()
    net.segment()
    guest = lab.boot(lab.config(dhcp_wait="3s"), [Nic(tap=net.tap())], net)
    sentence = failure(lab, guest)
    assert "52:54:00:4c:55:01" in sentence and "DHCP" in sentence


def test_dhcp_server_that_only_offers(lab):
    net = lab.network()
    net.segment()
    net.offers_only()
    sentence = failure(lab, lab.boot(lab.config(dhcp_wait="3s"), [Nic(tap=net.tap())], net))
    assert "made an offer and then did not confirm it" in sentence and "check the DHCP server" in sentence


def test_dhcp_without_a_target(lab):
    sentence = failure(lab, lab.boot(lab.config()))
    assert "root-path" in sentence and "17" in sentence


def test_no_link(lab):
    guest = lab.boot(lab.config(link_wait="3s"), [Nic(link=False)])
    assert "no link" in failure(lab, guest)


def test_no_nic(lab):
    assert "firmware drives none" in failure(lab, lab.boot(lab.config(), []))


def test_req_158_mutual_chap_without_random_numbers(lab):
    target = lab.target(lab.marker_lun(), chap=CHAP, mutual=MUTUAL)
    sentence = failure(lab, lab.boot(lab.config(target), randomness=False))
    assert "random" in sentence and "use one-way CHAP" in sentence
    assert capture.pdus(lab.folder / "nic0.pcap", target.port) == []


def test_no_loader_on_the_disk(lab):
    target = lab.target(lab.marker_lun(files={"readme.txt": b"nothing to start here\r\n"}), chap=CHAP)
    sentence = failure(lab, lab.boot(lab.config(target)))
    assert "loader" in sentence and "boot-file" in sentence


def test_disk_without_a_file_system(lab):
    blank = lab.folder / "lun.img"
    with open(blank, "wb") as file:
        file.truncate(16 * disk.MIB)
    target = lab.target(blank, chap=CHAP)
    assert "file system" in failure(lab, lab.boot(lab.config(target)))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("no-such-key = 1", "no-such-key"),
        ("chap-secret = short", "chap-secret"),
        ("root-path = iscsi:10.0.2.2::99999:1:iqn.2024-01.org.example:lun", "root-path"),
    ],
    ids=["unknown-key", "short-secret", "bad-root-path"],
)
def test_bad_line_stops_the_boot(lab, line, expected):
    config = lab.config()
    sentence = failure(lab, lab.boot(config + line + "\n"))
    assert f"lunboot.conf line {config.count(chr(10)) + 1}" in sentence and expected in sentence


def test_a_bad_line_stays_on_the_screen_as_long_as_another_one_asks_for(lab):
    guest = lab.boot(lab.config(pause_on_failure="forever") + "no-such-key = 1\n")
    assert "no-such-key" in guest.lunboot_failed()
    guest.wait_for(r"waiting\s+for\s+a\s+key")
    guest.send("\x1b")
    guest.back_in_firmware()


def test_req_137_the_next_start_tells_why_the_last_failed(lab):
    """Two starts from one shell, without a reset between them."""
    config = lab.config(None, root_path="iscsi:10.0.2.2::1:1:iqn.2024-01.org.example:nowhere", connect_timeout="1s",
                        attach_timeout="2s")
    guest = lab.shell(config, "\r\nFS0:\\lunboot.efi")
    sentence = guest.lunboot_failed()
    told = guest.wait_for(r"the\s+last\s+start\s+failed:\s+((?:.|\n)*?)\n\s+\d+\.\d+ initiator")
    again = " ".join(told[1].split())
    assert sentence.split(":")[0] in again and "iqn.2024-01.org.example:nowhere" in again
