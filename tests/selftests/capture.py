#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What the host sends and what its timers show are the same without the module, with it, observing.

A peer in user space sends a fixed scene of segments at buckets. What the host sends is kept whole,
byte for byte, but for what is random or of the moment: sequence numbers are made relative to the
connection's first, timestamps, the IP id and the flow label left out, checksums checked. Of each
timer it is found from which moment on it counts.

How busy the machine is must not show: what is repeated because the peer was slow is left out, all
that the host has to say is waited for, and timers are told by the clock that they go by. That the
scene is the same twice without the module is part of the test.
"""

import os
import select
import struct
import time

from deeds import Peer, Unseen
from peer import ACK, FIN, MASK, RST, SYN, checksum
from scene import coarse_seconds
from tap import (done, enter_netns, equal, must, new_netns, note, ok, own_netns, setting,
                 sysctl)
from witness import Observer

TSVAL, TSECR = 1000, 7
KINDS = ("IPv4", "IPv6", "IPv4-mapped")
TIMEWAIT = 60
# Of the file; what a timer may seem to be off; how old a bucket is that meets a segment, which is
# far more, so that no timer can be taken for another.
TICK, OFF, AGE = 0.01, 0.1, 0.5
# A SYN that a bucket lets in is answered with a first number this far from the connection's own,
# which sent a SYN and a FIN (kernels up to 6.1 forget it, though); what stands for any other.
FOLLOWING, ANOTHER = 65537 + 2, MASK
# Here nobody listens, nor does any bucket wait.
NOBODYS_PORT = 9
# Flags, distance from rcv_nxt and from the bucket's TSval (None: no timestamp), payload.
IN_TIME_WAIT = (
    (ACK, 0, 0, b""), (ACK, 0, None, b""), (SYN, -5, 0, b""), (SYN, -5, -1, b""),
    (SYN, 5, -1, b""), (ACK, -9, 0, b"old"), (ACK | FIN, -1, 0, b""), (0, -9, 0, b""),
    (ACK, 0, -1, b""), (RST, 1, 0, b""), (RST, 0, -1, b""), (ACK, 70000, 0, b"beyond"),
    (SYN | ACK, 3, 0, b""), (ACK, 1 << 31, 0, b""), (SYN, 5, 0, b""), (SYN, -5, 1, b""),
    (SYN, 1, None, b""), (RST, 0, 0, b""))
IN_FIN_WAIT2 = (
    (ACK, 0, 0, b""), (0, 0, 0, b"?"), (ACK, -9, 0, b""), (RST, -9, 0, b""), (SYN, -9, 0, b""),
    (ACK, 0, -1, b""), (FIN | ACK, 0, -1, b""), (FIN | ACK, 0, 0, b""), (ACK, 0, 0, b"more"),
    (SYN, 5, 0, b""), (RST, 7, 0, b""), (ACK | FIN, 0, 0, b"more"))


class Capture(Peer):
    """The wire, of which all is kept that passes."""

    def __init__(self):
        super().__init__(Unseen())
        self.tun.receive = self.receive
        self.kept, self.firsts, self.sent_once, self.fences = [], {}, set(), 0

    def receive(self, timeout):
        if not select.select([self.tun.fd], [], [], max(timeout, 0))[0]:
            return None
        data = os.read(self.tun.fd, 65535)
        segment = self.tun.parse(data)
        if segment and segment["local_port"] != NOBODYS_PORT and not self.is_repeated(segment):
            self.kept.append(self.plain(data, segment))
        return segment

    def is_repeated(self, segment):
        """A SYN-ACK or a FIN comes again when the peer is slow; a bucket sends neither."""
        if not segment["flags"] & (SYN | FIN):
            return False
        key = tuple(segment[k] for k in ("family", "peer_port", "local_port", "flags", "seq"))
        again = key in self.sent_once
        self.sent_once.add(key)
        return again

    def relative(self, segment):
        """A sequence number without what is random."""
        firsts = self.firsts.setdefault(
            (segment["family"], segment["peer_port"], segment["local_port"]), [])
        seq, flags = segment["seq"], segment["flags"]
        if flags & SYN:
            firsts.append(seq)
            if len(firsts) == 1:
                return 0
            return FOLLOWING if (seq - firsts[0]) & MASK == FOLLOWING else ANOTHER
        if flags & RST:
            # It repeats what the peer acknowledged, of its first connection. One that answers a
            # segment without ACK has none.
            return 0 if flags & ACK and not seq else (seq - firsts[0]) & MASK
        return (seq - firsts[-1]) & MASK

    def plain(self, data, segment):
        """The packet as it is, but for what no two connections have alike."""
        size = 40 if segment["family"] == 6 else (data[0] & 15) * 4
        ip, tcp = bytearray(data[:size]), bytearray(data[size:])
        pseudo = bytes(ip[8:40] if size == 40 else ip[12:20])
        pseudo += struct.pack("!II", len(tcp), 6)
        correct = checksum(pseudo + bytes(tcp)) == 0
        if size == 40:
            ip[1:4] = bytes((ip[1] & 0xF0, 0, 0))
        else:
            correct &= checksum(bytes(ip)) == 0
            ip[4:6] = ip[10:12] = bytes(2)
        tcp[4:8] = struct.pack("!I", self.relative(segment))
        tcp[16:18] = bytes(2)
        if segment["tsval"] is not None:
            at = bytes(tcp).index(struct.pack("!BBI", 8, 10, segment["tsval"]), 20)
            tcp[at + 2:at + 6] = bytes(4)
        return bytes(ip).hex(), bytes(tcp).hex(), correct

    def drain(self):
        """What is sent now is answered last, as this process stays on one processor.

        The kernel may leave segments to a thread of its own, so that an answer comes after the
        write that asked for it has returned.
        """
        self.fences = (self.fences + 1) & MASK
        self.tun.send(4, NOBODYS_PORT, NOBODYS_PORT, 0, self.fences, ACK)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            segment = self.receive(end - time.monotonic())
            if segment and segment["local_port"] == NOBODYS_PORT and \
                    segment["seq"] == self.fences:
                return
        raise RuntimeError("the host does not answer any more")

    def taken(self):
        """All that has come."""
        self.drain()
        kept, self.kept = self.kept, []
        return kept

    def put(self, c, segment):
        flags, seq, tsval, payload = segment
        self.tun.send(c.family, c.port, c.server_port, c.seq + seq, c.ack, flags,
                      None if tsval is None else TSVAL + tsval, TSECR, payload)


def left(c):
    """Seconds on the timer of a bucket as /proc/net/tcp has it, None when there is none."""
    ports = f":{c.server_port:04X}", f":{c.port:04X}"
    for path in "/proc/net/tcp", "/proc/net/tcp6":
        with open(path) as f:
            for line in f:
                words = line.split()
                if words[1][-5:] == ports[0] and words[2][-5:] == ports[1] and \
                        words[3] in ("06", "05") and words[5].startswith("03:"):
                    return int(words[5][3:], 16) * TICK
    return None


class Doing:
    """A moment, from its begin to its end, by the clock that goes on when jiffies do."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        self.begin = coarse_seconds()
        return self

    def __exit__(self, *_):
        self.end = coarse_seconds()


