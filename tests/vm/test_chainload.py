# SPDX-License-Identifier: BSD-2-Clause
"""Machines without a disk: lunboot.efi comes by PXE, HTTP Boot or through iPXE, over the NIC that it then uses."""

import shutil
import uuid
from pathlib import Path

import pytest
from lab import CHAP, HERE, HTTP_BOOT, IPXE, PXE
from lbvm import capture, efivars
from lbvm.vm import OVMF_VARS, Nic, e1000e

LEASE = ["DISCOVER", "OFFER", "REQUEST", "ACK"]


class Site:
    """A network with a target whose name is in option 17, and a boot server's folder."""

    def __init__(self, lab, root_path=None, lun=None, files=None, **target):
        self.lab, self.net = lab, lab.network()
        self.net.segment("lan", HERE)
        self.target = lab.target(lun or lab.marker_lun(end="off"), net=self.net, address=HERE, **target)
        self.options = {17: root_path or self.target.root_path()}
        self.folder = lab.boot_folder(files or {})

    def pxe(self, file="lunboot.efi", more="", **server):
        server.setdefault("options", self.options)
        return self.net.dhcp(more=PXE.format(folder=self.folder, file=file) + more, **server)

    def http(self, file="lunboot.efi", more=""):
        self.web = self.net.web(self.folder)
        return self.net.dhcp(options=self.options, more=HTTP_BOOT.format(url=f"http://{HERE}/{file}") + more)

    def nic(self, **more):
        return Nic(tap=self.net.tap(), options="bootindex=0", **more)

    def boot(self, nics=None, **more):
        return self.lab.boot_from_net(nics or [self.nic()], self.net, **more)

    def dhcp(self, nic=0):
        return list(capture.dhcp(self.lab.folder / f"nic{nic}.pcap"))


def asked_by_lunboot(messages):
    return [message.name for message in messages if message.options.get(60) == b"lunboot"]


def test_pxe_and_its_lease_is_taken_over(lab):
    site = Site(lab)
    site.pxe()
    guest = site.boot()
    guest.wait_for(r"as\s+the\s+firmware's\s+PXE\s+got\s+it\s+from\s+the\s+DHCP\s+server\s+192\.168\.60\.2")
    assert "MAC(5254004C5501" in guest.marker("lun")["device"]
    guest.wait_exit()
    assert [message.name for message in site.dhcp()] == LEASE


def test_http_boot(lab):
    site = Site(lab)
    site.http()
    guest = site.boot(http=True)
    assert "MAC(5254004C5501" in guest.marker("lun")["device"]
    guest.wait_exit()
    assert "GET /lunboot.efi 200 UefiHttpBoot/1.0" in site.web.text()
    assert asked_by_lunboot(site.dhcp()) == ["DISCOVER", "REQUEST"]


def test_proxy_dhcp(lab):
    """One server gives the address and the root path, another one, which gives no address, the program."""
    site = Site(lab)
    site.net.dhcp(options=site.options)
    service = 'dhcp-range=192.168.60.0,proxy\npxe-service=BC_EFI,"lunboot",lunboot.efi\n'
    proxy = site.pxe(address="192.168.60.3", options={}, more=service)
    guest = site.boot()
    guest.marker("lun")
    guest.wait_exit()
    assert asked_by_lunboot(site.dhcp()) == []
    assert "sent " + str(site.folder / "lunboot.efi") in proxy.text()


def test_pxe_over_the_second_nic(lab):
    site = Site(lab)
    site.net.segment("quiet", "192.168.70.1")
    site.pxe()
    guest = site.boot([Nic(tap=site.net.tap("quiet")), site.nic()])
    assert "MAC(5254004C5502" in guest.marker("lun")["device"]
    guest.wait_exit()
    assert "52:54:00:4c:55:01" not in guest.text and site.dhcp(0) == []


@pytest.mark.soak
def test_soak_the_ipxe_in_a_rom(lab):
    """QEMU's ROM for this NIC is an iPXE, which is the firmware's boot option for it."""
    site = Site(lab)
    site.options = {"tag:!ipxe,17": site.target.root_path()}
    site.pxe(more="dhcp-match=set:ipxe,175\n")
    guest = site.boot([e1000e(tap=site.net.tap(), options="bootindex=0")])
    guest.marker("lun")
    guest.wait_exit()
    assert asked_by_lunboot(site.dhcp()) == ["DISCOVER", "REQUEST"]


