# SPDX-License-Identifier: BSD-2-Clause
"""Each file of docs/recipes.md is what the program that it is for understands."""

import os
import re
import subprocess
import xml.dom.minidom

import pytest
from places import TOP
from recipes import FILES, FOLDER, INTERFACE, recipe

KEA = TOP / "build/third_party/kea/usr/sbin/kea-dhcp4"
SBIN = dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin:/sbin")


def accepted(*command, **env):
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(SBIN, **env))
    assert done.returncode == 0, done.stdout + done.stderr


def check_dnsmasq(name, folder):
    (folder / "file").write_text(recipe(name, {}))
    accepted("dnsmasq", "--test", f"--conf-file={folder}/file")


def check_kea(name, folder):
    (folder / "file").write_text(recipe(name, {INTERFACE: "lo"}))
    accepted(KEA, "-t", folder / "file", KEA_LOCKFILE_DIR=str(folder), KEA_PIDFILE_DIR=str(folder))


def check_lighttpd(name, folder):
    (folder / "file").write_text(recipe(name, {FOLDER: folder}))
    accepted("lighttpd", "-tt", "-f", folder / "file")


def check_settings(name, folder):
    table = (TOP / "firmware/params_table.c").read_text()
    known = set(re.findall(r'X\(\w+, "([a-z-]+)"', table)) | {"include"}
    keys = [line.split("=")[0].strip() for line in FILES[name].splitlines() if line]
    assert keys and set(keys) <= known


def check_shell(name, folder):
    (folder / "file").write_text(FILES[name])
    accepted("bash", "-n", folder / "file")


def check_xml(name, folder):
    assert xml.dom.minidom.parseString(FILES[name])


def check_ipxe(name, folder):
    assert FILES[name].startswith("#!ipxe\n")


def check_tgt(name, folder):
    """Run by tests/vm/test_recipe_boots.py, which needs a tgtd for it."""


CHECKS = {
    r"dnsmasq-.*\.conf": check_dnsmasq, r"kea-.*": check_kea, r"lighttpd\.conf": check_lighttpd,
    r"tgt-.*": check_tgt, r".*\.sh": check_shell, r".*\.xml": check_xml, r".*\.ipxe": check_ipxe,
    r"(lunboot|rooms).*\.conf": check_settings,
}


@pytest.mark.parametrize("name", FILES)
def test_each_file_is_understood(name, tmp_path):
    check = next(each for pattern, each in CHECKS.items() if re.fullmatch(pattern, name))
    check(name, tmp_path)


def test_every_file_of_the_page_is_among_them():
    assert len(FILES) == len(re.findall("^```.+$", (TOP / "docs/recipes.md").read_text(), re.M))
