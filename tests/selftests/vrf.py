#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""vrf.py: under an L3 master device (VRF) ports are bound apart, and lost apart.

Ports are bound under a VRF and beside it, and connect() called under each until it fails: it must
get as many ports as was said.
"""

import errno
import socket

from scene import Netns
from tap import done, equal, must, note, ok, run, setting, skip, twctl

VRF, DEVICE = "vrf-red", "dummy-red"
INSIDE, BESIDE = "10.9.0.1", "10.8.0.1"
LOW, PORTS = 40000, 100
SERVER, POOL_SERVER = 8001, 8002
BOUND_INSIDE, BOUND_BESIDE = 60, 20


def make_vrf():
    for command in (f"link add {VRF} type vrf table 10", f"link set {VRF} up",
                    f"link add {DEVICE} type dummy", f"link set {DEVICE} master {VRF}",
                    f"link set {DEVICE} up", f"addr add {INSIDE}/24 dev {DEVICE}",
                    "link set lo up", f"addr add {BESIDE}/32 dev lo"):
        must("ip", *command.split())


class Side:
    """Under the VRF, or beside it."""

    def __init__(self, address, device=None):
        self.address, self.device = address, device
        self.servers = {port: self.server(port) for port in (SERVER, POOL_SERVER)}

    def socket(self):
        s = socket.socket()
        if self.device:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self.device.encode())
        return s

    def server(self, port):
        s = self.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((self.address, port))
        s.listen()
        return s

    def leave_bucket(self, port, bound):
        """A connection whose bucket is on the client's side; False where there is no port."""
        client = self.socket()
        try:
            if bound:
                client.bind((self.address, 0))
            client.connect((self.address, port))
        except OSError as e:
            if e.errno not in (errno.EADDRNOTAVAIL, errno.EADDRINUSE):
                raise
            return False
        finally:
            if client.fileno() >= 0 and not connected(client):
                client.close()
        peer, _ = self.servers[port].accept()
        client.close()
        peer.close()
        return True

    def leave_buckets(self, port, bound, limit=2 * PORTS):
        n = 0
        while n < limit and self.leave_bucket(port, bound):
            n += 1
        return n


def connected(s):
    try:
        s.getpeername()
    except OSError:
        return False
    return True


def row_of(rows, address, port=None):
    """The one of an address; of a port as well where one is given."""
    found = [r for r in rows if r["local"] == address and port in (None, r.get("remote_port"))]
    return found[0] if len(found) == 1 else {}


def findings():
    return sorted(f["id"] for f in twctl("doctor")["findings"])


def main():
    with Netns.new("red"):
        if run("ip", "link", "add", VRF, "type", "vrf", "table", "10").returncode:
            skip("ports bound under a VRF", "this kernel has no VRF")
            done()
        must("ip", "link", "del", VRF)
        make_vrf()
        setting("net.ipv4.ip_local_port_range", f"{LOW} {LOW + PORTS - 1}")
        setting("net.ipv4.tcp_max_tw_buckets", 262144)
        # Not to be reused meanwhile.
        setting("net.ipv4.tcp_tw_reuse", 0)
        inside, beside = Side(INSIDE, VRF), Side(BESIDE)

        equal(inside.leave_buckets(SERVER, True, BOUND_INSIDE), BOUND_INSIDE, "ports bound inside")
        equal(beside.leave_buckets(SERVER, True, BOUND_BESIDE), BOUND_BESIDE, "ports bound beside")
        equal(twctl("summary")["bind_blocked_ports"], BOUND_BESIDE,
              "the summary's bind-blocked ports are those of sockets under no VRF")
        groups = twctl("group", "local,dev,verdict", "verdict", "bind-blocked", "sport", ">=", f":{LOW}")
        equal({g["local"]: (g["count"], g["bind_blocked_ports"]) for g in groups["rows"]},
              {INSIDE: (BOUND_INSIDE, BOUND_INSIDE), BESIDE: (BOUND_BESIDE, BOUND_BESIDE)},
              "each side's groups say how many ports are lost there")
        ours = "src", f"{INSIDE}/32"
        equal([g.get("bind_blocked_ports") for g in twctl("-A", "group", "netns,dev", *ours)["rows"]],
              [BOUND_INSIDE], "with -A as well")
        for words in (("group", "local"), ("-A", "group", "dev")):
            ok(all("bind_blocked_ports" not in g for g in twctl(*words, *ours)["rows"]),
               f"{' '.join(words)}: of several devices, or namespaces, no number is said")

        for side, bound in (inside, BOUND_INSIDE), (beside, BOUND_BESIDE):
            name = "under the VRF" if side.device else "beside the VRF"
            ok(side.leave_bucket(POOL_SERVER, False), f"{name}: a connect() chooses a port")
            row = row_of(twctl("pressure", "--top", "0")["destinations"], side.address, POOL_SERVER)
            equal((row.get("ports"), row.get("waiting"), row.get("available")),
                  (PORTS - bound, 1, PORTS - bound - 1), f"{name}: pressure of what connect() may have")
            equal(1 + side.leave_buckets(POOL_SERVER, False), PORTS - bound,
                  f"{name}: as many connect() get a port")
            row = row_of(twctl("pressure", "--top", "0")["destinations"], side.address, POOL_SERVER)
            equal(row.get("available"), 0, f"{name}: and none is left")

    with Netns.new("pool"):
        make_vrf()
        setting("net.ipv4.ip_local_port_range", f"{LOW} {LOW + PORTS - 1}")
        setting("net.ipv4.tcp_max_tw_buckets", 262144)
        inside = Side(INSIDE, VRF)
        n = inside.leave_buckets(SERVER, True)
        note(f"{n} of {PORTS} ports are bound under the VRF")
        pool = row_of(twctl("pressure")["bind_pools"], INSIDE)
        equal((pool.get("available"), bool(pool.get("ifindex"))), (PORTS - n, True),
              "where bind() fails under the VRF, pressure has the pool, its device, and nothing left")
        equal(findings(), ["bind-pool-exhausted"], "and the doctor finds it")
    done()


main()
