# SPDX-License-Identifier: BSD-2-Clause
"""The Linux kernel's own iSCSI target (LIO), in a guest of its own.

A kernel module cannot be started by a test, so it runs in a QEMU guest: Debian's kernel and one script as its init
(tools/lio). LUNs are files of ours, the guest's virtio disks; its port 3260 is a port of our loopback. The guest has
many targets at once and takes orders at any time: run() gives it a line of shell, in which the functions of
tools/lio/init and all of configfs are at hand.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from .accel import accelerator
from .target import free_port
from .vm import Machine, Vm

TOP = Path(__file__).resolve().parent.parent.parent.parent
ISCSI = "/sys/kernel/config/target/iscsi"
DISKS = "/sys/kernel/config/target/core/iblock_0"


@dataclass
class LioDisk:
    """A file that the guest sees as a disk of this block size; control: options of LIO's backing store."""

    path: Path
    block: int = 512
    control: str = ""


class Lio(Vm):
    """The guest with its disks (LioDisk); targets are made once it runs."""

    def __init__(self, folder, disks):
        super().__init__(Machine(), folder)
        self.disks = disks
        self.port = free_port()

    def command(self):
        made = subprocess.run([TOP / "tools/lio/build"], stdout=subprocess.PIPE, text=True, check=True)
        files = Path(made.stdout.strip())
        command = [
            "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-machine", "q35", *accelerator(),
            "-m", "256", "-no-reboot", "-kernel", files / "vmlinuz", "-initrd", files / "initramfs",
            "-append", "console=ttyS0 panic=-1", "-serial", f"file:{self.folder}/kernel.txt",
            "-netdev", f"user,id=n0,hostfwd=tcp:127.0.0.1:{self.port}-:3260",
            "-device", "virtio-net-pci,netdev=n0,romfile=",
        ]
        for number, disk in enumerate(self.disks):
            size = f"logical_block_size={disk.block},physical_block_size={disk.block}"
            command += ["-drive", f"if=none,id=d{number},format=raw,file={disk.path}",
                        "-device", f"virtio-blk-pci,drive=d{number},addr=0x{8 + number:x},{size}"]
        return command

    def start(self):
        super().start()
        self.wait_for("^READY$")
        for number, disk in enumerate(self.disks):
            self.run(f"disk disk{number} /dev/vd{'abcdefghijklmnop'[number]} {disk.control}")
        return self

    def run(self, line):
        """A line of shell in the guest: what it prints. Fails when its status is not 0."""
        start = self.searched
        self.send(line + "\n")
        found = self.wait_for(r"^DONE (\d+)$")
        said = self.text[start : found.start()].strip()
        if found[1] != "0":
            raise RuntimeError(f"in the guest, {line}: status {found[1]}: {said}")
        return said

    def set(self, folder, values):
        """Writes {file: value} in a folder of configfs."""
        if values:
            self.run(f"settings {folder} " + " ".join(f"{key}={value}" for key, value in values.items()))

    def target(self, iqn, luns, chap=None, mutual=None, node=None, params=None):
        """Makes a target and lets initiators in.

        luns: {LUN: number of the disk}. chap, mutual: accounts, for everyone, or for the initiator of that name where
        `node` is given and no other may log in. params: values for text keys, such as HeaderDigest.
        """
        tpg = f"{ISCSI}/{iqn}/tpgt_1"
        self.run(f"target {iqn}")
        for lun, number in luns.items():
            self.run(f"lun {iqn} {lun} disk{number}")
        if node:
            self.run(f"node {iqn} {node}")
        keys = {"userid": chap.name, "password": chap.secret} if chap else {}
        keys.update({"userid_mutual": mutual.name, "password_mutual": mutual.secret} if mutual else {})
        self.set(f"{tpg}/acls/{node}/auth" if node else f"{tpg}/auth", keys)
        self.set(f"{tpg}/attrib", {"authentication": 1} if chap else {})
        self.set(f"{tpg}/param", dict({"AuthMethod": "CHAP" if chap else "None"}, **(params or {})))
        self.enable(iqn)

    def enable(self, iqn, on=True):
        """While it is off the target refuses logins; what was logged in is cut off."""
        self.run(f"echo {int(on)} >{ISCSI}/{iqn}/tpgt_1/enable")

    def sessions(self, iqn):
        """Initiator names of the sessions that are there now, of targets open to everyone."""
        said = self.run(f"cat {ISCSI}/{iqn}/tpgt_1/dynamic_sessions")
        return [name for name in said.replace("\0", "\n").split() if name]

    def kernel_log(self):
        return (self.folder / "kernel.txt").read_text(errors="replace")

    def root_path(self, iqn, lun=1):
        """The RFC 4173 string for a guest with user networking, which knows our loopback as 10.0.2.2."""
        return f"iscsi:10.0.2.2::{self.port}:{lun:x}:{iqn}"
