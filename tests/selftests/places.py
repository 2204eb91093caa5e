# SPDX-License-Identifier: GPL-2.0
"""Namespaces with storms of connections in them, and the laws that hold when those rest."""

import collections
import os
import subprocess
import time

from tap import (HERE, enter_netns, kernel, must, netstat, new_netns, note, ok, own_netns, setting,
                 sockstat_tw)
from witness import ANSWERED, ON_SEGMENTS, netns_inode

STORM = os.path.join(HERE, "twstorm")
LOW, PORTS = 20001, 97
ADDRESSES = ("127.0.0.1", "::1", "::ffff:127.0.0.1", "10.77.0.1", "fd77::1")
NEVER = ("segment-mismatch", "verdict-mismatch", "missed", "before-unsettled", "out-of-memory",
         "ended.other", "ended.sock-destroy", "decisions.unknown")
# What ends a bucket, by the decision to do so.
ENDS = {"active-reuse": "reuse", "bound-reuse": "bound-reuse", "rst": "rst",
        "fin-wait2-data": "reset"}
# What the kernel says of a namespace at one moment, and of all of them what the module says.
Kernels = collections.namedtuple("Kernels", "netstat buckets")
Rest = collections.namedtuple("Rest", "stats present kernels")


class Place:
    """A namespace, and the storms in it."""

    def __init__(self, name, own_ehash=False, **sysctls):
        self.name, self.storms = name, []
        home = own_netns()
        if own_ehash:
            setting("net.ipv4.tcp_child_ehash_entries", 256)
        self.fd = new_netns()
        self.inode = netns_inode()
        enter_netns(home)
        os.close(home)
        if own_ehash:
            setting("net.ipv4.tcp_child_ehash_entries", 0)
        with self:
            must("ip", "-batch", "-", input="link set lo up\naddr add 10.77.0.1/32 dev lo\n"
                 "addr add fd77::1/128 dev lo nodad\n")
            setting("net.ipv4.tcp_fin_timeout", 1)
            for key, value in sysctls.items():
                setting(f"net.ipv4.{key}", value)

    def __enter__(self):
        self.home = own_netns()
        enter_netns(self.fd)
        return self

    def __exit__(self, *_):
        enter_netns(self.home)
        os.close(self.home)

    def storm(self, rng, seconds, address, *options, low=LOW):
        with self:
            setting("net.ipv4.ip_local_port_range", f"{low} {low + PORTS - 1}")
            port = 7000 + len(self.storms)
            self.storms.append(subprocess.Popen(
                (STORM, "-t", str(seconds), "-r", address, "-p", str(port), "-s", str(low), "-n",
                 str(PORTS), "-S", str(rng.randrange(1 << 30)), *options),
                stdout=subprocess.PIPE, text=True))

    def stop(self):
        for process in self.storms:
            process.terminate()
        return self.wait()

    def wait(self):
        """Connections made, refused, and failed otherwise."""
        words = [process.communicate()[0].split() for process in self.storms]
        if any(process.returncode for process in self.storms):
            raise RuntimeError("a storm failed")
        self.storms = []
        return [sum(map(int, column)) for column in zip(*words)]

    def kill(self):
        for process in self.storms:
            process.kill()
            process.wait()
        self.storms = []

    def close(self):
        os.close(self.fd)


def kernels_of(place):
    with place:
        return Kernels(netstat(), sockstat_tw())


def total(c, prefix):
    return sum(n for name, n in c.items() if name.startswith(prefix))


def made_and_ended(c):
    return c["before"] + total(c, "created-"), total(c, "ended.")


def at_rest(o, places):
    """Nothing moves any more: all sockets that are closing have closed, and so have namespaces.

    Timers go on, in bursts two seconds apart, and the counters are not all read at one moment:
    what is read counts when nothing has moved until after. Of a namespace that ends, what it had
    is told some time before its last buckets end; where it is not known what that was, some
    seconds must do.
    """
    last, since = None, time.monotonic()
    end = since + 120
    while True:
        now = o.all_stats()
        made, ended = made_and_ended(now[0])
        if now != last:
            last, since = now, time.monotonic()
        elif time.monotonic() - since > (3 if now[0]["before-unsettled"] else 0.7) and \
                (made == ended or now[0]["before-unsettled"] or time.monotonic() > end):
            rest = Rest(now, o.present(), {place: kernels_of(place) for place in places})
            if o.all_stats() == now:
                return rest
        if time.monotonic() > end + 60:
            raise RuntimeError("it does not come to rest")
        time.sleep(0.1)


