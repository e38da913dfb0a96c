# SPDX-License-Identifier: BSD-2-Clause
"""The README tells the truth where a machine can see it: its settings, its links, its walk."""

import re

from lunctl import lunctl
from places import TOP

README = (TOP / "README.md").read_text()
SETTINGS = (TOP / "docs/settings.md").read_text()
KEYS = re.findall(r'X\(\w+, "([a-z-]+)"', (TOP / "firmware/params_table.c").read_text())


def test_every_setting_stands_in_the_reference_as_lunctl_prints_it():
    asked = lunctl("settings", "--markdown")
    assert asked.status == 0 and not asked.errors
    assert SETTINGS.split("make docs renews it. -->\n")[1] == asked.output.decode(), "make docs renews docs/settings.md"
    assert len(KEYS) > 30
    assert sorted(KEYS) == sorted(re.findall(r"^### ([a-z-]+)$", SETTINGS, re.M))


def test_the_short_table_of_settings_names_keys_that_there_are():
    table = README.split("### Settings")[1].split("\n## ")[0]
    keys = [key for cell in re.findall(r"^\| (`[^|]*) \|", table, re.M) for key in re.findall("`([a-z-]+)`", cell)]
    assert len(keys) > 12 and set(keys) <= set(KEYS)


def test_every_link_leads_somewhere():
    for page in [TOP / "README.md", TOP / "SECURITY.md", *TOP.glob("*/README.md"), *TOP.glob("docs/*.md")]:
        for link, _, place in re.findall(r"\]\(([^)#:]*)(#([^)]*))?\)", page.read_text()):
            other = page.parent / link if link else page
            assert other.exists(), f"{page.name}: {link}"
            assert not place or place in headings(other), f"{page.name}: {link}#{place}"


def headings(page):
    """As they are named in links to them."""
    names = re.findall(r"^#+ (.*)$", page.read_text(), re.M)
    return [re.sub(r"[^\w -]", "", name.lower()).replace(" ", "-") for name in names]


def test_the_walk_of_a_read_names_at_most_seven_files():
    walk = README.split("### The way of one ReadBlocks")[1].split("###")[0]
    files = set(re.findall(r"\]\(([a-z_/]+\.c)\)", walk))
    assert 5 <= len(files) <= 7


def sentences_with(word):
    """Of all pages, that of the settings too."""
    pages = [TOP / "README.md", *TOP.glob("*/README.md"), *TOP.glob("tests/*/README.md"), *TOP.glob("docs/*.md")]
    text = " ".join(page.read_text() for page in pages)
    return [s for s in re.split(r"[.|]\s", " ".join(text.split())) if re.search(word, s, re.I)]


def test_req_179_the_manual_says_what_chap_does_not_protect():
    told = [s for s in sentences_with("CHAP") if "neither the data nor the session" in s]
    assert len(told) == 1
    assert any("IPsec" in s for s in sentences_with("network of its own"))


def test_req_182_digests_are_not_called_security():
    digests = sentences_with(r"\bdigests?\b")
    assert any("accident" in s for s in digests)
    assert not [s for s in digests if re.search("secur|attack|protect|tamper", s, re.I)]
