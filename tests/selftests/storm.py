#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""storm.py SECONDS [SEED]: everything at once, and the laws hold all the same.

Storms of connections in several namespaces, and meanwhile: the module in and out, observing on
and off, dumps of all kinds, namespaces that come and go with buckets in them, sysctls that
change, processors that go off and on. Again and again all of it comes to rest: then no bucket
may be lost in the counting. The harness looks at the kernel's log afterwards.
"""

import collections
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

from deeds import Local, Unseen
from module import leaks, load, nothing_left, until_removed
from places import ADDRESSES, check, make_places, netstats
from tap import (done, enter_netns, equal, kernel, new_netns, note, own_netns, run, setting,
                 sysctl, twctl)
from witness import Observer, join, new_client, registered

SECONDS = int(sys.argv[1]) if len(sys.argv) > 1 else 60
SEED = int("".join(sys.argv[2:]) or random.SystemRandom().randrange(1 << 32))
DEBUGFS = "/sys/kernel/debug/twscope"
OWN_EHASH = "net.ipv4.tcp_child_ehash_entries"
READS = [
    ("twctl", "-A", "-n", "list"), ("twctl", "-A", "-j", "list", "verdict", "=", "reusable"),
    ("twctl", "-A", "summary"), ("twctl", "-A", "-n", "group", "netns,remote,local-port", "--ports"),
    ("twctl", "-n", "pressure"), ("twctl", "-A", "stats"), ("twctl", "whatif", "tcp_tw_reuse=1"),
    ("twctl", "-n", "ports", "--to", "127.0.0.1:7000"), ("twctl", "monitor", "--last", "1s"),
    ("sh", "-c", f"cat {DEBUGFS}/* >/dev/null"), ("ss", "-tanH"),
]
# What twctl says of an answer that does not add up.
LIES = ("add up to", "verdict-mismatch")


class Actor:
    """A process that does one of its deeds after the other until it is told to stop."""

    def __init__(self, name, rng, deed):
        self.name, self.file = name, tempfile.TemporaryFile("w+")
        seed = rng.randrange(1 << 32)
        self.pid = os.fork()
        if not self.pid:
            status = 1
            try:
                self.act(random.Random(seed), deed)
                status = 0
            finally:
                os._exit(status)

    def act(self, rng, deed):
        stopped = []
        signal.signal(signal.SIGTERM, lambda *_: stopped.append(1))
        counts, wrong = collections.Counter(), []
        while not stopped and len(wrong) < 3:
            try:
                counts[deed(rng)] += 1
            except Exception as error:  # pylint: disable=broad-except
                wrong.append(f"{self.name}: {type(error).__name__}: {error}")
        json.dump([counts, wrong], self.file)
        self.file.flush()

    def stop(self):
        """What was done, by kind, and what went wrong."""
        os.kill(self.pid, signal.SIGTERM)
        status = os.waitpid(self.pid, 0)[1]
        self.file.seek(0)
        text = self.file.read()
        self.file.close()
        if status or not text:
            return {}, [f"{self.name}: ended with status {status}"]
        return json.loads(text)


def read(rng):
    command = rng.choice(READS)
    result = run(*command, timeout=120, stdout=subprocess.PIPE if rng.random() < 0.5 else
                 subprocess.DEVNULL, stderr=subprocess.PIPE, capture_output=False)
    if result.returncode not in (0, 1):
        raise RuntimeError(f"{' '.join(command)}: status {result.returncode}: {result.stderr}")
    if any(lie in result.stderr for lie in LIES):
        raise RuntimeError(f"{' '.join(command)}: {result.stderr}")
    return "reads" if not result.returncode else "reads refused"


def half_read(rng):
    """A dump that is left in the middle, or a listener that stops reading."""
    try:
        client = new_client()
    except Exception:  # pylint: disable=broad-except
        return "no family to ask"
    with contextlib.closing(client.sock):
        with contextlib.suppress(OSError):
            if rng.random() < 0.5:
                join(client)
            request = client._encode_message(  # pylint: disable=protected-access
                client.ops["bucket-get"], {"all-netns": True}, [0x300], 7)
            client.sock.send(request)
            client.sock.recv(4096)
            time.sleep(rng.random() / 4)
    return "dumps left"


def namespace(rng):
    """That comes, has buckets, and goes."""
    home = own_netns()
    if OWN_EHASH_IS:
        setting(OWN_EHASH, rng.choice((0, 64)))
    netns = new_netns()
    try:
        local = Local(Unseen())
        for kind in ("IPv4", "IPv6"):
            local.bucket(kind)
        local.close()
        if rng.random() < 0.3:
            run("twctl", "-n", "list")
    finally:
        enter_netns(home)
        os.close(netns)
        os.close(home)
    time.sleep(rng.random() / 5)
    return "namespaces"


def changes(places):
    def change(rng):
        with rng.choice(places), contextlib.suppress(FileNotFoundError):
            setting("net.ipv4.tcp_tw_reuse", rng.choice((0, 1, 1, 2)))
            setting("net.ipv4.tcp_timestamps", rng.choice((0, 1, 1, 1)))
            setting("net.ipv4.tcp_fin_timeout", rng.choice((1, 2, 60)))
            setting("net.ipv4.ip_local_reserved_ports", rng.choice(("", "20005", "20001-20050")))
            setting("net.ipv4.tcp_tw_reuse_delay", rng.choice((1, 50, 1000)))
        time.sleep(rng.random() / 10)
        return "settings changed"
    return change


def processor(rng):
    """Off and on again; the first one stays. All others stop for it, so not all the time."""
    time.sleep(3 * rng.random())
    path = f"/sys/devices/system/cpu/cpu{rng.randrange(1, os.cpu_count())}/online"
    for on in "01":
        with open(path, "w") as f:
            f.write(on)
        time.sleep(rng.random())
    return "processors off and on"


def all_processors():
    for number in range(1, os.sysconf("SC_NPROCESSORS_CONF")):
        with open(f"/sys/devices/system/cpu/cpu{number}/online", "w") as f:
            f.write("1")


class Weather:
    """All that goes on beside what the rounds do themselves."""

    def __init__(self, rng, places):
        for place in places:
            # With a pause between two connections, or there would be time for nothing else.
            place.storm(rng, 100000, rng.choice(ADDRESSES), "-w", "10000")
        self.places = places
        self.actors = [Actor(name, rng, deed) for name, deed in (
            ("reader", read), ("other reader", read), ("half a reader", half_read),
            ("namespaces", namespace), ("settings", changes(places)), ("processors", processor))]

    def stop(self, seen, wrong):
        for actor in self.actors:
            counts, errors = actor.stop()
            seen.update(counts)
            wrong += errors
        all_processors()
        made = [place.stop() for place in self.places]
        seen["connections"] += sum(m[0] for m in made)
        seen["connections refused"] += sum(m[1] for m in made)


def out_and_in(rng, seconds, seen):
    """The module, and the hooks, as fast as they go. Leaves it loaded, and observing off."""
    o = Observer()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for _ in range(rng.randrange(1, 4)):
            o.on(recorder=rng.choice((64, 1000, 4096)))
            seen["on"] += 1
            time.sleep(rng.random() / 4)
            if rng.random() < 0.7:
                o.off()
        until_removed()
        seen["module out"] += 1
        load(rng.random() < 0.3)
        o = Observer()
    o.off()
    return o


def found_and_counted():
    """Of all namespaces; once more where a timer ended buckets between the two."""
    for _ in range(10):
        s = twctl("-A", "summary")
        found, counted = sum(n["total"] for n in s), sum(n["kernel_count"] for n in s)
        if found == counted:
            break
    return found, counted


def main():
    note(f"the same again: TWSCOPE_SEED={SEED}")
    rng = random.Random(SEED)
    sysctl("net.ipv4.tcp_max_syn_backlog", 4096)
    before, places = registered(), make_places()
    seen, wrong = collections.Counter(), []
    # Reads the spec, which the actors then need not do.
    Observer().off()
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        weather = Weather(rng, places)
        o = out_and_in(rng, 5, seen)
        off = netstats(places)
        o.on(recorder=64)
        on = netstats(places)
        time.sleep(3)
        weather.stop(seen, wrong)
        seen["rounds"] += 1
        check(o, places, f"round {seen['rounds']}", off=off, on=on, settled=False)
        equal(*found_and_counted(), "and as many are found as the kernel counts")
        o.off()
        if wrong:
            break
    equal(wrong, [], "nobody came to grief")
    note(", ".join(f"{what} {n}" for what, n in sorted(seen.items())))
    for place in places:
        place.close()
    equal(registered(), before, "nothing is hooked")
    until_removed()
    nothing_left()
    leaks(5)
    done()


OWN_EHASH_IS = kernel() >= (6, 1)
main()
