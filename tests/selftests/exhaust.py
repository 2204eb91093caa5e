#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""When twctl pressure says that the ports will be gone, and when they were gone.

nginx proxies to another nginx behind a veth, so that nothing is loopback, and opens a connection
for each request. It speaks HTTP/1.1 to the backend, without "Connection: close" and without a
pool, as does whoever follows the advice for keep-alive but for its last line: "keepalive N". So
the backend leaves its end open, nginx knows by Content-Length that it has all and closes first,
and TIME_WAIT is the proxy's. With "Connection: close" the backend would close first and have it.

Then the same for a client that bind()s first, which takes ports from a pool of its own; for a rate
a little above what can go on for good, and one below; and for one that is slow enough to see the
buckets of an earlier rush end.

Requests of the first two come at random, so many a second on average. Runs with --icount: else the
rate would be that of whatever else this machine does.
"""

import errno
import os
import random
import re
import socket
import statistics
import threading
import time

from tap import done, enter_netns, equal, must, note, ok, sysctl, twctl

FIRST, PORTS, RATE = 20000, 3000, 150
# Of this range 16.1 ports a second can go on for good: each is taken for 60 s, and until the timer
# wheel's next step, of 512 ticks of 4 ms.
FEW, ABOVE, BELOW = 1000, 16.4, 15.9
# The rush, for how long, how long after its begin the slow rate begins, and that.
RUSH, RUSH_S, PAUSE_S, SLOW = 60, 6, 36, 19
BACKEND_PORT, PROXY_PORT = 8080, 80
# Seconds after which a forecast must be good; by how much it may be off: a share, or seconds.
SETTLED, SHARE, SECONDS = 5, 0.10, 1.0
# The timer wheel may be late by so much.
TIMEWAIT, LATE = 60, 4.5
# Seconds after which what lasts at a rate has lasted, and how long to wait for anything.
PAST, PATIENCE = 70, 150
EADDRNOTAVAIL_LINE = re.compile(r"connect\(\) to .* failed \(99: Cannot assign requested address\)")
REQUEST = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"

COMMON = """
pid /tmp/{name}.pid;
error_log /tmp/{name}.log;
events {{}}
http {{
	access_log off;
	keepalive_requests 1000000;
	server {{
		listen {port};
		location / {{ {what} }}
	}}
}}
"""
ANSWER = 'return 200 "hello\\n";'
PROXY = """
			proxy_pass http://{backend}:{port};
			proxy_http_version 1.1;
			proxy_set_header Connection "";
"""


def nginx(name, port, what):
    """Starts one in the namespace of that name."""
    path = f"/tmp/{name}.conf"
    with open(path, "w") as f:
        f.write(COMMON.format(name=name, port=port, what=what))
    must("ip", "netns", "exec", name, "nginx", "-c", path)


class Place:
    """A namespace of little ports, with a link to the backend's."""

    def __init__(self, name, number, ports=PORTS):
        self.name, self.ports = name, ports
        self.address, self.backend = f"10.0.{number}.1", f"10.0.{number}.2"
        must("ip", "netns", "add", name)
        must("ip", "-n", name, "link", "set", "lo", "up")
        must("ip", "link", "add", "veth0", "netns", name, "type", "veth",
             "peer", "name", name, "netns", "backend")
        for netns, device, address in ((name, "veth0", self.address),
                                       ("backend", name, self.backend)):
            must("ip", "-n", netns, "address", "add", f"{address}/24", "dev", device)
            must("ip", "-n", netns, "link", "set", device, "up")
        self.set("ip_local_port_range", f"{FIRST} {FIRST + ports - 1}")
        self.set("tcp_max_tw_buckets", 262144)

    def set(self, name, value):
        sysctl(f"net.ipv4.{name}", value, netns=self.name)

    def enter(self):
        """Puts this thread there."""
        fd = os.open(f"/run/netns/{self.name}", os.O_RDONLY)
        enter_netns(fd)
        os.close(fd)


