#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Who may do what, each cell tried; and no address of the kernel, nor what lay in memory, in any answer.

isolation.py --table prints the table as docs/isolation.md has it.
"""

import collections
import errno
import json
import os
import re
import socket
import struct
import sys
import threading
import time

import leak
from deeds import Local, Unseen
from guise import USER, become_nobody, become_userns_root, error_of, in_child, lose_net_admin
from scene import make_bucket, send_fin
from tap import (SOL_NETLINK, done, enter_netns, equal, make_buckets, must, note, ok,
                 own_netns, run, skip, sysctl, ynl_socket)
from witness import (INSTANCE, NETLINK_ADD_MEMBERSHIP, NO_GROUP, Observer, Trace, has_group, join,
                     netns_inode, new_client)

WHO = (
    ("root", "root"),
    ("root elsewhere", "root, in another network namespace"),
    ("uncapped", "root without CAP_NET_ADMIN"),
    ("rootless", "root of a user namespace and its network namespace, `nobody` outside"),
    ("container", "the same, but user 0 outside"),
    ("userns", "root of a user namespace, user 0 outside, in the initial network namespace"),
    ("nobody", "`nobody`"),
    ("nobody elsewhere", "`nobody`, in another network namespace"),
)
WORDS = {
    "yes": "done, or told what is of no namespace",
    "all": "all network namespaces",
    "own": "the network namespace of the socket, with all there is to tell of it",
    "part": "the same without sequence numbers, timestamps and marks, or without segments",
    "refused": "exit code 1, on stderr what is missing, nothing on stdout",
}
# What is tried, by place and in this order; what becomes of it, in the order of WHO.
TABLE = {
    "netlink": {
        "info-get": "yes yes yes yes yes yes yes yes",
        "observe-set off": "yes yes EPERM EPERM EPERM EPERM EPERM EPERM",
        "observe-set on": "yes yes EPERM EPERM EPERM EPERM EPERM EPERM",
        "hook-get": "yes yes EPERM EPERM EPERM EPERM EPERM EPERM",
        "summary-get": "own own own own own own own own",
        "summary-get, a filter by mark": "own own EPERM own own EPERM EPERM EPERM",
        "summary-get of all": "all all EPERM EPERM EPERM EPERM EPERM EPERM",
        "bucket-get": "own own part own own part part part",
        "bucket-get, explain and policy": "own own part own own part part part",
        "bucket-get, syn": "own own EPERM own own EPERM EPERM EPERM",
        "bucket-get, a filter by mark": "own own EPERM own own EPERM EPERM EPERM",
        "bucket-get, all-netns": "all all EPERM EPERM EPERM EPERM EPERM EPERM",
        "group-get": "own own own own own own own own",
        "group-get, by mark": "own own EPERM own own EPERM EPERM EPERM",
        "group-get, a filter by mark": "own own EPERM own own EPERM EPERM EPERM",
        "group-get, all-netns": "all all EPERM EPERM EPERM EPERM EPERM EPERM",
        "port-get": "own own own own own own own own",
        "stats-get": "own own part own own part part part",
        "stats-get of all": "all all EPERM EPERM EPERM EPERM EPERM EPERM",
        "event-get": "own own EPERM own own EPERM EPERM EPERM",
        "event-get, a cursor of root's": "own own EPERM own own EPERM EPERM EPERM",
        "event-get, all-netns": "all all EPERM EPERM EPERM EPERM EPERM EPERM",
        "events": "own own EPERM own own EPERM EPERM EPERM",
        "events, NETLINK_LISTEN_ALL_NSID": "all all EPERM own own EPERM EPERM EPERM",
    },
    "debugfs": {
        "summary": "all all EPERM EACCES EPERM EPERM EACCES EACCES",
        "decisions": "all all EPERM EACCES EPERM EPERM EACCES EACCES",
        "buckets": "all all EPERM EACCES EPERM EPERM EACCES EACCES",
        "hooks": "yes yes EPERM EACCES EPERM EPERM EACCES EACCES",
        "summary, written": "EINVAL EINVAL EPERM EACCES EPERM EPERM EACCES EACCES",
        "decisions, written": "EINVAL EINVAL EPERM EACCES EPERM EPERM EACCES EACCES",
        "buckets, written": "EINVAL EINVAL EPERM EACCES EPERM EPERM EACCES EACCES",
        "hooks, written": "EINVAL EINVAL EPERM EACCES EPERM EPERM EACCES EACCES",
    },
    "tracefs": {
        "format": "yes yes yes EACCES yes yes EACCES EACCES",
        "trace": "all all all EACCES all all EACCES EACCES",
        "enable, written": "yes yes yes EACCES yes yes EACCES EACCES",
    },
    "sysfs": {
        "parameters": "yes yes yes yes yes yes yes yes",
        "parameters, written": "EACCES EACCES EACCES EACCES EACCES EACCES EACCES EACCES",
    },
    "twctl": {
        "list -A": "all all refused refused refused refused refused refused",
        "-N NAME list": "own own part refused refused refused refused refused",
        "stats -A": "all all refused refused refused refused refused refused",
        "monitor --last 60s": "own own refused own own refused refused refused",
        "monitor -A --last 60s": "all all refused refused refused refused refused refused",
        "observe on": "yes yes refused refused refused refused refused refused",
        "verify --trials 1": "yes yes refused yes yes yes refused refused",
    },
}

DEBUGFS, TRACEFS = "/sys/kernel/debug/twscope", "/sys/kernel/tracing/events/twscope"
PARAMETERS = "/sys/module/twscope/parameters"
PORT, OTHER_PORT = 8000, 7000
SECRETS = {"rcv-nxt", "snd-nxt", "ts-recent", "mark"}
SYN_NEEDS = {"syn-seq", "syn-tsval", "rcv-wnd"}
NOT_FOR_ALL = SECRETS | SYN_NEEDS | {"syn-verdict", "answer-in-ms"}
EXPLAINED = {"verdict", "bound-verdict", "whatif-verdict", "conditions-asked", "conditions-held"}
HIDDEN = {"segments", "answered", "segment-mismatch"}
LOOPBACK = socket.inet_aton("127.0.0.1")
NETLINK_LISTEN_ALL_NSID = 8
RTM_NEWNSID, NETNSA_NSID, NETNSA_FD, NLM_F_REQUEST_ACK = 88, 1, 3, 5


def table():
    """The table, and what its words mean, in markdown."""
    yield "| | " + " | ".join(name for name, _ in WHO) + " |"
    yield "|---" * (len(WHO) + 1) + "|"
    for place, rows in TABLE.items():
        for what, cells in rows.items():
            yield f"| {place}: {what} | " + " | ".join(cells.split()) + " |"
    yield ""
    yield from (f"* **{name}**: {text}" for name, text in WHO)
    yield ""
    yield from (f"* {word}: {text}" for word, text in WORDS.items())


def connection():
    """A bucket in the namespace this process is in, whose FIN is a segment that met it."""
    with socket.create_server(("127.0.0.1", OTHER_PORT)) as listener:
        client = socket.create_connection(("127.0.0.1", OTHER_PORT))
        server = listener.accept()[0]
        make_bucket(client, server)
        send_fin(server)


def number(netns):
    """Gives a namespace an nsid in this one, as whoever is root here may."""
    body = struct.pack("=B3xHHiHHI", socket.AF_UNSPEC, 8, NETNSA_NSID, -1, 8, NETNSA_FD, netns)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as sock:
        sock.send(struct.pack("=IHHII", 16 + len(body), RTM_NEWNSID, NLM_F_REQUEST_ACK, 1, 0) + body)
        error, = struct.unpack_from("=i", sock.recv(4096), 16)
    if error:
        raise OSError(-error, "RTM_NEWNSID")


class Home:
    """The process that stays root: it makes things happen in the namespaces that others are not to see."""

    def __init__(self):
        must("ip", "netns", "add", "red")
        must("ip", "-n", "red", "link", "set", "lo", "up")
        # Each is known to the other by an nsid, so that who listens to all could hear.
        must("ip", "netns", "set", "red", "auto")
        self.netns, self.red = own_netns(), os.open("/run/netns/red", os.O_RDONLY)
        enter_netns(self.red)
        number(self.netns)
        enter_netns(self.netns)
        self.inode, self.red_inode = netns_inode(), os.fstat(self.red).st_ino
        self.observer = Observer()
        self.observer.on()
        self.port, self.counts = PORT, {}
        # A line from those who have become someone else.
        self.ask, self.asked = os.pipe()
        self.reply, self.replied = os.pipe()
        threading.Thread(target=self.serve, daemon=True).start()

    def renew(self):
        """Buckets that are sure to be there for a while, told by their port from older ones."""
        self.port += 1
        self.counts = {self.inode: len(make_buckets("-n", 12, "-p", self.port)),
                       self.red_inode: len(make_buckets("-n", 7, "-p", self.port, netns="red"))}

    def serve(self):
        """Other namespaces are another thread's matter: setns() is of this thread alone."""
        while os.read(self.ask, 1):
            cursor = self.observer.events({"all-netns": True})[2]
            for netns in self.red, self.netns:
                enter_netns(netns)
                connection()
            os.write(self.replied, cursor)

    def happen(self):
        """Something in each namespace; root's cursor from before it. To be called by a child."""
        os.write(self.asked, b".")
        return os.read(self.reply, 4096)


