#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""How long connect() takes while somebody looks at a million buckets, or as many as said.

A client makes a connection every two milliseconds on the first processor; whoever
looks, again and again, is on the last one, which may be the same. The cases alternate,
so that a change of this machine's load meets all of them.
"""

import os
import subprocess
import sys

from tap import must, sysctl
from million import SIZES, SS, fill

HERE = os.path.dirname(os.path.abspath(__file__))
COUNT, PERIOD_US, ROUNDS = 2000, 2000, 5
# What the second one takes is not looking but that a process starts, over and over.
CASES = {
    "nobody looks": None,
    "twctl --version": "twctl --version",
    "twctl group remote": "twctl group remote",
    "twctl summary": "twctl summary",
    "twctl -n list": "twctl -n list",
    "ss": SS,
}
QUANTILES = (0.5, 0.99, 0.999)


def looker(command):
    """Looks until it is killed, and counts how often it began."""
    last = os.cpu_count() - 1
    return subprocess.Popen(["taskset", "-c", str(last), "sh", "-c",
                             f"while :; do echo; {command} >/dev/null; done"],
                            stdout=subprocess.PIPE, start_new_session=True)


def connections():
    out = must("taskset", "-c", "0", os.path.join(HERE, "connlat"), str(COUNT), str(PERIOD_US))
    return [tuple(map(int, line.split())) for line in out.splitlines()]


def one_round(command):
    if not command:
        return connections(), 0
    process = looker(command)
    process.stdout.readline()
    samples = connections()
    os.killpg(process.pid, 9)
    return samples, len(process.communicate()[0])


def quantiles(values):
    values = sorted(values)
    return [values[int(q * len(values))] / 1000 for q in QUANTILES]


def main():
    size = int(sys.argv[1]) if len(sys.argv) > 1 else SIZES[-1]
    sysctl("net.ipv4.tcp_tw_reuse", 0)
    sysctl("net.ipv4.tcp_max_tw_buckets", 2 * size)
    sysctl("net.ipv4.ip_local_port_range", "1024 65535")
    fill(0, size, size // 10000)
    samples, looks = {}, {}
    for _ in range(ROUNDS):
        for name, command in CASES.items():
            seen, begun = one_round(command)
            samples.setdefault(name, []).extend(seen)
            looks[name] = looks.get(name, 0) + begun
    print(f"kernel {os.uname().release}, processors: {os.cpu_count()}; "
          f"{ROUNDS * COUNT:,} connections a case at {size:,} buckets, microseconds")
    for column, what in ((0, "connect() alone"), (1, "from when it was due")):
        print(f"\n{what:30}" + "".join(f"{f'p{q * 100:g}':>12}{'of nobody':>12}" for q in QUANTILES) +
              f"{'looks':>10}")
        base = quantiles(s[column] for s in samples["nobody looks"])
        for name, values in samples.items():
            print(f"{name:30}" + "".join(f"{n:12,.1f}{n / b * 100:10.1f} %"
                  for n, b in zip(quantiles(v[column] for v in values), base)) + f"{looks[name]:10,}")


main()
