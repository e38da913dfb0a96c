# SPDX-License-Identifier: BSD-2-Clause
"""An iBFT that an earlier stage left: a source of settings, and the firmware's again afterwards."""

from lab import CHAP
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
