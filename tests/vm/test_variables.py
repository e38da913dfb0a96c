# SPDX-License-Identifier: BSD-2-Clause
"""Settings in UEFI variables: set, shown and deleted in the UEFI Shell, enrolled from a file, and what a boot makes of
them (REQ-339)."""

import re
import shutil
import struct
import subprocess
import uuid

from lab import BUILD, CHAP, INITIATOR, WRONG, pairs
from lbvm import efivars
from lbvm.vm import OVMF_VARS

GUID = uuid.UUID("9d65451d-1dc9-481c-8586-d125b1d701ca")
PRIVATE, SHARED = "-nv -bs", "-nv -bs -rt"
ADDED, NV_BS = 0x3F, 3  # the state and the attributes of one that is valid


def words(guest):
    """All that the Shell said, in one line, however the console broke it."""
    guest.wait_for("SHELL-GOES-ON")
    return " ".join(guest.wait_exit().split())


def setvar(name, text, attributes=PRIVATE):
    return f'setvar {name} -guid {GUID} {attributes} ="{text}"'


def in_hex(account):
    return "0x" + account.secret.encode().hex()


def credentials(target):
    """Root path, name and secret as words for config set and lines for a file."""
    return {"root-path": target.root_path(), "chap-name": CHAP.name, "chap-secret": CHAP.secret}


def flash(guest):
    """Every write of one of our variables as it stands in the firmware's flash, in the order of the writes:
    (name, state, attributes, bytes). EDK2 appends, and marks what went before as deleted."""
    store, written = (guest.folder / "vars.fd").read_bytes(), []
    for found in re.finditer(re.escape(GUID.bytes_le), store):
        start = found.start() - 44
        magic, state, attributes = struct.unpack_from("<HBxI", store, start)
        names, length = struct.unpack_from("<II", store, start + 36)
        assert magic == 0x55AA
        name = store[start + 60 : start + 60 + names].decode("utf-16-le").rstrip("\0")
        written.append((name, state, attributes, store[start + 60 + names : start + 60 + names + length]))
    return written


def valid(guest):
    return {name: (attributes, data) for name, state, attributes, data in flash(guest) if state == ADDED}


# --- From the Shell --------------------------------------------------------------------------------------------------


def test_req_339_set_show_and_delete(lab):
    guest = lab.script("log = debug\n", [
        f'lunboot.efi config set lun=7 chap-name=guest chap-secret={CHAP.secret} boot-args="a b"', "echo 1:%lasterror%",
        "lunboot.efi config show", "echo 2:%lasterror%",
        "lunboot.efi config delete boot-args lun", "echo 3:%lasterror%",
        "lunboot.efi config show all",
        "lunboot.efi config delete lun", "echo 4:%lasterror%",
    ])
    said = words(guest)
    stored, shown, deleted, rest, refused = re.split(r"[1-4]:0x\w+", said)
    assert re.findall(r"stored: (\S+)", stored) == ["lun", "chap-name", "chap-secret", "boot-args"]
    assert "lun = 7 (0007-0000-0000-0000) (the UEFI variable)" in shown
    assert "chap-secret = ........ (the UEFI variable) boot-args = a b (the UEFI variable)" in shown
    assert "log = debug (lunboot.conf line 1)" in shown and "queue-depth" not in shown
    assert "deleted: boot-args deleted: lun" in deleted
    assert "lun = 0" in rest and "boot-args (not set)" in rest and "queue-depth = 32 (default)" in rest
    assert re.findall(r"\d:0x\w+", said) == ["1:0x0", "2:0x0", "3:0x0", "4:0xE"]
    assert "there is no UEFI variable lun" in said and refused
    assert CHAP.secret not in said
    assert valid(guest) == {"chap-name": (NV_BS, b"guest"), "chap-secret": (NV_BS, in_hex(CHAP).encode())}


