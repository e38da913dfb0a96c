# SPDX-License-Identifier: BSD-2-Clause
"""lunctl against a real tgtd on loopback: what an administrator types, and what the disk's file holds afterwards."""

import json
import os
import pty
import random
import re
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading

import pytest

from lunctl import HANG_SECONDS, command, lunctl
from places import TOP, build_dir

sys.path.insert(0, str(TOP / "tools/vm"))

from lbvm.target import Account, Target, free_port  # noqa: E402

NAME = "iqn.2024-01.org.example:administrator"
CHAP = Account("admin", "one-way-secret-12")
MUTUAL = Account("storage", "mutual-secret-34")
WRONG = "not-the-secret-99"
MIB = 1 << 20


@pytest.fixture(scope="module", autouse=True)
def built():
    if not (build_dir() / "host/lunctl").exists():
        pytest.skip("lunctl is not built: make lunctl")


@pytest.fixture
def disk(tmp_path):
    """A LUN's file of 8 MiB in which no two blocks are alike."""
    path = tmp_path / "disk"
    path.write_bytes(random.Random(7).randbytes(8 * MIB))
    return path


@pytest.fixture
def start(tmp_path):
    """Starts targets that end with the test."""
    running = []

    def run(luns, **options):
        target = Target(luns, log=tmp_path / f"tgtd-{len(running)}.log", **options)
        running.append(target)
        return target.start()

    yield run
    for target in running:
        target.daemon.process.kill()  # after a lost connection tgtd would take its time
        target.daemon.process.wait()
        target.stop()


@pytest.fixture
def target(start, disk):
    """A target without authentication."""
    return start([disk])


def url(target, lun=1, port=None, iqn=None, host="127.0.0.1"):
    return f"iscsi://{host}:{port or target.port}/{iqn or target.iqn}/{lun}"


@pytest.fixture
def secrets(tmp_path):
    """Writes a secrets file and returns the options that name it."""

    def write(chap=CHAP, mutual=None, more=""):
        lines = [f"chap-name = {chap.name}", f"chap-secret = {chap.secret}"] if chap else []
        lines += [f"mutual-chap-name = {mutual.name}", f"mutual-chap-secret = {mutual.secret}"] if mutual else []
        path = tmp_path / "secrets"
        path.write_text("\n".join(lines) + "\n" + more)
        return ["--secrets", path]

    return write


AS = ["--initiator", NAME]

# --- The command line ------------------------------------------------------------------------------------------------

COMMANDS = ("discover", "info", "read", "write", "ping", "ibft", "last-failure", "settings", "enrol")


def test_without_arguments_it_helps():
    done = lunctl()
    assert done.status == 2 and not done.errors
    for word in COMMANDS + ("iscsi://host", "--secrets", "--timeout", "--pcap"):
        assert word.encode() in done.output
    asked = lunctl("--help")
    assert asked.status == 0 and asked.output == done.output


URL = "iscsi://127.0.0.1:1/iqn.2024-01.org.example:lun/1"


@pytest.mark.parametrize("words, said", [
    (["format", URL], "no such command"),
    (["info"], "URL"),
    (["info", "iscsi://127.0.0.1"], "target and the LUN are missing"),
    (["info", "http://127.0.0.1/iqn.2024-01.org.example:lun/1"], "iscsi://"),
    (["info", "iscsi://127.0.0.1:0/iqn.2024-01.org.example:lun/1"], "host"),
    (["info", "iscsi://127.0.0.1:65536/iqn.2024-01.org.example:lun/1"], "host"),
    (["info", "iscsi://127.0.0.1/iqn.2024-01.org.example:lun"], "LUN"),
    (["info", "iscsi://127.0.0.1/iqn.2024-01.org.example:lun/16384"], "LUN"),
    (["info", "iscsi://127.0.0.1/iqn.2024-01.org.example:lun/0x1"], "LUN"),
    (["info", "iscsi://127.0.0.1/lun/1"], "iqn."),
    (["info", URL, URL.replace("/1", "/2")], "same"),
    (["info", URL, URL.replace(":lun", ":other")], "same"),
    (["info"] + [URL] * 9, "8 portals"),
    (["discover", URL], "portal alone"),
    (["info", URL, "--digests", "none"], "off, prefer, require"),
    (["info", URL, "--auth", "chap"], "--secrets"),
    (["info", URL, "--auth", "none"], "any, chap, mutual"),
    (["info", URL, "--initiator", "me"], "iqn."),
    (["info", URL, "--timeout", "0"], "seconds"),
    (["info", URL, "--timeout", "5s"], "seconds"),
    (["info", URL, "--queue-depth", "0"], "queue-depth"),
    (["info", URL, "--queue-depth", "65"], "queue-depth"),
    (["info", URL, "--output", "x"], "read"),
    (["info", URL, "--offset", "512"], "read and write"),
    (["read", URL, "--offset", "-1"], "number of bytes"),
    (["read", URL, "--length", "1X"], "number of bytes"),
    (["read", URL, "--length", "99999999999999999999"], "number of bytes"),
    (["read", URL, "--length", "99999999999T"], "number of bytes"),
    (["read", URL, "--input", "x"], "write"),
    (["read", URL, "--json"], "--output"),
    (["write", URL], "--input"),
    (["write", URL, "--input", "-"], "--length"),
    (["ibft", "one", "two"], "one file"),
    (["info", URL, "--secrets", "/nowhere/secrets"], "/nowhere/secrets"),
])
def test_what_is_not_understood_ends_with_2_and_a_reason(words, said):
    done = lunctl(*words, *AS) if "--initiator" not in words else lunctl(*words)
    assert said in done.failed(2)
    assert not done.output


