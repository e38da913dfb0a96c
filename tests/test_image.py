# SPDX-License-Identifier: BSD-2-Clause
"""The image as a file: what firmware and shim demand of it, and that the same sources give the same bytes."""

import os
import shutil
import struct
import subprocess

import pytest

import check_image
from places import TOP, build_dir


@pytest.fixture(name="image")
def fixture_image():
    return (build_dir() / "x86_64/lunboot.efi").read_bytes()


def test_image_is_what_strict_firmware_and_shim_take(image):
    assert not list(check_image.check(image))


def optional_header(image):
    return struct.unpack_from("<I", image, 0x3C)[0] + 24


@pytest.mark.parametrize("fault, spoil", [
    ("NX_COMPAT", lambda image: patch(image, optional_header(image) + 70, "<H", 0x0040)),
    ("DYNAMIC_BASE", lambda image: patch(image, optional_header(image) + 70, "<H", 0x0100)),
    ("timestamp", lambda image: patch(image, optional_header(image) - 16, "<I", 1)),
    ("writable and executable", lambda image: patch(image, optional_header(image) + 240 + 36, "<I", 0xE0000020)),
    ("no relocation", lambda image: patch(image, optional_header(image) + 112 + 8 * 5, "<Q", 0)),
    ("no .sbat", lambda image: image.replace(b".sbat\0\0\0", b".sbut\0\0\0")),
    ("bytes are not under", lambda image: image + bytes(check_image.SIZE_LIMIT)),
])
def test_check_sees_a_spoilt_image(image, fault, spoil):
    assert any(fault in sentence for sentence in check_image.check(spoil(image)))


def patch(image, offset, layout, value):
    data = bytearray(image)
    struct.pack_into(layout, data, offset, value)
    return bytes(data)


def test_image_has_no_path_of_this_machine(image):
    assert str(TOP).encode() not in image


def make_image(top, build):
    env = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    subprocess.run(["make", "-C", top, f"BUILD={build}", f"THIRD_PARTY={TOP}/build/third_party", "image"], env=env,
                   check=True, stdout=subprocess.DEVNULL)
    return (build / "x86_64/lunboot.efi").read_bytes()


def test_same_sources_elsewhere_give_the_same_bytes(image, tmp_path):
    """The sources are copied away and built by another path, into another folder."""
    top = tmp_path / "copy"
    shutil.copytree(TOP, top, ignore=shutil.ignore_patterns("build", ".git", "tests"))
    assert make_image(top, tmp_path / "elsewhere") == image
