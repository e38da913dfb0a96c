# SPDX-License-Identifier: BSD-2-Clause
"""lunctl and lunboot.efi against LIO, the Linux kernel's target, which runs in one guest for all of this file.

LIO has what the other targets of Debian lack: all four CHAP algorithms, digests, lists of initiators.
"""

import os
import random
import shutil
import signal
import socket
import struct
import subprocess
from pathlib import Path

import pytest
from lab import BUILD, CHAP, INITIATOR, MUTUAL, WRONG
from lbvm import disk
from lbvm.lio import ISCSI, Lio, LioDisk
from lbvm.target import Account
from lunctl import HANG_SECONDS, command, lunctl, secrets_file

MIB = 1 << 20
BASE = "iqn.2024-01.org.example:"
AS = ["--initiator", INITIATOR]
ALGORITHMS = {"md5": "MD5", "sha1": "SHA-1", "sha256": "SHA-256", "sha3-256": "SHA3-256"}


class World:
    """The guest, its targets, and the files that are its disks."""

    def __init__(self, folder, marker):
        self.folder = folder
        self.disks = [folder / name for name in ("data", "data-4096", "read-only", "marker")]
        for number, path in enumerate(self.disks[:3]):
            path.write_bytes(random.Random(number).randbytes(8 * MIB))
        files = {"EFI/BOOT/BOOTX64.EFI": marker, "EFI/BOOT/marker.txt": b"name=lun"}
        disk.fat_disk(self.disks[3], 512, files)
        self.lio = Lio(folder / "lio", [LioDisk(self.disks[0]), LioDisk(self.disks[1], 4096),
                                        LioDisk(self.disks[2], control="readonly=1"), LioDisk(self.disks[3])])

    def start(self):
        self.lio.start()
        make = self.lio.target
        make(BASE + "open", {1: 0, 2: 1, 3: 2})
        make(BASE + "chap", {1: 0}, chap=CHAP)
        make(BASE + "mutual", {1: 0}, chap=CHAP, mutual=MUTUAL)
        make(BASE + "listed", {1: 0}, chap=CHAP, mutual=MUTUAL, node=INITIATOR)
        make(BASE + "digests", {1: 0, 2: 1}, params={"HeaderDigest": "CRC32C", "DataDigest": "CRC32C"})
        make(BASE + "boot", {1: 3}, chap=CHAP, mutual=MUTUAL, params={"HeaderDigest": "CRC32C", "DataDigest": "CRC32C"})
        return self

    def url(self, name, lun=1):
        return f"iscsi://127.0.0.1:{self.lio.port}/{BASE}{name}/{lun}"


@pytest.fixture(scope="module")
def world(marker):
    folder = BUILD.resolve() / "vm-tests/test_peers-lio"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    made = World(folder, marker)
    try:
        yield made.start()
    finally:
        made.lio.stop()
        for path in made.disks:
            path.unlink()


@pytest.fixture
def secrets(tmp_path):
    return lambda *accounts, **more: secrets_file(tmp_path / "secrets", *accounts, **more)


# --- Names and lists -------------------------------------------------------------------------------------------------


def test_lio_lists_its_targets(world):
    told = lunctl("discover", f"iscsi://127.0.0.1:{world.lio.port}", *AS, "--json").json
    # The address is the guest's own: LIO tells at which of its addresses it was asked.
    assert {"target": BASE + "open", "portal": "10.0.2.15:3260", "group": 1} in told["targets"]
    names = [row["target"] for row in told["targets"]]
    assert sorted(names) == sorted(BASE + name for name in ("open", "chap", "mutual", "listed", "digests", "boot"))


def test_lio_wants_chap_for_the_list(world, secrets):
    place = f"iscsi://127.0.0.1:{world.lio.port}"
    discovery = f"{ISCSI}/discovery_auth"
    world.lio.set(discovery, {"userid": CHAP.name, "password": CHAP.secret, "enforce_discovery_auth": 1})
    try:
        told = lunctl("discover", place, *AS, *secrets(CHAP), "--json").json
        assert BASE + "open" in [row["target"] for row in told["targets"]]
        assert "0201" in lunctl("discover", place, *AS, *secrets(Account(CHAP.name, WRONG))).failed()
    finally:
        world.lio.set(discovery, {"enforce_discovery_auth": 0})


def test_lio_does_not_know_the_target(world):
    sentence = lunctl("info", world.url("nowhere"), *AS).failed()
    # LIO says 0301, "not in service", where RFC 7143 section 11.13.5 has 0203.
    assert "0301" in sentence and BASE + "nowhere" in sentence


def test_lio_does_not_let_in_who_is_not_listed(world, secrets):
    other = BASE + "other"
    sentence = lunctl("info", world.url("listed"), "--initiator", other, *secrets(CHAP, MUTUAL)).failed()
    assert "0202" in sentence and other in sentence
    told = lunctl("info", world.url("listed"), *AS, *secrets(CHAP, MUTUAL), "--json").json
    assert told["authentication"]["method"] == "mutual CHAP"


