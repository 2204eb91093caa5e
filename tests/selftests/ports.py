#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""ports.py [ROUNDS [SEED [FIRST]]]: port-get against brute force.

Each round fills a small range at random, asks what a connect() would find there, and then calls
connect() until it fails. What could be had must be what was said to be free or reusable.
"""

import collections
import errno
import json
import os
import random
import socket
import sys
import time

from scene import (ANSWERING, DEVICES, SILENT, KINDS, Netns, Policy, Route, Scene, rules)
from tap import (done, equal, new_netns, note, ok, setting, ynl_client,
                 ynl_socket)

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 36
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(1 << 32)
FIRST = int(sys.argv[3]) if len(sys.argv) > 3 else 0

STATES = ("free", "reusable", "waiting", "in-use", "bind-blocked", "reserved")
VERDICTS = ("unknown", "reusable", "too-young", "disabled", "not-loopback", "fin-wait2",
            "no-timestamp", "bind-blocked", "not-searched")
WAITING_VERDICTS = set(VERDICTS) - {"unknown", "reusable", "bind-blocked", "not-searched"}
NONE_MS = (1 << 32) - 1
# Times are rounded to ticks on their way.
TICKS_MS = 12
# Each round has ports of its own, so that none meets what another one left.
SLOT, SLOTS, FIRST_SLOT, FIRST_SERVER = 64, 800, 10240, 2000
NOBODY = 65534
# With so many rounds everything has its turn.
MANY = 30
# So many times the rounds that were asked for, if some do not count.
PATIENCE = 3


def packed(address, mapped=False):
    if ":" in address:
        return socket.inet_pton(socket.AF_INET6, address)
    return (b"\0" * 10 + b"\xff" * 2 if mapped else b"") + socket.inet_aton(address)


def port_get(ynl, route, policy=None, cells=None, mapped=False):
    request = {"local": packed(route.source, mapped), "remote": packed(route.destination, mapped),
               "remote-port": route.port}
    if route.device:
        request["ifindex"] = DEVICES[route.device]
    if policy:
        request["policy"] = policy
    if cells:
        request["cells"] = cells
    return ynl.do("port-get", request)


def states_of(answer):
    return {state: answer[state] for state in STATES}


def cells_of(answer):
    flat = answer["map"]
    return [dict(zip(STATES, flat[i:i + len(STATES)])) for i in range(0, len(flat), len(STATES))]


def by_verdict(answer, name="waiting-verdicts", none=0):
    return {v: n for v, n in zip(VERDICTS, answer[name]) if n != none}


def broken_laws(answer, cells):
    """What has to hold of any answer."""
    ports = answer["range-max"] - answer["range-min"] + 1
    waiting, rows = by_verdict(answer), cells_of(answer)
    n = min(cells, ports)
    widths = [(i + 1) * ports // n - i * ports // n for i in range(n)]
    laws = {
        "the six states add up to the range": sum(states_of(answer).values()) == ports,
        "the verdicts add up to waiting": sum(waiting.values()) == answer["waiting"],
        "what waits has a verdict to wait for": set(waiting) <= WAITING_VERDICTS,
        "each cell has its share of the range": [sum(r.values()) for r in rows] == widths,
        "the map's columns add up to the states":
            {s: sum(r[s] for r in rows) for s in STATES} == states_of(answer),
        "what waits ends": set(by_verdict(answer, "waiting-next-ms", NONE_MS)) == set(waiting),
        "bind-blocked-* are some of bind-blocked":
            answer["bind-blocked-in-use"] + answer["bind-blocked-waiting"]
            <= answer["bind-blocked"],
    }
    return [law for law, holds in laws.items() if not holds]


def waiting_verdicts():
    return WAITING_VERDICTS - ({"fin-wait2"} if rules() == "seconds" else set())


def without(request, *names):
    return {k: v for k, v in request.items() if k not in names}


def without_times(answer):
    return without(answer, "walk-us", "waiting-next-ms")


class Round:
    """One range, one route, one policy."""

    def __init__(self, number, tests, netns, other_netns):
        self.rng = rng = random.Random(f"{SEED} {number}")
        self.number, self.tests, self.ynl = number, tests, tests.ynl
        self.size = 2 * rng.randrange(10, 31) - (rng.random() < 0.25)
        slot = number % SLOTS
        # Either parity of the first port.
        low = FIRST_SLOT + SLOT * slot + rng.randrange(1, 4)
        self.route = self.choose_route(FIRST_SERVER + 2 * slot)
        delays = (1, 1000, 60000)
        self.policy = Policy(number // 3 % 3, rng.choice(delays))
        self.before = Policy(rng.randrange(3), rng.choice(delays))
        self.netns = netns
        self.rows = []
        self.scene = Scene(rng, self.route, low, self.size, other_netns)

    def choose_route(self, port):
        """Each in its turn, one in seven of those without an answer."""
        turn = self.number // 7
        if self.number % 7 == 4:
            return Route(*SILENT[turn % len(SILENT)], port, None if turn % 3 else "mute0")
        ends = ANSWERING[(self.number + turn) % len(ANSWERING)]
        return Route(*ends, port, self.rng.choice((None, None, "lo")))

    def __str__(self):
        return (f"round {self.number}, {self.size} ports from {self.scene.low}, {self.route}, "
                f"{self.policy}, {self.netns.name}")

    def wrong(self, what, details):
        self.tests.wrong[what].append(f"{self}: {details}")

    def compare(self, what, seen, wanted):
        self.tests.checked[what] += 1
        if seen != wanted:
            self.wrong(what, f"seen {seen}, wanted {wanted}")

    def run(self):
        try:
            self.scene.build()
            self.set_sysctls(self.before)
            self.scene.age({self.policy.delay, self.before.delay})
            self.scene.whole_range()
            if not self.ask_and_try():
                self.tests.unsteady += 1
            else:
                self.tests.remember(self)
        finally:
            self.scene.close()

    def set_sysctls(self, policy):
        setting("net.ipv4.tcp_tw_reuse", policy.reuse)
        if rules() == "entry-delay":
            setting("net.ipv4.tcp_tw_reuse_delay", policy.delay)

    def ask(self, policy=None, cells=256):
        answer = port_get(self.ynl, self.route, policy, cells, self.rng.random() < 0.5)
        self.compare("laws", broken_laws(answer, cells), [])
        return answer

    def ask_and_try(self):
        """Returns False when a verdict may have changed meanwhile: then nothing counts."""
        if_set = self.ask(self.as_request())
        self.set_sysctls(self.policy)
        soonest = self.soonest()
        now = self.ask()
        latest = self.soonest()
        few = self.ask(cells=self.rng.randrange(1, self.size))
        found, error = self.scene.connect_until_it_fails()
        after = self.ask()
        if not self.scene.is_steady():
            return False
        for seen, said in self.rows:
            self.compare("row by row", seen, said)
        self.compare("what-if", without_times(if_set), without_times(now))
        map_alone = {"map": 0, "cells": 0}
        self.compare("cells", without_times(few) | map_alone, without_times(now) | map_alone)
        self.check_states(now)
        self.check_times(now, soonest, latest)
        self.compare("errno", error, errno.EADDRNOTAVAIL)
        self.check_found(now, found)
        self.check_after(now, found, after)
        return True

    def as_request(self):
        """What differs from the sysctls now; at times the rest as well."""
        both = {"tcp-tw-reuse": (self.policy.reuse, self.before.reuse)}
        if rules() == "entry-delay":
            both["tcp-tw-reuse-delay"] = (self.policy.delay, self.before.delay)
        whole = self.rng.random() < 0.3
        request = {name: new for name, (new, old) in both.items() if whole or new != old}
        # Decides about the peer's SYNs only.
        return request | ({"tcp-timestamps": self.rng.randrange(3)} if whole else {})

    def check_states(self, answer):
        """Port by port, and the sums."""
        wanted = self.scene.states(self.policy)
        seen = [state for cell in cells_of(answer) for state in STATES if cell[state]]
        self.compare("port by port", [(n, self.scene.ports[n].kind, s, w) for (n, (w, _)), s
                                      in zip(wanted.items(), seen) if s != w], [])
        self.compare("waiting", by_verdict(answer),
                     dict(collections.Counter(v for _, v in wanted.values() if v)))
        blocked = [self.scene.ports[n] for n, (s, _) in wanted.items() if s == "bind-blocked"]
        self.compare("bind-blocked in use", answer["bind-blocked-in-use"],
                     sum(p.full for p in blocked))
        self.compare("bind-blocked waiting", answer["bind-blocked-waiting"],
                     sum(bool(p.bucket) for p in blocked))

    def soonest(self):
        """By verdict, when the first waiting port will be available: from the rows."""
        route, low = self.route, self.scene.low
        rows = self.ynl.dump("bucket-get", {"filter": [{"term": [
            {"local": packed(route.source)}, {"remote": packed(route.destination)},
            {"remote-port-min": route.port, "remote-port-max": route.port},
            {"local-port-min": low, "local-port-max": low + self.size - 1}]}]})
        wanted = self.scene.states(self.policy)
        soonest = {}
        for row in rows:
            met = row["ifindex"] in (0, DEVICES.get(route.device))
            state, verdict = wanted[row["local-port"]]
            if met:
                said = {"reserved": "not-searched"}.get(state, verdict or state)
                self.rows.append((row["verdict"], said))
            if met and state == "waiting":
                ms = min(row["remaining-ms"], row.get("wait-ms", NONE_MS))
                soonest[verdict] = min(ms, soonest.get(verdict, NONE_MS))
        return soonest

    def check_times(self, answer, before, after):
        for verdict, ms in by_verdict(answer, "waiting-next-ms", NONE_MS).items():
            self.tests.checked["next-ms"] += 1
            least, most = after.get(verdict, NONE_MS), before.get(verdict, 0)
            if not least - TICKS_MS <= ms <= most + TICKS_MS:
                self.wrong("next-ms", f"{verdict}: {ms} ms, the rows say {before}, then {after}")

    def check_found(self, answer, found):
        available = {n for n, (s, _) in self.scene.states(self.policy).items()
                     if s in ("free", "reusable")}
        self.tests.connects += len(found)
        self.compare("each port once", len(found), len(set(found)))
        self.compare("found", set(found) - available, set())
        # Each connect() leaves the first or the last port of an odd range out.
        spared = self.size % 2
        self.tests.checked["left"] += 1
        count = answer["free"] + answer["reusable"]
        if not count - spared <= len(found) <= count:
            self.wrong("left", f"{count} available, but not found: {available - set(found)}")

    def check_after(self, now, found, after):
        wanted = states_of(now)
        wanted["in-use"] += len(found)
        left = now["free"] + now["reusable"] - len(found)
        for state in ("free", "reusable"):
            wanted[state] = min(left, after[state])
        self.compare("afterwards", states_of(after), wanted)


class Tests:
    """The rounds, and what came of them."""

    CLAIMS = {
        "laws": "the states, verdicts and cells of each answer add up",
        "port by port": "each port is in the state that was built",
        "waiting": "the waiting ones are split by verdict as they were built",
        "bind-blocked in use": "bind-blocked-in-use are those built",
        "bind-blocked waiting": "bind-blocked-waiting are those built",
        "row by row": "bucket-get says the same of each bucket",
        "next-ms": "waiting-next-ms is the soonest of the rows",
        "what-if": "what a policy predicts is what comes when it is set",
        "cells": "another number of cells changes nothing but the map",
        "found": "connect() finds no port that was not free or reusable",
        "each port once": "and none twice",
        "left": "connect() finds all that were free or reusable, but one of an odd range",
        "errno": "then it fails with EADDRNOTAVAIL",
        "afterwards": "nothing is left then, and as many more are in use",
    }

    def __init__(self, ynl):
        self.ynl = ynl
        self.checked = collections.Counter()
        self.wrong = collections.defaultdict(list)
        self.seen = collections.defaultdict(collections.Counter)
        self.unsteady = self.connects = 0

    def rounds(self, namespaces):
        """What did not count on a slow guest is made up for."""
        sockets, done_so_far = {}, 0
        while done_so_far < ROUNDS or done_so_far < PATIENCE * ROUNDS and self.unsteady and (
                done_so_far - self.unsteady < ROUNDS or any(self.unseen(namespaces).values())):
            number = FIRST + done_so_far
            i = number % len(namespaces)
            netns, other = namespaces[i], namespaces[i - 1]
            with netns:
                sockets.setdefault(netns, ynl_socket())
                self.ynl.sock = sockets[netns]
                Round(number, self, netns, other).run()
            done_so_far += 1
        self.ynl.sock = sockets[namespaces[0]] = ynl_socket()

    def remember(self, a_round):
        for port in a_round.scene.ports.values():
            self.seen["kinds"][port.kind] += 1
        for state, verdict in a_round.scene.states(a_round.policy).values():
            self.seen["states"][verdict or state] += 1
        self.seen["routes"][(a_round.route.source, a_round.route.destination)] += 1
        self.seen["devices"][a_round.route.device] += 1
        self.seen["sizes"]["odd" if a_round.size % 2 else "even"] += 1
        self.seen["namespaces"][a_round.netns.name] += 1

    def report(self, namespaces):
        for what, claim in self.CLAIMS.items():
            wrong = self.wrong[what]
            ok(not wrong and (self.checked[what] or ROUNDS < MANY),
               f"{claim} ({self.checked[what]} times)", "\n".join(wrong) or "never checked")
        ok(self.unsteady <= (PATIENCE - 1) * ROUNDS, f"{ROUNDS} rounds did not outlast their second",
           self.unsteady)
        if ROUNDS >= MANY:
            for what, names in self.unseen(namespaces).items():
                equal(names, set(), f"all {what} occurred")

    def unseen(self, namespaces):
        """What did not occur in the rounds that count."""
        wanted = {"kinds": set(KINDS), "routes": set(ANSWERING) | set(SILENT),
                  "states": set(STATES) - {"waiting"} | waiting_verdicts(),
                  "devices": {None, "lo", "mute0"}, "sizes": {"odd", "even"},
                  "namespaces": {n.name for n in namespaces}}
        return {what: names - set(self.seen[what]) for what, names in wanted.items()}


def refusals(ynl):
    """Each with its text."""
    good = {"local": packed("127.0.0.1"), "remote": packed("127.0.0.2"), "remote-port": 80}
    addresses = "needs a source (local) and a destination (remote) address"
    port = "needs a destination port (remote-port), from 1 to 65535"
    family = "source and destination must be of one family, IPv4 or IPv6"
    cases = (
        ("no source", without(good, "local"), errno.EINVAL, addresses),
        ("no destination", without(good, "remote"), errno.EINVAL, addresses),
        ("no address at all", {"remote-port": 80}, errno.EINVAL, addresses),
        ("an address of 5 bytes", good | {"local": b"12345"}, errno.EINVAL,
         "an address has 4 bytes (IPv4) or 16 (IPv6)"),
        ("IPv4 to IPv6", good | {"remote": packed("::1")}, errno.EINVAL, family),
        ("IPv6 to IPv4-mapped", good | {"local": packed("::1"),
                                        "remote": packed("127.0.0.1", True)}, errno.EINVAL, family),
        ("no port", without(good, "remote-port"), errno.EINVAL, port),
        ("port 0", good | {"remote-port": 0}, errno.ERANGE, port),
        ("port 65536", good | {"remote-port": 65536}, errno.ERANGE, port),
        ("an unknown ifindex", good | {"ifindex": 4711}, errno.ENODEV, "no device of this ifindex"),
        ("0 cells", good | {"cells": 0}, errno.ERANGE, "cells are from 1 to 256"),
        ("257 cells", good | {"cells": 257}, errno.ERANGE, "cells are from 1 to 256"),
    )
    for what, request, number, text in cases:
        equal(refusal(ynl, request), (number, text), f"refused: {what}")
    equal(ynl.do("port-get", good | {"local": packed("127.0.0.1", True)})["in-use"], 0,
          "an IPv4 address may come in either form, and the two be mixed")


def refusal(ynl, request):
    """Number and text of the error."""
    try:
        return 0, ynl.do("port-get", request)
    except Exception as error:
        message = getattr(error, "nl_msg", None)
        if message is None:
            raise
        return error.error, (message.extack or {}).get("msg")


def in_child(ynl, become, route):
    """What port-get says to a process that became another."""
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            become()
            ynl.sock = ynl_socket()
            os.write(writer, json.dumps(without_times(port_get(ynl, route))).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    os.waitpid(pid, 0)
    return json.loads(text) if text else None


def become_nobody():
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def become_lonely():
    """In a namespace of its own: one port bound there, and the range left as it is."""
    new_netns()
    sock = socket.socket()
    sock.bind(("0.0.0.0", 40000))
    sock.detach()


def who_sees_what(ynl):
    route = Route("127.0.0.1", "127.0.0.1", 9999)
    setting("net.ipv4.ip_local_port_range", "10240 10301")
    with socket.create_server(("127.0.0.1", 10250)), \
            socket.create_server(("::1", 10251), family=socket.AF_INET6):
        ours = without_times(port_get(ynl, route))
        equal(states_of(ours)["bind-blocked"], 2, "ports bound here are seen")
        equal(in_child(ynl, become_nobody, route), ours, "nobody sees the same of its namespace")
        lonely = in_child(ynl, become_lonely, route)
        equal((lonely["range-min"], lonely["range-max"], lonely["bind-blocked"], lonely["free"]),
              (32768, 60999, 1, 28231), "another namespace sees its own range and sockets only")
        equal((lonely["cells"], len(lonely["map"]) // len(STATES)), (64, 64),
              "64 cells where none are asked for, and the answer says so")


def main():
    note(f"the same again: ports.py {ROUNDS} {SEED}; round N alone: ports.py 1 {SEED} N")
    setting("net.core.somaxconn", 4096)
    setting("net.ipv4.tcp_max_syn_backlog", 4096)
    ynl = ynl_client()
    equal(ynl.do("info-get", {})["rules"], rules(), "the kernel's rules")
    refusals(ynl)
    who_sees_what(ynl)
    namespaces = Netns.make_three()
    tests = Tests(ynl)
    begin = time.monotonic()
    tests.rounds(namespaces)
    note(f"{ROUNDS} rounds and {tests.connects} connections in {time.monotonic() - begin:.1f} s; "
         f"{tests.unsteady} did not count; "
         + ", ".join(f"{k} {v}" for k, v in sorted(tests.seen["states"].items())))
    tests.report(namespaces)
    done()


main()
