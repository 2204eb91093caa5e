#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What is commonly believed of TIME_WAIT and wrong, or true of some kernels only: what happens.

Each line tells what was seen, and where the module has a say, that it says so too.
"""

import contextlib
import errno
import itertools
import os
import socket
import time

from peer import ACK, FIN, RST, SYN, Connection, Tun
from scene import (IP_BIND_ADDRESS_NO_PORT, RST_ON_CLOSE, Netns, addresses, coarse_seconds,
                   make_bucket, rules, send_fin)
from tap import (done, equal, must, netstat, note, ok, setting, slab_bytes, ynl_client,
                 ynl_socket)
from track import track_connections

LOOPBACK, OWN = "127.0.0.1", "10.77.0.1"
SERVER, OTHER_SERVER = 8000, 8001
VERDICTS = ("unknown", "reusable", "too-young", "disabled", "not-loopback", "fin-wait2",
            "no-timestamp", "bind-blocked")
MINUTE_MS = 60000
# What a timer of a minute may come late, and a little for the emulator.
LATE_S = 5
REFUSED = "EADDRNOTAVAIL"
# On a busy machine a second may be over before all was seen that is to be seen in it.
TRIES = 10

BORN = time.monotonic()
ynl = ynl_client()
listeners = {}
# What is to be seen in a minute: when, and the check.
later = []
# A port for each connection, outside of the ranges that a test fills.
new_port = itertools.count(20000).__next__


# What the tests are made of

@contextlib.contextmanager
def settings(**values):
    """Sysctls of net.ipv4 for a while; one that this kernel has not got is left alone."""
    values = {f"net.ipv4.{n}": v for n, v in values.items()}
    values = {n: v for n, v in values.items() if os.path.exists("/proc/sys/" + n.replace(".", "/"))}
    before = {name: setting(name) for name in values}
    for name, value in values.items():
        setting(name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setting(name, value)


def has_setting(name):
    return os.path.exists("/proc/sys/net/ipv4/" + name)


def listener(port):
    if port not in listeners:
        listeners[port] = socket.create_server(("::", port), family=socket.AF_INET6, backlog=4096,
                                               dualstack_ipv6=True)
        listeners[port].settimeout(10)
    return listeners[port]


def client_socket(source, port, reuse_address=False):
    """Bound to a port; or if there is none, to have one looked for in the range."""
    sock = socket.socket()
    sock.settimeout(10)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, reuse_address)
    if not port:
        sock.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
    sock.bind((source, port))
    return sock


def connect(low, high=None, address=LOOPBACK, server=SERVER, source=LOOPBACK, **options):
    """Client and server; connect() chose a port from low to high."""
    listening = listener(server)
    client = client_socket(source, 0, **options)
    with settings(ip_local_port_range=f"{low} {high or low}"):
        try:
            client.connect((address, server))
        except OSError:
            client.close()
            raise
    return client, listening.accept()[0]


def outcome(*args, **options):
    """What a connect() comes to; the connection leaves no bucket behind."""
    try:
        return drop(*connect(*args, **options))
    except OSError as error:
        return errno.errorcode[error.errno]


def drop(client, server):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST_ON_CLOSE)
    client.close()
    server.close()
    return "connected"


def close_first(client, server):
    """The client's end comes to TIME_WAIT. Its port."""
    port = client.getsockname()[1]
    make_bucket(client, server)
    send_fin(server)
    return port


def bucket_at(port=None, **options):
    """The port of a new bucket that connect() made."""
    return close_first(*connect(port or new_port(), **options))


def rows(port, remote=None):
    terms = [{"local-port-min": port, "local-port-max": port}]
    if remote:
        terms.append({"remote-port-min": remote, "remote-port-max": remote})
    return ynl.dump("bucket-get", {"filter": [{"term": terms}]})


def row(port, remote=None):
    """The only bucket at a port, as a connect() that may have this port sees it; or None."""
    with settings(ip_local_port_range=f"{port} {port}"):
        found = rows(port, remote)
    if len(found) > 1:
        raise RuntimeError(f"{len(found)} buckets at port {port}")
    return found[0] if found else None


def verdict(port):
    return row(port)["verdict"]


def full_minute(bucket):
    return bucket is not None and MINUTE_MS - 2000 < bucket["remaining-ms"] <= MINUTE_MS


def ports(server=SERVER, address=LOOPBACK, **request):
    return ynl.do("port-get", {"local": socket.inet_aton(address), "remote-port": server,
                               "remote": socket.inet_aton(address), **request})


