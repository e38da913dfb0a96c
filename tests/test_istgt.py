# SPDX-License-Identifier: BSD-2-Clause
"""lunctl against istgt, a second target that is a plain process, with manners of its own.

It waits a second before the first answer of a login, declares no MaxRecvDataSegmentLength, knows MD5 alone, and
numbers its LUNs from 0.
"""

import random
import shutil
import sys

import pytest
from lunctl import lunctl, secrets_file
from places import TOP, build_dir

sys.path.insert(0, str(TOP / "tools/vm"))

from lbvm import disk  # noqa: E402
from lbvm.istgt import Istgt  # noqa: E402
from lbvm.target import Account  # noqa: E402

NAME = "iqn.2024-01.org.example:administrator"
AS = ["--initiator", NAME]
CHAP = Account("admin", "one-way-secret-12")
MUTUAL = Account("storage", "mutual-secret-34")
WRONG = "not-the-secret-99"
MIB = 1 << 20


@pytest.fixture(scope="module", autouse=True)
def there():
    if not (build_dir() / "host/lunctl").exists():
        pytest.skip("lunctl is not built: make lunctl")
    if not shutil.which("istgt", path=disk.search_path()):
        pytest.skip("istgt is not installed: tools/setup check")


@pytest.fixture
def files(tmp_path):
    """Two LUNs of 4 MiB."""
    paths = [tmp_path / "first", tmp_path / "second"]
    for number, path in enumerate(paths):
        path.write_bytes(random.Random(number).randbytes(4 * MIB))
    return paths


@pytest.fixture
def start(tmp_path):
    running = []

    def run(luns, **options):
        target = Istgt(luns, log=tmp_path / f"istgt-{len(running)}.log", **options)
        running.append(target)
        return target.start()

    yield run
    for target in running:
        target.stop()


@pytest.fixture
def secrets(tmp_path):
    return lambda *accounts, **more: secrets_file(tmp_path / "secrets", *accounts, **more)


def url(target, lun=0, iqn=None):
    return f"iscsi://127.0.0.1:{target.port}/{iqn or target.iqn}/{lun}"


def test_istgt_without_authentication(start, files, tmp_path):
    target = start(files)
    place = f"iscsi://127.0.0.1:{target.port}"
    assert lunctl("discover", place, *AS).output.decode() == f"{target.iqn} 127.0.0.1:{target.port},1\n"
    told = lunctl("info", url(target), *AS, "--json").json
    assert told["disk"]["lun"] == "0000-0000-0000-0000" and told["disk"]["bytes"] == 4 * MIB
    assert told["negotiated"]["TargetMaxRecvDataSegmentLength"] == 8192  # what counts when nothing is declared
    for lun, file in enumerate(files):
        assert lunctl("read", url(target, lun), *AS, "--output", tmp_path / "out").status == 0
        assert (tmp_path / "out").read_bytes() == file.read_bytes()


@pytest.mark.parametrize("block, depth", [(512, 0), (512, 32), (4096, 32)])
def test_what_is_written_to_istgt_is_on_the_disk(start, files, tmp_path, block, depth):
    target = start(files, block=block, depth=depth)
    data = random.Random(block).randbytes(MIB + block)
    (tmp_path / "in").write_bytes(data)
    before = files[1].read_bytes()
    done = lunctl("write", url(target, 1), *AS, "--input", tmp_path / "in", "--offset", "1M")
    assert done.status == 0, done.errors
    assert files[1].read_bytes() == before[:MIB] + data + before[MIB + len(data):]
    assert lunctl("read", url(target, 1), *AS, "--offset", "1M", "--length", len(data)).output == data


def test_istgt_protects_a_disk_from_writing(start, files, tmp_path):
    target = start(files, read_only=True)
    (tmp_path / "in").write_bytes(bytes(512))
    before = files[0].read_bytes()
    assert "write protected" in lunctl("write", url(target), *AS, "--input", tmp_path / "in").failed()
    assert files[0].read_bytes() == before


def test_istgt_takes_md5_out_of_the_offer(start, files, secrets):
    target = start(files, chap=CHAP)
    told = lunctl("info", url(target), *AS, *secrets(CHAP), "--json").json["authentication"]
    assert told == {"method": "CHAP", "algorithm": "MD5", "second-login-with-md5": False, "short-challenge": False}
    told = lunctl("info", url(target), *AS, *secrets(Account(CHAP.name, WRONG))).failed()
    assert "0201" in told and "chap-secret" in told and WRONG not in told


def test_istgt_proves_itself(start, files, secrets):
    target = start(files, chap=CHAP, mutual=MUTUAL)
    told = lunctl("info", url(target), *AS, *secrets(CHAP, MUTUAL), "--auth", "mutual", "--json").json
    assert told["authentication"]["method"] == "mutual CHAP" and told["authentication"]["algorithm"] == "MD5"
    told = lunctl("info", url(target), *AS, *secrets(CHAP, Account(MUTUAL.name, WRONG))).failed()
    assert "could not prove" in told and "mutual-chap-secret" in told


def test_istgt_does_not_know_the_target(start, files):
    sentence = lunctl("info", url(start(files), iqn="iqn.2024-01.org.example:other"), *AS).failed()
    assert "0203" in sentence and "iqn.2024-01.org.example:other" in sentence


def test_istgt_does_not_let_in_who_is_not_listed(start, files):
    target = start(files, initiator="iqn.2024-01.org.example:somebody")
    # istgt says 0203, as if there were no such target, where RFC 7143 section 11.13.5 has 0202.
    assert "0203" in lunctl("info", url(target), *AS).failed()


def test_istgt_has_no_such_lun(start, files):
    sentence = lunctl("info", url(start(files), 5), *AS).failed()
    assert "LUN 5" in sentence and "there are LUN 0, 1" in sentence
