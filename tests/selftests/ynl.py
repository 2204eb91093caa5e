#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The kernel tree's own Python client, driven by our spec alone, calls every op."""

import os
import sys

from tap import FinWait2, HERE, done, equal, kernel, make_buckets, must, ok, run, sysctl

YNL = os.path.join(HERE, "ynl")
SPEC = os.path.join(HERE, "twscope.yaml")

sys.path.append(YNL)
from lib import NlError, YnlFamily  # noqa: E402

sysctl("net.ipv4.tcp_tw_reuse", 0)
made = make_buckets("-n", 30)
made |= make_buckets("-n", 10, "-r", "::1", "-p", 8001)
must("ip", "netns", "add", "red")

ynl = YnlFamily(SPEC, schema="")

info = ynl.do("info-get", {})
equal(info["kernel"], os.uname().release, "info-get: kernel")
equal(info["timewait-len-ms"], 60000, "info-get: timewait-len-ms")
equal(set(info["features"]),
      {name for name, since in (("pernet-ehash", (6, 1)), ("usec-ts", (6, 7)),
                                ("entry-stamp", (6, 18)), ("reuse-delay", (6, 18)))
       if kernel() >= since},
      "info-get: the features that this kernel is known to have")

with FinWait2(20, "-p", 8003) as fin_wait2:
    minis = len(fin_wait2.tuples)
    summary = ynl.do("summary-get", {})
    equal((summary["timewait"], summary["fin-wait2"]), (40, minis), "summary-get do: counts")
    equal(sum(summary["remaining-hist"]), 40 + minis, "summary-get do: histogram")
    equal(summary["sysctls"]["tcp-tw-reuse"], 0, "summary-get do: sysctls")

    dump = {s["netns"]: s["total"] for s in ynl.dump("summary-get", {})}
    equal(dump, {os.stat("/proc/self/ns/net").st_ino: 40 + minis, os.stat("/run/netns/red").st_ino: 0},
          "summary-get dump: every namespace")

    rows = ynl.dump("bucket-get", {})
    equal({(str(r["local"]), r["local-port"], str(r["remote"]), r["remote-port"]) for r in rows},
          made | fin_wait2.tuples, "bucket-get dump: every bucket, addresses as text")
    equal(sum(r["substate"] == "fin-wait2" for r in rows), minis, "bucket-get dump: substate by name")

    some = ynl.dump("bucket-get", {"filter": [{"term": [
        {"remote-port-min": 8001, "remote-port-max": 8003},
        {"not": True, "substate": "fin-wait2"}]}]})
    equal(len(some), 10, "bucket-get dump: filter")
    everywhere = ynl.dump("bucket-get", {"all-netns": True})
    equal(len(everywhere), 40 + minis, "bucket-get dump: all-netns")

    try:
        ynl.dump("bucket-get", {"filter": [{"term": [{"family": 7}]}]})
        ok(False, "a wrong filter is an error")
    except NlError as error:
        ok("AF_INET" in str(error), "a wrong filter is an error that says what is wrong", error)

result = run(sys.executable, os.path.join(YNL, "cli.py"), "--spec", SPEC, "--no-schema",
             "--do", "info-get")
ok(result.returncode == 0 and "timewait-len-ms" in result.stdout, "cli.py --do info-get", result)
done()
