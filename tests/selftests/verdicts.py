#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Rows, summary, what-if and debugfs tell of one and the same verdicts."""

import collections
import os
import sys
import time

from tap import (FinWait2, HERE, done, equal, kernel, make_buckets, must, ok, run, sysctl)

sys.path.append(os.path.join(HERE, "ynl"))
import lib.ynl  # noqa: E402
from lib import NlError, YnlFamily  # noqa: E402

VERDICTS = ("unknown", "reusable", "too-young", "disabled", "not-loopback", "fin-wait2",
            "no-timestamp", "bind-blocked", "not-searched")
# Which the running kernel follows: measured, not read from the module.
RULES = ("entry-delay" if kernel() >= (6, 18) else
         "seconds-not-fin-wait2" if kernel() >= (6, 1) else "seconds")
OWN_ADDRESS = "198.51.100.7"

ynl = YnlFamily(os.path.join(HERE, "twscope.yaml"), schema="")


def by_verdict(counts):
    return {VERDICTS[i]: n for i, n in enumerate(counts) if n}


def matrix(changes):
    return {(VERDICTS[i // 9], VERDICTS[i % 9]): n for i, n in enumerate(changes) if n}


def log2_slot(ms):
    return min(ms.bit_length(), 16)


def setup():
    """One bucket or more of each sort; nothing of it is too young any more."""
    sysctl("net.ipv4.tcp_tw_reuse", 0)
    must("ip", "addr", "add", OWN_ADDRESS + "/32", "dev", "lo")
    make_buckets("-n", 5, "-s", 40001, "-p", 8002)  # bound ports, before connect() has one of them
    make_buckets("-n", 9)
    make_buckets("-n", 7, "-r", OWN_ADDRESS, "-p", 8001)
    sysctl("net.ipv4.tcp_timestamps", 0)
    make_buckets("-n", 3, "-p", 8003)
    sysctl("net.ipv4.tcp_timestamps", 1)
    time.sleep(1.5)


def verdicts_of(rows, name="verdict"):
    return dict(collections.Counter(r[name] for r in rows))


def steady(sysctls, wanted, what):
    """Rows, summary and debugfs under these sysctls, where time changes nothing."""
    for name, value in sysctls.items():
        sysctl(f"net.ipv4.{name}", value)
    rows = ynl.dump("bucket-get", {"explain": True})
    equal(verdicts_of(rows), wanted, f"{what}: bucket-get")
    s = ynl.do("summary-get", {})
    equal(by_verdict(s["verdicts"]), wanted, f"{what}: summary-get")
    equal(by_verdict(s["bound-verdicts"]), verdicts_of(rows, "bound-verdict"),
          f"{what}: for a port bound before")
    equal(debugfs(), wanted, f"{what}: debugfs decisions")
    explained(rows, what)


def explained(rows, what):
    """A verdict of reusable is one whose conditions all hold."""
    wrong = [r for r in rows if (r["conditions-asked"] == r["conditions-held"]) !=
             (r["verdict"] == "reusable") or not r["conditions-held"] <= r["conditions-asked"]]
    equal(wrong, [], f"{what}: the conditions held are all those asked where it is reusable")
    ok(all("wait-ms" not in r for r in rows), f"{what}: no wait where waiting does not help", rows)


def debugfs():
    counts = {}
    with open("/sys/kernel/debug/twscope/decisions") as f:
        for line in f:
            words = line.split()
            if words[0] in VERDICTS and int(words[1]):
                counts[words[0]] = counts.get(words[0], 0) + int(words[1])
    return counts


def each_sort():
    wanted = {"disabled": 16, "bind-blocked": 5, "no-timestamp": 3}
    steady({"tcp_tw_reuse": 0}, wanted, "tcp_tw_reuse 0")
    loopback = {"reusable": 9, "not-loopback": 7, "bind-blocked": 5, "no-timestamp": 3}
    steady({"tcp_tw_reuse": 2}, loopback, "tcp_tw_reuse 2")
    steady({"tcp_tw_reuse": 1}, {"reusable": 16, "bind-blocked": 5, "no-timestamp": 3}, "tcp_tw_reuse 1")
    steady({"tcp_tw_reuse": 1, "tcp_timestamps": 0},
           {"reusable": 16, "bind-blocked": 5, "no-timestamp": 3},
           "with tcp_timestamps turned off, buckets keep what they saw")
    sysctl("net.ipv4.tcp_timestamps", 1)


def not_searched():
    """Ports that connect() never comes to: nobody gets them, whatever their buckets say."""
    rows = ynl.dump("bucket-get", {})
    # connect() may give a port to connections of two destinations.
    at = collections.Counter(r["local-port"] for r in rows)
    one = min(r["local-port"] for r in rows if r["verdict"] == "reusable" and at[r["local-port"]] == 1)
    sysctl("net.ipv4.ip_local_reserved_ports", one)
    rows = ynl.dump("bucket-get", {"explain": True})
    equal(verdicts_of(rows), {"reusable": 15, "bind-blocked": 5, "no-timestamp": 3, "not-searched": 1},
          "a reserved port is not searched")
    equal([r["conditions-asked"] - r["conditions-held"] for r in rows if r["local-port"] == one],
          [{"port-search"}], "and that is the condition that does not hold")
    sysctl("net.ipv4.ip_local_reserved_ports", "")
    low, high = sysctl("net.ipv4.ip_local_port_range").split()
    sysctl("net.ipv4.ip_local_port_range", "1025 2000")
    equal(by_verdict(ynl.do("summary-get", {})["verdicts"]), {"not-searched": 24},
          "nor is one outside of the range")
    equal(by_verdict(ynl.do("summary-get", {})["bound-verdicts"]), {"reusable": 21, "no-timestamp": 3},
          "which a bound port does not care about")
    sysctl("net.ipv4.ip_local_port_range", f"{low} {high}")


def what_if():
    sysctl("net.ipv4.tcp_tw_reuse", 0)
    s = ynl.do("summary-get", {"policy": {"tcp-tw-reuse": 2}})
    equal(matrix(s["changes"]),
          {("disabled", "reusable"): 9, ("disabled", "not-loopback"): 7,
           ("bind-blocked", "bind-blocked"): 5, ("no-timestamp", "no-timestamp"): 3},
          "what-if tcp_tw_reuse 2: what becomes of what")
    equal(by_verdict(s["verdicts"]), {"disabled": 16, "bind-blocked": 5, "no-timestamp": 3},
          "and as it is, from the same walk")
    s = ynl.do("summary-get", {"policy": {"tcp-tw-reuse": 1}, "filter": [
        {"term": [{"remote-port-min": 8001, "remote-port-max": 8001}]}]})
    equal(matrix(s["changes"]), {("disabled", "reusable"): 7}, "what-if of a filter's buckets")
    equal(s["total"], 7, "and the counts are theirs, too")
    rows = ynl.dump("bucket-get", {"policy": {"tcp-tw-reuse": 1}})
    equal((verdicts_of(rows), verdicts_of(rows, "whatif-verdict")),
          ({"disabled": 16, "bind-blocked": 5, "no-timestamp": 3},
           {"reusable": 16, "bind-blocked": 5, "no-timestamp": 3}), "what-if in rows")
    equal(sysctl("net.ipv4.tcp_tw_reuse"), "0", "and the sysctl is as it was")
    everywhere = ynl.dump("summary-get", {"policy": {"tcp-tw-reuse": 1}})
    equal([matrix(x["changes"]) for x in everywhere if x["total"]],
          [{("disabled", "reusable"): 16, ("bind-blocked", "bind-blocked"): 5,
            ("no-timestamp", "no-timestamp"): 3}], "what-if over all namespaces")
    ok("changes" not in ynl.do("summary-get", {}), "no changes without a policy", "")


def waiting():
    """Too young: the wait, its histogram, and what becomes of it."""
    sysctl("net.ipv4.tcp_tw_reuse", 1)
    delay = sysctl("net.ipv4.tcp_tw_reuse_delay")
    if delay is not None:
        sysctl("net.ipv4.tcp_tw_reuse_delay", 20000)
    most = 20001 if delay is not None else 1004
    # On a busy machine they may be old enough before they are looked at.
    for port in range(8010, 8020):
        new = make_buckets("-n", 30, "-p", port)
        mine = {"filter": [{"term": [{"remote-port-min": port, "remote-port-max": port}]}]}
        before, s, after = (ynl.dump("bucket-get", mine), ynl.do("summary-get", mine),
                            ynl.dump("bucket-get", mine))
        waits = [r["wait-ms"] for r in before if r["verdict"] == "too-young"]
        if waits:
            break
    ok(waits and max(waits) <= most, f"too young for at most {most} ms", waits)
    counts = by_verdict(s["verdicts"])
    equal(sum(s["wait-hist"]), counts.get("too-young", 0), "wait-hist adds up to too-young")
    late = [r["wait-ms"] for r in after if r["verdict"] == "too-young"]
    wrong = [k for k in range(17)
             if not sum(log2_slot(w) >= k for w in late) <= sum(s["wait-hist"][k:])
             <= sum(log2_slot(w) >= k for w in waits)]
    equal(wrong, [], "wait-hist has each in its slot")
    if delay is None:
        time.sleep(max(waits) / 1000)
        equal(verdicts_of(ynl.dump("bucket-get", mine)), {"reusable": len(new)},
              "after the longest wait all are reusable")
    else:
        s = ynl.do("summary-get", dict(mine, policy={"tcp-tw-reuse-delay": 60000}))
        equal(sum(s["whatif-wait-hist"][16:]), 30, "what-if of a longer delay: longer waits")
        sysctl("net.ipv4.tcp_tw_reuse_delay", 1)
        equal(verdicts_of(ynl.dump("bucket-get", mine)), {"reusable": len(new)},
              "under a short delay all are reusable")
        sysctl("net.ipv4.tcp_tw_reuse_delay", delay)


def fin_wait2():
    with FinWait2(10, "-p", 8020) as minis:
        mine = {"filter": [{"term": [{"substate": "fin-wait2"}]}], "explain": True}
        time.sleep(1.1)
        rows = ynl.dump("bucket-get", mine)
        wanted = "reusable" if RULES == "seconds" else "fin-wait2"
        equal(verdicts_of(rows), {wanted: len(minis.tuples)}, f"in FIN_WAIT2: {wanted}")
        equal(["substate" in r["conditions-asked"] for r in rows[:1]], [RULES != "seconds"],
              "whether the substate is asked for")
        equal(["syn-seq" in r or "syn-tsval" in r for r in rows[:1]], [False],
              "no SYN is accepted in FIN_WAIT2")
        sysctl("net.ipv4.tcp_tw_reuse", 0)
        wanted = "disabled" if RULES == "seconds" else "fin-wait2"
        equal(verdicts_of(ynl.dump("bucket-get", mine)), {wanted: len(minis.tuples)},
              f"in FIN_WAIT2 with tcp_tw_reuse 0: {wanted}")


def refusals():
    def refused(what, words, op, request, call=ynl.do):
        try:
            call(op, request)
            ok(False, what, "no error")
        except NlError as error:
            ok(words in str(error), f"{what}: {words}", error)

    if kernel() >= (6, 18):
        for value in (0, 60001):
            refused(f"tcp_tw_reuse_delay {value}", "from 1 to 60000", "summary-get",
                    {"policy": {"tcp-tw-reuse-delay": value}})
    else:
        refused("tcp_tw_reuse_delay where there is none", "has no tcp_tw_reuse_delay",
                "summary-get", {"policy": {"tcp-tw-reuse-delay": 100}})
    refused("a SYN without a number", "sequence number", "bucket-get", {"syn": {"tsval": 1}}, ynl.dump)
    refused("a wrong filter of a summary", "AF_INET", "summary-get",
            {"filter": [{"term": [{"family": 7}]}]})


def rules():
    info = ynl.do("info-get", {})
    equal((info["rules"], "rules-told" in info), (RULES, False), f"info-get: the rules are {RULES}")
    must("rmmod", "twscope")
    result = run("modprobe", "twscope", "rules=fastest")
    ok(result.returncode, "unknown rules are refused", result)
    ok('no rules "fastest"' in must("dmesg"), "and the log says which there are", "")
    if RULES != "entry-delay":
        ok(run("modprobe", "twscope", "rules=entry-delay").returncode,
           "rules that need a time of entry are refused where there is none", "")
    must("modprobe", "twscope", "rules=unknown")
    # The client keeps the number of a family, and that is a new one.
    lib.ynl.genl_family_name_to_id = None
    fresh = YnlFamily(os.path.join(HERE, "twscope.yaml"), schema="")
    info = fresh.do("info-get", {})
    equal((info["rules"], "rules-told" in info), ("unknown", True), "rules can be told, and info-get says so")
    rows = fresh.dump("bucket-get", {"syn": {"seq": 1}})
    equal((verdicts_of(rows), verdicts_of(rows, "bound-verdict"), verdicts_of(rows, "syn-verdict")),
          ({"unknown": len(rows)},) * 3, "under unknown rules every verdict is unknown")
    s = fresh.do("summary-get", {})
    equal(by_verdict(s["verdicts"]), {"unknown": s["total"]}, "and so in the summary")


setup()
each_sort()
not_searched()
what_if()
waiting()
fin_wait2()
refusals()
rules()
done()
