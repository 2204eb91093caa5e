#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""100,000 buckets over both families, several netns and a per-netns ehash: each exactly once.

Runs with --icount: the guest's minute then is as long as it takes.
"""

import json
import os
import subprocess

from tap import (TWGEN, done, equal, must, note, ok, skip, sockstat_tw, sysctl, twctl)

# netns, server, port, client, first port, how many
PARTS = [
    (None, "127.0.0.1", 8000, "127.0.1.1", 10000, 30000),
    (None, "::1", 8001, "::1", 10000, 10000),
    (None, "::ffff:127.0.0.1", 8002, "::ffff:127.0.2.1", 10000, 5000),
    ("red", "127.0.0.1", 8000, "127.0.1.1", 10000, 15000),
    ("red", "::1", 8001, "::1", 10000, 10000),
    ("own", "127.0.0.1", 8000, "127.0.1.1", 10000, 20000),
    ("own", "::1", 8001, "::1", 10000, 10000),
]


def prefix(netns):
    return ("ip", "netns", "exec", netns) if netns else ()


def make_netns():
    """red shares the ehash; own has one of its own where the kernel can, a small one."""
    must("ip", "netns", "add", "red")
    own_ehash = sysctl("net.ipv4.tcp_child_ehash_entries") is not None
    if own_ehash:
        sysctl("net.ipv4.tcp_child_ehash_entries", 1024)
    must("ip", "netns", "add", "own")
    if own_ehash:
        sysctl("net.ipv4.tcp_child_ehash_entries", 0)
    for netns in ("red", "own"):
        must("ip", "-n", netns, "link", "set", "lo", "up")
    for netns in (None, "red", "own"):
        sysctl("net.ipv4.tcp_max_tw_buckets", 262144, netns=netns)
    return own_ehash


def identity(line):
    """Netns and 4-tuple of a row as people see it."""
    words = line.split()
    local, remote = (w for w in words if ":" in w)
    netns = words[words.index(remote) + 1]
    (client, first), (server, port) = (w.rsplit(":", 1) for w in (local, remote))
    return f"{netns} {client.strip('[]')} {first} {server.strip('[]')} {port}"


def main():
    own_ehash = make_netns()
    inode = {None: os.stat("/proc/self/ns/net").st_ino}
    inode.update({n: os.stat(f"/run/netns/{n}").st_ino for n in ("red", "own")})

    wanted = set()
    for netns, server, port, client, first, count in PARTS:
        must(*prefix(netns), TWGEN, "-q", "-n", str(count), "-r", server, "-p", str(port),
             "-l", client, "-s", str(first))
        wanted |= {f"{inode[netns]} {client} {first + i} {server} {port}" for i in range(count)}
    equal(len(wanted), 100000, "100,000 connections were made and closed")

    seen, rows = set(), 0
    process = subprocess.Popen(("twctl", "-A", "-n", "-H", "list"), stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        rows += 1
        seen.add(identity(line))
    equal(process.wait(), 0, "twctl list ends well")
    equal(rows, 100000, "list has 100,000 rows")
    ok(seen == wanted, "each bucket exactly once",
       f"{len(wanted - seen)} missing, {len(seen - wanted)} unknown")

    summaries = {s["netns"]: s for s in twctl("-A", "summary")}
    for netns in (None, "red", "own"):
        s, name = summaries[inode[netns]], netns or "initial"
        equal(s["total"], sum(p[5] for p in PARTS if p[0] == netns), f"summary -A: {name}")
        equal(s["total"], s["kernel_count"], f"summary -A: the kernel's count of {name}")
    equal(twctl("summary")["total"], sockstat_tw(), "summary is what sockstat says")
    if own_ehash:
        s = summaries[inode["own"]]
        equal((s.get("ehash_pernet"), s["ehash_entries"]), (True, 1024),
              "own has an established hash of its own, chains of about 30")
        ok(not summaries[inode["red"]].get("ehash_pernet"), "red has not")
    else:
        skip("an established hash of a namespace's own", "this kernel has none")
    groups(inode)
    memory()
    note(f"one walk over all took {summaries[inode[None]]['walk_us']} us of the guest's time")


def groups(inode):
    """Few are counted each; of more than there may be none is lost."""
    rows = twctl("-A", "group", "netns,remote,remote-port", "--top", "0")["rows"]
    # IPv4 is IPv4 through whatever socket.
    equal({(r["netns"], r["remote"], r["remote_port"]): r["count"] for r in rows},
          {(inode[netns], server.removeprefix("::ffff:"), port): count
           for netns, server, port, _, _, count in PARTS}, "group -A has each part")
    answer = twctl("-A", "group", "netns,remote,remote-port,local-port", "--top", "10")
    rest, other = answer["rest"], answer["other"]
    equal((answer["total"], answer["groups"], rest["groups"], rest["count"], other["count"]),
          (100000, 16384, 16374, 16374, 100000 - 16384),
          "100,000 groups: 16,384 are told apart, the others are in one")
    equal((sum(other["verdicts"].values()), len(answer["rows"])), (other["count"], 10),
          "and their verdicts are counted")
    note(f"the walk over 100,000 groups took {answer['walk_us']} us of the guest's time")


def memory():
    """twctl's memory does not grow with the rows."""
    code = ("import resource, subprocess, sys\n"
            "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)\n"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    sizes = [int(must("python3", "-c", code, "twctl", "-A", "-j", "list", *words))
             for words in (("dport", "=", ":1"), ("dport", "=", ":8001"))]
    flat(*sizes)


def flat(none, many):
    ok(many <= none + 1024, "twctl's memory is flat: no more than 1 MiB between no row and 30,000",
       f"{none} KiB for no row, {many} KiB for 30,000")
    note(f"largest resident size: {none} KiB for no row, {many} KiB for 30,000")


main()

# The minute passes: every bucket ends, and the counts follow.
subprocess.run(("sleep", "75"), check=True)
for summary in twctl("-A", "summary"):
    equal((summary["total"], summary["kernel_count"]), (0, 0),
          f"after the minute: none in {summary['netns']}")
done()
