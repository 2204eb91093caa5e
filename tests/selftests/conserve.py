#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""conserve.py [DECISIONS [SEED]]: no bucket is lost in the counting, and no decision is misjudged.

Storms of connections that end in all the ways there are, in several namespaces; hooks that go
on in the midst of them. At rest, before + created - ended is what is present. Without a number of
DECISIONS that connect() shall meet, it is 5000.
"""

import contextlib
import os
import random
import subprocess
import sys
import time

from scene import rules
from tap import (HERE, done, enter_netns, equal, kernel, must, netstat, new_netns, note, ok,
                 own_netns, setting, sockstat_tw, sysctl)
from witness import ANSWERED, ON_SEGMENTS, Observer, netns_inode

DECISIONS = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
SEED = int("".join(sys.argv[2:]) or random.SystemRandom().randrange(1 << 32))
STORM = os.path.join(HERE, "twstorm")
LOW, PORTS = 20001, 97
ADDRESSES = ("127.0.0.1", "::1", "::ffff:127.0.0.1", "10.77.0.1", "fd77::1")
BY_CONNECT = ("reuse", "refuse-too-young", "refuse-disabled", "refuse-not-loopback",
              "refuse-fin-wait2", "refuse-no-timestamp", "refuse-other", "bound-reuse",
              "bound-refuse-no-timestamp", "bound-refuse-other")
NEVER = ("segment-mismatch", "verdict-mismatch", "missed", "before-unsettled", "out-of-memory",
         "ended.other", "ended.sock-destroy", "decisions.unknown", "decisions.refuse-other",
         "decisions.bound-refuse-other")


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
            setting("net.ipv4.ip_local_port_range", f"{LOW} {LOW + PORTS - 1}")
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

    def storm(self, rng, seconds, address, *options):
        with self:
            port = 7000 + len(self.storms)
            self.storms.append(subprocess.Popen(
                (STORM, "-t", str(seconds), "-r", address, "-p", str(port), "-s", str(LOW), "-n",
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


def at_rest(o):
    """Nothing moves any more: all sockets that are closing have closed, timers are far."""
    last, since = None, time.monotonic()
    end = since + 30
    while time.monotonic() < end:
        now = o.all_stats()
        if now != last:
            last, since = now, time.monotonic()
        elif time.monotonic() - since > 0.7:
            return now, o.present()
        time.sleep(0.1)
    raise RuntimeError("it does not come to rest")


def total(c, prefix):
    return sum(n for name, n in c.items() if name.startswith(prefix))


def laws(name, c, present, kernels=None):
    """What holds for any counters at rest."""
    wrong = []

    def same(a, b, what):
        if a != b:
            wrong.append(f"{what}: {a}, not {b}")
    created, ended = total(c, "created-"), total(c, "ended.")
    same(c["before"] + created - ended, present, "before + created - ended")
    same(sum(c[f"decisions.{d}"] for d in ON_SEGMENTS), c["segments"], "decisions on segments")
    same(sum(c[f"decisions.{d}"] for d in ANSWERED), c["answered"], "those answered")
    same(c["ended.active-reuse"], c["decisions.reuse"], "ended by active reuse")
    same(c["ended.bound-reuse"], c["decisions.bound-reuse"], "ended by bound reuse")
    same(c["ended.rst"], c["decisions.rst"], "ended by RST")
    same(c["ended.fin-wait2-data"], c["decisions.reset"], "ended by data in FIN_WAIT2")
    syns = c["decisions.syn-sequence"] + c["decisions.syn-timestamp"]
    if c["ended.passive-syn"] > syns:
        wrong.append(f"ended by a SYN: {c['ended.passive-syn']}, more than {syns} SYNs")
    for never in NEVER:
        same(c[never], 0, never)
    for what, (a, b) in (kernels or {}).items():
        same(a, b, what)
    ok(not wrong, f"{name}: present {present} = before {c['before']} + created {created} - ended "
       f"{ended}; {c['segments']} segments, {total(c, 'decisions.refuse')} refusals",
       "\n".join(wrong) + "\n" + str({k: v for k, v in c.items() if v}))


def kernels_own(place, c, since):
    """The kernel's counters of the same; from a time when nothing had happened."""
    with place:
        now = {name: n - since.get(name, 0) for name, n in netstat().items()}
        tw = sockstat_tw()
    found = {"sockstat": (c["before"] + total(c, "created-") - total(c, "ended."), tw),
             "TWRecycled": (c["ended.active-reuse"] + c["ended.bound-reuse"], now["TWRecycled"]),
             "TCPTimeWaitOverflow": (c["overflow"], now["TCPTimeWaitOverflow"])}
    if kernel() >= (6, 1):
        found["TW and TWKilled"] = (total(c, "created-"), now["TW"] + now["TWKilled"])
    return found


def check(o, places, what, since=None):
    now, present = at_rest(o)
    for place in places:
        own = {}
        if since:
            own = kernels_own(place, now[place.inode], since[place])
        with place:
            own["the kernel's count"] = present[place.inode], sockstat_tw()
        laws(f"{what}: {place.name}", now[place.inode], present[place.inode], own)
    laws(f"{what}: those that ended", now[0], 0)
    return now


