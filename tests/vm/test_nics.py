# SPDX-License-Identifier: BSD-2-Clause
"""Which network interface is used, and what is said of those that are passed over."""

from lab import CHAP, HERE
from lbvm.vm import Nic


def three(lab):
    """Three NICs: no cable, no DHCP server, and the right one."""
    net = lab.network()
    net.segment("quiet", "192.168.70.1")
    net.segment("lan", HERE)
    target = lab.target(lab.marker_lun(), net=net, address=HERE, chap=CHAP)
    net.dhcp("lan", options={17: target.root_path()})
    nics = [Nic(tap=net.tap("quiet"), link=False), Nic(tap=net.tap("quiet")), Nic(tap=net.tap("lan"))]
    return net, target, nics


def test_third_of_three_is_right(lab):
    net, target, nics = three(lab)
    config = lab.config(target, root_path=None, link_wait="3s", dhcp_wait="3s")
    guest = lab.boot(config, nics, net)
    guest.wait_for(r"NIC\s+52:54:00:4c:55:01.*\s+skipped:\s+no\s+link")
    guest.wait_for(r"NIC\s+52:54:00:4c:55:02.*\s+skipped:\s+no\s+DHCP\s+server\s+answered")
    assert "MAC(5254004C5503" in guest.marker("lun")["device"]
    guest.back_in_firmware()


def test_nic_by_pci_address_leaves_the_others_alone(lab):
    net, target, nics = three(lab)
    guest = lab.boot(lab.config(target, nic="00:0a.0"), nics, net)
    assert "MAC(5254004C5503" in guest.marker("lun")["device"]
    guest.back_in_firmware()
    assert "52:54:00:4c:55:01" not in guest.text and "52:54:00:4c:55:02" not in guest.text


def test_nic_by_mac(lab):
    net, target, nics = three(lab)
    guest = lab.boot(lab.config(target, nic="52:54:00:4C:55:03"), nics, net)
    assert "MAC(5254004C5503" in guest.marker("lun")["device"]
    guest.back_in_firmware()


def test_nic_that_is_not_there_lists_those_that_are(lab):
    guest = lab.boot(lab.config(nic="52:54:00:00:00:99"))
    sentence = guest.lunboot_failed()
    assert "52:54:00:00:00:99" in sentence and "52:54:00:4c:55:01" in sentence and "00:08.0" in sentence
    assert "set nic to one of these" in sentence
    guest.back_in_firmware()


def test_the_firmware_can_use_the_nic_again(lab):
    """The next boot option is the firmware's own PXE, over the NIC that lunboot had."""
    lab.folder.joinpath("again.efi").write_bytes(lab.marker.read_bytes())
    target = lab.target(lab.marker_lun(), chap=CHAP)
    nic = Nic(user=f"tftp={lab.folder},bootfile=again.efi", options="bootindex=1")
    guest = lab.boot(lab.config(target), [nic], memory=1024)
    guest.marker("lun")
    assert "MAC(525400" in guest.marker("unnamed")["device"]
