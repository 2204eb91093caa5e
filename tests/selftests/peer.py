# SPDX-License-Identifier: GPL-2.0
"""A TCP peer in user space, behind a TUN device: it sends just the segments it is told to."""

import fcntl
import os
import select
import socket
import struct
import time

from tap import must

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
FIN, SYN, RST, ACK = 1, 2, 4, 16
MASK = 0xFFFFFFFF


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Tun:
    """The wire. The host is .1 (::1 of the prefix), the peer .2 (::2)."""

    HOST = {4: "10.99.0.1", 6: "fd99::1"}
    PEER = {4: "10.99.0.2", 6: "fd99::2"}

    def __init__(self):
        must("modprobe", "-q", "tun")
        if not os.path.exists("/dev/net/tun"):
            os.makedirs("/dev/net", exist_ok=True)
            os.mknod("/dev/net/tun", 0o600 | 0o020000, os.makedev(10, 200))
        self.fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(self.fd, TUNSETIFF, struct.pack("16sH22x", b"peer0", IFF_TUN | IFF_NO_PI))
        must("ip", "addr", "add", self.HOST[4] + "/24", "dev", "peer0")
        must("ip", "addr", "add", self.HOST[6] + "/64", "dev", "peer0", "nodad")
        must("ip", "link", "set", "peer0", "up")

    def send(self, family, source, destination, seq, ack, flags, tsval=None, tsecr=0,
             payload=b""):
        options = b"" if tsval is None else struct.pack("!BBBBII", 1, 1, 8, 10, tsval, tsecr)
        head = struct.pack("!HHIIBBHHH", source, destination, seq & MASK, ack & MASK,
                           (20 + len(options)) << 2, flags, 65535, 0, 0) + options + payload
        if family == 4:
            a, b = (socket.inet_aton(x[4]) for x in (self.PEER, self.HOST))
            pseudo = a + b + struct.pack("!BBH", 0, 6, len(head))
            ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(head), 0, 0, 64, 6, 0, a, b)
            ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
        else:
            a, b = (socket.inet_pton(socket.AF_INET6, x[6]) for x in (self.PEER, self.HOST))
            pseudo = a + b + struct.pack("!IHBB", len(head), 0, 0, 6)
            ip = struct.pack("!IHBB16s16s", 0x60000000, len(head), 6, 64, a, b)
        head = head[:16] + struct.pack("!H", checksum(pseudo + head)) + head[18:]
        os.write(self.fd, ip + head)

    def receive(self, timeout):
        """A segment of the host as a dict, None when none came."""
        while select.select([self.fd], [], [], max(timeout, 0))[0]:
            begin = time.monotonic()
            segment = self.parse(os.read(self.fd, 65535))
            if segment:
                return segment
            timeout -= time.monotonic() - begin
        return None

    @staticmethod
    def parse(data):
        if data[0] >> 4 == 4 and data[9] == 6:
            family, data = 4, data[(data[0] & 15) * 4:]
        elif data[0] >> 4 == 6 and data[6] == 6:
            family, data = 6, data[40:]
        else:
            return None  # router solicitations and the like
        source, destination, seq, ack, offset, flags = struct.unpack("!HHIIBB", data[:14])
        return {"family": family, "local_port": source, "peer_port": destination, "seq": seq,
                "ack": ack, "flags": flags & 0x3F, "tsval": Tun.tsval(data[20:(offset >> 4) * 4])}

    @staticmethod
    def tsval(options):
        while options and options[0]:
            if options[0] == 1:
                options = options[1:]
            elif options[0] == 8:
                return struct.unpack("!I", options[2:6])[0]
            else:
                options = options[max(options[1], 2):]
        return None


class Connection:
    """One of the peer's connections to a server on the host, which closes first."""

    def __init__(self, tun, family, port, server_port, seq, tsval):
        self.tun, self.family, self.port, self.server_port = tun, family, port, server_port
        self.seq, self.tsval, self.ack, self.tsecr = seq & MASK, tsval, 0, 0

    def send(self, flags):
        self.tun.send(self.family, self.port, self.server_port, self.seq, self.ack, flags,
                      self.tsval, self.tsecr)

    def expect(self, flags, timeout=5):
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            segment = self.tun.receive(end - time.monotonic())
            if segment and segment["peer_port"] == self.port and \
                    segment["flags"] & (SYN | FIN | RST) == flags & (SYN | FIN | RST):
                self.tsecr = segment["tsval"] or 0
                return segment
        raise RuntimeError(f"the host did not answer port {self.port} with {flags}")

    def open(self):
        self.send(SYN)
        self.ack = (self.expect(SYN | ACK)["seq"] + 1) & MASK
        self.seq = (self.seq + 1) & MASK
        self.send(ACK)

    def close(self, with_fin):
        """The host has closed: ACK its FIN, and send one where the bucket shall see it."""
        self.ack = (self.expect(FIN | ACK)["seq"] + 1) & MASK
        self.send(ACK)
        if with_fin:
            self.send(FIN | ACK)
            self.seq = (self.seq + 1) & MASK