def test_lio_has_no_such_lun(world):
    sentence = lunctl("info", world.url("open", 9), *AS).failed()
    assert "LUN 9" in sentence and "there are LUN 1, 2, 3" in sentence


# --- CHAP ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.parametrize("mutual", [False, True], ids=["one-way", "mutual"])
def test_req_178_lio_takes_every_algorithm(world, secrets, name, mutual):
    accounts = secrets(CHAP, MUTUAL if mutual else None, more=f"chap-algorithms = {name}\n")
    target = "mutual" if mutual else "chap"
    told = lunctl("info", world.url(target), *AS, *accounts, "--auth", "mutual" if mutual else "chap", "--json").json
    assert told["authentication"] == {"method": "mutual CHAP" if mutual else "CHAP", "algorithm": ALGORITHMS[name],
                                      "second-login-with-md5": False, "short-challenge": False}


def test_lio_takes_the_first_algorithm_of_the_offer(world, secrets):
    told = lunctl("info", world.url("chap"), *AS, *secrets(CHAP), "--json").json
    assert told["authentication"]["algorithm"] == "SHA3-256"


@pytest.mark.parametrize("name", ALGORITHMS)
def test_lio_refuses_a_wrong_secret(world, secrets, name):
    accounts = secrets(Account(CHAP.name, WRONG), more=f"chap-algorithms = {name}\n")
    sentence = lunctl("info", world.url("chap"), *AS, *accounts).failed()
    assert "0201" in sentence and "chap-secret" in sentence and WRONG not in sentence


@pytest.mark.parametrize("name", ALGORITHMS)
def test_lio_with_another_mutual_secret_is_not_believed(world, secrets, name):
    accounts = secrets(CHAP, Account(MUTUAL.name, WRONG), more=f"chap-algorithms = {name}\n")
    sentence = lunctl("info", world.url("mutual"), *AS, *accounts).failed()
    assert "could not prove" in sentence and "mutual-chap-secret" in sentence and WRONG not in sentence


def test_lio_wants_chap_and_gets_none(world):
    sentence = lunctl("info", world.url("chap"), *AS).failed()
    assert "CHAP" in sentence and BASE + "chap" in sentence


# --- Data ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lun", [1, 2, 3])
def test_the_whole_disk_is_read_from_lio(world, tmp_path, lun):
    out = tmp_path / "out"
    assert lunctl("read", world.url("open", lun), *AS, "--output", out).status == 0
    assert out.read_bytes() == world.disks[lun - 1].read_bytes()


@pytest.mark.parametrize("lun, block", [(1, 512), (2, 4096)])
def test_what_is_written_to_lio_is_on_the_disk(world, tmp_path, lun, block):
    told = lunctl("info", world.url("open", lun), *AS, "--json").json["disk"]
    assert told["block-size"] == block and told["bytes"] == 8 * MIB and told["vendor"] == "LIO-ORG"
    assert not told["write-protected"]
    data = random.Random(lun).randbytes(2 * MIB + block)
    (tmp_path / "in").write_bytes(data)
    before = world.disks[lun - 1].read_bytes()
    done = lunctl("write", world.url("open", lun), *AS, "--input", tmp_path / "in", "--offset", "1M")
    assert done.status == 0, done.errors
    assert world.disks[lun - 1].read_bytes() == before[:MIB] + data + before[MIB + len(data):]
    assert lunctl("read", world.url("open", lun), *AS, "--offset", "1M", "--length", len(data)).output == data


def test_lio_protects_a_disk_from_writing(world, tmp_path):
    (tmp_path / "in").write_bytes(bytes(512))
    before = world.disks[2].read_bytes()
    assert lunctl("info", world.url("open", 3), *AS, "--json").json["disk"]["write-protected"]
    assert "write protected" in lunctl("write", world.url("open", 3), *AS, "--input", tmp_path / "in").failed()
    assert world.disks[2].read_bytes() == before


def test_lio_has_no_session_left_after_a_logout(world):
    assert lunctl("ping", world.url("open"), *AS).status == 0
    assert world.lio.sessions(BASE + "open") == []


# --- A boot ----------------------------------------------------------------------------------------------------------


def test_lunboot_boots_from_lio_with_mutual_chap_and_digests(lab, world):
    """SHA3-256 both ways, and CRC32C over headers and data, as the device path tells."""
    accounts = {"chap_name": CHAP.name, "chap_secret": CHAP.secret, "mutual_chap_name": MUTUAL.name,
                "mutual_chap_secret": MUTUAL.secret}
    root_path = world.lio.root_path(BASE + "boot")
    guest = lab.boot(lab.config(root_path=root_path, auth="mutual", digests="require", **accounts))
    guest.wait_for(r"mutual\s+CHAP\s+with\s+SHA3-256")
    assert f"iSCSI({BASE}boot,0x1,0x0001000000000000,CRC32C,CRC32C,CHAP_BI,TCP)" in guest.marker("lun")["device"]
    guest.back_in_firmware()
    assert world.lio.sessions(BASE + "boot") == []
