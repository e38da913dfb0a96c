# SPDX-License-Identifier: BSD-2-Clause
"""The iBFT: one that an earlier stage left, as a source of settings, and the one that lunboot publishes."""

import json
import subprocess

from lab import BUILD, CHAP, MUTUAL
from lbvm import capture, ibft

NAME = "iqn.2024-01.org.example:named-in-the-table"


def test_table_is_the_only_source(lab):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    earlier = lab.folder / "earlier.ibft"
    earlier.write_bytes(ibft.build(NAME, target.iqn, "10.0.2.2", target.port, "52:54:00:4c:55:01", chap=CHAP))
    guest = lab.boot(lab.config(initiator_name=None), extra=["-acpitable", f"file={earlier}"])
    found = guest.marker("lun")
    assert f"iSCSI({target.iqn},0x1,0x0001000000000000,None,None,CHAP_UNI,TCP)" in found["device"]
    # An OS takes the first it finds: there is one, and it is lunboot's.
    assert found["ibft-tables"] == "1" and found["ibft-oem-id"] == "LUNBT "
    assert guest.back_in_firmware(ibft_tables="1")["ibft-oem-id"] == ibft.OEM_ID
    login = capture.pdus(lab.folder / "nic0.pcap", target.port)[0]
    assert f"InitiatorName={NAME}".encode() in login.data.split(b"\0")
    assert CHAP.secret not in "".join(guest.text.split())


def published(lab, **settings):
    """Boots the marker from a target with mutual CHAP; the table that it found, as bytes and as lunctl reads it."""
    target = lab.target(lab.marker_lun(), chap=CHAP, mutual=MUTUAL)
    guest = lab.boot(lab.config(target, auth="mutual", hostname="node7", **settings))
    found = guest.marker("lun")
    assert (found["ibft-tables"], found["ibft-tables-32"]) == ("1", "1")
    table = lab.folder / "published.ibft"
    table.write_bytes(bytes.fromhex(found["ibft-bytes"]))
    guest.back_in_firmware()
    done = subprocess.run([BUILD / "host/lunctl", "ibft", table, "--json"], capture_output=True, text=True,
                          check=True)
    return target, table.read_bytes(), json.loads(done.stdout)


def test_req_319_324_325_326_lunctl_reads_what_was_published(lab):
    target, table, read = published(lab)
    assert sum(table) % 256 == 0
    assert CHAP.secret.encode() in table and MUTUAL.secret.encode() in table  # the system logs in with them
    login = capture.pdus(lab.folder / "nic0.pcap", target.port)[0]
    assert f"InitiatorName={read['initiator']}".encode() in login.data.split(b"\0")
    nic, seen = read["nics"][0], read["targets"][0]
    assert (nic["mac"], nic["pci"], nic["host-name"]) == ("52:54:00:4c:55:01", "00:08.0", "node7")
    # As QEMU's DHCP server gives them.
    assert (nic["address"], nic["prefix-length"], nic["gateway"]) == ("10.0.2.15", 24, "10.0.2.2")
    assert (nic["dns-1"], nic["dhcp"], nic["origin"]) == ("10.0.2.3", "10.0.2.2", 3)
    assert (seen["name"], seen["address"], seen["port"]) == (target.iqn, "10.0.2.2", target.port)
    assert (seen["chap-name"], seen["mutual-chap-name"]) == (CHAP.name, MUTUAL.name)
    assert CHAP.secret not in json.dumps(read) and MUTUAL.secret not in json.dumps(read)


def test_req_327_table_without_secrets(lab):
    target, table, read = published(lab, ibft_secrets="no")
    assert CHAP.secret.encode() not in table and MUTUAL.secret.encode() not in table
    assert read["targets"][0]["name"] == target.iqn
