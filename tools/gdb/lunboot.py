# SPDX-License-Identifier: BSD-2-Clause
"""gdb commands for a lunboot.efi that runs in a guest; `make debug` loads this file.

  lunboot           finds the running image and loads its symbols at the right addresses
  lunboot-start     the same, but waits for the firmware to load the image first and stops at efi_main

The firmware says where its images are: a structure on a 4 MiB boundary holds the EFI system table's address (UEFI 2.10,
18.4.2), whose configuration tables name the debug image info table (18.4.3) with every loaded image. The right one is
told by its headers, which are those of the file. Where that table is not there, the memory behind $rip is searched for
the headers instead.
"""

import os
import struct

import gdb

FOUR_MIB = 4 << 20
PAGE = 4096
SYSTEM_TABLE_POINTER = b"IBI SYST"
DEBUG_IMAGE_INFO = bytes.fromhex("772e1549da1a6447b7a27afefed95e8b")
SYMBOLS = os.environ.get("LUNBOOT_SYMBOLS", "build/x86_64/lunboot.efi.debug")


def read(address, size):
    return bytes(gdb.selected_inferior().read_memory(address, size))


def word(address, layout="<Q"):
    return struct.unpack(layout, read(address, struct.calcsize(layout)))[0]


def identity(header):
    """What no loader changes in a PE header and differs between builds: entry point and size of the image."""
    if header[:2] != b"MZ":
        return None
    pe = struct.unpack_from("<I", header, 0x3C)[0]
    if pe > len(header) - 0x60 or header[pe:pe + 4] != b"PE\0\0":
        return None
    return struct.unpack_from("<I", header, pe + 0x28), struct.unpack_from("<I", header, pe + 0x50)


def wanted():
    with open(SYMBOLS, "rb") as file:
        header = file.read(PAGE)
    pe = struct.unpack_from("<I", header, 0x3C)[0]
    return identity(header)[0], struct.unpack_from("<Q", header, pe + 0x30)[0]


def is_ours(base):
    try:
        found = identity(read(base, 1024))
    except gdb.MemoryError:
        return False
    return found is not None and found[0] == wanted()[0]


def debug_table():
    """The address of the debug image info table's header, or None while the firmware has not made it."""
    for address in range(0, 4 << 30, FOUR_MIB):
        try:
            if read(address, 8) == SYSTEM_TABLE_POINTER:
                break
        except gdb.MemoryError:
            continue
    else:
        return None
    system = word(address + 8)
    count, entries = word(system + 104), word(system + 112)
    for i in range(count):
        if read(entries + 24 * i, 16) == DEBUG_IMAGE_INFO:
            return word(entries + 24 * i + 16)
    return None


def images(table):
    """The base of every image that the firmware has loaded."""
    count, entries = word(table + 4, "<I"), word(table + 8)
    for i in range(count):
        info = word(entries + 8 * i)
        if info and word(info, "<I") == 1:  # a normal image: type, then its loaded image protocol
            yield word(word(info + 8) + 64)


def search_behind(address):
    for base in range(address & ~(PAGE - 1), max(address - (8 << 20), 0), -PAGE):
        if is_ours(base):
            return base
    return None


def find_image(table):
    if table:
        return next((base for base in images(table) if is_ours(base)), None)
    return search_behind(int(gdb.parse_and_eval("(unsigned long)$rip")))


def load_symbols(base):
    offset = base - wanted()[1]
    gdb.execute(f"symbol-file {SYMBOLS} -o {offset:#x}", to_string=True)
    print(f"lunboot.efi is at {base:#x}")


class Attach(gdb.Command):
    """Find the running lunboot.efi and load its symbols."""

    def __init__(self):
        super().__init__("lunboot", gdb.COMMAND_FILES)

    def invoke(self, argument, from_tty):
        base = find_image(debug_table())
        if base is None:
            raise gdb.GdbError(f"no image with the headers of {SYMBOLS} is loaded: continue, interrupt, and try again")
        load_symbols(base)


class Start(gdb.Command):
    """Run the firmware until it has loaded lunboot.efi, and stop at efi_main."""

    def __init__(self):
        super().__init__("lunboot-start", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        table = debug_table()
        if table is None:
            raise gdb.GdbError("the firmware has no table of its images yet: continue, interrupt, and try again")
        base = find_image(table)
        if base is None:
            # The firmware counts every image there when it is loaded, and before it is started.
            watch = gdb.Breakpoint(f"*(unsigned int *){table + 4:#x}", gdb.BP_WATCHPOINT, gdb.WP_WRITE, internal=True)
            watch.silent = True
            while base is None:
                gdb.execute("continue", to_string=True)
                base = find_image(table)
            watch.delete()
        load_symbols(base)
        gdb.execute("thbreak efi_main")
        gdb.execute("continue")


gdb.execute("set pagination off")
gdb.execute("set confirm off")
Attach()
Start()