def test_what_pxe_was_not_told_is_asked_for(lab):
    """The root path is there for the vendor class `lunboot` alone. The firmware sent no client identifier (option 61),
    so that lunboot sends none: for the server the machine stays one client."""
    site = Site(lab)
    option = f"dhcp-vendorclass=set:lunboot,lunboot\ndhcp-option-force=tag:lunboot,17,{site.target.root_path()}\n"
    site.options = {}
    site.pxe(more=option)
    guest = site.boot()
    guest.marker("lun")
    guest.wait_exit()
    messages = site.dhcp()
    assert asked_by_lunboot(messages) == ["DISCOVER", "REQUEST"]
    assert not any(61 in message.options for message in messages)


def test_a_server_that_is_silent_when_it_is_asked_for_a_target_is_asked_again(lab):
    site = Site(lab)
    site.options = {}
    site.pxe(more="dhcp-vendorclass=set:lunboot,lunboot\ndhcp-ignore=tag:lunboot\n")
    variables = shutil.copy(OVMF_VARS, lab.folder / "local.fd")
    efivars.write(variables, {"dhcp-wait": b"2s"}, STORED_GUID, efivars.NV | efivars.BOOT)
    guest = site.boot(variables=str(variables))
    guest.wait_for(r"asking\s+DHCP\s+anew")
    guest.wait_for(r"not\s+booted\s+yet:\s+NIC\s+52:54:00:4c:55:01(?:.|\n)*?no\s+DHCP\s+server\s+answered")
    guest.wait_for(r"trying\s+again\s+in")


SCRIPT = """#!ipxe
dhcp
{first}
chain {url} pause-on-failure=0 {options} || echo SCRIPT-GOES-ON
{second}
chain {url} boot=no pause-on-failure=0 || echo SCRIPT-FAILED
echo SCRIPT-ENDS
"""
INSTALLED = Path("/usr/lib/ipxe")
STORED_GUID = uuid.UUID("9d65451d-1dc9-481c-8586-d125b1d701ca")  # of lunboot's variables
BY_SCRIPT = "iqn.2024-01.org.example:by-script"


def ipxe(lab, build, url, options, first="", second="", age=IPXE, root_path_for=""):
    script = SCRIPT.format(url=url, options=options, first=first, second=second)
    site = Site(lab, files={"autoexec.ipxe": script, f"{build}.efi": age / f"{build}.efi"})
    site.net.web(site.folder)
    site.options = {f"{root_path_for}17": site.target.root_path()}
    site.pxe(f"{build}.efi", "dhcp-match=set:ipxe,175\ndhcp-boot=tag:ipxe,autoexec.ipxe\n")
    return site


@pytest.mark.skipif(not IPXE.exists(), reason="iPXE is not fetched")
@pytest.mark.parametrize("build, url", [("snponly", f"http://{HERE}/lunboot.efi"),
                                        ("ipxe", "tftp://192.168.60.2/lunboot.efi")])
def test_ipxe_and_back_in_its_script(lab, build, url):
    """lunboot fails, and iPXE fetches it once more over the NIC that it has got back."""
    options = f"initiator-name={BY_SCRIPT} boot-file=none.efi"
    site = ipxe(lab, build, url, options)
    guest = site.boot()
    guest.wait_for("none.efi")
    guest.wait_for("SCRIPT-GOES-ON")
    guest.wait_for(r"boot\s+=\s+no:\s+the\s+disk\s+is\s+there")
    guest.wait_for("SCRIPT-ENDS")
    assert "SCRIPT-FAILED" not in guest.text and BY_SCRIPT in guest.text
    assert asked_by_lunboot(site.dhcp()) == []  # both times with the lease of iPXE