def whole_answer(sock):
    """Its status; the body is read to its end, and the connection stays."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += must_receive(sock)
    head, body = data.split(b"\r\n\r\n", 1)
    length = int(re.search(rb"Content-Length: (\d+)", head).group(1))
    while len(body) < length:
        body += must_receive(sock)
    return int(head.split()[1])


def must_receive(sock):
    data = sock.recv(4096)
    if not data:
        raise EOFError("the other end closed first")
    return data


class Load(threading.Thread):
    """Requests at a rate, steady or at random: for each when it began and whether it went well."""

    def __init__(self, place, rate=RATE, steady=False):
        super().__init__(daemon=True)
        self.place, self.answers, self.broken = place, [], None
        rng = random.Random(1)
        self.gap = (lambda: 1 / rate) if steady else (lambda: rng.expovariate(rate))
        self.began, self.stopping = time.monotonic(), False
        self.start()

    def run(self):
        try:
            self.place.enter()
            self.prepare()
            self.go_on()
        except Exception as error:
            self.broken = error

    def prepare(self):
        pass

    def go_on(self):
        due = time.monotonic()
        while not self.stopping:
            begin = time.monotonic()
            self.answers.append((begin, self.request()))
            # What was late is made up for, if not by more than a second.
            due = max(due + self.gap(), time.monotonic() - 1)
            time.sleep(max(due - time.monotonic(), 0))

    def first(self, good, since=0):
        """When the first request began that went well, or did not; None if none yet."""
        return next((t for t, g in list(self.answers) if g == good and t >= since), None)

    def since(self, moment):
        return [good for t, good in list(self.answers) if t >= moment]

    def stop(self):
        self.stopping = True
        self.join()


class ThroughProxy(Load):
    """A client of nginx that keeps its one connection."""

    def prepare(self):
        self.sock = socket.create_connection(("127.0.0.1", PROXY_PORT))

    def request(self):
        self.sock.sendall(REQUEST)
        status = whole_answer(self.sock)
        if status not in (200, 502):
            raise ValueError(f"status {status}")
        return status == 200


class Client(Load):
    """A client that closes first, as nginx does."""

    failure = errno.EADDRNOTAVAIL

    def connect(self, sock):
        sock.connect((self.place.backend, BACKEND_PORT))

    def request(self):
        with socket.socket() as sock:
            try:
                self.connect(sock)
            except OSError as error:
                if error.errno != self.failure:
                    raise
                return False
            sock.sendall(REQUEST)
            return whole_answer(sock) == 200


class Binder(Client):
    """One that bind()s before it connects."""

    failure = errno.EADDRINUSE

    def connect(self, sock):
        sock.bind((self.place.address, 0))
        super().connect(sock)


class Forecast:
    """What twctl pressure says of a place's destination, or of its bind pool."""

    def __init__(self, place, pool):
        self.begin = time.monotonic()
        answer = twctl("-N", place.name, "pressure", "dport", "=", f":{BACKEND_PORT}")
        self.end = time.monotonic()
        self.moment = (self.begin + self.end) / 2
        rows = answer["bind_pools" if pool else "destinations"]
        self.row = next((r for r in rows if r["local"] == place.address), None)

    def left(self):
        """Seconds, None for never."""
        return self.row and self.row["exhausted_in_s"]

    def is_exhausted(self):
        return self.left() == 0 and self.row["available"] == 0

    def error(self, moment):
        true = moment - self.moment
        return abs(self.left() - true) if self.left() is not None else true * PATIENCE

    def is_near(self, moment):
        return self.error(moment) <= max(SHARE * (moment - self.moment), SECONDS)


def ask_until(load, pool, happened):
    """Forecasts, one a second, until something happened, and when that was."""
    forecasts, end = [], time.monotonic() + PATIENCE
    while not (moment := happened()):
        if load.broken or time.monotonic() > end:
            print(f"Bail out! {load.broken or 'it never happened'}", flush=True)
            raise SystemExit(1)
        forecasts.append(Forecast(load.place, pool))
        time.sleep(max(forecasts[-1].moment + 1 - time.monotonic(), 0))
    return forecasts, moment


def table(began, forecasts, moment):
    note("   at   rate    taken  predicted     true    error")
    for f in forecasts:
        if not f.row:
            continue
        true, left = moment - f.moment, f.left()
        said = "   never" if left is None else f"{left:6.2f} s"
        off = "" if left is None else f"{left - true:+6.2f} s {100 * (left - true) / true:+6.1f} %"
        taken = f.row["ports"] - f.row["available"]
        note(f"{f.moment - began:3.0f} s {f.row['rate_per_s']:5.0f}/s {taken:6}    {said} "
             f"{true:6.2f} s  {off}")


def check_forecasts(what, began, forecasts, moment):
    forecasts = [f for f in forecasts if f.moment < moment]
    table(began, forecasts, moment)
    settled = [f for f in forecasts if f.moment >= began + SETTLED]
    shares = [f.error(moment) / (moment - f.moment) for f in settled]
    ok(shares and statistics.median(shares) <= SHARE,
       f"{what}: the median of {len(shares)} forecasts is off by {100 * SHARE:.0f} % at most",
       [f"{share:.3f}" for share in shares])
    late = [f for f in settled if f.moment >= (began + moment) / 2]
    wrong = [f"{f.left()} s left at {f.moment - began:.2f} s" for f in late
             if not f.is_near(moment)]
    ok(late and not wrong, f"{what}: from half way on each of {len(late)} is within "
       f"{100 * SHARE:.0f} % or {SECONDS:.0f} s", "\n".join(wrong))
    largest = max(s for s, f in zip(shares, settled) if moment - f.moment > SECONDS)
    note(f"{what}: after {moment - began:.2f} s; the median is off by "
         f"{100 * statistics.median(shares):.1f} %, the worst by {100 * largest:.1f} %, "
         f"but for the last second")