def waiting(answer):
    return {v: n for v, n in zip(VERDICTS, answer["waiting-verdicts"]) if n}


@contextlib.contextmanager
def inside(netns):
    """The module is asked from within as well."""
    with netns:
        before, ynl.sock = ynl.sock, ynl_socket()
        try:
            yield
        finally:
            ynl.sock.close()
            ynl.sock = before


def at(when, check):
    """A check for when that time has come, on the monotonic clock."""
    later.append((when, check))


def finish_later():
    for when, check in sorted(later, key=lambda entry: entry[0]):
        time.sleep(max(0, when - time.monotonic()))
        check()


def sleep_until(second):
    """Of the clock by which kernels up to 6.12 reuse."""
    while (left := second - coarse_seconds()) > 0:
        time.sleep(left if left > 0.01 else 0.002)


def pass_the_second():
    """What exists now is older than a second, by whatever clock."""
    time.sleep(1.05)


# What the kernel comes with

def defaults():
    info = ynl.do("info-get", {})
    equal(setting("net.ipv4.tcp_tw_reuse"), "2", "tcp_tw_reuse is 2 by default: loopback only")
    equal(setting("net.ipv4.ip_local_port_range").split(), ["32768", "60999"],
          "the default range is 32768 to 60999, 28,232 ports")
    ok(not has_setting("tcp_tw_recycle"), "tcp_tw_recycle does not exist")
    equal(info["timewait-len-ms"], MINUTE_MS, "2MSL is 60 s: compiled in")
    names = [n for n in os.listdir("/proc/sys/net/ipv4") if "_tw_" in n or "timewait" in n]
    equal(set(names) - {"tcp_tw_reuse", "tcp_tw_reuse_delay", "tcp_max_tw_buckets"}, set(),
          "no sysctl changes it")
    s = ynl.do("summary-get", {})
    equal(s["limit"], s["ehash-entries"] // 2,
          "tcp_max_tw_buckets is by default half of the established hash")


def limit_is_of_a_netns():
    ours = ynl.do("summary-get", {})["limit"]
    with inside(Netns.new("another")):
        setting("net.ipv4.tcp_max_tw_buckets", 7)
        theirs = ynl.do("summary-get", {})["limit"]
    equal((ynl.do("summary-get", {})["limit"], theirs), (ours, 7),
          "tcp_max_tw_buckets is each namespace's own")


def memory():
    bucket_at()
    slab, bytes_each = slab_bytes(), ynl.do("info-get", {})["bucket-bytes"]
    ok(slab == {bytes_each} and bytes_each < 300,
       f"a bucket takes {bytes_each} bytes, not a kilobyte", slab)


# What comes to TIME_WAIT, for how long

def lives_a_minute():
    with settings(tcp_fin_timeout=5):
        port = bucket_at()
        bucket, begin = row(port), time.monotonic()
    ok(full_minute(bucket), "tcp_fin_timeout=5 does not shorten TIME_WAIT", bucket)
    at(begin + 58, lambda: ok(row(port), "a bucket is there after 58 s"))
    at(begin + 60 + LATE_S, lambda: equal(
        row(port), None, "and gone after 65 s: 2MSL is 60 s, not 120, not 240"))


def fin_timeout():
    with settings(tcp_fin_timeout=6):
        client, server = connect(new_port())
        port, begin = client.getsockname()[1], time.monotonic()
        make_bucket(client, server)
    bucket = row(port)
    ok(bucket["substate"] == "fin-wait2" and 4000 < bucket["remaining-ms"] <= 6000,
       "tcp_fin_timeout=6 bounds FIN_WAIT2", bucket)

    def finish():
        equal(row(port), None, "a FIN_WAIT2 bucket of tcp_fin_timeout=6 is gone after 7 s, the peer's FIN unseen")
        server.close()
    at(begin + 7, finish)


def fin_starts_the_minute():
    with settings(tcp_fin_timeout=20):
        client, server = connect(new_port())
        port = client.getsockname()[1]
        make_bucket(client, server)
        send_fin(server)
    ok(full_minute(row(port)), "the peer's FIN starts the full minute, whatever FIN_WAIT2 had left",
       row(port))


