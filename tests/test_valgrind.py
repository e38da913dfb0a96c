# SPDX-License-Identifier: BSD-2-Clause
"""lunctl as it ships, under valgrind: no wrong access, no value that was never set, nothing left behind."""

import shutil
import subprocess

import pytest
from liar import CHAP, MUTUAL, Liar, program, rows
from lunctl import HANG_SECONDS, command, secrets_file
from places import build_dir

VALGRIND = ["valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full", "--show-leak-kinds=all",
            "--errors-for-leak-kinds=all"]
AS = ["--initiator", "iqn.2024-01.org.example:administrator"]
SAMPLE = ["chap-c-1025", "chap-r-4000", "text-no-nul", "redirect-long", "longest-segment", "designator-list-beyond",
          "sense-beyond", "data-in-offset-huge", "reject-short", "close-data-in"]


@pytest.fixture(scope="module", autouse=True)
def there():
    if not (build_dir() / "host/lunctl").exists() or not program().exists():
        pytest.skip("lunctl and liard are not built: make all host-tests")
    if not shutil.which("valgrind"):
        pytest.skip("valgrind is not installed: tools/setup check")


@pytest.fixture
def watched(tmp_path):
    """Runs a command against a liard; its status."""
    secrets_file(tmp_path / "secrets", CHAP, MUTUAL)
    (tmp_path / "in").write_bytes(bytes(range(256)) * 256)

    def run(word, liar):
        place = f"iscsi://127.0.0.1:{liar.port}" if word == "discover" else liar.url()
        more = {"read": ["--length", 65536, "--output", tmp_path / "out"], "write": ["--input", tmp_path / "in"]}
        words = command(word, place, *AS, "--secrets", tmp_path / "secrets", "--timeout", 20, *more.get(word, []))
        done = subprocess.run([*VALGRIND, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=HANG_SECONDS, check=False)
        assert done.returncode != 99 and "==" not in done.stderr, done.stderr
        return done.returncode

    return run


@pytest.mark.parametrize("word", ["discover", "info", "read", "write", "ping"])
def test_honest_commands(watched, word):
    with Liar(mutual=MUTUAL, digests=True) as liar:
        assert watched(word, liar) == 0
    assert not liar.complaint


@pytest.mark.parametrize("lie", SAMPLE)
def test_a_sample_of_lies(watched, lie):
    with Liar(lie, mutual=MUTUAL, digests=True) as liar:
        assert watched("read", liar) in (0, 1)
    assert liar.told == 1


@pytest.mark.soak
def test_soak_every_lie(watched):
    for row in rows():
        with Liar(row.name, mutual=MUTUAL, digests=True) as liar:
            status = watched({0x24: "discover", 0x31: "write"}.get(row.opcode, "read"), liar)
            # 2: what is asked for does not fit on the disk that is claimed.
            assert status in (0, 1) or (status == 2 and row.name.startswith("capacity")), row.name
