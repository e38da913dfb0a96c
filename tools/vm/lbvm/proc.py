# SPDX-License-Identifier: BSD-2-Clause
"""Child processes that are always ended, by their own process id, and whose output is kept."""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

from . import disk

HANG_GUARD = 240  # seconds; nothing that works needs nearly as long, so a slow machine fails no test


class Hang(Exception):
    """Something that was waited for did not come before the guard ran out, or can no longer come."""


def scaled(seconds):
    """A guard stretched by LUNBOOT_GUARD_SCALE, for machines that are very slow."""
    return seconds * float(os.environ.get("LUNBOOT_GUARD_SCALE", "1"))


def environment(**more):
    return dict(os.environ, PATH=disk.search_path(), LC_ALL="C", **more)


def tied(command):
    """The command as one that the kernel ends when we die, however we die."""
    return ["setpriv", "--pdeathsig", "KILL", "--", *(str(c) for c in command)]


class Daemon:
    """A child with its output in a log file. stop() asks with SIGTERM first and then insists."""

    def __init__(self, name, command, log, **env):
        self.name = name
        self.log = Path(log)
        with open(self.log, "wb") as out:
            self.process = subprocess.Popen(
                tied(command), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                env=environment(**env), start_new_session=True,
            )

    def alive(self):
        return self.process.poll() is None

    def text(self):
        return self.log.read_text(errors="replace")

    def wait_until(self, ready, what, guard=60):
        """Polls `ready` until it is true; fails at once if the process ends before that."""
        end = time.monotonic() + scaled(guard)
        while not ready():
            if not self.alive():
                raise Hang(f"{self.name} ended with {self.process.returncode} before {what}:\n{self.text()}")
            if time.monotonic() > end:
                raise Hang(f"{self.name}: no {what}:\n{self.text()}")
            time.sleep(0.02)

    def stop(self):
        for sig in (signal.SIGTERM, signal.SIGKILL):
            if not self.alive():
                return
            self.process.send_signal(sig)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                pass


def start_reader(stream, sink):
    """Feeds each chunk of `stream` to `sink` from a thread, so that a full pipe never stops a guest."""

    def loop():
        while chunk := os.read(stream.fileno(), 65536):
            sink(chunk)
        sink(b"")

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    return thread
