# SPDX-License-Identifier: GPL-2.0
"""What is done to buckets, each deed with what the kernel is to make of it told to a witness."""

import contextlib
import errno
import itertools
import os
import socket
import time

from peer import ACK, FIN, RST, Connection, Tun
from scene import (IP_BIND_ADDRESS_NO_PORT, RST_ON_CLOSE, coarse_seconds, make_bucket, send_fin)
from tap import enter_netns, must, new_netns, own_netns, setting
from witness import netns_inode, who

ME = "python3"
LOOPBACK = {"IPv4": "127.0.0.1", "IPv6": "::1", "IPv4-mapped": "::ffff:127.0.0.1"}
ELSEWHERE = {"IPv4": "10.77.0.1", "IPv6": "fd77::1", "IPv4-mapped": "::ffff:10.77.0.1"}


def at_begin_of_second():
    """Of the clock that old kernels go by."""
    second = int(coarse_seconds())
    while int(coarse_seconds()) == second:
        time.sleep(0.001)


@contextlib.contextmanager
def in_new_netns(w, own_ehash=0):
    """For as long as it takes; what was observed until then, and until it has ended, is forgotten."""
    home = own_netns()
    if own_ehash:
        setting("net.ipv4.tcp_child_ehash_entries", own_ehash)
    netns, inode = new_netns(), netns_inode()
    if own_ehash:
        enter_netns(home)
        setting("net.ipv4.tcp_child_ehash_entries", 0)
        enter_netns(netns)
    w.start()
    before = made_and_ended(w.all_stats()[0])
    try:
        yield inode
    finally:
        made = made_and_ended(w.all_stats()[inode])[0] + before[0]
        enter_netns(home)
        os.close(netns)
        os.close(home)
    for _ in range(2000):
        # It leaves the list, then its counts come to those that ended, then its buckets are purged.
        if made_and_ended(w.all_stats()[0]) == (made, made):
            break
        time.sleep(0.01)
    else:
        raise RuntimeError(f"netns {inode} does not end")
    w.start()


def made_and_ended(counters):
    return (sum(n for name, n in counters.items() if name.startswith(("before", "created-"))),
            sum(n for name, n in counters.items() if name.startswith("ended.")))


class Unseen:
    """In place of a witness: what is done is compared with nothing."""

    def __getattr__(self, name):
        return lambda *args, **options: None


class LocalBucket:
    """A bucket of this host's client."""

    def __init__(self, at, kind, address, bound, substate):
        self.at, self.kind, self.address, self.bound = at, kind, address, bound
        self.substate = substate


class Local:
    """Connections within this host; to be made in the namespace where they shall be."""

    PORT = 5000
    numbers = itertools.count(20001)

    def __init__(self, w):
        self.w, self.kept = w, contextlib.ExitStack()
        must("ip", "-batch", "-", input="link set lo up\n"
             "addr replace 10.77.0.1/32 dev lo\naddr replace fd77::1/128 dev lo nodad\n")
        self.listener = socket.create_server(("::", self.PORT), family=socket.AF_INET6,
                                             backlog=4096, dualstack_ipv6=True)

    def close(self):
        self.kept.close()
        self.listener.close()
        setting("net.ipv4.ip_local_port_range", "20000 60000")

    def keep(self, sock):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST_ON_CLOSE)
        return self.kept.enter_context(sock)

    def socket(self, address, number, bound):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = socket.socket(family)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, bound)
        if not bound:
            setting("net.ipv4.ip_local_port_range", f"{number} {number}")
            sock.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        sock.bind((address, number if bound else 0))
        return sock

    def pair(self, kind, loopback=True, bound=False, timestamps=True, number=None):
        """Client, server, and who the client is."""
        address = (LOOPBACK if loopback else ELSEWHERE)[kind]
        if number is None:
            number = next(self.numbers)
        setting("net.ipv4.tcp_timestamps", int(timestamps))
        client = self.socket(address, number, bound)
        client.connect((address, self.PORT))
        setting("net.ipv4.tcp_timestamps", 1)
        return client, self.listener.accept()[0], who(address, number, address, self.PORT)

    def bucket(self, kind, fin=True, said="fin", **options):
        """Of the client, which closes first; the server's FIN comes or does not."""
        client, server, at = self.pair(kind, **options)
        make_bucket(client, server)
        self.w.created(at, "fin-wait2", ME)
        if fin:
            send_fin(server)
            self.w.segment(at, said, "fin-wait2")
        else:
            self.keep(server)
        address = (LOOPBACK if options.get("loopback", True) else ELSEWHERE)[kind]
        return LocalBucket(at, kind, address, options.get("bound", False),
                           "time-wait" if fin else "fin-wait2")

    def refused(self, b, decision, substate="time-wait"):
        """connect() from the bucket's port fails."""
        with self.socket(b.address, b.at.local_port, b.bound) as sock:
            error = sock.connect_ex((b.address, self.PORT))
        if error != errno.EADDRNOTAVAIL:
            raise RuntimeError(f"{b.at} {decision}: connect() returned {error}")
        self.w.connect(b.at, decision, substate)

    def reused(self, b, decision, cause, substate="time-wait"):
        """connect() gets the bucket's port; the new connection leaves nothing behind."""
        sock = self.socket(b.address, b.at.local_port, b.bound)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST_ON_CLOSE)
        with sock:
            sock.connect((b.address, self.PORT))
            server = self.listener.accept()[0]
            with server:
                server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST_ON_CLOSE)
        self.w.connect(b.at, decision, substate)
        self.w.ended(b.at, cause, substate, ME)