@pytest.mark.parametrize("words", [["info", URL, "--frob"], ["info", URL, "--timeout"]])
def test_unknown_options_end_with_2(words):
    done = lunctl(*words)
    assert done.status == 2 and b"option" in done.errors


@pytest.mark.parametrize("place", [
    f"iscsi://admin%{WRONG}@127.0.0.1/iqn.2024-01.org.example:lun/1",
    f"iscsi://admin@127.0.0.1/iqn.2024-01.org.example:lun/1?{WRONG}",
])
def test_secrets_in_a_url_are_refused_and_not_repeated(place):
    sentence = lunctl("info", place, *AS).failed(2)
    assert "--secrets" in sentence and WRONG not in sentence


@pytest.mark.parametrize("content, line, said", [
    ("chap-name = a\nchap-secret = short\n", 2, "chap-secret"),
    ("chap-name = a\nchap-sekret = long-enough-secret\n", 2, "chap-sekret"),
    ("chap-name\n", 1, ""),
    ("chap-name = a\nchap-secret = long-enough-secret\nroot-path = iscsi:10.0.0.1::::iqn.2024-01.org.example:x\n", 3,
     "root-path"),
])
def test_bad_lines_of_the_secrets_file_are_named(tmp_path, content, line, said):
    path = tmp_path / "secrets"
    path.write_text(content)
    sentence = lunctl("info", URL, *AS, "--secrets", path).failed(2)
    assert f"line {line}" in sentence and said in sentence and "long-enough" not in sentence


# --- Logging in ------------------------------------------------------------------------------------------------------


def test_info_without_authentication(target, disk):
    told = lunctl("info", url(target), *AS, "--json").json
    assert told["target"] == target.iqn and told["initiator"] == NAME
    assert told["portal"] == f"127.0.0.1:{target.port}"
    assert told["authentication"]["method"] == "none"
    assert told["negotiated"]["ErrorRecoveryLevel"] == 0 and told["negotiated"]["HeaderDigest"] == "None"
    assert told["negotiated"]["MaxConnections"] == 1
    assert told["disk"]["lun"] == "0001-0000-0000-0000"
    assert told["disk"]["bytes"] == disk.stat().st_size == told["disk"]["blocks"] * told["disk"]["block-size"]
    assert told["disk"]["block-size"] == 512 and not told["disk"]["write-protected"]
    assert told["disk"]["designator"] or told["disk"]["serial"]
    assert told["root-path"] == f"iscsi:127.0.0.1:6:{target.port}:1:{target.iqn}"


def test_info_for_people_shows_the_configuration_that_fits(start, disk, secrets):
    target = start([disk], chap=CHAP)
    done = lunctl("info", url(target), *AS, *secrets())
    text = done.output.decode()
    assert done.status == 0 and not done.errors
    assert "8 MiB: 16384 blocks of 512 bytes" in text and "LUN 1 (0001-0000-0000-0000)" in text
    conf = text[text.index("lunboot.conf"):]
    assert f"initiator-name = {NAME}\n" in conf
    assert f"root-path = iscsi:127.0.0.1:6:{target.port}:1:{target.iqn}\n" in conf
    assert f'chap-name = "{CHAP.name}"' in conf
    assert CHAP.secret not in text and "auth =" not in text


def test_info_names_every_setting_that_was_used(start, disk, secrets):
    target = start([disk], chap=CHAP)
    done = lunctl("info", url(target), *AS, *secrets(more="chap-algorithms = md5\n"), "--auth", "any", "--json")
    lines = done.json["lunboot.conf"].splitlines()
    assert f"root-path = {done.json['root-path']}" in lines and f"initiator-name = {NAME}" in lines
    assert 'auth = "any"' in lines and 'chap-algorithms = "md5"' in lines and f'chap-name = "{CHAP.name}"' in lines
    assert CHAP.secret not in done.output.decode()


