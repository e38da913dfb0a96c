# SPDX-License-Identifier: BSD-2-Clause
"""The lab in which lunboot.efi is started: targets, networks and guests, all ended when a test ends.

Most tests need no operating system. Their LUN holds a marker program as its loader, and a second marker is the
firmware's next boot option: what the first prints shows that the LUN was booted, what the second prints shows that
lunboot gave everything back. Logs, captures and the serial output stay in BUILD/vm-tests/TEST/.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
BUILD = TOP / os.environ.get("LUNBOOT_BUILD", "build")
sys.path.insert(0, str(TOP / "tools/vm"))

from lbvm import disk, efivars  # noqa: E402
from lbvm.net import Net  # noqa: E402
from lbvm.target import Account, Target  # noqa: E402
from lbvm.vm import OVMF_VARS, Disk, Machine, Nic, Vm, make_esp  # noqa: E402

INITIATOR = "iqn.2024-01.org.example:guest"
CHAP = Account("guest", "one-way-secret-12")
MUTUAL = Account("target", "mutual-secret-34")
WRONG = "not-the-secret-99"
HERE = "192.168.60.1"  # our own address in a network of the lab
NEWER = TOP / "build/third_party/ovmf-trixie/usr/share/OVMF"
IPXE = TOP / "build/third_party/ipxe-trixie/usr/lib/ipxe"
STRICT_NX = {  # firmware that keeps data from being executed and code from being written
    "code": str(NEWER / "OVMF_CODE_4M.secboot.strictnx.fd"), "variables": str(NEWER / "OVMF_VARS_4M.fd"),
    "extra": ["-machine", "smm=on", "-global", "driver=cfi.pflash01,property=secure,value=on"],
}
# What dnsmasq is told so that a firmware finds its program: by PXE and TFTP, by HTTP Boot from `Net.web`. 7 and 16 are
# the processor architecture types of x64 UEFI and of its HTTP Boot (IANA, option 93).
PXE = """enable-tftp
tftp-root={folder}
dhcp-match=set:pxe,option:client-arch,7
dhcp-boot=tag:pxe,{file}
"""
HTTP_BOOT = """dhcp-match=set:http,option:client-arch,16
dhcp-option-force=tag:http,option:vendor-class,HTTPClient
dhcp-boot=tag:http,{url}
"""
REPORT_ARGS = "lunboot.report init=/usr/local/sbin/lunboot-report"


def pairs(text):
    """The lines key=value of a marker's or a report's block."""
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


class Guest(Vm):
    """A guest that runs lunboot, and what can be asked of it."""

    def lunboot_failed(self):
        """The failure's sentence, as a person reads it: in one line."""
        found = self.wait_for(r"lunboot\s+could\s+not\s+boot:\s+((?:.|\n)*?)\n(?:\n|R:)")
        return " ".join(found[1].split())

    def marker(self, name):
        """What the marker of that name printed."""
        self.wait_for(f"MARKER-BEGIN {name}$")
        start = self.searched
        self.wait_for(f"MARKER-END {name}$")
        return pairs(self.text[start : self.searched])

    def back_in_firmware(self, ibft_tables="0"):
        """The next boot option has run, and finds nothing of ours (but what was there before us)."""
        found = self.marker("next")
        assert found["iscsi-handles"] == "0"
        assert found["ibft-tables"] == ibft_tables
        assert found["nic-exclusive"] == "0"
        self.wait_exit()
        return found

    def pull_cable(self):
        """The first NIC's cable is out until lunboot tells what it waits for."""
        self.set_link(0, False)
        self.wait_for(r"waiting\s+for\s+\w+")
        self.set_link(0, True)

    def seconds(self, pattern):
        """When the first line of the serial port that matches began, after power-on."""
        return next(float(line[:8]) for line in self.stamped().splitlines() if re.search(pattern, line[9:]))

    def report(self):
        """What Debian reports of its boot; it switches itself off then."""
        self.wait_for(r"^LUNBOOT-REPORT-BEGIN$")
        start = self.searched
        self.wait_for(r"^LUNBOOT-REPORT-END$")
        found = pairs(self.text[start : self.searched])
        self.wait_exit()
        return found