@pytest.mark.skipif(not IPXE.exists(), reason="iPXE is not fetched")
def test_nothing_that_came_over_the_network_gets_into_variables(lab):
    """Neither a file that lies beside lunboot.efi then, nor a command of the script that starts it."""
    url = f"http://{HERE}/lunboot.efi"
    command = f"chain {url} config set lun=1 || echo CONFIG-REFUSED\nimgfetch http://{HERE}/lunboot.enrol"
    site = ipxe(lab, "snponly", url, "log=debug", first=command)
    (site.folder / "lunboot.enrol").write_text("lun = 1\n")
    guest = site.boot()
    guest.wait_for(r"lunboot\s+came\s+over\s+the\s+network")
    guest.wait_for("CONFIG-REFUSED")
    guest.wait_for(r"nothing\s+was\s+enrolled\s+from\s+lunboot.enrol:\s+it\s+came\s+over\s+the\s+network")
    guest.marker("lun")
    assert "(the UEFI variable)" not in guest.text


@pytest.mark.skipif(not IPXE.exists(), reason="iPXE is not fetched")
def test_a_script_from_the_network_is_no_local_word(lab):
    url = f"http://{HERE}/lunboot.efi"
    site = ipxe(lab, "snponly", url, "auth=none", first=f"chain {url} config set auth=none || echo NOTHING-STORED")
    guest = site.boot()
    guest.wait_for("NOTHING-STORED")
    assert "auth: the server's file must not set this" in guest.lunboot_failed()
    guest.wait_for("SCRIPT-GOES-ON")
    guest.wait_for("SCRIPT-ENDS")
    assert STORED_GUID.bytes_le not in (guest.folder / "vars.fd").read_bytes()


@pytest.mark.soak
@pytest.mark.parametrize("url", [f"http://{HERE}/lunboot.efi", "tftp://192.168.60.2/lunboot.efi"])
@pytest.mark.parametrize("build", [IPXE / "snponly", IPXE / "ipxe", INSTALLED / "snponly"],
                         ids=["newer-snponly", "newer-ipxe", "installed-snponly"])
def test_soak_ipxe(lab, build, url):
    """iPXE would take the disk of option 17 itself, so it is not told of it; lunboot asks for it. Not with the ipxe.efi
    of Debian 12, under which EDK2 hangs (efi/README.md)."""
    site = ipxe(lab, build.name, url, f"initiator-name={BY_SCRIPT}", age=build.parent, root_path_for="tag:!ipxe,")
    guest = site.boot()
    guest.wait_for("MARKER-BEGIN lun")
    assert site.target.sessions() == [BY_SCRIPT]
    guest.wait_exit()
    assert asked_by_lunboot(site.dhcp()) == ["DISCOVER", "REQUEST"]


@pytest.mark.soak
@pytest.mark.parametrize("age", [IPXE, INSTALLED], ids=["newer", "installed"])
def test_soak_ipxe_has_the_disk_itself(lab, age):
    """Two programs on one disk are refused with the way out, and that way works."""
    first = "sanhook ${root-path} || echo it is there already"
    site = ipxe(lab, "snponly", f"http://{HERE}/lunboot.efi", "", first=first, second="sanunhook", age=age)
    guest = site.boot()
    assert "sanunhook" in guest.lunboot_failed()
    guest.wait_for(r"boot\s+=\s+no:\s+the\s+disk\s+is\s+there")
    guest.wait_for("SCRIPT-ENDS")
    assert "SCRIPT-FAILED" not in guest.text


def boots_debian(site, record_property, way, **more):
    """From power-on to the system's report; when which stage was reached (milliseconds), and in how many packets."""
    guest = site.boot(memory=1024, **more)
    found = guest.report()
    assert found["ibft"] == "present" and found["iscsi_session/session1/targetname"] == site.target.iqn
    assert found["root.fstype"] == "ext4" and "/session1/" in found["root.path"]
    for stage, pattern in {"loader": "GRUB: loading", "report": "LUNBOOT-REPORT-BEGIN"}.items():
        record_property(f"{way}: ms to {stage}", int(1000 * guest.seconds(pattern)))
    frames = list(capture.frames(site.lab.folder / "nic0.pcap"))
    record_property(f"{way}: packets", len(frames))
    record_property(f"{way}: DHCP messages", len(site.dhcp()))
    return found


def stored(lab, settings):
    """A flash image in which lunboot has these settings of its own."""
    image = shutil.copy(OVMF_VARS, lab.folder / "local.fd")
    values = {key: value.encode() for key, value in settings.items()}
    efivars.write(image, values, STORED_GUID, efivars.NV | efivars.BOOT)
    return str(image)