def simultaneous_close():
    must("tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "200ms")
    try:
        client, server = connect(new_port())
        port = client.getsockname()[1]
        client.close()
        server.close()
        time.sleep(1)
    finally:
        must("tc", "qdisc", "del", "dev", "lo", "root")
    ends = rows(port) + rows(SERVER, port)
    equal([r["substate"] for r in ends], ["time-wait"] * 2,
          "when both close at once, both ends come to TIME_WAIT")


def linger_zero():
    client, server = connect(new_port())
    port = client.getsockname()[1]
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST_ON_CLOSE)
    client.close()
    seen = None
    try:
        server.recv(1)
    except OSError as error:
        seen = error.errno
    server.close()
    equal(seen, errno.ECONNRESET, "SO_LINGER {1, 0} is no close but an RST: the peer's read fails")
    equal(rows(port) + rows(SERVER, port), [], "and leaves no bucket at either end")


def unrelated_settings():
    before = bucket_at()
    with settings(tcp_keepalive_time=1, tcp_keepalive_intvl=1, tcp_keepalive_probes=1,
                  tcp_syncookies=0, tcp_max_syn_backlog=1):
        after = bucket_at()
        time.sleep(2.5)
        left = [row(port) for port in (before, after)]
    ok(all(r and r["remaining-ms"] > 55000 for r in left),
       "tcp_keepalive_*, tcp_syncookies and tcp_max_syn_backlog change nothing about it", left)


def none_ends_soon():
    """What counts buckets for a moment does not want those of earlier tests to end in it."""
    for _ in range(300):
        if all(b["remaining-ms"] > 5000 for b in ynl.dump("bucket-get", {})):
            return
        time.sleep(0.2)


def limit_reached():
    """Live buckets stay, new closes leave none."""
    none_ends_soon()
    kept = [bucket_at() for _ in range(5)]
    overflowed = netstat()["TCPTimeWaitOverflow"]
    log = open("/dev/kmsg", "rb", buffering=0)
    os.set_blocking(log.fileno(), False)
    os.lseek(log.fileno(), 0, os.SEEK_END)
    have = ynl.do("summary-get", {})["kernel-count"]
    with settings(tcp_max_tw_buckets=have + 3):
        new = [bucket_at() if i < 3 else skip_bucket() for i in range(8)]
    ok(all(map(row, kept)), "at tcp_max_tw_buckets the live buckets stay")
    equal([bool(row(port)) for port in new], [True] * 3 + [False] * 5,
          "and what closes then skips TIME_WAIT")
    equal(netstat()["TCPTimeWaitOverflow"] - overflowed, 5, "TCPTimeWaitOverflow counts these")
    equal([line for line in lines_of(log) if "TCP" in line or "bucket" in line], [],
          "the kernel's log says nothing of it")


def skip_bucket():
    """A close that finds the limit reached: there is no FIN_WAIT2 to wait for."""
    client, server = connect(new_port())
    port = client.getsockname()[1]
    client.close()
    server.recv(1)
    server.close()
    return port


def lines_of(log):
    lines = []
    with contextlib.suppress(BlockingIOError):
        while True:
            lines.append(os.read(log.fileno(), 8192).decode())
    return lines


# Reuse

def within_a_second(begin, deed):
    """What it returns, done from that part of a second on and before the next."""
    for _ in range(TRIES):
        second = int(coarse_seconds()) + 1
        sleep_until(second + begin)
        seen = deed()
        if int(coarse_seconds()) == second:
            break
    return seen


def young_bucket(pause=0):
    """Its port, how long it says to wait, and what a connect() comes to after the pause."""
    port = bucket_at()
    wait = row(port).get("wait-ms", 0)
    time.sleep(pause)
    return port, wait, outcome(port)


def clock_of_seconds():
    """Up to 6.12."""
    port, wait, refused = within_a_second(0.6, young_bucket)
    ok(0 < wait < 500 and refused == REFUSED,
       "up to 6.12 a bucket is refused for what is left of its second", (wait, refused))
    time.sleep(wait / 1000)
    equal((verdict(port), outcome(port)), ("reusable", "connected"),
          "and reused in the next, long before it is one second old")
    _, wait, refused = within_a_second(0, lambda: young_bucket(0.5))
    ok(wait > 500 and refused == REFUSED, "early in a second that is more than half of it", wait)


