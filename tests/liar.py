# SPDX-License-Identifier: BSD-2-Clause
"""Runs liard, the scripted target, for every file of tests that wants a target that lies."""

import subprocess
import sys
from dataclasses import dataclass

from places import TOP, build_dir

sys.path.insert(0, str(TOP / "tools/vm"))

from lbvm.target import Account  # noqa: E402

IQN = "iqn.2024-01.org.example:disk"
CHAP = Account("guest", "one-way-secret-12")
MUTUAL = Account("target", "mutual-secret-34")


def program():
    return build_dir() / "host/tests/liard"


@dataclass
class Row:
    """A lie of the table: the opcode of the PDU that lies, and what comes of it when it is told always."""

    name: str
    opcode: int
    right: bool
    misled: bool
    requirements: list


def rows():
    done = subprocess.run([program(), "--list"], stdout=subprocess.PIPE, text=True, check=True)
    for line in done.stdout.splitlines():
        name, opcode, outcome, requirements = line.split("\t")
        yield Row(name, int(opcode, 16), "right" in outcome, "misled" in outcome, requirements.split())


class Liar:
    """One liard: lies are NAME or NAME:SKIP. After stop(): how many it told, and its complaint about us."""

    def __init__(self, *lies, always=False, file=None, chap=CHAP, mutual=None, digests=False, host="127.0.0.1"):
        self.iqn, self.chap, self.mutual, self.host = IQN, chap, mutual, host
        self.command = [program(), "--host", host, *(word for lie in lies for word in ("--lie", lie))]
        self.command += ["--always"] if always else []
        self.command += ["--digests"] if digests else []
        self.command += ["--file", file] if file else []
        for option, account in (("--chap", chap), ("--mutual", mutual)):
            self.command += [option, f"{account.name}:{account.secret}"] if account else []
        self.process = self.port = self.told = self.complaint = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def start(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline() or self.stop())
        return self

    def stop(self):
        """A report of its sanitizers fails the test."""
        if self.told is None:
            output, errors = self.process.communicate()
            assert self.process.returncode == 0, errors
            told, self.complaint = output.split("\n", 1)
            self.told = int(told.split()[1])

    def url(self):
        return f"iscsi://127.0.0.1:{self.port}/{self.iqn}/1"

    def root_path(self):
        return f"iscsi:{self.host}::{self.port}:1:{self.iqn}"
