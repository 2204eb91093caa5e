#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A row per bucket, each field against what can be known of it otherwise."""

import os
import socket
import struct
import time

from tap import (FinWait2, done, equal, kernel, key, make_buckets, must, ok, ss, sysctl, twctl)

ETH_P_ALL = 3


def rows_are_the_buckets():
    made = make_buckets("-n", 200)
    made |= make_buckets("-n", 60, "-r", "::1", "-p", 8001)
    made |= make_buckets("-n", 40, "-r", "::ffff:127.0.0.1", "-p", 8002)
    made |= make_buckets("-n", 20, "-r", "127.1.2.3", "-l", "127.9.8.7", "-p", 443)
    with FinWait2(30, "-p", 8003) as fin_wait2:
        rows = twctl("list")
        keys = [key(r) for r in rows]
        equal(len(keys), len(set(keys)), "no bucket twice")
        equal(set(keys), made | fin_wait2.tuples, "the rows are the buckets that were made")
        equal({key(r) for r in rows if r["substate"] == "time-wait"}, ss("time-wait"),
              "those in time-wait are those of ss")
        equal({key(r) for r in rows if r["substate"] == "fin-wait2"}, ss("fin-wait-2"),
              "those in fin-wait2 are those of ss")
        equal({r["netns"] for r in rows}, {os.stat("/proc/self/ns/net").st_ino}, "all in our netns")


def one(port, *args):
    """The row of one bucket, and when it was made."""
    begin = time.monotonic()
    make_buckets("-n", 1, "-p", port, *args)
    rows = twctl("list", "dport", "=", f":{port}")
    if not equal(len(rows), 1, f"one bucket to port {port}"):
        done()
    return rows[0], time.monotonic() - begin


def segments(sniffer):
    """TCP segments on lo as (source port, seq, ack, flags, tsval)."""
    seen = []
    while True:
        try:
            packet = sniffer.recv(65535)[14:]
        except BlockingIOError:
            return seen
        if packet[0] >> 4 != 4 or packet[9] != socket.IPPROTO_TCP:
            continue
        tcp = packet[(packet[0] & 15) * 4:]
        sport, _, seq, ack, _, flags = struct.unpack("!HHIIBB", tcp[:14])
        options, tsval = tcp[20:(tcp[12] >> 4) * 4], None
        while options and options[0]:
            if options[0] == 8:
                tsval = struct.unpack("!I", options[2:6])[0]
            options = options[1 if options[0] == 1 else options[1]:]
        seen.append((sport, seq, ack, flags, tsval))


def fields():
    sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    sniffer.bind(("lo", 0))
    sniffer.setblocking(False)
    row, took = one(8100)
    last = [s for s in segments(sniffer) if s[0] == row["local_port"]][-1]
    equal((row["snd_nxt"], row["rcv_nxt"]), (last[1], last[2]),
          "snd-nxt and rcv-nxt are those of the last ACK on the wire")
    equal((row["mark"], row["ifindex"]), (0, 0), "no mark, no device")
    ok(60 - took - 1 <= row["remaining_ms"] / 1000 <= 60.1, "remaining-ms counts down from 60 s",
       f"{row['remaining_ms']} ms after {took:.3f} s")
    ok(row["ts_recent_age_s"] <= took + 1, "ts-recent-age-s", row)

    if kernel() >= (6, 18):
        ok(row["age_ms"] / 1000 <= took, "age-ms is no more than the time since it was made",
           f"{row['age_ms']} ms, {took:.3f} s")
    else:
        ok("age_ms" not in row, "age-ms is left out: this kernel keeps no stamp of entry", row)

    time.sleep(1)
    later = twctl("list", "dport", "=", ":8100")[0]
    passed = row["remaining_ms"] - later["remaining_ms"]
    ok(900 <= passed <= 10000, "remaining-ms goes down", f"{passed} ms in a second")

    row, _ = one(8101, "-m", "0x2a", "-d", "lo")
    equal((row["mark"], row["ifindex"]), (42, socket.if_nametoindex("lo")), "mark and ifindex")

    sysctl("net.ipv4.tcp_timestamps", 0)
    row, _ = one(8102)
    sysctl("net.ipv4.tcp_timestamps", 1)
    ok("ts_recent" not in row and "ts_recent_age_s" not in row,
       "ts-recent is left out where the connection had no timestamps", row)


def ts_recent():
    sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    sniffer.bind(("lo", 0))
    sniffer.setblocking(False)
    row, _ = one(8103)
    peer = [s for s in segments(sniffer) if s[0] == 8103]
    equal(row["ts_recent"], peer[-1][4], "ts-recent is the TSval of the peer's last segment")


def text():
    """What people read has a row for each too."""
    total = len(twctl("list"))
    for _ in range(10):
        before, lines, bare = total, must("twctl", "list").splitlines(), must("twctl", "-H", "list").splitlines()
        # On a slow guest the first ones end meanwhile.
        total = len(twctl("list"))
        if total == before:
            break
    equal(len(lines), total + 1, "text: a heading and a row for each")
    equal(len(bare), total, "text: -H leaves the heading out")


sysctl("net.ipv4.tcp_tw_reuse", 0)
sysctl("net.ipv4.tcp_max_tw_buckets", 100000)
rows_are_the_buckets()
fields()
ts_recent()
text()
done()
