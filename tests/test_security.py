# SPDX-License-Identifier: BSD-2-Clause
"""The table of parsers in SECURITY.md: what it names is there, and no fuzzer is left out."""

import pytest
from places import TOP

PAGE = (TOP / "SECURITY.md").read_text().split("## Parsers")[1].split("\n## ")[0]
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("|")][2:]
FUZZERS = {path.stem.removeprefix("fuzz_") for path in (TOP / "tests/fuzz").glob("fuzz_*.c")}


@pytest.mark.parametrize(("parsers", "tests"), [row[1:3] for row in ROWS], ids=[row[0] for row in ROWS])
def test_each_parser_and_its_tests_are_there(parsers, tests):
    named = [TOP / name for name in parsers.split(", ")] + [TOP / "tests" / name for name in tests.split(", ")]
    assert [path for path in named if not path.is_file()] == []


def test_each_fuzzer_is_named_and_what_has_none_says_why():
    named = {row[3] for row in ROWS if not row[3].startswith("none: ")}
    assert named == FUZZERS
