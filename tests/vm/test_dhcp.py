# SPDX-License-Identifier: BSD-2-Clause
"""Parameters from DHCP, on networks of the test's own."""

from lab import CHAP, HERE
from lbvm.vm import Nic


def lan(lab, **target):
    """A segment with a target behind CHAP on it."""
    net = lab.network()
    net.segment("lan", HERE)
    return net, lab.target(lab.marker_lun(), net=net, address=HERE, chap=CHAP, **target)


def test_root_path_and_name_by_dhcp(lab):
    net, target = lan(lab)
    server = net.dhcp(options={17: target.root_path(), 203: "iqn.2024-01.org.example:from-dhcp"})
    guest = lab.boot(lab.config(target, root_path=None, initiator_name=None), [Nic(tap=net.tap())], net)
    guest.wait_for(r"MARKER-BEGIN lun")
    assert target.sessions() == ["iqn.2024-01.org.example:from-dhcp"]
    guest.back_in_firmware()
    # What a server tells clients apart by: option 60 of the program, 93 of the architecture.
    assert "vendor class: lunboot" in server.text()


def test_empty_fields_and_a_name_for_the_server(lab):
    net, target = lan(lab)
    net.dhcp(options={17: f"iscsi:target.example:::1:{target.iqn}"}, dns={"target.example": HERE})
    guest = lab.boot(lab.config(target, root_path=None), [Nic(tap=net.tap())], net)
    guest.wait_for(r"target\s+" + target.iqn + r"\s+at\s+target\.example:3260")
    guest.marker("lun")
    guest.back_in_firmware()


def test_slower_server_with_the_root_path_wins(lab):
    net, target = lan(lab)
    fast = net.dhcp(address="192.168.60.2", first="192.168.60.100", last="192.168.60.120")
    net.dhcp(address="192.168.60.3", first="192.168.60.130", last="192.168.60.150", delay=1,
             options={17: target.root_path()})
    guest = lab.boot(lab.config(target, root_path=None, offer_wait="4s"), [Nic(tap=net.tap())], net)
    guest.wait_for(r"address\s+192\.168\.60\.1[345]\d/24.*\s+from\s+the\s+DHCP\s+server\s+192\.168\.60\.3")
    guest.marker("lun")
    guest.back_in_firmware()
    assert "DHCPOFFER" in fast.text() and "DHCPACK" not in fast.text()


def test_file_wins_over_dhcp(lab):
    net, target = lan(lab)
    net.dhcp(options={17: "iscsi:192.168.60.77::3260:1:iqn.2024-01.org.example:elsewhere"})
    guest = lab.boot(lab.config(target), [Nic(tap=net.tap())], net)
    guest.marker("lun")
    guest.back_in_firmware()
    assert "elsewhere" not in guest.text


def test_static_address_without_any_dhcp(lab):
    net, target = lan(lab)
    guest = lab.boot(lab.config(target, ip="192.168.60.33/24"), [Nic(tap=net.tap())], net)
    guest.wait_for(r"address\s+192\.168\.60\.33/24")
    guest.marker("lun")
    guest.back_in_firmware()


def test_secret_by_dhcp_is_not_taken(lab):
    """RFC 4173 has no field for a secret; what is no root path is refused with its reason, not guessed at."""
    net, target = lan(lab)
    net.dhcp(options={17: target.root_path() + ",chap-secret=one-way-secret-12"})
    guest = lab.boot(lab.config(root_path=None), [Nic(tap=net.tap())], net)
    guest.wait_for(r"root-path")
    guest.lunboot_failed()
    guest.back_in_firmware()
    assert target.sessions() == []


def test_vendor_settings_by_dhcp(lab):
    """Option 43, as dnsmasq answers the vendor class: what is wrong in it is told, and the rest is taken."""
    net, target = lan(lab)
    vendor = [f"portal={HERE}", f"target={target.iqn}", "lun=1", "auth=none", "queue-dept=5", "queue-depth=5"]
    net.dhcp(more="".join(f'dhcp-option=vendor:lunboot,{n},"{text}"\n' for n, text in enumerate(vendor, 1)))
    guest = lab.boot(lab.config(target, root_path=None, log="debug"), [Nic(tap=net.tap())], net)
    guest.wait_for(r"queue-depth\s+=\s+5\s+\(DHCP\)")
    guest.marker("lun")
    guest.back_in_firmware()
    told = " ".join(guest.text.split())
    assert "ignored: DHCP option 43, auth: DHCP must not set this." in told
    assert "ignored: DHCP option 43, queue-dept: there is no such key; is queue-depth meant?" in told
