# SPDX-License-Identifier: GPL-2.0
"""What must be in no answer: kernel addresses, and what lay in memory before."""

import os
import re
import struct

from tap import setting

# With five levels of pages; with four, the kernel's half begins higher.
KERNEL_HALF = 0xFF00000000000000
TERABYTE = 1 << 40
# Of a region of terabytes, what is allocated from its beginning on.
USED = 1 << 34
PT_LOAD = 1
NESTED, TYPE_MASK = 0x8000, 0x3FFF
NLMSG_MIN_TYPE = 16
HEADER, GENL_HEADER = 16, 4
# What kmalloc() and the page allocator leave in memory when they are told to (slub_debug=P and
# page_poison=1): of what was allocated newly, of what was freed, of freed pages.
POISON = re.compile(rb"\x5a{4}|\x6b{4}|\xaa{4}")
HIGH = re.compile(rb"\xff")
# A pointer as %px, %p and %lx print it, and one taken for a number, with a sign or without.
HEX = re.compile(r"(?<![0-9a-zA-Z])(0x)?([0-9a-f]{16})(?![0-9a-zA-Z])")
DECIMAL = re.compile(r"(?<![\w.])(?:-\d{8,20}|\d{20})(?![\w.])")


def regions():
    """Where the kernel has anything, as /proc/kcore lists it. A word by chance is not in there."""
    if not os.path.exists("/proc/kcore"):
        # No such file in a kernel of our own, whose places are not random either.
        return [(0xFFFF888000000000, 0xFFFF888000000000 + USED),
                (0xFFFFC90000000000, 0xFFFFC90000000000 + USED),
                (0xFFFFEA0000000000, 0xFFFFEA0000000000 + USED),
                (0xFFFFFFFF80000000, 0xFFFFFFFFFF000000)]
    found = []
    with open("/proc/kcore", "rb") as f:
        head = f.read(64)
        offset, = struct.unpack_from("=Q", head, 32)
        size, count = struct.unpack_from("=HH", head, 54)
        f.seek(offset)
        for _ in range(count):
            kind, _, _, start, _, _, length, _ = struct.unpack_from("=IIQQQQQQ", f.read(size))
            if kind == PT_LOAD:
                found.append((start, start + (USED if length > TERABYTE else length)))
    return found


REGIONS = []


def prepare():
    REGIONS[:] = regions()


def is_address(value):
    return any(start <= value < end for start, end in REGIONS)


def in_bytes(data):
    """Addresses at any byte offset: the highest bits of each are ones."""
    for match in HIGH.finditer(data, 7):
        value, = struct.unpack_from("=Q", data, match.start() - 7)
        if is_address(value):
            yield f"address {value:#x} at byte {match.start() - 7} of {len(data)}"


def in_text(text):
    """Anything that looks like one: no output of ours has such words."""
    for prefix, word in HEX.findall(text):
        value = int(word, 16)
        if value >= KERNEL_HALF or prefix or word.startswith("0" * 8) or not word.isdecimal():
            yield f"pointer {prefix}{word}"
    for word in DECIMAL.findall(text):
        if int(word) >= KERNEL_HALF or int(word) < 0:
            yield f"address {word}"


def in_attributes(data):
    """Padding that is not 0."""
    while len(data) >= 4:
        size, kind = struct.unpack_from("=HH", data)
        full = (size + 3) & ~3
        if size < 4 or any(data[size:full]):
            yield f"attribute {kind & TYPE_MASK}: padding {data[size:full].hex()}"
        if size < 4:
            break
        if kind & NESTED:
            yield from in_attributes(data[4:size])
        data = data[full:]


def in_messages(data):
    """What is wrong with what one recv() returned."""
    yield from in_bytes(data)
    for match in POISON.finditer(data):
        yield f"poison {match.group().hex()} at byte {match.start()} of {len(data)}"
    while len(data) >= HEADER:
        size, kind = struct.unpack_from("=IH", data)
        if kind >= NLMSG_MIN_TYPE:
            # cmd, version, and two reserved bytes
            if data[HEADER + 2:HEADER + GENL_HEADER] != b"\0\0":
                yield f"reserved {data[HEADER + 2:HEADER + GENL_HEADER].hex()}"
            yield from in_attributes(data[HEADER + GENL_HEADER:size])
        data = data[(size + 3) & ~3:]


class Ear:
    """A socket that keeps what is wrong with what it received."""

    def __init__(self, sock, wrong):
        self.sock, self.wrong, self.bytes = sock, wrong, 0

    def recv(self, *args):
        data = self.sock.recv(*args)
        self.bytes += len(data)
        self.wrong += in_messages(data)
        return data

    def __getattr__(self, name):
        return getattr(self.sock, name)


def module_address():
    """A true one, to see that it is found; the kernel shows it to root alone."""
    setting("kernel.kptr_restrict", 1)
    with open("/sys/module/twscope/sections/.text") as f:
        return int(f.read(), 16)
