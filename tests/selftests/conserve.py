#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""conserve.py [DECISIONS [SEED]]: no bucket is lost in the counting, and no decision is misjudged.

Storms of connections that end in all the ways there are, in several namespaces; hooks that go
on in the midst of them. At rest, before + created - ended is what is present. Without a number of
DECISIONS that connect() shall meet, it is 5000.
"""

import collections
import contextlib
import itertools
import random
import sys
import time

from places import ADDRESSES, LOW, PORTS, Place, check, make_places, netstats
from scene import rules
from tap import done, equal, kernel, note, ok, setting, sysctl
from witness import Observer

DECISIONS = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
SEED = int("".join(sys.argv[2:]) or random.SystemRandom().randrange(1 << 32))
# A bind() closes a port to those that search for a minute: a storm has its own. They begin again
# when the first ones' buckets are gone.
RANGES = itertools.cycle(range(LOW, LOW + 60 * PORTS, PORTS))
# The same, some of them to a socket that is bound to the device.
ROUTES = [(a, *options) for a in ADDRESSES for options in ((), (), ("-d", "lo"))]
BY_CONNECT = ("reuse", "refuse-too-young", "refuse-disabled", "refuse-not-loopback",
              "refuse-fin-wait2", "refuse-no-timestamp", "refuse-other", "bound-reuse",
              "bound-refuse-no-timestamp", "bound-refuse-other")
BY_STORMS = {"ended.active-reuse", "ended.bound-reuse", "ended.passive-syn", "ended.rst",
             "ended.timer", "ended.fin-wait2-data"}


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
    places, limited = make_places(), 0
    for number in range(rounds):
        for place in places:
            place.storm(rng, 60, rng.choice(ADDRESSES))
        time.sleep(0.3 + rng.random() / 2)
        off = netstats(places)
        begin = time.monotonic()
        o.on(recorder=64)
        took = time.monotonic() - begin
        on = netstats(places)
        for _ in range(2):
            gone_meanwhile(o, rng, kernel() >= (6, 1) and rng.random() < 0.5)
        time.sleep(0.5)
        made = [place.stop() for place in places]
        now = check(o, places, f"round {number}", off=off, on=on)
        limited += sum(c["overflow"] for c in now.values())
        note(f"{sum(m[0] for m in made)} connections, {sum(m[1] for m in made)} refused, "
             f"{sum(m[2] for m in made)} failed otherwise, "
             f"{sum(c['overflow'] for c in now.values())} over the limit; on took {took:.2f} s")
        o.off()
    ok(limited, "closes without a bucket, as there were too many")
    for place in places:
        place.close()


def change_settings(rng, places):
    """For as long as the storms last."""
    while any(p.poll() is None for place in places for p in place.storms):
        with rng.choice(places), contextlib.suppress(FileNotFoundError):
            setting("net.ipv4.tcp_tw_reuse", rng.choice((0, 1, 1, 2)))
            setting("net.ipv4.tcp_timestamps", rng.choice((0, 1, 1, 1)))
            setting("net.ipv4.tcp_tw_reuse_delay", rng.choice((1, 50, 1000)))
        time.sleep(rng.random() / 10)


def seen_in(stats, places):
    """Of all the places: the decisions on connect(), and the causes that there were."""
    counters = [stats[place.inode] for place in places]
    return ({d: sum(c[f"decisions.{d}"] for c in counters) for d in BY_CONNECT},
            {name for c in counters for name, n in c.items() if name.startswith("ended.") and n})


def decisions(o, rng, wanted):
    """As many as are wanted and of each kind, with settings that change all the time."""
    o.on(recorder=64)
    places = [Place("settings"), Place("settings and few buckets", tcp_max_tw_buckets=150),
              Place("settings, own ehash if any", own_ehash=kernel() >= (6, 1))]
    since = netstats(places)
    begin = time.monotonic()
    never = {"refuse-other", "bound-refuse-other"}
    if rules() == "seconds":
        never.add("refuse-fin-wait2")
    # As from a pack of cards: each comes before one comes again.
    routes, first = rng.sample(ROUTES, len(ROUTES)), True
    sums, ended = dict.fromkeys(BY_CONNECT, 0), set()

    def unseen():
        return {d for d, n in sums.items() if not n} - never
    while (sum(sums.values()) < wanted or unseen() or BY_STORMS - ended or first) and \
            time.monotonic() - begin < max(600, wanted / 20):
        for place in places:
            place.storm(rng, 3, *routes.pop(), low=next(RANGES))
            if not routes:
                routes, first = rng.sample(ROUTES, len(ROUTES)), False
        change_settings(rng, places)
        for place in places:
            place.wait()
        sums, ended = seen_in(o.all_stats(), places)
    took = time.monotonic() - begin
    now = check(o, places, "settings that change", since)
    sums, ended = seen_in(now, places)
    asked, boundary = sum(sums.values()), sum(now[p.inode]["verdict-boundary"] for p in places)
    note(f"{asked} decisions on connect() in {took:.0f} s: "
         + ", ".join(f"{d} {n}" for d, n in sums.items() if n) + f"; {boundary} at the boundary")
    ok(asked >= wanted, f"at least {wanted} decisions", asked)
    ok(boundary * 100 <= asked, "at most 1 % at the boundary", boundary)
    equal(unseen(), set(), "each decision occurred")
    equal(BY_STORMS - ended, set(), "each cause that a storm has")
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
