# SPDX-License-Identifier: BSD-2-Clause
"""An istgt of one's own: its files in a folder of ours, one target on a port of our loopback.

istgt is the second target of another origin that runs as a plain process. It reads its accounts at each login, wants
secrets of 12 to 16 characters only in its documents, and numbers LUNs from 0.
"""

import shutil
import socket
import tempfile
from pathlib import Path

from .proc import Daemon
from .target import DEFAULT_IQN, free_port

CONFIG = """[Global]
  NodeBase "iqn.2024-01.org.example"
  PidFile {folder}/pid
  AuthFile {folder}/auth.conf
  MediaDirectory {folder}
  LogFacility local7
  Timeout 30
  NopInInterval {nop_interval}
  DiscoveryAuthMethod None
  MaxSessions 16
  MaxConnections 4

[UnitControl]
  AuthMethod None
  AuthGroup None
  Portal UC1 127.0.0.1:{control}
  Netmask 127.0.0.1

[PortalGroup1]
  Portal P1 127.0.0.1:{port}

[InitiatorGroup1]
  InitiatorName "{initiator}"
  Netmask 127.0.0.0/8

[LogicalUnit1]
  TargetName {iqn}
  Mapping PortalGroup1 InitiatorGroup1
  AuthMethod {auth}
  AuthGroup {group}
  UseDigest {digests}
  UnitType Disk
  BlockLength {block}
  ReadOnly {read_only}
  QueueDepth {depth}
{luns}"""


class Istgt:
    """One istgt with one target.

    luns: files, LUN 0, 1, ... chap, mutual: as for Target. digests: "Auto", or "Header Data" to demand them.
    initiator: the name of the only one that may log in.
    """

    def __init__(self, luns, block=512, iqn=DEFAULT_IQN, chap=None, mutual=None, digests="Auto", depth=32,
                 read_only=False, initiator="ALL", nop_interval=20, log=None):
        self.luns = [Path(lun).resolve() for lun in luns]
        self.iqn, self.chap, self.mutual = iqn, chap, mutual
        self.port, self.control = free_port(), free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="lb-istgt-"))
        self.log = Path(log) if log else self.folder / "istgt.log"
        self.values = {"block": block, "digests": digests, "depth": depth, "initiator": initiator,
                       "read_only": "Yes" if read_only else "No", "nop_interval": nop_interval}
        self.daemon = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def _write(self):
        auth = "CHAP Mutual" if self.mutual else "CHAP" if self.chap else "None"
        luns = "".join(f"  LUN{number} Storage {file} Auto\n" for number, file in enumerate(self.luns))
        text = CONFIG.format(folder=self.folder, control=self.control, port=self.port, iqn=self.iqn, auth=auth,
                             group="AuthGroup1" if self.chap else "None", luns=luns, **self.values)
        words = [self.chap.name, self.chap.secret] if self.chap else []
        words += [self.mutual.name, self.mutual.secret] if self.mutual else []
        line = " ".join(f'"{word}"' for word in words)
        accounts = f"[AuthGroup1]\n  Auth {line}\n" if words else ""
        for name, content in (("istgt.conf", text), ("auth.conf", accounts)):
            (self.folder / name).write_text(content)
            (self.folder / name).chmod(0o600)

    def _listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 5).close()
        except ConnectionRefusedError:
            return False
        return True

    def start(self):
        self._write()
        self.daemon = Daemon("istgt", ["istgt", "-D", "-c", self.folder / "istgt.conf"], self.log)
        try:
            self.daemon.wait_until(self._listens, "listening on its port")
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self):
        if self.daemon:
            self.daemon.stop()
        self.daemon = None
        shutil.rmtree(self.folder, ignore_errors=True)