def test_req_152_a_second_login_offers_md5_alone(start, disk, secrets):
    """tgtd takes algorithm 7 for SHA-1, and refuses what is right: the one attempt with MD5 succeeds."""
    target = start([disk], chap=CHAP)
    told = lunctl("info", url(target), *AS, *secrets(), "--json").json["authentication"]
    assert told == {"method": "CHAP", "algorithm": "MD5", "second-login-with-md5": True, "short-challenge": False}
    told = lunctl("info", url(target), *AS, *secrets(more="chap-algorithms = md5\n"), "--json").json["authentication"]
    assert told["method"] == "CHAP" and not told["second-login-with-md5"]


@pytest.mark.parametrize("auth", [[], ["--auth", "any"], ["--auth", "mutual"]])
def test_mutual_chap(start, disk, secrets, auth):
    target = start([disk], chap=CHAP, mutual=MUTUAL)
    told = lunctl("info", url(target), *AS, *secrets(mutual=MUTUAL), *auth, "--json").json
    assert told["authentication"]["method"] == "mutual CHAP"


def test_target_that_does_not_prove_itself(start, disk, secrets):
    target = start([disk], chap=CHAP, mutual=MUTUAL)
    sentence = lunctl("info", url(target), *AS, *secrets(mutual=Account(MUTUAL.name, WRONG))).failed()
    assert "mutual" in sentence and target.iqn in sentence and WRONG not in sentence


def test_target_that_cannot_do_mutual_chap(start, disk, secrets):
    target = start([disk], chap=CHAP)
    sentence = lunctl("info", url(target), *AS, *secrets(mutual=MUTUAL), "--auth", "mutual").failed()
    assert target.iqn in sentence and MUTUAL.secret not in sentence


def test_chap_demanded_of_a_target_that_wants_none(target, secrets):
    sentence = lunctl("info", url(target), *AS, *secrets(), "--auth", "chap").failed()
    assert "authentication" in sentence or "CHAP" in sentence


def test_wrong_secret(start, disk, secrets):
    target = start([disk], chap=CHAP)
    done = lunctl("info", url(target), *AS, *secrets(Account(CHAP.name, WRONG)), "--trace")
    sentence = done.errors.decode().splitlines()[-1]
    assert done.status == 1 and not done.output
    assert "0201" in sentence and "chap-secret" in sentence and target.iqn in sentence and CHAP.name in sentence
    assert WRONG.encode() not in done.errors


def test_wrong_target_name(target):
    sentence = lunctl("info", url(target, iqn="iqn.2024-01.org.example:other"), *AS).failed()
    assert "iqn.2024-01.org.example:other" in sentence and "0203" in sentence


def test_wrong_lun_lists_those_there(start, disk, tmp_path):
    second = tmp_path / "second"
    second.write_bytes(bytes(MIB))
    target = start([disk, second])
    sentence = lunctl("info", url(target, lun=7), *AS).failed()
    assert "LUN 7 (0007-0000-0000-0000)" in sentence and re.search(r"there are LUN 0, 1, 2\b", sentence)


def test_a_controller_is_no_disk(target):
    sentence = lunctl("info", url(target, lun=0), *AS).failed()
    assert "not a disk" in sentence and "controller" in sentence and re.search(r"\b1\b", sentence)


def test_lun_as_hexadecimal_groups(target):
    told = lunctl("info", url(target, lun="0001-0000-0000-0000"), *AS, "--json").json
    assert told["disk"]["lun"] == "0001-0000-0000-0000"


def test_target_down():
    port = free_port()
    sentence = lunctl("info", f"iscsi://127.0.0.1:{port}/iqn.2024-01.org.example:lun/1", *AS).failed()
    assert "127.0.0.1" in sentence and str(port) in sentence and "refused" in sentence


def test_several_urls_are_tried_in_order(target):
    told = lunctl("info", url(target, port=free_port()), url(target), *AS, "--json").json
    assert told["portal"] == f"127.0.0.1:{target.port}"


def test_names_are_looked_up(target):
    told = lunctl("info", url(target, host="localhost"), *AS, "--json").json
    assert told["portal"] == f"localhost:{target.port}" and told["address"] == "127.0.0.1"


def test_a_silent_peer_ends_with_the_timeout():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        sentence = lunctl("info", f"iscsi://127.0.0.1:{port}/iqn.2024-01.org.example:lun/1", *AS, "--timeout", "1")
    assert str(port) in sentence.failed()


