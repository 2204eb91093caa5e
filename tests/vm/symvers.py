#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Prints what a vmlinux exports, in the form of a Module.symvers.

The names are reached through the export tables: the string table alone will not
do, for the linker lets "sort" be the end of "list_sort".
"""
import struct
import sys


def sections(image):
    """Yields (name, address, offset, size) of the sections of a 64 bit ELF file."""
    table, = struct.unpack_from("<Q", image, 40)
    size, count, names = struct.unpack_from("<HHH", image, 58)
    headers = [struct.unpack_from("<IIQQQQ", image, table + i * size) for i in range(count)]
    strings = headers[names][4]
    for name, _, _, address, offset, length in headers:
        yield text(image, strings + name), address, offset, length


def text(image, offset):
    return image[offset:image.index(b"\0", offset)].decode()


def exports(image):
    """Each entry of a table holds three distances: to the value, its name, its namespace."""
    found = {name: where for name, *where in sections(image)}
    names_address, names_offset, _ = found["__ksymtab_strings"]
    for table in "__ksymtab", "__ksymtab_gpl":
        address, offset, length = found.get(table, (0, 0, 0))
        for at in range(0, length, 12):
            distance, = struct.unpack_from("<i", image, offset + at + 4)
            name = address + at + 4 + distance
            yield text(image, name - names_address + names_offset)


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as vmlinux:
        for symbol in sorted(exports(vmlinux.read())):
            # No checksums here, and any licence will do for a GPL module.
            print(f"0x00000000\t{symbol}\tvmlinux\tEXPORT_SYMBOL_GPL\t")