def laws(name, c, present, kernels=None, between=None):
    """What holds for any counters at rest. Whoever reads just the line sees what does not."""
    wrong = []

    def same(a, b, what):
        if a != b:
            wrong.append(f"{what}: {a}, not {b}")
    created, ended = total(c, "created-"), total(c, "ended.")
    same(c["before"] + created - ended, present, "before + created - ended")
    same(sum(c[f"decisions.{d}"] for d in ON_SEGMENTS), c["segments"], "decisions on segments")
    same(sum(c[f"decisions.{d}"] for d in ANSWERED), c["answered"], "those answered")
    for cause, decision in ENDS.items():
        # A timer may run, or a segment come, on another processor at that very moment: then that
        # ends it. Two such moments in a storm are many.
        n, most = c[f"ended.{cause}"], c[f"decisions.{decision}"]
        if not most - max(2, most // 1000) <= n <= most:
            wrong.append(f"ended by {cause}: {n}, not {most}")
    syns = c["decisions.syn-sequence"] + c["decisions.syn-timestamp"]
    if c["ended.passive-syn"] > syns:
        wrong.append(f"ended by a SYN: {c['ended.passive-syn']}, more than {syns} SYNs")
    # Predicted reusable, yet refused: that a sysctl changed between hook and kernel is the boundary.
    others = c["decisions.refuse-other"] + c["decisions.bound-refuse-other"]
    if others > c["verdict-boundary"]:
        wrong.append(f"refused for no reason: {others}, more than the {c['verdict-boundary']} "
                     "at the boundary")
    for never in NEVER:
        same(c[never], 0, never)
    for what, (a, b) in (kernels or {}).items():
        same(a, b, what)
    for what, (low, n, high) in (between or {}).items():
        if not low <= n <= high:
            wrong.append(f"{what}: {n}, not from {low} to {high}")
    ok(not wrong, "; WRONG: ".join(
        [f"{name}: present {present} = before {c['before']} + created {created} - ended {ended}; "
         f"{c['segments']} segments, {total(c, 'decisions.refuse')} refusals", *wrong]),
       str({k: v for k, v in c.items() if v}))


def kernels_own(c, now, since):
    """The kernel's counters of the same; from a time when nothing had happened."""
    moved = {name: n - since.get(name, 0) for name, n in now.netstat.items()}
    found = {"TWRecycled": (c["decisions.reuse"] + c["decisions.bound-reuse"], moved["TWRecycled"]),
             "TCPTimeWaitOverflow": (c["overflow"], moved["TCPTimeWaitOverflow"])}
    if kernel() >= (6, 1):
        found["TW and TWKilled"] = (total(c, "created-"), moved["TW"] + moved["TWKilled"])
    return found


def kernels_failures(c, now, off, on):
    """Closes without a bucket since the hooks went on, of which there are two readings."""
    n, before, after = (counters["TCPTimeWaitOverflow"] for counters in (now.netstat, off, on))
    return {"overflow by TCPTimeWaitOverflow": (n - after, c["overflow"], n - before)}


def check(o, places, what, since=None, off=None, on=None, settled=True):
    """The kernel is asked for what it counted since all began, or since it was off and then on.

    Of those that ended while the hooks went on it is not sure what was there before, and the
    module says so. Where settled, there are none.
    """
    rest = at_rest(o, places)
    for place in places:
        c, kernels = rest.stats[place.inode], rest.kernels[place]
        own = {"the kernel's count": (rest.present[place.inode], kernels.buckets)}
        between = {}
        if since:
            own |= kernels_own(c, kernels, since[place])
        else:
            between = kernels_failures(c, kernels, off[place], on[place])
        laws(f"{what}: {place.name}", c, rest.present[place.inode], own, between)
    if settled or not rest.stats[0]["before-unsettled"]:
        laws(f"{what}: those that ended", rest.stats[0], 0)
    else:
        note(f"{what}: one ended while the hooks went on")
    return rest.stats


def netstats(places):
    return {place: kernels_of(place).netstat for place in places}


def make_places():
    places = [Place("reuse 1", tcp_tw_reuse=1), Place("reuse 2", tcp_tw_reuse=2),
              Place("few buckets", tcp_tw_reuse=0, tcp_max_tw_buckets=40),
              Place("rfc1337", tcp_tw_reuse=1, tcp_rfc1337=1, tcp_invalid_ratelimit=0)]
    if kernel() >= (6, 1):
        places.append(Place("own ehash", own_ehash=True, tcp_tw_reuse=1))
    return places