class Asker:
    """Someone, who tries."""

    def __init__(self, home, counts, client=None, own=None):
        self.home, self.counts, self.wrong = home, counts, []
        self.own = own or netns_inode()
        self.observer = Observer()
        self.ynl = self.observer.ynl = self.listened(client or self.observer.ynl)
        self.cursor = None

    def listened(self, client):
        client.sock = leak.Ear(client.sock, self.wrong)
        return client

    def happen(self):
        cursor = self.home.happen()
        if self.own not in (self.home.inode, self.home.red_inode):
            connection()
        return cursor

    def of(self, seen, whole=True, own=None):
        """Whose these are: namespaces, or how many of each."""
        own = own or self.own
        counted = isinstance(seen, dict)
        if set(seen) == {own} and (not counted or seen[own] == self.counts[own]):
            return "own" if whole else "part"
        if whole and set(self.counts) <= set(seen) and (
                not counted or all(seen[n] == self.counts[n] for n in self.counts)):
            return "all"
        return f"{seen} of {self.counts}, {'all' if whole else 'not all'} told"

    def rows(self, rows, secrets=SECRETS, for_all=frozenset(), own=None):
        """Rows are told with all of the secrets, or with none; the rest is for everybody."""
        rows = [{name.replace("_", "-"): value for name, value in r.items()} for r in rows]
        seen = dict(collections.Counter(r["netns"] for r in rows))
        if not all(for_all <= set(r) for r in rows):
            return f"not all of {for_all} told"
        whole = all(secrets <= set(r) for r in rows)
        told = {name for r in rows for name in r} & NOT_FOR_ALL
        if told and not whole:
            return f"{told} told, but not always"
        return self.of(seen, whole, own)


