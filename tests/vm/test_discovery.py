# SPDX-License-Identifier: BSD-2-Clause
"""A portal alone is configured: lunboot asks it for its targets."""

import json
import subprocess

from lab import BUILD, CHAP, INITIATOR
from lbvm import capture

OTHER = "iqn.2024-01.org.example:other"


def portal_alone(lab, target, **more):
    """A configuration that names neither target nor root path, but the disk's number."""
    return lab.config(target, root_path=None, portal=f"10.0.2.2:{target.port}", lun="1", **more)


def test_req_023_175_192_the_only_target_is_booted_from(lab):
    target = lab.target(lab.marker_lun(), chap=CHAP)
    target.protect_list()
    guest = lab.boot(portal_alone(lab, target))
    guest.wait_for(r"the\s+one\s+target\s+that\s+10\.0\.2\.2:\d+\s+lists\s+is\s+" + target.iqn)
    found = guest.marker("lun")
    # tgtd listens on 127.0.0.1 and lists that: what was asked is used.
    assert f"iSCSI({target.iqn},0x1,0x0001000000000000,None,None,CHAP_UNI,TCP)" in found["device"]
    assert "IPv4(10.0.2.2" in found["device"]
    table = lab.folder / "published.ibft"
    table.write_bytes(bytes.fromhex(found["ibft-bytes"]))
    done = subprocess.run([BUILD / "host/lunctl", "ibft", table, "--json"], stdout=subprocess.PIPE, check=True)
    seen = json.loads(done.stdout)["targets"][0]
    assert (seen["name"], seen["address"], seen["port"]) == (target.iqn, "10.0.2.2", target.port)
    guest.back_in_firmware()
    sent = [pdu for pdu in capture.pdus(lab.folder / "nic0.pcap", target.port) if pdu.out]
    lists = {pdu.connection for pdu in sent if b"SessionType=Discovery" in pdu.data.split(b"\0")}
    asking = [pdu for pdu in sent if pdu.connection in lists]
    using = [pdu for pdu in sent if pdu.connection not in lists]
    assert any(b"CHAP_R=" in pdu.data for pdu in asking)
    assert asking[-1].name == "Logout" and asking[-1].packet < using[0].packet


def test_req_023_of_several_targets_none_is_chosen(lab):
    target = lab.target(lab.marker_lun())
    target.add_target(OTHER)
    guest = lab.boot(portal_alone(lab, target))
    sentence = guest.lunboot_failed()
    guest.back_in_firmware()
    assert "MARKER-BEGIN lun" not in guest.text
    assert target.iqn in sentence and OTHER in sentence and "set target" in sentence


def test_req_190_a_portal_without_targets(lab):
    target = lab.target(lab.marker_lun(), acl=["192.0.2.7"])
    guest = lab.boot(portal_alone(lab, target))
    sentence = guest.lunboot_failed()
    guest.back_in_firmware()
    assert "lists no target" in sentence and f"10.0.2.2:{target.port}" in sentence
    assert INITIATOR in sentence
