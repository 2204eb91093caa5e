#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Counts agree with the kernel's own and with ss, at rest and under churn."""

import os
import subprocess
import time

from tap import (FinWait2, TWGEN, done, equal, make_buckets, key, must, netstat, note, ok,
                 run, slab_bytes, sockstat_tw, ss, sysctl, twctl)


def reread():
    """A debugfs file that was empty at first tells what is there when read again."""
    with open("/sys/kernel/debug/twscope/buckets") as f:
        equal(len(f.readlines()), 1, "debugfs buckets: only the heading without a bucket")
        make_buckets("-n", 7, "-p", 8005)
        f.seek(0)
        equal(len(f.readlines()), 8, "debugfs buckets: read again from the start, the new ones")


def at_rest():
    reread()
    make_buckets("-n", 300)
    make_buckets("-n", 100, "-r", "::1", "-p", 8001)
    make_buckets("-n", 50, "-r", "::ffff:127.0.0.1", "-p", 8002)
    with FinWait2(30, "-p", 8003) as four, FinWait2(20, "-p", 8004, "-r", "::1") as six:
        four, six = len(four.tuples), len(six.tuples)
        ok(four > 20 and six > 10, "most of those without a FIN are buckets", f"{four}, {six}")
        s = twctl("summary")
        time_wait, fin_wait2 = ss("time-wait"), ss("fin-wait-2")
        equal(s["total"], sockstat_tw(), "total is what sockstat says")
        equal(s["kernel_count"], sockstat_tw(), "kernel-count is what sockstat says")
        equal(s["timewait"], len(time_wait), "timewait is what ss shows in time-wait")
        equal(s["fin_wait2"], len(fin_wait2), "fin-wait2 is what ss shows in fin-wait-2")
        equal((s["ipv4"], s["ipv6"], s["ipv4_mapped"]), (307 + four, 100 + six, 50), "by family")
        equal((s["timewait"], s["fin_wait2"]), (457, four + six), "by substate")
        laws(s)
        histograms()
        equal(slab_bytes(), {s["bytes"] // s["total"]},
              "bytes of one bucket are what slabinfo says")
        equal(s["netns"], os.stat("/proc/self/ns/net").st_ino, "netns is ours")
        debugfs(s)
        sysctls(s)


def laws(s):
    equal(s["total"], s["timewait"] + s["fin_wait2"], "substates add up to total")
    equal(s["total"], s["ipv4"] + s["ipv6"] + s["ipv4_mapped"], "families add up to total")
    equal(s["total"], sum(s["remaining_hist"]), "remaining-hist adds up to total")
    ok(sum(s["closes_hist"]) <= s["timewait"], "closes-hist has no more than timewait", s)
    equal(sum(s["closes_hist"]), s["timewait"], "closes-hist has all of the last minute")


def histograms():
    """Timers only run down: what a summary says lies between a list before and one after."""
    before, s, after = twctl("list"), twctl("summary"), twctl("list")

    def left(rows, seconds):
        return sum(r["remaining_ms"] >= 1000 * seconds for r in rows)

    def closed(rows, seconds):
        return sum(r["substate"] == "time-wait" and 0 < 60000 - r["remaining_ms"] < 1000 * seconds
                   for r in rows)

    wrong = [k for k in range(61)
             if not left(after, k) <= sum(s["remaining_hist"][k:]) <= left(before, k)]
    equal(wrong, [], "remaining-hist has each bucket in its second")
    wrong = [k for k in range(1, 61)
             if not closed(after, k) <= sum(s["closes_hist"][:k]) <= closed(before, k)]
    equal(wrong, [], "closes-hist has each bucket in its second")


def debugfs(s):
    text = open("/sys/kernel/debug/twscope/summary").read()
    fields = {" ".join(line.split()[:-1]): line.split()[-1] for line in text.splitlines()}
    equal((fields.get("time-wait"), fields.get("fin-wait2")),
          (str(s["timewait"]), str(s["fin_wait2"])), "debugfs summary says the same")
    rows = open("/sys/kernel/debug/twscope/buckets").read().splitlines()[1:]
    equal(len(rows), s["total"], "debugfs buckets has a row for each")
    equal(len(set(rows)), s["total"], "debugfs buckets has none twice")
    equal(int(must("wc", "-l", "/sys/kernel/debug/twscope/buckets").split()[0]),
          s["total"] + 1, "debugfs buckets ends for wc too")
    # A small buffer makes seq_file ask for positions again.
    small = must("dd", "if=/sys/kernel/debug/twscope/buckets", "bs=100", stderr=subprocess.DEVNULL,
                 capture_output=False, stdout=subprocess.PIPE)
    equal(len(small.splitlines()[1:]), s["total"], "debugfs buckets read in small bites")


def sysctls(s):
    equal(str(s["limit"]), sysctl("net.ipv4.tcp_max_tw_buckets"), "limit is the sysctl's")
    low, high = sysctl("net.ipv4.ip_local_port_range").split()
    shown = s["sysctls"]
    equal((shown["ip_local_port_range_min"], shown["ip_local_port_range_max"]),
          (int(low), int(high)), "ip_local_port_range")
    for name in ("tcp_tw_reuse", "tcp_tw_reuse_delay", "tcp_timestamps", "tcp_max_tw_buckets",
                 "tcp_fin_timeout", "tcp_rfc1337", "tcp_invalid_ratelimit",
                 "tcp_child_ehash_entries", "ip_autobind_reuse"):
        value = sysctl(f"net.ipv4.{name}")
        equal(shown.get(name), None if value is None else int(value),
              f"{name} is the sysctl's" if value else f"{name} is left out, as the kernel has none")
    sysctl("net.ipv4.ip_local_reserved_ports", "80,32768,40000-40009,60999,61000")
    sysctl("net.ipv4.tcp_fin_timeout", 17)
    shown = twctl("summary")["sysctls"]
    equal(shown["ip_local_reserved_ports"], 12, "reserved ports inside the range are counted")
    equal(shown["tcp_fin_timeout"], 17, "a sysctl that changes is seen")
    run("sysctl", "-q", "net.ipv4.ip_local_reserved_ports=")
    sysctl("net.ipv4.tcp_fin_timeout", 60)


def under_churn():
    """Between two looks at the counters no more can come or go than they say."""
    worst = 0
    churn = subprocess.Popen((TWGEN, "-q", "-t", "10", "-p", "8010"), stderr=subprocess.DEVNULL)
    try:
        for _ in range(12):
            before, count_before = netstat(), sockstat_tw()
            s = twctl("summary")
            after, count_after = netstat(), sockstat_tw()
            # TW and TWKilled are counted at entry, before 6.1 at the end.
            moved = sum(after[k] - before[k] for k in ("TW", "TWKilled", "TWRecycled"))
            came_and_went = 2 * moved + abs(count_after - count_before) + os.cpu_count()
            worst = max(worst, abs(s["total"] - s["kernel_count"]))
            if abs(s["total"] - s["kernel_count"]) > came_and_went:
                ok(False, "under churn", f"{s['total']} against {s['kernel_count']}, "
                   f"{came_and_went} came and went")
                return
            if not count_before - came_and_went <= s["total"] <= count_after + came_and_went:
                ok(False, "under churn", f"{count_before} <= {s['total']} <= {count_after}")
                return
    finally:
        churn.wait()
    ok(True, "under churn the two counts differ by no more than what came and went")
    note(f"largest difference seen: {worst}")


def overflow():
    """At the limit new closes skip TIME_WAIT; what is there stays and is counted."""
    limit = sysctl("net.ipv4.tcp_max_tw_buckets")
    have = twctl("summary")["total"]
    left = {key(row): row["remaining_ms"] for row in twctl("list")}
    begin, refused = time.monotonic(), netstat()["TCPTimeWaitOverflow"]
    sysctl("net.ipv4.tcp_max_tw_buckets", have + 10)
    make_buckets("-n", 40, "-p", 8020)
    s = twctl("summary")
    there = {key(row) for row in twctl("list")}
    # On a slow machine some of them end by themselves.
    waited_ms = (time.monotonic() - begin) * 1000
    alive = {k for k, ms in left.items() if ms > waited_ms}
    refused = netstat()["TCPTimeWaitOverflow"] - refused
    ended = len(left) - len(alive)
    ok(s["total"] <= have + 10 and (refused or ended >= 30), "the limit holds",
       f"{have} before, {s['total']} now, {ended} ended by themselves, {refused} refused")
    equal(alive - there, set(), "and live buckets stay")
    equal(s["limit"], have + 10, "limit shows it")
    text = must("twctl", "summary")
    ok("limit" in text.lower(), "twctl summary says that the limit is reached", text)
    sysctl("net.ipv4.tcp_max_tw_buckets", limit)


sysctl("net.ipv4.tcp_tw_reuse", 0)
sysctl("net.ipv4.tcp_max_tw_buckets", 100000)
at_rest()
under_churn()
overflow()
done()
