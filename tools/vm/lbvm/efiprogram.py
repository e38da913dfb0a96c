# SPDX-License-Identifier: BSD-2-Clause
"""Compiles a single-file EFI program for the tests, with the compiler and linker that build lunboot.efi."""

import os
import shutil
import subprocess
from pathlib import Path

SUFFIXES = [""] + [f"-{number}" for number in range(21, 13, -1)]
COMPILE = (
    "--target=x86_64-unknown-windows-gnu -std=c11 -O2 -ffreestanding -fshort-wchar -mno-red-zone "
    "-mno-stack-arg-probe -fno-stack-protector -fno-builtin -Wall -Wextra -Werror -DGNU_EFI_USE_MS_ABI"
).split()
LINK = (
    "/subsystem:efi_application /entry:efi_main /nodefaultlib /dynamicbase /nxcompat /tsaware:no /timestamp:0 /base:0"
).split()


def _tool(name):
    for suffix in SUFFIXES:
        if found := shutil.which(name + suffix):
            return found
    raise RuntimeError(f"not installed: {name}")


def build(source, out):
    """The program `out`, made of the C file `source`."""
    headers = Path(os.environ.get("GNU_EFI", "/usr/include/efi"))
    out = Path(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_suffix(".o")
    subprocess.run(
        [_tool("clang"), *COMPILE, "-isystem", headers, "-isystem", headers / "x86_64", "-c", source, "-o", part],
        check=True,
    )
    subprocess.run([_tool("lld-link"), *LINK, f"/out:{out}", part], check=True)
    part.unlink()
    return out