def test_a_peer_that_speaks_something_else():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]

        def greet():
            for _ in range(20):
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                peer.sendall(b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n" * 2)
                peer.recv(4096)
                peer.close()

        threading.Thread(target=greet, daemon=True).start()
        done = lunctl("info", f"iscsi://127.0.0.1:{port}/iqn.2024-01.org.example:lun/1", *AS)
        listener.shutdown(socket.SHUT_RDWR)
    assert "iSCSI" in done.failed()


# --- discover, ping, trace, capture ----------------------------------------------------------------------------------


def test_discover(target):
    place = f"iscsi://127.0.0.1:{target.port}"
    done = lunctl("discover", place, *AS)
    assert done.status == 0 and done.output.decode() == f"{target.iqn} 127.0.0.1:{target.port},1\n"
    assert lunctl("discover", place, *AS, "--json").json == {
        "targets": [{"target": target.iqn, "portal": f"127.0.0.1:{target.port}", "group": 1}], "skipped": 0}


def test_discover_finds_nothing(start, disk):
    target = start([disk], acl=("192.0.2.1",))
    sentence = lunctl("discover", f"iscsi://127.0.0.1:{target.port}", *AS).failed()
    assert "no target" in sentence and NAME in sentence


def test_ping(target):
    done = lunctl("ping", url(target), *AS)
    assert done.status == 0
    assert re.fullmatch(rf"(answer from 127\.0\.0\.1:{target.port} in \d+ ms\n){{3}}", done.output.decode())
    assert len(lunctl("ping", url(target), *AS, "--json").json["milliseconds"]) == 3


def test_trace_shows_headers_and_no_secret(start, disk, secrets):
    target = start([disk], chap=CHAP)
    done = lunctl("info", url(target), *AS, *secrets(), "--trace")
    lines = done.errors.decode().splitlines()
    assert done.status == 0
    assert "-> Login Request" in lines[0] and "<- Logout Response" in lines[-1]
    assert any("SCSI Command" in line and "cdb 25 00" in line for line in lines)
    assert not any("not shown" in line for line in lines)
    assert CHAP.secret not in done.errors.decode() and CHAP.name not in done.errors.decode()


def test_capture_can_be_read_by_tshark(target, tmp_path):
    path = tmp_path / "capture.pcap"
    assert lunctl("read", url(target), *AS, "--length", MIB, "--output", tmp_path / "out", "--pcap", path).status == 0
    shown = subprocess.run(["tshark", "-r", path, "-d", f"tcp.port=={target.port},iscsi", "-T", "fields", "-e",
                            "iscsi.opcode", "-e", "_ws.malformed", "-e", "tcp.analysis.flags"],
                           capture_output=True, text=True, check=True).stdout
    opcodes = set(re.findall(r"0x[0-9a-f]{2}", shown))
    assert {"0x03", "0x23", "0x01", "0x25", "0x06", "0x26"} <= opcodes
    assert "Malformed" not in shown


def test_a_capture_that_cannot_be_written(target):
    sentence = lunctl("info", url(target), *AS, "--pcap", "/nowhere/capture").failed()
    assert "/nowhere/capture" in sentence


# --- Reading ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [1, 8, 32])
def test_read_the_whole_disk(target, disk, tmp_path, depth):
    out = tmp_path / "out"
    done = lunctl("read", url(target), *AS, "--output", out, "--queue-depth", depth)
    assert done.status == 0 and b"8388608 bytes" in done.output
    assert out.read_bytes() == disk.read_bytes()


def test_read_lba_0_with_chap(start, disk, secrets):
    target = start([disk], chap=CHAP)
    done = lunctl("read", url(target), *AS, *secrets(), "--length", "512")
    assert done.status == 0 and done.output == disk.read_bytes()[:512]


@pytest.mark.parametrize("offset, length", [
    (None, 512), (512, 512), (8 * MIB - 512, 512), (8 * MIB - 512, None), (MIB, 3 * MIB + 512), (0, 0), (8 * MIB, None),
    ("1M", "1K"), (262144 - 512, 1024),
])
def test_read_ranges(target, disk, offset, length):
    words = (["--offset", offset] if offset is not None else []) + (["--length", length] if length is not None else [])
    done = lunctl("read", url(target), *AS, *words)
    first = MIB if offset == "1M" else offset or 0
    size = 1024 if length == "1K" else 8 * MIB - first if length is None else length
    assert done.status == 0, done.errors
    assert done.output == disk.read_bytes()[first:first + size]


@pytest.mark.parametrize("words, said", [
    (["--offset", "100"], "512"),
    (["--length", "513"], "512"),
    (["--offset", 8 * MIB, "--length", "512"], "8388608"),
    (["--offset", 8 * MIB + 512], "8388608"),
    (["--offset", "512", "--length", "16777215T"], "8388608"),
])
def test_ranges_that_the_disk_does_not_have(target, tmp_path, words, said):
    out = tmp_path / "out"
    assert said in lunctl("read", url(target), *AS, "--output", out, *words).failed(2)
    assert not out.exists()


def test_read_a_disk_with_blocks_of_4096(start, disk, tmp_path):
    target = start([disk], block=4096)
    out = tmp_path / "out"
    assert lunctl("read", url(target), *AS, "--output", out).status == 0
    assert out.read_bytes() == disk.read_bytes()
    assert "4096" in lunctl("read", url(target), *AS, "--offset", "512").failed(2)


def left_behind(folder):
    return sorted(path.name for path in folder.iterdir())


def test_output_replaces_a_file_only_when_it_is_whole(target, disk, tmp_path):
    folder = tmp_path / "here"
    folder.mkdir()
    out = folder / "out"
    out.write_bytes(b"before")
    done = lunctl("read", url(target, lun=9), *AS, "--output", out)
    done.failed()
    assert out.read_bytes() == b"before" and left_behind(folder) == ["out"]
    assert lunctl("read", url(target), *AS, "--output", out).status == 0
    assert out.read_bytes() == disk.read_bytes() and left_behind(folder) == ["out"]
    assert "nowhere" in lunctl("read", url(target), *AS, "--output", "/nowhere/out").failed()


class Relay:
    """Passes one connection at a time on to a target; ends each (or the first and itself) after so many bytes from
    the target."""

    def __init__(self, port, limit, once=False):
        self.port, self.limit, self.once = port, limit, once
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.own = self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self.port))
            threading.Thread(target=self.up, args=(near, far), daemon=True).start()
            if self.once:
                self.listener.close()
            self.down(far, near)

    @staticmethod
    def up(near, far):
        try:
            while data := near.recv(65536):
                far.sendall(data)
        except OSError:
            pass

    def down(self, far, near):
        left = self.limit
        while left > 0 and (data := far.recv(min(left, 65536))):
            near.sendall(data)
            left -= len(data)
        for end in (near, far):
            end.shutdown(socket.SHUT_RDWR)
            end.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self.once:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()


