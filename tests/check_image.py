# SPDX-License-Identifier: BSD-2-Clause
"""What firmware and shim demand of the image, read from the file itself: python3 tests/check_image.py IMAGE.

Offsets are those of the PE/COFF specification: the file header behind the signature, the PE32+ optional header, the
section table, and the base relocation blocks.
"""

import struct
import sys
from dataclasses import dataclass
from pathlib import Path

SIZE_LIMIT = 400 * 1024

MACHINE_X86_64 = 0x8664
PE32_PLUS = 0x20B
EFI_APPLICATION = 10
DYNAMIC_BASE = 0x0040
NX_COMPAT = 0x0100
EXECUTE = 0x20000000
WRITE = 0x80000000
RELOC_DIRECTORY = 5
DEBUG_DIRECTORY = 6
RELOC_DIR64 = 10


@dataclass
class Section:
    name: str
    virtual_size: int
    address: int
    raw_size: int
    raw_offset: int
    flags: int


class Image:
    """The headers of a PE32+ file."""

    def __init__(self, data):
        self.data = data
        pe = self.word("<I", 0x3C)
        if data[:2] != b"MZ" or data[pe:pe + 4] != b"PE\0\0":
            raise ValueError("not a PE file")
        self.machine, count, self.timestamp, _, _, optional_size, _ = struct.unpack_from("<HHIIIHH", data, pe + 4)
        optional = pe + 24
        self.magic = self.word("<H", optional)
        self.entry = self.word("<I", optional + 16)
        self.section_align, self.file_align = struct.unpack_from("<II", data, optional + 32)
        self.subsystem, self.dll_flags = struct.unpack_from("<HH", data, optional + 68)
        directories = self.word("<I", optional + 108)
        self.directories = [struct.unpack_from("<II", data, optional + 112 + 8 * i) for i in range(directories)]
        self.sections = [self.section(optional + optional_size + 40 * i) for i in range(count)]

    def word(self, layout, offset):
        return struct.unpack_from(layout, self.data, offset)[0]

    def section(self, offset):
        name, *numbers = struct.unpack_from("<8sIIII", self.data, offset)
        return Section(name.rstrip(b"\0").decode(), *numbers, self.word("<I", offset + 36))

    def named(self, name):
        """The section of that name, or None."""
        return next((s for s in self.sections if s.name == name), None)

    def content(self, section):
        return self.data[section.raw_offset:section.raw_offset + min(section.raw_size, section.virtual_size)]

    def relocations(self):
        """The addresses that firmware moves when it loads the image elsewhere."""
        address, size = self.directories[RELOC_DIRECTORY]
        section = next((s for s in self.sections if s.address == address), None)
        at = section.raw_offset if section else 0
        end = at + size if section else 0
        while at < end:
            page, block = struct.unpack_from("<II", self.data, at)
            for i in range(8, block, 2):
                entry = self.word("<H", at + i)
                if entry >> 12 == RELOC_DIR64:
                    yield page + (entry & 0xFFF)
            at += block


def check(data):
    """Yields a sentence for everything about the image that is not as it must be."""
    image = Image(data)
    rules = [
        (image.machine == MACHINE_X86_64 and image.magic == PE32_PLUS, "it is not a PE32+ image for x86-64"),
        (image.subsystem == EFI_APPLICATION, f"subsystem {image.subsystem} is not an EFI application"),
        (image.dll_flags & DYNAMIC_BASE, "DYNAMIC_BASE is not set: firmware may not move it"),
        (image.dll_flags & NX_COMPAT, "NX_COMPAT is not set: strict firmware will not start it"),
        (image.section_align == 0x1000, f"section alignment is {image.section_align:#x}, not a page"),
        (image.timestamp == 0, f"timestamp {image.timestamp:#x} is not zero: the build is not reproducible"),
        (image.named(".reloc") and any(image.relocations()), ".reloc has no relocation"),
        (len(data) < SIZE_LIMIT, f"{len(data)} bytes are not under {SIZE_LIMIT}"),
    ]
    yield from (sentence for holds, sentence in rules if not holds)
    for section in image.sections:
        if section.flags & WRITE and section.flags & EXECUTE:
            yield f"section {section.name} is both writable and executable"
        if section.address % image.section_align:
            yield f"section {section.name} does not start on a page"
    entry = [s for s in image.sections if s.address <= image.entry < s.address + s.virtual_size]
    if not entry or not entry[0].flags & EXECUTE:
        yield "the entry point is in no executable section"
    yield from check_sbat(image)


def check_sbat(image):
    """Shim reads lines of component, generation, vendor, package, version, URL; the first is the format's own."""
    section = image.named(".sbat")
    if section is None:
        yield "there is no .sbat section"
        return
    lines = [line.split(",") for line in image.content(section).rstrip(b"\0").decode("ascii").splitlines()]
    if section.flags & (WRITE | EXECUTE):
        yield ".sbat is writable or executable"
    if not lines or lines[0][:2] != ["sbat", "1"]:
        yield ".sbat does not begin with the format's own line"
    if not any(line[0] == "lunboot" and line[1].isdigit() for line in lines):
        yield ".sbat has no generation of lunboot"
    if any(len(line) != 6 for line in lines):
        yield ".sbat has a line that has not six fields"


def main():
    faults = list(check(Path(sys.argv[1]).read_bytes()))
    for fault in faults:
        print(f"{sys.argv[1]}: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
