#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What the host sends and what its timers show are the same without the module, with it, observing.

A peer in user space sends a fixed scene of segments at buckets. What the host sends is kept whole,
byte for byte, but for what is random or of the moment: sequence numbers are made relative to the
connection's first, timestamps, the IP id and the flow label left out, checksums checked. Of each
timer it is found from which moment on it counts.
"""

import collections
import os
import select
import struct
import time

from deeds import Peer, Unseen
from peer import ACK, FIN, MASK, RST, SYN, checksum
from tap import (done, enter_netns, equal, must, new_netns, note, ok, own_netns, setting,
                 sysctl)
from witness import Observer

TSVAL, TSECR = 1000, 7
KINDS = ("IPv4", "IPv6", "IPv4-mapped")
TIMEWAIT, TICK = 60, 0.01
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
        self.kept, self.first = [], {}

    def receive(self, timeout):
        if not select.select([self.tun.fd], [], [], max(timeout, 0))[0]:
            return None
        data = os.read(self.tun.fd, 65535)
        segment = self.tun.parse(data)
        if segment:
            self.kept.append(self.plain(data, segment))
        return segment

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
        name = segment["family"], segment["peer_port"], segment["local_port"]
        if segment["flags"] & SYN:
            self.first[name] = segment["seq"]
        # An RST that answers a segment without ACK has none.
        if segment["seq"]:
            tcp[4:8] = struct.pack("!I", (segment["seq"] - self.first[name]) & MASK)
        tcp[16:18] = bytes(2)
        if segment["tsval"] is not None:
            at = bytes(tcp).index(struct.pack("!BBI", 8, 10, segment["tsval"]), 20)
            tcp[at + 2:at + 6] = bytes(4)
        return bytes(ip), bytes(tcp), correct

    def taken(self):
        """What has come; with no time to wait, as the host answers before the write is done."""
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


Moment = collections.namedtuple("Moment", "name begin end")


def counts_from(c, moments):
    """From which of the moments on the timer counts its minute."""
    before = time.monotonic()
    rest = left(c)
    after = time.monotonic()
    if rest is None:
        return "gone"
    for moment in reversed(moments):
        if before - moment.end - 3 * TICK <= TIMEWAIT - rest <= after - moment.begin + 3 * TICK:
            return moment.name
    return f"{rest} s left, {[(m.name, round(after - m.begin, 3)) for m in moments]}"


def each_alone(capture):
    """Each segment at a bucket of its own, which is half a second old by then."""
    buckets = []
    for kind in KINDS:
        for fin, segments in ((True, IN_TIME_WAIT), (False, IN_FIN_WAIT2)):
            for segment in segments:
                begin = time.monotonic()
                c = capture.bucket(kind, fin=fin, tsval=TSVAL)
                buckets.append((c, segment, Moment("made", begin, time.monotonic())))
    packets, timers = [("made", capture.taken())], []
    time.sleep(0.5)
    for c, segment, made in buckets:
        begin = time.monotonic()
        capture.put(c, segment)
        moments = made, Moment("segment", begin, time.monotonic())
        packets.append((segment, capture.taken()))
        timers.append((c.fin, segment, counts_from(c, moments)))
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
                    begin = time.monotonic()
                    c = capture.bucket(kind, fin=fin, tsval=TSVAL)
                    for segment in segments:
                        capture.put(c, segment)
                        packets.append((limit, rfc1337, segment, capture.taken()))
                        if segment[0] == SYN:
                            capture.abort(c, segment[1])
                    timers.append(counts_from(c, [Moment("made", begin, time.monotonic())]))
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


def different(a, b):
    return "\n".join(f"{x}\n{y}" for x, y in zip(a, b) if x != y)


def main():
    sysctl("net.ipv4.tcp_syncookies", 0)
    must("rmmod", "twscope")
    seen = {"without the module": scene()}
    must("modprobe", "twscope")
    seen["with the module, off"] = scene()
    o = Observer()
    o.on()
    before = o.all_stats()[0]
    seen["observing"] = scene()
    packets, timers, _ = seen["without the module"]
    sent = len(packets) - 2
    for _ in range(100):
        segments = o.all_stats()[0]["segments"] - before["segments"]
        if segments >= sent:
            break
        time.sleep(0.1)
    o.off()

    answers = [p for row in packets for p in row[-1]]
    note(f"{sent} segments at buckets, {len(answers)} packets of the host, {len(timers)} timers, of "
         f"which {sum(t[-1] == 'segment' for t in timers)} begin anew and "
         f"{sum(t[-1] == 'gone' for t in timers)} are gone")
    ok(all(p[2] for p in answers), "checksums are right")
    equal({t[-1] for t in timers}, {"made", "segment", "gone"}, "timers count from what was done")
    ok(segments >= sent, f"{segments} segments were observed", sent)
    for name in ("with the module, off", "observing"):
        equal(len(seen[name][0]), len(packets), f"{name}: as many answers")
        for i, what in enumerate(("packets", "timers of a segment each", "timers of many")):
            ok(seen[name][i] == seen["without the module"][i],
               f"{name}: {what} as without the module",
               different(seen["without the module"][i], seen[name][i]))
    done()


main()