def test_what_is_wrong_stores_nothing(lab):
    guest = lab.script(None, [
        "lunboot.efi config set chap-name=guest lun=x", "echo 1:%lasterror%",
        "lunboot.efi config set chap-nmae=guest", "echo 2:%lasterror%",
        f"lunboot.efi config set chap-secret={WRONG[:8]}", "echo 3:%lasterror%",
        "lunboot.efi config frob", "echo 4:%lasterror%",
        "lunboot.efi config show",
        "lunboot.efi config set chap-name=guest", "echo 5:%lasterror%",
    ])
    said = words(guest)
    assert 'Nothing was done: lun: "x" is not' in said and "is chap-name meant?" in said
    assert "set, show, delete or help" in said and "Nothing is set" in said and WRONG[:8] not in said
    assert re.findall(r"\d:0x\w+", said) == ["1:0x2", "2:0x2", "3:0x2", "4:0x2", "5:0x0"]
    assert "But a boot would stop: the UEFI variable, chap-name: it is set and chap-secret is not" in said
    assert valid(guest) == {"chap-name": (NV_BS, b"guest")}


def test_a_secret_is_typed_twice_and_not_shown(lab):
    guest = lab.script(None, [
        "lunboot.efi config set chap-name=guest chap-secret", "echo 1:%lasterror%",
        "lunboot.efi config set chap-secret", "echo 2:%lasterror%",
        "lunboot.efi config set chap-secret", "echo 3:%lasterror%",
    ])
    for first, second in ((CHAP.secret[:-1] + "X\b2\r", CHAP.secret + "\r"), (WRONG + "\r", WRONG + "!\r"), (WRONG, None)):
        guest.wait_for(r"chap-secret: ")
        guest.send(first if second else "\x1b")
        if second:
            guest.wait_for(r"chap-secret once more: ")
            guest.send(second)
    said = words(guest)
    assert re.findall(r"\d:0x\w+", said) == ["1:0x0", "2:0x2", "3:0x15"]
    assert "The two were not the same" in said and "Ended with Esc" in said
    assert CHAP.secret not in said and WRONG not in said
    assert valid(guest)["chap-secret"] == (NV_BS, in_hex(CHAP).encode())


def test_req_339_an_old_value_is_overwritten_before_it_is_replaced_or_deleted(lab):
    """EDK2 keeps old bytes until it tidies its flash; what we ask of it is what there is to see."""
    guest = lab.script(None, [f"lunboot.efi config set chap-secret={CHAP.secret}",
                              f"lunboot.efi config set chap-secret={CHAP.secret}",
                              f"lunboot.efi config set chap-secret={WRONG}", "lunboot.efi config delete all"])
    words(guest)
    old, new = in_hex(CHAP).encode(), b"0x" + WRONG.encode().hex().encode()
    assert [data for _, _, _, data in flash(guest)] == [old, bytes(len(old)), new, bytes(len(new))]
    assert valid(guest) == {}


# --- What a boot makes of them ---------------------------------------------------------------------------------------


def test_req_339_a_secret_in_a_variable_alone_boots_after_a_restart_and_no_system_sees_it(lab):
    target = lab.target(lab.marker_lun(end="exit", variables="yes"), chap=CHAP)
    settings = " ".join(f"{key}={value}" for key, value in credentials(target).items())
    words(lab.script(None, [f"lunboot.efi config set initiator-name={INITIATOR} {settings}"]))
    guest = lab.boot(None, variables=lab.kept_variables())
    guest.marker("lun")
    guest.wait_for("MARKER-LEFT-BOOT-SERVICES")
    guest.wait_exit()
    found = pairs(guest.text)
    assert (found["variables.before"], found["secret.before"]) == ("4", "0")
    assert (found["variables.after"], found["secret.after"]) == ("0", "14")  # EFI_NOT_FOUND
    assert CHAP.secret not in guest.text


