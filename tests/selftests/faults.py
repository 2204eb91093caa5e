#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Every allocation of a request failed in turn: an error, or all there is to say; and nothing left behind.

The kernel fails the n-th allocation that a task makes (fail-nth), for n from 1 until a request
is through before its turn. Wants a kernel with fault injection and kmemleak, as "debug" is.
"""

import collections
import ctypes
import errno
import itertools
import os
import socket
import struct
import sys

from tap import (LIBC, done, enter_netns, equal, make_buckets, new_netns, note, ok, own_netns,
                 setting, sockstat_tw, sysctl, ynl_socket)
from witness import Observer, leaked, new_client, registered

DEBUG = "/sys/kernel/debug"
NLMSG_ERROR, NLMSG_DONE, DUMP, ACK = 2, 3, 0x300, 4
NO_MEMORY = {errno.ENOMEM, errno.ENOBUFS}
LOOPBACK = socket.inet_aton("127.0.0.1")
# Of what takes hundreds of allocations, most of which are not ours, only the last.
LAST = 100
SYS_FINIT_MODULE, SYS_DELETE_MODULE = 313, 176
MODULE = f"/lib/modules/{os.uname().release}/extra/twscope.ko"

total = collections.Counter()


def prepare():
    for kind in ("failslab", "fail_page_alloc"):
        for name, value in (("ignore-gfp-wait", "N"), ("verbose", 0), ("probability", 0)):
            with open(f"{DEBUG}/{kind}/{name}", "w") as f:
                f.write(str(value))
    with open(f"{DEBUG}/fail_page_alloc/min-order", "w") as f:
        f.write("0")


class Nth:
    """This thread's n-th allocation from now on fails."""

    def __init__(self):
        self.fd = os.open("/proc/thread-self/fail-nth", os.O_RDWR)

    def tried(self, n, deed):
        """What became of the deed, and whether it came to its n-th allocation."""
        getattr(deed, "prepare", lambda: None)()
        os.pwrite(self.fd, b"%d" % n, 0)
        try:
            result = deed()
        except OSError as error:
            result = error.errno or str(error)
            result = errno.errorcode.get(result, result)
        left = int(os.pread(self.fd, 16, 0))
        os.pwrite(self.fd, b"0", 0)
        return result, left == 0


nth = Nth()


def numbers(deed, after):
    """Every n, or the last ones."""
    def reaches(n):
        reached = nth.tried(n, deed)[1]
        after()
        return reached

    top = 1
    while reaches(top):
        top *= 2
    if top <= 4 * LAST:
        return itertools.count(1)
    low = top // 2
    while top - low > 1:
        middle = (low + top) // 2
        low, top = (middle, top) if reaches(middle) else (low, middle)
    note(f"  of {low} allocations the last {LAST}")
    return range(low - LAST, low + 32)


def each(name, deed, after=lambda: None, wanted=None):
    """The deed with each of its allocations failed. after() looks at what is left, and tidies up.

    Where it is done all the same it has done as much as before, or as it does now: meanwhile
    buckets end.
    """
    def undisturbed():
        result, _ = nth.tried(0, deed)
        after()
        return result

    before = undisturbed() if wanted is None else wanted
    seen, wrong = collections.Counter(), []
    for n in numbers(deed, after):
        result, reached = nth.tried(n, deed)
        try:
            after()
        except (AssertionError, OSError) as error:
            wrong.append(f"allocation {n}: afterwards {error}")
        if not reached:
            break
        if isinstance(result, str):
            seen[result] += 1
            if getattr(errno, result, None) not in NO_MEMORY:
                wrong.append(f"allocation {n}: {result}")
            continue
        seen["done all the same"] += 1
        now = before if result == before else undisturbed()
        if not min(before, now) <= result <= max(before, now):
            wrong.append(f"allocation {n}: {result}, not {before} to {now}")
        before = now
    n = sum(seen.values())
    total["failed"] += n
    ok(n and not wrong, f"{name}: {n} allocations failed: " +
       ", ".join(f"{what} {times}" for what, times in sorted(seen.items(), key=str)), "\n".join(wrong))


class Request:
    """One message, ready to be sent again and again."""

    def __init__(self, client, op, values, flags):
        self.message = client._encode_message(client.ops[op], values, [flags], 1)  # pylint: disable=protected-access
        self.buffer = bytearray(1 << 16)
        self.sock = None

    def prepare(self):
        if self.sock:
            self.sock.close()
        self.sock = ynl_socket()
        self.sock.settimeout(30)

    def __call__(self):
        """How many messages came. A dump that ends well has all of them."""
        self.sock.send(self.message)
        messages = 0
        while True:
            size = self.sock.recv_into(self.buffer)
            at = 0
            while at + 16 <= size:
                length, kind = struct.unpack_from("=IH", self.buffer, at)
                if kind in (NLMSG_ERROR, NLMSG_DONE):
                    error = struct.unpack_from("=i", self.buffer, at + 16)[0]
                    if error:
                        raise OSError(-error, os.strerror(-error))
                    return messages
                messages += 1
                at += (length + 3) & ~3


