# SPDX-License-Identifier: GPL-2.0
"""What the module says it observed, by its three ways of telling, to be compared with what was done.

Counters (stats-get), events (event-get, followed by cursor) and tracepoints are compared with
all that a test says it did since the last comparison: no more, no less.
"""

import collections
import copy
import ipaddress
import os
import re
import socket
import struct
import sys
import time

from tap import SOL_NETLINK, ok, ynl_client, ynl_socket

NETLINK_ADD_MEMBERSHIP = 1
NO_GROUP = "this kernel has no group: it can't ask who may hear"
REGISTERED = ("/sys/kernel/tracing/enabled_functions", "/sys/kernel/debug/kprobes/list")
KMEMLEAK = "/sys/kernel/debug/kmemleak"
INSTANCE = "/sys/kernel/tracing/instances/twscope"
SOURCES = ("before", "created-time-wait", "created-fin-wait2", "overflow", "out-of-memory",
           "restarted", "segments", "answered", "segment-mismatch", "verdict-mismatch",
           "verdict-boundary", "missed")
_parsed = []
# Decisions on segments; unknown is one of them, too.
ON_SEGMENTS = ("unknown", "syn-sequence", "syn-timestamp", "paws-reject", "challenge-ack",
               "old-duplicate", "rate-limited", "fin", "ack", "rst", "rst-ignored", "reset",
               "ignored")
ANSWERED = ("paws-reject", "challenge-ack", "old-duplicate")
LINE = re.compile(r": twscope_(?P<type>\w+): netns=(?P<netns>\d+) family=(?P<family>\w+) "
                  r"sport=(?P<sport>\d+) dport=(?P<dport>\d+) saddrv6=(?P<saddr>\S+) "
                  r"daddrv6=(?P<daddr>\S+) substate=(?P<substate>\S+) "
                  r"(?P<name>\w+)=(?P<reason>\S+)")

# A bucket, as it is told of.
Who = collections.namedtuple("Who", "netns family local local_port remote remote_port")
Event = collections.namedtuple("Event", "type reason substate who comm count")


def netns_inode():
    return os.stat("/proc/self/ns/net").st_ino


def address(text):
    """As the module writes it: IPv4-mapped ones are of IPv6."""
    return str(ipaddress.ip_address(text))


def family_of(text):
    return socket.AF_INET6 if ":" in text else socket.AF_INET


def who(local, local_port, remote, remote_port, netns=None):
    return Who(netns or netns_inode(), int(family_of(local)), address(local), local_port,
               address(remote), remote_port)


def new_client():
    """With a socket of its own. The spec is read once; the family's number is new after rmmod."""
    if not _parsed:
        _parsed.append(ynl_client())
        _parsed[0].sock.close()
    client = copy.copy(_parsed[0])
    sys.modules["lib.ynl"].genl_family_name_to_id = None
    client.nlproto = type(client.nlproto)(client.yaml["name"])
    client.sock, client.async_msg_queue = ynl_socket(), []
    return client


def registered():
    """What the kernel lists as hooked."""
    lists = {}
    for path in REGISTERED:
        if os.path.exists(path):
            with open(path) as f:
                lists[path] = f.read()
    return lists


def leaked():
    """What kmemleak says of the module; a leak is told only when it is seen twice."""
    for _ in range(2):
        with open(KMEMLEAK, "w") as f:
            f.write("scan")
        time.sleep(6)
    with open(KMEMLEAK) as f:
        return [line for line in f if "twscope" in line]


def has_group(client):
    """A kernel that can't be asked who may hear a message (6.1) has no multicast group."""
    return "events" in client.nlproto.genl_family.get("mcast", ())


def join(client):
    """The multicast group of the namespace of the client's socket, where there is one."""
    if not has_group(client):
        return
    if not client.sock.getsockname()[0]:
        client.sock.bind((0, 0))
    group = client.nlproto.get_mcast_id("events", client.mcast_groups)
    client.sock.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group)


def names(ynl, enum):
    return list(ynl.consts[enum].entries)


def as_numbers(value):
    if isinstance(value, (bytes, bytearray)):
        return list(struct.unpack(f"{len(value) // 8}Q", value))
    return value


class Observer:
    """The module, asked through the kernel tree's own client."""

    def __init__(self):
        self.ynl = new_client()
        self.causes, self.decisions = names(self.ynl, "cause"), names(self.ynl, "decision")

    def on(self, **options):
        self.ynl.do("observe-set", {"on": 1, **options})

    def off(self):
        self.ynl.do("observe-set", {"on": 0})

    def flat(self, stats):
        """Every counter by name."""
        counters = {name: stats[name] for name in SOURCES if name in stats}
        counters["before-unsettled"] = int("before-unsettled" in stats)
        for prefix, known in (("ended", self.causes), ("decisions", self.decisions)):
            for name, n in zip(known, as_numbers(stats[prefix])):
                counters[f"{prefix}.{name}"] = n
        return counters

    def stats(self):
        """Counters of this namespace."""
        return self.flat(self.ynl.do("stats-get", {}))

    def all_stats(self):
        """Counters by netns; those of the ended ones under 0."""
        return {s.get("netns", 0): self.flat(s) for s in self.ynl.dump("stats-get", {})}

    def present(self):
        return {s.get("netns", 0): s["present"] for s in self.ynl.dump("stats-get", {})}

    def events(self, request):
        """Events, how many are lost, and the cursor to go on with."""
        rows = self.ynl.dump("event-get", request)
        lost = sum(r.get("lost", 0) for r in rows)
        return [r for r in rows if "type" in r], lost, rows[-1]["cursor"]