def is_in(c):
    """Seconds on the timer, and the moment that they are of; read until that is short enough."""
    for _ in range(1000):
        with Doing("reading") as reading:
            rest = left(c)
        if reading.end - reading.begin < OFF:
            break
    return rest, reading


def counts_from(c, moments):
    """From which of the moments on the timer counts its minute."""
    rest, reading = is_in(c)
    if rest is None:
        return "gone"
    begin = reading.begin + rest - TIMEWAIT - OFF
    end = reading.end + rest - TIMEWAIT + OFF
    found = [m.name for m in moments if m.begin <= end and begin <= m.end]
    if len(found) == 1:
        return found[0]
    return f"{begin:.3f} to {end:.3f}, not one of " + \
        str([(m.name, round(m.begin, 3), round(m.end, 3)) for m in moments])


def each_alone(capture):
    """Each segment at a bucket of its own, which is half a second old by then."""
    buckets = []
    for kind in KINDS:
        for fin, segments in ((True, IN_TIME_WAIT), (False, IN_FIN_WAIT2)):
            for segment in segments:
                with Doing("made") as made:
                    c = capture.bucket(kind, fin=fin, tsval=TSVAL)
                buckets.append((c, segment, made))
    packets, timers = [("made", capture.taken())], []
    while coarse_seconds() < made.end + AGE:
        time.sleep(0.01)
    for c, segment, made in buckets:
        with Doing("segment") as sending:
            capture.put(c, segment)
            packets.append((segment, capture.taken()))
        timers.append((c.fin, segment, counts_from(c, [made, sending])))
        if segment[0] == SYN:
            capture.abort(c, segment[1])
    packets.append(("the end", capture.taken()))
    return packets, timers