def test_a_variable_wins_over_the_file_and_the_command_line_over_it(lab):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    config = lab.config(target, boot_args="file")
    guest = lab.script(config, ["lunboot.efi", "lunboot.efi config set boot-args=variable", "lunboot.efi",
                                "lunboot.efi boot-args=option", "lunboot.efi config delete all", "lunboot.efi"])
    assert [guest.marker("lun")["options"] for _ in range(4)] == ["file", "variable", "option", "file"]
    words(guest)


def test_req_339_a_variable_that_an_operating_system_could_make_is_not_believed(lab):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    guest = lab.script(lab.config(target, chap_name=None), [
        setvar("boot-args", "evil", SHARED), setvar("chap-name", CHAP.name, SHARED),
        "lunboot.efi",
        "lunboot.efi config delete boot-args", f"lunboot.efi config set chap-name={CHAP.name}", "lunboot.efi",
    ])
    told = guest.lunboot_failed()
    assert "chap-secret: it is set and chap-name is not" in told
    assert guest.marker("lun")["options"] == ""
    said = words(guest)
    assert said.count("ignored: the UEFI variable chap-name has the attributes 7h") == 1
    assert said.count("`lunboot.efi config delete boot-args` in the UEFI Shell removes it") == 1
    assert valid(guest) == {"chap-name": (NV_BS, CHAP.name.encode())}


def test_req_339_a_long_variable_that_an_operating_system_could_make_does_not_stop_the_boot(lab):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    variables = shutil.copy(OVMF_VARS, lab.folder / "long.fd")
    efivars.write(variables, {"boot-args": b"x" * 3000}, GUID)
    guest = lab.boot(lab.config(target), variables=str(variables))
    guest.marker("lun")
    guest.back_in_firmware()
    assert "ignored: the UEFI variable boot-args has the attributes 7h" in " ".join(guest.text.split())


def test_a_bad_variable_stops_the_boot_and_says_how_to_mend_it(lab):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    guest = lab.script(lab.config(target), [
        setvar("lun", "x"), "lunboot.efi", "lunboot.efi config set lun=1", setvar("chap-sekret", WRONG), "lunboot.efi",
        "lunboot.efi config delete chap-sekret", "lunboot.efi",
    ])
    told = guest.lunboot_failed()
    assert 'the UEFI variable, lun: "x" is not' in told
    assert "`lunboot.efi config delete lun` in the UEFI Shell removes it" in told
    told = guest.lunboot_failed()
    assert "chap-sekret: there is no such key; is chap-secret meant?" in told
    assert "`lunboot.efi config delete chap-sekret` in the UEFI Shell removes it" in told
    guest.marker("lun")
    assert WRONG not in words(guest)


# --- Enrolled from a file --------------------------------------------------------------------------------------------


def enrol_file(settings):
    return "".join(f"{key} = {value}\n" for key, value in settings.items()).encode()


def on_the_volume(lab, name):
    """Is there a file of that name beside lunboot.efi, and is the secret anywhere on the volume?"""
    image = lab.folder / "esp.img"
    listed = subprocess.run(["mdir", "-b", "-i", image, "::/EFI/BOOT"], capture_output=True, text=True, check=True)
    return name in listed.stdout, CHAP.secret.encode() in image.read_bytes()


def enrolled_by_lunctl(lab, settings):
    """What `lunctl enrol` leaves beside this lunboot.efi, with a part of it typed and a part in a file."""
    folder = lab.folder / "esp/EFI/BOOT"
    folder.mkdir(parents=True)
    shutil.copy(lab.program, folder / "BOOTX64.EFI")
    lines = lab.folder / "settings"
    lines.write_text("".join(f"{key} = {value}\n" for key, value in settings.items() if key != "chap-secret"))
    done = subprocess.run([BUILD / "host/lunctl", "enrol", "--esp", lab.folder / "esp", "--file", lines, "chap-secret"],
                          input=settings["chap-secret"] + "\n", text=True, capture_output=True, check=True)
    assert settings["chap-secret"] not in done.stdout + done.stderr
    return folder / "lunboot.enrol"