def in_netlink(a):
    """Each deed by its name in the table."""
    do, dump = a.ynl.do, a.ynl.dump
    port = a.home.port
    there = {"remote-port-min": port, "remote-port-max": port}
    plain, by_mark = [{"term": [there]}], [{"term": [there, {"mark": 0}]}]

    def told(value):
        return "yes" if value else "nothing"

    def observe(on):
        do("observe-set", {"on": on})
        return "yes" if ("observing" in do("info-get", {})) == bool(on) else "not done"

    def summaries(*rows):
        return a.of({s["netns"]: s["total"] for s in rows})

    def buckets(secrets=SECRETS, for_all=frozenset(), **request):
        return a.rows(dump("bucket-get", request), secrets, for_all | {"ts-recent-age-s"})

    def groups(request):
        rows = dump("group-get", {"keys": ["netns", "remote-port"], "filter": plain,
                                  "count-ports": True, **request})
        return a.of({r["netns"]: r["count"] for r in rows if "netns" in r})

    def ports():
        r = do("port-get", {"local": LOOPBACK, "remote": LOOPBACK, "remote-port": port})
        return a.of({a.own: r["waiting"] + r["reusable"]})

    def stats():
        s = do("stats-get", {})
        flat = a.observer.flat(s)
        segments = bool(flat["decisions.fin"])
        if segments != bool(HIDDEN & set(s)) or segments != (HIDDEN <= set(s)):
            return f"{s}"
        return a.of([s["netns"]], segments)

    def events(request):
        return a.of({e["netns"] for e in a.observer.events(request)[0]})

    def listening(*options):
        client = a.listened(new_client())
        if not has_group(client):
            return "no group"
        for option in options:
            client.sock.setsockopt(SOL_NETLINK, option, 1)
        join(client)
        do("info-get", {})
        heard, end = set(), time.monotonic() + 20
        # Once more after the first time: what is of others comes in messages of its own.
        while time.monotonic() < end:
            before = len(heard)
            a.happen()
            time.sleep(0.2)
            client.check_ntf()
            heard |= {m["msg"]["netns"] for m in client.async_msg_queue if "netns" in m["msg"]}
            client.async_msg_queue.clear()
            if before:
                break
        client.sock.close()
        return a.of(heard)

    return {
        "info-get": lambda: told(do("info-get", {})),
        "observe-set off": lambda: observe(0),
        "observe-set on": lambda: observe(1),
        "hook-get": lambda: told(dump("hook-get", {})),
        "summary-get": lambda: summaries(do("summary-get", {"filter": plain})),
        "summary-get, a filter by mark": lambda: summaries(do("summary-get", {"filter": by_mark})),
        "summary-get of all": lambda: summaries(*dump("summary-get", {"filter": plain})),
        "bucket-get": lambda: buckets(filter=plain),
        "bucket-get, explain and policy": lambda: buckets(
            SECRETS | SYN_NEEDS, EXPLAINED, filter=plain, explain=True, policy={"tcp-tw-reuse": 1}),
        "bucket-get, syn": lambda: buckets(SECRETS | {"syn-verdict"}, filter=plain, syn={"seq": 1}),
        "bucket-get, a filter by mark": lambda: buckets(filter=by_mark),
        "bucket-get, all-netns": lambda: buckets(**{"filter": plain, "all-netns": True}),
        "group-get": lambda: groups({}),
        "group-get, by mark": lambda: groups({"keys": ["netns", "mark"]}),
        "group-get, a filter by mark": lambda: groups({"filter": by_mark}),
        "group-get, all-netns": lambda: groups({"all-netns": True}),
        "port-get": ports,
        "stats-get": stats,
        "stats-get of all": lambda: a.of({s["netns"] for s in dump("stats-get", {}) if "netns" in s}),
        "event-get": lambda: events({"since-ms": 60000}),
        "event-get, a cursor of root's": lambda: events({"cursor": a.cursor}),
        "event-get, all-netns": lambda: events({"all-netns": True, "since-ms": 60000}),
        "events": listening,
        "events, NETLINK_LISTEN_ALL_NSID": lambda: listening(NETLINK_LISTEN_ALL_NSID),
    }


