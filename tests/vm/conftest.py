# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures of the tests that start QEMU; what they can do is in lab.py."""

import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from lab import BUILD, TOP, Lab
from lbvm import efiprogram


@pytest.fixture(scope="session")
def program():
    path = BUILD / "x86_64/lunboot.efi"
    if not path.exists():
        pytest.skip(f"{path} is not built")
    return path


@pytest.fixture(scope="session")
def marker():
    return efiprogram.build(TOP / "tests/vm/marker.c", BUILD / "vm-tests/marker.efi")


@pytest.fixture(scope="session")
def starter():
    return efiprogram.build(TOP / "tests/vm/starter.c", BUILD / "vm-tests/starter.efi")


@pytest.fixture(scope="session")
def debian():
    """The folder of the Debian image, made if it is not in the cache."""
    made = subprocess.run([TOP / "tools/image/build"], stdout=subprocess.PIPE, text=True, check=True)
    return Path(made.stdout.strip())


@pytest.fixture
def lab(request, program, marker):
    name = re.sub(r"[^\w.-]+", "-", f"{request.node.path.stem}-{request.node.name}").strip("-")
    folder = BUILD.resolve() / "vm-tests" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    made = Lab(folder, program, marker)
    try:
        yield made
    finally:
        made.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows the end of the guest's serial output, with times."""
    outcome = yield
    report = outcome.get_result()
    made = getattr(item, "funcargs", {}).get("lab")
    if report.when == "call" and report.failed and made and made.guest:
        report.sections.append(("serial port", made.guest.stamped()[-6000:]))
        report.sections.append(("folder", str(made.folder)))


def pytest_terminal_summary(terminalreporter):
    """What the soak tests counted (record_property with a number), summed over those that passed and those that did
    not."""
    totals = Counter()
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        if report.when == "call":
            totals.update(dict(entry for entry in report.user_properties if isinstance(entry[1], int)))
    if totals:
        terminalreporter.write_line("counted: " + ", ".join(f"{name} {totals[name]}" for name in totals))
