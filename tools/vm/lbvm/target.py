# SPDX-License-Identifier: BSD-2-Clause
"""A tgtd of one's own: its control port and socket, its portal, one target, its accounts.

tgtd keeps LUN 0 for its controller, so disks start at LUN 1; and it ignores SIGTERM while it has
targets, so the target is deleted first.
"""

import shutil
import signal
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .proc import Daemon, environment

DEFAULT_IQN = "iqn.2024-01.org.example:lun"


@dataclass(frozen=True)
class Account:
    name: str
    secret: str


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Target:
    """One tgtd with one target.

    luns: files, exported as LUN 1, 2, ... `chap` is what the initiator must prove, `mutual` what
    the target proves in return. `net` is a Net whose namespace the daemon listens in. `options` are
    tgtd's own for iSCSI, such as nop_interval=1,nop_count=2. `digests` are those it takes
    ("CRC32C,None"; its own are None).
    """

    def __init__(self, luns, block=512, iqn=DEFAULT_IQN, chap=None, mutual=None, net=None,
                 address="127.0.0.1", port=None, acl=("ALL",), read_only=False, log=None, options="",
                 digests=""):
        self.luns = [Path(lun).resolve() for lun in luns]
        self.block, self.iqn, self.chap, self.mutual = block, iqn, chap, mutual
        self.net, self.address, self.acl, self.read_only = net, address, acl, read_only
        self.port = port or (3260 if net else free_port())
        # A Unix socket's path has room for 107 bytes: a short folder of its own, not the test's.
        self.folder = Path(tempfile.mkdtemp(prefix="lb-tgt-"))
        self.log = Path(log) if log else self.folder / "tgtd.log"
        self.control = 1  # names the socket inside our own folder only
        self.options, self.digests = options, digests
        self.targets = 1
        self.daemon = None
        self.said = ""

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def root_path(self, host=None, lun=1):
        """The RFC 4173 string for this target; slirp's guests know our loopback as 10.0.2.2."""
        host = host or ("10.0.2.2" if self.address == "127.0.0.1" else self.address)
        return f"iscsi:{host}::{self.port}:{lun:x}:{self.iqn}"

    def _admin(self, *words, check=True):
        command = ["tgtadm", "-C", str(self.control), "--lld", "iscsi", *words]
        env = environment(TGT_IPC_SOCKET=str(self.folder / "ipc"))
        done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
        if check and done.returncode:
            raise RuntimeError(f"tgtadm {' '.join(words[:4])}: {done.stderr.strip()}\n{self.log.read_text()}")
        return done

    def start(self):
        try:
            self._launch()
            self._configure()
        except BaseException:
            self.stop()
            raise
        return self

    def _launch(self):
        command = ["tgtd", "-f", "-d", "1", "-C", str(self.control), "-t", "2",
                   "--iscsi", ",".join(filter(None, [f"portal={self.address}:{self.port}", self.options]))]
        if self.net:
            command = self.net.prefix() + command
        self.daemon = Daemon("tgtd", command, self.log, TGT_IPC_SOCKET=str(self.folder / "ipc"))
        self.daemon.wait_until(
            lambda: self._admin("--op", "show", "--mode", "target", check=False).returncode == 0,
            "answer on its control socket",
        )
        portals = self._admin("--op", "show", "--mode", "portal").stdout
        if f":{self.port}," not in portals:
            raise RuntimeError(f"tgtd does not listen on {self.address}:{self.port}:\n{self.log.read_text()}")

    def _configure(self):
        self._admin("--op", "new", "--mode", "target", "--tid", "1", "-T", self.iqn)
        for number, lun in enumerate(self.luns, 1):
            self.add_lun(number, lun)
        for key in ("HeaderDigest", "DataDigest") if self.digests else ():
            self._admin("--op", "update", "--mode", "target", "--tid", "1", "-n", key, "-v", self.digests)
        if self.chap:
            self._account(self.chap)
        if self.mutual:
            self._account(self.mutual, "--outgoing")
        for address in self.acl:
            self._admin("--op", "bind", "--mode", "target", "--tid", "1", "-I", address)

    def add_lun(self, number, file):
        self._admin("--op", "new", "--mode", "logicalunit", "--tid", "1", "--lun", str(number),
                    "-b", str(file), "--blocksize", str(self.block))
        if self.read_only:
            self._admin("--op", "update", "--mode", "logicalunit", "--tid", "1", "--lun", str(number),
                        "--params", "readonly=1")

    def add_target(self, iqn):
        """One more that the portal lists, without a disk."""
        self.targets += 1
        self._admin("--op", "new", "--mode", "target", "--tid", str(self.targets), "-T", iqn)
        self._admin("--op", "bind", "--mode", "target", "--tid", str(self.targets), "-I", "ALL")

    def protect_list(self):
        """Whoever asks for the targets must prove itself, too."""
        self._admin("--op", "bind", "--mode", "account", "--user", self.chap.name)

    def _account(self, account, *direction):
        self._admin("--op", "new", "--mode", "account", "--user", account.name, "--password", account.secret)
        self._admin("--op", "bind", "--mode", "account", "--tid", "1", "--user", account.name, *direction)

    def redirect(self, to, permanent=False):
        """Sends whoever logs in to another Target. (tgtd does not where the initiator itself has that address.)"""
        for name, value in {"Address": to.address, "Port": to.port,
                            "Reason": "Permanent" if permanent else "Temporary"}.items():
            self._admin("--op", "update", "--mode", "target", "--tid", "1", "-n", f"Redirect{name}", "-v", str(value))

    def sessions(self):
        """Initiator names of the sessions that are there now."""
        shown = self._admin("--op", "show", "--mode", "target").stdout
        return [line.split(":", 1)[1].split()[0] for line in shown.splitlines()
                if line.strip().startswith("Initiator:")]

    def text(self):
        """tgtd's log, also after it has stopped."""
        return self.daemon.text() if self.daemon else self.said

    def crash(self):
        """The target's machine loses power: nothing is said to anybody, nothing of its sessions is left."""
        self.said = self.text()
        self.daemon.process.kill()
        self.daemon.process.wait()

    def freeze(self):
        """It answers nothing any more, but its machine does."""
        self.daemon.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.daemon.process.send_signal(signal.SIGCONT)

    def stop(self):
        if self.daemon and self.daemon.alive():
            for tid in range(1, self.targets + 1):
                self._admin("--op", "delete", "--force", "--mode", "target", "--tid", str(tid), check=False)
            self._admin("--op", "delete", "--mode", "system", check=False)
            try:
                self.daemon.process.wait(10)
            except subprocess.TimeoutExpired:
                self.daemon.stop()
        self.said, self.daemon = self.text(), None
        shutil.rmtree(self.folder, ignore_errors=True)
