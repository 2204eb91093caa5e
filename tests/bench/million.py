#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Whole commands at ten thousand, a hundred thousand and a million buckets.

Beside a walk that only counts (barewalk) and what people have without us. The clock
counts instructions, once, or with an argument nanoseconds, the least of so many
rounds, for other load on this machine only adds.
"""

import json
import os
import re
import subprocess
import sys
import time

from tap import must, sysctl

HERE = os.path.dirname(os.path.abspath(__file__))
CROWD = os.path.join(HERE, "crowd")
BAREWALK = "/sys/kernel/debug/twscope_barewalk"
CGROUP = "/sys/fs/cgroup"
SIZES = (10_000, 100_000, 1_000_000)
# A processor charges 256 KiB ahead.
SLACK_KIB = 512

SS = "ss -tan state time-wait"
GROUPED = " | awk '{print $4}' | cut -d: -f1 | sort | uniq -c | sort -nr"
COMMANDS = {
    "twctl summary": "twctl summary",
    "twctl ports": "twctl ports --to 127.1.0.1:8000",
    "twctl group remote": "twctl group remote",
    "twctl -n list": "twctl -n list",
    "twctl -j list": "twctl -j list",
    "ss": SS,
    "ss | awk | sort | uniq -c": SS + GROUPED,
}
OURS = [name for name in COMMANDS if name.startswith("twctl")]
OF_IT = "  of it the walk: "
BARE, AHEAD = "bare walk", "bare walk, prefetching"


def bare_walk(file, wanted):
    """What a walk that only counts takes; it must have counted what is there."""
    with open(f"{BAREWALK}/{file}") as f:
        buckets, took = map(int, f.read().split())
    if buckets != wanted:
        sys.exit(f"the bare walk counted {buckets} buckets, not {wanted}")
    return took


def launch(command):
    begin = time.monotonic_ns()
    subprocess.run(command, shell=True, stdout=subprocess.DEVNULL, check=True)
    return time.monotonic_ns() - begin


def whole(command):
    """Less what it takes from here to launch a shell, and nothing in it."""
    return launch(command) - launch(":")


def walk_of(command):
    """Of it the walk alone, as the answer tells."""
    options = {"capture_output": True, "text": True, "shell": True}
    answer = subprocess.run(command.replace("twctl", "twctl -j"), check=True, **options)
    rows = map(json.loads, answer.stdout.splitlines())
    return next(row["walk_us"] * 1000 for row in rows if "walk_us" in row)


def memory_kib(command):
    """At most: of the process's own memory, and of all that its cgroup was charged,
    which is that and what the kernel allocated for it."""
    group = f"{CGROUP}/bench"
    os.mkdir(group)
    result = subprocess.run(f"echo 0 >{group}/cgroup.procs; exec busybox time -v {command}",
                            shell=True, check=True, text=True, stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE)
    with open(f"{group}/memory.peak") as f:
        charged = int(f.read()) // 1024
    os.rmdir(group)
    return int(re.search(r"Maximum resident set size \(kbytes\): (\d+)", result.stderr)[1]), charged


def fill(have, wanted, spare=0):
    """On two processors a connection now and then ends in another way: so many may lack."""
    begin = time.monotonic_ns()
    must(CROWD, str(have), str(wanted))
    took = time.monotonic_ns() - begin
    with open("/proc/net/sockstat") as f:
        seen = int(re.search(r" tw (\d+)", f.read())[1])
    if not wanted - spare <= seen <= wanted:
        sys.exit(f"{seen} buckets, should be {wanted}")
    print(f"# {seen:,} buckets are there, the last {wanted - have:,} at {took / (wanted - have):,.0f} each",
          flush=True)


def measure(size, rounds, figures):
    """Each command once a round, so that what changes with time meets all of them."""
    for _ in range(rounds):
        for name, file in ((BARE, "plain"), (AHEAD, "prefetch")):
            figures.setdefault((name, size), []).append(bare_walk(file, size))
        for name, command in COMMANDS.items():
            figures.setdefault((name, size), []).append(whole(command))
            if name in OURS and "list" not in name:
                figures.setdefault((OF_IT + name, size), []).append(walk_of(command))
        latest = (f"{name} {values[-1] / 1e6:,.1f}" for (name, n), values in figures.items() if n == size)
        print(f"# {size:,}: " + ", ".join(latest), flush=True)


def prepare():
    must("insmod", os.path.join(HERE, "barewalk.ko"))
    sysctl("net.ipv4.tcp_tw_reuse", 0)
    sysctl("net.ipv4.tcp_max_tw_buckets", 2 * SIZES[-1])
    sysctl("net.ipv4.ip_local_port_range", "1024 65535")
    os.makedirs(CGROUP, exist_ok=True)
    must("mount", "-t", "cgroup2", "cgroup2", CGROUP)
    with open(f"{CGROUP}/cgroup.subtree_control", "w") as f:
        f.write("+memory")
    # Files into the cache.
    for command in COMMANDS.values():
        whole(command)


def table(title, unit, rows, one):
    """Figures in units, and of one bucket more in the unit one."""
    print(f"\n{title}\n{'':42}" + "".join(f"{n:>12,}" for n in SIZES) + f"{'a bucket':>12}")
    for name in dict.fromkeys(name for name, _ in rows):
        row = [rows[name, n] for n in SIZES]
        each = (row[-1] - row[-2]) / (SIZES[-1] - SIZES[-2])
        print(f"{name:42}" + "".join(f"{n / unit:12,.1f}" for n in row) + f"{each / one:12,.1f}")


def target(what, figure, limit, most):
    met = figure <= limit if most else figure >= limit
    print(f"{what:62} {figure:8.2f}   target: at {'most' if most else 'least'} {limit:g}   "
          f"{'met' if met else 'MISSED'}")


def targets(figures, timed):
    """Whole commands by instructions: what starts and switches processes costs a
    hundred times more in time here than elsewhere. Walks by time: one that only counts
    is some 24 instructions and the wait for memory."""
    print()
    for size in SIZES[1:]:
        at = {name: figure for (name, n), figure in figures.items() if n == size}
        print(f"{size:,} buckets")
        if timed:
            for name, limit in (("group remote", 1.5), ("summary", 1.3), ("ports", 1.3)):
                target(f"the walk of twctl {name}  over  the bare walk",
                       at[f"{OF_IT}twctl {name}"] / at[BARE], limit, True)
            continue
        target("ss | awk | sort | uniq -c  over  twctl group remote",
               at["ss | awk | sort | uniq -c"] / at["twctl group remote"], 40, False)
        target("ss  over  twctl -n list", at["ss"] / at["twctl -n list"], 5, False)
        target("ss  over  twctl -j list, which has all fields", at["ss"] / at["twctl -j list"], 1, False)


def linear(figures, memory):
    print()
    for name in (BARE, *OURS):
        small, large = (figures[name, n] / n for n in SIZES[1:])
        target(f"{name}: a bucket at {SIZES[2]:,} over one at {SIZES[1]:,}", large / small, 1.2, True)
    for name in OURS:
        small, large = (memory[f"{name}, charged", n] for n in (SIZES[0], SIZES[-1]))
        target(f"{name}: KiB charged at {SIZES[-1]:,}, more than at {SIZES[0]:,}", large - small, SLACK_KIB, True)


def main():
    timed = len(sys.argv) > 1
    rounds = int(sys.argv[1]) if timed else 1
    unit = "milliseconds" if timed else "millions of instructions"
    prepare()
    have, samples, memory = 0, {}, {}
    for size in SIZES:
        fill(have, size)
        have = size
        measure(size, rounds, samples)
        for name in OURS:
            resident, charged = memory_kib(COMMANDS[name])
            memory[f"{name}, charged", size] = charged
            memory[f"  of it resident: {name}", size] = resident
    figures = {key: min(values) for key, values in samples.items()}
    print(f"kernel {os.uname().release}; the least of rounds: {rounds}")
    table(f"{unit}, of whole commands, their start included", 1e6, figures, 1)
    table("KiB of memory at most", 1, memory, 1 / 1024)
    targets(figures, timed)
    linear(figures, memory)


if __name__ == "__main__":
    main()
