# SPDX-License-Identifier: BSD-2-Clause
"""A rack of machines that are switched on at the same moment: their network, their target, and what each tells."""

import hashlib
import json
import os
import random
import select
import subprocess
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from lbvm.net import Net
from lbvm.proc import Hang, environment, scaled, tied
from lbvm.target import Account, Target

CHAP = Account("rack", "one-way-secret-12")
BITS = 16
SAN, DHCP = "10.77.0.1", "10.77.0.2"
FIRST, LAST = "10.77.1.1", "10.77.8.250"
BLOCK = 512
STAGES = ("address", "connect", "login", "ready", "block")
GUARD = 120  # seconds for what takes moments


@dataclass(frozen=True)
class Storm:
    """What happens: so many machines, and a target that is away at first."""

    count: int
    dhcp: bool
    down_for: float = 0  # seconds
    refuses: bool = False  # while it is away: its machine runs, and refuses connections; else nothing answers


class Machines:
    """The processes. One pipe is every standard input: a byte for each lets it begin, its end lets it leave. Another
    one is every standard output; lines shorter than PIPE_BUF stay whole."""

    def __init__(self, log):
        self.log = log
        self.processes = []
        self.text = b""
        self.inside, self.leash = os.pipe()
        self.output, self.outside = os.pipe()

    def start(self, command):
        with open(self.log, "ab") as log:
            self.processes.append(subprocess.Popen(command, stdin=self.inside, stdout=self.outside, stderr=log,
                                                   env=environment(), start_new_session=True))

    def all_started(self):
        os.close(self.inside)
        os.close(self.outside)

    def begin(self):
        os.write(self.leash, b"!" * len(self.processes))

    def line(self, seconds):
        """The next line of any of them; None: there was none in that time, or there are no more."""
        end = time.monotonic() + seconds
        while b"\n" not in self.text:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.output], [], [], left)[0]:
                return None
            chunk = os.read(self.output, 65536)
            if not chunk:
                return None
            self.text += chunk
        line, self.text = self.text.split(b"\n", 1)
        return line.decode()

    def count(self, ended):
        return sum(process.poll() is not None and ended(process.returncode) for process in self.processes)

    def wait_ready(self):
        end = time.monotonic() + scaled(GUARD)
        ready = 0
        while ready < len(self.processes):
            if self.line(0.2):
                ready += 1
            elif self.count(lambda _: True) or time.monotonic() > end:
                raise Hang(f"only {ready} of {len(self.processes)} machines are ready:\n{self.log.read_text()}")

    def leave(self):
        """They log out, each by itself; what does not end is killed."""
        if self.leash is not None:
            os.close(self.leash)
            self.leash = None
        end = time.monotonic() + scaled(GUARD)
        for process in self.processes:
            try:
                process.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def kill(self):
        for process in self.processes:
            process.kill()

    def close(self):
        self.leave()
        os.close(self.output)