def one_after_the_other(capture):
    """All at one bucket, with each setting that decides about the answer."""
    packets, timers = [], []
    for kind in KINDS:
        for limit in (0, 60000):
            setting("net.ipv4.tcp_invalid_ratelimit", limit)
            for rfc1337 in (0, 1):
                setting("net.ipv4.tcp_rfc1337", rfc1337)
                for fin, segments in ((True, IN_TIME_WAIT), (False, IN_FIN_WAIT2)):
                    with Doing("made") as made:
                        c = capture.bucket(kind, fin=fin, tsval=TSVAL)
                        for segment in segments:
                            capture.put(c, segment)
                            packets.append((limit, rfc1337, segment, capture.taken()))
                            if segment[0] == SYN:
                                capture.abort(c, segment[1])
                    timers.append(counts_from(c, [made]))
    return packets, timers


def scene():
    """In a namespace of its own, so that nothing is there before."""
    home = own_netns()
    netns = new_netns()
    must("ip", "link", "set", "lo", "up")
    capture = Capture()
    setting("net.ipv4.tcp_invalid_ratelimit", 0)
    alone = each_alone(capture)
    together = one_after_the_other(capture)
    capture.close()
    enter_netns(home)
    os.close(netns)
    os.close(home)
    return alone[0] + together[0], alone[1], together[1]


def compare(name, seen, wanted):
    """A line each; whoever reads just the line sees where the first difference is."""
    for i, what in enumerate(("packets", "timers of a segment each", "timers of many")):
        rows = [(n, a, b) for n, (a, b) in enumerate(zip(seen[i], wanted[i])) if a != b]
        text = f"{name}: {what} as without the module"
        if len(seen[i]) != len(wanted[i]):
            text += f"; WRONG: {len(seen[i])}, not {len(wanted[i])}"
        elif rows:
            text += f"; WRONG: {len(rows)} of {len(wanted[i])}, the first is {rows[0][0]}"
        ok(seen[i] == wanted[i], text,
           "\n".join(f"{n}\n seen   {a}\n wanted {b}" for n, a, b in rows[:6]))


def main():
    os.sched_setaffinity(0, {0})
    sysctl("net.ipv4.tcp_syncookies", 0)
    must("rmmod", "twscope")
    absent = scene()
    seen = {"once more": scene()}
    must("modprobe", "twscope")
    seen["with the module, off"] = scene()
    o = Observer()
    o.on()
    before = o.all_stats()[0]
    seen["observing"] = scene()
    packets, timers, _ = absent
    # Each leads to a bucket in either part but where one before it ended that.
    sent = len(packets) - 2
    for _ in range(600):
        segments = o.all_stats()[0]["segments"] - before["segments"]
        if segments >= sent:
            break
        time.sleep(0.1)
    o.off()

    answers = [p for row in packets for p in row[-1]]
    note(f"{sent} segments at buckets, {len(answers)} packets of the host, {len(timers)} timers, "
         f"of which {sum(t[-1] == 'segment' for t in timers)} begin anew and "
         f"{sum(t[-1] == 'gone' for t in timers)} are gone")
    ok(all(p[2] for p in answers), "checksums are right")
    equal({t[-1] for t in timers}, {"made", "segment", "gone"}, "timers count from what was done")
    ok(segments >= sent, f"{segments} segments were observed", sent)
    for name, what in seen.items():
        compare(name, what, absent)
    done()


main()