def test_req_267_a_connection_lost_in_the_middle_is_made_again(target, disk, tmp_path):
    with Relay(target.port, 3 * MIB) as relay:
        done = lunctl("read", url(target, port=relay.own), *AS, "--output", tmp_path / "out")
    assert done.status == 0
    assert (tmp_path / "out").read_bytes() == disk.read_bytes()


def test_a_target_that_goes_away_in_the_middle_leaves_nothing(target, tmp_path):
    folder = tmp_path / "here"
    folder.mkdir()
    with Relay(target.port, 3 * MIB, once=True) as relay:
        done = lunctl("read", url(target, port=relay.own), *AS, "--timeout", "6", "--output", folder / "out")
    sentence = done.failed()
    assert "refused" in sentence and str(relay.own) in sentence
    assert left_behind(folder) == []


def test_req_098_digests(start, disk, tmp_path):
    target = start([disk], digests="CRC32C,None")
    for words, told in (["--digests", "require"], b"CRC32C"), ([], b"CRC32C"), (["--digests", "off"], b"None"):
        shown = lunctl("info", url(target), *AS, *words).output
        for key in (b"HeaderDigest", b"DataDigest"):
            assert shown.split(key)[1].split()[0] == told
        assert lunctl("read", url(target), *AS, *words, "--output", tmp_path / "out").status == 0
        assert (tmp_path / "out").read_bytes() == disk.read_bytes()


@pytest.fixture
def stuck(target, tmp_path):
    """A lunctl that reads to a pipe which nobody empties; the pipe's first bytes have been taken."""
    running = []

    def run(*words):
        child = subprocess.Popen(command("read", url(target), *AS, *words), stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
        running.append(child)
        assert len(os.read(child.stdout.fileno(), 4096)) == 4096
        return child

    yield run
    for child in running:
        child.kill()
        child.communicate()


def test_two_at_the_same_time_leave_each_other_alone(target, disk, stuck):
    child = stuck()
    assert lunctl("info", url(target), *AS).status == 0
    assert lunctl("ping", url(target), *AS).status == 0
    rest, errors = child.communicate(timeout=HANG_SECONDS)
    assert child.returncode == 0 and not errors
    assert rest == disk.read_bytes()[4096:]


def test_timeout_is_for_the_whole_command(stuck):
    child = stuck("--timeout", "1")
    child.wait(timeout=HANG_SECONDS)
    assert child.returncode == 1
    assert child.stderr.read().startswith(b"lunctl: not done after 1 s")


def test_an_interrupt_logs_out(target, stuck):
    child = stuck("--trace")
    assert target.sessions() == [NAME]
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=HANG_SECONDS)
    assert child.returncode == 1 and b"\nlunctl: interrupted\n" in errors
    assert b"<- Logout Response" in errors.splitlines()[-1]


