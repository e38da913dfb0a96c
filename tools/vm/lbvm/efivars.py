# SPDX-License-Identifier: BSD-2-Clause
"""UEFI variables in OVMF's flash image, written before the guest starts: the boot entries of a machine.

The image is a firmware volume (PI 1.7, volume 3, section 3.2.1) whose data is EDK2's variable store: a header and then
one variable behind the other, each on a multiple of four bytes (MdeModulePkg's VariableFormat.h).
"""

import struct
import uuid
from pathlib import Path

GLOBAL = uuid.UUID("8be4df61-93ca-11d2-aa0d-00e098032b8c")
NV, BOOT, RUNTIME = 1, 2, 4
STORE = uuid.UUID("aaf32c78-947b-439a-a180-2e144ec37792").bytes_le  # variables with a time stamp
STORE_HEADER = struct.Struct("<16sIBBHI")
VARIABLE = struct.Struct("<HBBIQ16sIII16s")
START, ADDED = 0x55AA, 0x3F
END_NODE = b"\x7f\xff\x04\x00"
ACTIVE, APPLICATION = 1, 0x100


def _store(image):
    """Where the first variable goes, and where the store ends."""
    at = struct.unpack_from("<H", image, 48)[0]
    kind, size, *_ = STORE_HEADER.unpack_from(image, at)
    if kind != STORE:
        raise ValueError("no variable store as OVMF has it")
    return at + STORE_HEADER.size, at + size


def _aligned(at):
    return -(-at // 4) * 4


def _free_place(image):
    """Behind the last variable."""
    at, end = _store(image)
    while at + VARIABLE.size <= end and struct.unpack_from("<H", image, at)[0] == START:
        name, data = VARIABLE.unpack_from(image, at)[7:9]
        at = _aligned(at + VARIABLE.size + name + data)
    return at, end


def write(path, variables, vendor=GLOBAL, attributes=NV | BOOT | RUNTIME):
    """Adds the variables (name -> bytes), which must not be there yet, to the image `path`."""
    image = bytearray(Path(path).read_bytes())
    at, end = _free_place(image)
    for name, data in variables.items():
        text = (name + "\0").encode("utf-16-le")
        whole = VARIABLE.pack(START, ADDED, 0, attributes, 0, bytes(16), 0, len(text), len(data), vendor.bytes_le)
        whole += text + data
        if len(whole) > end - at:
            raise ValueError("the variable store is full")
        image[at : at + len(whole)] = whole
        at = _aligned(at + len(whole))
    Path(path).write_bytes(image)


def node(kind, subtype, data):
    """A node of a device path (UEFI 2.10 section 10.2)."""
    return struct.pack("<BBH", kind, subtype, 4 + len(data)) + data


def pci(device, function=0):
    """PciRoot(0)/Pci(device,function), without an end node."""
    return node(2, 1, struct.pack("<II", 0x0A0341D0, 0)) + node(1, 1, bytes([function, device]))


def mac(address):
    """The address, and that it is Ethernet's."""
    return node(3, 11, bytes.fromhex(address.replace(":", "")).ljust(32, b"\0") + b"\1")


def hard_drive(number, start, size, signature, mbr=False):
    """HD(): a partition, in blocks; the signature is a GUID's bytes, or an MBR's four."""
    return node(4, 1, struct.pack("<IQQ16sBB", number, start, size, signature, 1 if mbr else 2, 1 if mbr else 2))


def usb_class(vendor=0xFFFF, product=0xFFFF, codes=b"\xff\xff\xff"):
    return node(3, 15, struct.pack("<HH", vendor, product) + codes)


def usb_wwid(interface, vendor, product, serial):
    return node(3, 16, struct.pack("<HHH", interface, vendor, product) + serial.encode("utf-16-le"))


def file(name):
    return node(4, 4, (name + "\0").encode("utf-16-le"))


def boot_entry(description, path, options=b"", attributes=ACTIVE):
    """EFI_LOAD_OPTION (section 3.1.3) of a path without its end node."""
    path += END_NODE
    return struct.pack("<IH", attributes, len(path)) + (description + "\0").encode("utf-16-le") + path + options


def boot_entries(path, entries, following=None, others=None):
    """Boot0000 and on, and the BootOrder of them all; `following` is the number in BootNext, `others` are variables
    (name -> bytes) beside them."""
    variables = {**{f"Boot{number:04X}": entry for number, entry in enumerate(entries)}, **(others or {})}
    variables["BootOrder"] = struct.pack(f"<{len(entries)}H", *range(len(entries)))
    if following is not None:
        variables["BootNext"] = struct.pack("<H", following)
    write(path, variables)
