# SPDX-License-Identifier: BSD-2-Clause
"""Machines that boot by the configurations of docs/recipes.md, as they stand there: see tests/recipes.py."""

import subprocess
from pathlib import Path

import pytest
from lab import HERE, Guest
from lbvm import disk
from lbvm.proc import Daemon, environment, scaled
from lbvm.target import Target
from lbvm.vm import Disk, Machine, Nic, clean
from recipes import BOOT_SERVER, FILES, FOLDER, INITIATOR, INTERFACE, MAC, NETWORK, STORAGE, TARGET, recipe

SERVER = "192.168.60.2"
LAN = "192.168.60."
KEA = Path(__file__).resolve().parents[2] / "build/third_party/kea/usr/sbin/kea-dhcp4"


class Site:
    """The place of the page: a network, the storage with the machine's disk, the folder of the boot server."""

    def __init__(self, lab, iqn=TARGET):
        self.lab, self.net = lab, lab.network()
        self.net.segment("lan", HERE)
        self.target = lab.target(lab.marker_lun(end="off"), net=self.net, address=HERE, iqn=iqn)
        self.folder = lab.folder / "server"
        self.folder.mkdir()
        (self.folder / "lunboot.efi").write_bytes(lab.program.read_bytes())

    def put(self, name, text):
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def dnsmasq(self, name, **replaced):
        """On the boot server's address; the interface is the server's own business."""
        return self.net.dhcp(address=SERVER, more=recipe(name, {f"interface={INTERFACE}\n": "", **replaced}))

    def nic(self):
        return Nic(tap=self.net.tap(), mac=MAC, options="bootindex=0")

    def boot(self, **more):
        return self.lab.boot_from_net([self.nic()], self.net, **more)

    def boots(self, guest):
        """The machine's disk is booted, by the machine's name."""
        guest.wait_for("MARKER-BEGIN lun")
        assert self.target.sessions() == [INITIATOR]
        guest.wait_exit()


def places(*, server=None, folder=None):
    """What a file of the page calls our places."""
    found = {STORAGE: HERE, NETWORK: LAN}
    found.update({BOOT_SERVER: server} if server else {})
    found.update({FOLDER: folder} if folder else {})
    return found


def test_recipe_pxe_with_dnsmasq(lab):
    site = Site(lab)
    site.dnsmasq("dnsmasq-pxe.conf", **places(folder=site.folder))
    guest = site.boot()
    guest.wait_for(r"address\s+192\.168\.60\.107/24")
    site.boots(guest)


@pytest.mark.soak
def test_soak_recipe_dnsmasq_beside_another_server(lab):
    site = Site(lab)
    site.net.dhcp(address="192.168.60.3")
    site.dnsmasq("dnsmasq-proxy.conf", **{NETWORK: LAN, FOLDER: site.folder})
    site.put("lunboot.conf", recipe("lunboot-common.conf", {STORAGE: HERE}))
    site.boots(site.boot())


@pytest.mark.soak
def test_soak_recipe_http_boot(lab):
    site = Site(lab)
    site.dnsmasq("dnsmasq-http.conf", **places(server=HERE))
    config = site.folder / "lighttpd.conf"
    config.write_text(recipe("lighttpd.conf", {FOLDER: site.folder}))
    lab.keep(Daemon("lighttpd", [*site.net.prefix(), "lighttpd", "-D", "-f", config], lab.folder / "lighttpd.log"))
    guest = site.boot(http=True)
    site.boots(guest)


class Kea:
    """Kea on our own address of the segment, with that configuration."""

    def __init__(self, site, server=HERE):
        text = recipe("kea-dhcp4.conf", {INTERFACE: "lan", "/var/lib/kea": site.lab.folder, **places(server=server)})
        file = site.lab.folder / "kea.conf"
        file.write_text(text)
        own = dict.fromkeys(("KEA_LOCKFILE_DIR", "KEA_PIDFILE_DIR", "KEA_DHCP_DATA_DIR"), str(site.lab.folder))
        self.daemon = Daemon("kea-dhcp4", [*site.net.prefix(), KEA, "-c", file], site.lab.folder / "kea.log", **own)
        self.daemon.wait_until(lambda: "DHCP4_STARTED" in self.daemon.text(), "DHCP4_STARTED in its log")
        self.stop = self.daemon.stop


def test_recipe_kea_and_its_vendor_settings(lab):
    """lunboot comes from a disk here, and asks itself."""
    site = Site(lab)
    lab.keep(Kea(site))
    config = "log = debug\npause-on-failure = 0\n"
    guest = lab.boot(config, [Nic(tap=site.net.tap(), mac=MAC)], site.net)
    guest.wait_for(r"retries\s+=\s+forever\s+\(DHCP\)")
    guest.wait_for(r"retry-pause\s+=\s+30s\s+\(DHCP\)")
    site.boots(guest)


