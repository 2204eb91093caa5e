# SPDX-License-Identifier: GPL-2.0
"""A small port range filled at random, and what a connect() should find at each port of it."""

import contextlib
import dataclasses
import errno
import ipaddress
import math
import os
import socket
import struct
import time

from tap import enter_netns, kernel, must, new_netns, own_netns, setting

IP_BIND_ADDRESS_NO_PORT = 24
CLOCK_MONOTONIC_COARSE = 6
FIN_WAIT2, CLOSE = 5, 7
STEP_WIDTH = "/proc/sys/net/ipv4/ip_local_port_step_width"
RST_ON_CLOSE = struct.pack("ii", 1, 0)
DEVICES = {"lo": 1, "mute0": 77}

# Routes within this host, and such where nobody answers: a connect() stays in SYN_SENT.
ANSWERING = (("127.0.0.1", "127.0.0.1"), ("10.77.0.1", "10.77.0.1"), ("::1", "::1"),
             ("127.0.0.5", "127.1.2.3"), ("fd77::1", "fd77::2"), ("10.77.0.1", "127.0.0.1"),
             ("fd77::1", "fd77::1"))
SILENT = (("10.88.0.1", "10.88.0.2"), ("fd88::1", "fd88::2"))
# Others of the same family, for company that is no matter of the route.
OTHER_SOURCE = {4: "127.0.0.77", 6: "fd77::3"}
OTHER_DESTINATION = {4: "127.0.0.78", 6: "fd77::4"}
SILENT_DESTINATION = {4: "10.88.0.3", 6: "fd88::3"}
BINDABLE = ("127.0.0.1", "127.0.0.77", "10.77.0.1", "0.0.0.0", "::1", "fd77::1", "::")

# What a port is given, and how often. The second table is for routes without an answer.
KINDS = {"nothing": 4, "full": 4, "bucket": 16, "bound": 4, "bound_full": 2, "bound_bucket": 4,
         "joined": 4, "left": 4, "accepted": 2, "gone": 2, "elsewhere": 3,
         "elsewhere_and_here": 4, "other_netns": 3}
SILENT_KINDS = {"nothing": 4, "full": 8, "bound": 4, "bound_full": 2, "joined": 3, "left": 3,
                "gone": 2, "elsewhere": 4, "elsewhere_and_here": 3, "other_netns": 3}
FULL = ("established", "client-shut", "server-shut")
BUCKET = ("time-wait", "young", "fin-wait2")


@dataclasses.dataclass(frozen=True)
class Route:
    """From where to where, as it is asked for and connected to."""
    source: str
    destination: str
    port: int
    device: str = None

    @property
    def version(self):
        return ipaddress.ip_address(self.source).version

    @property
    def silent(self):
        return self.destination.startswith(("10.88.", "fd88:"))

    @property
    def loopback(self):
        return any(ipaddress.ip_address(a).is_loopback for a in (self.source, self.destination))


@dataclasses.dataclass(frozen=True)
class Bucket:
    """What decides about a bucket, besides the sysctls."""
    timestamps: bool
    fin_wait2: bool
    young: bool
    device: str


@dataclasses.dataclass
class Port:
    """What was put at a port. The full socket and the bucket are those of the route."""
    kind: str
    full: bool = False
    bucket: Bucket = None
    blocked: bool = False
    reserved: bool = False


@dataclasses.dataclass(frozen=True)
class Policy:
    """The sysctls that decide."""
    reuse: int
    delay: int


# Rules that are not those of the kernel, by those that it has.
WRONG_RULES = {
    "seconds": "seconds-not-fin-wait2",
    "seconds-not-fin-wait2": "seconds",
    "entry-delay": "seconds",
}


def rules():
    """By which the running kernel goes: measured, not asked of the module."""
    if kernel() >= (6, 18):
        return "entry-delay"
    return "seconds-not-fin-wait2" if kernel() >= (6, 1) else "seconds"


def verdict(bucket, loopback, policy):
    """The kernel's rules once more, for what a scene has of them."""
    if not bucket.timestamps:
        return "no-timestamp"
    if bucket.fin_wait2 and rules() != "seconds":
        return "fin-wait2"
    if policy.reuse == 0:
        return "disabled"
    if policy.reuse == 2 and not loopback and bucket.device != "lo":
        return "not-loopback"
    # In a scene whatever is not young is older than a second.
    if rules() == "entry-delay":
        young = policy.delay > 1000 or (policy.delay == 1000 and bucket.young)
    else:
        young = bucket.young
    return "too-young" if young else "reusable"


