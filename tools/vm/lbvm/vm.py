# SPDX-License-Identifier: BSD-2-Clause
"""One QEMU guest under OVMF: its disks, NICs, serial port and monitor."""

import json
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from . import disk
from .accel import accelerator
from .proc import HANG_GUARD, Hang, environment, scaled, start_reader, tied

OVMF_CODE = ("/usr/share/OVMF/OVMF_CODE_4M.fd",)
OVMF_VARS = "/usr/share/OVMF/OVMF_VARS_4M.fd"
# CSI sequences (with the private = and ? that OVMF sends), and the two-byte ones.
ESCAPES = re.compile(rb"\x1b\[[0-9;=?]*[@-~]|\x1b[()][0-9A-B]|\x1b[=>78cDEHMNOZ]")
# OVMF's terminal driver breaks a line that is too long by going to column 1: no new line of text.
WRAP = re.compile(rb"\x1b\[\d+;0?1[Hf]")
CURSOR = re.compile(rb"\x1b\[\d+;\d+[Hf]")


@dataclass
class Disk:
    path: Path
    bootindex: int = -1
    read_only: bool = False


@dataclass
class Nic:
    """model: a QEMU device. rom: None leaves QEMU's own option ROM (iPXE), "" takes it away, so that
    the firmware's driver serves the NIC. tap: a tap of `Vm.net`; without one, user networking."""

    model: str = "virtio-net-pci"
    rom: str = ""
    tap: str = ""
    mac: str = ""
    user: str = ""
    link: bool = True
    pcap: str = ""
    options: str = ""


@dataclass
class Machine:
    disks: list = field(default_factory=list)
    nics: list = field(default_factory=list)
    memory: int = 1024
    cpus: int = 1
    vga: bool = False
    extra: list = field(default_factory=list)
    code: str = OVMF_CODE[0]
    variables: str = OVMF_VARS
    randomness: bool = True  # a generator, of the firmware's and of the processor's


def e1000e(**more):
    """OVMF has no driver for it: the one in QEMU's option ROM serves."""
    return Nic(model="e1000e", rom=None, **more)


def _nic_arguments(number, nic):
    # A capture must hold plain Ethernet frames, so then without the header of virtio's offloads.
    plain = ",vnet_hdr=off" if nic.pcap else ""
    backend = f"tap,ifname={nic.tap},script=no,downscript=no{plain}" if nic.tap else "user"
    backend += f",id=n{number}" + (f",{nic.user}" if nic.user else "")
    device = f"{nic.model},id=nic{number},netdev=n{number},mac={nic.mac or f'52:54:00:4c:55:{number + 1:02x}'}"
    # Fixed slots: a NIC's PCI address is part of what the tests configure and check.
    device += f",addr=0x{8 + number:x}"
    device += "" if nic.rom is None else f",romfile={nic.rom}"
    device += f",{nic.options}" if nic.options else ""
    words = ["-netdev", backend, "-device", device]
    if nic.pcap:
        words += ["-object", f"filter-dump,id=f{number},netdev=n{number},file={nic.pcap}"]
    return words


def qemu_command(machine, variables):
    """The QEMU command line without serial port, display and monitor, which the caller chooses."""
    command = [
        "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-machine", "q35", *accelerator(),
        "-smp", str(machine.cpus), "-m", str(machine.memory), "-no-reboot",
        "-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={machine.code}",
        "-drive", f"if=pflash,format=raw,unit=1,file={variables}",
    ]
    command += ["-device", "virtio-rng-pci"] if machine.randomness else ["-cpu", "max,rdrand=off,rdseed=off"]
    for number, item in enumerate(machine.disks):
        mode = ",readonly=on" if item.read_only else ""
        boot = f",bootindex={item.bootindex}" if item.bootindex >= 0 else ""
        command += ["-drive", f"if=none,id=d{number},format=raw,cache=unsafe,file={item.path}{mode}",
                    "-device", f"virtio-blk-pci,drive=d{number},addr=0x{3 + number:x}{boot}"]
    for number, nic in enumerate(machine.nics):
        command += _nic_arguments(number, nic)
    if machine.vga:
        command += ["-device", "VGA"]
    return command + machine.extra


def clean(raw):
    """Serial bytes as text: escapes gone, a cursor movement counted as the start of a line."""
    text = ESCAPES.sub(b"", CURSOR.sub(b"\n", WRAP.sub(b"", raw))).replace(b"\r", b"")
    return re.sub(r"\n{3,}", "\n\n", text.replace(b"\0", b"").decode("utf-8", "replace"))


def whole_lines(text, pattern):
    """What a pattern is matched against while more bytes may come: one that asks for a line's end sees no line that
    has not ended, because `$` also matches where the last read happened to stop."""
    return text[: text.rfind("\n") + 1] if pattern.endswith("$") else text


class Qmp:
    """QEMU's monitor protocol, as far as the tests need it. QEMU connects to us, so there is nothing to wait for."""

    def __init__(self, path):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(1)
        self.socket = self.file = None
        self.events = []

    def accept(self, process):
        """Until QEMU has connected; false when it ended instead."""
        self.listener.settimeout(0.1)
        while not self.socket:
            try:
                self.socket = self.listener.accept()[0]
            except TimeoutError:
                if process.poll() is not None:
                    return False
        self.socket.settimeout(scaled(60))
        self.file = self.socket.makefile("rw")
        self.file.readline()
        self("qmp_capabilities")
        return True

    def _read(self):
        """The next answer; None for an event, which is kept."""
        message = json.loads(self.file.readline())
        if "event" in message:
            self.events.append(message["event"])
            return None
        return message

    def __call__(self, command, **arguments):
        words = {key.replace("_", "-"): value for key, value in arguments.items()}
        self.file.write(json.dumps({"execute": command, "arguments": words}) + "\n")
        self.file.flush()
        while not (answer := self._read()):
            pass
        if "error" in answer:
            raise RuntimeError(f"QMP {command}: {answer['error']}")
        return answer["return"]

    def wait_for(self, event):
        """Until that event has come, now or before."""
        while event not in self.events:
            self._read()

    def close(self):
        for open_one in filter(None, (self.file, self.socket, self.listener)):
            open_one.close()