def plain(row):
    """An event as it is compared."""
    at = Who(row["netns"], row["family"], address(str(row["local"])), row["local-port"],
             address(str(row["remote"])), row["remote-port"])
    return Event(row["type"], row.get("decision", row.get("cause")), row["substate"], at,
                 row.get("comm"), row["count"])


class Trace:
    """The tracepoints, in a buffer of their own."""

    def __enter__(self):
        if not os.path.isdir("/sys/kernel/tracing/events"):
            raise RuntimeError("no tracefs")
        os.makedirs(INSTANCE, exist_ok=True)
        self.switch(True)
        return self

    def __exit__(self, *_):
        self.switch(False)
        os.rmdir(INSTANCE)

    @staticmethod
    def switch(on):
        with open(f"{INSTANCE}/events/twscope/enable", "w") as f:
            f.write(str(int(on)))

    @staticmethod
    def read():
        """What is there, which then is there no more."""
        with open(f"{INSTANCE}/trace") as f:
            lines = f.readlines()
        with open(f"{INSTANCE}/trace", "w") as f:
            f.write("")
        found = []
        for line in lines:
            m = LINE.search(line)
            if m:
                family = {"AF_INET": socket.AF_INET, "AF_INET6": socket.AF_INET6}[m["family"]]
                ends = [ipaddress.ip_address(m[name]) for name in ("saddr", "daddr")]
                if family == socket.AF_INET:
                    ends = [end.ipv4_mapped for end in ends]
                at = Who(int(m["netns"]), int(family), str(ends[0]), int(m["sport"]),
                         str(ends[1]), int(m["dport"]))
                reason = None if m["type"] == "created" else m["reason"]
                found.append(Event(m["type"], reason, m["substate"], at, None, 1))
            elif "twscope_" in line:
                found.append(line)
        return found


class Witness(Observer):
    """What shall have happened is told to want(); check() compares with what was observed."""

    def __init__(self):
        super().__init__()
        self.on()
        self.trace = Trace().__enter__()
        self.start()

    def start(self):
        """Everything so far is forgotten."""
        self.trace.read()
        self.base = self.all_stats()
        self.cursor = self.events({"all-netns": True})[2]
        self.wanted, self.wanted_events = collections.Counter(), []

    def stop(self):
        self.trace.__exit__()
        self.off()

    def want(self, at, kind, reason, substate, comm, counters):
        """An event, and the counters that it moves, by name or by namespace and name."""
        self.wanted_events.append(Event(kind, reason, substate, at, comm, 1))
        for name in counters:
            self.wanted[name if isinstance(name, tuple) else (at.netns, name)] += 1

    def want_counter(self, netns, name, n=1):
        self.wanted[netns, name] += n

    def created(self, at, substate, comm=None):
        self.want(at, "created", None, substate, comm, [f"created-{substate}"])

    def segment(self, at, decision, substate="time-wait", restarted=False, comm=None):
        self.want(at, "decision", decision, substate, comm,
                  ["segments", f"decisions.{decision}"] + ["restarted"] * restarted +
                  ["answered"] * (decision in ANSWERED))

    def connect(self, at, decision, substate="time-wait", comm="python3"):
        self.want(at, "decision", decision, substate, comm, [f"decisions.{decision}"])

    def ended(self, at, cause, substate="time-wait", comm=None, netns=None):
        self.want(at, "ended", cause, substate, comm,
                  [(at.netns if netns is None else netns, f"ended.{cause}")])

    def moved(self, now):
        """The counters that moved, and by how much."""
        return {(netns, name): n - self.base.get(netns, {}).get(name, 0)
                for netns, counters in now.items() for name, n in counters.items()
                if n != self.base.get(netns, {}).get(name, 0)}

    def check(self, what, timeout=3, ordered=True):
        """Waits for what is wanted, then says whether it is all, and all there is."""
        end = time.monotonic() + timeout
        events = []
        while True:
            now = self.all_stats()
            moved = self.moved(now)
            rows, lost, self.cursor = self.events({"cursor": self.cursor, "all-netns": True})
            events += [self.named(plain(r)) for r in rows]
            if moved == self.wanted and len(events) >= len(self.wanted_events):
                break
            if time.monotonic() > end:
                break
            time.sleep(0.01)
        wanted = collections.Counter(self.wanted_events)
        seen = collections.Counter(events)
        wrong = []
        for name in sorted(set(moved) | set(self.wanted), key=str):
            if moved.get(name, 0) != self.wanted[name]:
                wrong.append(f"counter {name}: {moved.get(name, 0)}, not {self.wanted[name]}")
        wrong += [f"no event {e}" for e in (wanted - seen).elements()]
        wrong += [f"event that is not to be {e}" for e in (seen - wanted).elements()]
        if ordered and not wrong and [e[:4] for e in events] != [e[:4] for e in self.wanted_events]:
            wrong.append(f"events in another order: {events}")
        if lost:
            wrong.append(f"{lost} events lost")
        traces = collections.Counter(self.trace.read())
        lines = collections.Counter(e._replace(comm=None) for e in self.wanted_events)
        wrong += [f"no tracepoint {e}" for e in (lines - traces).elements()]
        wrong += [f"tracepoint that is not to be {e}" for e in (traces - lines).elements()]
        self.base = now
        self.wanted, self.wanted_events = collections.Counter(), []
        return ok(not wrong, what, "\n".join(map(str, wrong)))

    @staticmethod
    def named(event):
        """A kworker has its number in its name."""
        if event.comm and event.comm.startswith("kworker"):
            return event._replace(comm="kworker")
        return event