def addresses():
    """In this namespace: lo up, with addresses that are not loopback ones, and a mute device."""
    script = ["link set lo up", "link add mute0 index 77 type dummy", "link set mute0 up",
              "addr add 10.77.0.1/32 dev lo", "addr add 10.88.0.1/24 dev mute0",
              "addr add fd88::1/64 dev mute0 nodad"]
    script += [f"addr add fd77::{i}/128 dev lo nodad" for i in (1, 2, 3, 4)]
    must("ip", "-batch", "-", input="\n".join(script) + "\n")


class Netns:
    """A network namespace in which there are scenes."""

    def __init__(self, name, fd):
        self.name, self.fd = name, fd

    @classmethod
    def new(cls, name):
        """Made from within the one that this process is in, and stays in."""
        home = own_netns()
        netns = cls(name, new_netns())
        enter_netns(home)
        os.close(home)
        return netns

    @classmethod
    def make_three(cls):
        """This one, another, and where the kernel has that, one with a hash of its own."""
        made = [cls("the initial netns", own_netns()), cls.new("another netns")]
        if kernel() >= (6, 1):
            setting("net.ipv4.tcp_child_ehash_entries", 512)
            made.append(cls.new("a netns with its own ehash"))
            setting("net.ipv4.tcp_child_ehash_entries", 0)
        for netns in made:
            with netns:
                addresses()
        return made

    def __enter__(self):
        self.previous = own_netns()
        enter_netns(self.fd)
        return self

    def __exit__(self, *_):
        enter_netns(self.previous)
        os.close(self.previous)


def sockaddr(family, address, port):
    if family == socket.AF_INET6 and "." in address:
        address = "::ffff:" + address
    return address, port


def wait_for_state(sock, state):
    """Of TCP, as tcp_info has it in its first byte."""
    for _ in range(5000):
        if sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == state:
            return
        time.sleep(0.001)
    raise RuntimeError(f"{sock} did not come to state {state}")


def make_bucket(client, server):
    """In FIN_WAIT2. A socket closed before the ACK of its FIN would become one some time later."""
    client.shutdown(socket.SHUT_WR)
    server.recv(1)
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
    wait_for_state(client, FIN_WAIT2)
    client.close()


def send_fin(server):
    """From FIN_WAIT2 the client's bucket comes to TIME_WAIT, and answers."""
    server.shutdown(socket.SHUT_WR)
    wait_for_state(server, CLOSE)
    server.close()


