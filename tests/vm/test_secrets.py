# SPDX-License-Identifier: BSD-2-Clause
"""What is left of the CHAP secrets in the machine's memory once lunboot has let go (REQ-173, REQ-327).

The secrets stand in lunboot.conf in hexadecimal, so that the firmware's own cache of that file never holds the bytes
that are looked for. Each guest stays as it was when it switched itself off, and all its memory is searched.
"""

import re

from lab import INITIATOR, MUTUAL
from lbvm.target import Account

SECRET = Account("guest", "Raw-0ne-way-5ecret")
MUTUAL_SECRET = Account(MUTUAL.name, "Raw-mutua1-5ecret!")


def in_hex(account):
    return "0x" + account.secret.encode().hex()


def boot(lab, target, **settings):
    settings = {"chap_name": SECRET.name, "chap_secret": in_hex(SECRET), "mutual_chap_name": MUTUAL_SECRET.name,
                "mutual_chap_secret": in_hex(MUTUAL_SECRET), **settings}
    return lab.boot(lab.config(target, **settings), extra=["-no-shutdown"])


def places(memory, text):
    return [found.start() for found in re.finditer(re.escape(text.encode()), memory)]


def memory_of(guest):
    """Whether with or without secrets: of the file's text there is no copy but the firmware's own."""
    memory = guest.memory_when_off()
    assert INITIATOR.encode() in memory  # what is not a secret is there, so the search sees something
    assert len(places(memory, in_hex(SECRET))) <= 1 and len(places(memory, in_hex(MUTUAL_SECRET))) <= 1
    return memory


def assert_nowhere(memory):
    assert places(memory, SECRET.secret) == [] and places(memory, MUTUAL_SECRET.secret) == []


def test_req_173_a_refused_login_leaves_no_secret(lab):
    target = lab.target(lab.marker_lun(), chap=Account(SECRET.name, "what-the-target-has"))
    guest = boot(lab, target)
    assert "0201" in guest.lunboot_failed()
    guest.marker("next")
    assert_nowhere(memory_of(guest))


def test_req_173_327_a_loader_that_returned_leaves_no_secret(lab):
    target = lab.target(lab.marker_lun(), chap=SECRET, mutual=MUTUAL_SECRET)
    guest = boot(lab, target)
    assert SECRET.secret.encode().hex() in guest.marker("lun")["ibft-bytes"]
    guest.marker("next")
    assert_nowhere(memory_of(guest))


def test_req_327_an_operating_system_without_secrets_finds_none(lab):
    target = lab.target(lab.marker_lun(end="exit"), chap=SECRET, mutual=MUTUAL_SECRET)
    guest = boot(lab, target, ibft_secrets="no")
    guest.wait_for("MARKER-LEFT-BOOT-SERVICES")
    assert_nowhere(memory_of(guest))


def test_req_327_an_operating_system_finds_the_secrets_in_the_ibft_alone(lab):
    target = lab.target(lab.marker_lun(end="exit"), chap=SECRET, mutual=MUTUAL_SECRET)
    guest = boot(lab, target)
    table = bytes.fromhex(guest.marker("lun")["ibft-bytes"])
    guest.wait_for("MARKER-LEFT-BOOT-SERVICES")
    memory = memory_of(guest)
    for account in (SECRET, MUTUAL_SECRET):
        found = places(memory, account.secret)
        assert len(found) == 1
        start = found[0] - table.index(account.secret.encode())
        assert memory[start : start + len(table)] == table


def boot_without_a_file(lab, **more):
    """Of a secret in a variable the firmware alone has copies, as they stand in its flash; who is root can find them in
    the memory."""
    target = lab.target(lab.marker_lun(end="exit"), chap=SECRET)
    config = lab.config(target, chap_secret=None, ibft_secrets="no")
    guest = lab.boot(config, extra=["-no-shutdown"], **more)
    guest.wait_for("MARKER-LEFT-BOOT-SERVICES")
    memory, text = guest.memory_when_off(), in_hex(SECRET).encode()
    assert_nowhere(memory)
    assert memory.count(text) == memory.count("chap-secret\0".encode("utf-16-le") + text) > 0


def test_req_327_339_a_secret_in_a_variable_stays_in_the_firmwares_copy_alone(lab):
    lab.script(None, [f"lunboot.efi config set chap-secret={in_hex(SECRET)}"]).wait_exit()
    boot_without_a_file(lab, variables=lab.kept_variables())


def test_req_327_339_an_enrolled_secret_stays_in_the_firmwares_copy_alone(lab):
    boot_without_a_file(lab, beside={"lunboot.enrol": f"chap-secret = {in_hex(SECRET)}\n".encode()})
