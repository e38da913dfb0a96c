# SPDX-License-Identifier: BSD-2-Clause
"""`make debug`: gdb stops the image in the firmware at its first line, with source, arguments and a backtrace."""

import subprocess
import sys

from places import TOP, build_dir


def test_gdb_stops_at_the_first_line_and_steps(tmp_path):
    done = subprocess.run(
        [sys.executable, TOP / "tools/gdb/debug", "--build", build_dir(), "--folder", tmp_path / "esp",
         "list efi_main", "backtrace", "next", "info line"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout
    assert "efi_main (image=0x" in done.stdout, done.stdout
    assert "EFI_STATUS EFIAPI efi_main" in done.stdout, done.stdout
    assert '"firmware/main.c" starts at address' in done.stdout, done.stdout
