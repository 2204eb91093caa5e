#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What is kept by summary --save, and what diff makes of it."""

import json
import os

from tap import TWGEN, done, equal, make_buckets, must, netstat, ok, run, setting, sysctl, twctl

BEFORE, AFTER = "/tmp/before.json", "/tmp/after.json"
BUCKETS = 100


def kept(path):
    with open(path) as f:
        return json.load(f)


def changed(part):
    return {key: (v.get("before"), v.get("after")) for key, v in part["changed"].items()}


def says(what, code, words, *command):
    result = run(*command)
    ok(result.returncode == code and all(w in result.stderr for w in words),
       f"{what}: exit code {code}, says {', '.join(words)}", result)


def save():
    screen = must("twctl", "summary", "--save", BEFORE)
    ok("none of" in screen, "the summary is shown as well", screen)
    document = kept(BEFORE)
    equal((document["format"], document["format_version"], document["kernel"],
           document["boot_id"], document["netns"], document["all_netns"]),
          ("twscope-snapshot", 1, os.uname().release, setting("kernel.random.boot_id"),
           os.stat("/proc/self/ns/net").st_ino, False), "what is kept with it")
    summary, = document["namespaces"]
    equal(summary["sysctls"], twctl("summary")["sysctls"], "the sysctls")
    equal({k[6:]: v for k, v in document["counters"].items() if k == "TcpExtTW"},
          {"TW": netstat()["TW"]}, "the counters")
    equal([f for f in os.listdir("/tmp") if f.startswith("before.json")], ["before.json"],
          "and no other file is left")


def nothing_yet():
    diff = twctl("diff", BEFORE)
    namespace, = diff["namespaces"]
    equal([changed(namespace[part]) for part in ("verdicts", "sysctls")], [{}, {}],
          "nothing changed at first")
    equal((diff["warnings"], diff["gone"], diff["new"]), ([], [], []), "and there is no warning")


def what_changed():
    overflow = netstat()["TCPTimeWaitOverflow"]
    made = make_buckets("-n", BUCKETS)
    sysctl("net.ipv4.tcp_rfc1337", 1)
    diff = twctl("diff", BEFORE)
    namespace, = diff["namespaces"]
    counts = changed(namespace["counts"])
    equal((counts["total"], counts["timewait"], counts["ipv4"]),
          ((0, len(made)), (0, len(made)), (0, len(made))), "the buckets that were made")
    equal(changed(namespace["sysctls"]), {"tcp_rfc1337": (0, 1)}, "the sysctl that was set")
    ok({"limit", "ipv6", "fin_wait2"} <= set(namespace["counts"]["unchanged"]) and
       "tcp_tw_reuse" in namespace["sysctls"]["unchanged"], "what did not change", namespace)
    counters = {key: v["increase"] for key, v in diff["counters"].items()}
    ok(counters["TcpActiveOpens"] >= BUCKETS and counters["TcpPassiveOpens"] >= BUCKETS,
       "the connections that were made", counters)
    equal(counters["TcpExtTCPTimeWaitOverflow"], netstat()["TCPTimeWaitOverflow"] - overflow,
          "no overflow")
    rate = diff["counters"]["TcpActiveOpens"]["per_s"]
    equal(round(rate * diff["interval_ms"] / 1000), counters["TcpActiveOpens"],
          "and how many a second")
    screen = must("twctl", "diff", BEFORE)
    lines = [line.split() for line in screen.splitlines()]
    ok(["buckets", "total", "0", "->", str(len(made)), f"+{len(made)}"] in lines and
       ["sysctls", "tcp_rfc1337", "0", "->", "1"] in lines, "the same for people", screen)
    ok("tcp_tw_reuse" not in screen and "WARNING" not in screen and "unchanged " in screen,
       "who need not read what did not change", screen)


def two_files():
    must("twctl", "summary", "--save", AFTER)
    sysctl("net.ipv4.tcp_rfc1337", 0)
    must("rmmod", "twscope")
    namespace, = twctl("diff", BEFORE, AFTER)["namespaces"]
    equal(changed(namespace["sysctls"]), {"tcp_rfc1337": (0, 1)}, "two files, without the module")
    namespace, = twctl("diff", AFTER, BEFORE)["namespaces"]
    equal(changed(namespace["sysctls"]), {"tcp_rfc1337": (1, 0)}, "and the wrong way round")
    ok("backwards" in twctl("diff", AFTER, BEFORE)["warnings"], "which is said")
    says("now, without it", 1, ["not loaded", "modprobe"], "twctl", "diff", BEFORE)
    must("modprobe", "twscope")


def other_boot():
    document = kept(BEFORE)
    document.update(boot_id="another", kernel="5.10.0-1")
    with open("/tmp/old.json", "w") as f:
        json.dump(document, f)
    diff = twctl("diff", "/tmp/old.json")
    equal((diff["warnings"], "counters" in diff), (["other-boot"], False),
          "counters of another boot are not subtracted")
    ok(f"kernel    5.10.0-1 -> {os.uname().release}" in must("twctl", "diff", "/tmp/old.json"),
       "the kernel is another one")


def all_of_them():
    for netns in "red", "blue":
        must("ip", "netns", "add", netns)
    must("twctl", "-A", "summary", "--save", AFTER)
    must("ip", "-n", "red", "link", "set", "lo", "up")
    must("ip", "netns", "exec", "red", TWGEN, "-q", "-n", "30")
    must("ip", "netns", "del", "blue")
    must("ip", "netns", "add", "green")
    for _ in range(50):
        diff = twctl("diff", AFTER)
        # A namespace is taken apart a moment after its name is gone.
        if diff["gone"]:
            break
    red, = [n for n in diff["namespaces"] if n.get("netns_name") == "red"]
    equal(changed(red["counts"])["total"], (0, 30), "one of all namespaces")
    equal(([n["netns_name"] for n in diff["gone"]], [n["netns_name"] for n in diff["new"]]),
          (["blue"], ["green"]), "one that is gone, one that is new")


def careful():
    with open("/tmp/notes", "w") as f:
        f.write("notes\n")
    says("a file that is something else", 1, ["/tmp/notes", "no snapshot"],
         "twctl", "summary", "--save", "/tmp/notes")
    with open("/tmp/notes") as f:
        equal(f.read(), "notes\n", "is left as it is")
    with open(BEFORE) as f, open("/tmp/half", "w") as half:
        half.write(f.read()[:500])
    says("half a file", 1, ["/tmp/half", "no JSON"], "twctl", "diff", "/tmp/half")
    says("a directory", 1, ["/tmp", "directory"], "twctl", "diff", "/tmp")
    must("mkdir", "/tmp/small")
    must("mount", "-t", "tmpfs", "-o", "size=4k", "none", "/tmp/small")
    must("bash", "-c", "head -c 4096 /dev/zero >/tmp/small/fill")
    says("a full disk", 1, ["No space left"], "twctl", "summary", "--save", "/tmp/small/x")
    equal(os.listdir("/tmp/small"), ["fill"], "on which nothing is left")
    must("umount", "/tmp/small")


sysctl("net.ipv4.tcp_tw_reuse", 0)
save()
nothing_yet()
what_changed()
two_files()
other_boot()
all_of_them()
careful()
done()