class Peer:
    """Connections of a peer behind a wire, which the host closes first."""

    PORTS = {"IPv4": 8000, "IPv6": 8000, "IPv4-mapped": 8001}
    # Of the tun device: what is written to it is received in the writer's context.
    COMM = ME

    def __init__(self, w):
        self.w, self.tun, self.port, self.servers = w, Tun(), 10000, {}
        for kind in self.PORTS:
            self.listen(kind, True)

    def close(self):
        for server in self.servers.values():
            server.close()
        os.close(self.tun.fd)

    def listen(self, kind, on):
        if not on:
            self.servers.pop(kind).close()
        elif kind == "IPv4":
            self.servers[kind] = socket.create_server(("10.99.0.1", 8000), backlog=4096)
        else:
            self.servers[kind] = socket.create_server(
                ("::", self.PORTS[kind]), family=socket.AF_INET6, backlog=4096,
                dualstack_ipv6=kind == "IPv4-mapped")

    def drain(self):
        while self.tun.receive(0):
            pass

    def bucket(self, kind, fin=True, tsval=1000, said="fin"):
        if kind not in self.servers:
            self.listen(kind, True)
            made = self.bucket(kind, fin, tsval, said)
            self.listen(kind, False)
            return made
        self.port += 1
        family = 6 if kind == "IPv6" else 4
        c = Connection(self.tun, family, self.port, self.PORTS[kind], 0xFFFFFF00 + self.port % 512,
                       tsval)
        c.fin = fin
        c.open()
        self.servers[kind].accept()[0].close()
        prefix = "::ffff:" if kind == "IPv4-mapped" else ""
        c.at = who(prefix + Tun.HOST[family], c.server_port, prefix + Tun.PEER[family], c.port)
        c.close(False)
        self.w.created(c.at, "fin-wait2", self.COMM)
        if fin:
            self.send(c, said, 0, ACK | FIN, c.tsval, substate="fin-wait2")
            c.seq += 1
        self.drain()
        return c

    def send(self, c, decision, seq, flags, tsval, payload=b"", substate="time-wait",
             restarted=False):
        self.tun.send(c.family, c.port, c.server_port, c.seq + seq, c.ack, flags, tsval, c.tsecr,
                      payload)
        self.w.segment(c.at, decision, substate, restarted, self.COMM)

    def segment(self, c, decision, seq, flags, tsval=1000, payload=b"", substate="time-wait",
                restarted=False):
        """At a distance from what the bucket waits for."""
        self.send(c, decision, seq, flags, tsval, payload, substate, restarted)
        self.drain()

    def kill(self, c):
        substate = "fin-wait2" if not c.fin else "time-wait"
        self.send(c, "rst", 0, RST, None, substate=substate)
        self.w.ended(c.at, "rst", substate, self.COMM)
        self.drain()

    def abort(self, c, seq):
        """What a SYN began."""
        self.tun.send(c.family, c.port, c.server_port, c.seq + seq + 1, 0, RST)
        self.drain()


