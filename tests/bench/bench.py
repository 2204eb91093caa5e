#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Instructions of whole commands, process start included, by number of buckets."""

import os
import subprocess
import time

from tap import TWGEN, must, sysctl, twctl

COMMANDS = [
    ("twctl summary", "twctl summary"),
    ("twctl -n list", "twctl -n list"),
    ("twctl -j list", "twctl -j list"),
    ("twctl list, nothing matches", "twctl list dport = :1"),
    ("ss -s", "ss -s"),
    ("ss state time-wait", "ss -tan state time-wait"),
    ("ss | awk | sort | uniq -c", "ss -tan state time-wait | awk '{print $4}' | sort | uniq -c"),
    ("cat /proc/net/tcp", "cat /proc/net/tcp"),
]


def instructions(command):
    """Of the second run: the first brings the files into the cache."""
    for _ in range(2):
        begin = time.monotonic_ns()
        subprocess.run(command, shell=True, stdout=subprocess.DEVNULL, check=True)
        took = time.monotonic_ns() - begin
    return took


def main():
    sysctl("net.ipv4.tcp_tw_reuse", 0)
    sysctl("net.ipv4.tcp_max_tw_buckets", 200000)
    sizes, made, figures, walks = (0, 1000, 10000, 30000), 0, {}, []
    for size in sizes:
        if size > made:
            must(TWGEN, "-q", "-n", str(size - made), "-l", "127.0.1.1", "-s", str(10000 + made))
            made = size
        for name, command in COMMANDS:
            figures.setdefault(name, []).append(instructions(command))
        walks.append(twctl("summary")["walk_us"])

    print(f"kernel {os.uname().release}, millions of instructions of a whole command")
    print(f"{'buckets':34}" + "".join(f"{n:>10,}" for n in sizes) + "   per bucket")
    for name, row in figures.items():
        print(f"{name:34}" + "".join(f"{n / 1e6:10.1f}" for n in row) +
              f"{(row[-1] - row[0]) / sizes[-1]:13,.0f}")
    print(f"{'of it the walk of a summary':34}" + "".join(f"{n / 1e3:10.1f}" for n in walks) +
          f"{(walks[-1] - walks[0]) * 1000 / sizes[-1]:13,.0f}")
    ours, theirs = figures["twctl summary"][-1], figures["ss | awk | sort | uniq -c"][-1]
    print(f"twctl summary against ss | awk | sort | uniq -c at {sizes[-1]:,}: {theirs / ours:.0f} times less")


main()
