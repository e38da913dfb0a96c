# SPDX-License-Identifier: BSD-2-Clause
"""Makes an iBFT as another boot program would leave it: by the layout of its specification 1.03, not by our code."""

import socket
import struct

OEM_ID = "OTHERS"
BY_DHCP = 3  # the origin of the NIC's address
CHAP_NONE, CHAP_ONE_WAY = 0, 1
VALID_AND_SELECTED = 3
HEADER, CONTROL, INITIATOR, NIC, TARGET = 48, 24, 80, 104, 56  # the structures' sizes, rounded up to eight bytes


def _ipv4(text):
    return bytes(10) + b"\xff\xff" + socket.inet_aton(text) if text else bytes(16)


class _Strings:
    """The texts after the structures; a structure names one by its length and place."""

    def __init__(self, base):
        self.base, self.bytes = base, b""

    def add(self, text):
        if not text:
            return bytes(4)
        place = struct.pack("<HH", len(text), self.base + len(self.bytes))
        self.bytes += text.encode() + b"\0"
        return place


def build(initiator, target, portal, port, mac, chap=None, lun=1, hostname="", pci=0,
          address="", prefix=0, gateway="", dns="", dhcp=""):
    """One NIC, and one target with one-way CHAP if there is an account. mac: six bytes in hexadecimal."""
    at_nic = HEADER + CONTROL + INITIATOR
    strings = _Strings(at_nic + NIC + TARGET)
    parts = (
        struct.pack("<BBHBBHHHHHH", 1, 1, 18, 0, 0, 0, HEADER + CONTROL, at_nic, at_nic + NIC, 0, 0),
        struct.pack("<BBHBB", 2, 1, 74, 0, VALID_AND_SELECTED) + bytes(64) + strings.add(initiator),
        struct.pack("<BBHBB", 3, 1, 102, 0, VALID_AND_SELECTED) + _ipv4(address) + bytes([prefix, BY_DHCP])
        + _ipv4(gateway) + _ipv4(dns) + bytes(16) + _ipv4(dhcp) + struct.pack("<H", 0)
        + bytes.fromhex(mac.replace(":", "")) + struct.pack("<H", pci) + strings.add(hostname),
        struct.pack("<BBHBB", 4, 1, 54, 0, VALID_AND_SELECTED) + _ipv4(portal) + struct.pack("<H", port)
        + bytes([0, lun]) + bytes(6) + bytes([CHAP_ONE_WAY if chap else CHAP_NONE, 0]) + strings.add(target)
        + strings.add(chap and chap.name) + strings.add(chap and chap.secret) + bytes(8),
    )
    body = b"".join(part.ljust(size, b"\0") for part, size in zip(parts, (CONTROL, INITIATOR, NIC, TARGET)))
    body += strings.bytes
    head = b"iBFT" + struct.pack("<IBB", HEADER + len(body), 1, 0) + OEM_ID.encode() + b"EARLIER " + bytes(24)
    table = bytearray(head + body)
    table[9] = -sum(table) & 0xFF
    return bytes(table)