def clock_of_entry():
    """From 6.14 on."""
    for _ in range(TRIES):
        sleep_until(int(coarse_seconds()) + 1.6)
        born = time.monotonic()
        port = bucket_at()
        wait, begin = row(port).get("wait-ms", 0), time.monotonic()
        time.sleep(0.6)
        seen = verdict(port), outcome(port)
        if time.monotonic() - born < 1:
            break
    ok(1000 * (1 - (begin - born)) - 10 <= wait <= 1001 and seen == ("too-young", REFUSED),
       "from 6.14 on tcp_tw_reuse_delay counts from the entry, 1 s by default", (wait, seen, row(port)))
    time.sleep(max(0, begin + wait / 1000 - time.monotonic()))
    equal((verdict(port), outcome(port)), ("reusable", "connected"), "and then it is reused")
    long_delay()


def long_delay():
    with settings(tcp_tw_reuse_delay=5000):
        port, begin = bucket_at(), time.monotonic()
        time.sleep(1.5)
        equal((verdict(port), outcome(port)), ("too-young", REFUSED),
              "with tcp_tw_reuse_delay=5000 it is refused after 1.5 s")
        time.sleep(begin + 5.01 - time.monotonic())
        equal((verdict(port), outcome(port)), ("reusable", "connected"), "and reused after 5 s")


def timestamps_of_the_bucket():
    with_them = bucket_at()
    with settings(tcp_timestamps=0):
        without = bucket_at()
    pass_the_second()
    with settings(tcp_timestamps=0, tcp_tw_reuse=1):
        equal((verdict(with_them), outcome(with_them)), ("reusable", "connected"),
              "a bucket born with timestamps is reused with tcp_timestamps=0")
    with settings(tcp_timestamps=1, tcp_tw_reuse=1):
        equal((verdict(without), outcome(without)), ("no-timestamp", REFUSED),
              "one born without is not, with tcp_timestamps=1 either")


def own_address_is_not_loopback():
    port = bucket_at(address=OWN, source=OWN)
    loopback = bucket_at()
    pass_the_second()
    with settings(tcp_tw_reuse=2):
        equal((verdict(port), outcome(port, address=OWN, source=OWN)), ("not-loopback", REFUSED),
              "tcp_tw_reuse=2 leaves out traffic to the host's own non-loopback address")
        equal((verdict(loopback), outcome(loopback)), ("reusable", "connected"),
              "and has that over 127.0.0.1")
    with settings(tcp_tw_reuse=1):
        equal((verdict(port), outcome(port, address=OWN, source=OWN)), ("reusable", "connected"),
              "with tcp_tw_reuse=1 it has both")


def bound_port_ignores_the_sysctls():
    with settings(tcp_tw_reuse=0, tcp_tw_reuse_delay=60000):
        port = bucket_at(reuse_address=True)
        bucket = row(port)
        equal((bucket["verdict"], outcome(port)), ("disabled", REFUSED),
              "a connect() that looks for a port minds tcp_tw_reuse=0")
        sock = client_socket(LOOPBACK, port, reuse_address=True)
        error = sock.connect_ex((LOOPBACK, SERVER))
        equal((bucket["bound-verdict"], error), ("reusable", 0),
              "one from a port bound with SO_REUSEADDR minds neither it nor the delay nor the age")
        drop(sock, listener(SERVER).accept()[0])


def bind_error(sock, port):
    try:
        sock.bind((LOOPBACK, port))
        return 0
    except OSError as error:
        return error.errno


def restart():
    """bind() of a server whose buckets are still there."""
    outcomes = {}
    for old, new in itertools.product((False, True), repeat=2):
        port = new_port()
        server = client_socket(LOOPBACK, port, reuse_address=old)
        server.listen()
        client = socket.create_connection((LOOPBACK, port))
        close_first(server.accept()[0], client)
        server.close()
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, new)
            outcomes[old, new] = bind_error(sock, port)
    equal(outcomes, {(False, False): errno.EADDRINUSE, (False, True): errno.EADDRINUSE,
                     (True, False): errno.EADDRINUSE, (True, True): 0},
          "bind() over a bucket needs SO_REUSEADDR of the old server and of the new one")


# Ports

def per_4_tuple():
    port = new_port()
    first = connect(port)
    equal(outcome(port, server=OTHER_SERVER), "connected",
          "the same port serves another destination at once: the limit is per 4-tuple")
    equal(outcome(port), REFUSED, "but not the same one twice")
    close_first(*first)
    equal(outcome(port, server=OTHER_SERVER), "connected", "a bucket does not change that")


def bound_first():
    port = new_port()
    sock = client_socket(LOOPBACK, port)
    sock.connect((LOOPBACK, SERVER))
    equal(outcome(port, server=OTHER_SERVER), REFUSED,
          "a port bound before connect() is lost to all other destinations")
    with settings(ip_local_port_range=f"{port} {port}"):
        answers = [ports(server) for server in (SERVER, OTHER_SERVER, 4711)]
    equal([a["bind-blocked"] for a in answers], [1] * 3, "and is bind-blocked to each of them")
    drop(sock, listener(SERVER).accept()[0])


