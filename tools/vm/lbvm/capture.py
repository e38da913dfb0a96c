# SPDX-License-Identifier: BSD-2-Clause
"""Reads a packet capture of QEMU's: the iSCSI PDUs of each connection, in the order they were sent; DHCP messages."""

import struct
from dataclasses import dataclass, field
from pathlib import Path

OPCODES = {
    0x00: "NOP-Out", 0x01: "Command", 0x02: "Task Management", 0x03: "Login", 0x04: "Text", 0x05: "Data-Out",
    0x06: "Logout", 0x20: "NOP-In", 0x21: "Response", 0x22: "Task Management Response", 0x23: "Login Response",
    0x24: "Text Response", 0x25: "Data-In", 0x26: "Logout Response", 0x31: "R2T", 0x32: "Async", 0x3F: "Reject",
}
DHCP = {1: "DISCOVER", 2: "OFFER", 3: "REQUEST", 4: "DECLINE", 5: "ACK", 6: "NAK", 7: "RELEASE"}


@dataclass
class Packet:
    number: int
    seconds: float
    source: tuple
    target: tuple
    sequence: int
    flags: str
    payload: bytes


@dataclass
class Pdu:
    """packet: the number of the packet in the capture that its header began in."""

    packet: int
    seconds: float
    connection: int
    out: bool
    name: str
    header: bytes
    data: bytes


@dataclass
class _Stream:
    next: int = -1
    waiting: dict = field(default_factory=dict)
    bytes: bytearray = field(default_factory=bytearray)
    origin: list = field(default_factory=list)  # (offset, packet)

    def add(self, packet):
        if "S" in packet.flags:
            self.next = packet.sequence + 1 & 0xFFFFFFFF
            return
        if packet.payload:
            self.waiting[packet.sequence] = packet
        while self.next in self.waiting:
            taken = self.waiting.pop(self.next)
            self.origin.append((len(self.bytes), taken))
            self.bytes += taken.payload
            self.next = self.next + len(taken.payload) & 0xFFFFFFFF


def frames(path):
    """Every frame with its time."""
    raw = Path(path).read_bytes()
    at = 24
    while at + 16 <= len(raw):
        seconds, micro, length = struct.unpack_from("<III", raw, at)
        yield seconds + micro / 1e6, raw[at + 16 : at + 16 + length]
        at += 16 + length


def packets(path):
    """All TCP packets over IPv4."""
    for number, (seconds, frame) in enumerate(frames(path), 1):
        packet = _tcp(frame, number, seconds)
        if packet:
            yield packet


@dataclass
class Dhcp:
    """name: DISCOVER and so on. options: {number: bytes}."""

    name: str
    options: dict


def _options(raw):
    found, at = {}, 0
    while at < len(raw) and raw[at] != 255:
        if raw[at] == 0:
            at += 1
            continue
        found[raw[at]] = found.get(raw[at], b"") + raw[at + 2 : at + 2 + raw[at + 1]]
        at += 2 + raw[at + 1]
    return found


def dhcp(path):
    """All DHCP messages over IPv4 and Ethernet (RFC 2131), those to ProxyDHCP's port 4011 too."""
    for _, frame in frames(path):
        ports = struct.unpack_from(">HH", frame, 34) if len(frame) > 42 + 240 else ()
        if frame[12:14] == b"\x08\x00" and frame[23] == 17 and {67, 68, 4011} & set(ports):
            message = frame[42:]
            options = _options(message[240:])
            yield Dhcp(DHCP.get(options.get(53, b"\0")[0], "?"), options)


def _tcp(frame, number, seconds):
    if frame[12:14] != b"\x08\x00" or frame[23] != 6:
        return None
    ip = frame[14 : 14 + struct.unpack(">H", frame[16:18])[0]]
    tcp = ip[(ip[0] & 15) * 4 :]
    sport, dport, sequence = struct.unpack_from(">HHI", tcp)
    flags = "".join(letter for bit, letter in enumerate("FSRPA") if tcp[13] >> bit & 1)
    source, target = (ip[12:16], sport), (ip[16:20], dport)
    return Packet(number, seconds, source, target, sequence, flags, bytes(tcp[(tcp[12] >> 4) * 4 :]))


def _walk(stream, connection, out, header_digest=0, data_digest=0):
    at, data = 0, stream.bytes
    while at + 48 <= len(data):
        header = bytes(data[at : at + 48])
        length = int.from_bytes(header[5:8], "big")
        login = header[0] & 0x3F in (0x03, 0x23)  # digests begin after it
        start = at + 48 + header[4] * 4 + (0 if login else header_digest)
        packet = [p for offset, p in stream.origin if offset <= at][-1]
        name = OPCODES.get(header[0] & 0x3F, f"opcode {header[0] & 0x3F:#x}")
        yield Pdu(packet.number, packet.seconds, connection, out, name, header, bytes(data[start : start + length]))
        at = start + (length + 3) // 4 * 4 + (data_digest if length and not login else 0)


def _digests(incoming):
    """The sizes of the digests of headers and data that the target has agreed to in its login."""
    text = b""
    for pdu in _walk(incoming, 0, False):
        if pdu.name != "Login Response":
            break
        text += pdu.data
    return [4 if f"{key}=CRC32C".encode() in text.split(b"\0") else 0 for key in ("HeaderDigest", "DataDigest")]


def pdus(path, port):
    """The PDUs to and from the target at `port`; connections are numbered from 0 in the order of their SYN."""
    streams, order = {}, []
    for packet in packets(path):
        if port not in (packet.source[1], packet.target[1]):
            continue
        out = packet.target[1] == port
        client = packet.source if out else packet.target
        if out and "S" in packet.flags:
            order.append((client, len(order)))
            streams[client] = (len(order) - 1, _Stream(), _Stream())
        if client in streams:
            streams[client][1 if out else 2].add(packet)
            if "S" in packet.flags and out:
                order[-1] = streams[client]
    found = []
    for connection, outgoing, incoming in order:
        sizes = _digests(incoming)
        found += list(_walk(outgoing, connection, True, *sizes)) + list(_walk(incoming, connection, False, *sizes))
    return sorted(found, key=lambda pdu: pdu.packet)
