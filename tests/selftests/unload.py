#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""rmmod while dumps run, and network namespaces deleted while they are dumped.

usage: unload.py [ROUNDS]. The harness looks at the kernel's log afterwards.
"""

import subprocess
import sys
import time

from tap import TWGEN, done, equal, make_buckets, must, note, ok, run, sysctl, twctl

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
READERS = (
    "while :; do twctl -A -n list; done",
    "while :; do cat /sys/kernel/debug/twscope/buckets /sys/kernel/debug/twscope/summary;"
    " twctl -A summary; twctl -A -n group netns,remote,local-port --ports; done",
)


class Readers:
    def __enter__(self):
        self.processes = [
            subprocess.Popen(("bash", "-c", loop), stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL, start_new_session=True)
            for loop in READERS]

    def __exit__(self, *_):
        for process in self.processes:
            must("kill", "-KILL", "--", f"-{process.pid}")
            process.wait()


def rmmod_during_dumps():
    """A dump under way holds the module: then rmmod says so, and the next one tries."""
    removed = busy = 0
    with Readers():
        while removed < ROUNDS:
            result = run("rmmod", "twscope")
            if result.returncode == 0:
                removed += 1
                must("modprobe", "twscope")
            elif "in use" in result.stderr or "temporarily unavailable" in result.stderr:
                busy += 1
            else:
                ok(False, "rmmod during dumps", result.stderr)
                return
    ok(True, f"{removed} times removed and loaded again during dumps")
    note(f"{busy} times it was refused: in use")


def netns_deleted_during_dumps():
    own_ehash = sysctl("net.ipv4.tcp_child_ehash_entries") is not None
    slowest = 0
    with Readers():
        for i in range(ROUNDS):
            if own_ehash:
                sysctl("net.ipv4.tcp_child_ehash_entries", 64 if i % 2 else 0)
            must("ip", "netns", "add", "gone")
            must("ip", "-n", "gone", "link", "set", "lo", "up")
            must("ip", "netns", "exec", "gone", TWGEN, "-q", "-n", "10")
            inside = subprocess.Popen(("ip", "netns", "exec", "gone", "twctl", "-n", "list"),
                                      stdout=subprocess.DEVNULL)
            begin = time.monotonic()
            must("ip", "netns", "del", "gone")
            slowest = max(slowest, time.monotonic() - begin)
            inside.wait()
    if own_ehash:
        sysctl("net.ipv4.tcp_child_ehash_entries", 0)
    ok(True, f"{ROUNDS} namespaces deleted during dumps")
    note(f"the slowest ip netns del took {slowest:.3f} s")


def none_left():
    """The namespaces really end: cleanup is asynchronous, so wait for it."""
    for _ in range(100):
        left = twctl("-A", "summary")
        if len(left) == 1:
            break
        time.sleep(0.1)
    equal(len(left), 1, "every deleted namespace has ended")


sysctl("net.ipv4.tcp_tw_reuse", 0)
make_buckets("-q", "-n", 600)
rmmod_during_dumps()
netns_deleted_during_dumps()
none_left()
done()