class Rack:
    """Everything that one storm needs, in a network namespace of its own; ended when the with statement is left."""

    def __init__(self, storm, client, folder):
        self.storm, self.client, self.folder = storm, client, Path(folder)
        self.first_block = random.Random(storm.count).randbytes(BLOCK)
        self.net = Net(self.folder)
        self.target = self.machines = None

    def __enter__(self):
        try:
            self._build()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def _build(self):
        lun = self.folder / "lun"
        lun.write_bytes(self.first_block + bytes(1 << 20))
        # The many ports would spend their time on telling each other of IPv6.
        self.net.run("sh", "-c", "cd /proc/sys/net/ipv6/conf/default 2>/dev/null && echo 1 >disable_ipv6 || true")
        self.net.segment(address=SAN, bits=BITS)
        self.target = Target([lun], chap=CHAP, net=self.net, address=SAN, log=self.folder / "tgtd.log")
        if not self.storm.refuses:
            self.target.start()
        if self.storm.down_for and not self.storm.refuses:
            self._plug("del")
        if self.storm.dhcp:
            self.net.dhcp(address=DHCP, first=FIRST, last=LAST, bits=BITS, options={17: self.target.root_path(SAN)})
        self._start_machines()

    def _plug(self, change):
        """The target's address: while it is deleted, nobody answers for it."""
        self.net.run("ip", "addr", change, f"{SAN}/{BITS}", "dev", "lan")

    def _settings(self, number):
        if self.storm.dhcp:
            return []
        return [f"ip=10.77.{1 + number // 256}.{number % 256}/{BITS}", f"root-path={self.target.root_path(SAN)}"]

    def _start_machines(self):
        config = self.folder / "lunboot.conf"
        config.write_text(f"chap-name = {CHAP.name}\nchap-secret = {CHAP.secret}\n")
        self.machines = Machines(self.folder / "machines.log")
        for number, tap in enumerate(self.net.taps(self.storm.count, alone=True)):
            mac = f"52:54:00:5a:{number >> 8:02x}:{number & 255:02x}"
            self.machines.start(self.net.prefix() + tied(
                [self.client, "--tap", tap, "--mac", mac, "--config", config, *self._settings(number)]))
        self.machines.all_started()
        self.machines.wait_ready()
        self._wait_for_links()

    def _wait_for_links(self):
        """A bridge takes a moment before it forwards for a port that has come up."""
        end = time.monotonic() + scaled(GUARD)
        states = []
        while len(states) < self.storm.count or set(states) != {"forwarding"}:
            if time.monotonic() > end:
                raise Hang(f"the bridge does not forward for every port: {Counter(states)}")
            states = [port["state"] for port in json.loads(self.net.run("bridge", "-j", "link", "show"))
                      if port["ifname"].startswith("tap")]

    def _power_on_san(self):
        if self.storm.refuses:
            self.target.start()
        else:
            self._plug("add")

    def run(self, limit):
        """Power on. What came of it, in seconds since then."""
        began, told, back = time.monotonic(), [], 0.0
        self.machines.begin()
        while len(told) + self.machines.count(lambda code: code < 0) < self.storm.count:
            now = time.monotonic() - began
            if now > limit:
                self.machines.kill()
                break
            if self.storm.down_for and not back and now >= self.storm.down_for:
                self._power_on_san()
                back = time.monotonic() - began
                continue
            line = self.machines.line(min(1.0, self.storm.down_for - now) if self.storm.down_for > now else 1.0)
            if line:
                told.append(json.loads(line))
        sessions = self.target.sessions() if self.target.daemon else []
        self.machines.leave()
        return self._result(began, back, told, sessions)

    def _result(self, began, back, told, sessions):
        for machine in told:
            for stage in STAGES:
                if f"{stage}_ms" in machine:
                    machine[f"{stage}_s"] = round(machine.pop(f"{stage}_ms") / 1000 - began, 3)
        expected = hashlib.sha256(self.first_block).hexdigest()
        return {
            "count": self.storm.count,
            "addresses": "DHCP" if self.storm.dhcp else "static",
            "away_s": self.storm.down_for,
            "while_away": ("refuses" if self.storm.refuses else "silent") if self.storm.down_for else "",
            "back_s": round(back, 3),
            "wrong_content": sum(m.get("block_sha256", expected) != expected for m in told),
            "not_told": self.storm.count - len(told),
            "sessions": sorted(sessions),
            "sessions_left": self.target.sessions() if self.target.daemon else [],
            "exit_codes": dict(Counter(process.returncode for process in self.machines.processes)),
            "machines": told,
        }

    def close(self):
        if self.machines:
            self.machines.close()
        if self.target:
            self.target.stop()
        self.net.close()


def run(storm, client, log, limit):
    """One storm; what the machines logged is kept in the file `log`."""
    with tempfile.TemporaryDirectory(prefix="lb-storm-") as work, Rack(storm, client, work) as rack:
        try:
            return rack.run(limit)
        finally:
            Path(log).write_bytes(rack.machines.log.read_bytes())