def write(path, text):
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text)
        return "yes"
    finally:
        os.close(fd)


def in_files(a):
    """Deeds with files, by place and name."""
    def read(path, pattern=None):
        with open(path) as f:
            text = f.read()
        a.wrong += leak.in_text(text)
        if pattern is None:
            return "yes" if text.strip() else "nothing"
        return a.of({int(n) for n in re.findall(pattern, text, re.MULTILINE)})

    patterns = {"summary": r"^netns (\d+)", "decisions": r"^netns (\d+)", "buckets": r"^(\d+)\s",
                "hooks": None}
    debugfs = {}
    for name, pattern in patterns.items():
        path = f"{DEBUGFS}/{name}"
        debugfs[name] = lambda path=path, pattern=pattern: read(path, pattern)
        debugfs[f"{name}, written"] = lambda path=path: write(path, b"1")
    return {
        "debugfs": debugfs,
        "tracefs": {"format": lambda: read(f"{TRACEFS}/twscope_created/format"),
                    "trace": lambda: read(f"{INSTANCE}/trace", r": twscope_\w+: netns=(\d+)"),
                    "enable, written": lambda: write(f"{INSTANCE}/events/twscope/enable", b"1")},
        "sysfs": {"parameters": lambda: read(f"{PARAMETERS}/recorder"),
                  "parameters, written": lambda: write(f"{PARAMETERS}/recorder", b"1")},
    }


