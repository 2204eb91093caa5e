#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The kernel's own selftests have the same results without the module, with it, observing.

Each runs in a network namespace of its own. Its exit status and all it prints is compared, but for
times, which no two runs have alike. What fails without the module, too, is told: a stock kernel
lacks some of what they ask for, and so does this guest.
"""

import collections
import difflib
import os
import re
import subprocess
import time

from tap import LIBC, CLONE_NEWNET, done, must, note, ok, skip
from witness import Observer

FOLDER = "/ktests"
# Seconds for one of them, far more than it takes.
PATIENCE = 120
# Two of the sixteen rounds of tcp_fastopen_backup_key.sh: 20,000 connections, then the kernel's
# count of cookies that were refused.
FASTOPEN = ("sysctl -qw net.ipv4.tcp_fastopen=3; ./tcp_fastopen_backup_key -4r;"
            " ./tcp_fastopen_backup_key -6s; nstat -az TcpExtTCPFastOpenPassiveFail")
TESTS = {command.split("/")[-1]: command for command in (
    "./bind_bhash.sh -4", "./bind_bhash.sh -6", "./bind_timewait", "./bind_wildcard",
    "./ip_local_port_range.sh", "./reuseaddr_conflict", "./reuseaddr_ports_exhausted.sh",
    "./reuseport_addr_any.sh", "./reuseport_bpf", "./reuseport_bpf_cpu", "./reuseport_dualstack",
    "./sk_bind_sendto_listen", "./sk_connect_zero_addr", "./sk_so_peek_off", "./so_incoming_cpu",
    "./stress_reuseport_listen.sh", "./tcp_inq", "./tcp_inq -6", "./mptcp_inq -t tcp -r tcp",
    "./mptcp_inq -6 -t tcp -r tcp", "./mptcp_sockopt", "./mptcp_sockopt -6")}
TESTS["tcp_fastopen_backup_key"] = FASTOPEN
# Of some, how long something took.
TIME = re.compile(r"(took|time spent =) [\d.]+")
RESULT = re.compile(r"(not )?ok \d+\b")

Outcome = collections.namedtuple("Outcome", "status lines")


def outcome(command):
    """Of a selftest, in a namespace that is gone afterwards."""
    child = subprocess.Popen(
        ("sh", "-c", f"ip link set lo up; {command}"), cwd=FOLDER, text=True, errors="replace",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        preexec_fn=lambda: LIBC.unshare(CLONE_NEWNET), start_new_session=True)
    try:
        text, status = child.communicate(timeout=PATIENCE)[0], child.returncode
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, 9)
        text, status = child.communicate()[0], f"none after {PATIENCE} s"
    return Outcome(status, TIME.sub(r"\1 TIME", text).splitlines())


def told(seen):
    """What it came to, in few words."""
    results = [line for line in seen.lines if RESULT.match(line)]
    wrong = sum(line.startswith("not") for line in results)
    skipped = sum("# SKIP" in line for line in results)
    if not results:
        return f"exit status {seen.status}, {len(seen.lines)} lines"
    return f"{len(results)} sub-tests, {wrong} not ok, {skipped} skipped, exit status {seen.status}"


def run_all():
    begin = time.monotonic()
    seen = {name: outcome(command) for name, command in TESTS.items()}
    note(f"all of them once: {time.monotonic() - begin:.0f} s")
    return seen


def compare(mode, seen, wanted):
    for name, now in seen.items():
        before = wanted[name]
        detail = [f"exit status {now.status}, without the module {before.status}"]
        detail += difflib.unified_diff(before.lines, now.lines, "without", mode, n=0, lineterm="")
        ok(now == before, f"{name}: {mode}: as without the module: {told(before)}",
           "\n".join(detail))


def tell_failures(absent):
    for name, seen in absent.items():
        if seen.status:
            note(f"{name} fails without the module, too: {told(seen)}")
            wrong = [line for line in seen.lines if line.startswith("not ok")] or seen.lines
            for line in wrong[:3] + (["…"] if len(wrong) > 3 else []):
                note(f"    {line}")


def counted(observer):
    """Over all namespaces, those that have ended included."""
    total = collections.Counter()
    for counters in observer.all_stats().values():
        total.update(counters)
    return total


def main():
    must("rmmod", "twscope")
    absent = run_all()
    passed = [name for name, seen in absent.items() if seen.status == 0]
    ok(len(passed) > len(TESTS) / 2, f"{len(passed)} of {len(TESTS)} selftests of the kernel pass "
       "without the module", "too few to say anything")
    tell_failures(absent)

    must("modprobe", "twscope")
    compare("loaded", run_all(), absent)

    o = Observer()
    o.on()
    compare("observing", run_all(), absent)
    total = counted(o)
    o.off()
    decided = sum(n for name, n in total.items() if name.startswith("decisions."))
    created = total["created-time-wait"] + total["created-fin-wait2"]
    ok(created and decided, f"of these, {created} buckets and {decided} decisions were observed",
       total)
    wrong = total["segment-mismatch"] + total["verdict-mismatch"]
    ok(not wrong, "no decision was other than foretold", total)

    skip("packetdrill's scripts of the kernel", "no suite of Debian has packetdrill")
    done()


main()
