# SPDX-License-Identifier: BSD-2-Clause
"""docs/troubleshooting.md has every sentence that a failure can end in, by the words that are in the sources."""

import re

import pytest
from places import TOP

PAGE = " ".join((TOP / "docs/troubleshooting.md").read_text().split())
FIRMWARE = {path.name: path.read_text() for path in sorted((TOP / "firmware").glob("*.c"))}
LITERAL = r'"(?:[^"\\]|\\.)*"'
CONVERSION = r"%(?:\.\*)?[a-zA-Z0-9]+"
ENOUGH = 12  # characters that tell a sentence


def literals(code):
    """The strings in a piece of C: neighbours joined, CONF_NAME put in."""
    code = code.replace("CONF_NAME", '"lunboot.conf"')
    for group in re.findall(rf"{LITERAL}(?:\s*{LITERAL})*", code):
        yield "".join(part.replace('\\"', '"') for part in re.findall(r'"((?:[^"\\]|\\.)*)"', group))


def calls(source, function):
    """The arguments of each call, up to the bracket that closes it."""
    for start in re.finditer(rf"\b{function}\(", source):
        depth, at, quoted = 1, start.end(), False
        while depth:
            if source[at] == '"' and source[at - 1] != "\\":
                quoted = not quoted
            depth += 0 if quoted else {"(": 1, ")": -1}.get(source[at], 0)
            at += 1
        yield source[start.end() : at - 1]


def beginning(sentence):
    """What of it is always the same and comes first."""
    fixed = [part.strip(" ,:;(") for part in re.split(CONVERSION, sentence)]
    return next((part for part in fixed if len(part) >= ENOUGH), None)


def sentences():
    """Of machine_fail: what a call of it can print, but where it prints what others have made."""
    for name, source in FIRMWARE.items():
        for call in calls(source, "machine_fail"):
            for text in literals(call):
                if beginning(text):
                    yield name, beginning(text)


def skipped_nics():
    """The reasons of nics.c, in front of the remedy."""
    for call in calls(FIRMWARE["nics.c"], "skip"):
        yield from list(literals(call))[:-1]


def first_strings(table, end, source):
    """Of each row of a table its first string."""
    rows = source.split(table)[1].split(end)[0]
    return [next(literals(row)) for row in re.findall(r"\{[^{}]+\}", rows) if '"' in row]


FAULTS = re.findall(r'X\((\w+), "([^"]+)"\)', (TOP / "iscsi/fault.h").read_text())


@pytest.mark.parametrize("text", [text for code, text in FAULTS if code != "NONE"])
def test_every_fault_is_there(text):
    assert f"| {text} |" in PAGE or f": {text} |" in PAGE


def test_every_sentence_of_the_program_is_there():
    found = list(sentences())
    assert len({name for name, _ in found}) >= 8 and len(found) > 20
    assert [entry for entry in found if entry[1][:40] not in PAGE] == []


def test_every_nic_that_is_passed_over_is_there():
    found = list(skipped_nics())
    assert len(found) >= 8
    assert [reason for reason in found if f"NIC MAC: {reason} |" not in PAGE] == []


def test_every_status_of_a_login_is_there():
    found = first_strings("} statuses[] = {", "};", FIRMWARE["words.c"])
    assert len(found) > 20
    assert [text for text in found if f"{text} |" not in PAGE] == []


def test_every_failed_fetch_is_there():
    found = first_strings("} fetch_words[] = {", "};", FIRMWARE["served.c"])
    assert len(found) > 10
    assert [text for text in found if f": {text} |" not in PAGE] == []


def test_every_opening_is_there():
    found = re.findall(r'^static const char \w+\[\] = "([^"]*%[TAL][^"]*)";', FIRMWARE["words.c"], re.M)
    named = [text.replace("%T", "TARGET").replace("%A", " at PORTAL").replace("%L", "LUN") for text in found]
    assert len(named) >= 9
    assert [text for text in named if text[0].upper() + text[1:] not in PAGE] == []