def in_twctl(a):
    """Deeds of the tool."""
    def tell(*args, rows=False, own=None):
        result = run("twctl", "-j", *args)
        a.wrong += leak.in_text(result.stdout + result.stderr)
        if result.returncode == 1 and not result.stdout.strip("[]{}\n ") and result.stderr:
            # What the others lack is said by the kernel, and not in such words.
            of_ours = args[0] not in ("-N", "verify")
            return "refused" if "CAP_NET_ADMIN" in result.stderr or not of_ours else result.stderr
        if args[0] == "verify" and result.stdout:
            # A trial at the boundary is no agreement, but has been made.
            return "yes" if json.loads(result.stdout)["trials"] == 1 else result.stdout
        if result.returncode:
            return f"{result}"
        if rows:
            return a.rows(json.loads(result.stdout), own=own)
        found = {int(n) for n in re.findall(r'"netns": ?(\d+)', result.stdout)}
        return a.of(found, True, own) if found else "yes"

    filtered = ("list", "dport", "=", f":{a.home.port}")
    return {
        "list -A": lambda: tell("-A", *filtered, rows=True),
        "-N NAME list": lambda: tell("-N", "red", *filtered, rows=True, own=a.home.red_inode),
        "stats -A": lambda: tell("stats", "-A"),
        "monitor --last 60s": lambda: tell("monitor", "--last", "60s"),
        "monitor -A --last 60s": lambda: tell("monitor", "-A", "--last", "60s"),
        "observe on": lambda: tell("observe", "on"),
        "verify --trials 1": lambda: tell("verify", "--trials", "1"),
    }


def become(who, home):
    """Whom the table has."""
    if who.endswith("elsewhere"):
        enter_netns(home.red)
    if who.startswith(("nobody", "rootless")):
        become_nobody()
    if who in ("rootless", "container", "userns"):
        become_userns_root(netns=who != "userns")
    if who == "uncapped":
        lose_net_admin()


def outcome_of(deed):
    """A word of the table, and the text of a refusal."""
    outcome = []
    number, text = error_of(lambda: outcome.append(deed()))
    return errno.errorcode.get(number, str(number)) if number else outcome[0], text


def try_all(who, home):
    """What became of each deed of someone."""
    counts = dict(home.counts)
    become(who, home)
    if netns_inode() not in counts:
        must("ip", "link", "set", "lo", "up")
        number(home.netns)
        counts[netns_inode()] = len(make_buckets("-n", 3, "-p", home.port))
    a = Asker(home, counts)
    deeds = {"netlink": in_netlink(a), **in_files(a), "twctl": in_twctl(a)}
    seen = {}
    for place, rows in TABLE.items():
        for what in rows:
            if what == "summary-get":
                a.cursor = a.happen()
            outcome, text = outcome_of(deeds[place][what])
            seen[f"{place}: {what}"] = outcome, text
    return {"seen": seen, "wrong": a.wrong, "bytes": a.ynl.sock.bytes}


# A refusal of ours says what is missing; these are the kernel's own.
WORDLESS = ("observe-set", "hook-get", "events", "debugfs", "tracefs", "sysfs")


def cells(home):
    """Each cell of the table."""
    for i, (who, _) in enumerate(WHO):
        begin = time.monotonic()
        home.renew()
        answer = in_child(try_all, who, home)
        for place, rows in TABLE.items():
            for what, wanted in rows.items():
                name = f"{place}: {what}"
                if what.startswith("events") and not has_group(new_client()):
                    skip(f"{who}: {name}", NO_GROUP)
                    continue
                outcome, text = answer["seen"][name]
                ok(outcome == wanted.split()[i] and
                   (outcome != "EPERM" or "CAP_NET_ADMIN" in text or
                    any(f" {word}" in f" {name}" for word in WORDLESS)),
                   f"{who}: {name}: {wanted.split()[i]}", f"{outcome} {text!r}")
        equal(answer["wrong"], [], f"{who}: no address, and nothing that lay in memory, in the answers")
        note(f"{who}: {time.monotonic() - begin:.1f} s, {answer['bytes']} bytes")


