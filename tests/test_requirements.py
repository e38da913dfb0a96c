# SPDX-License-Identifier: BSD-2-Clause
"""Every requirement has a test that carries its number, or a reason why not; REQUIREMENTS.md is the table of them.

A test carries a number by its name: test_req_083_..., test_req_150_151_...; requirements.txt has the rest. The
table is made of both: `make requirements` (this file, run as a program) writes it. A reason is one of

    later: PART      what comes with a later issue: PARTS are all that there are
    see: SECTIONS    another requirement in other words: the tests of those sections hold it
    done: WHERE      what no test can show, and where it is done
    does not apply:  why
    not done:        why, plainly; `not done yet:` where it is still to come

and a MUST takes none but the first.
"""

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parent
PAGE = TESTS / "REQUIREMENTS.md"
NAME = re.compile(r"^(?:static void|def) (test_(?:\w+_)?req((?:_\d{3})+)_\w+)", re.M)
LINE = re.compile(r"(\d{3}) ([A-Y]) (MUST|SHOULD|BEYOND) \| ([^|]+?)(?: \| ([^|]+))?")
PARTS = {"multipath", "IPv6", "driver binding", "Block I/O 2", "Secure Boot"}
REASON = re.compile(r"later: ([^(]+?)(?: \(.+\))?|(?:see|done|does not apply|not done|not done yet): .+")
SHOWN = 3  # tests in a row
SECTIONS = {
    "A": "Naming and identity", "B": "Boot parameters", "C": "TCP and transport", "D": "PDU framing",
    "E": "Login: structure", "F": "Text", "G": "Negotiation", "H": "Login status", "I": "Redirection", "J": "CHAP",
    "K": "IPsec and what CHAP does not protect", "L": "Discovery", "M": "Command numbering", "N": "Commands and Data-In",
    "O": "Writes", "P": "NOP, Async, Reject, Text, Logout", "Q": "Task management", "R": "Recovery",
    "S": "SCSI: addressing, geometry, identity", "T": "SCSI: status and sense", "U": "Multipath", "V": "iBFT",
    "W": "UEFI", "X": "Hardening", "Y": "UNH-IOL's suites",
}
HEAD = """# The requirements, and what holds them

Made by `make requirements` from requirements.txt and the tests' names: do not edit. A row without a test has its
reason, in words that test_requirements.py explains.
"""


def requirements():
    """(number, section, level, subject, reason or None), in the order of the file."""
    lines = (TESTS / "requirements.txt").read_text().splitlines()
    return [LINE.fullmatch(line).groups() for line in lines if not line.startswith("#")]


def carried():
    found = {}
    for path in sorted([*TESTS.rglob("*.c"), *TESTS.rglob("*.py")]):
        for name, numbers in NAME.findall(path.read_text()):
            for number in numbers.strip("_").split("_"):
                found.setdefault(number, []).append(f"{path.relative_to(TESTS)}: {name}")
    return found


def cell(tests, reason):
    more = f" and {len(tests) - SHOWN} more" if len(tests) > SHOWN else ""
    return "; ".join(tests[:SHOWN]) + more if tests else reason or ""


def page():
    lines, tests, last = [HEAD.rstrip()], carried(), None
    for number, section, level, subject, reason in requirements():
        if section != last:
            lines += ["", f"## {section}. {SECTIONS[section]}", "", "| number | level | subject | held by |",
                      "| --- | --- | --- | --- |"]
        lines.append(f"| {number} | {level} | {subject} | {cell(tests.get(number, []), reason)} |")
        last = section
    return "\n".join(lines) + "\n"


def is_reason(level, reason):
    found = REASON.fullmatch(reason)
    return bool(found) and (found[1] in PARTS if found[1] else level != "MUST")


def test_every_requirement_has_a_test_or_a_reason():
    tests = carried()
    bare = [f"REQ-{number}" for number, _, level, _, reason in requirements()
            if number not in tests and not is_reason(level, reason or "")]
    assert not bare, f"neither a test nor a reason that counts: {', '.join(bare)}"


def test_no_reason_stands_where_a_test_does():
    tests = carried()
    both = [f"REQ-{number}" for number, _, _, _, reason in requirements() if reason and number in tests]
    assert not both, f"tested: take the reason out of requirements.txt: {', '.join(both)}"


def test_each_number_stands_once_and_no_test_carries_another():
    numbers = [number for number, *_ in requirements()]
    assert numbers == [f"{number:03}" for number in range(1, len(numbers) + 1)]
    assert set(carried()) <= set(numbers)


def test_the_table_is_what_the_tests_say():
    assert PAGE.read_text() == page(), "REQUIREMENTS.md is out of date: make requirements"


if __name__ == "__main__":
    PAGE.write_text(page())