def errors():
    low = new_port()
    with settings(ip_local_port_range=f"{low} {low}"):
        with client_socket(LOOPBACK, low), socket.socket() as sock:
            equal((outcome(low), ports()["bind-blocked"]), (REFUSED, 1),
                  "connect() without a port left fails with EADDRNOTAVAIL")
            equal(bind_error(sock, 0), errno.EADDRINUSE, "bind() to port 0 with EADDRINUSE")


def order_of_ports():
    with settings(ip_local_port_range="26000 26199"):
        bound = [socket.socket() for _ in range(20)]
        for sock in bound:
            sock.bind((LOOPBACK, 0))
        by_bind = [sock.getsockname()[1] for sock in bound]
        for sock in bound:
            sock.close()
    pairs = [connect(26000, 26199) for _ in range(20)]
    by_connect = [client.getsockname()[1] for client, _ in pairs]
    for pair in pairs:
        drop(*pair)
    equal(({p % 2 for p in by_connect}, {p % 2 for p in by_bind}), ({0}, {1}),
          "connect() takes ports of the parity of the range's first, bind() to port 0 the others")
    steps = {b - a for a, b in zip(by_connect, by_connect[1:])}
    ok(1 not in steps and len(steps) > 1, "the next port is not the last one plus 1", by_connect)


def on_and_off():
    """The outage of a proxy that opens short connections, in a namespace of its own."""
    netns = Netns.new("proxy")
    with inside(netns):
        must("ip", "link", "set", "lo", "up")
        setting("net.ipv4.tcp_tw_reuse", 0)
        setting("net.ipv4.ip_local_port_range", "30000 30019")
        servers = {p: socket.create_server((LOOPBACK, p)) for p in (SERVER, OTHER_SERVER)}

    def request(port):
        with client_socket(LOOPBACK, 0) as client:
            error = client.connect_ex((LOOPBACK, port))
            if not error:
                close_first(client, servers[port].accept()[0])
            return error

    def still_out():
        with inside(netns):
            equal(request(SERVER), errno.EADDRNOTAVAIL, "3 s before that connect() still fails")

    def back():
        with inside(netns):
            equal((ports()["free"] > 0, request(SERVER)), (True, 0),
                  "then the proxy is back by itself: on and off")

    with inside(netns):
        due = outage(request)
        what_if(request)
    at(due - 3, still_out)
    at(due + LATE_S, back)


def outage(request):
    """When the first port will be back."""
    begin = time.monotonic()
    equal([request(SERVER) for _ in range(21)], [0] * 20 + [errno.EADDRNOTAVAIL],
          "a proxy with 20 ports: 20 requests go well, the 21st fails with EADDRNOTAVAIL")
    answer, now = ports(), time.monotonic()
    equal((answer["free"] + answer["reusable"], waiting(answer)), (0, {"disabled": 20}),
          "port-get: 0 available, 20 waiting, disabled")
    back_ms = answer["waiting-next-ms"][VERDICTS.index("disabled")]
    ok(MINUTE_MS - 1000 * (now - begin) - 50 <= back_ms <= MINUTE_MS,
       "and when the first will be back: less than a minute after it was closed", back_ms)
    return now + back_ms / 1000


def what_if(request):
    """To the other server, so that the outage towards the first one goes on."""
    for _ in range(20):
        request(OTHER_SERVER)
    pass_the_second()
    answer = ports(OTHER_SERVER, policy={"tcp-tw-reuse": 1})
    equal((answer["reusable"], request(OTHER_SERVER)), (20, errno.EADDRNOTAVAIL),
          "what-if tcp_tw_reuse=1: 20 would be reusable, while nothing is changed")
    with settings(tcp_tw_reuse=1):
        equal([request(OTHER_SERVER) for _ in range(20)], [0] * 20, "and setting it makes them so")


# The other end

def server_accepts_again():
    """The server closed first, and the client comes back from the same port."""
    port, server = new_port(), new_port()
    with socket.create_server((LOOPBACK, server)) as listening:
        for turn in range(2):
            client = client_socket(LOOPBACK, port)
            error = client.connect_ex((LOOPBACK, server))
            accepted = None if error else listening.accept()[0]
            if not turn:
                close_first(accepted, client)
                ok(row(server, port), "the server's end is in TIME_WAIT")
    equal((error, row(server, port)), (0, None),
          "the server accepts the same client from the same port again, and the bucket ends")
    drop(client, accepted)