class Lab:
    """Makes what a test needs and ends it in the opposite order."""

    def __init__(self, folder, program, marker):
        self.folder, self.program, self.marker = folder, program, marker
        self.running = []
        self.guest = None

    def keep(self, thing):
        """To be ended with the test."""
        self.running.append(thing)
        return thing

    def marker_files(self, **settings):
        text = " ".join(f"{key}={value}" for key, value in settings.items())
        return {"EFI/BOOT/BOOTX64.EFI": self.marker, "EFI/BOOT/marker.txt": text.encode()}

    def marker_lun(self, block=512, files=None, **settings):
        """A small LUN whose loader is the marker named "lun" (or that holds `files` instead)."""
        settings.setdefault("name", "lun")
        return disk.fat_disk(self.folder / "lun.img", block, files or self.marker_files(**settings))

    def debian_lun(self, debian, block=512, args=REPORT_ARGS, grub="", name="lun.img"):
        """A private copy of the Debian disk, with more kernel arguments and lines for GRUB."""
        lun = disk.copy_sparse(debian / f"disk-{block}.img", self.folder / name)
        disk.fat_put(lun, "EFI/debian/args.cfg", f'set lunboot_args="{args}"\n{grub}'.encode(), disk.MIB)
        return lun

    def target(self, lun, **more):
        more.setdefault("log", self.folder / "tgtd.log")
        return self.keep(Target([lun] if isinstance(lun, Path) else lun, **more)).start()

    def network(self):
        return self.keep(Net(self.folder))

    def config(self, target=None, /, **more):
        """lunboot.conf: for that target, with underscores for dashes; None leaves a line out."""
        keys = {"initiator_name": INITIATOR, "pause_on_failure": "0", "retries": "0"}
        if target:
            keys["root_path"] = target.root_path()
            if target.chap:
                keys.update(chap_name=target.chap.name, chap_secret=target.chap.secret)
            if target.mutual:
                keys.update(mutual_chap_name=target.mutual.name, mutual_chap_secret=target.mutual.secret)
        keys.update(more)
        lines = [f"{key.replace('_', '-')} = {value}" for key, value in keys.items() if value is not None]
        return "\n".join(lines) + "\n"

    def boot(self, config, nics=None, net=None, memory=512, starter=None, after=None, beside=None, read_only=False,
             **more):
        """Starts a guest that boots lunboot.efi first and, unless a NIC has bootindex=1, the marker "next" second, which
        ends as `after` says.

        With `starter`, that program comes first, and lunboot.efi lies beside it under its own name. `beside` is more
        files in that folder, by their names, and `read_only` protects their disk."""
        files = {f"EFI/BOOT/{name}": content for name, content in (beside or {}).items()}
        if starter:
            files["EFI/BOOT/lunboot.efi"] = self.program
        esp = make_esp(self.folder / "esp.img", starter or self.program, config, files)
        second = self.folder / "next.img"
        disk.make_fat(second, 4 * disk.MIB, 512, self.marker_files(name="next", **(after or {"end": "off"})))
        return self._start([Disk(esp, 0, read_only), Disk(second, 2)], nics, net, memory=memory, **more)

    def boot_folder(self, files):
        """The folder of a boot server: lunboot.efi, and files by their names; a file's content is a text or a file."""
        folder = self.folder / "server"
        for name, content in {"lunboot.efi": self.program, **files}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content.read_bytes() if isinstance(content, Path) else content.encode())
        return folder

    def boot_from_net(self, nics, net, http=False, after=None, **more):
        """Starts a guest that boots over its NIC with bootindex=0, and has no disk; with `after`, the one of the marker
        "next" as the next boot option. The firmware tries PXE before HTTP Boot unless it is told that there is none."""
        disks = []
        if after:
            disks = [Disk(self.folder / "next.img", 2)]
            disk.make_fat(disks[0].path, 4 * disk.MIB, 512, self.marker_files(name="next", **after))
        missing = ["IPv6PXESupport"] + (["IPv4PXESupport"] if http else [])
        extra = [word for name in missing for word in ("-fw_cfg", f"name=opt/org.tianocore/{name},string=n")]
        more.setdefault("memory", 512)
        return self._start(disks, nics, net, extra=extra, **more)

    def marker_volume(self, name, files=None, **settings):
        """A small volume without partitions whose default loader is the marker of that name."""
        volume = self.folder / f"{name}.img"
        disk.make_fat(volume, 4 * disk.MIB, 512, {**self.marker_files(name=name, **settings), **(files or {})})
        return volume

    def boot_entries(self, config, volumes, entries, following=None, others=None, files=None, bootindex=-1,
                     **more):
        """Starts a guest with these boot entries and no others first. lunboot.efi is the default loader of the disk
        in slot 3, with more `files`; the volumes are in the slots from 4 on. `following` is BootNext, `others` are more
        variables. With a `bootindex` of lunboot's disk the firmware connects that one alone, and drops active entries
        of the others."""
        esp = make_esp(self.folder / "esp.img", self.program, config, files)
        variables = self.folder / "entries.fd"
        shutil.copy(OVMF_VARS, variables)
        efivars.boot_entries(variables, entries, following, others)
        more.setdefault("memory", 512)
        disks = [Disk(esp, bootindex), *map(Disk, volumes)]
        return self._start(disks, variables=str(variables), **more)

    def shell(self, config, options):
        """Starts a guest whose UEFI Shell runs lunboot.efi with these options, and then switches off."""
        return self.script(config, [f"lunboot.efi {options}"])

    def script(self, config, lines, **more):
        """Starts a guest whose UEFI Shell runs these lines beside lunboot.efi, and then switches off."""
        lines = ["@echo -off", "FS0:", *lines, "echo SHELL-GOES-ON", "reset -s", ""]
        files = {"lunboot.efi": self.program, "startup.nsh": "\r\n".join(lines).encode()}
        if config is not None:
            files["lunboot.conf"] = config.encode()
        disk.make_fat(self.folder / "esp.img", 8 * disk.MIB, 512, files)
        guest = self._start([Disk(self.folder / "esp.img", 0)], memory=512, **more)
        guest.wait_for(r"skip\s+startup\.nsh")
        guest.send("\r")  # any key but Esc: do not count down
        return guest

    def kept_variables(self):
        """The firmware's variables as the last guest left them: `variables` of the next one."""
        return str(shutil.copy(self.guest.folder / "vars.fd", self.folder / "variables.img"))

    def _start(self, disks, nics=None, net=None, **more):
        captures = (str(self.folder / f"nic{number}.pcap") for number in range(9))
        nics = [replace(nic, pcap=file) for nic, file in zip([Nic()] if nics is None else nics, captures)]
        self.guest = self.keep(Guest(Machine(disks, nics, **more), self.folder / "vm", net))
        return self.guest.start()

    def close(self):
        for thing in reversed(self.running):
            thing.close() if isinstance(thing, Net) else thing.stop()
        for image in self.folder.glob("*.img"):
            image.unlink()


def check_session(found, target, address):
    """The root file system is on a disk of the one session, which is the one that the iBFT describes."""
    assert found["ibft"] == "present"
    assert found["ibft/initiator/initiator-name"] == INITIATOR
    assert found["ibft/target0/target-name"] == target.iqn
    assert found["ibft/target0/ip-addr"] == address
    assert found["ibft/target0/port"] == str(target.port)
    assert found["iscsi_session/session1/targetname"] == target.iqn
    assert found["iscsi_session/session1/initiatorname"] == INITIATOR
    assert found["iscsi_session/session1/state"] == "LOGGED_IN"
    assert found["iscsi_connection/connection1:0/persistent_address"] == address
    assert found["root.fstype"] == "ext4" and "/session1/" in found["root.path"]


def read_root_file(lun, name):
    """A file of the ext4 root partition, read on the host from the LUN's own file."""
    root = lun.with_suffix(".root")
    subprocess.run(["dd", f"if={lun}", f"of={root}", "bs=1M", "skip=65", "conv=sparse", "status=none"], check=True)
    done = subprocess.run(["debugfs", "-R", f"cat {name}", root], capture_output=True, text=True, check=True,
                          env=dict(os.environ, PATH=disk.search_path()))
    root.unlink()
    return done.stdout
