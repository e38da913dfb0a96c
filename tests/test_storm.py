# SPDX-License-Identifier: BSD-2-Clause
"""Machines that are switched on at one moment (tools/storm): each comes up, whatever its target does first."""

import json
import os
import signal
import subprocess
import tempfile
import time
import uuid
from pathlib import Path
from xml.etree import ElementTree

import pytest
from places import TOP, build_dir

HANG_SECONDS = 900  # a guard, far above what any storm needs
STAGES = ("address_s", "connect_s", "login_s", "ready_s", "block_s")


@pytest.fixture(scope="module", autouse=True)
def built():
    if not (build_dir() / "host/storm-client").exists():
        pytest.skip("storm-client is not built: make storm")


class Run:
    """One run of the program, and what it leaves behind: its processes are known by a variable of ours."""

    def __init__(self, folder):
        self.folder = folder
        self.mark = f"LUNBOOT_STORM_TEST={uuid.uuid4()}"
        self.scratch = tempfile.mkdtemp(prefix="lb-t-")

    def start(self, *words):
        name, value = self.mark.split("=")
        env = dict(os.environ, TMPDIR=self.scratch, LUNBOOT_BUILD=str(build_dir()), **{name: value})
        return subprocess.Popen([TOP / "tools/storm/storm", "--output", self.folder, *map(str, words)], env=env,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def processes(self):
        found = []
        for environ in Path("/proc").glob("[0-9]*/environ"):
            try:
                if self.mark.encode() in environ.read_bytes().split(b"\0"):
                    found.append((environ.parent / "cmdline").read_bytes())
            except OSError:
                pass  # it has ended, or is somebody else's
        return found

    def wait_until(self, condition):
        end = time.monotonic() + HANG_SECONDS
        while not condition():
            assert time.monotonic() < end
            time.sleep(0.05)

    def left(self):
        return self.processes() + os.listdir(self.scratch)


@pytest.fixture
def run(tmp_path):
    made = Run(tmp_path)
    yield made
    assert not made.left()
    os.rmdir(made.scratch)


def storm(run, count, *words):
    """A storm in which every machine boots; what is told of it."""
    process = run.start("--count", count, *words)
    output, _ = process.communicate(timeout=HANG_SECONDS)
    assert process.returncode == 0, output
    result, = json.loads((run.folder / "storm.json").read_text())
    machines = result["machines"]
    names = {machine["initiator"] for machine in machines}
    assert len(machines) == len(names) == count and all(machine["booted"] for machine in machines)
    assert result["wrong_content"] == 0
    assert result["sessions"] == sorted(names) and result["sessions_left"] == []
    assert result["exit_codes"] == {"0": count}
    for machine in machines:
        times = [machine[stage] for stage in STAGES]
        assert times == sorted(times)
    curves = ElementTree.parse(run.folder / "storm.svg").getroot()
    assert f"{count} machines" in "".join(curves.itertext())
    return result


def test_machines_with_addresses_from_dhcp(run):
    result = storm(run, 8)
    assert all(machine["discovers"] >= 1 for machine in result["machines"])


def test_machines_with_static_addresses(run):
    result = storm(run, 8, "--static")
    assert all(machine["discovers"] == 0 for machine in result["machines"])


def test_a_target_that_nobody_reaches_at_first(run):
    result = storm(run, 8, "--target-down-for", 6)
    assert all(machine["failed_attempts"] >= 1 for machine in result["machines"])


def test_a_target_that_refuses_at_first(run):
    result = storm(run, 8, "--target-down-for", 3, "--while-down", "refuses", "--static")
    assert all(machine["failed_attempts"] >= 1 for machine in result["machines"])


def test_a_target_that_never_comes_is_told(run):
    process = run.start("--count", 2, "--target-down-for", 1000, "--while-down", "refuses", "--static", "--limit", 2)
    output, _ = process.communicate(timeout=HANG_SECONDS)
    assert process.returncode == 1
    assert "told nothing" in output
    assert json.loads((run.folder / "storm.json").read_text())[0]["summary"]["failed"] == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_storm_that_is_stopped_leaves_no_process(run, number):
    """Not even when it cannot clean up: the machines hang on its pipe, and the rest dies with it."""
    process = run.start("--count", 8, "--target-down-for", 1000)
    run.wait_until(lambda: any(b"storm-client" in command for command in run.processes()))
    process.send_signal(number)
    process.communicate(timeout=HANG_SECONDS)
    run.wait_until(lambda: not run.processes())
    if number == signal.SIGKILL:  # its files stay
        subprocess.run(["rm", "-rf", *(Path(run.scratch) / name for name in os.listdir(run.scratch))], check=True)


@pytest.mark.soak
def test_soak_three_hundred_machines(run):
    storm(run, 300)


@pytest.mark.soak
def test_soak_three_hundred_machines_before_their_storage(run):
    result = storm(run, 300, "--target-down-for", 20)
    assert all(machine["failed_attempts"] >= 1 for machine in result["machines"])