# --- Writing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [1, 8, 32])
def test_write_is_on_the_disk(target, disk, tmp_path, depth):
    data = random.Random(depth).randbytes(3 * MIB + 512)
    (tmp_path / "in").write_bytes(data)
    before = disk.read_bytes()
    done = lunctl("write", url(target), *AS, "--input", tmp_path / "in", "--offset", "1M", "--queue-depth", depth)
    assert done.status == 0, done.errors
    assert disk.read_bytes() == before[:MIB] + data + before[MIB + len(data):]
    assert lunctl("read", url(target), *AS, "--offset", "1M", "--length", len(data)).output == data


def test_write_from_a_pipe(target, disk):
    data = random.Random(1).randbytes(MIB)
    done = lunctl("write", url(target), *AS, "--input", "-", "--length", "1M", "--json", data=data)
    assert done.json["bytes"] == MIB
    assert disk.read_bytes()[:MIB] == data


def test_a_pipe_that_ends_early_is_told(target):
    done = lunctl("write", url(target), *AS, "--input", "-", "--length", "1M", data=bytes(1000))
    assert "ended before" in done.failed() and not done.output


@pytest.mark.parametrize("size, words, said", [
    (1000, [], "512"),
    (512, ["--offset", "100"], "512"),
    (512, ["--length", "1024"], "shorter"),
    (1024, ["--offset", 8 * MIB - 512], "8388608"),
])
def test_inputs_that_do_not_fit_write_nothing(target, disk, tmp_path, size, words, said):
    (tmp_path / "in").write_bytes(b"\xaa" * size)
    before = disk.read_bytes()
    assert said in lunctl("write", url(target), *AS, "--input", tmp_path / "in", *words).failed(2)
    assert disk.read_bytes() == before


def test_req_293_a_write_protected_disk(start, disk, tmp_path):
    target = start([disk], read_only=True)
    (tmp_path / "in").write_bytes(bytes(512))
    before = disk.read_bytes()
    assert lunctl("info", url(target), *AS, "--json").json["disk"]["write-protected"]
    assert "write protected" in lunctl("write", url(target), *AS, "--input", tmp_path / "in").failed()
    assert disk.read_bytes() == before
    assert lunctl("read", url(target), *AS, "--length", "512").output == before[:512]


def test_req_236_a_connection_lost_while_writing_is_made_again(target, disk, tmp_path):
    content = random.Random(8).randbytes(4 * MIB)
    (tmp_path / "in").write_bytes(content)
    with Relay(target.port, 4000) as relay:
        done = lunctl("write", url(target, port=relay.own), *AS, "--input", tmp_path / "in")
    assert done.status == 0 and disk.read_bytes()[: 4 * MIB] == content


def test_a_target_that_goes_away_while_it_is_written_to_is_told(target, tmp_path):
    (tmp_path / "in").write_bytes(bytes(4 * MIB))
    with Relay(target.port, 2000, once=True) as relay:
        done = lunctl("write", url(target, port=relay.own), *AS, "--timeout", "6", "--input", tmp_path / "in")
    assert "refused" in done.failed()
    assert not done.output


# --- ibft ------------------------------------------------------------------------------------------------------------


def make_table():
    """A table by the layout of the iBFT specification 1.03: one NIC, one target with CHAP."""
    strings = {"initiator": NAME, "host": "diskless", "target": "iqn.2024-01.org.example:lun", "chap": CHAP.name,
               "secret": CHAP.secret}
    base, places, pool = 48 + 24 + 80 + 104 + 56, {}, b""
    for key, text in strings.items():
        places[key] = struct.pack("<HH", len(text), base + len(pool))
        pool += text.encode() + b"\0"

    def ipv4(text):
        return bytes(10) + b"\xff\xff" + socket.inet_aton(text)

    control = struct.pack("<BBHBBHHHHHH", 1, 1, 18, 0, 0, 0, 72, 152, 256, 0, 0)
    initiator = struct.pack("<BBHBB", 2, 1, 74, 0, 3) + bytes(64) + places["initiator"]
    nic = (struct.pack("<BBHBB", 3, 1, 102, 0, 3) + ipv4("10.1.2.3") + bytes([24, 3]) + ipv4("10.1.2.1")
           + ipv4("10.1.2.53") + bytes(16) + ipv4("10.1.2.2") + struct.pack("<H", 0)
           + bytes.fromhex("525400123456") + struct.pack("<H", 0x0018) + places["host"])
    target = (struct.pack("<BBHBB", 4, 1, 54, 0, 3) + ipv4("10.1.2.9") + struct.pack("<H", 3260)
              + bytes([0, 1]) + bytes(6) + bytes([1, 0]) + places["target"] + places["chap"] + places["secret"]
              + bytes(8))
    body = control.ljust(24, b"\0") + initiator.ljust(80, b"\0") + nic.ljust(104, b"\0") + target.ljust(56, b"\0") + pool
    table = bytearray(b"iBFT" + struct.pack("<IBB", 48 + len(body), 1, 0) + b"LUNBOO" + b"LUNBOOT " + bytes(24) + body)
    table[9] = -sum(table) & 0xFF
    return bytes(table)