def check_outage(what, began, failed, again, forecasts):
    """As long as TIME_WAIT lasts, and it was said all the time."""
    ok(TIMEWAIT - 0.5 <= again - began <= TIMEWAIT + LATE,
       f"{what}: works again when the first buckets end", f"{again - began:.2f} s after the start")
    during = [f for f in forecasts if failed < f.begin and f.end < again]
    wrong = [f"{f.moment - began:.2f} s: {f.row}" for f in during if not f.is_exhausted()]
    ok(during and not wrong, f"{what}: till then twctl says that it is exhausted, "
       f"{len(during)} times", "\n".join(wrong))
    note(f"{what}: failed for {again - failed:.2f} s, from {failed - began:.2f} s on")


def fails_for(load, seconds):
    """True while nothing went well for so long."""
    now = time.monotonic()
    recent = load.since(now - seconds)
    return now if recent and not any(recent) else None


def count_lines():
    with open("/tmp/proxy.log") as f:
        return sum(bool(EADDRNOTAVAIL_LINE.search(line)) for line in f)


def check_reuse(place, load, said):
    """The cure, in the middle of an outage."""
    whatif = said.row["tcp_tw_reuse_1"]
    ok(said.is_exhausted() and whatif["exhausted_in_s"] is None and whatif["available"],
       "exhausted, and would last with tcp_tw_reuse=1, says twctl", said.row)
    place.set("tcp_tw_reuse", 1)
    moment = time.monotonic()
    time.sleep(3)
    answers = load.since(moment)
    ok(len(answers) > 3 * RATE / 2 and all(answers), "tcp_tw_reuse=1: works at once and goes on",
       f"{answers.count(False)} of {len(answers)} failed")
    now = Forecast(place, False)
    ok(now.left() is None and now.row["available"] and now.row["reusable"],
       "and twctl says that the ports last", now.row)


def check_end(what, load):
    load.stop()
    equal(load.broken, None, f"{what}: nothing else failed, and the backend never closed first")


def through_proxy():
    place = Place("proxy", 1)
    nginx("proxy", PROXY_PORT, PROXY.format(backend=place.backend, port=BACKEND_PORT))
    load = ThroughProxy(place)
    forecasts, failed = ask_until(load, False, lambda: load.first(False))
    check_forecasts("connect()", load.began, forecasts, failed)
    forecasts, again = ask_until(load, False, lambda: load.first(True, failed))
    check_outage("connect()", load.began, failed, again, forecasts)
    # Buckets end together, some seconds' at a time: off is what lasts longer than that.
    ask_until(load, False, lambda: fails_for(load, LATE))
    check_reuse(place, load, Forecast(place, False))
    check_end("connect()", load)
    equal(count_lines(), load.since(0).count(False),
          "each 502 is an EADDRNOTAVAIL in nginx's error log")


def with_bind():
    place = Place("binder", 2)
    load = Binder(place)
    forecasts, failed = ask_until(load, True, lambda: load.first(False))
    check_forecasts("bind()", load.began, forecasts, failed)
    place.set("tcp_tw_reuse", 1)
    moment = time.monotonic()
    time.sleep(1)
    said = Forecast(place, True)
    ok(said.is_exhausted(), "bind(): exhausted, and tcp_tw_reuse=1 doesn't change that, says twctl",
       said.row)
    answers = load.since(moment)
    ok(answers and not any(answers), "and so it is: EADDRINUSE", f"{answers.count(True)} went well")
    check_end("bind()", load)


def at_the_edge():
    load = Client(Place("above", 3, FEW), ABOVE, steady=True)
    other = Client(Place("below", 4, FEW), BELOW, steady=True)
    forecasts, failed = ask_until(load, False, lambda: load.first(False))
    check_end(f"{ABOVE}/s", load)
    check_forecasts(f"{ABOVE}/s", load.began, forecasts, failed)
    forecasts, _ = ask_until(other, False, lambda: time.monotonic() > other.began + PAST)
    check_end(f"{BELOW}/s", other)
    ok(all(other.since(0)), f"{BELOW}/s: never failed")
    wrong = [f.row for f in forecasts if f.left() is not None]
    ok(forecasts and not wrong, f"{BELOW}/s: lasts, says twctl", wrong)


def after_a_rush():
    place = Place("rush", 5, FEW)
    rush = Client(place, RUSH, steady=True)
    time.sleep(RUSH_S)
    check_end("rush", rush)
    time.sleep(PAUSE_S - RUSH_S)
    load = Client(place, SLOW, steady=True)
    forecasts, failed = ask_until(load, False, lambda: load.first(False))
    check_forecasts("after a rush", load.began, forecasts, failed)
    check_end("after a rush", load)


must("ip", "netns", "add", "backend")
nginx("backend", BACKEND_PORT, ANSWER)
through_proxy()
with_bind()
at_the_edge()
after_a_rush()
done()
