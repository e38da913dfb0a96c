# SPDX-License-Identifier: BSD-2-Clause
"""lunctl against a target that lies in every way of its table, over a real socket (REQ-353).

Right bytes and status 0, or one sentence and status 1: a file that is there is whole, and nothing that the target says
reaches the terminal as it came.
"""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from liar import CHAP, MUTUAL, Liar, program, rows
from lunctl import lunctl, secrets_file
from places import build_dir

AS = ["--initiator", "iqn.2024-01.org.example:administrator"]
SECONDS = 4  # for a whole command; a lie may well use them up
ENOUGH = 100  # where right data must come, on a slow machine too
AT_ONCE = 24  # most of them wait
KIB = 1 << 10
RAW = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
LOGIN, TEXT, R2T = 0x23, 0x24, 0x31


@pytest.fixture(scope="module", autouse=True)
def there():
    if not (build_dir() / "host/lunctl").exists() or not program().exists():
        pytest.skip("lunctl and liard are not built: make all host-tests")


@pytest.fixture
def work(tmp_path):
    """A disk without two blocks alike, what is written to it, and the secrets."""
    (tmp_path / "disk").write_bytes(b"".join(number.to_bytes(4, "big") * 128 for number in range(512)))
    (tmp_path / "in").write_bytes(bytes(range(256)) * 256)
    secrets_file(tmp_path / "secrets", CHAP, MUTUAL)
    return tmp_path


def printable(done):
    """What a terminal gets."""
    shown = done.errors + (done.output if b"iqn." in done.output else b"")
    assert not RAW.search(shown), shown
    for account in (CHAP, MUTUAL):
        assert account.secret.encode() not in shown


def run(work, liar, command, out, seconds):
    place = f"iscsi://127.0.0.1:{liar.port}" if command == "discover" else liar.url()
    more = {"read": ["--length", 128 * KIB, "--output", out], "write": ["--input", work / "in"]}.get(command, [])
    return lunctl(command, place, *AS, "--secrets", work / "secrets", "--timeout", seconds, *more)


def tell(work, row, lie, always):
    """One lie and one command: what is wrong with the end of it."""
    command = {TEXT: "discover", R2T: "write"}.get(row.opcode, "read")
    out = work / f"{lie}.out"
    with Liar(lie, always=always, file=work / "disk", mutual=MUTUAL, digests=True) as liar:
        done = run(work, liar, command, out, ENOUGH if always and row.right else SECONDS)
    printable(done)
    if done.status == 0:
        assert not done.errors
        assert command != "read" or out.read_bytes() == (work / "disk").read_bytes()[: 128 * KIB]
    else:
        assert done.status in (1, 2)  # 2: the disk says it is smaller than what was asked for
        assert done.failed(done.status).removeprefix("lunctl: ").strip()
    assert out.exists() == (command == "read" and done.status == 0)
    assert row.misled or not liar.complaint, liar.complaint
    if always and row.right:
        assert done.status == 0, done.errors
    if always and not row.right and row.opcode == LOGIN:
        assert done.status == 1, done.output
    out.unlink(missing_ok=True)


def tell_all(work, tellings):
    def one(telling):
        try:
            tell(work, *telling)
        except AssertionError as wrong:
            return f"{telling[1]}: {wrong}"
        return None

    with ThreadPoolExecutor(AT_ONCE) as pool:
        wrong = list(filter(None, pool.map(one, tellings)))
    assert not wrong, "\n".join(wrong)


def test_req_353_every_lie_told_always(work):
    table = list(rows())
    assert len(table) > 400
    tell_all(work, [(row, row.name, True) for row in table])


@pytest.mark.soak
def test_soak_every_lie_told_once_at_each_moment(work):
    tell_all(work, [(row, f"{row.name}:{skip}", False) for row in rows() for skip in range(16)])


@pytest.mark.parametrize("lie", ["text-alias", "inquiry-control", "serial-control", "redirect-control", "chap-n-format",
                                 "targets-name-control", "targets-address-control"])
def test_req_347_nothing_reaches_the_terminal_as_it_came(work, lie):
    command = "discover" if lie.startswith("targets") else "info"
    for more in ([], ["--json"]):
        with Liar(lie, always=True, mutual=MUTUAL) as liar:
            place = liar.url() if command == "info" else f"iscsi://127.0.0.1:{liar.port}"
            done = lunctl(command, place, *AS, "--secrets", work / "secrets", "--timeout", SECONDS, *more)
        assert liar.told
        assert not RAW.search(done.output + done.errors), (done.output, done.errors)


def test_each_lie_attacks_requirements_that_there_are():
    known = {line.split()[0] for line in (Path(__file__).parent / "requirements.txt").read_text().splitlines()
             if line and not line.startswith("#")}
    table = list(rows())
    assert all(row.requirements and set(row.requirements) <= known for row in table)
    assert len({row.name for row in table}) == len(table)
