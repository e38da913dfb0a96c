# SPDX-License-Identifier: BSD-2-Clause
"""Disk images written without root: FAT by mtools, GPT by hand, no loop devices.

The GPT is written here because sgdisk takes the sector size of a regular file to be 512, and
we need disks of 4096-byte logical blocks as well (UEFI 2.10, section 5.3).
"""

import os
import shutil
import struct
import subprocess
import uuid
import zlib
from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024
ESP_TYPE = uuid.UUID("c12a7328-f81f-11d2-ba4b-00a0c93ec93b")
LINUX_TYPE = uuid.UUID("0fc63daf-8483-4772-8e79-3d69d8477de4")
GPT_ENTRIES = 128
GPT_ENTRY_SIZE = 128


@dataclass
class Part:
    """One partition: its content is the file `image`, copied sparsely to `start` (bytes)."""

    name: str
    kind: uuid.UUID
    image: Path
    start: int = 0
    size: int = 0


def _gpt_guid(seed):
    """A GUID that depends on `seed` alone, so that the same recipe gives the same image."""
    return uuid.uuid5(uuid.NAMESPACE_URL, "lunboot:" + seed)


def _protective_mbr(blocks):
    entry = struct.pack("<B3sB3sII", 0, b"\x00\x02\x00", 0xEE, b"\xff\xff\xff", 1, min(blocks - 1, 0xFFFFFFFF))
    return b"\0" * 446 + entry + b"\0" * 48 + b"\x55\xaa"


def _gpt_header(my_lba, other_lba, entries_lba, first, last, disk_guid, entries_crc):
    def pack(crc):
        return struct.pack(
            "<8sIIIIQQQQ16sQIII",
            b"EFI PART", 0x00010000, 92, crc, 0, my_lba, other_lba, first, last,
            disk_guid.bytes_le, entries_lba, GPT_ENTRIES, GPT_ENTRY_SIZE, entries_crc,
        )

    return pack(zlib.crc32(pack(0)))


def write_gpt(path, block, parts, seed):
    """Writes both partition tables into the file `path`, whose size is already that of the disk."""
    blocks = os.path.getsize(path) // block
    table_blocks = GPT_ENTRIES * GPT_ENTRY_SIZE // block
    entries = b""
    for part in parts:
        entries += struct.pack(
            "<16s16sQQQ72s",
            part.kind.bytes_le, _gpt_guid(seed + part.name).bytes_le,
            part.start // block, (part.start + part.size) // block - 1, 0, part.name.encode("utf-16-le"),
        )
    entries = entries.ljust(GPT_ENTRIES * GPT_ENTRY_SIZE, b"\0")
    crc = zlib.crc32(entries)
    first, last = 2 + table_blocks, blocks - 2 - table_blocks
    guid = _gpt_guid(seed + "disk")
    with open(path, "r+b") as disk:
        disk.write(_protective_mbr(blocks))
        disk.seek(block)
        disk.write(_gpt_header(1, blocks - 1, 2, first, last, guid, crc))
        disk.seek(2 * block)
        disk.write(entries)
        disk.seek((last + 1) * block)
        disk.write(entries)
        disk.seek((blocks - 1) * block)
        disk.write(_gpt_header(blocks - 1, 1, last + 1, first, last, guid, crc))


def assemble(path, block, parts, seed):
    """Makes the disk `path` of the partitions in order, each at the next whole MiB after the first."""
    at = MIB
    for part in parts:
        part.start, part.size = at, -(-os.path.getsize(part.image) // MIB) * MIB
        at += part.size
    with open(path, "wb") as disk:
        disk.truncate(at + MIB)
    for part in parts:
        subprocess.run(
            ["dd", f"if={part.image}", f"of={path}", "bs=1M", f"seek={part.start // MIB}",
             "conv=notrunc,sparse", "status=none"],
            check=True,
        )
    write_gpt(path, block, parts, seed)


def make_fat(path, size, block, files, label="ESP"):
    """Makes a FAT file system holding `files` (path inside -> bytes or Path of a host file)."""
    path = Path(path)
    path.unlink(missing_ok=True)
    subprocess.run(
        ["mkfs.fat", "-S", str(block), "-s", "1" if block > 512 else "4", "-n", label, "-i", "4c554e42",
         "-C", str(path), str(size // 1024)],
        check=True, stdout=subprocess.DEVNULL,
    )
    made = set()
    for inside, content in files.items():
        fat_put(path, inside, content, 0, made)


def fat_put(path, inside, content, offset=0, made=None):
    """Puts one file into the FAT file system at `offset` bytes in the image `path`."""
    image = f"{path}@@{offset}"
    env = dict(os.environ, MTOOLS_SKIP_CHECK="1")
    parent = ""
    for name in inside.strip("/").split("/")[:-1]:
        parent += "/" + name
        if made is not None and parent not in made:
            subprocess.run(["mmd", "-i", image, "::" + parent], check=True, env=env)
            made.add(parent)
    source = content if isinstance(content, Path) else "-"
    data = None if isinstance(content, Path) else content
    subprocess.run(
        ["mcopy", "-o", "-i", image, str(source), "::/" + inside.strip("/")], check=True, env=env, input=data
    )


def fat_disk(path, block, files, size=40 * MIB, seed="fat"):
    """A whole GPT disk with one EFI system partition holding `files`."""
    esp = Path(str(path) + ".esp")
    make_fat(esp, size, block, files)
    assemble(path, block, [Part("EFI system", ESP_TYPE, esp)], seed)
    esp.unlink()
    return Path(path)


def copy_sparse(source, target):
    """A private copy of a disk image, as cheap as the file system allows."""
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", str(source), str(target)], check=True)
    return Path(target)


def need(*programs):
    """Raises if one of the programs is not installed, naming all that are missing."""
    missing = [p for p in programs if not shutil.which(p, path=search_path())]
    if missing:
        raise RuntimeError("not installed: " + " ".join(missing) + " (tools/setup installs them)")


def search_path():
    """PATH with the sbin folders, which Debian leaves out for an ordinary user."""
    return os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/local/sbin:/usr/sbin:/sbin"
