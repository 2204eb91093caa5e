#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""toggle.py [ROUNDS]: observing on and off, and the module in and out, while connections are made.

Nothing of it may stay behind, nor may traffic wait for it, whoever reads or does not. The harness
looks at the kernel's log afterwards.
"""

import collections
import contextlib
import errno
import os
import socket
import subprocess
import sys
import time

from deeds import Local, Unseen
from module import leaks, load, nothing_left, rmmod, until_removed
from tap import (HERE, done, enter_netns, equal, must, new_netns, note, ok, own_netns, setting,
                 sysctl)
from witness import Observer, join, new_client, registered

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
STORM = os.path.join(HERE, "twstorm")
# Of the smallest all that it has is written at once: of such a dump no half is left.
RECORDERS = (64, 1000, 4096)


def opens():
    """Connections begun in this namespace."""
    with open("/proc/net/snmp") as f:
        lines = [line.split() for line in f if line.startswith("Tcp:")]
    return int(dict(zip(*lines))["ActiveOpens"])


class Storm:
    """In a namespace of its own, gentle enough that there is time for other things."""

    def __enter__(self):
        home = own_netns()
        self.netns = new_netns()
        must("ip", "link", "set", "lo", "up")
        setting("net.ipv4.tcp_tw_reuse", 1)
        setting("net.ipv4.ip_local_port_range", "20001 21000")
        self.processes = [subprocess.Popen(
            (STORM, "-t", "100000", "-r", address, "-s", "20001", "-n", "1000", "-w", "3000"),
            stdout=subprocess.PIPE, text=True) for address in ("127.0.0.1", "::1")]
        enter_netns(home)
        os.close(home)
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.terminate()
        made = [int(process.communicate()[0].split()[0]) for process in self.processes]
        os.close(self.netns)
        note(f"{sum(made)} connections meanwhile")

    def opens(self):
        home = own_netns()
        enter_netns(self.netns)
        n = opens()
        enter_netns(home)
        os.close(home)
        return n


class HalfRead:
    """A dump of events of which only the first part was taken."""

    def __init__(self):
        self.client = new_client()
        ynl = self.client
        request = ynl._encode_message(ynl.ops["event-get"],  # pylint: disable=protected-access
                                      {"since-ms": 1000000, "all-netns": True}, [0x300], 7)
        ynl.sock.send(request)
        self.under_way = self.part()[1] is None

    def part(self):
        """Messages, and the errno at the end, None before."""
        data = self.client.sock.recv(1 << 17)
        n, end = 0, None
        while len(data) >= 16:
            size, kind = (int.from_bytes(data[i:j], "little") for i, j in ((0, 4), (4, 6)))
            if kind in (2, 3):
                end = -int.from_bytes(data[16:20], "little", signed=True)
            n += 1
            data = data[(size + 3) & ~3:]
        return n, end

    def rest(self):
        """Its errno; None where all of it had been written before: such a dump does not fail."""
        while True:
            end = self.part()[1]
            if end is not None:
                return end or None

    def close(self):
        self.client.sock.close()


def deaf_listener():
    """It hears, but never reads: its socket is full after a moment."""
    client = new_client()
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    join(client)
    return client


@contextlib.contextmanager
def others_toggle():
    """Another process that puts it on and off, whether there is a module or not."""
    pid = os.fork()
    if not pid:
        o, end = None, time.monotonic() + 60
        while time.monotonic() < end:
            with contextlib.suppress(Exception):
                o = o or Observer()
                o.on(recorder=64)
                o.off()
            if not os.path.isdir("/sys/module/twscope"):
                o = None
        os._exit(0)
    try:
        yield
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)


class Rounds:
    def __init__(self, storm):
        self.storm, self.seen = storm, collections.Counter()
        self.slowest = collections.Counter()
        self.o, self.deaf = Observer(), deaf_listener()
        self.recorder = None  # of the module's own size

    def timed(self, name, deed, *args, **options):
        begin = time.monotonic()
        result = deed(*args, **options)
        self.slowest[name] = max(self.slowest[name], round(time.monotonic() - begin, 2))
        return result

    def on(self):
        recorder = RECORDERS[self.seen["on"] % len(RECORDERS)]
        # What is on already keeps the recorder that it has.
        if "observing" not in self.o.ynl.do("info-get", {}):
            self.recorder = recorder
        self.timed("on", self.o.on, recorder=recorder)
        self.seen["on"] += 1

    def off(self):
        self.timed("off", self.o.off)

    def namespace(self, number):
        """Which ends with buckets inside, before or after the hooks go off."""
        home = own_netns()
        if os.path.exists("/proc/sys/net/ipv4/tcp_child_ehash_entries"):
            setting("net.ipv4.tcp_child_ehash_entries", 64 if number % 2 else 0)
        netns = new_netns()
        local = Local(Unseen())
        for kind in ("IPv4", "IPv6"):
            local.bucket(kind)
        local.close()
        enter_netns(home)
        if os.path.exists("/proc/sys/net/ipv4/tcp_child_ehash_entries"):
            setting("net.ipv4.tcp_child_ehash_entries", 0)
        os.close(home)
        self.seen["namespaces"] += 1
        return netns

    def read_on(self, when, dump, recorder):
        end = dump.rest()
        self.seen[self.short(recorder) if end is None else
                  f"dump read on {when}: {errno.errorcode.get(end, 0)}"] += 1

    @staticmethod
    def short(recorder):
        return f"dumps that were short{' of the smallest recorder' * (recorder == RECORDERS[0])}"

    def half_read(self, number):
        """A dump over off, over off and on, and over rmmod."""
        dump, recorder = HalfRead(), self.recorder
        if not dump.under_way:
            self.seen[self.short(recorder)] += 1
            dump.close()
            return
        how = number % 3
        if how == 0:
            self.off()
            self.read_on("while off", dump, recorder)
        elif how == 1:
            self.off()
            self.on()
            self.read_on("after off and on", dump, recorder)
        else:
            refused = rmmod()
            self.seen["rmmod during a dump is " +
                      ("refused" if refused.returncode else "done")] += 1
            if number % 2:
                dump.rest()
        dump.close()

    def reload(self, number):
        """rmmod while on or off, with others that toggle in between."""
        if number % 8 == 1:
            with others_toggle():
                time.sleep(0.5)
                self.timed("rmmod", until_removed)
                load(True)
                time.sleep(0.5)
                self.timed("rmmod", until_removed)
        else:
            self.timed("rmmod", until_removed)
        self.deaf.sock.close()
        load(number % 4 == 3)
        self.o, self.deaf, self.recorder = Observer(), deaf_listener(), None
        self.seen["loaded"] += 1
        if number % 4 == 3:
            ok("observing" in self.o.ynl.do("info-get", {}), f"round {number}: observe=1")

    def one(self, number):
        before = self.storm.opens()
        if number % 3 == 0:
            netns = self.namespace(number)
        self.on()
        if number % 3:
            netns = self.namespace(number)
        time.sleep(0.1)
        if number % 2:
            os.close(netns)
        self.half_read(number)
        if number % 5:
            self.off()
        if not number % 2:
            os.close(netns)
        if number % 2:
            self.reload(number)
        opened = self.storm.opens() - before
        if not opened:
            ok(False, f"round {number}: traffic goes on")
        return opened


def main():
    sysctl("net.ipv4.tcp_tw_reuse", 0)
    before = registered()
    opened = []
    with Storm() as storm:
        rounds = Rounds(storm)
        begin = time.monotonic()
        for number in range(ROUNDS):
            opened.append(rounds.one(number))
        note(f"{ROUNDS} rounds in {time.monotonic() - begin:.0f} s: " +
             ", ".join(f"{what} {n}" for what, n in sorted(rounds.seen.items())))
        note("the slowest: " + ", ".join(f"{what} {s} s" for what, s in rounds.slowest.items()))
        ok(min(opened) > 0, f"traffic goes on in each round, {min(opened)} to {max(opened)} "
           "connections", opened)
        rounds.o.off()
        equal(registered(), before, "nothing is hooked when off")
        dumps = {"dump read on while off: ENODATA", "dump read on after off and on: ESTALE",
                 "rmmod during a dump is refused"}
        seen = {what for what in rounds.seen if "dump" in what and "short" not in what}
        # A slow guest makes few events: then it may be that each dump was over too soon.
        ok(seen == dumps or (seen <= dumps and rounds.seen["dumps that were short"]),
           "dumps half read end as they should", seen)
        until_removed()
    equal(registered(), before, "nor when the module is gone")
    nothing_left()
    leaks(5)
    done()


main()
