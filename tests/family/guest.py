#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The family fuzzed in the guest, while buckets come and go; then what is left of it.

usage: guest.py SEED REQUESTS SECONDS [MESSAGE]
"""

import bisect
import os
import subprocess
import sys
import time

sys.path.insert(0, "/selftests")
from tap import (FinWait2, done, equal, make_buckets, must, note, ok, run, setting,  # noqa: E402
                 sockstat_tw, twctl)
from witness import leaked, registered  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
REACHED = "/tmp/reached"
STORMS = (("-r", "127.0.0.1", "-p", "9500"), ("-r", "::1", "-p", "9501"))


def prepare():
    """Few chains, so that a walk takes no time and a chain has many; one hash of its own."""
    setting("net.ipv4.ip_local_port_range", "20000 23999")
    setting("net.ipv4.tcp_max_tw_buckets", 300)
    setting("net.ipv4.tcp_child_ehash_entries", 16)
    must("ip", "netns", "add", "own")
    setting("net.ipv4.tcp_child_ehash_entries", 0)
    must("ip", "-n", "own", "link", "set", "lo", "up")
    make_buckets("-n", 60, "-p", 9001, netns="own")
    make_buckets("-n", 40, "-r", "::1", "-p", 9002)
    make_buckets("-n", 40, "-p", 9003, "-m", 7)


def fuzz(*args):
    """Meanwhile observing is switched on again and again: most of the time somebody switched it off."""
    with open("/tmp/said", "w+") as said:
        process = subprocess.Popen((os.path.join(HERE, "fuzz"), *args), stdout=said,
                                   stderr=subprocess.STDOUT)
        while process.poll() is None:
            run("twctl", "observe", "on")
            time.sleep(0.5)
        said.seek(0)
        print(said.read(), end="", flush=True)
    return process.returncode


def function_at(functions, at):
    """Which function that is in; None for those in .init.text."""
    start, size, name = functions[bisect.bisect(functions, (at, float("inf"))) - 1]
    return name if start <= at < start + size else None


def tell_coverage():
    """How much of the module it came to."""
    with open(os.path.join(HERE, "functions")) as f:
        functions = sorted((int(start, 16), int(size, 16), name) for start, size, name in map(str.split, f))
    with open(REACHED) as f:
        passed = {function_at(functions, int(line, 16)) for line in f} - {None}
    known = {name for _, _, name in functions}
    note(f"{len(passed)} of {len(known)} functions of twscope.ko entered")
    equal(sorted(name for name in known - passed if name.startswith("twscope_nl_")), [],
          "it came to every operation of the family")
    note("never entered: " + ", ".join(sorted(known - passed)))


def at_rest():
    """Two counts that are alike because nothing happens between them."""
    for _ in range(20):
        before, seen, after = sockstat_tw(), twctl("summary")["total"], sockstat_tw()
        if before == after:
            return seen, before
        time.sleep(0.2)
    return None, "never at rest"


def afterwards(bare):
    must("twctl", "observe", "off")
    equal(registered(), bare, "nothing is hooked any more")
    seen, wanted = at_rest()
    equal(seen, wanted, "the summary is what sockstat says")
    rows = twctl("list")
    ok(abs(len(rows) - sockstat_tw()) < 50 and all("snd_nxt" in r for r in rows), "and so is the list")
    equal(leaked(), [], "kmemleak finds nothing of ours")
    result = run("rmmod", "twscope")
    ok(result.returncode == 0, "the module can be removed", result.stderr)
    ok(not os.path.exists("/sys/kernel/debug/twscope"), "and its files are gone")


def main():
    seed, requests, seconds, *message = sys.argv[1:]
    bare = registered()
    prepare()
    note(f"seed {seed}")
    storms = [subprocess.Popen(("/selftests/twstorm", "-t", seconds, "-w", "200000", "-S", seed, *where),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for where in STORMS]
    with FinWait2(30, "-p", 9004), FinWait2(20, "-p", 9005, "-r", "::1", netns="own"):
        status = fuzz(seed, requests, seconds, REACHED, *message)
    for storm in storms:
        storm.terminate()
        storm.wait()
    equal(status, 0, "each request got its answer, right and no more than may be told")
    tell_coverage()
    afterwards(bare)
    done()


main()