class Addressed:
    """A socket that says with each message to whom it goes."""

    def __init__(self, sock):
        self.sock = sock

    def send(self, data, _):
        return self.sock.sendto(data, (0, 0))

    def __getattr__(self, name):
        return getattr(self.sock, name)


def opened_by(who, home):
    """A socket that someone opened, and the network namespace where."""
    here, there = socket.socketpair()

    def open_there():
        become(who, home)
        if netns_inode() not in home.counts:
            must("ip", "link", "set", "lo", "up")
            make_buckets("-n", 3, "-p", home.port)
        sock = ynl_socket()
        socket.send_fds(there, [b"."], [sock.fileno(), own_netns()])

    in_child(open_there)
    fds = socket.recv_fds(here, 1, 2)[1]
    return socket.socket(fileno=fds[0]), fds[1]


THROUGH = ("bucket-get", "bucket-get, syn", "bucket-get, all-netns", "observe-set on", "event-get",
           "event-get, all-netns")
OUTCOMES = {"as root": "own own all yes own all", "as nobody": "part EPERM EPERM EPERM EPERM EPERM",
            "as root of the container": "own own EPERM EPERM own EPERM"}


def through(home, sock, wanted, what, netns=None, someone=lambda: None):
    """What is asked through a socket that is there already, maybe of another namespace, by someone."""
    client = new_client()
    client.sock.close()
    client.sock = sock
    own = os.fstat(netns or home.netns).st_ino

    def ask():
        someone()
        a = Asker(home, {own: 3, **home.counts}, client, own)
        deeds = in_netlink(a)
        return [outcome_of(deeds[name])[0] for name in THROUGH]

    equal(dict(zip(THROUGH, in_child(ask))), dict(zip(THROUGH, OUTCOMES[wanted].split())),
          f"{what}: {wanted}")


def passed_on(home):
    """Sockets that one opens and another one asks through, in a namespace that is not the asker's."""
    home.renew()
    home.happen()
    through(home, ynl_socket(), "as nobody", "nobody asks through root's socket",
            someone=become_nobody)
    through(home, Addressed(ynl_socket()), "as nobody", "and with an address",
            someone=become_nobody)
    nobodys = opened_by("nobody", home)[0]
    through(home, nobodys, "as nobody", "root asks through nobody's socket, by what may be a write()")
    through(home, Addressed(nobodys), "as root",
            "root asks through nobody's socket, and says whom: the kernel takes that for meant")
    home.renew()
    sock, netns = opened_by("rootless", home)
    through(home, sock, "as root of the container", "root asks through a container's socket", netns)
    through(home, sock, "as root of the container",
            "nobody, who made the container, asks through its socket", netns, become_nobody)
    through(home, sock, "as nobody", "another user asks through it", netns,
            lambda: become_nobody(USER))
    enter_netns(netns)
    inside = ynl_socket()
    enter_netns(home.red)
    in_red = ynl_socket()
    enter_netns(home.netns)
    through(home, inside, "as root", "root asks through a socket made in the container's netns", netns)
    through(home, in_red, "as root", "root asks here through a socket of red", home.red)
    listener = new_client()
    if has_group(listener):
        equal(in_child(lambda: become_nobody() or error_of(lambda: join(listener))[0]), errno.EPERM,
              "nobody does not join the group by root's socket")


def join_all_numbers(there):
    """By nobody, who is refused where a number is of a group that asks."""
    become_nobody()
    joined, sock = [], ynl_socket()
    sock.bind((0, 0))
    for group in range(1, 1024):
        if not error_of(lambda: sock.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group))[0]:
            joined.append(group)
    socket.send_fds(there, [b"."], [sock.fileno()])
    return joined


