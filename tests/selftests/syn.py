#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""syn.py [TRIALS [SEED]]: what a SYN meets at a bucket is what the module says it will.

A peer in user space makes a connection that the host closes first, then sends SYNs of all
sorts at the bucket. Before each the module is asked; then the host's reply is compared.
"""

import collections
import itertools
import os
import random
import socket
import sys
import time

from peer import ACK, MASK, RST, SYN, Connection, Tun
from tap import HERE, done, equal, netstat, note, ok, sysctl

sys.path.append(os.path.join(HERE, "ynl"))
from lib import YnlFamily  # noqa: E402

TRIALS = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
SEED = int("".join(sys.argv[2:]) or random.SystemRandom().randrange(1 << 32))
SERVER_PORT, DEAF_PORT = 8000, 8001
# What the host sends back, by prediction and by whether anybody listens.
REPLY = {"accept": "SYN-ACK", "challenge-ack": "ACK", "paws-reject": "ACK", "reset": "RST",
         "drop": "nothing"}
# The second one where there is one, from 6.18 on.
PAWS_COUNTERS = ("PAWSEstab", "PAWSTimewait")
# A kind of trial: the bucket's substate, whether the SYN and the bucket have a timestamp, and
# whether anybody listens.
CHOICES = (("time-wait", "fin-wait2"), (False, True), (False, True), (False, True))
# So many times the trials that were asked for, until all that shall occur has occurred.
PATIENCE = 10


class Host:
    """The servers, and the module that is asked."""

    def __init__(self):
        self.ynl = YnlFamily(os.path.join(HERE, "twscope.yaml"), schema="")
        self.listeners = {port: self.listen(port) for port in (SERVER_PORT, DEAF_PORT)}

    @staticmethod
    def listen(port):
        server = socket.create_server(("::", port), family=socket.AF_INET6, backlog=4096,
                                      dualstack_ipv6=True)
        server.settimeout(5)
        return server

    def ask(self, c, seq=None, tsval=None):
        """The row of the bucket of a connection, with the SYN judged."""
        pack = {4: socket.inet_aton, 6: lambda x: socket.inet_pton(socket.AF_INET6, x)}[c.family]
        terms = [{"remote": pack(Tun.PEER[c.family])},
                 {"remote-port-min": c.port, "remote-port-max": c.port}]
        request = {"filter": [{"term": terms}], "explain": True}
        if seq is not None:
            request["syn"] = {"seq": seq}
            if tsval is not None:
                request["syn"]["tsval"] = tsval
        rows = self.ynl.dump("bucket-get", request)
        return rows[0] if rows else None


class Trials:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.tun, self.host = Tun(), Host()
        self.port = 10000
        self.seen = collections.Counter()
        self.kinds = collections.Counter()
        self.wrong, self.boundary, self.n, self.no_bucket = [], 0, 0, 0

    def bucket(self):
        """A connection that the host closed, in TIME_WAIT or FIN_WAIT2."""
        rng = self.rng
        self.port += 1
        family = rng.choice((4, 6))
        fin = rng.random() < 0.75
        # Near the wrap of both clocks, too. A TSval of 0 is one that PAWS never refuses.
        seq = rng.choice((rng.randrange(1 << 32), MASK - rng.randrange(3), rng.randrange(3)))
        tsval = rng.choice((None, rng.randrange(1 << 32), MASK, 0, 1))
        self.set("tcp_timestamps", rng.choice((1, 1, 1, 0)))
        server = self.host.listeners[SERVER_PORT]
        c = Connection(self.tun, family, self.port, SERVER_PORT, seq, tsval)
        c.open()
        accepted, _ = server.accept()
        accepted.close()
        c.close(fin)
        kind = "time-wait" if fin else "fin-wait2"
        for _ in range(100):
            row = self.host.ask(c)
            if row and row["substate"] == kind:
                self.leftovers(c)
                return c, row
            time.sleep(0.005)
        return c, None

    def choose(self, row):
        """A SYN: most of them right at a threshold."""
        rng = self.rng
        rcv_nxt, wnd = row["rcv-nxt"], row["rcv-wnd"]
        seq = rng.choice((rcv_nxt + rng.randrange(-2, 4), rcv_nxt + wnd + rng.randrange(-2, 3),
                          rcv_nxt + (1 << 31) + rng.randrange(-2, 3), rng.randrange(1 << 32))) & MASK
        ts = row.get("ts-recent", rng.randrange(1 << 32))
        tsval = rng.choice((None, ts + rng.randrange(-2, 3), ts + (1 << 31) + rng.randrange(-2, 3),
                            rng.randrange(1 << 32)))
        return seq, None if tsval is None else tsval & MASK

    @staticmethod
    def set(name, value):
        with open(f"/proc/sys/net/ipv4/{name}", "w") as f:
            f.write(str(value))

    def leftovers(self, c):
        """What came for a connection that nobody waited for."""
        n = 0
        while (segment := self.tun.receive(0)):
            n += segment["peer_port"] == c.port
        return n

    def reply(self, c, seq, timeout):
        """What the host sends back: SYN-ACK, ACK, RST or nothing."""
        end = time.monotonic() + timeout
        while True:
            segment = self.tun.receive(end - time.monotonic())
            if not segment:
                return "nothing"
            if segment["peer_port"] != c.port:
                continue
            if segment["flags"] & RST:
                return "RST"
            if segment["flags"] & SYN:
                # End what we began, or the host would repeat itself.
                self.tun.send(c.family, c.port, SERVER_PORT, seq + 1, 0, RST)
                return "SYN-ACK"
            return "ACK"

    def one(self, c, row, listening):
        """One SYN; False when the bucket is gone after it."""
        rng = self.rng
        self.set("tcp_timestamps", rng.choice((1, 1, 0)))
        seq, tsval = self.choose(row)
        begin = time.monotonic()
        predicted = self.host.ask(c, seq, tsval)
        if not predicted:
            return False
        verdict, limited_ms = predicted["syn-verdict"], predicted.get("answer-in-ms", 0)
        wanted = REPLY[verdict]
        if verdict == "accept" and not listening:
            wanted = "ACK"  # which is not limited in rate
        late = self.leftovers(c)
        paws_before = self.paws()
        self.tun.send(c.family, c.port, SERVER_PORT, seq, 0, SYN, tsval)
        got = self.reply(c, seq, 0.03 if wanted == "nothing" else 2)
        took_ms = (time.monotonic() - begin) * 1000
        self.n += 1
        self.seen[verdict] += 1
        self.kinds[(row["substate"], tsval is not None, "ts-recent" in row, listening)] += 1
        if verdict == "drop" and got == "ACK" and limited_ms <= took_ms + 20:
            self.boundary += 1
            return True
        counted = self.paws() - paws_before
        paws = verdict == "paws-reject" and row["substate"] == "time-wait"
        if late or got != wanted or (verdict != "drop" and counted != paws):
            self.wrong.append(f"trial {self.n}: {late} left over; said {verdict}, so {wanted} and {int(paws)} PAWS; got "
                              f"{got} and {counted}; seq {seq} tsval {tsval} {predicted}")
        return verdict != "reset" and not (verdict == "accept" and listening)

    @staticmethod
    def paws():
        counters = netstat()
        return sum(counters.get(name, 0) for name in PAWS_COUNTERS)

    def unseen(self):
        """Judgements, and pairs of what makes a kind, that did not occur so far."""
        pairs = {(i, a, j, b) for i, j in itertools.combinations(range(4), 2)
                 for a in CHOICES[i] for b in CHOICES[j]}
        seen = {(i, kind[i], j, kind[j]) for kind in self.kinds
                for i, j in itertools.combinations(range(4), 2)}
        return set(REPLY) - set(self.seen), pairs - seen

    def run(self, trials):
        """Of few trials chance may leave out what shall occur: then there are more."""
        while self.n < trials or (any(self.unseen()) and self.n < PATIENCE * trials):
            c, row = self.bucket()
            if not row:
                self.no_bucket += 1
                ok(self.no_bucket < 5, "buckets can be made", f"port {c.port}")
                if self.no_bucket >= 5:
                    return
                continue
            listening = self.rng.random() < 0.8
            if not listening:
                self.host.listeners.pop(SERVER_PORT).close()
            # Not limited, limited, and limited for less than a pause between two SYNs.
            self.set("tcp_invalid_ratelimit", self.rng.choice((0, 500, 100)))
            for _ in range(self.rng.choice((1, 1, 2, 4))):
                if not self.one(c, row, listening):
                    break
                if self.rng.random() < 0.3:
                    time.sleep(self.rng.random() / 5)
            if not listening:
                self.host.listeners[SERVER_PORT] = self.host.listen(SERVER_PORT)


def main():
    note(f"the same again: TWSCOPE_SEED={SEED} TWSCOPE_TRIALS={TRIALS}")
    # The peer's port is never one of the host's own, and SYN cookies play no part.
    sysctl("net.ipv4.tcp_syncookies", 0)
    sysctl("net.core.somaxconn", 4096)
    sysctl("net.ipv4.tcp_max_syn_backlog", 4096)
    sysctl("net.ipv4.tcp_max_tw_buckets", 100000)
    trials = Trials(SEED)
    begin = time.monotonic()
    trials.run(TRIALS)
    note(f"{trials.n} SYNs in {time.monotonic() - begin:.1f} s: "
         + ", ".join(f"{k} {v}" for k, v in sorted(trials.seen.items()))
         + f"; {trials.boundary} at the boundary")
    equal(trials.wrong, [], f"{trials.n} SYNs met what the module said they would")
    ok(trials.boundary * 20 < trials.n, "fewer than 5 % at the boundary", trials.boundary)
    equal(set(trials.seen), set(REPLY), "each judgement occurred")
    equal(trials.unseen()[1], set(), "each pair of substate, SYN and bucket with and without timestamp, "
          "listener or none occurred")
    done()


main()
