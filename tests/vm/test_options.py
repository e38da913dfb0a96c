# SPDX-License-Identifier: BSD-2-Clause
"""The command line, as the UEFI Shell gives it to lunboot."""

from lab import CHAP
from lbvm import capture


def test_secret_on_the_command_line_is_refused(lab):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    guest = lab.shell(lab.config(target), "chap-secret=typed-by-mistake-55")
    told = guest.lunboot_failed()
    assert "chap-secret" in told and "a secret is refused here" in told
    guest.wait_for("SHELL-GOES-ON")
    guest.wait_exit()
    assert "typed-by-mistake-55" not in "".join(guest.text.split())
    assert capture.pdus(lab.folder / "nic0.pcap", target.port) == []


def test_option_wins_over_the_file(lab):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    config = lab.config(target, boot_file=r"\EFI\BOOT\BOOTX64.EFI", boot_args='"of the file"')
    guest = lab.shell(config, 'boot-args="of the command line"')
    assert guest.marker("lun")["options"] == "of the command line"
    guest.wait_for("SHELL-GOES-ON")
    guest.wait_exit()
