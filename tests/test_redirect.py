# SPDX-License-Identifier: BSD-2-Clause
"""lunctl follows the redirections of a real tgtd (RFC 7143 section 11.13.5), and ends where they lead in a circle."""

import random
import sys

import pytest
from lunctl import lunctl, secrets_file
from places import TOP, build_dir

sys.path.insert(0, str(TOP / "tools/vm"))

from lbvm.target import Account, Target  # noqa: E402

AS = ["--initiator", "iqn.2024-01.org.example:administrator"]
CHAP = Account("admin", "one-way-secret-12")
WRONG = "not-the-secret-99"
MIB = 1 << 20


@pytest.fixture(scope="module", autouse=True)
def built():
    if not (build_dir() / "host/lunctl").exists():
        pytest.skip("lunctl is not built: make lunctl")


@pytest.fixture
def pair(tmp_path):
    """Two targets of one name and account; their disks differ."""
    pair = []
    for number in (2, 3):
        disk = tmp_path / f"disk-{number}"
        disk.write_bytes(random.Random(number).randbytes(MIB))
        pair.append(Target([disk], address=f"127.0.0.{number}", chap=CHAP, log=tmp_path / f"tgtd-{number}.log"))
    with pair[0], pair[1]:
        yield pair


@pytest.fixture
def secrets(tmp_path):
    return secrets_file(tmp_path / "secrets", CHAP)


def url(target):
    return f"iscsi://{target.address}:{target.port}/{target.iqn}/1"


def portal(target):
    return f"{target.address}:{target.port}"


@pytest.mark.parametrize("permanent", [False, True], ids=["temporary", "permanent"])
def test_req_141_a_redirection_is_followed_with_a_login_of_its_own(pair, secrets, permanent):
    first, second = pair
    first.redirect(second, permanent)
    told = lunctl("info", url(first), *AS, *secrets, "--json").json
    assert told["portal"] == portal(second) and told["authentication"]["method"] == "CHAP"
    assert lunctl("read", url(first), *AS, *secrets).output == second.luns[0].read_bytes()


def test_what_moved_for_good_is_told(pair, secrets):
    """The configuration that is shown keeps the portal asked for, unless the target has left it for good."""
    first, second = pair
    for permanent, place in ((False, first), (True, second)):
        first.redirect(second, permanent)
        told = lunctl("info", url(first), *AS, *secrets).output.decode()
        assert ("moved to this portal for good" in told) == permanent
        assert f"root-path = iscsi:{place.address}:6:{place.port}:1:{place.iqn}\n" in told


def test_req_140_a_circle_ends(pair, secrets):
    first, second = pair
    first.redirect(second)
    second.redirect(first, permanent=True)
    sentence = lunctl("info", url(first), *AS, *secrets).failed()
    assert "too many redirections" in sentence and "circle" in sentence and first.iqn in sentence
    logins = sum(target.text().count("accept_connection(") for target in pair)
    assert logins == 5  # the first, and four hops


def test_a_redirection_is_no_way_round_the_secret(pair, tmp_path):
    first, second = pair
    first.redirect(second)
    wrong = secrets_file(tmp_path / "wrong", Account(CHAP.name, WRONG))
    sentence = lunctl("info", url(first), *AS, *wrong).failed()
    assert "0201" in sentence and portal(second) in sentence and WRONG not in sentence


def test_redirected_to_where_nothing_listens(pair, secrets):
    first, second = pair
    first.redirect(second)
    second.crash()
    sentence = lunctl("info", url(first), *AS, *secrets).failed()
    assert "refused" in sentence and str(second.port) in sentence