def netstats(places):
    since = {}
    for place in places:
        with place:
            since[place] = netstat()
    return since


def make_places():
    places = [Place("reuse 1", tcp_tw_reuse=1), Place("reuse 2", tcp_tw_reuse=2),
              Place("few buckets", tcp_tw_reuse=0, tcp_max_tw_buckets=40),
              Place("rfc1337", tcp_tw_reuse=1, tcp_rfc1337=1, tcp_invalid_ratelimit=0)]
    if kernel() >= (6, 1):
        places.append(Place("own ehash", own_ehash=True, tcp_tw_reuse=1))
    return places


def gone_meanwhile(o, rng, own_ehash):
    """A namespace that ends with buckets inside, some of which were there before."""
    place = Place("gone", own_ehash, tcp_tw_reuse=rng.choice((0, 1)))
    place.storm(rng, 20, rng.choice(ADDRESSES))
    time.sleep(rng.random() / 2)
    place.kill()
    place.close()
    return o


def storms(o, rng, rounds):
    """Hooks go on in the midst of it, with buckets there already."""
    places = make_places()
    for number in range(rounds):
        for place in places:
            place.storm(rng, 60, rng.choice(ADDRESSES))
        time.sleep(0.3 + rng.random() / 2)
        begin = time.monotonic()
        o.on(recorder=64)
        took = time.monotonic() - begin
        for _ in range(2):
            gone_meanwhile(o, rng, kernel() >= (6, 1) and rng.random() < 0.5)
        time.sleep(0.5)
        made = [place.stop() for place in places]
        now = check(o, places, f"round {number}")
        note(f"{sum(m[0] for m in made)} connections, {sum(m[1] for m in made)} refused, "
             f"{sum(m[2] for m in made)} failed otherwise, "
             f"{sum(c['overflow'] for c in now.values())} over the limit; on took {took:.2f} s")
        o.off()
    for place in places:
        place.close()


def change_settings(rng, places):
    """For as long as the storms last."""
    while any(p.poll() is None for place in places for p in place.storms):
        with rng.choice(places), contextlib.suppress(FileNotFoundError):
            setting("net.ipv4.tcp_tw_reuse", rng.choice((0, 1, 1, 2)))
            setting("net.ipv4.tcp_timestamps", rng.choice((0, 1, 1, 1)))
            setting("net.ipv4.tcp_tw_reuse_delay", rng.choice((0, 1, 50, 1000)))
        time.sleep(rng.random() / 10)


def decisions(o, rng, wanted):
    """As many as are wanted, with settings that change all the time."""
    o.on(recorder=64)
    places = [Place(f"settings {i}", own_ehash=i == 2 and kernel() >= (6, 1)) for i in range(3)]
    since = netstats(places)
    begin = time.monotonic()
    never = {"refuse-other", "bound-refuse-other"}
    if rules() == "seconds":
        never.add("refuse-fin-wait2")
    asked, unseen = 0, BY_CONNECT
    while (asked < wanted or unseen) and time.monotonic() - begin < max(60, wanted / 100):
        for place in places:
            options = ("-d", "lo") if rng.random() < 0.3 else ()
            place.storm(rng, 3, rng.choice(ADDRESSES), *options)
        change_settings(rng, places)
        for place in places:
            place.wait()
        now = o.all_stats()
        sums = {d: sum(now[p.inode][f"decisions.{d}"] for p in places) for d in BY_CONNECT}
        asked, unseen = sum(sums.values()), {d for d, n in sums.items() if not n} - never
    took = time.monotonic() - begin
    now = check(o, places, "settings that change", since)
    sums = {d: sum(now[p.inode][f"decisions.{d}"] for p in places) for d in BY_CONNECT}
    asked, boundary = sum(sums.values()), sum(now[p.inode]["verdict-boundary"] for p in places)
    note(f"{asked} decisions on connect() in {took:.0f} s: "
         + ", ".join(f"{d} {n}" for d, n in sums.items() if n) + f"; {boundary} at the boundary")
    ok(asked >= wanted, f"at least {wanted} decisions", asked)
    ok(boundary * 100 <= asked, "at most 1 % at the boundary", boundary)
    equal(unseen, set(), "each decision occurred")
    ended = {name for name in now[places[0].inode] if name.startswith("ended.") and
             any(now[p.inode][name] for p in places)}
    ok({"ended.active-reuse", "ended.bound-reuse", "ended.passive-syn", "ended.rst", "ended.timer",
        "ended.fin-wait2-data"} <= ended, "each cause that a storm has", ended)
    o.off()
    for place in places:
        place.close()


def main():
    note(f"the same again: TWSCOPE_SEED={SEED} TWSCOPE_DECISIONS={DECISIONS}")
    rng = random.Random(SEED)
    sysctl("net.ipv4.tcp_max_syn_backlog", 4096)
    o = Observer()
    decisions(o, rng, DECISIONS)
    storms(o, rng, 3 if DECISIONS <= 5000 else 20)
    equal(o.ynl.do("info-get", {}).get("observing"), None, "off at the end")
    done()


main()
