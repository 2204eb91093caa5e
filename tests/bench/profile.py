#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Which functions the instructions counted by tcgprofile.c are in.

profile.py COUNTS GUEST TWCTL BUCKETS: the guest printed its symbols, the tool is
linked statically and has its own.
"""

import base64
import bisect
import collections
import gzip
import subprocess
import sys

KERNEL = 1 << 63
TOP = 45


def kernel_symbols(text):
    for line in gzip.decompress(base64.b64decode(text)).decode().splitlines():
        address, _, name, *module = line.split()
        yield int(address, 16), " ".join([name, *module])


def tool_symbols(twctl):
    out = subprocess.run(["nm", twctl], capture_output=True, text=True, check=True).stdout
    for line in out.splitlines():
        fields = line.split()
        if len(fields) == 3 and fields[1] in "tTwWiV":
            yield int(fields[0], 16), f"{fields[2]} (twctl)"


def main():
    counts, guest, twctl, buckets = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    with open(guest) as f:
        symbols = sorted([*kernel_symbols(f.read()), *tool_symbols(twctl)])
    starts = [address for address, _ in symbols]
    end_of_tool = max(a for a in starts if a < KERNEL)
    functions, sides = collections.Counter(), collections.Counter()
    with open(counts) as f:
        for line in f:
            n, address = line.split()
            n, address = int(n), int(address, 16)
            name = "(other programs and libraries)"
            if address >= KERNEL or address < end_of_tool:
                name = symbols[bisect.bisect(starts, address) - 1][1]
            functions[name] += n
            sides[address >= KERNEL] += n
    whole = sum(sides.values())
    print(f"{whole / buckets:,.0f} instructions a bucket, of {buckets:,}: "
          f"{sides[True] / buckets:,.0f} in the kernel, {sides[False] / buckets:,.0f} in user space")
    for name, n in functions.most_common(TOP):
        print(f"{n / buckets:12,.1f} {100 * n / whole:6.1f} %  {name}")


main()