def closed_by_the_host(tun, port, tsval, seq=1000):
    """A connection of the peer in user space, in TIME_WAIT at the host."""
    c = Connection(tun, 4, port, SERVER, seq, tsval)
    c.open()
    accepted = listener(SERVER).accept()[0]
    accepted.close()
    c.close(with_fin=True)
    for _ in range(200):
        bucket = row(SERVER, port)
        if bucket and bucket["substate"] == "time-wait":
            return c
        time.sleep(0.01)
    raise RuntimeError(f"no bucket for the peer's port {port}")


def clients_behind_nat(tun):
    first = closed_by_the_host(tun, 40000, tsval=1_000_000)
    listener(SERVER)
    second = Connection(tun, 4, 40001, SERVER, 5000, tsval=500)
    second.open()
    accepted = listener(SERVER).accept()[0]
    ok(row(SERVER, 40000), "another client of the same address with an older clock is accepted, "
       "a bucket of the first notwithstanding: timestamps are compared per 4-tuple")
    second.send(RST | ACK)
    accepted.close()
    old = Connection(tun, 4, 40000, SERVER, first.seq - 100, tsval=500)
    old.send(SYN)
    reply = old.expect(ACK)
    ok(not reply["flags"] & SYN and row(SERVER, 40000),
       "only for its own 4-tuple does the bucket refuse an older SYN", reply)


def assassination(tun):
    for number, (value, stays) in enumerate(((0, False), (1, True))):
        port = 40010 + number
        c = closed_by_the_host(tun, port, tsval=1000)
        with settings(tcp_rfc1337=value):
            c.send(RST)
            for _ in range(20):
                if not row(SERVER, port):
                    break
                time.sleep(0.01)
            equal(bool(row(SERVER, port)), stays, f"with tcp_rfc1337={value} an RST "
                  + ("does not end a bucket" if stays else "ends a bucket"))


def fin_again(tun):
    """The ACK of the peer's FIN was lost."""
    c = closed_by_the_host(tun, 40020, tsval=1000)
    time.sleep(2.5)
    before = row(SERVER, 40020)["remaining-ms"]
    c.seq -= 1
    c.send(FIN | ACK)
    c.expect(ACK)
    after = row(SERVER, 40020)["remaining-ms"]
    ok(before < 58000 < after, "a FIN sent again restarts 2MSL", (before, after))


# Connection tracking

def conntrack():
    track_connections()
    setting("net.netfilter.nf_conntrack_tcp_timeout_time_wait", 3)
    port = bucket_at()
    with open("/proc/net/nf_conntrack") as f:
        tracked = [line.split() for line in f if f"sport={port} dport={SERVER}" in line]
    ok(len(tracked) == 1 and tracked[0][5] == "TIME_WAIT" and int(tracked[0][4]) <= 3
       and full_minute(row(port)),
       "nf_conntrack_tcp_timeout_time_wait=3 bounds the entry of conntrack, the bucket has 60 s",
       f"{tracked}\n{row(port)}")
    time.sleep(4)
    with open("/proc/net/nf_conntrack") as f:
        gone = f"sport={port} dport={SERVER}" not in f.read()
    ok(gone and row(port), "4 s later that entry is gone, and the bucket is not")


def main():
    equal(ynl.do("info-get", {})["rules"], rules(), "the kernel's rules")
    defaults()
    addresses()
    setting("net.ipv4.tcp_max_tw_buckets", 100000)
    # Before those that are looked at again in a minute: its length depends on how busy this machine is.
    (clock_of_entry if rules() == "entry-delay" else clock_of_seconds)()
    for test in (on_and_off, lives_a_minute, fin_timeout, limit_is_of_a_netns, memory,
                 fin_starts_the_minute, simultaneous_close, linger_zero, unrelated_settings, limit_reached,
                 timestamps_of_the_bucket, own_address_is_not_loopback,
                 bound_port_ignores_the_sysctls, restart, per_4_tuple, bound_first, errors,
                 order_of_ports, server_accepts_again):
        test()
    tun = Tun()
    for test in clients_behind_nat, assassination, fin_again:
        test(tun)
    conntrack()
    note(f"{time.monotonic() - BORN:.0f} s; now for the minute to be over")
    finish_later()
    done()


main()
