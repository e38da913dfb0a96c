# SPDX-License-Identifier: BSD-2-Clause
"""The files of docs/recipes.md, as they stand in the page, with its addresses and paths replaced by a test's own."""

import re

from places import TOP

FILES = dict(re.findall(r"^```\w+ file=(\S+)\n(.*?)^```$", (TOP / "docs/recipes.md").read_text(), re.M | re.S))

# What the page calls them.
BOOT_SERVER = "192.0.2.2"
STORAGE = "192.0.2.10"
NETWORK = "192.0.2."
FOLDER = "/srv/boot"
INTERFACE = "eth0"
MAC = "52:54:00:12:34:56"
TARGET = "iqn.2026-11.com.example:node7"
INITIATOR = "iqn.2026-11.com.example:host7"


def recipe(name, replaced):
    """The longest name first: one address may begin as another does. What is to be replaced and is not there fails."""
    text = FILES[name]
    for old, new in sorted(replaced.items(), key=lambda pair: -len(pair[0])):
        assert old in text, f"{name} has no {old}"
        text = re.sub(re.escape(old) + r"(?!\d)" if old[-1].isdigit() else re.escape(old), lambda _: str(new), text)
    return text