@pytest.mark.soak
@pytest.mark.parametrize("http", [False, True], ids=["pxe", "http"])
def test_soak_recipe_kea_and_a_machine_without_a_disk(lab, http):
    site = Site(lab)
    lab.keep(Kea(site))
    if http:
        site.net.web(site.folder)
    else:
        tftp = ["dnsmasq", "--no-daemon", "--port=0", "--conf-file=/dev/null", "--pid-file=", "--enable-tftp",
                f"--tftp-root={site.folder}", "--log-facility=-"]
        lab.keep(Daemon("tftp", site.net.prefix() + tftp, lab.folder / "tftp.log"))
    guest = site.boot(http=http)
    guest.wait_for(r"address\s+192\.168\.60\.107/24")
    site.boots(guest)


@pytest.mark.soak
def test_soak_recipe_ipxe(lab):
    site = Site(lab)
    site.net.web(site.folder)
    site.put("autoexec.ipxe", recipe("autoexec.ipxe", {BOOT_SERVER: HERE, STORAGE: HERE}))
    (site.folder / "snponly.efi").write_bytes(Path("/usr/lib/ipxe/snponly.efi").read_bytes())
    first = (f"enable-tftp\ntftp-root={site.folder}\ndhcp-boot=snponly.efi\n"
             "dhcp-match=set:ipxe,175\ndhcp-boot=tag:ipxe,autoexec.ipxe\n")
    site.net.dhcp(address=SERVER, more=first)
    site.boots(site.boot())


@pytest.mark.soak
def test_soak_recipe_a_room_of_machines(lab):
    site = Site(lab, iqn=TARGET.replace("node7", MAC.replace(":", "-")))
    name = f"lunboot/mac-{MAC.replace(':', '-')}.conf"
    site.put(name, FILES[name])
    site.put("rooms/north.conf", recipe("rooms/north.conf", {STORAGE: HERE}))
    site.put("lunboot.conf", FILES["lunboot.conf"])
    options = "enable-tftp\ntftp-root={}\ndhcp-boot=lunboot.efi\n"
    site.net.dhcp(address=SERVER, more=options.format(site.folder))
    site.boots(site.boot())


@pytest.mark.soak
def test_soak_recipe_installing(lab):
    """What stands for the installer's medium is the marker "next"."""
    site = Site(lab)
    site.net.dhcp()
    guest = lab.boot(recipe("lunboot-install.conf", {STORAGE: HERE}), [Nic(tap=site.net.tap())], site.net)
    guest.wait_for("MARKER-BEGIN next")
    assert site.target.sessions() == [INITIATOR]
    guest.wait_for("iscsi-handles=2$")  # the disk, and its partition
    guest.wait_for("ibft-tables=1$")
    guest.wait_exit()


class BareTarget(Target):
    """A tgtd that the recipe's file fills."""

    def _configure(self):
        file = self.net.folder / "tgt.conf"
        image = {"/srv/iscsi/node7.img": self.luns[0], NETWORK: LAN}
        file.write_text(recipe("tgt-node7.conf", image))
        subprocess.run(["tgt-admin", "-C", str(self.control), "-e", "-c", file], check=True,
                       env=environment(TGT_IPC_SOCKET=str(self.folder / "ipc")))


@pytest.mark.soak
def test_soak_recipe_a_stick_and_tgt(lab):
    """The page's stick logs in to the page's target, with mutual CHAP."""
    net = lab.network()
    net.segment("lan", HERE)
    net.dhcp()
    target = lab.keep(BareTarget([lab.marker_lun(end="off")], net=net, address=HERE, log=lab.folder / "tgtd.log"))
    target.start()
    stick, folder = lab.folder / "stick.img", lab.folder / "stick"
    folder.mkdir()
    stick.write_bytes(bytes(8 * disk.MIB))
    (folder / "lunboot.efi").write_bytes(lab.program.read_bytes())
    (folder / "lunboot.conf").write_text(recipe("lunboot-stick.conf", {STORAGE: HERE}))
    script = recipe("make-stick.sh", {"/dev/sdX1": stick})
    subprocess.run(["bash", "-e"], input=script, text=True, cwd=folder, env=environment(), check=True)
    guest = lab.keep(Guest(Machine([Disk(stick, 0)], [Nic(tap=net.tap())], memory=512), lab.folder / "vm", net)).start()
    guest.wait_for(r"mutual\s+CHAP\s+with")
    guest.marker("lun")
    guest.wait_exit()


@pytest.mark.soak
def test_soak_recipe_qemu(lab):
    """Its DHCP and TFTP are those of QEMU itself; the target listens on our loopback."""
    target = lab.target(lab.marker_lun(end="off"))
    folder = lab.folder / "server"
    folder.mkdir()
    (folder / "lunboot.efi").write_bytes(lab.program.read_bytes())
    (folder / "lunboot.conf").write_text(lab.config(target))
    script = recipe("qemu.sh", {FOLDER: folder})
    done = subprocess.run(["bash", "-e"], input=script, stdout=subprocess.PIPE, text=True, check=True,
                          timeout=scaled(240), env=environment())
    assert "MARKER-BEGIN lun" in clean(done.stdout.encode())
