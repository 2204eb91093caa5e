#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What the module takes at most, of memory and of time to go on and off: README's table.

Beside each figure stands the command that it was made with. The times are those of an emulated
machine that has other things to do, too.
"""

import os
import statistics
import subprocess
import sys
import time

from tap import must, sockstat_tw, sysctl

HERE = os.path.dirname(os.path.abspath(__file__))
CROWD = os.path.join(HERE, "crowd")
CGROUP = "/sys/fs/cgroup"
NAMESPACES = 200
BUCKETS = 40_000
MOST_GROUPS = 16_384
MOST_EVENTS = 1048576
ROUNDS = 9


def say(figure, what, command):
    print(f"{figure:>18}  {what}\n{'':20}{command}", flush=True)


def meminfo(name):
    with open("/proc/meminfo") as f:
        return next(int(line.split()[1]) for line in f if line.startswith(name + ":"))


def grows(name, *command):
    """KiB by which a line of /proc/meminfo is other after the command than before."""
    with open("/proc/sys/vm/drop_caches", "w") as f:
        f.write("3\n")
    time.sleep(0.5)
    before = meminfo(name)
    must(*command)
    return abs(meminfo(name) - before)


def peak(command):
    """KiB that a cgroup of its own was charged: the process's memory and the kernel's for it."""
    group = f"{CGROUP}/limits"
    os.mkdir(group)
    subprocess.run(f"echo 0 >{group}/cgroup.procs; exec {command}", shell=True, check=True,
                   stdout=subprocess.DEVNULL)
    with open(f"{group}/memory.peak") as f:
        charged = int(f.read()) // 1024
    os.rmdir(group)
    return charged


def milliseconds(*command):
    begin = time.monotonic()
    must(*command)
    return (time.monotonic() - begin) * 1000


def module():
    with open("/sys/module/twscope/coresize") as f:
        say(f"{int(f.read()) / 1024:.0f} KiB", "the module, loaded",
            "cat /sys/module/twscope/coresize")


def observing():
    rounds = [(milliseconds("twctl", "observe", "on"), milliseconds("twctl", "observe", "off"))
              for _ in range(ROUNDS)]
    for column, name in enumerate(("on", "off")):
        took = [r[column] for r in rounds]
        say(f"{statistics.median(took):.0f} ms", f"to go {name}, at most {max(took):.0f} ms",
            f"time twctl observe {name}")
    cpus = os.cpu_count()
    for events, option in ((4096, ()), (MOST_EVENTS, ("--recorder", str(MOST_EVENTS)))):
        command = ("twctl", "observe", "on", *option)
        grown = grows("MemFree", *command)
        must("twctl", "observe", "off")
        say(f"{grown / cpus / 1024:.2f} MiB", f"a processor, observing, {events:,} events",
            f"grep MemFree /proc/meminfo; {' '.join(command)}; grep MemFree /proc/meminfo")
    for i in range(NAMESPACES):
        must("ip", "netns", "add", f"n{i}")
    grown = grows("Percpu", "twctl", "observe", "on")
    must("twctl", "observe", "off")
    say(f"{grown * 1024 / cpus / (NAMESPACES + 1):.0f} bytes",
        f"a namespace and processor, observing, of {NAMESPACES} and {cpus}",
        "grep Percpu /proc/meminfo; twctl observe on; grep Percpu /proc/meminfo")


def looking():
    sysctl("net.ipv4.tcp_tw_reuse", 0)
    sysctl("net.ipv4.tcp_max_tw_buckets", 2 * BUCKETS)
    must("mount", "-t", "cgroup2", "cgroup2", CGROUP)
    with open(f"{CGROUP}/cgroup.subtree_control", "w") as f:
        f.write("+memory")
    for what, command in (
            ("nothing: what the tool itself takes", "twctl info"),
            ("a summary", "twctl summary"),
            ("a list", "twctl -n list"),
            ("ports towards one destination", "twctl ports --to 127.1.0.1:8000"),
            (f"most groups there may be ({MOST_GROUPS:,})",
             "twctl group --top 0 local-port,remote,remote-port"),
            ("the same as JSON", "twctl -j group --top 0 local-port,remote,remote-port"),
            ("most groups with ports (1,024)", "twctl group --top 0 --ports remote,remote-port")):
        if sockstat_tw() < BUCKETS * 3 // 4:
            must(CROWD, "0", str(BUCKETS))
        mib = peak(command) / 1024
        buckets = sockstat_tw()
        if buckets < MOST_GROUPS:
            sys.exit(f"{buckets} buckets are left of {BUCKETS:,} made: this machine is too busy now")
        say(f"{mib:.1f} MiB", f"while looking at {buckets:,} buckets: {what}",
            f"{command}, in a cgroup of its own: memory.peak")


module()
observing()
looking()
