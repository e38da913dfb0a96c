# SPDX-License-Identifier: BSD-2-Clause
"""`make run`, without the terminal: up to a login as an administrator would do it."""

import subprocess

from lab import BUILD, TOP
from lbvm.proc import environment


def test_login_with_root_on_the_lun(program, debian):
    run = TOP / "tools/run"
    command = ["/usr/bin/python3", run, "--build", BUILD, "--expect-login"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "login prompt" in done.stdout and "/session" in done.stdout
