# SPDX-License-Identifier: BSD-2-Clause
"""The islands hold: what the table in the Makefile's head forbids does not build."""

import os
import shutil
import subprocess

import pytest

from places import TOP


@pytest.fixture(name="tree", scope="module")
def fixture_tree(tmp_path_factory):
    """A copy of the headers, so that bad files can be put in, and be the only ones."""
    top = tmp_path_factory.mktemp("islands") / "tree"
    shutil.copytree(TOP, top, ignore=shutil.ignore_patterns("build", ".git", "tests"))
    for island in ("iscsi", "net", "efi", "firmware"):
        for source in (top / island).glob("*.c"):
            source.unlink()
    return top


def make(tree, *goals):
    env = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    return subprocess.run(["make", "-C", tree, f"THIRD_PARTY={TOP}/build/third_party", *goals], env=env,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


def compile_line(tree, island, line):
    """Builds a file of that island which has only this line, for the firmware."""
    source = tree / island / "probe.c"
    source.write_text(f"{line}\ntypedef int probe;\n")
    try:
        return make(tree, f"build/x86_64/{island}/probe.o")
    finally:
        source.unlink()


@pytest.mark.parametrize("island, header", [
    ("iscsi", "net/nic.h"), ("iscsi", "efi/blkdev.h"), ("iscsi", "firmware/params.h"), ("iscsi", "lwip/tcp.h"),
    ("iscsi", "efi.h"), ("iscsi", "unistd.h"), ("net", "iscsi/pdu.h"), ("net", "efi/blkdev.h"), ("net", "efi.h"),
    ("net", "mbedtls/md5.h"), ("efi", "iscsi/pdu.h"), ("efi", "net/net.h"), ("efi", "firmware/params.h"),
    ("efi", "lwip/tcp.h"), ("firmware", "lwip/tcp.h"), ("firmware", "unistd.h"),
])
def test_forbidden_include_does_not_compile(tree, island, header):
    done = compile_line(tree, island, f'#include "{header}"')
    assert done.returncode != 0
    assert f"'{header}' file not found" in done.stdout, done.stdout


@pytest.mark.parametrize("island, header", [
    ("iscsi", "pdu.h"), ("iscsi", "mbedtls/md5.h"), ("net", "nic.h"), ("net", "lwip/tcp.h"), ("efi", "net/nic.h"),
    ("efi", "efi.h"), ("firmware", "iscsi/pdu.h"), ("firmware", "net/net.h"), ("firmware", "efi/blkdev.h"),
])
def test_allowed_include_compiles(tree, island, header):
    done = compile_line(tree, island, f'#include "{header}"')
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("code, complaint", [
    pytest.param("int probe_count;", "writable global in the core: probe_count", id="global"),
    pytest.param("int *probe(void);\nint *probe(void)\n{\n    static int count;\n    return &count;\n}",
                 "writable global in the core: ", id="static"),
    pytest.param("int puts(const char *);\nint probe(void);\nint probe(void)\n{\n    return puts(\"\");\n}",
                 "the core refers to something outside: puts", id="outside call"),
])
def test_req_351_core_that_does_not_stand_alone_is_refused(tree, code, complaint):
    source = tree / "iscsi/probe.c"
    source.write_text(code + "\n")
    try:
        done = make(tree, "core-check")
    finally:
        source.unlink()
    assert done.returncode != 0
    assert complaint in done.stdout, done.stdout


def test_core_that_stands_alone_is_taken(tree):
    source = tree / "iscsi/probe.c"
    source.write_text("#include <string.h>\nvoid probe(void *a, void *b);\nvoid probe(void *a, void *b)\n"
                      "{\n    memmove(a, b, 77);\n}\n")
    try:
        done = make(tree, "core-check")
    finally:
        source.unlink()
    assert done.returncode == 0, done.stdout


def test_include_that_climbs_out_is_refused(tree):
    header = tree / "iscsi/probe.h"
    header.write_text('#include "../net/nic.h"\n')
    try:
        done = make(tree, "include-check")
    finally:
        header.unlink()
    assert done.returncode != 0
    assert 'iscsi/probe.h:1:#include "../net/nic.h"' in done.stdout