# The secret is on the server, and this machine was told to take it from there.
SECRET_FILE = {"lunboot/mac-52-54-00-4c-55-01.conf": f"chap-name = {CHAP.name}\nchap-secret = {CHAP.secret}\n"}
FROM_SERVER = {"secrets-from-server": "yes"}


def test_debian_by_pxe_with_the_secret_in_variables(lab, debian, record_property):
    site = Site(lab, lun=lab.debian_lun(debian), chap=CHAP)
    site.pxe()
    variables = stored(lab, {"chap-name": CHAP.name, "chap-secret": CHAP.secret})
    found = boots_debian(site, record_property, "PXE", variables=variables)
    assert found["iscsi_session/session1/username"] == CHAP.name


@pytest.mark.soak
def test_soak_debian_by_http_boot_with_the_secret_in_the_machines_file(lab, debian, record_property):
    site = Site(lab, lun=lab.debian_lun(debian), chap=CHAP, files=SECRET_FILE)
    site.http()
    found = boots_debian(site, record_property, "HTTP Boot", http=True, variables=stored(lab, FROM_SERVER))
    assert found["iscsi_session/session1/username"] == CHAP.name


def ipxe_site(lab, debian, command, files=None, **more):
    script = f"#!ipxe\ndhcp\n{command}\n"
    files = {"autoexec.ipxe": script, "snponly.efi": IPXE / "snponly.efi", **(files or {})}
    site = Site(lab, lun=lab.debian_lun(debian), files=files, **more)
    site.pxe("snponly.efi")
    return site


@pytest.mark.soak
def test_soak_debian_by_ipxe_with_the_secret_in_the_machines_file(lab, debian, record_property):
    site = ipxe_site(lab, debian, "chain lunboot.efi", chap=CHAP, files=SECRET_FILE)
    found = boots_debian(site, record_property, "iPXE and lunboot", variables=stored(lab, FROM_SERVER))
    assert found["iscsi_session/session1/username"] == CHAP.name


@pytest.mark.soak
def test_soak_debian_by_ipxe_alone(lab, debian, record_property):
    """For comparison."""
    boots_debian(ipxe_site(lab, debian, "sanboot ${root-path}"), record_property, "iPXE alone")


def leave(guest):
    """lunboot cannot boot, and is told not to wait."""
    guest.lunboot_failed()
    guest.wait_for(r"R:\s+try\s+again")
    guest.send("\x1b")
    guest.wait_for(r"back\s+to\s+the\s+firmware")


def test_after_pxe_the_firmware_goes_on_to_http_boot_over_the_same_nic(lab):
    site = Site(lab, root_path="nonsense", files={"next.efi": lab.marker})
    site.web = site.net.web(site.folder)
    site.pxe(more=HTTP_BOOT.format(url=f"http://{HERE}/next.efi"))
    guest = site.boot()
    leave(guest)
    assert "Uri(" in guest.marker("unnamed")["device"]


def test_after_pxe_the_firmware_goes_on_to_a_disk(lab):
    site = Site(lab, root_path="nonsense")
    site.pxe()
    guest = site.boot(after={"end": "off"})
    leave(guest)
    guest.set_link(0, False)  # HTTP Boot comes before the disk, and would look for servers for minutes
    guest.back_in_firmware()


@pytest.mark.soak
def test_soak_after_pxe_the_firmware_does_it_again(lab):
    """Without another option it comes to its Shell, and from there by its menu to the first one again."""
    site = Site(lab, root_path="nonsense")
    site.pxe()
    guest = site.boot()
    leave(guest)
    guest.set_link(0, False)
    guest.wait_for(r"skip\s+startup\.nsh")
    guest.send("\r")
    guest.wait_for("Shell>")
    guest.set_link(0, True)
    guest.send("exit\r")
    guest.wait_for(r"<Enter>=Select\s+Entry")
    guest.send("\x1b[B\x1b[B\r")
    guest.wait_for(r"UEFI\s+PXEv4(.|\n)*<Enter>=Select\s+Entry")
    guest.send("\r")
    leave(guest)
