#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Everything at once on each processor, for KCSAN to look at: its reports fail the run.

races.py SECONDS
"""

import subprocess
import sys
import time

from tap import done, equal, must, note, ok, run, skip

SECONDS = int(sys.argv[1])
KCSAN = "/sys/kernel/debug/kcsan"
ASKED = (("summary",), ("list",), ("group", "remote,verdict"), ("ports", "--to", "127.0.0.1:9500"), ("pressure",),
         ("stats",), ("-A", "summary"), ("monitor", "--last", "1s"))


def kcsan():
    with open(KCSAN) as f:
        return {name: int(n) for name, n in (line.split(": ") for line in f if line[0] != "\n" and ": " in line)
                if n.strip().isdigit()}


def storms():
    return [subprocess.Popen(("/selftests/twstorm", "-t", str(SECONDS), "-p", str(9500 + i), "-r", address),
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for i, address in enumerate(("127.0.0.1", "::1") * 3)]


def asked():
    """Dumps, and the hooks off and on, as long as the storms are there."""
    end, n = time.monotonic() + SECONDS, 0
    while time.monotonic() < end:
        for words in ASKED:
            result = run("twctl", "-j", *words)
            if result.returncode:
                return ok(False, f"twctl {' '.join(words)}", result.stderr)
        n += len(ASKED)
        must("twctl", "observe", "off")
        must("twctl", "observe", "on")
    note(f"{n} questions, {n // len(ASKED)} times off and on")
    return ok(n > 0, "questions amid it")


def main():
    try:
        before = kcsan()
    except FileNotFoundError:
        skip("data races", "this kernel has no KCSAN")
        done()
    must("twctl", "observe", "on")
    running = storms()
    asked()
    for process in running:
        process.wait()
    must("twctl", "observe", "off")
    after = kcsan()
    watched = after["setup_watchpoints"] - before["setup_watchpoints"]
    # Of the kernel's own code none is watched.
    ok(watched > 100 * SECONDS, "accesses of the module were watched", watched)
    note(f"{watched} accesses watched")
    equal(after["data_races"] - before["data_races"], 0, "none of them raced")
    done()


main()
