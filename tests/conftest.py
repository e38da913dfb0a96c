# SPDX-License-Identifier: BSD-2-Clause
"""Makes one pytest item of every cmocka test, and prints the line of counts that ends a run.

A file tests/unit/test_*.c or tests/sim/test_*.c stands for the program that the build made of it. The program is asked
for its tests, then run once for all of them; only where it crashed, hung, or failed without naming a test are the
remaining ones run alone. A sanitizer's report, a leak, a crash or a hang is that test's failure, with its output.
"""

import os
import re
import subprocess
from pathlib import Path

import pytest
from places import TOP, build_dir

HANG_SECONDS = 300  # far above what any test needs: only a guard against one that never ends

SANITIZERS = {
    # cmocka's own signal handlers would hide where a crash happened.
    "ASAN_OPTIONS": "handle_segv=2:handle_sigbus=2:handle_sigfpe=2:handle_sigill=2:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}
RESULT = re.compile(r"^(not )?ok (\d+)( # SKIP| -) ")


def pytest_addoption(parser):
    parser.addoption("--soak", action="store_true", help="run the tests marked soak, and no others")


def pytest_collect_file(file_path, parent):
    if file_path.suffix == ".c" and file_path.name.startswith("test_") and file_path.parent.name in ("unit", "sim"):
        return CmockaFile.from_parent(parent, path=file_path)
    return None


def pytest_collection_modifyitems(config, items):
    wanted = config.getoption("--soak")
    chosen = [item for item in items if (item.get_closest_marker("soak") is not None) == wanted]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen
    for item in items:
        if isinstance(item, CmockaItem):
            item.program.chosen += 1


class Outcome:
    """What one test did: 'passed', 'failed' or 'skipped', and the lines it printed."""

    def __init__(self, kind, output):
        self.kind = kind
        self.output = output


class Program:
    """One cmocka program: its tests by number, and their outcomes as far as they are known."""

    def __init__(self, path):
        self.path = path
        self.names = []
        self.chosen = 0
        self.ran = False
        self.outcomes = {}
        self.unexplained = None  # output of a run that failed without naming a test

    def run(self, **extra):
        """Returns the exit status (None: hung) and the output, standard error included."""
        env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP", **SANITIZERS, **extra)
        try:
            done = subprocess.run([self.path], cwd=TOP, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=HANG_SECONDS, check=False)
            return done.returncode, done.stdout.decode(errors="replace")
        except subprocess.TimeoutExpired as hung:
            return None, (hung.stdout or b"").decode(errors="replace") + f"\nno end after {HANG_SECONDS} s\n"

    def list(self):
        status, output = self.run(LUNBOOT_TEST_LIST="1")
        if status != 0:
            raise RuntimeError(f"{self.path} cannot list its tests:\n{output}")
        self.names = output.split()

    def run_all(self):
        """One run for all: fills in the outcomes that it makes certain."""
        self.ran = True
        status, output = self.run()
        outcomes, rest = parse(output)
        failed = any(o.kind == "failed" for o in outcomes.values())
        if status == 0 or (failed and len(outcomes) == len(self.names)):
            self.outcomes = outcomes
        elif len(outcomes) < len(self.names):
            # Died in the test after the last one reported; those behind it have yet to run.
            self.outcomes = outcomes
            self.outcomes[len(outcomes) + 1] = Outcome("failed", f"{rest}\nended early, status {status}")
        else:
            self.unexplained = output

    def run_one(self, number):
        """The test alone: its exit status counts as much as what it said."""
        status, output = self.run(LUNBOOT_TEST_ONLY=self.names[number - 1])
        outcomes, _ = parse(output)
        kinds = [o.kind for o in outcomes.values()]
        if status == 0 and kinds and "failed" not in kinds:
            return Outcome("skipped" if "skipped" in kinds else "passed", output)
        return Outcome("failed", f"{output}\nended with status {status}")

    def outcome(self, number):
        if not self.ran and self.chosen == len(self.names):
            self.run_all()
        if number not in self.outcomes:
            self.outcomes[number] = self.run_one(number)
        known = [o.kind for o in self.outcomes.values()]
        if self.unexplained and len(known) == len(self.names) and "failed" not in known:
            return Outcome("failed", f"no test fails alone, but all together fail:\n{self.unexplained}")
        return self.outcomes[number]


def parse(output):
    """Splits TAP output into outcomes by number; the second value is what follows the last of them."""
    outcomes, lines = {}, []
    last = None
    for line in output.splitlines():
        found = RESULT.match(line)
        if found:
            kind = "skipped" if "SKIP" in found[3] else "failed" if found[1] else "passed"
            last = outcomes[int(found[2])] = Outcome(kind, "\n".join(lines + [line]))
            lines = []
        elif line.startswith("# ") and last and not lines:
            last.output += "\n" + line  # cmocka explains a failure behind its line
        else:
            lines.append(line)
    return outcomes, "\n".join(lines)


class CmockaFile(pytest.File):
    """A test program's source: yields its tests."""

    def collect(self):
        program = Program(build_dir() / "host/tests" / self.path.stem)
        if not program.path.exists():
            raise self.CollectError(f"{program.path} is not built: make host-tests")
        program.list()
        for number, name in enumerate(program.names, 1):
            item = CmockaItem.from_parent(self, name=name, program=program, number=number)
            if name.startswith("soak_"):
                item.add_marker("soak")
            yield item


class CmockaItem(pytest.Item):
    """One test of a program."""

    def __init__(self, *, program, number, **keywords):
        super().__init__(**keywords)
        self.program = program
        self.number = number

    def runtest(self):
        outcome = self.program.outcome(self.number)
        if outcome.kind == "skipped":
            pytest.skip("the test program skips it")
        if outcome.kind == "failed":
            raise CmockaFailure(outcome.output)

    def repr_failure(self, excinfo, style=None):
        if isinstance(excinfo.value, CmockaFailure):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self):
        return self.path, None, self.name


class CmockaFailure(Exception):
    """A test that failed; the text is what it printed."""


def named(report):
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
    return f"skipped: {report.nodeid}: {reason.removeprefix('Skipped: ')}"


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_sessionfinish(session):
    """After pytest's own summary: the skipped by name, then the counts. Where CI is set, a skip fails the run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    stats = reporter.stats
    skipped = stats.get("skipped", [])
    if skipped and os.environ.get("CI", "").lower() not in ("", "0", "false") and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    yield
    failed = len(stats.get("failed", [])) + len(stats.get("error", []))
    reporter.ensure_newline()
    for report in skipped:
        reporter.write_line(named(report))
    reporter.write_line(f"{len(stats.get('passed', []))} passed, {failed} failed, {len(skipped)} skipped")
