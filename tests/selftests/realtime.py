#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""On PREEMPT_RT: observing where softirqs wait for each other, a refusal where they do not.

From 6.18 on they do not, as Debian configures it.
"""

import os

from tap import done, equal, kernel, make_buckets, must, ok, run, twctl
from witness import registered

ok("PREEMPT_RT" in os.uname().version, "this is a real-time kernel", os.uname().version)

before = registered()
result = run("twctl", "observe", "on")
if kernel() < (6, 18):
    equal(result.returncode, 0, "observe on")
    ok(registered() != before, "something is hooked")
    must("twctl", "observe", "off")
else:
    equal(result.returncode, 1, "observe on is refused")
    ok("softirqs preempt each other (CONFIG_PREEMPT_RT_NEEDS_BH_LOCK is not set)" in result.stderr,
       "with the reason", result.stderr)
    equal(run("twctl", "stats").returncode, 1, "so nothing was counted")
equal(registered(), before, "nothing is hooked")

made = make_buckets("-n", 50)
equal(len(twctl("list")), len(made), "the buckets are there all the same")
done()