def joined_in_advance():
    """Nobody joins what may become the number of the group, and only then the module is loaded."""
    here, there = socket.socketpair()
    must("rmmod", "twscope")
    joined = in_child(join_all_numbers, there)
    nobodys = socket.socket(fileno=socket.recv_fds(here, 1, 1)[1][0])
    must("modprobe", "twscope")
    roots, observer = new_client(), Observer()
    if has_group(roots):
        number = roots.nlproto.get_mcast_id("events", roots.mcast_groups)
        ok(number in joined, "nobody had joined the number that the group got", f"{number}, {joined}")
        join(roots)
    observer.on()
    observer.ynl.do("info-get", {})
    end = time.monotonic() + 20
    while has_group(roots) and not roots.async_msg_queue and time.monotonic() < end:
        connection()
        time.sleep(0.2)
        roots.check_ntf()
    if has_group(roots):
        ok(roots.async_msg_queue, "root hears, who joined it then")
    else:
        skip("root hears, who joined it then", NO_GROUP)
    nobodys.setblocking(False)
    heard, ours = [], roots.nlproto.genl_family["id"]
    while not error_of(lambda: heard.append(nobodys.recv(65536)))[0]:
        pass
    equal([data[:64] for data in heard if struct.unpack_from("=IH", data)[1] == ours], [],
          "nobody does not")
    observer.off()


def hurry(home):
    """Whoever asks for info-get in a namespace of his own hurries what sends to listeners, but not much."""
    if not has_group(new_client()):
        skip("no hurry for a flood of info-get", NO_GROUP)
        return
    switch = f"{INSTANCE}/events/workqueue/workqueue_execute_start/enable"

    def flood(listens):
        become("rootless", home)
        client = new_client()
        if listens:
            join(new := new_client())
            client.kept = new
        begin, n = time.monotonic(), 0
        while time.monotonic() - begin < 1:
            client.do("info-get", {})
            n += 1
        return n, time.monotonic() - begin

    for listens in False, True:
        Trace.read()
        write(switch, b"1")
        n, seconds = in_child(flood, listens)
        write(switch, b"0")
        with open(f"{INSTANCE}/trace") as f:
            runs = len(re.findall(r"workqueue_execute_start: .*function notify\b", f.read()))
        Trace.read()
        # 20 in a second, and some for what is under way at the begin and at the end.
        most = 20 * seconds + 5
        what = f"no hurry for a flood of info-get by who {'listens' if listens else 'does not listen'}"
        if n < 2 * most:
            skip(what, f"{n} in {seconds:.1f} s are no flood: this machine is too slow for one")
        else:
            ok(0 < runs <= most, what, f"{n} in {seconds:.1f} s, the work ran {runs} times")


def all_kinds():
    """Buckets of every kind, and events of every type."""
    make_buckets("-n", 1, "-p", 9005)
    make_buckets("-n", 3, "-m", 0x77777777, "-p", 8001)
    make_buckets("-n", 3, "-d", "lo", "-p", 8001, "-r", "::1")
    local = Local(Unseen())
    for kind in "IPv4", "IPv6", "IPv4-mapped":
        local.bucket(kind)
        local.refused(local.bucket(kind), "disabled")
        local.reused(local.bucket(kind, bound=True), "reused-bound", "reuse-bound")
        local.bucket(kind, fin=False)
    return local


def ask_everything(a):
    """Every operation with all that makes its answer longer."""
    do, dump = a.ynl.do, a.ynl.dump
    policy = {"tcp-tw-reuse": 1, "tcp-timestamps": 1}
    keys = [key.name for key in a.ynl.consts["group-key"].entries.values()]
    do("info-get", {})
    do("summary-get", {"policy": policy})
    dump("summary-get", {"policy": policy})
    dump("bucket-get", {"policy": policy, "explain": True, "syn": {"seq": 1, "tsval": 1},
                        "all-netns": True})
    for request in {"keys": keys, "limit": 2}, {"keys": ["local", "remote"]}, {"keys": ["substate"]}:
        dump("group-get", {"policy": policy, "all-netns": True, "count-ports": True, **request})
    for address in LOOPBACK, socket.inet_pton(socket.AF_INET6, "::1"):
        do("port-get", {"local": address, "remote": address, "remote-port": a.home.port, "cells": 256,
                        "policy": policy})
    do("stats-get", {})
    dump("stats-get", {})
    dump("hook-get", {})
    return {e["type"] for e in a.observer.events({"all-netns": True, "since-ms": 60000})[0]}


