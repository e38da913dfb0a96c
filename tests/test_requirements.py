# SPDX-License-Identifier: BSD-2-Clause
"""Every MUST of the sections in work has a test that carries its number, or stands in README.md with its reason.

A test carries a number by its name: test_req_083_odd_hex_digits_are_refused, test_req_150_151_...; an exception is a
row `| REQ-nnn | part | reason |` of the table "Not tested yet" in README.md.
"""

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parent
SECTIONS = set("ABCDEFGHJLMNOPST")
NAME = re.compile(r"\btest_req((?:_\d{3})+)_\w+")
ROW = re.compile(r"^\| REQ-(\d{3}) \| ([^|]+) \| ([^|]+) \|$", re.M)
# Parts that come with a later issue: no other reason counts.
PARTS = {"digests", "recovery", "UEFI variables", "IPv6", "multipath", "LIO"}


def musts():
    for line in (TESTS / "requirements.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            number, section, level = line.split()
            if level == "MUST" and section in SECTIONS:
                yield number


def carried():
    found = set()
    for path in [*TESTS.rglob("*.c"), *TESTS.rglob("*.py")]:
        for match in NAME.finditer(path.read_text()):
            found.update(match.group(1).strip("_").split("_"))
    return found


def excepted():
    return {number: part.strip() for number, part, _ in ROW.findall((TESTS / "README.md").read_text())}


def test_every_must_has_a_test_or_a_reason():
    missing = sorted(set(musts()) - carried() - set(excepted()))
    assert not missing, f"no test carries: {', '.join('REQ-' + n for n in missing)}"


def test_exceptions_are_true():
    rows = excepted()
    assert not set(rows) & carried(), f"tested and excepted: {sorted(set(rows) & carried())}"
    assert set(rows) <= set(musts()), f"excepted without need: {sorted(set(rows) - set(musts()))}"
    assert set(rows.values()) <= PARTS, f"not a reason: {set(rows.values()) - PARTS}"
