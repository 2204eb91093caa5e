#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What twctl doctor finds: machines that are well, and each of what may be wrong, made for real.

Each situation is made in a network namespace of its own, but for those that are of the machine,
and what is found must be just what was made. Where a finding has a command that cures, it is run
here, by us, and the finding must be gone.
"""

import errno
import json
import os
import socket
import subprocess
import time

from peer import ACK, FIN, RST, SYN, Connection, Tun
from scene import RST_ON_CLOSE, WRONG_RULES, Netns, addresses, make_bucket, rules, send_fin
from tap import (HERE, TWGEN, FinWait2, done, equal, must, note, ok, own_netns, run, setting, skip,
                 twctl)
from track import track_connections

AS_NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
OWN, LOOPBACK = "10.77.0.1", "127.0.0.1"
SERVER, BACKEND = 8081, 8000
FIRST, FEW = 20000, 64
# So that no limit is near, but where that is the matter.
ROOMY = 262144
# How long a busy machine is looked at.
BUSY_S = 8


class Place(Netns):
    """A namespace like that of a machine with memory enough."""

    @classmethod
    def make(cls, name, ports=None, **settings):
        place = cls.new(name)
        with place:
            addresses()
            settings.setdefault("tcp_max_tw_buckets", ROOMY)
            if ports:
                settings["ip_local_port_range"] = f"{FIRST} {FIRST + ports - 1}"
            for key, value in settings.items():
                setting(f"net.ipv4.{key}", value)
        return place

    def inode(self):
        return os.fstat(self.fd).st_ino


def findings(*args):
    return twctl("doctor", *args)["findings"]


def ids(found):
    return sorted(f["id"] for f in found)


def finds(what, *wanted):
    """In the namespace that this process is in. What was found."""
    found = findings()
    equal(ids(found), sorted(wanted), f"{what}: {', '.join(wanted) or 'nothing'}")
    return found


def commands(found, name):
    """Those of a finding."""
    return [a["command"] for f in found if f["id"] == name for a in f["do"] if "command" in a]


def cure(found, name, part):
    """Runs the command of a finding that has this in it, as whoever reads it would."""
    chosen = [c for c in commands(found, name) if part in c]
    ok(len(chosen) == 1, f"{name} has a command with {part}", commands(found, name))
    for command in chosen:
        must("sh", "-c", command)


def buckets(count, *args):
    must(TWGEN, "-q", "-n", str(count), *args)


def connects(address=OWN, port=BACKEND):
    """What a connect() that looks for a port comes to; the connection leaves nothing behind."""
    with socket.create_server((address, port)) as server, socket.socket() as sock:
        error = sock.connect_ex((address, port))
        if not error:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST_ON_CLOSE)
            server.accept()[0].close()
    return error


# Machines that are well

def idle():
    finds("a machine that has just started")
    text = must("twctl", "doctor")
    ok(text.startswith("nothing found\n") and "known after" in text,
       "and the text says so, and what was not looked at", text)


class Idlers:
    """Long-lived connections, to an address that is not loopback."""

    def __init__(self, count):
        self.server = socket.create_server((OWN, SERVER), backlog=count)
        self.ends = [socket.create_connection((OWN, SERVER)) for _ in range(count)]
        self.ends += [self.server.accept()[0] for _ in range(count)]

    def close(self):
        for sock in self.ends + [self.server]:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST_ON_CLOSE)
            sock.close()


def look_again_and_again(what, processes):
    """While all of them are at work: a server that ended is another matter."""
    seen, looks = set(), 0
    while True:
        found = ids(findings())
        if any(p.poll() is not None for p in processes):
            break
        seen.update(found)
        looks += 1
        time.sleep(0.2)
    for process in processes:
        process.wait()
    equal((looks > 1, seen), (True, set()), f"{what}: nothing, {looks} times")


def busy():
    """A benchmark on loopback, a little churn to elsewhere, connections that stay."""
    with Place.make("busy"):
        idlers = Idlers(200)
        look_again_and_again("a busy machine", [
            subprocess.Popen((TWGEN, "-q", "-t", str(BUSY_S))),
            subprocess.Popen(("sh", "-c", f"for i in $(seq {BUSY_S * 2}); do {TWGEN} -q -n 5 "
                              f"-r {OWN} -p 8002 && sleep 0.3; done"))])
        finds("and after it")
        idlers.close()


def unprivileged():
    result = run(*AS_NOBODY, "twctl", "-j", "doctor")
    ok(result.returncode == 0 and not json.loads(result.stdout)["looked_at"]["hooks"],
       "nobody is told what he may know", result)
    result = run(*AS_NOBODY, "twctl", "-A", "doctor")
    ok(result.returncode == 1 and "CAP_NET_ADMIN" in result.stderr,
       "and of all namespaces nothing, with the reason", result)


def busy_and_observed():
    must("twctl", "observe", "on")
    with Place.make("observed"):
        storm = os.path.join(HERE, "twstorm")
        look_again_and_again("the same observed, with all clean ends there are", [
            subprocess.Popen((storm, "-c", "-t", str(BUSY_S), "-w", "2000"),
                             stdout=subprocess.DEVNULL)])
        looked = twctl("doctor")["looked_at"]
        equal((looked["observed"], looked["hooks"]), (True, True), "and that was looked at")
        unprivileged()
    must("twctl", "observe", "off")


# Ports

def ports_exhausted():
    with Place.make("exhausted", FEW):
        buckets(FEW, "-r", OWN)
        equal(connects(), errno.EADDRNOTAVAIL, "connect() finds no port")
        found = finds("no port left", "ports-exhausted", "reuse-loopback-only")
        ok(any(f"{FEW} of {FEW} ports taken, {FEW} by TIME_WAIT" in line for f in found
               for line in f["evidence"]), "with the figures", found)
        cure(found, "ports-exhausted", "tcp_tw_reuse=1")
        time.sleep(1.1)
        equal(connects(), 0, "connect() finds one")
        finds("cured by tcp_tw_reuse=1")


def widened():
    with Place.make("widened", FEW, tcp_tw_reuse=0):
        setting("net.ipv4.ip_local_reserved_ports", "15000-15009")
        server = socket.create_server((OWN, 40000))
        buckets(FEW, "-r", OWN)
        found = finds("no port left, tcp_tw_reuse=0", "ports-exhausted")
        cure(found, "ports-exhausted", "ip_local_reserved_ports")
        equal(setting("net.ipv4.ip_local_reserved_ports"), "15000-15009,40000",
              "what was reserved stays, and where servers listen is added")
        cure(found, "ports-exhausted", "ip_local_port_range")
        equal(connects(), 0, "connect() finds a port")
        finds("cured by a wider range")
        server.close()


def reserved():
    """Nobody listens where the range is to grow."""
    with Place.make("reserved", FEW):
        buckets(FEW, "-r", OWN)
        found = findings()
        equal([c for c in commands(found, "ports-exhausted") if "reserved" in c], [],
              "where nobody listens nothing is to be reserved")


def ports_running_out():
    with Place.make("few", FEW):
        buckets(FEW - 5, "-r", OWN)
        found = finds("few ports left", "ports-running-out", "reuse-loopback-only")
        equal((connects(), found[0]["severity"]), (0, "warning"), "connect() finds one still")


def other_sysctls():
    """Of a container, whose host has what would help."""
    place = Place.make("container", FEW)
    before = setting("net.ipv4.tcp_tw_reuse")
    setting("net.ipv4.tcp_tw_reuse", 1)
    with place:
        buckets(FEW, "-r", OWN)
    found = [f for f in twctl("-A", "doctor")["findings"] if f.get("netns") == place.inode()]
    equal(ids(found), ["netns-sysctls", "ports-exhausted", "reuse-loopback-only"],
          "with -A: a namespace in need that lacks what the initial one has")
    setting("net.ipv4.tcp_tw_reuse", before)


def no_timestamps():
    with Place.make("stampless", FEW, tcp_tw_reuse=1, tcp_timestamps=0):
        found = finds("tcp_tw_reuse=1 with tcp_timestamps=0", "reuse-no-timestamps")
        buckets(FEW, "-r", OWN)
        found = finds("and no port left", "ports-exhausted", "reuse-no-timestamps")
        cure(found, "reuse-no-timestamps", "tcp_timestamps=1")
        finds("those that are there have none even so", "ports-exhausted", "reuse-no-timestamps")


def bound(port=0):
    """A bucket of a client that bind()s first."""
    with socket.create_server((OWN, BACKEND)) as server:
        client = socket.socket()
        client.bind((OWN, port))
        client.connect((OWN, BACKEND))
        accepted = server.accept()[0]
        make_bucket(client, accepted)
        send_fin(accepted)


def bind_blocked():
    """Sockets that hold a port, and make no connection."""
    with Place.make("holders", FEW):
        holders = [socket.socket() for _ in range(FEW // 2)]
        for sock in holders[1:]:
            sock.bind((OWN, 0))
        finds("less than half of the ports bound")
        holders[0].bind((OWN, 0))
        finds("half of the ports bound", "bind-blocked")
        for sock in holders:
            sock.close()


def bind_pool():
    with Place.make("binders", FEW):
        for _ in range(FEW // 4):
            bound()
        finds("programs that bind(), with ports enough")
        for _ in range(FEW * 3 // 4 - 4):
            bound()
        finds("few ports for bind()", "bind-blocked", "bind-pool-running-out")
        for _ in range(4):
            bound()
        try:
            bound()
            error = 0
        except OSError as e:
            error = e.errno
        equal(error, errno.EADDRINUSE, "bind() finds no port")
        setting("net.ipv4.tcp_tw_reuse", 1)
        time.sleep(1.1)
        found = finds("no port for bind()", "bind-blocked", "bind-pool-exhausted")
        cure(found, "bind-pool-exhausted", "ip_local_port_range")
        bound()
        finds("cured by a wider range, which is the only sysctl that helps")
        equal([c for f in found for c in commands(found, f["id"]) if "ip_local" not in c], [],
              "as was said")


def other_ranges():
    """Of a container whose programs bind() outside of its range, and inside of the host's."""
    place = Place.make("ranged", FEW)
    before = setting("net.ipv4.ip_local_port_range")
    setting("net.ipv4.ip_local_port_range", "1024 65535")
    with place:
        for port in [0] * (FEW // 4) + list(range(30000, 30000 + FEW)):
            bound(port)
        alone = twctl("pressure")["bind_pools"]
        finds("most of what is bound is outside of the range")
    pools = [p for p in twctl("-A", "pressure")["bind_pools"] if p["netns"] == place.inode()]
    equal([(p["ports"], p["available"]) for p in pools], [(FEW, FEW - FEW // 4)],
          "with -A: of each namespace the ports of its own range count")
    equal([(p["ports"], p["available"]) for p in alone], [(FEW, FEW - FEW // 4)], "as without")
    setting("net.ipv4.ip_local_port_range", before)


def server_port():
    with Place.make("server"):
        with socket.create_server((OWN, SERVER)) as server:
            pairs = []
            for _ in range(6):
                client = socket.create_connection((OWN, SERVER))
                pairs.append((server.accept()[0], client))
            for accepted, client in pairs:
                make_bucket(accepted, client)
                send_fin(client)
            finds("a server that closes first")
        found = finds("that server is gone", "server-port")
        ok(str(SERVER) in found[0]["title"], "with its port", found)


# Limits

def limits():
    with Place.make("limited", tcp_max_tw_buckets=100):
        finds("tcp_max_tw_buckets=100", "limit-lowered")
        buckets(93, "-r", OWN)
        finds("nearly reached", "limit-lowered", "overflow-near")
        buckets(20, "-r", OWN)
        found = finds("reached", "limit-lowered", "overflow")
        cure(found, "overflow", "tcp_max_tw_buckets")
        ok(int(setting("net.ipv4.tcp_max_tw_buckets")) > 200, "the command raises it")
        found = finds("and raised", "overflow-counted")
        ok("13 closes" in found[0]["evidence"][0], "which tells how many skipped TIME_WAIT", found)


def overflow_observed():
    must("twctl", "observe", "on")
    with Place.make("overflowing", tcp_max_tw_buckets=100):
        buckets(120, "-r", OWN)
        setting("net.ipv4.tcp_max_tw_buckets", ROOMY)
        found = finds("at the limit while observed", "overflow-counted")
        ok(found and ": 20 closes left no bucket at the limit" in found[0]["evidence"][0],
           "the cause is told", found)
    must("twctl", "observe", "off")


def fin_wait2():
    with Place.make("open"):
        with FinWait2(1300, "-r", OWN) as made:
            if len(made.tuples) < 1000:
                skip("FIN_WAIT2 that piles up", f"only {len(made.tuples)} could be made")
                return
            finds("peers that do not close", "fin-wait2")


def conntrack():
    """Of the namespace whose table it is; the limit is the machine's."""
    if run("modprobe", "-q", "-a", "nf_tables", "nft_ct", "nf_conntrack").returncode:
        skip("the table of connection tracking", "this kernel has no nf_tables")
        return
    with Place.make("tracked"):
        track_connections()
        finds("connections that are tracked")
        buckets(930, "-r", OWN)
        with Home():
            before = setting("net.netfilter.nf_conntrack_max")
            setting("net.netfilter.nf_conntrack_max", 1000)
        finds("the table nearly full", "conntrack-near")
        buckets(55, "-r", OWN)
        finds("the table full", "conntrack-full")
        with Home():
            setting("net.netfilter.nf_conntrack_max", before)
        finds("and raised")


class Home(Netns):
    """The initial namespace."""

    def __init__(self):
        super().__init__("home", HOME)


# Files

def findings_with_buckets(count):
    """
    What is found while there are as many. They end after a minute, which a halted machine may sleep through, and
    now and then at once: by an RST, where the last ACKs of both ends cross.
    """
    for _ in range(3):
        buckets(count + count // 10)
        made = twctl("summary")["timewait"]
        found = findings()
        left = twctl("summary")["timewait"]
        if left >= count:
            break
        note(f"of {made} buckets {left} were left after the look, less than {count}")
    return found


def files():
    path = "/etc/sysctl.d/99-folklore.conf"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write("# of a blog\nnet.ipv4.tcp_tw_reuse = 1\nnet.ipv4.tcp_tw_recycle = 1\n"
                "net.ipv4.tcp_fin_timeout = 15\nnet/ipv4/tcp_tw_timeout = 5\n"
                "-net/ipv4/tcp_tw_age = 5\n")
    finds("files of folklore, and few buckets", "sysctl-recycle", "sysctl-unknown")
    setting("net.ipv4.tcp_max_tw_buckets", ROOMY)
    must("ip", "link", "set", "lo", "up")
    found = findings_with_buckets(1000)
    equal(ids(found), ["sysctl-fin-timeout", "sysctl-recycle", "sysctl-unknown"], "files of folklore")
    equal(sorted(line for f in found for line in f["evidence"]),
          [f"{path}:3: net.ipv4.tcp_tw_recycle = 1", f"{path}:4: net.ipv4.tcp_fin_timeout = 15",
           f"{path}:5: net.ipv4.tcp_tw_timeout = 5"], "by file and line")
    os.unlink(path)
    finds("and without them")


# The other end, observed

def closed_by_the_host(tun, server, port, tsval):
    """A connection of the peer in user space, in TIME_WAIT at the host."""
    c = Connection(tun, 4, port, SERVER, 1000, tsval)
    c.open()
    server.accept()[0].close()
    c.close(with_fin=True)
    return c


def wait_for(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)


def old_syns():
    must("twctl", "observe", "on")
    with Place.make("nat", tcp_invalid_ratelimit=0):
        tun = Tun()
        with socket.create_server(("", SERVER), backlog=64) as server:
            c = closed_by_the_host(tun, server, 40000, 1_000_000)
            wait_for(lambda: twctl("summary")["timewait"] == 1)
            for number in range(19):
                Connection(tun, 4, 40000, SERVER, c.seq - 100, 500 + number).send(SYN)
                c.expect(ACK)
            finds("a few SYNs of an older clock")
            Connection(tun, 4, 40000, SERVER, c.seq - 100, 600).send(SYN)
            c.expect(ACK)
            found = finds("many SYNs of an older clock", "syns-refused")
            ok(any("20 of 20 SYNs" in line for f in found for line in f["evidence"]),
               "with how many", found)
    must("twctl", "observe", "off")


def rsts():
    must("twctl", "observe", "on")
    with Place.make("assassins"):
        tun = Tun()
        with socket.create_server(("", SERVER), backlog=64) as server:
            for port in range(40000, 40100):
                c = closed_by_the_host(tun, server, port, 1000)
                c.send(RST)
            wait_for(lambda: not twctl("summary")["total"])
            finds("a hundred buckets ended by RST", "assassinated")
            setting("net.ipv4.tcp_rfc1337", 1)
            finds("and with tcp_rfc1337=1")
    must("twctl", "observe", "off")


# Ourselves

def reload(*parameters):
    must("rmmod", "twscope")
    must("modprobe", "twscope", *parameters)


def wrong_rules():
    reload("rules=unknown")
    finds("a kernel whose rules are not known", "rules-unknown")
    wrong = WRONG_RULES[rules()]
    reload(f"rules={wrong}")
    must("twctl", "observe", "on")
    with Place.make("mistaken", 2):
        # On loopback, old enough: only what they say of FIN_WAIT2 differs.
        with socket.create_server((LOOPBACK, BACKEND)) as server, socket.socket() as client:
            client.connect((LOOPBACK, BACKEND))
            accepted = server.accept()[0]
            make_bucket(client, accepted)
            time.sleep(1.1)
            # Each comes to the bucket or to the free port first; and that it was refused there is
            # counted when the next one comes to it.
            for _ in range(40):
                with socket.socket() as sock:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST_ON_CLOSE)
                    sock.connect_ex((LOOPBACK, BACKEND))
            found = finds(f"a module that was told {wrong}", "verdict-mismatch")
            equal([f["severity"] for f in found], ["critical"], "which is critical")
            accepted.close()
    must("twctl", "observe", "off")
    reload()
    finds("and one that was not")


HOME = own_netns()
for test in (idle, busy, busy_and_observed, ports_exhausted, widened, reserved, ports_running_out,
             other_sysctls, no_timestamps, bind_blocked, bind_pool, other_ranges, server_port, limits,
             overflow_observed, fin_wait2, files, old_syns, rsts, conntrack, wrong_rules):
    begin = time.monotonic()
    test()
    note(f"{test.__name__}: {time.monotonic() - begin:.1f} s")
done()