def test_ibft_of_a_file(tmp_path):
    path = tmp_path / "iBFT"
    path.write_bytes(make_table())
    done = lunctl("ibft", path)
    text = done.output.decode()
    assert done.status == 0, done.errors
    for part in (NAME, "52:54:00:12:34:56", "00:03.0", "10.1.2.3/24 from DHCP", "10.1.2.53", "10.1.2.9:3260",
                 "LUN 1 (0001-0000-0000-0000)", "iqn.2024-01.org.example:lun", CHAP.name, "diskless"):
        assert part in text
    assert CHAP.secret not in text and "17 bytes, not shown" in text
    told = lunctl("ibft", path, "--json").json
    assert told["initiator"] == NAME
    assert [nic["mac"] for nic in told["nics"]] == ["52:54:00:12:34:56"]
    assert told["nics"][0]["address"] == "10.1.2.3" and told["nics"][0]["dns-2"] == ""
    assert [one["name"] for one in told["targets"]] == ["iqn.2024-01.org.example:lun"]
    assert told["targets"][0]["authentication"] == "CHAP" and told["targets"][0]["chap-secret-present"]
    assert CHAP.secret not in json.dumps(told)


def test_damaged_tables_are_refused(tmp_path):
    path = tmp_path / "iBFT"
    table = make_table()
    for spoilt in (b"", table[:40], table[:-1], b"XBFT" + table[4:], table[:60] + b"\xff\xff" + table[62:],
                   table[:20] + b"?" + table[21:]):
        path.write_bytes(spoilt)
        done = lunctl("ibft", path)
        assert str(path) in done.failed() and not done.output
    assert "/nowhere" in lunctl("ibft", "/nowhere/iBFT").failed()


# --- last-failure ----------------------------------------------------------------------------------------------------


def test_req_137_last_failure(tmp_path):
    kept = tmp_path / "variable"
    kept.write_bytes(b"\x06\0\0\0Login to it failed\x1b[2J")
    assert lunctl("last-failure", kept).output == b"Login to it failed\\x1b[2J\n"
    assert lunctl("last-failure", kept, "--json").json == {"last-failure": "Login to it failed\\x1b[2J"}
    for wrong in b"", b"\x06\0\0\0", bytes(5000):
        kept.write_bytes(wrong)
        assert "not the variable" in lunctl("last-failure", kept).failed()
    assert "No such file" in lunctl("last-failure", tmp_path / "nothing").failed()


# --- settings --------------------------------------------------------------------------------------------------------


def test_settings_tells_what_each_key_takes():
    rows = {row["key"]: row for row in lunctl("settings", "--json").json["settings"]}
    assert rows["log"]["value"] == "one of quiet, normal, debug, trace"
    assert rows["tcp-window"]["value"].endswith("64K to 4M") and rows["tcp-window"]["default"] == "1M"
    assert rows["retries"]["value"].endswith("0 to forever")
    assert rows["lun"]["set-by"].endswith("iBFT, DHCP") and "DHCP" not in rows["auth"]["set-by"]
    assert "default" not in rows["auth"]
    text = lunctl("settings").output.decode()
    assert [line for line in text.splitlines() if line and line[0] != " "] == list(rows)


def test_settings_take_no_words():
    assert "takes no more words" in lunctl("settings", "lun").failed(2)
    assert "settings alone" in lunctl("ibft", "--markdown").failed(2)
    assert "not with --json" in lunctl("settings", "--markdown", "--json").failed(2)


# --- enrol -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def esp(tmp_path):
    """What an EFI system partition is to Linux: a folder, here with lunboot as its only program."""

    def make(*folders, name="lunboot.efi", content=b"MZ sbat,1,SBAT Version\nlunboot,1,lunboot"):
        for folder in folders or ["EFI/lunboot"]:
            (tmp_path / "esp" / folder).mkdir(parents=True, exist_ok=True)
            (tmp_path / "esp" / folder / name).write_bytes(content)
        return tmp_path / "esp"

    return make


def enrol(esp, *words, data=None):
    return lunctl("enrol", "--esp", esp, *words, data=data)


def test_enrol_leaves_the_settings_beside_lunboot(esp):
    volume = esp()
    done = enrol(volume, "lun=7", "chap-name=node 7", "chap-secret", 'boot-args=a="b"', data=CHAP.secret.encode() + b"\n")
    written = volume / "EFI/lunboot/lunboot.enrol"
    assert done.status == 0 and not done.errors, done.errors
    assert str(written) in done.output.decode() and "lun chap-name chap-secret boot-args" in done.output.decode()
    assert CHAP.secret.encode() not in done.output
    assert written.read_text() == (f'lun = "7"\nchap-name = "node 7"\nchap-secret = "0x{CHAP.secret.encode().hex()}"\n'
                                   'boot-args = a="b"\n')
    assert written.stat().st_mode & 0o777 == 0o600
    assert sorted(os.listdir(written.parent)) == ["lunboot.efi", "lunboot.enrol"]