def debugfs(name):
    def lines():
        with open(f"{DEBUG}/twscope/{name}", "rb", buffering=0) as f:
            return sum(part.count(b"\n") for part in iter(lambda: f.read(1 << 16), b""))
    return lines


def requests(client):
    """What is asked, and how."""
    term = [{"term": [{"remote-port-min": 8000, "remote-port-max": 9000}]}]
    yield "info-get", {}, ACK
    yield "summary-get", {"filter": term, "policy": {"tcp-tw-reuse": 1}}, ACK
    yield "summary-get", {"policy": {"tcp-tw-reuse": 1}}, DUMP
    yield "bucket-get", {}, DUMP
    yield "bucket-get", {"all-netns": True, "filter": term}, DUMP
    yield "port-get", {"local": LOOPBACK, "remote": LOOPBACK, "remote-port": 8000}, ACK
    yield "group-get", {"keys": {"remote", "local-port"}}, DUMP
    yield "group-get", {"keys": {"remote"}, "count-ports": True, "all-netns": True}, DUMP
    yield "stats-get", {}, ACK
    yield "stats-get", {}, DUMP
    yield "hook-get", {}, DUMP
    yield "event-get", {"since-ms": 1000000, "all-netns": True}, DUMP


def answers(client, which):
    for op, values, flags in requests(client):
        observed = op in ("stats-get", "event-get", "hook-get")
        if observed == (which == "observing"):
            each(f"{op} {'dump' if flags == DUMP else 'do'}", Request(client, op, values, flags))


def asked(request):
    request.prepare()
    return request()


def observing(client):
    """On comes whole or not at all; off always."""
    bare = registered()
    on = Request(client, "observe-set", {"on": 1, "recorder": 64}, ACK)
    off = Request(client, "observe-set", {"on": 0}, ACK)

    def is_on():
        return "observing" in client.do("info-get", {})

    def all_or_nothing():
        if is_on():
            asked(off)
        assert not is_on(), "still on"
        assert registered() == bare, "still hooked"

    each("observe-set on", on, all_or_nothing)

    def on_again():
        if not is_on():
            assert registered() == bare, "off, but hooked"
            asked(on)
    asked(on)
    each("observe-set off", off, on_again)
    asked(off)


def namespaces():
    """Made while observing: then each has counters of its own."""
    home = own_netns()

    def make():
        os.close(new_netns())
        return 0

    each("a network namespace", make, lambda: enter_netns(home))
    enter_netns(home)
    os.close(home)


def loading():
    def load():
        with open(MODULE, "rb", buffering=0) as f:
            return called(SYS_FINIT_MODULE, f.fileno(), b"", 0)

    def called(*args):
        if LIBC.syscall(*args):
            raise OSError(ctypes.get_errno(), "")
        return 0

    def unload():
        if os.path.isdir("/sys/module/twscope"):
            called(SYS_DELETE_MODULE, b"twscope", os.O_NONBLOCK)
        assert not os.path.exists(f"{DEBUG}/twscope"), "debugfs is there without the module"

    unload()
    each("loading the module", load, unload, wanted=0)
    load()


def main():
    if not os.path.exists("/proc/self/fail-nth"):
        ok(False, "this kernel can fail allocations; run it on debug")
        done()
    prepare()
    sysctl("net.ipv4.tcp_tw_reuse", 0)
    setting("net.ipv4.ip_local_port_range", "20000 30000")
    make_buckets("-n", 700)
    make_buckets("-n", 100, "-r", "::1", "-p", 8001)
    client = new_client()
    answers(client, "not observing")
    for name in ("summary", "decisions", "buckets", "hooks"):
        each(f"debugfs: {name}", debugfs(name))
    observing(client)
    observer = Observer()
    observer.on(recorder=1000)
    make_buckets("-n", 300, "-p", 8002)
    answers(client, "observing")
    namespaces()
    observer.off()
    # Some may end between the two.
    for _ in range(50):
        counted = client.do("summary-get", {})["total"], sockstat_tw()
        if counted[0] == counted[1]:
            break
    equal(*counted, "and the count is right")
    client.sock.close()
    observer.ynl.sock.close()
    loading()
    equal(new_client().do("summary-get", {})["total"], sockstat_tw(), "also after being loaded again")
    equal(leaked(), [], "kmemleak finds nothing of ours")
    note(f"{total['failed']} allocations failed in all")
    done()


if __name__ == "__main__":
    sys.exit(main())
