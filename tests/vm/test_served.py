# SPDX-License-Identifier: BSD-2-Clause
"""Settings from a web server or a TFTP server: which files are asked for, what counts, and what is refused.

QEMU's user networking leads 10.0.2.2 to our loopback, and has a TFTP server of its own.
"""

import functools
import http.server
import threading

import pytest
from lab import CHAP
from lbvm.vm import Nic

MAC = "mac-52-54-00-4c-55-01"


class Handler(http.server.SimpleHTTPRequestHandler):
    """Python's own file server; beside it, some answers that a file server does not give."""

    def do_GET(self):
        self.server.asked.append(self.path)
        if self.path in self.server.moved:
            self.send_response(302)
            self.send_header("Location", self.server.moved[self.path])
            self.end_headers()
        elif self.path in self.server.silent:
            self.server.over.wait()
        else:
            super().do_GET()

    def log_message(self, *_):
        pass


class Web:
    """A web server on a port of the loopback, for a folder."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
        self.server.asked, self.server.moved, self.server.silent = [], {}, set()
        self.server.over = threading.Event()
        self.asked = self.server.asked
        self.url = f"http://10.0.2.2:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def put(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def stop(self):
        self.server.over.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def web(lab):
    return lab.keep(Web(lab.folder / "web"))


def test_the_machines_file_goes_before_the_common_one(lab, web):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    web.put(f"lunboot/{MAC}.conf", f"root-path = {target.root_path()}\ninclude = /rooms/${{mac}}.conf\n")
    web.put("rooms/52-54-00-4c-55-01.conf", "hostname = from-room\n")
    web.put("lunboot.conf", "root-path = iscsi:10.0.2.2::1::iqn.2024-01.org.example:wrong\nhostname = common\n"
                            "digests = off\n")
    guest = lab.boot(lab.config(target, root_path=None, config_from=web.url, log="debug"), vga=True)
    guest.wait_for(r"digests\s+=\s+off\s+\(" + web.url + r"lunboot\.conf\s+line\s+3\)")
    guest.wait_for(r"hostname\s+=\s+from-room\s+\(" + web.url + r"rooms/52-54-00-4c-55-01\.conf\s+line\s+1\)")
    guest.marker("lun")
    guest.screenshot(lab.folder / "settings-from-a-server.png")
    guest.back_in_firmware()
    assert [path for path in web.asked if "uuid" not in path] == [
        f"/lunboot/{MAC}.conf", "/rooms/52-54-00-4c-55-01.conf", "/lunboot.conf"]


def test_uuid_and_serial_number_name_a_machine(lab, web):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    web.put("lunboot/serial-AB_12.conf", f"root-path = {target.root_path()}\n")
    smbios = ["-smbios", "type=1,serial=AB/12,uuid=4c4c4544-0042-1010-8020-b2c04f4b4c31"]
    guest = lab.boot(lab.config(target, root_path=None, config_from=web.url), extra=smbios)
    guest.marker("lun")
    guest.back_in_firmware()
    assert web.asked == ["/lunboot/uuid-4c4c4544-0042-1010-8020-b2c04f4b4c31.conf", "/lunboot/serial-AB_12.conf",
                         "/lunboot.conf"]


def test_files_by_tftp(lab):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    (lab.folder / "tftp").mkdir()
    (lab.folder / "tftp/lunboot.conf").write_text(f"# {'x' * 1000}\n" * 3 + f"root-path = {target.root_path()}\n")
    guest = lab.boot(lab.config(target, root_path=None, config_from="tftp://10.0.2.2/"),
                     [Nic(user=f"tftp={lab.folder}/tftp")])
    guest.wait_for(r"settings\s+from\s+tftp://10\.0\.2\.2/lunboot\.conf")
    guest.marker("lun")
    guest.back_in_firmware()


def test_a_local_value_wins_and_a_server_without_files_is_no_failure(lab, web):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    guest = lab.boot(lab.config(target, config_from=web.url))
    guest.marker("lun")
    guest.back_in_firmware()
    assert "/lunboot.conf" in web.asked


def served_failure(lab, web, **settings):
    """The sentence of a boot that has its root path from the server alone."""
    guest = lab.boot(lab.config(config_from=web.url, **settings))
    sentence = guest.lunboot_failed()
    guest.back_in_firmware()
    return sentence


def test_a_bad_line_names_its_file(lab, web):
    web.put("lunboot.conf", "hostname = node7\nretires = 3\n")
    assert f"{web.url}lunboot.conf line 2, retires: there is no such key" in served_failure(lab, web)


def test_secrets_need_a_local_word(lab, web):
    web.put("lunboot.conf", f"chap-name = {CHAP.name}\nchap-secret = {CHAP.secret}\n")
    sentence = served_failure(lab, web)
    assert "secrets-from-server = yes" in sentence and CHAP.secret not in sentence


def test_secrets_with_a_local_word_are_used_and_warned_of(lab, web):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    web.put("lunboot.conf", f"chap-name = {CHAP.name}\nchap-secret = {CHAP.secret}\n"
                            f"root-path = {target.root_path()}\n")
    guest = lab.boot(lab.config(config_from=web.url, secrets_from_server="yes"))
    guest.wait_for(r"warning:\s+a\s+CHAP\s+secret\s+came\s+from\s+the\s+server")
    guest.marker("lun")
    guest.back_in_firmware()
    assert CHAP.secret not in "".join(guest.text.split())


def test_a_server_cannot_lower_what_must_be_proven(lab, web):
    web.put("lunboot.conf", "auth = none\n")
    assert "lunboot.conf line 1, auth: the server's file must not set this" in served_failure(lab, web)


def test_what_must_be_proven_is_decided_locally_where_the_server_has_the_secrets(lab, web):
    target = lab.target(lab.marker_lun())  # that asks for no proof
    sentence = served_failure(lab, web, root_path=target.root_path(), auth="chap", secrets_from_server="yes")
    assert "auth: CHAP needs chap-name and chap-secret" in sentence
    assert "/lunboot.conf" in web.asked


def test_a_server_cannot_give_arguments_to_a_program_of_this_machine(lab, web):
    """The arguments of the UEFI Shell are commands, and a local lunboot.efi takes `config set` from them."""
    target = lab.target(lab.marker_lun(), chap=CHAP)
    web.put("lunboot.conf", 'boot = shell\nboot-args = "-exit setvar x"\n')
    guest = lab.boot(lab.config(target, config_from=web.url))
    assert f"boot-args comes from {web.url}lunboot.conf" in guest.lunboot_failed()
    guest.back_in_firmware()
    assert "UEFI Interactive Shell" not in guest.text


@pytest.mark.soak
def test_soak_an_include_that_is_not_there(lab, web):
    web.put("lunboot.conf", "include = rooms/7.conf\n")
    sentence = served_failure(lab, web)
    assert f"{web.url}rooms/7.conf cannot be fetched: there is no such file" in sentence


def test_a_redirection_is_told_and_not_followed(lab, web):
    web.server.moved["/lunboot.conf"] = "https://boot.example/lunboot.conf"
    sentence = served_failure(lab, web)
    assert "follows no redirection (https://boot.example/lunboot.conf)" in sentence


@pytest.mark.soak
def test_soak_a_file_that_is_too_large(lab, web):
    web.put("lunboot.conf", "#" * 65537)
    assert "larger than 64 KiB" in served_failure(lab, web)


@pytest.mark.soak
def test_soak_a_silent_server_ends_in_time(lab, web):
    web.server.silent.add("/lunboot.conf")
    assert "did not answer in time" in served_failure(lab, web, config_timeout="2s")
