# SPDX-License-Identifier: BSD-2-Clause
"""Each fuzz program over the inputs that are kept, and a few thousand new ones from a fixed seed."""

import os
import shutil
import subprocess

import pytest
from places import TOP, build_dir

RUNS = {"session": 150, "login": 2000, "params": 1000, "packet": 5000, "fetch": 5000}
TARGETS = sorted(path.stem.removeprefix("fuzz_") for path in (TOP / "tests/fuzz").glob("fuzz_*.c"))


@pytest.mark.parametrize("name", TARGETS)
def test_fuzz(name, tmp_path):
    program = build_dir() / "host/fuzz-programs" / f"fuzz_{name}"
    kept = TOP / "tests/fuzz/corpus" / name
    assert any(kept.iterdir())
    corpus = shutil.copytree(kept, tmp_path / "corpus")  # libFuzzer adds what it finds
    command = [program, f"-runs={len(list(kept.iterdir())) + RUNS.get(name, 20000)}", "-seed=1", "-max_len=4096",
               f"-artifact_prefix={tmp_path}/", corpus]
    done = subprocess.run(command, capture_output=True, text=True, check=False,
                          env=dict(os.environ, LLVM_PROFILE_FILE="/dev/null"))
    assert done.returncode == 0, done.stderr[-4000:]
