# SPDX-License-Identifier: BSD-2-Clause
"""Runs the lunctl under test, for every file of tests that does."""

import json
import subprocess

from places import build_dir

HANG_SECONDS = 240  # a guard, far above what any command needs


class Done:
    """How a run of lunctl ended."""

    def __init__(self, status, output, errors):
        self.status, self.output, self.errors = status, output, errors

    @property
    def json(self):
        assert self.status == 0, self.errors
        return json.loads(self.output)

    def failed(self, status=1):
        """The one sentence; nothing else may stand on standard error."""
        text = self.errors.decode()
        assert self.status == status, f"status {self.status}: {self.output} {text}"
        assert text.startswith("lunctl: ") and text.count("\n") == 1, text
        return text


def command(*words):
    return [str(build_dir() / "host/lunctl"), *map(str, words)]


def lunctl(*words, data=None):
    done = subprocess.run(command(*words), input=data, stdin=None if data is not None else subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=HANG_SECONDS, check=False)
    return Done(done.returncode, done.stdout, done.stderr)


def secrets_file(path, chap=None, mutual=None, more=""):
    """Writes a secrets file for accounts with a name and a secret; the options that name it."""
    lines = [f"chap-name = {chap.name}", f"chap-secret = {chap.secret}"] if chap else []
    lines += [f"mutual-chap-name = {mutual.name}", f"mutual-chap-secret = {mutual.secret}"] if mutual else []
    path.write_text("".join(f"{line}\n" for line in lines) + more)
    return ["--secrets", path]