COMMANDS = (("info",), ("summary",), ("summary", "-A"), ("list", "-A"), ("group", "remote,remote-port,mark"),
            ("pressure", "-A"), ("explain", "dport", "=", ":9005"), ("whatif", "-A", "tcp_tw_reuse=1"),
            ("ports", "--to", "127.0.0.1:9005"), ("observe",), ("stats", "-A"),
            ("monitor", "-A", "--last", "60s"), ("list", "--no-such"), ("explain", "dport", "=", ":1"))


def texts():
    """What anybody can read of ours, by its name."""
    for command in COMMANDS:
        for json_or_not in (), ("-j",):
            result = run("twctl", *json_or_not, *command)
            yield " ".join(("twctl", *json_or_not, *command)), result.stdout + result.stderr
    for place, names in ((DEBUGFS, ("summary", "decisions", "buckets", "hooks")),
                         (TRACEFS, [f"twscope_{name}/format" for name in ("created", "decision", "ended")]),
                         (PARAMETERS, ("observe", "recorder", "rules")), (INSTANCE, ("trace",))):
        for name in names:
            with open(f"{place}/{name}") as f:
                yield f"{place}/{name}", f.read()
    fd = os.open(f"{INSTANCE}/trace_pipe", os.O_RDONLY | os.O_NONBLOCK)
    yield f"{INSTANCE}/trace_pipe", os.read(fd, 1 << 16).decode()
    os.close(fd)


def kernel_log():
    """What the module says of itself where it does not start."""
    must("rmmod", "twscope")
    for wrong in "rules=fastest", "observe=maybe":
        ok(run("modprobe", "twscope", wrong).returncode, f"the module does not start with {wrong}")
    text = "\n".join(line for line in must("dmesg").splitlines() if "twscope" in line)
    ok("fastest" in text and not list(leak.in_text(text)), "no address in the kernel's log", text)


def addresses(home):
    """None leaves, in whatever form."""
    true = leak.module_address()
    for form, found in (("bytes", leak.in_bytes(b"odd" + struct.pack("=Q", true) + b"even")),
                        ("%px", leak.in_text(f"at {true:016x},")), ("%p", leak.in_text("(0000000012ab34cd)")),
                        ("%llu", leak.in_text(f'{{"at": {true}}}')),
                        ("%lld", leak.in_text(f"{true - (1 << 64)}"))):
        ok(list(found), f"an address of the module would be found as {form}")
    ok(leak.is_address(true), "the module is where the kernel has memory", leak.REGIONS)
    missed = [hex(start) for start, _ in leak.REGIONS
              if not list(leak.in_bytes(struct.pack("=Q", start + 123)))]
    equal((missed, bool(leak.REGIONS)), ([], True), "nor would one of any other region be missed")
    for name in "kmalloc-4k", "kmalloc-cg-4k":
        path = f"/sys/kernel/slab/{name}/poison"
        if os.path.exists(path):
            with open(path) as f:
                equal(f.read().strip(), "1", f"what lay in memory before would be seen: {name} is poisoned")
    write(f"{INSTANCE}/events/twscope/enable", b"1")
    local = all_kinds()
    a = Asker(home, home.counts)
    equal(ask_everything(a), {"created", "decision", "ended"}, "there are events of each type")
    equal(a.wrong, [], "no address, and nothing that lay in memory, in answers of every kind")
    note(f"{a.ynl.sock.bytes} bytes")
    for name, text in texts():
        ok(text.strip() and not list(leak.in_text(text)), f"no address in {name}",
           "\n".join(leak.in_text(text)) or "it is empty")
    local.close()


def main():
    sysctl("net.ipv4.tcp_tw_reuse", 0)
    if os.path.exists("/proc/sys/kernel/unprivileged_userns_clone"):
        sysctl("kernel.unprivileged_userns_clone", 1)
    leak.prepare()
    joined_in_advance()
    home = Home()
    with Trace():
        cells(home)
        passed_on(home)
        hurry(home)
        addresses(home)
    kernel_log()
    done()


if __name__ == "__main__":
    if sys.argv[1:] == ["--table"]:
        print("\n".join(table()))
    else:
        main()