class Vm:
    """A running guest. Used as a context: leaving it always ends the QEMU that it started."""

    def __init__(self, machine, folder, net=None):
        self.machine, self.net = machine, net
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.sockets = Path(tempfile.mkdtemp(prefix="lb-vm-"))
        self.changed = threading.Condition()
        self.raw, self.stamps, self.ended = b"", [], False
        self.searched = 0
        self.process = self.qmp = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def command(self):
        """QEMU's command line, but for the serial port, the display and the monitor."""
        variables = self.folder / "vars.fd"
        shutil.copy(self.machine.variables, variables)
        return qemu_command(self.machine, variables)

    def start(self):
        command = self.command()
        self.qmp = Qmp(self.sockets / "qmp")
        command += ["-display", "none", "-serial", "stdio", "-qmp", f"unix:{self.sockets}/qmp"]
        if self.net:
            command = self.net.prefix() + command
        (self.folder / "qemu.txt").write_text(" ".join(str(c) for c in command) + "\n")
        with open(self.folder / "qemu.log", "wb") as errors:
            self.process = subprocess.Popen(
                tied(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                env=environment(), start_new_session=True,
            )
        self.started = time.monotonic()
        self.reader = start_reader(self.process.stdout, self._received)
        if not self.qmp.accept(self.process):
            raise Hang("QEMU ended at once:\n" + (self.folder / "qemu.log").read_text(errors="replace"))
        for number, nic in enumerate(self.machine.nics):
            if not nic.link:
                self.set_link(number, False)
        return self

    def _received(self, chunk):
        with self.changed:
            self.stamps.append((len(self.raw), time.monotonic() - self.started))
            self.raw += chunk
            self.ended = self.ended or not chunk
            self.changed.notify_all()

    @property
    def text(self):
        """Everything that came over the serial port so far, without escapes."""
        with self.changed:
            return clean(self.raw)

    def stamped(self):
        """The serial text, each line with the seconds since QEMU's start at which its first byte came."""
        with self.changed:
            raw, stamps = self.raw, list(self.stamps)
        lines, at, seconds = [], 0, 0.0
        for piece in raw.splitlines(keepends=True):
            while stamps and stamps[0][0] <= at:
                seconds = stamps.pop(0)[1]
            at += len(piece)
            lines += [f"{seconds:8.3f} {line}" for line in clean(piece).split("\n") if line.strip()]
        return "\n".join(lines)

    def wait_for(self, pattern, guard=HANG_GUARD):
        """The next match after the last one waited for. Raises Hang with the whole text so far."""
        wanted = re.compile(pattern, re.M)
        end = time.monotonic() + scaled(guard)
        with self.changed:
            while True:
                text = clean(self.raw)
                seen = text if self.ended else whole_lines(text, pattern)
                found = wanted.search(seen, min(self.searched, len(seen)))
                if found:
                    self.searched = found.end()
                    return found
                left = end - time.monotonic()
                if self.ended or left <= 0:
                    why = "QEMU ended" if self.ended else f"nothing in {guard} s"
                    raise Hang(f"waited for {pattern!r}: {why}. Serial port so far:\n{text}")
                self.changed.wait(min(left, 5))

    def wait_exit(self, guard=HANG_GUARD):
        """Until the guest has switched itself off; then the whole text."""
        try:
            self.process.wait(scaled(guard))
        except subprocess.TimeoutExpired:
            raise Hang(f"the guest still runs. Serial port so far:\n{self.text}") from None
        self.reader.join(10)
        return self.text

    def send(self, text):
        """Keys typed on the serial console."""
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def set_link(self, nic, up):
        self.qmp("set_link", name=f"nic{nic}", up=up)

    def memory_when_off(self):
        """All of the guest's memory once it has switched itself off; started with -no-shutdown, which keeps it."""
        self.qmp.wait_for("SHUTDOWN")
        kept = self.folder / "memory"
        self.qmp("pmemsave", val=0, size=self.machine.memory << 20, filename=str(kept))
        memory = kept.read_bytes()
        kept.unlink()
        return memory

    def screenshot(self, path):
        self.qmp("screendump", filename=str(path), format="png")
        return Path(path)

    def stop(self):
        if self.process:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait(10)
            self.reader.join(10)
            for pipe in (self.process.stdin, self.process.stdout):
                pipe.close()
            (self.folder / "serial.txt").write_text(self.stamped())
        if self.qmp:
            self.qmp.close()
        self.qmp = None
        shutil.rmtree(self.sockets, ignore_errors=True)


def make_esp(path, program, config=None, more=None):
    """A small FAT disk that the firmware starts `program` from, with lunboot.conf beside it."""
    files = {"EFI/BOOT/BOOTX64.EFI": Path(program)}
    if config is not None:
        files["EFI/BOOT/lunboot.conf"] = config.encode()
    files.update(more or {})
    disk.make_fat(path, 8 * disk.MIB, 512, files)
    return Path(path)
