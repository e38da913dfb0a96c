# SPDX-License-Identifier: BSD-2-Clause
"""Whether guests run under KVM here.

That /dev/kvm is there proves nothing: in a virtual machine it may fail at QEMU's start, or at the firmware's first
instructions. So a firmware is started for as long as it takes to say its first word.
"""

import functools
import os
import selectors
import subprocess
import time

from .proc import environment, scaled, tied

CODE = "/usr/share/OVMF/OVMF_CODE_4M.fd"
VARIABLES = "/usr/share/OVMF/OVMF_VARS_4M.fd"
KVM = ["-accel", "kvm", "-cpu", "host"]
TCG = ["-accel", "tcg", "-cpu", "max"]
PROBE_SECONDS = 30


def comes_up(process):
    """The firmware writes something, before QEMU ends or gives the guest up."""
    end = time.monotonic() + scaled(PROBE_SECONDS)
    with selectors.DefaultSelector() as selector:
        for stream in (process.stdout, process.stderr):
            selector.register(stream, selectors.EVENT_READ)
        while ready := selector.select(max(0, end - time.monotonic())):
            stream = ready[0][0].fileobj
            said = os.read(stream.fileno(), 65536)
            if stream is process.stdout or not said or b"KVM internal error" in said:
                return stream is process.stdout and said != b""
    return False


@functools.cache
def have_kvm():
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    command = ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-machine", "q35", *KVM, "-m", "128",
               "-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={CODE}",
               "-drive", f"if=pflash,format=raw,unit=1,snapshot=on,file={VARIABLES}",
               "-display", "none", "-serial", "stdio"]
    process = subprocess.Popen(tied(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=environment(), start_new_session=True)
    with process:
        try:
            return comes_up(process)
        finally:
            process.kill()


def accelerator():
    return KVM if have_kvm() else TCG