class Scene:
    """The range, and the sockets that hold it. To be made within its namespace."""

    def __init__(self, rng, route, low, size, other_netns):
        self.rng, self.route, self.low, self.size = rng, route, low, size
        self.other_netns = other_netns
        self.kept, self.young, self.listeners = contextlib.ExitStack(), [], {}
        kinds = SILENT_KINDS if route.silent else KINDS
        chosen = rng.choices(list(kinds), list(kinds.values()), k=size)
        self.ports = {low + i: Port(kind) for i, kind in enumerate(chosen)}

    def build(self):
        for number, port in self.ports.items():
            getattr(self, "put_" + port.kind)(number, port)
        self.reserve()

    def close(self):
        self.kept.close()
        for listener in self.listeners.values():
            listener.close()
        setting("net.ipv4.ip_local_reserved_ports", "")

    def set_range(self, low, high):
        setting("net.ipv4.ip_local_port_range", f"{low} {high}")

    def whole_range(self):
        self.set_range(self.low, self.low + self.size - 1)

    # Sockets

    def keep(self, sock):
        """Until the scene is over; then it leaves no bucket behind."""
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST_ON_CLOSE)
        return self.kept.enter_context(sock)

    def socket(self, address, device=None):
        """IPv4 comes through sockets of both families."""
        families = [socket.AF_INET6] if ":" in address else [socket.AF_INET, socket.AF_INET6]
        sock = socket.socket(self.rng.choice(families))
        if device:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
        return sock

    def without_port(self, route):
        """A socket that has its source, and lets connect() look for the port."""
        sock = self.socket(route.source, route.device)
        sock.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        sock.bind(sockaddr(sock.family, route.source, 0))
        return sock

    def listener(self, port, netns=None):
        """For all addresses, of the namespace that this process is in."""
        if (netns, port) not in self.listeners:
            self.listeners[netns, port] = socket.create_server(
                ("::", port), family=socket.AF_INET6, backlog=4096, dualstack_ipv6=True)
        return self.listeners[netns, port]

    def connect(self, number, route, bound=False, reuse=False, netns=None):
        """Client and server; the server is None where nobody answers."""
        listener = None if route.silent else self.listener(route.port, netns)
        if bound:
            client = self.socket(route.source, route.device)
            client.bind(sockaddr(client.family, route.source, number))
        else:
            self.set_range(number, number)
            client = self.without_port(route)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, reuse)
        client.settimeout(5 if listener else 0)
        error = client.connect_ex(sockaddr(client.family, route.destination, route.port))
        if error not in (0, errno.EINPROGRESS) or client.getsockname()[1] != number:
            raise RuntimeError(f"{route} from port {number}: {os.strerror(error)}")
        return client, listener.accept()[0] if listener else None

    def bring_to(self, how, client, server):
        """From established to what a port shall hold."""
        if how in FULL or not server:
            self.keep(client)
            if server:
                self.keep(server)
                if how != "established":
                    (client if how == "client-shut" else server).shutdown(socket.SHUT_WR)
            return
        make_bucket(client, server)
        if how == "time-wait":
            send_fin(server)
        elif how == "young":
            self.young.append(server)
        else:
            self.keep(server)

    # What a port is given

    def put_nothing(self, number, port):
        pass

    def occupy(self, number, port, states, **options):
        """By a connection of the route, from a device perhaps: then not each connect() meets it."""
        route = self.route
        device = self.rng.choice((None, None, "mute0" if route.silent else "lo"))
        how, timestamps = self.rng.choice(states), self.rng.random() < 0.75
        setting("net.ipv4.tcp_timestamps", int(timestamps))
        client, server = self.connect(number, dataclasses.replace(route, device=device), **options)
        self.bring_to(how, client, server)
        if device not in (None, route.device):
            return
        if how in FULL:
            port.full = True
        else:
            port.bucket = Bucket(timestamps, how == "fin-wait2", how == "young", device)

    def put_full(self, number, port):
        self.occupy(number, port, FULL)

    def put_bucket(self, number, port):
        self.occupy(number, port, BUCKET)

    def occupants(self):
        return FULL if self.route.silent else FULL[:1] + BUCKET

    def bind(self, number, address, options):
        sock = self.socket(address, self.rng.choice((None, None, "lo")))
        for option in options:
            sock.setsockopt(socket.SOL_SOCKET, option, 1)
        sock.bind(sockaddr(sock.family, address, number))
        return sock

    def put_bound(self, number, port):
        """Listening or not."""
        options = self.rng.choice(((), (socket.SO_REUSEADDR,), (socket.SO_REUSEPORT,),
                                   (socket.SO_REUSEADDR, socket.SO_REUSEPORT)))
        sock = self.keep(self.bind(number, self.rng.choice(BINDABLE), options))
        if self.rng.random() < 0.5:
            sock.listen()
        port.blocked = True

    def put_bound_full(self, number, port):
        self.occupy(number, port, FULL, bound=True)
        port.blocked = True

    def put_bound_bucket(self, number, port):
        self.occupy(number, port, BUCKET, bound=True)
        port.blocked = True

    def join(self, number):
        """A bind() that shares the port with what connect() put there."""
        if self.rng.random() < 0.5:
            return self.bind(number, self.route.source, (socket.SO_REUSEADDR,))
        other = OTHER_SOURCE[self.rng.choice((4, 6))]
        return self.bind(number, other, self.rng.choice(((), (socket.SO_REUSEADDR,),
                                                         (socket.SO_REUSEPORT,))))

    def put_joined(self, number, port):
        self.occupy(number, port, self.occupants(), reuse=True)
        self.keep(self.join(number))
        port.blocked = True

    def put_left(self, number, port):
        """From 6.18 on the port is connect()'s again when bind() has left it."""
        self.occupy(number, port, self.occupants(), reuse=True)
        self.join(number).close()
        port.blocked = kernel() < (6, 18)

    def put_accepted(self, number, port):
        """A server's side whose listener is gone: still bind()'s."""
        host = OTHER_SOURCE[self.route.version]
        with socket.create_server(("::", number), family=socket.AF_INET6,
                                  dualstack_ipv6=True) as listener:
            self.set_range(4000, 4999)
            client = self.without_port(Route(host, host, number))
            self.keep(client).connect(sockaddr(client.family, host, number))
            self.keep(listener.accept()[0])
        port.blocked = True

    def put_gone(self, number, port):
        """A bind bucket goes with its last socket."""
        self.bind(number, self.rng.choice(BINDABLE), ()).close()

    def elsewhere(self):
        """A route that differs in one of its parts."""
        route, rng = self.route, self.rng
        if route.silent:
            return dataclasses.replace(route, destination=SILENT_DESTINATION[route.version])
        other_version = {4: "::1", 6: "127.0.0.1"}[route.version]
        return rng.choice((
            dataclasses.replace(route, port=route.port + 1),
            dataclasses.replace(route, source=OTHER_SOURCE[route.version]),
            dataclasses.replace(route, destination=OTHER_DESTINATION[route.version]),
            Route(other_version, other_version, route.port, route.device)))

    def put_elsewhere(self, number, port):
        how = self.rng.choice(FULL + ("time-wait", "fin-wait2"))
        self.bring_to(how, *self.connect(number, self.elsewhere(), reuse=True))

    def put_elsewhere_and_here(self, number, port):
        """One port for two connections."""
        puts = [lambda: self.put_elsewhere(number, port),
                lambda: self.occupy(number, port, self.occupants(), reuse=True)]
        self.rng.shuffle(puts)
        for put in puts:
            put()

    def put_other_netns(self, number, port):
        """The same port, and the same 4-tuple, but in another namespace."""
        with self.other_netns as netns:
            ends = self.connect(number, self.route, bound=True, netns=netns)
            self.bring_to(self.rng.choice(self.occupants()), *ends)

    def reserve(self):
        """Some of the range, whatever is there, and some outside of it."""
        rng = self.rng
        some = rng.sample(sorted(self.ports), rng.choice((0, 1, self.size // 8)))
        outside = [self.low - 1, self.low + self.size, 1]
        setting("net.ipv4.ip_local_reserved_ports", ",".join(map(str, some + outside)))
        for number in some:
            self.ports[number].reserved = True

    # The passing of time

    def age(self, delays):
        """Makes all but the young older than a second, then the young ones."""
        setting("net.ipv4.tcp_timestamps", 1)
        if rules() == "entry-delay":
            time.sleep(1.05 if 1000 in delays else 0)
            self.steady_until = coarse_seconds() + (0.99 if 1000 in delays else 50)
        else:
            second = int(coarse_seconds())
            while int(coarse_seconds()) == second:
                time.sleep(0.001)
            self.steady_until = second + 2 if self.young else math.inf
        for server in self.young:
            send_fin(server)
        time.sleep(0.005)

    def is_steady(self):
        """No verdict has changed by itself so far."""
        return coarse_seconds() < self.steady_until

    # What is to be found

    def state(self, port, policy):
        """Name of the port's state, and of the verdict where it is waiting."""
        if port.reserved:
            return "reserved", None
        if port.blocked:
            return "bind-blocked", None
        if port.full:
            return "in-use", None
        if not port.bucket:
            return "free", None
        what = verdict(port.bucket, self.route.loopback, policy)
        return ("reusable", None) if what == "reusable" else ("waiting", what)

    def states(self, policy):
        return {n: self.state(port, policy) for n, port in self.ports.items()}

    def connect_until_it_fails(self):
        """The ports that connect() found, one after the other; and why it found no more."""
        self.whole_range()
        if os.path.exists(STEP_WIDTH):
            setting("net.ipv4.ip_local_port_step_width", self.rng.randrange(self.size))
        found = []
        while len(found) <= self.size:
            sock = self.keep(self.without_port(self.route))
            sock.setblocking(False)
            try:
                sock.connect(sockaddr(sock.family, self.route.destination, self.route.port))
            except BlockingIOError:
                pass
            except OSError as error:
                return found, error.errno
            found.append(sock.getsockname()[1])
        return found, 0


def coarse_seconds():
    """The clock by which kernels up to 6.12 reuse."""
    return time.clock_gettime(CLOCK_MONOTONIC_COARSE)