def test_enrol_takes_a_file_and_words_beside_it(esp, tmp_path):
    settings = tmp_path / "settings"
    settings.write_text(f"# node 7\nchap-name = node7 # its name\nchap-secret = {CHAP.secret}\n")
    volume = esp("EFI/BOOT", name="BOOTX64.EFI")
    told = enrol(volume, "--json", "--file", settings, "lun=1").json
    assert told == {"file": str(volume / "EFI/BOOT/lunboot.enrol"), "keys": ["lun", "chap-name", "chap-secret"]}
    assert "twice" in enrol(volume, "--file", settings, "chap-name=other").failed(2)


def test_enrol_overwrites_what_was_not_taken_yet(esp):
    """A name of the old file's own shows that its bytes are gone and not merely its name."""
    volume = esp()
    enrol(volume, "lun=7", "boot-args=" + "x" * 500)
    written = volume / "EFI/lunboot/lunboot.enrol"
    os.link(written, volume / "kept")
    length = written.stat().st_size
    assert enrol(volume, "lun=8").status == 0
    assert written.read_text() == 'lun = "8"\n' and (volume / "kept").read_bytes() == bytes(length)


@pytest.mark.parametrize("words, said", [
    ([], "key=value, or --file"),
    (["lun"], "key=value"),
    (["lun=x"], "lun: "),
    (["lum=1"], "is lun meant?"),
    (["lun=1", "lun=2"], "twice"),
    (["boot-args="], "cannot be empty"),
    (["boot-args=a # b \"c\""], "double quote"),
    (["include=x"], "no such key"),
    ([f"chap-secret={WRONG}"], "can read a command line"),
    (["--file", "/nowhere/settings"], "/nowhere/settings"),
])
def test_enrol_writes_nothing_that_is_wrong(esp, words, said):
    volume = esp()
    sentence = enrol(volume, *words).failed(2)
    assert said in sentence and WRONG not in sentence
    assert os.listdir(volume / "EFI/lunboot") == ["lunboot.efi"]


def test_enrol_names_the_line_of_a_bad_file(esp, tmp_path):
    settings = tmp_path / "settings"
    settings.write_text(f"lun = 1\nchap-secret = {WRONG[:8]}\n")
    sentence = enrol(esp(), "--file", settings).failed(2)
    assert f"{settings} line 2, chap-secret: " in sentence and WRONG[:8] not in sentence


def test_enrol_finds_lunboot_or_says_what_to_name(esp, tmp_path):
    assert "--esp DIR" in enrol(tmp_path / "nothing", "lun=1").failed()
    volume = esp("EFI/debian", content=b"GRUB")
    assert "--folder EFI/NAME" in enrol(volume, "lun=1").failed()
    esp("EFI/one"), esp("EFI/two", name="BootX64.efi")
    assert "several" in enrol(volume, "lun=1").failed()
    assert enrol(volume, "lun=1", "--folder", "EFI/two").status == 0
    assert (volume / "EFI/two/lunboot.enrol").exists()
    assert "EFI/three: No such" in enrol(volume, "lun=1", "--folder", "EFI/three").failed()
    assert "for enrol alone" in lunctl("settings", "--esp", volume).failed(2)


@pytest.mark.parametrize("typed, said", [
    ([CHAP.secret, CHAP.secret], None), ([CHAP.secret, WRONG], "not the same"), (["short", "short"], "chap-secret: "),
    ([CHAP.secret + "\x03"], "interrupted"),
])
def test_enrol_asks_for_a_secret_twice_and_does_not_show_it(esp, typed, said):
    ours, theirs = pty.openpty()
    volume = esp()
    child = subprocess.Popen(command("enrol", "--esp", volume, "chap-secret"), stdin=theirs, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, bufsize=0)
    for line, prompt in zip(typed, (b"chap-secret: ", b"chap-secret once more: ")):
        read = b""
        while not read.endswith(prompt):
            read += child.stderr.read(1) or pytest.fail(f"{read}")
        os.write(ours, line.encode() + b"\n")
    output, errors = child.communicate(timeout=HANG_SECONDS)
    shown = os.read(ours, 4096)
    assert bool(termios.tcgetattr(theirs)[3] & termios.ECHO) and bool(termios.tcgetattr(theirs)[3] & termios.ISIG)
    for end in ours, theirs:
        os.close(end)
    assert CHAP.secret.encode() not in shown + output + errors and b"short" not in shown + output + errors
    assert (child.returncode == 0) is (said is None) and (said or "").encode() in errors
    assert (volume / "EFI/lunboot/lunboot.enrol").exists() is (said is None)
