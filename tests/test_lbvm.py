# SPDX-License-Identifier: BSD-2-Clause
"""The tools that watch a guest: what a test concludes from half a line would be wrong."""

import re
import subprocess
import sys

import pytest
from places import TOP

sys.path.insert(0, str(TOP / "tools/vm"))

from lbvm.accel import comes_up  # noqa: E402
from lbvm.vm import clean, whole_lines  # noqa: E402


def first(pattern, raw):
    return re.search(pattern, whole_lines(clean(raw), pattern), re.M)


def test_a_line_that_has_not_ended_is_not_taken_for_whole():
    asked = r"^root=(/\S+) (/\S+)$"
    assert first(asked, b"root=/dev/sda2 /sys/devices/platform/host0/sessi") is None
    assert first(asked, b"root=/dev/sda2 /sys/host0/session1/sda2\r\n")[2] == "/sys/host0/session1/sda2"


def test_a_prompt_needs_no_end_of_line():
    assert first(r"lunboot login: ", b"Debian\r\nlunboot login: ")


@pytest.mark.parametrize("behaviour, usable", [
    ("echo firmware; exec sleep 60", True),
    ("echo a warning >&2; echo firmware; exec sleep 60", True),
    ("echo KVM internal error. Suberror: 1 >&2; exec sleep 60", False),
    ("echo failed to set MSR 0x10a to 0x69 >&2; exit 1", False),
])
def test_kvm_counts_only_when_a_guest_comes_up_under_it(behaviour, usable):
    with subprocess.Popen(["sh", "-c", behaviour], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            assert comes_up(process) is usable
        finally:
            process.kill()
