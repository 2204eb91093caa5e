#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Each network namespace has its own buckets; a dump that someone else reads first."""

import errno
import json
import os
import shutil
import sys

from tap import (FinWait2, HERE, done, equal, key, make_buckets, must, ok, sysctl, twctl)

sys.path.append(os.path.join(HERE, "ynl"))
from lib import YnlFamily  # noqa: E402

AS_NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
AS_USERNS_ROOT = ("unshare", "-U", "-r")
AS_USERNS_ROOT_OF_NETNS = ("unshare", "-U", "-r", "-n")


def inode(netns):
    return os.stat(f"/run/netns/{netns}").st_ino


def as_json(*command):
    return json.loads(must(*command))


def setup():
    for netns in ("red", "blue", "empty"):
        must("ip", "netns", "add", netns)
        must("ip", "-n", netns, "link", "set", "lo", "up")
    ours = make_buckets("-n", 40)
    red = make_buckets("-n", 70, "-p", 9001, netns="red")
    blue = make_buckets("-n", 110, "-p", 9002, "-r", "::1", netns="blue")
    return ours, red, blue


def each_its_own(ours, red, blue):
    for netns, wanted in ((None, ours), ("red", red), ("blue", blue), ("empty", set())):
        name = netns or "the initial one"
        equal(twctl("summary", netns=netns)["total"], len(wanted), f"summary in {name}")
        equal({key(r) for r in twctl("list", netns=netns)}, wanted, f"list in {name}")
    equal(twctl("summary", netns="red")["netns"], inode("red"), "netns is the inode of red")
    equal(twctl("-N", "red", "summary")["total"], len(red), "-N by name")
    equal(twctl("-N", "/run/netns/blue", "summary")["total"], len(blue), "-N by path")
    equal({key(r) for r in twctl("-N", "red", "list")}, red, "list -N")


def all_of_them(ours, red, blue):
    summaries = {s["netns"]: s["total"] for s in twctl("-A", "summary")}
    own = os.stat("/proc/self/ns/net").st_ino
    equal(summaries, {own: len(ours), inode("red"): len(red), inode("blue"): len(blue),
                      inode("empty"): 0}, "summary -A has each namespace")
    equal({(r["netns"], *key(r)) for r in twctl("-A", "list")},
          {(own, *k) for k in ours} | {(inode("red"), *k) for k in red} |
          {(inode("blue"), *k) for k in blue}, "list -A has the buckets of each")
    equal({s["netns"] for s in twctl("-A", "summary", netns="red")}, set(summaries),
          "privileged root sees them all from within red as well")


def others(ours):
    """Who may see what is the table of isolation; here, that it is all that ss would show."""
    for who, command in (("nobody", AS_NOBODY), ("root of a user namespace", AS_USERNS_ROOT)):
        rows = as_json(*command, "twctl", "-j", "list")
        equal({key(r) for r in rows}, ours, f"{who} lists the namespace it is in, as with ss")
        ok(all("ts_recent_age_s" in row for row in rows), f"{who} is told the timestamp's age", rows[:1])
    equal(as_json(*AS_USERNS_ROOT_OF_NETNS, "twctl", "-j", "list"), [],
          "root of a user namespace with a netns of its own lists none of ours")


def deferred(ours):
    """A full buffer puts a dump off until somebody reads: it is judged by who sent it all the same."""
    reader = "/tmp/setuid-head"
    shutil.copy("/usr/bin/head", reader)
    os.chmod(reader, 0o4755)
    ynl = YnlFamily(os.path.join(HERE, "twscope.yaml"), schema="")
    family = ynl.nlproto.family_id
    numbers = {name: attr.value for name, attr in ynl.attr_sets["bucket"].items()}
    secret = {numbers[name] for name in ("rcv-nxt", "snd-nxt", "ts-recent", "mark")}

    def ask(command, attribute=0):
        return json.loads(must(*AS_NOBODY, sys.executable, os.path.join(HERE, "deferred.py"),
                               str(family), str(command), str(attribute), reader))
    commands = {name: op.value for name, op in ynl.msgs.items()}
    answer = ask(commands["bucket-get"])
    equal((answer["rows"], answer["error"]), (len(ours), 0),
          "nobody: a dump that a setuid program reads first comes all the same")
    equal(secret & set(answer["attributes"]), set(), "and without what nobody may see")
    equal([ask(commands["bucket-get"], numbers["all-netns"])[k] for k in ("rows", "error")],
          [0, -errno.EPERM], "nobody: list -A read by a setuid program is refused")
    equal([ask(commands["summary-get"])[k] for k in ("rows", "error")],
          [0, -errno.EPERM], "nobody: summary -A read by a setuid program is refused")


sysctl("net.ipv4.tcp_tw_reuse", 0)
buckets = setup()
each_its_own(*buckets)
all_of_them(*buckets)
others(buckets[0])
deferred(buckets[0])
with FinWait2(20, "-p", 9003, netns="red") as in_red:
    equal(twctl("summary", netns="red")["fin_wait2"], len(in_red.tuples), "fin-wait2 in red")
    ok(in_red.tuples, "and there are some")
    equal(twctl("summary")["fin_wait2"], 0, "and none here")
done()