def test_a_file_of_lunctl_is_moved_into_variables_and_leaves_nothing_behind(lab):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    written = enrolled_by_lunctl(lab, credentials(target))
    guest = lab.boot("log = quiet\n", beside={"lunboot.enrol": written})
    guest.marker("lun")
    guest.back_in_firmware()
    said = " ".join(guest.text.split())
    assert "enrolled from lunboot.enrol into UEFI variables: root-path, chap-name, chap-secret; the file is" in said
    assert CHAP.secret not in said
    assert on_the_volume(lab, "lunboot.enrol") == (False, False)
    assert in_hex(CHAP).encode() not in (lab.folder / "esp.img").read_bytes()
    assert valid(guest)["chap-secret"] == (NV_BS, in_hex(CHAP).encode())
    again = lab.boot("log = quiet\n", variables=lab.kept_variables())
    again.marker("lun")
    again.back_in_firmware()
    assert "enrol" not in again.text


def test_a_bad_file_is_told_and_the_boot_goes_on(lab):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    text = enrol_file({**credentials(target), "lun": "x"})
    guest = lab.boot(lab.config(target), beside={"lunboot.enrol": text})
    guest.marker("lun")
    guest.back_in_firmware()
    said = " ".join(guest.text.split())
    assert 'nothing was enrolled from lunboot.enrol: lunboot.enrol line 4, lun: "x" is not' in said
    assert "with lunctl enrol" in said and CHAP.secret not in said
    assert valid(guest) == {} and on_the_volume(lab, "lunboot.enrol") == (True, True)


def test_a_file_that_cannot_be_overwritten_is_not_enrolled(lab):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    beside = {"lunboot.enrol": enrol_file(credentials(target))}
    guest = lab.boot(lab.config(target), beside=beside, read_only=True)
    guest.marker("lun")
    guest.back_in_firmware()
    assert "it could not be overwritten afterwards (EFI_WRITE_PROTECTED)" in " ".join(guest.text.split())
    assert flash(guest) == []


def test_a_file_on_the_lun_is_not_enrolled(lab):
    """Who can change the disk must not thereby have a word in what the machine demands of the next one."""
    beside = {"lunboot.enrol": b"auth = none\n", "lunboot.conf": b"pause-on-failure = 0\n"}
    files = {f"EFI/BOOT/{name}": content for name, content in {"BOOTX64.EFI": lab.program, **beside}.items()}
    target = lab.target(lab.marker_lun(files=files), chap=CHAP)
    guest = lab.boot(lab.config(target))
    guest.wait_for(r"nothing\s+was\s+enrolled\s+from\s+lunboot\.enrol:\s+it\s+came\s+over\s+the\s+network")
    guest.wait_for("another iSCSI driver uses it")
    guest.back_in_firmware()
    assert flash(guest) == []


def test_a_command_from_the_lun_stores_nothing(lab):
    """A server may say what the loader's arguments are, and who can change the disk may make lunboot the loader."""
    target = lab.target(lab.marker_lun(files={"EFI/BOOT/BOOTX64.EFI": lab.program}), chap=CHAP)
    guest = lab.boot(lab.config(target, boot_args='"config set auth=none"'))
    guest.wait_for(r"Nothing\s+was\s+done:\s+lunboot\s+came\s+over\s+the\s+network")
    guest.back_in_firmware()
    assert flash(guest) == []


def test_a_start_that_ended_before_the_file_was_deleted_is_made_up_for(lab):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    guest = lab.boot(lab.config(target), beside={"lunboot.enrol": bytes(200)})
    guest.marker("lun")
    guest.back_in_firmware()
    assert "enrol" not in guest.text and on_the_volume(lab, "lunboot.enrol")[0] is False
