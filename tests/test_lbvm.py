# SPDX-License-Identifier: BSD-2-Clause
"""The tools that watch a guest: what a test concludes from half a line would be wrong."""

import re
import sys

from places import TOP

sys.path.insert(0, str(TOP / "tools/vm"))

from lbvm.vm import clean, whole_lines  # noqa: E402


def first(pattern, raw):
    return re.search(pattern, whole_lines(clean(raw), pattern), re.M)


def test_a_line_that_has_not_ended_is_not_taken_for_whole():
    asked = r"^root=(/\S+) (/\S+)$"
    assert first(asked, b"root=/dev/sda2 /sys/devices/platform/host0/sessi") is None
    assert first(asked, b"root=/dev/sda2 /sys/host0/session1/sda2\r\n")[2] == "/sys/host0/session1/sda2"


def test_a_prompt_needs_no_end_of_line():
    assert first(r"lunboot login: ", b"Debian\r\nlunboot login: ")
